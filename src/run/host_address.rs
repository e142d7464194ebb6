//! Decides which addresses a host stands for, and whether requests may be sent to them.
//!
//! It never asks the system: the caller supplies the function that resolves names.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The machines that requests may be sent to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// This machine: loopback addresses.
    #[default]
    ThisMachine,
    /// Any machine, because the user allowed it.
    AnyMachine,
}

/// What the host of a URL stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostAddress {
    /// An IP address.
    Address(IpAddr),
    /// `localhost` or a name below it, which is this machine without asking anybody
    /// ([RFC 6761](https://www.rfc-editor.org/rfc/rfc6761#section-6.3)).
    Localhost,
    /// A name to be resolved.
    Name(String),
}

/// Error for a host that requests cannot, or must not, be sent to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// The text is neither a name nor an address.
    #[error("`{0}` is not a host name")]
    Invalid(String),
    /// A number that programs read as different addresses.
    #[error("`{0}` is not a complete IP address; write all four numbers in decimal")]
    Ambiguous(String),
    /// The name cannot be resolved.
    #[error("could not resolve `{host}`: {reason}")]
    Unresolved {
        /// The name.
        host: String,
        /// The reason.
        reason: String,
    },
    /// The host is on another machine.
    #[error("`{host}` is at {address}, which is not on this machine")]
    Remote {
        /// The host.
        host: String,
        /// Its address.
        address: IpAddr,
    },
}

impl HostAddress {
    /// Reads the host of a URL, without the brackets of an IPv6 address.
    ///
    /// # Errors
    /// Returns an error if the text is no host, or a number that is not a complete IP address: programs disagree about
    /// `127.1`, `0177.0.0.1` and `2130706433`.
    pub fn parse(host: &str) -> Result<Self, HostError> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(Self::Address(canonical_address(address)));
        }
        let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if name.split('.').any(|label| label.is_empty() || !label.chars().all(is_plain)) {
            return Err(HostError::Invalid(host.to_owned()));
        }
        if let Ok(address) = name.parse::<Ipv4Addr>() {
            return Ok(Self::Address(canonical_address(address.into())));
        }
        // As in URLs of browsers, a host whose last label is a number is an IPv4 address.
        let last = name.rsplit('.').next().unwrap_or_default();
        let is_hexadecimal = last.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()));
        if is_hexadecimal || last.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(HostError::Ambiguous(host.to_owned()));
        }
        Ok(if last == "localhost" { Self::Localhost } else { Self::Name(name) })
    }

    /// Returns true if the host is this machine, whatever a name server says.
    pub fn is_this_machine(&self) -> bool {
        match self {
            Self::Address(address) => address.is_loopback(),
            Self::Localhost => true,
            Self::Name(_) => false,
        }
    }

    /// Returns the addresses to connect to. A name is resolved once, with `resolve`, and every address is checked.
    ///
    /// # Errors
    /// Returns an error if the name cannot be resolved, or if any address is beyond `reach`.
    pub fn addresses(
        &self,
        port: u16,
        reach: Reach,
        resolve: &dyn Fn(&str) -> io::Result<Vec<IpAddr>>,
    ) -> Result<Vec<SocketAddr>, HostError> {
        let addresses = match self {
            Self::Address(address) => vec![*address],
            Self::Localhost => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
            Self::Name(name) => {
                let unresolved = |reason: String| HostError::Unresolved { host: name.clone(), reason };
                let found = resolve(name).map_err(|error| unresolved(error.to_string()))?;
                if found.is_empty() {
                    return Err(unresolved("no address".to_owned()));
                }
                found.into_iter().map(canonical_address).collect()
            }
        };
        if reach == Reach::ThisMachine
            && let Some(remote) = addresses.iter().find(|address| !address.is_loopback())
        {
            return Err(HostError::Remote { host: self.to_string(), address: *remote });
        }
        Ok(addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect())
    }
}

impl std::fmt::Display for HostAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Localhost => f.write_str("localhost"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// Returns the address that is connected to: mapped IPv4 addresses as IPv4, and the unspecified address, by which
/// systems mean this machine, as its loopback address.
fn canonical_address(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    }
}
