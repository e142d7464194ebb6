//! Collects the results of one endpoint, and decides of each operation whether it fits.
//!
//! It keeps no case: counts, and what the summary of the run has.

use super::model::{EndpointFit, FitFinding, FitStatus, OperationFit};
use crate::case::Intent;
use crate::escape::shell_word;
use crate::judge::{Finding, Verdict};
use crate::report::finding_text::finding_title;
use crate::report::{CaseResult, Reporter, RunStarted, RunSummary};
use indexmap::IndexMap;
use std::io;

/// Collects the results of one endpoint, over several scenarios.
#[derive(Debug, Default)]
pub struct FitCollector {
    fit: EndpointFit,
    /// The operations of the scenario that the application uses, each with the reason why the scenario skips it, if it
    /// does.
    used: Vec<(String, Option<String>)>,
    /// The command that sends the cases of the scenario again.
    rerun_command: String,
    scenario: String,
    counts: IndexMap<String, OperationCounts>,
}

/// What is counted for one operation.
#[derive(Debug, Default)]
struct OperationCounts {
    cases: u64,
    passed: u64,
    valid_requests: u64,
    valid_accepted: u64,
    /// Number of diverging cases whose request must not be rejected.
    accepted_diverging: u64,
    /// The cases that the endpoint says it does not implement although it implements the operation.
    lacking: Option<LackingFeature>,
}

#[derive(Debug)]
struct LackingFeature {
    cases: u64,
    example: String,
    rule: String,
    observed: String,
}

impl FitCollector {
    /// Creates a collector for an endpoint, by the name that the user gave it.
    pub fn new(endpoint: &str) -> Self {
        Self { fit: EndpointFit { name: endpoint.to_owned(), ..EndpointFit::default() }, ..Self::default() }
    }

    /// Says what runs next: a scenario, the operations that the application uses, each with the reason why the scenario
    /// skips it, if it does, and the command that sends its cases
    /// again.
    pub fn begin_scenario(&mut self, scenario: &str, used: Vec<(String, Option<String>)>, rerun_command: String) {
        (self.used, self.rerun_command, self.counts) = (used, rerun_command, IndexMap::new());
        scenario.clone_into(&mut self.scenario);
    }

    /// Records that nothing could be sent for the scenario that runs.
    pub fn record_no_cases(&mut self) {
        for (operation, skip_reason) in std::mem::take(&mut self.used) {
            let reason = reason_without_cases(skip_reason);
            self.fit.operations.push(self.operation_fit(&operation, FitStatus::NotReached, reason, 0));
        }
    }

    /// Returns how the endpoint fits.
    pub fn into_fit(self) -> EndpointFit {
        self.fit
    }

    fn operation_fit(&self, operation: &str, status: FitStatus, reason: String, findings: usize) -> OperationFit {
        let counts = self.counts.get(operation);
        let count = |of: fn(&OperationCounts) -> u64| counts.map_or(0, of);
        OperationFit {
            scenario: self.scenario.clone(),
            operation: operation.to_owned(),
            status,
            reason,
            findings,
            cases: count(|counts| counts.cases),
            only_rejections_differ: status == FitStatus::Differs
                && counts.is_some_and(|counts| {
                    counts.valid_accepted > 0 && counts.accepted_diverging == 0 && counts.lacking.is_none()
                }),
            valid_requests: count(|counts| counts.valid_requests),
            valid_accepted: count(|counts| counts.valid_accepted),
        }
    }

    /// Decides whether an operation fits.
    fn decide(
        &self,
        operation: &str,
        skip_reason: Option<String>,
        findings: usize,
        summary: &RunSummary,
    ) -> OperationFit {
        let decided = |status, reason: &str| self.operation_fit(operation, status, reason.to_owned(), findings);
        let skipped = summary.skipped_operations.iter().find(|skipped| skipped.operation == operation);
        if findings > 0 {
            return decided(FitStatus::Differs, "");
        }
        if let Some(skipped) = skipped {
            let parts = [&skipped.observed, &skipped.reason].into_iter().filter(|text| !text.is_empty());
            let reason = parts.map(String::as_str).collect::<Vec<_>>().join(": ");
            let status = if skipped.is_implemented { FitStatus::NotReached } else { FitStatus::NotThere };
            return decided(status, &reason);
        }
        if let Some(reason) = &summary.incomplete_reason {
            return decided(FitStatus::NotReached, reason);
        }
        match self.counts.get(operation) {
            None => decided(FitStatus::NotReached, &reason_without_cases(skip_reason)),
            Some(counts) if counts.passed == 0 => decided(FitStatus::NotReached, "no case had a conclusive result"),
            Some(_) => decided(FitStatus::Safe, ""),
        }
    }

