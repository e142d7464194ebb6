//! `overstep.toml` as plain values: endpoints and principals that are not any one scenario's.
//!
//! This file never reads the environment; `${NAME}` stays as written until somebody uses the text.

use super::read::principal;
use super::tables::{Table, parse};
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
    /// Its base URL; where overstep starts it, `http://127.0.0.1:{port}` unless said otherwise.
    pub url: Option<String>,
    /// Whether it may be sent to though it is not on loopback.
    pub remote: bool,
    /// How many requests in how much time: `60/m`.
    pub rate_limit: Option<String>,
    /// A file of certificates to trust beside the built-in ones.
    pub ca: Option<String>,
    /// Headers on every request.
    pub headers: IndexMap<String, String>,
    /// The command that starts it, as a shell would split it; `{port}` is a free port, or the one of `url`.
    pub start: Option<String>,
    /// Where `start` runs, from the file's directory.
    pub cwd: Option<String>,
    /// What `start` finds in its environment besides ours.
    pub env: IndexMap<String, String>,
    /// A request that is answered once it is ready: `GET /health`.
    pub ready: Option<String>,
    /// How long it may take to be ready: `30s`.
    pub ready_timeout: Option<String>,
    /// A request that makes it empty, sent before each scenario: `POST /reset`.
    pub reset: Option<String>,
    /// The command that prints its version.
    pub version: Option<String>,
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
    let keys = [
        "url",
        "remote",
        "rate-limit",
        "tls",
        "headers",
        "start",
        "cwd",
        "env",
        "ready",
        "ready-timeout",
        "reset",
        "version",
    ];
    table.expect_keys(&keys, warnings);
    let mut env = IndexMap::new();
    for entry in table.tables("env")? {
        let value = entry.text()?;
        env.insert(entry.key, value);
    }
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
    let start = table.text("start")?;
    if url.is_none() && start.is_none() {
        return Err(ScenarioError {
            reason: format!("`{}` has no `url`", table.name),
            span: Some(table.span.clone()),
            hint: Some("give its `url`, or the command that starts it: `start = \"server --port {port}\"`".to_owned()),
        });
    }
    for key in ["ready", "reset"] {
        if let Some(entry) = table.entry(key) {
            let line = entry.text()?;
            if !super::fixtures::is_request_line(&line) {
                return Err(ScenarioError {
                    reason: format!("`{line}` is no request"),
                    span: Some(entry.span()),
                    hint: Some("a method and a path: `POST /reset`".to_owned()),
                });
            }
        }
    }
    Ok(EndpointEntry {
        url,
        remote: table.flag("remote")?,
        rate_limit: table.text("rate-limit")?,
        ca,
        headers,
        start,
        cwd: table.text("cwd")?,
        env,
        ready: table.text("ready")?,
        ready_timeout: table.text("ready-timeout")?,
        reset: table.text("reset")?,
        version: table.text("version")?,
    })
}
