//! The shop's documents as Mintlify pages: one per operation, in the form in which such pages are published.

use super::table::{Endpoint, Kind, endpoints, response_schema};
use serde_json::{Value as Json, json};
use std::fmt::Write as _;

/// Returns the pages: file name and text.
pub fn pages() -> Vec<(String, String)> {
    endpoints().iter().map(|endpoint| (format!("{}.mdx", endpoint.title.replace(' ', "-")), page(endpoint))).collect()
}

fn page(endpoint: &Endpoint) -> String {
    let mut text = String::new();
    let title: Vec<String> =
        endpoint.title.split(' ').map(|word| format!("{}{}", word[..1].to_uppercase(), &word[1..])).collect();
    let _ =
        write!(text, "---\ntitle: \"{}\"\napi: \"{} {}\"\n---\n\n", title.join(" "), endpoint.method, endpoint.path);
    let _ = write!(text, "### Headers\n\n```\nAuthorization: Bearer YOUR_API_KEY\n```\n\n");
    for (name, schema) in endpoint.labels() {
        write_field(&mut text, &format!("path=\"{name}\""), &schema, true);
    }
    if endpoint.method == "GET" && !endpoint.is_item {
        text.push_str("<ParamField query=\"limit\" type=\"integer\" minimum=\"1\" maximum=\"100\">\n  Page size\n</ParamField>\n\n");
    }
    for field in endpoint.collection.fields.iter().filter(|_| endpoint.has_body()) {
        let required = if endpoint.is_optional(field) { "" } else { " required" };
        match field.kind {
            Kind::Lines => {
                let _ = write!(
                    text,
                    "<ParamField body=\"lines\" type=\"object[]\"{required}>\n  Lines of the order\n  <Expandable title=\"line\">\n    \
                     <ParamField body=\"product_id\" type=\"string\" required>\n      The product\n    </ParamField>\n    \
                     <ParamField body=\"quantity\" type=\"integer\" required minimum=\"1\" maximum=\"99\">\n      How many\n    </ParamField>\n  \
                     </Expandable>\n</ParamField>\n\n"
                );
            }
            kind => write_field(
                &mut text,
                &format!("body=\"{}\"", field.name),
                &attributes_of(kind),
                !endpoint.is_optional(field),
            ),
        }
    }
    if let Some(schema) = response_schema(endpoint) {
        let example = serde_json::to_string_pretty(&example_of(&schema)).expect("it is JSON");
        let _ =
            write!(text, "<ResponseExample>\n```json {}\n{example}\n```\n</ResponseExample>\n\n", endpoint.success());
    }
    text.push_str("## Errors\n\n| Status | Description |\n| --- | --- |\n| 401 | The key is wrong |\n| 422 | Validation failed |\n");
    if !endpoint.labels().is_empty() {
        text.push_str("| 404 | Not found |\n");
    }
    if endpoint.has_body() && endpoint.collection.fields.iter().any(|field| field.kind == Kind::Email) {
        text.push_str("| 409 | The email is taken |\n");
    }
    text
}

fn attributes_of(kind: Kind) -> Json {
    match kind {
        Kind::Text(min, max) => json!({"type": "string", "minLength": min, "maxLength": max}),
        Kind::Email => json!({"type": "string", "maxLength": 254}),
        Kind::Whole(min, max) => json!({"type": "integer", "minimum": min, "maximum": max}),
        Kind::Choice(values) => json!({"type": "string", "enum": values}),
        Kind::Reference("customer") => json!({"type": "string", "format": "uuid"}),
        _ => json!({"type": "string"}),
    }
}

fn write_field(text: &mut String, name: &str, schema: &Json, required: bool) {
    let _ = write!(text, "<ParamField {name} type={}", schema["type"]);
    for limit in ["minLength", "maxLength", "minimum", "maximum"] {
        if let Some(value) = schema.get(limit) {
            let _ = write!(text, " {limit}=\"{value}\"");
        }
    }
    let words = match (schema.get("enum").and_then(Json::as_array), schema.get("format")) {
        (Some(values), _) => {
            let names: Vec<String> = values.iter().filter_map(|value| Some(format!("`{}`", value.as_str()?))).collect();
            format!("One of {}", names.join(", "))
        }
        (None, Some(_)) => "A UUID".to_owned(),
        (None, None) => "Text".to_owned(),
    };
    let _ = write!(text, "{}>\n  {words}\n</ParamField>\n\n", if required { " required" } else { "" });
}

fn example_of(schema: &Json) -> Json {
    match schema["type"].as_str() {
        Some("object") => {
            let members = schema["properties"].as_object().into_iter().flatten();
            Json::Object(members.map(|(name, member)| (name.clone(), example_of(member))).collect())
        }
        Some("array") => json!([example_of(&schema["items"])]),
        Some("integer") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        _ if schema["format"] == "uuid" => json!("123e4567-e89b-12d3-a456-426614174000"),
        _ => schema.get("enum").map_or(json!("text"), |values| values[0].clone()),
    }
}
