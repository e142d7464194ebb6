//! Runs the steps of a case in their turns: the one loop for sockets and for services in this process.
//!
//! It never opens a socket, never waits and never judges; a [`StepSender`] sends the requests.

use super::fixture_tracker::FixtureTracker;
use super::login_request::{log_in, principal_with_login};
use super::placeholders::Placeholders;
use super::request_builder::{RequestBuildError, RequestBuilder};
use super::send_steps::StepSender;
use super::step_response::{capture_values, describe_failed_setup, describe_unmet_condition, is_missing_resource};
use super::{Exchange, RunPlan};
use crate::case::{Authorization, Case, Intent, Step, StepPurpose};
use crate::wire::EncodedRequest;
use std::collections::HashMap;

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
        progress.log_in(turn, sender).await;
        let requests = progress.build_requests(turn, builder, sender);
        for (index, exchange) in sender.send_turn(&case.steps, requests).await {
            let step = &case.steps[index];
            let exchange = match exchange {
                Some(exchange) if is_unauthorized(&exchange) => {
                    progress.renew_and_repeat(index, exchange, builder, sender).await
                }
                exchange => exchange,
            };
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
    /// The number of logins of each principal when its last request was built.
    generations: HashMap<String, u64>,
    is_cancelled: bool,
}

/// Maximum number of times that a rejected request is sent again with newer credentials.
const MAX_RENEWALS: usize = 3;

/// Returns true if a response says that the credentials are not valid.
fn is_unauthorized(exchange: &Exchange) -> bool {
    exchange.response.as_ref().is_ok_and(|response| response.status == 401)
}

impl<'a> CaseProgress<'a> {
    fn new(plan: &'a RunPlan<'a>, case: &'a Case) -> Self {
        Self {
            plan,
            case,
            placeholders: Placeholders::new(plan, &case.id),
            fixtures: FixtureTracker::default(),
            sent: SentSteps { exchanges: vec![None; case.steps.len()], not_sent: None, unsendable: None },
            generations: HashMap::new(),
            is_cancelled: false,
        }
    }

    /// Logs in the principals of a turn's steps that have not done so yet.
    async fn log_in(&mut self, turn: u32, sender: &mut impl StepSender) {
        for step in self.case.steps.iter().filter(|step| step.turn == turn) {
            let Some(principal) = principal_with_login(self.plan, step).filter(|_| self.is_due(step)) else { continue };
            if let Err(reason) = log_in(self.plan, principal, 0, &self.placeholders, sender).await {
                self.sent.not_sent.get_or_insert(reason);
                return;
            }
        }
    }

    /// Logs the principal of a rejected step in again and repeats the step. Returns `None` if the run was cancelled.
    async fn renew_and_repeat(
        &mut self,
        index: usize,
        exchange: Exchange,
        builder: &mut RequestBuilder<'_>,
        sender: &mut impl StepSender,
    ) -> Option<Exchange> {
        let (plan, step) = (self.plan, &self.case.steps[index]);
        // Damaged credentials are meant to be rejected, unless the case says that they are valid all the same.
        let is_intact = matches!(step.authorization, Authorization::Principal(_)) || self.case.intent == Intent::Valid;
        let principal = principal_with_login(plan, step).filter(|name| is_intact && plan.logins.may_renew(name));
        let Some(principal) = principal else { return Some(exchange) };
        let mut exchange = exchange;
        for _ in 0..MAX_RENEWALS {
            // Another worker may have logged in since the request was built.
            let sent = self.generations.get(principal).copied().unwrap_or_default();
            if log_in(plan, principal, sent, &self.placeholders, sender).await.is_err() {
                return Some(exchange);
            }
            let renewed = plan.logins.generation(principal);
            self.generations.insert(principal.to_owned(), renewed);
            let Ok(request) = builder.build(&self.placeholders, step) else { return Some(exchange) };
            let repeated = sender.send_turn(&self.case.steps, vec![(index, request)]).await.pop();
            exchange = repeated.and_then(|(_, exchange)| exchange)?;
            if !is_unauthorized(&exchange) {
                plan.logins.record_renewal(principal, true);
                return Some(exchange);
            }
            // Requests of other workers may have used up what the new token allows.
        }
        plan.logins.record_renewal(principal, false);
        Some(exchange)
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
            if let Some(principal) = principal_with_login(self.plan, &steps[index]) {
                self.generations.insert(principal.to_owned(), self.plan.logins.generation(principal));
            }
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
