//! The values of answers beside those of another endpoint: what counts, and what differs by nature.

use super::outcome::*;
use overstep::case::{Case, CaseId, StepPurpose, StepRequest, Value};
use overstep::contract::{self, Contract};
use overstep::judge::{
    Findings, Judgement, ObservedOutcome, Reproduction, ResponseValues, SnapshotChange, SnapshotComparison, Verdict,
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

/// A conversation: each request's operation and body, and the body of its answer; the last one is judged.
fn talk(steps: &[(&str, &str, &str)]) -> ResponseValues {
    told(steps).expect("its answer has values")
}

fn told(steps: &[(&str, &str, &str)]) -> Option<ResponseValues> {
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
    let mut outcome = outcome(case, steps.iter().map(|(_, _, answer)| Ok(json(200, answer))).collect());
    for (exchange, (operation, sent, _)) in outcome.exchanges.iter_mut().zip(steps) {
        let exchange = exchange.as_mut().expect("it was sent");
        exchange.request.body = (*sent).to_owned().into();
        exchange.request.target = "/box".to_owned();
        exchange.request.method = if *operation == "MakeBox" { "POST" } else { "GET" }.to_owned();
    }
    outcome
}

/// How two answers to the same request differ: `body.size 1 2`.
fn differ(sent: &str, was: &str, now: &str) -> Vec<String> {
    differences(&talk(&[("ReadBox", sent, was)]), &talk(&[("ReadBox", sent, now)]))
}

fn differences(was: &ResponseValues, now: &ResponseValues) -> Vec<String> {
    let all = was.differences(now);
    all.iter().map(|one| format!("{} {} {}", one.at, one.was, one.now)).collect()
}

const NONE: [&str; 0] = [];
const ONE: &str = "8d3f0a11-5e6b-4c3a-9f10-aabbccddeeff";
const TWO: &str = "0c9e7b52-1111-4222-8333-444455556666";

#[test]
fn what_differs_by_nature_is_no_difference() {
    for (was, now) in [
        (format!(r#"{{"id": "{ONE}"}}"#), format!(r#"{{"id": "{TWO}"}}"#)),
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
        // Whatever the endpoint made up itself.
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
        // Moments, by their shape or by what they look like.
        (r#"{"made": 5}"#.to_owned(), r#"{"made": 7}"#.to_owned()),
        (r#"{"size": 1795708800}"#.to_owned(), r#"{"size": 1795708900}"#.to_owned()),
        // One number in two forms, and what is left out because it is empty.
        (r#"{"size": 3}"#.to_owned(), r#"{"size": 3.0}"#.to_owned()),
        (r#"{"parts": [], "rules": {}, "note": null, "name": ""}"#.to_owned(), "{}".to_owned()),
        ("{}".to_owned(), r#"{"parts": [], "rules": {"a": null}, "note": null, "name": ""}"#.to_owned()),
        (r#"{"note": "{\"a\": 1, \"b\": 2}"}"#.to_owned(), r#"{"note": "{\"b\":2,\"a\":1}"}"#.to_owned()),
        (
            format!(r#"{{"id": "{ONE}", "parts": [{{"id": "{ONE}", "size": 1}}, {{"id": "{TWO}", "size": 1}}]}}"#),
            format!(r#"{{"id": "{TWO}", "parts": [{{"id": "{ONE}", "size": 1}}, {{"id": "{TWO}", "size": 1}}]}}"#),
        ),
    ] {
        assert_eq!(differ("{}", &was, &now), NONE, "{was}\n{now}");
    }
}

#[test]
fn what_an_endpoint_says_of_its_own_counts() {
    for (sent, was, now, due) in [
        ("{}", r#"{"size": 1}"#, r#"{"size": 2}"#, "body.size 1 2"),
        ("{}", r#"{"open": true}"#, r#"{"open": false}"#, "body.open true false"),
        ("{}", r#"{"note": "a"}"#, r#"{"note": "b"}"#, r#"body.note "a" "b""#),
        // Members of enums are words, whatever they look like.
        (
            "{}",
            r#"{"state": "a1b2c3d4e5f6"}"#,
            r#"{"state": "f6e5d4c3b2a1"}"#,
            r#"body.state "a1b2c3d4e5f6" "f6e5d4c3b2a1""#,
        ),
        // What is computed from our bytes is the same everywhere.
        (
            "{}",
            r#"{"md5_of_note": "d41d8cd98f00b204e9800998ecf8427e"}"#,
            r#"{"md5_of_note": "0cc175b9c0f1b6a831c399e269772661"}"#,
            r#"body.md5_of_note "d41d8cd98f00b204e9800998ecf8427e" "0cc175b9c0f1b6a831c399e269772661""#,
        ),
        // What we sent comes back as it is.
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
        // A member has its name on the wire.
        ("{}", r#"{"Lb": "a1b2c3d4e5f6"}"#, r#"{"Lb": "f6e5d4c3b2a1"}"#, r#"body.label "a1b2c3d4e5f6" "f6e5d4c3b2a1""#),
        // Words of a path, which only looks like drawn bytes.
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
        // Members of enums in lists and maps, as values and as keys.
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
        // A message without a code is all that is said.
        ("{}", r#"{"rules": {"Message": "a"}}"#, r#"{"rules": {"Message": "b"}}"#, r#"body.rules.Message "a" "b""#),
        ("{}", r#"{"nextToken": ""}"#, r#"{"nextToken": "abc"}"#, r#"body.nextToken "" "<id 1>""#),
        ("{}", r#"{"size": 2.5}"#, r#"{"size": 2.0}"#, "body.size 2.5 2"),
        (
            "{}",
            r#"{"rules": {"x": "8d3f0a11-5e6b-4c3a-9f10-aabbccddeeff"}}"#,
            "{}",
            r#"body.rules {"x":"<id>"} nothing"#,
        ),
        // What differs in several entries is one difference.
        (
            "{}",
            r#"{"parts": [{"size": 1}, {"size": 2}]}"#,
            r#"{"parts": [{"size": 3}, {"size": 4}]}"#,
            "body.parts[].size 1 3",
        ),
        // A moment that we sent, in seconds or in thousandths, comes back as it is, but for rounding.
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
        // Something short after a name of ours is nothing that was drawn.
        (
            r#"{"name": "mine"}"#,
            r#"{"name": "mine-abc"}"#,
            r#"{"name": "mine-xyz"}"#,
            r#"body.name "mine-abc" "mine-xyz""#,
        ),
        ("{}", r#"{"note": "secret a"}"#, r#"{"note": "secret b"}"#, r#"body.note "… a" "… b""#),
    ] {
        assert_eq!(differ(sent, was, now), [due], "{was}\n{now}");
    }
}

#[test]
fn a_moment_near_one_of_ours_is_the_endpoints_own() {
    for (sent, was) in [
        (r#"{"made": 1795708800}"#, r#"{"made": 1795708799.997}"#),
        (r#"{"made": 1795708799.997}"#, r#"{"made": 1795708800}"#),
        (r#"{"size": 1795708799997}"#, r#"{"made": 1795708800}"#),
        (r#"{"size": 1795708802003}"#, r#"{"made": 1795708801.999}"#),
    ] {
        assert_eq!(differ(sent, was, r#"{"made": 1795708900}"#), NONE, "{sent} {was}");
    }
}

#[test]
fn so_many_differences_are_told_and_each_is_short() {
    let members = |value: &str| {
        let all: Vec<String> = (0..9).map(|at| format!(r#""k{at}": "{value}""#)).collect();
        format!(r#"{{"rules": {{{}}}}}"#, all.join(","))
    };
    assert_eq!(differ("{}", &members("a"), &members("b")).len(), 8);
    let many = format!(r#"{{"parts": [{}]}}"#, vec![r#"{"size": 1}"#; 40].join(","));
    let told = talk(&[("ReadBox", "{}", &many)]).differences(&talk(&[("ReadBox", "{}", "{}")]));
    assert_eq!(told[0].was.chars().count(), 121);
    assert!(told[0].was.ends_with('…'), "{}", told[0].was);
}

#[test]
fn a_word_of_ours_stays_ours_whatever_short_was_given_in_it() {
    let sent = "8d3f0a17-5e6b-4c3a-9f10-aabbccddeeff";
    let talk = |shown: &str| {
        let note = format!(r#"{{"note": "see {shown}"}}"#);
        talk(&[("MakeBox", "{}", r#"{"id": "17"}"#), ("ReadBox", &format!(r#"{{"name": "{sent}"}}"#), &note)])
    };
    assert_eq!(differences(&talk(sent), &talk(TWO)), [format!(r#"body.note "see {sent}" "see <id 2>""#)]);
}

#[test]
fn equal_identifiers_stay_equal() {
    let pair = |one: &str, other: &str| format!(r#"{{"id": "{one}", "owner": "{other}"}}"#);
    assert_eq!(differ("{}", &pair(ONE, ONE), &pair(TWO, TWO)), NONE);
    assert_eq!(differ("{}", &pair(ONE, TWO), &pair(TWO, ONE)), NONE);
    assert_eq!(differ("{}", &pair(ONE, ONE), &pair(ONE, TWO)), [r#"body.owner "<id 1>" "<id 2>""#]);
    assert_eq!(differ("{}", &pair(ONE, TWO), &pair(ONE, ONE)), [r#"body.owner "<id 2>" "<id 1>""#]);
}

#[test]
fn an_identifier_is_known_again_in_the_whole_conversation() {
    let asked = |id: &str| format!(r#"{{"name": "{id}"}}"#);
    let made = |id: &str| format!(r#"{{"id": "{id}", "size": 1}}"#);
    let talk = |made_as: &str, shown_as: &str| {
        talk(&[("MakeBox", "{}", &made(made_as)), ("ReadBox", &asked(made_as), &made(shown_as))])
    };
    assert_eq!(differences(&talk(ONE, ONE), &talk(TWO, TWO)), NONE);
    assert_eq!(differences(&talk(ONE, ONE), &talk(ONE, TWO)), [r#"body.id "<id 1>" "<id 2>""#]);
    // What is sent again because the endpoint gave it is still its own.
    assert_eq!(differences(&talk("17", "17"), &talk("23", "23")), NONE);
    assert_eq!(differences(&talk("1", "1"), &talk("2", "2")), NONE);
}

#[test]
fn what_is_repeated_because_it_was_given_is_still_the_endpoints_own() {
    let talk = |region: &str, account: &str| {
        let arn = format!("arn:aws:boxes:{region}:{account}:box/a");
        let made = format!(r#"{{"owner": "{arn}"}}"#);
        let shown = format!(r#"{{"owner": "{arn}", "note": "in {region} of {account}"}}"#);
        talk(&[("MakeBox", "{}", &made), ("ReadBox", &format!(r#"{{"name": "{arn}"}}"#), &shown)])
    };
    assert_eq!(differences(&talk("us-east-1", "123456789012"), &talk("eu-west-1", "000000000000")), NONE);
    // With something after it, a name of ours is unique.
    let named = |name: &str| format!(r#"{{"name": "{name}"}}"#);
    assert_eq!(differ(&named("mine"), &named("mine-abcd"), &named("mine-wxyz")), NONE);
    let echoed = |shown: &str| format!(r#"{{"requestId": "{shown}"}}"#);
    assert_eq!(differ(r#"{"name": "mine"}"#, &echoed("mine"), &echoed("mine")), NONE);
}

#[test]
fn what_belongs_to_others_in_a_list_says_nothing() {
    let boxes = |own: bool, others: &[&str]| {
        let own = own.then(|| r#"{"name": "mine", "size": 1}"#.to_owned());
        let others = others.iter().map(|name| format!(r#"{{"name": "{name}", "size": 2}}"#));
        let all: Vec<String> = own.into_iter().chain(others).collect();
        format!(r#"{{"boxes": [{}], "total": {}}}"#, all.join(","), all.len())
    };
    let listed =
        |answer: &str| talk(&[("MakeBox", r#"{"name": "mine"}"#, r#"{"name": "mine"}"#), ("ListBoxes", "", answer)]);
    let alone = listed(&boxes(true, &[]));
    assert_eq!(differences(&alone, &listed(&boxes(true, &["theirs", "hers"]))), NONE);
    assert_eq!(differences(&listed(&boxes(true, &["his"])), &alone), NONE);
    let larger = boxes(true, &["theirs"]).replace(r#""size": 1"#, r#""size": 3"#);
    assert_eq!(differences(&alone, &listed(&larger)), ["body.boxes[].size 1 3"]);
    // Beside a list that others share nothing is comparable; inside of our own entry everything is.
    let shared = boxes(true, &["theirs"]);
    assert_eq!(differences(&alone, &listed(&shared.replace(r#""total": 2"#, r#""note": "two""#))), NONE);
    assert_eq!(differences(&listed(&shared.replace(r#""total": 2"#, r#""note": "two""#)), &alone), NONE);
    assert_eq!(
        differences(&alone, &listed(&shared.replace(r#""name": "mine", "size": 1"#, r#""name": "mine""#))),
        ["body.boxes[].size 1 nothing"]
    );
    let untold = boxes(true, &[]).replace(r#""total": 1"#, r#""note": "one""#);
    assert_eq!(differences(&alone, &listed(&untold)), ["body.total 1 nothing", r#"body.note nothing "one""#]);
    let names = |names: &str| listed(&format!(r#"{{"boxNames": [{names}]}}"#));
    assert_eq!(differences(&names(r#""mine""#), &names(r#""theirs", "mine""#)), NONE);
    // Where others share a list, nobody can tell what became of an entry.
    assert_eq!(differences(&names(r#""mine""#), &names(r#""theirs""#)), NONE);
    let numbered = boxes(true, &[]).replace("[", r#"[{"id": 17, "size": 9},"#);
    assert_eq!(differences(&alone, &listed(&numbered)), NONE);
    let fewer = differences(&names(r#""mine", "mine too""#), &names(r#""mine""#));
    assert_eq!(fewer, [r#"body.boxNames[] "mine too" nothing"#]);
    let none = differences(&alone, &listed(&boxes(false, &[])));
    assert_eq!(none, [r#"body.boxes[] {"name":"mine","size":1} nothing"#, "body.total 1 0"]);
}

#[test]
fn what_is_not_read_or_asked_for_belongs_to_nobody_else() {
    const TWO_PARTS: &str = r#"{"parts": [{"id": "a"}, {"id": "b"}]}"#;
    const PART: &str = r#"{"parts": [{"id": "a"}]}"#;
    const FEWER: [&str; 1] = [r#"body.parts[] {"id":"b"} nothing"#];
    let last = |operation: &str, sent: &str, answer: &str| talk(&[(operation, sent, answer)]);
    let differ =
        |operation: &str, sent: &str| differences(&last(operation, sent, TWO_PARTS), &last(operation, sent, PART));
    assert_eq!(differ("MakeBox", "{}"), FEWER);
    assert_eq!(differ("ReadBox", "{}"), NONE);
    // Who asks for something of its own is shown that.
    let own = "boxes/ReadBox/name/length/at-max".parse::<CaseId>().expect("an id").token(1);
    assert_eq!(differ("ReadBox", &format!(r#"{{"name": "{own}"}}"#)), FEWER);
    let after = |answer: &str| {
        let made = format!(r#"{{"id": "{ONE}"}}"#);
        talk(&[("MakeBox", "{}", &made), ("ReadBox", &format!(r#"{{"name": "{ONE}"}}"#), answer)])
    };
    assert_eq!(differences(&after(TWO_PARTS), &after(PART)), FEWER);
}

#[test]
fn what_we_sent_is_ours_wherever_it_stood() {
    let told = |target: &str, input: Value, answer: &str| {
        let mut outcome = outcome_of(&[("ReadBox", "", answer)]);
        let mut case = (*outcome.case).clone();
        if let StepRequest::Operation { input: sent, .. } = &mut case.steps[0].request {
            *sent = input;
        }
        outcome.case = case.into();
        let sent = &mut outcome.exchanges[0].as_mut().expect("sent").request;
        let (target, header) = target.split_once(' ').unwrap_or((target, ""));
        sent.target = target.to_owned();
        sent.headers =
            header.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
        ResponseValues::from_outcome(&contract::from_json(CONTRACT).expect("a contract"), &outcome, |_| {})
            .expect("its answer has values")
    };
    let shown = |id: &str| format!(r#"{{"id": "{id}"}}"#);
    let nothing = || Value::Map(Default::default());
    let input = |value: Value| Value::Map([("id".to_owned(), value)].into());
    for (target, input, id) in [
        (format!("/box/{ONE}"), &nothing as &dyn Fn() -> Value, ONE),
        (format!("/box?id={ONE}"), &nothing, ONE),
        (format!("/box?x=1&&id={ONE}&y"), &nothing, ONE),
        (format!("/box?{ONE}"), &nothing, ONE),
        (format!("/box x-id: {ONE}"), &nothing, ONE),
        ("/box/a%2F17".to_owned(), &nothing, "a/17"),
        ("/box?id=a+17%21".to_owned(), &nothing, "a 17!"),
        ("/box".to_owned(), &|| input(Value::Number("17".to_owned())), "17"),
        ("/box".to_owned(), &|| input(Value::Text("a17".to_owned())), "a17"),
        ("/box".to_owned(), &|| input(Value::List(vec![Value::Blob(vec![255, 0])])), "/wA="),
    ] {
        let told = |id: &str| told(&target, input(), &shown(id));
        let due = format!("body.id {} \"<id 1>\"", serde_json::Value::from(id));
        assert_eq!(differences(&told(id), &told(TWO)), [due], "{target}");
    }
    // A moment that we sent, in the midst of a text.
    let since = |moment: &str| format!(r#"{{"note": "since {moment}"}}"#);
    let (sent, other) = ("2026-11-26T15:45:55Z", "2026-11-27T15:45:55Z");
    assert_eq!(
        super::values::differ(&format!(r#"{{"name": "{sent}"}}"#), &since(sent), &since(other)),
        [format!(r#"body.note "since {sent}" "since <time>""#)]
    );
}

#[test]
fn entries_are_paired_by_where_else_they_are_named() {
    let answer = |first: &str, second: &str, named: &str| {
        format!(r#"{{"parts": [{{"id": "{first}"}}, {{"id": "{second}"}}], "url": "of {named}"}}"#)
    };
    let made = |named: &str| talk(&[("MakeBox", "{}", &answer(ONE, TWO, named))]);
    assert_eq!(differences(&made(TWO), &made(ONE)), NONE);
}

#[test]
fn what_is_too_large_is_not_compared() {
    // The document, the map, and what is in it.
    let answer = |entries: usize, last: &str| {
        let all: Vec<String> =
            (1..entries).map(|at| format!(r#""k{at:04}": "v""#)).chain([format!(r#""k9999": "{last}""#)]).collect();
        format!(r#"{{"rules": {{{}}}}}"#, all.join(","))
    };
    let differ = |entries: usize| differ("{}", &answer(entries, "a"), &answer(entries, "b"));
    assert_eq!(differ(2998), [r#"body.rules{value} "a" "b""#]);
    assert_eq!(differ(2999), NONE);
}

#[test]
fn what_is_kept_is_as_large_as_it_says() {
    let size = |answer: &str| talk(&[("ReadBox", "{}", answer)]).estimated_size();
    let least = size("{}");
    assert_eq!(size(r#"{"note": "abcd efgh"}"#) - size(r#"{"note": "abcd"}"#), 5);
    assert_eq!(size(r#"{"rules": {"abc": "v"}}"#) - size(r#"{"rules": {"a": "v"}}"#), 4, "the name and its label");
    assert_eq!(size(r#"{"size": 1234}"#) - size(r#"{"size": 1}"#), 3);
    assert!((100..300).contains(&(size(r#"{"note": "abcd"}"#) - least)));
    let parts = |number: usize| size(&format!(r#"{{"parts": [{}]}}"#, vec![r#"{"size": 1}"#; number].join(",")));
    assert_eq!(parts(12) - parts(2), 5 * (parts(4) - parts(2)));
    assert!((100..300).contains(&(parts(2) - parts(1))));
    // Where an identifier was given is kept as well.
    let after = |made: &str| talk(&[("MakeBox", "{}", made), ("ReadBox", "{}", "{}")]).estimated_size();
    let given = format!(r#"{{"id": "{ONE}"}}"#);
    assert!((40..100).contains(&(after(&given) - after("{}"))), "{} {}", after(&given), after("{}"));
    assert_eq!(after(&given.replace("id", "owner")) - after(&given), "owner".len() - "id".len());
}

#[test]
fn only_a_single_success_has_values() {
    let steps = [("MakeBox", "{}", "{}"), ("ReadBox", "{}", "{}")];
    let contract = contract::from_json(CONTRACT).expect("a contract");
    let of = |outcome: &CaseOutcome| ResponseValues::from_outcome(&contract, outcome, |_| {});
    assert!(of(&outcome_of(&steps)).is_some());
    let mut refused = outcome_of(&steps);
    refused.exchanges[1].as_mut().expect("sent").response.as_mut().expect("answered").status = 400;
    assert_eq!(of(&refused), None);
    let mut raced = outcome_of(&steps);
    let mut case = (*raced.case).clone();
    case.steps.iter_mut().for_each(|step| step.turn = 0);
    raced.case = case.into();
    assert_eq!(of(&raced), None);
    let mut raw = outcome_of(&steps);
    let mut case = (*raw.case).clone();
    case.steps[1].request = StepRequest::Raw { method: "GET".to_owned(), target: "/box".to_owned(), body: None };
    raw.case = case.into();
    assert!(of(&raw).is_some());
}

#[test]
fn differences_at_one_place_are_one_finding() {
    let seen = || Some(ObservedBehavior { status: Some(200), ..ObservedBehavior::default() });
    let same = SnapshotComparison {
        change: SnapshotChange::Same,
        observed: seen(),
        accepted: seen(),
        ..SnapshotComparison::default()
    };
    let beside = |was: &str, now: &str| {
        let values = |answer: &str| talk(&[("ReadBox", "{}", answer)]);
        same.clone().with_value_differences(&values(was), &values(now))
    };
    let kept = beside(r#"{"size": 1}"#, r#"{"size": 1}"#);
    assert_eq!((kept.change, kept.describe_accepted()), (SnapshotChange::Same, None));
    let mut findings = Findings::new(false);
    for (id, was, now) in [
        ("boxes/ReadBox/name/length/at-max", r#"{"size": 1, "note": "a"}"#, r#"{"size": 2, "note": "b"}"#),
        ("boxes/ReadBox/name/length/at-min", r#"{"size": 7}"#, r#"{"size": 8}"#),
    ] {
        let compared = beside(was, now);
        assert_eq!(compared.change, SnapshotChange::Changed);
        let mut case = case("ReadBox", silent());
        case.id = id.parse().expect(id);
        let observed = ObservedOutcome { status: Some(200), ..ObservedOutcome::default() };
        let judgement = Judgement { verdict: Verdict::Pass, observed, why: String::new() };
        findings.add_compared("boxes", &case, &judgement, &compared, &[], Reproduction::default);
    }
    let told: Vec<_> = findings
        .sorted()
        .into_iter()
        .map(|one| (one.member, one.constraint, one.accepted.unwrap_or_default(), one.observed, one.case_count))
        .collect();
    let due = |accepted: &str, observed: &str, cases| {
        ("answers".to_owned(), "values".to_owned(), accepted.to_owned(), observed.to_owned(), cases)
    };
    assert_eq!(
        told,
        [
            due("200 with body.size 1", "200 with body.size 2", 2),
            due(r#"200 with body.note "a""#, r#"200 with body.note "b""#, 1)
        ]
    );
}
