//! Selects the operations to fuzz and runs the checks of a fuzz case; shared by `fuzz` and the libFuzzer target.
//!
//! This module never sends a request.

use super::Job;
use super::finish::Finish;
use super::survey::Survey;
use crate::generate::{Case, Tale, Workbench};
use crate::judge::{Judgement, Signature, Verdict, judge, signatures};
use crate::report::Done;
use crate::run::Outcome;
use crate::scenario::Scenario;
use std::collections::HashSet;
use std::sync::Arc;

/// The result of one sequence.
pub(super) struct Judged {
    /// The kind of each response.
    pub signatures: Vec<Signature>,
    /// One judgement per check.
    pub judgements: Vec<Judgement>,
    /// Results that violate the contract, with the index of their check.
    pub broke: Vec<(usize, Done)>,
    /// Operations that accepted a request.
    pub succeeded: Vec<String>,
}

/// Judges an outcome by every check of its fuzz case.
pub(super) fn judged(finish: &Finish<'_>, tale: &Tale, outcome: &mut Outcome) -> Judged {
    let (contract, scenario) = (&finish.job.contract, &finish.job.scenario);
    let signatures = signatures(contract, scenario, outcome);
    let (mut judgements, mut broke, mut succeeded) = (Vec::new(), Vec::new(), Vec::new());
    for (number, claim) in tale.claims.iter().enumerate() {
        claim.apply(Arc::make_mut(&mut outcome.case));
        let judgement = judge(contract, scenario, outcome);
        if judgement.observed.status.is_some_and(|status| (200..300).contains(&status)) {
            succeeded.push(claim.operation.to_string());
        }
        // A wrong state after a wrong response has the same cause and is not a second finding.
        if judgement.verdict == Verdict::Diverges && (claim.act.is_some() || broke.is_empty()) {
            broke.push((number, finish.finish(outcome.clone())));
        }
        judgements.push(judgement);
    }
    Judged { signatures, judgements, broke, succeeded }
}

/// Returns the control of each operation of a job: an operation that rejects it is not worth fuzzing.
pub(super) fn controls(job: &Job, bench: &Workbench<'_>) -> Vec<Case> {
    let wanted = job.contract.operations.iter().filter(|operation| job.scenario.wants(operation.name.as_str()));
    let controls = wanted
        .filter_map(|operation| bench.control(&job.scenario, operation.name.as_str()).ok()?)
        .filter(|case| job.filter.as_ref().is_none_or(|filter| filter.matches(case)));
    controls.collect()
}

/// Returns the scenario restricted to the operations that accepted their control.
pub(super) fn granted(job: &Job, drawn: &HashSet<String>, survey: &Survey) -> Scenario {
    let mut scenario = job.scenario.clone();
    let names = job.contract.operations.iter().map(|operation| operation.name.to_string());
    scenario.only = names.filter(|name| drawn.contains(name) && survey.runs(name)).collect();
    scenario
}
