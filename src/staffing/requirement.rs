//! Requirement: the fewest agents that meet every goal, found by exact search and never by an approximation.
//!
//! Service levels and occupancy never get worse with one agent more, so the fewest that meet all goals stand where one
//! fewer misses one. Ratios that must be whole are compared as the decimals that were written (see `exact`).

use super::exact::Ratio;
use super::quantity::{self, above_zero, at_least_zero, share};
use super::{Agents, ErlangA, ErlangC, Erlangs, Refusal, ServiceLevel};

/// What comes in one interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    /// Contacts offered in the interval.
    pub contacts: f64,
    /// Its length in seconds.
    pub interval_seconds: f64,
    /// Average handle time in seconds.
    pub handle_seconds: f64,
}

impl Demand {
    /// Offered load: contacts times handle time over the interval.
    ///
    /// # Errors
    ///
    /// Where an input means nothing.
    pub fn load(&self) -> Result<Erlangs, Refusal> {
        let contacts = at_least_zero("contacts_per_interval", self.contacts)?;
        let interval = above_zero("interval_s", self.interval_seconds)?;
        let handle = above_zero("aht_s", self.handle_seconds)?;
        Erlangs::read("contacts_per_interval", contacts * handle / interval)
    }

    pub(super) fn exactly(&self) -> Ratio {
        Ratio::of(&[self.contacts, self.handle_seconds], &[self.interval_seconds])
    }
}

/// Goals for contacts that never give up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ServiceGoal {
    /// Share that must be answered within the threshold.
    pub service_level: f64,
    /// The threshold in seconds.
    pub threshold_seconds: f64,
    /// Share of their time that agents may be busy at most.
    pub max_occupancy: f64,
    /// Share of paid time in which an agent is not there.
    pub shrinkage: f64,
}

/// Who is needed for contacts that never give up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RequiredC {
    /// Offered load.
    pub load: Erlangs,
    /// For the service level alone.
    pub for_service_level: Agents,
    /// For all goals.
    pub agents: Agents,
    /// Those who must be paid for so many to be there.
    pub paid: Agents,
    /// The service level of those for the service level alone.
    pub level_of_those: f64,
    /// That of one fewer; `None` where the queue would grow without end.
    pub level_of_one_fewer: Option<f64>,
    /// The service level of all.
    pub service_level: f64,
    /// Share that waits at all.
    pub p_wait: f64,
    /// Average speed of answer in seconds.
    pub asa_seconds: f64,
    /// Share of their time that agents are busy.
    pub occupancy: f64,
}

/// The fewest agents for contacts that never give up.
///
/// # Errors
///
/// Where an input means nothing, or no number of agents meets a goal.
pub fn required_c(demand: &Demand, goal: &ServiceGoal) -> Result<RequiredC, Refusal> {
    let load = demand.load()?;
    let target = share("sl_target", goal.service_level)?;
    let within = at_least_zero("threshold_s", goal.threshold_seconds)? / demand.handle_seconds;
    let occupancy = share("max_occupancy", above_zero("max_occupancy", goal.max_occupancy)?)?;
    let shrinkage = share("shrinkage", goal.shrinkage)?;
    let level = |agents: Agents| ErlangC::of(agents, load).ok().map(|queue| queue.service_level(within));
    let stable = count(demand.exactly().next_above())?;
    let for_service_level = if load.is_none() {
        Agents::NONE
    } else {
        reached(target, stable, stable, |agents| level(agents).is_some_and(|level| level >= target))?
    };
    let busy = Ratio::of(&[demand.contacts, demand.handle_seconds], &[demand.interval_seconds, occupancy]);
    let agents = for_service_level.max(count(busy.rounded_up())?);
    let paid = Ratio::of(&[agents.real()], &[]).over_one_less(shrinkage).rounded_up();
    let queue = ErlangC::of(agents, load).ok();
    Ok(RequiredC {
        load,
        for_service_level,
        agents,
        paid: count(paid).map_err(|_| Refusal::Unreachable { goal: "shrinkage" })?,
        level_of_those: level(for_service_level).unwrap_or(1.0),
        level_of_one_fewer: for_service_level.one_fewer().and_then(level),
        service_level: queue.map_or(1.0, |queue| queue.service_level(within)),
        p_wait: queue.map_or(0.0, |queue| queue.p_wait),
        asa_seconds: queue.map_or(0.0, |queue| queue.asa_over_aht * demand.handle_seconds),
        occupancy: queue.map_or(0.0, |queue| queue.occupancy),
    })
}

