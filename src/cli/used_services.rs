//! Reads the recording of an application's calls, and finds which scenarios have the operations that it uses.
//!
//! It sends nothing. What no scenario has is an error or a note, never silence.

use super::document_places::document_places;
use super::fit_flags::FitFlags;
use super::scenarios::{SelectedScenarios, VariableFlags, read_scenarios};
use super::{CommandError, current_directory, messages};
use crate::config::Config;
use crate::session::{CallMatch, MatchedUsage};
use crate::usage::{RecordedCall, RecordedUsage, UsageError, UsageFormat};
use overstep::contract::Protocol;
use overstep::report::{Diagnostic, FitService, Severity, pluralize};
use overstep::scenario::Scenario;
use overstep::session;
use overstep::store::{self, FoundScenario};
use overstep::usage::{self, UsedOperations};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Maximum number of names that one note lists.
const MAX_NAMED: usize = 6;
/// Maximum number of unknown names of a list that are errors of their own.
const MAX_PROBLEMS: usize = 20;
/// What begins the name of a source that is a model of an installed botocore.
const BOTOCORE_PREFIX: &str = "botocore:";

/// The services that an application uses.
pub struct UsedServices {
    /// The recording, as the user named it.
    pub recording: String,
    /// Its format.
    pub format: UsageFormat,
    /// The services, in the order of the scenarios.
    pub services: Vec<UsedService>,
    /// What no scenario has, one sentence each.
    pub not_checked: Vec<String>,
}

/// A service that an application uses.
pub struct UsedService {
    /// The name of its scenario.
    pub scenario: String,
    /// What the application uses of it.
    pub used: UsedOperations,
    /// The protocol that the application speaks, if it is not the one that the documents prefer.
    pub protocol: Option<Protocol>,
    /// What people see of it.
    pub description: FitService,
}

impl UsedService {
    /// Limits a scenario to the operations and the protocol that the application uses.
    pub fn restrict(&self, scenario: &mut Scenario) {
        scenario.included_operations = self.used.operations.keys().map(ToString::to_string).collect();
        scenario.protocol = self.protocol.or(scenario.protocol);
    }
}

/// Returns the scenario that stands for the sources of the command line, with nothing but its name.
pub fn scenario_of_sources(sources: &[String]) -> Scenario {
    let first = sources.first().map_or("", String::as_str);
    let name = match first.strip_prefix(BOTOCORE_PREFIX) {
        Some(service) => service.split('/').next().unwrap_or_default().to_owned(),
        None => Path::new(first).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default(),
    };
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let name: String = name.split('.').next().unwrap_or_default().chars().filter(|c| is_part(*c)).collect();
    let mut scenario = Scenario::with_name(if name.is_empty() { "api".to_owned() } else { name });
    scenario.sources = sources.to_vec();
    scenario
}

/// Reads the scenarios that `fit` may need. With sources in their place, there is one that has no file.
pub fn read_fit_scenarios(flags: &FitFlags) -> Result<SelectedScenarios, CommandError> {
    if flags.source.is_empty() {
        let selection = flags.selection(None);
        return read_scenarios(&flags.scenarios, &VariableFlags::new(&selection), false);
    }
    let directory = current_directory()?;
    let scenario = scenario_of_sources(&flags.source);
    let found = FoundScenario {
        name: scenario.name.clone(),
        display_name: format!("{}.toml", scenario.name),
        text: String::new(),
        directory: Some(directory.clone()),
        is_found_by_name: false,
    };
    Ok(SelectedScenarios { scenarios: vec![(found, scenario)], config: Config::load(&directory)?, directory })
}

