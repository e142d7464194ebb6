//! Sends the requests of steps over a worker's connections, with retries and within the rate limit.
//!
//! It never judges a response.

use super::requested_wait::requested_wait;
use super::throttle::{is_throttled, is_unavailable, retry_delay};
use super::transport::{ClientConnection, Transport as _};
use super::worker_state::WorkerShared;
use crate::case::{Step, StepPurpose, StepRequest};
use crate::contract::{ErrorRole, OperationName};
use crate::run::request_builder::RequestBuildError;
use crate::run::send_steps::StepSender;
use crate::run::step_response::{describe_not_ready, error_role};
use crate::run::{BodyFraming, CancelToken, Exchange, RunPlan, TransportError, clock};
use crate::wire::EncodedRequest;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Maximum time to wait until a resource is ready.
const MAX_READY_WAIT: Duration = Duration::from_secs(20);
/// Maximum time to wait for a condition that is only a guess.
const MAX_GUESSED_WAIT: Duration = Duration::from_secs(5);
/// Maximum time to wait until a busy resource can be deleted or created.
const MAX_BUSY_WAIT: Duration = Duration::from_secs(5);
/// Time between two looks at whether another worker has logged in.
const LOGIN_PAUSE: Duration = Duration::from_millis(5);
/// Number of times that a request is sent again to a server that says that it cannot be used at the moment.
const MAX_UNAVAILABLE_RETRIES: u32 = 3;
/// Like [`MAX_UNAVAILABLE_RETRIES`], for requests that create or delete what a case needs, and those sent alone.
const MAX_PATIENT_RETRIES: u32 = 5;
/// Maximum number of steps sent concurrently.
const MAX_CONCURRENT_STEPS: usize = 64;

/// Sends steps over sockets.
pub(super) struct SocketSender<'a> {
    policy: RetryPolicy<'a>,
    connections: Vec<ClientConnection>,
}

impl<'a> SocketSender<'a> {
    /// Creates a sender that reuses the first of some connections. Must be called inside a runtime.
    pub(super) fn new(plan: &'a RunPlan<'a>, shared: &'a WorkerShared, mut connections: Vec<ClientConnection>) -> Self {
        connections.truncate(1);
        if connections.is_empty() {
            connections.push(ClientConnection::new(Arc::clone(&shared.client)));
        }
        let max_attempts = plan.transport_options.max_throttle_attempts;
        Self { policy: RetryPolicy { plan, shared, max_attempts, is_alone: false }, connections }
    }

    /// Sets whether no other case is running, so that a missing response does not have to do with the load.
    pub(super) fn set_alone(&mut self, is_alone: bool) {
        self.policy.is_alone = is_alone;
    }

    /// Sets the maximum number of times that a throttled request is sent.
    pub(super) fn set_max_attempts(&mut self, max_attempts: u32) {
        self.policy.max_attempts = max_attempts;
    }

    /// Closes all connections; the next request opens a new one.
    pub(super) fn reset_connections(&mut self) {
        self.connections.truncate(1);
        self.connections[0] = ClientConnection::new(Arc::clone(&self.policy.shared.client));
    }

    /// Returns the connections for another sender.
    pub(super) fn into_connections(self) -> Vec<ClientConnection> {
        self.connections
    }

    /// Returns true if a step must be repeated after `waited`, because its resource is not ready yet or busy.
    fn must_wait(&self, step: &Step, exchange: &Exchange, waited: Duration) -> bool {
        let RetryPolicy { plan, shared, .. } = self.policy;
        (waited < max_ready_wait(shared, step) && describe_not_ready(plan, step, exchange).is_some())
            || (waited < MAX_BUSY_WAIT && shared.may_wait_for_busy() && is_busy(plan, step, exchange))
    }
}

