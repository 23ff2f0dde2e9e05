//! Integer counts of one (planning group, interval, action map): they merge by addition, so order never matters.

use std::ops::{AddAssign, SubAssign};

use super::fact::BlockingReason;

/// What is counted of actions and conversations, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Earliest event of the action.
    Qualified,
    /// Its only known states say that it qualified outside the schedule.
    QualifiedOutsideSchedule,
    /// Its only known states say that it would have been offered outside the schedule.
    OfferedOutsideSchedule,
    /// Its only known states say that the frequency cap held it back.
    FrequencyCapped,
    /// The visitor saw the offer.
    Offered,
    /// The visitor took the offer.
    Accepted,
    /// An agent engaged.
    Engaged,
    /// The visitor declined.
    Rejected,
    /// The invitation timed out.
    TimedOut,
    /// The visitor did nothing.
    Ignored,
    /// The offer failed.
    Errored,
    /// The conversation reached a queue of the planning group: WFM's "offered".
    Queued,
    /// An agent answered it there.
    Answered,
    /// The customer gave up there.
    AbandonedInQueue,
    /// Held back and never offered, by reason.
    Blocked(BlockingReason),
    /// An action of a medium that adjusts nothing, by medium.
    OtherMedia(OtherMedium),
}

/// Media of actions that bring no conversation to a planning group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OtherMedium {
    /// A banner or content offer.
    ContentOffer,
    /// An Architect flow.
    ArchitectFlow,
    /// An integration action.
    IntegrationAction,
    /// An open action.
    OpenAction,
    /// A medium that Genesys has not published, or none.
    Unknown,
}

impl OtherMedium {
    /// Every medium, in the order in which they are told.
    pub const ALL: [Self; 5] =
        [Self::ContentOffer, Self::ArchitectFlow, Self::IntegrationAction, Self::OpenAction, Self::Unknown];

    /// The name that Genesys gives it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ContentOffer => "contentOffer",
            Self::ArchitectFlow => "architectFlow",
            Self::IntegrationAction => "integrationAction",
            Self::OpenAction => "openAction",
            Self::Unknown => "unknown",
        }
    }
}

/// The counts of one (planning group, interval, action map).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Actions that qualified.
    pub qualified: i64,
    /// Actions that only ever qualified outside the schedule.
    pub qualified_outside_schedule: i64,
    /// Actions that would only have been offered outside the schedule.
    pub offered_outside_schedule: i64,
    /// Actions that only ever met the frequency cap.
    pub frequency_capped: i64,
    /// Actions that were offered.
    pub offered: i64,
    /// Actions that were accepted.
    pub accepted: i64,
    /// Actions that an agent engaged.
    pub engaged: i64,
    /// Actions that were declined.
    pub rejected: i64,
    /// Actions that timed out.
    pub timed_out: i64,
    /// Actions that were ignored.
    pub ignored: i64,
    /// Actions that failed.
    pub errored: i64,
    /// Conversations that queued.
    pub queued: i64,
    /// Conversations that were answered.
    pub answered: i64,
    /// Conversations that were abandoned while they queued.
    pub abandoned_in_queue: i64,
    /// Actions that were blocked, by reason in the order of [`BlockingReason::ALL`].
    pub blocked: [i64; BlockingReason::ALL.len()],
    /// Actions of other media, in the order of [`OtherMedium::ALL`].
    pub other_media: [i64; OtherMedium::ALL.len()],
    /// Of the queued conversations, those whose handle time is known.
    pub handled: i64,
    /// Their handle time in milliseconds, added up.
    pub handle_time_millis: i64,
}

impl Tally {
    /// Adds `n` (or takes it away where negative) to one count.
    pub fn add(&mut self, metric: Metric, n: i64) {
        *self.count_mut(metric) += n;
    }

    /// True where there is no evidence of anything.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    fn count_mut(&mut self, metric: Metric) -> &mut i64 {
        match metric {
            Metric::Qualified => &mut self.qualified,
            Metric::QualifiedOutsideSchedule => &mut self.qualified_outside_schedule,
            Metric::OfferedOutsideSchedule => &mut self.offered_outside_schedule,
            Metric::FrequencyCapped => &mut self.frequency_capped,
            Metric::Offered => &mut self.offered,
            Metric::Accepted => &mut self.accepted,
            Metric::Engaged => &mut self.engaged,
            Metric::Rejected => &mut self.rejected,
            Metric::TimedOut => &mut self.timed_out,
            Metric::Ignored => &mut self.ignored,
            Metric::Errored => &mut self.errored,
            Metric::Queued => &mut self.queued,
            Metric::Answered => &mut self.answered,
            Metric::AbandonedInQueue => &mut self.abandoned_in_queue,
            Metric::Blocked(reason) => &mut self.blocked[reason as usize],
            Metric::OtherMedia(medium) => &mut self.other_media[medium as usize],
        }
    }

    fn zip(&mut self, other: &Self, apply: fn(&mut i64, i64)) {
        let pairs = [
            (&mut self.qualified, other.qualified),
            (&mut self.qualified_outside_schedule, other.qualified_outside_schedule),
            (&mut self.offered_outside_schedule, other.offered_outside_schedule),
            (&mut self.frequency_capped, other.frequency_capped),
            (&mut self.offered, other.offered),
            (&mut self.accepted, other.accepted),
            (&mut self.engaged, other.engaged),
            (&mut self.rejected, other.rejected),
            (&mut self.timed_out, other.timed_out),
            (&mut self.ignored, other.ignored),
            (&mut self.errored, other.errored),
            (&mut self.queued, other.queued),
            (&mut self.answered, other.answered),
            (&mut self.abandoned_in_queue, other.abandoned_in_queue),
            (&mut self.handled, other.handled),
            (&mut self.handle_time_millis, other.handle_time_millis),
        ];
        for (mine, theirs) in pairs {
            apply(mine, theirs);
        }
        self.blocked.iter_mut().zip(other.blocked).for_each(|(mine, theirs)| apply(mine, theirs));
        self.other_media.iter_mut().zip(other.other_media).for_each(|(mine, theirs)| apply(mine, theirs));
    }
}

impl AddAssign<&Tally> for Tally {
    fn add_assign(&mut self, other: &Tally) {
        self.zip(other, |mine, theirs| *mine += theirs);
    }
}

impl SubAssign<&Tally> for Tally {
    fn sub_assign(&mut self, other: &Tally) {
        self.zip(other, |mine, theirs| *mine -= theirs);
    }
}
