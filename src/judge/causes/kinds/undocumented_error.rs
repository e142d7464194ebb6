//! One error, in one layer of the server, where the operations document another: for invalid input, for resources that do
//! not exist, or for valid input that is rejected with the same message.

use super::super::cause_kind::{CauseIdentity, CauseKind, CauseScope};
use super::super::{Divergence, Outcome};
use crate::case::Intent;

pub(super) struct UndocumentedError;

const INVALID: &str = "invalid";
const MISSING: &str = "missing";

impl CauseKind for UndocumentedError {
    fn name(&self) -> &'static str {
        "undocumented-error"
    }

    fn scope(&self) -> CauseScope {
        CauseScope::Server
    }

    fn identify(&self, divergence: &Divergence) -> Option<CauseIdentity> {
        if divergence.outcome != Outcome::Rejected || divergence.accepted.is_some() || divergence.wrong_form.is_some() {
            return None;
        }
        match divergence.intent {
            Intent::Violates => Some(CauseIdentity::new(&[INVALID, &divergence.observed])),
            Intent::Missing => Some(CauseIdentity::new(&[MISSING, &divergence.observed])),
            Intent::Valid => {
                let message = divergence.rejection.as_deref().filter(|text| !text.is_empty())?;
                Some(CauseIdentity::new(&["valid", &divergence.observed, message]))
            }
            _ => None,
        }
    }

    fn is_supported_by(&self, _explained: &[&Divergence]) -> bool {
        true
    }

    fn statement(&self, identity: &CauseIdentity, _explained: &[&Divergence]) -> String {
        match identity.0.as_slice() {
            [intent, observed] if intent == INVALID => format!("invalid input gets {observed}"),
            [intent, observed] if intent == MISSING => format!("requests for what does not exist get {observed}"),
            [_, observed, message] => format!("valid requests get {observed}: \"{message}\""),
            _ => String::new(),
        }
    }
}