impl StepSender for SocketSender<'_> {
    fn unsupported_reason(&self, request: &EncodedRequest) -> Option<String> {
        self.connections[0].unsupported_reason(request)
    }

    /// Sends the requests concurrently if there are several.
    async fn send_turn(
        &mut self,
        steps: &[Step],
        mut requests: Vec<(usize, EncodedRequest)>,
    ) -> Vec<(usize, Option<Exchange>)> {
        let policy = self.policy;
        if requests.len() == 1
            && let Some((index, request)) = requests.pop()
        {
            return vec![(index, policy.send(&mut self.connections[0], &steps[index], request).await)];
        }
        let mut out = Vec::with_capacity(requests.len());
        while !requests.is_empty() {
            let batch: Vec<_> = requests.drain(..requests.len().min(MAX_CONCURRENT_STEPS)).collect();
            while self.connections.len() < batch.len() {
                self.connections.push(ClientConnection::new(Arc::clone(&policy.shared.client)));
            }
            let sending =
                batch.into_iter().zip(&mut self.connections).map(|((index, request), connection)| async move {
                    (index, policy.send(connection, &steps[index], request).await)
                });
            out.extend(futures_util::future::join_all(sending).await);
        }
        out
    }

    async fn pause(&mut self) {
        tokio::time::sleep(LOGIN_PAUSE).await;
    }

    /// Repeats a step until its response shows the required value, within a time limit.
    async fn repeat_until_ready(
        &mut self,
        step: &Step,
        mut exchange: Exchange,
        rebuild: &mut dyn FnMut() -> Result<EncodedRequest, RequestBuildError>,
    ) -> Option<Exchange> {
        let RetryPolicy { plan, shared, .. } = self.policy;
        let start = clock::now();
        let mut pause = Duration::from_millis(20);
        while self.must_wait(step, &exchange, clock::now().duration_since(start)) {
            if !sleep_until(clock::now() + pause, &|| plan.cancel_token.is_cancelled()).await {
                return None;
            }
            pause = (pause * 2).min(Duration::from_millis(500));
            let Ok(request) = rebuild() else { break };
            if self.unsupported_reason(&request).is_some() {
                break;
            }
            exchange = self.policy.send(&mut self.connections[0], step, request).await?;
        }
        if let Some(part) = step.fixture.as_ref().filter(|part| part.until.is_some())
            && describe_not_ready(plan, step, &exchange).is_some()
        {
            shared.record_unmet_condition(&part.name);
        }
        if is_busy(plan, step, &exchange) {
            shared.record_busy();
        } else if step.fixture.is_some() {
            shared.record_not_busy();
        }
        Some(exchange)
    }
}

/// Returns the maximum time to wait until the resource of a step is ready. A guessed condition that was not met once is
/// not awaited again.
fn max_ready_wait(shared: &WorkerShared, step: &Step) -> Duration {
    match step.fixture.as_ref().and_then(|part| Some((part, part.until.as_ref()?))) {
        Some((part, until)) if until.is_inferred && shared.was_unmet(&part.name) => Duration::ZERO,
        Some((_, until)) if until.is_inferred => MAX_GUESSED_WAIT,
        _ => MAX_READY_WAIT,
    }
}

/// Returns true if a resource cannot be deleted yet because an operation on it is in progress, or cannot be created
/// yet because too many others are being created.
fn is_busy(plan: &RunPlan<'_>, step: &Step, exchange: &Exchange) -> bool {
    let temporary_role = match step.purpose {
        StepPurpose::TearDown => ErrorRole::Conflict,
        StepPurpose::SetUp if step.fixture.is_some() => ErrorRole::Limit,
        _ => return false,
    };
    exchange.response.as_ref().is_ok_and(|response| response.status >= 400)
        && error_role(plan, exchange) == Some(temporary_role)
}

/// Decides when a request is sent again.
#[derive(Clone, Copy)]
struct RetryPolicy<'a> {
    plan: &'a RunPlan<'a>,
    shared: &'a WorkerShared,
    /// Maximum number of times that a throttled request is sent.
    max_attempts: u32,
    /// Whether no other case is running.
    is_alone: bool,
}

