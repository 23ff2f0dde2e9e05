//! Conditions: what stands before a piece of a script, whatever it asks for, as far as its own blocks tell.

use super::token::{Kind, Script};

/// How many brackets are climbed.
const MOST_LEVELS: usize = 60;

/// How far back a condition is looked for in its own statement.
const FURTHEST: usize = 240;

/// Longest condition that is repeated.
const LONGEST: usize = 80;

/// The condition of the nearest `if` that a place stands behind.
pub fn condition_before(script: &Script<'_>, at: usize) -> Option<String> {
    let mut place = at;
    for _ in 0..MOST_LEVELS {
        let found = if_before(script, place);
        if found.is_some() {
            return found;
        }
        place = script.parent(place)?;
    }
    None
}

/// The condition of an `if` whose statement or block begins before this place.
fn if_before(script: &Script<'_>, at: usize) -> Option<String> {
    let floor = script.parent(at).map_or(0, |parent| parent + 1);
    let mut place = at;
    for _ in 0..FURTHEST {
        place = place.checked_sub(1).filter(|place| *place >= floor)?;
        if !script.is(place, Kind::Mark) {
            continue;
        }
        match script.raw(place) {
            ";" | "{" | "}" | "," => return None,
            ")" | "]" => {
                let opened = script.pair(place).filter(|opened| *opened >= floor)?;
                if script.raw(place) == ")" && script.callee(opened) == Some("if") {
                    return between(script, opened, place);
                }
                place = opened;
            }
            _ => {}
        }
    }
    None
}

fn between(script: &Script<'_>, opened: usize, closed: usize) -> Option<String> {
    let (start, end) = (script.tokens.get(opened)?.end as usize, script.tokens.get(closed)?.start as usize);
    let text = script.source.get(start..end)?.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = text.chars().take(LONGEST).collect();
    Some(if cut.len() < text.len() { format!("{cut}…") } else { cut })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_condition_is_found_whatever_it_asks_for() {
        let of = |source: &str| {
            let script = Script::new(source, 1);
            let at = (0..script.tokens.len()).find(|at| script.word(*at) == Some("LOAD")).unwrap();
            condition_before(&script, at)
        };
        assert_eq!(
            of("if(location.hostname==='a'){x();s=y;d.append(LOAD)}").as_deref(),
            Some("location.hostname==='a'")
        );
        assert_eq!(of("if (a &&\n b) f(LOAD)").as_deref(), Some("a && b"));
        assert_eq!(of("if(a){b()} f(LOAD)"), None);
        assert_eq!(of("if(a)b(); f(LOAD)"), None);
        assert_eq!(of("(function(){f(LOAD)})(window)"), None);
    }
}
