//! Locations: which addresses can be fetched, and where a redirection leads.

use fluent_uri::{Iri, IriRef};
use http::Uri;

use super::shown::shown_address;
use super::trouble::Trouble;

/// Whether a text begins like an address of whatever scheme: `https://`, `ftp://`.
pub fn has_scheme(text: &str) -> bool {
    scheme_of(text).is_some_and(|scheme| text.get(scheme.len()..).is_some_and(|rest| rest.starts_with("://")))
}

fn scheme_of(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.');
    let begins = scheme.starts_with(|letter: char| letter.is_ascii_alphabetic());
    (begins && scheme.chars().all(plain)).then_some(scheme)
}

/// An address that can be fetched, read.
///
/// # Errors
///
/// Where it is none.
pub fn fetchable(address: &str) -> Result<Uri, Trouble> {
    let bad = |says: &str| Trouble::BadAddress(says.to_owned());
    let scheme = scheme_of(address).unwrap_or_default();
    if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return Err(bad("only http:// and https:// can be fetched"));
    }
    let behind = address.get(scheme.len()..).unwrap_or_default();
    let behind = behind.split('#').next().unwrap_or(behind);
    let uri: Uri = format!("{}{behind}", scheme.to_ascii_lowercase()).parse().map_err(|_| bad("it is no address"))?;
    let authority = uri.authority().ok_or_else(|| bad("it names no host"))?.as_str();
    if uri.host().is_none_or(str::is_empty) {
        return Err(bad("it names no host"));
    }
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    let port = place.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.ends_with(']'));
    if port.is_some_and(|port| port.parse::<u16>().map_or(true, |port| port == 0)) {
        return Err(bad("its port is none from 1 to 65535"));
    }
    Ok(uri)
}

/// Where a redirection leads from an address.
///
/// # Errors
///
/// Where it leads nowhere that can be fetched.
pub fn led_from(from: &Uri, location: &str) -> Result<Uri, Trouble> {
    let bad = || Trouble::BadRedirect(shown_address(location));
    let authority = from.authority().map_or("", |it| it.as_str());
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    let path_and_query = from.path_and_query().map_or("/", |it| it.as_str());
    let base = format!("{}://{place}{path_and_query}", from.scheme_str().unwrap_or("https"));
    let base = Iri::parse(base).map_err(|_| bad())?;
    let target = IriRef::parse(location.trim()).map_err(|_| bad())?.resolve_against(&base).map_err(|_| bad())?;
    fetchable(target.to_uri().as_str()).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_web_with_a_port_that_exists_can_be_fetched() {
        for address in
            ["http://127.0.0.1:80/x", "HTTPS://shop.example", "http://[::1]/", "http://me:x@shop.example/?a=b#c"]
        {
            assert!(fetchable(address).is_ok(), "{address}");
        }
        for address in [
            "http://127.0.0.1:99999/",
            "http://a:0/",
            "http://",
            "ftp://a/",
            "www.shop.example",
            "http://[::bad",
            "file:///etc/passwd",
        ] {
            assert!(matches!(fetchable(address), Err(Trouble::BadAddress(_))), "{address}");
        }
    }

    #[test]
    fn a_redirection_is_read_from_the_address_that_it_came_from() {
        let from = fetchable("http://me:x@shop.example:8080/a/b?c=d").unwrap();
        let led = |location: &str| led_from(&from, location).map(|uri| uri.to_string()).map_err(|it| it.name());
        assert_eq!(led("/x").as_deref(), Ok("http://shop.example:8080/x"));
        assert_eq!(led("x?y=z").as_deref(), Ok("http://shop.example:8080/a/x?y=z"));
        assert_eq!(led("../x").as_deref(), Ok("http://shop.example:8080/x"));
        assert_eq!(led("/caf\u{e9}").as_deref(), Ok("http://shop.example:8080/caf%C3%A9"));
        assert_eq!(led("?y=z").as_deref(), Ok("http://shop.example:8080/a/b?y=z"));
        assert_eq!(led("//cdn.example/x").as_deref(), Ok("http://cdn.example/x"));
        assert_eq!(led("HTTPS://sign.in.example/").as_deref(), Ok("https://sign.in.example/"));
        for bad in ["http://[::bad", "file:///etc/passwd", "ftp://x/y", "javascript:alert(1)", "http://a:99999/"] {
            assert_eq!(led(bad), Err("bad_redirect"), "{bad}");
        }
    }
}
