//! Cited: on which lines of an input the id and the region of a finding stand, and what stands there in place of an id.

use memchr::memmem;

use super::address::is_uuid;
use super::finding::{Finding, Topic};
use super::signature::Region;

/// Longest line that is repeated.
const LONGEST: usize = 120;

/// Most places of one text that are looked at.
const MOST: usize = 20;

/// Longest text that can be a placeholder.
const LONGEST_ID: usize = 60;

/// Has a finding cite the lines that say whose it is. `text` is the whole input.
pub fn cite(input: &str, finding: &mut Finding, text: &str) {
    let near = finding.places.first().map_or(1, |place| place.line);
    let ids = finding.deployment_id.iter().chain(&finding.organization_id);
    let mut places: Vec<usize> = ids.filter_map(|id| nearest(text, std::slice::from_ref(id), near)).collect();
    places.extend(finding.region.as_ref().filter(|region| region.read_from == "configuration").and_then(|region| {
        let known = Region::named(&region.environment);
        let names = known.map(|it| [&it.environment, &it.alias, &it.aws, &it.domain]);
        let names: Vec<&String> = names.map_or_else(|| vec![&region.environment], |names| names.to_vec());
        let quoted: Vec<String> = names.iter().flat_map(|name| [format!("'{name}'"), format!("\"{name}\"")]).collect();
        nearest(text, &quoted, near)
    }));
    places.dedup_by_key(|at| line_at(text, *at));
    let cited: Vec<String> = places.into_iter().map(|at| line_of(input, text, at)).collect();
    let placeholder = placeholder(finding, text);
    let Some(whose) = finding.sentences.iter_mut().find(|sentence| sentence.topic == Topic::Whose) else { return };
    if !cited.is_empty() {
        let is_of_host = finding.region.as_ref().is_some_and(|region| region.read_from != "configuration");
        let kept = whose.evidence.drain(..).filter(|_| is_of_host).collect::<Vec<_>>();
        whose.evidence = cited.into_iter().chain(kept).collect();
        whose.evidence.dedup();
    }
    if let Some((value, at)) = placeholder {
        let filled_in = ["{{", "{%", "<%", "${", "#{"].iter().any(|mark| value.contains(mark));
        let why = if filled_in {
            "something fills it in before the page is sent, and it is not in this input"
        } else {
            "a placeholder, and no deployment has it"
        };
        whose.says.push_str(&format!(" Where its deployment id should stand it says `{value}`: {why}."));
        whose.evidence.push(line_of(input, text, at));
        let next = finding.sentences.iter_mut().find(|sentence| sentence.topic == Topic::Next);
        if let Some(next) = next.filter(|_| !filled_in) {
            next.says =
                "Put the id of a deployment in, or take the snippet out: as it stands no deployment has its id."
                    .to_owned();
        }
    }
}

/// Where one of these texts stands, nearest to a line.
fn nearest(text: &str, wanted: &[String], near: u64) -> Option<usize> {
    let found = wanted.iter().flat_map(|it| memmem::find_iter(text.as_bytes(), it.as_bytes()).take(MOST));
    found.min_by_key(|at| line_at(text, *at).abs_diff(near))
}

fn line_at(text: &str, at: usize) -> u64 {
    memchr::memchr_iter(b'\n', text.as_bytes().get(..at).unwrap_or_default()).count() as u64 + 1
}

/// A line as evidence; of a long one, what stands around the place.
fn line_of(input: &str, text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let mut from = if at - start < LONGEST / 2 { start } else { start.max(at.saturating_sub(LONGEST / 3)) };
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let rest = text.get(from..).unwrap_or_default();
    let quote: String = rest.chars().take_while(|letter| !matches!(letter, '\n' | '\r')).take(LONGEST).collect();
    format!("{input}:{}: {}", line_at(text, at), quote.trim())
}

/// What stands in place of the deployment's id, and where.
fn placeholder(finding: &Finding, text: &str) -> Option<(String, usize)> {
    let takes_id = finding.product.listed_under.is_some() && finding.deployment_id.is_none();
    let keys = || ["deploymentId", "deployment-id", "deploymentid"].iter();
    let found = keys()
        .filter(|_| takes_id)
        .flat_map(|key| memmem::find_iter(text.as_bytes(), key.as_bytes()).take(MOST).map(|at| (at, at + key.len())));
    found.into_iter().find_map(|(at, behind)| {
        let rest = text.get(behind..)?.trim_start_matches(['\'', '"', ' ', '\t']);
        let value = rest.strip_prefix([':', '='])?.trim_start();
        let quote = value.chars().next().filter(|letter| matches!(letter, '\'' | '"'))?;
        let (value, _) = value.get(1..)?.split_once(quote)?;
        let fits = !value.trim().is_empty() && value.len() <= LONGEST_ID && !is_uuid(value) && !value.contains('\n');
        fits.then(|| (value.to_owned(), at))
    })
}
