//! Runs one case: its turns, steps and captures, and what follows if no response arrives.
//!
//! It never judges a response.

use super::fixture_tracker::FixtureTracker;
use super::placeholders::Placeholders;
use super::request_builder::{CredentialCache, RequestBuildError, build_signed_request};
use super::schedule::RateSchedule;
use super::step_response::{
    capture_values, describe_failed_setup, describe_not_ready, error_role, is_missing_resource,
};
use super::throttle::{is_throttled, retry_delay};
use super::transport::{Client, ClientConnection, Transport};
use super::{BodyFraming, CaseOutcome, Exchange, Liveness, RunPlan, TransportError, clock};
use crate::case::{Case, Step, StepPurpose, StepRequest};
use crate::contract::{ErrorRole, OperationName};
use crate::wire::EncodedRequest;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// State shared by all workers of a run.
pub(super) struct WorkerShared {
    pub(super) client: Arc<Client>,
    pub(super) authority: String,
    pub(super) schedule: Option<RateSchedule>,
    /// Number of consecutive cases that stayed throttled. The run stops waiting for a server that always throttles.
    throttled_in_a_row: AtomicU32,
    /// Operations that report rejections as throttling although they have nothing to do with the rate; their responses
    /// are not retried.
    false_throttlers: Mutex<Vec<OperationName>>,
    /// Number of consecutive controls without a response, by operation.
    unanswered_controls: Mutex<HashMap<OperationName, u32>>,
    /// Number of consecutive temporary obstacles that did not go away in time. After too many, the run stops waiting
    /// for them.
    busy_in_a_row: AtomicU32,
    /// Whether `unanswered_controls` has entries: the common case must not take a lock that all workers share.
    has_unanswered_controls: AtomicBool,
}

/// Maximum time to wait until a resource is ready.
const MAX_READY_WAIT: Duration = Duration::from_secs(20);
/// Maximum time to wait until a busy resource can be deleted or created.
const MAX_BUSY_WAIT: Duration = Duration::from_secs(5);
/// Maximum number of consecutive failures (throttling, busy resources) before the run stops waiting.
const MAX_FAILURES_IN_A_ROW: u32 = 8;
/// Maximum number of unanswered controls before an operation counts as unresponsive.
const MAX_UNANSWERED_CONTROLS: u32 = 3;
/// Maximum number of steps sent concurrently.
const MAX_CONCURRENT_STEPS: usize = 64;
/// Maximum number of lines of server output kept with a case.
const MAX_OUTPUT_LINES: usize = 60;
/// Maximum number of 5 ms polls for the output of a failing server.
const MAX_PRINT_POLLS: u32 = 12;
/// Maximum number of 5 ms polls while printed output has not been read yet.
const MAX_READ_POLLS: u32 = 400;

impl WorkerShared {
    pub(super) fn new(plan: &RunPlan<'_>, client: Client) -> Self {
        Self {
            client: Arc::new(client),
            authority: plan.endpoint.authority(),
            schedule: plan.transport_options.rate_limit.map(RateSchedule::new),
            throttled_in_a_row: AtomicU32::new(0),
            false_throttlers: Mutex::default(),
            unanswered_controls: Mutex::new(HashMap::new()),
            busy_in_a_row: AtomicU32::new(0),
            has_unanswered_controls: AtomicBool::new(false),
        }
    }

    /// Returns true if an operation is known to report rejections as throttling.
    fn is_false_throttler(&self, operation: &OperationName) -> bool {
        self.false_throttlers.lock().unwrap_or_else(PoisonError::into_inner).contains(operation)
    }

    /// Records that an operation reports rejections as throttling.
    pub(super) fn record_false_throttler(&self, operation: &OperationName) {
        let mut feigning = self.false_throttlers.lock().unwrap_or_else(PoisonError::into_inner);
        if !feigning.contains(operation) {
            feigning.push(operation.clone());
        }
    }

    /// Forgets unanswered controls; they do not count against a restarted endpoint.
    pub(super) fn reset_unanswered_controls(&self) {
        self.unanswered_controls.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.has_unanswered_controls.store(false, Ordering::Release);
    }

