//! Servers that `overstep.toml` says how to start: begun once, made empty before each scenario, stopped with us.
//!
//! It starts nothing that no endpoint's entry names.

use super::{Stopped, say};
use crate::config::{Endpoint, EndpointKind, Starting};
use overstep::pipeline::{Job, Sending, Target};
use overstep::report::Diagnostic;
use overstep::run::{self, Start, Started};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a server may take to be ready, unless its entry says otherwise.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// The servers of one command, by the names of their endpoints.
#[derive(Clone, Default)]
pub struct Servers(Arc<Mutex<HashMap<String, Server>>>);

struct Server {
    started: Started,
    port: u16,
    version: Option<String>,
}

impl Servers {
    /// Starts what the job's endpoint needs, makes it empty, and points the job at it.
    pub fn prepare(
        &self,
        endpoint: &Endpoint,
        job: &mut Job,
        sending: &mut Sending,
        directory: &Path,
    ) -> Result<(), Stopped> {
        let EndpointKind::Started(starting) = &endpoint.kind else {
            if let (Some(reset), EndpointKind::Url(url)) = (&endpoint.reset, &endpoint.kind) {
                let port = port_of(url).ok_or_else(|| Diagnostic::error(format!("`reset` needs a port in `{url}`")))?;
                made_empty(&endpoint.profile, port, reset)?;
            }
            return Ok(());
        };
        let mut servers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !servers.contains_key(&endpoint.profile) {
            let server = begun(&endpoint.profile, starting, directory)?;
            servers.insert(endpoint.profile.clone(), server);
        }
        let Some(server) = servers.get(&endpoint.profile) else { return Ok(()) };
        if let Some(reset) = &endpoint.reset {
            made_empty(&endpoint.profile, server.port, reset)?;
        }
        job.target = Target::Url(starting.url.replace("{port}", &server.port.to_string()));
        job.server_version.clone_from(&server.version);
        sending.tail = Some(server.started.tail());
        Ok(())
    }

    /// What a server that is gone said last, as a problem.
    pub fn fallen(&self, profile: &str) -> Option<Diagnostic> {
        let mut servers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let server = servers.get_mut(profile)?;
        let ended = server.started.ended()?;
        Some(told(format!("the server of endpoint `{profile}` is gone: {ended}"), &server.started.tail().last(10)))
    }

    /// Stops all of them.
    pub fn stop(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

fn begun(profile: &str, starting: &Starting, directory: &Path) -> Result<Server, Stopped> {
    let port = match starting.port {
        Some(port) => port,
        None => run::free_port().map_err(|error| Diagnostic::error(format!("no free port: {error}")))?,
    };
    let with_port = |words: &[String]| -> Vec<String> {
        words.iter().map(|word| word.replace("{port}", &port.to_string())).collect()
    };
    let within = match &starting.within {
        None => READY_WITHIN,
        Some(text) => super::values::span(text)
            .map(|span| span.0)
            .map_err(|reason| Diagnostic::error(format!("`ready-timeout` of endpoint `{profile}`: {reason}")))?,
    };
    let start = Start {
        command: with_port(&starting.command),
        env: starting
            .env
            .iter()
            .map(|(name, value)| (name.clone(), value.replace("{port}", &port.to_string())))
            .collect(),
        directory: starting.directory.clone(),
        port,
        ready: starting.ready.clone(),
        within,
    };
    let version = match &starting.version {
        None => None,
        Some(command) => match run::first_line(command, directory) {
            Ok(line) => Some(line),
            Err(error) => {
                say::line(&format!("the version of endpoint `{profile}` is not known: {error}"));
                None
            }
        },
    };
    say::line(&format!("starting {profile}: {}", start.command.join(" ")));
    let started = run::start(&start).map_err(|error| {
        let problem = told(format!("endpoint `{profile}`: {}", error.reason), &error.output);
        let hint = format!("try the command by hand; it stands in `[endpoints.{profile}]` of overstep.toml");
        Stopped { problems: vec![problem.with_hint(hint)], exit: overstep::exit::Exit::Incomplete }
    })?;
    Ok(Server { started, port, version })
}

fn told(reason: String, output: &[String]) -> Diagnostic {
    let lines: Vec<String> = output.iter().map(|line| format!("\n    {line}")).collect();
    let said = if lines.is_empty() { String::new() } else { format!("; it said last:{}", lines.concat()) };
    Diagnostic::error(format!("{reason}{said}"))
}

fn made_empty(profile: &str, port: u16, reset: &str) -> Result<(), Stopped> {
    run::reset(port, reset).map_err(|reason| {
        let problem = Diagnostic::error(format!("endpoint `{profile}` cannot be reset: {reason}"));
        Stopped { problems: vec![problem], exit: overstep::exit::Exit::Incomplete }
    })
}

fn port_of(url: &str) -> Option<u16> {
    let uri: http::Uri = url.parse().ok()?;
    uri.port_u16().or(Some(if uri.scheme_str() == Some("https") { 443 } else { 80 }))
}
