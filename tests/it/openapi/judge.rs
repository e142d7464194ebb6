//! A validator of JSON Schema judges bodies: what the generator calls valid is valid under the original schema, and what
//! it calls a violation is not.

use super::documents::json_documents;
use crate::support::schema;
use crate::support::visible::say;
use overstep::case::{Case, Intent, StepPurpose, StepRequest, Value};
use overstep::contract::{Contract, MemberLocation, Operation};
use overstep::generate::{self, GenerationLevel, GenerationOptions};
use overstep::scenario::Scenario;
use serde_json::{Map, Value as Json, json};

/// Maximum number of operations of a document, spread over it.
const MAX_OPERATIONS: usize = 12;

/// Removes all descriptions; a member may have this name.
fn remove_descriptions(value: &mut Json) {
    match value {
        Json::Object(members) => {
            if members.get("description").is_some_and(Json::is_string) {
                members.remove("description");
            }
            members.values_mut().for_each(remove_descriptions);
        }
        Json::Array(items) => items.iter_mut().for_each(remove_descriptions),
        _ => {}
    }
}

/// Returns the schema of the JSON body that a raw document gives an operation, with everything that it refers to.
fn original_schema(document: &Json, operation: &Operation) -> Option<Json> {
    let http = operation.http.as_ref()?;
    let raw = document["paths"].get(&http.uri)?.get(http.method.to_lowercase())?;
    let is_swagger = document.get("swagger").is_some();
    let schema = if is_swagger {
        raw["parameters"].as_array()?.iter().find(|one| one["in"] == "body")?.get("schema")?
    } else {
        let body = match raw["requestBody"].get("$ref").and_then(Json::as_str) {
            Some(reference) => document.pointer(reference.strip_prefix('#')?)?,
            None => raw.get("requestBody")?,
        };
        let content = body["content"].as_object()?;
        content.iter().find(|(name, _)| name.contains("json") || *name == "*/*")?.1.get("schema")?
    };
    let mut root = json!({ "allOf": [adapt(schema)] });
    for part in ["components", "definitions"] {
        if let Some(part_of_document) = document.get(part) {
            root[part] = adapt(part_of_document);
        }
    }
    Some(root)
}

/// Converts the schemas of OpenAPI to JSON Schema: `nullable` is a type, and members that only responses have are not
/// required in requests.
fn adapt(value: &Json) -> Json {
    match value {
        Json::Array(items) => items.iter().map(adapt).collect(),
        Json::Object(members) => {
            let mut adapted: Map<String, Json> = members
                .iter()
                .filter(|(key, _)| *key != "example")
                .map(|(key, value)| (key.clone(), adapt(value)))
                .collect();
            if members.get("readOnly") == Some(&Json::Bool(true)) {
                return json!({});
            }
            // Some documents mark a member as required in its own schema, which has no effect.
            adapted.retain(|key, value| key != "required" || value.is_array() || !members.contains_key("type"));
            if adapted.remove("nullable") == Some(Json::Bool(true)) {
                return json!({ "anyOf": [adapted, { "type": "null" }] });
            }
            Json::Object(adapted)
        }
        other => other.clone(),
    }
}

/// Returns the JSON body of a case, if its judged step has one that JSON can express.
fn body_of(contract: &Contract, operation: &Operation, case: &Case) -> Option<Json> {
    let step = case.steps.iter().find(|step| step.purpose == StepPurpose::Act)?;
    let StepRequest::Operation { input: Value::Map(given), damage, .. } = &step.request else { return None };
    if !damage.is_empty() || case.unsendable_reason.is_some() {
        return None;
    }
    let members = contract.shape(operation.input.as_ref()?).kind.members()?;
    let mut body = Map::new();
    let mut has_body = false;
    for (name, member) in members {
        let value = given.get(name);
        match member.location {
            MemberLocation::Payload => return Some(with_timestamps(schema::to_json(value?)?)),
            MemberLocation::Body => {
                has_body = true;
                if let Some(value) = value {
                    body.insert(member.wire_name(name).to_owned(), schema::to_json(value)?);
                }
            }
            _ => {}
        }
    }
    has_body.then(|| with_timestamps(Json::Object(body)))
}

/// Timestamps are numbers of seconds until a request is written.
fn with_timestamps(value: Json) -> Json {
    match value {
        Json::Number(number) if number.as_u64() == Some(1_700_000_000) => json!("2023-11-14T22:13:20Z"),
        Json::Array(items) => items.into_iter().map(with_timestamps).collect(),
        Json::Object(members) => members.into_iter().map(|(key, value)| (key, with_timestamps(value))).collect(),
        other => other,
    }
}

/// Returns what is expected of the body of a case, or `None` if the case is not about a single fault of the body.
fn expected(contract: &Contract, operation: &Operation, case: &Case) -> Option<bool> {
    let due = schema::due(case)?;
    let top = case.member.as_ref().and_then(|path| path.top_member()).map(str::to_owned);
    let members = contract.shape(operation.input.as_ref()?).kind.members()?;
    let is_in_body = |name: &String| {
        members
            .get(name)
            .is_some_and(|member| matches!(member.location, MemberLocation::Body | MemberLocation::Payload))
    };
    match (due, top) {
        (false, Some(name)) if !is_in_body(&name) => None,
        (false, None) => None,
        (due, _) => Some(due),
    }
}

