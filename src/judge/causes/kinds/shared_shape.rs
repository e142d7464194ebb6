//! A shape that several operations or members use, such as the keys of tags.

use super::super::Divergence;
use super::super::cause_kind::{CauseIdentity, CauseKind, CauseScope};
use super::shared_member::{describe_constraint, outcome_key};

pub(super) struct SharedShape;

impl CauseKind for SharedShape {
    fn name(&self) -> &'static str {
        "shared-shape"
    }

    fn scope(&self) -> CauseScope {
        CauseScope::Shape
    }

    fn identify(&self, divergence: &Divergence) -> Option<CauseIdentity> {
        let (constraint, outcome) = outcome_key(divergence)?;
        Some(CauseIdentity::new(&[divergence.shape.as_deref()?, constraint, &outcome]))
    }

    fn is_supported_by(&self, _explained: &[&Divergence]) -> bool {
        true
    }

    fn statement(&self, identity: &CauseIdentity, explained: &[&Divergence]) -> String {
        let shape = identity.0.first().map_or("", String::as_str);
        describe_constraint(&format!("shape `{shape}`"), explained)
    }
}
