//! What single tags say: addresses, handlers, the site, and what the page was made with.

use base64::Engine as _;

use super::tag::{Attributes, Content, addresses, attribute, content_of};
use super::walker::Walker;
use crate::snippet::address::{Address, contains_ignoring_case, is_uuid, parameter};
use crate::snippet::anchors::has_anchor;
use crate::snippet::container::saw_configuration;
use crate::snippet::details::{self, field_of};
use crate::snippet::evidence::{Clue, Field, How, Inert, Standing};
use crate::snippet::scan::scan;
use crate::snippet::signature::{Named, Region, SignatureKind, signatures};

impl Walker<'_> {
    /// What a tag says by itself.
    pub fn tag(&self, name: &str, attributes: &Attributes, line: u64) {
        let line = self.line(line);
        match name {
            "script" => self.script_tag(attributes, line),
            "iframe" | "frame" | "embed" | "object" => self.frame(attributes, line),
            "link" => self.link(attributes, line),
            "meta" => self.meta(attributes),
            "base" => self.site(attribute(attributes, "href")),
            _ => {}
        }
        if matches!(name, "script" | "link" | "img")
            && let Some(cms) = attribute(attributes, "src")
                .or(attribute(attributes, "href"))
                .and_then(|it| Named::among(&signatures().cms, it))
        {
            self.evidence.borrow_mut().cms.extend(static_name(cms));
        }
        self.signature_attributes(name, attributes, line);
        self.kept_in_attributes(attributes, line);
        for (handler, code) in attributes {
            let is_script = handler.starts_with("on")
                || handler == "href" && code.trim_start().to_ascii_lowercase().starts_with("javascript:");
            if is_script && has_anchor(code.as_bytes()) {
                let mut setting = self.setting.on_one_line(self.here(), line);
                setting.how = How::Handler;
                scan(&mut self.evidence.borrow_mut(), code, &setting);
            }
        }
    }

    /// Attributes of any tag: a configuration that a script reads, or markup that is only kept.
    fn kept_in_attributes(&self, attributes: &Attributes, line: u64) {
        let said = |wanted: Field| {
            attributes.iter().filter(move |(name, _)| field_of(name) == Some(wanted)).map(|it| it.1.trim())
        };
        let has_deployment = said(Field::Deployment).any(is_uuid);
        let configures = has_deployment && said(Field::Region).any(|value| Region::named(value).is_some());
        if configures && attribute(attributes, "src").is_none() {
            let setting = self.setting.inner(self.here(), line);
            let mut evidence = self.evidence.borrow_mut();
            let block = evidence.next_block();
            details::of_attributes(&mut evidence, attributes, block, setting.standing.is_inert());
            saw_configuration(&mut evidence, &setting, block, line);
        }
        for (key, value) in attributes.iter().filter(|(key, _)| key != "srcdoc" && !key.starts_with("on")) {
            if !has_anchor(value.as_bytes()) {
                continue;
            }
            if contains_ignoring_case(value, "<script") {
                self.in_attribute(value, Standing::Inert(Inert::Text), line);
            } else if value.trim_start().starts_with('{') && key.starts_with("data") {
                let mut setting = self.setting.on_one_line(self.here(), line);
                setting.how = How::Data;
                scan(&mut self.evidence.borrow_mut(), value, &setting);
            }
        }
    }

    fn script_tag(&self, attributes: &Attributes, line: u64) {
        if attribute(attributes, "data-blockingmode").is_some_and(|mode| mode.eq_ignore_ascii_case("auto")) {
            self.inside.borrow_mut().auto_blocks = true;
        }
        if attribute(attributes, "src").is_some_and(|src| src.contains("babel")) {
            self.inside.borrow_mut().compiles = true;
        }
        let auto_blocks = self.inside.borrow().auto_blocks;
        let standing = match content_of(attributes, auto_blocks) {
            Content::Script(standing) => standing,
            Content::Data { .. } => Standing::Inert(Inert::TypeNeverRuns),
            Content::Template => Standing::Inert(Inert::Template),
        };
        // A script tag without `src` whose address waits elsewhere, of a type that runs, is filled in after consent.
        let waits = signatures().consent.attribute_among(attributes).filter(|_| attribute(attributes, "src").is_none());
        let standing = match (standing, waits) {
            (Standing::Runs, Some(mark)) if !signatures().consent.is_always(attributes) => {
                Standing::AfterConsent(format!("its address waits for a consent manager (`{mark}`)"))
            }
            (standing, _) => standing,
        };
        for address in addresses(attributes) {
            self.address(address, attributes, &standing, line);
        }
    }

    fn address(&self, text: &str, attributes: &Attributes, standing: &Standing, line: u64) {
        if let Some(code) = inlined(text) {
            let setting = self.setting.on_one_line(standing.clone().within(&self.here()), line);
            return scan(&mut self.evidence.borrow_mut(), &code, &setting);
        }
        let Some(address) = Address::of(text) else { return };
        let standing = standing.clone().within(&self.here()).within(&self.setting.standing);
        let mut evidence = self.evidence.borrow_mut();
        if !standing.is_inert() {
            if let Some(host) = address.host {
                evidence.loads_from(host, line);
            }
            if let Some(manager) = Named::among(&signatures().manager, text) {
                let ids = evidence.managers.entry(manager).or_default();
                ids.extend(parameter(address.query, "id").map(str::to_owned));
                evidence.starts(manager, text);
            }
        }
        let Some(signature) = address.signature() else {
            if !standing.is_inert() {
                evidence.brings(text);
            }
            return;
        };
        let block = evidence.next_block();
        details::of_attributes(&mut evidence, attributes, block, standing.is_inert());
        details::of_address(&mut evidence, &address, block, standing.is_inert());
        evidence.saw(Clue {
            signature,
            standing,
            how: if self.setting.how == How::TagManager { How::TagManager } else { How::Tag },
            line,
            part: self.setting.part.clone(),
            quote: text.chars().take(120).collect(),
            host: address.host.map(str::to_owned),
            block,
        });
    }

    fn frame(&self, attributes: &Attributes, line: u64) {
        for name in ["src", "data", "data-src"] {
            if let Some(address) = attribute(attributes, name) {
                self.address(address, attributes, &Standing::Runs, line);
            }
        }
        if let Some(page) = attribute(attributes, "srcdoc") {
            self.in_attribute(page, self.here(), line);
        }
    }

    /// A link may fetch ahead, which runs nothing, or name the site.
    fn link(&self, attributes: &Attributes, line: u64) {
        let rel = attribute(attributes, "rel").unwrap_or("").to_ascii_lowercase();
        let Some(href) = attribute(attributes, "href") else { return };
        if rel.split_ascii_whitespace().any(|word| matches!(word, "preload" | "modulepreload" | "prefetch")) {
            self.address(href, attributes, &Standing::Inert(Inert::Preload), line);
        } else if rel == "canonical" {
            self.site(Some(href));
        }
    }

    fn meta(&self, attributes: &Attributes) {
        let content = attribute(attributes, "content").unwrap_or("");
        if attribute(attributes, "name").is_some_and(|name| name.eq_ignore_ascii_case("generator")) {
            let cms = Named::among(&signatures().cms, &format!("generator={content}"));
            self.evidence.borrow_mut().cms.extend(cms.and_then(static_name));
        }
        let refreshes = attribute(attributes, "http-equiv").is_some_and(|it| it.eq_ignore_ascii_case("refresh"));
        let target = content.split_once('=').map(|it| it.1.trim().trim_matches(['\'', '"']));
        if let Some(target) = target.filter(|target| refreshes && !target.is_empty() && self.setting.depth == 0) {
            self.evidence.borrow_mut().sends_on.insert(target.to_owned());
        }
        if attribute(attributes, "property").is_some_and(|name| name.eq_ignore_ascii_case("og:url")) {
            self.site(Some(content));
        }
        // A script of the page may read its configuration from here.
        let named = attribute(attributes, "name").map(|name| [(name.to_owned(), content.to_owned())]);
        if let Some(named) = named.filter(|[(name, _)]| field_of(name) == Some(Field::Deployment)) {
            let mut evidence = self.evidence.borrow_mut();
            let block = evidence.next_block();
            details::of_attributes(&mut evidence, &named, block, self.here().is_inert());
        }
    }

    fn site(&self, address: Option<&str>) {
        let host = address.and_then(Address::of).and_then(|address| address.host.map(str::to_ascii_lowercase));
        if self.setting.depth == 0 {
            self.evidence.borrow_mut().sites.extend(host);
        }
    }

    fn signature_attributes(&self, name: &str, attributes: &Attributes, line: u64) {
        if !matches!(name, "script" | "iframe" | "div") {
            return;
        }
        for signature in signatures().signature.iter().filter(|it| it.kind == SignatureKind::Attribute) {
            let bears = |pattern: &String| match pattern.split_once('=') {
                Some((wanted, value)) => attribute(attributes, wanted) == Some(value),
                None => attribute(attributes, pattern).is_some(),
            };
            if !signature.any.iter().any(bears) {
                continue;
            }
            let standing = match (name, content_of(attributes, false)) {
                ("script", Content::Script(standing)) => standing,
                _ => Standing::Runs,
            };
            let standing = standing.within(&self.here()).within(&self.setting.standing);
            let mut evidence = self.evidence.borrow_mut();
            let block = evidence.next_block();
            details::of_attributes(&mut evidence, attributes, block, standing.is_inert());
            let host = attributes.iter().find_map(|(_, value)| Address::of(value)?.host.map(str::to_owned));
            let (part, how) = (self.setting.part.clone(), How::Tag);
            let quote = format!("<{name} {}>", signature.any.first().map_or("", String::as_str));
            evidence.saw(Clue { signature, standing, how, line, part, quote, host, block });
        }
    }
}

fn static_name(name: &str) -> Option<&'static str> {
    signatures().cms.iter().map(|cms| cms.name.as_str()).find(|known| *known == name)
}

/// The script in a `data:` address.
fn inlined(address: &str) -> Option<String> {
    let (kind, content) = address.strip_prefix("data:")?.split_once(',')?;
    if !kind.contains("javascript") {
        return None;
    }
    if !kind.ends_with("base64") {
        return Some(percent_decoded(content));
    }
    let bytes = base64::engine::general_purpose::STANDARD.decode(content.trim()).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digits = (byte == b'%').then(|| rest.as_slice_hex()).flatten();
        bytes.push(digits.unwrap_or(byte));
        if digits.is_some() {
            rest.nth(1);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

trait Ahead {
    fn as_slice_hex(&self) -> Option<u8>;
}

impl Ahead for std::str::Bytes<'_> {
    fn as_slice_hex(&self) -> Option<u8> {
        let mut ahead = self.clone();
        let digits = [ahead.next()?, ahead.next()?];
        u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()
    }
}
