//! A session: one endpoint, ready to receive cases. `check`, `fuzz`, `replay`, `doctor` and the libFuzzer target use it.
//!
//! It decides neither which cases are sent nor what becomes of their results.

use super::endpoint_setup::EndpointSetup;
use super::error::SessionError;
use super::evaluate::CaseEvaluator;
use super::job::{CaseTotals, ScenarioJob};
use super::known_divergences::KnownUsage;
use super::server_lifecycle::{self, ServerNotReady};
use super::snapshot_recorder::AcceptedSnapshots;
use crate::case::Case;
use crate::generate::PlanError;
use crate::judge::EndpointKnowledge;
use crate::report::{CaseResult, RunStarted, RunSummary};
use crate::run::{self, CaseOutcome, RunEnd, RunError, RunPlan, SequentialRunner, Shortage};
use crate::wire::Redaction;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Number of times that the request for an operation that cannot exist is sent until there is a response.
const MAX_CANARY_TRIES: usize = 3;

/// One endpoint, ready to receive cases.
pub(super) struct Session<'s> {
    pub setup: &'s EndpointSetup<'s>,
    pub plan: RunPlan<'s>,
    pub redaction: Redaction,
    pub origin: String,
    /// Why there are fewer workers than were asked for.
    lacking: Option<Shortage>,
    reset: &'s (dyn Fn() -> bool + Sync),
    restart: &'s (dyn Fn() -> bool + Sync),
}

impl<'s> Session<'s> {
    /// Creates a session. `control` returns the control of an operation, `reset` resets the endpoint, and `restart`
    /// restarts the user's server.
    pub fn new(
        setup: &'s EndpointSetup<'s>,
        control: &'s (dyn Fn(&str) -> Option<Case> + Sync),
        reset: &'s (dyn Fn() -> bool + Sync),
        restart: &'s (dyn Fn() -> bool + Sync),
    ) -> Self {
        let mut settings = setup.options.settings;
        let (workers, lacking) = run::fit_workers(settings.workers, &setup.endpoint);
        settings.workers = workers;
        let plan = setup.job.build_run_plan(&setup.endpoint, settings, setup.run_id, &setup.cancel_token, control);
        let redaction = plan.redaction();
        plan.logins.hide_in(&redaction);
        Self { redaction, origin: setup.endpoint.origin(), setup, plan, lacking, reset, restart }
    }

