//! `overstep.toml` as plain values: the endpoints and principals that all scenarios share.
//!
//! This file never reads the environment; `${NAME}` stays as written until the text is used.

use super::fixtures::is_request_line;
use super::read::parse_principal;
use super::tables::{TomlTable, error_at, parse_document};
use super::{Principal, ScenarioError, ScenarioWarning};
use indexmap::IndexMap;

/// The content of `overstep.toml`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProjectSettings {
    /// Endpoints by name.
    pub endpoints: IndexMap<String, EndpointConfig>,
    /// Principals by name.
    pub principals: IndexMap<String, Principal>,
}

/// One `[endpoints.NAME]` table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointConfig {
    /// Its base URL. If it contains `{port}` or is absent, overstep starts the server on a free port.
    pub url: Option<String>,
    /// Whether requests may be sent to it even if it is not on loopback.
    pub remote: bool,
    /// Maximum number of requests per unit of time, as written: `60/m`.
    pub rate_limit: Option<String>,
    /// A file of certificates to trust in addition to the built-in ones.
    pub ca: Option<String>,
    /// The files with the client's certificate and its key.
    pub client_certificate: Option<(String, String)>,
    /// Headers on every request.
    pub headers: IndexMap<String, String>,
    /// The command that starts the server, split into words; `{port}` is the port to listen on.
    pub start: Vec<String>,
    /// The readiness probe, method and target: the server is ready once the status of the response is below 500.
    pub ready: Option<(String, String)>,
    /// Maximum time until the server is ready, as written: `30s`.
    pub ready_timeout: Option<String>,
    /// The request that resets the server's state: method and target.
    pub reset: Option<(String, String)>,
    /// The command whose first line of output is the server's version, split into words.
    pub version: Vec<String>,
    /// Environment variables of its commands.
    pub env: IndexMap<String, String>,
    /// The working directory of its commands, relative to the file.
    pub cwd: Option<String>,
    /// Whether the `host` header includes the host prefix that a model defines.
    pub host_prefix: bool,
    /// Whether the `host` header includes the name of the S3 bucket.
    pub virtual_hosts: bool,
    /// Texts that the server prints for a feature that it does not implement; only for a server that overstep starts.
    pub not_implemented: Vec<String>,
}

/// Reads the settings from the text of `overstep.toml`.
///
/// # Errors
/// Returns an error if the text is not valid TOML or a value has the wrong form.
pub fn read_settings(text: &str) -> Result<(ProjectSettings, Vec<ScenarioWarning>), ScenarioError> {
    let document = parse_document(text)?;
    let root = TomlTable::root(&document);
    let mut warnings = Vec::new();
    root.warn_of_unknown_keys(&["endpoints", "principals"], &mut warnings);
    let mut settings = ProjectSettings::default();
    for entry in root.table_entries("endpoints")? {
        let endpoint = parse_endpoint(&entry.table()?, &mut warnings)?;
        settings.endpoints.insert(entry.key, endpoint);
    }
    for entry in root.table_entries("principals")? {
        let principal = parse_principal(&entry.table()?, &mut warnings)?;
        settings.principals.insert(entry.key, principal);
    }
    Ok((settings, warnings))
}

const ENDPOINT_KEYS: &[&str] = &[
    "url",
    "remote",
    "rate-limit",
    "tls",
    "headers",
    "start",
    "ready",
    "ready-timeout",
    "reset",
    "version",
    "env",
    "cwd",
    "not-implemented",
    "host-prefix",
    "virtual-hosts",
];

