//! One parser for all operations, which accepts one kind of damage, fails on it, or answers damaged bodies in one wrong
//! way.

use super::super::cause_kind::{CauseIdentity, CauseKind, CauseScope, spans_operations};
use super::super::{Divergence, Outcome};
use crate::case::CaseKind;
use std::collections::BTreeSet;

pub(super) struct DamagedBody;

/// Operations that one kind of damage makes fail each in its own code: the server has no check before them.
pub(super) struct FailureOnDamage;

/// Minimum number of operations for a statement about a missing check.
const MIN_FAILING_OPERATIONS: usize = 3;

const ACCEPTED: &str = "accepted";
const ANSWERED: &str = "answered";

/// Returns the kinds of damage of groups that all have this outcome.
fn list_damage(explained: &[&Divergence], outcome: Outcome) -> Option<String> {
    let kind = |group: &&Divergence| match group.id.kind() {
        CaseKind::Damage(damage) if group.outcome == outcome => Some(damage.to_string()),
        _ => None,
    };
    let kinds: BTreeSet<String> = explained.iter().map(kind).collect::<Option<_>>()?;
    Some(kinds.into_iter().collect::<Vec<_>>().join(", "))
}

impl CauseKind for DamagedBody {
    fn name(&self) -> &'static str {
        "damaged-body"
    }

    fn scope(&self) -> CauseScope {
        CauseScope::Server
    }

    fn identify(&self, divergence: &Divergence) -> Option<CauseIdentity> {
        let CaseKind::Damage(damage) = divergence.id.kind() else { return None };
        if divergence.accepted.is_some() {
            return None;
        }
        Some(match divergence.outcome {
            Outcome::Accepted => CauseIdentity::new(&[ACCEPTED, damage]),
            _ => CauseIdentity::new(&[ANSWERED, &divergence.observed]),
        })
    }

    fn is_supported_by(&self, _explained: &[&Divergence]) -> bool {
        true
    }

    fn merged_statement(&self, explained: &[&Divergence]) -> Option<String> {
        list_damage(explained, Outcome::Accepted).map(|kinds| format!("malformed bodies are accepted ({kinds})"))
    }

    fn statement(&self, identity: &CauseIdentity, _explained: &[&Divergence]) -> String {
        match identity.0.as_slice() {
            [what, damage] if what == ACCEPTED => format!("malformed bodies are accepted ({damage})"),
            [_, observed] => format!("malformed bodies get {observed}"),
            _ => String::new(),
        }
    }
}

impl CauseKind for FailureOnDamage {
    fn name(&self) -> &'static str {
        "failure-on-damage"
    }

    fn scope(&self) -> CauseScope {
        CauseScope::Server
    }

    fn identify(&self, divergence: &Divergence) -> Option<CauseIdentity> {
        let CaseKind::Damage(damage) = divergence.id.kind() else { return None };
        let has_failed = divergence.outcome == Outcome::Failed && divergence.failure.is_some();
        (has_failed && divergence.accepted.is_none()).then(|| CauseIdentity::new(&[damage]))
    }

    fn is_supported_by(&self, explained: &[&Divergence]) -> bool {
        spans_operations(explained, MIN_FAILING_OPERATIONS)
    }

    fn explains_described_failures(&self) -> bool {
        true
    }

    fn merged_statement(&self, explained: &[&Divergence]) -> Option<String> {
        list_damage(explained, Outcome::Failed).map(|kinds| format!("malformed bodies make the server fail ({kinds})"))
    }

    fn statement(&self, identity: &CauseIdentity, _explained: &[&Divergence]) -> String {
        format!("malformed bodies make the server fail ({})", identity.0.join(""))
    }
}
