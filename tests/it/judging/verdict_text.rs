//! The full text of each judgement: verdict, observation and explanation.

use super::outcome::{self, VERDICTS, accept, error as expected, json as response, silent, step};
use overstep::case::{
    Case, Certainty, Expectation, ExpectedSuccess, Intent, JudgedPart, Law, LawName, Resource, StateAssumption,
    StateEvent, StateKind, StateModel, StateView, Step, StepEvent, StepPurpose, StepRequest, WriteEffect,
};
use overstep::contract::{Contract, ErrorRole, from_json};
use overstep::judge::{Verdict, describe_expectation, judge};
use overstep::run::{BodyFraming, CaseOutcome, HttpResponse, Liveness, TransportError};
use overstep::scenario::Scenario;
use serde_json::{Value as Json, json};
use std::time::Duration;

fn notes_contract() -> Contract {
    from_json(include_str!("../support/notes.contract.json")).expect("a contract")
}

fn step_at(purpose: StepPurpose, turn: u32) -> Step {
    Step { turn, ..step("PutNote", purpose) }
}

fn case(expectation: Expectation, steps: Vec<Step>, judged: JudgedPart) -> Case {
    Case { intent: Intent::Violates, steps, judged, ..outcome::case("PutNote", expectation) }
}

fn error(status: u16, name: &str) -> HttpResponse {
    response(status, &json!({ "code": name, "message": "m" }).to_string())
}

/// Returns an outcome of which every step was throttled twice.
fn outcome(case: Case, responses: Vec<Result<HttpResponse, TransportError>>) -> CaseOutcome {
    let mut outcome = outcome::outcome(case, responses);
    outcome.exchanges.iter_mut().flatten().for_each(|exchange| exchange.throttle_count = 2);
    outcome
}

fn single_outcome(expectation: Expectation, result: Result<HttpResponse, TransportError>) -> CaseOutcome {
    outcome(case(expectation, vec![step_at(StepPurpose::Act, 0)], JudgedPart::Step(0)), vec![result])
}

/// Returns the text of a judgement: `diverges: 200 (it was accepted)`.
fn verdict_text(outcome: &CaseOutcome) -> String {
    let scenario = Scenario { error_code: Some("code".to_owned()), ..Scenario::with_name("s") };
    let judgement = judge(&notes_contract(), &scenario, outcome);
    format!("{}: {} ({})", judgement.verdict, judgement.observed, judgement.why)
}

fn reject(role: ErrorRole, errors: &[(Option<u16>, Option<&str>)]) -> Expectation {
    Expectation::Reject { role, errors: errors.iter().map(|(status, name)| expected(*status, *name)).collect() }
}

fn success() -> ExpectedSuccess {
    accept(Some(200))
}

