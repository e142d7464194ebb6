//! Damaged requests of every protocol: each differs from the original request, a body that must be rejected is not a
//! document to a parser that shares no code with the generator, and a legal variant decodes to the intended document.
//!
//! The tests send nothing.

use overstep::case::{Case, Damage, Expectation, Intent, StepRequest, Value};
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

/// Returns a contract with a member of each type, in a protocol.
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

/// Returns the part of an id after the operation: `malformed/truncated/half`.
fn variant_id(case: &Case) -> &str {
    case.id.0.splitn(3, '/').nth(2).unwrap_or_default()
}

fn is_malformed(case: &&Case) -> bool {
    case.class == "malformed"
}

fn parts(case: &Case) -> (&Value, &[Damage]) {
    match &case.steps[case.judged.shown_step()].request {
        StepRequest::Operation { input, damage, .. } => (input, damage),
        StepRequest::Raw { .. } => panic!("{}: a request of an operation", case.id),
    }
}

fn encode(contract: &Contract, case: &Case) -> EncodedRequest {
    wire::encode_request(contract, &case.steps[case.judged.shown_step()].request, "").unwrap_or_else(|error| {
        panic!("{}: {error}", case.id);
    })
}

/// Encodes the request of a case without its damage.
fn encode_undamaged(contract: &Contract, case: &Case) -> EncodedRequest {
    let send =
        StepRequest::Operation { name: case.operation.clone(), input: parts(case).0.clone(), damage: Vec::new() };
    wire::encode_request(contract, &send, "").expect("sendable")
}

#[test]
fn every_damaged_request_is_sendable_and_differs() {
    for protocol in PROTOCOLS {
        let contract = contract(protocol);
        let all = cases(&contract, GenerationLevel::Full);
        let malformed: Vec<&Case> = all.iter().filter(is_malformed).collect();
        assert!(malformed.len() > 60, "{protocol:?}: {}", malformed.len());
        for case in malformed {
            assert_eq!(case.unsendable_reason, None, "{}", case.id);
            let request = encode(&contract, case);
            if !parts(case).1.is_empty() {
                assert_ne!(
                    request,
                    encode_undamaged(&contract, case),
                    "{protocol:?}: {} does not change the request",
                    case.id
                );
            }
        }
        // Cases with wrong types can be encoded as well.
        for case in all.iter().filter(|case| case.unsendable_reason.is_none() && !case.steps.is_empty()) {
            encode(&contract, case);
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for protocol in PROTOCOLS {
        let contract = contract(protocol);
        let bytes = || -> Vec<(String, EncodedRequest)> {
            let all = cases(&contract, GenerationLevel::Full);
            all.iter().filter(is_malformed).map(|case| (case.id.0.clone(), encode(&contract, case))).collect()
        };
        assert_eq!(bytes(), bytes(), "{protocol:?}");
    }
}

/// Damage that our own decoder accepts, with the reason.
const LENIENTLY_PARSED: &[&str] = &[
    // quick-xml does not check the characters of texts and names; expat, below, does.
    "malformed/tags/no-name",
    "malformed/escapes/raw-control",
];

#[test]
fn bodies_that_must_be_rejected_are_not_documents() {
    for protocol in [Protocol::AwsJson1_0, Protocol::AwsJson1_1, Protocol::RestXml, Protocol::RpcV2Cbor] {
        let contract = contract(protocol);
        let (mut count, mut accepted) = (0, Vec::new());
        for case in cases(&contract, GenerationLevel::Full).iter().filter(is_malformed) {
            let Expectation::Reject { .. } = case.expectation else { continue };
            if ["malformed/operation", "malformed/header"].iter().any(|kind| variant_id(case).starts_with(kind))
                || LENIENTLY_PARSED.contains(&variant_id(case))
            {
                continue;
            }
            assert_eq!(case.intent, Intent::Malformed, "{}", case.id);
            let decoded = wire::decode_document(Some(protocol), &encode(&contract, case).body, None);
            if matches!(decoded, Ok(Json::Object(_))) {
                accepted.push(format!("{} decodes to {decoded:?}", case.id));
            }
            count += 1;
        }
        assert!(accepted.is_empty(), "{protocol:?}: {accepted:#?}");
        assert!(count > 30, "{protocol:?}: {count}");
    }
}

#[test]
fn expat_rejects_what_must_be_rejected() {
    let contract = contract(Protocol::RestXml);
    let all = cases(&contract, GenerationLevel::Full);
    let rejected: Vec<&Case> =
        all.iter().filter(is_malformed).filter(|case| matches!(case.expectation, Expectation::Reject { .. })).collect();
    let bodies: Vec<String> =
        rejected.iter().map(|case| data_encoding::BASE64.encode(&encode(&contract, case).body)).collect();
    let script = "import sys, json, base64\nfrom xml.parsers import expat\ndef reads(b):\n  try: expat.ParserCreate().Parse(base64.b64decode(b), True); return True\n  except expat.ExpatError: return False\nprint(json.dumps([reads(b) for b in json.load(sys.stdin)]))";
    let started = Command::new("python3").args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut python) = started else {
        eprintln!("SKIPPED: python3 is not on PATH");
        return;
    };
    python.stdin.take().expect("piped").write_all(json!(bodies).to_string().as_bytes()).expect("written");
    let output = python.wait_with_output().expect("ended");
    let is_accepted: Vec<bool> = serde_json::from_slice(&output.stdout).expect("a result for each body");
    assert!(is_accepted.len() > 30 && is_accepted.len() == rejected.len(), "{}", is_accepted.len());
    let accepted: Vec<&str> = rejected
        .iter()
        .zip(is_accepted)
        .filter(|(_, is_accepted)| *is_accepted)
        .map(|(case, _)| case.id.0.as_str())
        .collect();
    assert!(accepted.is_empty(), "{accepted:?}");
}

#[test]
fn legal_variants_decode_to_the_intended_document() {
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
            let id = format!("things/PutThing/malformed/{variant}");
            let case = all.iter().find(|case| case.id.0 == id).unwrap_or_else(|| panic!("{id} is missing"));
            assert!(matches!(case.expectation, Expectation::Unspecified { .. }), "{id}");
            let decoded = wire::decode_document(Some(protocol), &encode(&contract, case).body, None).expect(variant);
            let intended = wire::decode_document(Some(protocol), &encode_undamaged(&contract, case).body, None)
                .expect("a document");
            let intended = intended.to_string().replace("overstepMARKoverstep", "overstep");
            let decoded = decoded.to_string().replace("2.0", "2");
            match *variant {
                // The placeholder stands where a number is expected, so that only the damaged body can be decoded.
                "number-form/long-form" | "number-form/half" => assert!(decoded.contains(":2"), "{variant}: {decoded}"),
                _ => assert_eq!(decoded, intended, "{variant}"),
            }
        }
    }
}

