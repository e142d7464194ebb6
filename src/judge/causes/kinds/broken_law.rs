//! A law that no operation keeps.

use super::super::cause_kind::{CauseIdentity, CauseKind, CauseScope, spans_operations};
use super::super::identity_hash::IdentityHash;
use super::super::{CaseFacts, Divergence, Outcome};

pub(super) struct BrokenLaw;

/// Minimum number of operations for a statement about the whole server.
const MIN_OPERATIONS: usize = 3;

impl CauseKind for BrokenLaw {
    fn name(&self) -> &'static str {
        "broken-law"
    }

    fn scope(&self) -> CauseScope {
        CauseScope::Server
    }

    fn identify(&self, divergence: &Divergence) -> Option<CauseIdentity> {
        let law = divergence.id.law().filter(|_| divergence.outcome == Outcome::LawViolated)?;
        Some(CauseIdentity::new(&[law.as_str()]))
    }

    fn contradicted_by(&self, case: &CaseFacts<'_>) -> Option<IdentityHash> {
        let law = case.id.law().filter(|_| case.outcome == Outcome::Accepted)?;
        Some(IdentityHash::new(self.name(), [law.as_str()]))
    }

    fn is_supported_by(&self, explained: &[&Divergence]) -> bool {
        spans_operations(explained, MIN_OPERATIONS)
    }

    fn statement(&self, identity: &CauseIdentity, _explained: &[&Divergence]) -> String {
        format!("no operation keeps the law `{}`", identity.0.join(""))
    }
}
