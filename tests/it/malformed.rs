//! Damaged requests of every protocol: each is another request than the one it was made of, what must be refused is no
//! document to a reader that shares no code with the generator, and what is legal reads as what was meant.
//!
//! Nothing is sent.

use overstep::case::{Case, CaseClass, Damage, Expectation, Intent, StepRequest, Value};
use overstep::contract::{self, Contract, Protocol};
use overstep::generate;
use overstep::generate::{GenerationLevel, GenerationOptions};
use overstep::scenario::Scenario;
use overstep::wire::{self, EncodedRequest};
use serde_json::{Value as Json, json};
use std::collections::HashSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

const PROTOCOLS: [Protocol; 6] = [
    Protocol::AwsJson1_0,
    Protocol::AwsJson1_1,
    Protocol::AwsQuery,
    Protocol::Ec2Query,
    Protocol::RestXml,
    Protocol::RpcV2Cbor,
];

/// A service with a member of each kind, over a protocol.
fn contract(protocol: Protocol) -> Contract {
    let is_xml = protocol == Protocol::RestXml;
    let http = |method: &str, uri: &str| match is_xml {
        true => json!({"method": method, "uri": uri, "success": 200}),
        false => json!({"method": "POST", "uri": "/", "success": 200}),
    };
    let member = |shape: &str, required: bool| json!({"shape": shape, "required": required, "location": "body"});
    let text = json!({
        "format": "overstep-contract/1",
        "service": "things",
        "protocol": protocol.name(),
        "traits": {"version": "2020-01-01", "targetPrefix": "Things_20200101"},
        "operations": [
            {"name": "PutThing", "http": http("PUT", "/things"), "input": "PutThingRequest", "errors": ["Bad"]},
            {"name": "ListThings", "http": http("GET", "/things"), "input": "ListThingsRequest", "errors": ["Bad"]},
            {"name": "PutBytes", "http": http("PUT", "/bytes"), "input": if is_xml { "PutBytesRequest" } else { "Empty" },
             "errors": ["Bad"]},
            {"name": "PutPart", "http": http("PUT", "/part"), "input": if is_xml { "PutPartRequest" } else { "Empty" },
             "errors": ["Bad"]},
        ],
        "errors": [{"name": "Bad", "status": 400, "role": "invalid-input"}],
        "shapes": {
            "PutThingRequest": {"type": "structure", "members": {
                "Title": member("Text", true), "Count": member("Count", false), "Size": member("Size", false),
                "Ratio": member("Ratio", false), "On": member("On", false), "When": member("When", false),
                "Data": member("Data", false), "Color": member("Color", false), "Tags": member("Tags", false),
                "Notes": member("Notes", false), "Inner": member("Inner", false),
            }},
            "ListThingsRequest": {"type": "structure", "members": {"Next": {"shape": "Text",
                "location": if is_xml { "query" } else { "body" }}}},
            "PutBytesRequest": {"type": "structure", "members": {"Bytes": {"shape": "Data", "location": "payload"}}},
            "PutPartRequest": {"type": "structure", "members": {"Part": {"shape": "Inner", "required": true,
                "location": "payload"}}},
            "Empty": {"type": "structure", "members": {}},
            "Text": {"type": "string"}, "Count": {"type": "integer"}, "Size": {"type": "long"},
            "Ratio": {"type": "double"}, "On": {"type": "boolean"}, "When": {"type": "timestamp"},
            "Data": {"type": "blob"}, "Color": {"type": "enum", "values": ["RED", "GREEN"]},
            "Tags": {"type": "list", "member": "Text"}, "Notes": {"type": "map", "key": "Text", "value": "Text"},
            "Inner": {"type": "structure", "members": {"Deep": member("Text", false), "More": member("Tags", false)}},
        },
    });
    contract::from_json(&text.to_string()).expect("well formed")
}

fn cases(contract: &Contract, level: GenerationLevel) -> Vec<Case> {
    let scenario = Scenario::with_name("things");
    generate::generate_cases(contract, &scenario, GenerationOptions { seed: 7, level }).expect("a plan").collect()
}

/// The part of an id behind the operation: `malformed/truncated/half`.
fn rest(case: &Case) -> &str {
    case.id.as_str().splitn(3, '/').nth(2).unwrap_or_default()
}

fn is_malformed(case: &&Case) -> bool {
    case.id.class() == Some(CaseClass::Malformed)
}

fn parts(case: &Case) -> (&Value, &[Damage]) {
    match &case.steps[case.judged.shown_step()].request {
        StepRequest::Operation { input, damage, .. } => (input, damage),
        StepRequest::Raw { .. } => panic!("{}: a request of an operation", case.id),
    }
}

fn sent(contract: &Contract, case: &Case) -> EncodedRequest {
    wire::encode_request(contract, &case.steps[case.judged.shown_step()].request, "").unwrap_or_else(|error| {
        panic!("{}: {error}", case.id);
    })
}

