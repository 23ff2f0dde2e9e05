//! The audit and its holds on a real cluster: no fork among writers, and topics that keep everything while they are held.

use std::thread;
use std::time::Duration;

use journeycast::audit::{Event, Signer, after, export, verify};
use journeycast::engine::{Span, WallTime};
use journeycast::io::kafka::{self, AuditTopic};
use journeycast::settings::Settings;
use journeycast::simulate::{Pathologies, SitePlan};
use rdkafka::admin::{AdminOptions, ResourceSpecifier};

use super::cluster::{Cluster, admin, shared};
use crate::erasure::{about, answers};
use crate::installation::said;

const AUDIT: &str = "journeycast.audit.v1";
const ROWS: &str = "wfm.volume-adjustments.v1";
const FACTS: &str = "journeycast.facts.v1";

fn small() -> SitePlan {
    SitePlan { seed: 12, days: 1.0, visits_per_day: 100.0, pathologies: Pathologies::NONE, ..SitePlan::default() }
}

fn words<'a>(command: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    command.iter().chain(&["--config", "journeycast.toml"]).chain(more).copied().collect()
}

fn printed(cluster: &Cluster, command: &[&str], more: &[&str]) -> String {
    cluster.site.printed(&words(command, more))
}

fn setting(servers: &str, topic: &str, name: &str) -> String {
    let (admin, runtime) = admin(servers);
    let asked = [ResourceSpecifier::Topic(topic)];
    let options = AdminOptions::new().request_timeout(Some(Duration::from_secs(30)));
    let answers = runtime.block_on(admin.describe_configs(&asked, &options)).expect("it answers");
    let resource = answers.into_iter().next().expect("one answer").expect("it is there");
    resource.entries.into_iter().find(|entry| entry.name == name).and_then(|entry| entry.value).expect("it is set")
}

#[test]
fn writers_that_race_never_fork_the_chain_and_it_verifies() {
    let Some(broker) = shared() else { return };
    let cluster = Cluster::of(broker.servers(), &small(), "");
    let refused: Vec<String> = thread::scope(|scope| {
        let add = |matter: String| {
            let cluster = &cluster;
            move || {
                let done = cluster
                    .site
                    .perform(&words(&["hold", "add"], &["--matter", &matter, "--by", "c", "--topic", "baseline"]));
                (!done.status.success()).then(|| said(&done))
            }
        };
        // Two of the six are for the same matter: one of them is refused, whoever comes first.
        let racing: Vec<_> = [1, 2, 3, 4, 5, 5].map(|n| scope.spawn(add(format!("matter-{n}")))).into_iter().collect();
        racing.into_iter().filter_map(|racing| racing.join().expect("it ends")).collect()
    });
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert!(refused[0].contains("the matter \"matter-5\" is held already"), "{refused:?}");
    let verified = printed(&cluster, &["audit", "verify"], &[]);
    assert!(verified.starts_with("5 entries, head 5 "), "{verified}");
    assert_eq!(cluster.count(AUDIT), 5);
}

