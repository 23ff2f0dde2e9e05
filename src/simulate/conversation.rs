//! A conversation: a bot, a queue, an agent, and sometimes another queue.

use super::delay::Delay;
use super::dice::Dice;
use super::place::{ActionMap, Group, Listed, OVERFLOW_QUEUE, PARTNER_QUEUE};

/// How a stay in a queue ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueEnd {
    /// An agent took it.
    Answered,
    /// The visitor left.
    Abandoned,
    /// A flow took it elsewhere.
    FlowedOut,
}

impl QueueEnd {
    /// Its name on the wire.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Answered => "ANSWERED",
            Self::Abandoned => "ABANDON",
            Self::FlowedOut => "FLOW_OUT",
        }
    }
}

/// What happens in a conversation; durations are in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TalkStep {
    /// The visitor comes in.
    CustomerStart,
    /// A bot takes over.
    FlowStart,
    /// It enters a queue.
    AcdStart {
        /// Which.
        queue: &'static str,
    },
    /// It leaves a queue.
    AcdEnd {
        /// Which.
        queue: &'static str,
        /// How.
        end: QueueEnd,
        /// How long it waited.
        waited: f64,
    },
    /// The agent leaves.
    UserEnd {
        /// The queue that brought it.
        queue: &'static str,
        /// How long they talked.
        talked: f64,
        /// How long it was on hold.
        held: f64,
    },
    /// The agent has done the work after.
    AfterWork {
        /// The queue that brought it.
        queue: &'static str,
        /// How long it took.
        worked: f64,
    },
    /// The visitor is gone.
    CustomerEnd,
}

impl TalkStep {
    /// The last part of its topic.
    pub const fn topic(self) -> &'static str {
        match self {
            Self::CustomerStart => "customer.start",
            Self::FlowStart => "flow.start",
            Self::AcdStart { .. } => "acd.start",
            Self::AcdEnd { .. } => "acd.end",
            Self::UserEnd { .. } => "user.end",
            Self::AfterWork { .. } => "acw",
            Self::CustomerEnd => "customer.end",
        }
    }
}

/// How long the bot takes.
pub const BOT: Delay = Delay::Memoryless { mean: 32.0, most: 240.0 };
/// How long a conversation waits.
pub const WAITING: Delay = Delay::Memoryless { mean: 45.0, most: 600.0 };
/// How long a hand-over takes.
pub const HANDING_OVER: Delay = Delay::Even { least: 0.5, most: 4.0 };
/// The probability that the bot does not settle it alone.
pub const REACHING: f64 = 0.86;
/// The probability that the visitor leaves the queue.
pub const ABANDONED: f64 = 0.09;
/// The probability that a flow takes it out of the queue; it then goes to the second group.
pub const FLOWED_OUT: f64 = 0.04;
/// The probability that the agent hands over to the second group.
pub const HANDED_OVER: f64 = 0.08;
/// The probability that an offer's conversation comes in through an unlisted queue.
const OVERFLOWED: f64 = 0.05;
/// The probability that the first agent puts it back into the same queue.
const PUT_BACK: f64 = 0.03;

/// A conversation as it truly went; times are in seconds on the same clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Talk {
    /// Its steps.
    pub steps: Vec<(f64, TalkStep)>,
    /// When the first agent came.
    pub answered: Option<f64>,
    /// When it was over.
    pub ended: f64,
}

impl Talk {
    /// A conversation that an accepted offer became.
    pub fn from_offer(dice: &mut Dice, map: &'static ActionMap, at: f64) -> Self {
        let Some(group) = map.listed.group() else {
            return Self::through(dice, at, PARTNER_QUEUE, CHAT_OF_PARTNER, None);
        };
        let may_overflow = matches!(map.listed, Listed::ById(_));
        let queue = if may_overflow && dice.chance(OVERFLOWED) { OVERFLOW_QUEUE } else { group.queue };
        Self::through(dice, at, queue, group.handling, map.second)
    }

    /// A conversation that somebody began without an offer.
    pub fn organic(dice: &mut Dice, group: &'static Group, at: f64) -> Self {
        Self::through(dice, at, group.queue, group.handling, None)
    }

