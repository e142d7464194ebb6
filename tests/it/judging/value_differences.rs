//! The values of responses compared with those of another endpoint: differences, and values that are volatile.

use super::outcome::*;
use overstep::case::{Case, CaseId, StepPurpose, StepRequest, Value};
use overstep::contract::{self, Contract};
use overstep::judge::{
    CaseEvidence, Findings, Judgement, ObservedOutcome, Reproduction, ResponseValues, SnapshotChange,
    SnapshotComparison, Verdict,
};
use overstep::run::CaseOutcome;
use overstep::snapshot::ObservedBehavior;

const CONTRACT: &str = r#"{
  "format": "overstep-contract/1", "service": "boxes", "protocol": "restJson", "auth": [{"scheme": "none"}],
  "operations": [
    {"name": "MakeBox", "http": {"method": "POST", "uri": "/boxes"}, "input": "Asked", "output": "Box", "errors": [],
     "sources": [{"document": "a.md", "line": 1}]},
    {"name": "ReadBox", "http": {"method": "GET", "uri": "/box"}, "input": "Asked", "output": "Box", "errors": [],
     "sources": [{"document": "a.md", "line": 2}]},
    {"name": "ListBoxes", "http": {"method": "GET", "uri": "/boxes"}, "output": "Boxes", "errors": [],
     "sources": [{"document": "a.md", "line": 3}]}
  ],
  "errors": [],
  "shapes": {
    "Asked": {"type": "structure", "members": {"name": {"shape": "Text", "location": "body"}}},
    "Box": {"type": "structure", "members": {
      "id": {"shape": "Text", "location": "body"}, "owner": {"shape": "Text", "location": "body"},
      "name": {"shape": "Text", "location": "body"}, "url": {"shape": "Text", "location": "body"},
      "made": {"shape": "Moment", "location": "body"}, "state": {"shape": "State", "location": "body"},
      "size": {"shape": "Size", "location": "body"}, "open": {"shape": "Truth", "location": "body"},
      "note": {"shape": "Text", "location": "body"}, "md5_of_note": {"shape": "Text", "location": "body"},
      "requestId": {"shape": "Text", "location": "body"}, "parts": {"shape": "Parts", "location": "body"},
      "rules": {"shape": "Map", "location": "body"}, "nextToken": {"shape": "Text", "location": "body"},
      "data": {"shape": "Bytes", "location": "body"}, "md5_of_data": {"shape": "Bytes", "location": "body"},
      "label": {"shape": "State", "location": "body", "wire": "Lb"},
      "states": {"shape": "States", "location": "body"}, "kinds": {"shape": "Kinds", "location": "body"},
      "byState": {"shape": "ByState", "location": "body"}, "etag": {"shape": "Text", "location": "header"}}},
    "Part": {"type": "structure", "members": {
      "id": {"shape": "Text", "location": "body"}, "size": {"shape": "Size", "location": "body"}}},
    "Parts": {"type": "list", "member": "Part"},
    "Boxes": {"type": "structure", "members": {
      "boxes": {"shape": "Some", "location": "body"}, "boxNames": {"shape": "Names", "location": "body"},
      "note": {"shape": "Text", "location": "body"}, "total": {"shape": "Size", "location": "body"}}},
    "Some": {"type": "list", "member": "Box"}, "Map": {"type": "map", "key": "Text", "value": "Text"},
    "States": {"type": "list", "member": "State"}, "Kinds": {"type": "map", "key": "Text", "value": "State"},
    "ByState": {"type": "map", "key": "State", "value": "Size"},
    "Names": {"type": "list", "member": "Text"}, "Bytes": {"type": "blob"},
    "Text": {"type": "string"}, "Size": {"type": "integer"}, "Truth": {"type": "boolean"},
    "Moment": {"type": "timestamp"}, "State": {"type": "enum", "values": ["a1b2c3d4e5f6", "f6e5d4c3b2a1"]}
  }
}"#;

/// Returns the values of the last response of a sequence of steps: operation, request body and response body.
fn response_values(steps: &[(&str, &str, &str)]) -> ResponseValues {
    try_response_values(steps).expect("the response has values")
}

fn try_response_values(steps: &[(&str, &str, &str)]) -> Option<ResponseValues> {
    let contract: Contract = contract::from_json(CONTRACT).expect("a contract");
    ResponseValues::from_outcome(&contract, &outcome_of(steps), |text| *text = text.replace("secret", "…"))
}

