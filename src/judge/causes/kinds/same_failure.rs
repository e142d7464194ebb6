//! One exception of the server, wherever it is met: the same stack frame, or the same message.

use super::super::cause_kind::{CauseIdentity, CauseKind, CauseScope};
use super::super::{Divergence, FailureText, Outcome};

pub(super) struct SameFailure;

impl CauseKind for SameFailure {
    fn name(&self) -> &'static str {
        "same-failure"
    }

    fn scope(&self) -> CauseScope {
        CauseScope::Server
    }

    fn identify(&self, divergence: &Divergence) -> Option<CauseIdentity> {
        let failure = divergence.failure.as_ref().filter(|_| divergence.outcome == Outcome::Failed)?;
        let place = match failure {
            FailureText::Frame(_) => "frame",
            FailureText::Message(_) => "message",
        };
        Some(CauseIdentity::new(&[place, failure.as_str(), &divergence.observed]))
    }

    fn explains_described_failures(&self) -> bool {
        true
    }

    fn is_supported_by(&self, _explained: &[&Divergence]) -> bool {
        true
    }

    fn statement(&self, identity: &CauseIdentity, _explained: &[&Divergence]) -> String {
        match identity.0.as_slice() {
            [place, text, _] if place == "frame" => text.clone(),
            [_, text, _] => format!("the server fails with \"{text}\""),
            _ => String::new(),
        }
    }
}
