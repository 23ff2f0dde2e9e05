//! What is packed comes back; what is damaged is refused.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::engine::Span;
use crate::engine::fact::{BlockingReason, Medium, OfferState};
use crate::wire::arbitrary::any_time;

const TEXTS: [&str; 5] = ["am-1", "", "web", "am-2\u{0}0123456789abcdef", "Prozeß"];

fn organizations() -> Vec<Arc<str>> {
    ["org-1", "org-2"].map(Arc::from).to_vec()
}

fn labels() -> Labels {
    let mut labels = Labels::default();
    for text in TEXTS {
        labels.intern(text);
    }
    labels
}

fn any_label() -> impl Strategy<Value = Label> {
    prop::sample::select(TEXTS.map(|text| labels().find(text).unwrap()).to_vec())
}

proptest! {
    #[test]
    fn the_times_of_a_record_are_told_without_knowing_whose_it_is(times in vec(any_time(), 0..9)) {
        let fact = |at: &EventTime| Fact {
            organization: OrganizationIndex(1),
            at: *at,
            names: Names { own: Name(7), before: None },
            about: About::Visit(VisitFact::App),
        };
        let facts: Vec<Fact> = times.iter().map(fact).collect();
        let told = time_span(&encode(&facts, &organizations(), &labels())).unwrap();
        prop_assert_eq!(told, times.iter().min().copied().zip(times.iter().max().copied()));
    }
}

fn any_names() -> impl Strategy<Value = Names> {
    (any::<u128>(), option::of(any::<u128>()))
        .prop_map(|(own, before)| Names { own: Name(own), before: before.map(Name) })
}

fn any_action() -> impl Strategy<Value = About> {
    let event = prop_oneof![
        prop::sample::select(OfferState::ALL.to_vec()).prop_map(ActionEvent::Reached),
        Just(ActionEvent::Stepped),
        prop::sample::select(BlockingReason::ALL.to_vec()).prop_map(ActionEvent::Blocked),
    ];
    let medium = (0..=12_u8).prop_map(|code| Medium::from_code(code).unwrap());
    (event, option::of(any_label()), option::of(any::<u32>()), option::of(medium), option::of(any_names())).prop_map(
        |(event, map, version, medium, visit)| About::Action(ActionFact { event, map, version, medium, visit }),
    )
}

fn any_visit() -> impl Strategy<Value = About> {
    prop_oneof![
        option::of(any_label()).prop_map(|class| About::Visit(VisitFact::Page(class))),
        Just(About::Visit(VisitFact::App)),
        Just(About::Visit(VisitFact::Regulated)),
        option::of(any_label()).prop_map(|segment| About::Visit(VisitFact::Segment(segment))),
    ]
}

fn any_conversation() -> impl Strategy<Value = About> {
    let label = || option::of(any_label());
    let span = || any::<i64>().prop_map(Span::from_millis);
    let route = (label(), label(), label(), vec(any_label(), 0..4));
    prop_oneof![
        (option::of(any_names()), label(), option::of(any_names()))
            .prop_map(|(action, map, visit)| { ConversationFact::Started { action, map, visit: visit.map(Box::new) } }),
        route.prop_map(|(queue, media_type, language, skills)| {
            ConversationFact::Queued(RouteKey { queue, media_type, language, skills })
        }),
        (label(), prop::sample::select(OUTCOMES.to_vec()))
            .prop_map(|(queue, outcome)| ConversationFact::LeftQueue { queue, outcome }),
        (label(), span()).prop_map(|(queue, handled)| ConversationFact::AgentLeft { queue, handled }),
        (label(), span()).prop_map(|(queue, wrapup)| ConversationFact::WrappedUp { queue, wrapup }),
    ]
    .prop_map(About::Conversation)
}

fn any_fact() -> impl Strategy<Value = Fact> {
    let about = prop_oneof![any_action(), any_visit(), any_conversation()];
    (0..2_u16, any_time(), any_names(), about).prop_map(|(organization, at, names, about)| Fact {
        organization: OrganizationIndex(organization),
        at,
        names,
        about,
    })
}

