//! The order in which findings should be fixed.

use super::{Judgement, Verdict};
use crate::case::{Case, Intent, LawName};

/// The order in which to fix findings: lost or wrong data, operations that a request broke, server failures, accepted invalid requests, rejected valid
/// requests, successes of a wrong form, wrong errors, and last, responses that only differ from the accepted ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FixPriority {
    DataWrong,
    /// An operation worked before another request, and fails since.
    OperationBroken,
    /// A violated named law explains what a sequence of requests only shows.
    SequenceWrong,
    ServerFailure,
    InvalidRequestAccepted,
    ValidRequestRejected,
    WrongForm,
    WrongError,
    ResponseChanged,
}

/// Returns how urgent a diverging case is.
pub(super) fn fix_priority(case: &Case, judgement: &Judgement) -> FixPriority {
    if judgement.verdict != Verdict::Diverges {
        return FixPriority::ResponseChanged;
    }
    match judgement.observed.status {
        _ if case.id.is_control_after_run() => FixPriority::OperationBroken,
        None if case.intent == Intent::Law && case.id.law() == Some(LawName::Sequence) => FixPriority::SequenceWrong,
        None if case.intent == Intent::Law => FixPriority::DataWrong,
        None | Some(500..) => FixPriority::ServerFailure,
        Some(200..300) if matches!(case.intent, Intent::Valid | Intent::Law) => FixPriority::WrongForm,
        _ if case.intent == Intent::Valid => FixPriority::ValidRequestRejected,
        Some(..300) => FixPriority::InvalidRequestAccepted,
        _ => FixPriority::WrongError,
    }
}
