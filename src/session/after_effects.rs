//! Finds controls that succeeded before the run and fail after it, and the case that caused that.
//!
//! It never runs unless the endpoint can be restarted, because the case can only be found on a fresh endpoint.

use crate::case::{Case, CaseId};
use crate::contract::OperationName;
use crate::judge::Verdict;
use crate::report::CaseResult;
use crate::run::{CaseOutcome, RunError, SequentialRunner};
use crate::search::{Culprit, find_culprit};
use crate::session::case_observer::CaseObserver;
use crate::session::evaluate::CaseEvaluator;
use crate::session::job::ScenarioJob;
use std::collections::HashMap;
use std::sync::Arc;

/// Maximum number of cases that are kept to be sent again.
const MAX_SUSPECTS: usize = 4000;
/// Maximum number of operations to investigate.
const MAX_INVESTIGATED: usize = 3;

/// The requests of a run that may have had a lasting effect: they were accepted, or made the server fail.
#[derive(Default)]
pub(super) struct AfterEffects {
    /// The controls that succeeded.
    controls: Vec<Arc<Case>>,
    suspects: Vec<Arc<Case>>,
    inconclusive_cases: u64,
    /// The last accepted case of each operation, with the number of inconclusive cases before it.
    last_accepted: HashMap<OperationName, (CaseId, u64)>,
}

impl AfterEffects {
    /// Creates a record that begins with the request that probed the endpoint.
    pub fn new(probe: Option<Case>) -> Self {
        Self { suspects: probe.map(Arc::new).into_iter().collect(), ..Self::default() }
    }
}

impl CaseObserver for AfterEffects {
    fn observe(&mut self, done: &mut CaseResult) {
        let case = &done.case;
        let is_accepted = done.judgement.observed.status.is_some_and(|status| (200..300).contains(&status));
        let is_failure = done.judgement.observed.status.is_some_and(|status| status >= 500);
        self.inconclusive_cases += u64::from(done.judgement.verdict == Verdict::Indeterminate);
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

impl AfterEffects {
    /// Returns the controls that fail now as separate cases, each with the case after which it fails. `fresh` restores
    /// the endpoint to the state before the run.
    pub fn find_causes(
        self,
        job: &ScenarioJob,
        line: &SequentialRunner<'_>,
        finish: &CaseEvaluator<'_>,
        fresh: &dyn Fn() -> bool,
    ) -> Vec<CaseResult> {
        let search = line.plan().search_time.start_search();
        let is_over = || search.is_over() || line.plan().cancel_token.is_cancelled();
        let failing = self.controls.iter().filter_map(|control| {
            let met = line.run_case(Arc::clone(control));
            is_server_failure(&met).then(|| (control, met.ok()))
        });
        let failing: Vec<(&Arc<Case>, Option<CaseOutcome>)> = failing.take(MAX_INVESTIGATED).collect();
        let mut found = Vec::new();
        for (control, met) in failing {
            let holds = |count: usize| {
                if is_over() || !fresh() {
                    return None;
                }
                for case in &self.suspects[..count] {
                    // Sending all these cases may take as long as the whole run.
                    if is_over() {
                        return None;
                    }
                    line.run_case(Arc::clone(case)).ok()?;
                }
                Some(is_server_failure(&line.run_case(Arc::clone(control))))
            };
            let guilt = find_culprit(self.suspects.len(), holds);
            let after = match guilt {
                Culprit::Found(at) => format!("`{}`", self.suspects[at].id),
                Culprit::Among(cases) => format!("one of {cases} cases (the search was stopped early)"),
                // It fails on a fresh endpoint as well, or no case reproduces the failure, so no single case caused it.
                Culprit::NotFound => self.describe_last_success(control.operation.as_str()),
            };
            let case = Case {
                id: CaseId::control_after_run(&job.scenario.name, control.operation.as_str()),
                rule: format!("a control that succeeded before {after} must succeed after it"),
                ..(**control).clone()
            };
            let met = match guilt {
                // A search that was stopped leaves the endpoint in an unknown state.
                Culprit::Among(_) => met.map(|met| CaseOutcome { case: Arc::new(case), ..met }),
                Culprit::Found(_) if is_over() => met.map(|met| CaseOutcome { case: Arc::new(case), ..met }),
                // It is sent once more with its own id; the endpoint is in the state that the responsible case left.
                Culprit::Found(_) | Culprit::NotFound => line.run_case(case).ok(),
            };
            found.extend(met.map(|met| finish.evaluate(met)));
        }
        found
    }
}

impl AfterEffects {
    /// Describes since when an operation fails.
    fn describe_last_success(&self, operation: &str) -> String {
        let Some((last, inconclusive_before)) = self.last_accepted.get(operation) else { return "the run".to_owned() };
        let inconclusive = self.inconclusive_cases - inconclusive_before;
        format!(
            "the run (`{operation}` last succeeded in `{last}`, and {} inconclusive after that; no single case \
             reproduces the failure)",
            match inconclusive {
                1 => "1 case was".to_owned(),
                count => format!("{count} cases were"),
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
