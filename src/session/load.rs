//! Reads documents into one contract and applies the scenario's amendments.
//!
//! This module never opens a file: it receives documents as bytes.

use super::contract_problems::{ContractProblems, ignored_patterns};
use super::referenced_files::ReferencedFiles;
use crate::case::LawName;
use crate::contract::{
    Amendment, AuthScheme, Contract, Operation, Provenance, find_documented_place, nearest_name, switch_protocol,
};
use crate::infer::{InferenceResult, complete_scenario, find_supporting_services, is_supporting_operation};
use crate::ingest;
use crate::report::{Diagnostic, Severity};
use crate::scenario::{Credentials, OperationNotes, Principal, ReadBack, Scenario, fixture_placeholder};
use crate::store::SourceDocument;

/// The region of signatures, if the scenario names none.
const DEFAULT_REGION: &str = "us-east-1";

/// A contract, and the problems of its documents.
#[derive(Debug)]
pub struct LoadedContract {
    /// The contract.
    pub contract: Contract,
    /// Problems of the documents, none of which is fatal.
    pub diagnostics: Vec<Diagnostic>,
    /// What was inferred from the contract, and the scenario completed with it.
    pub inferred: InferenceResult,
}

impl LoadedContract {
    /// Returns the services that create what the operations refer to and do not create themselves, as botocore calls them.
    pub fn supporting_services(&self) -> Vec<String> {
        find_supporting_services(&self.contract)
    }
}

/// Reads documents into one contract. Only these operations are read from machine models; all if the list is empty.
/// Documents that cannot be read at all are errors among the diagnostics.
///
/// # Errors
/// Returns an error if no document contains an operation.
pub fn ingest_documents(
    documents: Vec<SourceDocument>,
    operations: &[String],
) -> Result<LoadedContract, Vec<Diagnostic>> {
    let options = ingest::IngestOptions { operations: operations.to_vec(), is_wanted: None };
    let (mut loaded, errors) = read_documents(documents, &options)?;
    loaded.diagnostics.extend(errors);
    let problems = ContractProblems::find(&loaded.contract, &Scenario::with_name(""));
    let is_wanted = |name: &str| operations.is_empty() || operations.iter().any(|wanted| wanted == name);
    loaded.diagnostics.extend(problems.diagnostics(&loaded.contract, &is_wanted));
    loaded.diagnostics.extend(ignored_patterns(&loaded.contract));
    Ok(loaded)
}

fn read_documents(
    documents: Vec<SourceDocument>,
    options: &ingest::IngestOptions,
) -> Result<(LoadedContract, Vec<Diagnostic>), Vec<Diagnostic>> {
    let names: Vec<String> = documents.iter().map(|document| document.name.clone()).collect();
    let mut documents = documents;
    let sources: Vec<_> =
        documents.iter_mut().map(|document| (document.name.clone(), std::mem::take(&mut document.bytes))).collect();
    let (read, errors) = ingest::read_documents_with(&sources, options, &mut ReferencedFiles(&documents));
    let problems = read.diagnostics.iter().map(|one| {
        let severity = match one.severity {
            ingest::IngestSeverity::Note => Severity::Note,
            ingest::IngestSeverity::Warning => Severity::Warning,
        };
        located_diagnostic(severity, &one.message, one.hint.as_deref(), &one.place)
    });
    let mut problems: Vec<Diagnostic> = problems.collect();
    let errors: Vec<Diagnostic> = errors
        .iter()
        .map(|one| located_diagnostic(Severity::Error, &one.message, one.hint.as_deref(), &one.place))
        .collect();
    if read.contract.operations.is_empty() {
        if !errors.is_empty() {
            problems.extend(errors);
            return Err(problems);
        }
        let what = if options.operations.is_empty() { "an operation" } else { "one of the operations" };
        problems.push(Diagnostic::error(format!("no source contains {what}: {}", names.join(", "))));
        return Err(problems);
    }
    let loaded =
        LoadedContract { contract: read.contract, diagnostics: problems, inferred: InferenceResult::default() };
    Ok((loaded, errors))
}

