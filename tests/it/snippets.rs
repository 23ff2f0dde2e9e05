//! Snippets: what is on every page of the corpus, and how often the answer is right.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use journeycast::snippet::{Audit, Finding, audit};

/// What a page is, or what is said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Answer {
    present: bool,
    product: String,
    id: String,
    region: String,
    tracking: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snippets")
}

fn expected() -> BTreeMap<String, Answer> {
    let mut reader = csv::Reader::from_path(folder().join("expected.csv")).expect("the table is there");
    let rows = reader.deserialize().map(|row| row.expect("it is a table"));
    rows.map(|mut row: BTreeMap<String, String>| {
        let mut take = |column: &str| row.remove(column).expect("the column is there");
        let answer = Answer {
            present: take("present") == "yes",
            product: take("product"),
            id: take("id"),
            region: take("region"),
            tracking: take("tracking"),
        };
        (take("page"), answer)
    })
    .collect()
}

/// The id that names the owner: of the deployment, or of the organisation where there is no deployment.
fn id_of(finding: &Finding) -> String {
    let by_organization = matches!(finding.product.id.as_str(), "journey_sdk" | "altocloud");
    let id = if by_organization { &finding.organization_id } else { &finding.deployment_id };
    id.clone().unwrap_or_default()
}

fn answer_of(audit: &Audit) -> Answer {
    let first = audit.findings.first();
    let region = first.and_then(|finding| finding.region.as_ref());
    Answer {
        present: first.is_some(),
        product: audit.findings.iter().map(|finding| finding.product.id.as_str()).collect::<Vec<_>>().join("+"),
        id: first.map(id_of).unwrap_or_default(),
        region: region.map(|it| it.aws.map_or_else(|| it.environment.clone(), str::to_owned)).unwrap_or_default(),
        tracking: audit.tracking().name().to_owned(),
    }
}

fn said() -> BTreeMap<String, Answer> {
    let listed = fs::read_dir(folder().join("pages")).expect("the pages are there");
    let paths = listed.map(|entry| entry.expect("it can be listed").path());
    paths
        .map(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).expect("names are text").to_owned();
            let audit = audit(&name, &fs::read(&path).expect("it can be read"), None, None);
            (name, answer_of(&audit))
        })
        .collect()
}

#[test]
fn every_page_of_the_corpus_is_answered_as_its_table_says() {
    let (expected, said) = (expected(), said());
    assert!(expected.len() >= 60);
    let wrong: Vec<String> = expected
        .iter()
        .filter(|(page, answer)| said.get(*page) != Some(*answer))
        .map(|(page, answer)| format!("{page}\n  is   {answer:?}\n  said {:?}", said.get(page)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(said.len(), expected.len(), "every page has its row");
}

/// Of what is said, how much is right; and of what there is, how much is said.
#[derive(Debug, PartialEq)]
struct Score {
    precision: f64,
    recall: f64,
}

fn score(of: impl Fn(&Answer) -> Option<String>) -> Score {
    let (expected, said) = (expected(), said());
    let (mut right, mut told, mut there) = (0.0, 0.0, 0.0);
    for (page, answer) in &expected {
        let (wanted, found) = (of(answer), said.get(page).and_then(&of));
        there += f64::from(u8::from(wanted.is_some()));
        told += f64::from(u8::from(found.is_some()));
        right += f64::from(u8::from(wanted.is_some() && wanted == found));
    }
    Score { precision: right / told, recall: right / there }
}

#[test]
fn precision_and_recall_of_the_corpus_are_full() {
    let full = Score { precision: 1.0, recall: 1.0 };
    let text = |text: &String| (!text.is_empty()).then(|| text.clone());
    assert_eq!(score(|answer| answer.present.then(|| "present".to_owned())), full, "presence");
    assert_eq!(score(|answer| text(&answer.product)), full, "product");
    assert_eq!(score(|answer| text(&answer.id)), full, "id");
    assert_eq!(score(|answer| text(&answer.region)), full, "region");
    assert_eq!(score(|answer| (answer.tracking == "inert").then(|| "inert".to_owned())), full, "inert");
    let waits = |answer: &Answer| (answer.tracking == "only_after_consent").then(|| "waits".to_owned());
    assert_eq!(score(waits), full, "consent");
}

/// The official snippet, for a deployment whose id ends in this digit.
fn snippet(digit: u8, environment: &str, domain: &str) -> String {
    format!(
        "<script>!function(g,e,n,es,ys){{g._genesysJs=e;g[e]=g[e]||function(){{(g[e].q=g[e].q||[]).push(arguments)}};g[e].c=es;\
         ys=document.createElement('script');ys.src=n;document.head.appendChild(ys)}}(window,'Genesys{digit}',\
         'https://apps.{domain}/genesys-bootstrap/genesys.min.js',{{environment:'{environment}',\
         deploymentId:'0aa1b2c3-d4e5-46f7-8899-aabbccddee0{digit}'}});</script>\n"
    )
}

#[test]
fn a_second_deployment_of_another_region_is_not_lost() {
    let german = snippet(1, "prod-euc1", "mypurecloud.de");
    let american = snippet(2, "prod", "mypurecloud.com");
    let regions = |page: &str| {
        let mut audit = audit("page.html", page.as_bytes(), None, None);
        let finding = audit.findings.remove(0);
        (finding.region.and_then(|region| region.aws).map(str::to_owned), finding.other_regions)
    };
    let central = || Some("eu-central-1".to_owned());
    assert_eq!(regions(&format!("<html>{german}{american}</html>")), (central(), vec!["us-east-1"]));
    assert_eq!(regions(&format!("<html>{german}</html>")), (central(), vec![]));
}
