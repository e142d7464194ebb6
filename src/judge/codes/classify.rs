//! Finds the code of a case that is a finding.
//!
//! Each code is made at one place of this file; it never decides whether a case is a finding.

use super::finding_code::FindingCode;
use crate::case::{Case, CaseClass, CaseKind, CaseSubject, Expectation, FaultClass, Intent, LawName};
use crate::contract::Constraint;
use crate::judge::obstacle::reports_throttling;
use crate::judge::{FailureKind, Judgement, ObservedOutcome, SnapshotChange, SnapshotComparison, Verdict};

/// Returns the code of a case that is a finding.
pub(in super::super) fn classify_finding(
    case: &Case,
    judgement: &Judgement,
    comparison: &SnapshotComparison,
) -> FindingCode {
    let observed = &judgement.observed;
    let is_new_divergence = judgement.verdict == Verdict::Diverges && !comparison.is_known_divergence;
    if !is_new_divergence && comparison.change == SnapshotChange::Changed {
        return classify_change(comparison);
    }
    if case.id.is_control_after_run() {
        return FindingCode::OV106OperationBroken;
    }
    if let Some(code) = classify_failure(observed) {
        return code;
    }
    if let (Intent::Law, Some(law)) = (case.intent, case.id.law()) {
        let is_wrong_form = observed.status.is_some() && observed.note.is_some();
        return if is_wrong_form { FindingCode::OV501WrongSuccessForm } else { classify_law(law) };
    }
    match &case.expectation {
        Expectation::Accept(_) => classify_unexpected_response(case, observed),
        _ if reports_throttling(observed) => FindingCode::OV405UndocumentedThrottling,
        _ => match observed.status {
            Some(300..400) => FindingCode::OV406RedirectInsteadOfRejection,
            Some(..300) => classify_accepted_violation(case),
            _ if observed.note.is_some() => FindingCode::OV504WrongErrorForm,
            _ => classify_wrong_error(case),
        },
    }
}

/// Returns the code of a case that diverges or whose response differs from the accepted one, also if it is known.
pub fn finding_code(case: &Case, judgement: &Judgement, comparison: &SnapshotComparison) -> Option<FindingCode> {
    let has_code = judgement.verdict == Verdict::Diverges || comparison.change == SnapshotChange::Changed;
    has_code.then(|| classify_finding(case, judgement, comparison))
}

/// Returns the code of a response that differs from the accepted one.
fn classify_change(comparison: &SnapshotComparison) -> FindingCode {
    if !comparison.value_differences.is_empty() {
        FindingCode::OV703ValueDiffers
    } else if comparison.describe_form_change().is_some() {
        FindingCode::OV702FormChanged
    } else {
        FindingCode::OV701ResponseChanged
    }
}

/// Returns the code of a server failure, if it is one.
fn classify_failure(observed: &ObservedOutcome) -> Option<FindingCode> {
    Some(match observed.failure {
        Some(FailureKind::Dropped) => FindingCode::OV102ConnectionDropped,
        Some(FailureKind::Hang) => FindingCode::OV103Hang,
        Some(FailureKind::Crash) => FindingCode::OV104ServerCrash,
        Some(FailureKind::BrokenHttp) => FindingCode::OV105BrokenHttp,
        None if observed.status.is_some_and(|status| status >= 500) => FindingCode::OV101ServerError,
        None => return None,
    })
}

/// Returns the code of the response to a request that must succeed.
fn classify_unexpected_response(case: &Case, observed: &ObservedOutcome) -> FindingCode {
    let is_success = observed.status.is_some_and(|status| (200..300).contains(&status));
    if is_success {
        return match (&observed.note, &observed.error) {
            (Some(_), _) => FindingCode::OV501WrongSuccessForm,
            (None, Some(_)) => FindingCode::OV502ErrorInSuccess,
            (None, None) => FindingCode::OV503WrongSuccessStatus,
        };
    }
    if reports_throttling(observed) {
        return FindingCode::OV405UndocumentedThrottling;
    }
    match case.id.subject() {
        _ if case.id.is_control() => FindingCode::OV301ControlRejected,
        CaseSubject::Member(_) => FindingCode::OV302ValidValueRejected,
        CaseSubject::Class(_) => FindingCode::OV303ValidRequestRejected,
    }
}