#[test]
fn text_of_rejections() {
    let invalid = reject(ErrorRole::InvalidInput, &[(Some(400), Some("bad_note"))]);
    let any_error = reject(ErrorRole::InvalidInput, &[(None, None)]);
    let missing = reject(ErrorRole::MissingResource, &[(None, None)]);
    let unauthenticated = reject(ErrorRole::Unauthenticated, &[(None, None)]);
    for (expectation, response, expected_text) in [
        (&invalid, error(400, "bad_note"), "pass: 400 bad_note (as documented)"),
        (&invalid, error(422, "bad_note"), "diverges: 422 bad_note (`bad_note` is documented with another status)"),
        (
            &invalid,
            error(404, "not_found"),
            "diverges: 404 not_found (`not_found` is documented, but means missing-resource)",
        ),
        (&invalid, error(400, "odd"), "diverges: 400 odd (`odd` is not documented for this operation)"),
        (&invalid, response(400, "{}"), "diverges: 400 (rejected without a documented error type)"),
        (&invalid, response(200, "{}"), "diverges: 200 (it was accepted)"),
        (&invalid, response(299, "{}"), "diverges: 299 (it was accepted)"),
        (&invalid, response(302, ""), "diverges: 302 (it was redirected instead of rejected)"),
        (&invalid, response(500, ""), "diverges: 500 (the server failed instead of rejecting the request)"),
        // Without a documented error, any rejection is accepted unless its code has another role.
        (&any_error, response(400, "{}"), "pass: 400 (as documented)"),
        (&any_error, response(499, "{}"), "pass: 499 (as documented)"),
        (&any_error, response(500, "{}"), "diverges: 500 (the server failed instead of rejecting the request)"),
        (&any_error, response(399, "{}"), "diverges: 399 (it was redirected instead of rejected)"),
        (&any_error, error(400, "bad_note"), "pass: 400 bad_note (as documented)"),
        (&any_error, error(400, "odd"), "pass: 400 odd (as documented)"),
        (
            &any_error,
            error(404, "not_found"),
            "diverges: 404 not_found (`not_found` is documented, but means missing-resource)",
        ),
        (
            &any_error,
            error(404, "ResourceNotFoundException"),
            "diverges: 404 ResourceNotFoundException (`ResourceNotFoundException` is not documented for this operation)",
        ),
        (&missing, error(404, "ResourceNotFoundException"), "pass: 404 ResourceNotFoundException (as documented)"),
        (&missing, error(404, "odd"), "diverges: 404 odd (`odd` is not documented for this operation)"),
        // Unauthenticated and forbidden errors are interchangeable.
        (&unauthenticated, error(403, "no_permission"), "pass: 403 no_permission (as documented)"),
        (&unauthenticated, error(403, "AccessDeniedException"), "pass: 403 AccessDeniedException (as documented)"),
        (
            &unauthenticated,
            error(400, "bad_note"),
            "diverges: 400 bad_note (`bad_note` is documented, but means invalid-input)",
        ),
        (&invalid, response(400, "bad_note"), "diverges: 400 (rejected without a documented error type)"),
    ] {
        assert_eq!(verdict_text(&single_outcome(expectation.clone(), Ok(response))), expected_text, "{expectation:?}");
    }
    let status = reject(ErrorRole::InvalidInput, &[(Some(400), None)]);
    assert_eq!(
        verdict_text(&single_outcome(status, Ok(response(422, "{}")))),
        "diverges: 422 (rejected with an undocumented status)"
    );
}

#[test]
fn text_of_two_possible_rejections() {
    let pair = |expectation: Expectation, place: &str, result: HttpResponse| {
        let id = format!("test/PutNote/{place}/a").parse().expect(place);
        let case = Case { id, ..case(expectation, vec![step_at(StepPurpose::Act, 0)], JudgedPart::Step(0)) };
        verdict_text(&outcome(case, vec![Ok(result)]))
    };
    let (invalid, missing) = ((Some(400), Some("bad_note")), (Some(404), Some("not_found")));
    let indeterminate =
        "unspecified: 400 bad_note (the documentation does not say which of the two errors takes precedence)";
    let two = reject(ErrorRole::InvalidInput, &[invalid, missing]);
    assert_eq!(pair(two.clone(), "pair/auth+type", error(400, "bad_note")), indeterminate);
    assert_eq!(pair(two, "title/length", error(400, "bad_note")), "pass: 400 bad_note (as documented)");
    let same = reject(ErrorRole::InvalidInput, &[invalid, invalid]);
    assert_eq!(pair(same, "pair/auth+type", error(400, "bad_note")), "pass: 400 bad_note (as documented)");
    let unnamed = reject(ErrorRole::InvalidInput, &[invalid, (None, None)]);
    assert_eq!(pair(unnamed.clone(), "pair/auth+type", error(400, "bad_note")), indeterminate);
    assert_eq!(pair(unnamed, "pair/auth+type", response(200, "{}")), "diverges: 200 (it was accepted)");
    let none_named = reject(ErrorRole::InvalidInput, &[(None, None), (None, None)]);
    assert_eq!(pair(none_named, "pair/auth+type", error(400, "bad_note")), "pass: 400 bad_note (as documented)");
}

