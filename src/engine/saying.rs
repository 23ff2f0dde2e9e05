//! Saying: how a row of the ledger becomes a volume adjustment, and when it must be said anew.

use std::sync::Arc;

use super::adjustment::{
    ActionMapCounts, Assumption, Components, Evidence, HandleTime, HandleTimeSource, Horizon, Identity, RowState,
    Volume, VolumeAdjustment,
};
use super::counting::{Decision, Engine};
use super::ledger::RowKey;
use super::tally::Tally;
use super::time::EventTime;
use crate::staffing::Demand;

impl Engine {
    /// Says every row that changed or whose time has come, oldest group and interval first.
    pub(super) fn say(&mut self) -> Vec<Decision> {
        self.touch_what_is_due();
        let changed = self.ledger.take_changed();
        changed.into_iter().filter_map(|key| self.say_row(key)).collect()
    }

    /// Notes when the row must be looked at again, whether or not anything changes.
    pub(super) fn schedule(&mut self, key: RowKey) {
        let Some(row) = self.ledger.row_mut(key) else { return };
        let Some(horizon) = row.said.as_ref().map(|said| said.horizon) else { return };
        let closes = row.window.end.after(self.plan.windows.grace);
        let at = match horizon {
            Horizon::Realised => return,
            Horizon::Nowcast => closes,
            Horizon::Intraday => key.start,
            Horizon::Planning => match self.ledger.calendar(key.group) {
                Some(calendar) => calendar.day_start(key.start),
                None => return,
            },
        };
        let Some(organization) = self.organization_of(key) else { return };
        self.due.entry(organization).or_default().insert((at, key));
    }

    fn touch_what_is_due(&mut self) {
        let organizations: Vec<_> = self.due.keys().copied().collect();
        for organization in organizations {
            let Some(watermark) = self.watermark(organization) else { continue };
            let Some(waiting) = self.due.get_mut(&organization) else { continue };
            while let Some((at, key)) = waiting.first().copied().filter(|(at, _)| *at <= watermark) {
                waiting.remove(&(at, key));
                self.ledger.touch(key);
            }
        }
    }

    fn say_row(&mut self, key: RowKey) -> Option<Decision> {
        let adjustment = Arc::new(self.compose(key)?);
        let row = self.ledger.row_mut(key)?;
        row.said = Some(Arc::clone(&adjustment));
        self.schedule(key);
        Some(Decision::Say(adjustment))
    }

    /// The row as it must be said now; `None` where there is nothing new to say.
    fn compose(&mut self, key: RowKey) -> Option<VolumeAdjustment> {
        let organization = self.organization_of(key)?;
        let heard = self.watermark(organization);
        let watermark = heard.unwrap_or(EventTime::DISTANT_PAST);
        let (window, total, before) = {
            let row = self.ledger.row_mut(key)?;
            (row.window, row.total(), row.said.clone())
        };
        if window.end < self.gone_before(organization) {
            return None;
        }
        if total.is_zero() && before.is_none() {
            return None;
        }
        let was_finished = before.as_ref().is_some_and(|before| before.horizon == Horizon::Realised);
        let finished = was_finished || window.end.after(self.plan.windows.grace) <= watermark;
        let horizon = if finished { Horizon::Realised } else { self.horizon(key, watermark) };
        let mut row = self.row(key, total)?;
        row.horizon = horizon;
        row.watermark = heard;
        row.revision = before.as_ref().map_or(1, |before| before.revision + 1);
        row.state = if row.evidence.counts.is_zero() {
            RowState::Withdrawn
        } else if !finished {
            RowState::Open
        } else if was_finished {
            RowState::Corrected
        } else {
            RowState::Final
        };
        let before = match before {
            Some(before) => before,
            None => return Some(row),
        };
        // A finished row is revised by what happened, never by a new baseline alone.
        let same_figures = row.evidence == before.evidence
            && row.components == before.components
            && row.by_action_map == before.by_action_map
            && row.policy_version == before.policy_version;
        let says_nothing_new = if was_finished { same_figures } else { row.says_the_same_as(&before) };
        (!says_nothing_new).then_some(row)
    }

    fn horizon(&mut self, key: RowKey, watermark: EventTime) -> Horizon {
        if key.start <= watermark {
            return Horizon::Nowcast;
        }
        let same_day = self
            .ledger
            .calendar(key.group)
            .is_some_and(|calendar| calendar.day_start(watermark) == calendar.day_start(key.start));
        if same_day { Horizon::Intraday } else { Horizon::Planning }
    }

