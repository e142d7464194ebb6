//! Turns saved fuzz findings into cases that every run sends again.
//!
//! Saved files never contain the expected response, which is derived from the current documents.

use crate::case::Case;
use crate::contract::Contract;
use crate::generate::{Action, FuzzGenerator, actions_from_json, actions_to_json};
use crate::report::{Diagnostic, Severity};
use crate::scenario::{Regression, Scenario};
use sha2::{Digest as _, Sha256};

/// A saved sequence.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedRegression {
    /// The file name without extension, which is part of the case id.
    pub name: String,
    /// The file's path, as shown to the user.
    pub display_path: String,
    /// The actions of the sequence.
    pub actions: Vec<Action>,
    /// Index of the action whose response is judged; `None` if the final state is judged.
    pub judged_action: Option<usize>,
}

impl SavedRegression {
    /// Reads the sequence of a regression file.
    ///
    /// # Errors
    /// Returns an error if its requests are invalid.
    pub fn new(name: &str, shown: &str, regression: &Regression) -> Result<Self, Box<Diagnostic>> {
        let json = serde_json::from_str(&regression.requests).map_err(|error| error.to_string());
        let acts = json.and_then(|json| actions_from_json(json).map_err(|error| error.to_string()));
        let acts = acts.map_err(|reason| {
            let problem = Diagnostic::error(format!("`{shown}`: {reason}"));
            Box::new(
                problem.with_hint("`overstep fuzz --save` writes such files; delete the file to drop the regression"),
            )
        })?;
        Ok(Self {
            name: name.to_owned(),
            display_path: shown.to_owned(),
            actions: acts,
            judged_action: regression.judged_request,
        })
    }
}

/// Returns the name under which actions are saved; it depends only on the actions.
pub(super) fn regression_name(acts: &[Action]) -> String {
    let digest = Sha256::digest(actions_to_json(acts).to_string());
    format!("fuzz-{}", data_encoding::HEXLOWER.encode(&digest[..5]))
}

/// Formats actions as the text of a file, one request per line.
pub(super) fn actions_to_text(acts: &[Action]) -> String {
    let lines: Vec<String> = acts.iter().map(|act| actions_to_json(std::slice::from_ref(act)).to_string()).collect();
    // Each line is an array with one element, whose brackets are removed.
    let inner: Vec<&str> = lines
        .iter()
        .map(|line| line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(line))
        .collect();
    format!("[\n{}\n]", inner.join(",\n"))
}

/// Returns the cases of the saved sequences, in the order of their names. Sequences of which no case can be made are
/// left out, see [`check_regressions`].
pub(super) fn regression_cases(
    contract: &Contract,
    scenario: &Scenario,
    seed: u64,
    regressions: &[SavedRegression],
) -> Result<Vec<Case>, Vec<Diagnostic>> {
    if regressions.is_empty() {
        return Ok(Vec::new());
    }
    let generator =
        FuzzGenerator::new(contract, scenario, seed).map_err(|error| vec![Diagnostic::error(error.to_string())])?;
    Ok(regressions
        .iter()
        .filter_map(|saved| regression_case(&generator, &saved.name, &saved.actions, saved.judged_action))
        .collect())
}

/// Returns a warning for each saved sequence of which no case can be made.
pub fn check_regressions(
    contract: &Contract,
    scenario: &Scenario,
    seed: u64,
    regressions: &[SavedRegression],
) -> Vec<Diagnostic> {
    if regressions.is_empty() {
        return Vec::new();
    }
    // What makes the generator fail is reported when the cases are generated.
    let Ok(generator) = FuzzGenerator::new(contract, scenario, seed) else { return Vec::new() };
    let warn = |saved: &SavedRegression| {
        if regression_case(&generator, &saved.name, &saved.actions, saved.judged_action).is_some() {
            return None;
        }
        let unknown = saved.actions.iter().map(action_operation).find(|name| contract.operation(name).is_none());
        let excluded = saved.actions.iter().map(action_operation).find(|name| !scenario.includes_operation(name));
        let reason = match (unknown, excluded, saved.judged_action) {
            (Some(name), ..) => format!("the contract has no operation `{name}`"),
            // The scenario was narrowed on purpose.
            (None, Some(_), _) => return None,
            (None, None, Some(judged)) if judged >= saved.actions.len() => {
                format!("`judged` is {judged}, but there are {} requests", saved.actions.len())
            }
            _ => "its requests no longer fit the contract".to_owned(),
        };
        let problem = Diagnostic::error(format!("saved requests are not sent: {reason}"));
        let hint = "correct the file, or delete it if the finding is obsolete";
        let place = Some(saved.display_path.clone());
        Some(Diagnostic { severity: Severity::Warning, document: place, ..problem.with_hint(hint) })
    };
    regressions.iter().filter_map(warn).collect()
}

fn action_operation(action: &Action) -> &str {
    match action {
        Action::Send { operation, .. } | Action::Read { operation, .. } => operation.as_str(),
    }
}

/// Returns the case of a sequence that judges the response to this action, or the final state if `judged` is `None`.
pub(super) fn regression_case(
    wild: &FuzzGenerator<'_>,
    name: &str,
    acts: &[Action],
    judged: Option<usize>,
) -> Option<Case> {
    let tale = wild.build_fuzz_case(name, acts).filter(|_| wild.supports_actions(acts))?;
    let at = tale.checks.iter().position(|claim| claim.action_index == judged)?;
    tale.to_cases().nth(at)
}
