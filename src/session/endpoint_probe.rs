//! Probes the endpoint before the first verdict: its response to an operation that cannot exist, and the controls.
//!
//! It never judges a case; it adjusts verdicts, and decides which operations are not worth running.

use crate::case::Case;
use crate::generate::CompiledContract;
use crate::judge::{Judgement, RejectedPlainValues, ResponseFingerprint, Verdict};
use crate::report::{CaseResult, Diagnostic, SkippedOperation};
use crate::run::{CaseOutcome, SequentialRunner};
use crate::session::job::ScenarioJob;
use std::collections::{HashMap, HashSet};

/// The results of the canary, the controls and the valid values so far.
#[derive(Default)]
pub(super) struct EndpointProbe {
    /// The response to an operation that cannot exist.
    canary: Option<ResponseFingerprint>,
    /// Plain values that were rejected, for operations that only machine models describe.
    rejected_plain_values: RejectedPlainValues,
    /// Operations that are not run, with the reason.
    skipped_operations: Vec<SkippedOperation>,
    skipped_names: HashSet<String>,
    /// Number of controls whose operation is not implemented, and of all controls with a response.
    unknown_controls: (u64, u64),
    /// How the form of every success is wrong, for operations that only machine models describe.
    form_mismatches: HashMap<String, String>,
}

impl EndpointProbe {
    /// Sends the canary, a request for an operation that cannot exist.
    pub fn send_canary(
        job: &ScenarioJob,
        bench: &CompiledContract<'_>,
        line: &SequentialRunner<'_>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let canary = bench.canary(&job.scenario);
        let canary = canary.map_err(|error| vec![Diagnostic::error(error.to_string())])?;
        let outcome = canary.and_then(|case| line.run_case(case).ok());
        let canary = outcome.and_then(|outcome| ResponseFingerprint::from_outcome(&job.contract, &outcome));
        Ok(Self { canary, ..Self::default() })
    }

    /// Returns true if the cases of an operation are worth running.
    pub fn should_run(&self, operation: &str) -> bool {
        !self.skipped_names.contains(operation)
    }

    /// Adjusts the verdict of a case by the results of the canary, the controls and the valid values.
    pub fn adjust_verdict(&self, job: &ScenarioJob, outcome: &CaseOutcome, judgement: Judgement) -> Judgement {
        let failed = judgement.observed.status.is_some_and(|status| status >= 500);
        // If overstep started the server, its output tells a missing operation from a failure.
        let signs = &job.lifecycle.not_implemented_texts;
        let told = failed && !signs.is_empty() && !outcome.server_output.is_empty();
        let says_so = told && outcome.server_output.iter().any(|line| signs.iter().any(|sign| line.contains(sign)));
        if says_so {
            let why = "the server's output says that this is not implemented".to_owned();
            return Judgement { verdict: Verdict::NotImplemented, why, ..judgement };
        }
        if !outcome.case.id.is_control() {
            let judgement = self.rejected_plain_values.adjust_verdict(&job.contract, &outcome.case, judgement);
            return self.suppress_repeats(&outcome.case, judgement);
        }
        if matches!(judgement.verdict, Verdict::Pass | Verdict::Unsendable) {
            return judgement;
        }
        let is_modelled = job.contract.is_model_only();
        // An operation with its own documentation is promised: only 404, 405 or 501 shows its absence.
        let absent = is_modelled || matches!(judgement.observed.status, Some(404 | 405 | 501));
        let alike = || {
            ResponseFingerprint::from_outcome(&job.contract, outcome)
                .is_some_and(|seen| self.canary.as_ref() == Some(&seen))
        };
        if absent && !told && alike() {
            let why = "same response as for an operation that does not exist: not implemented".to_owned();
            return Judgement { verdict: Verdict::NotImplemented, why, ..judgement };
        }
        let refused = judgement.observed.status.is_some_and(|status| (400..500).contains(&status));
        if judgement.verdict == Verdict::Diverges && refused && is_modelled {
            let why = response_message(outcome).unwrap_or_else(|| "the docs don't say what it needs".to_owned());
            return Judgement { verdict: Verdict::Indeterminate, why, ..judgement };
        }
        judgement
    }