    fn is_unresponsive(&self, operation: &OperationName) -> bool {
        if !self.has_unanswered_controls.load(Ordering::Acquire) {
            return false;
        }
        let silent = self.unanswered_controls.lock().unwrap_or_else(PoisonError::into_inner);
        silent.get(operation).is_some_and(|count| *count >= MAX_UNANSWERED_CONTROLS)
    }
}

/// A worker with its connections and caches.
pub(super) struct CaseWorker<'a> {
    pub(super) plan: &'a RunPlan<'a>,
    pub(super) shared: &'a WorkerShared,
    connections: Vec<ClientConnection>,
    credential_cache: CredentialCache,
    /// Maximum number of times that a throttled request is sent.
    pub(super) max_attempts: u32,
}

/// The exchanges of a case's steps.
pub(super) struct SentSteps {
    pub(super) exchanges: Vec<Option<Exchange>>,
    not_sent: Option<String>,
    unsendable: Option<String>,
}

impl<'a> CaseWorker<'a> {
    /// Creates a worker. Must be called inside a runtime.
    pub(super) fn new(plan: &'a RunPlan<'a>, shared: &'a WorkerShared) -> Self {
        Self::with_connections(plan, shared, Vec::new())
    }

    /// Creates a worker that reuses the connections of another worker of the same runtime.
    pub(super) fn with_connections(
        plan: &'a RunPlan<'a>,
        shared: &'a WorkerShared,
        mut connections: Vec<ClientConnection>,
    ) -> Self {
        connections.truncate(1);
        if connections.is_empty() {
            connections.push(ClientConnection::new(Arc::clone(&shared.client)));
        }
        Self {
            plan,
            shared,
            connections,
            credential_cache: CredentialCache::default(),
            max_attempts: plan.transport_options.max_throttle_attempts,
        }
    }

    /// Returns the connections for the next worker.
    pub(super) fn into_connections(self) -> Vec<ClientConnection> {
        self.connections
    }

    /// Runs a case. Returns `None` if the run was cancelled before the case was finished.
    pub(super) async fn run_case(&mut self, mut case: Arc<Case>) -> Option<CaseOutcome> {
        if self.shared.is_unresponsive(&case.operation) && case.unsendable_reason.is_none() {
            let exchanges = case.steps.iter().map(|_| None).collect();
            let not_sent = Some("no control request of this operation gets a response".to_owned());
            return Some(CaseOutcome { case, exchanges, not_sent, liveness: None, server_output: Vec::new() });
        }
        let mark = self.plan.server.as_ref().map(|server| server.output_position());
        let (SentSteps { exchanges, not_sent, unsendable }, mut liveness) = self.send_until_unthrottled(&case).await?;
        if unsendable.is_some() && case.unsendable_reason.is_none() {
            Arc::make_mut(&mut case).unsendable_reason = unsendable;
        }
        let server_output = self.collect_server_output(mark, &exchanges).await;
        let silent = exchanges.iter().flatten().find_map(|exchange| exchange.response.as_ref().err());
        if let Some(reason) = silent {
            let unreachable = matches!(reason, TransportError::Unreachable(_) | TransportError::Tls(_));
            liveness = Some(if unreachable {
                Liveness::Down
            } else if self.is_operation_alive(case.operation.as_str()).await {
                Liveness::Alive
            } else if self.is_other_operation_alive(&case.operation).await {
                Liveness::OperationDown
            } else {
                Liveness::Down
            });
        }
        Some(CaseOutcome { case, exchanges, not_sent, liveness, server_output })
    }

    /// Returns what a server that was started for the run has printed since `mark`, if one of the exchanges failed.
    async fn collect_server_output(&self, mark: Option<u64>, exchanges: &[Option<Exchange>]) -> Vec<String> {
        let (Some(server), Some(mark)) = (&self.plan.server, mark) else { return Vec::new() };
        let failed = |exchange: &Exchange| exchange.response.as_ref().map_or(true, |answer| answer.status >= 500);
        if !exchanges.iter().flatten().any(failed) {
            return Vec::new();
        }
        // The response may arrive before the server's output, the log line of the last request comes late, and on a
        // busy machine earlier output may not have been read yet.
        let (mut seen, mut quiet) = (server.output_position(), 0);
        for turn in 1..=MAX_READ_POLLS {
            tokio::time::sleep(Duration::from_millis(5)).await;
            let (now, has_more) = (server.output_position(), server.has_unread_output());
            quiet = if now == seen && !has_more { quiet + 1 } else { 0 };
            seen = now;
            if (quiet >= 2 && now > mark) || (turn >= MAX_PRINT_POLLS && !has_more) {
                break;
            }
        }
        server.lines_since(mark, MAX_OUTPUT_LINES)
    }

