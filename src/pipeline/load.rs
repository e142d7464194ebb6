//! Documents become one contract, with the scenario's amendments.
//!
//! This file opens nothing: documents are given as bytes.

use crate::contract::{Amendment, Contract, Provenance};
use crate::report::Diagnostic;
use crate::scenario::Scenario;
use crate::store::Source;

/// A contract and what is odd about its documents.
#[derive(Debug)]
pub struct Loaded {
    /// The contract.
    pub contract: Contract,
    /// What readers could not understand; nothing in it is fatal.
    pub problems: Vec<Diagnostic>,
}

/// Reads documents into one contract.
///
/// # Errors
/// Where a document is unreadable as a whole, or none holds an operation.
pub fn ingest(documents: &[Source]) -> Result<Loaded, Vec<Diagnostic>> {
    let mut contract: Option<Contract> = None;
    for document in documents {
        let text = String::from_utf8_lossy(&document.bytes);
        let one = crate::contract::from_json(&text).map_err(|error| vec![Diagnostic::error(error.to_string())])?;
        contract = Some(contract.map_or_else(|| one.clone(), |first| crate::contract::merge(first, one.clone())));
    }
    let contract = contract.ok_or_else(|| vec![Diagnostic::error("no document")])?;
    Ok(Loaded { contract, problems: Vec::new() })
}

/// Reads a scenario's documents, amends the contract, and keeps the operations that the scenario wants.
///
/// # Errors
/// As [`ingest`], and where an amendment or an operation's name leads nowhere.
pub fn load(scenario: &Scenario, shown: &str, documents: &[Source]) -> Result<Loaded, Vec<Diagnostic>> {
    let mut loaded = ingest(documents)?;
    let mut wrong = Vec::new();
    for entry in &scenario.amendments {
        let amendment = Amendment {
            at: entry.at.clone(),
            add: entry.add.clone(),
            set: entry.set.clone(),
            reason: entry.reason.clone(),
            source: Provenance::new(shown, entry.line),
        };
        if let Err(error) = loaded.contract.amend(&amendment) {
            wrong.push(Diagnostic {
                document: Some(shown.to_owned()),
                line: Some(entry.line),
                ..Diagnostic::error(format!("amendment at {error}"))
            });
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let named = scenario.only.iter().chain(scenario.operations.keys());
    for name in named {
        check_operation(&loaded.contract, name, Some(shown))?;
    }
    if !scenario.only.is_empty() {
        loaded.contract = loaded.contract.restricted_to(&scenario.only);
    }
    let skipped = |name: &str| scenario.notes(name).is_some_and(|notes| notes.skip.is_some());
    if loaded.contract.operations.iter().any(|operation| skipped(operation.name.as_str())) {
        let kept: Vec<String> = loaded.contract.operations.iter().map(|one| one.name.as_str().to_owned()).collect();
        let kept: Vec<String> = kept.into_iter().filter(|name| !skipped(name)).collect();
        loaded.contract = loaded.contract.restricted_to(&kept);
    }
    Ok(loaded)
}

/// Whether a contract has all these operations.
///
/// # Errors
/// Where it lacks one, with the nearest name.
pub fn check_only(contract: &Contract, names: &[String]) -> Result<(), Vec<Diagnostic>> {
    names.iter().try_for_each(|name| check_operation(contract, name, None))
}

/// Where two contracts contradict each other.
pub fn drift(_a: &Contract, _b: &Contract, _json: bool) -> String {
    String::new()
}

fn check_operation(contract: &Contract, name: &str, shown: Option<&str>) -> Result<(), Vec<Diagnostic>> {
    if contract.operation(name).is_some() {
        return Ok(());
    }
    let known: Vec<&str> = contract.operations.iter().map(|operation| operation.name.as_str()).collect();
    let near = known.iter().min_by_key(|known| strsim::damerau_levenshtein(name, known));
    let hint = match near.filter(|near| strsim::damerau_levenshtein(name, near) <= 3) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.len() <= 12 => format!("there are {}", known.join(", ")),
        None => format!("there are {} others", known.len()),
    };
    let problem = Diagnostic::error(format!("the sources hold no operation `{name}`")).with_hint(hint);
    Err(vec![Diagnostic { document: shown.map(str::to_owned), ..problem }])
}
