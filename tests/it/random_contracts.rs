//! Random contracts: an independent validator and the reference server's own checks agree with the label of every case
//! that is generated from them.

use crate::support;
use overstep::case::{Intent, StepRequest};
use overstep::contract::{self, Contract};
use overstep::generate;
use overstep::generate::GenerationOptions;
use overstep::reference::{ReferenceService, ServerRequest};
use overstep::run::{self, CancelToken, Endpoint, RunPlan, TransportOptions};
use overstep::scenario::{Scenario, Variable};
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};
use support::schema;

/// A random shape with its nested shapes.
#[derive(Clone, Debug)]
enum ShapeSpec {
    Text { min: Option<u64>, max: Option<u64>, pattern: Option<&'static str> },
    Enum(usize),
    Integer { min: Option<i64>, max: Option<i64> },
    Double { min: Option<i64>, max: Option<i64> },
    Boolean,
    List { item: Box<ShapeSpec>, min: Option<u64>, max: Option<u64> },
    Map { key: Box<ShapeSpec>, value: Box<ShapeSpec>, max: Option<u64> },
    Structure { members: Vec<(ShapeSpec, bool)>, one_of: bool },
}

const PATTERNS: [&str; 5] =
    ["^[a-z]+$", "^[A-Z]{2}[0-9]*$", "^(?!x)[a-z0-9-]{1,20}$", "^[^\\s@]+@[a-z]+$", "^(a|bc)*$"];
const ENUM_VALUES: [&str; 6] = ["RED", "green", "Blue-1", "a b", "é", "LAST_ONE"];

fn optional_limits(max: u64) -> impl Strategy<Value = (Option<u64>, Option<u64>)> {
    (proptest::option::of(0..=max), proptest::option::of(0..=max)).prop_map(|(first, second)| match (first, second) {
        (Some(first), Some(second)) => (Some(first.min(second)), Some(first.max(second).max(1))),
        (min, max) => (min, max.map(|max| max.max(1))),
    })
}

fn text_spec() -> impl Strategy<Value = ShapeSpec> {
    (optional_limits(30), proptest::option::weighted(0.4, proptest::sample::select(PATTERNS.to_vec())))
        .prop_map(|((min, max), pattern)| ShapeSpec::Text { min, max, pattern })
}

fn range_spec() -> impl Strategy<Value = (Option<i64>, Option<i64>)> {
    (proptest::option::of(-100..100_i64), proptest::option::of(0..1000_i64))
        .prop_map(|(min, max)| (min, max.map(|max| min.unwrap_or(-100) + max)))
}

fn shape_spec() -> impl Strategy<Value = ShapeSpec> {
    let leaf = prop_oneof![
        4 => text_spec(),
        2 => (1..=ENUM_VALUES.len()).prop_map(ShapeSpec::Enum),
        2 => range_spec().prop_map(|(min, max)| ShapeSpec::Integer { min, max }),
        1 => range_spec().prop_map(|(min, max)| ShapeSpec::Double { min, max }),
        1 => Just(ShapeSpec::Boolean),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            (inner.clone(), optional_limits(5)).prop_map(|(item, (min, max))| ShapeSpec::List {
                item: Box::new(item),
                min,
                max
            }),
            (text_spec(), inner.clone(), proptest::option::of(1..6_u64)).prop_map(|(key, value, max)| ShapeSpec::Map {
                key: Box::new(key),
                value: Box::new(value),
                max
            }),
            (proptest::collection::vec((inner, any::<bool>()), 1..4), any::<bool>())
                .prop_map(|(members, one_of)| ShapeSpec::Structure { members, one_of }),
        ]
    })
}

/// Adds a shape and its nested shapes to a contract, and returns its name.
fn add_shape(spec: &ShapeSpec, shapes: &mut Map<String, Json>) -> String {
    let length = |min: &Option<u64>, max: &Option<u64>| {
        let limit = |name: &str, limit: &Option<u64>| limit.map(|limit| (name.to_owned(), limit.into()));
        Json::Object(limit("min", min).into_iter().chain(limit("max", max)).collect())
    };
    let range = |min: &Option<i64>, max: &Option<i64>| {
        let limit = |name: &str, limit: &Option<i64>| limit.map(|limit| (name.to_owned(), limit.into()));
        Json::Object(limit("min", min).into_iter().chain(limit("max", max)).collect())
    };
    let shape = match spec {
        ShapeSpec::Text { min, max, pattern } => {
            let mut shape = json!({ "type": "string", "length": length(min, max) });
            if let Some(pattern) = pattern {
                shape["pattern"] = (*pattern).into();
            }
            shape
        }
        ShapeSpec::Enum(count) => json!({ "type": "enum", "values": ENUM_VALUES[..*count] }),
        ShapeSpec::Integer { min, max } => json!({ "type": "integer", "range": range(min, max) }),
        ShapeSpec::Double { min, max } => json!({ "type": "double", "range": range(min, max) }),
        ShapeSpec::Boolean => json!({ "type": "boolean" }),
        ShapeSpec::List { item, min, max } => {
            json!({ "type": "list", "member": add_shape(item, shapes), "length": length(min, max) })
        }
        ShapeSpec::Map { key, value, max } => {
            let (key, value) = (add_shape(key, shapes), add_shape(value, shapes));
            json!({ "type": "map", "key": key, "value": value, "length": length(&None, max) })
        }
        ShapeSpec::Structure { members, one_of } => structure(members, *one_of, shapes),
    };
    let name = format!("Shape{}", shapes.len());
    shapes.insert(name.clone(), shape);
    name
}

