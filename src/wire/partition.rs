//! Which partition a planning group's rows go to: Kafka's own hash, over the planning group's id alone.

use std::num::NonZeroU32;

/// The constants of MurmurHash2 (Austin Appleby, 2008), and the seed that Kafka's clients use.
const MULTIPLIER: u32 = 0x5bd1_e995;
const SEED: u32 = 0x9747_b28c;

/// The partition of a planning group, of so many: all rows of a group stay in order, whatever interval they are of.
pub fn partition_of(planning_group_id: &str, partitions: NonZeroU32) -> u32 {
    let to_positive = murmur2(planning_group_id.as_bytes()) & 0x7fff_ffff;
    to_positive % partitions
}

/// MurmurHash2 of 32 bits over little-endian words, as `org.apache.kafka.common.utils.Utils.murmur2` computes it.
fn murmur2(data: &[u8]) -> u32 {
    let (words, tail) = data.as_chunks::<4>();
    let length = data.len() as u32;
    let hash = words.iter().fold(SEED ^ length, |hash, word| {
        let mixed = u32::from_le_bytes(*word).wrapping_mul(MULTIPLIER);
        hash.wrapping_mul(MULTIPLIER) ^ (mixed ^ mixed >> 24).wrapping_mul(MULTIPLIER)
    });
    let with_tail = if tail.is_empty() {
        hash
    } else {
        let last = tail.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
        (hash ^ last).wrapping_mul(MULTIPLIER)
    };
    let folded = (with_tail ^ with_tail >> 13).wrapping_mul(MULTIPLIER);
    folded ^ folded >> 15
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_one_that_kafka_publishes_vectors_of() {
        let table = [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
        ];
        for (text, hash) in table {
            assert_eq!(murmur2(text.as_bytes()).cast_signed(), hash, "{text}");
        }
    }

    #[test]
    fn a_negative_hash_loses_its_sign_before_it_is_divided() {
        let partitions = NonZeroU32::new(12).unwrap();
        assert_eq!(partition_of("21", partitions), (-973_932_308_i32 & i32::MAX).unsigned_abs() % 12);
        assert_eq!(partition_of("abc", partitions), 479_470_107 % 12);
    }

    #[test]
    fn with_one_partition_there_is_no_choice() {
        assert_eq!(partition_of("pg-web-sales", NonZeroU32::MIN), 0);
    }
}