#[test]
fn keys_and_starts_are_recorded_and_a_worker_whose_key_is_another_makes_none() {
    let Some(broker) = shared() else { return };
    let (cluster, mut dice, records) = Cluster::with_records(broker.servers(), small(), 1);
    cluster.send(&records, &mut dice);
    let with = |more: &str| {
        let text = std::fs::read_to_string(cluster.site.path("journeycast.toml")).expect("it is there");
        cluster.site.put("journeycast.toml", format!("{text}\n{more}").as_bytes());
    };
    with("[policy]\nfile = \"./policy.toml\"\n[environment]\nkind = \"test\"\n");
    let policy = "interactions_may_count = false\n[consent]\nattribute = \"consent\"\ngranted = [\"yes\"]\nabsent = \
                  \"permitted\"\nglobal_privacy_control = \"refused\"\n";
    cluster.site.put("policy.toml", policy.as_bytes());
    cluster.catch_up();
    cluster.catch_up();
    let kinds = |cluster: &Cluster| -> Vec<String> {
        let listed = printed(cluster, &["audit", "list"], &["--format", "csv"]);
        listed.lines().skip(1).filter_map(|line| line.split(',').nth(2)).map(str::to_owned).collect()
    };
    let told = kinds(&cluster);
    assert_eq!(told[..2], ["policy_loaded", "overridden"]);
    assert!(told.len() > 2 && told[2..].iter().all(|kind| kind == "keys_made"), "{told:?}");
    let signed = ["--reviewed-by", "c", "--approved-on", "2026-11-01", "--review-by", "2099-01-01"];
    printed(&cluster, &["policy", "sign"], &signed);
    assert_eq!(kinds(&cluster).last().map(String::as_str), Some("policy_signed"));

    cluster.site.put("audit.key", "4f".repeat(32).as_bytes());
    let text = std::fs::read_to_string(cluster.site.path("journeycast.toml")).expect("it is there");
    let other = text.replace("[keys]\n", "[keys]\naudit_key_file = \"./audit.key\"\n");
    cluster.site.put("journeycast.toml", other.as_bytes());
    let ended = cluster.site.perform(&words(&["run"], &["--until-caught-up"]));
    assert_eq!(ended.status.code(), Some(1), "{}", said(&ended));
    assert!(said(&ended).contains("the audit in journeycast.audit.v1 cannot go on"), "{}", said(&ended));
}

#[test]
fn what_is_due_of_the_audit_is_deleted_from_the_topic_and_the_rest_still_verifies() {
    let Some(broker) = shared() else { return };
    let cluster = Cluster::of(broker.servers(), &small(), "");
    let text = std::fs::read_to_string(cluster.site.path("journeycast.toml")).expect("it is there");
    let file = cluster.site.path("journeycast.toml");
    let settings = Settings::parse(&text, &file.to_string_lossy(), std::iter::empty()).expect("it is sound");
    let topic = AuditTopic::of(&settings, &kafka::Cluster::of(&settings).expect("it is one")).expect("there is a key");
    let day = |day| WallTime::from_millis(1_795_424_400_000).after(Span::from_days(day));
    for n in 0..4 {
        topic.tell(day(n), &[Event::KeysMade { epoch: 2_968 }]).expect("it is told");
    }
    let keep = Span::from_days(400);
    assert_eq!(topic.shorten(day(399), keep).expect("it answers"), 0);
    for gone in [2, 0] {
        assert_eq!(topic.shorten(day(401), keep).expect("it answers"), gone);
        let kept = topic.kept().expect("it can be read");
        let verified = verify(&kept, &topic.signer().public_key(), None).expect("it is whole");
        assert_eq!((verified.entries, verified.first), (3, 3));
    }
    printed(&cluster, &["hold", "add"], &["--matter", "Smith", "--by", "c", "--topic", "revisions"]);
    assert_eq!(topic.shorten(day(100_000), keep).expect("it answers"), 3, "up to the hold, and no further");
    assert_eq!(topic.shorten(day(100_000), keep).expect("it answers"), 0);
    assert_eq!(printed(&cluster, &["hold", "list"], &["--format", "csv"]).lines().count(), 2);
}

#[test]
fn a_hold_makes_its_topics_keep_everything_and_its_release_sets_them_back() {
    let Some(broker) = shared() else { return };
    let servers = broker.servers();
    let cluster = Cluster::of(servers, &small(), "");
    let topics = [FACTS, ROWS];
    let retention = || topics.map(|topic| setting(servers, topic, "retention.ms"));
    let before = retention();
    let rows = ["--matter", "Smith", "--by", "c", "--topic", "adjustments", "--planning-group", "pg-web-sales"];
    let added = cluster.site.perform(&words(&["hold", "add"], &rows));
    assert!(added.status.success(), "{}", said(&added));
    assert!(said(&added).contains("a topic cannot be kept in parts"), "{}", said(&added));
    assert_eq!(retention(), [before[0].as_str(), "-1"]);
    assert_eq!(setting(servers, ROWS, "message.timestamp.type"), "LogAppendTime", "what else was set stays so");
    let all = ["--matter", "Jones", "--by", "c"];
    printed(&cluster, &["hold", "add"], &all);
    assert_eq!(retention(), ["-1", "-1"]);
    let checked = printed(&cluster, &["topics", "check"], &[]);
    assert!(checked.contains(&format!("{ROWS}: nothing is deleted, it is on hold for Smith, Jones\n")), "{checked}");
    assert!(checked.ends_with("every topic is as it must be\n"), "{checked}");
    printed(&cluster, &["hold", "release"], &all);
    assert_eq!(retention(), [before[0].as_str(), "-1"]);
    printed(&cluster, &["hold", "release"], &["--matter", "Smith", "--by", "c"]);
    assert_eq!(retention(), before);
    assert_eq!(printed(&cluster, &["topics", "check"], &[]), "every topic is as it must be\n");
    assert_eq!(printed(&cluster, &["hold", "list"], &["--format", "csv"]).lines().count(), 1);
}

