//! Runs all cases: threads, workers, and the conditions that end a run early.
//!
//! It never judges: the caller's function processes each outcome on the worker that ran the case.

use super::crash_tracker::CrashTracker;
use super::error::ClientSetupError;
use super::ordered_output::OrderedOutput;
use super::runtime::{block_on_new_thread, build_runtime, deep_stack_thread};
use super::system_limits;
use super::transport::Client;
use super::worker::CaseWorker;
use super::worker_state::WorkerShared;
use crate::case::{Case, CaseId};
use crate::contract::OperationName;
use crate::run::{
    Breakage, CaseOutcome, Liveness, OutcomeHandler, RunPlan, Shortage, TransportError, has_failed_setup,
    has_server_failure,
};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::RwLock;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunEnd {
    /// Every case was run.
    Complete,
    /// The run was cancelled.
    Cancelled,
    /// The consumer of the outcomes ended the run.
    EndedByConsumer,
    /// The endpoint was never reachable; holds the reason.
    Unreachable(String),
    /// The endpoint became unreachable during the run; holds the reason.
    EndpointDied(String),
    /// The system lacks something that the run needs.
    Shortage(Shortage),
}

/// Number of controls that must fail before an operation counts as broken.
const CHECKS_OF_BROKEN: u32 = 2;
/// Number of consecutive cases without a response after which the endpoint is checked.
const MAX_UNANSWERED_CASES: u32 = 5;

/// Runs the cases and passes what `finish` makes of their outcomes on in plan order; see [`run_judged_cases`].
pub fn run_cases<T: Send>(
    plan: &RunPlan<'_>,
    cases: impl Iterator<Item = impl Into<Arc<Case>>> + Send,
    finish: impl Fn(CaseOutcome) -> T + Sync,
    emit: impl FnMut(T) -> ControlFlow<()> + Send,
) -> RunEnd {
    run_judged_cases(plan, cases, HandledBy(finish), emit)
}

/// Runs the cases and passes their results on in plan order. A case whose result must be repeated is sent once more
/// while no other case is running.
///
/// `handler` is called on the workers, in parallel, so judging belongs there. `emit` is called by one worker at a time,
/// in the order of the cases; if it returns `Break`, the run ends. This function blocks until the run is over; call it
/// from a thread that may block. Memory use does not grow with the number of cases.
pub fn run_judged_cases<H: OutcomeHandler>(
    plan: &RunPlan<'_>,
    cases: impl Iterator<Item = impl Into<Arc<Case>>> + Send,
    handler: H,
    emit: impl FnMut(H::Output) -> ControlFlow<()> + Send,
) -> RunEnd {
    let client = match Client::new(plan.endpoint, plan.transport_options.limits) {
        Ok(client) => client,
        Err(ClientSetupError::Shortage(shortage)) => return RunEnd::Shortage(shortage),
        Err(error) => return RunEnd::Unreachable(error.to_string()),
    };
    let run = RunState {
        plan,
        shared: WorkerShared::new(plan, client),
        queue: Mutex::new(CaseQueue { cases, next: 0, is_empty: false }),
        output: OrderedOutput::new(plan.transport_options.window, emit),
        handler,
        health: EndpointHealth::default(),
        crashes: CrashTracker::default(),
        shortage: Mutex::default(),
        exclusivity: RwLock::new(()),
        worker_count: AtomicUsize::new(0),
    };
    match block_on_new_thread(|| run.shared.client.probe_connection()) {
        Ok(Ok(())) => {}
        Err(shortage) | Ok(Err(TransportError::Shortage(shortage))) => return RunEnd::Shortage(shortage),
        Ok(Err(reason)) => return RunEnd::Unreachable(reason.to_string()),
    }
    let workers = plan.transport_options.workers.max(1);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(workers);
    let threads = threads.min(system_limits::max_threads());
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let worker_count = workers / threads + usize::from(thread < workers % threads);
            let run = &run;
            let work = move || {
                let _guard = EndOnPanic(&run.output);
                match build_runtime() {
                    Ok(runtime) => runtime.block_on(run.run_workers(worker_count)),
                    Err(shortage) => run.record_shortage(shortage),
                }
            };
            if deep_stack_thread().spawn_scoped(scope, work).is_err() {
                run.record_shortage(Shortage::Threads);
                break;
            }
        }
    });
    run.into_run_end()
}

/// A function of the outcome; no case is repeated.
struct HandledBy<F>(F);

impl<T: Send, F: Fn(CaseOutcome) -> T + Sync> OutcomeHandler for HandledBy<F> {
    type Judged = ();
    type Output = T;

