//! What fuzzing shares, whoever drives it: which operations are drawn, and everything that is claimed of an answer.
//!
//! Nothing is sent here.

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

/// What became of one sequence.
pub(super) struct Judged {
    /// Each kind of answer.
    pub signatures: Vec<Signature>,
    /// One for each claim.
    pub judgements: Vec<Judgement>,
    /// Those that broke the contract, by the number of their claim.
    pub broke: Vec<(usize, Done)>,
    /// Operations that granted something.
    pub succeeded: Vec<String>,
}

/// Holds an outcome against everything that is claimed of its tale.
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
        // What a wrong answer did to the state is no second finding.
        if judgement.verdict == Verdict::Diverges && (claim.act.is_some() || broke.is_empty()) {
            broke.push((number, finish.finish(outcome.clone())));
        }
        judgements.push(judgement);
    }
    Judged { signatures, judgements, broke, succeeded }
}

/// The plain request of each operation that a job wants: one that grants nothing teaches nothing.
pub(super) fn controls(job: &Job, bench: &Workbench<'_>) -> Vec<Case> {
    let wanted = job.contract.operations.iter().filter(|operation| job.scenario.wants(operation.name.as_str()));
    let controls = wanted
        .filter_map(|operation| bench.control(&job.scenario, operation.name.as_str()).ok()?)
        .filter(|case| job.filter.as_ref().is_none_or(|filter| filter.matches(case)));
    controls.collect()
}

/// The scenario with only those operations of which a control was sent and which grant something.
pub(super) fn granted(job: &Job, drawn: &HashSet<String>, survey: &Survey) -> Scenario {
    let mut scenario = job.scenario.clone();
    let names = job.contract.operations.iter().map(|operation| operation.name.to_string());
    scenario.only = names.filter(|name| drawn.contains(name) && survey.runs(name)).collect();
    scenario
}
