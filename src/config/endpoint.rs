//! Determines which server an endpoint is, and whether requests may be sent to it.
//!
//! This file never connects and never resolves: whether a host is local is decided by its name alone.

use super::{Config, EnvironmentLookup, endpoint_secrets, substitute_variables};
use overstep::report::Diagnostic;
use overstep::run::{HostAddress, ProxyAddress, Reach, hide_credentials};
use overstep::scenario::EndpointConfig;
use overstep::wire::RedactedSecret;

/// The kind of server that requests are sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointKind {
    /// The reference server inside overstep, on a free loopback port.
    Embedded,
    /// The user's own server.
    Url(String),
}

/// An endpoint with all settings of its entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedEndpoint {
    /// The kind of server.
    pub kind: EndpointKind,
    /// The name under which snapshots and known divergences are kept: the endpoint's name, `embedded`, or host and port of
    /// a bare URL.
    pub profile: String,
    /// The endpoint's name in `overstep.toml`.
    pub name: Option<String>,
    /// Whether the server is on this machine.
    pub loopback: bool,
    /// Machines that requests may be sent to.
    pub reach: Reach,
    /// Values in the entry that must not be shown.
    pub secrets: Vec<RedactedSecret>,
    /// The rate limit, as written.
    pub rate_limit: Option<String>,
    /// A file of certificates to trust.
    pub ca: Option<std::path::PathBuf>,
    /// The files with the client's certificate and its key.
    pub client_certificate: Option<(std::path::PathBuf, std::path::PathBuf)>,
    /// Headers on every request.
    pub headers: Vec<(String, String)>,
    /// How the server is started and reset; variables in commands and their environment are already substituted.
    pub entry: EndpointConfig,
    /// The working directory of its commands.
    pub directory: std::path::PathBuf,
}

impl ResolvedEndpoint {
    /// Resolves the endpoint that `--endpoint` or a scenario names.
    pub fn resolve(
        text: &str,
        config: &Config,
        allow_remote: bool,
        environment: EnvironmentLookup<'_>,
    ) -> Result<Self, Box<Diagnostic>> {
        let reach = if allow_remote { Reach::AnyMachine } else { Reach::ThisMachine };
        if text == "embedded" {
            return Ok(Self { reach, ..Self::without_settings(EndpointKind::Embedded, "embedded", true) });
        }
        if text.contains("://") {
            let loopback = check_url(text)?;
            reject_remote(text, loopback || allow_remote, None)?;
            return Ok(Self {
                reach,
                ..Self::without_settings(EndpointKind::Url(trim_url(text)), &host_and_port(text), loopback)
            });
        }
        let Some(entry) = config.settings.endpoints.get(text) else {
            return Err(Box::new(unknown_endpoint(text, config)));
        };
        let url = substitute_variables(entry.url.as_deref().unwrap_or("http://127.0.0.1:{port}"), environment)?;
        let loopback = check_url(&url.replace("{port}", "1"))?;
        reject_remote(&url, loopback || allow_remote || entry.remote, Some(text))?;
        let starts = !entry.start.is_empty();
        if (starts || entry.reset.is_some()) && !loopback {
            let reason = format!("endpoint `{text}` is not on this machine, so it is neither started nor reset");
            let problem = Diagnostic::error(reason);
            return Err(Box::new(problem.with_hint(format!("remove these keys from `[endpoints.{text}]`"))));
        }
        let has_port = url.contains("{port}") || url.trim().parse().is_ok_and(|uri: http::Uri| uri.port().is_some());
        if starts && !has_port {
            let problem =
                Diagnostic::error(format!("endpoint `{text}` has a `start` command, but its `url` has no port"));
            return Err(Box::new(
                problem.with_hint("use `http://127.0.0.1:{port}` to let overstep choose a free port"),
            ));
        }
        let mut endpoint = Self::without_settings(EndpointKind::Url(trim_url(&url)), text, loopback);
        endpoint.name = Some(text.to_owned());
        endpoint.reach = if entry.remote { Reach::AnyMachine } else { reach };
        endpoint.rate_limit.clone_from(&entry.rate_limit);
        endpoint.ca = entry.ca.as_ref().map(|ca| config.directory.join(ca));
        let certificate = entry.client_certificate.as_ref();
        endpoint.client_certificate =
            certificate.map(|(cert, key)| (config.directory.join(cert), config.directory.join(key)));
        for (name, value) in &entry.headers {
            endpoint.headers.push((name.clone(), substitute_variables(value, environment)?));
        }
        endpoint.directory = config.directory.join(entry.cwd.as_deref().unwrap_or("."));
        endpoint.entry = entry.clone();
        let filled = &mut endpoint.entry;
        for word in filled.start.iter_mut().chain(&mut filled.version).chain(filled.env.values_mut()) {
            *word = substitute_variables(word, environment)?;
        }
        endpoint.secrets = endpoint_secrets(entry, filled, environment);
        Ok(endpoint)
    }

