//! Addresses of pages: host and path as browsers read them. Query and fragment are never read.

/// The host and the path of an address, each where it says one. Without a scheme it may begin with a host, as people
/// write it, or have none; one that is not of the web, as `mailto:` is, has neither.
pub fn host_and_path(url: &str) -> (Option<String>, Option<String>) {
    // Browsers leave these out, wherever they stand.
    let url = url.replace(['\t', '\n', '\r'], "");
    let url = url.split(['?', '#']).next().unwrap_or_default().trim();
    match behind_the_scheme(url) {
        Some(behind) => {
            let (authority, path) = behind.split_at(behind.find(SLASHES).unwrap_or(behind.len()));
            let host = authority.rsplit('@').next().filter(|host| !host.is_empty());
            let path = if path.is_empty() { host.map(|_| "/") } else { Some(path) };
            (host.map(str::to_owned), path.map(str::to_owned))
        }
        None if url.is_empty() || head_of(url).contains(':') => (None, None),
        None => (None, Some(url.to_owned())),
    }
}

const SLASHES: [char; 2] = ['/', '\\'];

/// What begins with a host.
fn behind_the_scheme(url: &str) -> Option<&str> {
    let head = head_of(url);
    let scheme = head.split_once(':').map(|(scheme, _)| scheme);
    if let Some(scheme) = scheme.filter(|name| ["http", "https"].iter().any(|web| name.eq_ignore_ascii_case(web))) {
        // Of these, browsers read any number of slashes as two.
        return url.get(scheme.len() + 1..).map(|behind| behind.trim_start_matches(SLASHES));
    }
    if let Some((_, behind)) = url.split_once("://").filter(|(scheme, _)| scheme.len() < head.len()) {
        return Some(behind);
    }
    if head.is_empty() {
        let behind = url.strip_prefix(SLASHES)?;
        return behind.strip_prefix(SLASHES);
    }
    scheme.unwrap_or(head).contains('.').then_some(url)
}

/// All before the first slash.
fn head_of(url: &str) -> &str {
    url.split(SLASHES).next().unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_browsers_and_people_read_it() {
        for (url, host, path) in [
            ("https://shop.example/a/b?c=/d#/e", Some("shop.example"), Some("/a/b")),
            ("HTTPS://user:secret@shop.example:443/a", Some("shop.example:443"), Some("/a")),
            ("https:/shop.example/a", Some("shop.example"), Some("/a")),
            ("https:shop.example/a", Some("shop.example"), Some("/a")),
            ("https:\\\\shop.example\\a", Some("shop.example"), Some("\\a")),
            (" ht\ntps://shop.example/a\t/b ", Some("shop.example"), Some("/a/b")),
            ("//shop.example/a", Some("shop.example"), Some("/a")),
            ("\\\\shop.example/a", Some("shop.example"), Some("/a")),
            ("android-app://shop.example/a", Some("shop.example"), Some("/a")),
            ("shop.example/a", Some("shop.example"), Some("/a")),
            ("shop.example:443/a", Some("shop.example:443"), Some("/a")),
            ("shop.example", Some("shop.example"), Some("/")),
            ("https://shop.example?a=/b", Some("shop.example"), Some("/")),
            ("/a?to=https://shop.example/b", None, Some("/a")),
            ("a/b", None, Some("a/b")),
            ("https://", None, None),
            ("mailto:somebody@shop.example", None, None),
            ("javascript:void(0)", None, None),
            ("about:blank", None, None),
            ("", None, None),
            ("?a=b", None, None),
        ] {
            assert_eq!(host_and_path(url), (host.map(str::to_owned), path.map(str::to_owned)), "{url:?}");
        }
    }
}