    /// The figures of a row; its place in its life is for the caller to say.
    fn row(&mut self, key: RowKey, total: Tally) -> Option<VolumeAdjustment> {
        let identity = self.identity(key)?;
        let (realised, assumptions) = self.realised(key, &total);
        let expected = self.ledger.expected(key);
        let volume = Volume::certain(realised);
        let by_action_map = self.by_action_map(key);
        let configured = self.plan.groups.get(key.group.0 as usize).and_then(|group| group.handle_time);
        let unmeasured = unmeasured_handle_time(
            configured.map(|span| span.millis() as f64 / 1_000.0),
            expected.and_then(|expected| expected.handle_time_seconds),
        );
        let handle_time = handle_time(&total, unmeasured);
        let mut row = VolumeAdjustment {
            identity,
            revision: 1,
            state: RowState::Open,
            horizon: Horizon::Nowcast,
            additional_offered: volume,
            gross_additional_offered: volume,
            components: Components { realised, ..Components::default() },
            handle_time,
            baseline_offered: expected.map(|expected| expected.offered),
            required_agents_baseline: None,
            required_agents_adjusted: None,
            evidence: Evidence { counts: total, assumptions },
            by_action_map,
            policy_version: Arc::clone(&self.plan.policy.version),
            watermark: None,
        };
        self.require_agents(key, handle_time.or(unmeasured), &mut row);
        Some(row)
    }

    /// Says how many agents the row's volumes take, where its group has goals.
    fn require_agents(&mut self, key: RowKey, handle_time: Option<HandleTime>, row: &mut VolumeAdjustment) {
        let goals = self.plan.groups.get(key.group.0 as usize).and_then(|group| group.goals);
        let window = self.ledger.row_mut(key).map(|row| row.window);
        let (Some(goals), Some(window), Some(handle_time)) = (goals, window, handle_time) else { return };
        let mut agents = |contacts: f64| {
            let interval_seconds = window.end.since(window.start).seconds() as f64;
            let demand = Demand { contacts, interval_seconds, handle_seconds: handle_time.seconds };
            self.agents.fewest(key.group, &goals, &demand)
        };
        row.required_agents_baseline = row.baseline_offered.and_then(&mut agents);
        row.required_agents_adjusted = row.adjusted_offered().and_then(agents);
    }

    /// What has happened: conversations that queued, or what accepted offers are assumed to bring where nobody tells of conversations.
    fn realised(&mut self, key: RowKey, total: &Tally) -> (f64, Vec<Assumption>) {
        if self.plan.conversations_feed {
            return (total.queued as f64, Vec::new());
        }
        let Some(row) = self.ledger.row_mut(key) else { return (0.0, Vec::new()) };
        let (mut realised, mut assumptions) = (0.0, Vec::new());
        for (entry, tally) in row.tallies.iter().filter(|(_, tally)| tally.accepted != 0) {
            let Some(entry) = entry.and_then(|entry| self.routing.entry(entry)) else { continue };
            realised += tally.accepted as f64 * entry.reach;
            let action_map = Some(entry.action_map.clone());
            assumptions.push(Assumption { name: "reach", action_map, value: entry.reach });
        }
        (realised, assumptions)
    }

    fn by_action_map(&mut self, key: RowKey) -> Vec<ActionMapCounts> {
        let Some(row) = self.ledger.row_mut(key) else { return Vec::new() };
        let listed = row.tallies.iter().filter_map(|(entry, tally)| {
            let action_map = self.routing.entry((*entry)?)?.action_map.clone();
            Some(ActionMapCounts { action_map, counts: tally.clone() })
        });
        let mut listed: Vec<ActionMapCounts> = listed.collect();
        listed.sort_by(|one, other| one.action_map.cmp(&other.action_map));
        listed
    }

    fn identity(&mut self, key: RowKey) -> Option<Identity> {
        let utc_offset_seconds = self.ledger.row_mut(key)?.window.utc_offset_seconds;
        let group = self.plan.groups.get(key.group.0 as usize)?;
        let unit = self.plan.units.get(group.unit)?;
        Some(Identity {
            organization_id: Arc::clone(self.plan.organizations.get(usize::from(unit.organization.0))?),
            business_unit_id: Arc::clone(&unit.id),
            planning_group_id: Arc::clone(&group.id),
            interval_start: key.start,
            interval_seconds: u32::try_from(unit.interval.seconds()).unwrap_or(u32::MAX),
            time_zone: Arc::clone(&unit.time_zone),
            utc_offset_seconds,
        })
    }

    fn organization_of(&self, key: RowKey) -> Option<super::fact::OrganizationIndex> {
        let group = self.plan.groups.get(key.group.0 as usize)?;
        self.plan.units.get(group.unit).map(|unit| unit.organization)
    }
}

/// What one contact takes: measured where conversations have ended, else what others say; nothing where there are none.
fn handle_time(total: &Tally, unmeasured: Option<HandleTime>) -> Option<HandleTime> {
    if total.is_zero() {
        return None;
    }
    if total.handled > 0 {
        let seconds = total.handle_time_millis as f64 / total.handled as f64 / 1_000.0;
        return Some(HandleTime { seconds, source: HandleTimeSource::Measured });
    }
    unmeasured
}

/// What others say that one contact takes: the configuration, else the baseline.
fn unmeasured_handle_time(configured: Option<f64>, expected: Option<f64>) -> Option<HandleTime> {
    let configured = configured.map(|seconds| HandleTime { seconds, source: HandleTimeSource::Configured });
    configured.or_else(|| expected.map(|seconds| HandleTime { seconds, source: HandleTimeSource::Baseline }))
}
