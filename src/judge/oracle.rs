//! Judges one outcome against the contract.
//!
//! It never compares with accepted behaviour and never looks at other cases.

use super::answer::{self, Flaw};
use super::law::law;
use super::{Judgement, Observed, Verdict};
use crate::contract::{Contract, Operation, Role};
use crate::generate::{
    Accept, Assumption, Case, Damage, Expectation, ExpectedError, Judged, Purpose, Send, Step, Value,
};
use crate::run::{Answer, Exchange, Framing, Liveness, NoAnswer, Outcome};
use crate::scenario::Scenario;
use crate::wire;

/// Judges one outcome against the contract.
pub fn judge(contract: &Contract, scenario: &Scenario, outcome: &Outcome) -> Judgement {
    let (verdict, observed, why) = decide(contract, scenario, outcome);
    Judgement { verdict, observed, why }
}

type Decision = (Verdict, Observed, String);

fn decide(contract: &Contract, scenario: &Scenario, outcome: &Outcome) -> Decision {
    let case = &outcome.case;
    let nothing = Observed::default();
    if let Some(reason) = &case.unsendable {
        return (Verdict::Unsendable, nothing, reason.clone());
    }
    if let Some(failed) = failed_set_up(contract, scenario, outcome) {
        return (Verdict::Indeterminate, nothing, failed);
    }
    let index = match &case.judged {
        Judged::Step(index) => *index,
        Judged::Law(relation) => match law(contract, scenario, outcome, relation) {
            Ok(decision) => return promised(&case.expectation, decision),
            Err(silent) => silent,
        },
    };
    let Some(exchange) = outcome.exchanges.get(index).and_then(Option::as_ref) else {
        let reason = outcome.not_sent.clone().unwrap_or_else(|| "the step was not sent".to_owned());
        return (Verdict::Indeterminate, nothing, reason);
    };
    let answer = match &exchange.answer {
        Ok(answer) => answer,
        Err(reason) => return no_answer(reason, outcome.liveness),
    };
    let Some(operation) = contract.operation(case.operation.as_str()) else {
        return (Verdict::Indeterminate, nothing, format!("the contract has no operation `{}`", case.operation));
    };
    let observed = observe(contract, scenario, answer);
    if let Some(note) = framing(&answer.framing) {
        let why = format!("expected a complete response, but its {note}");
        return (Verdict::Diverges, Observed { note: Some(note), ..observed }, why);
    }
    if let Some(decision) = throttled(contract, operation, exchange, outcome.liveness, &observed) {
        return decision;
    }
    match &case.expectation {
        Expectation::Accept(accept) => accepted(contract, outcome, accept, answer, observed),
        Expectation::Reject { role, errors } => {
            let decision = rejected(contract, operation, *role, errors, answer, observed);
            match decision {
                (Verdict::Pass, observed, _) if case.class == "pair" && is_for_two(contract, *role, errors) => {
                    let why = "the documentation does not say which of the two errors takes precedence".to_owned();
                    (Verdict::Unspecified, observed, why)
                }
                decision => decision,
            }
        }
        Expectation::Keep { .. } => (Verdict::Indeterminate, observed, "the case states no law".to_owned()),
        Expectation::Unspecified { reason } if answer.status >= 500 && !is_unknown_method(case, answer) => (
            Verdict::Diverges,
            observed,
            format!("a request must not make the server fail, even if its meaning is undocumented ({reason})"),
        ),
        Expectation::Unspecified { reason } => (Verdict::Unspecified, observed, reason.clone()),
    }
}

/// Returns true if the server answers a method that no document assigns to it with 501, which is the correct response,
/// see [RFC 9110, 15.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-15.6.2).
fn is_unknown_method(case: &Case, answer: &Answer) -> bool {
    let is_another = |damage: &Damage| matches!(damage, Damage::Method(_));
    let step = case.steps.get(case.judged.shown());
    let damages = |step: &Step| matches!(&step.send, Send::Operation { damage, .. } if damage.iter().any(is_another));
    answer.status == 501 && step.is_some_and(damages)
}

/// Turns pass and divergence into `unspecified` if no document promises the behaviour: it is recorded, but never a
/// finding.
fn promised(expectation: &Expectation, decision: Decision) -> Decision {
    match (expectation, decision) {
        (Expectation::Unspecified { .. }, (Verdict::Pass | Verdict::Diverges, observed, why)) => {
            (Verdict::Unspecified, observed, why)
        }
        (_, decision) => decision,
    }
}

