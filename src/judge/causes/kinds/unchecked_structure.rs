//! A structure, list or map inside of an input, in which an operation checks nothing.

use super::super::cause_kind::{CauseIdentity, CauseKind, CauseScope, count_distinct};
use super::super::identity_hash::IdentityHash;
use super::super::{CaseFacts, Divergence};
use crate::case::CaseSubject;

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
        let facts = divergence.facts();
        let member = enclosing_member(&facts).filter(|_| divergence.is_accepted_violation())?;
        Some(CauseIdentity::new(&[&divergence.operation, member]))
    }

    fn contradicted_by(&self, case: &CaseFacts<'_>) -> Option<IdentityHash> {
        let member = enclosing_member(case).filter(|_| case.is_rejected_violation())?;
        Some(IdentityHash::new(self.name(), [case.operation, member]))
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