#[test]
fn a_form_must_be_rejected_only_without_its_action() {
    for protocol in [Protocol::AwsQuery, Protocol::Ec2Query] {
        let contract = contract(protocol);
        let all = cases(&contract, GenerationLevel::Full);
        let mut rejected = 0;
        for case in all.iter().filter(is_malformed) {
            let body = encode(&contract, case).body;
            let text = String::from_utf8_lossy(&body).into_owned();
            let names_action = text.split('&').any(|pair| {
                pair.split_once('=').is_some_and(|(name, value)| {
                    name == "Action" && value.eq_ignore_ascii_case(case.operation.as_str())
                })
            });
            let is_rejected = matches!(case.expectation, Expectation::Reject { .. });
            assert!(
                is_rejected != names_action || variant_id(case) == "malformed/truncated/half",
                "{}: {text}",
                case.id
            );
            rejected += usize::from(is_rejected);
        }
        assert!(rejected >= 8, "{protocol:?}: {rejected}");
        // Every value of a form is a valid text.
        assert!(!all.iter().any(|case| variant_id(case).starts_with("Title/type/")), "{protocol:?}");
        let wrong: Vec<&str> =
            all.iter().filter(|case| variant_id(case).starts_with("When/type/word")).map(variant_id).collect();
        assert_eq!(wrong, ["When/type/word"]);
    }
}

#[test]
fn list_indexes_and_prefixes_are_changed_in_place() {
    let body = |protocol, variant_id: &str| {
        let contract = contract(protocol);
        let all = cases(&contract, GenerationLevel::Full);
        let id = format!("things/PutThing/malformed/{variant_id}");
        let case = all.iter().find(|case| case.id.0 == id).unwrap_or_else(|| panic!("{id} is missing"));
        String::from_utf8(encode(&contract, case).body.to_vec()).expect("text")
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
fn blob_payloads_are_not_damaged() {
    let contract = contract(Protocol::RestXml);
    let all = cases(&contract, GenerationLevel::Full);
    let of = |name: &str| all.iter().filter(is_malformed).filter(|case| case.operation.as_str() == name).count();
    assert_eq!(of("PutBytes"), 0);
    assert!(of("PutPart") > 40, "{}", of("PutPart"));
}

/// The number of damaged requests per operation is bounded.
#[test]
fn damage_is_bounded_for_each_operation() {
    for protocol in PROTOCOLS {
        let contract = contract(protocol);
        let full = cases(&contract, GenerationLevel::Full);
        let quick = cases(&contract, GenerationLevel::Quick);
        let ids: HashSet<&str> = full.iter().map(|case| case.id.0.as_str()).collect();
        assert_eq!(ids.len(), full.len(), "{protocol:?}: ids are unique");
        assert!(quick.iter().all(|case| ids.contains(case.id.0.as_str())), "{protocol:?}");
        for operation in &contract.operations {
            let count = |cases: &[Case]| {
                cases.iter().filter(is_malformed).filter(|case| case.operation == operation.name).count()
            };
            assert!(count(&full) <= 110, "{protocol:?} {}: {}", operation.name, count(&full));
            assert!(count(&quick) <= 32, "{protocol:?} {}: {}", operation.name, count(&quick));
        }
    }
}
