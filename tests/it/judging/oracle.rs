//! The verdict on a single outcome.

use super::outcome::*;
use overstep::case::{Damage, Expectation, StateAssumption, StepPurpose, StepRequest};
use overstep::contract::ErrorRole;
use overstep::judge::{Verdict, describe_expectation, judge};
use overstep::run::{BodyFraming, Liveness, TransportError};
use std::time::Duration;

const PASS: &str = "pass";
const DIVERGES: &str = "diverges";
const INDETERMINATE: &str = "indeterminate";
const UNSPECIFIED: &str = "unspecified";

fn reject(role: ErrorRole, errors: &[(Option<u16>, Option<&str>)]) -> Expectation {
    Expectation::Reject { role, errors: errors.iter().map(|(status, name)| error(*status, *name)).collect() }
}

#[test]
fn a_success_needs_the_documented_status_or_any_2xx() {
    for (expected_status, status, expected) in [
        (None, 199, DIVERGES),
        (None, 200, PASS),
        (None, 299, PASS),
        (None, 300, DIVERGES),
        (None, 400, DIVERGES),
        (Some(201), 201, PASS),
        (Some(201), 200, DIVERGES),
        (Some(302), 302, PASS),
    ] {
        assert_eq!(
            verdict(Expectation::Accept(accept(expected_status)), json(status, "{}")),
            expected,
            "{expected_status:?} {status}"
        );
    }
    let with_error = judge_outcome(&outcome(
        case("Do", Expectation::Accept(accept(None))),
        vec![Ok(response_with_code(200, "bad_input"))],
    ));
    assert_eq!((with_error.verdict, with_error.observed.to_string()), (Verdict::Diverges, "200 bad_input".to_owned()));
}

#[test]
fn a_success_may_be_a_documented_error_if_the_resource_may_not_exist() {
    let accept_or = |status, name: Option<&str>| {
        let mut accept = accept(None);
        accept.allowed_errors = vec![error(status, name)];
        Expectation::Accept(accept)
    };
    for (status, name, response, expected) in [
        (Some(404), Some("gone"), response_with_code(404, "gone"), PASS),
        (Some(404), Some("gone"), response_with_code(400, "gone"), DIVERGES),
        (Some(404), Some("gone"), response_with_code(404, "bad_input"), DIVERGES),
        (Some(404), Some("gone"), response_with_code(404, ""), DIVERGES),
        (None, None, response_with_code(404, ""), PASS),
        (None, None, response_with_code(404, "gone"), PASS),
        (None, None, response_with_code(404, "no_such_thing"), PASS),
        (None, None, response_with_code(404, "strange"), DIVERGES),
        (None, None, response_with_code(400, "bad_input"), DIVERGES),
        (None, None, response_with_code(500, ""), DIVERGES),
    ] {
        let body = String::from_utf8_lossy(&response.body).into_owned();
        let description = format!("{status:?} {name:?}, {} {body}", response.status);
        assert_eq!(verdict(accept_or(status, name), response), expected, "{description}");
    }
}

#[test]
fn a_rejection_needs_a_documented_status_and_code() {
    let bad = [(Some(400), Some("bad_input"))];
    for (response, expected, explanation_part) in [
        (response_with_code(400, "bad_input"), PASS, "as documented"),
        (response_with_code(200, ""), DIVERGES, "accepted"),
        (response_with_code(299, ""), DIVERGES, "accepted"),
        (response_with_code(301, ""), DIVERGES, "redirected"),
        (response_with_code(399, ""), DIVERGES, "redirected"),
        (response_with_code(500, "bad_input"), DIVERGES, "failed"),
        (response_with_code(422, "bad_input"), DIVERGES, "another status"),
        (response_with_code(404, "gone"), DIVERGES, "means missing-resource"),
        (response_with_code(400, "slow_path"), DIVERGES, "not documented for this operation"),
        (response_with_code(400, ""), DIVERGES, "without a documented error type"),
    ] {
        let status = response.status;
        let found = judge_outcome(&outcome(case("Do", reject(ErrorRole::InvalidInput, &bad)), vec![Ok(response)]));
        assert_eq!(found.verdict.name(), expected, "{status}: {}", found.why);
        assert!(found.why.contains(explanation_part), "{status}: {}", found.why);
    }
}

