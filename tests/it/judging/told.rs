//! What is told of each answer, word by word: verdict, what was observed, and why.

use super::outcome::{self, VERDICTS, accept, error as expected, json as answer, silent, step};
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

fn notes() -> Contract {
    from_json(include_str!("../support/notes.contract.json")).expect("a contract")
}

fn at(purpose: StepPurpose, turn: u32) -> Step {
    Step { turn, ..step("PutNote", purpose) }
}

fn case(expectation: Expectation, steps: Vec<Step>, judged: JudgedPart) -> Case {
    Case { intent: Intent::Violates, steps, judged, ..outcome::case("PutNote", expectation) }
}

fn error(status: u16, name: &str) -> HttpResponse {
    answer(status, &json!({ "code": name, "message": "m" }).to_string())
}

/// An outcome of which every step was throttled twice before.
fn outcome(case: Case, answers: Vec<Result<HttpResponse, TransportError>>) -> CaseOutcome {
    let mut outcome = outcome::outcome(case, answers);
    outcome.exchanges.iter_mut().flatten().for_each(|exchange| exchange.throttle_count = 2);
    outcome
}

fn one(expectation: Expectation, answered: Result<HttpResponse, TransportError>) -> CaseOutcome {
    outcome(case(expectation, vec![at(StepPurpose::Act, 0)], JudgedPart::Step(0)), vec![answered])
}

/// `diverges: 200 (it was accepted)`.
fn told(outcome: &CaseOutcome) -> String {
    let scenario = Scenario { error_code: Some("code".to_owned()), ..Scenario::with_name("s") };
    let judgement = judge(&notes(), &scenario, outcome);
    format!("{}: {} ({})", judgement.verdict, judgement.observed, judgement.why)
}

fn reject(role: ErrorRole, errors: &[(Option<u16>, Option<&str>)]) -> Expectation {
    Expectation::Reject { role, errors: errors.iter().map(|(status, name)| expected(*status, *name)).collect() }
}

fn success() -> ExpectedSuccess {
    accept(Some(200))
}

#[test]
fn a_refusal_has_to_be_the_documented_one() {
    let bad = reject(ErrorRole::InvalidInput, &[(Some(400), Some("bad_note"))]);
    let any = reject(ErrorRole::InvalidInput, &[(None, None)]);
    let gone = reject(ErrorRole::MissingResource, &[(None, None)]);
    let barred = reject(ErrorRole::Unauthenticated, &[(None, None)]);
    for (expectation, answer, due) in [
        (&bad, error(400, "bad_note"), "pass: 400 bad_note (as documented)"),
        (&bad, error(422, "bad_note"), "diverges: 422 bad_note (`bad_note` is documented with another status)"),
        (
            &bad,
            error(404, "not_found"),
            "diverges: 404 not_found (`not_found` is documented, but means missing-resource)",
        ),
        (&bad, error(400, "odd"), "diverges: 400 odd (`odd` is not documented for this operation)"),
        (&bad, answer(400, "{}"), "diverges: 400 (refused without a documented error type)"),
        (&bad, answer(200, "{}"), "diverges: 200 (it was accepted)"),
        (&bad, answer(299, "{}"), "diverges: 299 (it was accepted)"),
        (&bad, answer(302, ""), "diverges: 302 (it was redirected, not refused)"),
        (&bad, answer(500, ""), "diverges: 500 (the server failed instead of refusing)"),
        // Where no document names an error, any refusal will do that does not say that it means something else.
        (&any, answer(400, "{}"), "pass: 400 (as documented)"),
        (&any, answer(499, "{}"), "pass: 499 (as documented)"),
        (&any, answer(500, "{}"), "diverges: 500 (the server failed instead of refusing)"),
        (&any, answer(399, "{}"), "diverges: 399 (it was redirected, not refused)"),
        (&any, error(400, "bad_note"), "pass: 400 bad_note (as documented)"),
        (&any, error(400, "odd"), "pass: 400 odd (as documented)"),
        (
            &any,
            error(404, "not_found"),
            "diverges: 404 not_found (`not_found` is documented, but means missing-resource)",
        ),
        (
            &any,
            error(404, "ResourceNotFoundException"),
            "diverges: 404 ResourceNotFoundException (`ResourceNotFoundException` is not documented for this operation)",
        ),
        (&gone, error(404, "ResourceNotFoundException"), "pass: 404 ResourceNotFoundException (as documented)"),
        (&gone, error(404, "odd"), "diverges: 404 odd (`odd` is not documented for this operation)"),
        // Proof of identity and permission: either error for either reason.
        (&barred, error(403, "no_permission"), "pass: 403 no_permission (as documented)"),
        (&barred, error(403, "AccessDeniedException"), "pass: 403 AccessDeniedException (as documented)"),
        (&barred, error(400, "bad_note"), "diverges: 400 bad_note (`bad_note` is documented, but means invalid-input)"),
        (&bad, answer(400, "bad_note"), "diverges: 400 (refused without a documented error type)"),
    ] {
        assert_eq!(told(&one(expectation.clone(), Ok(answer))), due, "{expectation:?}");
    }
    let status = reject(ErrorRole::InvalidInput, &[(Some(400), None)]);
    assert_eq!(told(&one(status, Ok(answer(422, "{}")))), "diverges: 422 (refused with another status)");
}