    /// Returns the endpoint of a recorded run, to which nothing is sent any more. Its entry is not read.
    pub fn recorded(profile: &str, url: &str) -> Self {
        let kind = if profile == "embedded" { EndpointKind::Embedded } else { EndpointKind::Url(url.to_owned()) };
        Self::without_settings(kind, profile, true)
    }

    /// Checks that a proxy is on a machine that requests may be sent to.
    pub fn check_proxy(&self, proxy: &ProxyAddress) -> Result<(), Box<Diagnostic>> {
        let is_local = HostAddress::parse(&proxy.host).is_ok_and(|host| host.is_this_machine());
        if is_local || self.reach == Reach::AnyMachine {
            return Ok(());
        }
        let problem = Diagnostic::error(format!("the proxy `{proxy}` is not on this machine"));
        Err(Box::new(problem.with_hint("if this is intended, allow it with --allow-remote")))
    }

    fn without_settings(kind: EndpointKind, profile: &str, loopback: bool) -> Self {
        let profile = profile.to_owned();
        Self {
            kind,
            profile,
            name: None,
            loopback,
            reach: Reach::ThisMachine,
            secrets: Vec::new(),
            rate_limit: None,
            ca: None,
            client_certificate: None,
            headers: Vec::new(),
            entry: EndpointConfig::default(),
            directory: std::path::PathBuf::new(),
        }
    }
}

fn trim_url(url: &str) -> String {
    url.trim().trim_end_matches('/').to_owned()
}

fn unknown_endpoint(text: &str, config: &Config) -> Diagnostic {
    let known: Vec<&str> = config.settings.endpoints.keys().map(String::as_str).chain(["embedded"]).collect();
    let near = known.iter().min_by_key(|known| strsim::damerau_levenshtein(text, known));
    let hint = if text.is_empty() {
        "the name is empty; is a variable unset?".to_owned()
    } else if text.contains([':', '.']) || text == "localhost" {
        format!("a URL needs a scheme: `http://{}`", hide_credentials(text))
    } else if let Some(near) = near.filter(|near| strsim::damerau_levenshtein(text, near) <= 2) {
        format!("did you mean `{near}`?")
    } else {
        format!("add `[endpoints.{text}]` with a `url` to overstep.toml, or use a URL")
    };
    Diagnostic::error(format!("unknown endpoint `{}`", hide_credentials(text))).with_hint(hint)
}

/// Returns the host and the port of a URL: `127.0.0.1-4566`, `api.example.com-443`.
fn host_and_port(url: &str) -> String {
    let uri: http::Uri = url.trim().parse().unwrap_or_default();
    let default_port = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_ascii_lowercase();
    format!("{}-{}", host.replace(':', "_"), uri.port_u16().unwrap_or(default_port))
}

/// Returns true if the host of the URL is this machine; returns an error if requests cannot be sent to the URL.
fn check_url(url: &str) -> Result<bool, Box<Diagnostic>> {
    let wrong = |why: &str| Box::new(Diagnostic::error(format!("invalid endpoint `{}`: {why}", hide_credentials(url))));
    let uri: http::Uri = url.trim().parse().map_err(|error: http::uri::InvalidUri| wrong(&error.to_string()))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(wrong("only http and https are supported"));
    }
    if uri.query().is_some() || url.contains('#') {
        return Err(wrong("it must not have a query or fragment"));
    }
    let authority = uri.authority().ok_or_else(|| wrong("it has no host"))?;
    if authority.as_str().contains('@') {
        let problem = wrong("it must not contain a user or password");
        return Err(Box::new(problem.with_hint("put credentials into a `[principals.NAME]` table")));
    }
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() {
        return Err(wrong("it has no host"));
    }
    let host = HostAddress::parse(host).map_err(|error| wrong(&error.to_string()))?;
    Ok(host.is_this_machine())
}

