//! One outcome, one judgement.

use super::outcome::*;
use overstep::case::{Damage, Expectation, LawName, StateAssumption, StepPurpose, StepRequest};
use overstep::contract::ErrorRole;
use overstep::judge::{Verdict, describe_expectation, judge};
use overstep::run::{BodyFraming, Liveness, TransportError};
use std::time::Duration;

const PASS: &str = "pass";
const DIVERGES: &str = "diverges";
const OPEN: &str = "indeterminate";
const SILENT: &str = "unspecified";

fn reject(role: ErrorRole, errors: &[(Option<u16>, Option<&str>)]) -> Expectation {
    Expectation::Reject { role, errors: errors.iter().map(|(status, name)| error(*status, *name)).collect() }
}

#[test]
fn a_success_has_the_documented_status_or_any_of_success() {
    for (due, status, expected) in [
        (None, 199, DIVERGES),
        (None, 200, PASS),
        (None, 299, PASS),
        (None, 300, DIVERGES),
        (None, 400, DIVERGES),
        (Some(201), 201, PASS),
        (Some(201), 200, DIVERGES),
        (Some(302), 302, PASS),
    ] {
        assert_eq!(verdict(Expectation::Accept(accept(due)), json(status, "{}")), expected, "{due:?} {status}");
    }
    let with_error = judged(&outcome(case("Do", Expectation::Accept(accept(None))), vec![Ok(told(200, "bad_input"))]));
    assert_eq!((with_error.verdict, with_error.observed.to_string()), (Verdict::Diverges, "200 bad_input".to_owned()));
}

#[test]
fn a_success_may_be_an_error_for_what_may_not_exist() {
    let or = |status, name: Option<&str>| {
        let mut accept = accept(None);
        accept.allowed_errors = vec![error(status, name)];
        Expectation::Accept(accept)
    };
    for (status, name, answer, expected) in [
        (Some(404), Some("gone"), told(404, "gone"), PASS),
        (Some(404), Some("gone"), told(400, "gone"), DIVERGES),
        (Some(404), Some("gone"), told(404, "bad_input"), DIVERGES),
        (Some(404), Some("gone"), told(404, ""), DIVERGES),
        (None, None, told(404, ""), PASS),
        (None, None, told(404, "gone"), PASS),
        (None, None, told(404, "no_such_thing"), PASS),
        (None, None, told(404, "strange"), DIVERGES),
        (None, None, told(400, "bad_input"), DIVERGES),
        (None, None, told(500, ""), DIVERGES),
    ] {
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        let due = format!("{status:?} {name:?}, {} {body}", answer.status);
        assert_eq!(verdict(or(status, name), answer), expected, "{due}");
    }
}

#[test]
fn a_refusal_has_a_documented_status_and_name() {
    let bad = [(Some(400), Some("bad_input"))];
    for (answer, expected, why) in [
        (told(400, "bad_input"), PASS, "as documented"),
        (told(200, ""), DIVERGES, "accepted"),
        (told(299, ""), DIVERGES, "accepted"),
        (told(301, ""), DIVERGES, "redirected"),
        (told(399, ""), DIVERGES, "redirected"),
        (told(500, "bad_input"), DIVERGES, "failed"),
        (told(422, "bad_input"), DIVERGES, "another status"),
        (told(404, "gone"), DIVERGES, "means missing-resource"),
        (told(400, "slow_path"), DIVERGES, "not documented for this operation"),
        (told(400, ""), DIVERGES, "without a documented error type"),
    ] {
        let status = answer.status;
        let found = judged(&outcome(case("Do", reject(ErrorRole::InvalidInput, &bad)), vec![Ok(answer)]));
        assert_eq!(found.verdict.name(), expected, "{status}: {}", found.why);
        assert!(found.why.contains(why), "{status}: {}", found.why);
    }
}