impl RetryPolicy<'_> {
    /// Returns the maximum times until a step's response is complete and until any data is received.
    fn timeouts(self, step: &Step) -> (Duration, Duration) {
        let limits = &self.plan.transport_options.limits;
        let extra = match self.is_alone {
            true => self.plan.response_times.patient_timeout(limits).saturating_sub(limits.total_timeout),
            false => Duration::ZERO,
        };
        let extra = extra.max(requested_wait(step));
        let extended = |timeout: Duration| timeout.saturating_add(extra).min(limits.max_timeout.max(timeout));
        (extended(limits.total_timeout), extended(limits.idle_timeout))
    }

    /// Sends a request until it gets a response that is not throttled, or all retries are used up. If the connection
    /// is closed without a response, the request is sent twice. Returns `None` if the run was cancelled.
    async fn send(self, connection: &mut ClientConnection, step: &Step, request: EncodedRequest) -> Option<Exchange> {
        // Teardown requests are sent even after cancellation.
        let cancel_token = (step.purpose != StepPurpose::TearDown).then_some(&self.plan.cancel_token);
        let is_cancelled = || cancel_token.is_some_and(CancelToken::is_cancelled);
        // A request that creates a resource is awaited even then and is never sent twice, because its response names
        // the resource.
        let creates_fixture = step.purpose == StepPurpose::SetUp && step.fixture.is_some();
        let must_complete = creates_fixture || step.purpose == StepPurpose::TearDown;
        let _cleanup = must_complete.then(|| self.plan.cancel_token.begin_cleanup());
        let operation = match &step.request {
            StepRequest::Operation { name, .. } => Some(name),
            StepRequest::Raw { .. } => None,
        };
        let first_start = clock::now();
        let (mut attempts, mut throttle_count, mut was_silent) = (0, 0, false);
        let (mut unavailable_count, load_limit) = (0, self.plan.load_limit.current());
        loop {
            if !self.wait_for_slot(&is_cancelled).await {
                return None;
            }
            attempts += 1;
            let start = clock::now();
            let (total_timeout, idle_timeout) = self.timeouts(step);
            connection.set_timeouts(total_timeout, idle_timeout);
            let response = connection.send(&request, cancel_token.filter(|_| !creates_fixture)).await;
            let elapsed = clock::now().duration_since(start);
            let is_incomplete = response.as_ref().map_or(true, |response| response.framing == BodyFraming::TimedOut);
            if is_incomplete && !creates_fixture && is_cancelled() {
                return None;
            }
            match &response {
                // The caller sends the whole case again, alone.
                Err(TransportError::TimedOut(_)) => {}
                Err(TransportError::Unreachable(_) | TransportError::Shortage(_) | TransportError::Tls(_)) => {}
                Err(_) => {
                    let is_unresponsive = || operation.is_some_and(|name| self.shared.is_unresponsive(name));
                    if !was_silent && !creates_fixture && !is_unresponsive() {
                        was_silent = true;
                        continue;
                    }
                }
                Ok(response) if is_throttled(self.plan, step, response) => {
                    let pause = retry_delay(response, throttle_count);
                    let total_wait = clock::now().duration_since(first_start).saturating_add(pause);
                    if self.may_retry_throttled(operation, throttle_count, total_wait) {
                        throttle_count += 1;
                        if !sleep_until(clock::now() + pause, &is_cancelled).await {
                            return None;
                        }
                        continue;
                    }
                    // A request that was not retried does not count.
                    if self.max_attempts == self.plan.transport_options.max_throttle_attempts {
                        self.shared.record_throttled();
                    }
                }
                Ok(response) if is_unavailable(response) => {
                    if self.may_retry_unavailable(operation, unavailable_count, must_complete) {
                        let pause = retry_delay(response, unavailable_count);
                        unavailable_count += 1;
                        if !sleep_until(clock::now() + pause, &is_cancelled).await {
                            return None;
                        }
                        continue;
                    }
                }
                Ok(_) => self.shared.record_unthrottled(),
            }
            if let Some(operation) = operation.filter(|_| unavailable_count > 0) {
                let recovered = response.as_ref().is_ok_and(|response| response.status < 500);
                self.shared.record_availability(operation, recovered);
                if recovered && !self.is_alone {
                    self.plan.load_limit.lower(load_limit, self.plan.transport_options.workers);
                }
            }
            return Some(Exchange { request, response, elapsed, attempts, throttle_count });
        }
    }

    /// Waits until the rate limit allows a request; returns false if the run was cancelled.
    async fn wait_for_slot(self, is_cancelled: &impl Fn() -> bool) -> bool {
        if let Some(schedule) = &self.shared.schedule
            && !sleep_until(schedule.reserve_slot(clock::now()), is_cancelled).await
        {
            return false;
        }
        !is_cancelled()
    }

    /// Returns true if a request that got 503 `count` times before may be sent again.
    fn may_retry_unavailable(self, operation: Option<&OperationName>, count: u32, must_complete: bool) -> bool {
        let max_retries = if must_complete || self.is_alone { MAX_PATIENT_RETRIES } else { MAX_UNAVAILABLE_RETRIES };
        count < max_retries && operation.is_some_and(|operation| self.shared.may_wait_for_availability(operation))
    }

    /// Returns true if a request that was throttled `throttle_count` times before may be sent again. `total_wait` is
    /// the time that it would have waited by then.
    fn may_retry_throttled(self, operation: Option<&OperationName>, throttle_count: u32, total_wait: Duration) -> bool {
        self.shared.may_wait_for_throttling(operation)
            && throttle_count + 1 < self.max_attempts
            && total_wait <= self.plan.transport_options.max_throttle_wait
    }
}

/// Sleeps in short intervals; returns false if the run was cancelled.
async fn sleep_until(at: Instant, is_cancelled: &impl Fn() -> bool) -> bool {
    const SLEEP_INTERVAL: Duration = Duration::from_millis(100);
    loop {
        if is_cancelled() {
            return false;
        }
        let now = clock::now();
        if now >= at {
            return true;
        }
        tokio::time::sleep_until((now + SLEEP_INTERVAL).min(at).into()).await;
    }
}
