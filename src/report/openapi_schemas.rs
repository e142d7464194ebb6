//! Writes the shapes of a contract as schemas of OpenAPI 3.1.
//!
//! It never writes an operation.

use crate::contract::{
    Contract, Member, MemberLocation, Protocol, Shape, ShapeId, ShapeKind, TimestampFormat, WireTraits,
};
use indexmap::IndexMap;
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeSet, VecDeque};

/// Writes schemas; structures, lists and maps become components, because they may contain themselves.
pub(super) struct SchemaWriter<'c> {
    contract: &'c Contract,
    /// Names of components by shape.
    names: IndexMap<ShapeId, String>,
    open: VecDeque<ShapeId>,
    omissions: BTreeSet<String>,
}

impl<'c> SchemaWriter<'c> {
    pub fn new(contract: &'c Contract) -> Self {
        Self { contract, names: IndexMap::new(), open: VecDeque::new(), omissions: BTreeSet::new() }
    }

    /// Returns the components, and what schemas cannot say.
    pub fn finish(mut self) -> (Map<String, Json>, BTreeSet<String>) {
        let mut components = Map::new();
        while let Some(id) = self.open.pop_front() {
            let schema = self.shape_schema(&id, &WireTraits::default(), true);
            let name = self.names.get(&id).cloned().unwrap_or_default();
            components.insert(name, schema);
        }
        (components, self.omissions)
    }

    /// Returns the schema of a member, with its examples.
    pub fn member_schema(&mut self, member: &Member) -> Json {
        let mut schema = self.schema_of(&member.shape, &member.traits, member.location.is_in_document());
        if !member.examples.is_empty() {
            schema["examples"] = member.examples.clone().into();
        }
        schema
    }

    /// Returns the schema of an object with these members.
    pub fn object_schema(&mut self, members: &[(&'c str, &'c Member)]) -> Json {
        let mut properties = Map::new();
        let mut required: Vec<&str> = Vec::new();
        for (name, member) in members {
            let wire = member.wire_name(name);
            properties.insert(wire.to_owned(), self.member_schema(member));
            if member.required {
                required.push(wire);
            }
        }
        let mut schema = json!({"type": "object", "properties": properties});
        if !required.is_empty() {
            schema["required"] = required.into();
        }
        schema
    }

    /// Returns the schema of a body that has the members of a structure that stand in it; `is_whole` says that all do.
    pub fn body_schema(&mut self, id: &ShapeId, is_whole: bool) -> Json {
        if is_whole {
            return self.schema_of(id, &WireTraits::default(), true);
        }
        let members = self.contract.shape(id).kind.members().into_iter().flatten();
        let of_body: Vec<(&'c str, &'c Member)> = members
            .map(|(name, member)| (name.as_str(), member))
            .filter(|(_, member)| member.location == MemberLocation::Body)
            .collect();
        self.object_schema(&of_body)
    }

    fn schema_of(&mut self, id: &ShapeId, traits: &WireTraits, in_document: bool) -> Json {
        let has_parts = matches!(
            self.contract.shape(id).kind,
            ShapeKind::Structure { .. } | ShapeKind::Union { .. } | ShapeKind::List { .. } | ShapeKind::Map { .. }
        );
        if has_parts && in_document {
            return json!({"$ref": format!("#/components/schemas/{}", self.component_name(id))});
        }
        self.shape_schema(id, traits, in_document)
    }

    fn component_name(&mut self, id: &ShapeId) -> String {
        if let Some(name) = self.names.get(id) {
            return name.clone();
        }
        let allowed = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
        let mut name: String = id.as_str().chars().map(allowed).collect();
        while self.names.values().any(|taken| *taken == name) {
            name.push('_');
        }
        self.names.insert(id.clone(), name.clone());
        self.open.push_back(id.clone());
        name
    }