    /// Reports a wrong form only once, for the control, if every success of an operation has it.
    fn suppress_repeats(&self, case: &Case, judgement: Judgement) -> Judgement {
        let granted = judgement.observed.status.is_some_and(|status| (200..300).contains(&status));
        let flaw = self.form_mismatches.get(case.operation.as_str());
        if judgement.verdict == Verdict::Diverges
            && granted
            && flaw.is_some()
            && flaw == judgement.observed.note.as_ref()
        {
            let why = "accepted; the form is wrong in the same way as for the control".to_owned();
            return Judgement { verdict: Verdict::Pass, why, ..judgement };
        }
        judgement
    }

    /// Records the result of a control or of a case with a valid value.
    pub fn record(&mut self, job: &ScenarioJob, done: &CaseResult) {
        if !done.case.id.is_control() {
            self.rejected_plain_values.record_case(&done.case, &done.judgement);
            return;
        }
        let name = done.case.operation.as_str();
        let verdict = done.judgement.verdict;
        // A control that was not sent, because its setup failed, does not count.
        self.unknown_controls.1 += u64::from(done.judgement.observed.status.is_some());
        self.unknown_controls.0 += u64::from(verdict == Verdict::NotImplemented);
        let granted = done.judgement.observed.status.is_some_and(|status| (200..300).contains(&status));
        if let (Verdict::Diverges, true, Some(flaw)) = (verdict, granted, &done.judgement.observed.note)
            && job.contract.is_model_only()
        {
            self.form_mismatches.insert(name.to_owned(), flaw.clone());
        }
        let modelled = job.contract.is_model_only();
        let teaches = match verdict {
            // If the resource does not exist, other requests are rejected for that reason as well.
            Verdict::Pass | Verdict::Unspecified => granted || !modelled,
            Verdict::Diverges if granted => true,
            Verdict::NotImplemented => false,
            Verdict::Diverges | Verdict::Indeterminate | Verdict::Unsendable => !modelled,
        };
        if !teaches && self.skipped_names.insert(name.to_owned()) {
            let observed = done.judgement.observed.to_string();
            self.skipped_operations.push(SkippedOperation {
                operation: name.to_owned(),
                is_implemented: verdict != Verdict::NotImplemented,
                observed: if done.judgement.observed.status.is_some() { observed } else { String::new() },
                reason: done.judgement.why.clone(),
            });
        }
    }

    /// Returns the reason if the base URL seems wrong: every operation gets the same response as the canary.
    pub fn wrong_base_url(&self, job: &ScenarioJob) -> Option<String> {
        let (unknown, controls) = self.unknown_controls;
        (controls > 0 && unknown == controls).then(|| {
            let status = self.canary.as_ref().map_or_else(String::new, |canary| format!(" ({canary})"));
            format!(
                "every operation gets the same response as one that does not exist{status}; check the base path, and that \
                 the server implements `{}`{}",
                job.contract.service,
                job.contract.protocol.map_or_else(String::new, |protocol| format!(" over {}", protocol.name()))
            )
        })
    }

    /// Returns the operations that are not run, so far.
    pub fn skipped_operations(&self) -> &[SkippedOperation] {
        &self.skipped_operations
    }

    /// Returns the operations that were not run.
    pub fn into_skipped_operations(self) -> Vec<SkippedOperation> {
        self.skipped_operations
    }
}

/// Returns the message of a response, which may say what a rejected control needs.
pub(super) fn response_message(outcome: &CaseOutcome) -> Option<String> {
    let exchange = outcome.exchanges.get(outcome.case.judged.shown_step())?.as_ref()?;
    let body = String::from_utf8_lossy(&exchange.response.as_ref().ok()?.body).into_owned();
    let document: Option<serde_json::Value> = serde_json::from_str(&body).ok();
    let in_json = |document: &serde_json::Value| {
        let places = ["message", "Message", "errorMessage", "/error/message"];
        let found = places.iter().find_map(|place| match place.strip_prefix('/') {
            Some(_) => document.pointer(place),
            None => document.get(place),
        });
        found.and_then(serde_json::Value::as_str).map(str::to_owned)
    };
    let in_xml = || {
        let after = body.split_once("<Message>")?.1;
        Some(after.split_once("</Message>")?.0.to_owned())
    };
    let message = document.as_ref().and_then(in_json).or_else(in_xml).filter(|text| !text.trim().is_empty())?;
    Some(message.chars().take(300).collect())
}