#[test]
fn text_of_successes() {
    let expected_text = Expectation::Accept(success());
    let any_error = Expectation::Accept(ExpectedSuccess { status: None, ..success() });
    let or = Expectation::Accept(ExpectedSuccess {
        allowed_errors: vec![expected(Some(404), Some("not_found"))],
        ..success()
    });
    let rejected = "a valid request did not get the documented success response";
    for (expectation, response, expected_text) in [
        (&expected_text, response(200, "{}"), "pass: 200 (as documented)".to_owned()),
        (&expected_text, response(201, "{}"), format!("diverges: 201 ({rejected})")),
        (&any_error, response(200, "{}"), "pass: 200 (as documented)".to_owned()),
        (&any_error, response(299, "{}"), "pass: 299 (as documented)".to_owned()),
        (&any_error, response(300, "{}"), format!("diverges: 300 ({rejected})")),
        (&any_error, response(199, "{}"), format!("diverges: 199 ({rejected})")),
        (&expected_text, error(404, "not_found"), format!("diverges: 404 not_found ({rejected})")),
        (
            &or,
            error(404, "not_found"),
            "pass: 404 not_found (documented error for a resource that may not exist)".to_owned(),
        ),
        (&or, error(400, "bad_note"), format!("diverges: 400 bad_note ({rejected})")),
        (&expected_text, response(500, ""), format!("diverges: 500 ({rejected})")),
    ] {
        assert_eq!(verdict_text(&single_outcome(expectation.clone(), Ok(response))), expected_text, "{expectation:?}");
    }
}

#[test]
fn a_rejection_is_indeterminate_if_others_used_the_space() {
    let judged = |status: u16, path: &str, max_other_bytes: u64, stored: &Json| {
        let assumption = StateAssumption {
            steps: vec![0, 2],
            path: path.to_owned(),
            written_keys: vec!["mine".to_owned()],
            max_other_bytes,
        };
        let accept = ExpectedSuccess { assumption: Some(assumption), ..success() };
        let steps =
            vec![step_at(StepPurpose::SetUp, 0), step_at(StepPurpose::Act, 1), step_at(StepPurpose::ReadBack, 2)];
        let read = || Ok(response(200, &stored.to_string()));
        let case = case(Expectation::Accept(accept), steps, JudgedPart::Step(1));
        let text = verdict_text(&outcome(case, vec![read(), Ok(response(status, "{}")), read()]));
        text.split(':').next().unwrap_or_default().to_owned()
    };
    // The entry `mine` does not count; of all others, names and nested texts count.
    let map = json!({ "d": { "mine": "0123456789", "ab": "cde", "f": { "g": ["hi", "j"], "k": 1 } } });
    let list = json!({ "d": [{ "key": "mine", "value": "0123456789" }, { "key": "ab", "value": "cde" }, "f"] });
    for (stored, bytes) in [(&map, 9), (&list, 6)] {
        assert_eq!(judged(400, "d", bytes, stored), "diverges", "{stored}");
        assert_eq!(judged(400, "d", bytes - 1, stored), "indeterminate", "{stored}");
        assert_eq!(judged(499, "d", bytes - 1, stored), "indeterminate", "{stored}");
        assert_eq!(judged(500, "d", bytes - 1, stored), "diverges", "{stored}");
        assert_eq!(judged(400, "other", 0, stored), "diverges", "no state is stored at this path");
    }
}

