//! One change of responses against the accepted ones, such as another content type everywhere.

use super::super::cause_kind::{CauseIdentity, CauseKind, CauseScope};
use super::super::{Divergence, OTHER_VALUE};

pub(super) struct ResponseChange;

impl CauseKind for ResponseChange {
    fn name(&self) -> &'static str {
        "response-change"
    }

    fn scope(&self) -> CauseScope {
        CauseScope::Server
    }

    fn identify(&self, divergence: &Divergence) -> Option<CauseIdentity> {
        let accepted = divergence.accepted.as_ref()?;
        // The same change of the form has one cause, whatever the status.
        if let Some(change) = &divergence.form_change {
            return Some(CauseIdentity::new(&[change]));
        }
        Some(CauseIdentity::new(&[accepted, &divergence.observed]))
    }

    fn is_supported_by(&self, _explained: &[&Divergence]) -> bool {
        true
    }

    fn statement(&self, identity: &CauseIdentity, _explained: &[&Divergence]) -> String {
        match identity.0.as_slice() {
            [place, observed] if observed == OTHER_VALUE => format!("the value at `{place}` differs"),
            [change] => format!("the form of responses changed: {change}"),
            [accepted, observed] => format!("responses changed from {accepted} to {observed}"),
            _ => String::new(),
        }
    }
}
