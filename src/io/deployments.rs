//! Deployments: asks for the public configuration of each Messenger deployment that was found, once, and from Genesys only.

use std::collections::BTreeMap;

use super::fetching::{self, Purpose};
use crate::snippet::{Audit, Configuration, Deployment, Trouble};

/// Longest configuration that is read.
const MOST_BYTES: u64 = 1 << 20;

/// Most deployments that are asked for in one audit.
const MOST_DEPLOYMENTS: usize = 50;

/// Where configurations come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Genesys, at the host of the deployment's region.
    Genesys,
    /// A stand-in at this address.
    StandIn(String),
}

impl Origin {
    fn of(&self, deployment: &Deployment) -> String {
        match self {
            Self::Genesys => deployment.origin(),
            Self::StandIn(address) => address.trim_end_matches('/').to_owned(),
        }
    }
}

/// Asks for the configuration of every deployment that runs, and has the answers taken in. Gives what failed.
pub fn configure(audits: &mut [Audit], origin: &Origin) -> Vec<String> {
    let mut answers: BTreeMap<Deployment, Result<Configuration, Trouble>> = BTreeMap::new();
    let mut failed = Vec::new();
    for audit in audits {
        for finding in &mut audit.findings {
            let Some(deployment) = Deployment::of(finding) else { continue };
            if !answers.contains_key(&deployment) && answers.len() >= MOST_DEPLOYMENTS {
                audit.notes.push(format!("more than {MOST_DEPLOYMENTS} deployments: the rest were not asked for"));
                break;
            }
            let path = deployment.configuration_path();
            let from = format!("{}{path}", deployment.origin());
            let answer = answers.entry(deployment).or_insert_with_key(|deployment| {
                let answer = ask(deployment, origin);
                failed.extend(answer.as_ref().err().map(|trouble| format!("{from}: {}: {trouble}", trouble.name())));
                answer
            });
            finding.configured(&from, answer, &audit.sites);
        }
        audit.findings.sort_by_key(|finding| std::cmp::Reverse(finding.tracking));
    }
    failed
}

fn ask(deployment: &Deployment, origin: &Origin) -> Result<Configuration, Trouble> {
    let base = origin.of(deployment);
    let get = |path: String| fetching::fetch(&format!("{base}{path}"), MOST_BYTES, Purpose::Configuration);
    let read = Configuration::read(&get(deployment.configuration_path())?.bytes).ok_or(Trouble::NoConfiguration)?;
    // The list of sites only narrows the answer: without it, every site is taken to be admitted.
    Ok(match get(deployment.domains_path()) {
        Ok(domains) => read.with_sites(&domains.bytes),
        Err(_) => read,
    })
}
