//! The nearest known word to one that is not known.

use std::cmp::Ordering;

/// One slip in three letters or fewer is another word, not a slip.
const NEAR_ENOUGH: f64 = 0.67;

/// The known word that was most likely meant, if any is near enough to be worth naming.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let mut best: Option<(f64, &'a str)> = None;
    for candidate in known {
        let score = likeness(&lower, &candidate.to_lowercase());
        let better = best.is_none_or(|(highest, _)| score.partial_cmp(&highest) == Some(Ordering::Greater));
        if score >= NEAR_ENOUGH && better {
            best = Some((score, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Ends a sentence with the suggestion, where there is one.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, known).map_or_else(String::new, |near| format!("; did you mean {near:?}?"))
}

/// From 0 to 1. The last part of a path counts as the whole of it, nearly: "Dublin" means "Europe/Dublin".
fn likeness(word: &str, candidate: &str) -> f64 {
    let whole = strsim::normalized_damerau_levenshtein(word, candidate);
    let last = candidate.rsplit('/').next().unwrap_or(candidate);
    whole.max(strsim::normalized_damerau_levenshtein(word, last) * 0.95)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_the_word_and_nonsense_finds_none() {
        let known = ["interval", "id", "Europe/Dublin", "Europe/Berlin"];
        for (word, near) in [
            ("intreval", Some("interval")),
            ("Dublin", Some("Europe/Dublin")),
            ("europe/dubln", Some("Europe/Dublin")),
            ("xyzzy", None),
            ("ie", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), near, "{word}");
        }
    }
}
