//! Runs one case: its turns, steps and captures, and what follows if no response arrives.
//!
//! It never judges a response.

use super::holes::Holes;
use super::made::Made;
use super::reading::{capture, failed_set_up, is_gone, not_ready, role};
use super::ready::{Keys, NotReady, signed};
use super::schedule::Schedule;
use super::throttle::{is_throttled, pause};
use super::transport::{Exit, Line, Transport};
use super::{Exchange, Framing, Liveness, NoAnswer, Outcome, Plan, clock};
use crate::contract::{OperationName, Role};
use crate::generate::{Case, Purpose, Send, Step};
use crate::wire::Message;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// State shared by all workers of a run.
pub(super) struct Shared {
    pub(super) exit: Arc<Exit>,
    pub(super) authority: String,
    pub(super) schedule: Option<Schedule>,
    /// Number of consecutive cases that stayed throttled. The run stops waiting for a server that always throttles.
    throttled_in_a_row: AtomicU32,
    /// Operations that report rejections as throttling although they have nothing to do with the rate; their responses
    /// are not retried.
    feigning: Mutex<Vec<OperationName>>,
    /// Number of consecutive controls without a response, by operation.
    silent: Mutex<HashMap<OperationName, u32>>,
    /// Number of consecutive temporary obstacles that did not go away in time. After too many, the run stops waiting
    /// for them.
    busy_in_vain: AtomicU32,
    /// Whether `unanswered_controls` has entries: the common case must not take a lock that all workers share.
    has_silent: AtomicBool,
}

/// Maximum time to wait until a resource is ready.
const READY_WITHIN: Duration = Duration::from_secs(20);
/// Maximum time to wait until a busy resource can be deleted or created.
const GONE_WITHIN: Duration = Duration::from_secs(5);
/// Maximum number of consecutive failures (throttling, busy resources) before the run stops waiting.
const PATIENCE: u32 = 8;
/// Maximum number of unanswered controls before an operation counts as unresponsive.
const HOPE: u32 = 3;
/// Maximum number of steps sent concurrently.
const MOST_LINES: usize = 64;
/// Maximum number of lines of server output kept with a case.
const MOST_OUTPUT: usize = 60;
/// Maximum number of 5 ms polls for the output of a failing server.
const SLOW_PRINTER: u32 = 12;
/// Maximum number of 5 ms polls while printed output has not been read yet.
const SLOW_READER: u32 = 400;

impl Shared {
    pub(super) fn new(plan: &Plan<'_>, exit: Exit) -> Self {
        Self {
            exit: Arc::new(exit),
            authority: plan.endpoint.authority(),
            schedule: plan.settings.rate.map(Schedule::new),
            throttled_in_a_row: AtomicU32::new(0),
            feigning: Mutex::default(),
            silent: Mutex::new(HashMap::new()),
            busy_in_vain: AtomicU32::new(0),
            has_silent: AtomicBool::new(false),
        }
    }

    /// Returns true if an operation is known to report rejections as throttling.
    fn feigns(&self, operation: &OperationName) -> bool {
        self.feigning.lock().unwrap_or_else(PoisonError::into_inner).contains(operation)
    }

    /// Records that an operation reports rejections as throttling.
    pub(super) fn feigned(&self, operation: &OperationName) {
        let mut feigning = self.feigning.lock().unwrap_or_else(PoisonError::into_inner);
        if !feigning.contains(operation) {
            feigning.push(operation.clone());
        }
    }

    /// Forgets unanswered controls; they do not count against a restarted endpoint.
    pub(super) fn forget_silence(&self) {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.has_silent.store(false, Ordering::Release);
    }

    fn is_hopeless(&self, operation: &OperationName) -> bool {
        if !self.has_silent.load(Ordering::Acquire) {
            return false;
        }
        let silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        silent.get(operation).is_some_and(|count| *count >= HOPE)
    }
}

/// A worker with its connections and caches.
pub(super) struct Worker<'a> {
    pub(super) plan: &'a Plan<'a>,
    pub(super) shared: &'a Shared,
    lines: Vec<Line>,
    keys: Keys,
    /// Maximum number of times that a throttled request is sent.
    pub(super) tries: u32,
}

/// The exchanges of a case's steps.
pub(super) struct Sent {
    pub(super) exchanges: Vec<Option<Exchange>>,
    not_sent: Option<String>,
    unsendable: Option<String>,
}

impl<'a> Worker<'a> {
    /// Creates a worker. Must be called inside a runtime.
    pub(super) fn new(plan: &'a Plan<'a>, shared: &'a Shared) -> Self {
        Self::with(plan, shared, Vec::new())
    }

