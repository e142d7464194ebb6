//! Runs the steps of a case with a caller-supplied function that sends requests: a service in this process, a
//! recording, a test.
//!
//! It never opens a socket, never waits and never sends a request twice.

use super::request_builder::{RequestBuildError, RequestBuilder};
use super::send_steps::StepSender;
use super::step_loop::{SentSteps, run_steps};
use super::{CaseOutcome, Exchange, HttpResponse, RunPlan, TransportError};
use crate::case::{Case, Step};
use crate::wire::EncodedRequest;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Function that sends a request and returns its response.
pub type SendFn<'c> = dyn FnMut(&EncodedRequest) -> Result<HttpResponse, TransportError> + 'c;

/// Runs cases sequentially and caches credentials between them.
pub struct InProcessRunner<'a> {
    plan: &'a RunPlan<'a>,
    builder: RequestBuilder<'a>,
}

impl<'a> InProcessRunner<'a> {
    /// Creates a runner for a plan; the plan's transport options and cancel token are ignored.
    pub fn new(plan: &'a RunPlan<'a>) -> Self {
        Self { plan, builder: RequestBuilder::new(plan) }
    }

    /// Runs a case; concurrent steps are sent one after another.
    pub fn run_case(&mut self, case: impl Into<Arc<Case>>, send: &mut SendFn<'_>) -> CaseOutcome {
        let mut case = case.into();
        if case.unsendable_reason.is_some() {
            let exchanges = vec![None; case.steps.len()];
            return CaseOutcome {
                case,
                exchanges,
                not_sent: None,
                liveness: None,
                broken_operation: None,
                server_output: Vec::new(),
            };
        }
        let SentSteps { exchanges, not_sent, unsendable } = self.run_steps(&case, send);
        if unsendable.is_some() {
            Arc::make_mut(&mut case).unsendable_reason = unsendable;
        }
        CaseOutcome { case, exchanges, not_sent, liveness: None, broken_operation: None, server_output: Vec::new() }
    }

    fn run_steps(&mut self, case: &Case, send: &mut SendFn<'_>) -> SentSteps {
        let mut sender = FunctionSender(send);
        let mut running = pin!(run_steps(self.plan, case, &mut self.builder, &mut sender));
        match running.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Some(sent)) => sent,
            Poll::Ready(None) | Poll::Pending => unreachable!("the function neither waits nor cancels"),
        }
    }
}

/// Sends every request once, with a function.
struct FunctionSender<'f, 'c>(&'f mut SendFn<'c>);

impl StepSender for FunctionSender<'_, '_> {
    fn unsupported_reason(&self, _request: &EncodedRequest) -> Option<String> {
        None
    }

    async fn send_turn(
        &mut self,
        _steps: &[Step],
        requests: Vec<(usize, EncodedRequest)>,
    ) -> Vec<(usize, Option<Exchange>)> {
        let send = |(index, request): (usize, EncodedRequest)| {
            let response = (self.0)(&request);
            (index, Some(Exchange { request, response, elapsed: Duration::ZERO, attempts: 1, throttle_count: 0 }))
        };
        requests.into_iter().map(send).collect()
    }

    async fn pause(&mut self) {}

    async fn repeat_until_ready(
        &mut self,
        _step: &Step,
        exchange: Exchange,
        _rebuild: &mut dyn FnMut() -> Result<EncodedRequest, RequestBuildError>,
    ) -> Option<Exchange> {
        Some(exchange)
    }
}
