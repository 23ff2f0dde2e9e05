//! The engine: takes steps, keeps what is known, and decides which rows must be said.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::action::Action;
use super::adjustment::VolumeAdjustment;
use super::agents::AgentsAsked;
use super::baseline::BaselineInterval;
use super::conversation::{Conversation, OriginAction};
use super::fact::{About, ActionFact, ConversationFact, Fact, OrganizationIndex};
use super::label::{Label, Labels};
use super::ledger::{Amount, Contribution, Expected, Ledger, RowKey};
use super::names::{Name, Names};
use super::plan::{Plan, SourceScheme};
use super::policy::Regime;
use super::regulated::{self, Figure, Offspring, RegulatedVisits};
use super::roster::{Place, Roster};
use super::routing::{EntryIndex, GroupIndex, Routing};
use super::time::{EventTime, Span};
use super::visit::{LiveCount, LiveVisits};
use super::watermark::{Feed, PartitionIndex, Progress, Source, Watermarks};

/// How much the watermark must advance before old state is looked for, which takes a look at everything.
const FORGET_EVERY: Span = Span::from_minutes(360);

/// The same for visits, which are few and of which least should be known.
const FORGET_VISITS_EVERY: Span = Span::from_minutes(10);

/// What may happen to an engine.
#[derive(Debug)]
pub enum Step<'a> {
    /// Facts arrived. Events later than `not_after` are counted but lead no watermark: their clock cannot be trusted.
    Facts {
        /// The facts.
        facts: &'a [Fact],
        /// The latest event time that may lead a watermark, where the log knows when it took them in.
        not_after: Option<EventTime>,
        /// The input partition from which they came, where the log tells.
        partition: Option<PartitionIndex>,
    },
    /// A baseline was uploaded.
    Baseline(&'a [BaselineInterval]),
    /// A source is caught up and silent.
    Quiet(Source),
    /// All input has ended.
    EndOfInput,
    /// Whatever changed is to be said.
    Say,
    /// The plan is not the one under which the rows were last said: every row is looked at again.
    PlanChanged,
}

/// What the shell must do.
#[derive(Debug, PartialEq)]
pub enum Decision {
    /// Say this row: to the newest rows and to the revisions, together.
    Say(Arc<VolumeAdjustment>),
}

/// What was taken in, as totals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Facts about actions.
    pub action_facts: u64,
    /// Facts about visits.
    pub visit_facts: u64,
    /// Facts about conversations.
    pub conversation_facts: u64,
    /// Facts about regulated visits.
    pub taint_facts: u64,
    /// Facts that changed nothing.
    pub repeated: u64,
    /// Facts that came after their state was gone.
    pub state_gone: u64,
}

/// Everything that is known, and what was said of it.
#[derive(Debug)]
pub struct Engine {
    pub(super) plan: Plan,
    pub(super) routing: Routing,
    pub(super) ledger: Ledger,
    pub(super) watermarks: Watermarks,
    pub(super) agents: AgentsAsked,
    pub(super) due: BTreeMap<OrganizationIndex, BTreeSet<(EventTime, RowKey)>>,
    labels: Labels,
    pub(super) actions: Roster<Action>,
    pub(super) conversations: Roster<Conversation>,
    links: HashMap<Name, Vec<Place>, RandomState>,
    visits: LiveVisits,
    regulated: RegulatedVisits,
    unrouted: BTreeMap<Option<Label>, i64>,
    totals: Totals,
    /// What happened before is not remembered any more. It moves only when everything is said.
    gone_before: BTreeMap<OrganizationIndex, EventTime>,
    visits_forgotten: BTreeMap<OrganizationIndex, EventTime>,
}

/// What an action adds, and where it is routed.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Standing {
    map: Option<Label>,
    entry: Option<EntryIndex>,
    version: Option<u32>,
    regulated: Option<Figure>,
    pub(super) counts: Vec<Contribution>,
}

