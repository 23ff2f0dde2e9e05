//! The place: one organization with two business units, their planning groups, action maps and queues.

use super::delay::Delay;
use super::page::PageClass;

/// The organization whose site it is.
pub const ORGANIZATION: &str = "7f3c2a10-4b1e-4c55-9d20-6a5e8b1c0f42";

/// The host of the site.
pub const HOST: &str = "shop.example";

/// A business unit of the workforce management.
#[derive(Debug, PartialEq)]
pub struct Unit {
    /// Its identifier.
    pub id: &'static str,
    /// Its IANA time zone.
    pub time_zone: &'static str,
    /// Length of its staffing intervals, in seconds.
    pub interval_seconds: i64,
    /// Which stream of chance is its own.
    pub stream: i64,
}

/// A planning group with the queue that routes into it.
#[derive(Debug, PartialEq)]
pub struct Group {
    /// Its identifier.
    pub id: &'static str,
    /// Whose it is.
    pub unit: &'static Unit,
    /// Its queue for web messages.
    pub queue: &'static str,
    /// Conversations that start without an offer, per 1,000 visits to the unit's site.
    pub organic_per_thousand: f64,
    /// How long an agent takes, without the work after.
    pub handling: Delay,
    /// Average handle time of its baseline, in seconds; without one the group has no baseline.
    pub baseline_handle_seconds: Option<f64>,
}

/// What an action map shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// An invitation to a chat.
    Messaging,
    /// A banner; it never becomes a chat.
    Content,
}

/// How an action map is listed in the configuration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Listed {
    /// By its identifier, whatever its version.
    ById(&'static Group),
    /// By its identifier and its version.
    ByVersion(&'static Group),
    /// Not at all: its actions make no row.
    Nowhere,
}

impl Listed {
    /// Where its actions count.
    pub const fn group(self) -> Option<&'static Group> {
        match self {
            Self::ById(group) | Self::ByVersion(group) => Some(group),
            Self::Nowhere => None,
        }
    }
}

/// An action map: who qualifies, and what visitors make of the offer.
#[derive(Debug, PartialEq)]
pub struct ActionMap {
    /// Its identifier.
    pub id: &'static str,
    /// Its version.
    pub version: u32,
    /// What the analyst calls it.
    pub name: &'static str,
    /// Whose site shows it.
    pub unit: &'static Unit,
    /// How the configuration lists it.
    pub listed: Listed,
    /// Where conversations that agents hand over go.
    pub second: Option<&'static Group>,
    /// What it shows.
    pub medium: Medium,
    /// On which pages visitors qualify.
    pub page: PageClass,
    /// After how long on such a page, in seconds.
    pub dwell: f64,
    /// The probability that a qualified visitor is blocked at first.
    pub blocked: f64,
    /// The probability that an offer is accepted.
    pub accepted: f64,
}

/// An unlisted queue that any map's conversations may overflow into.
pub const OVERFLOW_QUEUE: &str = "q-overflow";

/// An unlisted queue of a partner, for the maps that route nowhere.
pub const PARTNER_QUEUE: &str = "q-partner";

/// The unit in Europe.
pub static DUBLIN: Unit = Unit { id: "bu-dublin", time_zone: "Europe/Dublin", interval_seconds: 900, stream: 1 };

/// The unit in America.
pub static NEW_YORK: Unit =
    Unit { id: "bu-new-york", time_zone: "America/New_York", interval_seconds: 1_800, stream: 2 };

/// All units.
pub static UNITS: [&Unit; 2] = [&DUBLIN, &NEW_YORK];

const CHAT: Delay = Delay::LongTailed { median: 300.0, shape: 2.4, most: 2_400.0 };
const LONG_CHAT: Delay = Delay::LongTailed { median: 480.0, shape: 2.8, most: 3_000.0 };