    /// Returns true if the control of another operation gets a response now.
    pub(super) async fn is_other_operation_alive(&mut self, operation: &OperationName) -> bool {
        let plan = self.plan;
        for other in plan.contract.operations.iter().filter(|other| other.name != *operation).take(3) {
            if self.is_operation_alive(other.name.as_str()).await {
                return true;
            }
        }
        false
    }

    /// Returns true if an operation's control gets a response now.
    pub(super) async fn is_operation_alive(&mut self, operation: &str) -> bool {
        let Some(control) = (self.plan.control_case)(operation) else { return false };
        let judged = control.judged.shown_step();
        // The connection on which a case got no response is not used.
        self.connections.truncate(1);
        self.connections[0] = ClientConnection::new(Arc::clone(&self.shared.client));
        let answered = match Box::pin(self.run_steps(&control)).await {
            Some(SentSteps { exchanges, .. }) => {
                exchanges.get(judged).and_then(Option::as_ref).is_some_and(|exchange| exchange.response.is_ok())
            }
            None => false,
        };
        let mut silent = self.shared.unanswered_controls.lock().unwrap_or_else(PoisonError::into_inner);
        if answered {
            silent.remove(operation);
        } else {
            *silent.entry(operation.into()).or_default() += 1;
        }
        self.shared.has_unanswered_controls.store(!silent.is_empty(), Ordering::Release);
        answered
    }

    pub(super) async fn run_steps(&mut self, case: &Case) -> Option<SentSteps> {
        let plan = self.plan;
        let mut holes = Placeholders::new(plan, &case.id);
        let mut exchanges: Vec<Option<Exchange>> = case.steps.iter().map(|_| None).collect();
        let (mut not_sent, mut unsendable): (Option<String>, Option<String>) = (None, None);
        let mut stopped = false;
        let mut fixtures = FixtureTracker::default();
        let mut turns: Vec<u32> = case.steps.iter().map(|step| step.turn).collect();
        turns.sort_unstable();
        turns.dedup();
        for turn in turns {
            let due: Vec<usize> = (0..case.steps.len())
                .filter(|&index| {
                    let step = &case.steps[index];
                    let wanted = match step.purpose {
                        StepPurpose::TearDown => fixtures.is_due(step),
                        _ => not_sent.is_none() && !stopped,
                    };
                    step.turn == turn && wanted
                })
                .collect();
            let mut ready: Vec<(usize, EncodedRequest)> = Vec::with_capacity(due.len());
            for index in due {
                let step = &case.steps[index];
                match self.build_request(&holes, step) {
                    Ok(message) => ready.push((index, message)),
                    Err(RequestBuildError::MissingValue(reason) | RequestBuildError::Unsendable(reason))
                        if step.purpose == StepPurpose::TearDown =>
                    {
                        fixtures.record_unsendable(step, &reason);
                    }
                    Err(RequestBuildError::MissingValue(reason)) => not_sent = not_sent.or(Some(reason)),
                    Err(RequestBuildError::Unsendable(reason)) => {
                        unsendable = unsendable.or(Some(reason.clone()));
                        not_sent = not_sent.or(Some(reason));
                    }
                }
            }
            if not_sent.is_some() {
                ready.retain(|(index, _)| case.steps[*index].purpose == StepPurpose::TearDown);
            }
            for (index, exchange) in self.send_turn(case, ready).await {
                let step = &case.steps[index];
                let exchange = match exchange {
                    Some(exchange) => self.poll_until_ready(&holes, case, index, exchange).await,
                    None => None,
                };
                let Some(exchange) = exchange else {
                    stopped = true;
                    continue;
                };
                fixtures.record_step(
                    step,
                    &exchange,
                    step.purpose == StepPurpose::TearDown && is_missing_resource(plan, &exchange),
                );
                if let Ok(answer) = &exchange.response {
                    capture_values(plan, &mut holes, step, answer);
                }
                if step.purpose == StepPurpose::SetUp && not_sent.is_none() {
                    not_sent = describe_failed_setup(step, &exchange)
                        .or_else(|| describe_not_ready(self.plan, step, &exchange));
                }
                exchanges[index] = Some(exchange);
            }
        }
        fixtures.report_leaks(case, &plan.leaked_fixtures);
        (!stopped).then_some(SentSteps { exchanges, not_sent, unsendable })
    }