/// Returns the code of an invalid request that was accepted.
fn classify_accepted_violation(case: &Case) -> FindingCode {
    let of_pair = |one: &FaultClass| match one {
        FaultClass::Auth => FindingCode::OV212UnauthenticatedAccepted,
        FaultClass::Forbidden => FindingCode::OV213ForbiddenAccepted,
        FaultClass::Malformed => FindingCode::OV211MalformedAccepted,
        FaultClass::Missing => FindingCode::OV214MissingResourceAccepted,
        FaultClass::Required => FindingCode::OV201MissingMemberAccepted,
        FaultClass::Type => FindingCode::OV202WrongTypeAccepted,
        FaultClass::Enum => FindingCode::OV207EnumAccepted,
        FaultClass::Range => FindingCode::OV204RangeAccepted,
        FaultClass::Length => FindingCode::OV203LengthAccepted,
        FaultClass::Pattern => FindingCode::OV206PatternAccepted,
        FaultClass::Rule => FindingCode::OV209MemberRuleAccepted,
    };
    match case.id.kind() {
        CaseKind::Constraint(constraint) => classify_constraint(*constraint),
        // The first fault of a pair is the one that should be noticed first.
        CaseKind::Pair(one, _) => of_pair(one),
        CaseKind::Damage(_) => FindingCode::OV211MalformedAccepted,
        CaseKind::Unauthenticated => FindingCode::OV212UnauthenticatedAccepted,
        CaseKind::Forbidden => FindingCode::OV213ForbiddenAccepted,
        CaseKind::MissingResource(_) => FindingCode::OV214MissingResourceAccepted,
        _ => match case.id.class() {
            Some(CaseClass::Malformed) => FindingCode::OV211MalformedAccepted,
            Some(CaseClass::Auth) => FindingCode::OV212UnauthenticatedAccepted,
            Some(CaseClass::Missing) => FindingCode::OV214MissingResourceAccepted,
            _ => FindingCode::OV215OtherViolationAccepted,
        },
    }
}

fn classify_constraint(constraint: Constraint) -> FindingCode {
    match constraint {
        Constraint::Required => FindingCode::OV201MissingMemberAccepted,
        Constraint::Type => FindingCode::OV202WrongTypeAccepted,
        Constraint::Length => FindingCode::OV203LengthAccepted,
        Constraint::Range => FindingCode::OV204RangeAccepted,
        Constraint::MultipleOf => FindingCode::OV205MultipleAccepted,
        Constraint::Pattern => FindingCode::OV206PatternAccepted,
        Constraint::Enum => FindingCode::OV207EnumAccepted,
        Constraint::Unique => FindingCode::OV208DuplicateEntriesAccepted,
        Constraint::DistinctBy => FindingCode::OV208DuplicateEntriesAccepted,
        Constraint::AtLeastOneOf
        | Constraint::AtMostOneOf
        | Constraint::AllOrNone
        | Constraint::Requires
        | Constraint::RequiredIf
        | Constraint::ForbiddenIf
        | Constraint::OnlyIf
        | Constraint::LessThan
        | Constraint::AtMost
        | Constraint::EqualLengths
        | Constraint::KnownMembers => FindingCode::OV209MemberRuleAccepted,
        Constraint::MaxTotalBytes => FindingCode::OV210ByteBudgetAccepted,
    }
}

/// Returns the code of a rejection with another error than the documented one.
fn classify_wrong_error(case: &Case) -> FindingCode {
    match (case.id.kind(), case.id.class()) {
        (CaseKind::Damage(_), _) | (_, Some(CaseClass::Malformed)) => FindingCode::OV402WrongErrorForMalformed,
        (CaseKind::Pair(FaultClass::Auth | FaultClass::Forbidden, _), _) | (_, Some(CaseClass::Auth)) => {
            FindingCode::OV403WrongErrorForAccess
        }
        (_, Some(CaseClass::Missing)) => FindingCode::OV404WrongErrorForMissingResource,
        _ => FindingCode::OV401WrongErrorForInvalidInput,
    }
}

fn classify_law(law: LawName) -> FindingCode {
    match law {
        LawName::ReadYourWrite => FindingCode::OV601WrittenValueNotRead,
        LawName::Merges | LawName::Overwrites | LawName::Replaces | LawName::Deduplicates | LawName::KeepsOrder => {
            FindingCode::OV602WrongWriteEffect
        }
        LawName::Idempotent | LawName::HonorsIdempotencyKey => FindingCode::OV603RepeatedWriteHasEffect,
        LawName::RejectedLeavesNoTrace => FindingCode::OV604RejectedWriteStored,
        LawName::Isolated | LawName::Identifies => FindingCode::OV605StateShared,
        LawName::Inverse | LawName::ProtectsChildren => FindingCode::OV606WrongRemoval,
        LawName::SurvivesConcurrentWriters => FindingCode::OV607ConcurrentWriteLost,
        LawName::RejectsDuplicates | LawName::RejectsRepetition => FindingCode::OV608DuplicateAccepted,
        LawName::Lists | LawName::Filters | LawName::Sorts | LawName::Pages => FindingCode::OV609WrongList,
        LawName::Echoes => FindingCode::OV610WrongEcho,
        LawName::ResolvesExpressions => FindingCode::OV209MemberRuleAccepted,
        LawName::Sequence => FindingCode::OV611WrongStateAfterSequence,
    }
}