    fn reproduce(&self, example: &str) -> String {
        let only = format!("id({example})");
        let word = shell_word(only.as_bytes()).unwrap_or(only);
        format!("{} -E {word}", self.rerun_command)
    }

    fn to_fit_finding(&self, finding: &Finding) -> FitFinding {
        let example = finding.examples.first().cloned().unwrap_or_default();
        let documented = if finding.rule.is_empty() { &finding.expected } else { &finding.rule };
        FitFinding {
            title: finding_title(finding),
            code: finding.code.to_string(),
            operations: finding.operations.clone(),
            documented: documented.clone(),
            received: finding.observed.clone(),
            reproduce: self.reproduce(&example),
            example,
            cases: finding.case_count,
        }
    }

    /// Returns a finding for an operation of which the endpoint implements only a part.
    fn lacking_finding(&self, operation: &str) -> Option<FitFinding> {
        let lacking = self.counts.get(operation)?.lacking.as_ref()?;
        Some(FitFinding {
            title: format!("{operation} is implemented in part"),
            code: String::new(),
            operations: vec![operation.to_owned()],
            documented: lacking.rule.clone(),
            received: format!("{} (not implemented)", lacking.observed),
            reproduce: self.reproduce(&lacking.example),
            example: lacking.example.clone(),
            cases: lacking.cases,
        })
    }
}

/// Returns why an operation has no case.
fn reason_without_cases(skip_reason: Option<String>) -> String {
    match skip_reason {
        Some(reason) => format!("the scenario skips it: {reason}"),
        None => "no request can be built from the documents".to_owned(),
    }
}

impl Reporter for FitCollector {
    fn begin_run(&mut self, head: &RunStarted) -> io::Result<()> {
        self.fit.url.clone_from(&head.endpoint);
        self.fit.version = head.server_version.clone().or(self.fit.version.take());
        Ok(())
    }

    fn report_case(&mut self, done: &CaseResult) -> io::Result<()> {
        let counts = self.counts.entry(done.case.operation.to_string()).or_default();
        let (verdict, is_valid) = (done.judgement.verdict, done.case.intent == Intent::Valid);
        counts.cases += 1;
        counts.passed += u64::from(verdict == Verdict::Pass);
        if is_valid && matches!(verdict, Verdict::Pass | Verdict::Diverges) {
            counts.valid_requests += 1;
            let is_accepted = done.judgement.observed.status.is_some_and(|status| status < 400);
            counts.valid_accepted += u64::from(verdict == Verdict::Pass && is_accepted);
        }
        let must_be_rejected = matches!(done.case.intent, Intent::Violates | Intent::Missing);
        counts.accepted_diverging += u64::from(done.is_finding && !must_be_rejected);
        if verdict == Verdict::NotImplemented && !done.case.id.is_control() {
            let lacking = counts.lacking.get_or_insert_with(|| LackingFeature {
                cases: 0,
                example: done.case.id.to_string(),
                rule: done.case.rule.clone(),
                observed: done.judgement.observed.to_string(),
            });
            lacking.cases += 1;
        }
        Ok(())
    }

    fn end_run(&mut self, summary: &RunSummary) -> io::Result<()> {
        let mut findings: Vec<FitFinding> = summary.findings.iter().map(|one| self.to_fit_finding(one)).collect();
        findings.extend(self.used.iter().filter_map(|(operation, _)| self.lacking_finding(operation)));
        for (operation, skip_reason) in std::mem::take(&mut self.used) {
            let count = findings.iter().filter(|finding| finding.operations.contains(&operation)).count();
            let decided = self.decide(&operation, skip_reason, count, summary);
            self.fit.operations.push(decided);
        }
        self.fit.findings.extend(findings);
        self.fit.cases += summary.counts.total();
        self.fit.flaky_cases += summary.counts.flaky;
        self.fit.inconclusive_cases += summary.counts.indeterminate;
        self.fit.incomplete.extend(summary.incomplete_reason.clone());
        Ok(())
    }
}