/// Reads the recording and finds what it uses of the selected scenarios.
pub fn find_used_services(flags: &FitFlags) -> Result<UsedServices, CommandError> {
    let path = current_directory()?.join(&flags.used);
    let recording = flags.used.display().to_string();
    let usage = usage::read_usage(&recording, &store::read_unpacked_bytes(&path)?)
        .map_err(|error| recording_diagnostic(&recording, error))?;
    let selected = read_fit_scenarios(flags)?;
    let mut matches: Vec<(String, MatchedUsage)> = Vec::new();
    let mut services = Vec::new();
    for (found, scenario) in &selected.scenarios {
        let documents = store::read_sources(&document_places(found.directory.clone()), &scenario.sources)?;
        let loaded = session::load_scenario(scenario, &found.display_name, documents)?;
        let sources = scenario.sources.iter().filter_map(|source| source.strip_prefix(BOTOCORE_PREFIX));
        let names = sources.map(|source| source.split('/').next().unwrap_or_default().to_owned());
        let names: Vec<String> = names.chain([scenario.name.clone()]).collect();
        let matched = session::match_usage(&loaded.contract, &names, &usage.calls);
        if !matched.used.operations.is_empty() {
            let spoken = matched.protocols.first().map(|(protocol, _)| *protocol);
            let protocol = spoken.filter(|protocol| loaded.contract.protocol != Some(*protocol));
            services.push(UsedService {
                scenario: scenario.name.clone(),
                protocol,
                description: FitService {
                    scenario: scenario.name.clone(),
                    service: loaded.contract.service.clone(),
                    protocol: protocol.or(loaded.contract.protocol).map(|protocol| protocol.name().to_owned()),
                    operations: matched.used.operations.len(),
                    members: matched.used.top_level_count(),
                },
                used: matched.used.clone(),
            });
        }
        matches.push((scenario.name.clone(), matched));
    }
    let not_checked = find_unmatched(&recording, &usage, &matches)?;
    if services.is_empty() {
        return Err(no_operation(&recording, &usage, &matches).into());
    }
    warn_of_unused(flags, &recording, &services, &matches);
    Ok(UsedServices { recording, format: usage.format, services, not_checked })
}

fn recording_diagnostic(recording: &str, error: UsageError) -> Diagnostic {
    let reason = format!("`{recording}` is {}", error.reason);
    let problem = Diagnostic { hint: error.hint, ..Diagnostic::error(reason) };
    match error.line {
        Some(line) => Diagnostic { document: Some(recording.to_owned()), line: Some(line), ..problem },
        None => problem,
    }
}

/// Warns of scenarios that the user named and the application does not use.
fn warn_of_unused(flags: &FitFlags, recording: &str, services: &[UsedService], matches: &[(String, MatchedUsage)]) {
    if flags.scenarios.is_empty() {
        return;
    }
    for (name, _) in matches.iter().filter(|(name, _)| services.iter().all(|service| service.scenario != *name)) {
        let problem = Diagnostic::error(format!("`{recording}` has no operation of `{name}`, so it is left out"));
        messages::print_problems(&[Diagnostic { severity: Severity::Warning, ..problem }]);
    }
}

/// Returns the error for a recording without an operation of any scenario.
fn no_operation(recording: &str, usage: &RecordedUsage, matches: &[(String, MatchedUsage)]) -> Diagnostic {
    let names: Vec<String> = matches.iter().map(|(name, _)| format!("`{name}`")).collect();
    let mut reason = format!("no operation of {} in `{recording}`", names.join(", "));
    let services: BTreeSet<String> = usage
        .calls
        .iter()
        .enumerate()
        .filter_map(|(index, call)| {
            let named = matches.iter().find_map(|(_, matched)| match &matched.calls[index] {
                CallMatch::OtherService(service) => Some(service.clone()),
                _ => None,
            });
            named.or_else(|| call.service.clone())
        })
        .collect();
    let unknown: BTreeSet<&str> = usage.calls.iter().filter_map(|call| call.operation.as_deref()).collect();
    let hint = if let Some(first) = services.first() {
        reason.push_str(&format!(": its operations are of {}", list_names(services.iter().map(String::as_str))));
        format!("name the scenario or source of that service: `--source {BOTOCORE_PREFIX}{first}`")
    } else if unknown.is_empty() {
        "its requests fit no route of the documents; is the base URL of the documents another one?".to_owned()
    } else {
        reason.push_str(&format!(": it has {}", list_names(unknown.into_iter())));
        "name the scenario or source of the API that the application calls".to_owned()
    };
    Diagnostic::error(reason).with_hint(hint)
}

