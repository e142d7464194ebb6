//! Judges one outcome against the contract.
//!
//! It never compares with accepted behaviour and never looks at other cases.

use super::conformance::{self, ResponseMismatch};
use super::law::judge_law;
use super::obstacle::reports_throttling;
use super::rejection::{
    is_unnamed_head_error, judge_expected_rejection, matches_expected_error, observe_response, spans_several_roles,
};
use super::{FailureKind, Judgement, ObservedOutcome, Verdict};
use crate::case::{
    Case, CaseClass, Damage, Expectation, ExpectedError, ExpectedSuccess, JudgedPart, StateAssumption, Step,
    StepPurpose, StepRequest, Value,
};
use crate::contract::{Contract, ErrorRole, MemberLocation, Operation};
use crate::run::{BodyFraming, CaseOutcome, Exchange, HttpResponse, Liveness, TransportError};
use crate::scenario::Scenario;
use crate::wire;

/// Judges one outcome against the contract.
pub fn judge(contract: &Contract, scenario: &Scenario, outcome: &CaseOutcome) -> Judgement {
    let (verdict, observed, why) = decide_verdict(contract, scenario, outcome);
    Judgement { verdict, observed, why }
}

type OracleDecision = (Verdict, ObservedOutcome, String);

fn decide_verdict(contract: &Contract, scenario: &Scenario, outcome: &CaseOutcome) -> OracleDecision {
    let case = &outcome.case;
    let nothing = ObservedOutcome::default();
    if let Some(reason) = &case.unsendable_reason {
        return (Verdict::Unsendable, nothing, reason.clone());
    }
    if let Some(operation) = &outcome.broken_operation {
        let why = format!("`{operation}` no longer works, whatever is sent: an earlier request broke it");
        return (Verdict::Indeterminate, nothing, why);
    }
    if let Some(failed) = describe_failed_setup(contract, scenario, outcome) {
        return (Verdict::Indeterminate, nothing, failed);
    }
    let index = match &case.judged {
        JudgedPart::Step(index) => *index,
        JudgedPart::Law(relation) => match judge_law(contract, scenario, outcome, relation) {
            Ok(decision) => return downgrade_undocumented(&case.expectation, decision),
            Err(silent) => silent,
        },
    };
    let Some(exchange) = outcome.exchanges.get(index).and_then(Option::as_ref) else {
        let reason = outcome.not_sent.clone().unwrap_or_else(|| "the step was not sent".to_owned());
        return (Verdict::Indeterminate, nothing, reason);
    };
    let answer = match &exchange.response {
        Ok(answer) => answer,
        Err(reason) => return judge_missing_response(reason, outcome.liveness),
    };
    let Some(operation) = contract.operation(case.operation.as_str()) else {
        return (Verdict::Indeterminate, nothing, format!("the contract has no operation `{}`", case.operation));
    };
    let observed = observe_response(contract, scenario, answer);
    if let Some(note) = describe_framing(&answer.framing) {
        let why = format!("expected a complete response, but its {note}");
        let is_endless = answer.framing == BodyFraming::TimedOut;
        let failure = Some(if is_endless { FailureKind::Hang } else { FailureKind::BrokenHttp });
        return (Verdict::Diverges, ObservedOutcome { note: Some(note), failure, ..observed }, why);
    }
    if let Some(decision) = judge_throttled_response(contract, operation, exchange, outcome.liveness, &observed) {
        return decision;
    }
    if matches!(answer.status, 304 | 412) && has_invented_condition(contract, operation, case.steps.get(index)) {
        let why = "the documents do not say that the condition in a header holds".to_owned();
        return (Verdict::Unspecified, observed, why);
    }
    match &case.expectation {
        Expectation::Accept(accept) => judge_expected_success(contract, operation, outcome, accept, answer, observed),
        Expectation::Reject { role, errors } => {
            let decision = judge_expected_rejection(contract, operation, *role, errors, answer, observed);
            match decision {
                (Verdict::Pass, observed, _)
                    if case.id.class() == Some(CaseClass::Pair) && spans_several_roles(contract, *role, errors) =>
                {
                    let why = "the documentation does not say which of the two errors takes precedence".to_owned();
                    (Verdict::Unspecified, observed, why)
                }
                decision => decision,
            }
        }
        Expectation::LawHolds { .. } => (Verdict::Indeterminate, observed, "the case states no law".to_owned()),
        Expectation::Unspecified { reason } if answer.status >= 500 && !rejects_unknown_method(case, answer) => (
            Verdict::Diverges,
            observed,
            format!("a request must not make the server fail, even if its meaning is undocumented ({reason})"),
        ),
        Expectation::Unspecified { reason } => (Verdict::Unspecified, observed, reason.clone()),
    }
}

