//! Policies in words: what becomes of a page, how many actions are regulated beside a running service, what changed.

use std::time::Duration;

use journeycast::settings::{Address, Policy, Signing};
use serde_json::{Value, json};

use crate::installation::{Installation, metrics_until, said};
use crate::policy::{CONFIGURATION, SOUND, offer, signing, web};
use crate::process::file_of;

const EXPLAIN: [&str; 5] = ["policy", "explain", "--config", "journeycast.toml", "--format"];

fn shop(policy: &str) -> Installation {
    let log = "[log]\npath = \"./data\"\n[http]\nlisten = \"127.0.0.1:0\"\n";
    let shop = Installation::of(&format!("{log}{CONFIGURATION}"));
    shop.put("policy.toml", policy.as_bytes());
    shop
}

fn explained(shop: &Installation, pages: &[&str]) -> Value {
    let pages = pages.iter().flat_map(|page| ["--page", page]);
    let words: Vec<&str> = EXPLAIN.into_iter().chain(["json"]).chain(pages).collect();
    serde_json::from_str(&shop.printed(&words)).expect("it is JSON")
}

#[test]
fn of_a_page_it_is_said_which_patterns_match_which_wins_and_what_becomes_of_everything() {
    let kids = "\n[[page]]\nhost = \"shop.example\"\npath = \"/invest/kids/**\"\nregime = \"children\"\nowner = \"youth-officer\"\nretention = \"never-kept\"\n";
    let shop = shop(&format!("{SOUND}{kids}"));
    let pages = ["https://SHOP.example:443/a/../Invest/Kids/toys?who=somebody", "shop.example/help", "/invest"];
    let told = explained(&shop, &pages);
    let page = |n: usize| &told["pages"][n];
    assert_eq!(page(0)["compared"], "/invest/kids/toys");
    assert_eq!(page(0)["regime"], "children");
    let owners: Vec<&str> =
        page(0)["matches"].as_array().unwrap().iter().map(|pattern| pattern["owner"].as_str().unwrap()).collect();
    assert_eq!(owners, ["youth-officer", "head-of-compliance"], "the strictest comes first");
    assert_eq!((&page(1)["regime"], &page(1)["matches"]), (&json!("none"), &json!([])));
    assert_eq!(
        (&page(2)["regime"], &page(2)["host"]),
        (&json!("mifid2"), &Value::Null),
        "a host that is not known excludes nothing"
    );
    assert!(!told.to_string().contains("somebody"), "a query was told: {told}");
    assert_eq!(told["regulated"], Value::Null);
    assert_eq!(told["regulated_not_known"], "nothing was counted yet");
}

#[test]
fn what_is_explained_of_a_page_is_what_becomes_of_it() {
    for (interactions, conversations) in [("false", "count nowhere"), ("true", "count in queued")] {
        let text = SOUND.replace("interactions_may_count = false", &format!("interactions_may_count = {interactions}"));
        let policy = Policy::parse(&text, "policy.toml").unwrap();
        let of = |page: &str| policy.explain_page(&Address::parse(page).unwrap(), None).becomes.join("\n");
        let (regulated, other) = (of("shop.example/invest/gold"), of("shop.example/"));
        assert!(regulated.contains("not_permitted") && regulated.contains(conversations), "{regulated}");
        assert!(other.contains("the visit counts") && !other.contains("not_permitted"), "{other}");
    }
}

#[test]
fn an_address_that_is_none_is_refused_and_not_repeated() {
    let shop = shop(SOUND);
    for page in ["ftp://secret.example/", "a secret/b", ""] {
        let output = shop.perform(&["policy", "explain", "--config", "journeycast.toml", "--page", page]);
        assert_eq!(output.status.code(), Some(2), "{page}");
        assert!(said(&output).starts_with("--page ") && !said(&output).contains("secret"), "{}", said(&output));
    }
}

