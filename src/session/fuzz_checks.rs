//! Selects the operations to fuzz and runs the checks of a fuzz case; shared by `fuzz` and the libFuzzer target.
//!
//! This module never sends a request.

use crate::case::Case;
use crate::generate::{Action, CompiledContract, FuzzCase, actions_to_json};
use crate::judge::{EndpointKnowledge, Judgement, ResponseSignature, Verdict, judge, response_signatures};
use crate::report::CaseResult;
use crate::run::CaseOutcome;
use crate::scenario::Scenario;
use crate::session::evaluate::CaseEvaluator;
use crate::session::job::ScenarioJob;
use crate::session::regressions;
use std::collections::HashSet;
use std::sync::Arc;

/// The result of one sequence.
pub(super) struct SequenceJudgement {
    /// The kind of each response.
    pub signatures: Vec<ResponseSignature>,
    /// One judgement per check.
    pub judgements: Vec<Judgement>,
    /// Results that violate the contract, with the index of their check.
    pub violations: Vec<(usize, CaseResult)>,
    /// Operations that accepted a request.
    pub succeeded_operations: Vec<String>,
}

/// Judges an outcome by every check of its fuzz case.
pub(super) fn judge_sequence(
    finish: &CaseEvaluator<'_>,
    tale: &FuzzCase,
    outcome: &mut CaseOutcome,
) -> SequenceJudgement {
    let (contract, scenario) = (&finish.job.contract, &finish.job.scenario);
    let signatures = response_signatures(contract, scenario, outcome);
    let (mut judgements, mut broke, mut succeeded) = (Vec::new(), Vec::new(), Vec::new());
    for (number, claim) in tale.checks.iter().enumerate() {
        claim.apply_to(Arc::make_mut(&mut outcome.case));
        let judgement = judge(contract, scenario, outcome);
        if judgement.observed.status.is_some_and(|status| (200..300).contains(&status)) {
            succeeded.push(claim.operation.to_string());
        }
        // A wrong state after a wrong response has the same cause and is not a second finding.
        if judgement.verdict == Verdict::Diverges && (claim.action_index.is_some() || broke.is_empty()) {
            broke.push((number, finish.evaluate(outcome.clone())));
        }
        judgements.push(judgement);
    }
    SequenceJudgement { signatures, judgements, violations: broke, succeeded_operations: succeeded }
}

/// Returns the control of each operation of a job: an operation that rejects it is not worth fuzzing.
pub(super) fn fuzz_controls(job: &ScenarioJob, bench: &CompiledContract<'_>) -> Vec<Case> {
    let wanted =
        job.contract.operations.iter().filter(|operation| job.scenario.includes_operation(operation.name.as_str()));
    let controls = wanted
        .filter_map(|operation| bench.control(&job.scenario, operation.name.as_str()).ok()?)
        .filter(|case| job.filter.as_ref().is_none_or(|filter| filter.matches(case)));
    controls.collect()
}

/// Returns the scenario restricted to the operations that accepted their control.
pub(super) fn restrict_to_accepted(
    job: &ScenarioJob,
    drawn: &HashSet<String>,
    knowledge: &EndpointKnowledge,
) -> Scenario {
    let mut scenario = job.scenario.clone();
    let names = job.contract.operations.iter().map(|operation| operation.name.to_string());
    scenario.included_operations = names.filter(|name| drawn.contains(name) && knowledge.should_run(name)).collect();
    scenario
}

/// Returns the name and the content of the corpus file with these actions.
pub(super) fn corpus_input(actions: &[Action]) -> (String, Vec<u8>) {
    (regressions::regression_name(actions), actions_to_json(actions).to_string().into_bytes())
}
