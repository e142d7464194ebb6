//! Runs all cases: threads, workers, and the conditions that end a run early.
//!
//! It never judges: the caller's function processes each outcome on the worker that ran the case.

use super::downs::Downs;
use super::order::Order;
use super::steps::{Shared, Worker};
use super::transport::{Exit, Line};
use super::{Liveness, NoAnswer, Outcome, Plan};
use crate::generate::Case;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Runtime;
use tokio::sync::RwLock;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunEnd {
    /// Every case was run.
    Complete,
    /// The run was cancelled.
    Stopped,
    /// The consumer of the outcomes ended the run.
    Enough,
    /// The endpoint was never reachable; holds the reason.
    Unreachable(String),
    /// The endpoint became unreachable during the run; holds the reason.
    Died(String),
}

/// Number of consecutive cases without a response after which the endpoint is checked.
const DEAD_AFTER: u32 = 5;

/// Runs the cases and passes their outcomes on in plan order.
///
/// `finish` is called on the workers, in parallel, so judging belongs there. `emit` is called by one worker at a time,
/// in the order of the cases; if it returns `Break`, the run ends. This function blocks until the run is over; call it
/// from a thread that may block. Memory use does not grow with the number of cases.
pub fn run<T: Send>(
    plan: &Plan<'_>,
    cases: impl Iterator<Item = impl Into<Arc<Case>>> + Send,
    finish: impl Fn(Outcome) -> T + Sync,
    emit: impl FnMut(T) -> ControlFlow<()> + Send,
) -> RunEnd {
    let exit = match Exit::new(plan.endpoint, plan.settings.limits) {
        Ok(exit) => exit,
        Err(error) => return RunEnd::Unreachable(error.to_string()),
    };
    let run = Run {
        plan,
        shared: Shared::new(plan, exit),
        source: Mutex::new(Source { cases, next: 0 }),
        order: Order::new(plan.settings.window, emit),
        finish,
        health: Health::default(),
        downs: Downs::default(),
        beside: RwLock::new(()),
    };
    if let Err(reason) = on_own_thread(|| run.shared.exit.probe()) {
        return RunEnd::Unreachable(reason.to_string());
    }
    let workers = plan.settings.workers.max(1);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(workers);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let share = workers / threads + usize::from(thread < workers % threads);
            let run = &run;
            let work = move || {
                let _guard = EndOnPanic(&run.order);
                on_runtime(run.workers(share));
            };
            thread_builder().spawn_scoped(scope, work).expect("the system can start a thread");
        }
    });
    run.end()
}

/// Runs one case as the runner would.
///
/// # Errors
/// Returns an error if the endpoint cannot be reached.
pub fn send_case(plan: &Plan<'_>, case: impl Into<Arc<Case>>) -> Result<Outcome, String> {
    OneByOne::new(plan)?.send(case)
}

/// Runs cases sequentially, as the runner would, within its rate limit and over a connection that is kept open.
pub struct OneByOne<'a> {
    plan: &'a Plan<'a>,
    shared: Shared,
    /// Whether the endpoint has been reached before.
    reached: AtomicBool,
    /// Runtime and connections of the previous case, while no case is being sent.
    kept: Mutex<Option<Kept>>,
}

/// A runtime and the connections that it opened.
struct Kept {
    runtime: Runtime,
    lines: Vec<Line>,
}

impl<'a> OneByOne<'a> {
    /// Creates a runner for a plan without sending anything.
    ///
    /// # Errors
    /// Returns an error if no client can be created for the endpoint.
    pub fn new(plan: &'a Plan<'a>) -> Result<Self, String> {
        let exit = Exit::new(plan.endpoint, plan.settings.limits).map_err(|error| error.to_string())?;
        Ok(Self { plan, shared: Shared::new(plan, exit), reached: AtomicBool::new(false), kept: Mutex::default() })
    }

    /// Returns the plan.
    pub fn plan(&self) -> &'a Plan<'a> {
        self.plan
    }

    /// Runs a case.
    ///
    /// # Errors
    /// Returns an error if the endpoint cannot be reached, or if the run was cancelled.
    pub fn send(&self, case: impl Into<Arc<Case>>) -> Result<Outcome, String> {
        let case = case.into();
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (sent, kept) = joined(|| {
            let Kept { runtime, lines } = kept.unwrap_or_else(|| Kept { runtime: runtime(), lines: Vec::new() });
            let (sent, lines) = runtime.block_on(self.sent(case, lines));
            (sent, Kept { runtime, lines })
        });
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        sent
    }