    /// Creates a worker that reuses the connections of another worker of the same runtime.
    pub(super) fn with(plan: &'a Plan<'a>, shared: &'a Shared, mut lines: Vec<Line>) -> Self {
        lines.truncate(1);
        if lines.is_empty() {
            lines.push(Line::new(Arc::clone(&shared.exit)));
        }
        Self { plan, shared, lines, keys: Keys::default(), tries: plan.settings.throttle_tries }
    }

    /// Returns the connections for the next worker.
    pub(super) fn into_lines(self) -> Vec<Line> {
        self.lines
    }

    /// Runs a case. Returns `None` if the run was cancelled before the case was finished.
    pub(super) async fn case(&mut self, mut case: Arc<Case>) -> Option<Outcome> {
        if self.shared.is_hopeless(&case.operation) && case.unsendable.is_none() {
            let exchanges = case.steps.iter().map(|_| None).collect();
            let not_sent = Some("no control request of this operation gets a response".to_owned());
            return Some(Outcome { case, exchanges, not_sent, liveness: None, server_output: Vec::new() });
        }
        let mark = self.plan.server.as_ref().map(|server| server.mark());
        let (Sent { exchanges, not_sent, unsendable }, mut liveness) = self.sent_through(&case).await?;
        if unsendable.is_some() && case.unsendable.is_none() {
            Arc::make_mut(&mut case).unsendable = unsendable;
        }
        let server_output = self.server_output(mark, &exchanges).await;
        let silent = exchanges.iter().flatten().find_map(|exchange| exchange.answer.as_ref().err());
        if let Some(reason) = silent {
            let unreachable = matches!(reason, NoAnswer::Unreachable(_) | NoAnswer::Tls(_));
            liveness = Some(if unreachable {
                Liveness::Down
            } else if self.is_answered(case.operation.as_str()).await {
                Liveness::Alive
            } else if self.is_another_answered(&case.operation).await {
                Liveness::OperationDown
            } else {
                Liveness::Down
            });
        }
        Some(Outcome { case, exchanges, not_sent, liveness, server_output })
    }

    /// Returns what a server that was started for the run has printed since `mark`, if one of the exchanges failed.
    async fn server_output(&self, mark: Option<u64>, exchanges: &[Option<Exchange>]) -> Vec<String> {
        let (Some(server), Some(mark)) = (&self.plan.server, mark) else { return Vec::new() };
        let failed = |exchange: &Exchange| exchange.answer.as_ref().map_or(true, |answer| answer.status >= 500);
        if !exchanges.iter().flatten().any(failed) {
            return Vec::new();
        }
        // The response may arrive before the server's output, the log line of the last request comes late, and on a
        // busy machine earlier output may not have been read yet.
        let (mut seen, mut quiet) = (server.mark(), 0);
        for turn in 1..=SLOW_READER {
            tokio::time::sleep(Duration::from_millis(5)).await;
            let (now, has_more) = (server.mark(), server.has_more());
            quiet = if now == seen && !has_more { quiet + 1 } else { 0 };
            seen = now;
            if (quiet >= 2 && now > mark) || (turn >= SLOW_PRINTER && !has_more) {
                break;
            }
        }
        server.since(mark, MOST_OUTPUT)
    }

    /// Returns true if the control of another operation gets a response now.
    pub(super) async fn is_another_answered(&mut self, operation: &OperationName) -> bool {
        let plan = self.plan;
        for other in plan.contract.operations.iter().filter(|other| other.name != *operation).take(3) {
            if self.is_answered(other.name.as_str()).await {
                return true;
            }
        }
        false
    }

    /// Returns true if an operation's control gets a response now.
    pub(super) async fn is_answered(&mut self, operation: &str) -> bool {
        let Some(control) = (self.plan.control)(operation) else { return false };
        let judged = control.judged.shown();
        // The connection on which a case got no response is not used.
        self.lines.truncate(1);
        self.lines[0] = Line::new(Arc::clone(&self.shared.exit));
        let answered = match Box::pin(self.steps(&control)).await {
            Some(Sent { exchanges, .. }) => {
                exchanges.get(judged).and_then(Option::as_ref).is_some_and(|exchange| exchange.answer.is_ok())
            }
            None => false,
        };
        let mut silent = self.shared.silent.lock().unwrap_or_else(PoisonError::into_inner);
        if answered {
            silent.remove(operation);
        } else {
            *silent.entry(operation.into()).or_default() += 1;
        }
        self.shared.has_silent.store(!silent.is_empty(), Ordering::Release);
        answered
    }