/// Headers that make a request depend on the state of the resource, see
/// [RFC 9110, 13.1](https://www.rfc-editor.org/rfc/rfc9110#section-13.1).
const CONDITIONS: [&str; 5] = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"];

/// Returns true if a step sends a condition whose value was generated, rather than taken from a response.
fn has_invented_condition(contract: &Contract, operation: &Operation, step: Option<&Step>) -> bool {
    let (Some(step), Some(id)) = (step, &operation.input) else { return false };
    let StepRequest::Operation { input: Value::Map(given), .. } = &step.request else { return false };
    contract.shape(id).kind.members().into_iter().flatten().any(|(name, member)| {
        let is_condition = || CONDITIONS.iter().any(|known| member.wire_name(name).eq_ignore_ascii_case(known));
        let is_invented = || given.get(name).is_some_and(|value| !matches!(value, Value::Template(_)));
        member.location == MemberLocation::Header && is_condition() && is_invented()
    })
}

/// Returns true if the server answers a method that no document assigns to it with 501, which is the correct response,
/// see [RFC 9110, 15.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-15.6.2).
fn rejects_unknown_method(case: &Case, answer: &HttpResponse) -> bool {
    let is_another = |damage: &Damage| matches!(damage, Damage::Method(_));
    let step = case.steps.get(case.judged.shown_step());
    let damages =
        |step: &Step| matches!(&step.request, StepRequest::Operation { damage, .. } if damage.iter().any(is_another));
    answer.status == 501 && step.is_some_and(damages)
}

/// Turns pass and divergence into `unspecified` if no document promises the behaviour: it is recorded, but never a
/// finding.
fn downgrade_undocumented(expectation: &Expectation, decided: OracleDecision) -> OracleDecision {
    match (expectation, decided) {
        (Expectation::Unspecified { .. }, (Verdict::Pass | Verdict::Diverges, observed, why)) => {
            (Verdict::Unspecified, observed, why)
        }
        (_, decision) => decision,
    }
}

fn describe_failed_setup(contract: &Contract, scenario: &Scenario, outcome: &CaseOutcome) -> Option<String> {
    let steps = outcome.case.steps.iter().zip(&outcome.exchanges);
    for (step, exchange) in steps.filter(|(step, _)| step.purpose == StepPurpose::SetUp) {
        match exchange.as_ref().map(|exchange| &exchange.response) {
            None => return Some(outcome.not_sent.clone().unwrap_or_else(|| "a set-up step was not sent".to_owned())),
            Some(Err(reason)) => return Some(format!("set-up failed: {reason}")),
            // A scenario may say that a conflict is as good as a success.
            Some(Ok(answer)) if step.fixture.as_ref().is_some_and(|part| part.is_success(answer.status)) => {}
            Some(Ok(answer)) if answer.status >= 400 => {
                let what = match &step.request {
                    StepRequest::Operation { name, .. } => name.to_string(),
                    StepRequest::Raw { method, target, .. } => format!("{method} {target}"),
                };
                return Some(format!(
                    "set-up failed: {what} returned {}",
                    observe_response(contract, scenario, answer)
                ));
            }
            Some(Ok(_)) => {}
        }
    }
    None
}

