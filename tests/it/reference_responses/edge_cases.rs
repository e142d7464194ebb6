//! Contracts with edge cases for the fault catalogue: limits at the ends of a type, patterns that limit lengths themselves,
//! letter case and newlines that change nothing, bodies that may be empty, and names that occur twice.

use serde_json::{Map, Value, json};

/// Inputs whose faults do not depend on the protocol.
const PROTOCOL_INDEPENDENT_INPUTS: [&str; 3] = ["In", "Budgets", "Keys"];
/// Inputs whose faults depend on the protocol.
const PROTOCOL_DEPENDENT_INPUTS: [&str; 8] =
    ["Either", "Must", "Headed", "Asked", "AskedOdd", "AskedOdds", "AskedText", "Twice"];

/// Returns the contracts with their names.
pub fn contracts() -> [(&'static str, Value); 3] {
    [
        (
            "restJson1",
            contract(
                "restJson1",
                json!([{"scheme": "bearer"}]),
                &[&PROTOCOL_INDEPENDENT_INPUTS[..], &PROTOCOL_DEPENDENT_INPUTS].concat(),
            ),
        ),
        (
            "awsJson1_0",
            contract(
                "awsJson1_0",
                json!([{"scheme": "sigv4"}, {"scheme": "header", "name": "x-key"}]),
                &PROTOCOL_DEPENDENT_INPUTS,
            ),
        ),
        (
            "awsQuery",
            contract("awsQuery", json!([{"scheme": "bearer"}, {"scheme": "none"}]), &PROTOCOL_DEPENDENT_INPUTS),
        ),
    ]
}

/// Builds a contract with one operation per input; every other operation documents more errors and needs a permission.
fn contract(protocol: &str, auth: Value, inputs: &[&str]) -> Value {
    let operation = |(at, input): (usize, &&str)| {
        let mut operation = json!({"name": format!("Do{input}"), "input": input, "errors": ["Bad", "Vague"]});
        if at % 2 == 0 {
            operation["permission"] = json!("do");
            operation["errors"] = json!(["Bad", "Gone", "Who", "Vague"]);
        }
        if protocol.starts_with("rest") {
            operation["http"] = json!({"method": "POST", "uri": format!("/{input}")});
        }
        operation
    };
    let operations: Vec<Value> = inputs.iter().enumerate().map(operation).collect();
    json!({
        "format": "overstep-contract/1", "service": "odd", "protocol": protocol, "auth": auth, "operations": operations,
        "errors": [
            {"name": "Bad", "status": 400, "role": "invalid-input"}, {"name": "Vague", "role": "missing-resource"},
            {"name": "Gone", "status": 404, "role": "missing-resource"},
            {"name": "Who", "status": 401, "role": "unauthenticated"}
        ],
        "shapes": shapes(),
    })
}

/// Returns one member per shape, named after it, all in one location.
fn members(location: &str, shapes: &[&str]) -> Value {
    let member = |shape: &&str| ((*shape).to_owned(), json!({"shape": shape, "location": location}));
    shapes.iter().map(member).collect::<Map<_, _>>().into()
}

fn shapes() -> Value {
    let text = |pattern: &str, length: Value| json!({"type": "string", "pattern": pattern, "length": length});
    let budget = |key: &str, value: &str, over: &str, max: u32| {
        json!({"type": "map", "key": key, "value": value,
            "rules": [{"rule": "maxTotalBytes", "over": over, "max": max}]})
    };
    let fact = |path: &str, standing: &str, document: &str| {
        json!({"path": path, "value": "string",
        "standing": standing, "document": document, "line": 1})
    };
    let (model, prose) = (fact("type", "model", "m.json"), fact("pattern", "prose", "m.md"));
    json!({
        "Whole32": {"type": "integer", "range": {"min": -2_147_483_648_i64, "max": 2_147_483_647}},
        "Low32": {"type": "integer", "range": {"min": -2_147_483_647, "max": 2_147_483_646}},
        "Lowest": {"type": "integer", "range": {"min": -2_147_483_648_i64, "max": 5}},
        "Highest": {"type": "integer", "range": {"min": 5, "max": 2_147_483_647}},
        "Whole64": {"type": "long", "range": {"min": i64::MIN, "max": i64::MAX}},
        "Beyond": {"type": "integer", "range": {"min": -9_000_000_000_i64, "max": 9_000_000_000_i64}},
        "Real": {"type": "double", "range": {"min": 0, "max": 1}},
        "Fixed": {"type": "string", "length": {"min": 3, "max": 3}},
        "Nothing": {"type": "string", "length": {"max": 0}},
        "One": {"type": "string", "length": {"max": 1}},
        "Longer": text("^[a-z]{5,}$", json!({"min": 2, "max": 9})),
        "AsLong": text("^[a-z]{2}$", json!({"min": 2, "max": 9})),
        "Searched": text("[a-z]", json!({"min": 1, "max": 4})), "Searched2": text("[a-z]", json!({"min": 2, "max": 4})),
        "Ascii": text("^[ -~]+$", json!({"min": 1, "max": 4})),
        "Ascii2": text("^[ -~]{2,}$", json!({"min": 2, "max": 4})),
        "Broad": text(r"^[\s\S]*$", json!({"max": 9})), "Blank": text(r"^\s+$", json!({})),
        "Line": text(r"^a\s?$", json!({})),
        "Digits": text("^[0-9]+$", json!({})), "Spoken": text("^on-off$", json!({})),
        "Named": text("^aws:x$", json!({})),
        "Letters": text("^[a-zA-Z]+$", json!({})), "Pair": text("^[a]x$", json!({})),
        "Kelvin": text("^[a-zA-Z]$", json!({})),
        "Before": text("^Foo[0-9]x$", json!({})), "Cents": text(r"^[a-z]+\$", json!({})),
        "Any": {"type": "document"}, "Flag": {"type": "boolean"}, "When": {"type": "timestamp"},
        "Raw": {"type": "blob", "length": {"min": 1, "max": 4}}, "RawOpen": {"type": "blob"},
        "Plain": {"type": "enum", "values": ["a-b", "c.d"]}, "Odd": {"type": "enum", "values": ["a b", "c"]},
        "Plains": {"type": "list", "member": "Plain"}, "Odds": {"type": "list", "member": "Odd"},
        "Count": {"type": "integer"}, "Text": {"type": "string"}, "pageToken": {"type": "string"},
        "Short": {"type": "string", "length": {"max": 5}},
        "Valued": {"type": "structure", "members": {"Value": {"shape": "Short"}}},
        "Budget": budget("Short", "Short", "values", 5), "Budget6": budget("Short", "Short", "values", 6),
        "BudgetValued": budget("Text", "Valued", "values", 6), "BudgetOpen": budget("Text", "Text", "values", 6),
        "BudgetOver": budget("Short", "Short", "keysAndValues", 6),
        "BudgetStored": {"type": "map", "key": "Short", "value": "Short",
            "rules": [{"rule": "maxTotalBytes", "over": "keysAndValues", "max": 9, "stored": true}]},
        "In": {"type": "structure", "members": members("body", &[
            "Whole32", "Low32", "Lowest", "Highest", "Whole64", "Beyond", "Real", "Fixed", "Nothing", "One", "Longer",
            "AsLong", "Searched", "Searched2", "Ascii", "Ascii2", "Broad", "Blank", "Line", "Digits", "Spoken", "Named",
            "Letters", "Pair", "Kelvin", "Before", "Cents", "Any", "Flag", "When", "Raw", "RawOpen"])},
        "Budgets": {"type": "structure", "members": members("body", &[
            "Budget", "Budget6", "BudgetValued", "BudgetOpen", "BudgetOver", "BudgetStored"])},
        "Either": {"type": "structure", "members": members("body", &["Text", "Flag"]),
            "rules": [{"rule": "atLeastOneOf", "members": ["Text", "Flag"]}]},
        "Must": {"type": "structure", "members": {"Text": {"shape": "Text", "required": true, "location": "body"},
            "Of": {"shape": "Text", "location": "header", "required": true}}},
        "Headed": {"type": "structure", "members": {"Of": {"shape": "Text", "location": "header", "required": true},
            "Text": {"shape": "Text", "location": "body"}}},
        "Asked": {"type": "structure", "members": members("query", &[
            "Plain", "Plains", "Flag", "Count", "Real", "pageToken"])},
        "AskedOdd": {"type": "structure", "members": members("query", &["Odd"])},
        "AskedOdds": {"type": "structure", "members": members("query", &["Odds"])},
        "AskedText": {"type": "structure", "members": members("query", &["Text"])},
        "KeyOpen": {"type": "string", "length": {"min": 1, "max": 9}, "facts": [model]},
        "KeySaid": {"type": "string", "length": {"min": 1, "max": 9}, "pattern": "^[a-z]+$", "facts": [model, prose]},
        "KeyedOpen": {"type": "map", "key": "KeyOpen", "value": "Text"},
        "KeyedSaid": {"type": "map", "key": "KeySaid", "value": "Text"},
        "Keys": {"type": "structure", "members": members("body", &["KeyOpen", "KeySaid", "KeyedOpen", "KeyedSaid"])},
        "Twice": {"type": "structure", "members": {"Plains": {"shape": "Plains"}, "Plains(item)": {"shape": "Plain"}}},
    })
}
