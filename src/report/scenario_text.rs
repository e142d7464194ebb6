//! Writes a new scenario: the credentials that the sources document, and the values that the user must fill in.
//!
//! It never contains what every run infers anyway; `doctor` shows that.

use super::doctor::format_prerequisites;
use super::{ControlOutcome, EndpointDiagnosis, OperationDiagnosis, format_found_stanza};
use crate::contract::{Contract, MemberLocation, OperationName, Protocol, ShapeKind};
use crate::escape::{escape_line, toml_key, toml_string, toml_value};
use crate::infer::{InferenceResult, InferredResource};
use crate::scenario::{Credentials, LoginStep, Principal};
use std::fmt::Write as _;

/// The file next to a new scenario that has the JSON Schema of scenarios. Editors find it by the scenario's first line.
pub const SCENARIO_SCHEMA_FILE: &str = "scenario.schema.json";

/// Returns the text of a new scenario.
pub fn scenario_text(
    command: &str,
    sources: &[String],
    endpoint: Option<&str>,
    (contract, principal): (&Contract, Option<&Principal>),
    inferred: &InferenceResult,
    diagnosis: Option<&EndpointDiagnosis>,
) -> String {
    let mut out = format!("#:schema {SCENARIO_SCHEMA_FILE}\n");
    let list: Vec<String> = sources.iter().map(|source| toml_string(source)).collect();
    let _ = writeln!(out, "# Written by `{}`; edit it freely.", escape_line(command));
    let _ = writeln!(out, "# `overstep doctor` shows what else is inferred, and what operations still need.\n");
    let _ = writeln!(out, "sources   = [{}]", list.join(", "));
    let supporting = supporting_services(inferred, diagnosis);
    write_supporting_sources(&mut out, inferred, &supporting);
    match endpoint {
        Some(endpoint) => {
            let _ = writeln!(out, "endpoint  = {}", toml_string(endpoint));
        }
        None => out.push_str("# endpoint = \"http://127.0.0.1:8080\"   # or a name in overstep.toml\n"),
    }
    write_principal(&mut out, principal);
    match diagnosis {
        Some(diagnosis) => write_diagnosis(&mut out, diagnosis, &supporting),
        None => write_open_members(&mut out, contract, inferred),
    }
    out
}

/// Returns the operations that create what the tested operations need, with their services.
fn supporting_services<'i>(
    inferred: &'i InferenceResult,
    diagnosis: Option<&'i EndpointDiagnosis>,
) -> Vec<(&'i str, &'i str)> {
    let (resources, origins) = match diagnosis {
        Some(diagnosis) => (&diagnosis.resources, &diagnosis.origins),
        None => (&inferred.resources, &inferred.origins),
    };
    let found = diagnosis.into_iter().flat_map(|diagnosis| &diagnosis.operations);
    let found = found.flat_map(|row| row.required_members.values().map(|value| (&row.operation, value.to_string())));
    let values: Vec<(&String, String)> =
        origins.iter().map(|one| (&one.operation, one.value.clone())).chain(found).collect();
    // What an operation of another service needs counts only if that operation is sent.
    let mut used: Vec<&InferredResource> = Vec::new();
    loop {
        let is_sent = |operation: &str| {
            !operation.contains(OperationName::SERVICE_SEPARATOR) || used.iter().any(|one| one.created_by == operation)
        };
        let is_used = |one: &&InferredResource| {
            let placeholder = format!("{{{}.", one.fixture);
            values.iter().any(|(operation, value)| is_sent(operation) && value.contains(&placeholder))
        };
        let next: Vec<&InferredResource> = resources.iter().filter(is_used).collect();
        if next.len() == used.len() {
            break;
        }
        used = next;
    }
    used.into_iter().filter_map(|one| one.created_by.split_once(OperationName::SERVICE_SEPARATOR)).collect()
}

/// Writes the sources of the services that create what operations need, each with what it creates.
fn write_supporting_sources(out: &mut String, inferred: &InferenceResult, supporting: &[(&str, &str)]) {
    if supporting.is_empty() {
        return;
    }
    out.push_str("supporting-sources = [\n");
    for source in &inferred.given.supporting_sources {
        let name = source.rsplit(':').next().unwrap_or(source);
        let created = supporting.iter().filter(|(service, _)| *service == name);
        let created: Vec<&str> = created.map(|(_, operation)| *operation).collect();
        if !created.is_empty() {
            let _ = writeln!(out, "    {},   # {}", toml_string(source), escape_line(&created.join(", ")));
        }
    }
    out.push_str("]\n");
}

/// Writes the principal, if the documents say how callers authenticate.
fn write_principal(out: &mut String, principal: Option<&Principal>) {
    let Some(principal) = principal else { return };
    let name = if matches!(principal.credentials, Credentials::SigV4 { .. }) { "aws" } else { "full" };
    let _ = writeln!(out, "principal = {}\n\n[principals.{name}]", toml_string(name));
    if let Some(login) = &principal.login {
        let _ = writeln!(out, "{}", login_line(login));
    }
    for credentials in principal.all_credentials() {
        let _ = writeln!(out, "{}", credentials_line(credentials));
    }
}

/// Returns the line of a principal's table that states how the caller logs in.
fn login_line(login: &LoginStep) -> String {
    let mut parts = vec![format!("request = {}", toml_string(&login.request))];
    parts.extend(login.input.as_ref().map(|input| format!("input = {}", toml_value(input))));
    let captures = login.captures.iter().map(|(name, place)| format!("{} = {}", toml_key(name), toml_string(place)));
    parts.push(format!("capture = {{ {} }}", captures.collect::<Vec<_>>().join(", ")));
    format!("login = {{ {} }}   # again after a 401; ${{NAME}} is from the environment", parts.join(", "))
}