impl Engine {
    /// An engine that knows nothing yet. `labels` is the table in which its facts' labels are interned.
    pub fn new(plan: Plan, mut labels: Labels) -> Self {
        Self {
            routing: Routing::new(&plan, &mut labels),
            ledger: Ledger::new(&plan),
            watermarks: Watermarks::default(),
            agents: AgentsAsked::default(),
            due: BTreeMap::new(),
            labels,
            actions: Roster::default(),
            conversations: Roster::default(),
            links: HashMap::default(),
            visits: LiveVisits::default(),
            regulated: RegulatedVisits::default(),
            unrouted: BTreeMap::new(),
            totals: Totals::default(),
            gone_before: BTreeMap::new(),
            visits_forgotten: BTreeMap::new(),
            plan,
        }
    }

    /// The table of labels, in which facts of the log are interned.
    pub const fn labels_mut(&mut self) -> &mut Labels {
        &mut self.labels
    }

    /// Takes one step; says what must be done. Does none of it.
    pub fn step(&mut self, step: Step<'_>) -> Vec<Decision> {
        match step {
            Step::Facts { facts, not_after, partition } => {
                for fact in facts {
                    self.learn(fact, not_after, partition);
                }
                Vec::new()
            }
            Step::Baseline(intervals) => {
                intervals.iter().for_each(|interval| self.expect(interval));
                Vec::new()
            }
            Step::Quiet(source) => {
                self.watermarks.quiet(source);
                Vec::new()
            }
            Step::EndOfInput => {
                self.watermarks.end();
                Vec::new()
            }
            Step::PlanChanged => {
                self.ledger.touch_all();
                Vec::new()
            }
            Step::Say => {
                let said = self.say();
                self.forget_what_is_over();
                said
            }
        }
    }

    /// Takes up a row that was said before a restart.
    pub fn resume_row(&mut self, said: VolumeAdjustment) {
        let Some(group) = self.group_of(&said.identity.business_unit_id, &said.identity.planning_group_id) else {
            return;
        };
        let start = said.identity.interval_start;
        if let Some((key, row)) = self.ledger.row_at(group, start)
            && key.start == start
        {
            row.said = Some(Arc::new(said));
            self.schedule(key);
        }
    }

    /// What happened to an organization before this is not remembered any more, and rows that ended before it are not
    /// said again.
    pub fn gone_before(&self, organization: OrganizationIndex) -> EventTime {
        self.gone_before.get(&organization).copied().unwrap_or(EventTime::DISTANT_PAST)
    }

    /// Takes up what was not remembered any more before a restart, whatever was read back since.
    pub fn resume_gone(&mut self, organization: OrganizationIndex, gone_before: EventTime) {
        self.gone_before.insert(organization, gone_before);
    }

    /// Takes up a row that had changed before a restart and was not said.
    pub fn resume_unsaid(&mut self, unit_id: &str, group_id: &str, start: EventTime) {
        if let Some(group) = self.group_of(unit_id, group_id) {
            self.ledger.touch(RowKey { group, start });
        }
    }

    /// Takes up how far a source had come before a restart.
    pub fn resume_progress(&mut self, organization: OrganizationIndex, source: Source, progress: Progress) {
        self.watermarks.resume(organization, source, progress);
    }

    /// Rows that changed and are not said yet: business unit, planning group and start of each.
    pub fn unsaid(&self) -> impl ExactSizeIterator<Item = (Arc<str>, Arc<str>, EventTime)> {
        self.ledger.changed().iter().map(|key| {
            let group = self.plan.groups.get(key.group.0 as usize);
            let unit = group.and_then(|group| self.plan.units.get(group.unit));
            let id = |id: Option<&Arc<str>>| id.map_or_else(|| Arc::from(""), Arc::clone);
            (id(unit.map(|unit| &unit.id)), id(group.map(|group| &group.id)), key.start)
        })
    }