/// Goals for contacts that give up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PatientGoal {
    /// How long a contact waits on average before giving up, in seconds.
    pub patience_seconds: f64,
    /// What must be reached.
    pub service_level: f64,
    /// The threshold in seconds.
    pub threshold_seconds: f64,
    /// What the service level is a share of.
    pub definition: ServiceLevel,
    /// Share that may give up at most.
    pub max_abandon: f64,
}

/// Who is needed for contacts that give up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RequiredA {
    /// Offered load.
    pub load: Erlangs,
    /// The fewest that meet both goals.
    pub agents: Agents,
    /// Their service level.
    pub service_level: f64,
    /// That of one fewer; `None` where nobody would be left.
    pub level_of_one_fewer: Option<f64>,
    /// Share that gives up.
    pub p_abandon: f64,
    /// Share that waits at all.
    pub p_wait: f64,
    /// Share of their time that agents are busy.
    pub occupancy: f64,
}

/// The fewest agents for contacts that give up.
///
/// # Errors
///
/// Where an input means nothing, or no number of agents meets a goal.
pub fn required_a(demand: &Demand, goal: &PatientGoal) -> Result<RequiredA, Refusal> {
    let load = demand.load()?;
    let patience = above_zero("mean_patience_s", goal.patience_seconds)?;
    let giving_up = quantity::giving_up("mean_patience_s", demand.handle_seconds / patience)?;
    let target = share("sl_target", goal.service_level)?;
    let within = at_least_zero("threshold_s", goal.threshold_seconds)? / demand.handle_seconds;
    let max_abandon = share("max_abandon", goal.max_abandon)?;
    let queue = |agents: Agents| ErlangA::of(agents, load, giving_up, within);
    let level = |queue: &ErlangA| queue.service_level(goal.definition);
    if load.is_none() {
        let [agents, none] = [Agents::NONE; 2];
        let all = RequiredA {
            load,
            agents,
            service_level: 1.0,
            level_of_one_fewer: None,
            p_abandon: none.real(),
            p_wait: none.real(),
            occupancy: none.real(),
        };
        return Ok(all);
    }
    if max_abandon == 0.0 {
        return Err(Refusal::Unreachable { goal: "max_abandon" });
    }
    let meets =
        |agents: Agents| queue(agents).is_ok_and(|queue| level(&queue) >= target && queue.p_abandon <= max_abandon);
    let agents = reached(target, Agents::new(1)?, Agents::about(load), meets)?;
    let found = queue(agents)?;
    let one_fewer = agents.one_fewer().and_then(|fewer| queue(fewer).ok());
    Ok(RequiredA {
        load,
        agents,
        service_level: level(&found),
        level_of_one_fewer: one_fewer.as_ref().map(level),
        p_abandon: found.p_abandon,
        p_wait: found.p_wait,
        occupancy: found.occupancy,
    })
}

/// The fewest from `first` on that meet a service level.
fn reached(target: f64, first: Agents, near: Agents, meets: impl Fn(Agents) -> bool) -> Result<Agents, Refusal> {
    // A share of 1 is only approached, however many there are.
    let found = if target == 1.0 { None } else { fewest(first, near, meets) };
    found.ok_or(Refusal::Unreachable { goal: "sl_target" })
}

