//! Prints what a name costs under keyed BLAKE3 and under HMAC-SHA-256, side by side in one run.
//!
//! `cargo bench --bench names` (`NAMES` sets how many, 5,000,000 by default). Identifiers are UUIDs of 36 bytes; HMAC
//! starts each time from its padded key, hashed once beforehand.

use std::hint::black_box;
use std::io::Write;

use hmac::{Hmac, KeyInit, Mac};
use journeycast::io::clock::usage;
use sha2::Sha256;

/// Nanoseconds of CPU for each of so many calls.
fn cost(names: u64, mut name: impl FnMut(&[u8]) -> u8) -> f64 {
    let mut id = *b"7b2e0000-0000-4000-8000-00000000f00d";
    let before = usage().cpu_seconds;
    for number in 0..names {
        id.iter_mut().zip(number.to_le_bytes()).for_each(|(byte, new)| *byte = b'a' + new % 26);
        black_box(name(black_box(&id)));
    }
    (usage().cpu_seconds - before) * 1e9 / names as f64
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let names: u64 = std::env::var("NAMES").ok().and_then(|text| text.parse().ok()).unwrap_or(5_000_000);
    let mut out = std::io::stdout().lock();
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let has = |feature: &str| if cpu.contains(feature) { "with" } else { "without" };
    writeln!(out, "{names} names of 36 bytes, a processor {} SHA and {} AVX-512", has("sha_ni"), has("avx512f"))?;
    let key = [7; 32];
    let mac = Hmac::<Sha256>::new_from_slice(&key)?;
    let loop_alone = cost(names, |id| id.first().copied().unwrap_or(0));
    let blake = cost(names, |id| blake3::keyed_hash(&key, id).as_bytes()[0]) - loop_alone;
    let hmac = cost(names, |id| {
        let mut mac = mac.clone();
        mac.update(id);
        mac.finalize().into_bytes()[0]
    }) - loop_alone;
    for (what, nanoseconds) in [("keyed BLAKE3", blake), ("HMAC-SHA-256", hmac)] {
        writeln!(
            out,
            "{what}   {nanoseconds:>6.1} ns a name   {:>6.3} CPU-seconds per million events of two names   {:>4.2} x BLAKE3",
            nanoseconds * 2e-3,
            nanoseconds / blake
        )?;
    }
    Ok(())
}