/// Multiples, examples that fit and that do not, and references with siblings.
const OWN: &str = r##"{"openapi": "3.1.0", "info": {"title": "Own"}, "paths": {"/things": {"post": {"operationId": "op",
 "requestBody": {"required": true, "content": {"application/json": {
  "example": {"price": 12.35, "count": 7, "name": "Ada", "kind": "b", "when": "2031-05-06T07:08:09Z", "tags": ["x", "too long"]},
  "schema": {"type": "object", "required": ["price", "count", "name", "kind", "when", "tags", "part"], "properties": {
   "price": {"type": "number", "multipleOf": 0.05, "minimum": 0.07, "exclusiveMaximum": 100},
   "count": {"type": "integer", "multipleOf": 5, "minimum": 7, "maximum": 33},
   "half": {"type": "integer", "multipleOf": 2.5, "default": 10},
   "weight": {"type": "number", "multipleOf": 3},
   "name": {"type": "string", "minLength": 2, "maxLength": 8, "example": "x"},
   "kind": {"type": "string", "enum": ["a", "b", "c"], "default": "z"},
   "when": {"type": "string", "format": "date-time"},
   "tags": {"type": "array", "items": {"type": "string", "maxLength": 3}, "maxItems": 4, "uniqueItems": true},
   "levels": {"type": "array", "items": {"type": "integer", "multipleOf": 10, "minimum": 10, "maximum": 50}, "uniqueItems": true, "minItems": 3, "maxItems": 5},
   "part": {"$ref": "#/components/schemas/Part", "example": {"code": "A1", "size": 3}}}}}}},
 "responses": {"201": {"description": ""}, "422": {"description": ""}}}}},
 "components": {"schemas": {"Part": {"type": "object", "required": ["code", "size"], "properties": {
  "code": {"type": "string", "pattern": "^[A-Z][0-9]$", "example": "nope"}, "size": {"type": "integer", "minimum": 5, "example": 6}}}}}}"##;

#[test]
fn bodies_are_valid_under_the_original_schema_exactly_if_they_are_expected_to_be() {
    let mut documents = vec![("own.json".to_owned(), OWN.to_owned())];
    match json_documents() {
        Some(real) => documents.extend(real),
        None => say("only in part: ../shared/openapi is not present"),
    }
    let (mut valid, mut violating, mut wrong) = (0_u32, 0_u32, Vec::new());
    for (name, text) in documents {
        let mut raw: Json = serde_json::from_str(&text).expect("it is JSON");
        // The judge reads no sentences.
        remove_descriptions(&mut raw);
        let contract = super::read(&name, &raw.to_string()).contract;
        let with_bodies: Vec<&Operation> =
            contract.operations.iter().filter(|operation| original_schema(&raw, operation).is_some()).collect();
        let step = with_bodies.len().div_ceil(MAX_OPERATIONS).max(1);
        let chosen: Vec<&str> = with_bodies.iter().step_by(step).map(|operation| operation.name.as_str()).collect();
        let contract = contract.restrict_to(&chosen);
        let scenario = Scenario::with_name("judge");
        let options = GenerationOptions { level: GenerationLevel::Quick, ..GenerationOptions::default() };
        let cases: Vec<Case> = generate::generate_cases(&contract, &scenario, options).expect("a plan").collect();
        for operation in &contract.operations {
            let schema = original_schema(&raw, operation).expect("it has one");
            let draft = if text.contains("\"openapi\": \"3.1") {
                jsonschema::Draft::Draft202012
            } else {
                jsonschema::Draft::Draft4
            };
            let options = jsonschema::options().with_draft(draft).should_validate_formats(true);
            let Ok(validator) = options.build(&schema) else {
                say(&format!("{name}: the schema of `{}` is no JSON Schema", operation.name));
                continue;
            };
            for case in cases.iter().filter(|case| case.operation == operation.name) {
                let Some(expected) = expected(&contract, operation, case) else { continue };
                let Some(body) = body_of(&contract, operation, case) else { continue };
                *(if expected { &mut valid } else { &mut violating }) += 1;
                if validator.is_valid(&body) != expected {
                    let shown: String = body.to_string().chars().take(300).collect();
                    wrong.push(format!("{name}: {} should be {expected}: {shown}", case.id));
                }
            }
        }
    }
    let shown: Vec<&String> = wrong.iter().take(40).collect();
    assert!(wrong.is_empty(), "{} of {}: {shown:#?}", wrong.len(), valid + violating);
    assert!(valid > 500 && violating > 500, "{valid} valid and {violating} violating bodies were judged");
}

#[test]
fn null_is_judged_as_the_document_says() {
    let text = r#"{"openapi": "3.0.0", "info": {"title": "T"}, "paths": {"/x": {"post": {"operationId": "op",
  "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object",
    "required": ["may", "must"], "properties": {"may": {"type": "string", "nullable": true}, "must": {"type": "string"}}}}}},
  "responses": {"200": {"description": ""}, "400": {"description": ""}}}}}}"#;
    let contract = super::read("x.json", text).contract;
    let scenario = Scenario::with_name("s");
    let cases: Vec<Case> =
        generate::generate_cases(&contract, &scenario, GenerationOptions::default()).expect("a plan").collect();
    let intent = |id: &str| cases.iter().find(|case| case.id.to_string() == id).map(|case| case.intent);
    assert_eq!(intent("s/op/may/type/null"), Some(Intent::Valid));
    assert_eq!(intent("s/op/must/required/null"), Some(Intent::Violates));
    assert_eq!(intent("s/op/may/required/missing"), Some(Intent::Violates));
}