    fn judge(&self, _outcome: &CaseOutcome) {}

    fn must_repeat(&self, (): &()) -> bool {
        false
    }

    fn finish(&self, outcome: CaseOutcome, (): (), _repeated: Option<CaseOutcome>) -> T {
        self.0(outcome)
    }
}

struct CaseQueue<I> {
    cases: I,
    next: u64,
    is_empty: bool,
}

/// What the run knows about the state of the endpoint.
#[derive(Default)]
struct EndpointHealth {
    has_responded: AtomicBool,
    down_in_a_row: AtomicU32,
    is_dead: AtomicBool,
    death_reason: Mutex<Option<TransportError>>,
}

/// An outcome after everything that was done to explain a missing response.
struct ExaminedOutcome {
    outcome: CaseOutcome,
    /// Whether it is that of a case that was sent again alone.
    ran_alone: bool,
}

struct RunState<'a, I, H, E>
where
    H: OutcomeHandler,
{
    plan: &'a RunPlan<'a>,
    shared: WorkerShared,
    queue: Mutex<CaseQueue<I>>,
    output: OrderedOutput<H::Output, E>,
    handler: H,
    health: EndpointHealth,
    crashes: CrashTracker,
    /// Why some workers could not be started.
    shortage: Mutex<Option<Shortage>>,
    /// Read-locked by every running case, write-locked by a case that must run alone.
    exclusivity: RwLock<()>,
    /// Number of workers that were started.
    worker_count: AtomicUsize,
}

/// Ends the output if a thread panics, so that no worker waits for a window that never moves.
struct EndOnPanic<'a, T, E: FnMut(T) -> ControlFlow<()>>(&'a OrderedOutput<T, E>);

impl<T, E: FnMut(T) -> ControlFlow<()>> Drop for EndOnPanic<'_, T, E> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.end();
        }
    }
}

