//! Finds controls that succeeded at first and failed during the run or after it, and the case that caused that.
//!
//! The case can only be found on a fresh endpoint, so it is not searched for if the endpoint can neither be reset nor
//! restarted.

use crate::case::{Case, CaseId};
use crate::contract::OperationName;
use crate::judge::Verdict;
use crate::report::CaseResult;
use crate::run::{CaseOutcome, OperationHealth, RunError, SequentialRunner};
use crate::search::{Culprit, find_culprit};
use crate::session::case_observer::CaseObserver;
use crate::session::evaluate::CaseEvaluator;
use crate::session::job::ScenarioJob;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Maximum number of cases that are kept to be sent again.
const MAX_SUSPECTS: usize = 4000;
/// Maximum number of operations to investigate.
const MAX_INVESTIGATED: usize = 3;

/// The requests of a run that may have had a lasting effect: they were accepted, or made the server fail.
pub(super) struct AfterEffects {
    health: OperationHealth,
    /// The controls that succeeded.
    controls: Vec<Arc<Case>>,
    suspects: Vec<Arc<Case>>,
    /// The controls that failed during the run, each with the number of suspects at that time.
    broken: Vec<(CaseOutcome, usize)>,
    inconclusive_cases: u64,
    /// The last accepted case of each operation, with the number of inconclusive cases before it.
    last_accepted: HashMap<OperationName, (CaseId, u64)>,
}

impl AfterEffects {
    /// Creates a record that begins with the request that probed the endpoint.
    pub fn new(probe: Option<Case>, health: OperationHealth) -> Self {
        Self {
            health,
            controls: Vec::new(),
            suspects: probe.map(Arc::new).into_iter().collect(),
            broken: Vec::new(),
            inconclusive_cases: 0,
            last_accepted: HashMap::new(),
        }
    }
}

impl CaseObserver for AfterEffects {
    fn observe(&mut self, done: &mut CaseResult) {
        let case = &done.case;
        let is_accepted = done.judgement.observed.status.is_some_and(|status| (200..300).contains(&status));
        let is_failure = done.judgement.observed.status.is_some_and(|status| status >= 500);
        self.inconclusive_cases += u64::from(done.judgement.verdict == Verdict::Indeterminate);
        if let Some(breakage) = self.health.breakage_found_by(&case.id) {
            self.broken.push((breakage.control, self.suspects.len()));
        }
        if is_accepted {
            self.last_accepted.insert(case.operation.clone(), (case.id.clone(), self.inconclusive_cases));
        }
        if is_accepted && case.id.is_control() {
            self.controls.push(Arc::clone(case));
        } else if (is_accepted || is_failure) && self.suspects.len() < MAX_SUSPECTS {
            self.suspects.push(Arc::clone(case));
        }
    }
}

/// A control that fails after other cases.
struct FailingControl {
    control: Arc<Case>,
    outcome: Option<CaseOutcome>,
    /// The suspects, one of which may be the reason.
    suspects: Range<usize>,
    /// Whether the endpoint was restored after that.
    is_restored: bool,
}

