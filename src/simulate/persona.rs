//! A visitor as the journey records describe one: everything that may never leave the parser.

use serde::Serialize;

use super::dice::{Dice, Id};
use super::place::Unit;

/// Stands in every personal field of a hostile visitor, so that a test can look for it.
pub const PERSONAL_MARKER: &str = "Xq7Geheim";

/// A person with a browser.
#[derive(Debug)]
pub struct Persona {
    /// The visit or app session.
    pub session: Id,
    /// The cookie.
    pub customer: Id,
    /// The contact on file.
    pub contact: Id,
    /// Uses the app.
    pub in_app: bool,
    /// First name.
    pub given: &'static str,
    /// Last name.
    pub family: &'static str,
    /// Telephone number.
    pub phone: String,
    /// Internet address.
    pub address: String,
    /// Who provides it.
    pub provider: &'static str,
    /// User agent string.
    pub agent: &'static str,
    /// Their browser.
    pub browser: Browser,
    /// Their device.
    pub device: Device,
    /// Where they are.
    pub geolocation: Geolocation,
    /// What brought them.
    pub campaign: Option<Campaign>,
}

/// A browser.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Browser {
    family: &'static str,
    version: &'static str,
    fingerprint: String,
}

/// A device.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    #[serde(rename = "type")]
    kind: &'static str,
    is_mobile: bool,
    os_family: &'static str,
    os_version: &'static str,
    category: &'static str,
}

/// A place on the map.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Geolocation {
    country: &'static str,
    latitude: f64,
    longitude: f64,
    locality: &'static str,
    postal_code: String,
    timezone: &'static str,
    source: &'static str,
}

/// An advertisement.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Campaign {
    medium: &'static str,
    name: &'static str,
    source: &'static str,
    click_id: Id,
}

const GIVEN: [&str; 8] = ["Aoife", "Ciarán", "Mary", "Zoë", "James", "Priya", "Luis", "Grace"];
const FAMILY: [&str; 8] = ["Byrne", "O'Neill", "Walsh", "Müller", "Smith", "Patel", "García", "Okafor"];
const PROVIDERS: [&str; 3] = ["Eir Broadband", "Comcast Cable", "Vodafone"];
/// Its name, latitude and longitude in degrees.
type Town = (&'static str, f64, f64);

const TOWNS_OF_IRELAND: [Town; 3] = [("Dublin", 53.35, -6.26), ("Cork", 51.9, -8.47), ("Dún Laoghaire", 53.29, -6.13)];
const TOWNS_OF_AMERICA: [Town; 3] = [("Brooklyn", 40.65, -73.95), ("Newark", 40.73, -74.17), ("Albany", 42.65, -73.75)];
const DESKTOP_AGENT: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36";
const MOBILE_AGENT: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari/604.1";

impl Persona {
    /// Somebody who comes to the site of a unit.
    pub fn new(dice: &mut Dice, unit: &'static Unit, hostile: bool) -> Self {
        let mobile = dice.chance(0.55);
        let marked = |text: &'static str| if hostile { PERSONAL_MARKER } else { text };
        let marked_too = |text: String| if hostile { PERSONAL_MARKER.to_owned() } else { text };
        let irish = unit.time_zone == "Europe/Dublin";
        let town = dice.one_of(if irish { &TOWNS_OF_IRELAND } else { &TOWNS_OF_AMERICA }, TOWNS_OF_IRELAND[0]);
        Self {
            session: dice.id(),
            customer: dice.id(),
            contact: dice.id(),
            in_app: dice.chance(0.08),
            given: marked(dice.one_of(&GIVEN, "Mary")),
            family: marked(dice.one_of(&FAMILY, "Smith")),
            phone: marked_too(format!("+353 87 {:07}", dice.below(10_000_000))),
            address: marked_too(format!("203.0.{}.{}", dice.below(256), dice.below(256))),
            provider: marked(dice.one_of(&PROVIDERS, "Vodafone")),
            agent: if mobile { MOBILE_AGENT } else { DESKTOP_AGENT },
            browser: Browser::new(dice, mobile),
            device: Device::new(mobile),
            geolocation: Geolocation { locality: marked(town.0), ..Geolocation::new(dice, unit, town) },
            campaign: dice.chance(0.3).then(|| Campaign {
                medium: "cpc",
                name: "autumn",
                source: "google",
                click_id: dice.id(),
            }),
        }
    }

    /// Their mail address.
    pub fn mail(&self) -> String {
        format!("{}.{}@mail.example", self.given, self.family)
    }
}

impl Browser {
    fn new(dice: &mut Dice, mobile: bool) -> Self {
        Self {
            family: if mobile { "Mobile Safari" } else { "Chrome" },
            version: if mobile { "18.1" } else { "130.0" },
            fingerprint: format!("{:08x}", dice.below(u32::MAX as usize)),
        }
    }
}

impl Device {
    const fn new(mobile: bool) -> Self {
        Self {
            kind: if mobile { "mobile" } else { "desktop" },
            is_mobile: mobile,
            os_family: if mobile { "iOS" } else { "Windows" },
            os_version: if mobile { "18.1" } else { "10" },
            category: if mobile { "mobile" } else { "desktop" },
        }
    }
}

impl Geolocation {
    fn new(dice: &mut Dice, unit: &'static Unit, (locality, latitude, longitude): Town) -> Self {
        let country = if unit.time_zone == "Europe/Dublin" { "IE" } else { "US" };
        let postal_code = format!("{:05}", dice.below(100_000));
        Self { country, latitude, longitude, locality, postal_code, timezone: unit.time_zone, source: "geoip" }
    }
}