/// The same request, undamaged.
fn whole(contract: &Contract, case: &Case) -> EncodedRequest {
    let send =
        StepRequest::Operation { name: case.operation.clone(), input: parts(case).0.clone(), damage: Vec::new() };
    wire::encode_request(contract, &send, "").expect("sendable")
}

#[test]
fn every_damaged_request_can_be_sent_and_is_another() {
    for protocol in PROTOCOLS {
        let contract = contract(protocol);
        let all = cases(&contract, GenerationLevel::Full);
        let malformed: Vec<&Case> = all.iter().filter(is_malformed).collect();
        assert!(malformed.len() > 60, "{protocol:?}: {}", malformed.len());
        for case in malformed {
            assert_eq!(case.unsendable_reason, None, "{}", case.id);
            let message = sent(&contract, case);
            if !parts(case).1.is_empty() {
                assert_ne!(message, whole(&contract, case), "{protocol:?}: {} changes nothing", case.id);
            }
        }
        // Types too, in whatever way a protocol says them.
        for case in all.iter().filter(|case| case.unsendable_reason.is_none() && !case.steps.is_empty()) {
            sent(&contract, case);
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for protocol in PROTOCOLS {
        let contract = contract(protocol);
        let bytes = || -> Vec<(String, EncodedRequest)> {
            let all = cases(&contract, GenerationLevel::Full);
            all.iter().filter(is_malformed).map(|case| (case.id.to_string(), sent(&contract, case))).collect()
        };
        assert_eq!(bytes(), bytes(), "{protocol:?}");
    }
}

/// What a reader of ours takes for something else than the generator does, and why.
const READ_ALL_THE_SAME: &[&str] = &[
    // quick-xml does not look at which characters a text and a name hold; expat, below, does.
    "malformed/tags/no-name",
    "malformed/escapes/raw-control",
];

#[test]
fn what_must_be_refused_is_no_document_of_the_operation() {
    for protocol in [Protocol::AwsJson1_0, Protocol::AwsJson1_1, Protocol::RestXml, Protocol::RpcV2Cbor] {
        let contract = contract(protocol);
        let (mut seen, mut taken) = (0, Vec::new());
        for case in cases(&contract, GenerationLevel::Full).iter().filter(is_malformed) {
            let Expectation::Reject { .. } = case.expectation else { continue };
            if ["malformed/operation", "malformed/header"].iter().any(|kind| rest(case).starts_with(kind))
                || READ_ALL_THE_SAME.contains(&rest(case))
            {
                continue;
            }
            assert_eq!(case.intent, Intent::Malformed, "{}", case.id);
            let read = wire::decode_document(Some(protocol), &sent(&contract, case).body, None);
            if matches!(read, Ok(Json::Object(_))) {
                taken.push(format!("{} reads as {read:?}", case.id));
            }
            seen += 1;
        }
        assert!(taken.is_empty(), "{protocol:?}: {taken:#?}");
        assert!(seen > 30, "{protocol:?}: {seen}");
    }
}

#[test]
fn expat_refuses_what_must_be_refused() {
    let contract = contract(Protocol::RestXml);
    let all = cases(&contract, GenerationLevel::Full);
    let refused: Vec<&Case> =
        all.iter().filter(is_malformed).filter(|case| matches!(case.expectation, Expectation::Reject { .. })).collect();
    let bodies: Vec<String> =
        refused.iter().map(|case| data_encoding::BASE64.encode(&sent(&contract, case).body)).collect();
    let script = "import sys, json, base64\nfrom xml.parsers import expat\ndef reads(b):\n  try: expat.ParserCreate().Parse(base64.b64decode(b), True); return True\n  except expat.ExpatError: return False\nprint(json.dumps([reads(b) for b in json.load(sys.stdin)]))";
    let started = Command::new("python3").args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut python) = started else {
        eprintln!("SKIPPED: python3 is not on PATH");
        return;
    };
    python.stdin.take().expect("piped").write_all(json!(bodies).to_string().as_bytes()).expect("written");
    let output = python.wait_with_output().expect("ended");
    let reads: Vec<bool> = serde_json::from_slice(&output.stdout).expect("an answer for each");
    assert!(reads.len() > 30 && reads.len() == refused.len(), "{}", reads.len());
    let taken: Vec<&str> =
        refused.iter().zip(reads).filter(|(_, reads)| *reads).map(|(case, _)| case.id.as_str()).collect();
    assert!(taken.is_empty(), "{taken:?}");
}

#[test]
fn what_is_legal_reads_as_what_was_meant() {
    let legal: [(Protocol, &[&str]); 2] = [
        (
            Protocol::RestXml,
            &[
                "cdata/text",
                "comments/in-text",
                "comments/before",
                "comments/after",
                "comments/instruction",
                "declaration/utf-8",
                "document-type/empty",
                "bom/utf-8",
            ],
        ),
        (
            Protocol::RpcV2Cbor,
            &[
                "indefinite/document",
                "tags/document",
                "text-form/pieces",
                "text-form/long-length",
                "text-form/tagged",
                "number-form/long-form",
                "number-form/half",
            ],
        ),
    ];
    for (protocol, variants) in legal {
        let contract = contract(protocol);
        let all = cases(&contract, GenerationLevel::Full);
        for variant in variants {
            let due = format!("things/PutThing/malformed/{variant}");
            let case = all.iter().find(|case| case.id.as_str() == due).unwrap_or_else(|| panic!("{due} is missing"));
            assert!(matches!(case.expectation, Expectation::Unspecified { .. }), "{due}");
            let read = wire::decode_document(Some(protocol), &sent(&contract, case).body, None).expect(variant);
            let meant = wire::decode_document(Some(protocol), &whole(&contract, case).body, None).expect("a document");
            let meant = meant.to_string().replace("overstepMARKoverstep", "overstep");
            let read = read.to_string().replace("2.0", "2");
            match *variant {
                // The mark stands where a number is due, so that only the damaged one is read.
                "number-form/long-form" | "number-form/half" => assert!(read.contains(":2"), "{variant}: {read}"),
                _ => assert_eq!(read, meant, "{variant}"),
            }
        }
    }
}

#[test]
fn a_form_is_refused_only_where_it_names_no_action() {
    for protocol in [Protocol::AwsQuery, Protocol::Ec2Query] {
        let contract = contract(protocol);
        let all = cases(&contract, GenerationLevel::Full);
        let mut refused = 0;
        for case in all.iter().filter(is_malformed) {
            let body = sent(&contract, case).body;
            let text = String::from_utf8_lossy(&body).into_owned();
            let names = text.split('&').any(|pair| {
                pair.split_once('=').is_some_and(|(name, value)| {
                    name == "Action" && value.eq_ignore_ascii_case(case.operation.as_str())
                })
            });
            let is_refusal = matches!(case.expectation, Expectation::Reject { .. });
            assert!(is_refusal != names || rest(case) == "malformed/truncated/half", "{}: {text}", case.id);
            refused += usize::from(is_refusal);
        }
        assert!(refused >= 8, "{protocol:?}: {refused}");
        // Whatever stands for a text is one.
        assert!(!all.iter().any(|case| rest(case).starts_with("Title/type/")), "{protocol:?}");
        let wrong: Vec<&str> = all.iter().filter(|case| rest(case).starts_with("When/type/word")).map(rest).collect();
        assert_eq!(wrong, ["When/type/word"]);
    }
}

#[test]
fn numbers_and_words_of_lists_are_changed_where_they_stand() {
    let body = |protocol, rest: &str| {
        let contract = contract(protocol);
        let all = cases(&contract, GenerationLevel::Full);
        let id = format!("things/PutThing/malformed/{rest}");
        let case = all.iter().find(|case| case.id.as_str() == id).unwrap_or_else(|| panic!("{id} is missing"));
        String::from_utf8(sent(&contract, case).body.to_vec()).expect("text")
    };
    assert!(body(Protocol::AwsQuery, "list-number/hole").contains("&Tags.member.3="));
    assert!(body(Protocol::AwsQuery, "list-number/none").contains("&Tags.member.="));
    assert!(body(Protocol::AwsQuery, "list-word/none").contains("&Tags.1="));
    assert!(body(Protocol::AwsQuery, "list-word/other").contains("&Tags.overstep.1="));
    assert!(body(Protocol::Ec2Query, "list-number/word").contains("&Tags.x="));
    assert!(body(Protocol::Ec2Query, "list-word/other").contains("&Tags.overstep.1="));
    assert_eq!(body(Protocol::AwsQuery, "duplicate-keys/same-value").matches("&Title=").count(), 2);
}

#[test]
fn bytes_that_are_a_body_are_not_damaged() {
    let contract = contract(Protocol::RestXml);
    let all = cases(&contract, GenerationLevel::Full);
    let of = |name: &str| all.iter().filter(is_malformed).filter(|case| case.operation.as_str() == name).count();
    assert_eq!(of("PutBytes"), 0);
    assert!(of("PutPart") > 40, "{}", of("PutPart"));
}

/// So many kinds of damage, and so many damages in all, are at most made for one operation.
#[test]
fn damage_is_bounded_for_each_operation() {
    for protocol in PROTOCOLS {
        let contract = contract(protocol);
        let full = cases(&contract, GenerationLevel::Full);
        let quick = cases(&contract, GenerationLevel::Quick);
        let ids: HashSet<&str> = full.iter().map(|case| case.id.as_str()).collect();
        assert_eq!(ids.len(), full.len(), "{protocol:?}: ids are said once");
        assert!(quick.iter().all(|case| ids.contains(case.id.as_str())), "{protocol:?}");
        for operation in &contract.operations {
            let count = |cases: &[Case]| {
                cases.iter().filter(is_malformed).filter(|case| case.operation == operation.name).count()
            };
            assert!(count(&full) <= 110, "{protocol:?} {}: {}", operation.name, count(&full));
            assert!(count(&quick) <= 32, "{protocol:?} {}: {}", operation.name, count(&quick));
        }
    }
}