/// Returns the first names of a list, and how many more there are.
fn list_names<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.collect();
    let more = names.len().saturating_sub(MAX_NAMED);
    let shown = names[..names.len().min(MAX_NAMED)].join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

/// Returns what no scenario has, one sentence each. In a list that a person wrote, an unknown name is an error.
fn find_unmatched(
    recording: &str,
    usage: &RecordedUsage,
    matches: &[(String, MatchedUsage)],
) -> Result<Vec<String>, CommandError> {
    let mut others: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let mut unknown: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    let (mut problems, mut requests) = (Vec::new(), 0_u64);
    for (index, call) in usage.calls.iter().enumerate() {
        let found: Vec<&CallMatch> = matches.iter().map(|(_, matched)| &matched.calls[index]).collect();
        if found.contains(&&CallMatch::Known) {
            continue;
        }
        // The scenario of the service knows best.
        let best = found.iter().find(|one| !matches!(one, CallMatch::OtherService(_))).or(found.first());
        match best {
            Some(CallMatch::UnknownOperation { name, nearest }) if usage.format == UsageFormat::OperationList => {
                problems.push(list_problem(recording, call, &format!("no operation `{name}`"), nearest.as_deref()));
            }
            Some(CallMatch::UnknownMember { operation, member, nearest }) => {
                let reason = format!("`{operation}` has no member `{member}`");
                problems.push(list_problem(recording, call, &reason, nearest.as_deref()));
            }
            Some(CallMatch::UnknownOperation { name, nearest }) => {
                unknown.insert(name, nearest.as_deref());
            }
            Some(CallMatch::OtherService(service)) => {
                others.entry(service.clone()).or_default().extend(call.operation.as_deref());
            }
            _ => requests += 1,
        }
    }
    if !problems.is_empty() {
        let more = problems.len().saturating_sub(MAX_PROBLEMS);
        problems.truncate(MAX_PROBLEMS);
        if more > 0 {
            problems
                .push(Diagnostic::error(format!("{} in `{recording}`", pluralize(more as u64, "more unknown name"))));
        }
        return Err(problems.into());
    }
    let mut notes = Vec::new();
    if !others.is_empty() {
        let describe = |(service, operations): (String, BTreeSet<&str>)| match operations.is_empty() {
            true => service,
            false => format!("{service} ({})", list_names(operations.into_iter())),
        };
        let services: Vec<String> = others.into_iter().map(describe).collect();
        notes.push(format!("services without a scenario: {}", list_names(services.iter().map(String::as_str))));
    }
    if !unknown.is_empty() {
        let describe = |(name, nearest): (&&str, &Option<&str>)| match nearest {
            Some(nearest) => format!("{name} (did you mean `{nearest}`?)"),
            None => (*name).to_owned(),
        };
        let names: Vec<String> = unknown.iter().map(describe).collect();
        notes.push(format!("operations that no document has: {}", list_names(names.iter().map(String::as_str))));
    }
    if requests > 0 {
        notes.push(format!("{} without an operation of the scenarios", pluralize(requests, "request")));
    }
    Ok(notes)
}

/// Returns the error for an unknown name in a list of operations.
fn list_problem(recording: &str, call: &RecordedCall, reason: &str, nearest: Option<&str>) -> Diagnostic {
    let problem = Diagnostic::error(reason);
    Diagnostic {
        document: Some(recording.to_owned()),
        line: call.line,
        hint: nearest.map(|nearest| format!("did you mean `{nearest}`?")),
        ..problem
    }
}
