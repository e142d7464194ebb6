//! Converts a contract to a JSON Schema, as an oracle that shares no code with the generator.

use overstep::case::{Case, CaseClass, Intent, Value};
use overstep::contract::{Contract, MemberLocation, Operation, Shape, ShapeKind, ShapeRule};
use serde_json::{Map, Value as Json, json};

/// Returns whether the body of a case must be valid, or `None` if the case is not about the body. The member `Id` is part
/// of the path in these contracts.
pub fn due(case: &Case) -> Option<bool> {
    match case.intent {
        _ if matches!(case.id.class(), Some(CaseClass::Pair | CaseClass::Law)) => None,
        Intent::Valid | Intent::Missing => Some(true),
        Intent::Violates if case.member.as_ref().and_then(|path| path.top_member()) != Some("Id") => Some(false),
        _ => None,
    }
}

/// Returns the schema of an operation's body.
pub fn of_body(contract: &Contract, operation: &Operation) -> Json {
    let mut definitions = Map::new();
    for (id, shape) in &contract.shapes {
        definitions.insert(id.to_string(), of_shape(shape));
    }
    let input = contract.shape(operation.input.as_ref().expect("operations of these tests have inputs"));
    let mut root = of_shape(input);
    let members = input.kind.members().expect("an input is a structure");
    let in_body = |name: &str| members.get(name).is_some_and(|member| member.location == MemberLocation::Body);
    if let Some(properties) = root["properties"].as_object_mut() {
        properties.retain(|name, _| in_body(name));
    }
    if let Some(required) = root["required"].as_array_mut() {
        required.retain(|name| name.as_str().is_some_and(in_body));
    }
    root["definitions"] = Json::Object(definitions);
    root
}

fn reference(id: &impl ToString) -> Json {
    json!({ "$ref": format!("#/definitions/{}", id.to_string()) })
}

fn of_shape(shape: &Shape) -> Json {
    let mut out = match &shape.kind {
        ShapeKind::Boolean => json!({ "type": "boolean" }),
        ShapeKind::String | ShapeKind::Blob => json!({ "type": "string" }),
        ShapeKind::Enum { values } => json!({ "type": "string", "enum": values }),
        ShapeKind::Integer => json!({ "type": "integer", "minimum": i32::MIN, "maximum": i32::MAX }),
        ShapeKind::Long => json!({ "type": "integer", "minimum": i64::MIN, "maximum": i64::MAX }),
        ShapeKind::Float | ShapeKind::Double | ShapeKind::Timestamp => json!({ "type": "number" }),
        ShapeKind::Document => json!({}),
        ShapeKind::List { member } => json!({ "type": "array", "items": reference(member) }),
        ShapeKind::Map { key, value } => {
            json!({ "type": "object", "propertyNames": reference(key), "additionalProperties": reference(value) })
        }
        ShapeKind::Structure { members } | ShapeKind::Union { members } => {
            let properties: Map<String, Json> =
                members.iter().map(|(name, member)| (name.clone(), reference(&member.shape))).collect();
            let required: Vec<&String> =
                members.iter().filter(|(_, member)| member.required).map(|(name, _)| name).collect();
            json!({ "type": "object", "properties": properties, "required": required })
        }
        kind => panic!("no schema for the type `{}`", kind.name()),
    };
    let names = match shape.kind {
        ShapeKind::List { .. } => ("minItems", "maxItems"),
        ShapeKind::Map { .. } => ("minProperties", "maxProperties"),
        _ => ("minLength", "maxLength"),
    };
    if let Some(min) = shape.length().min {
        out[names.0] = min.into();
    }
    if let Some(max) = shape.length().max {
        out[names.1] = max.into();
    }
    if let Some(range) = &shape.range {
        if let Some(min) = &range.min {
            out["minimum"] = Json::Number(min.clone());
        }
        if let Some(max) = &range.max {
            out["maximum"] = Json::Number(max.clone());
        }
    }
    if let Some(step) = &shape.multiple_of {
        out["multipleOf"] = Json::Number(step.clone());
    }
    if let Some(pattern) = &shape.pattern {
        out["pattern"] = pattern.clone().into();
    }
    for rule in &shape.rules {
        if let ShapeRule::AtLeastOneOf { members } = rule {
            out["anyOf"] = members.iter().map(|name| json!({ "required": [name] })).collect();
        }
    }
    out
}

/// Converts a value to JSON, or returns `None` if JSON has no type for it.
pub fn to_json(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Null => Json::Null,
        Value::Boolean(truth) => Json::Bool(*truth),
        Value::Number(literal) => serde_json::from_str(literal).ok()?,
        Value::Text(text) => Json::String(text.clone()),
        Value::Template(_) | Value::Raw(_) | Value::Blob(_) => return None,
        Value::List(items) => Json::Array(items.iter().map(to_json).collect::<Option<_>>()?),
        Value::Map(members) => Json::Object(
            members.iter().map(|(name, value)| Some((name.clone(), to_json(value)?))).collect::<Option<_>>()?,
        ),
    })
}
