//! TLS and SCRAM: whoever has the password from a file comes in, and nobody else learns it.

use journeycast::simulate::{Dice, Pathologies, SitePlan};

use super::broker::{Broker, PASSWORD, USER};
use super::cluster::{Cluster, shuffled};
use crate::installation::said;

const RUN: [&str; 4] = ["run", "--config", "journeycast.toml", "--until-caught-up"];

#[test]
fn a_worker_comes_in_by_tls_with_its_name_and_the_password_of_a_file_and_not_with_another() {
    let Some((broker, address, certificate)) = Broker::secure() else { return };
    let plan =
        SitePlan { seed: 3, days: 0.3, visits_per_day: 200.0, pathologies: Pathologies::NONE, ..SitePlan::default() };
    let (cluster, mut dice) = (Cluster::of(broker.servers(), &plan, ""), Dice::new(9, &[]));
    let records = shuffled(plan, &mut dice);
    cluster.send(&records, &mut dice);
    let path = cluster.site.path("journeycast.toml");
    let plain = std::fs::read_to_string(path).expect("it is there");
    let by_tls = format!(
        "client = {{ \"security.protocol\" = \"SASL_SSL\", \"sasl.mechanism\" = \"SCRAM-SHA-512\", \
         \"sasl.username\" = \"{USER}\", \"sasl.password_file\" = \"./password\", \
         \"ssl.ca.location\" = \"{}\", ",
        certificate.display()
    );
    let secure = plain.replace(broker.servers(), &address).replace("client = { ", &by_tls);
    cluster.site.put("journeycast.toml", secure.as_bytes());
    cluster.site.put("password", b"another-secret\n");
    let refused = cluster.site.perform(&["doctor", "--config", "journeycast.toml"]);
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert!(!said(&refused).contains("another-secret"), "{}", said(&refused));
    let found = String::from_utf8_lossy(&refused.stdout).into_owned();
    assert!(found.contains("SASL authentication error"), "the reason is told: {found}");
    cluster.site.put("password", format!("{PASSWORD}\n").as_bytes());
    let ended = cluster.site.perform(&RUN);
    assert!(ended.status.success(), "{}", said(&ended));
    assert!(!said(&ended).contains(PASSWORD));
    assert_eq!(cluster.tailed(), cluster.replayed(&records));
}
