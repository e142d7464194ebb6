//! Judges a case by everything that is known: the contract, the endpoint, accepted behaviour and known divergences.
//!
//! This is the only place where these come together. It is pure: the same input always gets the same result.

use super::second_endpoint::without_old_news;
use super::{
    EndpointKnowledge, Judgement, KnownDivergences, ResponseValues, SnapshotChange, SnapshotComparison, Verdict,
    compare_with_snapshot, judge, response_message,
};
use crate::contract::Contract;
use crate::run::CaseOutcome;
use crate::scenario::Scenario;
use crate::snapshot::Snapshot;
use crate::wire::Redaction;
use std::borrow::Cow;

/// What is known when a case is judged.
#[derive(Clone, Copy)]
pub struct JudgeContext<'a> {
    /// The contract.
    pub contract: &'a Contract,
    /// The scenario.
    pub scenario: &'a Scenario,
    /// What controls and valid values showed about the endpoint; verdicts are not adjusted without it.
    pub knowledge: Option<&'a EndpointKnowledge>,
    /// The known divergences at the endpoint.
    pub known_divergences: &'a KnownDivergences,
    /// The secrets to remove from everything that a server may echo.
    pub redaction: &'a Redaction,
    /// Whether an accepted divergence is a finding.
    pub strict: bool,
}

/// The behaviour with which a response is compared.
#[derive(Clone, Copy, Debug, Default)]
pub struct AcceptedBehavior<'a> {
    /// The snapshot of the case's operation, if it has one.
    pub snapshot: Option<&'a Snapshot>,
    /// Whether the behaviour is that of a second endpoint, in a differential run.
    pub is_second_endpoint: bool,
    /// The values in the response of the second endpoint.
    pub values: Option<&'a ResponseValues>,
}

/// A case's verdict, and how its response compares with the accepted one.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedCase {
    /// The verdict and what was received, with secrets redacted.
    pub judgement: Judgement,
    /// The comparison of the response with the accepted one.
    pub comparison: SnapshotComparison,
    /// Whether the case counts as a finding.
    pub is_finding: bool,
    /// The message of the response if the case diverges, or tests a plain value that is not accepted; secrets are redacted.
    pub message: Option<String>,
}

impl JudgeContext<'_> {
    /// Judges an outcome. Nothing is compared if `accepted` is absent.
    pub fn judge_case(&self, outcome: &CaseOutcome, accepted: Option<AcceptedBehavior<'_>>) -> JudgedCase {
        let judgement = judge(self.contract, self.scenario, outcome);
        let judgement = match self.knowledge {
            Some(knowledge) => knowledge.adjust_verdict(self.contract, outcome, judgement),
            None => judgement,
        };
        let judgement = self.redact_judgement(judgement);
        let comparison = match accepted {
            Some(accepted) => self.compare(outcome, &judgement, accepted),
            None => SnapshotComparison::default(),
        };
        // The message that rejects a plain value is compared with those that reject other values.
        let has_message = judgement.verdict == Verdict::Diverges
            || (judgement.verdict != Verdict::Pass && outcome.case.id.plain_value_member().is_some());
        let mut message = if has_message { response_message(outcome) } else { None };
        message.iter_mut().for_each(|text| self.redact(text));
        let id = &outcome.case.id;
        let comparison =
            self.known_divergences.mark_known(id, &judgement, message.as_deref(), &outcome.server_output, comparison);
        let is_finding = comparison.is_finding(judgement.verdict, self.strict);
        JudgedCase { judgement, comparison, is_finding, message }
    }

    /// Returns the values in the response to a case, with secrets redacted.
    pub fn response_values(&self, outcome: &CaseOutcome) -> Option<ResponseValues> {
        ResponseValues::from_outcome(self.contract, outcome, |text| self.redact(text))
    }

    fn compare(
        &self,
        outcome: &CaseOutcome,
        judgement: &Judgement,
        accepted: AcceptedBehavior<'_>,
    ) -> SnapshotComparison {
        let comparison =
            compare_with_snapshot(self.contract, outcome, judgement, accepted.snapshot, |text| self.redact(text));
        if !accepted.is_second_endpoint {
            return comparison;
        }
        if comparison.change == SnapshotChange::Changed {
            return without_old_news(judgement, comparison);
        }
        match accepted.values.filter(|_| comparison.observed.is_some()) {
            Some(other) => match self.response_values(outcome) {
                Some(own) => comparison.with_value_differences(other, &own),
                None => comparison,
            },
            None => comparison,
        }
    }

    /// Redacts secrets that the server echoes in its response.
    fn redact_judgement(&self, mut judgement: Judgement) -> Judgement {
        let observed = &mut judgement.observed;
        observed.error.iter_mut().chain(&mut observed.place).for_each(|text| self.redact(text));
        for text in observed.note.iter_mut().chain([&mut judgement.why]) {
            if let Cow::Owned(redacted) = self.redaction.redact_message(text) {
                *text = redacted;
            }
        }
        judgement
    }

    fn redact(&self, text: &mut String) {
        if let Cow::Owned(redacted) = self.redaction.redact(text) {
            *text = redacted;
        }
    }
}
