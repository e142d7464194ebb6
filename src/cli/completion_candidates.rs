//! What a shell offers after TAB, beyond the names of commands and flags: scenarios, endpoints, operations, laws, codes.
//!
//! It never fails and never prints: what cannot be read is not offered.

use super::document_places::document_places;
use super::environment::current_directory;
use crate::config::Config;
use clap_complete::CompletionCandidate;
use overstep::case::LawName;
use overstep::contract::Constraint;
use overstep::judge::FindingCode;
use overstep::session;
use overstep::store::{self, FoundScenario};
use std::collections::BTreeSet;
use std::ffi::OsStr;

/// Maximum number of scenarios whose documents are read: a person waits for the answer.
const MAX_SCENARIOS: usize = 20;

/// Returns the names of all scenarios.
pub fn scenario_candidates() -> Vec<CompletionCandidate> {
    let names = current_directory().ok().and_then(|directory| store::scenario_names(&directory).ok());
    names.unwrap_or_default().into_iter().map(CompletionCandidate::new).collect()
}

/// Returns the names of the endpoints in `overstep.toml`, and `embedded`.
pub fn endpoint_candidates() -> Vec<CompletionCandidate> {
    let config = current_directory().ok().and_then(|directory| Config::load(&directory).ok()).unwrap_or_default();
    config.settings.endpoints.keys().map(String::as_str).chain(["embedded"]).map(CompletionCandidate::new).collect()
}

/// Returns the names of the operations of all scenarios.
pub fn operation_candidates() -> Vec<CompletionCandidate> {
    let names: BTreeSet<String> = scenario_operations().into_iter().map(|(_, operation)| operation).collect();
    names.into_iter().map(CompletionCandidate::new).collect()
}

/// Returns the codes of findings with their titles.
pub fn code_candidates() -> Vec<CompletionCandidate> {
    let candidate = |code: &FindingCode| {
        let info = code.info();
        CompletionCandidate::new(info.code.to_string()).help(Some(info.title.to_string().into()))
    };
    FindingCode::ALL.iter().map(candidate).collect()
}

/// Returns the expressions that begin with a text: operations, laws and constraints. What stands before the last `&` or
/// `|` is kept.
pub fn filter_candidates(current: &OsStr) -> Vec<CompletionCandidate> {
    let Some(text) = current.to_str() else { return Vec::new() };
    let start = text.rfind(['&', '|', '!']).map_or(0, |at| at + 1);
    let start = start + text[start..].len() - text[start..].trim_start().len();
    let (before, word) = text.split_at(start);
    let mut conditions: Vec<String> = Vec::new();
    for (scenario, operation) in scenario_operations() {
        conditions.push(format!("{scenario}/{operation}"));
        conditions.push(format!("op({operation})"));
    }
    conditions.extend(LawName::STATED.iter().map(|law| format!("law/{law}")));
    conditions.extend(Constraint::ALL.iter().map(|constraint| format!("constraint({})", constraint.name())));
    let mut seen = BTreeSet::new();
    conditions.retain(|condition| condition.starts_with(word) && seen.insert(condition.clone()));
    conditions.into_iter().map(|condition| CompletionCandidate::new(format!("{before}{condition}"))).collect()
}

/// Returns the operations of all scenarios, each with the scenario's name.
fn scenario_operations() -> Vec<(String, String)> {
    let Ok(directory) = current_directory() else { return Vec::new() };
    let found = store::find_all_scenarios(&directory).unwrap_or_default();
    found.iter().take(MAX_SCENARIOS).flat_map(|found| operations_of(found).unwrap_or_default()).collect()
}

/// Returns the operations of a scenario that a run would test, or `None` if its documents cannot be read.
fn operations_of(found: &FoundScenario) -> Option<Vec<(String, String)>> {
    let (scenario, _) = overstep::scenario::read_scenario(&found.name, &found.text).ok()?;
    let documents = store::read_sources(&document_places(found.directory.clone()), &scenario.sources).ok()?;
    let contract = session::ingest_documents(documents, &scenario.included_operations).ok()?.contract;
    let names = contract.operations.iter().map(|operation| operation.name.as_str().to_owned());
    // Shells print the names as they are.
    let is_printable = |name: &String| !name.chars().any(char::is_control);
    let names = names.filter(|name| scenario.includes_operation(name)).filter(is_printable);
    Some(names.map(|name| (found.name.clone(), name)).collect())
}