#[test]
fn a_refusal_without_a_documented_name_must_not_mean_something_else() {
    for (role, status, answer, expected) in [
        (ErrorRole::InvalidInput, Some(400), told(400, ""), PASS),
        (ErrorRole::InvalidInput, Some(400), told(401, ""), DIVERGES),
        (ErrorRole::InvalidInput, None, told(400, ""), PASS),
        (ErrorRole::InvalidInput, None, told(499, ""), PASS),
        (ErrorRole::InvalidInput, None, told(500, ""), DIVERGES),
        (ErrorRole::InvalidInput, None, told(400, "bad_input"), PASS),
        (ErrorRole::InvalidInput, None, told(404, "gone"), DIVERGES),
        (ErrorRole::InvalidInput, None, told(400, "strange"), PASS),
        (ErrorRole::InvalidInput, None, told(400, "no_such_thing"), DIVERGES),
        (ErrorRole::InvalidInput, None, told(400, "access_denied"), DIVERGES),
        (ErrorRole::MissingResource, None, told(404, "no_such_thing"), PASS),
        (ErrorRole::MissingResource, None, told(404, "strange"), DIVERGES),
        // APIs use either error for either reason.
        (ErrorRole::Unauthenticated, None, told(403, "forbidden_here"), PASS),
        (ErrorRole::Unauthenticated, None, told(403, "access_denied"), PASS),
        (ErrorRole::Forbidden, None, told(401, "unauthenticated"), PASS),
        (ErrorRole::Unauthenticated, None, told(404, "gone"), DIVERGES),
        (ErrorRole::Conflict, None, told(403, "forbidden_here"), DIVERGES),
    ] {
        let told = format!("{role}, {} {}", answer.status, String::from_utf8_lossy(&answer.body));
        assert_eq!(verdict(reject(role, &[(status, None)]), answer), expected, "{told}");
    }
}

#[test]
fn which_of_two_refusals_comes_first_is_left_open() {
    let pair = |place: &str, errors: &[(Option<u16>, Option<&str>)], answer| {
        let mut case = case("Do", reject(ErrorRole::InvalidInput, errors));
        case.id = format!("test/Do/{place}/a").parse().expect(place);
        judged(&outcome(case, vec![Ok(answer)])).verdict.name()
    };
    let two = [(Some(400), Some("bad_input")), (Some(404), Some("gone"))];
    assert_eq!(pair("pair/auth+type", &two, told(404, "gone")), SILENT);
    assert_eq!(pair("pair/auth+type", &two, told(400, "bad_input")), SILENT);
    assert_eq!(pair("pair/auth+type", &two, told(200, "")), DIVERGES);
    assert_eq!(pair("name/length", &two, told(400, "bad_input")), PASS);
    assert_eq!(pair("pair/auth+type", &two[..1], told(400, "bad_input")), PASS);
    let unnamed = (Some(400), None);
    assert_eq!(pair("pair/auth+type", &[two[0], unnamed], told(400, "bad_input")), SILENT);
    assert_eq!(pair("pair/auth+type", &[unnamed, (Some(422), None)], told(400, "")), PASS);
}

#[test]
fn codes_of_old_are_names_only_where_a_service_spoke_the_old_protocol() {
    let with = |compatible, due: &str, came: &str| {
        let mut contract = contract();
        contract.traits.query_compatible = compatible;
        contract.errors.get_mut("bad_input").expect("documented").code = Some("Old.Bad".to_owned());
        let case = case("Do", reject(ErrorRole::InvalidInput, &[(Some(400), Some(due))]));
        judge(&contract, &scenario(), &outcome(case, vec![Ok(told(400, came))])).verdict.name()
    };
    assert_eq!(with(true, "bad_input", "Old.Bad"), PASS);
    assert_eq!(with(true, "Old.Bad", "bad_input"), PASS);
    assert_eq!(with(true, "Old.Bad", "Old.Bad"), PASS);
    assert_eq!(with(false, "bad_input", "Old.Bad"), DIVERGES);
    assert_eq!(with(true, "gone", "Old.Bad"), DIVERGES);
    assert_eq!(with(true, "gone", "bad_input"), DIVERGES);
    assert_eq!(with(true, "bad_input", "gone"), DIVERGES);
    assert_eq!(with(true, "Old.Bad", "gone"), DIVERGES);
}

#[test]
fn where_documents_are_silent_only_a_failure_diverges() {
    let unknown_method = |status| {
        let mut case = case("Do", silent());
        let StepRequest::Operation { damage, .. } = &mut case.steps[0].request else {
            unreachable!("it is an operation's")
        };
        damage.push(Damage::Method("BREW".to_owned()));
        judged(&outcome(case, vec![Ok(told(status, ""))])).verdict.name()
    };
    for (status, plain, method) in
        [(200, SILENT, SILENT), (499, SILENT, SILENT), (500, DIVERGES, DIVERGES), (501, DIVERGES, SILENT)]
    {
        assert_eq!(verdict(silent(), told(status, "")), plain, "{status}");
        assert_eq!(unknown_method(status), method, "{status}");
    }
}

