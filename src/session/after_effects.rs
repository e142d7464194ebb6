//! Finds controls that succeeded before the run and fail after it, and the case that caused that.
//!
//! It never runs unless the endpoint can be restarted, because the case can only be found on a fresh endpoint.

use crate::case::{Case, CaseId};
use crate::judge::CONTROL_SUFFIX;
use crate::report::CaseResult;
use crate::run::{CaseOutcome, RunError, SequentialRunner};
use crate::search::{Culprit, find_culprit};
use crate::session::evaluate::CaseEvaluator;
use crate::session::job::ScenarioJob;
use crate::session::observers::CaseObserver;
use std::sync::Arc;

/// The suffix of the case ids of controls that are repeated after a run.
pub(super) const AFTER_SUFFIX: &str = "/valid/control/after";
/// Maximum number of accepted cases that are kept to be sent again.
const MAX_ACCEPTED_CASES: usize = 4000;
/// Maximum number of operations to investigate.
const MAX_INVESTIGATED: usize = 3;

/// The accepted requests of a run: controls, and cases that may have had a lasting effect.
#[derive(Default)]
pub(super) struct AfterEffects {
    controls: Vec<Arc<Case>>,
    accepted: Vec<Arc<Case>>,
}

impl CaseObserver for AfterEffects {
    fn observe(&mut self, done: &mut CaseResult) {
        if !done.judgement.observed.status.is_some_and(|status| (200..300).contains(&status)) {
            return;
        }
        if done.case.id.0.ends_with(CONTROL_SUFFIX) {
            self.controls.push(Arc::clone(&done.case));
        } else if self.accepted.len() < MAX_ACCEPTED_CASES {
            self.accepted.push(Arc::clone(&done.case));
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
                for case in &self.accepted[..count] {
                    // Sending all these cases may take as long as the whole run.
                    if is_over() {
                        return None;
                    }
                    line.run_case(Arc::clone(case)).ok()?;
                }
                Some(is_server_failure(&line.run_case(Arc::clone(control))))
            };
            let guilt = find_culprit(self.accepted.len(), holds);
            let after = match guilt {
                Culprit::Found(at) => format!("`{}`", self.accepted[at].id),
                Culprit::Among(cases) => format!("one of {cases} cases (the search was stopped early)"),
                // It fails on a fresh endpoint as well, or no case reproduces the failure, so no single case caused it.
                Culprit::NotFound => "the run".to_owned(),
            };
            let case = Case {
                id: CaseId(format!("{}/{}{AFTER_SUFFIX}", job.scenario.name, control.operation)),
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

/// Returns true if a control got no response or a server failure.
fn is_server_failure(met: &Result<CaseOutcome, RunError>) -> bool {
    let Ok(outcome) = met else { return true };
    let judged = outcome.exchanges.get(outcome.case.judged.shown_step()).and_then(Option::as_ref);
    judged.is_some_and(|exchange| exchange.response.as_ref().map_or(true, |answer| answer.status >= 500))
}
