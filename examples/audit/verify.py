#!/usr/bin/env python3
"""Verifies what `journeycast audit export` wrote: verify.py EXPORT KEY [HEADFILE]. Needs nothing but Python 3.8."""
import base64, hashlib, json, sys
ORIGIN = "journeycast/audit/v1"
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, BASE = -121665 * pow(121666, -1, P) % P, (4 * pow(5, -1, P) % P).to_bytes(32, "little")

def add(a, b):  # RFC 8032, 5.1.4: points as (X, Y, Z, T)
    s, u, t, z = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0]), 2 * a[3] * b[3] * D, 2 * a[2] * b[2]
    e, f, g, h = u - s, z - t, z + t, u + s
    return (e * f % P, g * h % P, f * g % P, e * h % P)

def times(n, a, total=(0, 1, 1, 0)):
    while n:
        total, a, n = add(total, a) if n & 1 else total, add(a, a), n >> 1
    return total

def point(data):  # RFC 8032, 5.1.3
    y, sign = int.from_bytes(data, "little") & (2**255 - 1), data[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    need(y < P and x * x % P == square, "a signature or the key is no point of the curve")
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)

def signed(key, text, note):  # C2SP signed-note; RFC 8032, 5.1.7
    name, _, data = note[len(text):-1].rpartition(" ")
    data, id = base64.b64decode(data), hashlib.sha256(ORIGIN.encode() + b"\n\x01" + key).digest()[:4]
    s, h = int.from_bytes(data[36:], "little"), hashlib.sha512(data[4:36] + key + text.encode()).digest()
    a, b = times(s, point(BASE)), add(point(data[4:36]), times(int.from_bytes(h, "little") % L, point(key)))
    same = (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0
    return note.startswith(text) and name == "\n\u2014 " + ORIGIN and data[:4] == id and len(data) == 68 and s < L and same

len(sys.argv) in (3, 4) or sys.exit(__doc__)
sys.excepthook = lambda kind, error, trace: print("wrong: this is not as it was written:", error, file=sys.stderr)
need = lambda holds, what: holds or sys.exit("wrong: " + what)
read = lambda path: open(path, "rb").read().decode().replace("\r\n", "\n")
as_signed = lambda head: head[max(head.find(ORIGIN), 0):].split('"')[0].replace("\\n", "\n").replace("\r", "").strip() + "\n"
text_of = lambda size, digest: f"{ORIGIN}\n{size}\n{base64.b64encode(digest).decode()}\n"
written = lambda value: json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
key, lines, through = bytes.fromhex(sys.argv[2]), read(sys.argv[1]).split("\n"), 0
need(len(key) == 32 and len(sys.argv[2]) == 64, "the key is not written in 64 hex digits")
lines = lines if lines[-1] else lines[:-1]
oldest = json.loads(lines[0])["entry"] if lines else {"sequence": 1, "previous": ""}
last = first = oldest["sequence"] - 1
hashes = {first: bytes.fromhex(oldest["previous"]) if first else hashlib.sha256(ORIGIN.encode()).digest()}
for number, line in enumerate(lines, 1):
    kept = json.loads(line)
    entry, digest = kept["entry"], hashlib.sha256(hashes[last] + written(kept["entry"]).encode()).digest()
    follows = entry["sequence"] == last + 1 and entry["previous"] == hashes[last].hex() and kept["hash"] == digest.hex()
    need(follows and written(kept) == line, f"line {number} was changed, or does not follow from the line before it")
    need(signed(key, text_of(last + 1, digest), kept["head"]), f"the head in line {number} is not this key's, or not its own")
    hashes[last + 1], last, through = digest, last + 1, max(through, entry["event"].get("through", 0))
need(first <= through, "the beginning is missing")
for head in map(as_signed, map(read, sys.argv[3:])):
    size, digest = int(head.split("\n")[1]), base64.b64decode(head.split("\n")[2])
    need(signed(key, text_of(size, digest), head), "the anchor was not signed with this key")
    need(hashes.get(size) == digest, f"it does not go on from the anchor at {size}: the end was cut off, or it is another history")
print(f"{last - first} entries, head {last} {hashes[last].hex()}")
