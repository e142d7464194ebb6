//! What a run adds up to while it goes: counts, coverage and findings, and the summary made of them.
//!
//! It judges nothing and sends nothing.

use super::case_observer::CaseObserver;
use super::job::{RunOptions, ScenarioJob};
use crate::contract::Contract;
use crate::generate::documented_constraints;
use crate::judge::{CaseEvidence, Coverage, Findings, Judgement, Verdict};
use crate::report::{CaseResult, RunSummary, VerdictCounts};
use crate::run::RunEnd;

/// Maximum number of flaky cases that a summary lists.
const MAX_FLAKY_CASES: usize = 5;

/// The counts, coverage and findings of a run so far.
pub(super) struct RunTally<'a> {
    scenario: String,
    contract: &'a Contract,
    pub counts: VerdictCounts,
    pub coverage: Coverage,
    pub findings: Findings,
    max_failures: Option<u64>,
    pub failures: u64,
    /// The operations whose control was run, with the status that it got, if it was sent.
    controls: Vec<(String, Option<u16>)>,
    /// Whether any control succeeded.
    has_success: bool,
    /// The result of the first control.
    first_control_result: Option<String>,
    /// IDs of the first flaky cases, with the reason.
    flaky_cases: Vec<(String, String)>,
}

impl<'a> RunTally<'a> {
    pub fn new(job: &'a ScenarioJob, sending: &RunOptions) -> Self {
        Self {
            scenario: job.scenario.name.clone(),
            contract: &job.contract,
            counts: VerdictCounts::default(),
            coverage: Coverage::new(
                &job.contract,
                |operation| job.scenario.includes_operation(operation),
                documented_constraints(&job.contract),
            ),
            findings: Findings::new(sending.strict),
            max_failures: sending.max_failures,
            failures: 0,
            controls: Vec::new(),
            has_success: false,
            first_control_result: None,
            flaky_cases: Vec::new(),
        }
    }

    /// Adds a part of a failed sequence, which is a smaller example of a case that is counted already.
    pub fn add_example(&mut self, done: &CaseResult) {
        let evidence = CaseEvidence {
            scenario: &self.scenario,
            case: &done.case,
            judgement: &done.judgement,
            comparison: &done.comparison,
            server_output: &done.server_output,
            message: done.message.as_deref(),
            contract: Some(self.contract),
        };
        self.findings.add_case(&evidence, || done.reproduction());
    }

    pub fn into_summary(self, seconds: f64, ended: &RunEnd) -> RunSummary {
        let incomplete = match ended {
            RunEnd::Unreachable(why) => Some(format!("the endpoint could not be reached: {why}")),
            RunEnd::EndpointDied(why) => Some(format!("the endpoint stopped responding: {why}")),
            RunEnd::Shortage(shortage) => Some(shortage.to_string()),
            RunEnd::Cancelled => Some("the run was stopped".to_owned()),
            RunEnd::EndedByConsumer => Some("--max-failures was reached".to_owned()),
            RunEnd::Complete if self.controls.is_empty() || self.has_success => None,
            RunEnd::Complete => Some(format!(
                "no control request succeeded, so the other cases would be meaningless; the first one received {}",
                self.first_control_result.as_deref().unwrap_or("nothing")
            )),
        };
        let hint = match ended {
            RunEnd::Unreachable(_) => Some(
                "start the server, or choose another with --endpoint; with `start` in overstep.toml, overstep starts it",
            ),
            RunEnd::Shortage(shortage) => Some(shortage.hint()),
            _ => None,
        };
        RunSummary {
            scenario: self.scenario,
            hint,
            counts: self.counts,
            operations: self.coverage.operations(),
            controls: self.controls,
            findings: self.findings.sorted(),
            flaky_cases: self.flaky_cases,
            incomplete_reason: incomplete,
            seconds,
            ..RunSummary::default()
        }
    }

    pub fn is_max_failures_reached(&self) -> bool {
        self.max_failures.is_some_and(|most| self.failures >= most)
    }
}

impl CaseObserver for RunTally<'_> {
    fn observe(&mut self, done: &mut CaseResult) {
        self.counts.count_verdict(done.judgement.verdict);
        self.counts.count_comparison(&done.comparison);
        self.failures += u64::from(done.is_finding);
        if done.case.id.is_control() {
            let status = done.judgement.observed.status;
            self.controls.push((done.case.operation.to_string(), status));
            self.has_success |= is_success(&done.judgement);
            self.first_control_result =
                self.first_control_result.take().or_else(|| Some(describe_control_result(&done.judgement)));
        }
        if done.judgement.verdict == Verdict::Flaky && self.flaky_cases.len() < MAX_FLAKY_CASES {
            self.flaky_cases.push((done.case.id.to_string(), done.judgement.why.clone()));
        }
        self.coverage.add_case(&done.case, &done.judgement);
        self.add_example(done);
    }
}

/// Returns true if a response is a success, in the documented form or not. A tolerated rejection is none.
fn is_success(judgement: &Judgement) -> bool {
    let status = judgement.observed.status;
    status.is_some_and(|status| (200..300).contains(&status))
        || (matches!(judgement.verdict, Verdict::Pass | Verdict::Flaky) && status.is_none_or(|status| status < 400))
}

/// Describes the result of a control.
fn describe_control_result(judgement: &Judgement) -> String {
    match judgement.observed.status {
        Some(_) => judgement.observed.to_string(),
        None => judgement.why.clone(),
    }
}
