//! `overstep.toml` as plain values: endpoints and principals that are not any one scenario's.
//!
//! This file never reads the environment; `${NAME}` stays as written until somebody uses the text.

use super::read::principal;
use super::tables::{Table, parse, wrong};
use super::{Principal, ScenarioError, Warning};
use indexmap::IndexMap;

/// What `overstep.toml` says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// Endpoints by name.
    pub endpoints: IndexMap<String, EndpointEntry>,
    /// Principals by name.
    pub principals: IndexMap<String, Principal>,
}

/// One `[endpoints.NAME]` table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndpointEntry {
    /// Its base URL; absent where overstep would have to start it.
    pub url: Option<String>,
    /// Whether it may be sent to though it is not on loopback.
    pub remote: bool,
    /// How many requests in how much time: `60/m`.
    pub rate_limit: Option<String>,
    /// A file of certificates to trust beside the built-in ones.
    pub ca: Option<String>,
    /// Headers on every request.
    pub headers: IndexMap<String, String>,
    /// Which of `start`, `reset`, `ready` the entry uses; none of them works yet.
    pub unsupported: Vec<String>,
}

/// Reads the settings.
///
/// # Errors
/// Where the text is no TOML, or a value has the wrong form.
pub fn read_settings(text: &str) -> Result<(Settings, Vec<Warning>), ScenarioError> {
    let document = parse(text)?;
    let root = Table::root(&document);
    let mut warnings = Vec::new();
    root.expect_keys(&["endpoints", "principals"], &mut warnings);
    let mut settings = Settings::default();
    for entry in root.tables("endpoints")? {
        let endpoint = endpoint(&entry.table()?, &mut warnings)?;
        settings.endpoints.insert(entry.key, endpoint);
    }
    for entry in root.tables("principals")? {
        let principal = principal(&entry.table()?, &mut warnings)?;
        settings.principals.insert(entry.key, principal);
    }
    Ok((settings, warnings))
}

fn endpoint(table: &Table<'_, '_>, warnings: &mut Vec<Warning>) -> Result<EndpointEntry, ScenarioError> {
    table.expect_keys(&["url", "remote", "rate-limit", "tls", "headers", "start", "reset", "ready"], warnings);
    let unsupported: Vec<String> =
        ["start", "reset", "ready"].iter().filter(|key| table.entry(key).is_some()).map(ToString::to_string).collect();
    let mut headers = IndexMap::new();
    for entry in table.tables("headers")? {
        let value = entry.text()?;
        headers.insert(entry.key, value);
    }
    let ca = match table.table("tls")? {
        Some(tls) => {
            tls.expect_keys(&["ca"], warnings);
            tls.text("ca")?
        }
        None => None,
    };
    let url = table.text("url")?;
    if url.is_none() && unsupported.is_empty() {
        return Err(wrong(format!("`{}` has no `url`", table.name), table.span.clone()));
    }
    Ok(EndpointEntry {
        url,
        remote: table.flag("remote")?,
        rate_limit: table.text("rate-limit")?,
        ca,
        headers,
        unsupported,
    })
}
