//! Admission: an event becomes a fact here; its identifiers end and names begin.

use std::borrow::Cow;
use std::sync::Arc;

use super::event::{ConversationStep, Event, What};
use super::fact::{
    About, ActionFact, ConversationFact, Fact, OrganizationIndex, REGULATED_STRETCH, RouteKey, TAINT_STRETCH, VisitFact,
};
use super::label::{Keepable, KnownLabels, Label, Labels};
use super::names::{Domain, Epoch, EpochKey, MissingEpoch, Name, Namer, Names};
use super::policy::{PagePolicy, Regime};
use super::time::EventTime;
use super::unrouted::Strangers;

/// What becomes of an event.
#[derive(Debug, PartialEq, Eq)]
pub enum Admitted {
    /// A fact.
    Fact(Fact),
    /// The policy refuses it. Of a regulated page it is kept that the visit saw one; of anything else, nothing.
    NotPermitted(Vec<Fact>),
}

/// Turns events into facts.
#[derive(Debug)]
pub struct Admission {
    organizations: Vec<Arc<str>>,
    known: KnownLabels,
    namer: Namer,
    pages: PagePolicy,
    labels: Labels,
    strangers: Strangers,
}

impl Admission {
    /// Sets it up; keys of epochs are handed in as they are missed.
    pub fn new(organizations: Vec<Arc<str>>, known: KnownLabels, pages: PagePolicy) -> Self {
        Self {
            organizations,
            known,
            namer: Namer::default(),
            pages,
            labels: Labels::default(),
            strangers: Strangers::default(),
        }
    }

    /// Takes in the keys of one epoch.
    pub fn learn_epoch(&mut self, epoch: Epoch, keys: &[(Domain, EpochKey); 4]) {
        for (domain, key) in keys {
            self.namer.learn(epoch, *domain, key, &self.organizations);
        }
    }

    /// Forgets the keys of epochs for which this does not hold; they are handed in again where they are missed.
    pub fn keep_epochs(&mut self, holds: impl Fn(Epoch) -> bool) {
        self.namer.keep(holds);
    }

    /// The table in which the labels of its facts are interned.
    pub const fn labels(&self) -> &Labels {
        &self.labels
    }

    /// The table, handed on to the engine that will count the facts.
    pub fn into_labels(self) -> Labels {
        self.labels
    }

    /// Unlisted action maps that it met.
    pub const fn strangers(&self) -> &Strangers {
        &self.strangers
    }

    /// The same, to be asked for news.
    pub const fn strangers_mut(&mut self) -> &mut Strangers {
        &mut self.strangers
    }

    /// The fact that an event tells of, where the policy permits it.
    pub fn admit(&mut self, event: &Event<'_>) -> Result<Admitted, MissingEpoch> {
        let (organization, at) = (event.organization, event.at);
        let (domain, id, about) = match &event.what {
            What::Action { session, id, event, map, version, medium } => {
                let visit = self.visit_of(organization, session.as_ref(), at)?;
                let names = self.namer.names(Domain::Action, organization, id, at)?;
                let map = map.as_deref().map(|map| self.map_of(names.own, map));
                let fact = ActionFact { event: *event, map, version: *version, medium: *medium, visit };
                return Ok(Admitted::Fact(Fact { organization, at, names, about: About::Action(fact) }));
            }
            What::Page { session, host, path, signals } => {
                let regime = self.pages.regime_of(host.as_deref(), path);
                if regime > Regime::Unregulated {
                    return Ok(Admitted::NotPermitted(self.taint(organization, session, at, regime)?));
                }
                if !self.pages.permits(&signals.consent, &signals.privacy_control) {
                    return Ok(Admitted::NotPermitted(Vec::new()));
                }
                let class = self.pages.class_of(host.as_deref().unwrap_or(""), path.as_text().unwrap_or(""));
                let class = class.map(|class| self.labels.intern(class));
                (Domain::Visit, session, About::Visit(VisitFact::Page(class)))
            }
            What::App { session, signals } => {
                if !self.pages.permits(&signals.consent, &signals.privacy_control) {
                    return Ok(Admitted::NotPermitted(Vec::new()));
                }
                (Domain::Visit, session, About::Visit(VisitFact::App))
            }
            What::Segment { session, segment } => {
                let segment = self.label(segment.as_ref());
                (Domain::Visit, session, About::Visit(VisitFact::Segment(segment)))
            }
            What::Conversation { id, step } => {
                let fact = self.conversation(organization, at, step)?;
                (Domain::Conversation, id, About::Conversation(fact))
            }
        };
        Ok(Admitted::Fact(Fact { organization, at, names: self.namer.names(domain, organization, id, at)?, about }))
    }

