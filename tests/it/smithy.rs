//! Smithy models as JSON, read as contracts.
//!
//! Without `../shared` the test that reads AWS's models is skipped, visibly.

#![expect(clippy::disallowed_methods, reason = "tests read models from disk")]

use crate::support::visible;
use overstep::contract::{AuthScheme, Contract, FactField, MemberLocation, Protocol, ShapeId, ShapeKind};
use overstep::ingest::{IngestDiagnostic, IngestOptions, NoDocuments, SourceFormat, detect_format, read_document};
use std::path::{Path, PathBuf};

/// A model with what AWS's own models do not use: mixins, applied traits, resources, constraints on members, shapes of the
/// prelude, an enumeration of version 1.0, an integer enumeration, and a trait of its own.
const MODEL: &str = r##"{
  "smithy": "2.0",
  "shapes": {
    "com.shop#Shop": {
      "type": "service",
      "version": "2026-01-01",
      "operations": [{"target": "com.shop#Ping"}],
      "resources": [{"target": "com.shop#Order"}],
      "errors": [{"target": "com.shop#Throttled"}],
      "traits": {"aws.protocols#restJson1": {}, "smithy.api#httpApiKeyAuth": {"name": "X-Key", "in": "header"}}
    },
    "com.shop#Order": {
      "type": "resource",
      "create": {"target": "com.shop#CreateOrder"},
      "read": {"target": "com.shop#GetOrder"}
    },
    "com.shop#Ping": {
      "type": "operation",
      "input": {"target": "smithy.api#Unit"},
      "output": {"target": "smithy.api#Unit"},
      "traits": {"smithy.api#http": {"method": "GET", "uri": "/ping?x-id=Ping", "code": 204},
                 "smithy.api#optionalAuth": {}}
    },
    "com.shop#CreateOrder": {
      "type": "operation",
      "input": {"target": "com.shop#CreateOrderInput"},
      "output": {"target": "com.shop#OrderOutput"},
      "errors": [{"target": "com.shop#BadOrder"}],
      "traits": {"smithy.api#http": {"method": "POST", "uri": "/orders", "code": 201}, "com.shop#audited": {}}
    },
    "com.shop#GetOrder": {
      "type": "operation",
      "input": {"target": "com.shop#GetOrderInput"},
      "output": {"target": "com.shop#OrderOutput"},
      "traits": {"smithy.api#http": {"method": "GET", "uri": "/orders/{id}"}}
    },
    "com.shop#Named": {
      "type": "structure",
      "members": {"title": {"target": "smithy.api#String", "traits": {"smithy.api#required": {}}}},
      "traits": {"smithy.api#mixin": {}}
    },
    "com.shop#CreateOrderInput": {
      "type": "structure",
      "mixins": [{"target": "com.shop#Named"}],
      "members": {
        "count": {"target": "smithy.api#Integer", "traits": {"smithy.api#range": {"min": 1, "max": 99}}},
        "note": {"target": "com.shop#Note", "traits": {"smithy.api#length": {"max": 5}, "smithy.api#jsonName": "remark"}},
        "tags": {"target": "com.shop#Tags"},
        "state": {"target": "com.shop#State"},
        "kind": {"target": "com.shop#Kind"},
        "rank": {"target": "com.shop#Rank"},
        "token": {"target": "smithy.api#String",
                  "traits": {"smithy.api#idempotencyToken": {}, "smithy.api#httpHeader": "X-Token"}}
      }
    },
    "com.shop#GetOrderInput": {
      "type": "structure",
      "members": {
        "id": {"target": "com.shop#OrderId", "traits": {"smithy.api#httpLabel": {}, "smithy.api#required": {}}},
        "expand": {"target": "smithy.api#Boolean", "traits": {"smithy.api#httpQuery": "expand"}}
      }
    },
    "com.shop#OrderOutput": {"type": "structure", "mixins": [{"target": "com.shop#Named"}], "members": {}},
    "com.shop#BadOrder": {
      "type": "structure",
      "members": {"message": {"target": "smithy.api#String"}},
      "traits": {"smithy.api#error": "client", "smithy.api#httpError": 422}
    },
    "com.shop#Throttled": {
      "type": "structure",
      "members": {},
      "traits": {"smithy.api#error": "client", "smithy.api#httpError": 429, "smithy.api#retryable": {"throttling": true}}
    },
    "com.shop#OrderId": {"type": "string", "traits": {"smithy.api#pattern": "^[a-z]+$"}},
    "com.shop#Note": {"type": "string", "traits": {"smithy.api#length": {"min": 2, "max": 50}}},
    "com.shop#Tags": {"type": "set", "member": {"target": "smithy.api#String"}},
    "com.shop#State": {
      "type": "enum",
      "members": {
        "OPEN": {"target": "smithy.api#Unit", "traits": {"smithy.api#enumValue": "open"}},
        "CLOSED": {"target": "smithy.api#Unit"}
      }
    },
    "com.shop#Kind": {"type": "string", "traits": {"smithy.api#enum": [{"value": "a"}, {"value": "b", "name": "B"}]}},
    "com.shop#Rank": {
      "type": "intEnum",
      "members": {"LOW": {"target": "smithy.api#Unit", "traits": {"smithy.api#enumValue": 1}}}
    },
    "com.shop#CreateOrderInput$tags": {"type": "apply", "traits": {"smithy.api#length": {"max": 3}}},
    "com.shop#OrderId$": {"type": "apply", "traits": {}}
  }
}"##;

