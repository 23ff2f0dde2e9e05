//! Gated offers: proactive contacts are invited only while enough agents are free; the others come as they please.

use super::erlang_a::Busy;
use super::levels::Levels;
use super::quantity::{self, above_zero};
use super::waiting::Queue;
use super::{Agents, Erlangs, Refusal};

/// More agents than this are not answered: one step is taken for each.
const MOST_AGENTS: u64 = 10_000_000;

/// Who comes, who is invited, and who serves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GatedOffers {
    /// How many agents.
    pub agents: Agents,
    /// Those who come anyway.
    pub organic: Erlangs,
    /// Those who would come if everybody were invited at all times.
    pub proactive: Erlangs,
    /// How often one contact would give up in one handle time.
    pub giving_up: f64,
    /// Agents who must be free beside the one who would answer.
    pub reserve: Agents,
}

/// What becomes of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gated {
    /// Share of time in which offers are made.
    pub gate_open: f64,
    /// Proactive load that comes of it.
    pub carried_proactive: f64,
    /// Share of those who come anyway that waits.
    pub p_wait_organic: f64,
    /// Share of all who enter that gives up.
    pub p_abandon: f64,
    /// Share of the agents' time that is spent on contacts.
    pub occupancy: f64,
}

impl GatedOffers {
    /// What becomes of all who enter.
    ///
    /// # Errors
    ///
    /// Where an input means nothing or nobody serves.
    pub fn gated(&self) -> Result<Gated, Refusal> {
        let (agents, organic, proactive) = (self.agents.count(), self.organic.real(), self.proactive.real());
        let giving_up = quantity::giving_up("theta_over_mu", above_zero("theta_over_mu", self.giving_up)?)?;
        if agents == 0 {
            return Err(Refusal::Zero { input: "agents" });
        }
        if agents > MOST_AGENTS {
            return Err(Refusal::TooMany { input: "agents", most: MOST_AGENTS });
        }
        let open_below = agents.saturating_sub(self.reserve.count());
        let is_open = |busy: u64| if busy < open_below { 1.0 } else { 0.0 };
        let arrivals = |busy: u64| organic + is_open(busy) * proactive;
        let mut levels = Levels::empty([is_open(0)]);
        for busy in 1..agents {
            levels = levels.and(busy as f64, arrivals(busy - 1), [is_open(busy)]);
        }
        let waits = Queue { arrivals: organic, servers: self.agents.real(), giving_up }.waits(0.0);
        let Busy { p_wait: p_wait_organic, at_once } = Busy::of(levels.inverse(), arrivals(agents - 1), &waits);
        let [open] = levels.means;
        let gate_open = at_once * open;
        let carried_proactive = proactive * gate_open;
        let entered = organic + carried_proactive;
        let given_up = organic * p_wait_organic * waits.abandoned;
        Ok(Gated {
            gate_open,
            carried_proactive,
            p_wait_organic,
            p_abandon: if entered > 0.0 { given_up / entered } else { 0.0 },
            occupancy: (entered - given_up) / self.agents.real(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::ErlangA;
    use super::*;

    fn offers(agents: u64, organic: f64, proactive: f64, reserve: u64) -> GatedOffers {
        GatedOffers {
            agents: Agents::new(agents).unwrap(),
            organic: Erlangs::read("organic", organic).unwrap(),
            proactive: Erlangs::read("proactive", proactive).unwrap(),
            giving_up: 0.5,
            reserve: Agents::new(reserve).unwrap(),
        }
    }

    #[test]
    fn without_offers_it_is_erlang_a() {
        let gated = offers(10, 7.0, 0.0, 0).gated().unwrap();
        let queue = ErlangA::of(Agents::new(10).unwrap(), Erlangs::read("load", 7.0).unwrap(), 0.5, 0.0).unwrap();
        assert!((gated.p_wait_organic - queue.p_wait).abs() < 1e-14);
        assert!((gated.p_abandon - queue.p_abandon).abs() < 1e-14);
        assert!((gated.occupancy - queue.occupancy).abs() < 1e-14);
    }

    /// Ten agents, seven erlangs, three more if all were invited, one held in reserve.
    #[test]
    fn the_gate_lets_in_half_of_those_who_would_come() {
        let gated = offers(10, 7.0, 3.0, 1).gated().unwrap();
        assert!((gated.gate_open - 0.48).abs() < 0.005, "{gated:?}");
        assert!((gated.carried_proactive - 1.44).abs() < 0.01, "{gated:?}");
    }

    #[test]
    fn with_all_in_reserve_nobody_is_invited() {
        let gated = offers(5, 0.0, 3.0, 9).gated().unwrap();
        assert_eq!((gated.gate_open, gated.carried_proactive, gated.p_abandon, gated.occupancy), (0.0, 0.0, 0.0, 0.0));
    }
}
