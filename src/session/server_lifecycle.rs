//! Starts the user's server: chooses a port, reads its version, waits until it is ready, and explains its exit.
//!
//! The server never outlives the returned handle: it is stopped when the handle is dropped.

use crate::report::{Diagnostic, Reporter, RunSummary};
use crate::run::{LaunchCommand, RedactFn, RunEnd, RunPlan, ServerProcess};
use crate::session::endpoint_setup::EndpointSetup;
use crate::session::error::SessionError;
use crate::session::job::{EndpointTarget, RunOptions, ScenarioJob};
use crate::session::tally::RunTally;
use crate::wire::Redaction;
use crate::{run, store};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Maximum time to wait for the version command.
const VERSION_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum number of output lines that are shown of a server that exited.
const MAX_OUTPUT_LINES: usize = 20;

/// A server that did not become ready: the reason, and its output.
pub(super) struct ServerNotReady {
    pub reason: String,
    /// How to fix it, if that is known.
    pub hint: Option<&'static str>,
    pub output: Vec<String>,
}

impl ServerNotReady {
    /// Reports a run without results, and returns its summary.
    pub fn report(self, tally: RunTally<'_>, reporter: &mut (dyn Reporter + Send)) -> Result<RunSummary, SessionError> {
        let mut summary = tally.into_summary(0.0, &RunEnd::Complete);
        (summary.incomplete_reason, summary.hint) = (Some(self.reason), self.hint);
        summary.server_output = self.output;
        reporter.end_run(&summary)?;
        Ok(summary)
    }
}

/// Returns true if the endpoint's port is only used during the run.
pub(super) fn has_temporary_port(job: &ScenarioJob) -> bool {
    matches!(&job.target, EndpointTarget::Url(url) if url.contains("{port}"))
}

fn redactor(redaction: &Redaction) -> RedactFn {
    let redaction = redaction.clone();
    Arc::new(move |text| redaction.redact(text).into_owned())
}

/// Returns the output of the server's version command, if there is one.
pub(super) fn server_version(job: &ScenarioJob, redaction: &Redaction) -> Option<String> {
    let launch = job.lifecycle.version.clone()?;
    let version = run::first_output_line(launch, VERSION_TIMEOUT, redactor(redaction));
    Some(version.unwrap_or_else(|why| format!("version unknown: {}", redaction.redact_message(&why.to_string()))))
}

/// Starts the server if the job has a start command, waits until it is ready, and resets it.
///
/// # Errors
/// Returns an error if the server cannot be started at all. A server that does not become ready is returned as
/// [`ServerNotReady`].
pub(super) fn start_server(
    setup: &EndpointSetup<'_>,
    plan: &RunPlan<'_>,
    redaction: &Redaction,
) -> Result<Result<Option<Arc<ServerProcess>>, ServerNotReady>, Vec<Diagnostic>> {
    let job = setup.job;
    let started = match (&job.lifecycle.start, setup.port) {
        (Some(launch), Some(port)) => {
            if run::is_port_in_use(&plan.endpoint.host, plan.endpoint.port) {
                let reason = format!("another server already listens on {}", plan.endpoint.origin());
                let hint = "stop that server, remove `start` to test it as it is, or let overstep choose a free port with `{port}`";
                return Err(vec![Diagnostic::error(reason).with_hint(hint)]);
            }
            Some(Arc::new(launch_server(launch.with_port(port), redaction, setup.options)?))
        }
        _ => None,
    };
    let prepared = run::prepare_endpoint(plan.endpoint, &job.lifecycle, started.as_deref(), &setup.cancel_token);
    Ok(match prepared {
        Ok(()) => Ok(started),
        Err(why) => {
            let name = started.as_ref().map_or_else(|| plan.endpoint.origin(), |server| server.command_line());
            let output = started.map(|server| last_output_lines(&server)).unwrap_or_default();
            // What this machine lacks is no fault of the server.
            let (reason, hint) = match why.shortage() {
                Some(shortage) => (shortage.to_string(), Some(shortage.hint())),
                None => (redaction.redact_message(&format!("`{name}`: {why}")).into_owned(), None),
            };
            Err(ServerNotReady { reason, hint, output })
        }
    })
}

/// Maximum number of restarts of a server per run.
const MAX_RESTARTS: u32 = 500;

/// Restarts a server that exited or no longer responds, and waits until it is ready. Returns false if it does not
/// become ready, the run is stopped, or the maximum number of restarts is reached.
pub(super) fn restart_server(setup: &EndpointSetup<'_>) -> bool {
    let (Some(server), stop) = (setup.server.get(), &setup.cancel_token) else { return false };
    if stop.is_cancelled() || setup.restarts.fetch_add(1, Ordering::Relaxed) >= MAX_RESTARTS {
        return false;
    }
    let is_ready = || run::prepare_endpoint(&setup.endpoint, &setup.job.lifecycle, Some(server), stop).is_ok();
    server.restart().is_ok() && is_ready()
}

/// Resets the state of an endpoint by its reset request. Returns false if it fails or the run is stopped.
pub(super) fn reset_endpoint(setup: &EndpointSetup<'_>) -> bool {
    let (server, stop) = (setup.server.get().map(|server| &**server), &setup.cancel_token);
    !stop.is_cancelled() && run::prepare_endpoint(&setup.endpoint, &setup.job.lifecycle, server, stop).is_ok()
}

fn launch_server(
    launch: LaunchCommand,
    redaction: &Redaction,
    sending: &RunOptions,
) -> Result<ServerProcess, Vec<Diagnostic>> {
    let log = sending.log_directory.as_deref().and_then(|directory| store::open_server_log(directory).ok());
    let log = log.map(|log| Box::new(log) as Box<dyn Write + Send>);
    let (command_line, directory) = (launch.command_line(), launch.directory.clone());
    ServerProcess::start(launch, redactor(redaction), log).map_err(|error| {
        let problem = Diagnostic::error(format!("cannot start `{}`: {error}", redaction.redact(&command_line)));
        vec![problem.with_hint(format!("`start` runs in `{}`, without a shell", directory.display()))]
    })
}

fn last_output_lines(server: &ServerProcess) -> Vec<String> {
    if server.exit_description().is_some() {
        server.drain_output();
    }
    server.lines_since(0, MAX_OUTPUT_LINES)
}

/// Returns how a server exited whose connections were closed; `None` if it still runs. A process may take a moment to
/// exit after that.
pub(super) fn wait_for_exit(server: &ServerProcess) -> Option<String> {
    for _ in 0..20 {
        if server.exit_description().is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    server.exit_description()
}

/// Returns why the server ended the run, with the last lines of its output; `None` if it did not.
pub(super) fn server_exit_reason(server: Option<&Arc<ServerProcess>>, ended: &RunEnd) -> Option<(String, Vec<String>)> {
    let server = server?;
    if matches!(ended, RunEnd::EndpointDied(_) | RunEnd::Unreachable(_)) {
        let how = wait_for_exit(server).map_or_else(
            || "stopped responding but is still running".to_owned(),
            |how| format!("{how} during the run"),
        );
        return Some((format!("the server `{}` {how}", server.command_line()), last_output_lines(server)));
    }
    let how = server.exit_description()?;
    Some((format!("the server `{}` {how} during the run", server.command_line()), last_output_lines(server)))
}
