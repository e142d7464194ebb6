//! Turns an endpoint's entry in `overstep.toml` into the lifecycle of its server.
//!
//! It never starts anything.

use super::{CommandError, messages};
use crate::config::ResolvedEndpoint;
use crate::session::ScenarioJob;
use overstep::report::Diagnostic;
use overstep::run::{EndpointLifecycle, LaunchCommand, ProbeRequest};
use overstep::store::{self, FoundScenario};
use std::path::Path;

/// Returns how the server of an endpoint is started, awaited and reset, and how its version is determined.
pub fn endpoint_lifecycle(endpoint: &ResolvedEndpoint) -> Result<EndpointLifecycle, CommandError> {
    let entry = &endpoint.entry;
    let launch = |words: &[String]| LaunchCommand {
        arguments: words.to_vec(),
        environment: entry.env.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        directory: endpoint.directory.clone(),
    };
    let probe_request =
        |(method, target): &(String, String)| ProbeRequest { method: method.clone(), target: target.clone() };
    let mut lifecycle = EndpointLifecycle {
        start: (!entry.start.is_empty()).then(|| launch(&entry.start)),
        ready: entry.ready.as_ref().map(probe_request),
        reset: entry.reset.as_ref().map(probe_request),
        version: (!entry.version.is_empty()).then(|| launch(&entry.version)),
        not_implemented_texts: entry.not_implemented.clone(),
        ..EndpointLifecycle::default()
    };
    if let Some(text) = &entry.ready_timeout {
        let span = super::flag_values::parse_duration(text).map_err(|reason| {
            Diagnostic::error(format!("`ready-timeout` of endpoint `{}`: {reason}", endpoint.profile))
        })?;
        lifecycle.ready_timeout = span.0;
    }
    Ok(lifecycle)
}

/// Prints which file of known divergences applies, or that those of the scenario are for other endpoints.
pub fn announce_known_divergences(job: &ScenarioJob, found: &FoundScenario) {
    let known = &job.known_divergences;
    if !known.display_path.is_empty() {
        let entries = match known.entries.len() {
            1 => "1 entry".to_owned(),
            count => format!("{count} entries"),
        };
        messages::print_line(&format!("known divergences: {} ({entries})", known.display_path));
        return;
    }
    let files = store::known_divergence_files(found);
    if !files.is_empty() {
        let folder = Path::new(&found.display_name).with_file_name(format!("{}.known", found.name));
        messages::print_line(&format!(
            "known divergences: none for `{}`; {}/ has {}; --profile NAME selects one",
            job.profile,
            folder.display(),
            files.join(", ")
        ));
    }
}

/// Prints that a server is about to be started, which may take a while.
pub fn announce_start(job: &ScenarioJob) {
    if job.lifecycle.start.is_some() {
        messages::print_line(&format!("starting {}", job.profile));
    }
}