#[test]
fn beside_a_running_service_the_figures_of_regulated_actions_are_those_that_a_replay_tells() {
    let shop = shop(SOUND);
    let visit =
        |n: usize, path: &str| [web(&format!("s-{n}"), path, json!({})), offer(&format!("s-{n}"), &format!("a-{n}"))];
    let regulated = (0..6).flat_map(|n| visit(n, "/invest/gold"));
    let other = (6..9).flat_map(|n| visit(n, "/"));
    let mut few = visit(9, "/invest/gold").map(|record| record.to_string().replace("2026-11-20", "2026-11-19"));
    few.sort();
    let lines: Vec<Vec<u8>> =
        regulated.chain(other).map(|record| record.to_string()).chain(few).map(String::into_bytes).collect();
    shop.put("events.ndjson", &file_of(&lines));
    shop.printed(&["ingest", "--config", "journeycast.toml", "events.ndjson"]);
    let mut runner = shop.run("info");
    let address = runner.address();
    metrics_until(&address, |text| text.contains("journeycast_regulated_actions{regime=\"mifid2\"} 6"));
    let expected = json!({"mifid2": {"2026-11-19": null, "2026-11-20": 6}});
    assert_eq!(explained(&shop, &[])["regulated"], expected);
    let words = shop.printed(&[&EXPLAIN[..], &["text"]].concat());
    assert!(words.contains("mifid2 on 2026-11-20: 6\n") && words.contains("2026-11-19: too few to be told"), "{words}");
    assert!(runner.has_ended().is_none(), "whoever looks on disturbs nobody");
    runner.signal("TERM");
    runner.end(Duration::from_secs(10));
    shop.printed(&["replay", "--config", "journeycast.toml", "--events", "events.ndjson", "--out", "out"]);
    let summary = std::fs::read_to_string(shop.path("out/summary.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&summary).unwrap()["regulated"], expected);
}

#[test]
fn two_policies_are_told_apart_line_by_line_with_what_follows() {
    let sound = Policy::parse(SOUND, "policy.toml").unwrap();
    let page = |path: &str, regime: &str| {
        let kept = if regime == "none" { "while-live" } else { "never-kept" };
        format!(
            "\n[[page]]\nhost = \"shop.example\"\npath = \"{path}\"\nregime = \"{regime}\"\nowner = \"o\"\nretention = \"{kept}\"\n"
        )
    };
    let row = "\n[[retention]]\nstore = \"facts\"\nperiod = \"12d\"\nbasis = \"b\"\nowner = \"o\"\n";
    for (new, expected) in [
        (
            SOUND.replace("mifid2", "health"),
            &["shop.example/invest/**: stricter: mifid2 -> health; such visits count nowhere, as before"][..],
        ),
        (
            SOUND.replace("mifid2", "none").replace("never-kept", "while-live"),
            &[
                "shop.example/invest/**: weaker: mifid2 -> none; unless another pattern matches",
                "shop.example/invest/**: retention: never-kept -> while-live;",
            ],
        ),
        (
            SOUND.replace("head-of-compliance", "nobody"),
            &["shop.example/invest/**: owner: head-of-compliance -> nobody;"],
        ),
        (
            format!("{SOUND}{}{}", page("/zoo", "children"), page("/a", "none")),
            &[
                "shop.example/a: added, none; nothing else is read or counted",
                "shop.example/zoo: added, children; visits that saw such a page count nowhere",
            ],
        ),
        (
            SOUND.replace("interactions_may_count = false", "interactions_may_count = true"),
            &["interactions_may_count: false -> true; conversations of regulated visits count in queued"],
        ),
        (
            SOUND.replace("absent = \"permitted\"", "absent = \"refused\"").replace("[\"yes\"]", "[\"yes\", \"ok\"]"),
            &["consent.granted: [\"yes\"] -> [\"ok\", \"yes\"];", "consent.absent: permitted -> refused;"],
        ),
        (format!("{SOUND}{row}"), &["retention of facts: stated: 12d, b, ask counsel, o, no day;"]),
    ] {
        let changed = Policy::parse(&new, "policy.toml").unwrap_or_else(|error| panic!("{error}"));
        let found = changed.differences(&sound, "2026-11-24".parse().unwrap());
        let lines: Vec<String> =
            found.iter().map(|one| format!("{}: {}; {}", one.about, one.change, one.effect)).collect();
        assert_eq!(lines.len(), expected.len() + 1, "{lines:?}");
        for (line, expected) in lines.iter().zip(expected) {
            assert!(line.starts_with(expected), "{line}\n{expected}");
        }
        assert!(lines.last().is_some_and(|line| line.starts_with("version: ec712d0fa10a0c58 -> ")), "{lines:?}");
        let back = sound.differences(&changed, "2026-11-24".parse().unwrap());
        assert_eq!(back.len(), found.len(), "what came can go: {back:?}");
    }
}

#[test]
fn diff_ends_as_diff_does_and_a_signature_is_a_difference_that_makes_no_new_version() {
    let signed = Policy::signed(SOUND, "policy.toml", &signing("2099-12-31")).unwrap();
    let shop = shop(&signed);
    shop.put("same.toml", signed.replace("[consent]", "# the same\n[consent]").as_bytes());
    shop.put("unsigned.toml", SOUND.as_bytes());
    shop.put("wrong.toml", b"pages = 1\n");
    let diff = |old: &str, format: &str| {
        shop.perform(&["policy", "diff", "--config", "journeycast.toml", old, "--format", format])
    };
    let same = diff("same.toml", "text");
    assert_eq!((same.status.code(), same.stdout.as_slice()), (Some(0), b"".as_slice()));
    let unsigned = diff("unsigned.toml", "json");
    assert_eq!(unsigned.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&unsigned.stdout).unwrap();
    assert_eq!(told.as_array().map(Vec::len), Some(1), "{told}");
    assert_eq!(told[0]["about"], "sign_off");
    assert_eq!(told[0]["effect"], "it holds: production runs under it");
    for missing in ["wrong.toml", "nowhere.toml"] {
        let refused = diff(missing, "text");
        assert_eq!(refused.status.code(), Some(2));
        assert!(said(&refused).contains(missing), "{}", said(&refused));
    }
}

#[test]
fn production_runs_under_a_signed_policy_alone_and_says_which_line_to_mend() {
    let signed = Policy::signed(SOUND, "policy.toml", &signing("2099-12-31")).unwrap();
    let overdue = Policy::signed(SOUND, "policy.toml", &signing("2026-01-31")).unwrap();
    let later = Signing { approved_on: "2098-01-01".parse().unwrap(), ..signing("2099-12-31") };
    let ahead = Policy::signed(SOUND, "policy.toml", &later).unwrap();
    let row = "\n[[retention]]\nstore = \"facts\"\nbasis = \"b\"\nowner = \"o\"\n";
    for (policy, place, why) in [
        (SOUND.to_owned(), "policy.toml:1:1: sign_off", "nobody has signed"),
        (signed.replace("/invest/**", "/**"), "policy.toml:20:8: sign_off.hash", "was changed since"),
        (format!("{signed}{row}"), "policy.toml:20:8: sign_off.hash", "was changed since"),
        (ahead, "policy.toml:18:15: sign_off.approved_on", "is not approved yet"),
        (overdue, "policy.toml:19:13: sign_off.review_by", "was due on 2026-01-31"),
    ] {
        let shop = shop(&policy);
        shop.put("in.ndjson", b"");
        let run = ["run", "--config", "journeycast.toml", "--until-caught-up"];
        let ingest = ["ingest", "--config", "journeycast.toml", "in.ndjson"];
        let elsewhere = shop.perform(&ingest);
        assert_eq!(elsewhere.status.code(), Some(0), "elsewhere it is a warning: {}", said(&elsewhere));
        assert!(said(&elsewhere).contains(why), "{}", said(&elsewhere));
        let told = shop.printed(&["audit", "list", "--config", "journeycast.toml"]);
        assert!(told.contains("policy_loaded") && told.contains("overridden"), "the ingest is not told of: {told}");
        let elsewhere = shop.perform(&run);
        assert_eq!(elsewhere.status.code(), Some(0), "elsewhere it is a warning: {}", said(&elsewhere));
        assert!(said(&elsewhere).contains(why), "{}", said(&elsewhere));
        assert_eq!(shop.printed(&["audit", "list", "--config", "journeycast.toml"]), told, "it is told twice");
        let text = std::fs::read_to_string(shop.path("journeycast.toml")).unwrap();
        shop.put("journeycast.toml", text.replace("kind = \"test\"", "kind = \"production\"").as_bytes());
        for command in [&run[..], &ingest] {
            let refused = shop.perform(command);
            assert_eq!(refused.status.code(), Some(2));
            assert!(said(&refused).contains(place) && said(&refused).contains(why), "{}", said(&refused));
        }
    }
    let shop = shop(&signed);
    let text = std::fs::read_to_string(shop.path("journeycast.toml")).unwrap();
    shop.put("journeycast.toml", text.replace("kind = \"test\"", "kind = \"production\"").as_bytes());
    shop.printed(&["run", "--config", "journeycast.toml", "--until-caught-up"]);
    std::fs::remove_file(shop.path("policy.toml")).unwrap();
    let missing = shop.perform(&["run", "--config", "journeycast.toml", "--until-caught-up"]);
    assert_eq!(missing.status.code(), Some(2), "a policy that is named and not there is no policy");
}

#[test]
fn signing_follows_a_link_to_its_policy_and_leaves_lines_as_they_end() {
    let shop = shop(SOUND);
    std::fs::create_dir(shop.path("policies")).unwrap();
    shop.put("policies/shop.toml", SOUND.replace('\n', "\r\n").as_bytes());
    std::fs::remove_file(shop.path("policy.toml")).unwrap();
    std::os::unix::fs::symlink("policies/shop.toml", shop.path("policy.toml")).unwrap();
    let signing = ["--reviewed-by", "counsel-1", "--approved-on", "2026-11-01", "--review-by", "2099-01-01"];
    let words: Vec<&str> = ["policy", "sign", "--config", "journeycast.toml"].into_iter().chain(signing).collect();
    shop.printed(&words);
    assert!(shop.path("policy.toml").is_symlink(), "the link was replaced");
    let signed = std::fs::read_to_string(shop.path("policies/shop.toml")).unwrap();
    assert!(signed.contains("reviewed_by = \"counsel-1\"\r\n"), "{signed:?}");
    assert_eq!(signed.matches('\n').count(), signed.matches("\r\n").count(), "{signed:?}");
    assert_eq!(std::fs::read_dir(shop.path("policies")).unwrap().count(), 1, "something is left beside it");
    let checked = shop.printed(&["policy", "check", "--config", "journeycast.toml"]);
    assert!(checked.contains("signed: reviewed by counsel-1"), "{checked}");
}
