//! Describes an endpoint: its URL and how to connect to it.
//!
//! It never resolves a name and never decides whether requests to it are allowed.

use super::{HostAddress, HostError, ProxyAddress, Reach};
use crate::wire::RedactedSecret;
use std::net::IpAddr;

/// An endpoint: origin, path prefix, and connection options.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Whether the scheme is `https`.
    pub https: bool,
    /// Host, without the brackets of an IPv6 address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Path prefix, verbatim, without a trailing slash; often empty.
    pub base_path: String,
    /// Headers sent with every request, after the request's own ones; one of the same name replaces it.
    pub headers: Vec<(String, String)>,
    /// TLS options.
    pub tls: TlsOptions,
    /// Proxy that all connections are opened to.
    pub proxy: Option<ProxyAddress>,
    /// Machines that connections may be opened to.
    pub reach: Reach,
    /// Values that the user's configuration keeps out of its files: they are hidden in everything that is shown.
    pub secrets: Vec<RedactedSecret>,
    /// Whether to use HTTP/2.
    pub http2: bool,
    /// Prefixes of the host in the `host` header.
    pub host_prefixes: HostPrefixes,
    /// Whether its server runs in this process.
    pub is_in_this_process: bool,
}

/// Prefixes of the host in the `host` header, as AWS SDKs add them. Connections still go to the endpoint itself. Both
/// are off by default, as users turn them off when they point an SDK at an emulator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostPrefixes {
    /// Whether to add the prefix that an operation's model defines, such as `data.`.
    pub model_prefix: bool,
    /// Whether to move the bucket of an S3 request from the path to the host.
    pub bucket_prefix: bool,
}

/// TLS options of an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// Additional certificate authorities, in PEM format.
    pub ca: Option<Vec<u8>>,
    /// The certificate with which the client authenticates.
    pub identity: Option<TlsIdentity>,
    /// Whether to accept any certificate.
    pub insecure: bool,
}

/// A client's certificate with its key.
#[derive(Clone, PartialEq, Eq)]
pub struct TlsIdentity {
    /// The certificate and those of its issuers, in PEM format.
    pub certificate_pem: Vec<u8>,
    /// The key, in PEM format.
    pub key_pem: Vec<u8>,
}

impl std::fmt::Debug for TlsIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TlsIdentity(…)")
    }
}

/// Error for a text that is not an endpoint URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid endpoint `{url}`: {reason}")]
pub struct EndpointError {
    /// The text.
    pub url: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl Endpoint {
    /// Parses `http://host:port/prefix`.
    ///
    /// # Errors
    /// Returns an error if the scheme is not `http` or `https`, if host or port is invalid, or if there is a user,
    /// query or fragment.
    pub fn parse(url: &str) -> Result<Self, EndpointError> {
        let fail = |reason| EndpointError { url: hide_credentials(url), reason };
        let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
        let (https, rest) = if lower.starts_with("https://") {
            (true, &url[8..])
        } else if lower.starts_with("http://") {
            (false, &url[7..])
        } else {
            return Err(fail("must start with `http://` or `https://`"));
        };
        if rest.contains(['?', '#']) {
            return Err(fail("a query or fragment is not allowed"));
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(fail("a user or password is not allowed"));
        }
        let (host, port) = if let Some(inner) = authority.strip_prefix('[') {
            let (host, port) = inner.split_once(']').ok_or_else(|| fail("missing `]` after the IPv6 address"))?;
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return Err(fail("invalid IPv6 address in brackets"));
            }
            match port {
                "" => (host, None),
                port => (
                    host,
                    Some(port.strip_prefix(':').ok_or_else(|| fail("expected `:` and a port after the IPv6 address"))?),
                ),
            }
        } else {
            authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)))
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
        if host.is_empty() || !host.chars().all(plain) {
            return Err(fail("invalid host"));
        }
        if let Err(error) = HostAddress::parse(host) {
            return Err(fail(match error {
                HostError::Ambiguous(_) => "an IP address needs all four numbers, in decimal",
                _ => "invalid host",
            }));
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
                text.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(|| fail("invalid port"))?
            }
            Some(_) => return Err(fail("invalid port")),
        };
        if path.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(fail("the path contains spaces or control characters"));
        }
        Ok(Self {
            https,
            host: host.to_owned(),
            port,
            base_path: path.trim_end_matches('/').to_owned(),
            headers: Vec::new(),
            tls: TlsOptions::default(),
            proxy: None,
            reach: Reach::default(),
            secrets: Vec::new(),
            http2: false,
            host_prefixes: HostPrefixes::default(),
            is_in_this_process: false,
        })
    }

    /// Returns scheme, host and port: `http://127.0.0.1:4566`.
    pub fn origin(&self) -> String {
        format!("{}://{}", if self.https { "https" } else { "http" }, self.authority())
    }

    /// Returns the value of the `host` header: the host, and the port unless it is the scheme's default.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == if self.https { 443 } else { 80 } { host } else { format!("{host}:{}", self.port) }
    }

    /// Returns the authority to which a host prefix can be added: `localhost` for a loopback address, because an
    /// address cannot have subdomains. Returns `None` for other addresses.
    pub fn parent_authority(&self) -> Option<String> {
        if self.host.parse::<IpAddr>().is_err() {
            return Some(self.authority());
        }
        let local = Self { host: "localhost".to_owned(), ..self.clone() };
        self.is_loopback().then(|| local.authority())
    }

    /// Returns true if requests stay on this machine, whatever a name server says: 127.0.0.0/8, `::1`, `localhost` and
    /// its subdomains, and a proxy that is there too.
    pub fn is_loopback(&self) -> bool {
        let is_local = |host: &str| HostAddress::parse(host).is_ok_and(|host| host.is_this_machine());
        is_local(&self.host) && self.proxy.as_ref().is_none_or(|proxy| is_local(&proxy.host))
    }
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Endpoint({}{})", self.origin(), self.base_path)
    }
}

/// Returns a URL without the user, password, query and fragment that it may contain.
pub fn hide_credentials(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let rest = if end < url.len() { format!("{}…", &url[end..=end]) } else { String::new() };
    let url = &url[..end];
    let start = url.find("://").map_or(0, |at| at + 3);
    match url[start..].rfind('@') {
        Some(at) => format!("{}…{}{rest}", &url[..start], &url[start + at..]),
        None => format!("{url}{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_split_and_the_path_is_kept_verbatim() {
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
            ("http://localhost./", "http://localhost.", "", true),
        ] {
            let endpoint = Endpoint::parse(url).expect(url);
            assert_eq!((endpoint.origin().as_str(), endpoint.base_path.as_str()), (origin, base));
            assert_eq!(endpoint.is_loopback(), loopback, "{url}");
        }
    }

    #[test]
    fn invalid_urls_are_rejected() {
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
