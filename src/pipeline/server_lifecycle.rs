//! Starts the user's server: chooses a port, reads its version, waits until it is ready, and explains its exit.
//!
//! The server never outlives the returned handle: it is stopped when the handle is dropped.

use super::{Job, Sending, Target};
use crate::report::Diagnostic;
use crate::run::{self, Clean, Endpoint, Launch, Plan, RunEnd, Started, Stop};
use crate::store;
use crate::wire::Redaction;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Maximum time to wait for the version command.
const VERSION_WITHIN: Duration = Duration::from_secs(10);
/// Maximum number of output lines that are shown of a server that exited.
const LAST_WORDS: usize = 20;

/// A server that did not become ready: the reason, and its output.
pub(super) struct NotReady {
    pub why: String,
    pub output: Vec<String>,
}

/// Returns the port of the server to start: a free one if the URL contains `{port}`. Returns `None` if overstep does
/// not start the server.
pub(super) fn port(job: &Job) -> Result<Option<u16>, Vec<Diagnostic>> {
    if job.upkeep.start.is_none() {
        return Ok(None);
    }
    let Target::Url(url) = &job.target else { return Ok(None) };
    if url.contains("{port}") {
        let port = run::free_port();
        return port.map(Some).map_err(|error| vec![Diagnostic::error(format!("no free port: {error}"))]);
    }
    let endpoint = Endpoint::parse(url).map_err(|error| vec![Diagnostic::error(error.to_string())])?;
    Ok(Some(endpoint.port))
}

/// Returns true if the endpoint's port is only used during the run.
pub(super) fn is_fleeting(job: &Job) -> bool {
    matches!(&job.target, Target::Url(url) if url.contains("{port}"))
}

fn clean(redaction: &Redaction) -> Clean {
    let redaction = redaction.clone();
    Arc::new(move |text| redaction.clean(text))
}

/// Returns the output of the server's version command, if there is one.
pub(super) fn version(job: &Job, redaction: &Redaction) -> Option<String> {
    let launch = job.upkeep.version.clone()?;
    let said = run::first_line(launch, VERSION_WITHIN, clean(redaction));
    Some(said.unwrap_or_else(|why| format!("version unknown: {}", redaction.clean(&why))))
}

/// Starts the server if the job has a start command, waits until it is ready, and resets it.
///
/// # Errors
/// Returns an error if the server cannot be started at all. A server that does not become ready is returned as
/// [`ServerNotReady`].
pub(super) fn start(
    job: &Job,
    plan: &Plan<'_>,
    port: Option<u16>,
    redaction: &Redaction,
    sending: &Sending,
    stop: &Stop,
) -> Result<Result<Option<Arc<Started>>, NotReady>, Vec<Diagnostic>> {
    let started = match (&job.upkeep.start, port) {
        (Some(launch), Some(port)) => {
            if run::is_taken(&plan.endpoint.host, plan.endpoint.port) {
                let reason = format!("another server already listens on {}", plan.endpoint.origin());
                let hint = "stop that server, remove `start` to test it as it is, or let overstep choose a free port with `{port}`";
                return Err(vec![Diagnostic::error(reason).with_hint(hint)]);
            }
            Some(Arc::new(launched(launch.at_port(port), redaction, sending)?))
        }
        _ => None,
    };
    let prepared = run::prepare(plan.endpoint, &job.upkeep, started.as_deref(), stop);
    Ok(match prepared {
        Ok(()) => Ok(started),
        Err(why) => {
            let name = started.as_ref().map_or_else(|| plan.endpoint.origin(), |server| server.shown());
            let output = started.map(|server| last_words(&server)).unwrap_or_default();
            Err(NotReady { why: redaction.clean(&format!("`{name}`: {why}")), output })
        }
    })
}

/// Maximum number of restarts of a server per run.
const MOST_RESTARTS: u32 = 500;

/// Restarts a server that exited or no longer responds, and waits until it is ready. Returns false if it does not
/// become ready, the run is stopped, or the maximum number of restarts is reached.
pub(super) fn revive(
    job: &Job,
    endpoint: &Endpoint,
    server: Option<&Arc<Started>>,
    times: &AtomicU32,
    stop: &Stop,
) -> bool {
    let Some(server) = server else { return false };
    if stop.is_stopped() || times.fetch_add(1, Ordering::Relaxed) >= MOST_RESTARTS {
        return false;
    }
    server.restart().is_ok() && run::prepare(endpoint, &job.upkeep, Some(server), stop).is_ok()
}

fn launched(launch: Launch, redaction: &Redaction, sending: &Sending) -> Result<Started, Vec<Diagnostic>> {
    let log = sending.log.as_deref().and_then(|directory| store::server_log(directory).ok());
    let log = log.map(|log| Box::new(log) as Box<dyn Write + Send>);
    let (shown, directory) = (launch.shown(), launch.directory.clone());
    Started::start(launch, clean(redaction), log).map_err(|error| {
        let problem = Diagnostic::error(format!("cannot start `{}`: {error}", redaction.clean(&shown)));
        vec![problem.with_hint(format!("`start` runs in `{}`, without a shell", directory.display()))]
    })
}

fn last_words(server: &Started) -> Vec<String> {
    if server.ended().is_some() {
        server.settle();
    }
    server.since(0, LAST_WORDS)
}

/// Returns why the server ended the run, with the last lines of its output; `None` if it did not.
pub(super) fn fate(server: Option<&Arc<Started>>, ended: &RunEnd) -> Option<(String, Vec<String>)> {
    let server = server?;
    // A process may take a moment to exit after its connections are closed.
    if matches!(ended, RunEnd::Died(_) | RunEnd::Unreachable(_)) {
        for _ in 0..20 {
            if server.ended().is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let how = server.ended().map_or_else(
            || "stopped responding but is still running".to_owned(),
            |how| format!("{how} during the run"),
        );
        return Some((format!("the server `{}` {how}", server.shown()), last_words(server)));
    }
    let how = server.ended()?;
    Some((format!("the server `{}` {how} during the run", server.shown()), last_words(server)))
}
