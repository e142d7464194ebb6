//! Comparison of responses with accepted ones, and the form of a response.

use super::outcome::*;
use overstep::case::{Case, Expectation, Intent, JudgedPart, Law};
use overstep::contract::{self, Contract, ErrorRole};
use overstep::judge::{SnapshotChange, SnapshotComparison, SnapshotKey, Verdict, compare_with_snapshot, judge};
use overstep::run::{CaseOutcome, HttpResponse, TransportError};
use overstep::snapshot::{ConstraintLine, ConstraintSide, Snapshot};

const CONTRACT: &str = r#"{
  "format": "overstep-contract/1", "service": "forms", "protocol": "restJson", "auth": [{"scheme": "none"}],
  "operations": [{"name": "Do", "http": {"method": "POST", "uri": "/do"}, "output": "All", "errors": [],
    "sources": [{"document": "do.md", "line": 1}]}],
  "errors": [],
  "shapes": {
    "All": {"type": "structure", "members": {
      "texts": {"shape": "Texts", "location": "body"}, "things": {"shape": "Things", "location": "body"},
      "map": {"shape": "Map", "location": "body"}, "0-odd name": {"shape": "Thing", "location": "body"}}},
    "Text": {"type": "string"}, "Texts": {"type": "list", "member": "Text"},
    "Thing": {"type": "structure", "members": {"map": {"shape": "Map", "location": "body"}}},
    "Things": {"type": "list", "member": "Thing"}, "Map": {"type": "map", "key": "Text", "value": "Text"}
  }
}"#;

fn form_contract() -> Contract {
    contract::from_json(CONTRACT).expect("a contract")
}

fn compare(outcome: &CaseOutcome, accepted: Option<&Snapshot>) -> SnapshotComparison {
    let judgement = judge(&form_contract(), &scenario(), outcome);
    compare_with_snapshot(&form_contract(), outcome, &judgement, accepted, |text| *text = text.replace("secret", "…"))
}

fn single_outcome(expectation: Expectation, response: HttpResponse) -> CaseOutcome {
    outcome(case("Do", expectation), vec![Ok(response)])
}

