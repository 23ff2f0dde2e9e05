//! Lean events: what a site that sends little sends, some 660 bytes each.

use serde_json::{Value, json};

/// What nobody counts, and what a site that sends little would leave out.
const LEFT_OUT: [&str; 12] = [
    "attributes",
    "traits",
    "geolocation",
    "mktCampaign",
    "ipAddress",
    "ipOrganization",
    "browser",
    "device",
    "correlationId",
    "userAgentString",
    "totalEventCount",
    "customerIdType",
];

/// The same event as a notification of few fields; a record that is none stays as it is.
pub fn lean(line: &[u8]) -> Vec<u8> {
    let Ok(mut whole) = serde_json::from_slice::<Value>(line) else { return line.to_vec() };
    let Some(detail) = whole.get_mut("detail").filter(|detail| detail.is_object()) else { return line.to_vec() };
    let [topic, mut body, timestamp] = ["topicName", "eventBody", "timestamp"].map(|key| detail[key].take());
    leave_out(&mut body);
    let mut lean = json!({"topicName": topic, "eventBody": body, "timestamp": timestamp});
    if let Some(members) = lean.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    lean.to_string().into_bytes()
}

fn leave_out(value: &mut Value) {
    let Some(members) = value.as_object_mut() else { return };
    members.retain(|key, value| !LEFT_OUT.contains(&key.as_str()) && !value.is_null());
    members.values_mut().for_each(leave_out);
}