fn failed_set_up(contract: &Contract, scenario: &Scenario, outcome: &Outcome) -> Option<String> {
    let steps = outcome.case.steps.iter().zip(&outcome.exchanges);
    for (step, exchange) in steps.filter(|(step, _)| step.purpose == Purpose::SetUp) {
        match exchange.as_ref().map(|exchange| &exchange.answer) {
            None => return Some(outcome.not_sent.clone().unwrap_or_else(|| "a set-up step was not sent".to_owned())),
            Some(Err(reason)) => return Some(format!("set-up failed: {reason}")),
            Some(Ok(answer)) if answer.status >= 400 => {
                let what = match &step.send {
                    Send::Operation { name, .. } => name.to_string(),
                    Send::Raw { method, target, .. } => format!("{method} {target}"),
                };
                return Some(format!("set-up failed: {what} returned {}", observe(contract, scenario, answer)));
            }
            Some(Ok(_)) => {}
        }
    }
    None
}

fn no_answer(reason: &NoAnswer, liveness: Option<Liveness>) -> Decision {
    let note = match reason {
        NoAnswer::TimedOut(_) => "hang",
        NoAnswer::Dropped => "dropped",
        NoAnswer::NotHttp(_) => "not HTTP",
        NoAnswer::HeadTooLarge(_) => "endless header",
        NoAnswer::Unreachable(_) => "unreachable",
        NoAnswer::Tls(_) => "TLS failed",
    };
    let observed = Observed { note: Some(note.to_owned()), ..Observed::default() };
    let learnt = !matches!(reason, NoAnswer::Unreachable(_) | NoAnswer::Tls(_));
    match liveness {
        Some(Liveness::Killed) => {
            let observed = Observed { note: Some("ends the server".to_owned()), ..Observed::default() };
            let why = "the server crashed, and crashed again when only this case was sent to a fresh server".to_owned();
            (Verdict::Diverges, observed, why)
        }
        Some(Liveness::Among(cases)) => {
            let note = match cases {
                1 => "ends the server".to_owned(),
                _ => format!("one of {cases} cases ends the server, and the search for it was cut short"),
            };
            let why = "the server crashed, and the time limit for finding the responsible case was reached".to_owned();
            (Verdict::Diverges, Observed { note: Some(note), ..Observed::default() }, why)
        }
        Some(Liveness::Alive) if learnt => {
            (Verdict::Diverges, observed, format!("{reason}, twice, while control requests succeed"))
        }
        Some(Liveness::OperationDown) if learnt => {
            let why = format!("{reason}, for control requests too, while other operations respond");
            (Verdict::Diverges, observed, why)
        }
        _ => (Verdict::Indeterminate, observed, reason.to_string()),
    }
}

pub(super) fn observe(contract: &Contract, scenario: &Scenario, answer: &Answer) -> Observed {
    let seen = wire::error_seen(
        contract.protocol,
        answer.status,
        &answer.headers,
        &answer.body,
        scenario.error_code.as_deref(),
    );
    let (error, place) = seen.map_or((None, None), |seen| (Some(seen.code), Some(seen.place)));
    Observed { status: Some(answer.status), error, place, note: None }
}

fn framing(framing: &Framing) -> Option<String> {
    Some(match framing {
        Framing::Complete => return None,
        Framing::Short => "body is shorter than its framing".to_owned(),
        Framing::Trailing => "body is longer than its framing".to_owned(),
        Framing::Undecodable(reason) => format!("body cannot be decoded: {reason}"),
        Framing::CutAtLimit => "body is longer than overstep reads".to_owned(),
        Framing::TimedOut => "body never ends".to_owned(),
    })
}

