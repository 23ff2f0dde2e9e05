//! A schema registry: the schema of what is said gets a number there, which stands before every value.

use std::time::Duration;

use serde::Deserialize;
use ureq::Agent;

use super::KafkaTrouble;
use crate::wire::standing_alone;

/// What is registered, without data classes: the file of `proto/` whose first message the values are.
const SCHEMA: &str = include_str!("../../../proto/journeycast/v1/volume_adjustment.proto");
/// What registries take and give.
const MEDIA_TYPE: &str = "application/vnd.schemaregistry.v1+json";
/// How long the registry may take.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, Deserialize)]
struct Registered {
    id: u32,
}

/// The number of our schema for the values of a topic; asking twice gives the same.
///
/// # Errors
///
/// Where the registry does not answer, or refuses the schema.
pub(super) fn number_of(url: &str, topic: &str) -> Result<u32, KafkaTrouble> {
    let trouble = |why: String| KafkaTrouble::Registry { url: url.to_owned(), why };
    let body = serde_json::json!({ "schemaType": "PROTOBUF", "schema": standing_alone(SCHEMA) }).to_string();
    let address = format!("{}/subjects/{topic}-value/versions", url.trim_end_matches('/'));
    let config = Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false).proxy(None).build();
    let asked = Agent::new_with_config(config).post(&address).content_type(MEDIA_TYPE).send(body);
    let mut answer = asked.map_err(|error| trouble(error.to_string()))?;
    let status = answer.status();
    let said = answer.body_mut().read_to_string().map_err(|error| trouble(error.to_string()))?;
    if !status.is_success() {
        return Err(trouble(format!("it answers {status}: {}", said.chars().take(300).collect::<String>())));
    }
    serde_json::from_str::<Registered>(&said).map(|found| found.id).map_err(|error| trouble(error.to_string()))
}
