//! A server that does not check credentials, or answers all requests without valid ones in the same wrong way.

use super::super::cause_kind::{CauseIdentity, CauseKind, CauseScope};
use super::super::{Divergence, Outcome};
use crate::case::CaseKind;

pub(super) struct UncheckedCredentials;

const ACCEPTED: &str = "accepted";

impl CauseKind for UncheckedCredentials {
    fn name(&self) -> &'static str {
        "unchecked-credentials"
    }

    fn scope(&self) -> CauseScope {
        CauseScope::Server
    }

    fn identify(&self, divergence: &Divergence) -> Option<CauseIdentity> {
        if *divergence.id.kind() != CaseKind::Unauthenticated || divergence.accepted.is_some() {
            return None;
        }
        let observed = if divergence.outcome == Outcome::Accepted { ACCEPTED } else { &divergence.observed };
        Some(CauseIdentity::new(&[observed]))
    }

    fn is_supported_by(&self, _explained: &[&Divergence]) -> bool {
        true
    }

    fn statement(&self, identity: &CauseIdentity, _explained: &[&Divergence]) -> String {
        match identity.0.first().map(String::as_str) {
            Some(ACCEPTED) => "requests without valid credentials are accepted".to_owned(),
            other => format!("requests without valid credentials get {}", other.unwrap_or_default()),
        }
    }
}
