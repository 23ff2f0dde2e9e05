//! Erlang A: a queue whose contacts give up after an exponential patience, M/M/N+M.
//!
//! C. Palm 1957; computed as the virtual wait of Baccelli and Hebuterne 1981 (see `waiting`).

use super::blocking::{Inverse, inverse};
use super::erlang_c::ErlangC;
use super::quantity::{self, at_least_zero};
use super::waiting::{Queue, Waits};
use super::{Agents, Erlangs, Refusal};

/// What a service level is a share of. The field uses all four, and they differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceLevel {
    /// Answered within the threshold, of all offered.
    AnsweredOfOffered,
    /// Answered within the threshold, of all but those who gave up within it.
    ExcludingAbandons,
    /// Answered within the threshold, of all answered.
    OfAnswered,
    /// Would wait no longer than the threshold, had they the patience, of all offered.
    VirtualWait,
}

impl ServiceLevel {
    /// Every definition.
    pub const ALL: [Self; 4] = [Self::AnsweredOfOffered, Self::ExcludingAbandons, Self::OfAnswered, Self::VirtualWait];

    /// What it is called in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AnsweredOfOffered => "answered_of_offered",
            Self::ExcludingAbandons => "excluding_abandons",
            Self::OfAnswered => "of_answered",
            Self::VirtualWait => "virtual_wait",
        }
    }

    /// The column in which tables have it.
    pub const fn column(self) -> &'static str {
        match self {
            Self::AnsweredOfOffered => "sl_answered_within_T_of_offered",
            Self::ExcludingAbandons => "sl_excluding_abandons_within_T",
            Self::OfAnswered => "sl_of_answered",
            Self::VirtualWait => "sl_virtual_wait",
        }
    }

    /// The definition of this name, or of this column.
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|definition| definition.name() == text || definition.column() == text)
    }
}

/// A queue with impatient contacts; lengths of time are in average handle times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ErlangA {
    /// Share of contacts that wait at all.
    pub p_wait: f64,
    /// Share of contacts that give up.
    pub p_abandon: f64,
    /// Share of contacts that give up within the threshold.
    pub p_abandon_within: f64,
    /// Contacts that wait, on average.
    pub mean_queue: f64,
    /// Share of the agents' time that is spent on contacts.
    pub occupancy: f64,
    /// Mean wait of all contacts, of those who give up too.
    pub mean_wait: f64,
    /// Average speed of answer: mean wait of those who are answered.
    pub asa: f64,
    levels: [f64; 4],
}

impl ErlangA {
    /// The queue before so many agents under this load, where a contact would give up `giving_up` times in one handle
    /// time, seen at a threshold.
    ///
    /// # Errors
    ///
    /// Where nobody serves, an input means nothing, or nobody gives up and the queue grows without end.
    pub fn of(agents: Agents, load: Erlangs, giving_up: f64, threshold: f64) -> Result<Self, Refusal> {
        let giving_up = quantity::giving_up("theta_over_mu", giving_up)?;
        let threshold = at_least_zero("T_over_aht", threshold)?;
        if agents == Agents::NONE {
            return Err(Refusal::Zero { input: "agents" });
        }
        if giving_up == 0.0 {
            return ErlangC::of(agents, load).map(|queue| Self::patient(&queue, threshold));
        }
        let before = inverse(agents.real() - 1.0, load);
        let waits = Queue { arrivals: load.real(), servers: agents.real(), giving_up }.waits(threshold);
        let Busy { p_wait, at_once } = Busy::of(before, load.real(), &waits);
        let p_abandon = p_wait * waits.abandoned;
        let answered = at_once + p_wait * waits.answered;
        let mean_wait = p_abandon / giving_up;
        Ok(Self {
            p_wait,
            p_abandon,
            p_abandon_within: p_wait * waits.abandoned_within,
            mean_queue: load.real() * mean_wait,
            // Where all are always busy rounding may go beyond.
            occupancy: (load.real() * answered / agents.real()).min(1.0),
            mean_wait,
            asa: over(p_wait * waits.answered_wait, answered),
            levels: levels(p_wait, at_once, &waits),
        })
    }

