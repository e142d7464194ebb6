//! Resolves the names of the endpoint and of the proxy, once, and checks every address before it is connected to.
//!
//! It never opens a connection.

use super::error::ClientSetupError;
use crate::run::{Endpoint, HostAddress, HostError, Reach};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};

/// A function that resolves a name.
pub(super) type ResolveFn<'a> = &'a dyn Fn(&str) -> io::Result<Vec<IpAddr>>;

/// Asks the system for the addresses of a name.
pub(super) fn resolve_name(name: &str) -> io::Result<Vec<IpAddr>> {
    Ok((name, 0).to_socket_addrs()?.map(|address| address.ip()).collect())
}

/// Returns the addresses of the endpoint to connect to.
///
/// # Errors
/// Returns an error if there is none, or if any is beyond the endpoint's reach.
pub(super) fn endpoint_addresses(endpoint: &Endpoint, resolve: ResolveFn<'_>) -> Result<Vec<SocketAddr>, HostError> {
    HostAddress::parse(&endpoint.host)?.addresses(endpoint.port, endpoint.reach, resolve)
}

/// The addresses of every name that a client may connect to. It resolves nothing else.
#[derive(Debug)]
pub(super) struct CheckedAddresses(HashMap<String, Vec<SocketAddr>>);

impl CheckedAddresses {
    /// Resolves the proxy, or the endpoint if there is none.
    ///
    /// # Errors
    /// Returns an error if any address is beyond the endpoint's reach.
    pub(super) fn of_endpoint(endpoint: &Endpoint, resolve: ResolveFn<'_>) -> Result<Self, ClientSetupError> {
        let mut known = HashMap::new();
        let Some(proxy) = &endpoint.proxy else {
            known.insert(endpoint.host.to_ascii_lowercase(), endpoint_addresses(endpoint, resolve)?);
            return Ok(Self(known));
        };
        let addresses = HostAddress::parse(&proxy.host)?.addresses(proxy.port, endpoint.reach, resolve)?;
        known.insert(proxy.host.to_ascii_lowercase(), addresses);
        // The proxy resolves the endpoint's name, but not to send requests to another machine.
        if endpoint.reach == Reach::ThisMachine {
            endpoint_addresses(endpoint, resolve)?;
        }
        Ok(Self(known))
    }
}

impl reqwest::dns::Resolve for CheckedAddresses {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let found = self.0.get(&name.as_str().to_ascii_lowercase()).cloned();
        let refused = || format!("`{}` is neither the endpoint nor its proxy", name.as_str()).into();
        let found = found.ok_or_else(refused);
        Box::pin(std::future::ready(found.map(|found| Box::new(found.into_iter()) as reqwest::dns::Addrs)))
    }
}