#[test]
fn a_rejection_without_a_documented_code_must_not_have_another_role() {
    for (role, status, response, expected) in [
        (ErrorRole::InvalidInput, Some(400), response_with_code(400, ""), PASS),
        (ErrorRole::InvalidInput, Some(400), response_with_code(401, ""), DIVERGES),
        (ErrorRole::InvalidInput, None, response_with_code(400, ""), PASS),
        (ErrorRole::InvalidInput, None, response_with_code(499, ""), PASS),
        (ErrorRole::InvalidInput, None, response_with_code(500, ""), DIVERGES),
        (ErrorRole::InvalidInput, None, response_with_code(400, "bad_input"), PASS),
        (ErrorRole::InvalidInput, None, response_with_code(404, "gone"), DIVERGES),
        (ErrorRole::InvalidInput, None, response_with_code(400, "strange"), PASS),
        (ErrorRole::InvalidInput, None, response_with_code(400, "no_such_thing"), DIVERGES),
        (ErrorRole::InvalidInput, None, response_with_code(400, "access_denied"), DIVERGES),
        (ErrorRole::MissingResource, None, response_with_code(404, "no_such_thing"), PASS),
        (ErrorRole::MissingResource, None, response_with_code(404, "strange"), DIVERGES),
        // APIs use both errors for both reasons.
        (ErrorRole::Unauthenticated, None, response_with_code(403, "forbidden_here"), PASS),
        (ErrorRole::Unauthenticated, None, response_with_code(403, "access_denied"), PASS),
        (ErrorRole::Forbidden, None, response_with_code(401, "unauthenticated"), PASS),
        (ErrorRole::Unauthenticated, None, response_with_code(404, "gone"), DIVERGES),
        (ErrorRole::Conflict, None, response_with_code(403, "forbidden_here"), DIVERGES),
    ] {
        let description = format!("{role}, {} {}", response.status, String::from_utf8_lossy(&response.body));
        assert_eq!(verdict(reject(role, &[(status, None)]), response), expected, "{description}");
    }
}

#[test]
fn the_precedence_of_two_rejections_is_unspecified() {
    let verdict_on_pair = |class, errors: &[(Option<u16>, Option<&str>)], response| {
        let mut case = case("Do", reject(ErrorRole::InvalidInput, errors));
        case.class = class;
        judge_outcome(&outcome(case, vec![Ok(response)])).verdict.name()
    };
    let two_errors = [(Some(400), Some("bad_input")), (Some(404), Some("gone"))];
    assert_eq!(verdict_on_pair("pair", &two_errors, response_with_code(404, "gone")), UNSPECIFIED);
    assert_eq!(verdict_on_pair("pair", &two_errors, response_with_code(400, "bad_input")), UNSPECIFIED);
    assert_eq!(verdict_on_pair("pair", &two_errors, response_with_code(200, "")), DIVERGES);
    assert_eq!(verdict_on_pair("other", &two_errors, response_with_code(400, "bad_input")), PASS);
    assert_eq!(verdict_on_pair("pair", &two_errors[..1], response_with_code(400, "bad_input")), PASS);
    let unnamed = (Some(400), None);
    assert_eq!(verdict_on_pair("pair", &[two_errors[0], unnamed], response_with_code(400, "bad_input")), UNSPECIFIED);
    assert_eq!(verdict_on_pair("pair", &[unnamed, (Some(422), None)], response_with_code(400, "")), PASS);
}

#[test]
fn query_error_codes_are_accepted_only_from_query_compatible_services() {
    let verdict_with = |compatible, expected_code: &str, code: &str| {
        let mut contract = contract();
        contract.traits.query_compatible = compatible;
        contract.errors.get_mut("bad_input").expect("documented").code = Some("Old.Bad".to_owned());
        let case = case("Do", reject(ErrorRole::InvalidInput, &[(Some(400), Some(expected_code))]));
        judge(&contract, &scenario(), &outcome(case, vec![Ok(response_with_code(400, code))])).verdict.name()
    };
    assert_eq!(verdict_with(true, "bad_input", "Old.Bad"), PASS);
    assert_eq!(verdict_with(true, "Old.Bad", "bad_input"), PASS);
    assert_eq!(verdict_with(true, "Old.Bad", "Old.Bad"), PASS);
    assert_eq!(verdict_with(false, "bad_input", "Old.Bad"), DIVERGES);
    assert_eq!(verdict_with(true, "gone", "Old.Bad"), DIVERGES);
    assert_eq!(verdict_with(true, "gone", "bad_input"), DIVERGES);
    assert_eq!(verdict_with(true, "bad_input", "gone"), DIVERGES);
    assert_eq!(verdict_with(true, "Old.Bad", "gone"), DIVERGES);
}