    /// Returns the schema of a shape, without a reference to itself.
    fn shape_schema(&mut self, id: &ShapeId, traits: &WireTraits, in_document: bool) -> Json {
        let shape: &'c Shape = self.contract.shape(id);
        let mut schema = match &shape.kind {
            ShapeKind::Structure { members } => {
                let members: Vec<_> = members.iter().map(|(name, member)| (name.as_str(), member)).collect();
                self.object_schema(&members)
            }
            ShapeKind::Union { members } => {
                let alternatives: Vec<Json> =
                    members.iter().map(|(name, member)| self.object_schema(&[(name.as_str(), member)])).collect();
                json!({"oneOf": alternatives})
            }
            ShapeKind::List { member } => {
                json!({"type": "array", "items": self.schema_of(member, &shape.parts.member, in_document)})
            }
            ShapeKind::Map { value, .. } => {
                let value = self.schema_of(value, &shape.parts.value, in_document);
                json!({"type": "object", "additionalProperties": value})
            }
            ShapeKind::Timestamp => self.timestamp_schema(traits, shape, in_document),
            kind => scalar_schema(kind, shape.any_size),
        };
        self.add_limits(&mut schema, shape);
        if shape.nullable {
            schema = nullable_schema(schema);
        }
        // Other values may be valid, too.
        if shape.open && !matches!(shape.kind, ShapeKind::Document) {
            schema = json!({"anyOf": [schema, {"title": "Another value"}]});
        }
        if !shape.examples.is_empty() {
            schema["examples"] = shape.examples.clone().into();
        }
        if !shape.rules.is_empty() {
            self.omissions.insert(format!("`{id}`: {} rules over several members", shape.rules.len()));
        }
        schema
    }

    /// REST with JSON as AWS speaks it has seconds since 1970 in bodies.
    fn timestamp_schema(&mut self, traits: &WireTraits, shape: &Shape, in_document: bool) -> Json {
        let is_aws = self.contract.protocol == Some(Protocol::RestJson1);
        let usual = if is_aws && in_document { TimestampFormat::EpochSeconds } else { TimestampFormat::DateTime };
        match traits.timestamp_format.or(shape.traits.timestamp_format).unwrap_or(usual) {
            TimestampFormat::EpochSeconds => {
                self.omissions.insert("timestamps that are numbers".to_owned());
                json!({"type": "number", "title": "Seconds since 1970"})
            }
            TimestampFormat::HttpDate => {
                self.omissions.insert("timestamps in the format of HTTP".to_owned());
                json!({"type": "string", "title": "Date in the format of HTTP"})
            }
            TimestampFormat::DateTime => json!({"type": "string", "format": "date-time"}),
        }
    }

    fn add_limits(&mut self, schema: &mut Json, shape: &Shape) {
        let (min, max) = match shape.kind {
            ShapeKind::List { .. } => ("minItems", "maxItems"),
            ShapeKind::Map { .. } => ("minProperties", "maxProperties"),
            ShapeKind::Blob => {
                if shape.length.is_some() {
                    self.omissions.insert("lengths of bytes, which OpenAPI counts as base64".to_owned());
                }
                return;
            }
            _ => ("minLength", "maxLength"),
        };
        if let Some(length) = shape.length {
            for (keyword, limit) in [(min, length.min), (max, length.max)] {
                if let Some(limit) = limit {
                    schema[keyword] = limit.into();
                }
            }
        }
        if let Some(range) = &shape.range {
            for (keyword, limit) in [("minimum", &range.min), ("maximum", &range.max)] {
                if let Some(limit) = limit {
                    schema[keyword] = limit.clone().into();
                }
            }
        }
        if let Some(step) = &shape.multiple_of {
            schema["multipleOf"] = step.clone().into();
        }
        if let Some(pattern) = &shape.pattern {
            schema["pattern"] = pattern.as_str().into();
        }
        if shape.unique {
            schema["uniqueItems"] = true.into();
        }
    }
}

/// Returns the schema of a value without parts.
fn scalar_schema(kind: &ShapeKind, any_size: bool) -> Json {
    let number = |name: &str, format: &str| {
        if any_size { json!({"type": name}) } else { json!({"type": name, "format": format}) }
    };
    match kind {
        ShapeKind::Blob => json!({"type": "string", "format": "byte"}),
        ShapeKind::Boolean => json!({"type": "boolean"}),
        ShapeKind::Enum { values } => json!({"type": "string", "enum": values}),
        ShapeKind::Integer => number("integer", "int32"),
        ShapeKind::Long => number("integer", "int64"),
        ShapeKind::Float => number("number", "float"),
        ShapeKind::Double => number("number", "double"),
        ShapeKind::Document => json!({}),
        _ => json!({"type": "string"}),
    }
}

/// Returns a schema that allows null, too.
fn nullable_schema(mut schema: Json) -> Json {
    match schema.get("type").and_then(Json::as_str).map(str::to_owned) {
        Some(name) => {
            schema["type"] = json!([name, "null"]);
            if let Some(values) = schema.get_mut("enum").and_then(Json::as_array_mut) {
                values.push(Json::Null);
            }
            schema
        }
        None => json!({"anyOf": [schema, {"type": "null"}]}),
    }
}