impl AfterEffects {
    /// Returns the controls that failed during the run or fail now as separate cases, each with the case after which it
    /// fails. `restore` restores the endpoint to the state before the run, if that is possible.
    pub fn find_causes(
        self,
        job: &ScenarioJob,
        line: &SequentialRunner<'_>,
        finish: &CaseEvaluator<'_>,
        restore: Option<&dyn Fn() -> bool>,
    ) -> Vec<CaseResult> {
        let search = line.plan().search_time.start_search();
        let is_over = || search.is_over() || line.plan().cancel_token.is_cancelled();
        let mut found = Vec::new();
        for failing in self.failing_controls(line, restore.is_some()) {
            let control = &failing.control;
            let last_failure = RefCell::new(failing.outcome);
            let holds = |count: usize| {
                if is_over() || !restore.is_some_and(|restore| restore()) {
                    return None;
                }
                for case in &self.suspects[failing.suspects.clone()][..count] {
                    // Sending all these cases may take as long as the whole run.
                    if is_over() {
                        return None;
                    }
                    line.run_case(Arc::clone(case)).ok()?;
                }
                let met = line.run_case(Arc::clone(control));
                let is_failure = is_server_failure(&met);
                if is_failure {
                    last_failure.replace(met.ok());
                }
                Some(is_failure)
            };
            let guilt = match restore {
                Some(_) => find_culprit(failing.suspects.len(), holds),
                None => Culprit::NotFound,
            };
            let after = match guilt {
                Culprit::Found(at) => format!("`{}`", self.suspects[failing.suspects.start + at].id),
                Culprit::Among(cases) => format!("one of {cases} cases (the search was stopped early)"),
                // It fails on a fresh endpoint as well, or no case reproduces the failure, so no single case caused it.
                Culprit::NotFound if failing.is_restored => {
                    "other cases of this run (none of them reproduces the failure alone)".to_owned()
                }
                Culprit::NotFound => self.describe_last_success(control.operation.as_str(), restore.is_some()),
            };
            let case = Case {
                id: CaseId::control_after_run(&job.scenario.name, control.operation.as_str()),
                rule: format!("a control that succeeded before {after} must succeed afterwards"),
                ..(**control).clone()
            };
            let met = match guilt {
                // The endpoint is in the state after the run, so the control is sent with its own id.
                Culprit::NotFound if !failing.is_restored => line.run_case(case).ok(),
                // A control that is sent once more may meet what the failed one has left behind.
                _ => last_failure.into_inner().map(|met| CaseOutcome { case: Arc::new(case), ..met }),
            };
            found.extend(met.map(|met| finish.evaluate(met)));
        }
        found
    }

    /// Returns the controls that failed during the run and, if the endpoint can be restored, those that fail now; one for
    /// each operation.
    fn failing_controls(&self, line: &SequentialRunner<'_>, can_restore: bool) -> Vec<FailingControl> {
        // Results are observed in plan order, and cases that ran earlier may be later in the plan.
        let window = line.plan().transport_options.window;
        let mut failing: Vec<FailingControl> = Vec::new();
        let mut start = 0;
        for (outcome, suspects_before) in &self.broken {
            let end = (suspects_before + window).min(self.suspects.len());
            if failing.iter().all(|one| one.control.operation != outcome.case.operation) {
                failing.push(FailingControl {
                    control: Arc::clone(&outcome.case),
                    outcome: Some(outcome.clone()),
                    suspects: start..end,
                    is_restored: can_restore,
                });
            }
            start = suspects_before.saturating_sub(window);
        }
        failing.truncate(MAX_INVESTIGATED);
        // On an endpoint that cannot be restored, further requests could not show which case is the cause.
        if !can_restore {
            return failing;
        }
        let is_new = |control: &Arc<Case>| failing.iter().all(|one| one.control.operation != control.operation);
        let failing_now = self.controls.iter().filter(|control| is_new(control)).filter_map(|control| {
            let met = line.run_case(Arc::clone(control));
            is_server_failure(&met).then(|| FailingControl {
                control: Arc::clone(control),
                outcome: met.ok(),
                suspects: start..self.suspects.len(),
                is_restored: false,
            })
        });
        let failing_now: Vec<FailingControl> = failing_now.take(MAX_INVESTIGATED - failing.len()).collect();
        failing.extend(failing_now);
        failing
    }
}

impl AfterEffects {
    /// Describes since when an operation fails.
    fn describe_last_success(&self, operation: &str, was_searched: bool) -> String {
        let Some((last, inconclusive_before)) = self.last_accepted.get(operation) else { return "the run".to_owned() };
        let inconclusive = self.inconclusive_cases - inconclusive_before;
        format!(
            "the run (`{operation}` last succeeded in `{last}`, and {} inconclusive after that; {})",
            match inconclusive {
                1 => "1 case was".to_owned(),
                count => format!("{count} cases were"),
            },
            match was_searched {
                true => "no single case reproduces the failure",
                false => "the request that broke it is only searched for if `start` or `reset` of the endpoint is set",
            }
        )
    }
}

/// Returns true if a control got no response or a server failure.
fn is_server_failure(met: &Result<CaseOutcome, RunError>) -> bool {
    let Ok(outcome) = met else { return true };
    let judged = outcome.exchanges.get(outcome.case.judged.shown_step()).and_then(Option::as_ref);
    judged.is_some_and(|exchange| exchange.response.as_ref().map_or(true, |answer| answer.status >= 500))
}
