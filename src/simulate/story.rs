//! A scripted visitor: pricing page, offer, acceptance, queue, agent; step by step and without chance.

use super::conversation::{QueueEnd, Talk, TalkStep};
use super::dice::Dice;
use super::offer::{Life, State, Step};
use super::page::{PageClass, PageSeen};
use super::place::{DUBLIN, PRICING_HELP};
use super::plan::Pathologies;
use super::post::{Post, Sent};
use super::truth::Truth;
use super::visit::Visitor;

/// The records of one visitor in order of arrival; `start_millis` is when the pricing page comes up, in milliseconds
/// since 1970, and `seed` tells one such visitor from another. After a minute the visitor qualifies, is offered help
/// at 1:03 and takes it at 1:20; the conversation starts at 1:22, queues at 1:40, is answered at 2:10 and ends at
/// 7:00, and the agent is done at 7:30.
pub fn story_visitor(seed: u64, start_millis: i64) -> Vec<Sent> {
    let start = start_millis as f64 / 1_000.0;
    let queue = PRICING_HELP.listed.group().map_or("", |group| group.queue);
    let reaches = |after: f64, state: State| (start + after, Step::Reaches(state));
    let says = |after: f64, step: TalkStep| (start + after, step);
    let talk = Talk {
        steps: vec![
            says(82.0, TalkStep::CustomerStart),
            says(82.2, TalkStep::FlowStart),
            says(100.0, TalkStep::AcdStart { queue }),
            says(130.0, TalkStep::AcdEnd { queue, end: QueueEnd::Answered, waited: 30.0 }),
            says(420.0, TalkStep::UserEnd { queue, talked: 290.0, held: 0.0 }),
            says(450.0, TalkStep::AfterWork { queue, worked: 30.0 }),
            says(450.4, TalkStep::CustomerEnd),
        ],
        answered: Some(start + 130.0),
        ended: start + 420.0,
    };
    let life = Life {
        steps: vec![
            reaches(60.0, State::Qualified),
            reaches(63.0, State::Offered),
            reaches(80.0, State::Accepted),
            reaches(82.0, State::Started),
            reaches(130.0, State::Engaged),
            reaches(420.0, State::Completed),
        ],
        talk: Some(talk),
    };
    let mut post = Post::new([0, 1].map(|of| Dice::new(seed, &[of])), Pathologies::NONE);
    let visitor = Visitor::new(&mut post, &DUBLIN).in_a_browser();
    let page = PageSeen { at: 0.0, class: PageClass::Pricing, dwell: 300.0 };
    visitor.sees(&mut post, start, &[page]);
    visitor.lives(&mut post, &mut Truth::default(), &PRICING_HELP, &life);
    let mut sent = post.into_sent();
    sent.sort_by_key(|sent| sent.arrival_millis);
    sent
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::Fate;

    #[test]
    fn the_scripted_visitor_browses_accepts_queues_and_is_answered() {
        let told: Vec<String> = story_visitor(1, 1_793_610_000_000)
            .iter()
            .map(|sent| {
                let value: serde_json::Value = serde_json::from_slice(&sent.line).unwrap();
                let body = &value["detail"]["eventBody"];
                let state = body["webActionEvent"]["action"]["state"].as_str();
                let name = state.or(body["webEvent"]["eventName"].as_str());
                name.or(value["detail-type"].as_str().and_then(|topic| topic.split("{id}.").nth(1))).unwrap().to_owned()
            })
            .filter(|name| name != "flow.start")
            .collect();
        let mut expected =
            ["page_viewed", "qualified", "offered", "accepted", "started", "customer.start", "acd.start"].to_vec();
        expected.extend(["acd.end", "engaged", "user.end", "completed", "acw", "customer.end"]);
        let sorted = |mut names: Vec<String>| {
            names.sort();
            names
        };
        assert_eq!(sorted(told), sorted(expected.iter().map(|name| (*name).to_owned()).collect()));
    }

    #[test]
    fn every_scripted_record_is_usable_or_of_no_interest() {
        assert!(story_visitor(2, 0).iter().all(|sent| matches!(sent.fate, Fate::Admitted | Fate::NotRelevant)));
    }
}
