//! Paths of pages with stars: `*` is one whole segment, a final `**` any rest.

use std::sync::Arc;

/// A path to compare pages with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PagePath {
    text: Arc<str>,
    segments: Vec<Segment>,
    rest: Rest,
}

/// One part between slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Exactly(Arc<str>),
    AnyOne,
}

/// What may follow the segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    Nothing,
    Anything,
}

impl PagePath {
    /// Reads one, or says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some(inside) = text.strip_prefix('/') else {
            return Err(format!("{text:?} does not start with a slash; write one such as \"/pricing/**\""));
        };
        if let Some(mark) = text.chars().find(|c| matches!(c, '?' | '#')) {
            return Err(format!("{text:?} contains {mark:?}; query and fragment are never read, so leave them out"));
        }
        if let Some(control) = text.chars().find(|c| c.is_control()) {
            return Err(format!("{text:?} contains the control character U+{:04X}; take it out", u32::from(control)));
        }
        let (inside, rest) = match inside.strip_suffix("**") {
            Some("") => return Ok(Self { text: text.into(), segments: Vec::new(), rest: Rest::Anything }),
            Some(before) => match before.strip_suffix('/') {
                Some(before) => (before, Rest::Anything),
                None => return Err(half_a_star(text)),
            },
            None => (inside, Rest::Nothing),
        };
        let segments = inside.split('/').map(|segment| Segment::parse(segment, text)).collect::<Result<_, _>>()?;
        Ok(Self { text: text.into(), segments, rest })
    }

    /// Whether a page's path, without query and fragment, is meant. `/pricing/**` means `/pricing` too.
    pub fn matches(&self, path: &str) -> bool {
        let Some(inside) = path.strip_prefix('/') else { return false };
        let mut parts = inside.split('/');
        let starts = self.segments.iter().all(|segment| parts.next().is_some_and(|part| segment.matches(part)));
        starts && (self.rest == Rest::Anything || parts.next().is_none())
    }

    /// Whether every page that `other` means is meant by this one too.
    pub fn covers(&self, other: &Self) -> bool {
        let wide_enough = match self.rest {
            Rest::Anything => self.segments.len() <= other.segments.len(),
            Rest::Nothing => other.rest == Rest::Nothing && self.segments.len() == other.segments.len(),
        };
        let each = self.segments.iter().zip(&other.segments);
        wide_enough && each.into_iter().all(|(mine, theirs)| *mine == Segment::AnyOne || mine == theirs)
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl Segment {
    fn parse(segment: &str, text: &str) -> Result<Self, String> {
        match segment {
            "*" => Ok(Self::AnyOne),
            "**" => Err(format!("{text:?} has ** before its end; ** stands for any rest, so it comes last")),
            starred if starred.contains('*') => Err(half_a_star(text)),
            exact => Ok(Self::Exactly(exact.into())),
        }
    }

    fn matches(&self, part: &str) -> bool {
        match self {
            Self::Exactly(exact) => **exact == *part,
            Self::AnyOne => !part.is_empty(),
        }
    }
}

fn half_a_star(text: &str) -> String {
    format!(
        "{text:?} has a star that is no whole segment; * stands for one segment, ** for any rest: \"/a/*/b\", \"/a/**\""
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_one_segment_or_for_any_rest() {
        for (pattern, path, expected) in [
            ("/pricing/**", "/pricing/team/eu", true),
            ("/pricing/**", "/pricing/", true),
            ("/pricing/**", "/pricing", true),
            ("/pricing/**", "/pricing-old", false),
            ("/pricing/**", "/Pricing/x", false),
            ("/**", "/", true),
            ("/**", "/a/b", true),
            ("/", "/", true),
            ("/", "/a", false),
            ("/a/*/c", "/a/b/c", true),
            ("/a/*/c", "/a//c", false),
            ("/a/*/c", "/a/b/b/c", false),
            ("/a/*", "/a/b", true),
            ("/a/*", "/a", false),
            ("/a/*/**", "/a/b/c/d", true),
            ("/a", "/a/", false),
            ("/a", "a", false),
        ] {
            assert_eq!(PagePath::parse(pattern).unwrap().matches(path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn a_pattern_covers_another_where_it_means_every_page_of_it() {
        for (wide, narrow, covers) in [
            ("/invest/**", "/invest/help", true),
            ("/invest/**", "/invest/**", true),
            ("/invest/**", "/invest/*/a", true),
            ("/invest/*", "/invest/a", true),
            ("/invest/*", "/invest/**", false),
            ("/invest/a", "/invest/*", false),
            ("/invest/**", "/**", false),
            ("/**", "/a", true),
        ] {
            let parsed = [wide, narrow].map(|pattern| PagePath::parse(pattern).unwrap());
            assert_eq!(parsed[0].covers(&parsed[1]), covers, "{wide} {narrow}");
        }
    }

    #[test]
    fn a_path_that_could_never_mean_what_it_says_is_refused() {
        for (pattern, says) in [
            ("pricing", "does not start with a slash"),
            ("", "does not start with a slash"),
            ("/a?b=1", "contains '?'"),
            ("/a#b", "contains '#'"),
            ("/a/**/b", "** before its end"),
            ("/a*", "no whole segment"),
            ("/a**", "no whole segment"),
            ("/a\n", "U+000A"),
        ] {
            let said = PagePath::parse(pattern).unwrap_err();
            assert!(said.contains(says), "{pattern:?}: {said}");
        }
    }
}
