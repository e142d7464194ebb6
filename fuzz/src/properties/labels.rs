//! Random contracts: an independent validator must agree with the label of every generated case.

use crate::support::schema;
use arbitrary::{Result, Unstructured};
use overstep::case::StepRequest;
use overstep::generate::{GenerationLevel, GenerationOptions};
use overstep::scenario::{Scenario, Variable};
use overstep::{contract, generate};
use serde_json::{Map, Value as Json, json};

const PATTERNS: [&str; 5] =
    ["^[a-z]+$", "^[A-Z]{2}[0-9]*$", "^(?!x)[a-z0-9-]{1,20}$", "^[^\\s@]+@[a-z]+$", "^(a|bc)*$"];
const WORDS: [&str; 6] = ["RED", "green", "Blue-1", "a b", "é", "LAST_ONE"];
const MAX_SHAPES: usize = 12;
/// Maximum number of cases per contract, since the next input is another contract.
const MAX_CASES: usize = 120;

/// Builds a contract from the bytes, and compares the label of each of its cases with a JSON Schema of it.
pub fn labels(bytes: &[u8]) {
    let mut choices = Unstructured::new(bytes);
    let Ok(text) = random_contract(&mut choices) else { return };
    let contract = contract::from_json(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let mut scenario = Scenario::with_name("things");
    scenario.variables.insert("Id".into(), Variable { value: "thing-{case}".to_owned(), secret: false });
    scenario.use_values.insert("Id".into(), "{Id}".into());
    let operation = contract.operation("PutThing").expect("operation exists");
    let validator = jsonschema::validator_for(&schema::of_body(&contract, operation)).expect("valid schema");
    let seed = choices.arbitrary().unwrap_or(1);
    // Contracts with a pattern that no allowed length satisfies are rejected.
    let Ok(cases) =
        generate::generate_cases(&contract, &scenario, GenerationOptions { seed, level: GenerationLevel::Quick })
    else {
        return;
    };
    for case in cases.filter(|case| case.unsendable_reason.is_none() && case.steps.len() == 1).take(MAX_CASES) {
        let StepRequest::Operation { input, damage, .. } = &case.steps[0].request else { continue };
        let (Some(is_valid), true) = (schema::due(&case), damage.is_empty()) else { continue };
        let Some(mut body) = schema::to_json(input) else { continue };
        if let Some(members) = body.as_object_mut() {
            members.shift_remove("Id");
        }
        assert_eq!(validator.is_valid(&body), is_valid, "{}: {body}\n{text}", case.id);
    }
}

fn random_contract(choices: &mut Unstructured<'_>) -> Result<String> {
    let mut shapes = Map::new();
    let mut input = structure(choices, &mut shapes, 0)?;
    input["members"]["Id"] = json!({ "shape": "Id", "required": true, "location": "label" });
    shapes.insert("Id".to_owned(), json!({ "type": "string", "length": { "min": 1, "max": 40 } }));
    shapes.insert("PutRequest".to_owned(), input);
    Ok(json!({
        "format": "overstep-contract/1", "service": "things", "protocol": "restJson", "auth": [],
        "operations": [{
            "name": "PutThing", "http": { "method": "PUT", "uri": "/things/{Id}", "success": 200 },
            "input": "PutRequest", "errors": ["bad"],
        }],
        "errors": [{ "name": "bad", "status": 400, "role": "invalid-input" }],
        "shapes": shapes,
    })
    .to_string())
}

/// Adds a random shape and the shapes inside of it; returns its name.
fn add_shape(choices: &mut Unstructured<'_>, shapes: &mut Map<String, Json>, depth: usize) -> Result<String> {
    let kinds = if depth > 2 || shapes.len() > MAX_SHAPES { 5 } else { 8 };
    let shape = match choices.int_in_range(0..=kinds - 1)? {
        0 => text(choices)?,
        1 => json!({ "type": "enum", "values": WORDS[..choices.int_in_range(1..=WORDS.len())?] }),
        2 => json!({ "type": "integer", "range": limits(choices, 1000)? }),
        3 => json!({ "type": "double", "range": limits(choices, 1000)? }),
        4 => json!({ "type": "boolean" }),
        5 => json!({ "type": "list", "member": add_shape(choices, shapes, depth + 1)?, "length": limits(choices, 5)? }),
        6 => {
            let key = text(choices)?;
            let name = format!("Key{}", shapes.len());
            shapes.insert(name.clone(), key);
            let mut length = limits(choices, 6)?;
            length.as_object_mut().map(|length| length.shift_remove("min"));
            json!({ "type": "map", "key": name, "value": add_shape(choices, shapes, depth + 1)?, "length": length })
        }
        _ => structure(choices, shapes, depth + 1)?,
    };
    let name = format!("Shape{}", shapes.len());
    shapes.insert(name.clone(), shape);
    Ok(name)
}

fn structure(choices: &mut Unstructured<'_>, shapes: &mut Map<String, Json>, depth: usize) -> Result<Json> {
    let mut members = Map::new();
    for index in 0..choices.int_in_range(1..=4)? {
        let shape = add_shape(choices, shapes, depth)?;
        let required: bool = choices.arbitrary()?;
        members.insert(format!("m{index}"), json!({ "shape": shape, "required": required, "location": "body" }));
    }
    let free: Vec<&String> =
        members.iter().filter(|(_, member)| member["required"] == false).map(|(name, _)| name).collect();
    let one_of = choices.arbitrary()? && free.len() > 1;
    let rules = if one_of { json!([{ "rule": "atLeastOneOf", "members": free }]) } else { json!([]) };
    Ok(json!({ "type": "structure", "members": members, "rules": rules }))
}

fn text(choices: &mut Unstructured<'_>) -> Result<Json> {
    let mut shape = json!({ "type": "string", "length": limits(choices, 30)? });
    if choices.ratio(2, 5)? {
        shape["pattern"] = (*choices.choose(&PATTERNS)?).into();
    }
    Ok(shape)
}

/// Returns `{}`, or an object with a minimum, a maximum or both.
fn limits(choices: &mut Unstructured<'_>, max: u64) -> Result<Json> {
    let (one, other) = (choices.int_in_range(0..=max)?, choices.int_in_range(0..=max)?);
    Ok(match choices.int_in_range(0..=3)? {
        0 => json!({}),
        1 => json!({ "min": one }),
        2 => json!({ "max": one.max(1) }),
        _ => json!({ "min": one.min(other), "max": one.max(other).max(1) }),
    })
}
