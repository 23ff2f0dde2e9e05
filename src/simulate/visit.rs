//! A visit: what a person does on the site, told to the post record by record.

use super::calendar::Calendar;
use super::conversation::{Talk, TalkStep};
use super::dice::{Dice, Id};
use super::envelope::Topic;
use super::journey_body::{JourneyBody, Snapshot};
use super::offer::{Life, Qualification, Step, live, qualifications};
use super::page::{PageSeen, browse};
use super::persona::Persona;
use super::place::{ActionMap, Group, OVERFLOW_QUEUE, Unit};
use super::post::{Parcel, Post};
use super::talk_body::{JourneyContext, TalkBody};
use super::truth::{Told, Truth};

/// Somebody with a browser and a clock.
#[derive(Debug)]
pub struct Visitor {
    persona: Persona,
    unit: &'static Unit,
    clock_ahead_millis: i64,
}

impl Visitor {
    /// Somebody new.
    pub fn new(post: &mut Post, unit: &'static Unit) -> Self {
        let Pathology { hostile, clock_ahead_millis } = Pathology::draw(post);
        Self { persona: Persona::new(&mut post.dice, unit, hostile), unit, clock_ahead_millis }
    }

    /// The same visitor without the app.
    pub const fn in_a_browser(mut self) -> Self {
        self.persona.in_app = false;
        self
    }

    /// Comes to the site at this second, looks around and takes up what is offered.
    pub fn visits(&self, post: &mut Post, truth: &mut Truth, calendar: &Calendar, at: f64) {
        let pages = browse(&mut post.dice);
        self.sees(post, at, &pages);
        self.side_records(post, at, &pages);
        for Qualification { map, at: after, again } in qualifications(&mut post.dice, self.unit, &pages) {
            let open = calendar.is_open((at + after) as i64);
            let life = live(&mut post.dice, map, at + after, again, open);
            self.lives(post, truth, map, &life);
        }
    }

    /// Looks at pages.
    pub fn sees(&self, post: &mut Post, at: f64, pages: &[PageSeen]) {
        for (place, page) in pages.iter().enumerate() {
            let parcel = self.parcel(self.own_topic(), at + page.at);
            let body = JourneyBody::page(&mut post.dice, &self.persona, parcel.claimed_millis, page.class, place + 1);
            post.send(&parcel, &body);
        }
    }

    /// Segments, outcomes and snapshots: valid, and of no use here.
    fn side_records(&self, post: &mut Post, at: f64, pages: &[PageSeen]) {
        let lasted = pages.last().map_or(0.0, |page| page.at + page.dwell);
        if post.dice.chance(0.14) {
            let of_contact = post.dice.chance(0.5);
            let topic = if of_contact { Topic::Segments(self.persona.contact) } else { self.own_topic() };
            let with_session = !of_contact || post.dice.chance(0.5);
            let parcel = Parcel { tells: with_session, ..self.parcel(topic, at + lasted * 0.4) };
            let body = JourneyBody::segment(&mut post.dice, &self.persona, parcel.claimed_millis, with_session);
            post.send(&parcel, &body);
        }
        if post.dice.chance(0.05) {
            let parcel = Parcel { tells: false, ..self.parcel(Topic::Outcome(self.persona.session), at + lasted) };
            let body = JourneyBody::outcome(&mut post.dice, &self.persona, parcel.claimed_millis);
            post.send(&parcel, &body);
        }
        if post.dice.chance(0.06) {
            let topic = Topic::Sessions(self.persona.contact);
            let parcel = Parcel { tells: false, ..self.parcel(topic, at + lasted + 1.0) };
            post.send(&parcel, &Snapshot::of(&self.persona, millis(at), lasted as i64, pages.len()));
        }
    }

    /// Lives through an offer, and through the conversation that it becomes.
    pub fn lives(&self, post: &mut Post, truth: &mut Truth, map: &'static ActionMap, life: &Life) {
        let action = post.dice.id();
        let made = life.steps.first().map_or(0, |(at, _)| millis(*at) + self.clock_ahead_millis);
        let mut told = Vec::new();
        for (at, step) in &life.steps {
            self.steps(post, (action, map), made, (*at, *step), &mut told);
        }
        truth.count_action(map, &told);
        if let Some(talk) = &life.talk {
            let context = self.context(&mut post.dice, action, map, talk);
            let named = context.action_map_id.map(|_| map);
            let told = talks(post, &self.persona, talk, Some(context));
            truth.count_talk(named, &told);
        }
    }