    /// Closes the idle connection, because some servers handle only one connection at a time.
    pub fn rest(&self) {
        if let Some(kept) = self.kept.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            kept.lines.clear();
        }
    }

    async fn sent(&self, case: Arc<Case>, lines: Vec<Line>) -> (Result<Outcome, String>, Vec<Line>) {
        let probe = async || self.shared.exit.probe().await.map_err(|reason| reason.to_string());
        if !self.reached.swap(true, Ordering::Relaxed)
            && let Err(reason) = probe().await
        {
            self.reached.store(false, Ordering::Relaxed);
            return (Err(reason), lines);
        }
        let mut worker = Worker::with(self.plan, &self.shared, lines);
        let mut sent = worker.case(case).await.ok_or_else(|| "stopped".to_owned());
        // A probe needs a connection of its own, so it is made only if the case got no response.
        if sent.as_ref().is_ok_and(|outcome| outcome.liveness == Some(Liveness::Down))
            && let Err(reason) = probe().await
        {
            sent = Err(reason);
        }
        (sent, worker.into_lines())
    }
}

impl Drop for OneByOne<'_> {
    fn drop(&mut self) {
        // The caller may be inside a runtime, where waiting for another runtime to shut down is not allowed.
        if let Some(kept) = self.kept.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            kept.runtime.shutdown_background();
        }
    }
}

/// Runs a future on a runtime of the current thread: a request never moves between threads.
pub(super) fn on_runtime<F: Future>(future: F) -> F::Output {
    runtime().block_on(future)
}

fn runtime() -> Runtime {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.expect("a runtime needs only a few file descriptors")
}

/// Runs a future on a new thread, because the caller may be inside a runtime, where no other one can be entered.
pub(super) fn on_own_thread<F: Future>(make: impl FnOnce() -> F + Send) -> F::Output
where
    F::Output: Send,
{
    joined(|| on_runtime(make()))
}

/// Runs a function on a new thread and returns its result.
fn joined<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = thread_builder().spawn_scoped(scope, work);
        match thread.expect("the system can start a thread").join() {
            Ok(output) => output,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Returns a builder for threads with a large stack: values may be nested deeply and are written recursively. Unused
/// stack costs nothing.
pub(super) fn thread_builder() -> std::thread::Builder {
    const STACK: usize = 64 * 1024 * 1024;
    std::thread::Builder::new().name("overstep".to_owned()).stack_size(STACK)
}

struct Source<I> {
    cases: I,
    next: u64,
}

/// What the run knows about the state of the endpoint.
#[derive(Default)]
struct Health {
    answered: AtomicBool,
    down_in_a_row: AtomicU32,
    is_dead: AtomicBool,
    dead: Mutex<Option<String>>,
}

struct Run<'a, I, F, T, E> {
    plan: &'a Plan<'a>,
    shared: Shared,
    source: Mutex<Source<I>>,
    order: Order<T, E>,
    finish: F,
    health: Health,
    downs: Downs,
    /// Read-locked by every running case, write-locked by a case that must run alone.
    beside: RwLock<()>,
}

/// Ends the output if a thread panics, so that no worker waits for a window that never moves.
struct EndOnPanic<'a, T, E: FnMut(T) -> ControlFlow<()>>(&'a Order<T, E>);

impl<T, E: FnMut(T) -> ControlFlow<()>> Drop for EndOnPanic<'_, T, E> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.end();
        }
    }
}