#[test]
fn text_of_missing_responses() {
    let reasons = [
        (TransportError::TimedOut(Duration::from_secs(2)), "hang", true),
        (TransportError::Dropped, "dropped", true),
        (TransportError::NotHttp("x".to_owned()), "not HTTP", true),
        (TransportError::HeadTooLarge(9), "endless header", true),
        (TransportError::Unreachable("x".to_owned()), "unreachable", false),
        (TransportError::Tls("x".to_owned()), "TLS failed", false),
    ];
    for (reason, note, conclusive) in reasons {
        for (liveness, diverges, expected_words) in [
            (None, false, reason.to_string()),
            (Some(Liveness::Down), false, reason.to_string()),
            (
                Some(Liveness::Alive),
                conclusive,
                format!("{reason}, twice, the second time with no other request, while control requests succeed"),
            ),
            (
                Some(Liveness::OperationDown),
                conclusive,
                format!("{reason}, for control requests too, while other operations respond"),
            ),
        ] {
            let outcome = CaseOutcome { liveness, ..single_outcome(silent(), Err(reason.clone())) };
            let expected_text = match diverges {
                true => format!("diverges: {note} ({expected_words})"),
                false => format!("indeterminate: {note} ({reason})"),
            };
            assert_eq!(verdict_text(&outcome), expected_text);
        }
        let crashed = CaseOutcome { liveness: Some(Liveness::CrashConfirmed), ..single_outcome(silent(), Err(reason)) };
        let blocked = CaseOutcome { liveness: Some(Liveness::BlockConfirmed), ..crashed.clone() };
        let text = verdict_text(&blocked);
        assert!(text.starts_with("diverges: blocks the server (the server responded to nothing any more"), "{text}");
        assert!(
            verdict_text(&crashed).starts_with("diverges: ends the server (the server crashed"),
            "{}",
            verdict_text(&crashed)
        );
        let seven = "one of 7 cases ends or blocks the server, and the search for it was cut short";
        for (cases, expected_words) in [(1, "ends or blocks the server"), (7, seven)] {
            let suspected = CaseOutcome { liveness: Some(Liveness::CrashSuspected(cases)), ..crashed.clone() };
            let why = "the server stopped responding, and the time limit for finding the responsible case was reached";
            assert_eq!(verdict_text(&suspected), format!("diverges: {expected_words} ({why})"));
        }
    }
}

#[test]
fn text_of_wrong_body_framing() {
    for (framing, note) in [
        (BodyFraming::Short, "body is shorter than its framing"),
        (BodyFraming::Trailing, "body is longer than its framing"),
        (BodyFraming::Undecodable("no gzip".to_owned()), "body cannot be decoded: no gzip"),
        (BodyFraming::Truncated, "body is longer than overstep reads"),
        (BodyFraming::TimedOut, "body never ends"),
    ] {
        let incomplete = single_outcome(silent(), Ok(HttpResponse { framing, ..response(200, "{}") }));
        assert_eq!(
            verdict_text(&incomplete),
            format!("diverges: 200, {note} (expected a complete response, but its {note})")
        );
    }
}

#[test]
fn text_of_undocumented_behavior() {
    assert_eq!(verdict_text(&single_outcome(silent(), Ok(response(499, "{}")))), "unspecified: 499 (silent)");
    let failed = "(a request must not make the server fail, even if its meaning is undocumented (silent))";
    assert_eq!(verdict_text(&single_outcome(silent(), Ok(response(500, "{}")))), format!("diverges: 500 {failed}"));
    assert_eq!(verdict_text(&single_outcome(silent(), Ok(response(501, "{}")))), format!("diverges: 501 {failed}"));
    // 501 is the correct response to an unknown method.
    let method = |status: u16| {
        let mut outcome = single_outcome(silent(), Ok(response(status, "{}")));
        let mut changed = (*outcome.case).clone();
        if let StepRequest::Operation { damage, .. } = &mut changed.steps[0].request {
            damage.push(overstep::case::Damage::Method("BREW".to_owned()));
        }
        outcome.case = changed.into();
        verdict_text(&outcome)
    };
    assert_eq!(method(501), "unspecified: 501 (silent)");
    assert_eq!(method(500), format!("diverges: 500 {failed}"));
    let law_holds = single_outcome(Expectation::LawHolds { law: LawName::Merges }, Ok(response(200, "{}")));
    assert_eq!(verdict_text(&law_holds), "indeterminate: 200 (the case states no law)");
}