/// Returns the line of a principal's table that states its credentials.
fn credentials_line(credentials: &Credentials) -> String {
    let from_environment = |line: String| match line.contains("${") {
        true => format!("{line}   # from the environment"),
        false => line,
    };
    let key = |kind: &str, name: &str, value: &str| {
        let (name, value) = (toml_string(name), toml_string(value));
        from_environment(format!("{kind} = {{ name = {name}, value = {value} }}"))
    };
    match credentials {
        Credentials::SigV4 { region, .. } => {
            format!(
                "sigv4 = {{ region = {} }}   # keys from the environment; on loopback, dummies",
                toml_string(region)
            )
        }
        Credentials::Bearer(key) => from_environment(format!("bearer = {}", toml_string(key))),
        Credentials::Basic { user, password } => {
            let (user, password) = (toml_string(user), toml_string(password));
            format!("basic = {{ user = {user}, password = {password} }}   # from the environment")
        }
        Credentials::Header { name, value } => key("header", name, value),
        Credentials::Query { name, value } => key("query", name, value),
        Credentials::Cookie { name, value } => key("cookie", name, value),
        Credentials::Anonymous => "anonymous = true".to_owned(),
    }
}

/// Writes what the diagnosis of the endpoint found: members that operations need, and operations to fill in.
fn write_diagnosis(out: &mut String, diagnosis: &EndpointDiagnosis, supporting: &[(&str, &str)]) {
    let is_sent = |row: &&OperationDiagnosis| {
        let service = row.operation.split_once(OperationName::SERVICE_SEPARATOR);
        service.is_none_or(|(service, _)| supporting.iter().any(|(used, _)| *used == service))
    };
    let rows = || diagnosis.operations.iter().filter(is_sent);
    for stanza in format_prerequisites(diagnosis).into_iter().chain(rows().filter_map(format_found_stanza)) {
        let _ = writeln!(out, "\n# Found by experiment with {}.\n{stanza}", escape_line(&diagnosis.endpoint));
    }
    let is_open = |row: &&OperationDiagnosis| row.outcome == ControlOutcome::Rejected && !row.creates_nothing;
    let refused: Vec<_> = rows().filter(is_open).collect();
    if !refused.is_empty() {
        out.push_str(
            "\n# To fill in: these were rejected. Add what they need, or skip one with `skip = \"reason\"`.\n",
        );
    }
    for row in refused {
        let why: String = row.reason.chars().take(200).collect();
        let why = escape_line(&format!("{}: {why}", row.observed));
        let _ = writeln!(out, "# [operations.{}]\n# use = {{ }}   # {why}", toml_key(&row.operation));
    }
}

/// Writes the required members that name a resource which no operation creates. Used without an endpoint.
fn write_open_members(out: &mut String, contract: &Contract, inferred: &InferenceResult) {
    let open = open_members(contract, inferred);
    if open.is_empty() {
        return;
    }
    out.push_str(
        "\n# To fill in: no operation creates what these name. `overstep init --endpoint URL` tries to find values.\n",
    );
    for (operation, members) in open {
        let input = contract.operation(&operation).and_then(|operation| operation.input.as_ref());
        let shapes = input.and_then(|input| contract.shape(input).kind.members());
        let one = |member: &String| {
            let empty = shapes.and_then(|members| members.get(member)).map(|it| &contract.shape(&it.shape).kind);
            let value = if matches!(empty, Some(ShapeKind::List { .. })) { "[]" } else { "\"\"" };
            format!("{} = {value}", toml_key(member))
        };
        let uses: Vec<String> = members.iter().map(one).collect();
        let _ = writeln!(out, "# [operations.{}]\n# use = {{ {} }}", toml_key(&operation), uses.join(", "));
    }
}

/// Returns the members whose values only the user knows, by operation: the required ones that name a resource which no
/// operation of the contract creates.
fn open_members(contract: &Contract, inferred: &InferenceResult) -> Vec<(String, Vec<String>)> {
    let scenario = &inferred.scenario;
    let mut open = Vec::new();
    for operation in contract.operations.iter().filter(|operation| scenario.includes_operation(operation.name.as_str()))
    {
        let name = operation.name.as_str();
        let members = operation.input.as_ref().and_then(|input| contract.shape(input).kind.members());
        let lacking: Vec<String> = members
            .into_iter()
            .flatten()
            .filter(|(member, it)| {
                let is_text = matches!(contract.shape(&it.shape).kind, ShapeKind::String);
                // Elsewhere, a name or an id in the body is usually free text.
                let is_in_path = it.location == MemberLocation::Label;
                let names_resource = is_in_path || contract.protocol != Some(Protocol::RestJson);
                it.required && is_text && names_resource && is_identifier_name(member)
            })
            .map(|(member, _)| member.clone())
            .filter(|member| scenario.use_value(name, member).is_none())
            .collect();
        if !lacking.is_empty() {
            open.push((name.to_owned(), lacking));
        }
    }
    open
}

/// Returns true if the name of a member suggests that its value is not free text.
fn is_identifier_name(member: &str) -> bool {
    ["Id", "ID", "Arn", "ARN", "Url", "URL", "Name", "Document", "Policy", "Definition", "Expression"]
        .iter()
        .any(|end| member.ends_with(end))
        || matches!(member, "id" | "arn" | "url" | "name" | "policy" | "definition" | "role" | "Role")
}
