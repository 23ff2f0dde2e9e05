//! Proving: what can be tied to one conversation is counted by kind and time, nothing that was browsed is, and no id is told.

use journeycast::simulate::{Pathologies, Site, SitePlan, config_toml};
use serde_json::Value;

use crate::erasure::about;
use crate::installation::Installation;
use crate::policy::SOUND;
use crate::process::file_of;

fn text<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    value.pointer(path).and_then(Value::as_str)
}

/// A site that holds a day under a policy, and its records.
fn site() -> (Installation, Vec<Vec<u8>>) {
    let plan =
        SitePlan { seed: 8, days: 1.0, visits_per_day: 400.0, pathologies: Pathologies::NONE, ..SitePlan::default() };
    let configuration = config_toml(&plan).replace("./journeycast-data", "./data");
    let site = Installation::of(&format!(
        "[policy]\nfile = \"./policy.toml\"\n[environment]\nkind = \"test\"\n{configuration}"
    ));
    site.put("policy.toml", SOUND.replace("/invest/**", "/pricing/**").as_bytes());
    let records: Vec<Vec<u8>> = Site::new(plan).map(|sent| sent.line).collect();
    site.put("all.ndjson", &file_of(&records));
    site.printed(&["ingest", "--config", "journeycast.toml", "all.ndjson"]);
    (site, records)
}

/// The conversations that queued and came of an action, each with that action.
fn conversations(records: &[Vec<u8>]) -> Vec<(String, String)> {
    let queued: Vec<String> = records.iter().filter_map(|record| about(record)[1].clone()).collect();
    let named = records.iter().filter_map(|record| {
        let record: Value = serde_json::from_slice(record).expect("the site sends JSON");
        let body = &record["detail"]["eventBody"];
        let action = text(body, "/journeyContext/actionId")?;
        Some((text(body, "/conversationId")?.to_owned(), action.to_owned()))
    });
    named.filter(|(conversation, _)| queued.contains(conversation)).collect()
}

fn prove(site: &Installation, conversation: &str) -> Value {
    let words = ["policy", "prove", "--config", "journeycast.toml", "--recording", conversation, "--format", "json"];
    serde_json::from_str(&site.printed(&words)).expect("it is JSON")
}

/// How many facts are held about this, of this kind.
fn held(proof: &Value, what: &str, kind: &str) -> u64 {
    let rows = proof["held"].as_array().expect("they are listed").iter();
    rows.filter(|row| row["about"] == what && row["kind"] == kind).filter_map(|row| row["facts"].as_u64()).sum()
}

#[test]
fn what_is_held_of_a_conversation_is_what_its_records_said_and_no_page_can_be_reached() {
    let (site, records) = site();
    let found = conversations(&records);
    let (conversation, action) = found.first().expect("somebody accepted an offer");
    let proof = prove(&site, conversation);
    assert_eq!(held(&proof, "the conversation", "start of a conversation"), 1, "{proof:#}");
    assert_eq!(held(&proof, "the conversation", "entry into a queue"), 1, "{proof:#}");
    let steps = records.iter().filter(|record| about(record)[0].as_ref() == Some(action)).count() as u64;
    assert!(steps > 1);
    assert_eq!(held(&proof, "the offer that it came of", "step or block of an offer"), steps, "{proof:#}");
    let browsed = proof["browsed"].as_array().expect("they are listed");
    let pages = browsed.iter().find(|row| row["kind"] == "page").expect("somebody browsed");
    assert!(pages["facts"].as_u64() > Some(100), "{proof:#}");
    assert_eq!((&pages["reached"], &proof["browsed_that_is_reached"]), (&Value::from(0), &Value::from(0)));
    let said = site.printed(&["policy", "prove", "--config", "journeycast.toml", "--recording", conversation]);
    assert!(said.contains("It cannot be otherwise"), "{said}");
    assert!(said.contains(&format!("facts: {steps} x step or block of an offer")), "{said}");
    for told in [said, proof.to_string()] {
        assert!(!told.contains(conversation.as_str()) && !told.contains(action.as_str()), "an id was told: {told}");
    }
}

#[test]
fn a_hold_that_keeps_what_is_shown_is_named_and_without_keys_it_is_said_how_much_rests_nameless() {
    let (site, records) = site();
    let found = conversations(&records);
    let (conversation, _) = found.first().expect("somebody accepted an offer");
    let words = ["policy", "prove", "--config", "journeycast.toml", "--recording", conversation];
    assert!(!site.printed(&words).contains("on hold"));
    let hold =
        ["hold", "add", "--config", "journeycast.toml", "--matter", "Smith v. Shop", "--by", "c", "--topic", "facts"];
    site.printed(&hold);
    assert!(site.printed(&words).contains("or later, since it is on hold for Smith v. Shop"));
    assert_eq!(prove(&site, conversation)["held"][0]["on_hold_for"][0], "Smith v. Shop");
    let database = rusqlite::Connection::open(site.path("data/journeycast.db")).expect("it opens");
    database.execute_batch("DELETE FROM keys").expect("it runs");
    let nameless = prove(&site, conversation)["facts_whose_key_is_destroyed"].as_u64().expect("a number");
    assert!(nameless > 100);
    let said = site.printed(&words);
    assert!(
        said.contains(&format!(
            "No key is there: nothing can be found by this id, and nothing could be by anybody. {nameless} facts rest"
        )),
        "{said}"
    );
}

#[test]
fn that_the_visit_of_a_conversation_saw_a_regulated_page_is_said_and_which_page_is_not() {
    let (site, records) = site();
    let marked = conversations(&records).into_iter().find_map(|(conversation, _)| {
        let proof = prove(&site, &conversation);
        (held(&proof, "that its visit saw a regulated page", "regime of a regulated page") > 0).then_some(proof)
    });
    let proof = marked.expect("somebody who looked at a regulated page accepted an offer");
    assert_eq!(proof["browsed_that_is_reached"], 0);
    assert!(!proof.to_string().contains("pricing"), "{proof:#}");
}

#[test]
fn of_a_conversation_that_was_erased_or_never_was_nothing_is_held_and_what_had_no_key_is_told() {
    let (site, records) = site();
    let found = conversations(&records);
    let (conversation, action) = found.first().expect("somebody accepted an offer");
    site.put("ids.csv", format!("kind,id\nconversation,{conversation}\naction,{action}\n").as_bytes());
    site.printed(&["erase", "--config", "journeycast.toml", "--ids", "ids.csv"]);
    for id in [conversation.as_str(), "nobody"] {
        let proof = prove(&site, id);
        assert_eq!(proof["held"], Value::Array(Vec::new()), "{proof:#}");
        let said = site.printed(&["policy", "prove", "--config", "journeycast.toml", "--recording", id]);
        assert!(said.contains("Nothing is held that carries a name of this conversation"), "{said}");
        assert!(said.contains("nothing could be by anybody"), "{said}");
    }
}
