//! What is known of an endpoint: its response to an operation that cannot exist, and those to controls and valid values.
//!
//! It never judges a case on its own; it adjusts verdicts, and decides which operations are not worth running.

use super::causes::is_generic_failure;
use super::obstacle::{EndpointObstacle, ObstacleEvidence};
use super::rejection::observe_response;
use super::scope::not_implemented_reason;
use super::{Judgement, RejectedPlainValues, ResponseFingerprint, Verdict, response_message};
use crate::case::Case;
use crate::contract::{Contract, Operation};
use crate::run::CaseOutcome;
use crate::scenario::Scenario;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// An operation of which only the control was sent, because its response shows that other cases would be meaningless.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SkippedOperation {
    /// Its name.
    pub operation: String,
    /// Whether the endpoint implements the operation.
    pub is_implemented: bool,
    /// The response to the control; empty if it was not sent.
    pub observed: String,
    /// The message of the response, or the reason why nothing was sent.
    pub reason: String,
}

/// What the canary, the controls and the valid values showed so far.
#[derive(Clone, Debug, Default)]
pub struct EndpointKnowledge {
    /// Texts in the server's output which say that an operation is not implemented.
    not_implemented_texts: Vec<String>,
    /// The response to an operation that cannot exist.
    canary: Option<ResponseFingerprint>,
    /// Plain values that were rejected, for operations that only machine models describe.
    rejected_plain_values: RejectedPlainValues,
    /// Operations that are not run, with the reason.
    skipped_operations: Vec<SkippedOperation>,
    skipped_names: HashSet<String>,
    /// Number of controls whose operation is not implemented, and of all controls with a response.
    unknown_controls: (u64, u64),
    /// Whether the canary and the controls met the same obstacle.
    obstacles: ObstacleEvidence,
    /// How the form of every success is wrong, for operations that only machine models describe.
    form_mismatches: HashMap<String, String>,
    /// Operations for which the user wrote what a request needs, so that a rejection contradicts somebody.
    vouched_operations: HashSet<String>,
}

/// What the response to an operation that cannot exist showed, as far as a merge needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CanaryRecord {
    /// Status and error of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<ResponseFingerprint>,
    /// What the endpoint may do with every request.
    #[serde(skip_serializing_if = "Option::is_none")]
    obstacle: Option<EndpointObstacle>,
}

impl EndpointKnowledge {
    /// Creates what is known after the canary, the request for an operation that cannot exist; `canary` is its outcome,
    /// if there was one. The texts are those of the server's output which say that an operation is not implemented.
    pub fn new(
        contract: &Contract,
        scenario: &Scenario,
        canary: Option<&CaseOutcome>,
        not_implemented_texts: &[String],
    ) -> Self {
        let answered = |outcome: &CaseOutcome| {
            let exchange = outcome.exchanges.get(outcome.case.judged.shown_step())?.as_ref()?;
            Some(observe_response(contract, scenario, exchange.response.as_ref().ok()?))
        };
        Self {
            canary: canary.and_then(|outcome| ResponseFingerprint::from_outcome(contract, outcome)),
            obstacles: ObstacleEvidence::new(canary.and_then(|outcome| Some((outcome, answered(outcome)?)))),
            not_implemented_texts: not_implemented_texts.to_vec(),
            ..Self::default()
        }
    }

    /// Creates what is known after the canary from the record of an earlier run. It decides as before, except that it
    /// cannot adjust further verdicts.
    pub fn from_canary_record(record: CanaryRecord) -> Self {
        Self {
            canary: record.fingerprint,
            obstacles: ObstacleEvidence::from_canary(record.obstacle),
            ..Self::default()
        }
    }

    /// Returns what the canary showed, to be recorded. `redact` removes secrets.
    pub fn canary_record(&self, redact: &dyn Fn(&mut String)) -> CanaryRecord {
        let mut obstacle = self.obstacles.canary_obstacle().cloned();
        obstacle.iter_mut().for_each(|obstacle| obstacle.redact(redact));
        let mut fingerprint = self.canary.clone();
        fingerprint.iter_mut().for_each(|fingerprint| fingerprint.redact(redact));
        CanaryRecord { fingerprint, obstacle }
    }

    /// Records the operations of which the scenario's file says what a request needs: in a table of their own, or with a
    /// value for one of their members.
    pub fn with_vouched_operations(self, contract: &Contract, scenario: &Scenario) -> Self {
        let has_table = |name: &str| {
            let notes = scenario.operation_notes(name);
            notes.is_some_and(|notes| notes.line > 0 && !notes.creates_nothing)
        };
        let has_value = |operation: &Operation| {
            let members = operation.input.as_ref().and_then(|input| contract.shape(input).kind.members());
            members.into_iter().flatten().any(|(name, _)| scenario.use_values.contains_key(name))
        };
        let vouched = contract.operations.iter().filter(|one| has_table(one.name.as_str()) || has_value(one));
        Self { vouched_operations: vouched.map(|operation| operation.name.to_string()).collect(), ..self }
    }

    /// Returns true if the cases of an operation are worth running.
    pub fn should_run(&self, operation: &str) -> bool {
        !self.skipped_names.contains(operation)
    }

    /// Returns true if the response to a control shows that the endpoint does not implement the operation.
    pub fn shows_missing_operation(&self, contract: &Contract, outcome: &CaseOutcome, judgement: &Judgement) -> bool {
        self.adjust_verdict(contract, outcome, judgement.clone()).verdict == Verdict::NotImplemented
    }