#[test]
fn which_of_two_refusals_comes_first_is_nobodys_fault() {
    let pair = |expectation: Expectation, place: &str, answered: HttpResponse| {
        let id = format!("test/PutNote/{place}/a").parse().expect(place);
        let case = Case { id, ..case(expectation, vec![at(StepPurpose::Act, 0)], JudgedPart::Step(0)) };
        told(&outcome(case, vec![Ok(answered)]))
    };
    let (bad, gone) = ((Some(400), Some("bad_note")), (Some(404), Some("not_found")));
    let open = "unspecified: 400 bad_note (which of two refusals comes first is not documented)";
    let two = reject(ErrorRole::InvalidInput, &[bad, gone]);
    assert_eq!(pair(two.clone(), "pair/auth+type", error(400, "bad_note")), open);
    assert_eq!(pair(two, "title/length", error(400, "bad_note")), "pass: 400 bad_note (as documented)");
    let same = reject(ErrorRole::InvalidInput, &[bad, bad]);
    assert_eq!(pair(same, "pair/auth+type", error(400, "bad_note")), "pass: 400 bad_note (as documented)");
    let unnamed = reject(ErrorRole::InvalidInput, &[bad, (None, None)]);
    assert_eq!(pair(unnamed.clone(), "pair/auth+type", error(400, "bad_note")), open);
    assert_eq!(pair(unnamed, "pair/auth+type", answer(200, "{}")), "diverges: 200 (it was accepted)");
    let none_named = reject(ErrorRole::InvalidInput, &[(None, None), (None, None)]);
    assert_eq!(pair(none_named, "pair/auth+type", error(400, "bad_note")), "pass: 400 bad_note (as documented)");
}

#[test]
fn a_success_has_to_be_the_documented_one() {
    let due = Expectation::Accept(success());
    let any = Expectation::Accept(ExpectedSuccess { status: None, ..success() });
    let or = Expectation::Accept(ExpectedSuccess {
        allowed_errors: vec![expected(Some(404), Some("not_found"))],
        ..success()
    });
    let refused = "a valid request was not answered with the documented success";
    for (expectation, answer, due) in [
        (&due, answer(200, "{}"), "pass: 200 (as documented)".to_owned()),
        (&due, answer(201, "{}"), format!("diverges: 201 ({refused})")),
        (&any, answer(200, "{}"), "pass: 200 (as documented)".to_owned()),
        (&any, answer(299, "{}"), "pass: 299 (as documented)".to_owned()),
        (&any, answer(300, "{}"), format!("diverges: 300 ({refused})")),
        (&any, answer(199, "{}"), format!("diverges: 199 ({refused})")),
        (&due, error(404, "not_found"), format!("diverges: 404 not_found ({refused})")),
        (
            &or,
            error(404, "not_found"),
            "pass: 404 not_found (the document names this error for a resource that may not exist)".to_owned(),
        ),
        (&or, error(400, "bad_note"), format!("diverges: 400 bad_note ({refused})")),
        (&due, answer(500, ""), format!("diverges: 500 ({refused})")),
    ] {
        assert_eq!(told(&one(expectation.clone(), Ok(answer))), due, "{expectation:?}");
    }
}