#[test]
fn what_is_on_hold_is_erased_after_its_release_and_the_audit_tells_both_tries() {
    let Some(broker) = shared() else { return };
    let (cluster, mut dice, records) = Cluster::with_records(broker.servers(), small(), 5);
    let action = records.iter().find_map(|record| about(record)[0].clone()).expect("the site offers something");
    cluster.site.put("ids.csv", format!("kind,id\naction,{action}\ncookie,c-1\n").as_bytes());
    cluster.send(&records, &mut dice);
    cluster.catch_up();
    let table = cluster.tailed();
    let erase = || answers(&printed(&cluster, &["erase"], &["--ids", "ids.csv"]));
    let smith = ["--matter", "Smith", "--by", "c"];
    printed(&cluster, &["hold", "add"], &[&smith[..], &["--topic", "facts"]].concat());
    assert_eq!(erase(), ["on_hold", "never_stored"]);
    cluster.catch_up();
    assert_eq!(cluster.tailed(), table, "nothing was taken out");
    printed(&cluster, &["hold", "release"], &smith);
    assert_eq!(erase(), ["erased", "never_stored"]);
    assert_eq!(erase(), ["nothing_held", "never_stored"]);
    let told = printed(&cluster, &["audit", "list"], &["--format", "csv"]);
    let kinds: Vec<&str> = told.lines().filter_map(|line| line.split(',').nth(2)).collect();
    let told = kinds.iter().filter(|kind| kind.starts_with("hold_") || kind.starts_with("eras")).copied();
    let both = ["erasure_begun", "erased"];
    let expected = [&["hold_added"][..], &both, &["hold_released"], &both, &both].concat();
    assert_eq!(told.collect::<Vec<_>>(), expected);
    assert!(printed(&cluster, &["audit", "verify"], &[]).contains("entries, head"));
}

#[test]
fn a_release_that_somebody_else_wrote_into_the_topic_releases_nothing_and_is_named() {
    let Some(broker) = shared() else { return };
    let cluster = Cluster::of(broker.servers(), &small(), "");
    printed(&cluster, &["hold", "add"], &["--matter", "Smith", "--by", "c", "--topic", "facts"]);
    let release = Event::HoldReleased { matter: "Smith".to_owned(), by: "nobody".to_owned() };
    let told = vec![Event::KeysMade { epoch: 1 }, release];
    let forged = after(None, WallTime::from_millis(1_795_424_400_000), told, &Signer::of(&[9; 32])).expect("it is one");
    cluster.send_to(AUDIT, 0, &[export::line(&forged[1]).into_bytes()]);
    cluster.site.put("ids.csv", b"kind,id\naction,nobody\n");
    for (command, more) in [
        (&["run"][..], &["--until-caught-up"][..]),
        (&["erase"], &["--ids", "ids.csv"]),
        (&["hold", "add"], &["--matter", "Jones", "--by", "c"]),
        (&["hold", "list"], &[]),
        (&["audit", "head"], &[]),
        (&["topics", "check"], &[]),
    ] {
        let refused = cluster.site.perform(&words(command, more));
        assert!(!refused.status.success(), "{command:?}");
        let words = said(&refused);
        assert!(words.contains("cannot go on: entry 2 does not follow"), "{command:?}: {words}");
    }
    assert_eq!(cluster.count(AUDIT), 2, "nothing was told behind it");
}