#[test]
fn undocumented_behavior_diverges_only_on_server_errors() {
    let unknown_method = |status| {
        let mut case = case("Do", silent());
        let StepRequest::Operation { damage, .. } = &mut case.steps[0].request else {
            unreachable!("the step is an operation")
        };
        damage.push(Damage::Method("BREW".to_owned()));
        judge_outcome(&outcome(case, vec![Ok(response_with_code(status, ""))])).verdict.name()
    };
    for (status, plain, method) in [
        (200, UNSPECIFIED, UNSPECIFIED),
        (499, UNSPECIFIED, UNSPECIFIED),
        (500, DIVERGES, DIVERGES),
        (501, DIVERGES, UNSPECIFIED),
    ] {
        assert_eq!(verdict(silent(), response_with_code(status, "")), plain, "{status}");
        assert_eq!(unknown_method(status), method, "{status}");
    }
}

#[test]
fn undocumented_throttling_diverges() {
    let verdict_with = |operation, response, liveness| {
        let mut outcome = outcome(case(operation, Expectation::Accept(accept(None))), vec![Ok(response)]);
        outcome.liveness = liveness;
        outcome.exchanges[0].as_mut().expect("sent").throttle_count = 2;
        let found = judge_outcome(&outcome);
        (found.verdict.name(), found.why)
    };
    assert_eq!(verdict_with("Do", response_with_code(429, ""), None).0, DIVERGES);
    assert_eq!(
        verdict_with("Slow", response_with_code(429, ""), None),
        (INDETERMINATE, "throttled 3 times in a row".to_owned())
    );
    assert_eq!(verdict_with("Slow", response_with_code(400, "ThrottlingException"), None).0, INDETERMINATE);
    assert_eq!(verdict_with("Slow", response_with_code(400, "bad_input"), None).0, DIVERGES);
    assert_eq!(verdict_with("Slow", response_with_code(429, ""), Some(Liveness::Down)).0, INDETERMINATE);
    assert_eq!(verdict_with("Slow", response_with_code(429, ""), Some(Liveness::Alive)).0, DIVERGES);
}

#[test]
fn wrong_body_framing_diverges() {
    for (framing, expected, note) in [
        (BodyFraming::Complete, PASS, None),
        (BodyFraming::Short, DIVERGES, Some("body is shorter than its framing")),
        (BodyFraming::Trailing, DIVERGES, Some("body is longer than its framing")),
        (BodyFraming::Undecodable("gzip".into()), DIVERGES, Some("body cannot be decoded: gzip")),
        (BodyFraming::Truncated, DIVERGES, Some("body is longer than overstep reads")),
        (BodyFraming::TimedOut, DIVERGES, Some("body never ends")),
    ] {
        let mut response = response_with_code(200, "");
        response.framing = framing;
        let found = judge_outcome(&outcome(case("Do", Expectation::Accept(accept(None))), vec![Ok(response)]));
        assert_eq!((found.verdict.name(), found.observed.note.as_deref()), (expected, note));
    }
}

#[test]
fn a_missing_response_diverges_only_if_the_server_is_alive() {
    let liveness_values = [
        None,
        Some(Liveness::Down),
        Some(Liveness::Alive),
        Some(Liveness::OperationDown),
        Some(Liveness::CrashConfirmed),
    ];
    let conclusive = [INDETERMINATE, INDETERMINATE, DIVERGES, DIVERGES, DIVERGES];
    let inconclusive = [INDETERMINATE, INDETERMINATE, INDETERMINATE, INDETERMINATE, DIVERGES];
    for (error, note, verdicts) in [
        (TransportError::TimedOut(Duration::from_secs(2)), "hang", conclusive),
        (TransportError::Dropped, "dropped", conclusive),
        (TransportError::NotHttp("x".into()), "not HTTP", conclusive),
        (TransportError::HeadTooLarge(9), "endless header", conclusive),
        (TransportError::Unreachable("x".into()), "unreachable", inconclusive),
        (TransportError::Tls("x".into()), "TLS failed", inconclusive),
    ] {
        for (liveness, verdict) in liveness_values.into_iter().zip(verdicts) {
            let mut outcome = outcome(case("Do", silent()), vec![Err(error.clone())]);
            outcome.liveness = liveness;
            let found = judge_outcome(&outcome);
            let note = if liveness == Some(Liveness::CrashConfirmed) { "ends the server" } else { note };
            assert_eq!((found.verdict.name(), found.observed.to_string().as_str()), (verdict, note), "{liveness:?}");
        }
    }
}

