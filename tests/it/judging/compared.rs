//! An answer beside the accepted one, and the form of an answer.

use super::outcome::*;
use overstep::case::{Case, Expectation, Intent, JudgedPart, Law, LawName};
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

fn forms() -> Contract {
    contract::from_json(CONTRACT).expect("a contract")
}

fn compared(outcome: &CaseOutcome, accepted: Option<&Snapshot>) -> SnapshotComparison {
    let judgement = judge(&forms(), &scenario(), outcome);
    compare_with_snapshot(&forms(), outcome, &judgement, accepted, |text| *text = text.replace("secret", "…"))
}

fn one(expectation: Expectation, answer: HttpResponse) -> CaseOutcome {
    outcome(case("Do", expectation), vec![Ok(answer)])
}

/// What an answer looks like, less its content type: `body=object body.a=string`.
fn form(answer: HttpResponse) -> String {
    let seen = compared(&one(silent(), answer), None).observed.expect("something was learnt");
    let facts = seen.form.expect("it has a form").0.into_iter().filter(|(name, _)| name != "content-type");
    facts.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_form_of_what_is_documented_holds_no_data() {
    for (status, body, due) in [
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
        // An error is no documented result.
        (300, r#"{"map": {"a": "b"}}"#, "body=object body.map=object body.map.a=string"),
        (400, r#"{"texts": ["a"]}"#, "body=object body.texts=array body.texts[]=string"),
        (400, r#"{"a": null, "b": [true, null]}"#, "body=object body.a=null body.b=array body.b[]=boolean|null"),
    ] {
        assert_eq!(form(json(status, body)), due, "{status} {body}");
    }
    assert_eq!(form(HttpResponse { body: vec![0xff].into(), ..json(400, "") }), "body=bytes");
}

#[test]
fn a_result_of_xml_has_the_form_of_its_shape_and_an_error_its_own() {
    let contract = CONTRACT.replace("restJson", "restXml");
    let contract = contract::from_json(&contract).expect("a contract");
    let body = "<All><things><member><map/></member></things><x><y>1</y></x></All>";
    let form = |status| {
        let outcome = one(silent(), typed(status, Some("application/xml"), body));
        let judgement = judge(&contract, &scenario(), &outcome);
        let seen = compare_with_snapshot(&contract, &outcome, &judgement, None, |_| {})
            .observed
            .expect("something was learnt");
        seen.form
            .expect("it has a form")
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
fn names_are_told_from_values() {
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
fn no_answer_has_a_form_without_end() {
    let members: Vec<String> =
        (0..200).map(|at| format!(r#""{}": 1"#, "m".repeat(at % 40 + 1) + &"n".repeat(at / 40))).collect();
    assert_eq!(form(json(400, &format!("{{{}}}", members.join(",")))).split(' ').count(), 80);
}

fn accepts() -> Expectation {
    Expectation::Accept(accept(Some(200)))
}

/// A snapshot that holds what this outcome meets.
fn holding(outcome: &CaseOutcome) -> Snapshot {
    let found = compared(outcome, None);
    let mut snapshot = Snapshot::default();
    let held = snapshot.accept_response(&found.observed.expect("something was learnt"), found.mark);
    let sides = vec![ConstraintSide { name: found.key.side, response: held }];
    snapshot.lines.push(ConstraintLine { place: found.key.place, sides, exceptions: Vec::new() });
    snapshot
}

#[test]
fn an_answer_stands_beside_the_accepted_one() {
    let (plain, refused) = (one(accepts(), json(200, "{}")), one(accepts(), json(400, "{}")));
    let (good, bad) = (holding(&plain), holding(&refused));
    for (outcome, accepted, change, known, words) in [
        (&plain, None, SnapshotChange::New, false, None),
        (&plain, Some(&Snapshot::default()), SnapshotChange::New, false, None),
        (&plain, Some(&good), SnapshotChange::Same, false, None),
        (&plain, Some(&bad), SnapshotChange::Changed, false, Some("400")),
        (&refused, Some(&bad), SnapshotChange::Same, true, None),
        (&refused, Some(&good), SnapshotChange::Changed, false, Some("200")),
        (&refused, None, SnapshotChange::New, false, None),
    ] {
        let found = compared(outcome, accepted);
        assert_eq!((found.change, found.is_known_divergence), (change, known));
        assert_eq!(found.key.place, "name/length");
        assert_eq!(found.describe_accepted().as_deref(), words);
    }
    let side = |id: &str| SnapshotKey::new(&id.parse().expect(id), Intent::Probe).side;
    assert_eq!(side("s/Do/law/merges/x"), "law");
    assert_eq!(side("s/Do/name/length/x"), "silent");
    let marks = |outcome| compared(outcome, None).mark.map(|mark| mark.as_str().to_owned());
    assert_eq!((marks(&plain), marks(&refused)), (None, Some("200".to_owned())));
    let other = one(accepts(), json(200, r#"{"more": 1}"#));
    assert_eq!(compared(&other, Some(&good)).change, SnapshotChange::Changed, "it looks different");
    let held = compared(&plain, Some(&good)).accepted.expect("accepted");
    assert_eq!((held.status, held.form), (Some(200), None));
}

#[test]
fn where_nothing_was_learnt_nothing_is_compared() {
    let good = holding(&one(accepts(), json(200, "{}")));
    let silent = outcome(case("Do", accepts()), vec![Err(TransportError::Dropped)]);
    let found = compared(&silent, Some(&good));
    assert_eq!((found.change, found.observed, found.accepted), (SnapshotChange::None, None, None));
    assert_eq!((found.key.place.as_str(), found.key.variant.as_str()), ("name/length", "at-max"));
}

#[test]
fn no_secret_is_kept_and_a_law_has_no_form() {
    let outcome = one(silent(), typed(400, Some("text/secret"), r#"{"secret": 1, "error": {"code": "gone"}}"#));
    let found = compared(&outcome, None);
    let seen = found.observed.expect("something was learnt");
    assert_eq!((seen.status, seen.error.as_deref()), (Some(400), Some("gone")));
    assert!(!format!("{:?}", seen.form).contains("secret"), "{:?}", seen.form);
    let mut law: Case = case("Do", Expectation::LawHolds { law: LawName::Echoes });
    law.judged = JudgedPart::Law(Box::new(Law::Echo { step: 0, place: "a".to_owned(), value: "x".into() }));
    let found = compared(&super::outcome::outcome(law, vec![Ok(json(200, r#"{"a": "x"}"#))]), None);
    let seen = found.observed.expect("something was learnt");
    assert_eq!((seen.form, seen.note.as_deref()), (None, Some("kept")));
    let rejects = Expectation::Reject { role: ErrorRole::InvalidInput, errors: vec![error(Some(400), None)] };
    let found = compared(&one(rejects, told(500, "")), None);
    assert_eq!((found.mark.as_ref().map(|mark| mark.as_str()), found.is_known_divergence), (Some("400"), false));
    assert!(found.change == SnapshotChange::New && found.is_finding(Verdict::Diverges, false));
}