    /// What is left of a page whose time and arrival do not go together: `None` where it is not regulated.
    ///
    /// One from the future taints as of its arrival, which is not before the visit ended by much. One from beyond the
    /// horizon changes nothing any more, as nothing does that comes so late.
    pub fn refuse_untimely(&self, event: &Event<'_>) -> Result<Option<Vec<Fact>>, MissingEpoch> {
        let What::Page { session, host, path, .. } = &event.what else { return Ok(None) };
        let regime = self.pages.regime_of(host.as_deref(), path);
        if regime == Regime::Unregulated {
            return Ok(None);
        }
        if event.at < event.arrival {
            return Ok(Some(Vec::new()));
        }
        self.taint(event.organization, session, event.arrival, regime).map(Some)
    }

    /// What is kept of a regulated page: under the taint name, for as long as actions are remembered, that the visit
    /// counts no more; and under the visit's name, for as long as visits are, the same. Both say so coarsely when that
    /// the pages of a visit leave equal facts, which are written once, and that the two are not found to belong together.
    /// An epoch begins with a day, so that the names are those of the page's own time.
    fn taint(
        &self,
        organization: OrganizationIndex,
        session: &str,
        at: EventTime,
        regime: Regime,
    ) -> Result<Vec<Fact>, MissingEpoch> {
        let fact = |domain, at, about| {
            Ok(Fact { organization, at, names: self.namer.names(domain, organization, session, at)?, about })
        };
        Ok(vec![
            fact(Domain::Taint, at.start_of(TAINT_STRETCH), About::Taint(regime))?,
            fact(Domain::Visit, at.start_of(REGULATED_STRETCH), About::Visit(VisitFact::Regulated))?,
        ])
    }

    /// The visit of an action or a conversation under the taint domain's keys, where anything depends on it.
    fn visit_of(
        &self,
        organization: OrganizationIndex,
        session: Option<&Cow<'_, str>>,
        at: EventTime,
    ) -> Result<Option<Names>, MissingEpoch> {
        let session = session.filter(|_| self.pages.regulates());
        session.map(|session| self.namer.names(Domain::Taint, organization, session, at)).transpose()
    }

    fn conversation(
        &mut self,
        organization: OrganizationIndex,
        at: EventTime,
        step: &ConversationStep<'_>,
    ) -> Result<ConversationFact, MissingEpoch> {
        Ok(match step {
            ConversationStep::Started { action, map, session } => {
                let visit = self.visit_of(organization, session.as_ref(), at)?.map(Box::new);
                let name = |id: &Cow<'_, str>| self.namer.names(Domain::Action, organization, id, at);
                let action = action.as_ref().map(name).transpose()?;
                ConversationFact::Started { action, map: self.label(map.as_ref()), visit }
            }
            ConversationStep::Queued { queue, media_type, language, skills } => {
                let media_type = media_type.as_ref().map(|media| Cow::Owned(media.to_lowercase()));
                let mut skills: Vec<Label> = skills.iter().filter_map(|skill| self.label(Some(skill))).collect();
                skills.sort_unstable();
                skills.dedup();
                ConversationFact::Queued(RouteKey {
                    queue: self.label(queue.as_ref()),
                    media_type: self.label(media_type.as_ref()),
                    language: self.label(language.as_ref()),
                    skills,
                })
            }
            ConversationStep::LeftQueue { queue, outcome } => {
                ConversationFact::LeftQueue { queue: self.label(queue.as_ref()), outcome: *outcome }
            }
            ConversationStep::AgentLeft { queue, handled } => {
                ConversationFact::AgentLeft { queue: self.label(queue.as_ref()), handled: *handled }
            }
            ConversationStep::WrappedUp { queue, wrapup } => {
                ConversationFact::WrappedUp { queue: self.label(queue.as_ref()), wrapup: *wrapup }
            }
        })
    }

    fn label(&mut self, text: Option<&Cow<'_, str>>) -> Option<Label> {
        let kept = self.known.keepable(text?);
        Some(self.labels.intern(kept.as_str()))
    }

    /// The label of an action's map; one that the configuration does not name is remembered.
    fn map_of(&mut self, action: Name, text: &str) -> Label {
        let kept = self.known.keepable(text);
        if let Keepable::StandIn(stand_in) = &kept {
            self.strangers.meet(stand_in, text, action);
        }
        self.labels.intern(kept.as_str())
    }
}