#[test]
fn a_refusal_teaches_nothing_where_others_took_the_room() {
    let judged = |status: u16, path: &str, room: u64, stored: &Json| {
        let assumption = StateAssumption {
            steps: vec![0, 2],
            path: path.to_owned(),
            written_keys: vec!["mine".to_owned()],
            max_other_bytes: room,
        };
        let accept = ExpectedSuccess { assumption: Some(assumption), ..success() };
        let steps = vec![at(StepPurpose::SetUp, 0), at(StepPurpose::Act, 1), at(StepPurpose::ReadBack, 2)];
        let read = || Ok(answer(200, &stored.to_string()));
        let case = case(Expectation::Accept(accept), steps, JudgedPart::Step(1));
        let told = told(&outcome(case, vec![read(), Ok(answer(status, "{}")), read()]));
        told.split(':').next().unwrap_or_default().to_owned()
    };
    // Of `mine` nothing counts; of the rest, names and all texts inside.
    let map = json!({ "d": { "mine": "0123456789", "ab": "cde", "f": { "g": ["hi", "j"], "k": 1 } } });
    let list = json!({ "d": [{ "key": "mine", "value": "0123456789" }, { "key": "ab", "value": "cde" }, "f"] });
    for (stored, bytes) in [(&map, 9), (&list, 6)] {
        assert_eq!(judged(400, "d", bytes, stored), "diverges", "{stored}");
        assert_eq!(judged(400, "d", bytes - 1, stored), "indeterminate", "{stored}");
        assert_eq!(judged(499, "d", bytes - 1, stored), "indeterminate", "{stored}");
        assert_eq!(judged(500, "d", bytes - 1, stored), "diverges", "{stored}");
        assert_eq!(judged(400, "other", 0, stored), "diverges", "nothing is stored there");
    }
}

#[test]
fn no_answer_is_held_against_a_server_that_answers_others() {
    let reasons = [
        (TransportError::TimedOut(Duration::from_secs(2)), "hang", true),
        (TransportError::Dropped, "dropped", true),
        (TransportError::NotHttp("x".to_owned()), "not HTTP", true),
        (TransportError::HeadTooLarge(9), "endless header", true),
        (TransportError::Unreachable("x".to_owned()), "unreachable", false),
        (TransportError::Tls("x".to_owned()), "TLS failed", false),
    ];
    for (reason, note, learnt) in reasons {
        for (liveness, diverges, words) in [
            (None, false, reason.to_string()),
            (Some(Liveness::Down), false, reason.to_string()),
            (Some(Liveness::Alive), learnt, format!("{reason}, twice, while plain valid requests are answered")),
            (
                Some(Liveness::OperationDown),
                learnt,
                format!("{reason}, to plain valid requests too, while other operations are answered"),
            ),
        ] {
            let outcome = CaseOutcome { liveness, ..one(silent(), Err(reason.clone())) };
            let due = match diverges {
                true => format!("diverges: {note} ({words})"),
                false => format!("indeterminate: {note} ({reason})"),
            };
            assert_eq!(told(&outcome), due);
        }
        let killed = CaseOutcome { liveness: Some(Liveness::CrashConfirmed), ..one(silent(), Err(reason)) };
        assert!(told(&killed).starts_with("diverges: ends the server (the server ended"), "{}", told(&killed));
        let seven = "one of 7 cases ends the server, and the search for it was cut short";
        for (cases, words) in [(1, "ends the server"), (7, seven)] {
            let among = CaseOutcome { liveness: Some(Liveness::CrashSuspected(cases)), ..killed.clone() };
            let why = "the server ended, and the time for finding the case that does it was over";
            assert_eq!(told(&among), format!("diverges: {words} ({why})"));
        }
    }
}

#[test]
fn an_answer_has_to_end_as_it_announced() {
    for (framing, note) in [
        (BodyFraming::Short, "body is shorter than its framing"),
        (BodyFraming::Trailing, "body is longer than its framing"),
        (BodyFraming::Undecodable("no gzip".to_owned()), "body cannot be decoded: no gzip"),
        (BodyFraming::Truncated, "body is longer than overstep reads"),
        (BodyFraming::TimedOut, "body never ends"),
    ] {
        let cut = one(silent(), Ok(HttpResponse { framing, ..answer(200, "{}") }));
        assert_eq!(told(&cut), format!("diverges: 200, {note} (a complete answer was due, and its {note})"));
    }
}

