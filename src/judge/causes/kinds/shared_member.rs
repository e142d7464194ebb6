//! Members of the same name with the same rule in several operations.

use super::super::cause_kind::{CauseIdentity, CauseKind, CauseScope};
use super::super::{Divergence, Outcome};
use crate::case::Intent;

pub(super) struct SharedMember;

/// Returns the constraint, and what tells the outcomes of its cases apart; `None` if the group is about no constraint.
pub(super) fn outcome_key(divergence: &Divergence) -> Option<(&'static str, String)> {
    // A well-formed name of nothing that is accepted violates no constraint.
    let names_nothing = divergence.intent == Intent::Missing && divergence.outcome == Outcome::Accepted;
    if divergence.accepted.is_some() || divergence.wrong_form.is_some() || names_nothing {
        return None;
    }
    let constraint = divergence.id.kind().constraint()?;
    let intent = if divergence.intent == Intent::Valid { "valid" } else { "invalid" };
    let outcome = if divergence.outcome == Outcome::Accepted { "accepted" } else { &divergence.observed };
    Some((constraint.name(), format!("{intent} {outcome}")))
}

/// Describes what becomes of a constraint.
pub(super) fn describe_constraint(subject: &str, explained: &[&Divergence]) -> String {
    let Some(first) = explained.first() else { return String::new() };
    let constraint = first.id.kind().constraint().map_or("", |constraint| constraint.name());
    match (first.intent, first.outcome) {
        (Intent::Valid, _) => format!("{subject}: valid values are rejected ({constraint})"),
        (_, Outcome::Accepted) => format!("{subject}: `{constraint}` is not enforced"),
        _ => format!("{subject}: violations of `{constraint}` get {}", first.observed),
    }
}

impl CauseKind for SharedMember {
    fn name(&self) -> &'static str {
        "shared-member"
    }

    fn scope(&self) -> CauseScope {
        CauseScope::Shape
    }

    fn identify(&self, divergence: &Divergence) -> Option<CauseIdentity> {
        let (constraint, outcome) = outcome_key(divergence)?;
        let leaf = divergence.leaf_member()?;
        Some(CauseIdentity::new(&[&leaf, constraint, &divergence.rule, &outcome]))
    }

    fn is_supported_by(&self, _explained: &[&Divergence]) -> bool {
        true
    }

    fn statement(&self, identity: &CauseIdentity, explained: &[&Divergence]) -> String {
        let member = identity.0.first().map_or("", String::as_str);
        describe_constraint(&format!("members `{member}`"), explained)
    }
}