proptest! {
    #[test]
    fn what_is_packed_comes_back(facts in vec(any_fact(), 0..40)) {
        let record = encode(&facts, &organizations(), &labels());
        let decoded = decode(&record, &organizations(), &mut labels()).unwrap();
        prop_assert_eq!(decoded, Decoded { facts, unknown_organization: 0 });
    }

    #[test]
    fn a_record_that_is_cut_off_anywhere_is_refused(facts in vec(any_fact(), 1..8), cut in any::<prop::sample::Index>()) {
        let record = encode(&facts, &organizations(), &labels());
        let (kept, _) = record.split_at(cut.index(record.len()));
        prop_assert!(decode(kept, &organizations(), &mut labels()).is_err());
    }

    #[test]
    fn a_record_with_a_flipped_bit_is_refused_or_read_and_never_more(
        facts in vec(any_fact(), 1..8), place in any::<prop::sample::Index>(), bit in 0..8_u8,
    ) {
        let mut record = encode(&facts, &organizations(), &labels());
        let place = place.index(record.len());
        record[place] ^= 1 << bit;
        if let Ok(decoded) = decode(&record, &organizations(), &mut labels()) {
            prop_assert!(decoded.facts.len() + decoded.unknown_organization <= record.len());
        }
    }

    #[test]
    fn bytes_of_anybody_are_refused_or_read_and_never_more(mut bytes in vec(any::<u8>(), 0..200)) {
        if let Some(first) = bytes.first_mut() {
            *first = VERSION;
        }
        let read = decode(&bytes, &organizations(), &mut labels());
        prop_assert!(read.is_err() || bytes.len() > 3);
    }
}

fn offered(organization: u16, seconds: i64) -> Fact {
    let event = ActionEvent::Reached(OfferState::Offered);
    let map = labels().find("am-1");
    Fact {
        organization: OrganizationIndex(organization),
        at: EventTime::from_seconds(1_795_424_400 + seconds),
        names: Names { own: Name(7), before: Some(Name(8)) },
        about: About::Action(ActionFact {
            event,
            map,
            version: Some(3),
            medium: Some(Medium::WEB_MESSAGING_OFFER),
            visit: None,
        }),
    }
}

#[test]
fn facts_of_an_organization_that_is_configured_no_longer_are_counted_and_left_out() {
    let facts = [offered(0, 0), offered(1, 1), offered(0, 2)];
    let record = encode(&facts, &organizations(), &labels());
    let only_the_second: Vec<Arc<str>> = vec![Arc::from("org-2")];
    let decoded = decode(&record, &only_the_second, &mut labels()).unwrap();
    assert_eq!(decoded, Decoded { facts: vec![offered(0, 1)], unknown_organization: 2 });
}

#[test]
fn another_table_of_labels_gives_the_same_texts() {
    let record = encode(&[offered(0, 0)], &organizations(), &labels());
    let mut elsewhere = Labels::default();
    elsewhere.intern("somebody else's");
    let decoded = decode(&record, &organizations(), &mut elsewhere).unwrap();
    let About::Action(action) = &decoded.facts.first().unwrap().about else { panic!("another kind of fact") };
    assert_eq!(action.map.map(|map| elsewhere.text(map)), Some("am-1"));
}

#[test]
fn a_layout_of_tomorrow_says_which_it_is() {
    let error = decode(&[9, 0, 0, 0], &organizations(), &mut labels()).unwrap_err();
    assert!(error.to_string().contains("\"9\" is not known to this version"), "{error}");
}

#[test]
fn one_more_offer_costs_40_bytes() {
    let length = |count| {
        encode(&(0..count).map(|place| offered(0, place)).collect::<Vec<_>>(), &organizations(), &labels()).len()
    };
    assert_eq!(length(11) - length(10), 40);
}

#[test]
fn codes_are_places_in_the_lists() {
    assert!(OfferState::ALL.iter().enumerate().all(|(place, state)| *state as usize == place));
    assert!(BlockingReason::ALL.iter().enumerate().all(|(place, reason)| *reason as usize == place));
    assert!(OUTCOMES.iter().enumerate().all(|(place, outcome)| *outcome as usize == place));
}