fn read(name: &str, text: &[u8]) -> (Contract, Vec<IngestDiagnostic>) {
    let output = read_document(name, text, &IngestOptions::default(), &mut NoDocuments).expect("a Smithy model");
    (output.contract, output.diagnostics)
}

/// Returns the shape of a member of an operation's input.
fn member_shape<'c>(contract: &'c Contract, operation: &str, member: &str) -> &'c overstep::contract::Shape {
    let input = contract.operation(operation).and_then(|operation| operation.input.as_ref()).expect("an input");
    contract.shape(&contract.shape(input).kind.members().expect("members")[member].shape)
}

#[test]
fn smithy_models_are_read_as_contracts() {
    assert_eq!(detect_format(MODEL), Some(SourceFormat::Smithy));
    let (contract, diagnostics) = read("shop.json", MODEL.as_bytes());
    let names: Vec<&str> = contract.operations.iter().map(|operation| operation.name.as_str()).collect();
    assert_eq!(names, ["Ping", "CreateOrder", "GetOrder"]);
    assert_eq!(contract.protocol, Some(Protocol::RestJson1));
    assert_eq!(contract.service, "shop");
    assert_eq!(contract.auth, [AuthScheme::Header { name: "X-Key".to_owned(), prefix: None }]);
    let http = |name: &str| {
        let http = contract.operation(name).and_then(|operation| operation.http.clone()).expect("a route");
        (http.method, http.uri, http.success)
    };
    let is_anonymous = |name: &str| contract.operation(name).expect("documented").traits.anonymous;
    assert!(is_anonymous("Ping") && !is_anonymous("GetOrder"));
    assert_eq!(http("Ping"), ("GET".to_owned(), "/ping".to_owned(), Some(204)));
    assert_eq!(http("CreateOrder"), ("POST".to_owned(), "/orders".to_owned(), Some(201)));

    // Members of mixins, with what is required there.
    let input = contract.operation("CreateOrder").and_then(|operation| operation.input.clone()).expect("an input");
    let members = contract.shape(&input).kind.members().expect("members");
    assert!(members["title"].required);
    assert_eq!(members["note"].wire.as_deref(), Some("remark"));
    assert!(members["token"].traits.idempotency_token);
    assert_eq!(members["token"].location, MemberLocation::Header);
    // Constraints of a member come on top of those of its target, which others use.
    let note = member_shape(&contract, "CreateOrder", "note");
    assert_eq!((note.length().min, note.length().max), (Some(2), Some(5)));
    assert_eq!(member_shape(&contract, "CreateOrder", "tags").length().max, Some(3));
    assert!(member_shape(&contract, "CreateOrder", "tags").unique);
    let count = member_shape(&contract, "CreateOrder", "count");
    assert_eq!(count.kind, ShapeKind::Integer);
    assert_eq!(count.range.as_ref().and_then(|range| range.max.as_ref()).and_then(|max| max.as_u64()), Some(99));
    let line = MODEL.lines().position(|line| line.contains("\"max\": 99")).expect("the line") + 1;
    let fact = count.preferred_fact(&FactField::RangeMax).expect("a fact").provenance().to_string();
    assert_eq!(fact, format!("shop.json:{line}"));
    for (member, values) in [("state", ["open", "CLOSED"]), ("kind", ["a", "b"])] {
        let expected = ShapeKind::Enum { values: values.map(str::to_owned).to_vec() };
        assert_eq!(member_shape(&contract, "CreateOrder", member).kind, expected, "{member}");
    }
    assert_eq!(member_shape(&contract, "GetOrder", "id").pattern.as_deref(), Some("^[a-z]+$"));

    // The errors of the service belong to each operation.
    let errors = |name: &str| {
        let operation = contract.operation(name).expect("documented");
        operation.errors.iter().map(|error| error.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(errors("CreateOrder"), ["BadOrder", "Throttled"]);
    assert_eq!(errors("Ping"), ["Throttled"]);
    let status =
        |name: &str| contract.errors.iter().find(|(error, _)| error.as_str() == name).expect("listed").1.status;
    assert_eq!((status("BadOrder"), status("Throttled")), (Some(422), Some(429)));

    let messages: Vec<String> = diagnostics.iter().map(|one| one.message.clone()).collect();
    assert_eq!(
        messages,
        [
            "the values of the integer enumeration `com.shop#Rank` are not tested",
            "the trait `com.shop#audited`, used once, is not read",
        ]
    );
}

#[test]
fn a_smithy_model_without_a_service_is_an_error_with_a_hint() {
    let text = br#"{"smithy": "2.0", "shapes": {"a#B": {"type": "string"}}}"#;
    let error = read_document("b.json", text, &IngestOptions::default(), &mut NoDocuments).expect_err("no service");
    assert!(error.to_string().contains("Smithy model without a service"), "{error}");
    // Mixins and resources that refer to themselves end.
    let text = br#"{"smithy": "2.0", "shapes": {
        "a#S": {"type": "service", "operations": [{"target": "a#O"}, {"target": "a#None"}], "resources": [{"target": "a#R"}]},
        "a#R": {"type": "resource", "resources": [{"target": "a#R"}], "read": {"target": "a#O"}},
        "a#O": {"type": "operation", "input": {"target": "a#I"}},
        "a#I": {"type": "structure", "mixins": [{"target": "a#I"}], "members": {"x": {"target": "a#Gone"}}}}}"#;
    let (contract, diagnostics) = read("b.json", text);
    assert_eq!(contract.operations.len(), 1);
    let all: Vec<_> = diagnostics.iter().map(|one| one.message.as_str()).collect();
    assert!(all.iter().any(|one| one.contains("binds `a#None`, which the model does not define")), "{all:#?}");
    assert!(all.iter().any(|one| one.contains("names no protocol that is known")), "{all:#?}");
    assert!(all.iter().any(|one| one.contains("`Gone`, which the model does not define")), "{all:#?}");
}

