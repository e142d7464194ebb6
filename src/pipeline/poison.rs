//! What a run leaves behind in the endpoint: plain requests that were granted before it and fail after it, and the case
//! that did it.
//!
//! It only looks where the endpoint can be made fresh again: without that nobody could tell which case it was.

use super::Job;
use super::finish::Finish;
use crate::generate::{Case, CaseId};
use crate::report::Done;
use crate::run::{OneByOne, Stopwatch};
use crate::search::first_guilty;
use std::sync::Arc;
use std::time::Duration;

/// How the ids of plain requests after a run end.
pub(super) const AFTER: &str = "/valid/control/after";
/// So many accepted cases are kept to be sent again.
const MOST_KEPT: usize = 4000;
/// So many operations are followed up.
const MOST_FOLLOWED: usize = 3;
/// So long the search may take in all.
const MOST_TIME: Duration = Duration::from_secs(120);

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
        let watch = Stopwatch::start();
        let failing: Vec<&Arc<Case>> =
            self.controls.iter().filter(|control| fails(line, control)).take(MOST_FOLLOWED).collect();
        let mut found = Vec::new();
        for control in failing {
            let holds = |count: usize| {
                if watch.elapsed() > MOST_TIME || line.plan().stop.is_stopped() || !fresh() {
                    return None;
                }
                for case in &self.accepted[..count] {
                    line.send(Arc::clone(case)).ok()?;
                }
                Some(fails(line, control))
            };
            // Where it fails on a fresh endpoint as well, or nothing that was sent again brings it, no case did it.
            let guilty = first_guilty(self.accepted.len(), holds).map(|at| self.accepted[at].id.to_string());
            let after = guilty.as_ref().map_or_else(|| "the run".to_owned(), |id| format!("`{id}`"));
            let case = Case {
                id: CaseId(format!("{}/{}{AFTER}", job.scenario.name, control.operation)),
                rule: format!("a plain valid request is granted, after {after} as before it"),
                ..(**control).clone()
            };
            // Once more with its own id; the endpoint is as the guilty case left it.
            if let Ok(outcome) = line.send(case) {
                found.push(finish.finish(outcome));
            }
        }
        found
    }
}

/// Whether a plain request meets a failure of the server.
fn fails(line: &OneByOne<'_>, control: &Arc<Case>) -> bool {
    let Ok(outcome) = line.send(Arc::clone(control)) else { return true };
    let judged = outcome.exchanges.get(outcome.case.judged.shown()).and_then(Option::as_ref);
    judged.is_some_and(|exchange| exchange.answer.as_ref().map_or(true, |answer| answer.status >= 500))
}
