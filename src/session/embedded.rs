//! Starts the reference server for a scenario, which defines the existing resources and the valid credentials.
//!
//! It never listens on anything but loopback.

use crate::contract::{AuthScheme, Contract, MemberPath};
use crate::reference::{
    BearerKey, IdentifierMember, KnownIdentifier, OutputText, ReferenceServer, ReferenceService, ResourceDefinition,
    ResourceIdentifier, RunningServer, ServerConfig,
};
use crate::report::Diagnostic;
use crate::scenario::{Credentials, Fixture, Principal, Scenario, fixture_placeholder};
use crate::session::job::{EndpointTarget, ScenarioJob};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// A reference server that runs until it is dropped.
#[derive(Debug)]
pub struct EmbeddedServer(RunningServer);

impl EmbeddedServer {
    /// Returns the address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.0.addr()
    }
}

/// Starts the reference server if the job's target is the embedded one.
pub(super) async fn start_if_embedded(job: &ScenarioJob) -> Result<Option<EmbeddedServer>, Vec<Diagnostic>> {
    match job.target {
        EndpointTarget::Url(_) => Ok(None),
        EndpointTarget::Embedded => serve(&job.contract, &job.inferred.scenario, &[], 0).await.map(Some),
    }
}

/// Starts a server with these faults on a port of 127.0.0.1; port 0 selects a free one.
///
/// # Errors
/// Returns an error if a fault is unknown or the port is in use.
pub async fn serve(
    contract: &Contract,
    scenario: &Scenario,
    faults: &[String],
    port: u16,
) -> Result<EmbeddedServer, Vec<Diagnostic>> {
    let service =
        ReferenceService::with_faults(contract.clone(), build_world(contract, scenario), faults).map_err(|error| {
            let hint = match &error.hint {
                Some(near) => format!("did you mean `{near}`?"),
                None => "--list-faults lists all faults".to_owned(),
            };
            vec![Diagnostic::error(format!("unknown fault `{}`", error.name)).with_hint(hint)]
        })?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    match ReferenceServer::start(Arc::new(service), address).await {
        Ok(server) => Ok(EmbeddedServer(server)),
        Err(error) => Err(vec![Diagnostic::error(format!("cannot listen on {address}: {error}"))]),
    }
}

/// Returns the faults that the server of a contract supports, with their descriptions.
pub fn list_faults(contract: &Contract) -> Vec<(String, String)> {
    crate::reference::list_faults(contract).into_iter().map(|fault| (fault.name, fault.description)).collect()
}

/// Returns what the server must know of a scenario: the existing resources and the valid credentials.
pub fn build_world(contract: &Contract, scenario: &Scenario) -> ServerConfig {
    let mut known: Vec<KnownIdentifier> = Vec::new();
    let notes = scenario.operations.values();
    // A member with a fresh value per case names a resource that does not exist yet.
    let of_operations = notes
        .clone()
        .flat_map(|notes| notes.use_values.iter().filter(|(member, _)| !notes.fresh_members.contains(member)));
    let uses = scenario.use_values.iter().chain(of_operations).chain(&scenario.elsewhere_values);
    let missing: Vec<&String> =
        scenario.missing_values.keys().chain(notes.flat_map(|notes| notes.missing_values.keys())).collect();
    // A member that has a value for a missing resource is an identifier; other values of `use` are plain values.
    for (member, value) in uses.filter(|(member, _)| missing.contains(member)) {
        if let Some(text) = value.as_str() {
            let form = fill_variables(scenario, text, 0);
            // The ids of fixtures are no fixed forms: such a resource exists only while its fixture does.
            let is_made = scenario.fixtures.keys().any(|name| form.contains(&format!("{{{name}.")));
            if !is_made && !known.iter().any(|one| one.member == *member && one.template == form) {
                known.push(KnownIdentifier { member: member.clone(), template: form });
            }
        }
    }
    let keys_of = |principal: &'_ Principal| -> Vec<BearerKey> {
        let key_of = |credentials: &Credentials| match credentials {
            Credentials::Bearer(key)
            | Credentials::Header { value: key, .. }
            | Credentials::Query { value: key, .. }
            | Credentials::Cookie { value: key, .. } => Some(fill_variables(scenario, key, 0)),
            Credentials::Basic { user, password } => {
                Some(format!("{}:{}", fill_variables(scenario, user, 0), fill_variables(scenario, password, 0)))
            }
            Credentials::SigV4 { .. } | Credentials::Anonymous => None,
        };
        let keys = principal.all_credentials().filter_map(key_of);
        keys.map(|key| BearerKey { key, missing_permissions: principal.lacks.clone() }).collect()
    };
    let bearer_keys = scenario.principals.values().flat_map(keys_of);
    ServerConfig {
        known_identifiers: known,
        bearer_keys: bearer_keys.collect(),
        require_sigv4: contract.auth.iter().any(|auth| matches!(auth, AuthScheme::SigV4 { .. })),
        error_code_path: scenario.error_code.clone(),
        resources: merge_resources(
            scenario.fixtures.iter().filter_map(|(name, it)| build_resource(contract, scenario, name, it)),
        ),
        unique_members: scenario
            .operations
            .iter()
            .flat_map(|(name, notes)| notes.fresh_members.iter().map(|member| (name.clone(), member.clone())))
            .collect(),
        output_texts: scenario.fixtures.values().flat_map(awaited_states).collect(),
    }
}

