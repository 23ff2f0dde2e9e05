#!/usr/bin/env bash
# Takes the steps of deploy/Dockerfile without Docker: the same files into an empty folder, the same build, and a look at
# whether the result needs anything that the image does not have.
#   build-like-the-image.sh [OUT]     OUT: where to put the program; default: nowhere
# FEATURES as in the Dockerfile. CARGO_TARGET_DIR keeps what was compiled; default: a folder of its own.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
dockerfile="$root/deploy/Dockerfile"
export FEATURES="${FEATURES-$(sed -n 's/^ARG FEATURES=//p' "$dockerfile")}"
[ "$(id -u)" != 0 ] || dpkg -s libssl-dev pkg-config >/dev/null 2>&1 || { apt-get update -qq && apt-get install -y -qq libssl-dev pkg-config >/dev/null; }

source="$(mktemp -d --tmpdir journeycast-image.XXXXXX)"
trap 'rm -rf "$source"' EXIT
# COPY of the first stage: all but the last word are sources, the last is where they go.
sed -n '/^FROM/,/^FROM gcr/s/^COPY \([^-]\)/\1/p' "$dockerfile" | while read -r -a words; do
  for from in "${words[@]:0:${#words[@]}-1}"; do cp -R "$root/$from" "$source/${words[-1]}"; done
done
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$source/target}"
build="$(sed -n 's/^RUN \(cargo build.*[^ \\]\) *\\*$/\1/p' "$dockerfile")"
printf 'in %s: %s\n' "$source" "$build"
(cd "$source" && bash -euc "$build")

program="$source/journeycast"
cp "$CARGO_TARGET_DIR/release/journeycast" "$program"
strip "$program"
# What gcr.io/distroless/cc-debian12 has.
has='^(linux-vdso|/lib64/ld-linux-x86-64|/lib/ld-linux-aarch64|libc|libm|libdl|librt|libpthread|libgcc_s|libstdc\+\+|libssl|libcrypto)[.]so'
needs="$(ldd "$program" | awk '{print $1}')"
if missing="$(grep -Ev "$has" <<<"$needs")"; then
  printf 'the image does not have:\n%s\n' "$missing" >&2
  exit 1
fi
# As nobody, in a folder where nothing can be written, without an environment.
mkdir "$source/empty" && chmod 555 "$source/empty" && chmod 755 "$source"
as_nobody=()
[ "$(id -u)" != 0 ] || as_nobody=(setpriv --reuid 65532 --regid 65532 --clear-groups)
(cd "$source/empty" && env -i "${as_nobody[@]}" "$program" --version)
printf 'size %s bytes, needs %s\n' "$(stat -c %s "$program")" "$(tr '\n' ' ' <<<"$needs")"
[ $# = 0 ] || install -D "$program" "$1"