#[test]
fn what_no_document_says_is_recorded_unless_the_server_fails() {
    assert_eq!(told(&one(silent(), Ok(answer(499, "{}")))), "unspecified: 499 (silent)");
    let failed = "(whatever it means (silent), a request must not make the server fail)";
    assert_eq!(told(&one(silent(), Ok(answer(500, "{}")))), format!("diverges: 500 {failed}"));
    assert_eq!(told(&one(silent(), Ok(answer(501, "{}")))), format!("diverges: 501 {failed}"));
    // 501 is the proper answer to a method that no document gives the server.
    let method = |status: u16| {
        let mut one = one(silent(), Ok(answer(status, "{}")));
        let mut changed = (*one.case).clone();
        if let StepRequest::Operation { damage, .. } = &mut changed.steps[0].request {
            damage.push(overstep::case::Damage::Method("BREW".to_owned()));
        }
        one.case = changed.into();
        told(&one)
    };
    assert_eq!(method(501), "unspecified: 501 (silent)");
    assert_eq!(method(500), format!("diverges: 500 {failed}"));
    let keep = one(Expectation::LawHolds { law: LawName::Merges }, Ok(answer(200, "{}")));
    assert_eq!(told(&keep), "indeterminate: 200 (no relation is stated)");
}

#[test]
fn throttling_teaches_nothing_where_it_is_documented() {
    let bad = reject(ErrorRole::InvalidInput, &[(Some(400), Some("bad_note"))]);
    let throttled = |name: &str, status: u16, code: &str, liveness: Option<Liveness>| {
        let mut one = one(bad.clone(), Ok(error(status, code)));
        let mut case = (*one.case).clone();
        case.operation = name.into();
        (one.case, one.liveness) = (case.into(), liveness);
        told(&one)
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
    assert!(throttled("DropNote", 429, "busy", None).ends_with(
        "(throttled inside our own rate limit, and the \
             operation documents no throttling)"
    ));
    assert_eq!(throttled("PutNote", 400, "bad_note", None), "pass: 400 bad_note (as documented)");
}

#[test]
fn what_was_not_set_up_is_not_judged() {
    let judged = |answers: Vec<Result<HttpResponse, TransportError>>, purpose: StepPurpose| {
        let steps = vec![at(purpose, 0), at(StepPurpose::Act, 1)];
        outcome(case(Expectation::Accept(success()), steps, JudgedPart::Step(1)), answers)
    };
    let fine = || Ok(answer(200, "{}"));
    let told_of = |answered, purpose| told(&judged(vec![answered, fine()], purpose));
    assert_eq!(told_of(fine(), StepPurpose::SetUp), "pass: 200 (as documented)");
    assert_eq!(told_of(Ok(answer(399, "{}")), StepPurpose::SetUp), "pass: 200 (as documented)");
    assert_eq!(
        told_of(Ok(error(400, "bad_note")), StepPurpose::SetUp),
        "indeterminate: no answer (set-up failed: PutNote answered 400 bad_note)"
    );
    assert_eq!(told_of(Ok(error(400, "bad_note")), StepPurpose::Act), "pass: 200 (as documented)");
    assert_eq!(
        told_of(Err(TransportError::Dropped), StepPurpose::SetUp),
        "indeterminate: no answer (set-up failed: connection closed without an answer)"
    );
    let mut unsent = judged(vec![fine(), fine()], StepPurpose::SetUp);
    unsent.exchanges = vec![Some(outcome::exchange(fine())), None];
    assert_eq!(told(&unsent), "indeterminate: no answer (the step was not sent)");
    unsent.exchanges = vec![None, None];
    assert_eq!(told(&unsent), "indeterminate: no answer (a set-up step was not sent)");
    unsent.not_sent = Some("a hole".to_owned());
    assert_eq!(told(&unsent), "indeterminate: no answer (a hole)");
}

/// A write, refused or accepted, between two looks at a map.
fn law(looks: [&Json; 2], write: HttpResponse, certain: bool, expectation: Expectation) -> String {
    let view = StateView { place: "tags".to_owned(), ..StateView::default() };
    let event = |step, what| StepEvent { step, resource: Resource::FIRST, event: what };
    let effect = WriteEffect::Put(vec![("k".to_owned(), json!("v"))]);
    let events = vec![
        event(0, StateEvent::Read(view.clone())),
        event(1, StateEvent::Write { effect, certainty: Certainty::certain_if(certain) }),
        event(2, StateEvent::Read(view)),
    ];
    let model = StateModel { kind: StateKind::Map, merges: true, deduplicates: false, ordered: false };
    let steps = (0..3).map(|turn| at(StepPurpose::Act, turn)).collect();
    let judged = JudgedPart::Law(Box::new(Law::State { model, events }));
    let look = |tags: &Json| Ok(answer(200, &json!({ "tags": tags }).to_string()));
    told(&outcome(case(expectation, steps, judged), vec![look(looks[0]), Ok(write), look(looks[1])]))
}

#[test]
fn a_law_is_judged_by_what_was_accepted() {
    let keep = || Expectation::LawHolds { law: LawName::Merges };
    let (old, new) = (json!({ "o": "1" }), json!({ "o": "1", "k": "v" }));
    let fine = || answer(200, "{}");
    assert_eq!(law([&old, &new], fine(), true, keep()), "pass: kept (the law is kept)");
    assert!(law([&old, &old], fine(), true, keep()).starts_with("diverges: what was written is not there ("));
    assert!(law([&old, &old], fine(), true, silent()).starts_with("unspecified: what was written is not there ("));
    // A refusal of a write is held against the server only where nothing else may be in the way.
    let refused = |write: HttpResponse, certain, before: &Json| law([before, &new], write, certain, keep());
    let nothing = json!({});
    let due = "diverges: a write is answered with 400 bad_note (step 2 is a valid request, and was answered with 400 \
               bad_note)";
    assert_eq!(refused(error(400, "bad_note"), true, &nothing), due);
    let open = |name: &str| format!("indeterminate: not learnt (a write that the law needs was answered with {name})");
    assert_eq!(refused(error(400, "bad_note"), false, &nothing), open("400 bad_note"));
    assert_eq!(refused(error(400, "bad_note"), true, &old), open("400 bad_note"));
    assert_eq!(refused(error(429, "odd"), true, &nothing), open("429 odd"));
    assert_eq!(refused(error(400, "busy"), true, &nothing), open("400 busy"));
    assert!(refused(answer(500, "{}"), false, &old).starts_with("diverges: a write is answered with 500 ("));
}

#[test]
fn expectations_are_told_in_words() {
    let accept = |status, or| Expectation::Accept(ExpectedSuccess { status, allowed_errors: or, ..success() });
    let (bad, gone, odd) = ((Some(400), Some("a")), (Some(400), Some("b")), (Some(404), Some("c")));
    for (expectation, due) in [
        (accept(Some(204), Vec::new()), "204"),
        (accept(None, Vec::new()), "success"),
        (accept(None, vec![expected(Some(404), Some("gone"))]), "success, or 404 gone"),
        (accept(None, vec![expected(None, Some("gone"))]), "success, or 4xx gone"),
        (accept(None, vec![expected(Some(404), None)]), "success, or 404"),
        (accept(None, vec![expected(Some(404), Some("gone")), expected(None, None)]), "success, or any refusal (4xx)"),
        (reject(ErrorRole::InvalidInput, &[bad, gone, odd]), "400 a or b or 404 c"),
        (reject(ErrorRole::InvalidInput, &[(None, None)]), "4xx"),
        (Expectation::LawHolds { law: LawName::Merges }, "kept"),
        (silent(), "anything but a failure"),
    ] {
        assert_eq!(describe_expectation(&expectation), due);
    }
}

#[test]
fn verdicts_have_names() {
    let names = ["pass", "diverges", "unspecified", "not-implemented", "indeterminate", "unsendable"];
    // As they are in results.
    assert_eq!(VERDICTS.map(|verdict| json!(verdict)), names.map(|name| json!(name)));
    assert_eq!(VERDICTS.map(Verdict::name), names);
}