    /// Counts that a restart brings back are no news: nothing that changed up to here is said.
    pub fn resumed(&mut self) {
        drop(self.ledger.take_changed());
    }

    /// How far all sources have come, to be kept with the positions.
    pub fn progress(&self) -> impl Iterator<Item = (OrganizationIndex, Source, Progress)> {
        self.watermarks.progress()
    }

    /// The watermark of an organization.
    pub fn watermark(&self, organization: OrganizationIndex) -> Option<EventTime> {
        self.watermarks.of(organization, self.plan.windows.out_of_orderness)
    }

    /// Visits of an organization by page class, now and for longer than `dwell`; the class as text, `None` for no class.
    pub fn live_visits(&self, organization: OrganizationIndex, dwell: Span) -> Vec<(Option<&str>, LiveCount)> {
        let Some(now) = self.watermark(organization) else { return Vec::new() };
        let counts = self.visits.live(organization, now, dwell);
        counts.into_iter().map(|count| (count.class.map(|class| self.labels.text(class)), count)).collect()
    }

    /// Actions whose map leads nowhere, by the map's label as kept (`None`: no map is known).
    pub fn unrouted(&self) -> impl Iterator<Item = (Option<&str>, i64)> {
        let actions = self.unrouted.iter().filter(|(_, n)| **n > 0);
        actions.map(|(label, n)| (label.map(|label| self.labels.text(label)), *n))
    }

    /// The version of the policy under which it counts.
    pub fn policy_version(&self) -> &str {
        &self.plan.policy.version
    }

    /// Actions of regulated visits by regime and day, `None` where they are too few to be told.
    pub fn regulated(&self) -> impl Iterator<Item = (Regime, jiff::civil::Date, Option<i64>)> {
        self.regulated.told()
    }

    /// The same as they are, to be added to those of other engines before they are told.
    pub const fn regulated_counts(&self) -> &std::collections::BTreeMap<Figure, i64> {
        self.regulated.counts()
    }

    /// What was taken in.
    pub const fn totals(&self) -> Totals {
        self.totals
    }

    /// How many actions, conversations and visits are remembered.
    pub fn remembered(&self) -> [usize; 3] {
        [self.actions.len(), self.conversations.len(), self.visits.len()]
    }

    fn learn(&mut self, fact: &Fact, not_after: Option<EventTime>, partition: Option<PartitionIndex>) {
        if fact.latest() < self.gone_before(fact.organization) {
            self.totals.state_gone += 1;
            return;
        }
        let is_new = match &fact.about {
            About::Action(action) => {
                self.totals.action_facts += 1;
                self.learn_action(fact, action)
            }
            About::Conversation(conversation) => {
                self.totals.conversation_facts += 1;
                self.learn_conversation(fact, conversation)
            }
            About::Visit(visit) => {
                self.totals.visit_facts += 1;
                self.visits.learn(fact.organization, &fact.names, fact.latest(), visit)
            }
            About::Taint(regime) => {
                self.totals.taint_facts += 1;
                let (is_new, tainted) = self.regulated.saw(fact.organization, &fact.names, fact.latest(), *regime);
                self.taint(tainted);
                is_new
            }
        };
        self.totals.repeated += u64::from(!is_new);
        let Some(feed) = Feed::of(&fact.about) else { return };
        if not_after.is_none_or(|latest| fact.at <= latest) {
            let source = match (partition, self.plan.sources) {
                (Some(partition), _) => Source::Partition(partition),
                (None, SourceScheme::ByKind) => Source::Feed(feed),
                (None, SourceScheme::One) => Source::Feed(Feed::Offers),
            };
            self.watermarks.hear(fact.organization, source, fact.at);
        }
    }

