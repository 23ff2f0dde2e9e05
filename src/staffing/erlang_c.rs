//! Erlang C: a queue that nobody leaves, M/M/N.
//!
//! A. K. Erlang 1917. Waiting probability C = B / (1 - ρ(1 - B)), here as 1 / (1 + (1/B - 1)(1 - ρ)), ρ = A/N.

use super::blocking::{Inverse, inverse};
use super::{Agents, Erlangs, Refusal};

/// A stable queue that nobody leaves; lengths of time are in average handle times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ErlangC {
    /// Erlang B of the same agents and load.
    pub erlang_b: f64,
    /// Share of contacts that wait at all.
    pub p_wait: f64,
    /// Its decimal logarithm, also where the share itself is too small for a float; `None` where nothing is offered.
    pub log10_p_wait: Option<f64>,
    /// Average speed of answer over all contacts.
    pub asa_over_aht: f64,
    /// Contacts that wait, on average.
    pub mean_queue: f64,
    /// Share of the agents' time that is spent on contacts.
    pub occupancy: f64,
    agents: f64,
    load: f64,
}

impl ErlangC {
    /// The queue before so many agents under this load; it must be stable.
    pub fn of(agents: Agents, load: Erlangs) -> Result<Self, Refusal> {
        if agents.real() <= load.real() {
            return Err(Refusal::Unstable);
        }
        Ok(Self::from_inverse(agents, load, inverse(agents.real(), load)))
    }

    /// The same where `1/B` is known already.
    pub(super) fn from_inverse(agents: Agents, load: Erlangs, inverse: Inverse) -> Self {
        let (agents, load) = (agents.real(), load.real());
        let idle = (agents - load) / agents;
        let ln_p_wait = match inverse {
            Inverse::Plain(inverse) => -((inverse - 1.0) * idle).ln_1p(),
            // B is nothing beside 1, so that C = B / (1 - ρ).
            Inverse::Logarithm(ln) => -ln - idle.ln(),
        };
        let p_wait = match inverse {
            Inverse::Plain(inverse) => (1.0 + (inverse - 1.0) * idle).recip(),
            Inverse::Logarithm(_) => ln_p_wait.exp(),
        };
        Self {
            erlang_b: inverse.blocking(),
            p_wait,
            log10_p_wait: (load > 0.0).then_some(ln_p_wait / std::f64::consts::LN_10),
            asa_over_aht: p_wait / (agents - load),
            mean_queue: load * p_wait / (agents - load),
            occupancy: load / agents,
            agents,
            load,
        }
    }

    /// Share of contacts that are answered within a time, in average handle times: 1 - C exp(-(N - A) T).
    pub fn service_level(&self, within: f64) -> f64 {
        1.0 - self.p_wait * (-(self.agents - self.load) * within).exp()
    }
}

/// C for any real number of agents: 1 where they do not exceed the load.
pub fn p_wait_of_fractional(agents: f64, load: Erlangs) -> f64 {
    if agents <= load.real() {
        return 1.0;
    }
    let idle = (agents - load.real()) / agents;
    match inverse(agents, load) {
        Inverse::Plain(inverse) => (1.0 + (inverse - 1.0) * idle).recip(),
        Inverse::Logarithm(ln) => (-ln - idle.ln()).exp(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(agents: u64, load: f64) -> Result<ErlangC, Refusal> {
        ErlangC::of(Agents::new(agents)?, Erlangs::read("load", load)?)
    }

    /// The reference point that peers print: A = 10, N = 14, AHT 180 s, T = 20 s.
    #[test]
    fn fourteen_agents_at_ten_erlangs() {
        let queue = queue(14, 10.0).unwrap();
        assert!((queue.p_wait - 0.174_131_933_595_049_8).abs() < 1e-15);
        assert!((queue.service_level(20.0 / 180.0) - 0.888_350).abs() < 1e-6);
        assert!((queue.asa_over_aht * 180.0 - 7.8359).abs() < 1e-4);
    }

    #[test]
    fn one_agent_keeps_as_many_waiting_as_he_is_busy() {
        // M/M/1: C = ρ.
        assert_eq!(queue(1, 0.5).unwrap().p_wait, 0.5);
    }

    #[test]
    fn as_much_as_can_be_served_is_too_much() {
        assert_eq!(queue(10, 10.0), Err(Refusal::Unstable));
        assert_eq!(queue(0, 0.0), Err(Refusal::Unstable));
    }

    #[test]
    fn a_probability_too_small_for_a_float_has_its_logarithm() {
        let queue = queue(20_000, 10_000.0).unwrap();
        assert_eq!(queue.p_wait, 0.0);
        assert!((queue.log10_p_wait.unwrap() + 1_679.903_670_993_013).abs() < 1e-9);
    }
}