/// Builds the groups of the place.
const fn group(
    unit: &'static Unit,
    [id, queue]: [&'static str; 2],
    organic_per_thousand: f64,
    handling: Delay,
    baseline_handle_seconds: Option<f64>,
) -> Group {
    Group { id, unit, queue, organic_per_thousand, handling, baseline_handle_seconds }
}

static DUBLIN_SALES: Group = group(&DUBLIN, ["pg-dublin-sales", "q-dublin-sales"], 22.0, CHAT, Some(420.0));
static DUBLIN_SUPPORT: Group = group(&DUBLIN, ["pg-dublin-support", "q-dublin-support"], 40.0, LONG_CHAT, Some(610.0));
static DUBLIN_BILLING: Group = group(&DUBLIN, ["pg-dublin-billing", "q-dublin-billing"], 9.0, CHAT, None);
static NEW_YORK_SALES: Group = group(&NEW_YORK, ["pg-new-york-sales", "q-new-york-sales"], 26.0, CHAT, Some(400.0));
static NEW_YORK_SUPPORT: Group =
    group(&NEW_YORK, ["pg-new-york-support", "q-new-york-support"], 35.0, LONG_CHAT, Some(640.0));

/// All planning groups.
pub static GROUPS: [&Group; 5] = [&DUBLIN_SALES, &DUBLIN_SUPPORT, &DUBLIN_BILLING, &NEW_YORK_SALES, &NEW_YORK_SUPPORT];

/// A map for chats on one class of pages; the maps differ from it where they say so.
const fn chat(
    unit: &'static Unit,
    [id, name]: [&'static str; 2],
    listed: Listed,
    page: PageClass,
    dwell: f64,
    accepted: f64,
) -> ActionMap {
    let (medium, second, blocked) = (Medium::Messaging, None, 0.18);
    ActionMap { id, version: 1, name, unit, listed, second, medium, page, dwell, blocked, accepted }
}

/// The map that the scripted visitor meets: help on prices.
pub static PRICING_HELP: ActionMap = ActionMap {
    version: 7,
    second: Some(&DUBLIN_BILLING),
    ..chat(&DUBLIN, ["am-pricing-help", "Pricing help"], Listed::ById(&DUBLIN_SALES), PageClass::Pricing, 60.0, 0.27)
};

static MAPS_OF_DUBLIN: [ActionMap; 7] = [
    ActionMap {
        version: 3,
        second: Some(&DUBLIN_SUPPORT),
        ..chat(
            &DUBLIN,
            ["am-5d0c1f8e", "Product question"],
            Listed::ByVersion(&DUBLIN_SALES),
            PageClass::Product,
            120.0,
            0.16,
        )
    },
    ActionMap {
        version: 4,
        second: Some(&DUBLIN_SALES),
        ..chat(
            &DUBLIN,
            ["am-basket-rescue", "Basket rescue"],
            Listed::ById(&DUBLIN_BILLING),
            PageClass::Checkout,
            90.0,
            0.24,
        )
    },
    ActionMap {
        second: Some(&DUBLIN_BILLING),
        ..chat(&DUBLIN, ["am-support-first", "How to"], Listed::ById(&DUBLIN_SUPPORT), PageClass::Support, 30.0, 0.2)
    },
    ActionMap {
        version: 2,
        blocked: 0.3,
        second: Some(&DUBLIN_SALES),
        ..chat(
            &DUBLIN,
            ["am-support-stuck", "Still stuck?"],
            Listed::ById(&DUBLIN_SUPPORT),
            PageClass::Support,
            150.0,
            0.34,
        )
    },
    chat(&DUBLIN, ["am-invoice-help", "Invoice help"], Listed::ById(&DUBLIN_BILLING), PageClass::Account, 60.0, 0.22),
    ActionMap {
        medium: Medium::Content,
        ..chat(
            &DUBLIN,
            ["am-free-delivery", "Free delivery"],
            Listed::ById(&DUBLIN_BILLING),
            PageClass::Checkout,
            30.0,
            0.1,
        )
    },
    chat(&DUBLIN, ["am-spring-trial", "Spring trial"], Listed::Nowhere, PageClass::Home, 90.0, 0.12),
];

static MAPS_OF_NEW_YORK: [ActionMap; 6] = [
    ActionMap {
        version: 9,
        second: Some(&NEW_YORK_SUPPORT),
        ..chat(
            &NEW_YORK,
            ["am-c4e1a2b7", "Compare plans"],
            Listed::ByVersion(&NEW_YORK_SALES),
            PageClass::Pricing,
            60.0,
            0.23,
        )
    },
    ActionMap {
        blocked: 0.25,
        second: Some(&NEW_YORK_SUPPORT),
        ..chat(&NEW_YORK, ["am-cart-help", "Cart help"], Listed::ById(&NEW_YORK_SALES), PageClass::Checkout, 90.0, 0.26)
    },
    ActionMap {
        second: Some(&NEW_YORK_SALES),
        ..chat(
            &NEW_YORK,
            ["am-help-desk", "Help desk"],
            Listed::ById(&NEW_YORK_SUPPORT),
            PageClass::Support,
            60.0,
            0.25,
        )
    },
    chat(&NEW_YORK, ["am-account", "Account help"], Listed::ById(&NEW_YORK_SUPPORT), PageClass::Account, 90.0, 0.2),
    ActionMap {
        medium: Medium::Content,
        ..chat(
            &NEW_YORK,
            ["am-new-range", "The new range"],
            Listed::ById(&NEW_YORK_SALES),
            PageClass::Product,
            60.0,
            0.08,
        )
    },
    chat(&NEW_YORK, ["am-holiday-trial", "Holiday trial"], Listed::Nowhere, PageClass::Home, 120.0, 0.1),
];

/// All action maps.
pub fn maps() -> impl Iterator<Item = &'static ActionMap> {
    std::iter::once(&PRICING_HELP).chain(&MAPS_OF_DUBLIN).chain(&MAPS_OF_NEW_YORK)
}

/// The planning group that the configuration's route paths give this queue.
pub fn group_of_queue(queue: &str) -> Option<&'static Group> {
    GROUPS.into_iter().find(|group| group.queue == queue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_has_groups_maps_of_both_media_and_a_map_that_routes_nowhere() {
        for unit in UNITS {
            assert!(GROUPS.iter().filter(|group| group.unit == unit).count() >= 2);
            assert!(maps().any(|map| map.unit == unit && map.listed == Listed::Nowhere));
            assert!(maps().any(|map| map.unit == unit && map.medium == Medium::Content));
        }
    }

    #[test]
    fn a_map_hands_over_within_its_own_unit() {
        for map in maps() {
            let groups = map.listed.group().into_iter().chain(map.second);
            assert!(groups.into_iter().all(|group| group.unit == map.unit), "{}", map.id);
        }
    }
}