    pub(super) async fn steps(&mut self, case: &Case) -> Option<Sent> {
        let plan = self.plan;
        let mut holes = Holes::new(plan, &case.id);
        let mut exchanges: Vec<Option<Exchange>> = case.steps.iter().map(|_| None).collect();
        let (mut not_sent, mut unsendable): (Option<String>, Option<String>) = (None, None);
        let mut stopped = false;
        let mut made = Made::default();
        let mut turns: Vec<u32> = case.steps.iter().map(|step| step.turn).collect();
        turns.sort_unstable();
        turns.dedup();
        for turn in turns {
            let due: Vec<usize> = (0..case.steps.len())
                .filter(|&index| {
                    let step = &case.steps[index];
                    let wanted = match step.purpose {
                        Purpose::TearDown => made.is_due(step),
                        _ => not_sent.is_none() && !stopped,
                    };
                    step.turn == turn && wanted
                })
                .collect();
            let mut ready: Vec<(usize, Message)> = Vec::with_capacity(due.len());
            for index in due {
                let step = &case.steps[index];
                match self.ready(&holes, step) {
                    Ok(message) => ready.push((index, message)),
                    Err(NotReady::Lacking(reason) | NotReady::Unsendable(reason))
                        if step.purpose == Purpose::TearDown =>
                    {
                        made.cannot(step, &reason);
                    }
                    Err(NotReady::Lacking(reason)) => not_sent = not_sent.or(Some(reason)),
                    Err(NotReady::Unsendable(reason)) => {
                        unsendable = unsendable.or(Some(reason.clone()));
                        not_sent = not_sent.or(Some(reason));
                    }
                }
            }
            if not_sent.is_some() {
                ready.retain(|(index, _)| case.steps[*index].purpose == Purpose::TearDown);
            }
            for (index, exchange) in self.turn(case, ready).await {
                let step = &case.steps[index];
                let exchange = match exchange {
                    Some(exchange) => self.until(&holes, case, index, exchange).await,
                    None => None,
                };
                let Some(exchange) = exchange else {
                    stopped = true;
                    continue;
                };
                made.see(step, &exchange, step.purpose == Purpose::TearDown && is_gone(plan, &exchange));
                if let Ok(answer) = &exchange.answer {
                    capture(plan, &mut holes, step, answer);
                }
                if step.purpose == Purpose::SetUp && not_sent.is_none() {
                    not_sent = failed_set_up(step, &exchange).or_else(|| not_ready(self.plan, step, &exchange));
                }
                exchanges[index] = Some(exchange);
            }
        }
        made.tell(case, &plan.left);
        (!stopped).then_some(Sent { exchanges, not_sent, unsendable })
    }

    /// Sends the steps of one turn, concurrently if there are several. The exchange of a step is `None` if the run was
    /// cancelled.
    async fn turn(&mut self, case: &Case, mut ready: Vec<(usize, Message)>) -> Vec<(usize, Option<Exchange>)> {
        let (plan, shared, tries) = (self.plan, self.shared, self.tries);
        if ready.len() == 1
            && let Some((index, message)) = ready.pop()
        {
            let step = &case.steps[index];
            return vec![(index, exchange(plan, shared, &mut self.lines[0], step, message, tries).await)];
        }
        let mut out = Vec::with_capacity(ready.len());
        while !ready.is_empty() {
            let batch: Vec<_> = ready.drain(..ready.len().min(MOST_LINES)).collect();
            while self.lines.len() < batch.len() {
                self.lines.push(Line::new(Arc::clone(&shared.exit)));
            }
            let sent = batch.into_iter().zip(&mut self.lines).map(|((index, message), line)| async move {
                (index, exchange(plan, shared, line, &case.steps[index], message, tries).await)
            });
            out.extend(futures_util::future::join_all(sent).await);
        }
        out
    }

    /// Returns true if a resource cannot be deleted yet because an operation on it is in progress, or cannot be created
    /// yet because too many others are being created.
    fn is_busy(&self, step: &Step, exchange: &Exchange) -> bool {
        let passing: &[Role] = match step.purpose {
            Purpose::TearDown => &[Role::Conflict],
            Purpose::SetUp if step.fixture.is_some() => &[Role::Limit],
            _ => return false,
        };
        let role = || role(self.plan, exchange).is_some_and(|role| passing.contains(&role));
        exchange.answer.as_ref().is_ok_and(|answer| answer.status >= 400) && role()
    }

