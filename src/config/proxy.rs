//! Finds the proxy that the environment names for an endpoint, with the rules of curl.
//!
//! It never decides whether the proxy may be used: it is an address like any other.

use super::EnvironmentLookup;
use overstep::report::Diagnostic;
use overstep::run::{Endpoint, HostAddress, ProxyAddress};

/// Returns the proxy that the environment names for a URL; `None` for this machine, which needs none.
pub fn find_environment_proxy(
    url: &str,
    environment: EnvironmentLookup<'_>,
) -> Result<Option<ProxyAddress>, Box<Diagnostic>> {
    let Ok(endpoint) = Endpoint::parse(url) else { return Ok(None) };
    if HostAddress::parse(&endpoint.host).is_ok_and(|host| host.is_this_machine()) {
        return Ok(None);
    }
    // In a CGI program, a header of a request could set `HTTP_PROXY`, so curl reads it in lower case only.
    let names: [&str; 4] = match endpoint.https {
        true => ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
        false => ["http_proxy", "all_proxy", "ALL_PROXY", "all_proxy"],
    };
    let set =
        |name: &&str| environment(name).filter(|value| !value.is_empty()).map(|value| ((*name).to_owned(), value));
    let Some((name, value)) = names.iter().find_map(set) else { return Ok(None) };
    let exempt = ["no_proxy", "NO_PROXY"].iter().find_map(|name| environment(name)).unwrap_or_default();
    if is_exempt(&endpoint.host, endpoint.port, &exempt) {
        return Ok(None);
    }
    let proxy = ProxyAddress::parse(&value).map_err(|error| Diagnostic::error(format!("`{name}`: {error}")))?;
    Ok(Some(proxy))
}

/// Returns true if a list such as `example.com, .internal, 10.0.0.1:8080` has a host, or if it is `*`.
fn is_exempt(host: &str, port: u16, list: &str) -> bool {
    let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
    list.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| {
        if entry == "*" {
            return true;
        }
        let entry = entry.to_ascii_lowercase();
        let (name, entry_port) = match entry.rsplit_once(':') {
            Some((name, digits)) if !name.contains(':') && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                (name.to_owned(), digits.parse().ok())
            }
            _ => (entry, None),
        };
        let name = name.trim_matches(['[', ']']).trim_start_matches('.').trim_end_matches('.').to_owned();
        entry_port.is_none_or(|own: u16| own == port) && (host == name || host.ends_with(&format!(".{name}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_found_as_curl_finds_them() {
        let proxy = |url: &str, variables: &[(&str, &str)]| {
            let environment =
                |name: &str| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned());
            find_environment_proxy(url, &environment).expect("a proxy or none").map(|proxy| proxy.to_string())
        };
        let both =
            [("http_proxy", "http://a:1"), ("HTTPS_PROXY", "http://b:2"), ("NO_PROXY", "x.example, .y.example:8443")];
        for (url, variables, found) in [
            ("http://api.example", &both[..], Some("http://a:1")),
            ("https://api.example", &both[..], Some("http://b:2")),
            ("https://x.example", &both[..], None),
            ("https://deep.x.example", &both[..], None),
            ("https://notx.example", &both[..], Some("http://b:2")),
            ("https://y.example:8443", &both[..], None),
            ("https://y.example", &both[..], Some("http://b:2")),
            // This machine needs no proxy.
            ("http://localhost:8000", &both[..], None),
            ("http://127.0.0.1:8000", &both[..], None),
            ("http://api.example", &[("HTTP_PROXY", "http://a:1")][..], None),
            ("http://api.example", &[("ALL_PROXY", "a:1"), ("no_proxy", "*")][..], None),
            ("https://api.example", &[("ALL_PROXY", "a:1")][..], Some("http://a:1")),
            ("https://api.example", &[("https_proxy", "")][..], None),
        ] {
            assert_eq!(proxy(url, variables).as_deref(), found, "{url} {variables:?}");
        }
        let wrong = |name: &str| (name == "https_proxy").then(|| "socks5://u:pw-9f2c@h".to_owned());
        let problem = find_environment_proxy("https://api.example", &wrong).expect_err("no such proxies");
        assert!(problem.reason.contains("https_proxy") && !problem.reason.contains("pw-9f2c"), "{}", problem.reason);
    }
}