fn judge_missing_response(reason: &TransportError, liveness: Option<Liveness>) -> OracleDecision {
    let (note, failure) = match reason {
        TransportError::TimedOut(_) => ("hang", Some(FailureKind::Hang)),
        TransportError::Dropped => ("dropped", Some(FailureKind::Dropped)),
        TransportError::NotHttp(_) => ("not HTTP", Some(FailureKind::BrokenHttp)),
        TransportError::HeadTooLarge(_) => ("endless header", Some(FailureKind::BrokenHttp)),
        TransportError::Unreachable(_) => ("unreachable", None),
        TransportError::Shortage(_) => ("not sent", None),
        TransportError::Tls(_) => ("TLS failed", None),
    };
    let failed =
        |note: &str, failure| ObservedOutcome { note: Some(note.to_owned()), failure, ..ObservedOutcome::default() };
    let observed = failed(note, failure);
    let learnt = failure.is_some();
    match liveness {
        Some(Liveness::CrashConfirmed) => {
            let observed = failed("ends the server", Some(FailureKind::Crash));
            let why = "the server crashed, and crashed again when only this case was sent to a fresh server".to_owned();
            (Verdict::Diverges, observed, why)
        }
        Some(Liveness::BlockConfirmed) => {
            let observed = failed("blocks the server", Some(FailureKind::Crash));
            let why =
                "the server responded to nothing any more, and again when only this case was sent to a fresh server"
                    .to_owned();
            (Verdict::Diverges, observed, why)
        }
        Some(Liveness::CrashSuspected(cases)) => {
            let note = match cases {
                1 => "ends or blocks the server".to_owned(),
                _ => format!("one of {cases} cases ends or blocks the server, and the search for it was cut short"),
            };
            let why = "the server stopped responding, and the time limit for finding the responsible case was reached"
                .to_owned();
            (Verdict::Diverges, failed(&note, Some(FailureKind::Crash)), why)
        }
        Some(Liveness::Alive) if learnt => {
            let why = format!("{reason}, twice, the second time with no other request, while control requests succeed");
            (Verdict::Diverges, observed, why)
        }
        Some(Liveness::OperationDown) if learnt => {
            let why = format!("{reason}, for control requests too, while other operations respond");
            (Verdict::Diverges, observed, why)
        }
        _ => (Verdict::Indeterminate, observed, reason.to_string()),
    }
}

fn describe_framing(framing: &BodyFraming) -> Option<String> {
    Some(match framing {
        BodyFraming::Complete | BodyFraming::OpenStream => return None,
        BodyFraming::Short => "body is shorter than its framing".to_owned(),
        BodyFraming::Trailing => "body is longer than its framing".to_owned(),
        BodyFraming::Undecodable(reason) => format!("body cannot be decoded: {reason}"),
        BodyFraming::Truncated => "body is longer than overstep reads".to_owned(),
        BodyFraming::TimedOut => "body never ends".to_owned(),
    })
}

/// Judges a response that is still throttled after all retries. It is inconclusive, unless the operation does not
/// document throttling, or control requests succeed while this one, which must be rejected for another reason, is
/// always throttled.
fn judge_throttled_response(
    contract: &Contract,
    operation: &Operation,
    exchange: &Exchange,
    liveness: Option<Liveness>,
    observed: &ObservedOutcome,
) -> Option<OracleDecision> {
    if !reports_throttling(observed) {
        return None;
    }
    let is_documented = contract.operation_errors(operation).any(|(_, error)| error.role == ErrorRole::Throttled);
    let times = exchange.throttle_count + 1;
    if is_documented && liveness == Some(Liveness::Alive) {
        let why = "throttled every time, while control requests before and after succeeded".to_owned();
        return Some((Verdict::Diverges, observed.clone(), why));
    }
    if is_documented {
        let why = format!("throttled {times} times in a row");
        return Some((Verdict::Indeterminate, observed.clone(), why));
    }
    let why = "throttled within the configured rate limit, and the operation documents no throttling".to_owned();
    Some((Verdict::Diverges, observed.clone(), why))
}

fn judge_expected_success(
    contract: &Contract,
    operation: &Operation,
    outcome: &CaseOutcome,
    accept: &ExpectedSuccess,
    answer: &HttpResponse,
    observed: ObservedOutcome,
) -> OracleDecision {
    let status = answer.status;
    let success = accept.status.map_or((200..300).contains(&status), |due| due == status);
    if !success {
        let is_named_or_head = |error: &ExpectedError| {
            matches_expected_error(contract, ErrorRole::MissingResource, error, &observed)
                || is_unnamed_head_error(operation, error, &observed)
        };
        if accept.allowed_errors.iter().any(is_named_or_head) {
            let why = "documented error for a resource that may not exist".to_owned();
            return (Verdict::Pass, observed, why);
        }
        if status < 500 && accept.assumption.as_ref().is_some_and(|assumption| !is_assumption_met(outcome, assumption))
        {
            let why = "the resource holds other data that counts towards the limit".to_owned();
            return (Verdict::Indeterminate, observed, why);
        }
        return (Verdict::Diverges, observed, "a valid request did not get the documented success response".to_owned());
    }
    if let Some(error) = &observed.error {
        let why = format!("success status, but the response carries error `{error}`");
        return (Verdict::Diverges, observed, why);
    }
    match conformance::success_mismatch(contract, accept.output.as_ref(), answer) {
        None => (Verdict::Pass, observed, "as documented".to_owned()),
        Some(ResponseMismatch { note, why }) => {
            (Verdict::Diverges, ObservedOutcome { note: Some(note), ..observed }, why)
        }
    }
}

