//! Services in this process: what keeps its promises is left alone, and what does not is told with all that is needed.

use crate::cards;
use crate::cards::service;
use cards::{CONTRACT, Fault, SCENARIO};
use overstep::inprocess::Subject;

fn subject() -> Subject {
    Subject::new(CONTRACT, SCENARIO).expect("they fit each other")
}

/// Bytes as a fuzzer would make them, the same each time.
fn bytes(number: u64) -> Vec<u8> {
    use overstep::pattern::{Draw as _, SeededDraw};
    let mut draw = SeededDraw::new(number, "bytes");
    (0..draw.between(1, 400)).map(|_| draw.below(256) as u8).collect()
}

#[test]
fn a_faithful_service_is_left_alone() {
    let (subject, mut service) = (subject(), service::cards(Fault::Faithful));
    let mut judged = 0;
    for number in 0..4000 {
        judged += subject.try_fuzz(&bytes(number), &mut service).unwrap_or_else(|finding| panic!("{finding}"));
    }
    assert!(judged > 2000, "{judged}");
    for checked in subject.check(&mut service).expect("cases") {
        checked.unwrap_or_else(|finding| panic!("{finding}"));
    }
}

#[test]
fn a_finding_says_what_was_sent_and_what_is_documented() {
    let (subject, mut service) = (subject(), service::cards(Fault::KindAndStatus));
    let seed = br#"[{"send":"LinkCard","input":{"id":{"$template":"{use}"},"kind":"EMAIL","status":"REJECTED"}}]"#;
    let finding = subject.try_fuzz(seed, &mut service).expect_err("a failure");
    let text = finding.to_string();
    for part in [
        "cards/LinkCard/valid/",
        "a valid request is accepted",
        "link-card.md:1",
        "expected     200",
        "observed     500",
        "curl -sS --path-as-is -X POST 'http://localhost/cards/card-",
        "\"kind\":\"EMAIL\"",
    ] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    // The seed that is printed shows the same again.
    let again = finding.seed.clone().expect("a seed");
    assert_eq!(again.as_bytes(), seed);
    let other = subject.try_fuzz(again.as_bytes(), &mut service).expect_err("the same");
    assert_eq!((&other.observed, &other.rule, &other.seed), (&finding.observed, &finding.rule, &finding.seed));
    // With resources of its own.
    assert_ne!(other.requests, finding.requests);
}

#[test]
fn the_same_bytes_twice_meet_nothing_that_the_first_time_left() {
    let (subject, mut service) = (subject(), service::cards(Fault::Faithful));
    for number in (0..300).chain(0..300).chain(0..300) {
        subject.try_fuzz(&bytes(number), &mut service).unwrap_or_else(|finding| panic!("{finding}"));
    }
}

#[test]
fn a_service_that_fails_or_never_ends_an_answer_is_a_finding() {
    use bytes::Bytes;
    use http_body_util::Full;
    let subject = subject();
    let seed = subject.seeds().swap_remove(0);
    let mut broken = service::Called(|_| {
        let answer = http::Response::builder().status(200).header("content-encoding", "gzip");
        answer.body(Full::from(Bytes::from_static(b"no gzip"))).expect("an answer")
    });
    let finding = subject.try_fuzz(&seed, &mut broken).expect_err("a finding");
    assert!(finding.observed.contains("cannot be decoded"), "{finding}");
}

#[test]
fn what_does_not_fit_is_said() {
    let said = |contract, scenario| Subject::new(contract, scenario).err().expect("an error").to_string();
    assert!(said("{", SCENARIO).starts_with("contract: "));
    assert!(said(CONTRACT, "x = ").starts_with("scenario: "));
    let other = "sources = [\"x\"]\n[operations.Nothing]\n";
    assert_eq!(said(CONTRACT, other), "scenario: the contract has no operation `Nothing`");
}

#[test]
fn protocol_of_the_scenario_replaces_the_common_errors() {
    use overstep::contract::{
        Contract, Fact, FactOrigin, Operation, OperationName, Protocol, Provenance, switch_protocol,
    };
    let mut contract = Contract::new("things");
    let mut operation = Operation::new(OperationName::from("PutThing"));
    operation.facts.push(Fact::new("http/method", "POST", FactOrigin::Model, &Provenance::new("model", 1)));
    contract.operations.push(operation);
    switch_protocol(&mut contract, Protocol::AwsJson1_0);
    assert!(contract.errors.contains_key("SerializationException"));
    let (scenario, _) =
        overstep::scenario::read_scenario("things", "sources = [\"x\"]\nprotocol = \"awsQuery\"\n").expect("it reads");
    let subject = Subject::from_parts(contract, &scenario, "http://localhost").expect("a subject");
    let known = |name: &str| subject.contract().common_errors().any(|(error, _)| error.as_str() == name);
    assert!(!known("SerializationException") && known("MalformedQueryString"));
}
