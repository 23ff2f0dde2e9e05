//! Pace: when rows are said, and which feeds are no longer waited for; what the clock says is an argument.

use super::time::{Span, WallTime};
use super::watermark::Feed;

/// Rows that wait to be said are remembered with every commit; more than this are said instead.
const MOST_UNSAID: usize = 1_000;

/// The pace of one owner of a log.
#[derive(Debug, Clone)]
pub struct Pace {
    say_every: Span,
    idle_after: Span,
    said: Option<WallTime>,
    heard: [Option<WallTime>; Feed::ALL.len()],
}

impl Pace {
    /// Rows that change all the time are said every `say_every`, and a feed is idle after so much silence.
    pub const fn new(say_every: Span, idle_after: Span) -> Self {
        Self { say_every, idle_after, said: None, heard: [None; Feed::ALL.len()] }
    }

    /// Something of a feed was appended then.
    pub fn hear(&mut self, feed: Feed, appended_at: WallTime) {
        if let Some(heard) = self.heard.get_mut(feed as usize) {
            *heard = Some(appended_at);
        }
    }

    /// Something was said now.
    pub const fn say(&mut self, now: WallTime) {
        self.said = Some(now);
    }

    /// Whether it is time to say something: at once after a silence, then no more often than was asked for, unless very
    /// many rows wait. A clock that was set back makes nobody wait.
    pub fn may_say(&self, now: WallTime, unsaid: usize) -> bool {
        let is_time = self.said.is_none_or(|said| now < said || now.since(said) >= self.say_every);
        is_time || unsaid > MOST_UNSAID
    }

    /// Feeds that were heard of and have been silent for so long that nobody waits for them, all else being caught up.
    pub fn silent(&self, now: WallTime) -> impl Iterator<Item = Feed> {
        let silent = move |feed: &Feed| {
            let heard = self.heard.get(*feed as usize).copied().flatten();
            heard.is_some_and(|heard| is_silent(heard, now, self.idle_after))
        };
        Feed::ALL.into_iter().filter(silent)
    }
}

/// Whether a source that was caught up and last heard of then is no longer waited for.
pub fn is_silent(heard: WallTime, now: WallTime, idle_after: Span) -> bool {
    now.since(heard) >= idle_after
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> WallTime {
        WallTime::from_millis(second * 1_000)
    }

    fn pace() -> Pace {
        Pace::new(Span::from_seconds(5), Span::from_seconds(60))
    }

    #[test]
    fn a_first_change_is_said_at_once_and_the_next_when_its_time_has_come() {
        let mut pace = pace();
        assert!(pace.may_say(at(100), 1));
        pace.say(at(100));
        assert!(!pace.may_say(at(104), 1));
        assert!(pace.may_say(at(105), 1));
    }

    #[test]
    fn very_many_rows_do_not_wait_and_neither_does_anybody_after_a_clock_was_set_back() {
        let mut pace = pace();
        pace.say(at(100));
        assert!(!pace.may_say(at(101), 1_000) && pace.may_say(at(101), 1_001));
        assert!(pace.may_say(at(99), 1));
    }

    #[test]
    fn a_feed_is_silent_a_minute_after_it_was_heard_of_and_never_before_it_was() {
        let mut pace = pace();
        assert_eq!(pace.silent(at(1_000)).count(), 0);
        pace.hear(Feed::Offers, at(100));
        assert_eq!(pace.silent(at(159)).count(), 0);
        assert!(pace.silent(at(160)).eq([Feed::Offers]));
        pace.hear(Feed::Offers, at(160));
        assert_eq!(pace.silent(at(200)).count(), 0);
    }
}
