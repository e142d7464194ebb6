//! A structure, list or map inside of an input, in which an operation checks nothing.

use super::super::cause_kind::{CauseIdentity, CauseKind, CauseScope, IdentityHash, count_distinct};
use super::super::{CaseFacts, Divergence, Outcome};
use crate::case::{CaseSubject, Intent};

pub(super) struct UncheckedStructure;

/// Minimum number of places inside of the structure.
const MIN_PLACES: usize = 3;

/// Returns the top-level member, if the case is about a place inside of it.
fn enclosing_member<'a>(case: &CaseFacts<'a>) -> Option<&'a str> {
    match case.id.subject() {
        CaseSubject::Member(path) if path.0.len() > 1 => path.top_member(),
        _ => None,
    }
}

impl CauseKind for UncheckedStructure {
    fn name(&self) -> &'static str {
        "unchecked-structure"
    }

    fn scope(&self) -> CauseScope {
        CauseScope::Operation
    }

    fn identify(&self, divergence: &Divergence) -> Option<CauseIdentity> {
        let is_accepted = divergence.intent == Intent::Violates
            && divergence.outcome == Outcome::Accepted
            && divergence.accepted.is_none()
            && divergence.wrong_form.is_none();
        let member = enclosing_member(&divergence.facts()).filter(|_| is_accepted)?.to_owned();
        Some(CauseIdentity::new(&[&divergence.operation, &member]))
    }

    fn contradicted_by(&self, case: &CaseFacts<'_>) -> Option<IdentityHash> {
        let is_rejected = case.intent == Intent::Violates && case.outcome == Outcome::Rejected;
        Some(IdentityHash::new(self.name(), [case.operation, enclosing_member(case).filter(|_| is_rejected)?]))
    }

    fn is_supported_by(&self, explained: &[&Divergence]) -> bool {
        count_distinct(explained, |one| Some(one.id.subject_text().to_owned())) >= MIN_PLACES
    }

    fn statement(&self, identity: &CauseIdentity, _explained: &[&Divergence]) -> String {
        match identity.0.as_slice() {
            [operation, member] => format!("{operation} checks nothing inside of `{member}`"),
            _ => String::new(),
        }
    }
}
