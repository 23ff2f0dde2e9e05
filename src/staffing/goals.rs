//! Goals: what must be reached, as a service goal template says it, and the fewest agents that reach all of it.
//!
//! With one agent more nobody waits longer, gives up sooner or is busier, so that the fewest that meet every goal stand
//! where one fewer misses at least one of them.

use super::exact::Ratio;
use super::quantity::{self, above_zero, at_least_zero, share};
use super::requirement::fewest;
use super::{Agents, Demand, ErlangA, Erlangs, Refusal, ServiceLevel};

/// A share of contacts that must be answered in time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LevelGoal {
    /// The share, below 1.
    pub share: f64,
    /// In time means within so many seconds.
    pub within_seconds: f64,
    /// What it is a share of; where nobody gives up all four are one.
    pub definition: ServiceLevel,
}

/// What must be reached. Each goal may be absent; those that are there must all be met.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Goals {
    /// The service level.
    pub service_level: Option<LevelGoal>,
    /// Average speed of answer in seconds, at most.
    pub asa_seconds: Option<f64>,
    /// Share that may give up at most; without a patience nobody does.
    pub max_abandon: Option<f64>,
    /// Share of their time that agents may be busy at most.
    pub max_occupancy: Option<f64>,
    /// How long a contact waits on average before giving up, in seconds: Erlang A. Without it nobody gives up: Erlang C.
    pub patience_seconds: Option<f64>,
    /// Share of paid time in which an agent is not there.
    pub shrinkage: f64,
}

/// The fewest agents that meet every goal, and what they reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Staff {
    /// Offered load.
    pub load: Erlangs,
    /// Those who must be there.
    pub agents: Agents,
    /// Those who must be paid for so many to be there.
    pub paid: Agents,
    /// What they reach; `None` where nothing is offered.
    pub queue: Option<ErlangA>,
}

/// Offered load as floating point and as the decimals that were written, and the handle time that it is made of.
struct Work {
    load: Erlangs,
    exactly: Ratio,
    handle_seconds: f64,
}

impl Goals {
    /// The fewest agents for a demand that goes on like this for ever.
    ///
    /// # Errors
    ///
    /// Where an input means nothing, or no number of agents meets a goal.
    pub fn staff(&self, demand: &Demand) -> Result<Staff, Refusal> {
        let load = demand.load()?;
        self.staff_of(&Work { load, exactly: demand.exactly(), handle_seconds: demand.handle_seconds })
    }

