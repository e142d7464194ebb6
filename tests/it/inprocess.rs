//! Fuzzing of services in this process: a faithful service has no findings, and a finding has all details to reproduce it.

use crate::cards;
use crate::cards::service;
use cards::{CONTRACT, Fault, SCENARIO};
use overstep::inprocess::Subject;

fn subject() -> Subject {
    Subject::new(CONTRACT, SCENARIO).expect("contract and scenario are valid")
}

/// Returns pseudo-random bytes, equal for equal numbers.
fn bytes(number: u64) -> Vec<u8> {
    use overstep::pattern::{Draw as _, SeededDraw};
    let mut draw = SeededDraw::new(number, "bytes");
    (0..draw.between(1, 400)).map(|_| draw.below(256) as u8).collect()
}

#[test]
fn a_faithful_service_has_no_findings() {
    let (subject, mut service) = (subject(), service::cards(Fault::Faithful));
    let mut checked = 0;
    for number in 0..4000 {
        checked += subject.try_fuzz(&bytes(number), &mut service).unwrap_or_else(|finding| panic!("{finding}"));
    }
    assert!(checked > 2000, "{checked}");
    for result in subject.check(&mut service).expect("cases") {
        result.unwrap_or_else(|finding| panic!("{finding}"));
    }
}

#[test]
fn a_finding_shows_the_request_and_the_documented_rule() {
    let (subject, mut service) = (subject(), service::cards(Fault::KindAndStatus));
    let seed = br#"[{"send":"LinkCard","input":{"id":{"$template":"{use}"},"kind":"EMAIL","status":"REJECTED"}}]"#;
    let finding = subject.try_fuzz(seed, &mut service).expect_err("a finding");
    let text = finding.to_string();
    for part in [
        "cards/LinkCard/valid/",
        "a valid request is accepted",
        "link-card.md:1",
        "expected     200",
        "received     500",
        "curl -sS --path-as-is -X POST 'http://localhost/cards/card-",
        "\"kind\":\"EMAIL\"",
    ] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    // The printed seed reproduces the finding.
    let printed_seed = finding.seed.clone().expect("a seed");
    assert_eq!(printed_seed.as_bytes(), seed);
    let repeated = subject.try_fuzz(printed_seed.as_bytes(), &mut service).expect_err("the same finding");
    assert_eq!((&repeated.observed, &repeated.rule, &repeated.seed), (&finding.observed, &finding.rule, &finding.seed));
    // The repetition uses resources of its own.
    assert_ne!(repeated.requests, finding.requests);
}

#[test]
fn repeated_bytes_use_fresh_resources() {
    let (subject, mut service) = (subject(), service::cards(Fault::Faithful));
    for number in (0..300).chain(0..300).chain(0..300) {
        subject.try_fuzz(&bytes(number), &mut service).unwrap_or_else(|finding| panic!("{finding}"));
    }
}

#[test]
fn an_undecodable_response_is_a_finding() {
    use bytes::Bytes;
    use http_body_util::Full;
    let subject = subject();
    let seed = subject.seeds().swap_remove(0);
    let mut broken = service::Called(|_| {
        let response = http::Response::builder().status(200).header("content-encoding", "gzip");
        response.body(Full::from(Bytes::from_static(b"not gzip"))).expect("a response")
    });
    let finding = subject.try_fuzz(&seed, &mut broken).expect_err("a finding");
    assert!(finding.observed.contains("cannot be decoded"), "{finding}");
}

#[test]
fn errors_name_the_wrong_argument() {
    let error = |contract, scenario| Subject::new(contract, scenario).err().expect("an error").to_string();
    assert!(error("{", SCENARIO).starts_with("contract: "));
    assert!(error(CONTRACT, "x = ").starts_with("scenario: "));
    let unknown_operation = "sources = [\"x\"]\n[operations.Nothing]\n";
    assert_eq!(error(CONTRACT, unknown_operation), "scenario: the contract has no operation `Nothing`");
}

#[test]
fn protocol_of_the_scenario_replaces_the_common_errors() {
    use overstep::contract::{
        Contract, Fact, FactField, FactOrigin, HttpBinding, Operation, OperationName, Protocol, Provenance,
        switch_protocol,
    };
    let mut contract = Contract::new("things");
    let mut operation = Operation::new(OperationName::from("PutThing"));
    operation.facts.push(Fact::new(FactField::HttpMethod, "POST", FactOrigin::Model, &Provenance::new("model", 1)));
    operation.http = Some(HttpBinding::new("POST", "/"));
    contract.operations.push(operation);
    switch_protocol(&mut contract, Protocol::AwsJson1_0);
    assert!(contract.errors.contains_key("SerializationException"));
    let (scenario, _) =
        overstep::scenario::read_scenario("things", "sources = [\"x\"]\nprotocol = \"awsQuery\"\n").expect("it reads");
    let subject = Subject::from_parts(contract, &scenario, "http://localhost").expect("a subject");
    let known = |name: &str| subject.contract().common_errors().any(|(error, _)| error.as_str() == name);
    assert!(!known("SerializationException") && known("MalformedQueryString"));
}