fn structure(members: &[(ShapeSpec, bool)], one_of: bool, shapes: &mut Map<String, Json>) -> Json {
    let mut out = Map::new();
    for (index, (spec, required)) in members.iter().enumerate() {
        let shape = add_shape(spec, shapes);
        out.insert(format!("m{index}"), json!({ "shape": shape, "required": required, "location": "body" }));
    }
    let optional: Vec<&String> =
        out.iter().filter(|(_, member)| member["required"] == false).map(|(name, _)| name).collect();
    let rules =
        if one_of && optional.len() > 1 { json!([{ "rule": "atLeastOneOf", "members": optional }]) } else { json!([]) };
    json!({ "type": "structure", "members": out, "rules": rules })
}

fn contract_of(members: &[(ShapeSpec, bool)], one_of: bool) -> Contract {
    let mut shapes = Map::new();
    let mut input = structure(members, one_of, &mut shapes);
    input["members"]["Id"] = json!({ "shape": "Id", "required": true, "location": "label" });
    shapes.insert("Id".to_owned(), json!({ "type": "string", "length": { "min": 1, "max": 40 } }));
    shapes.insert("PutRequest".to_owned(), input);
    let contract = json!({
        "format": "overstep-contract/1", "service": "things", "protocol": "restJson", "auth": [],
        "operations": [{
            "name": "PutThing", "http": { "method": "PUT", "uri": "/things/{Id}", "success": 200 },
            "input": "PutRequest", "errors": ["bad", "gone"],
        }],
        "errors": [
            { "name": "bad", "status": 400, "role": "invalid-input" },
            { "name": "gone", "status": 404, "role": "missing-resource" },
        ],
        "shapes": shapes,
    });
    contract::from_json(&contract.to_string()).unwrap_or_else(|error| panic!("{error}: {contract}"))
}

fn scenario() -> Scenario {
    let mut scenario = Scenario::with_name("things");
    scenario.variables.insert("Id".into(), Variable { value: "thing-{case}".to_owned(), secret: false });
    scenario.use_values.insert("Id".into(), "{Id}".into());
    scenario.missing_values.insert("Id".into(), "nowhere".into());
    scenario
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn validator_server_and_label_agree(
        members in proptest::collection::vec((shape_spec(), any::<bool>()), 1..4),
        one_of: bool,
        seed in 0..1000_u64,
    ) {
        let (contract, scenario) = (contract_of(&members, one_of), scenario());
        let operation = contract.operation("PutThing").expect("the operation exists");
        let validator = jsonschema::validator_for(&schema::of_body(&contract, operation)).expect("the schema is valid");
        // A pattern that no allowed length can satisfy is an error.
        let Ok(cases) = generate::generate_cases(&contract, &scenario, GenerationOptions { seed, ..GenerationOptions::default() }) else {
            return Ok(());
        };
        let service = ReferenceService::new(contract.clone(), overstep::session::build_world(&contract, &scenario));
        let endpoint = Endpoint::parse("http://127.0.0.1:1").expect("a URL");
        let control = |_: &str| None;
        let plan = RunPlan {
            contract: &contract,
            scenario: &scenario,
            endpoint: &endpoint,
            transport_options: TransportOptions::default(),
            run_id: "random".to_owned(),
            overrides: Default::default(),
            aws_keys: None,
            control_case: &control,
            logins: overstep::run::Logins::default(),
            cancel_token: CancelToken::default(),
            leaked_fixtures: Default::default(),
            search_time: Default::default(),
            response_times: Default::default(),
            load_limit: overstep::run::LoadLimit::default(),
            operation_health: Default::default(),
            server: None,
            reset_endpoint: None,
            restart_endpoint: None,
        };
        for case in cases.filter(|case| case.unsendable_reason.is_none() && case.steps.len() == 1) {
            let StepRequest::Operation { input, damage, .. } = &case.steps[0].request else { continue };
            let Some(expected) = schema::due(&case) else { continue };
            if damage.is_empty() && let Some(mut body) = schema::to_json(input) {
                if let Some(members) = body.as_object_mut() {
                    members.remove("Id");
                }
                prop_assert_eq!(validator.is_valid(&body), expected, "the validator, on {}: {}", case.id, body);
            }
            let Ok(request) = run::build_request(&plan, &case) else { continue };
            let headers: Vec<(&str, &[u8])> =
                request.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
            let server_request =
                ServerRequest { method: &request.method, target: &request.target, headers: &headers, body: &request.body };
            let status = service.handle(&server_request).status;
            let is_expected = match case.intent {
                Intent::Missing => status == 404,
                _ if expected => status == 200,
                _ => status == 400,
            };
            prop_assert!(is_expected, "the server, on {}: {} {:?}", case.id, status, request);
        }
    }
}
