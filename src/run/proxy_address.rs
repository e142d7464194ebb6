//! Parses the URL of a proxy.
//!
//! It never decides whether the proxy may be used.

use super::HostAddress;

/// A proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyAddress {
    /// Whether the connection to the proxy uses TLS.
    pub https: bool,
    /// Host, without the brackets of an IPv6 address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// User and password, as in the URL: `user:password`.
    pub user_info: Option<String>,
}

impl std::fmt::Debug for ProxyAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ProxyAddress({self})")
    }
}

impl std::fmt::Display for ProxyAddress {
    /// Formats the URL without user and password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

/// Error for a text that is not the URL of a proxy. It does not contain the text, in which a password may be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid proxy URL: {0}")]
pub struct ProxyError(pub String);

impl ProxyAddress {
    /// Parses `http://user:password@host:port`; scheme, user and port are optional.
    ///
    /// # Errors
    /// Returns an error if the text is not such a URL.
    pub fn parse(url: &str) -> Result<Self, ProxyError> {
        let fail = |reason: &str| ProxyError(reason.to_owned());
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let https = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(fail("only http and https proxies are supported")),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#', '\\']) || authority.bytes().any(|byte| byte <= b' ' || byte >= 0x7f) {
            return Err(fail("a path, query, space or control character is not allowed"));
        }
        let (user_info, authority) = match authority.rsplit_once('@') {
            Some((user, _)) if user.contains('@') => return Err(fail("write `@` in a password as `%40`")),
            Some((user, host)) => (Some(user.to_owned()), host),
            None => (None, authority),
        };
        let (host, port) = match authority.strip_prefix('[') {
            Some(inner) => {
                let (host, port) = inner.split_once(']').ok_or_else(|| fail("missing `]` after the IPv6 address"))?;
                if host.parse::<std::net::Ipv6Addr>().is_err() {
                    return Err(fail("invalid IPv6 address in brackets"));
                }
                (host, if port.is_empty() { None } else { Some(port.strip_prefix(':').unwrap_or("?")) })
            }
            None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
        };
        HostAddress::parse(host).map_err(|error| fail(&error.to_string()))?;
        let port = match port {
            None => {
                if https {
                    443
                } else {
                    80
                }
            }
            Some(text) => text.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(|| fail("invalid port"))?,
        };
        Ok(Self { https, host: host.to_owned(), port, user_info })
    }

    /// Returns the URL with user and password.
    pub fn full_url(&self) -> String {
        let url = self.to_string();
        match &self.user_info {
            Some(user) => url.replacen("://", &format!("://{user}@"), 1),
            None => url,
        }
    }
}