    /// The fewest agents for a load that is known already, of contacts that take so many seconds.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn staff_for_load(&self, load: Erlangs, handle_seconds: f64) -> Result<Staff, Refusal> {
        let handle_seconds = above_zero("aht_s", handle_seconds)?;
        self.staff_of(&Work { load, exactly: Ratio::of(&[load.real()], &[]), handle_seconds })
    }

    fn staff_of(&self, work: &Work) -> Result<Staff, Refusal> {
        self.check()?;
        let load = work.load;
        if load.is_none() {
            return Ok(Staff { load, agents: Agents::NONE, paid: Agents::NONE, queue: None });
        }
        let giving_up = match self.patience_seconds {
            Some(patience) => quantity::giving_up("mean_patience", work.handle_seconds / patience)?,
            None => 0.0,
        };
        let within = self.service_level.map_or(0.0, |goal| goal.within_seconds / work.handle_seconds);
        let queue = |agents: Agents| ErlangA::of(agents, load, giving_up, within);
        let missed = |agents: Agents| match queue(agents) {
            Ok(queue) => self.missed(&queue, work.handle_seconds),
            Err(_) => Some("stability"),
        };
        let first = self.first(work)?;
        // Where nobody gives up the search goes up from what is stable; else it begins where all would be busy.
        let found = fewest(first, Agents::about(load), |agents| missed(agents).is_none());
        let agents = found.ok_or_else(|| Refusal::Unreachable { goal: missed(Agents::MOST).unwrap_or("goals") })?;
        let paid = Ratio::of(&[agents.real()], &[]).over_one_less(self.shrinkage).rounded_up();
        let paid = paid.ok_or(Refusal::Unreachable { goal: "shrinkage" }).and_then(Agents::new)?;
        Ok(Staff { load, agents, paid, queue: Some(queue(agents)?) })
    }

    fn check(&self) -> Result<(), Refusal> {
        if let Some(goal) = self.service_level {
            at_least_zero("within", goal.within_seconds)?;
            // A share of 1 is only approached, however many there are.
            if share("service_level", goal.share)? == 1.0 {
                return Err(Refusal::Unreachable { goal: "service_level" });
            }
        }
        if let Some(seconds) = self.asa_seconds {
            above_zero("average_speed_of_answer", seconds)?;
        }
        if let Some(patience) = self.patience_seconds {
            above_zero("mean_patience", patience)?;
        }
        if let Some(most) = self.max_abandon
            && share("max_abandon", most)? == 0.0
            && self.patience_seconds.is_some()
        {
            return Err(Refusal::Unreachable { goal: "max_abandon" });
        }
        if let Some(most) = self.max_occupancy {
            share("max_occupancy", above_zero("max_occupancy", most)?)?;
        }
        share("shrinkage", self.shrinkage).map(drop)
    }

    /// Below so many a goal is missed for certain. Where nobody gives up all that comes must be served, and how busy
    /// that makes the agents is a ratio of decimals.
    fn first(&self, work: &Work) -> Result<Agents, Refusal> {
        let count = |number: Option<u64>| {
            number.ok_or(Refusal::TooLarge { input: "contacts_per_interval" }).and_then(Agents::new)
        };
        if self.patience_seconds.is_some() {
            return Agents::new(1);
        }
        let stable = count(work.exactly.next_above())?;
        match self.max_occupancy {
            Some(most) => Ok(stable.max(count(work.exactly.clone().over(most).rounded_up())?)),
            None => Ok(stable),
        }
    }

    /// The first goal that this queue misses.
    fn missed(&self, queue: &ErlangA, handle_seconds: f64) -> Option<&'static str> {
        let level = |goal: LevelGoal| queue.service_level(goal.definition) >= goal.share;
        let busy = self.max_occupancy.filter(|_| self.patience_seconds.is_some());
        [
            ("service_level", self.service_level.is_none_or(level)),
            ("average_speed_of_answer", self.asa_seconds.is_none_or(|most| queue.asa * handle_seconds <= most)),
            ("max_abandon", self.max_abandon.is_none_or(|most| queue.p_abandon <= most)),
            ("max_occupancy", busy.is_none_or(|most| queue.occupancy <= most)),
        ]
        .into_iter()
        .find_map(|(goal, met)| (!met).then_some(goal))
    }
}

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    fn demand(contacts: f64) -> Demand {
        Demand { contacts, interval_seconds: 900.0, handle_seconds: 180.0 }
    }

    fn agents(goals: &Goals, contacts: f64) -> u64 {
        goals.staff(&demand(contacts)).unwrap().agents.count()
    }

    const LEVEL: LevelGoal =
        LevelGoal { share: 0.8, within_seconds: 20.0, definition: ServiceLevel::AnsweredOfOffered };

    /// A = 10. Erlang C by hand: N = 12 has C = 0.4494 and ASA = 40.4 s, N = 13 has 0.2853 and 17.1 s, N = 14 7.8 s.
    #[test]
    fn each_goal_alone_asks_for_its_own_number_and_all_of_them_for_the_largest() {
        let asa = |seconds| Goals { asa_seconds: Some(seconds), ..Goals::default() };
        assert_eq!([41.0, 40.0, 17.2, 17.0, 7.8].map(|seconds| agents(&asa(seconds), 50.0)), [12, 13, 13, 14, 15]);
        let level = Goals { service_level: Some(LEVEL), ..Goals::default() };
        let occupancy = Goals { max_occupancy: Some(0.6), ..Goals::default() };
        assert_eq!((agents(&level, 50.0), agents(&occupancy, 50.0)), (14, 17));
        let all = Goals { max_occupancy: Some(0.6), asa_seconds: Some(17.0), ..level };
        assert_eq!(agents(&all, 50.0), 17);
        assert_eq!(agents(&Goals { shrinkage: 0.3, ..all }, 50.0), 17);
        assert_eq!(Goals { shrinkage: 0.3, ..all }.staff(&demand(50.0)).unwrap().paid.count(), 25);
    }

    #[test]
    fn who_gives_up_spares_agents_until_too_many_do() {
        let level = Goals { service_level: Some(LEVEL), patience_seconds: Some(60.0), ..Goals::default() };
        let staff = level.staff(&demand(50.0)).unwrap();
        assert!(staff.agents.count() < 14, "{staff:?}");
        let strict = Goals { max_abandon: Some(0.01), ..level };
        assert!(agents(&strict, 50.0) > staff.agents.count());
        assert!(strict.staff(&demand(50.0)).unwrap().queue.is_some_and(|queue| queue.p_abandon <= 0.01));
    }

    #[test]
    fn nothing_to_do_takes_nobody_whatever_the_goals() {
        let staff = Goals { service_level: Some(LEVEL), ..Goals::default() }.staff(&demand(0.0)).unwrap();
        assert_eq!((staff.agents, staff.paid, staff.queue), (Agents::NONE, Agents::NONE, None));
    }

    #[test]
    fn goals_that_no_number_meets_are_named() {
        let unreachable = |goal| Err(Refusal::Unreachable { goal });
        let level = LevelGoal { share: 1.0, ..LEVEL };
        for (goals, refused) in [
            (Goals { service_level: Some(level), ..Goals::default() }, unreachable("service_level")),
            (Goals { shrinkage: 1.0, ..Goals::default() }, unreachable("shrinkage")),
            (
                Goals { max_abandon: Some(0.0), patience_seconds: Some(60.0), ..Goals::default() },
                unreachable("max_abandon"),
            ),
            (
                Goals { asa_seconds: Some(0.0), ..Goals::default() },
                Err(Refusal::Zero { input: "average_speed_of_answer" }),
            ),
        ] {
            assert_eq!(goals.staff(&demand(5.0)), refused);
        }
    }

    fn any_goals() -> impl Strategy<Value = Goals> {
        let level = (0.05..0.99_f64, 0.0..120.0_f64, prop::sample::select(ServiceLevel::ALL.to_vec()))
            .prop_map(|(share, within_seconds, definition)| LevelGoal { share, within_seconds, definition });
        let goals = (option::of(level), option::of(0.5..300.0_f64), option::of(0.001..0.5_f64));
        (goals, option::of(0.2..1.0_f64), option::of(5.0..900.0_f64)).prop_map(
            |((service_level, asa_seconds, max_abandon), max_occupancy, patience_seconds)| Goals {
                service_level,
                asa_seconds,
                max_abandon,
                max_occupancy,
                patience_seconds,
                shrinkage: 0.0,
            },
        )
    }

    proptest! {
        #[test]
        fn the_fewest_meet_every_goal_and_one_fewer_misses_one(
            goals in any_goals(), contacts in 0.1..2_000.0_f64, handle_seconds in 20.0..1_200.0_f64,
        ) {
            let demand = Demand { contacts, interval_seconds: 900.0, handle_seconds };
            let staff = goals.staff(&demand).unwrap();
            let giving_up = goals.patience_seconds.map_or(0.0, |patience| handle_seconds / patience);
            let within = goals.service_level.map_or(0.0, |goal| goal.within_seconds / handle_seconds);
            let met = |agents: Agents| {
                let Ok(queue) = ErlangA::of(agents, staff.load, giving_up, within) else { return false };
                goals.service_level.is_none_or(|goal| queue.service_level(goal.definition) >= goal.share)
                    && goals.asa_seconds.is_none_or(|most| queue.asa * handle_seconds <= most)
                    && goals.max_abandon.is_none_or(|most| queue.p_abandon <= most)
                    && goals.max_occupancy.is_none_or(|most| queue.occupancy <= most)
            };
            prop_assert!(met(staff.agents), "{staff:?}");
            prop_assert!(staff.agents.one_fewer().is_none_or(|fewer| !met(fewer)), "{staff:?}");
        }

        #[test]
        fn more_load_never_needs_fewer(
            goals in any_goals(), contacts in 0.1..2_000.0_f64, more in 1.0..2.0_f64,
        ) {
            prop_assert!(agents(&goals, contacts * more) >= agents(&goals, contacts));
        }
    }
}