/// Returns a diagnostic of a reader with its location.
fn located_diagnostic(
    severity: Severity,
    reason: &str,
    hint: Option<&str>,
    place: &ingest::SourceLocation,
) -> Diagnostic {
    let problem = Diagnostic {
        severity,
        hint: hint.map(str::to_owned),
        line: (place.line > 0).then_some(place.line),
        ..Diagnostic::error(reason)
    };
    let column = usize::try_from(place.column.saturating_sub(1)).unwrap_or(0);
    let start = place.excerpt.char_indices().nth(column).map_or(place.excerpt.len(), |(at, _)| at);
    let span = (!place.excerpt.trim().is_empty()).then(|| start..start + place.span.len());
    problem.with_location(&place.document, &place.excerpt, span)
}

/// Reads a scenario's documents, amends the contract, and keeps the operations that the scenario needs.
///
/// # Errors
/// Returns an error if the documents cannot be read, or if an amendment or an operation name refers to nothing.
pub fn load_scenario(
    scenario: &Scenario,
    display_name: &str,
    documents: Vec<SourceDocument>,
) -> Result<LoadedContract, Vec<Diagnostic>> {
    load_scenario_with(scenario, display_name, documents, Vec::new())
}

/// The documents of a service whose operations create what the tested operations need.
#[derive(Clone, Debug)]
pub struct SupportingSource {
    /// The name of the service, which begins the names of its operations: `ec2`.
    pub service: String,
    /// Its documents.
    pub documents: Vec<SourceDocument>,
}