    /// Repeats a step until its response shows the required value, within a time limit. Returns `None` if the run was
    /// cancelled.
    async fn until(
        &mut self,
        holes: &Holes<'_>,
        case: &Case,
        index: usize,
        mut exchange: Exchange,
    ) -> Option<Exchange> {
        let step = &case.steps[index];
        let began = clock::now();
        let mut pause = Duration::from_millis(20);
        while (not_ready(self.plan, step, &exchange).is_some() && clock::now().duration_since(began) < READY_WITHIN)
            || (self.is_busy(step, &exchange)
                && clock::now().duration_since(began) < GONE_WITHIN
                && self.shared.busy_in_vain.load(Ordering::Relaxed) < PATIENCE)
        {
            let plan = self.plan;
            if !sleep_until(clock::now() + pause, &|| plan.stop.is_stopped()).await {
                return None;
            }
            pause = (pause * 2).min(Duration::from_millis(500));
            let Ok(message) = self.ready(holes, step) else { break };
            exchange = self.turn(case, vec![(index, message)]).await.pop()?.1?;
        }
        if self.is_busy(step, &exchange) {
            self.shared.busy_in_vain.fetch_add(1, Ordering::Relaxed);
        } else if step.fixture.is_some() && self.shared.busy_in_vain.load(Ordering::Relaxed) > 0 {
            self.shared.busy_in_vain.store(0, Ordering::Relaxed);
        }
        Some(exchange)
    }

    /// Builds the step's signed request.
    fn ready(&mut self, holes: &Holes<'_>, step: &Step) -> Result<Message, NotReady> {
        let message = signed(self.plan, holes, step, &self.shared.authority, &mut self.keys)?;
        match self.lines[0].refuses(&message) {
            Some(reason) => Err(NotReady::Unsendable(reason)),
            None => Ok(message),
        }
    }
}

/// Sends a request until it gets a response that is not throttled, or all retries are used up. A request without a
/// response is sent twice. Returns `None` if the run was cancelled.
async fn exchange(
    plan: &Plan<'_>,
    shared: &Shared,
    line: &mut Line,
    step: &Step,
    message: Message,
    tries: u32,
) -> Option<Exchange> {
    // Teardown requests are sent even after cancellation.
    let stop = (step.purpose != Purpose::TearDown).then_some(&plan.stop);
    let is_stopped = || stop.is_some_and(super::Stop::is_stopped);
    // A request that creates a resource is awaited even then and is never sent twice, because its response names the
    // resource.
    let makes = step.purpose == Purpose::SetUp && step.fixture.is_some();
    let during = stop.filter(|_| !makes);
    let operation = match &step.send {
        Send::Operation { name, .. } => Some(name),
        Send::Raw { .. } => None,
    };
    let waits_from = clock::now();
    let (mut attempts, mut throttled, mut silent) = (0, 0, false);
    loop {
        if let Some(schedule) = &shared.schedule
            && !sleep_until(schedule.reserve(clock::now()), &is_stopped).await
        {
            return None;
        }
        if is_stopped() {
            return None;
        }
        attempts += 1;
        let started = clock::now();
        let answer = line.send(&message, during).await;
        let took = clock::now().duration_since(started);
        let cut = answer.as_ref().map_or(true, |answer| answer.framing == Framing::TimedOut);
        if cut && !makes && is_stopped() {
            return None;
        }
        match &answer {
            Err(NoAnswer::Unreachable(_) | NoAnswer::Tls(_)) => {}
            Err(_) if !silent && !makes && !operation.is_some_and(|operation| shared.is_hopeless(operation)) => {
                silent = true;
                continue;
            }
            Err(_) => {}
            Ok(answer) if is_throttled(plan, step, answer) => {
                let patient = shared.throttled_in_a_row.load(Ordering::Relaxed) < PATIENCE
                    && !operation.is_some_and(|operation| shared.feigns(operation));
                let pause = pause(answer, throttled);
                let waited = clock::now().duration_since(waits_from);
                if patient && throttled + 1 < tries && waited.saturating_add(pause) <= plan.settings.throttle_wait {
                    throttled += 1;
                    if !sleep_until(clock::now() + pause, &is_stopped).await {
                        return None;
                    }
                    continue;
                }
                // A request that was not retried does not count.
                if tries == plan.settings.throttle_tries {
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
        return Some(Exchange { sent: message, answer, took, attempts, throttled });
    }
}

/// Sleeps in short intervals; returns false if the run was cancelled.
async fn sleep_until(at: Instant, is_stopped: &impl Fn() -> bool) -> bool {
    const PIECE: Duration = Duration::from_millis(100);
    loop {
        if is_stopped() {
            return false;
        }
        let now = clock::now();
        if now >= at {
            return true;
        }
        tokio::time::sleep_until((now + PIECE).min(at).into()).await;
    }
}