impl<I, F, T, E> Run<'_, I, F, T, E>
where
    I: Iterator<Item: Into<Arc<Case>>> + Send,
    F: Fn(Outcome) -> T + Sync,
    T: Send,
    E: FnMut(T) -> ControlFlow<()> + Send,
{
    async fn workers(&self, count: usize) {
        let mut workers: FuturesUnordered<_> = (0..count).map(|_| self.worker()).collect();
        while workers.next().await.is_some() {}
    }

    async fn worker(&self) {
        let mut worker = Worker::new(self.plan, &self.shared);
        while !self.is_over() {
            let Some((index, case)) = self.take() else { return };
            self.order.admit(index).await;
            let outcome = if self.is_over() {
                None
            } else if case.alone {
                let _nobody_else = self.beside.write().await;
                self.met(&mut worker, case).await
            } else {
                let _others = self.beside.read().await;
                self.met(&mut worker, case).await
            };
            let outcome = match outcome {
                Some((outcome, Some(start))) => {
                    let _nobody_else = self.beside.write().await;
                    let outcome = self.revived(&mut worker, outcome, start).await;
                    self.downs.looked_at(start);
                    Some(outcome)
                }
                outcome => outcome.map(|(outcome, _)| outcome),
            };
            if let Some(outcome) = &outcome
                && self.health.see(outcome)
            {
                self.doubt(&mut worker, outcome).await;
            }
            self.order.put(index, outcome.map(&self.finish));
        }
    }

    /// Runs a case. If the endpoint is down and can be restarted, the result includes the number of restarts before the
    /// case began.
    async fn met(&self, worker: &mut Worker<'_>, case: Arc<Case>) -> Option<(Outcome, Option<u32>)> {
        let start = self.downs.starts();
        let outcome = worker.case(case).await?;
        if outcome.liveness != Some(Liveness::Down) || self.plan.revive.is_none() {
            return Some((outcome, None));
        }
        self.downs.meet(start);
        Some((outcome, Some(start)))
    }

    /// Sends a case again with no other case running, after the endpoint went down and was restarted. If the endpoint
    /// goes down once more, this case is the cause. If no search time is left, the cause is one of the cases that were
    /// running.
    async fn revived(&self, worker: &mut Worker<'_>, outcome: Outcome, start: u32) -> Outcome {
        let search = self.plan.search_time.begin();
        let revive = || {
            let revived = self.plan.revive.is_some_and(|revive| revive());
            self.shared.forget_silence();
            self.downs.started();
            revived
        };
        if search.is_over() {
            let stands = self.downs.starts() != start || revive();
            let among = self.downs.among(start).filter(|_| stands);
            return Outcome { liveness: among.map(Liveness::Among).or(outcome.liveness), ..outcome };
        }
        let operation = outcome.case.operation.clone();
        // Another worker may have restarted it in the meantime.
        if !worker.is_answered(operation.as_str()).await && !worker.is_another_answered(&operation).await && !revive() {
            return outcome;
        }
        let Some(again) = worker.case(Arc::clone(&outcome.case)).await else { return outcome };
        if again.liveness != Some(Liveness::Down) || !revive() {
            return again;
        }
        self.downs.tell(start);
        Outcome { liveness: Some(Liveness::Killed), ..again }
    }

    /// Checks, after many cases in a row without a response, whether the endpoint is dead or only the operations that
    /// they called, by sending the control of another operation.
    async fn doubt(&self, worker: &mut Worker<'_>, outcome: &Outcome) {
        if worker.is_another_answered(&outcome.case.operation).await {
            self.health.revive();
        } else {
            self.health.die(outcome);
        }
    }

    fn take(&self) -> Option<(u64, Arc<Case>)> {
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        let case = source.cases.next()?;
        let index = source.next;
        source.next += 1;
        drop(source);
        Some((index, case.into()))
    }

    fn is_over(&self) -> bool {
        self.plan.stop.is_stopped() || self.order.is_enough() || self.health.is_dead()
    }

    fn end(self) -> RunEnd {
        let dead = self.health.dead.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(reason) = dead {
            let answered = self.health.answered.load(Ordering::Relaxed);
            return if answered { RunEnd::Died(reason) } else { RunEnd::Unreachable(reason) };
        }
        if self.order.is_enough() {
            RunEnd::Enough
        } else if self.plan.stop.is_stopped() {
            RunEnd::Stopped
        } else {
            RunEnd::Complete
        }
    }
}

impl Health {
    /// Records an outcome; returns true if the endpoint seems dead.
    fn see(&self, outcome: &Outcome) -> bool {
        if outcome.exchanges.iter().flatten().any(|exchange| exchange.answer.is_ok())
            || matches!(
                outcome.liveness,
                Some(Liveness::Alive | Liveness::OperationDown | Liveness::Killed | Liveness::Among(_))
            )
        {
            self.revive();
            return false;
        }
        outcome.liveness == Some(Liveness::Down) && self.down_in_a_row.fetch_add(1, Ordering::Relaxed) + 1 == DEAD_AFTER
    }

    fn revive(&self) {
        // Read first: the common case must not write to memory that all workers share.
        if !self.answered.load(Ordering::Relaxed) {
            self.answered.store(true, Ordering::Relaxed);
        }
        if self.down_in_a_row.load(Ordering::Relaxed) > 0 {
            self.down_in_a_row.store(0, Ordering::Relaxed);
        }
    }

    fn die(&self, outcome: &Outcome) {
        let reason = outcome.exchanges.iter().flatten().find_map(|exchange| exchange.answer.as_ref().err());
        let reason = reason.map_or_else(|| "no response".to_owned(), NoAnswer::to_string);
        *self.dead.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
        self.is_dead.store(true, Ordering::Relaxed);
    }

    fn is_dead(&self) -> bool {
        self.is_dead.load(Ordering::Relaxed)
    }
}
