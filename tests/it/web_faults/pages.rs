//! The planner's document as Mintlify pages, one per operation.

use super::document::document;
use serde_json::{Value as Json, json};
use std::fmt::Write as _;

/// Returns the pages: file name and text.
pub fn pages() -> Vec<(String, String)> {
    let document = document();
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let name = operation["operationId"].as_str().expect("a name");
            // Pages have no words for the relations that are keywords of a schema.
            if name == "createCoupon" {
                continue;
            }
            all.push((format!("{name}.mdx"), page(path, method, operation)));
        }
    }
    all
}

fn page(path: &str, method: &str, operation: &Json) -> String {
    let mut text = String::new();
    let name = operation["operationId"].as_str().expect("a name");
    let title = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
    let _ = write!(text, "---\ntitle: \"{title}\"\napi: \"{} {path}\"\n---\n\n", method.to_uppercase());
    let _ = write!(
        text,
        "{}.\n\n### Headers\n\n```\nAuthorization: Bearer YOUR_API_KEY\n```\n\n",
        operation["summary"].as_str().unwrap_or_default()
    );
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let attribute = format!(
            "{}=\"{}\"",
            parameter["in"].as_str().unwrap_or_default(),
            parameter["name"].as_str().unwrap_or_default()
        );
        let mut schema = parameter["schema"].clone();
        schema["description"] = parameter["description"].clone();
        write_field(&mut text, &attribute, &schema, parameter["required"] == true, 0);
    }
    if let Some(schema) = operation.get("requestBody").map(|body| &body["content"]["application/json"]["schema"]) {
        write_members(&mut text, schema, 0);
    }
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let schema = &response["content"]["application/json"]["schema"];
        if status.starts_with('2') && !schema.is_null() {
            let example = serde_json::to_string_pretty(&example_of(schema)).expect("it is JSON");
            let _ = write!(text, "<ResponseExample>\n```json {status}\n{example}\n```\n</ResponseExample>\n\n");
        }
    }
    text.push_str("## Errors\n\n| Status | Description |\n| --- | --- |\n");
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        if !status.starts_with('2') {
            let _ = writeln!(text, "| {status} | {} |", response["description"].as_str().unwrap_or_default());
        }
    }
    text
}

fn write_members(text: &mut String, schema: &Json, depth: usize) {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        // Pages have no words for these that a reader could take for a rule.
        let is_set = member["uniqueItems"] == true && !required.contains(&json!(name));
        if member["format"] == "date" || member["pattern"].is_string() || is_set || member["items"]["enum"].is_array() {
            continue;
        }
        write_field(text, &format!("body=\"{name}\""), member, required.contains(&json!(name)), depth);
    }
}

fn write_field(text: &mut String, attribute: &str, schema: &Json, required: bool, depth: usize) {
    let space = "  ".repeat(depth * 2);
    let kind = match (&schema["type"], &schema["items"]["type"]) {
        (kind, _) if kind == "integer" && schema["maximum"].is_null() => "int64".to_owned(),
        (Json::Array(kinds), _) => format!("{} | null", kinds[0].as_str().unwrap_or_default()),
        (kind, Json::String(item)) if kind == "array" => {
            format!("{}[]", if item == "integer" { "int64" } else { item.as_str() })
        }
        (kind, _) => kind.as_str().unwrap_or("string").to_owned(),
    };
    let literals = schema["enum"].as_array().map(|values| {
        let quoted: Vec<String> = values.iter().map(Json::to_string).collect();
        quoted.join(" | ")
    });
    let kind = literals.unwrap_or(kind);
    let _ = write!(text, "{space}<ParamField {attribute} type='{kind}'");
    for limit in ["minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems"] {
        // Lengths of addresses would suggest that any text of that length is one.
        if let Some(value) = schema.get(limit).filter(|_| schema["format"] != "email") {
            let _ = write!(text, " {limit}=\"{value}\"");
        }
    }
    let mut words = schema["description"].as_str().unwrap_or("A value").to_owned();
    match schema["format"].as_str() {
        Some("uuid") => words.push_str(". A UUID"),
        Some("email") => words.push_str(". An email address"),
        Some("date-time") => words.push_str(" An ISO 8601 date and time."),
        _ => {}
    }
    let _ = write!(text, "{}>\n{space}  {words}\n", if required { " required" } else { "" });
    let inner = if schema["items"]["type"] == "object" { &schema["items"] } else { schema };
    if inner["type"] == "object" {
        let _ = writeln!(text, "{space}  <Expandable title=\"members\">");
        write_members(text, inner, depth + 1);
        let _ = writeln!(text, "{space}  </Expandable>");
    }
    let _ = write!(text, "{space}</ParamField>\n\n");
}

fn example_of(schema: &Json) -> Json {
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    match kind {
        Some("object") => {
            let members = schema["properties"].as_object().into_iter().flatten();
            Json::Object(members.map(|(name, member)| (name.clone(), example_of(member))).collect())
        }
        Some("array") => json!([example_of(&schema["items"])]),
        Some("integer") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("number") => json!(12.5),
        Some("boolean") => json!(true),
        _ => match schema["format"].as_str() {
            Some("uuid") => json!("123e4567-e89b-12d3-a456-426614174000"),
            Some("date-time") => json!("2026-11-30T12:00:00Z"),
            Some("date") => json!("2026-11-30"),
            _ => schema.get("enum").map_or(json!("text"), |values| values[0].clone()),
        },
    }
}