#[test]
fn models_whose_parts_contain_each_other_end() {
    let mut shapes = vec![
        r#""a#S": {"type": "service", "operations": [{"target": "a#O"}]}"#.to_owned(),
        r#""a#O": {"type": "operation", "input": {"target": "a#M0"}}"#.to_owned(),
        r#""a#L": {"type": "list", "member": {"target": "a#L", "traits": {"smithy.api#length": {"max": 3}}}}"#.to_owned(),
        r#""a#T": {"type": "structure", "members": {"x": {"target": "a#T", "traits": {"smithy.api#length": {"max": 3}}}}}"#
            .to_owned(),
        r#""a#Leaf": {"type": "structure", "members": {"l": {"target": "a#L"}, "t": {"target": "a#T"}}}"#.to_owned(),
    ];
    // Each mixin has two others, and each map two constrained parts: without care, 2^40 of them.
    for depth in 0..40 {
        let next = if depth == 39 { "a#Leaf".to_owned() } else { format!("a#M{}", depth + 1) };
        shapes.push(format!(
            r#""a#M{depth}": {{"type": "structure", "mixins": [{{"target": "{next}"}}, {{"target": "a#N{depth}"}}],
                "members": {{"p{depth}": {{"target": "a#P0", "traits": {{"smithy.api#length": {{"max": 3}}}}}}}}}}"#
        ));
        shapes.push(format!(
            r#""a#N{depth}": {{"type": "structure", "mixins": [{{"target": "{next}"}}], "members": {{}}}}"#
        ));
        let part = format!(r#"{{"target": "a#P{}", "traits": {{"smithy.api#length": {{"max": 3}}}}}}"#, depth + 1);
        shapes.push(format!(r#""a#P{depth}": {{"type": "map", "key": {part}, "value": {part}}}"#));
    }
    let text = format!(r#"{{"smithy": "2.0", "shapes": {{{}}}}}"#, shapes.join(","));
    let (contract, _) = read("deep.json", text.as_bytes());
    let input = contract.operation("O").and_then(|operation| operation.input.clone()).expect("an input");
    assert_eq!(contract.shape(&input).kind.members().expect("members").len(), 42);
    assert!(contract.shapes.len() < 20_000, "{}", contract.shapes.len());
}

/// Returns the Smithy models beside the project.
fn models() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/models/smithy");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        visible::say("SKIPPED: ../shared/models/smithy is not there");
        return Vec::new();
    };
    entries
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "json"))
        .collect()
}

