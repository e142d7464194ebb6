//! Where requests go: a URL and how to reach it.
//!
//! It never resolves a name and never decides whether sending there is allowed.

use std::net::IpAddr;

/// An endpoint: origin, path prefix, and what connections to it need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Whether the scheme is `https`.
    pub https: bool,
    /// The host, without brackets where it is an IPv6 address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The path prefix, verbatim, without a slash at its end; often empty.
    pub base_path: String,
    /// Sent with every request, after the request's own headers; one of the same name replaces it.
    pub headers: Vec<(String, String)>,
    /// What TLS needs.
    pub tls: Tls,
    /// A proxy's URL.
    pub proxy: Option<String>,
    /// Whether to speak HTTP/2.
    pub http2: bool,
    /// What goes before the host in the `host` header.
    pub hosts: Hosts,
}

/// What goes before an endpoint's host in the `host` header, as AWS's own SDKs put it there. Connections go to the
/// endpoint itself all the same. Nothing unless said: whoever points an SDK at an emulator turns both off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hosts {
    /// What an operation's model puts there: `data.`.
    pub prefix: bool,
    /// The bucket of a request to S3, which then leaves the path.
    pub buckets: bool,
}

/// Whom TLS trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Further certificate authorities, as PEM text.
    pub ca: Option<Vec<u8>>,
    /// Trust anybody.
    pub insecure: bool,
}

/// A text that is no endpoint's URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{url}` is no endpoint: {reason}")]
pub struct EndpointError {
    /// The text.
    pub url: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl Endpoint {
    /// Reads `http://host:port/prefix`.
    ///
    /// # Errors
    /// Where the scheme is another, the host or port is not valid, or a user, query or fragment is there.
    pub fn parse(url: &str) -> Result<Self, EndpointError> {
        let fail = |reason| EndpointError { url: url.to_owned(), reason };
        let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
        let (https, rest) = if lower.starts_with("https://") {
            (true, &url[8..])
        } else if lower.starts_with("http://") {
            (false, &url[7..])
        } else {
            return Err(fail("it must begin with `http://` or `https://`"));
        };
        if rest.contains(['?', '#']) {
            return Err(fail("it must have no query and no fragment"));
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(fail("a user or password does not belong here"));
        }
        let (host, port) = if let Some(inner) = authority.strip_prefix('[') {
            let (host, port) = inner.split_once(']').ok_or_else(|| fail("the IPv6 address is not closed"))?;
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return Err(fail("what stands in brackets is no IPv6 address"));
            }
            match port {
                "" => (host, None),
                port => (host, Some(port.strip_prefix(':').ok_or_else(|| fail("a port follows after `:`"))?)),
            }
        } else {
            authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)))
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
        if host.is_empty() || !host.chars().all(plain) {
            return Err(fail("the host is not valid"));
        }
        let port = match port {
            None => {
                if https {
                    443
                } else {
                    80
                }
            }
            Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(|| fail("the port is not valid"))?
            }
            Some(_) => return Err(fail("the port is not valid")),
        };
        if path.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(fail("the path holds spaces or control characters"));
        }
        Ok(Self {
            https,
            host: host.to_owned(),
            port,
            base_path: path.trim_end_matches('/').to_owned(),
            headers: Vec::new(),
            tls: Tls::default(),
            proxy: None,
            http2: false,
            hosts: Hosts::default(),
        })
    }

    /// Scheme, host and port: `http://127.0.0.1:4566`.
    pub fn origin(&self) -> String {
        format!("{}://{}", if self.https { "https" } else { "http" }, self.authority())
    }

    /// The host header: host and, where it is not the scheme's own, port.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == if self.https { 443 } else { 80 } { host } else { format!("{host}:{}", self.port) }
    }

    /// What other names may stand before: the authority, with `localhost` for an address of this machine, since an
    /// address has no names below it. `None` where there is no such name.
    pub fn parent(&self) -> Option<String> {
        if self.host.parse::<IpAddr>().is_err() {
            return Some(self.authority());
        }
        let local = Self { host: "localhost".to_owned(), ..self.clone() };
        self.is_loopback().then(|| local.authority())
    }

    /// Whether requests stay on this machine: 127.0.0.0/8, `::1`, `localhost` and names below it.
    pub fn is_loopback(&self) -> bool {
        if let Some(proxy) = &self.proxy
            && !Self::parse(proxy).is_ok_and(|proxy| proxy.is_loopback())
        {
            return false;
        }
        match self.host.parse::<IpAddr>() {
            Ok(IpAddr::V6(address)) => {
                address.is_loopback() || address.to_ipv4_mapped().is_some_and(|address| address.is_loopback())
            }
            Ok(address) => address.is_loopback(),
            Err(_) => {
                let host = self.host.to_ascii_lowercase();
                host == "localhost" || host.ends_with(".localhost")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart_and_the_path_is_kept() {
        for (url, origin, base, loopback) in [
            ("http://127.0.0.1:4566", "http://127.0.0.1:4566", "", true),
            (
                "http://localhost:54321/functions/v1/api-gateway/",
                "http://localhost:54321",
                "/functions/v1/api-gateway",
                true,
            ),
            ("HTTPS://Example.com", "https://Example.com", "", false),
            ("https://[::1]:8443/a%2Fb/../c", "https://[::1]:8443", "/a%2Fb/../c", true),
            ("http://127.9.9.9:80/", "http://127.9.9.9", "", true),
            ("http://localhost.example.com", "http://localhost.example.com", "", false),
            ("http://10.0.0.1:1", "http://10.0.0.1:1", "", false),
        ] {
            let endpoint = Endpoint::parse(url).expect(url);
            assert_eq!((endpoint.origin().as_str(), endpoint.base_path.as_str()), (origin, base));
            assert_eq!(endpoint.is_loopback(), loopback, "{url}");
        }
    }

    #[test]
    fn what_is_no_endpoint_is_refused() {
        for url in [
            "",
            "localhost:4566",
            "ftp://a",
            "http://",
            "http://:80",
            "http://a:b",
            "http://a:0",
            "http://a:99999",
            "http://u@h",
            "http://[::1",
            "http://[x]",
            "http://[::1]80",
            "http://a/b?c",
            "http://a/#",
            "http://a b",
            "http://a/ b",
            "http://é",
            "é",
        ] {
            assert!(Endpoint::parse(url).is_err(), "{url}");
        }
    }
}