    /// Sends the steps of one turn, concurrently if there are several. The exchange of a step is `None` if the run was
    /// cancelled.
    async fn send_turn(
        &mut self,
        case: &Case,
        mut ready: Vec<(usize, EncodedRequest)>,
    ) -> Vec<(usize, Option<Exchange>)> {
        let (plan, shared, max_attempts) = (self.plan, self.shared, self.max_attempts);
        if ready.len() == 1
            && let Some((index, message)) = ready.pop()
        {
            let step = &case.steps[index];
            return vec![(
                index,
                send_with_retries(plan, shared, &mut self.connections[0], step, message, max_attempts).await,
            )];
        }
        let mut out = Vec::with_capacity(ready.len());
        while !ready.is_empty() {
            let batch: Vec<_> = ready.drain(..ready.len().min(MAX_CONCURRENT_STEPS)).collect();
            while self.connections.len() < batch.len() {
                self.connections.push(ClientConnection::new(Arc::clone(&shared.client)));
            }
            let sent = batch.into_iter().zip(&mut self.connections).map(|((index, message), line)| async move {
                (index, send_with_retries(plan, shared, line, &case.steps[index], message, max_attempts).await)
            });
            out.extend(futures_util::future::join_all(sent).await);
        }
        out
    }

    /// Returns true if a resource cannot be deleted yet because an operation on it is in progress, or cannot be created
    /// yet because too many others are being created.
    fn is_busy(&self, step: &Step, exchange: &Exchange) -> bool {
        let passing: &[ErrorRole] = match step.purpose {
            StepPurpose::TearDown => &[ErrorRole::Conflict],
            StepPurpose::SetUp if step.fixture.is_some() => &[ErrorRole::Limit],
            _ => return false,
        };
        let role = || error_role(self.plan, exchange).is_some_and(|role| passing.contains(&role));
        exchange.response.as_ref().is_ok_and(|answer| answer.status >= 400) && role()
    }

    /// Repeats a step until its response shows the required value, within a time limit. Returns `None` if the run was
    /// cancelled.
    async fn poll_until_ready(
        &mut self,
        holes: &Placeholders<'_>,
        case: &Case,
        index: usize,
        mut exchange: Exchange,
    ) -> Option<Exchange> {
        let step = &case.steps[index];
        let began = clock::now();
        let mut pause = Duration::from_millis(20);
        while (describe_not_ready(self.plan, step, &exchange).is_some()
            && clock::now().duration_since(began) < MAX_READY_WAIT)
            || (self.is_busy(step, &exchange)
                && clock::now().duration_since(began) < MAX_BUSY_WAIT
                && self.shared.busy_in_a_row.load(Ordering::Relaxed) < MAX_FAILURES_IN_A_ROW)
        {
            let plan = self.plan;
            if !sleep_until(clock::now() + pause, &|| plan.cancel_token.is_cancelled()).await {
                return None;
            }
            pause = (pause * 2).min(Duration::from_millis(500));
            let Ok(message) = self.build_request(holes, step) else { break };
            exchange = self.send_turn(case, vec![(index, message)]).await.pop()?.1?;
        }
        if self.is_busy(step, &exchange) {
            self.shared.busy_in_a_row.fetch_add(1, Ordering::Relaxed);
        } else if step.fixture.is_some() && self.shared.busy_in_a_row.load(Ordering::Relaxed) > 0 {
            self.shared.busy_in_a_row.store(0, Ordering::Relaxed);
        }
        Some(exchange)
    }

