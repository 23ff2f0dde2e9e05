//! `--fetch-config`: what a deployment's public configuration says is asked for once, and turns the answer.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;

use journeycast::io::deployments::{Origin, configure};
use journeycast::snippet::{Audit, Tracking, audit};

const ID: &str = "0aa1b2c3-d4e5-46f7-8899-aabbccddeeff";

fn page(id: &str) -> Audit {
    let page = format!(
        "<link rel=canonical href=https://shop.example/><script>window._genesysJs='Genesys';var c={{environment:'prod-euw2',\
         deploymentId:'{id}'}};var s=document.createElement('script');\
         s.src='https://apps.euw2.pure.cloud/genesys-bootstrap/genesys.min.js';document.head.append(s)</script>"
    );
    audit("page.html", page.as_bytes(), None, None)
}

/// A stand-in for Genesys that answers by path; gives its address and the requests that came.
fn stand_in(answer: impl Fn(&str) -> String + Send + 'static) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it listens");
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut request = [0; 4_096];
            let length = stream.read(&mut request).unwrap_or(0);
            let said = String::from_utf8_lossy(&request[..length]).into_owned();
            let path = said.split(' ').nth(1).unwrap_or("").to_owned();
            if tell.send(said).is_err() || stream.write_all(answer(&path).as_bytes()).is_err() {
                return;
            }
        }
    });
    (format!("http://{address}"), told)
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

#[test]
fn a_deployment_is_asked_for_once_under_our_name_however_many_pages_bear_it() {
    let (address, requests) = stand_in(|path| {
        ok(if path.ends_with("config.json") {
            r#"{"version":"7","status":"Active","messenger":{"enabled":true},"journeyEvents":{"enabled":false}}"#
        } else {
            r#"{"allowAllDomains":true,"allowedDomains":[]}"#
        })
    });
    let mut audits = [page(ID), page(ID)];
    assert_eq!(configure(&mut audits, &Origin::StandIn(address)), Vec::<String>::new());
    let asked: Vec<String> = requests.try_iter().collect();
    let paths: Vec<&str> = asked.iter().map(|request| request.split(' ').nth(1).unwrap_or("")).collect();
    let below = format!("/webdeployments/v1/deployments/{ID}");
    assert_eq!(paths, [format!("{below}/config.json"), format!("{below}/domains.json")]);
    assert!(asked.iter().all(|request| request.to_lowercase().contains("user-agent: journeycast/")), "{asked:?}");
    for audit in &audits {
        let finding = &audit.findings[0];
        assert_eq!((audit.tracking(), finding.tracking), (Tracking::No, Tracking::No));
        let said = finding.configuration.as_ref().expect("it was asked for");
        assert_eq!((said["journey_events"].as_bool(), said["version"].as_str()), (Some(false), Some("7")));
        let evidence = &finding.sentences[0].evidence;
        assert!(evidence.iter().any(|it| it.contains("api-cdn.euw2.pure.cloud")), "{evidence:?}");
    }
}

#[test]
fn a_site_that_the_deployment_does_not_admit_is_not_tracked() {
    let (address, _requests) = stand_in(|path| {
        ok(if path.ends_with("config.json") {
            r#"{"status":"Active","journeyEvents":{"enabled":true,"pageviewConfig":"Auto"}}"#
        } else {
            r#"{"allowAllDomains":false,"allowedDomains":["other.example"]}"#
        })
    });
    let mut audits = [page(ID)];
    assert!(configure(&mut audits, &Origin::StandIn(address)).is_empty());
    assert!(audits[0].findings[0].sentences[0].says.contains("does not admit shop.example"));
}

#[test]
fn what_genesys_does_not_answer_is_named_and_no_redirection_is_followed() {
    let other = "00000000-d4e5-46f7-8899-aabbccddeeff";
    let (address, requests) = stand_in(move |path| {
        if path.contains(other) {
            "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()
        } else {
            "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()
        }
    });
    let mut audits = [page(ID), page(other)];
    let failed = configure(&mut audits, &Origin::StandIn(address));
    assert!(failed.len() == 2 && failed[0].contains("status: the server answered 403"), "{failed:?}");
    assert!(failed[1].contains("no_configuration"), "{failed:?}");
    assert!(requests.try_iter().all(|request| !request.contains("elsewhere")));
    assert_eq!(audits[0].tracking(), Tracking::Yes);
}
