//! What a run leaves behind in the endpoint: plain requests that were granted before it and fail after it, and the case
//! that did it.
//!
//! It only looks where the endpoint can be made fresh again: without that nobody could tell which case it was.

use super::Job;
use super::finish::Finish;
use crate::generate::{Case, CaseId};
use crate::report::Done;
use crate::run::{OneByOne, Outcome};
use crate::search::{Guilt, first_guilty};
use std::sync::Arc;

/// How the ids of plain requests after a run end.
pub(super) const AFTER: &str = "/valid/control/after";
/// So many accepted cases are kept to be sent again.
const MOST_KEPT: usize = 4000;
/// So many operations are followed up.
const MOST_FOLLOWED: usize = 3;

/// What was granted in a run: controls, and all that may have left something.
#[derive(Default)]
pub(super) struct Poison {
    controls: Vec<Arc<Case>>,
    accepted: Vec<Arc<Case>>,
}

impl Poison {
    /// Takes note of a case.
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

    /// The controls that fail now, as cases of their own, each with the case after which it fails; `fresh` makes the
    /// endpoint as it was before the run.
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
                    // A question may take as long as the whole run.
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
                Guilt::Among(cases) => format!("one of {cases} cases (the search for it was cut short)"),
                // Where it fails on a fresh endpoint as well, or nothing that was sent again brings it, no case did it.
                Guilt::Nobody => "the run".to_owned(),
            };
            let case = Case {
                id: CaseId(format!("{}/{}{AFTER}", job.scenario.name, control.operation)),
                rule: format!("a plain valid request is granted, after {after} as before it"),
                ..(**control).clone()
            };
            let met = match guilt {
                // Whoever is stopped in the middle leaves an endpoint of which nothing is known.
                Guilt::Among(_) => met.map(|met| Outcome { case: Arc::new(case), ..met }),
                Guilt::One(_) if is_over() => met.map(|met| Outcome { case: Arc::new(case), ..met }),
                // Once more with its own id; the endpoint is as the guilty case left it.
                Guilt::One(_) | Guilt::Nobody => line.send(case).ok(),
            };
            found.extend(met.map(|met| finish.finish(met)));
        }
        found
    }
}

/// Whether a plain request meets a failure of the server.
fn fails(met: &Result<Outcome, String>) -> bool {
    let Ok(outcome) = met else { return true };
    let judged = outcome.exchanges.get(outcome.case.judged.shown()).and_then(Option::as_ref);
    judged.is_some_and(|exchange| exchange.answer.as_ref().map_or(true, |answer| answer.status >= 500))
}