#[test]
fn throttling_is_held_against_whoever_does_not_document_it() {
    let with = |operation, answer, liveness| {
        let mut outcome = outcome(case(operation, Expectation::Accept(accept(None))), vec![Ok(answer)]);
        outcome.liveness = liveness;
        outcome.exchanges[0].as_mut().expect("sent").throttle_count = 2;
        let found = judged(&outcome);
        (found.verdict.name(), found.why)
    };
    assert_eq!(with("Do", told(429, ""), None).0, DIVERGES);
    assert_eq!(with("Slow", told(429, ""), None), (OPEN, "throttled 3 times in a row".to_owned()));
    assert_eq!(with("Slow", told(400, "ThrottlingException"), None).0, OPEN);
    assert_eq!(with("Slow", told(400, "bad_input"), None).0, DIVERGES);
    assert_eq!(with("Slow", told(429, ""), Some(Liveness::Down)).0, OPEN);
    assert_eq!(with("Slow", told(429, ""), Some(Liveness::Alive)).0, DIVERGES);
}

#[test]
fn an_answer_that_does_not_end_as_announced_diverges() {
    for (framing, expected, note) in [
        (BodyFraming::Complete, PASS, None),
        (BodyFraming::Short, DIVERGES, Some("body is shorter than its framing")),
        (BodyFraming::Trailing, DIVERGES, Some("body is longer than its framing")),
        (BodyFraming::Undecodable("gzip".into()), DIVERGES, Some("body cannot be decoded: gzip")),
        (BodyFraming::Truncated, DIVERGES, Some("body is longer than overstep reads")),
        (BodyFraming::TimedOut, DIVERGES, Some("body never ends")),
    ] {
        let mut answer = told(200, "");
        answer.framing = framing;
        let found = judged(&outcome(case("Do", Expectation::Accept(accept(None))), vec![Ok(answer)]));
        assert_eq!((found.verdict.name(), found.observed.note.as_deref()), (expected, note));
    }
}

#[test]
fn silence_is_a_fault_only_where_others_are_answered() {
    let alive = [
        None,
        Some(Liveness::Down),
        Some(Liveness::Alive),
        Some(Liveness::OperationDown),
        Some(Liveness::CrashConfirmed),
    ];
    let learnt = [OPEN, OPEN, DIVERGES, DIVERGES, DIVERGES];
    let unlearnt = [OPEN, OPEN, OPEN, OPEN, DIVERGES];
    for (reason, note, due) in [
        (TransportError::TimedOut(Duration::from_secs(2)), "hang", learnt),
        (TransportError::Dropped, "dropped", learnt),
        (TransportError::NotHttp("x".into()), "not HTTP", learnt),
        (TransportError::HeadTooLarge(9), "endless header", learnt),
        (TransportError::Unreachable("x".into()), "unreachable", unlearnt),
        (TransportError::Tls("x".into()), "TLS failed", unlearnt),
    ] {
        for (liveness, verdict) in alive.into_iter().zip(due) {
            let mut outcome = outcome(case("Do", silent()), vec![Err(reason.clone())]);
            outcome.liveness = liveness;
            let found = judged(&outcome);
            let note = if liveness == Some(Liveness::CrashConfirmed) { "ends the server" } else { note };
            assert_eq!((found.verdict.name(), found.observed.to_string().as_str()), (verdict, note), "{liveness:?}");
        }
    }
}