fn outcome_of(steps: &[(&str, &str, &str)]) -> CaseOutcome {
    let mut case: Case = case("ReadBox", silent());
    case.id = "boxes/ReadBox/name/length/at-max".parse().expect("an id");
    case.steps = steps
        .iter()
        .enumerate()
        .map(|(index, (operation, _, _))| {
            let mut step =
                step(operation, if index + 1 == steps.len() { StepPurpose::Act } else { StepPurpose::SetUp });
            step.turn = u32::try_from(index).expect("few");
            step
        })
        .collect();
    case.judged = overstep::case::JudgedPart::Step(steps.len() - 1);
    let mut outcome = outcome(case, steps.iter().map(|(_, _, response)| Ok(json(200, response))).collect());
    for (exchange, (operation, request, _)) in outcome.exchanges.iter_mut().zip(steps) {
        let exchange = exchange.as_mut().expect("it was sent");
        exchange.request.body = (*request).to_owned().into();
        exchange.request.target = "/box".to_owned();
        exchange.request.method = if *operation == "MakeBox" { "POST" } else { "GET" }.to_owned();
    }
    outcome
}

/// Returns the differences between two responses to the same request: `body.size 1 2`.
fn differences_between(request: &str, before: &str, after: &str) -> Vec<String> {
    differences(&response_values(&[("ReadBox", request, before)]), &response_values(&[("ReadBox", request, after)]))
}

fn differences(before: &ResponseValues, after: &ResponseValues) -> Vec<String> {
    let all = before.differences(after);
    all.iter().map(|difference| format!("{} {} {}", difference.at, difference.was, difference.now)).collect()
}

const NO_DIFFERENCES: [&str; 0] = [];
const FIRST_ID: &str = "8d3f0a11-5e6b-4c3a-9f10-aabbccddeeff";
const SECOND_ID: &str = "0c9e7b52-1111-4222-8333-444455556666";