fn parse_endpoint(
    table: &TomlTable<'_, '_>,
    warnings: &mut Vec<ScenarioWarning>,
) -> Result<EndpointConfig, ScenarioError> {
    table.warn_of_unknown_keys(ENDPOINT_KEYS, warnings);
    let TlsFiles { ca, client_certificate } = match table.table("tls")? {
        Some(tls) => parse_tls(&tls, warnings)?,
        None => TlsFiles::default(),
    };
    let entry = EndpointConfig {
        url: table.text("url")?,
        remote: table.flag("remote")?,
        rate_limit: table.text("rate-limit")?,
        ca,
        client_certificate,
        headers: parse_text_map(table, "headers")?,
        start: parse_command(table, "start")?,
        ready: parse_request_line(table, "ready", "GET /health")?,
        ready_timeout: table.text("ready-timeout")?,
        reset: parse_request_line(table, "reset", "POST /reset")?,
        version: parse_command(table, "version")?,
        env: parse_text_map(table, "env")?,
        cwd: table.text("cwd")?,
        host_prefix: table.flag("host-prefix")?,
        virtual_hosts: table.flag("virtual-hosts")?,
        not_implemented: parse_not_implemented(table, warnings)?,
    };
    let has_placeholder = |texts: &[String]| texts.iter().any(|text| text.contains(PORT_PLACEHOLDER));
    let start = table.entry("start").map(|entry| entry.span());
    match (&entry.url, start) {
        (None, None) => {
            return Err(ScenarioError {
                hint: Some(
                    "set `url = \"http://127.0.0.1:8080\"`, or `start` to let overstep start the server".to_owned(),
                ),
                ..error_at(format!("`{}` has no `url`", table.name), table.span.clone())
            });
        }
        (None, Some(span)) => {
            let in_env = entry.env.values().any(|value| value.contains(PORT_PLACEHOLDER));
            if !has_placeholder(&entry.start) && !in_env {
                return Err(ScenarioError {
                    hint: Some(format!(
                        "pass the port: `start = \"… --port {PORT_PLACEHOLDER}\"`, or set a fixed `url`"
                    )),
                    ..error_at(
                        format!("`{}.start` does not contain `{PORT_PLACEHOLDER}`, and there is no `url`", table.name),
                        span,
                    )
                });
            }
        }
        (Some(url), None) if url.contains(PORT_PLACEHOLDER) => {
            let span = table.entry("url").map_or(table.span.clone(), |entry| entry.span());
            return Err(ScenarioError {
                hint: Some("a port is only chosen for a server that overstep starts; write the port number".to_owned()),
                ..error_at(format!("`url` contains `{PORT_PLACEHOLDER}` but there is no `start`"), span)
            });
        }
        (Some(_), _) => {}
    }
    if entry.start.is_empty() {
        let idle = ["env", "cwd", "not-implemented"].into_iter().filter(|_| entry.version.is_empty());
        for odd in idle.filter_map(|key| table.entry(key)) {
            warnings.push(ScenarioWarning {
                reason: format!("`{}` has no effect without `start`", odd.name),
                span: Some(odd.key_span),
                hint: None,
            });
        }
    }
    Ok(entry)
}

/// The files that `tls` names.
#[derive(Default)]
struct TlsFiles {
    ca: Option<String>,
    client_certificate: Option<(String, String)>,
}

/// Reads `tls = { ca = "ca.pem", cert = "client.pem", key = "client.key" }`: the authorities, and the client's certificate
/// with its key.
fn parse_tls(tls: &TomlTable<'_, '_>, warnings: &mut Vec<ScenarioWarning>) -> Result<TlsFiles, ScenarioError> {
    tls.warn_of_unknown_keys(&["ca", "cert", "key"], warnings);
    let certificate = match (tls.text("cert")?, tls.text("key")?) {
        (Some(cert), Some(key)) => Some((cert, key)),
        (None, None) => None,
        (cert, _) => {
            let lacking = if cert.is_some() { "key" } else { "cert" };
            return Err(ScenarioError {
                hint: Some(
                    "a client's certificate needs both: `cert = \"client.pem\", key = \"client.key\"`".to_owned(),
                ),
                ..error_at(format!("`{}` has no `{lacking}`", tls.name), tls.span.clone())
            });
        }
    };
    Ok(TlsFiles { ca: tls.text("ca")?, client_certificate: certificate })
}

/// Reads `not-implemented = [{ stderr = "NotImplementedError" }]`.
fn parse_not_implemented(
    table: &TomlTable<'_, '_>,
    warnings: &mut Vec<ScenarioWarning>,
) -> Result<Vec<String>, ScenarioError> {
    let Some(entry) = table.entry("not-implemented") else { return Ok(Vec::new()) };
    let one = |sign: &TomlTable<'_, '_>, warnings: &mut Vec<ScenarioWarning>| {
        sign.warn_of_unknown_keys(&["stderr"], warnings);
        match sign.text("stderr")?.filter(|text| !text.is_empty()) {
            Some(text) => Ok(text),
            None => Err(ScenarioError {
                hint: Some("give the text that the server prints: `[{ stderr = \"NotImplementedError\" }]`".to_owned()),
                ..error_at(format!("`{}` has no `stderr`", sign.name), sign.span.clone())
            }),
        }
    };
    entry.list_of_tables()?.iter().map(|sign| one(sign, warnings)).collect()
}

