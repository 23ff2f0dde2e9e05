//! The bodies of journey events: web, app, action, block, segment, outcome and session.

use std::collections::BTreeMap;

use serde::Serialize;

use super::dice::{Dice, Id};
use super::envelope::Stamp;
use super::offer::{Reason, State};
use super::page::PageClass;
use super::persona::{Browser, Campaign, Device, Geolocation, Persona};
use super::place::{ActionMap, HOST, Medium};

/// One journey event.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JourneyBody<'a> {
    id: Id,
    correlation_id: Id,
    created_date: Stamp,
    customer_id: Id,
    customer_id_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_contact: Option<Reference<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<Session>,
    event_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    web_event: Option<WebEvent<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_event: Option<AppEvent<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    web_action_event: Option<WebActionEvent<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked_web_action_offer_event: Option<Block>,
    #[serde(skip_serializing_if = "Option::is_none")]
    segment_assignment_event: Option<Assignment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome_attribution_event_message: Option<Attribution>,
}

#[derive(Debug, Serialize)]
struct Reference<'a> {
    id: &'a str,
}

#[derive(Debug, Serialize)]
struct Session {
    id: Id,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Seen<'a> {
    user_agent_string: &'a str,
    ip_address: &'a str,
    ip_organization: &'a str,
    browser: &'a Browser,
    device: &'a Device,
    geolocation: &'a Geolocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    mkt_campaign: Option<&'a Campaign>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct WebEvent<'a> {
    event_name: &'static str,
    total_event_count: usize,
    total_pageview_count: usize,
    authenticated: bool,
    page: Page,
    attributes: BTreeMap<&'static str, Attribute>,
    traits: BTreeMap<&'static str, Attribute>,
    #[serde(flatten)]
    seen: Seen<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    url: String,
    title: String,
    domain: &'static str,
    hostname: &'static str,
    lang: &'static str,
    pathname: &'static str,
    query_string: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Attribute {
    value: String,
    data_type: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AppEvent<'a> {
    event_name: &'static str,
    screen_name: &'static str,
    app: App,
    device: &'a Device,
    ip_address: &'a str,
    ip_organization: &'a str,
    geolocation: &'a Geolocation,
    network_connectivity: Network<'a>,
    attributes: BTreeMap<&'static str, Attribute>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct App {
    name: &'static str,
    namespace: &'static str,
    version: &'static str,
    build_number: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Network<'a> {
    carrier: &'a str,
    wifi_enabled: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct WebActionEvent<'a> {
    action: Action,
    action_map: MapReference,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_to_disposition: Option<u32>,
    #[serde(flatten)]
    seen: Seen<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Action {
    id: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_date: Option<Stamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MapReference {
    id: &'static str,
    self_uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Block {
    action: Action,
    action_map: MapReference,
    action_target: Reference<'static>,
    blocking_reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocking_frequency_cap_behaviour: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocking_page_url_conditions: Option<[Condition; 1]>,
}

#[derive(Debug, Serialize)]
struct Condition {
    values: [&'static str; 1],
    operator: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Assignment {
    segment: Reference<'static>,
    assignment_state: &'static str,
    date_assigned: Stamp,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Attribution {
    outcome: Reference<'static>,
    associated_value: f64,
}

impl<'a> JourneyBody<'a> {
    fn head(dice: &mut Dice, persona: &Persona, at_millis: i64, event_type: &'static str) -> Self {
        Self {
            id: dice.id(),
            correlation_id: dice.id(),
            created_date: Stamp(at_millis),
            customer_id: persona.customer,
            customer_id_type: "cookie",
            external_contact: None,
            session: Some(Session { id: persona.session, kind: if persona.in_app { "app" } else { "web" } }),
            event_type,
            web_event: None,
            app_event: None,
            web_action_event: None,
            blocked_web_action_offer_event: None,
            segment_assignment_event: None,
            outcome_attribution_event_message: None,
        }
    }

    /// A page comes up, or a screen of the app; `number` counts them in the visit from 1.
    pub fn page(dice: &mut Dice, persona: &'a Persona, at_millis: i64, class: PageClass, number: usize) -> Self {
        if persona.in_app {
            return Self::screen(dice, persona, at_millis, class);
        }
        let pathname = dice.one_of(class.paths(), "/");
        let query_string = format!("ref=mail&email={}", persona.mail());
        let mut attributes = BTreeMap::new();
        if class == PageClass::Checkout {
            let value = format!("{:.2}", dice.between(8.0, 250.0));
            attributes.insert("basket_total", Attribute { value, data_type: "NUMBER" });
        }
        attributes.insert("email", Attribute { value: persona.mail(), data_type: "STRING" });
        let given_name = Attribute { value: persona.given.to_owned(), data_type: "STRING" };
        let event = WebEvent {
            event_name: "page_viewed",
            total_event_count: number + 1,
            total_pageview_count: number,
            authenticated: class == PageClass::Account,
            page: Page {
                url: format!("https://{HOST}{pathname}?{query_string}"),
                title: format!("{} for {} {}", class.id(), persona.given, persona.family),
                domain: "example",
                hostname: HOST,
                lang: "en",
                pathname,
                query_string,
            },
            attributes,
            traits: BTreeMap::from([("givenName", given_name)]),
            seen: seen(persona),
        };
        Self { web_event: Some(event), ..Self::head(dice, persona, at_millis, "WebEvent") }
    }

    fn screen(dice: &mut Dice, persona: &'a Persona, at_millis: i64, class: PageClass) -> Self {
        let email = Attribute { value: persona.mail(), data_type: "STRING" };
        let event = AppEvent {
            event_name: "screen_viewed",
            screen_name: class.id(),
            app: App { name: "Lantern", namespace: "example.shop", version: "4.2", build_number: "1187" },
            device: &persona.device,
            ip_address: &persona.address,
            ip_organization: persona.provider,
            geolocation: &persona.geolocation,
            network_connectivity: Network { carrier: persona.provider, wifi_enabled: true },
            attributes: BTreeMap::from([("email", email)]),
        };
        Self { app_event: Some(event), ..Self::head(dice, persona, at_millis, "AppEvent") }
    }

    /// A web action's step as web and app events tell it; the action was made at `made_millis`.
    pub fn step(
        dice: &mut Dice,
        persona: &'a Persona,
        (action, map): (Id, &'static ActionMap),
        (made_millis, at_millis): (i64, i64),
        state: State,
    ) -> Self {
        let failed = state == State::Errored;
        let event = WebActionEvent {
            action: Action {
                id: action,
                created_date: Some(Stamp(made_millis)),
                state: Some(state.text()),
                media_type: Some(match map.medium {
                    Medium::Messaging => "webMessagingOffer",
                    Medium::Content => "contentOffer",
                }),
                prompt: Some(format!("May we help, {}?", persona.given)),
            },
            action_map: MapReference {
                display_name: Some(map.name),
                version: Some(map.version),
                ..MapReference::bare(map)
            },
            error_code: failed.then_some("messenger.unavailable"),
            error_message: failed.then(|| format!("no session for {}", persona.mail())),
            time_to_disposition: u32::try_from(at_millis - made_millis).ok().filter(|millis| *millis > 0),
            seen: seen(persona),
        };
        Self { web_action_event: Some(event), ..Self::head(dice, persona, at_millis, "WebActionEvent") }
    }

    /// The same step as the action topic tells it: only who, and of which map.
    pub fn bare_step(dice: &mut Dice, persona: &'a Persona, told: &Self) -> Option<Self> {
        let event = told.web_action_event.as_ref()?;
        let bare = WebActionEvent {
            action: Action::bare(event.action.id),
            action_map: MapReference {
                id: event.action_map.id,
                self_uri: event.action_map.self_uri.clone(),
                display_name: None,
                version: None,
            },
            error_code: None,
            error_message: None,
            time_to_disposition: None,
            seen: seen(persona),
        };
        let head = Self::head(dice, persona, told.created_date.0, "WebActionEvent");
        let id = if dice.chance(0.5) { told.id } else { head.id };
        Some(Self { id, web_action_event: Some(bare), ..head })
    }

    /// A web action is held back.
    pub fn block(
        dice: &mut Dice,
        persona: &Persona,
        (action, map): (Id, &'static ActionMap),
        at_millis: i64,
        reason: Reason,
    ) -> Self {
        let elsewhere = Condition { values: ["/checkout/payment"], operator: "notContainsAll" };
        let block = Block {
            action: Action::bare(action),
            action_map: MapReference::bare(map),
            action_target: Reference { id: "at-web-messaging" },
            blocking_reason: reason.text(),
            blocking_frequency_cap_behaviour: (reason == Reason::FrequencyCapping).then_some("CapForPeriod"),
            blocking_page_url_conditions: (reason == Reason::PageUrlConditionsNotMatching).then_some([elsewhere]),
        };
        let head = Self::head(dice, persona, at_millis, "BlockedWebActionOfferEvent");
        Self { blocked_web_action_offer_event: Some(block), ..head }
    }

    /// The visitor is put into a segment; told of a contact it may name no session.
    pub fn segment(dice: &mut Dice, persona: &'a Persona, at_millis: i64, with_session: bool) -> Self {
        let assignment = Assignment {
            segment: Reference {
                id: dice.one_of(&["sg-returning", "sg-big-basket", "sg-from-search"], "sg-returning"),
            },
            assignment_state: "Assigned",
            date_assigned: Stamp(at_millis),
        };
        let head = Self::head(dice, persona, at_millis, "SegmentAssignmentEvent");
        Self {
            external_contact: Some(Reference { id: &persona.phone }),
            session: head.session.filter(|_| with_session),
            segment_assignment_event: Some(assignment),
            ..head
        }
    }

    /// The visitor did what the shop hoped for.
    pub fn outcome(dice: &mut Dice, persona: &Persona, at_millis: i64) -> Self {
        let outcome = Attribution {
            outcome: Reference { id: "oc-purchase" },
            associated_value: dice.below(9_000) as f64 / 100.0,
        };
        let head = Self::head(dice, persona, at_millis, "OutcomeAttributionEvent");
        Self { outcome_attribution_event_message: Some(outcome), ..head }
    }
}

impl Action {
    const fn bare(id: Id) -> Self {
        Self { id, created_date: None, state: None, media_type: None, prompt: None }
    }
}

impl MapReference {
    fn bare(map: &'static ActionMap) -> Self {
        let self_uri = format!("/api/v2/journey/actionmaps/{}", map.id);
        Self { id: map.id, self_uri, display_name: None, version: None }
    }
}

fn seen(persona: &Persona) -> Seen<'_> {
    Seen {
        user_agent_string: persona.agent,
        ip_address: &persona.address,
        ip_organization: persona.provider,
        browser: &persona.browser,
        device: &persona.device,
        geolocation: &persona.geolocation,
        mkt_campaign: persona.campaign.as_ref(),
    }
}

/// A visit in one record; it has no event type.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot<'a> {
    id: Id,
    created_date: Stamp,
    #[serde(rename = "type")]
    kind: &'static str,
    customer_id: Id,
    duration_in_seconds: i64,
    pageview_count: usize,
    browser: &'a Browser,
    device: &'a Device,
    geolocation: &'a Geolocation,
    ip_address: &'a str,
}

impl<'a> Snapshot<'a> {
    /// A visit that began at `began_millis` and is this long by now.
    pub const fn of(persona: &'a Persona, began_millis: i64, seconds: i64, pages: usize) -> Self {
        Self {
            id: persona.session,
            created_date: Stamp(began_millis),
            kind: "web",
            customer_id: persona.customer,
            duration_in_seconds: seconds,
            pageview_count: pages,
            browser: &persona.browser,
            device: &persona.device,
            geolocation: &persona.geolocation,
            ip_address: persona.address.as_str(),
        }
    }
}