impl<I, H, E> RunState<'_, I, H, E>
where
    I: Iterator<Item: Into<Arc<Case>>> + Send,
    H: OutcomeHandler,
    E: FnMut(H::Output) -> ControlFlow<()> + Send,
{
    async fn run_workers(&self, count: usize) {
        let mut workers: FuturesUnordered<_> = (0..count).map(|_| self.run_worker()).collect();
        while workers.next().await.is_some() {}
    }

    async fn run_worker(&self) {
        let mut worker = CaseWorker::new(self.plan, &self.shared);
        let number = self.worker_count.fetch_add(1, Ordering::AcqRel);
        // The limit is at least 1, so that the first worker sends what is left.
        while !self.is_over() && number < self.plan.load_limit.current() {
            let Some((index, case)) = self.next_case() else { return };
            self.output.wait_for_window(index).await;
            let result = self.run_and_handle(&mut worker, case).await;
            self.output.record_outcome(index, result);
        }
    }

    /// Runs a case and returns its result. Returns `None` if the run is over.
    async fn run_and_handle(&self, worker: &mut CaseWorker<'_>, case: Arc<Case>) -> Option<H::Output> {
        let start = self.plan.operation_health.restoration_count();
        let load_limit = self.plan.load_limit.current();
        let examined = self.run_case(worker, case).await?;
        if has_shortage(&examined.outcome) {
            self.health.mark_dead(&examined.outcome);
        }
        self.plan.operation_health.record_outcome(&examined.outcome);
        let examined = self.retry_if_broken(worker, examined, start).await?;
        self.handle(worker, examined, load_limit).await
    }

    /// Restores the endpoint if an operation that the case uses worked before and does not work any more, and sends the
    /// case again alone: its outcome says nothing about its own requests then. `start` is the number of restorations
    /// before the case began. Returns `None` if the run is over.
    async fn retry_if_broken(
        &self,
        worker: &mut CaseWorker<'_>,
        examined: ExaminedOutcome,
        start: u32,
    ) -> Option<ExaminedOutcome> {
        let health = &self.plan.operation_health;
        let failed = health.failed_operation(&examined.outcome);
        if self.plan.reset_endpoint.is_none() && self.plan.restart_endpoint.is_none() {
            return match failed {
                Some(operation) => self.examine_broken(worker, examined, &operation).await,
                None => Some(examined),
            };
        }
        let Some(operation) = failed.filter(|operation| health.is_worth_restoring(operation)) else {
            return Some(examined);
        };
        let _exclusive = self.exclusivity.write().await;
        if self.is_over() {
            return None;
        }
        // If another case led to the restoration in the meantime, the operation works again.
        if health.restoration_count() == start {
            let Some(control) = (self.plan.control_case)(operation.as_str()).map(Arc::new) else {
                return Some(examined);
            };
            let met = worker.run_case_alone(Arc::clone(&control)).await?;
            if health.failed_operation(&met).is_none() {
                return Some(examined);
            }
            health.record_breakage(Breakage { found_by: examined.outcome.case.id.clone(), control: met });
            if !self.restore(worker, control).await {
                return Some(examined);
            }
        }
        let outcome = self.rerun_alone(worker, Arc::clone(&examined.outcome.case)).await?;
        Some(ExaminedOutcome { outcome, ran_alone: true })
    }

    /// Sends the control of an operation that failed, on an endpoint that cannot be restored. If it fails as well, the
    /// outcome gets the operation as a broken one. Returns `None` if the run is over.
    async fn examine_broken(
        &self,
        worker: &mut CaseWorker<'_>,
        examined: ExaminedOutcome,
        operation: &OperationName,
    ) -> Option<ExaminedOutcome> {
        let health = &self.plan.operation_health;
        if examined.outcome.case.id.is_control() {
            return Some(examined);
        }
        let met_broken = || {
            let outcome = CaseOutcome { broken_operation: Some(operation.clone()), ..examined.outcome.clone() };
            ExaminedOutcome { outcome, ran_alone: examined.ran_alone }
        };
        if health.is_still_broken(operation) {
            return Some(met_broken());
        }
        let _exclusive = self.exclusivity.write().await;
        let Some(control) = (self.plan.control_case)(operation.as_str()) else { return Some(examined) };
        let mut failed = None;
        for _ in 0..CHECKS_OF_BROKEN {
            if self.is_over() {
                return None;
            }
            let id = CaseId::control_check(control.id.scenario(), operation.as_str(), health.next_check());
            let met = worker.run_case_alone(Arc::new(Case { id, ..control.clone() })).await?;
            if health.failed_operation(&met).is_none() {
                health.mark_working(operation);
                return Some(examined);
            }
            failed = Some(met);
        }
        if let Some(control) = failed {
            health.record_breakage(Breakage { found_by: examined.outcome.case.id.clone(), control });
        }
        health.mark_broken(operation);
        Some(met_broken())
    }

    /// Runs a case once more while no other is running, and once again after a restart if the endpoint went down. Returns
    /// `None` if the run was cancelled, or if this machine lacks what the request needs.
    async fn rerun_alone(&self, worker: &mut CaseWorker<'_>, case: Arc<Case>) -> Option<CaseOutcome> {
        let start = self.crashes.restart_count();
        let mut outcome = worker.run_case_alone(case).await?;
        if self.must_restart(&outcome) {
            outcome = self.retry_after_restart(worker, outcome, start).await;
        }
        if has_shortage(&outcome) {
            self.health.mark_dead(&outcome);
            return None;
        }
        Some(outcome)
    }

    /// Resets the endpoint, and restarts it if the control of an operation fails even then. Returns true if the control
    /// no longer fails.
    async fn restore(&self, worker: &mut CaseWorker<'_>, control: Arc<Case>) -> bool {
        let health = &self.plan.operation_health;
        let resets = self.plan.reset_endpoint.filter(|_| !health.must_restart()).into_iter();
        let restart = || self.restart();
        let restarts = self.plan.restart_endpoint.map(|_| &restart as &(dyn Fn() -> bool + Sync)).into_iter();
        for (index, restore) in resets.map(|reset| reset as &(dyn Fn() -> bool + Sync)).chain(restarts).enumerate() {
            if index > 0 {
                health.require_restart();
            }
            if restore() {
                health.record_restoration();
                let Some(met) = worker.run_case_alone(Arc::clone(&control)).await else { return false };
                if health.failed_operation(&met).is_none() {
                    return true;
                }
            }
        }
        false
    }

    /// Restarts the endpoint; returns false if it does not become ready.
    fn restart(&self) -> bool {
        let is_ready = self.plan.restart_endpoint.is_some_and(|restart| restart());
        self.shared.reset_unanswered_controls();
        self.crashes.record_restart();
        is_ready
    }

    /// Runs a case, and runs it again alone if the load, or another case that ended the endpoint, may be the reason for
    /// what happened. Returns `None` if the run is over.
    async fn run_case(&self, worker: &mut CaseWorker<'_>, case: Arc<Case>) -> Option<ExaminedOutcome> {
        if self.is_over() {
            return None;
        }
        let start = self.crashes.restart_count();
        let outcome = if case.is_exclusive {
            let _exclusive = self.exclusivity.write().await;
            worker.run_case(case).await?
        } else {
            let _others = self.exclusivity.read().await;
            worker.run_case(case).await?
        };
        let is_timed_out = outcome.has_timed_out();
        if !is_timed_out && !self.must_restart(&outcome) {
            if self.health.record_outcome(&outcome) {
                let _exclusive = self.exclusivity.write().await;
                self.check_endpoint(worker, &outcome).await;
            }
            return Some(ExaminedOutcome { outcome, ran_alone: false });
        }
        if self.plan.restart_endpoint.is_some() {
            self.crashes.add_suspect(start);
        }
        let _exclusive = self.exclusivity.write().await;
        let mut outcome = if is_timed_out { self.run_alone(worker, outcome, start).await? } else { outcome };
        if self.must_restart(&outcome) {
            outcome = self.retry_after_restart(worker, outcome, start).await;
        }
        self.crashes.record_examined(start);
        if self.health.record_outcome(&outcome) {
            self.check_endpoint(worker, &outcome).await;
        }
        Some(ExaminedOutcome { outcome, ran_alone: true })
    }

    /// Runs a case once more, after a response did not arrive in time. No other case may be running. If no search time
    /// is left, only the endpoint is examined. Returns `None` if the run was cancelled.
    async fn run_alone(&self, worker: &mut CaseWorker<'_>, outcome: CaseOutcome, start: u32) -> Option<CaseOutcome> {
        let can_restart = self.plan.restart_endpoint.is_some();
        let search = self.plan.search_time.start_search();
        let is_down = if search.is_over() {
            (can_restart && self.crashes.restart_count() != start)
                || worker.probe_liveness(&outcome.case.operation).await == Liveness::Down
        } else {
            // Nothing responds any more, so a longer wait would show nothing.
            !can_restart && self.health.is_down()
        };
        if is_down {
            return Some(CaseOutcome { liveness: Some(Liveness::Down), ..outcome });
        }
        if search.is_over() { Some(outcome) } else { worker.run_case_alone(Arc::clone(&outcome.case)).await }
    }

    fn must_restart(&self, outcome: &CaseOutcome) -> bool {
        outcome.liveness == Some(Liveness::Down) && self.plan.restart_endpoint.is_some()
    }

    /// Returns the result of a case, which is sent once more, alone, if its result must be repeated. `load_limit` is the
    /// maximum number of concurrent cases when it began. Returns `None` if the run was cancelled before the repetition,
    /// so that a run that is stopped reports nothing unconfirmed.
    async fn handle(
        &self,
        worker: &mut CaseWorker<'_>,
        examined: ExaminedOutcome,
        load_limit: usize,
    ) -> Option<H::Output> {
        let ExaminedOutcome { outcome, ran_alone } = examined;
        let judged = self.handler.judge(&outcome);
        let failed_in_setup = has_failed_setup(&outcome);
        let is_hopeless = failed_in_setup && !self.plan.load_limit.may_repeat_setup();
        if ran_alone || is_hopeless || !self.handler.must_repeat(&judged) {
            return Some(self.handler.finish(outcome, judged, None));
        }
        let _exclusive = self.exclusivity.write().await;
        if self.is_over() {
            return None;
        }
        let repeated = self.rerun_alone(worker, Arc::clone(&outcome.case)).await?;
        let succeeds_alone = has_server_failure(&outcome) && !has_server_failure(&repeated);
        if succeeds_alone {
            self.plan.load_limit.lower(load_limit, self.plan.transport_options.workers);
        }
        if failed_in_setup {
            self.plan.load_limit.record_repeated_setup(succeeds_alone);
        }
        Some(self.handler.finish(outcome, judged, Some(repeated)))
    }

    /// Sends a case again with no other case running, after the endpoint went down and was restarted. If the endpoint
    /// goes down once more, this case is the cause. If no search time is left, the cause is one of the cases that were
    /// running.
    async fn retry_after_restart(&self, worker: &mut CaseWorker<'_>, outcome: CaseOutcome, start: u32) -> CaseOutcome {
        let search = self.plan.search_time.start_search();
        if search.is_over() {
            let is_restarted = self.crashes.restart_count() != start || self.restart();
            let suspects = self.crashes.take_suspect_count(start).filter(|_| is_restarted);
            return CaseOutcome { liveness: suspects.map(Liveness::CrashSuspected).or(outcome.liveness), ..outcome };
        }
        let operation = outcome.case.operation.clone();
        // Another worker may have restarted it in the meantime.
        if !worker.is_operation_alive(operation.as_str()).await
            && !worker.is_other_operation_alive(&operation).await
            && !self.restart()
        {
            return outcome;
        }
        let Some(retried) = worker.run_case_alone(Arc::clone(&outcome.case)).await else { return outcome };
        if retried.liveness != Some(Liveness::Down) {
            return retried;
        }
        let has_exited = self.plan.server.as_ref().is_some_and(|server| server.exit_description().is_some());
        let is_listening = !has_exited && self.shared.client.probe_connection().await.is_ok();
        if !self.restart() {
            return retried;
        }
        self.crashes.mark_attributed(start);
        let liveness = if is_listening { Liveness::BlockConfirmed } else { Liveness::CrashConfirmed };
        CaseOutcome { liveness: Some(liveness), ..retried }
    }

    /// Checks, after many cases in a row without a response, whether the endpoint is dead or only the operations that
    /// they called, by sending the control of another operation.
    async fn check_endpoint(&self, worker: &mut CaseWorker<'_>, outcome: &CaseOutcome) {
        if worker.is_other_operation_alive(&outcome.case.operation).await {
            self.health.mark_alive();
        } else {
            self.health.mark_dead(outcome);
        }
    }

    fn next_case(&self) -> Option<(u64, Arc<Case>)> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(case) = queue.cases.next() else {
            queue.is_empty = true;
            return None;
        };
        let index = queue.next;
        queue.next += 1;
        drop(queue);
        Some((index, case.into()))
    }

    /// Records that a thread has no workers; the others do its work.
    fn record_shortage(&self, shortage: Shortage) {
        *self.shortage.lock().unwrap_or_else(PoisonError::into_inner) = Some(shortage);
    }

    fn is_over(&self) -> bool {
        self.plan.cancel_token.is_cancelled() || self.output.has_ended() || self.health.is_dead()
    }

    fn into_run_end(self) -> RunEnd {
        let death_reason = self.health.death_reason.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(reason) = death_reason {
            let has_responded = self.health.has_responded.load(Ordering::Relaxed);
            return match reason {
                TransportError::Shortage(shortage) => RunEnd::Shortage(shortage),
                reason if has_responded => RunEnd::EndpointDied(reason.to_string()),
                reason => RunEnd::Unreachable(reason.to_string()),
            };
        }
        if self.output.has_ended() {
            RunEnd::EndedByConsumer
        } else if self.plan.cancel_token.is_cancelled() {
            RunEnd::Cancelled
        } else if self.queue.into_inner().unwrap_or_else(PoisonError::into_inner).is_empty {
            RunEnd::Complete
        } else {
            let shortage = self.shortage.into_inner().unwrap_or_else(PoisonError::into_inner);
            shortage.map_or(RunEnd::Complete, RunEnd::Shortage)
        }
    }
}

