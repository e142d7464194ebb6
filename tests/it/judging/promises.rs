//! What services of AWS are not held to although their models seem to say it, and what is scope instead of a fault.

use super::outcome::*;
use overstep::case::{CANARY_OPERATION, Case, Expectation, StepRequest, Value};
use overstep::contract::{
    Contract, ErrorRole, Fact, FactOrigin, HttpBinding, Member, MemberLocation, Protocol, Provenance, Shape, ShapeId,
    ShapeKind,
};
use overstep::judge::{EndpointKnowledge, JudgeContext, KnownDivergences, Verdict, judge};
use overstep::run::HttpResponse;
use overstep::wire::Redaction;

/// Returns the contract as a service of AWS, described by a model only or by a page as well.
fn aws_contract(is_model_only: bool) -> Contract {
    let mut contract = contract();
    contract.protocol = Some(Protocol::RestJson1);
    if is_model_only {
        for operation in &mut contract.operations {
            operation.facts = vec![Fact::new("input", "Asked", FactOrigin::Model, &Provenance::new("model", 1))];
        }
    }
    assert_eq!(contract.is_model_only(), is_model_only);
    contract
}

fn verdict_in(contract: &Contract, expectation: Expectation, response: HttpResponse) -> &'static str {
    judge(contract, &scenario(), &outcome(case("Do", expectation), vec![Ok(response)])).verdict.name()
}

#[test]
fn a_condition_that_was_made_up_need_not_hold() {
    let mut contract = contract();
    let (text, input) = (ShapeId::new("Tag"), ShapeId::new("DoRequest"));
    contract.shapes.insert(text.clone(), Shape::new(ShapeKind::String));
    let mut version = Member::new(text);
    (version.location, version.wire) = (MemberLocation::Header, Some("If-Match".to_owned()));
    let members = [("version".to_owned(), version)].into_iter().collect();
    contract.shapes.insert(input.clone(), Shape::new(ShapeKind::Structure { members }));
    contract.operations[0].input = Some(input);
    let verdict_of = |value: Option<Value>, status| {
        let mut case = case("Do", Expectation::Accept(accept(Some(200))));
        let StepRequest::Operation { input, .. } = &mut case.steps[0].request else { unreachable!("an operation") };
        *input = Value::Map(value.into_iter().map(|value| ("version".to_owned(), value)).collect());
        judge(&contract, &scenario(), &outcome(case, vec![Ok(json(status, "{}"))])).verdict.name()
    };
    let made_up = || Some(Value::text("\"1\""));
    assert_eq!([412, 304, 400].map(|status| verdict_of(made_up(), status)), ["unspecified", "unspecified", "diverges"]);
    let read = || Some(Value::Template("{thing.etag}".to_owned()));
    assert_eq!(verdict_of(read(), 412), "diverges", "the version is that of the resource");
    assert_eq!(verdict_of(None, 412), "diverges");
}

#[test]
fn a_response_to_head_need_not_name_an_error_that_is_allowed() {
    let mut allowed = accept(Some(200));
    allowed.allowed_errors = vec![error(Some(404), Some("gone"))];
    let verdict_of = |method: &str, status| {
        let mut contract = aws_contract(true);
        contract.operations[0].http = Some(HttpBinding::new(method, "/do"));
        verdict_in(&contract, Expectation::Accept(allowed.clone()), typed(status, None, ""))
    };
    assert_eq!(verdict_of("HEAD", 404), "pass");
    assert_eq!(verdict_of("HEAD", 403), "diverges");
    assert_eq!(verdict_of("GET", 404), "diverges");
}

#[test]
fn a_stream_of_events_is_no_document() {
    let verdict_of = |is_stream: bool| {
        let mut contract = aws_contract(true);
        let shape = contract.shapes.get_mut("Count").expect("a shape");
        shape.traits.event_stream = is_stream;
        let mut success = accept(Some(200));
        success.output = Some("Result".into());
        let response = typed(200, Some("application/vnd.amazon.eventstream"), "\u{0}\u{0}");
        verdict_in(&contract, Expectation::Accept(success), response)
    };
    assert_eq!((verdict_of(true), verdict_of(false)), ("pass", "diverges"));
}