#[test]
fn volatile_values_are_not_differences() {
    for (before, after) in [
        (format!(r#"{{"id": "{FIRST_ID}"}}"#), format!(r#"{{"id": "{SECOND_ID}"}}"#)),
        (r#"{"id": "17"}"#.to_owned(), r#"{"id": "23"}"#.to_owned()),
        (r#"{"made": 1795708800}"#.to_owned(), r#"{"made": "2026-11-26T15:45:55Z"}"#.to_owned()),
        (r#"{"note": "at 2026-11-26 15:45:55"}"#.to_owned(), r#"{"note": "at 2026-11-26 16:00:00"}"#.to_owned()),
        (
            r#"{"rules": {"Code": "A", "Message": "it is late"}}"#.to_owned(),
            r#"{"rules": {"Code": "A", "Message": "too late!"}}"#.to_owned(),
        ),
        (r#"{"requestId": "a"}"#.to_owned(), r#"{"requestId": "b c"}"#.to_owned()),
        (
            r#"{"url": "http://127.0.0.1:5000/123456789012/box"}"#.to_owned(),
            r#"{"url": "http://localhost:4566/000000000000/box"}"#.to_owned(),
        ),
        (
            r#"{"owner": "arn:aws:iam:us-east-1:123456789012:user/a"}"#.to_owned(),
            r#"{"owner": "arn:aws:iam:eu-west-1:000000000000:user/a"}"#.to_owned(),
        ),
        (r#"{"rules": {"a": "b", "c": "d"}}"#.to_owned(), r#"{"rules": {"c": "d", "a": "b"}}"#.to_owned()),
        // Values that the endpoint generates.
        (r#"{"nextToken": "abc"}"#.to_owned(), r#"{"nextToken": "xyz"}"#.to_owned()),
        (r#"{"nextToken": 17}"#.to_owned(), r#"{"nextToken": 23}"#.to_owned()),
        (r#"{"data": "aGFsbG8="}"#.to_owned(), r#"{"data": "d2VsdA=="}"#.to_owned()),
        (r#"{"note": "see abcdefgh12ijklmnop"}"#.to_owned(), r#"{"note": "see qrstuvwx34yzabcdef"}"#.to_owned()),
        (r#"{"note": "see a1b2c3d4e"}"#.to_owned(), r#"{"note": "see z9y8x7w6v"}"#.to_owned()),
        (
            r#"{"note": "abcde/x1y2z3a4b5c6d7e8f9g0"}"#.to_owned(),
            r#"{"note": "fghij/a1b2c3d4e5f6g7h8i9j0"}"#.to_owned(),
        ),
        (
            r#"{"note": "ab12cd3/x1y2z3a4b5c6d7e8f9"}"#.to_owned(),
            r#"{"note": "gh56ij7/a1b2c3d4e5f6g7h8i9"}"#.to_owned(),
        ),
        // Timestamps, by their shape or by their form.
        (r#"{"made": 5}"#.to_owned(), r#"{"made": 7}"#.to_owned()),
        (r#"{"size": 1795708800}"#.to_owned(), r#"{"size": 1795708900}"#.to_owned()),
        // One number in two forms, and omitted empty values.
        (r#"{"size": 3}"#.to_owned(), r#"{"size": 3.0}"#.to_owned()),
        (r#"{"parts": [], "rules": {}, "note": null, "name": ""}"#.to_owned(), "{}".to_owned()),
        ("{}".to_owned(), r#"{"parts": [], "rules": {"a": null}, "note": null, "name": ""}"#.to_owned()),
        (r#"{"note": "{\"a\": 1, \"b\": 2}"}"#.to_owned(), r#"{"note": "{\"b\":2,\"a\":1}"}"#.to_owned()),
        (
            format!(
                r#"{{"id": "{FIRST_ID}", "parts": [{{"id": "{FIRST_ID}", "size": 1}}, {{"id": "{SECOND_ID}", "size": 1}}]}}"#
            ),
            format!(
                r#"{{"id": "{SECOND_ID}", "parts": [{{"id": "{FIRST_ID}", "size": 1}}, {{"id": "{SECOND_ID}", "size": 1}}]}}"#
            ),
        ),
    ] {
        assert_eq!(differences_between("{}", &before, &after), NO_DIFFERENCES, "{before}\n{after}");
    }
}

#[test]
fn other_values_are_differences() {
    for (request, before, after, expected) in [
        ("{}", r#"{"size": 1}"#, r#"{"size": 2}"#, "body.size 1 2"),
        ("{}", r#"{"open": true}"#, r#"{"open": false}"#, "body.open true false"),
        ("{}", r#"{"note": "a"}"#, r#"{"note": "b"}"#, r#"body.note "a" "b""#),
        // Enum values are not volatile, even if they look random.
        (
            "{}",
            r#"{"state": "a1b2c3d4e5f6"}"#,
            r#"{"state": "f6e5d4c3b2a1"}"#,
            r#"body.state "a1b2c3d4e5f6" "f6e5d4c3b2a1""#,
        ),
        // Checksums of sent data must be equal.
        (
            "{}",
            r#"{"md5_of_note": "d41d8cd98f00b204e9800998ecf8427e"}"#,
            r#"{"md5_of_note": "0cc175b9c0f1b6a831c399e269772661"}"#,
            r#"body.md5_of_note "d41d8cd98f00b204e9800998ecf8427e" "0cc175b9c0f1b6a831c399e269772661""#,
        ),
        // Sent values must be returned unchanged.
        (
            r#"{"note": "8d3f0a11-5e6b-4c3a-9f10-aabbccddeeff"}"#,
            r#"{"note": "8d3f0a11-5e6b-4c3a-9f10-aabbccddeeff"}"#,
            r#"{"note": "8D3F0A11-5E6B-4C3A-9F10-AABBCCDDEEFF"}"#,
            r#"body.note "8d3f0a11-5e6b-4c3a-9f10-aabbccddeeff" "<id 1>""#,
        ),
        (
            r#"{"made": 1795708800}"#,
            r#"{"made": 1795708800}"#,
            r#"{"made": 1795708801.5}"#,
            r#"body.made 1795708800 "<time>""#,
        ),
        ("{}", r#"{"rules": {"a": "b"}}"#, r#"{"rules": {"a": "b", "c": "d"}}"#, r#"body.rules.c nothing "d""#),
        (
            "{}",
            r#"{"parts": [{"size": 1}, {"size": 2}]}"#,
            r#"{"parts": [{"size": 2}]}"#,
            r#"body.parts[] {"size":1} nothing"#,
        ),
        (
            "{}",
            r#"{"parts": [{"size": 1}, {"size": 2}]}"#,
            r#"{"parts": [{"size": 2}, {"size": 3}]}"#,
            "body.parts[].size 1 3",
        ),
        ("{}", r#"{"note": "a"}"#, "{}", r#"body.note "a" nothing"#),
        ("{}", "{}", r#"{"size": 0}"#, "body.size nothing 0"),
        ("{}", r#"{"parts": [{"size": 1}, {"size": 2}]}"#, "{}", r#"body.parts [{"size":1},{"size":2}] nothing"#),
        ("{}", r#"{"data": ""}"#, r#"{"data": "aGFsbG8="}"#, r#"body.data "" "<id 1>""#),
        (
            "{}",
            r#"{"md5_of_data": "1B2M2Y8AsgTpgAmY7PhCfg=="}"#,
            r#"{"md5_of_data": "DMF1ucDxtqgxw5niaXcmYQ=="}"#,
            r#"body.md5_of_data "1B2M2Y8AsgTpgAmY7PhCfg==" "DMF1ucDxtqgxw5niaXcmYQ==""#,
        ),
        // A member is found by its wire name.
        ("{}", r#"{"Lb": "a1b2c3d4e5f6"}"#, r#"{"Lb": "f6e5d4c3b2a1"}"#, r#"body.label "a1b2c3d4e5f6" "f6e5d4c3b2a1""#),
        // Words of a path that only looks random.
        (
            "{}",
            r#"{"note": "documents//Archived4/backups9/a"}"#,
            r#"{"note": "documents//Archived4/backups9/b"}"#,
            r#"body.note "documents//Archived4/backups9/a" "documents//Archived4/backups9/b""#,
        ),
        (
            "{}",
            r#"{"note": "abcdef/x1y2z3a4b5c6d7e8f9"}"#,
            r#"{"note": "ghijkl/x1y2z3a4b5c6d7e8f9"}"#,
            r#"body.note "abcdef/<id 1>" "ghijkl/<id 1>""#,
        ),
        (
            "{}",
            r#"{"note": "see abcdefgh1"}"#,
            r#"{"note": "see abcdefgh2"}"#,
            r#"body.note "see abcdefgh1" "see abcdefgh2""#,
        ),
        // Enum values in lists and maps, as values and as keys.
        (
            "{}",
            r#"{"states": ["a1b2c3d4e5f6"]}"#,
            r#"{"states": ["f6e5d4c3b2a1"]}"#,
            r#"body.states[] "a1b2c3d4e5f6" "f6e5d4c3b2a1""#,
        ),
        (
            "{}",
            r#"{"kinds": {"x": "a1b2c3d4e5f6"}}"#,
            r#"{"kinds": {"x": "f6e5d4c3b2a1"}}"#,
            r#"body.kinds.x "a1b2c3d4e5f6" "f6e5d4c3b2a1""#,
        ),
        (
            "{}",
            r#"{"byState": {"a1b2c3d4e5f6": 1}}"#,
            r#"{"byState": {"a1b2c3d4e5f6": 2}}"#,
            "body.byState{a1b2c3d4e5f6} 1 2",
        ),
        // A message without a code is compared.
        ("{}", r#"{"rules": {"Message": "a"}}"#, r#"{"rules": {"Message": "b"}}"#, r#"body.rules.Message "a" "b""#),
        ("{}", r#"{"nextToken": ""}"#, r#"{"nextToken": "abc"}"#, r#"body.nextToken "" "<id 1>""#),
        ("{}", r#"{"size": 2.5}"#, r#"{"size": 2.0}"#, "body.size 2.5 2"),
        (
            "{}",
            r#"{"rules": {"x": "8d3f0a11-5e6b-4c3a-9f10-aabbccddeeff"}}"#,
            "{}",
            r#"body.rules {"x":"<id>"} nothing"#,
        ),
        // The same difference in several entries is reported once.
        (
            "{}",
            r#"{"parts": [{"size": 1}, {"size": 2}]}"#,
            r#"{"parts": [{"size": 3}, {"size": 4}]}"#,
            "body.parts[].size 1 3",
        ),
        // A sent timestamp, in seconds or milliseconds, must be returned unchanged except for rounding.
        (
            r#"{"size": 1795708799999}"#,
            r#"{"made": 1795708800}"#,
            r#"{"made": 1795708900}"#,
            r#"body.made 1795708800 "<time>""#,
        ),
        (
            r#"{"made": 1795708799.999}"#,
            r#"{"made": 1795708800}"#,
            r#"{"made": 1795708900}"#,
            r#"body.made 1795708800 "<time>""#,
        ),
        // A short suffix of a sent name is not random.
        (
            r#"{"name": "mine"}"#,
            r#"{"name": "mine-abc"}"#,
            r#"{"name": "mine-xyz"}"#,
            r#"body.name "mine-abc" "mine-xyz""#,
        ),
        ("{}", r#"{"note": "secret a"}"#, r#"{"note": "secret b"}"#, r#"body.note "… a" "… b""#),
    ] {
        assert_eq!(differences_between(request, before, after), [expected], "{before}\n{after}");
    }
}

#[test]
fn a_timestamp_near_a_sent_one_is_volatile() {
    for (request, before) in [
        (r#"{"made": 1795708800}"#, r#"{"made": 1795708799.997}"#),
        (r#"{"made": 1795708799.997}"#, r#"{"made": 1795708800}"#),
        (r#"{"size": 1795708799997}"#, r#"{"made": 1795708800}"#),
        (r#"{"size": 1795708802003}"#, r#"{"made": 1795708801.999}"#),
    ] {
        assert_eq!(
            differences_between(request, before, r#"{"made": 1795708900}"#),
            NO_DIFFERENCES,
            "{request} {before}"
        );
    }
}

#[test]
fn the_number_and_length_of_differences_are_bounded() {
    let members = |value: &str| {
        let all: Vec<String> = (0..9).map(|index| format!(r#""k{index}": "{value}""#)).collect();
        format!(r#"{{"rules": {{{}}}}}"#, all.join(","))
    };
    assert_eq!(differences_between("{}", &members("a"), &members("b")).len(), 8);
    let many = format!(r#"{{"parts": [{}]}}"#, vec![r#"{"size": 1}"#; 40].join(","));
    let found = response_values(&[("ReadBox", "{}", &many)]).differences(&response_values(&[("ReadBox", "{}", "{}")]));
    assert_eq!(found[0].was.chars().count(), 121);
    assert!(found[0].was.ends_with('…'), "{}", found[0].was);
}

#[test]
fn a_sent_value_is_kept_although_it_contains_a_short_identifier() {
    let request = "8d3f0a17-5e6b-4c3a-9f10-aabbccddeeff";
    let response_values = |returned: &str| {
        let note = format!(r#"{{"note": "see {returned}"}}"#);
        response_values(&[
            ("MakeBox", "{}", r#"{"id": "17"}"#),
            ("ReadBox", &format!(r#"{{"name": "{request}"}}"#), &note),
        ])
    };
    assert_eq!(
        differences(&response_values(request), &response_values(SECOND_ID)),
        [format!(r#"body.note "see {request}" "see <id 2>""#)]
    );
}

#[test]
fn equal_identifiers_stay_equal() {
    let pair = |id: &str, owner: &str| format!(r#"{{"id": "{id}", "owner": "{owner}"}}"#);
    assert_eq!(differences_between("{}", &pair(FIRST_ID, FIRST_ID), &pair(SECOND_ID, SECOND_ID)), NO_DIFFERENCES);
    assert_eq!(differences_between("{}", &pair(FIRST_ID, SECOND_ID), &pair(SECOND_ID, FIRST_ID)), NO_DIFFERENCES);
    assert_eq!(
        differences_between("{}", &pair(FIRST_ID, FIRST_ID), &pair(FIRST_ID, SECOND_ID)),
        [r#"body.owner "<id 1>" "<id 2>""#]
    );
    assert_eq!(
        differences_between("{}", &pair(FIRST_ID, SECOND_ID), &pair(FIRST_ID, FIRST_ID)),
        [r#"body.owner "<id 2>" "<id 1>""#]
    );
}

#[test]
fn identifiers_are_tracked_over_all_steps() {
    let request_for = |id: &str| format!(r#"{{"name": "{id}"}}"#);
    let created = |id: &str| format!(r#"{{"id": "{id}", "size": 1}}"#);
    let response_values = |made_as: &str, shown_as: &str| {
        response_values(&[("MakeBox", "{}", &created(made_as)), ("ReadBox", &request_for(made_as), &created(shown_as))])
    };
    assert_eq!(
        differences(&response_values(FIRST_ID, FIRST_ID), &response_values(SECOND_ID, SECOND_ID)),
        NO_DIFFERENCES
    );
    assert_eq!(
        differences(&response_values(FIRST_ID, FIRST_ID), &response_values(FIRST_ID, SECOND_ID)),
        [r#"body.id "<id 1>" "<id 2>""#]
    );
    // An identifier from the endpoint stays volatile when it is sent back.
    assert_eq!(differences(&response_values("17", "17"), &response_values("23", "23")), NO_DIFFERENCES);
    assert_eq!(differences(&response_values("1", "1"), &response_values("2", "2")), NO_DIFFERENCES);
}

#[test]
fn values_that_the_endpoint_generated_stay_volatile_when_sent_back() {
    let response_values = |region: &str, account: &str| {
        let arn = format!("arn:aws:boxes:{region}:{account}:box/a");
        let created = format!(r#"{{"owner": "{arn}"}}"#);
        let returned = format!(r#"{{"owner": "{arn}", "note": "in {region} of {account}"}}"#);
        response_values(&[("MakeBox", "{}", &created), ("ReadBox", &format!(r#"{{"name": "{arn}"}}"#), &returned)])
    };
    assert_eq!(
        differences(&response_values("us-east-1", "123456789012"), &response_values("eu-west-1", "000000000000")),
        NO_DIFFERENCES
    );
    // A longer suffix of a sent name is random.
    let named = |name: &str| format!(r#"{{"name": "{name}"}}"#);
    assert_eq!(differences_between(&named("mine"), &named("mine-abcd"), &named("mine-wxyz")), NO_DIFFERENCES);
    let echoed = |returned: &str| format!(r#"{{"requestId": "{returned}"}}"#);
    assert_eq!(differences_between(r#"{"name": "mine"}"#, &echoed("mine"), &echoed("mine")), NO_DIFFERENCES);
}

#[test]
fn entries_of_others_in_a_list_are_ignored() {
    let boxes = |own: bool, others: &[&str]| {
        let own = own.then(|| r#"{"name": "mine", "size": 1}"#.to_owned());
        let others = others.iter().map(|name| format!(r#"{{"name": "{name}", "size": 2}}"#));
        let all: Vec<String> = own.into_iter().chain(others).collect();
        format!(r#"{{"boxes": [{}], "total": {}}}"#, all.join(","), all.len())
    };
    let listing = |response: &str| {
        response_values(&[("MakeBox", r#"{"name": "mine"}"#, r#"{"name": "mine"}"#), ("ListBoxes", "", response)])
    };
    let own_box = listing(&boxes(true, &[]));
    assert_eq!(differences(&own_box, &listing(&boxes(true, &["theirs", "hers"]))), NO_DIFFERENCES);
    assert_eq!(differences(&listing(&boxes(true, &["his"])), &own_box), NO_DIFFERENCES);
    let larger = boxes(true, &["theirs"]).replace(r#""size": 1"#, r#""size": 3"#);
    assert_eq!(differences(&own_box, &listing(&larger)), ["body.boxes[].size 1 3"]);
    // Next to a shared list nothing is compared; within the own entry everything is.
    let shared = boxes(true, &["theirs"]);
    assert_eq!(differences(&own_box, &listing(&shared.replace(r#""total": 2"#, r#""note": "two""#))), NO_DIFFERENCES);
    assert_eq!(differences(&listing(&shared.replace(r#""total": 2"#, r#""note": "two""#)), &own_box), NO_DIFFERENCES);
    assert_eq!(
        differences(&own_box, &listing(&shared.replace(r#""name": "mine", "size": 1"#, r#""name": "mine""#))),
        ["body.boxes[].size 1 nothing"]
    );
    let with_note = boxes(true, &[]).replace(r#""total": 1"#, r#""note": "one""#);
    assert_eq!(differences(&own_box, &listing(&with_note)), ["body.total 1 nothing", r#"body.note nothing "one""#]);
    let names = |names: &str| listing(&format!(r#"{{"boxNames": [{names}]}}"#));
    assert_eq!(differences(&names(r#""mine""#), &names(r#""theirs", "mine""#)), NO_DIFFERENCES);
    // In a shared list, a missing entry cannot be detected.
    assert_eq!(differences(&names(r#""mine""#), &names(r#""theirs""#)), NO_DIFFERENCES);
    let numbered = boxes(true, &[]).replace("[", r#"[{"id": 17, "size": 9},"#);
    assert_eq!(differences(&own_box, &listing(&numbered)), NO_DIFFERENCES);
    let fewer = differences(&names(r#""mine", "mine too""#), &names(r#""mine""#));
    assert_eq!(fewer, [r#"body.boxNames[] "mine too" nothing"#]);
    let none = differences(&own_box, &listing(&boxes(false, &[])));
    assert_eq!(none, [r#"body.boxes[] {"name":"mine","size":1} nothing"#, "body.total 1 0"]);
}

#[test]
fn lists_in_writes_and_requested_resources_belong_to_the_case() {
    const TWO_PARTS: &str = r#"{"parts": [{"id": "a"}, {"id": "b"}]}"#;
    const PART: &str = r#"{"parts": [{"id": "a"}]}"#;
    const FEWER: [&str; 1] = [r#"body.parts[] {"id":"b"} nothing"#];
    let last = |operation: &str, request: &str, response: &str| response_values(&[(operation, request, response)]);
    let differences_between = |operation: &str, request: &str| {
        differences(&last(operation, request, TWO_PARTS), &last(operation, request, PART))
    };
    assert_eq!(differences_between("MakeBox", "{}"), FEWER);
    assert_eq!(differences_between("ReadBox", "{}"), NO_DIFFERENCES);
    // A request that names a resource of the case returns only that resource.
    let own = "boxes/ReadBox/name/length/at-max".parse::<CaseId>().expect("an id").token(1);
    assert_eq!(differences_between("ReadBox", &format!(r#"{{"name": "{own}"}}"#)), FEWER);
    let after = |response: &str| {
        let created = format!(r#"{{"id": "{FIRST_ID}"}}"#);
        response_values(&[("MakeBox", "{}", &created), ("ReadBox", &format!(r#"{{"name": "{FIRST_ID}"}}"#), response)])
    };
    assert_eq!(differences(&after(TWO_PARTS), &after(PART)), FEWER);
}

#[test]
fn sent_values_are_found_in_every_location() {
    let values = |target: &str, input: Value, response: &str| {
        let mut outcome = outcome_of(&[("ReadBox", "", response)]);
        let mut case = (*outcome.case).clone();
        if let StepRequest::Operation { input: request, .. } = &mut case.steps[0].request {
            *request = input;
        }
        outcome.case = case.into();
        let request = &mut outcome.exchanges[0].as_mut().expect("sent").request;
        let (target, header) = target.split_once(' ').unwrap_or((target, ""));
        request.target = target.to_owned();
        request.headers =
            header.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
        ResponseValues::from_outcome(&contract::from_json(CONTRACT).expect("a contract"), &outcome, |_| {})
            .expect("the response has values")
    };
    let returned = |id: &str| format!(r#"{{"id": "{id}"}}"#);
    let nothing = || Value::Map(Default::default());
    let input = |value: Value| Value::Map([("id".to_owned(), value)].into());
    for (target, input, id) in [
        (format!("/box/{FIRST_ID}"), &nothing as &dyn Fn() -> Value, FIRST_ID),
        (format!("/box?id={FIRST_ID}"), &nothing, FIRST_ID),
        (format!("/box?x=1&&id={FIRST_ID}&y"), &nothing, FIRST_ID),
        (format!("/box?{FIRST_ID}"), &nothing, FIRST_ID),
        (format!("/box x-id: {FIRST_ID}"), &nothing, FIRST_ID),
        ("/box/a%2F17".to_owned(), &nothing, "a/17"),
        ("/box?id=a+17%21".to_owned(), &nothing, "a 17!"),
        ("/box".to_owned(), &|| input(Value::Number("17".to_owned())), "17"),
        ("/box".to_owned(), &|| input(Value::Text("a17".to_owned())), "a17"),
        ("/box".to_owned(), &|| input(Value::List(vec![Value::Blob(vec![255, 0])])), "/wA="),
    ] {
        let values = |id: &str| values(&target, input(), &returned(id));
        let expected = format!("body.id {} \"<id 1>\"", serde_json::Value::from(id));
        assert_eq!(differences(&values(id), &values(SECOND_ID)), [expected], "{target}");
    }
    // A sent timestamp within a text.
    let since = |moment: &str| format!(r#"{{"note": "since {moment}"}}"#);
    let (request, other) = ("2026-11-26T15:45:55Z", "2026-11-27T15:45:55Z");
    assert_eq!(
        differences_between(&format!(r#"{{"name": "{request}"}}"#), &since(request), &since(other)),
        [format!(r#"body.note "since {request}" "since <time>""#)]
    );
}

#[test]
fn list_entries_are_paired_by_references_to_them() {
    let response = |first: &str, second: &str, named: &str| {
        format!(r#"{{"parts": [{{"id": "{first}"}}, {{"id": "{second}"}}], "url": "of {named}"}}"#)
    };
    let created = |named: &str| response_values(&[("MakeBox", "{}", &response(FIRST_ID, SECOND_ID, named))]);
    assert_eq!(differences(&created(SECOND_ID), &created(FIRST_ID)), NO_DIFFERENCES);
}

#[test]
fn large_responses_are_not_compared() {
    // The document, the map and its entries count.
    let response = |entries: usize, last: &str| {
        let all: Vec<String> = (1..entries)
            .map(|index| format!(r#""k{index:04}": "v""#))
            .chain([format!(r#""k9999": "{last}""#)])
            .collect();
        format!(r#"{{"rules": {{{}}}}}"#, all.join(","))
    };
    let differences_between =
        |entries: usize| differences_between("{}", &response(entries, "a"), &response(entries, "b"));
    assert_eq!(differences_between(2998), [r#"body.rules{value} "a" "b""#]);
    assert_eq!(differences_between(2999), NO_DIFFERENCES);
}

#[test]
fn the_estimated_size_follows_the_content() {
    let size = |response: &str| response_values(&[("ReadBox", "{}", response)]).estimated_size();
    let empty = size("{}");
    assert_eq!(size(r#"{"note": "abcd efgh"}"#) - size(r#"{"note": "abcd"}"#), 5);
    assert_eq!(size(r#"{"rules": {"abc": "v"}}"#) - size(r#"{"rules": {"a": "v"}}"#), 4, "the name and its label");
    assert_eq!(size(r#"{"size": 1234}"#) - size(r#"{"size": 1}"#), 3);
    assert!((100..300).contains(&(size(r#"{"note": "abcd"}"#) - empty)));
    let parts = |number: usize| size(&format!(r#"{{"parts": [{}]}}"#, vec![r#"{"size": 1}"#; number].join(",")));
    assert_eq!(parts(12) - parts(2), 5 * (parts(4) - parts(2)));
    assert!((100..300).contains(&(parts(2) - parts(1))));
    // The place of a generated identifier is stored as well.
    let after =
        |created: &str| response_values(&[("MakeBox", "{}", created), ("ReadBox", "{}", "{}")]).estimated_size();
    let given = format!(r#"{{"id": "{FIRST_ID}"}}"#);
    assert!((40..100).contains(&(after(&given) - after("{}"))), "{} {}", after(&given), after("{}"));
    assert_eq!(after(&given.replace("id", "owner")) - after(&given), "owner".len() - "id".len());
}

#[test]
fn only_a_sequential_success_has_values() {
    let steps = [("MakeBox", "{}", "{}"), ("ReadBox", "{}", "{}")];
    let contract = contract::from_json(CONTRACT).expect("a contract");
    let values_of = |outcome: &CaseOutcome| ResponseValues::from_outcome(&contract, outcome, |_| {});
    assert!(values_of(&outcome_of(&steps)).is_some());
    let mut rejected = outcome_of(&steps);
    rejected.exchanges[1].as_mut().expect("sent").response.as_mut().expect("answered").status = 400;
    assert_eq!(values_of(&rejected), None);
    let mut concurrent = outcome_of(&steps);
    let mut case = (*concurrent.case).clone();
    case.steps.iter_mut().for_each(|step| step.turn = 0);
    concurrent.case = case.into();
    assert_eq!(values_of(&concurrent), None);
    let mut raw = outcome_of(&steps);
    let mut case = (*raw.case).clone();
    case.steps[1].request = StepRequest::Raw { method: "GET".to_owned(), target: "/box".to_owned(), body: None };
    raw.case = case.into();
    assert!(values_of(&raw).is_some());
}

#[test]
fn differences_at_one_place_are_one_finding() {
    let observed = || Some(ObservedBehavior { status: Some(200), ..ObservedBehavior::default() });
    let same = SnapshotComparison {
        change: SnapshotChange::Same,
        observed: observed(),
        accepted: observed(),
        ..SnapshotComparison::default()
    };
    let comparison_of = |before: &str, after: &str| {
        let values = |response: &str| response_values(&[("ReadBox", "{}", response)]);
        same.clone().with_value_differences(&values(before), &values(after))
    };
    let unchanged = comparison_of(r#"{"size": 1}"#, r#"{"size": 1}"#);
    assert_eq!((unchanged.change, unchanged.describe_accepted()), (SnapshotChange::Same, None));
    let mut findings = Findings::new(false);
    for (id, before, after) in [
        ("boxes/ReadBox/name/length/at-max", r#"{"size": 1, "note": "a"}"#, r#"{"size": 2, "note": "b"}"#),
        ("boxes/ReadBox/name/length/at-min", r#"{"size": 7}"#, r#"{"size": 8}"#),
    ] {
        let compared = comparison_of(before, after);
        assert_eq!(compared.change, SnapshotChange::Changed);
        let mut case = case("ReadBox", silent());
        case.id = id.parse().expect(id);
        let observed = ObservedOutcome::new(Some(200), None);
        let judgement = Judgement { verdict: Verdict::Pass, observed, why: String::new() };
        let evidence = CaseEvidence {
            scenario: "boxes",
            case: &case,
            judgement: &judgement,
            comparison: &compared,
            server_output: &[],
            message: None,
            contract: None,
        };
        findings.add_case(&evidence, Reproduction::default);
    }
    let reported: Vec<_> = findings
        .sorted()
        .into_iter()
        .map(|finding| {
            (
                finding.member,
                finding.constraint,
                finding.accepted.unwrap_or_default(),
                finding.observed,
                finding.case_count,
            )
        })
        .collect();
    let expected = |accepted: &str, observed: &str, cases| {
        ("answers".to_owned(), "values".to_owned(), accepted.to_owned(), observed.to_owned(), cases)
    };
    assert_eq!(
        reported,
        [
            expected("200 with body.size 1", "200 with body.size 2", 2),
            expected(r#"200 with body.note "a""#, r#"200 with body.note "b""#, 1)
        ]
    );
}
