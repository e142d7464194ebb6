//! Successes that are wrong in the same way everywhere, such as a content type.

use super::super::cause_kind::{CauseIdentity, CauseKind, CauseScope};
use super::super::{Divergence, Outcome};

pub(super) struct WrongForm;

impl CauseKind for WrongForm {
    fn name(&self) -> &'static str {
        "wrong-form"
    }

    fn scope(&self) -> CauseScope {
        CauseScope::Server
    }

    fn identify(&self, divergence: &Divergence) -> Option<CauseIdentity> {
        let form = divergence.wrong_form.as_ref().filter(|_| divergence.accepted.is_none())?;
        let kind = if divergence.outcome == Outcome::Accepted { "successes" } else { "errors" };
        Some(CauseIdentity::new(&[kind, form]))
    }

    fn is_supported_by(&self, _explained: &[&Divergence]) -> bool {
        true
    }

    fn statement(&self, identity: &CauseIdentity, _explained: &[&Divergence]) -> String {
        match identity.0.as_slice() {
            [kind, form] => format!("{kind} have the wrong form: {form}"),
            _ => String::new(),
        }
    }
}
