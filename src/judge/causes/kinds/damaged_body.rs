//! One parser for all operations, which accepts one kind of damage, or answers damaged bodies in one wrong way.

use super::super::cause_kind::{CauseIdentity, CauseKind, CauseScope};
use super::super::{Divergence, Outcome};
use crate::case::CaseKind;

pub(super) struct DamagedBody;

const ACCEPTED: &str = "accepted";
const ANSWERED: &str = "answered";

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
        let mut kinds: Vec<&str> = Vec::new();
        for group in explained {
            match group.id.kind() {
                CaseKind::Damage(damage) if group.outcome == Outcome::Accepted => kinds.push(damage),
                _ => return None,
            }
        }
        kinds.sort_unstable();
        kinds.dedup();
        Some(format!("malformed bodies are accepted ({})", kinds.join(", ")))
    }

    fn statement(&self, identity: &CauseIdentity, _explained: &[&Divergence]) -> String {
        match identity.0.as_slice() {
            [what, damage] if what == ACCEPTED => format!("malformed bodies are accepted ({damage})"),
            [_, observed] => format!("malformed bodies get {observed}"),
            _ => String::new(),
        }
    }
}