    fn steps(
        &self,
        post: &mut Post,
        action: (Id, &'static ActionMap),
        made_millis: i64,
        (at, step): (f64, Step),
        told: &mut Vec<Told>,
    ) {
        let on_action_topic = self.parcel(Topic::Action(self.persona.session), at);
        let at_millis = on_action_topic.claimed_millis;
        let state = match step {
            Step::Reaches(state) => state,
            Step::IsBlocked(reason) => {
                let body = JourneyBody::block(&mut post.dice, &self.persona, action, at_millis, reason);
                if post.send(&on_action_topic, &body) {
                    told.push(Told { at_millis, step, bare: true });
                }
                return;
            }
        };
        let times = (made_millis, at_millis);
        let body = JourneyBody::step(&mut post.dice, &self.persona, action, times, state);
        if post.send(&self.parcel(self.own_topic(), at), &body) {
            told.push(Told { at_millis, step, bare: false });
        }
        let twin = post.troubles().twins;
        if !self.persona.in_app && post.way.chance(twin) {
            let bare = JourneyBody::bare_step(&mut post.way, &self.persona, &body);
            if bare.is_some_and(|bare| post.send(&on_action_topic, &bare)) {
                told.push(Told { at_millis, step, bare: true });
            }
        }
    }

    /// What the conversation says of where it came from: mostly everything, sometimes half.
    fn context(&self, dice: &mut Dice, action: Id, map: &'static ActionMap, talk: &Talk) -> JourneyContext {
        let overflowed = talk.steps.iter().any(|(_, step)| *step == TalkStep::AcdStart { queue: OVERFLOW_QUEUE });
        let choices = [(0.7, (true, true)), (0.15, (true, false)), (0.15, (false, true))];
        let (names_action, names_map) = dice.weighted(&choices, (true, true));
        JourneyContext {
            session_id: self.persona.session,
            session_id_type: if self.persona.in_app { "app" } else { "web" },
            action_id: names_action.then_some(action),
            // In a queue that nobody lists, only the map tells where the conversation belongs.
            action_map_id: (names_map || overflowed).then_some(map.id),
        }
    }

    const fn own_topic(&self) -> Topic {
        if self.persona.in_app { Topic::App(self.persona.session) } else { Topic::Web(self.persona.session) }
    }

    const fn parcel(&self, topic: Topic, at: f64) -> Parcel {
        let true_millis = millis(at);
        Parcel { topic, tells: true, true_millis, claimed_millis: true_millis + self.clock_ahead_millis }
    }
}

/// Someone begins a conversation without an offer; it queues like others and counts nowhere.
pub fn talk_organically(post: &mut Post, group: &'static Group, at: f64) {
    let hostile = Pathology::draw(post).hostile;
    let persona = Persona::new(&mut post.dice, group.unit, hostile);
    let talk = Talk::organic(&mut post.dice, group, at);
    talks(post, &persona, &talk, None);
}

/// Tells a conversation; returns what usable records told of it, with their milliseconds.
fn talks(post: &mut Post, persona: &Persona, talk: &Talk, context: Option<JourneyContext>) -> Vec<(i64, TalkStep)> {
    let conversation = post.dice.id();
    let mut told = Vec::new();
    for (at, step) in &talk.steps {
        let at_millis = millis(*at);
        let tells = match step {
            TalkStep::CustomerStart => context.is_some(),
            TalkStep::FlowStart | TalkStep::CustomerEnd => false,
            TalkStep::AcdStart { .. }
            | TalkStep::AcdEnd { .. }
            | TalkStep::UserEnd { .. }
            | TalkStep::AfterWork { .. } => true,
        };
        let topic = Topic::Conversation(conversation, step.topic());
        let parcel = Parcel { topic, tells, true_millis: at_millis, claimed_millis: at_millis };
        let body = TalkBody::new(&mut post.dice, persona, conversation, context, at_millis, *step);
        if post.send(&parcel, &body) {
            told.push((at_millis, *step));
        }
    }
    told
}

/// What is wrong with a visitor.
struct Pathology {
    hostile: bool,
    clock_ahead_millis: i64,
}

impl Pathology {
    fn draw(post: &mut Post) -> Self {
        let troubles = *post.troubles();
        let dice = &mut post.way;
        let minutes = if dice.chance(troubles.skewed_clocks) {
            dice.weighted(&[(0.45, (0.2, 9.5)), (0.25, (-25.0, -0.2)), (0.3, (12.0, 60.0))], (0.2, 9.5))
        } else {
            (0.0, 0.0)
        };
        let clock_ahead_millis = (dice.between(minutes.0, minutes.1) * 60_000.0) as i64;
        Self { hostile: dice.chance(troubles.hostile), clock_ahead_millis }
    }
}

/// Seconds since 1970 as whole milliseconds.
const fn millis(seconds: f64) -> i64 {
    (seconds * 1_000.0) as i64
}