#[test]
fn only_a_page_promises_empty_lists_and_page_markers() {
    let required =
        |name: &str, shape: &str| format!(r#""{name}": {{"shape": "{shape}", "required": true, "location": "body"}}"#);
    for (name, shape, of_model, of_page) in [
        ("Entries", "Entries", "pass", "diverges"),
        ("NextToken", "Name", "pass", "diverges"),
        ("Marker", "Name", "pass", "diverges"),
        ("Title", "Name", "diverges", "diverges"),
    ] {
        for (is_model_only, expected) in [(true, of_model), (false, of_page)] {
            let mut contract: serde_json::Value =
                serde_json::from_str(&overstep::contract::to_json(&aws_contract(is_model_only))).expect("JSON");
            let members = format!("{{{}}}", required(name, shape));
            contract["shapes"]["Result"]["members"] = serde_json::from_str(&members).expect("JSON");
            contract["shapes"]["Entries"] = serde_json::json!({"type": "list", "member": "Name"});
            let contract = overstep::contract::from_json(&contract.to_string()).expect("a contract");
            let mut success = accept(Some(200));
            success.output = Some("Result".into());
            let verdict = verdict_in(&contract, Expectation::Accept(success), json(200, "{}"));
            assert_eq!(verdict, expected, "{name}, model only: {is_model_only}");
        }
    }
}

#[test]
fn aws_services_may_reject_unsigned_requests_by_their_common_errors() {
    let rejected = Expectation::Reject { role: ErrorRole::Unauthenticated, errors: vec![error(Some(403), Some("x"))] };
    for (status, code, of_model) in [
        (403, "AccessDenied", "pass"),
        (400, "MissingAuthenticationTokenException", "pass"),
        (401, "IncompleteSignature", "pass"),
        (404, "AccessDenied", "diverges"),
        (403, "NoSuchBucket", "diverges"),
        (500, "AccessDenied", "diverges"),
    ] {
        for (is_model_only, expected) in [(true, of_model), (false, "diverges")] {
            let contract = aws_contract(is_model_only);
            let verdict = verdict_in(&contract, rejected.clone(), response_with_code(status, code));
            assert_eq!(verdict, expected, "{status} {code}, model only: {is_model_only}");
        }
    }
}

/// Returns the verdict on a response to a case of `Do`, given the response to an operation that cannot exist.
fn verdict_with_canary(canary: HttpResponse, id: &str, response: HttpResponse) -> Verdict {
    let contract = aws_contract(true);
    let with_id = |id: &str, operation: &str| Case {
        id: id.parse().expect(id),
        operation: operation.into(),
        ..case("Do", Expectation::Accept(accept(Some(200))))
    };
    let canary = outcome(with_id("test/None/valid/canary/plain", CANARY_OPERATION), vec![Ok(canary)]);
    let knowledge = EndpointKnowledge::new(&contract, &scenario(), Some(&canary), &[]);
    let context = JudgeContext {
        contract: &contract,
        scenario: &scenario(),
        knowledge: Some(&knowledge),
        known_divergences: &KnownDivergences::default(),
        redaction: &Redaction::default(),
        strict: false,
    };
    context.judge_case(&outcome(with_id(id, "Do"), vec![Ok(response)]), None).judgement.verdict
}

#[test]
fn a_response_that_says_so_is_not_implemented() {
    let (control, other) = ("test/Do/valid/control/plain", "test/Do/name/length/at-max");
    let message = |status, text: &str| json(status, &format!(r#"{{"message": "{text}"}}"#));
    let canary = || message(404, "no route");
    for (id, response, expected) in [
        (control, message(501, "x"), true),
        (other, message(501, "x"), true),
        (control, message(400, "The Do action has not been implemented"), true),
        (control, message(500, "Do is not included in your license plan"), true),
        (other, message(400, "this value is not supported"), false),
        (control, response_with_code(400, "UnknownOperationException"), true),
        (other, response_with_code(400, "UnknownOperationException"), false),
        (control, message(500, "list index out of range"), false),
        (control, message(404, "no route"), true),
    ] {
        let body = String::from_utf8_lossy(&response.body).into_owned();
        let verdict = verdict_with_canary(canary(), id, response);
        assert_eq!(verdict == Verdict::NotImplemented, expected, "{id} {body}: {verdict}");
    }
}

#[test]
fn a_server_that_fails_on_everything_in_the_same_words_is_no_canary() {
    let control = "test/Do/valid/control/plain";
    let failure = |text: &str| json(500, &format!(r#"{{"message": "{text}"}}"#));
    let generic = || failure("Internal Server Error");
    assert_eq!(verdict_with_canary(generic(), control, generic()), Verdict::Diverges);
    let telling = || failure("no handler for this");
    assert_eq!(verdict_with_canary(telling(), control, telling()), Verdict::NotImplemented);
}