    fn learn_action(&mut self, fact: &Fact, says: &ActionFact) -> bool {
        let found = self.actions.settle(&fact.names, || Action::of(fact.organization, fact.at));
        let mut before = self.actions.get(found.place).map(|action| self.standing(action)).unwrap_or_default();
        self.note(&before, -1);
        if let Some(absorbed) = &found.absorbed {
            let theirs = self.standing(absorbed);
            self.note(&theirs, -1);
            self.ledger.replace(&theirs.counts, &[]);
        }
        let Some(action) = self.actions.get_mut(found.place) else { return false };
        if let Some(absorbed) = &found.absorbed {
            action.absorb(absorbed, &self.labels);
        }
        let is_new = action.learn(fact.at, says, &self.labels) || found.absorbed.is_some();
        let Some(now) = self.actions.get(found.place).map(|action| self.standing(action)) else { return is_new };
        self.note(&now, 1);
        if is_new {
            let before_counts = std::mem::take(&mut before.counts);
            self.ledger.replace(&before_counts, &now.counts);
        }
        // Under a new name, conversations may find it that could not before.
        if (before.map, before.version) != (now.map, now.version) || found.is_newly_named {
            self.recount_conversations_of(found.place);
        }
        if let Some(visit) = &says.visit {
            let tainted = self.regulated.link(fact.organization, visit, fact.at, Offspring::Action(fact.names.own));
            self.taint(tainted);
        }
        is_new
    }

    /// What an action adds where it stands now. An action of which nothing is known adds nothing.
    pub(super) fn standing(&self, action: &Action) -> Standing {
        if action.regime() > Regime::Unregulated {
            let regulated = action.first_event().map(|at| (action.regime(), regulated::day_of(at)));
            return Standing { map: action.map(), version: action.version(), regulated, ..Standing::default() };
        }
        let organization = action.organization();
        let entry = action.map().and_then(|map| self.routing.entry_of(organization, map, action.version()));
        let group = entry.and_then(|entry| self.routing.group_of(entry));
        let counts = group.map_or_else(Vec::new, |group| {
            let add = |(metric, at)| Contribution { group, entry, what: Amount::Count(metric), at };
            action.counts().into_iter().map(add).collect()
        });
        Standing { map: action.map(), entry, version: action.version(), regulated: None, counts }
    }

    /// Counts an action that stands in no row, or takes it out again.
    pub(super) fn note(&mut self, standing: &Standing, n: i64) {
        if let Some(figure) = standing.regulated {
            self.regulated.count(figure, n);
        } else if let Some(map) = standing.map
            && standing.entry.is_none()
        {
            *self.unrouted.entry(Some(map)).or_default() += n;
        }
    }

    fn learn_conversation(&mut self, fact: &Fact, says: &ConversationFact) -> bool {
        let found = self.conversations.settle(&fact.names, || Conversation::of(fact.organization));
        let Some(conversation) = self.conversations.get_mut(found.place) else { return false };
        if let Some(absorbed) = &found.absorbed {
            self.ledger.replace(&absorbed.counted, &[]);
            conversation.absorb(absorbed);
        }
        let is_new = conversation.learn(fact.at, says) || found.absorbed.is_some();
        if found.absorbed.is_some() {
            self.link_conversations();
        } else if let ConversationFact::Started { action: Some(names), .. } = says {
            link(&mut self.links, names, found.place);
        }
        if is_new {
            self.recount(found.place);
        }
        if let ConversationFact::Started { visit: Some(visit), .. } = says {
            let came = Offspring::Conversation(fact.names.own);
            let tainted = self.regulated.link(fact.organization, visit, fact.at, came);
            self.taint(tainted);
        }
        is_new
    }

    pub(super) fn recount_conversations_of(&mut self, action: Place) {
        if self.links.is_empty() {
            return;
        }
        let names = self.actions.names_at(action);
        let linked: BTreeSet<Place> = names.iter().filter_map(|name| self.links.get(name)).flatten().copied().collect();
        linked.into_iter().for_each(|conversation| self.recount(conversation));
    }

