//! Runs the steps of a case in their turns: the one loop for sockets and for services in this process.
//!
//! It never opens a socket, never waits and never judges; a [`StepSender`] sends the requests.

use super::fixture_tracker::FixtureTracker;
use super::placeholders::Placeholders;
use super::request_builder::{RequestBuildError, RequestBuilder};
use super::step_response::{capture_values, describe_failed_setup, describe_unmet_condition, is_missing_resource};
use super::{Exchange, RunPlan};
use crate::case::{Case, Step, StepPurpose};
use crate::wire::EncodedRequest;

/// Sends the requests of steps.
pub(super) trait StepSender {
    /// Returns the reason why the request cannot be sent byte for byte, if it cannot.
    fn unsupported_reason(&self, request: &EncodedRequest) -> Option<String>;

    /// Sends the requests of one turn, each with the index of its step. The exchange of a step is `None` if the run was
    /// cancelled.
    async fn send_turn(
        &mut self,
        steps: &[Step],
        requests: Vec<(usize, EncodedRequest)>,
    ) -> Vec<(usize, Option<Exchange>)>;

    /// Repeats a step, if its response asks for it, with requests that `rebuild` returns. Returns `None` if the run was
    /// cancelled.
    async fn repeat_until_ready(
        &mut self,
        step: &Step,
        exchange: Exchange,
        rebuild: &mut dyn FnMut() -> Result<EncodedRequest, RequestBuildError>,
    ) -> Option<Exchange>;
}

/// The exchanges of a case's steps.
pub(super) struct SentSteps {
    /// Exchanges in the order of the steps; `None` for a step that was not sent.
    pub(super) exchanges: Vec<Option<Exchange>>,
    /// Reason why steps were not sent.
    pub(super) not_sent: Option<String>,
    /// Reason why a step cannot be expressed on the wire.
    pub(super) unsendable: Option<String>,
}

/// Runs all steps of a case. Returns `None` if the run was cancelled; created resources are deleted even then.
pub(super) async fn run_steps(
    plan: &RunPlan<'_>,
    case: &Case,
    builder: &mut RequestBuilder<'_>,
    sender: &mut impl StepSender,
) -> Option<SentSteps> {
    let mut turns: Vec<u32> = case.steps.iter().map(|step| step.turn).collect();
    turns.sort_unstable();
    turns.dedup();
    let mut progress = CaseProgress::new(plan, case);
    for turn in turns {
        let requests = progress.build_requests(turn, builder, sender);
        for (index, exchange) in sender.send_turn(&case.steps, requests).await {
            let step = &case.steps[index];
            let exchange = match exchange {
                Some(exchange) => {
                    let mut rebuild = || builder.build(&progress.placeholders, step);
                    sender.repeat_until_ready(step, exchange, &mut rebuild).await
                }
                None => None,
            };
            match exchange {
                Some(exchange) => progress.record_exchange(index, exchange),
                None => progress.is_cancelled = true,
            }
        }
    }
    progress.finish()
}

/// State of a case between its turns.
struct CaseProgress<'a> {
    plan: &'a RunPlan<'a>,
    case: &'a Case,
    placeholders: Placeholders<'a>,
    fixtures: FixtureTracker<'a>,
    sent: SentSteps,
    is_cancelled: bool,
}

impl<'a> CaseProgress<'a> {
    fn new(plan: &'a RunPlan<'a>, case: &'a Case) -> Self {
        Self {
            plan,
            case,
            placeholders: Placeholders::new(plan, &case.id),
            fixtures: FixtureTracker::default(),
            sent: SentSteps { exchanges: vec![None; case.steps.len()], not_sent: None, unsendable: None },
            is_cancelled: false,
        }
    }

    fn is_due(&self, step: &Step) -> bool {
        match step.purpose {
            StepPurpose::TearDown => self.fixtures.is_due(step),
            _ => self.sent.not_sent.is_none() && !self.is_cancelled,
        }
    }

    /// Returns the requests of a turn, each with the index of its step. If one of them cannot be built, only teardown
    /// requests are returned.
    fn build_requests(
        &mut self,
        turn: u32,
        builder: &mut RequestBuilder<'_>,
        sender: &impl StepSender,
    ) -> Vec<(usize, EncodedRequest)> {
        let steps = &self.case.steps;
        let due: Vec<usize> =
            (0..steps.len()).filter(|&index| steps[index].turn == turn && self.is_due(&steps[index])).collect();
        let mut requests = Vec::with_capacity(due.len());
        for index in due {
            let built = builder.build(&self.placeholders, &steps[index]).and_then(|request| {
                match sender.unsupported_reason(&request) {
                    Some(reason) => Err(RequestBuildError::Unsendable(reason)),
                    None => Ok(request),
                }
            });
            match built {
                Ok(request) => requests.push((index, request)),
                Err(error) => self.record_build_error(&steps[index], &error),
            }
        }
        if self.sent.not_sent.is_some() {
            requests.retain(|(index, _)| steps[*index].purpose == StepPurpose::TearDown);
        }
        requests
    }

    fn record_build_error(&mut self, step: &Step, error: &RequestBuildError) {
        let reason = error.to_string();
        if step.purpose == StepPurpose::TearDown {
            self.fixtures.record_unsendable(step, &reason);
            return;
        }
        if matches!(error, RequestBuildError::Unsendable(_)) {
            self.sent.unsendable.get_or_insert_with(|| reason.clone());
        }
        self.sent.not_sent.get_or_insert(reason);
    }

    fn record_exchange(&mut self, index: usize, exchange: Exchange) {
        let step = &self.case.steps[index];
        let is_gone = step.purpose == StepPurpose::TearDown && is_missing_resource(self.plan, &exchange);
        self.fixtures.record_step(step, &exchange, is_gone);
        if let Ok(response) = &exchange.response {
            capture_values(self.plan, &mut self.placeholders, step, response);
        }
        if step.purpose == StepPurpose::SetUp && self.sent.not_sent.is_none() {
            self.sent.not_sent =
                describe_failed_setup(step, &exchange).or_else(|| describe_unmet_condition(self.plan, step, &exchange));
        }
        self.sent.exchanges[index] = Some(exchange);
    }

    fn finish(self) -> Option<SentSteps> {
        self.fixtures.report_leaks(self.case, &self.plan.leaked_fixtures);
        (!self.is_cancelled).then_some(self.sent)
    }
}