/// The fewest agents from `first` on that meet the goals: from `near`, where they may be, in strides that double until
/// one number meets them and another does not, then halves in between. `None` where not even [`Agents::MOST`] do.
pub(super) fn fewest(first: Agents, near: Agents, meets: impl Fn(Agents) -> bool) -> Option<Agents> {
    let (mut at, mut stride) = (first.max(near), 1);
    let goes_down = meets(at);
    let (mut misses, mut found) = loop {
        let end = if goes_down { first } else { Agents::MOST };
        if at == end {
            return goes_down.then_some(first);
        }
        let next = if goes_down { at.without(stride).max(first) } else { at.and(stride) };
        match (goes_down, meets(next)) {
            (true, false) => break (next, at),
            (false, true) => break (at, next),
            (true, true) | (false, false) => (at, stride) = (next, stride * 2),
        }
    };
    while misses.and(1) < found {
        let between = misses.midway(found);
        if meets(between) { found = between } else { misses = between }
    }
    Some(found)
}

fn count(number: Option<u64>) -> Result<Agents, Refusal> {
    number.ok_or(Refusal::TooLarge { input: "contacts_per_interval" }).and_then(Agents::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(contacts: f64) -> Demand {
        Demand { contacts, interval_seconds: 900.0, handle_seconds: 180.0 }
    }

    const EIGHTY_IN_TWENTY: ServiceGoal =
        ServiceGoal { service_level: 0.8, threshold_seconds: 20.0, max_occupancy: 1.0, shrinkage: 0.0 };

    #[test]
    fn fifty_contacts_of_three_minutes_take_fourteen_agents() {
        // A = 10; 13 agents answer 73 % within 20 s, 14 answer 89 %.
        let required = required_c(&demand(50.0), &EIGHTY_IN_TWENTY).unwrap();
        assert_eq!(required.agents.count(), 14);
        assert!(required.level_of_one_fewer.unwrap() < 0.8 && required.service_level > 0.88);
    }

    #[test]
    fn the_search_finds_the_fewest_from_wherever_it_begins() {
        let agents = |count: u64| Agents::new(count).unwrap();
        for fewest_that_do in [1, 2, 3, 7, 8, 100, 1_000_000_000] {
            for near in [1, 2, 6, 7, 9, 99, 100, 5_000, 1_000_000_000] {
                let found = fewest(agents(1), agents(near), |some| some >= agents(fewest_that_do));
                assert_eq!(found, Some(agents(fewest_that_do)), "{fewest_that_do} {near}");
            }
        }
        assert_eq!(fewest(agents(3), agents(9), |_| true), Some(agents(3)));
        assert_eq!(fewest(agents(3), agents(1), |_| false), None);
    }

    #[test]
    fn occupancy_and_shrinkage_are_rounded_as_they_were_written() {
        let goal = ServiceGoal { max_occupancy: 0.5, shrinkage: 0.3, ..EIGHTY_IN_TWENTY };
        let required = required_c(&demand(210.0), &goal).unwrap();
        assert_eq!((required.agents.count(), required.paid.count()), (84, 120));
    }

    #[test]
    fn nothing_to_do_takes_nobody() {
        let required = required_c(&demand(0.0), &EIGHTY_IN_TWENTY).unwrap();
        assert_eq!((required.agents.count(), required.paid.count(), required.service_level), (0, 0, 1.0));
    }

    #[test]
    fn goals_that_no_number_meets_are_named() {
        let goal = ServiceGoal { service_level: 1.0, ..EIGHTY_IN_TWENTY };
        assert_eq!(required_c(&demand(5.0), &goal), Err(Refusal::Unreachable { goal: "sl_target" }));
        let goal = ServiceGoal { shrinkage: 1.0, ..EIGHTY_IN_TWENTY };
        assert_eq!(required_c(&demand(5.0), &goal), Err(Refusal::Unreachable { goal: "shrinkage" }));
        let goal = PatientGoal {
            patience_seconds: 60.0,
            service_level: 0.8,
            threshold_seconds: 20.0,
            definition: ServiceLevel::AnsweredOfOffered,
            max_abandon: 0.0,
        };
        assert_eq!(required_a(&demand(5.0), &goal), Err(Refusal::Unreachable { goal: "max_abandon" }));
    }
}