#[test]
fn text_of_throttling() {
    let invalid = reject(ErrorRole::InvalidInput, &[(Some(400), Some("bad_note"))]);
    let throttled = |name: &str, status: u16, code: &str, liveness: Option<Liveness>| {
        let mut outcome = single_outcome(invalid.clone(), Ok(error(status, code)));
        let mut case = (*outcome.case).clone();
        case.operation = name.into();
        (outcome.case, outcome.liveness) = (case.into(), liveness);
        verdict_text(&outcome)
    };
    assert_eq!(throttled("PutNote", 429, "busy", None), "indeterminate: 429 busy (throttled 3 times in a row)");
    assert_eq!(
        throttled("PutNote", 429, "busy", Some(Liveness::Down)),
        "indeterminate: 429 busy (throttled 3 times in a row)"
    );
    assert!(
        throttled("PutNote", 429, "busy", Some(Liveness::Alive)).starts_with("diverges: 429 busy (throttled every")
    );
    assert!(throttled("PutNote", 400, "ThrottlingException", None).starts_with("indeterminate: 400 Throttling"));
    assert!(
        throttled("DropNote", 429, "busy", None)
            .ends_with("(throttled within the configured rate limit, and the operation documents no throttling)")
    );
    assert_eq!(throttled("PutNote", 400, "bad_note", None), "pass: 400 bad_note (as documented)");
}

#[test]
fn text_of_failed_setup() {
    let judged = |responses: Vec<Result<HttpResponse, TransportError>>, purpose: StepPurpose| {
        let steps = vec![step_at(purpose, 0), step_at(StepPurpose::Act, 1)];
        outcome(case(Expectation::Accept(success()), steps, JudgedPart::Step(1)), responses)
    };
    let fine = || Ok(response(200, "{}"));
    let text_after_setup = |result, purpose| verdict_text(&judged(vec![result, fine()], purpose));
    assert_eq!(text_after_setup(fine(), StepPurpose::SetUp), "pass: 200 (as documented)");
    assert_eq!(text_after_setup(Ok(response(399, "{}")), StepPurpose::SetUp), "pass: 200 (as documented)");
    assert_eq!(
        text_after_setup(Ok(error(400, "bad_note")), StepPurpose::SetUp),
        "indeterminate: no answer (set-up failed: PutNote returned 400 bad_note)"
    );
    assert_eq!(text_after_setup(Ok(error(400, "bad_note")), StepPurpose::Act), "pass: 200 (as documented)");
    assert_eq!(
        text_after_setup(Err(TransportError::Dropped), StepPurpose::SetUp),
        "indeterminate: no answer (set-up failed: connection closed without a response)"
    );
    let mut unsent = judged(vec![fine(), fine()], StepPurpose::SetUp);
    unsent.exchanges = vec![Some(outcome::exchange(fine())), None];
    assert_eq!(verdict_text(&unsent), "indeterminate: no answer (the step was not sent)");
    unsent.exchanges = vec![None, None];
    assert_eq!(verdict_text(&unsent), "indeterminate: no answer (a set-up step was not sent)");
    unsent.not_sent = Some("a placeholder".to_owned());
    assert_eq!(verdict_text(&unsent), "indeterminate: no answer (a placeholder)");
}