    /// Adjusts the verdict of a case by the results of the canary, the controls and the valid values.
    pub(super) fn adjust_verdict(&self, contract: &Contract, outcome: &CaseOutcome, judgement: Judgement) -> Judgement {
        let failed = judgement.observed.status.is_some_and(|status| status >= 500);
        // If overstep started the server, its output tells a missing operation from a failure.
        let signs = &self.not_implemented_texts;
        let told = failed && !signs.is_empty() && !outcome.server_output.is_empty();
        let says_so = told && outcome.server_output.iter().any(|line| signs.iter().any(|sign| line.contains(sign)));
        if says_so {
            let why = "the server's output says that this is not implemented".to_owned();
            return Judgement { verdict: Verdict::NotImplemented, why, ..judgement };
        }
        let is_control = outcome.case.id.is_control();
        if matches!(judgement.verdict, Verdict::Diverges | Verdict::Unspecified) {
            let message = response_message(outcome);
            let name = outcome.case.operation.as_str();
            if let Some(why) = not_implemented_reason(contract, name, &judgement, message.as_deref(), is_control) {
                return Judgement { verdict: Verdict::NotImplemented, why: why.to_owned(), ..judgement };
            }
        }
        if !is_control {
            let judgement = self.rejected_plain_values.adjust_verdict(contract, &outcome.case, judgement);
            let judgement = self.rejected_plain_values.adjust_unproven_rejection(outcome, judgement);
            return self.suppress_repeats(&outcome.case, judgement);
        }
        if matches!(judgement.verdict, Verdict::Pass | Verdict::Unsendable) {
            return judgement;
        }
        let is_modelled = contract.is_model_only();
        // An operation with its own documentation is promised: only 404, 405 or 501 shows its absence.
        let absent = is_modelled || matches!(judgement.observed.status, Some(404 | 405 | 501));
        // A server that fails on everything in the same words says nothing about one operation.
        let says_something = || !failed || response_message(outcome).is_some_and(|text| !is_generic_failure(&text));
        let alike = || {
            says_something()
                && ResponseFingerprint::from_outcome(contract, outcome)
                    .is_some_and(|seen| self.canary.as_ref() == Some(&seen))
        };
        if absent && !told && alike() {
            let why = "same response as for an operation that does not exist: not implemented".to_owned();
            return Judgement { verdict: Verdict::NotImplemented, why, ..judgement };
        }
        let refused = judgement.observed.status.is_some_and(|status| (400..500).contains(&status));
        let is_vouched = !is_modelled && self.vouched_operations.contains(outcome.case.operation.as_str());
        if judgement.verdict == Verdict::Diverges && refused && !is_vouched {
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

    /// Records the result of a control or of a case with a valid value; `message` is that of the response.
    pub fn record(&mut self, contract: &Contract, case: &Case, judgement: &Judgement, message: Option<&str>) {
        if !case.id.is_control() {
            self.rejected_plain_values.record_case(case, judgement, message);
            return;
        }
        self.obstacles.record_control(judgement);
        let name = case.operation.as_str();
        let verdict = judgement.verdict;
        // A control that was not sent, because its setup failed, does not count.
        self.unknown_controls.1 += u64::from(judgement.observed.status.is_some());
        self.unknown_controls.0 += u64::from(verdict == Verdict::NotImplemented);
        let granted = judgement.observed.status.is_some_and(|status| (200..300).contains(&status));
        if let (Verdict::Diverges, true, Some(flaw)) = (verdict, granted, &judgement.observed.note)
            && contract.is_model_only()
        {
            self.form_mismatches.insert(name.to_owned(), flaw.clone());
        }
        let modelled = contract.is_model_only();
        let is_vouched = !modelled && self.vouched_operations.contains(name);
        // If a plain request never succeeded, other requests are rejected for the same reason, whatever they test.
        let teaches = match verdict {
            Verdict::Pass | Verdict::Unspecified | Verdict::Diverges => granted || is_vouched,
            // It succeeded when it was sent alone.
            Verdict::Flaky => true,
            Verdict::NotImplemented => false,
            // Without a response its set-up failed, which all cases need.
            Verdict::Indeterminate => is_vouched && judgement.observed.status.is_some(),
            Verdict::Unsendable => !modelled,
        };
        if !teaches && self.skipped_names.insert(name.to_owned()) {
            let observed = judgement.observed.to_string();
            self.skipped_operations.push(SkippedOperation {
                operation: name.to_owned(),
                is_implemented: verdict != Verdict::NotImplemented,
                observed: if judgement.observed.status.is_some() { observed } else { String::new() },
                reason: judgement.why.clone(),
            });
        }
    }

    /// Returns what the endpoint does with every request, if nothing can be learnt from it for that reason.
    pub fn obstacle(&self) -> Option<&EndpointObstacle> {
        self.obstacles.obstacle()
    }

    /// Returns true if the canary met an obstacle, so that controls should show whether every request does.
    pub fn needs_controls(&self) -> bool {
        self.obstacles.canary_obstacle().is_some()
    }

    /// Returns the reason if the base URL seems wrong: every operation gets the same response as the canary.
    pub fn wrong_base_url(&self, contract: &Contract) -> Option<String> {
        let (unknown, controls) = self.unknown_controls;
        (controls > 0 && unknown == controls).then(|| {
            let status = self.canary.as_ref().map_or_else(String::new, |canary| format!(" ({canary})"));
            format!(
                "every operation gets the same response as one that does not exist{status}; check the base path, and that \
                 the server implements `{}`{}",
                contract.service,
                contract.protocol.map_or_else(String::new, |protocol| format!(" over {}", protocol.name()))
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