/// Returns the form of a response without its content type: `body=object body.a=string`.
fn form(response: HttpResponse) -> String {
    let observed = compare(&single_outcome(silent(), response), None).observed.expect("the outcome has a response");
    let facts =
        observed.form.expect("the response has a form").0.into_iter().filter(|(name, _)| name != "content-type");
    facts.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_form_of_a_documented_result_has_no_data() {
    for (status, body, expected) in [
        (200, r#"{"texts": ["a"]}"#, "body=object body.texts=array"),
        (200, r#"{"texts": []}"#, "body=object body.texts=array"),
        (
            200,
            r#"{"things": [{"x": 1}, "y"]}"#,
            "body=object body.things=array body.things[]=object body.things[].x=number",
        ),
        (200, r#"{"map": {"a": "b"}}"#, "body=object body.map=object"),
        (
            200,
            r#"{"things": [{"map": {"a": 1}}]}"#,
            "body=object body.things=array body.things[]=object body.things[].map=object",
        ),
        (200, r#"{"0-odd name": {}}"#, "body=object body.0-odd name=object"),
        (200, r#"{"0-odder name": {}}"#, "body=object body{value}=object"),
        (299, r#"{"map": {"a": "b"}}"#, "body=object body.map=object"),
        // An error is not a documented result.
        (300, r#"{"map": {"a": "b"}}"#, "body=object body.map=object body.map.a=string"),
        (400, r#"{"texts": ["a"]}"#, "body=object body.texts=array body.texts[]=string"),
        (400, r#"{"a": null, "b": [true, null]}"#, "body=object body.a=null body.b=array body.b[]=boolean|null"),
    ] {
        assert_eq!(form(json(status, body)), expected, "{status} {body}");
    }
    assert_eq!(form(HttpResponse { body: vec![0xff].into(), ..json(400, "") }), "body=bytes");
}

#[test]
fn an_xml_result_has_the_form_of_its_shape() {
    let contract = CONTRACT.replace("restJson", "restXml");
    let contract = contract::from_json(&contract).expect("a contract");
    let body = "<All><things><member><map/></member></things><x><y>1</y></x></All>";
    let form = |status| {
        let outcome = single_outcome(silent(), typed(status, Some("application/xml"), body));
        let judgement = judge(&contract, &scenario(), &outcome);
        let observed = compare_with_snapshot(&contract, &outcome, &judgement, None, |_| {})
            .observed
            .expect("the outcome has a response");
        observed
            .form
            .expect("the response has a form")
            .0
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
    };
    let result = ["content-type=application/xml", "body=object", "body.things=array"];
    assert_eq!(form(200)[..3], result);
    assert_eq!(form(299), form(200));
    let error = ["content-type=application/xml", "body=object", "body.All=object"];
    assert_eq!(form(300)[..3], error);
    assert_eq!(form(400), form(300));
}

#[test]
fn map_keys_that_look_like_data_are_not_names() {
    let long = "n".repeat(48);
    for (key, is_name) in [
        ("name", true),
        ("_name", true),
        ("@type", true),
        ("$ref", true),
        ("a-b_c", true),
        ("v123", true),
        ("v1234", false),
        ("1a", false),
        ("-a", false),
        ("a b", false),
        ("a.b", false),
        (&long, true),
        (&format!("{long}n"), false),
    ] {
        let place = if is_name { format!("body.{key}") } else { "body{value}".to_owned() };
        assert_eq!(form(json(400, &format!(r#"{{"{key}": 1}}"#))), format!("body=object {place}=number"));
    }
}

#[test]
fn the_size_of_a_form_is_bounded() {
    let members: Vec<String> =
        (0..200).map(|index| format!(r#""{}": 1"#, "m".repeat(index % 40 + 1) + &"n".repeat(index / 40))).collect();
    assert_eq!(form(json(400, &format!("{{{}}}", members.join(",")))).split(' ').count(), 80);
}

fn expect_success() -> Expectation {
    Expectation::Accept(accept(Some(200)))
}

/// Returns a snapshot that accepts this outcome.
fn snapshot_of(outcome: &CaseOutcome) -> Snapshot {
    let found = compare(outcome, None);
    let mut snapshot = Snapshot::default();
    let accepted_response = snapshot.accept_response(&found.observed.expect("the outcome has a response"), found.mark);
    let sides = vec![ConstraintSide { name: found.key.side, response: accepted_response }];
    snapshot.lines.push(ConstraintLine { place: found.key.place, sides, exceptions: Vec::new() });
    snapshot
}

#[test]
fn a_response_is_compared_with_the_accepted_one() {
    let (success, rejection) =
        (single_outcome(expect_success(), json(200, "{}")), single_outcome(expect_success(), json(400, "{}")));
    let (accepting_snapshot, rejecting_snapshot) = (snapshot_of(&success), snapshot_of(&rejection));
    for (outcome, accepted, change, is_known, description) in [
        (&success, None, SnapshotChange::New, false, None),
        (&success, Some(&Snapshot::default()), SnapshotChange::New, false, None),
        (&success, Some(&accepting_snapshot), SnapshotChange::Same, false, None),
        (&success, Some(&rejecting_snapshot), SnapshotChange::Changed, false, Some("400")),
        (&rejection, Some(&rejecting_snapshot), SnapshotChange::Same, true, None),
        (&rejection, Some(&accepting_snapshot), SnapshotChange::Changed, false, Some("200")),
        (&rejection, None, SnapshotChange::New, false, None),
    ] {
        let found = compare(outcome, accepted);
        assert_eq!((found.change, found.is_known_divergence), (change, is_known));
        assert_eq!(found.key.place, "name/length");
        assert_eq!(found.describe_accepted().as_deref(), description);
    }
    assert_eq!(SnapshotKey::new("s/Do/law/merges/x", Intent::Probe).side, "law");
    assert_eq!(SnapshotKey::new("s/Do/name/merges/x", Intent::Probe).side, "silent");
    let marks = |outcome| compare(outcome, None).mark.map(|mark| mark.as_str().to_owned());
    assert_eq!((marks(&success), marks(&rejection)), (None, Some("200".to_owned())));
    let other = single_outcome(expect_success(), json(200, r#"{"more": 1}"#));
    assert_eq!(compare(&other, Some(&accepting_snapshot)).change, SnapshotChange::Changed, "its form differs");
    let accepted_response = compare(&success, Some(&accepting_snapshot)).accepted.expect("accepted");
    assert_eq!((accepted_response.status, accepted_response.form), (Some(200), None));
}

#[test]
fn a_case_without_a_response_is_not_compared() {
    let accepting_snapshot = snapshot_of(&single_outcome(expect_success(), json(200, "{}")));
    let silent = outcome(case("Do", expect_success()), vec![Err(TransportError::Dropped)]);
    let found = compare(&silent, Some(&accepting_snapshot));
    assert_eq!((found.change, found.observed, found.accepted), (SnapshotChange::None, None, None));
    assert_eq!((found.key.place.as_str(), found.key.variant.as_str()), ("name/length", "at-max"));
}

#[test]
fn secrets_are_redacted_and_laws_have_no_form() {
    let outcome =
        single_outcome(silent(), typed(400, Some("text/secret"), r#"{"secret": 1, "error": {"code": "gone"}}"#));
    let found = compare(&outcome, None);
    let observed = found.observed.expect("the outcome has a response");
    assert_eq!((observed.status, observed.error.as_deref()), (Some(400), Some("gone")));
    assert!(!format!("{:?}", observed.form).contains("secret"), "{:?}", observed.form);
    let mut law: Case = case("Do", Expectation::LawHolds { law: "echo".to_owned() });
    law.judged = JudgedPart::Law(Box::new(Law::Echo { step: 0, place: "a".to_owned(), value: "x".into() }));
    let found = compare(&super::outcome::outcome(law, vec![Ok(json(200, r#"{"a": "x"}"#))]), None);
    let observed = found.observed.expect("the outcome has a response");
    assert_eq!((observed.form, observed.note.as_deref()), (None, Some("kept")));
    let rejects = Expectation::Reject { role: ErrorRole::InvalidInput, errors: vec![error(Some(400), None)] };
    let found = compare(&single_outcome(rejects, response_with_code(500, "")), None);
    assert_eq!((found.mark.as_ref().map(|mark| mark.as_str()), found.is_known_divergence), (Some("400"), false));
    assert!(found.change == SnapshotChange::New && found.is_finding(Verdict::Diverges, false));
}