    /// Builds the step's signed request.
    fn build_request(&mut self, holes: &Placeholders<'_>, step: &Step) -> Result<EncodedRequest, RequestBuildError> {
        let message = build_signed_request(self.plan, holes, step, &self.shared.authority, &mut self.credential_cache)?;
        match self.connections[0].unsupported_reason(&message) {
            Some(reason) => Err(RequestBuildError::Unsendable(reason)),
            None => Ok(message),
        }
    }
}

/// Sends a request until it gets a response that is not throttled, or all retries are used up. A request without a
/// response is sent twice. Returns `None` if the run was cancelled.
async fn send_with_retries(
    plan: &RunPlan<'_>,
    shared: &WorkerShared,
    connection: &mut ClientConnection,
    step: &Step,
    message: EncodedRequest,
    max_attempts: u32,
) -> Option<Exchange> {
    // Teardown requests are sent even after cancellation.
    let stop = (step.purpose != StepPurpose::TearDown).then_some(&plan.cancel_token);
    let is_stopped = || stop.is_some_and(super::CancelToken::is_cancelled);
    // A request that creates a resource is awaited even then and is never sent twice, because its response names the
    // resource.
    let creates_fixture = step.purpose == StepPurpose::SetUp && step.fixture.is_some();
    let during = stop.filter(|_| !creates_fixture);
    let operation = match &step.request {
        StepRequest::Operation { name, .. } => Some(name),
        StepRequest::Raw { .. } => None,
    };
    let waits_from = clock::now();
    let (mut attempts, mut throttled, mut silent) = (0, 0, false);
    loop {
        if let Some(schedule) = &shared.schedule
            && !sleep_until(schedule.reserve_slot(clock::now()), &is_stopped).await
        {
            return None;
        }
        if is_stopped() {
            return None;
        }
        attempts += 1;
        let started = clock::now();
        let answer = connection.send(&message, during).await;
        let took = clock::now().duration_since(started);
        let is_incomplete = answer.as_ref().map_or(true, |answer| answer.framing == BodyFraming::TimedOut);
        if is_incomplete && !creates_fixture && is_stopped() {
            return None;
        }
        match &answer {
            Err(TransportError::Unreachable(_) | TransportError::Tls(_)) => {}
            Err(_)
                if !silent
                    && !creates_fixture
                    && !operation.is_some_and(|operation| shared.is_unresponsive(operation)) =>
            {
                silent = true;
                continue;
            }
            Err(_) => {}
            Ok(answer) if is_throttled(plan, step, answer) => {
                let may_wait = shared.throttled_in_a_row.load(Ordering::Relaxed) < MAX_FAILURES_IN_A_ROW
                    && !operation.is_some_and(|operation| shared.is_false_throttler(operation));
                let pause = retry_delay(answer, throttled);
                let waited = clock::now().duration_since(waits_from);
                if may_wait
                    && throttled + 1 < max_attempts
                    && waited.saturating_add(pause) <= plan.transport_options.max_throttle_wait
                {
                    throttled += 1;
                    if !sleep_until(clock::now() + pause, &is_stopped).await {
                        return None;
                    }
                    continue;
                }
                // A request that was not retried does not count.
                if max_attempts == plan.transport_options.max_throttle_attempts {
                    shared.throttled_in_a_row.fetch_add(1, Ordering::Relaxed);
                }
            }
            Ok(_) => {
                // The load comes first: the common case must not write to memory that all workers share.
                if shared.throttled_in_a_row.load(Ordering::Relaxed) > 0 {
                    shared.throttled_in_a_row.store(0, Ordering::Relaxed);
                }
            }
        }
        return Some(Exchange {
            request: message,
            response: answer,
            elapsed: took,
            attempts,
            throttle_count: throttled,
        });
    }
}

/// Sleeps in short intervals; returns false if the run was cancelled.
async fn sleep_until(at: Instant, is_stopped: &impl Fn() -> bool) -> bool {
    const SLEEP_INTERVAL: Duration = Duration::from_millis(100);
    loop {
        if is_stopped() {
            return false;
        }
        let now = clock::now();
        if now >= at {
            return true;
        }
        tokio::time::sleep_until((now + SLEEP_INTERVAL).min(at).into()).await;
    }
}
