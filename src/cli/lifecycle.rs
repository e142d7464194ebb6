//! Turns an endpoint's entry in `overstep.toml` into the lifecycle of its server.
//!
//! It never starts anything.

use super::{Stopped, say};
use crate::config::Endpoint;
use overstep::pipeline::Job;
use overstep::report::Diagnostic;
use overstep::run::{Ask, Launch, Upkeep};

/// Returns how the server of an endpoint is started, awaited and reset, and how its version is determined.
pub fn upkeep(endpoint: &Endpoint) -> Result<Upkeep, Stopped> {
    let entry = &endpoint.entry;
    let launch = |words: &[String]| Launch {
        words: words.to_vec(),
        environment: entry.env.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        directory: endpoint.directory.clone(),
    };
    let ask = |(method, target): &(String, String)| Ask { method: method.clone(), target: target.clone() };
    let mut upkeep = Upkeep {
        start: (!entry.start.is_empty()).then(|| launch(&entry.start)),
        ready: entry.ready.as_ref().map(ask),
        reset: entry.reset.as_ref().map(ask),
        version: (!entry.version.is_empty()).then(|| launch(&entry.version)),
        not_implemented: entry.not_implemented.clone(),
        ..Upkeep::default()
    };
    if let Some(text) = &entry.ready_timeout {
        let span = super::values::span(text).map_err(|reason| {
            Diagnostic::error(format!("`ready-timeout` of endpoint `{}`: {reason}", endpoint.profile))
        })?;
        upkeep.ready_within = span.0;
    }
    Ok(upkeep)
}

/// Prints that a server is about to be started, which may take a while.
pub fn announce(job: &Job) {
    if job.upkeep.start.is_some() {
        say::line(&format!("starting {}", job.profile));
    }
}