#[test]
fn what_could_not_be_set_up_or_sent_teaches_nothing() {
    let two = |first: Result<_, _>| {
        let mut case = case("Do", Expectation::Accept(accept(None)));
        case.steps.insert(0, step("Slow", StepPurpose::SetUp));
        case.judged = overstep::case::JudgedPart::Step(1);
        outcome(case, vec![first, Ok(told(200, ""))])
    };
    let word = |outcome| judged(&outcome).verdict.name();
    assert_eq!(word(two(Ok(told(200, "")))), PASS);
    assert_eq!(word(two(Ok(told(399, "")))), PASS);
    assert_eq!(word(two(Ok(told(400, "")))), OPEN);
    assert_eq!(word(two(Err(TransportError::Dropped))), OPEN);
    let mut unsent = two(Ok(told(200, "")));
    (unsent.exchanges[0], unsent.not_sent) = (None, Some("a hole".to_owned()));
    assert_eq!((judged(&unsent).verdict, judged(&unsent).why.as_str()), (Verdict::Indeterminate, "a hole"));
    let mut unsent = two(Ok(told(200, "")));
    unsent.exchanges.truncate(1);
    assert_eq!(word(unsent), OPEN);
    let mut unsendable = case("Do", silent());
    unsendable.unsendable_reason = Some("no way".to_owned());
    let found = judged(&outcome(unsendable, Vec::new()));
    assert_eq!((found.verdict, found.why.as_str()), (Verdict::Unsendable, "no way"));
    assert_eq!(word(outcome(case("Unknown", silent()), vec![Ok(told(200, ""))])), OPEN);
}

#[test]
fn a_refusal_teaches_nothing_where_others_took_the_room() {
    let with = |status, room, only: &[&str], stored: &str| {
        let mut accept = accept(None);
        let only = only.iter().map(|&key| key.to_owned()).collect();
        accept.assumption = Some(StateAssumption {
            steps: vec![1],
            path: "data".to_owned(),
            written_keys: only,
            max_other_bytes: room,
        });
        let mut case = case("Do", Expectation::Accept(accept));
        case.steps.push(step("Do", StepPurpose::ReadBack));
        judged(&outcome(case, vec![Ok(told(status, "")), Ok(json(200, stored))])).verdict.name()
    };
    let map = r#"{"data": {"ab": "xyz", "own": "long"}}"#;
    for (room, only, stored, expected) in [
        (5, &["own"][..], map, DIVERGES),
        (4, &["own"], map, OPEN),
        (12, &[], map, DIVERGES),
        (11, &[], map, OPEN),
        (0, &["own", "ab"], map, DIVERGES),
        (5, &["own"], r#"{"data": [{"k": "ab", "v": ["xyz"]}, {"k": "own", "v": "long"}]}"#, DIVERGES),
        (4, &["own"], r#"{"data": [{"k": "ab", "v": ["xyz"]}, {"k": "own", "v": "long"}]}"#, OPEN),
        // What nobody can read took no room.
        (0, &[], r#"{"data": 1}"#, DIVERGES),
        (0, &[], r#"{"other": {"ab": "xyz"}}"#, DIVERGES),
        (0, &[], "no document", DIVERGES),
    ] {
        assert_eq!(with(400, room, only, stored), expected, "{room} {only:?} {stored}");
    }
    assert_eq!(with(499, 4, &["own"], map), OPEN);
    assert_eq!(with(500, 4, &["own"], map), DIVERGES);
    assert_eq!(with(200, 4, &["own"], map), PASS);
}

#[test]
fn expectations_are_told_in_words() {
    let accepts = |status, or: &[(Option<u16>, Option<&str>)]| {
        let mut accept = accept(status);
        accept.allowed_errors = or.iter().map(|(status, name)| error(*status, *name)).collect();
        Expectation::Accept(accept)
    };
    for (expectation, words) in [
        (accepts(None, &[]), "success"),
        (accepts(Some(201), &[]), "201"),
        (accepts(Some(200), &[(None, None)]), "200, or any refusal (4xx)"),
        (accepts(Some(200), &[(Some(404), Some("gone"))]), "200, or 404 gone"),
        (accepts(None, &[(Some(404), None)]), "success, or 404"),
        (accepts(None, &[(None, Some("gone"))]), "success, or 4xx gone"),
        (reject(ErrorRole::Other, &[(Some(400), Some("a")), (Some(400), Some("b"))]), "400 a or b"),
        (reject(ErrorRole::Other, &[(Some(400), Some("a")), (Some(404), Some("b"))]), "400 a or 404 b"),
        (reject(ErrorRole::Other, &[(Some(400), None), (None, None)]), "400 or 4xx"),
        (Expectation::LawHolds { law: LawName::Merges }, "kept"),
        (silent(), "anything but a failure"),
    ] {
        assert_eq!(describe_expectation(&expectation), words);
    }
}
