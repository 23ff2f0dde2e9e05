//! HAR files: what a browser asked for, and the pages and containers that it was given.

use base64::Engine as _;

use super::address::{Address, is_genesys_host};
use super::anchors::has_anchor;
use super::details;
use super::evidence::{Clue, Evidence, How, Setting};
use super::literal::Literal;
use super::page::{Looking, read_page};
use super::shown::shown_address;
use super::signature::{Named, signatures};

/// Whether this is a HAR file.
pub fn entries(root: &Literal) -> Option<&[Literal]> {
    root.get("log").and_then(|log| log.get("entries")).map(Literal::items)
}

/// Reads the entries of a HAR file. `read_script` reads the text of a script or of data.
pub fn read_entries(evidence: &mut Evidence, entries: &[Literal], read_script: &dyn Fn(&mut Evidence, &str, &Setting)) {
    for (number, entry) in entries.iter().enumerate() {
        let Some(url) = entry.get("request").and_then(|request| request.text_at("url")) else { continue };
        let line = entry.get("request").and_then(|request| request.get("url")).and_then(Literal::line).unwrap_or(1);
        let part = format!("{} (entry {number} of the recording)", shown_address(url));
        let Some(address) = Address::of(url) else { continue };
        if let Some(host) = address.host {
            evidence.loads_from(host, line);
        }
        let blocked =
            entry.get("response").and_then(|response| response.get("status")).and_then(Literal::index) == Some(0);
        if blocked {
            continue;
        }
        request(evidence, url, &address, line, &part);
        if !address.is_genesys() {
            response(evidence, entry, url, &address, &part, read_script);
        }
    }
}

fn request(evidence: &mut Evidence, url: &str, address: &Address<'_>, line: u64, part: &str) {
    if let Some(manager) = Named::among(&signatures().manager, url) {
        let id = super::address::parameter(address.query, "id").map(str::to_owned);
        evidence.managers.entry(manager).or_default().extend(id);
        evidence.starts(manager, url);
    }
    let Some(signature) = address.signature() else { return };
    let block = evidence.next_block();
    details::of_address(evidence, address, block, false);
    evidence.saw(Clue {
        signature,
        standing: super::evidence::Standing::Runs,
        how: How::Request,
        line,
        part: Some(format!("the request for {part}")),
        quote: shown_address(url).split('?').next().unwrap_or_default().chars().take(120).collect(),
        host: address.host.map(str::to_owned),
        block,
    });
}

/// What came back, where it is a page, a script of somebody else, or a container.
fn response(
    evidence: &mut Evidence,
    entry: &Literal,
    url: &str,
    address: &Address<'_>,
    part: &str,
    read_script: &dyn Fn(&mut Evidence, &str, &Setting),
) {
    let Some(content) = entry.get("response").and_then(|response| response.get("content")) else { return };
    let kind = content.text_at("mimeType").unwrap_or("").to_ascii_lowercase();
    let is_page = kind.contains("html");
    if is_page && let Some(host) = address.host.filter(|host| !is_genesys_host(host)) {
        evidence.sites.insert(host.to_ascii_lowercase());
    }
    let Some(text) = content.text_at("text") else { return };
    evidence.answered.insert(url.to_owned());
    let decoded = (content.text_at("encoding") == Some("base64"))
        .then(|| base64::engine::general_purpose::STANDARD.decode(text.trim()).ok())
        .flatten();
    let bytes = decoded.as_deref().unwrap_or(text.as_bytes());
    let mut setting = Setting::top(How::ScriptFile);
    setting.part = Some(format!("the answer of {part}"));
    if is_page {
        setting.how = How::InlineScript;
        read_page(evidence, bytes, &setting, &Looking::ForSnippets);
    } else if (kind.contains("javascript") || kind.contains("ecmascript")) && has_anchor(bytes) {
        read_script(evidence, &String::from_utf8_lossy(bytes), &setting);
    }
}