/// Returns true if a request was not sent because the system lacks something.
fn has_shortage(outcome: &CaseOutcome) -> bool {
    let lacks = |error: &TransportError| matches!(error, TransportError::Shortage(_));
    outcome.exchanges.iter().flatten().any(|exchange| exchange.response.as_ref().is_err_and(lacks))
}

impl EndpointHealth {
    /// Records an outcome; returns true if the endpoint seems dead.
    fn record_outcome(&self, outcome: &CaseOutcome) -> bool {
        if outcome.exchanges.iter().flatten().any(|exchange| exchange.response.is_ok())
            || matches!(
                outcome.liveness,
                Some(
                    Liveness::Alive
                        | Liveness::OperationDown
                        | Liveness::CrashConfirmed
                        | Liveness::BlockConfirmed
                        | Liveness::CrashSuspected(_)
                )
            )
        {
            self.mark_alive();
            return false;
        }
        outcome.liveness == Some(Liveness::Down)
            && self.down_in_a_row.fetch_add(1, Ordering::Relaxed) + 1 == MAX_UNANSWERED_CASES
    }

    fn mark_alive(&self) {
        // Read first: the common case must not write to memory that all workers share.
        if !self.has_responded.load(Ordering::Relaxed) {
            self.has_responded.store(true, Ordering::Relaxed);
        }
        if self.down_in_a_row.load(Ordering::Relaxed) > 0 {
            self.down_in_a_row.store(0, Ordering::Relaxed);
        }
    }

    fn mark_dead(&self, outcome: &CaseOutcome) {
        let reason = outcome.exchanges.iter().flatten().find_map(|exchange| exchange.response.as_ref().err());
        let reason = reason.cloned().unwrap_or(TransportError::Dropped);
        *self.death_reason.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
        self.is_dead.store(true, Ordering::Relaxed);
    }

    /// Returns true if the last cases found the endpoint down.
    fn is_down(&self) -> bool {
        self.down_in_a_row.load(Ordering::Relaxed) > 0
    }

    fn is_dead(&self) -> bool {
        self.is_dead.load(Ordering::Relaxed)
    }
}
