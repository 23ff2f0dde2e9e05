//! Values in the wire format of a schema registry; a stand-in for one gives out numbers, Kafka is the real one.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use journeycast::simulate::{Dice, Pathologies, SitePlan};
use rdkafka::message::Message;

use super::cluster::{Cluster, REVISIONS, ROWS, shared, shuffled};
use crate::installation::said;

const RUN: [&str; 4] = ["run", "--config", "journeycast.toml", "--until-caught-up"];

/// A registry that gives each subject a number of its own; its address, and what it was asked.
fn registry() -> (String, Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = format!("http://{}", listener.local_addr().expect("it is bound"));
    let (told, asked) = channel();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream);
            let (mut first, mut length) = (String::new(), 0);
            reader.read_line(&mut first).expect("it is a request");
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).expect("it has a head");
                let line = line.trim().to_lowercase();
                if let Some(text) = line.strip_prefix("content-length:") {
                    length = text.trim().parse().expect("it is a length");
                }
                if line.is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("it is as long as it says");
            let id = if first.contains(REVISIONS) { 8 } else { 7 };
            let answer = format!("{{\"id\":{id}}}");
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length";
            write!(reader.get_mut(), "{head}: {}\r\n\r\n{answer}", answer.len()).expect("it is heard");
            told.send((first, String::from_utf8(body).expect("it is text"))).unwrap_or_default();
        }
    });
    (address, asked)
}

#[test]
fn with_a_registry_every_value_stands_under_its_schemas_number_and_a_topic_never_holds_two_formats() {
    let Some(broker) = shared() else { return };
    let servers = broker.servers();
    let plan =
        SitePlan { seed: 3, days: 0.4, visits_per_day: 200.0, pathologies: Pathologies::NONE, ..SitePlan::default() };
    let (cluster, mut dice) = (Cluster::of(servers, &plan, ""), Dice::new(8, &[]));
    let records = shuffled(plan, &mut dice);
    cluster.send(&records, &mut dice);
    let plain = std::fs::read_to_string(cluster.site.path("journeycast.toml")).expect("it is there");
    let (address, asked) = registry();
    let with_registry = format!("{plain}\n[schema_registry]\nurl = \"{address}\"\n");
    cluster.site.put("journeycast.toml", with_registry.as_bytes());
    cluster.catch_up();
    let (first, body) = asked.recv().expect("it was asked");
    assert!(first.starts_with(&format!("POST /subjects/{ROWS}-value/versions ")), "{first}");
    let body: serde_json::Value = serde_json::from_str(&body).expect("it is JSON");
    assert_eq!(body["schemaType"], "PROTOBUF");
    assert!(body["schema"].as_str().is_some_and(|schema| schema.contains("message VolumeAdjustment")));
    for (topic, number) in [(ROWS, 7), (REVISIONS, 8)] {
        let mut n = 0;
        cluster.read(topic, |message| {
            let value = message.payload().unwrap_or_default();
            assert_eq!(value.get(..6), Some([0, 0, 0, 0, number, 0].as_slice()));
            n += 1;
        });
        assert!(n > 5, "{topic}");
    }
    assert_eq!(cluster.tailed(), cluster.replayed(&records));
    cluster.catch_up();
    cluster.site.put("journeycast.toml", plain.as_bytes());
    for words in [&["topics", "check", "--config", "journeycast.toml"], &RUN] {
        let refused = cluster.site.perform(words);
        assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
        assert!(said(&refused).contains("a topic holds one format only; set"), "{}", said(&refused));
    }
}
