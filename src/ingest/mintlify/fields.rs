//! Turns the fields of a page into shapes: types, limits, nested fields, and what examples show of them.
//!
//! It never reads a component; the page has collected them.

use super::super::described_limits::DescribedMember;
use super::super::sentences;
use super::field_type::{FieldType, StatedType};
use super::{MintlifyField, MintlifyPage, to_pascal_case};
use crate::contract::{FactField, FactOrigin, ShapeId, ShapeKind};
use indexmap::IndexMap;
use serde_json::Value as Json;

impl MintlifyPage<'_> {
    pub(super) fn add_field(&mut self, owner: &ShapeId, field: &MintlifyField, example: Option<&Json>, prefix: &str) {
        let path = format!("{prefix}{}", to_pascal_case(&field.name));
        let shape = self.add_field_shape(field, example, &path);
        self.builder.add_member(owner, &field.name, &shape, field.line);
        if field.required {
            self.builder.record_shape_fact(owner, FactField::MemberRequired(field.name.clone()), true, field.line);
        }
        for (name, value) in &field.limits {
            self.record_limit(&shape, name, value, field.line);
        }
        let docs = sentences::split_sentences(field.docs.iter().map(|(line, text)| (*line, text.as_str())));
        let described = Some(DescribedMember { owner, name: &field.name });
        self.builder.apply_sentences(&shape, None, described, &docs);
    }

    fn record_limit(&mut self, shape: &ShapeId, name: &str, value: &str, line: u32) {
        let field = match name {
            "minLength" | "minItems" => FactField::LengthMin,
            "maxLength" | "maxItems" => FactField::LengthMax,
            "minimum" | "min" => FactField::RangeMin,
            "maximum" | "max" => FactField::RangeMax,
            "pattern" => {
                self.builder.record_shape_fact(shape, FactField::Pattern, value, line);
                return;
            }
            _ => {
                let values: Vec<String> = value
                    .trim_matches(['[', ']'])
                    .split(',')
                    .map(|word| word.trim().trim_matches(['"', '\'']).to_owned())
                    .filter(|word| !word.is_empty())
                    .collect();
                if self.builder.shape_mut(shape).kind == ShapeKind::String && !values.is_empty() {
                    self.builder.record_shape_fact(shape, FactField::Enum, values, line);
                }
                return;
            }
        };
        match value.parse::<serde_json::Number>() {
            Ok(number) => self.builder.record_shape_fact(shape, field, number, line),
            Err(_) => {
                let message = format!("`{name}` is not a number");
                self.diagnostics.push(self.text.warning(line, message, "the limit is ignored"));
            }
        }
    }

    fn add_field_shape(&mut self, field: &MintlifyField, example: Option<&Json>, path: &str) -> ShapeId {
        let stated = StatedType::parse(&field.type_text);
        let shape = self.add_typed_shape(&stated.kind, field, example, path);
        let may_be_null = |text: &str| {
            let lower = text.to_ascii_lowercase().replace('`', "");
            ["may be null", "can be null", "or null", "nullable"].iter().any(|words| lower.contains(words))
        };
        if stated.is_nullable || field.docs.iter().any(|(_, text)| may_be_null(text)) {
            self.builder.shape_mut(&shape).nullable = true;
        }
        shape
    }

    fn add_typed_shape(
        &mut self,
        kind: &FieldType,
        field: &MintlifyField,
        example: Option<&Json>,
        path: &str,
    ) -> ShapeId {
        match kind {
            FieldType::List(item) => {
                let item = match item.as_ref() {
                    FieldType::Unstated => FieldType::Named(self.item_type(field, example)),
                    item => item.clone(),
                };
                let first = example.and_then(|example| example.get(0)).cloned();
                let member = self.add_typed_shape(&item, field, first.as_ref(), &format!("{path}Item"));
                self.builder.add_shape(path, ShapeKind::List { member }, field.line)
            }
            FieldType::Literals(values) => {
                let shape = self.builder.add_shape(path, ShapeKind::String, field.line);
                self.builder.record_shape_fact(&shape, FactField::Enum, values.clone(), field.line);
                shape
            }
            FieldType::Named(name) if matches!(name.as_str(), "object" | "dict" | "json") => {
                self.add_object(field, example, path)
            }
            FieldType::Named(name) if !field.fields.is_empty() && scalar_kind(name).is_none() => {
                self.add_object(field, example, path)
            }
            FieldType::Unstated if !field.fields.is_empty() => self.add_object(field, example, path),
            FieldType::Named(name) => self.add_scalar(name, field, path),
            FieldType::Unstated => self.add_scalar("", field, path),
            // The values are documented, but no single shape describes them.
            FieldType::Map | FieldType::Alternatives => self.builder.add_shape(path, ShapeKind::Document, field.line),
        }
    }

    /// Returns the item type of a plain `array`, from the description or else from the example.
    fn item_type(&mut self, field: &MintlifyField, example: Option<&Json>) -> String {
        if !field.fields.is_empty() {
            return "object".to_owned();
        }
        for (_, text) in &field.docs {
            let lower = text.to_ascii_lowercase();
            if let Some((_, rest)) = lower.split_once("array of ").or_else(|| lower.split_once("list of ")) {
                for word in rest.split(|c: char| !c.is_alphanumeric()).take(4) {
                    match word {
                        "string" | "strings" => return "string".to_owned(),
                        "number" | "numbers" => return "number".to_owned(),
                        "integer" | "integers" => return "integer".to_owned(),
                        "boolean" | "booleans" => return "boolean".to_owned(),
                        "object" | "objects" => return "object".to_owned(),
                        "uuid" | "uuids" => return "uuid".to_owned(),
                        _ => {}
                    }
                }
            }
        }
        match example.and_then(|example| example.get(0)) {
            Some(Json::String(_)) => "string".to_owned(),
            Some(Json::Number(number)) if number.is_f64() => "number".to_owned(),
            Some(Json::Number(_)) => "integer".to_owned(),
            Some(Json::Bool(_)) => "boolean".to_owned(),
            Some(Json::Object(_)) => "object".to_owned(),
            _ => {
                let message = format!("the item type of `{}` is not documented", field.name);
                let hint = "write the type as `string[]`, or `Array of strings` in the description";
                self.diagnostics.push(self.text.warning(field.line, message, hint));
                "any".to_owned()
            }
        }
    }

    fn add_object(&mut self, field: &MintlifyField, example: Option<&Json>, path: &str) -> ShapeId {
        if field.fields.is_empty() {
            return match example {
                Some(value) if value.as_object().is_some_and(|members| !members.is_empty()) => {
                    self.add_example_shape(value, path, field.line)
                }
                // The members are not documented.
                _ => self.builder.add_shape(path, ShapeKind::Document, field.line),
            };
        }
        let id = self.builder.add_shape(path, ShapeKind::Structure { members: IndexMap::new() }, field.line);
        for inner in &field.fields {
            let example_value = example.and_then(|example| example.get(&inner.name)).cloned();
            self.add_field(&id, inner, example_value.as_ref(), path);
        }
        id
    }

    fn add_scalar(&mut self, name: &str, field: &MintlifyField, path: &str) -> ShapeId {
        let kind = scalar_kind(name).unwrap_or_else(|| {
            let message = match name {
                "" => format!("`{}` has no type", field.name),
                _ => format!("unknown type `{}` of `{}`", field.type_text, field.name),
            };
            self.diagnostics.push(self.text.warning(field.line, message, "treated as any value"));
            ShapeKind::Document
        });
        let id = self.builder.add_shape(path, kind, field.line);
        if name.contains("uuid") {
            self.builder.record_shape_fact(&id, FactField::Pattern, sentences::UUID_PATTERN, field.line);
        }
        id
    }

    /// Adds the shape of an example. Facts that only an example shows are marked as assumed.
    pub(super) fn add_example_shape(&mut self, value: &Json, path: &str, line: u32) -> ShapeId {
        let kind = match value {
            Json::Object(members) => {
                let id = self.builder.add_shape(path, ShapeKind::Structure { members: IndexMap::new() }, line);
                for (name, value) in members {
                    let shape = self.add_example_shape(value, &format!("{path}{}", to_pascal_case(name)), line);
                    self.builder.add_member(&id, name, &shape, line);
                }
                self.mark_as_assumed(&id);
                return id;
            }
            Json::Array(items) => {
                let member = match items.first() {
                    Some(item) => self.add_example_shape(item, &format!("{path}Item"), line),
                    None => self.builder.add_shape(&format!("{path}Item"), ShapeKind::Document, line),
                };
                ShapeKind::List { member }
            }
            Json::String(_) => ShapeKind::String,
            // A whole number in an example does not mean that fractions are not allowed.
            Json::Number(_) => ShapeKind::Double,
            Json::Bool(_) => ShapeKind::Boolean,
            Json::Null => ShapeKind::Document,
        };
        let id = self.builder.add_shape(path, kind, line);
        self.mark_as_assumed(&id);
        id
    }

    fn mark_as_assumed(&mut self, id: &ShapeId) {
        for fact in &mut self.builder.shape_mut(id).facts {
            fact.standing = FactOrigin::Assumed;
        }
    }
}

/// Returns the kind of a scalar type by its name in lower case; `None` if no such type is known.
fn scalar_kind(name: &str) -> Option<ShapeKind> {
    let first = name.split(['<', '(', ' ']).next().unwrap_or_default();
    Some(match first {
        "string" | "str" | "text" | "uuid" | "email" | "url" | "uri" | "enum" => ShapeKind::String,
        "integer" | "int" | "int32" => ShapeKind::Integer,
        "long" | "int64" => ShapeKind::Long,
        "number" | "float" | "double" | "decimal" => ShapeKind::Double,
        "boolean" | "bool" => ShapeKind::Boolean,
        "date-time" | "datetime" | "timestamp" => ShapeKind::Timestamp,
        "file" | "binary" | "bytes" => ShapeKind::Blob,
        "any" => ShapeKind::Document,
        _ => return None,
    })
}
