//! Silence: whether an endpoint still answers at all, told from one that is merely given too much.

use std::time::Duration;

use super::figures::Answer;

/// So long without any answer, and nothing more of a step is sent.
const LONG: Duration = Duration::from_secs(2);

/// So many events without an answer that takes, too: at low rates a pause is no silence.
const MANY: u64 = 5;

/// So many without an answer at the end of a step, and the endpoint is asked whether it is still there.
const FEW: u64 = 3;

/// How long nothing was answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Silence {
    /// When the last answer came.
    pub since: Duration,
    /// Events that ended without an answer since.
    unanswered: u64,
}

impl Silence {
    /// Takes in what came of an event.
    pub const fn heard(&mut self, answer: Answer, now: Duration) {
        if answer.is_none() {
            self.unanswered += 1;
        } else {
            *self = Self { since: now, unanswered: 0 };
        }
    }

    /// Whether it lasts so long that nothing more is to be sent.
    pub fn is_long(&self, now: Duration) -> bool {
        self.unanswered >= MANY && now.saturating_sub(self.since) >= LONG
    }

    /// Whether the endpoint may be gone, so that it must be asked.
    pub const fn is_doubtful(&self) -> bool {
        self.unanswered >= FEW
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::figures::OtherAnswer;

    #[test]
    fn only_many_events_over_a_while_without_any_answer_are_a_silence() {
        let at = Duration::from_millis;
        let mut silence = Silence::default();
        silence.heard(Answer::Taken, at(1_000));
        for (answer, now, long, doubtful) in [
            (Answer::Other(OtherAnswer::Closed), 1_100, false, false),
            (Answer::Other(OtherAnswer::TimedOut), 1_200, false, false),
            (Answer::Other(OtherAnswer::NoConnection), 1_300, false, true),
            (Answer::Other(OtherAnswer::Tls), 3_100, false, true),
            (Answer::Other(OtherAnswer::NoConnection), 3_200, true, true),
            (Answer::Other(OtherAnswer::Status(503)), 3_300, false, false),
            (Answer::Other(OtherAnswer::NoConnection), 9_000, false, false),
            (Answer::TooManyRequests, 9_100, false, false),
        ] {
            silence.heard(answer, at(now));
            assert_eq!((silence.is_long(at(now)), silence.is_doubtful()), (long, doubtful), "{now}");
        }
        assert_eq!(silence.since, at(9_100));
    }
}