/// Judges a response that is still throttled after all retries. It is inconclusive, unless the operation does not
/// document throttling, or control requests succeed while this one, which must be rejected for another reason, is
/// always throttled.
fn throttled(
    contract: &Contract,
    operation: &Operation,
    exchange: &Exchange,
    liveness: Option<Liveness>,
    observed: &Observed,
) -> Option<Decision> {
    if observed.status != Some(429) && !observed.error.as_deref().is_some_and(Role::is_throttling) {
        return None;
    }
    let is_documented = contract.errors_of(operation).any(|(_, error)| error.role == Role::Throttled);
    let times = exchange.throttled + 1;
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

fn accepted(contract: &Contract, outcome: &Outcome, accept: &Accept, answer: &Answer, observed: Observed) -> Decision {
    let status = answer.status;
    let success = accept.status.map_or((200..300).contains(&status), |due| due == status);
    if !success {
        if accept.or.iter().any(|error| fits(contract, Role::MissingResource, error, &observed)) {
            let why = "documented error for a resource that may not exist".to_owned();
            return (Verdict::Pass, observed, why);
        }
        if status < 500 && accept.assumes.as_ref().is_some_and(|assumption| !holds(outcome, assumption)) {
            let why = "the resource holds other data that counts towards the limit".to_owned();
            return (Verdict::Indeterminate, observed, why);
        }
        return (Verdict::Diverges, observed, "a valid request did not get the documented success response".to_owned());
    }
    if let Some(error) = &observed.error {
        let why = format!("success status, but the response carries error `{error}`");
        return (Verdict::Diverges, observed, why);
    }
    match answer::success_flaw(contract, accept.output.as_ref(), answer) {
        None => (Verdict::Pass, observed, "as documented".to_owned()),
        Some(Flaw { note, why }) => (Verdict::Diverges, Observed { note: Some(note), ..observed }, why),
    }
}

/// Returns true if the data that was stored before and after left the capacity that the case assumes.
fn holds(outcome: &Outcome, assumption: &Assumption) -> bool {
    assumption.steps.iter().all(|step| {
        let read = outcome.exchanges.get(*step).and_then(Option::as_ref);
        let Some(Ok(answer)) = read.map(|exchange| &exchange.answer) else { return true };
        let Ok(document) = serde_json::from_slice::<serde_json::Value>(&answer.body) else { return true };
        let taken = match wire::value_at(&document, &assumption.path) {
            Some(serde_json::Value::Object(stored)) => stored
                .iter()
                .filter(|(key, _)| !assumption.only.contains(key))
                .map(|(key, value)| key.len() as u64 + texts(value).iter().map(|text| text.len() as u64).sum::<u64>())
                .sum(),
            Some(serde_json::Value::Array(stored)) => stored
                .iter()
                .map(texts)
                .filter(|texts| !texts.iter().any(|text| assumption.only.iter().any(|key| key == text)))
                .map(|texts| texts.iter().map(|text| text.len() as u64).sum::<u64>())
                .sum(),
            _ => 0,
        };
        taken <= assumption.room
    })
}

/// Returns all strings inside a value, in order.
fn texts(value: &serde_json::Value) -> Vec<&str> {
    match value {
        serde_json::Value::String(text) => vec![text],
        serde_json::Value::Array(items) => items.iter().flat_map(texts).collect(),
        serde_json::Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

fn rejected(
    contract: &Contract,
    operation: &Operation,
    role: Role,
    errors: &[ExpectedError],
    answer: &Answer,
    observed: Observed,
) -> Decision {
    // A response to HEAD has no body that could name the error (RFC 9110, 9.3.2).
    let is_head = operation.http.as_ref().is_some_and(|http| http.method == "HEAD");
    let nameless = |error: &&ExpectedError| is_head && observed.error.is_none() && error.error.is_some();
    if errors.iter().filter(nameless).any(|error| has_status(error, &observed)) {
        return (Verdict::Pass, observed, "as documented, as far as a response to HEAD can show".to_owned());
    }
    if errors.iter().any(|error| fits(contract, role, error, &observed)) {
        let named = errors.iter().any(|error| error.error.is_some());
        return match answer::error_flaw(contract, answer, &observed).filter(|_| named) {
            None => (Verdict::Pass, observed, "as documented".to_owned()),
            Some(Flaw { note, why }) => (Verdict::Diverges, Observed { note: Some(note), ..observed }, why),
        };
    }
    let known =
        |name: &str| contract.errors_of(operation).find(|(other, error)| code_of(other.as_str(), error) == name);
    let why = match (answer.status, observed.error.as_deref()) {
        (200..300, _) => "it was accepted".to_owned(),
        (300..400, _) => "it was redirected instead of rejected".to_owned(),
        (500.., _) => "the server failed instead of rejecting the request".to_owned(),
        (_, None) if errors.iter().any(|error| error.error.is_some()) => {
            "rejected without a documented error type".to_owned()
        }
        (_, None) => "rejected with an undocumented status".to_owned(),
        (_, Some(name)) => match known(name) {
            Some((_, error)) if error.role == role => format!("`{name}` is documented with another status"),
            Some((_, error)) => format!("`{name}` is documented, but means {}", error.role),
            None => format!("`{name}` is not documented for this operation"),
        },
    };
    (Verdict::Diverges, observed, why)
}

/// Returns true if the expected errors belong to more than one role.
fn is_for_two(contract: &Contract, role: Role, errors: &[ExpectedError]) -> bool {
    let of_other = |name: &str| {
        let found = contract.errors.iter().find(|(other, error)| code_of(other.as_str(), error) == name);
        found.is_some_and(|(_, error)| error.role != role)
    };
    let is_unnamed = |error: &ExpectedError| error.error.is_none();
    errors.iter().any(|error| error.error.as_ref().is_some_and(|name| of_other(name.as_str())))
        || (errors.iter().any(is_unnamed) && !errors.iter().all(is_unnamed))
}

fn code_of<'a>(name: &'a str, error: &'a crate::contract::ErrorShape) -> &'a str {
    error.code.as_deref().unwrap_or(name)
}

/// Returns true if both names denote the same error: a service that migrated from awsQuery puts the error's name in the
/// body and its former code in a header.
fn is_old_code(contract: &Contract, one: &str, other: &str) -> bool {
    contract.traits.query_compatible
        && contract.errors.iter().any(|(name, error)| {
            let (name, code) = (name.as_str(), code_of(name.as_str(), error));
            (name == one && code == other) || (name == other && code == one)
        })
}

/// Returns true if the observed response is the expected error. If no document names an error, one that is documented
/// for another role does not match.
fn fits(contract: &Contract, role: Role, expected: &ExpectedError, observed: &Observed) -> bool {
    let name_fits = match (&expected.error, &observed.error) {
        (Some(due), Some(name)) => due.as_str() == name || is_old_code(contract, due.as_str(), name),
        (Some(_), None) => false,
        (None, None) => true,
        (None, Some(name)) => {
            let documented = contract.errors.iter().find(|(other, error)| code_of(other.as_str(), error) == name);
            match documented {
                Some((_, error)) => error.role == role || allied(error.role, role),
                None => speaks_of(name, role),
            }
        }
    };
    name_fits && has_status(expected, observed)
}

/// Returns true if the response has the documented status, or any 4xx status if none is documented.
fn has_status(expected: &ExpectedError, observed: &Observed) -> bool {
    observed.status.is_some_and(|status| expected.status.map_or((400..500).contains(&status), |due| due == status))
}

/// Returns true if an undocumented error's name does not clearly mean something other than `role`.
fn speaks_of(name: &str, role: Role) -> bool {
    let told = Role::infer(None, name, "");
    let is_telling = matches!(
        told,
        Role::MissingResource | Role::Unauthenticated | Role::Forbidden | Role::Throttled | Role::ServerFault
    );
    match role {
        // An undocumented name counts as "does not exist" only if it says so explicitly.
        Role::MissingResource => told == role,
        _ => told == role || allied(told, role) || !is_telling,
    }
}

/// Returns true if both roles concern authentication or authorization, which APIs use interchangeably.
fn allied(one: Role, other: Role) -> bool {
    let of_access = |role| matches!(role, Role::Unauthenticated | Role::Forbidden);
    of_access(one) && of_access(other)
}

/// Describes the expectation in words: `400 InvalidParameterException or InvalidRequestException`.
pub fn in_words(expectation: &Expectation) -> String {
    match expectation {
        Expectation::Accept(accept) => {
            let success = accept.status.map_or_else(|| "success".to_owned(), |status| status.to_string());
            let any = |error: &ExpectedError| error.status.is_none() && error.error.is_none();
            match accept.or.as_slice() {
                [] => success,
                or if or.iter().any(any) => format!("{success}, or any refusal (4xx)"),
                or => format!("{success}, or {}", errors_in_words(or)),
            }
        }
        Expectation::Reject { errors, .. } => errors_in_words(errors),
        Expectation::Keep { .. } => "kept".to_owned(),
        Expectation::Unspecified { .. } => "anything but a failure".to_owned(),
    }
}

fn errors_in_words(errors: &[ExpectedError]) -> String {
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
pub(super) fn size(case: &Case) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::Text(text) | Value::Template(text) | Value::Raw(text) | Value::Number(text) => text.len(),
            Value::Blob(bytes) => bytes.len(),
            Value::List(items) => 2 + items.iter().map(of).sum::<usize>(),
            Value::Map(members) => 2 + members.iter().map(|(name, value)| name.len() + of(value)).sum::<usize>(),
            Value::Null | Value::Boolean(_) => 4,
        }
    }
    let of_step = |step: &Step| match &step.send {
        Send::Operation { input, .. } => of(input),
        Send::Raw { .. } => 0,
    };
    match case.judged {
        Judged::Step(index) => case.steps.get(index).map_or(0, of_step),
        Judged::Law(_) => case.steps.iter().map(|step| 16 + of_step(step)).sum(),
    }
}