#[test]
fn every_trait_and_operation_of_awss_smithy_models_is_read() {
    for path in models() {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).expect("readable");
        let document: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        let shapes = document["shapes"].as_object().expect("shapes");
        let count = |kind: &str| shapes.values().filter(|shape| shape["type"] == kind).count();
        let (contract, diagnostics) = read(&name, &bytes);
        assert_eq!(contract.operations.len(), count("operation"), "{name}");
        let unread: Vec<_> = diagnostics.iter().filter(|one| one.message.contains("not read")).collect();
        assert!(unread.is_empty(), "{name}: {unread:#?}");
        // An independent count of the limits that the model states.
        let mut limits = 0;
        for (id, shape) in shapes {
            let local = ShapeId::from(id.split_once('#').expect("an absolute id").1);
            let Some(read) = contract.shapes.get(&local) else { continue };
            let traits = &shape["traits"];
            if let Some(max) = traits["smithy.api#length"]["max"].as_u64()
                && shape["type"] != "enum"
            {
                limits += 1;
                assert_eq!(read.length().max, Some(max), "{name}: {id}");
            }
            if shape["type"] == "structure" {
                let members = read.kind.members().expect("members");
                let of_model = shape["members"].as_object().expect("members");
                assert_eq!(members.len(), of_model.len(), "{name}: {id}");
                for (member, node) in of_model {
                    let required = node["traits"].get("smithy.api#required").is_some();
                    assert_eq!(members[member].required, required, "{name}: {id}${member}");
                    limits += usize::from(required);
                }
            }
        }
        visible::say(&format!("{name}: {} operations, {limits} limits compared", contract.operations.len()));
        assert!(limits > 10, "{name}");
    }
}