#[test]
fn failed_setup_and_unsent_cases_are_indeterminate() {
    let two_steps = |first: Result<_, _>| {
        let mut case = case("Do", Expectation::Accept(accept(None)));
        case.steps.insert(0, step("Slow", StepPurpose::SetUp));
        case.judged = overstep::case::JudgedPart::Step(1);
        outcome(case, vec![first, Ok(response_with_code(200, ""))])
    };
    let verdict_name = |outcome| judge_outcome(&outcome).verdict.name();
    assert_eq!(verdict_name(two_steps(Ok(response_with_code(200, "")))), PASS);
    assert_eq!(verdict_name(two_steps(Ok(response_with_code(399, "")))), PASS);
    assert_eq!(verdict_name(two_steps(Ok(response_with_code(400, "")))), INDETERMINATE);
    assert_eq!(verdict_name(two_steps(Err(TransportError::Dropped))), INDETERMINATE);
    let mut not_sent_outcome = two_steps(Ok(response_with_code(200, "")));
    (not_sent_outcome.exchanges[0], not_sent_outcome.not_sent) = (None, Some("a placeholder".to_owned()));
    assert_eq!(
        (judge_outcome(&not_sent_outcome).verdict, judge_outcome(&not_sent_outcome).why.as_str()),
        (Verdict::Indeterminate, "a placeholder")
    );
    let mut not_sent_outcome = two_steps(Ok(response_with_code(200, "")));
    not_sent_outcome.exchanges.truncate(1);
    assert_eq!(verdict_name(not_sent_outcome), INDETERMINATE);
    let mut unsendable = case("Do", silent());
    unsendable.unsendable_reason = Some("not encodable".to_owned());
    let found = judge_outcome(&outcome(unsendable, Vec::new()));
    assert_eq!((found.verdict, found.why.as_str()), (Verdict::Unsendable, "not encodable"));
    assert_eq!(verdict_name(outcome(case("Unknown", silent()), vec![Ok(response_with_code(200, ""))])), INDETERMINATE);
}

#[test]
fn a_rejection_is_indeterminate_if_others_used_the_space() {
    let verdict_with = |status, max_other_bytes, written_keys: &[&str], stored: &str| {
        let mut accept = accept(None);
        let written_keys = written_keys.iter().map(|&key| key.to_owned()).collect();
        accept.assumption =
            Some(StateAssumption { steps: vec![1], path: "data".to_owned(), written_keys, max_other_bytes });
        let mut case = case("Do", Expectation::Accept(accept));
        case.steps.push(step("Do", StepPurpose::ReadBack));
        judge_outcome(&outcome(case, vec![Ok(response_with_code(status, "")), Ok(json(200, stored))])).verdict.name()
    };
    let map = r#"{"data": {"ab": "xyz", "own": "long"}}"#;
    for (max_other_bytes, written_keys, stored, expected) in [
        (5, &["own"][..], map, DIVERGES),
        (4, &["own"], map, INDETERMINATE),
        (12, &[], map, DIVERGES),
        (11, &[], map, INDETERMINATE),
        (0, &["own", "ab"], map, DIVERGES),
        (5, &["own"], r#"{"data": [{"k": "ab", "v": ["xyz"]}, {"k": "own", "v": "long"}]}"#, DIVERGES),
        (4, &["own"], r#"{"data": [{"k": "ab", "v": ["xyz"]}, {"k": "own", "v": "long"}]}"#, INDETERMINATE),
        // State that cannot be read uses no space.
        (0, &[], r#"{"data": 1}"#, DIVERGES),
        (0, &[], r#"{"other": {"ab": "xyz"}}"#, DIVERGES),
        (0, &[], "no document", DIVERGES),
    ] {
        assert_eq!(
            verdict_with(400, max_other_bytes, written_keys, stored),
            expected,
            "{max_other_bytes} {written_keys:?} {stored}"
        );
    }
    assert_eq!(verdict_with(499, 4, &["own"], map), INDETERMINATE);
    assert_eq!(verdict_with(500, 4, &["own"], map), DIVERGES);
    assert_eq!(verdict_with(200, 4, &["own"], map), PASS);
}

#[test]
fn expectations_have_descriptions() {
    let accepts = |status, allowed_errors: &[(Option<u16>, Option<&str>)]| {
        let mut accept = accept(status);
        accept.allowed_errors = allowed_errors.iter().map(|(status, name)| error(*status, *name)).collect();
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
        (Expectation::LawHolds { law: "merges".into() }, "kept"),
        (silent(), "anything but a failure"),
    ] {
        assert_eq!(describe_expectation(&expectation), words);
    }
}