fn reject_remote(url: &str, allowed: bool, name: Option<&str>) -> Result<(), Box<Diagnostic>> {
    if allowed {
        return Ok(());
    }
    let setting = match name {
        Some(name) => format!("`remote = true` in `[endpoints.{name}]`"),
        None => "`remote = true` in its entry in overstep.toml".to_owned(),
    };
    let problem = Diagnostic::error(format!("`{url}` is not on this machine, and boundary tests can do harm there"));
    Err(Box::new(problem.with_hint(format!("if this is intended, allow it with --allow-remote, or with {setting}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(text: &str, allow_remote: bool) -> Result<ResolvedEndpoint, Box<Diagnostic>> {
        ResolvedEndpoint::resolve(text, &Config::default(), allow_remote, &|_| None)
    }

    #[test]
    fn remote_endpoints_require_permission() {
        for url in [
            "http://127.0.0.1:4566",
            "http://127.1.2.3/",
            "http://localhost:1/base",
            "https://LOCALHOST",
            "http://api.localhost:80",
            "http://[::1]:8080",
            "http://[::ffff:127.0.0.1]:80",
        ] {
            assert!(resolve(url, false).expect(url).loopback, "{url}");
        }
        for url in [
            "http://example.com",
            "http://localhost.example.com",
            "http://10.0.0.1",
            "http://127.0.0.1.example.com",
            "http://2130706433.example",
            "http://[2001:db8::1]/",
        ] {
            assert!(resolve(url, false).is_err(), "{url}");
            assert!(!resolve(url, true).expect(url).loopback, "{url}");
        }
        for url in ["ftp://localhost", "http://", "http://a b", "http://user:pw@localhost", "http://localhost?x=1"] {
            assert!(resolve(url, true).is_err(), "{url}");
        }
        let problem = resolve("http://user:hunter2@localhost", false).expect_err("refused");
        assert!(!problem.reason.contains("hunter2"));
    }

    #[test]
    fn urls_have_a_profile_for_each_host_and_port() {
        for (url, profile) in [
            ("http://127.0.0.1:4566", "127.0.0.1-4566"),
            ("http://LocalHost/base", "localhost-80"),
            ("https://localhost", "localhost-443"),
            ("http://[::1]:8080", "__1-8080"),
        ] {
            assert_eq!(resolve(url, false).expect(url).profile, profile);
        }
    }

    #[test]
    fn named_endpoints_are_resolved_from_the_settings() {
        let text = "[endpoints.local]\nurl = \"http://127.0.0.1:${PORT}/\"\n[endpoints.far]\nurl = \"https://x.example\"\n\
                    remote = true\nrate-limit = \"60/m\"\ntls = { ca = \"ca.pem\" }\n[endpoints.moto]\n\
                    start = \"moto -p {port} ${PORT}\"\ncwd = \"run\"\n[endpoints.away]\nurl = \"https://x.example:1\"\n\
                    remote = true\nreset = \"POST /reset\"\n[endpoints.portless]\nurl = \"http://127.0.0.1\"\n\
                    start = \"server\"\n";
        let (settings, warnings) = overstep::scenario::read_settings(text).expect("it reads");
        assert_eq!(warnings, []);
        let config = Config { settings, directory: "/project".into(), warnings: Vec::new() };
        let environment = |name: &str| (name == "PORT").then(|| "99".to_owned());
        let resolve = |name: &str| ResolvedEndpoint::resolve(name, &config, false, &environment);
        let local = resolve("local").expect("known");
        assert_eq!(local.kind, EndpointKind::Url("http://127.0.0.1:99".into()));
        assert_eq!(local.profile, "local");
        let far = resolve("far").expect("allowed");
        assert_eq!(far.ca, Some("/project/ca.pem".into()));
        let moto = resolve("moto").expect("known");
        assert_eq!(moto.kind, EndpointKind::Url("http://127.0.0.1:{port}".into()));
        assert_eq!(moto.entry.start, ["moto", "-p", "{port}", "99"]);
        assert_eq!(moto.directory, std::path::Path::new("/project/run"));
        assert!(resolve("away").expect_err("far").reason.contains("neither started nor reset"));
        assert!(resolve("portless").expect_err("no port").reason.contains("has no port"));
        assert_eq!(resolve("lokal").expect_err("unknown").hint.as_deref(), Some("did you mean `local`?"));
        assert!(resolve("localhost:80").expect_err("unknown").hint.expect("a hint").contains("http://localhost:80"));
    }
}