    /// Where nobody gives up all four service levels are one.
    fn patient(queue: &ErlangC, threshold: f64) -> Self {
        Self {
            p_wait: queue.p_wait,
            p_abandon: 0.0,
            p_abandon_within: 0.0,
            mean_queue: queue.mean_queue,
            occupancy: queue.occupancy,
            mean_wait: queue.asa_over_aht,
            asa: queue.asa_over_aht,
            levels: [queue.service_level(threshold); 4],
        }
    }

    /// The service level at the threshold.
    pub const fn service_level(&self, definition: ServiceLevel) -> f64 {
        let [answered_of_offered, excluding_abandons, of_answered, virtual_wait] = self.levels;
        match definition {
            ServiceLevel::AnsweredOfOffered => answered_of_offered,
            ServiceLevel::ExcludingAbandons => excluding_abandons,
            ServiceLevel::OfAnswered => of_answered,
            ServiceLevel::VirtualWait => virtual_wait,
        }
    }
}

/// Shares of those who find all busy, and of those who do not; either may be too small to be the rest of the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Busy {
    pub p_wait: f64,
    pub at_once: f64,
}

impl Busy {
    /// `AJ / (ε + AJ)` and `ε / (ε + AJ)`, in logarithms, since both may leave the range of floating point.
    pub fn of(epsilon: Inverse, arrivals: f64, waits: &Waits) -> Self {
        let odds = epsilon.ln() - arrivals.ln() - waits.ln_weight;
        Self { p_wait: (1.0 + odds.exp()).recip(), at_once: (1.0 + (-odds).exp()).recip() }
    }
}

fn over(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// The four service levels, of those who wait or not and what becomes of those who do.
fn levels(p_wait: f64, at_once: f64, waits: &Waits) -> [f64; 4] {
    let answered_within = at_once + p_wait * waits.answered_within;
    [
        answered_within,
        over(answered_within, at_once + p_wait * waits.stayed_within).min(1.0),
        over(answered_within, at_once + p_wait * waits.answered).min(1.0),
        at_once + p_wait * waits.virtual_within,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(agents: u64, load: f64, giving_up: f64, threshold: f64) -> Result<ErlangA, Refusal> {
        ErlangA::of(Agents::new(agents)?, Erlangs::read("load", load)?, giving_up, threshold)
    }

    #[test]
    fn one_agent_whose_contacts_are_as_patient_as_they_talk_long() {
        // M/M/1+M with θ = μ has Poisson states of mean A: P(wait) = 1 - e^-A, and e^-A is idle.
        let queue = queue(1, 0.7, 1.0, 0.1).unwrap();
        assert!((queue.p_wait - (1.0 - (-0.7_f64).exp())).abs() < 1e-14);
        assert!((queue.occupancy - (1.0 - (-0.7_f64).exp())).abs() < 1e-14);
    }

    #[test]
    fn the_more_patient_they_are_the_closer_it_is_to_erlang_c() {
        let patient = queue(14, 10.0, 0.0, 0.1).unwrap();
        for giving_up in [1e-3, 1e-6, 1e-9] {
            let nearly = queue(14, 10.0, giving_up, 0.1).unwrap();
            assert!((nearly.p_wait - patient.p_wait).abs() < giving_up);
            assert!((nearly.asa - patient.asa).abs() < giving_up);
        }
    }

    #[test]
    fn where_nearly_everybody_gives_up_those_who_are_answered_still_have_a_speed_of_answer() {
        // One agent at a billion erlangs: he answers as fast as he can talk, whom ever he answers.
        let queue = queue(1, 1e9, 1e9, 0.1).unwrap();
        assert!((queue.occupancy - 1.0).abs() < 1e-9, "{queue:?}");
        assert!(queue.asa > 0.0 && queue.asa < 1e-8, "{queue:?}");
    }

    #[test]
    fn patience_makes_an_overload_bearable_and_its_absence_does_not() {
        assert!(queue(5, 50.0, 0.5, 0.1).unwrap().p_abandon > 0.89);
        assert_eq!(queue(5, 50.0, 0.0, 0.1), Err(Refusal::Unstable));
    }
}