    pub(super) fn recount(&mut self, place: Place) {
        let Some(conversation) = self.conversations.get(place) else { return };
        let action_of = |names: &Names| {
            let action = self.actions.get(self.actions.find(names)?)?;
            let is_regulated = action.regime() > Regime::Unregulated;
            Some(OriginAction { map: action.map(), version: action.version(), is_regulated })
        };
        let may_count = self.plan.policy.interactions_may_count || !conversation.is_regulated(&action_of);
        let now = if may_count { conversation.counts(&self.routing, &action_of) } else { Vec::new() };
        if let Some(conversation) = self.conversations.get_mut(place) {
            let before = std::mem::replace(&mut conversation.counted, now.clone());
            self.ledger.replace(&before, &now);
        }
    }

    fn link_conversations(&mut self) {
        self.links.clear();
        for (place, conversation) in self.conversations.places() {
            conversation.origins().for_each(|names| link(&mut self.links, &names, place));
        }
    }

    fn expect(&mut self, interval: &BaselineInterval) {
        let Some(group) = self.group_of(&interval.business_unit_id, &interval.planning_group_id) else { return };
        let key = RowKey { group, start: interval.start };
        let expected = Expected { offered: interval.offered, handle_time_seconds: interval.handle_time_seconds };
        if self.ledger.expect(key, expected) {
            self.ledger.touch(key);
        }
    }

    fn group_of(&self, unit_id: &str, group_id: &str) -> Option<GroupIndex> {
        let place = self.plan.groups.iter().position(|group| {
            *group.id == *group_id && self.plan.units.get(group.unit).is_some_and(|unit| *unit.id == *unit_id)
        })?;
        u32::try_from(place).ok().map(GroupIndex)
    }

    fn forget_what_is_over(&mut self) {
        let kept = self.plan.windows.state_kept();
        for place in 0..self.plan.organizations.len() {
            let organization = OrganizationIndex(u16::try_from(place).unwrap_or(u16::MAX));
            let watermark = self.watermark(organization).filter(|watermark| *watermark != EventTime::END_OF_INPUT);
            let Some(watermark) = watermark else { continue };
            self.forget_visits(organization, watermark);
            let earliest = watermark.before(kept);
            if earliest <= self.gone_before(organization).after(FORGET_EVERY) {
                continue;
            }
            self.gone_before.insert(organization, earliest);
            self.actions.forget(|action| action.organization() == organization && action.latest() < earliest);
            self.regulated.forget(organization, earliest);
            let forgotten =
                self.conversations.forget(|talk| talk.organization() == organization && talk.latest() < earliest);
            if forgotten > 0 {
                self.link_conversations();
            }
            let of_organization: BTreeSet<GroupIndex> = self.groups_of(organization).collect();
            self.ledger.forget(|key, end| of_organization.contains(&key.group) && end < earliest);
        }
    }

    fn forget_visits(&mut self, organization: OrganizationIndex, watermark: EventTime) {
        let last = self.visits_forgotten.get(&organization).copied().unwrap_or(EventTime::DISTANT_PAST);
        if last.after(FORGET_VISITS_EVERY) <= watermark {
            self.visits.forget(organization, watermark);
            self.visits_forgotten.insert(organization, watermark);
        }
    }

    fn groups_of(&self, organization: OrganizationIndex) -> impl Iterator<Item = GroupIndex> {
        let groups = self.plan.groups.iter().enumerate();
        groups.filter_map(move |(place, group)| {
            let unit = self.plan.units.get(group.unit)?;
            (unit.organization == organization).then(|| GroupIndex(u32::try_from(place).unwrap_or(u32::MAX)))
        })
    }
}

fn link(links: &mut HashMap<Name, Vec<Place>, RandomState>, names: &Names, conversation: Place) {
    for name in std::iter::once(names.own).chain(names.before) {
        let linked = links.entry(name).or_default();
        if !linked.contains(&conversation) {
            linked.push(conversation);
        }
    }
}
