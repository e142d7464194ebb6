//! Finds controls that succeeded before the run and fail after it, and the case that caused that.
//!
//! It never runs unless the endpoint can be restarted, because the case can only be found on a fresh endpoint.

use super::Job;
use super::finish::Finish;
use crate::generate::{Case, CaseId};
use crate::report::Done;
use crate::run::{OneByOne, Outcome};
use crate::search::{Guilt, first_guilty};
use std::sync::Arc;

/// The suffix of the case ids of controls that are repeated after a run.
pub(super) const AFTER: &str = "/valid/control/after";
/// Maximum number of accepted cases that are kept to be sent again.
const MOST_KEPT: usize = 4000;
/// Maximum number of operations to investigate.
const MOST_FOLLOWED: usize = 3;

/// The accepted requests of a run: controls, and cases that may have had a lasting effect.
#[derive(Default)]
pub(super) struct Poison {
    controls: Vec<Arc<Case>>,
    accepted: Vec<Arc<Case>>,
}

impl Poison {
    /// Records the result of a case.
    pub fn add(&mut self, done: &Done) {
        if !done.judgement.observed.status.is_some_and(|status| (200..300).contains(&status)) {
            return;
        }
        if done.case.id.0.ends_with(super::CONTROL) {
            self.controls.push(Arc::clone(&done.case));
        } else if self.accepted.len() < MOST_KEPT {
            self.accepted.push(Arc::clone(&done.case));
        }
    }

    /// Returns the controls that fail now as separate cases, each with the case after which it fails. `fresh` restores
    /// the endpoint to the state before the run.
    pub fn found(self, job: &Job, line: &OneByOne<'_>, finish: &Finish<'_>, fresh: &dyn Fn() -> bool) -> Vec<Done> {
        let search = line.plan().search_time.begin();
        let is_over = || search.is_over() || line.plan().stop.is_stopped();
        let failing = self.controls.iter().filter_map(|control| {
            let met = line.send(Arc::clone(control));
            fails(&met).then(|| (control, met.ok()))
        });
        let failing: Vec<(&Arc<Case>, Option<Outcome>)> = failing.take(MOST_FOLLOWED).collect();
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
                    line.send(Arc::clone(case)).ok()?;
                }
                Some(fails(&line.send(Arc::clone(control))))
            };
            let guilt = first_guilty(self.accepted.len(), holds);
            let after = match guilt {
                Guilt::One(at) => format!("`{}`", self.accepted[at].id),
                Guilt::Among(cases) => format!("one of {cases} cases (the search was stopped early)"),
                // It fails on a fresh endpoint as well, or no case reproduces the failure, so no single case caused it.
                Guilt::Nobody => "the run".to_owned(),
            };
            let case = Case {
                id: CaseId(format!("{}/{}{AFTER}", job.scenario.name, control.operation)),
                rule: format!("a control that succeeded before {after} must succeed after it"),
                ..(**control).clone()
            };
            let met = match guilt {
                // A search that was stopped leaves the endpoint in an unknown state.
                Guilt::Among(_) => met.map(|met| Outcome { case: Arc::new(case), ..met }),
                Guilt::One(_) if is_over() => met.map(|met| Outcome { case: Arc::new(case), ..met }),
                // It is sent once more with its own id; the endpoint is in the state that the responsible case left.
                Guilt::One(_) | Guilt::Nobody => line.send(case).ok(),
            };
            found.extend(met.map(|met| finish.finish(met)));
        }
        found
    }
}

/// Returns true if a control got no response or a server failure.
fn fails(met: &Result<Outcome, String>) -> bool {
    let Ok(outcome) = met else { return true };
    let judged = outcome.exchanges.get(outcome.case.judged.shown()).and_then(Option::as_ref);
    judged.is_some_and(|exchange| exchange.answer.as_ref().map_or(true, |answer| answer.status >= 500))
}
