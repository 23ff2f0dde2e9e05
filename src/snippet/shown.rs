//! Shown: texts and addresses of others as a report may repeat them: no control characters, no passwords, no tokens.

use std::borrow::Cow;

/// What stands in the place of a value that is left out.
const LEFT_OUT: &str = "…";

/// A text in which nothing can command a terminal or feign a line: what is no letter is written as a code.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_command) {
        return Cow::Borrowed(text);
    }
    let mut said = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if is_command(letter) { said.extend(letter.escape_default()) } else { said.push(letter) }
    }
    Cow::Owned(said)
}

/// Controls, ends of lines, and marks that turn the direction of writing.
fn is_command(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// An address without user, password, fragment and the values of its query; the id of a container is no secret.
pub fn shown_address(address: &str) -> String {
    let whole = address.split('#').next().unwrap_or(address);
    let (place, query) = whole.split_once('?').map_or((whole, None), |(place, query)| (place, Some(query)));
    let (scheme, behind) = place.split_once("//").map_or(("", place), |(scheme, behind)| (scheme, behind));
    let (authority, path) = behind.split_at(behind.find('/').unwrap_or(behind.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let mut shown = if scheme.is_empty() && !place.starts_with("//") {
        format!("{host}{path}")
    } else {
        format!("{scheme}//{host}{path}")
    };
    if let Some(query) = query {
        let parts: Vec<String> = query.split('&').map(shown_parameter).collect();
        shown.push('?');
        shown.push_str(&parts.join("&"));
    }
    shown
}

fn shown_parameter(pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, value)) if is_container(value) => format!("{name}={value}"),
        Some((name, _)) => format!("{name}={LEFT_OUT}"),
        None if pair.is_empty() => String::new(),
        None => LEFT_OUT.to_owned(),
    }
}

/// Whether it is the id of a container of Google Tag Manager.
pub fn is_container(value: &str) -> bool {
    let letters = value.strip_prefix("GTM-").unwrap_or("");
    (4..=10).contains(&letters.len()) && letters.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_commands_a_terminal_is_left() {
        assert_eq!(plain("Grüße, 東京"), "Grüße, 東京");
        assert_eq!(plain("a\u{1b}[31mb\nc\u{9b}2J"), "a\\u{1b}[31mb\\nc\\u{9b}2J");
        assert_eq!(plain("\u{202e}cod.exe"), "\\u{202e}cod.exe");
    }

    #[test]
    fn an_address_is_shown_without_what_opens_doors() {
        let table = [
            ("http://user:pa55@127.0.0.1:18080/ok?token=SECRET", "http://127.0.0.1:18080/ok?token=…"),
            ("https://a@b@shop.example/#token=SECRET", "https://shop.example/"),
            ("https://shop.example/a@b?SECRET&x=1", "https://shop.example/a@b?…&x=…"),
            (
                "https://www.googletagmanager.com/gtm.js?id=GTM-ABC123",
                "https://www.googletagmanager.com/gtm.js?id=GTM-ABC123",
            ),
            ("//me:x@cdn.example/x.js", "//cdn.example/x.js"),
            ("/static/main.js?v=8", "/static/main.js?v=…"),
        ];
        for (address, shown) in table {
            assert_eq!(shown_address(address), shown);
        }
    }
}
