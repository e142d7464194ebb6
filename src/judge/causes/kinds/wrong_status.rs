//! Successes with another status than the documented one.

use super::super::cause_kind::{CauseIdentity, CauseKind, CauseScope};
use super::super::{Divergence, Outcome};
use crate::case::Intent;

pub(super) struct WrongStatus;

impl CauseKind for WrongStatus {
    fn name(&self) -> &'static str {
        "wrong-status"
    }

    fn scope(&self) -> CauseScope {
        CauseScope::Server
    }

    fn identify(&self, divergence: &Divergence) -> Option<CauseIdentity> {
        let is_success = divergence.intent == Intent::Valid && divergence.outcome == Outcome::Accepted;
        let is_status = is_success && divergence.accepted.is_none() && divergence.wrong_form.is_none();
        is_status.then(|| CauseIdentity::new(&[&divergence.observed]))
    }

    fn is_supported_by(&self, _explained: &[&Divergence]) -> bool {
        true
    }

    fn statement(&self, identity: &CauseIdentity, _explained: &[&Divergence]) -> String {
        format!("successes have the status {} instead of the documented one", identity.0.join(""))
    }
}