/// Merges the resources that one operation creates: fixtures in several states are one kind of resource.
fn merge_resources(all: impl Iterator<Item = ResourceDefinition>) -> Vec<ResourceDefinition> {
    let mut merged: Vec<ResourceDefinition> = Vec::new();
    for resource in all {
        let known = merged
            .iter_mut()
            .find(|known| known.created_by == resource.created_by && known.identifiers == resource.identifiers);
        match known {
            Some(known) => known.identifier_members.extend(resource.identifier_members),
            None => merged.push(resource),
        }
    }
    merged
}

/// Returns the resource that a fixture creates with an operation. It is identified by the captured values of the
/// response and by the names in the request.
fn build_resource(
    contract: &Contract,
    scenario: &Scenario,
    name: &str,
    fixture: &Fixture,
) -> Option<ResourceDefinition> {
    let made_by = fixture.create.first()?.operation_name()?;
    let operation = contract.operation(made_by)?;
    let inputs = operation.input.as_ref().and_then(|input| contract.shape(input).kind.members());
    // The first place of a capture is the documented one.
    let first = |places: &str| places.split(" | ").next().unwrap_or_default().to_owned();
    let given =
        fixture.create[0].captures.iter().map(|(name, path)| (name, ResourceIdentifier::FromOutput(first(path))));
    // Only names of input members are identifiers: other names may mean anything.
    let fresh = scenario.operation_notes(made_by).map_or(&[][..], |notes| &notes.fresh_members);
    let place_of = |name: &String| {
        let nested =
            || fresh.iter().find(|place| place.rsplit('.').next() == Some(name) && !place.contains(['[', '{']));
        let is_top = inputs.is_some_and(|inputs| inputs.contains_key(name));
        if is_top { Some(name.clone()) } else { nested().cloned() }
    };
    let chosen = fixture.names.keys().filter_map(|name| Some((name, ResourceIdentifier::FromInput(place_of(name)?))));
    let (names, identifiers): (Vec<&String>, Vec<ResourceIdentifier>) = given.chain(chosen).unzip();
    let identifier_of = |template: &str| {
        let (of, capture) = fixture_placeholder(template)?;
        (of == name).then(|| names.iter().position(|name| *name == capture)).flatten()
    };
    let namings = scenario.operations.iter().flat_map(|(operation, notes)| {
        notes.use_values.iter().filter_map(|(member, value)| {
            let identifier = identifier_of(value.as_str()?)?;
            Some(IdentifierMember {
                operation: operation.clone(),
                member: MemberPath::parse(member)?,
                identifier_index: identifier,
            })
        })
    });
    let taken_away_by = fixture.delete.iter().filter_map(|request| request.operation_name().map(str::to_owned));
    Some(ResourceDefinition {
        created_by: made_by.to_owned(),
        deleted_by: taken_away_by.collect(),
        identifier_members: namings.collect(),
        identifiers,
    })
}

/// Returns the states that a fixture waits for: this server reports them at once.
fn awaited_states(fixture: &Fixture) -> impl Iterator<Item = OutputText> {
    fixture.create.iter().filter_map(|request| {
        let until = request.ready_condition.as_ref()?;
        let (operation, text) = (request.operation_name()?.to_owned(), until.accepted_values.first()?.clone());
        Some(OutputText { operation, path: until.path.clone(), text })
    })
}

/// Replaces the variables of a template, but not `{case}`, because the server knows the resources of every case.
fn fill_variables(scenario: &Scenario, template: &str, depth: usize) -> String {
    let mut text = template.to_owned();
    if depth < 8 {
        for (name, variable) in &scenario.variables {
            let hole = format!("{{{name}}}");
            if text.contains(&hole) {
                text = text.replace(&hole, &fill_variables(scenario, &variable.value, depth + 1));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn world_contains_identifiers_and_keys_of_the_scenario() {
        let text = "sources = [\"x\"]\nerror-code = \"error.code\"\n\
                    variables = { ContactId = \"c-{case}\", key = { value = \"k\", secret = true } }\n\
                    use = { ContactId = \"{ContactId}\", Kind = \"plain\" }\nmissing = { ContactId = \"none\" }\n\
                    [principals.reader]\nbearer = \"{key}\"\nlacks = [\"write\"]\n";
        let (scenario, _) = crate::scenario::read_scenario("t", text).expect("it reads");
        let world = build_world(&Contract::new("t"), &scenario);
        assert_eq!(
            world.known_identifiers,
            [KnownIdentifier { member: "ContactId".into(), template: "c-{case}".into() }]
        );
        assert_eq!(world.bearer_keys, [BearerKey { key: "k".into(), missing_permissions: vec!["write".into()] }]);
        assert!(!world.require_sigv4);
    }
}