/// Judges a law with a write, accepted or rejected, between two reads of a map.
fn judge_law(reads: [&Json; 2], write: HttpResponse, certain: bool, expectation: Expectation) -> String {
    let view = StateView { place: "tags".to_owned(), ..StateView::default() };
    let event = |step, what| StepEvent { step, resource: Resource::FIRST, event: what };
    let effect = WriteEffect::Put(vec![("k".to_owned(), json!("v"))]);
    let events = vec![
        event(0, StateEvent::Read(view.clone())),
        event(1, StateEvent::Write { effect, certainty: Certainty::certain_if(certain) }),
        event(2, StateEvent::Read(view)),
    ];
    let model = StateModel { kind: StateKind::Map, merges: true, deduplicates: false, ordered: false };
    let steps = (0..3).map(|turn| step_at(StepPurpose::Act, turn)).collect();
    let judged = JudgedPart::Law(Box::new(Law::State { model, events }));
    let read = |tags: &Json| Ok(response(200, &json!({ "tags": tags }).to_string()));
    verdict_text(&outcome(case(expectation, steps, judged), vec![read(reads[0]), Ok(write), read(reads[1])]))
}

#[test]
fn text_of_laws() {
    let law_holds = || Expectation::LawHolds { law: LawName::Merges };
    let (old, new) = (json!({ "o": "1" }), json!({ "o": "1", "k": "v" }));
    let fine = || response(200, "{}");
    assert_eq!(judge_law([&old, &new], fine(), true, law_holds()), "pass: kept (the law holds)");
    assert!(
        judge_law([&old, &old], fine(), true, law_holds()).starts_with("diverges: what was written is not there (")
    );
    assert!(
        judge_law([&old, &old], fine(), true, silent()).starts_with("unspecified: what was written is not there (")
    );
    // A rejected write diverges only if no other state can be the reason.
    let rejected = |write: HttpResponse, certain, before: &Json| judge_law([before, &new], write, certain, law_holds());
    let nothing = json!({});
    let expected_text =
        "diverges: a write is answered with 400 bad_note (step 2 is a valid request, but got 400 bad_note)";
    assert_eq!(rejected(error(400, "bad_note"), true, &nothing), expected_text);
    let indeterminate = |name: &str| format!("indeterminate: not learnt (a write that the law needs got {name})");
    assert_eq!(rejected(error(400, "bad_note"), false, &nothing), indeterminate("400 bad_note"));
    assert_eq!(rejected(error(400, "bad_note"), true, &old), indeterminate("400 bad_note"));
    assert_eq!(rejected(error(429, "odd"), true, &nothing), indeterminate("429 odd"));
    assert_eq!(rejected(error(400, "busy"), true, &nothing), indeterminate("400 busy"));
    assert!(rejected(response(500, "{}"), false, &old).starts_with("diverges: a write is answered with 500 ("));
}

#[test]
fn text_of_expectations() {
    let accept = |status, or| Expectation::Accept(ExpectedSuccess { status, allowed_errors: or, ..success() });
    let (invalid, missing, odd) = ((Some(400), Some("a")), (Some(400), Some("b")), (Some(404), Some("c")));
    for (expectation, expected_text) in [
        (accept(Some(204), Vec::new()), "204"),
        (accept(None, Vec::new()), "success"),
        (accept(None, vec![expected(Some(404), Some("gone"))]), "success, or 404 gone"),
        (accept(None, vec![expected(None, Some("gone"))]), "success, or 4xx gone"),
        (accept(None, vec![expected(Some(404), None)]), "success, or 404"),
        (accept(None, vec![expected(Some(404), Some("gone")), expected(None, None)]), "success, or any refusal (4xx)"),
        (reject(ErrorRole::InvalidInput, &[invalid, missing, odd]), "400 a or b or 404 c"),
        (reject(ErrorRole::InvalidInput, &[(None, None)]), "4xx"),
        (Expectation::LawHolds { law: LawName::Merges }, "kept"),
        (silent(), "anything but a failure"),
    ] {
        assert_eq!(describe_expectation(&expectation), expected_text);
    }
}

#[test]
fn names_of_verdicts() {
    let names = ["pass", "diverges", "unspecified", "not-implemented", "flaky", "indeterminate", "unsendable"];
    // The serialized names.
    assert_eq!(VERDICTS.map(|verdict| json!(verdict)), names.map(|name| json!(name)));
    assert_eq!(VERDICTS.map(Verdict::name), names);
}