    /// Returns the job.
    pub fn job(&self) -> &'s ScenarioJob {
        self.setup.job
    }

    /// Returns what reporters receive first. Asks the server for its version.
    pub fn run_started(&self, planned: CaseTotals) -> RunStarted {
        RunStarted {
            server_version: server_lifecycle::server_version(self.job(), &self.redaction),
            ..self.job().run_started(self.setup.run_id, planned, &self.setup.endpoint)
        }
    }

    /// Starts the user's server, if overstep is to start it, and waits until it is ready.
    pub fn start_server(&mut self) -> Result<Result<(), ServerNotReady>, SessionError> {
        Ok(match server_lifecycle::start_server(self.setup, &self.plan, &self.redaction)? {
            Ok(server) => {
                if let Some(server) = &server {
                    let _ = self.setup.server.set(Arc::clone(server));
                }
                self.plan.server = server;
                Ok(())
            }
            Err(not_ready) => Err(not_ready),
        })
    }

    /// Lets the run reset the endpoint, if a request for that is configured.
    pub fn allow_resets(&mut self) {
        if self.job().lifecycle.reset.is_some() {
            self.plan.reset_endpoint = Some(self.reset);
        }
    }

    /// Restores the state before the run, by a reset if that is enough; returns false if it is not possible.
    pub fn restore_endpoint(&self) -> bool {
        match self.plan.reset_endpoint {
            Some(reset) if !self.plan.operation_health.must_restart() => reset(),
            _ => self.restart_server(),
        }
    }

    /// Lets the run restart the server, if overstep started it.
    pub fn allow_restarts(&mut self) {
        if self.plan.server.is_some() {
            self.plan.restart_endpoint = Some(self.restart);
        }
    }

    /// Restarts the server; returns false if that is not possible.
    pub fn restart_server(&self) -> bool {
        (self.restart)()
    }

    /// Restarts a server that overstep started and that exited instead of responding. Returns how it exited, or `None`
    /// if it still runs or if overstep did not start it.
    pub fn restart_exited_server(&self) -> Option<String> {
        let exit = server_lifecycle::wait_for_exit(self.plan.server.as_ref()?)?;
        self.restart_server().then_some(exit)
    }

    /// Sends the canary, again if a server that loads lazily does not respond to its first requests in time. Returns
    /// `None` if the contract has no canary.
    pub fn send_canary(
        &self,
        runner: &SequentialRunner<'_>,
    ) -> Result<Option<Result<CaseOutcome, RunError>>, PlanError> {
        let Some(canary) = self.setup.compiled.canary(&self.job().scenario)? else { return Ok(None) };
        let responds = |outcome: &CaseOutcome| {
            let exchange = outcome.exchanges.get(outcome.case.judged.shown_step()).and_then(Option::as_ref);
            exchange.is_some_and(|exchange| exchange.response.is_ok())
        };
        let mut outcome = runner.run_case(canary.clone());
        for _ in 1..MAX_CANARY_TRIES {
            if outcome.as_ref().is_ok_and(responds) || self.plan.cancel_token.is_cancelled() {
                break;
            }
            outcome = runner.run_case(canary.clone());
        }
        Ok(Some(outcome))
    }

    /// Sends the canary and returns what its response shows.
    pub fn probe(&self, runner: &SequentialRunner<'_>) -> Result<EndpointKnowledge, SessionError> {
        let job = self.job();
        let outcome = self.send_canary(runner).map_err(SessionError::from_reason)?.and_then(Result::ok);
        runner.close_idle();
        let texts = &job.lifecycle.not_implemented_texts;
        let knowledge = EndpointKnowledge::new(&job.contract, &job.scenario, outcome.as_ref(), texts);
        Ok(knowledge.with_vouched_operations(&job.contract, &job.scenario))
    }

    /// Returns what evaluates outcomes. Without accepted behaviour nothing is compared, and without knowledge of the
    /// endpoint no verdict is adjusted.
    pub fn evaluator<'e>(
        &'e self,
        accepted: Option<&'e AcceptedSnapshots>,
        knowledge: Option<&'e EndpointKnowledge>,
    ) -> CaseEvaluator<'e> {
        CaseEvaluator {
            job: self.job(),
            redaction: &self.redaction,
            origin: &self.origin,
            knowledge,
            accepted,
            differential: self.setup.options.differential.as_ref().filter(|_| accepted.is_some()),
            strict: self.setup.options.strict,
            has_temporary_port: server_lifecycle::has_temporary_port(self.job()),
        }
    }

    /// Sends cases, evaluates each on the worker that sent it, and passes the results to `take` in plan order. What
    /// would be reported is sent again alone, if the load may be its reason.
    pub fn run_confirmed_cases(
        &self,
        cases: impl Iterator<Item = impl Into<Arc<Case>>> + Send,
        evaluator: CaseEvaluator<'_>,
        take: &mut (impl FnMut(BoxedResult) -> ControlFlow<()> + Send),
    ) -> RunEnd {
        run::run_judged_cases(&self.plan, cases, evaluator, take)
    }

    /// Sends cases, evaluates each on the worker that sent it, and passes the results to `take` in plan order.
    pub fn run_cases<T: Send>(
        &self,
        cases: impl Iterator<Item = impl Into<Arc<Case>>> + Send,
        evaluate: impl Fn(CaseOutcome) -> T + Sync,
        take: &mut (impl FnMut(T) -> ControlFlow<()> + Send),
    ) -> RunEnd {
        run::run_cases(&self.plan, cases, evaluate, take)
    }

    /// Returns the processor time of overstep and of the server so far, in seconds, if overstep started the server.
    pub fn processor_seconds(&self) -> Option<(f64, f64)> {
        let server = self.setup.server.get()?;
        Some((run::cpu_seconds(None)?, server.cpu_seconds()?))
    }

    /// Adds to a summary what the endpoint's end, the controls and the known divergences show.
    pub fn complete_summary(
        &self,
        summary: &mut RunSummary,
        ended: &RunEnd,
        knowledge: EndpointKnowledge,
        known_usage: &KnownUsage<'_>,
    ) {
        if let Some((reason, output)) = server_lifecycle::server_exit_reason(self.plan.server.as_ref(), ended) {
            summary.incomplete_reason = Some(reason);
            summary.server_output = output;
        }
        summary.incomplete_reason = knowledge.wrong_base_url(&self.job().contract).or(summary.incomplete_reason.take());
        summary.known_divergence_notes = known_usage.notes();
        if let Some(obstacle) = knowledge.obstacle() {
            summary.incomplete_reason = Some(obstacle.to_string());
            summary.hint = Some(obstacle.kind.hint());
        } else {
            summary.skipped_operations = knowledge.into_skipped_operations();
        }
        let (used, wanted) = (self.plan.transport_options.workers, self.setup.options.settings.workers);
        let lacking = self
            .lacking
            .map(|shortage| format!("{used} of {wanted} workers were used, because {shortage}; {}", shortage.hint()));
        summary.worker_note = lacking.or_else(|| {
            let (limit, failures) = self.plan.load_limit.lowered_limit()?;
            let times = if failures == 1 { "once".to_owned() } else { format!("{failures} times") };
            Some(format!(
                "only {limit} of {used} in the end, because the endpoint failed {times} while it had several requests, \
                 and not when each was sent alone"
            ))
        });
        summary.leaked_fixtures = self.plan.leaked_fixtures.summary();
        self.redact_summary(summary);
    }

    /// Removes secrets from everything in a summary that does not come from a result.
    fn redact_summary(&self, summary: &mut RunSummary) {
        let clean = |text: &mut String| *text = self.redaction.redact_message(text).into_owned();
        summary.incomplete_reason.iter_mut().for_each(clean);
        for skipped in &mut summary.skipped_operations {
            clean(&mut skipped.observed);
            clean(&mut skipped.reason);
        }
        if let Some((_, _, reason)) = &mut summary.leaked_fixtures {
            clean(reason);
        }
    }
}

impl EndpointSetup<'_> {
    /// Opens a session and passes it to `work`, on a thread that may block.
    ///
    /// Must be called on a multi-threaded runtime.
    pub fn run<T>(&self, work: impl FnOnce(Session<'_>) -> T) -> T {
        let control = |operation: &str| self.control_case(operation);
        let reset = || server_lifecycle::reset_endpoint(self);
        let restart = || server_lifecycle::restart_server(self);
        tokio::task::block_in_place(|| work(Session::new(self, &control, &reset, &restart)))
    }
}

/// Results in memory; boxed, because they are buffered until it is their turn in plan order.
pub(super) type BoxedResult = Box<CaseResult>;