    /// True where it ever entered a queue.
    pub fn queued(&self) -> bool {
        self.steps.iter().any(|(_, step)| matches!(step, TalkStep::AcdStart { .. }))
    }

    fn through(dice: &mut Dice, at: f64, queue: &'static str, handling: Delay, second: Option<&'static Group>) -> Self {
        let mut talk = Self { steps: Vec::new(), answered: None, ended: at };
        talk.says(at, TalkStep::CustomerStart);
        talk.says(at + 0.2, TalkStep::FlowStart);
        talk.ended = at + BOT.draw(dice);
        if dice.chance(REACHING) {
            talk.queue_up(dice, queue, handling, second);
        }
        talk.says(talk.ended + 0.4, TalkStep::CustomerEnd);
        talk
    }

    /// Waits in a queue and leaves it: answered, given up, or taken elsewhere.
    fn queue_up(&mut self, dice: &mut Dice, queue: &'static str, handling: Delay, second: Option<&'static Group>) {
        let entered = self.ended;
        self.says(entered, TalkStep::AcdStart { queue });
        let waited = WAITING.draw(dice);
        let flows_out = if second.is_some() { FLOWED_OUT } else { 0.0 };
        let fates = [
            (ABANDONED, QueueEnd::Abandoned),
            (flows_out, QueueEnd::FlowedOut),
            (1.0 - ABANDONED - flows_out, QueueEnd::Answered),
        ];
        let end = dice.weighted(&fates, QueueEnd::Answered);
        self.ended = entered + waited;
        self.says(self.ended, TalkStep::AcdEnd { queue, end, waited });
        let hands_over = match end {
            QueueEnd::Abandoned => false,
            QueueEnd::FlowedOut => true,
            QueueEnd::Answered => {
                self.talk(dice, queue, handling);
                dice.chance(HANDED_OVER)
            }
        };
        if let Some(second) = second.filter(|_| hands_over) {
            self.ended += HANDING_OVER.draw(dice);
            self.queue_up(dice, second.queue, second.handling, None);
        } else if end == QueueEnd::Answered && dice.chance(PUT_BACK) {
            self.ended += HANDING_OVER.draw(dice);
            self.says(self.ended, TalkStep::AcdStart { queue });
            let waited = WAITING.draw(dice);
            self.ended += waited;
            self.says(self.ended, TalkStep::AcdEnd { queue, end: QueueEnd::Answered, waited });
            self.talk(dice, queue, handling);
        }
    }

    /// An agent talks, and works a little after.
    fn talk(&mut self, dice: &mut Dice, queue: &'static str, handling: Delay) {
        self.answered = self.answered.or(Some(self.ended));
        let handled = handling.draw(dice);
        let held = if dice.chance(0.15) { handled * dice.between(0.05, 0.3) } else { 0.0 };
        self.ended += handled;
        self.says(self.ended, TalkStep::UserEnd { queue, talked: handled - held, held });
        if dice.chance(0.9) {
            let worked = dice.between(8.0, 75.0);
            self.says(self.ended + worked, TalkStep::AfterWork { queue, worked });
        }
    }

    fn says(&mut self, at: f64, step: TalkStep) {
        self.steps.push((at, step));
    }
}

const CHAT_OF_PARTNER: Delay = Delay::LongTailed { median: 240.0, shape: 2.5, most: 1_800.0 };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::place::PRICING_HELP;

    #[test]
    fn a_conversation_leaves_every_queue_that_it_enters() {
        let mut dice = Dice::new(2, &[]);
        let mut transfers = 0;
        for _ in 0..2_000 {
            let talk = Talk::from_offer(&mut dice, &PRICING_HELP, 0.0);
            let entered = talk.steps.iter().filter(|(_, step)| matches!(step, TalkStep::AcdStart { .. })).count();
            let left = talk.steps.iter().filter(|(_, step)| matches!(step, TalkStep::AcdEnd { .. })).count();
            assert_eq!(entered, left);
            transfers += usize::from(entered > 1);
        }
        assert!(transfers > 100, "{transfers}");
    }
}
