//! The reference server for a scenario: which resources exist and who may call is the scenario's word.
//!
//! It listens on loopback only.

use super::{Job, Target};
use crate::contract::{Auth, Contract};
use crate::reference::{BearerKey, KnownId, RunningServer, Server, Service, World, catalogue};
use crate::report::Diagnostic;
use crate::scenario::{Credentials, Scenario};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// A reference server that runs until it is dropped.
#[derive(Debug)]
pub struct Embedded(RunningServer);

impl Embedded {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.0.addr()
    }
}

/// Starts the server where a job wants one.
pub(super) async fn where_wanted(job: &Job) -> Result<Option<Embedded>, Vec<Diagnostic>> {
    match job.target {
        Target::Url(_) => Ok(None),
        Target::Embedded => serve(&job.contract, &job.scenario, &[], 0).await.map(Some),
    }
}

/// Starts a server with these faults on a port of 127.0.0.1; 0 takes a free one.
///
/// # Errors
/// Where a fault is unknown or the port is taken.
pub async fn serve(
    contract: &Contract,
    scenario: &Scenario,
    faults: &[String],
    port: u16,
) -> Result<Embedded, Vec<Diagnostic>> {
    let service = Service::with_faults(contract.clone(), world(contract, scenario), faults).map_err(|error| {
        let hint = match &error.hint {
            Some(near) => format!("did you mean `{near}`?"),
            None => "--list-faults shows all of them".to_owned(),
        };
        vec![Diagnostic::error(format!("no fault is called `{}`", error.name)).with_hint(hint)]
    })?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    match Server::start(Arc::new(service), address).await {
        Ok(server) => Ok(Embedded(server)),
        Err(error) => Err(vec![Diagnostic::error(format!("cannot listen on {address}: {error}"))]),
    }
}

/// The faults that a contract's server can have, with what each does.
pub fn faults(contract: &Contract) -> Vec<(String, String)> {
    catalogue(contract).into_iter().map(|fault| (fault.name, fault.describes)).collect()
}

/// What a scenario's server must know: which resources exist, and who may call.
pub fn world(contract: &Contract, scenario: &Scenario) -> World {
    let mut known: Vec<KnownId> = Vec::new();
    let notes = scenario.operations.values();
    let uses = scenario.uses.iter().chain(notes.clone().flat_map(|notes| &notes.uses)).chain(&scenario.elsewhere);
    let missing: Vec<&String> = scenario.missing.keys().chain(notes.flat_map(|notes| notes.missing.keys())).collect();
    // A member that can name a missing resource is an identifier; what else `use` says is a plain value.
    for (member, value) in uses.filter(|(member, _)| missing.contains(member)) {
        if let Some(text) = value.as_str() {
            let form = filled(scenario, text, 0);
            if !known.iter().any(|one| one.member == *member && one.form == form) {
                known.push(KnownId { member: member.clone(), form });
            }
        }
    }
    let bearer_keys = scenario.principals.values().filter_map(|principal| match &principal.credentials {
        Credentials::Bearer(key) => Some(BearerKey { key: filled(scenario, key, 0), lacks: principal.lacks.clone() }),
        _ => None,
    });
    World {
        known,
        bearer_keys: bearer_keys.collect(),
        require_sigv4: contract.auth.iter().any(|auth| matches!(auth, Auth::SigV4 { .. })),
        error_code: scenario.error_code.clone(),
    }
}

/// A template with its variables replaced; `{case}` stays, for the server knows any case's resources.
fn filled(scenario: &Scenario, template: &str, depth: usize) -> String {
    let mut text = template.to_owned();
    if depth < 8 {
        for (name, variable) in &scenario.variables {
            let hole = format!("{{{name}}}");
            if text.contains(&hole) {
                text = text.replace(&hole, &filled(scenario, &variable.value, depth + 1));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_is_what_the_scenario_says() {
        let text = "sources = [\"x\"]\nerror-code = \"error.code\"\n\
                    variables = { ContactId = \"c-{case}\", key = { value = \"k\", secret = true } }\n\
                    use = { ContactId = \"{ContactId}\", Kind = \"plain\" }\nmissing = { ContactId = \"none\" }\n\
                    [principals.reader]\nbearer = \"{key}\"\nlacks = [\"write\"]\n";
        let (scenario, _) = crate::scenario::read("t", text).expect("it reads");
        let world = world(&Contract::new("t"), &scenario);
        assert_eq!(world.known, [KnownId { member: "ContactId".into(), form: "c-{case}".into() }]);
        assert_eq!(world.bearer_keys, [BearerKey { key: "k".into(), lacks: vec!["write".into()] }]);
        assert!(!world.require_sigv4);
    }
}
