//! Agents: how many a volume takes by the goals of its planning group; what was asked lately is not worked out again.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::routing::GroupIndex;
use crate::staffing::{Agents, Demand, Goals};

/// A row is said again far more often than its volumes change; so many answers are a few hundred kilobytes.
const REMEMBERED: usize = 4_096;

/// A question: numbers are compared by their bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Asked {
    group: GroupIndex,
    demand: [u64; 3],
}

/// Answers by what was asked. The goals of a group are those of the plan, which holds as long as the engine does.
#[derive(Debug, Default)]
pub struct AgentsAsked {
    answers: HashMap<Asked, Option<Agents>, RandomState>,
}

impl AgentsAsked {
    /// The fewest agents that meet the goals of the group; `None` where there is no such number.
    pub fn fewest(&mut self, group: GroupIndex, goals: &Goals, demand: &Demand) -> Option<Agents> {
        let Demand { contacts, interval_seconds, handle_seconds } = *demand;
        let asked = Asked { group, demand: [contacts, interval_seconds, handle_seconds].map(f64::to_bits) };
        if let Some(answer) = self.answers.get(&asked) {
            return *answer;
        }
        let answer = goals.staff(demand).ok().map(|staff| staff.agents);
        if self.answers.len() >= REMEMBERED {
            self.answers.clear();
        }
        self.answers.insert(asked, answer);
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_what_would_be_worked_out() {
        let goals = Goals { asa_seconds: Some(20.0), ..Goals::default() };
        let mut asked = AgentsAsked::default();
        for _ in 0..2 {
            for contacts in 0..5_000_u32 {
                let demand =
                    Demand { contacts: f64::from(contacts % 4_999), interval_seconds: 900.0, handle_seconds: 30.0 };
                let fewest = asked.fewest(GroupIndex(contacts % 2), &goals, &demand);
                assert_eq!(fewest, goals.staff(&demand).ok().map(|staff| staff.agents));
                assert!(asked.answers.len() <= REMEMBERED);
            }
        }
        let senseless = Demand { contacts: f64::NAN, interval_seconds: 900.0, handle_seconds: 30.0 };
        assert_eq!(asked.fewest(GroupIndex(0), &goals, &senseless), None);
    }
}