/// Returns true if the data that was stored before and after left the capacity that the case assumes.
fn is_assumption_met(outcome: &CaseOutcome, assumption: &StateAssumption) -> bool {
    assumption.steps.iter().all(|step| {
        let read = outcome.exchanges.get(*step).and_then(Option::as_ref);
        let Some(Ok(answer)) = read.map(|exchange| &exchange.response) else { return true };
        let Ok(document) = wire::parse_json(&answer.body) else { return true };
        let taken = match wire::value_at(&document, &assumption.path) {
            Some(serde_json::Value::Object(stored)) => stored
                .iter()
                .filter(|(key, _)| !assumption.written_keys.contains(key))
                .map(|(key, value)| {
                    key.len() as u64 + collect_texts(value).iter().map(|text| text.len() as u64).sum::<u64>()
                })
                .sum(),
            Some(serde_json::Value::Array(stored)) => stored
                .iter()
                .map(collect_texts)
                .filter(|texts| !texts.iter().any(|text| assumption.written_keys.iter().any(|key| key == text)))
                .map(|texts| texts.iter().map(|text| text.len() as u64).sum::<u64>())
                .sum(),
            _ => 0,
        };
        taken <= assumption.max_other_bytes
    })
}

/// Returns all strings inside a value, in order.
fn collect_texts(value: &serde_json::Value) -> Vec<&str> {
    match value {
        serde_json::Value::String(text) => vec![text],
        serde_json::Value::Array(items) => items.iter().flat_map(collect_texts).collect(),
        serde_json::Value::Object(members) => members.values().flat_map(collect_texts).collect(),
        _ => Vec::new(),
    }
}

/// Describes the expectation in words: `400 InvalidParameterException or InvalidRequestException`.
pub fn describe_expectation(expectation: &Expectation) -> String {
    match expectation {
        Expectation::Accept(accept) => {
            let success = accept.status.map_or_else(|| "success".to_owned(), |status| status.to_string());
            let any = |error: &ExpectedError| error.status.is_none() && error.error.is_none();
            match accept.allowed_errors.as_slice() {
                [] => success,
                or if or.iter().any(any) => format!("{success}, or any refusal (4xx)"),
                or => format!("{success}, or {}", describe_errors(or)),
            }
        }
        Expectation::Reject { errors, .. } => describe_errors(errors),
        Expectation::LawHolds { .. } => "kept".to_owned(),
        Expectation::Unspecified { .. } => "anything but a failure".to_owned(),
    }
}

fn describe_errors(errors: &[ExpectedError]) -> String {
    let mut words = Vec::new();
    let mut last = None;
    for error in errors {
        let status = error.status.map_or_else(|| "4xx".to_owned(), |status| status.to_string());
        match &error.error {
            Some(name) if last == Some(error.status) => words.push(name.to_string()),
            Some(name) => words.push(format!("{status} {name}")),
            None => words.push(status),
        }
        last = Some(error.status);
    }
    words.join(" or ")
}

/// Returns the approximate size of the judged step's input; findings use it to pick their smallest example.
pub(super) fn input_size(case: &Case) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::Text(text) | Value::Template(text) | Value::Raw(text) | Value::Number(text) => text.len(),
            Value::Blob(bytes) => bytes.len(),
            Value::List(items) => 2 + items.iter().map(of).sum::<usize>(),
            Value::Map(members) => 2 + members.iter().map(|(name, value)| name.len() + of(value)).sum::<usize>(),
            Value::Null | Value::Boolean(_) => 4,
        }
    }
    let of_step = |step: &Step| match &step.request {
        StepRequest::Operation { input, .. } => of(input),
        StepRequest::Raw { .. } => 0,
    };
    match case.judged {
        JudgedPart::Step(index) => case.steps.get(index).map_or(0, of_step),
        JudgedPart::Law(_) => case.steps.iter().map(|step| 16 + of_step(step)).sum(),
    }
}