/// Reads a scenario's documents as [`load_scenario`] does, and those of services whose operations create what the tested
/// operations need.
///
/// # Errors
/// Returns an error if the documents cannot be read, or if an amendment or an operation name refers to nothing.
pub fn load_scenario_with(
    scenario: &Scenario,
    display_name: &str,
    documents: Vec<SourceDocument>,
    supporting: Vec<SupportingSource>,
) -> Result<LoadedContract, Vec<Diagnostic>> {
    // Any operation may create or delete the resources that the selected ones need, so all are read.
    let (mut loaded, errors) = read_documents(documents, &ingest::IngestOptions::default())?;
    if !errors.is_empty() {
        loaded.diagnostics.extend(errors);
        return Err(loaded.diagnostics);
    }
    // Notes about documents are shown by `ingest`, not by every run.
    loaded.diagnostics.retain(|problem| problem.severity > Severity::Note);
    for SupportingSource { service, documents } in supporting {
        let options =
            ingest::IngestOptions { is_wanted: Some(is_supporting_operation), ..ingest::IngestOptions::default() };
        let (other, errors) = read_documents(documents, &options)?;
        if !errors.is_empty() {
            return Err(errors);
        }
        loaded.contract.add_supporting(&service, other.contract);
    }
    let signed = signed_scenario(scenario, &loaded.contract);
    let scenario = signed.as_ref().unwrap_or(scenario);
    let mut wrong = Vec::new();
    for entry in &scenario.amendments {
        let amendment = Amendment {
            at: entry.at.clone(),
            add: entry.add.clone(),
            set: entry.set.clone(),
            reason: entry.reason.clone(),
            source: Provenance::new(display_name, entry.line),
        };
        if let Err(error) = loaded.contract.amend(&amendment) {
            wrong.push(Diagnostic {
                document: Some(display_name.to_owned()),
                line: Some(entry.line),
                ..Diagnostic::error(format!("amendment at {error}"))
            });
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    for name in &scenario.included_operations {
        check_operation(&loaded.contract, name, Some(display_name))?;
    }
    for (name, notes) in &scenario.operations {
        check_operation(&loaded.contract, name, Some(display_name)).map_err(with_line(notes.line))?;
    }
    for (name, notes) in &scenario.operations {
        check_laws(&mut loaded, name, notes, display_name)?;
    }
    for request in scenario.fixtures.values().flat_map(|fixture| fixture.create.iter().chain(&fixture.delete)) {
        if let Some(name) = request.operation_name() {
            check_operation(&loaded.contract, name, Some(display_name)).map_err(with_line(request.line))?;
        }
    }
    for login in scenario.principals.values().filter_map(|principal| principal.login.as_ref()) {
        if let Some(name) = login.operation_name() {
            check_operation(&loaded.contract, name, Some(display_name))?;
            // Callers have no credentials before they log in, whatever a document says.
            let logs_in = loaded.contract.operations.iter_mut().find(|operation| operation.name.as_str() == name);
            logs_in.into_iter().for_each(|operation| operation.traits.anonymous = true);
        }
    }
    let problems = ContractProblems::find(&loaded.contract, scenario);
    let found = problems.diagnostics(&loaded.contract, &|name| scenario.includes_operation(name));
    problems.leave_out(&mut loaded.contract);
    let is_tested = |operation: &Operation| scenario.includes_operation(operation.name.as_str());
    if !found.is_empty() && !loaded.contract.operations.iter().any(is_tested) {
        return Err(found.into_iter().map(|one| Diagnostic { severity: Severity::Error, ..one }).collect());
    }
    loaded.diagnostics.extend(found);
    loaded.inferred = complete_scenario(&loaded.contract, scenario);
    let completed = &loaded.inferred.scenario;
    let unknown = unknown_fixtures(scenario, completed, display_name);
    if !unknown.is_empty() {
        return Err(unknown);
    }
    let own = loaded.contract.operations.iter().map(|operation| operation.name.as_str());
    let others = loaded.contract.supporting.iter().flat_map(|other| &other.operations);
    let others = others.map(|operation| operation.name.as_str());
    let kept: Vec<&str> = own
        .filter(|name| scenario.includes_operation(name) || completed.is_supporting_operation(name))
        .chain(others.filter(|name| completed.is_supporting_operation(name)))
        .collect();
    if kept.len() < loaded.contract.operations.len() || !loaded.contract.supporting.is_empty() {
        loaded.contract = loaded.contract.restrict_to(&kept);
    }
    loaded.diagnostics.extend(ignored_patterns(&loaded.contract));
    if let Some(protocol) = scenario.protocol {
        switch_protocol(&mut loaded.contract, protocol);
    }
    Ok(loaded)
}

/// Returns a scenario without principals with one that signs as an AWS service asks for: unsigned requests would not even
/// be routed to the service. Returns `None` if the scenario states how to sign, or the contract asks for nothing.
fn signed_scenario(scenario: &Scenario, contract: &Contract) -> Option<Scenario> {
    let is_undecided = scenario.principals.is_empty() && scenario.principal.is_none();
    if !is_undecided || !matches!(contract.auth.first(), Some(AuthScheme::SigV4 { .. })) {
        return None;
    }
    let credentials = Credentials::SigV4 {
        region: DEFAULT_REGION.to_owned(),
        service: None,
        access_key_id: None,
        secret_access_key: None,
    };
    let mut signed = scenario.clone();
    signed.principals.insert("aws".to_owned(), Principal::new(credentials));
    signed.principal = Some("aws".to_owned());
    Some(signed)
}

/// Returns an error for each value of an operation that names a fixture which the scenario has not, nor was inferred.
fn unknown_fixtures(scenario: &Scenario, completed: &Scenario, display_name: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for notes in scenario.operations.values() {
        let placeholders = notes.use_values.values().filter_map(serde_json::Value::as_str).filter_map(|template| {
            let (fixture, _) = fixture_placeholder(template)?;
            Some((fixture, format!("`{template}` refers to a value that")))
        });
        let needs = notes.needs.iter().map(|fixture| (fixture.as_str(), "`needs` refers to what".to_owned()));
        for (fixture, reference) in placeholders.chain(needs) {
            if completed.fixtures.contains_key(fixture) {
                continue;
            }
            let known: Vec<&str> = completed.fixtures.keys().map(String::as_str).collect();
            let hint = match nearest_name(fixture, known, 3) {
                Some(near) => format!("did you mean `{near}`?"),
                None if reference.starts_with("`needs`") => format!("{reference} `[fixtures.{fixture}]` creates"),
                None => format!("{reference} `[fixtures.{fixture}]` captures"),
            };
            found.push(Diagnostic {
                document: Some(display_name.to_owned()),
                line: (notes.line > 0).then_some(notes.line),
                ..Diagnostic::error(format!("unknown fixture `{fixture}`")).with_hint(hint)
            });
        }
    }
    found
}

/// Checks the operations and members that an operation's notes name, and warns about laws whose effect cannot be read.
fn check_laws(
    loaded: &mut LoadedContract,
    name: &str,
    notes: &OperationNotes,
    display_name: &str,
) -> Result<(), Vec<Diagnostic>> {
    let contract = &loaded.contract;
    let at = |problem: Diagnostic| Diagnostic {
        document: Some(display_name.to_owned()),
        line: (notes.laws_line > 0).then_some(notes.laws_line),
        ..problem
    };
    let input = |operation: &str| {
        let id = contract.operation(operation)?.input.as_ref()?;
        contract.shape(id).kind.members()
    };
    let lacks = |operation: &str, member: &str| {
        let known: Vec<&str> = input(operation).into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        (!known.contains(&member)).then(|| {
            let problem = Diagnostic::error(format!("the input of `{operation}` has no member `{member}`"));
            vec![at(problem.with_hint(format!("available members: {}", known.join(", "))))]
        })
    };
    for read in &notes.read_backs {
        if read.request != "answer" && !read.request.contains(' ') {
            check_operation(contract, &read.request, Some(display_name))?;
        }
        if let Some(problems) = read.member.as_ref().and_then(|member| lacks(name, member)) {
            return Err(problems);
        }
        if let Some(problem) = find_mistyped_place(contract, name, read) {
            return Err(vec![at(problem)]);
        }
    }
    if let Some(undoes) = &notes.undo_rule {
        check_operation(contract, &undoes.operation, Some(display_name))?;
        let of = undoes.undone_member.as_ref().and_then(|of| lacks(&undoes.operation, of));
        if let Some(problems) = of.or_else(|| lacks(name, &undoes.member)) {
            return Err(problems);
        }
    }
    if let Some(problems) = notes.echoed_members.values().find_map(|member| lacks(name, member)) {
        return Err(problems);
    }
    let stated = notes.laws.iter().any(|law| *law != LawName::Inverse);
    if stated && !crate::generate::is_readable(contract, name, &notes.read_backs) {
        let problem =
            Diagnostic::error(format!("no operation reads what `{name}` writes, so its laws are not checked"));
        let hint = "set where to read it: `read = { request = \"GetThing\", value = \"Thing.Tags\", member = \"Tags\" }`, \
                    or `request = \"answer\"`";
        loaded.diagnostics.push(at(Diagnostic { severity: Severity::Warning, ..problem.with_hint(hint) }));
    }
    Ok(())
}

/// Returns an error if the place that is read is not documented but resembles one that is. Other undocumented places
/// may exist all the same.
fn find_mistyped_place(contract: &Contract, operation: &str, read: &ReadBack) -> Option<Diagnostic> {
    let reader = if read.request == "answer" { operation } else { read.request.as_str() };
    let output = contract.operation(reader)?.output.as_ref()?;
    let unknown = find_documented_place(contract, output, &read.value_path).err()?;
    let near = nearest_name(&unknown.name, unknown.members.iter().map(|known| known.as_ref()), 2)?;
    let reason = format!("the response of `{reader}` has no `{}`: unknown member `{}`", read.value_path, unknown.name);
    Some(Diagnostic::error(reason).with_hint(format!("did you mean `{near}`?")))
}

/// Checks that a contract has all these operations.
///
/// # Errors
/// Returns an error with the most similar name if an operation does not exist.
pub fn check_operations(contract: &Contract, names: &[String]) -> Result<(), Vec<Diagnostic>> {
    names.iter().try_for_each(|name| check_operation(contract, name, None))
}

fn with_line(line: u32) -> impl Fn(Vec<Diagnostic>) -> Vec<Diagnostic> {
    move |problems| {
        problems.into_iter().map(|one| Diagnostic { line: Some(line).filter(|line| *line > 0), ..one }).collect()
    }
}

fn check_operation(contract: &Contract, name: &str, display_name: Option<&str>) -> Result<(), Vec<Diagnostic>> {
    if contract.any_operation(name).is_some() {
        return Ok(());
    }
    let known: Vec<&str> = contract.operations.iter().map(|operation| operation.name.as_str()).collect();
    let hint = match nearest_name(name, known.iter().copied(), 3) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.len() <= 12 => format!("available operations: {}", known.join(", ")),
        None => format!("the sources contain {} other operations", known.len()),
    };
    let problem = Diagnostic::error(format!("unknown operation `{name}`")).with_hint(hint);
    Err(vec![Diagnostic { document: display_name.map(str::to_owned), ..problem }])
}
