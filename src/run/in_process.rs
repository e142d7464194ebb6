//! Runs the steps of a case with a caller-supplied function that sends requests: a service in this process, a
//! recording, a test.
//!
//! It never opens a socket, never waits and never sends a request twice.

use super::fixture_tracker::FixtureTracker;
use super::placeholders::Placeholders;
use super::request_builder::{CredentialCache, RequestBuildError, build_signed_request};
use super::step_response::{capture_values, describe_failed_setup, describe_not_ready, is_missing_resource};
use super::{CaseOutcome, Exchange, HttpResponse, RunPlan, TransportError};
use crate::case::{Case, Step, StepPurpose};
use crate::wire::EncodedRequest;
use std::sync::Arc;
use std::time::Duration;

/// Function that sends a request and returns its response.
pub type SendFn<'c> = dyn FnMut(&EncodedRequest) -> Result<HttpResponse, TransportError> + 'c;

/// Runs cases sequentially and caches credentials between them.
pub struct InProcessRunner<'a> {
    plan: &'a RunPlan<'a>,
    authority: String,
    credential_cache: CredentialCache,
}

impl<'a> InProcessRunner<'a> {
    /// Creates a runner for a plan; the plan's transport options and cancel token are ignored.
    pub fn new(plan: &'a RunPlan<'a>) -> Self {
        Self { plan, authority: plan.endpoint.authority(), credential_cache: CredentialCache::default() }
    }

    /// Runs a case; concurrent steps are sent one after another.
    pub fn run_case(&mut self, case: impl Into<Arc<Case>>, send: &mut SendFn<'_>) -> CaseOutcome {
        let mut case = case.into();
        let mut exchanges: Vec<Option<Exchange>> = case.steps.iter().map(|_| None).collect();
        let (mut not_sent, mut unsendable) = (None, None);
        if case.unsendable_reason.is_none() {
            let mut order: Vec<usize> = (0..case.steps.len()).collect();
            order.sort_by_key(|index| case.steps[*index].turn);
            let mut holes = Placeholders::new(self.plan, &case.id);
            let mut fixtures = FixtureTracker::default();
            for index in order {
                let step = &case.steps[index];
                let is_due =
                    if step.purpose == StepPurpose::TearDown { fixtures.is_due(step) } else { not_sent.is_none() };
                if !is_due {
                    continue;
                }
                match self.run_step(&mut holes, step, send) {
                    Ok(exchange) => {
                        fixtures.record_step(
                            step,
                            &exchange,
                            step.purpose == StepPurpose::TearDown && is_missing_resource(self.plan, &exchange),
                        );
                        if step.purpose == StepPurpose::SetUp && not_sent.is_none() {
                            not_sent = describe_failed_setup(step, &exchange)
                                .or_else(|| describe_not_ready(self.plan, step, &exchange));
                        }
                        exchanges[index] = Some(exchange);
                    }
                    Err(reason) if step.purpose == StepPurpose::TearDown => {
                        fixtures.record_unsendable(step, &reason.into_reason())
                    }
                    Err(RequestBuildError::MissingValue(reason)) => not_sent = not_sent.or(Some(reason)),
                    Err(RequestBuildError::Unsendable(reason)) => {
                        unsendable = unsendable.or(Some(reason.clone()));
                        not_sent = not_sent.or(Some(reason));
                    }
                }
            }
            fixtures.report_leaks(&case, &self.plan.leaked_fixtures);
        }
        if unsendable.is_some() {
            Arc::make_mut(&mut case).unsendable_reason = unsendable;
        }
        CaseOutcome { case, exchanges, not_sent, liveness: None, server_output: Vec::new() }
    }

    fn run_step(
        &mut self,
        holes: &mut Placeholders<'_>,
        step: &Step,
        send: &mut SendFn<'_>,
    ) -> Result<Exchange, RequestBuildError> {
        let sent = build_signed_request(self.plan, holes, step, &self.authority, &mut self.credential_cache)?;
        let answer = send(&sent);
        if let Ok(answer) = &answer {
            capture_values(self.plan, holes, step, answer);
        }
        Ok(Exchange { request: sent, response: answer, elapsed: Duration::ZERO, attempts: 1, throttle_count: 0 })
    }
}