/// The placeholder for the port in an entry.
const PORT_PLACEHOLDER: &str = "{port}";

fn parse_text_map(table: &TomlTable<'_, '_>, key: &str) -> Result<IndexMap<String, String>, ScenarioError> {
    let mut found = IndexMap::new();
    for entry in table.table_entries(key)? {
        let value = entry.text()?;
        found.insert(entry.key, value);
    }
    Ok(found)
}

/// Reads a command and splits it into words as a shell does, without any expansion.
fn parse_command(table: &TomlTable<'_, '_>, key: &str) -> Result<Vec<String>, ScenarioError> {
    let Some(entry) = table.entry(key) else { return Ok(Vec::new()) };
    match shlex::split(&entry.text()?) {
        Some(words) if !words.is_empty() => Ok(words),
        Some(_) => Err(error_at(format!("`{}` is empty", entry.name), entry.span())),
        None => Err(ScenarioError {
            hint: Some("it has an unclosed quotation mark or ends with a backslash".to_owned()),
            ..error_at(format!("`{}` cannot be split into words", entry.name), entry.span())
        }),
    }
}

fn parse_request_line(
    table: &TomlTable<'_, '_>,
    key: &str,
    example: &str,
) -> Result<Option<(String, String)>, ScenarioError> {
    let Some(entry) = table.entry(key) else { return Ok(None) };
    let text = entry.text()?;
    match text.split_once(' ') {
        Some((method, target)) if is_request_line(&text) => Ok(Some((method.to_owned(), target.trim().to_owned()))),
        _ => Err(ScenarioError {
            hint: Some(format!("use a method and a path relative to the base URL: `{example}`")),
            ..error_at(format!("invalid request `{text}`"), entry.span())
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entry_with_a_start_command_is_read() {
        let text = "[endpoints.moto]\nstart = \"moto_server -p '{port}'\"\nready = \"GET /moto-api/\"\n\
                    ready-timeout = \"5s\"\nreset = \"POST /moto-api/reset\"\nversion = \"moto_server --version\"\n\
                    env = { A = \"b\" }\ncwd = \"x\"\n";
        let (settings, warnings) = read_settings(text).expect("it reads");
        assert_eq!(warnings, []);
        let entry = &settings.endpoints["moto"];
        assert_eq!(entry.start, ["moto_server", "-p", "{port}"]);
        assert_eq!(entry.reset, Some(("POST".into(), "/moto-api/reset".into())));
        assert_eq!((entry.env["A"].as_str(), entry.cwd.as_deref()), ("b", Some("x")));
    }

    #[test]
    fn invalid_entries_are_rejected_with_their_place() {
        for (text, reason, place) in [
            ("[endpoints.a]\nremote = false", "has no `url`", ""),
            ("[endpoints.a]\nstart = \"server\"", "does not contain `{port}`", "\"server\""),
            ("[endpoints.a]\nstart = \"'server {port}\"", "cannot be split", "\"'server {port}\""),
            ("[endpoints.a]\nstart = \"\"", "is empty", "\"\""),
            ("[endpoints.a]\nurl = \"http://127.0.0.1:{port}\"", "there is no `start`", "\"http://127.0.0.1:{port}\""),
            ("[endpoints.a]\nurl = \"https://h\"\ntls = { cert = \"c\" }", "has no `key`", ""),
            ("[endpoints.a]\nurl = \"http://h\"\nready = \"health\"", "invalid request `health`", "\"health\""),
        ] {
            let error = read_settings(text).expect_err(text);
            assert!(error.reason.contains(reason), "{text}: {error}");
            let span = error.span.expect("a place");
            assert!(place.is_empty() || &text[span] == place, "{text}");
        }
        let (_, warnings) =
            read_settings("[endpoints.a]\nurl = \"http://h\"\nstrat = \"x\"\ncwd = \"x\"").expect("it reads");
        assert_eq!(warnings[0].hint.as_deref(), Some("did you mean `start`?"));
        assert!(warnings[1].reason.contains("has no effect without `start`"));
    }
}
