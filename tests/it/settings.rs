//! What an operator may say: sound configurations, wrong ones and what is said about them, and the order of who wins.

use std::path::Path;

use journeycast::engine::Span;
use journeycast::settings::{self, ClientSetting, ClientValue, Log, Settings, SettingsError};
use journeycast::staffing::{Goals, LevelGoal, ServiceLevel};

/// A sound business unit and planning group.
const SHOP: &str = r#"
[[business_unit]]
id = "bu-shop"
organization_id = "org-1"
time_zone = "Europe/Dublin"

[[planning_group]]
id = "pg-shop"
business_unit = "bu-shop"
"#;
const EXAMPLE: &str = include_str!("../../examples/journeycast.toml");

fn parse(text: &str, environment: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    Settings::parse(text, "journeycast.toml", variables(environment))
}

fn variables(pairs: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>().into_iter()
}

/// The shop and this.
fn shop_with(text: &str, environment: &[(&str, &str)]) -> Settings {
    parse(&format!("{text}\n{SHOP}"), environment).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_wrong_configuration_is_refused_with_its_place_and_its_remedy() {
    let scenarios = include_str!("../scenarios/wrong_settings.txt");
    let (head, rest) = scenarios.split_once("\n=== ").unwrap();
    let mut told = head.to_owned();
    for case in rest.split("\n=== ") {
        let (name, body) = case.split_once('\n').unwrap();
        let (given, _) = body.split_once("---").unwrap();
        let (mut environment, mut text) = (Vec::new(), String::new());
        for line in given.lines() {
            match line.strip_prefix("$ ") {
                Some(variable) => environment.push(variable.split_once('=').unwrap()),
                None => text += &format!("{line}\n"),
            }
        }
        if !name.ends_with("alone") {
            text += SHOP;
        }
        let said =
            parse(&text, &environment).map_or_else(|error| error.to_string(), |_| "nothing: it is sound".to_owned());
        told += &format!("\n=== {name}\n{given}---\n{said}\n");
    }
    assert!(
        told == scenarios,
        "what is said has changed; if for the better, this is tests/scenarios/wrong_settings.txt now:\n{told}"
    );
}

#[test]
fn the_example_is_sound_and_says_every_key_that_has_a_default_as_it_is() {
    let example = parse(EXAMPLE, &[]).unwrap();
    assert_eq!(example.planning_groups.len(), 2);
    assert_eq!(example.planning_groups[0].average_handle_time, Some(Span::from_seconds(420)));
    let defaults = shop_with("", &[]);
    assert_eq!(example.windows, defaults.windows);
    assert_eq!(example.retention, defaults.retention);
    assert_eq!(example.listen, defaults.listen);
    assert_eq!(example.publish_every, defaults.publish_every);
    assert_eq!(example.replay_every, defaults.replay_every);
}

#[test]
fn what_nobody_says_is_as_the_contract_has_it() {
    let settings = shop_with("", &[]);
    assert_eq!(settings.log, Log::Embedded { path: "./journeycast-data".into() });
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
    let topics: Vec<&str> = settings.sources.iter().map(|source| &*source.topic).collect();
    assert_eq!(topics, ["journey.events.v1", "journey.offers.v1", "journey.conversations.v1"]);
    let windows = settings.windows;
    assert_eq!(windows.out_of_orderness, Span::from_seconds(30));
    assert_eq!(windows.grace, Span::from_minutes(10));
    assert_eq!(windows.correction_horizon, Span::from_days(7));
    assert_eq!(windows.max_clock_ahead, Span::from_minutes(10));
    assert_eq!(windows.source_idle_after, Span::from_seconds(60));
    assert_eq!((settings.publish_every, settings.commit_every), (Span::from_seconds(5), Span::from_millis(50)));
    assert_eq!(
        (settings.retention.adjustments, settings.retention.set_aside),
        (Span::from_days(400), Span::from_days(30))
    );
    assert!(!settings.conversations_feed);
    let unit = &settings.business_units[0];
    assert_eq!((unit.interval, unit.start_day_of_week), (Span::from_minutes(15), jiff::civil::Weekday::Monday));
    assert_eq!(unit.zone.iana_name(), Some("Europe/Dublin"));
}

#[test]
fn an_entry_of_a_list_takes_what_it_does_not_say_from_the_defaults_and_the_rest_from_itself() {
    let group = r#"
        [[business_unit]]
        id = "bu-2"
        organization_id = "org-1"
        time_zone = "America/New_York"
        start_day_of_week = "sunday"
        interval = "30m"
        [[planning_group]]
        id = "pg-2"
        business_unit = "bu-2"
        action_maps = [{ id = "a" }, { id = "b", version = 0, reach = 0 }, { id = "c", reach = 0.25 }]
        route_paths = [{ queue = "q", media_type = "Message", skills = ["z", "a", "z"] }]
    "#;
    let settings = shop_with(group, &[]);
    let maps: Vec<_> =
        settings.planning_groups[0].action_maps.iter().map(|map| (&*map.id, map.version, map.reach)).collect();
    assert_eq!(maps, [("a", None, 1.0), ("b", Some(0), 0.0), ("c", None, 0.25)]);
    let path = &settings.planning_groups[0].route_paths[0];
    assert_eq!((&*path.media_type, &path.skills[..]), ("message", &["a".into(), "z".into()][..]));
    let unit = &settings.business_units[0];
    assert_eq!((unit.interval, unit.start_day_of_week), (Span::from_minutes(30), jiff::civil::Weekday::Sunday));
}

#[test]
fn a_planning_group_has_the_goals_that_it_says_and_no_others() {
    let goals = |said: &str| {
        let settings = parse(&format!("{SHOP}{said}"), &[]).unwrap_or_else(|error| panic!("{error}"));
        settings.planning_groups[0].goals
    };
    assert_eq!(goals(""), None);
    let level = LevelGoal { share: 0.8, within_seconds: 20.0, definition: ServiceLevel::AnsweredOfOffered };
    let shop = goals("goals = { service_level = 0.8, within = \"20s\" }");
    assert_eq!(shop, Some(Goals { service_level: Some(level), ..Goals::default() }));
    let all = "[planning_group.goals]
        service_level = 0.8
        within = \"20s\"
        service_level_definition = \"of_answered\"
        average_speed_of_answer = \"1500ms\"
        max_abandon = 0.05
        max_occupancy = 1
        mean_patience = \"2m\"
        shrinkage = 0";
    let expected = Goals {
        service_level: Some(LevelGoal { definition: ServiceLevel::OfAnswered, ..level }),
        asa_seconds: Some(1.5),
        max_abandon: Some(0.05),
        max_occupancy: Some(1.0),
        patience_seconds: Some(120.0),
        shrinkage: 0.0,
    };
    assert_eq!(goals(all), Some(expected));
    let said = settings::check(EXAMPLE, "journeycast.toml", variables(&[])).unwrap();
    assert!(said.contains("\nrequired agents: said of pg-web-sales (Erlang A)\n"), "{said}");
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let file = "[windows]\ngrace = \"5m\"\nmax_clock_ahead = \"1m\"";
    let environment = [
        ("JOURNEYCAST__WINDOWS__GRACE", "2m"),
        ("JOURNEYCAST__HTTP__LISTEN", "0.0.0.0:0"),
        ("JOURNEYCAST__CONVERSATIONS__FEED", "true"),
        ("JOURNEYCAST_DEMO", "not ours"),
        ("PATH", "/bin"),
    ];
    let settings = shop_with(file, &environment);
    assert_eq!(settings.windows.grace, Span::from_minutes(2));
    assert_eq!(settings.windows.max_clock_ahead, Span::from_minutes(1));
    assert_eq!(settings.windows.out_of_orderness, Span::from_seconds(30));
    assert_eq!(settings.listen.to_string(), "0.0.0.0:0");
    assert!(settings.conversations_feed);
}

#[test]
fn a_worker_on_kafka_takes_its_name_and_its_secrets_from_the_environment() {
    let file = r#"
        [log]
        kind = "kafka"
        [log.kafka]
        bootstrap_servers = "127.0.0.1:9092"
        group = "journeycast-accept"
        client = { "session.timeout.ms" = "3000", "sasl.password_file" = "./secret" }
        [keys]
        key_file = "./master.key"
    "#;
    let environment = [
        ("JOURNEYCAST__LOG__KAFKA__INSTANCE", "0"),
        ("JOURNEYCAST__LOG__KAFKA__CLIENT__SECURITY_PROTOCOL", "PLAINTEXT"),
        ("JOURNEYCAST__LOG__KAFKA__CLIENT__SSL_KEY_PASSWORD_FILE", "./other"),
    ];
    let text = format!("{file}{SHOP}");
    let settings = Settings::parse(&text, "/etc/journeycast/a.toml", variables(&environment)).unwrap();
    let Log::Kafka { group, instance, client, .. } = &settings.log else { panic!("{:?}", settings.log) };
    assert_eq!((&**group, instance.as_deref()), ("journeycast-accept", Some("0")));
    let setting = |name: &str, value| ClientSetting { name: name.into(), value };
    assert_eq!(
        *client,
        [
            setting("sasl.password", ClientValue::File("/etc/journeycast/./secret".into())),
            setting("security.protocol", ClientValue::Text("PLAINTEXT".into())),
            setting("session.timeout.ms", ClientValue::Text("3000".into())),
            setting("ssl.key.password", ClientValue::File("./other".into())),
        ]
    );
    assert_eq!(settings.key_file.as_deref(), Some(Path::new("/etc/journeycast/./master.key")));
}

#[test]
fn paths_of_the_file_are_taken_from_its_folder_and_those_of_the_environment_from_where_we_are() {
    let path =
        |environment: &[(&str, &str)]| match Settings::parse(SHOP, "sites/a.toml", variables(environment)).unwrap().log
        {
            Log::Embedded { path } => path,
            Log::Kafka { .. } => panic!("this is no Kafka"),
        };
    assert_eq!(path(&[]), Path::new("sites/./journeycast-data"));
    assert_eq!(path(&[("JOURNEYCAST__LOG__PATH", "data")]), Path::new("data"));
    assert_eq!(path(&[("JOURNEYCAST__LOG__PATH", "/data")]), Path::new("/data"));
}

#[test]
fn a_record_that_does_not_say_whose_it_is_belongs_to_its_topic_or_to_the_only_organization() {
    let second = "[[business_unit]]\nid = \"bu-2\"\norganization_id = \"org-2\"\ntime_zone = \"UTC\"\n";
    let source = |topic: &str, organization: &str| {
        format!("[[source]]\ntopic = \"{topic}\"\norganization_id = \"{organization}\"\n")
    };
    let silent = "[[source]]\ntopic = \"b\"\n";
    for (why, text, of_files, of_b) in [
        ("one organization, no source", String::new(), Some("org-1"), Some("org-1")),
        ("one organization, a silent source", silent.to_owned(), Some("org-1"), Some("org-1")),
        ("two organizations, no source", second.to_owned(), None, None),
        ("two, one of them named", format!("{second}{}", source("a", "org-2")), Some("org-2"), None),
        (
            "two, both sources agree",
            format!("{second}{}{}", source("a", "org-2"), source("b", "org-2")),
            Some("org-2"),
            Some("org-2"),
        ),
        (
            "two, the sources differ",
            format!("{second}{}{}", source("a", "org-1"), source("b", "org-2")),
            None,
            Some("org-2"),
        ),
        ("two, one source is silent", format!("{second}{}{silent}", source("a", "org-1")), None, None),
    ] {
        let settings = shop_with(&text, &[]);
        assert_eq!(settings.organization_for_files().as_deref(), of_files, "{why}");
        assert_eq!(settings.organization_for_topic("b").as_deref(), of_b, "{why}");
    }
}

#[test]
fn check_says_what_is_counted_what_is_not_known_and_what_is_assumed() {
    let said = settings::check(SHOP, "journeycast.toml", variables(&[])).unwrap();
    for line in [
        "journeycast.toml: ok",
        "1 organization, 1 business unit, 1 planning group, 0 action maps, 0 route paths, 0 page classes",
        "log: on this machine, in ./journeycast-data",
        "sources: journey.events.v1, journey.offers.v1, journey.conversations.v1",
        "not known: what was queued, for no conversation feed is connected ([conversations] feed = false)",
        "not known: which offers lead to pg-shop, for no action map is listed there",
        "no policy: nothing is regulated and no consent is asked for",
    ] {
        assert!(said.lines().any(|said| said == line), "{line:?} is missing in\n{said}");
    }
    let without_feed = EXAMPLE.replace("feed = true", "feed = false");
    let said = settings::check(&without_feed, "journeycast.toml", variables(&[])).unwrap();
    assert!(said.contains("assumed: every accepted offer of 1 action map reaches a queue (reach = 1.0)"), "{said}");
    assert!(said.contains("assumed: of the accepted offers of am-pricing version 3, 0.8 reach a queue"), "{said}");
}

#[test]
fn show_says_where_each_value_comes_from_and_never_a_secret() {
    let file = format!(
        "[log.kafka.client]\n\"sasl.password\" = \"hunter2\"\n\"client.id\" = \"a\\\"b\"\n[windows]\ngrace = \"5m\"\n{SHOP}"
    );
    let shown = settings::show(&file, "j.toml", variables(&[("JOURNEYCAST__HTTP__LISTEN", "127.0.0.1:0")])).unwrap();
    for line in [
        "kind = \"embedded\"  # default",
        "grace = \"5m\"  # j.toml:5:9",
        "listen = \"127.0.0.1:0\"  # JOURNEYCAST__HTTP__LISTEN",
        "\"client.id\" = \"a\\\"b\"  # j.toml:3:15",
        "interval = \"15m\"  # default",
        "id = \"bu-shop\"  # j.toml:8:6",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line:?} is missing in\n{shown}");
    }
    assert!(!shown.contains("hunter2"), "{shown}");
    let settings = parse(&file, &[]).unwrap();
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn what_show_prints_is_a_configuration_that_means_the_same() {
    for text in [EXAMPLE.to_owned(), SHOP.to_owned()] {
        let shown = settings::show(&text, "j.toml", variables(&[])).unwrap();
        assert_eq!(parse(&shown, &[]), parse(&text, &[]), "{shown}");
    }
}

#[test]
fn the_schema_takes_what_is_sound_and_refuses_a_key_that_is_misspelled() {
    let schema: serde_json::Value = serde_json::from_str(&settings::schema()).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let json =
        |text: &str| -> serde_json::Value { serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap() };
    for text in [EXAMPLE, SHOP] {
        let errors: Vec<String> = validator.iter_errors(&json(text)).map(|error| error.to_string()).collect();
        assert_eq!(errors, [] as [String; 0]);
    }
    for wrong in [
        "[windows]\ngraec = \"10m\"",
        "[windows]\ngrace = \"10\"",
        "[[page_class]]\nid = \"a\"",
        "[log]\nkind = \"kafak\"",
    ] {
        assert!(!validator.is_valid(&json(&format!("{wrong}\n{SHOP}"))), "{wrong}");
    }
    assert!(!validator.is_valid(&json("")), "a business unit and a planning group must be there");
    let grace = &schema["properties"]["windows"]["properties"]["grace"];
    assert_eq!(grace["default"], "10m");
    assert_eq!(grace["description"], "How long an interval stays open past its end.");
}
