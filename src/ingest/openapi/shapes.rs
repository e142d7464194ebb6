//! Builds the shapes of schemas, one after the other, so that a recursive schema becomes a recursive shape.
//!
//! It never reads a limit; `limits` and `numbers` do.

use super::formats::{self, StringFormat};
use super::{FilePlace, Located, Omission, OpenApiReader, SchemaView};
use crate::contract::{FactField, FactOrigin, ShapeId, ShapeKind, TimestampFormat};
use crate::ingest::json::JsonValue;
use indexmap::IndexMap;
use serde_json::Value as Json;

/// Where values of a shape are sent. Members of some schemas exist only in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Direction {
    Request,
    Response,
}

impl Direction {
    /// Returns the keyword of members that are not sent in this direction.
    pub fn excluding_keyword(self) -> &'static str {
        match self {
            Self::Request => "readOnly",
            Self::Response => "writeOnly",
        }
    }
}

/// The schemas of a shape, and the direction of its values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ShapeKey {
    schemas: Vec<usize>,
    direction: Direction,
    open: bool,
}

/// A shape that has a name and no content yet.
pub(super) struct PendingShape<'d> {
    id: ShapeId,
    schemas: Vec<Located<'d>>,
    direction: Direction,
    open: bool,
    place: FilePlace,
}

impl<'d> OpenApiReader<'d> {
    /// Returns the shape of values that all these schemas describe. It is called as the schema's own name, or `hint`.
    pub fn shape_of(&mut self, schemas: &[Located<'d>], hint: &str, direction: Direction, place: FilePlace) -> ShapeId {
        self.name_shape(schemas, hint, direction, place, false)
    }

    /// Returns the shape of values that all these schemas describe, where other values may be valid, too.
    pub fn open_shape_of(
        &mut self,
        schemas: &[Located<'d>],
        hint: &str,
        direction: Direction,
        place: FilePlace,
    ) -> ShapeId {
        self.name_shape(schemas, hint, direction, place, true)
    }

    fn name_shape(
        &mut self,
        schemas: &[Located<'d>],
        hint: &str,
        direction: Direction,
        place: FilePlace,
        open: bool,
    ) -> ShapeId {
        let mut name = None;
        let mut followed: Vec<Located<'d>> = Vec::with_capacity(schemas.len());
        for schema in schemas {
            // A reference with siblings is a schema of its own.
            let (target, last) = match schema.node.entries().len() {
                1 => self.files.follow(*schema),
                _ => (*schema, None),
            };
            followed.push(target);
            name = last.filter(|_| schemas.len() == 1);
        }
        let direction = if self.has_directions { direction } else { Direction::Request };
        let key = ShapeKey { schemas: followed.iter().map(|schema| schema.identity()).collect(), direction, open };
        if let (false, Some(known)) = (followed.is_empty(), self.shapes.get(&key)) {
            return known.clone();
        }
        let name = super::names::shape_name(name.unwrap_or(hint));
        let place = followed.first().map_or(place, |schema| schema.place());
        self.at(place);
        let id = self.builder.add_shape(&name, ShapeKind::Document, place.line);
        if !followed.is_empty() {
            self.shapes.insert(key, id.clone());
        }
        self.pending.push_back(PendingShape { id: id.clone(), schemas: followed, direction, open, place });
        id
    }

    /// Builds all shapes that have been named.
    pub fn build_pending_shapes(&mut self) {
        while let Some(pending) = self.pending.pop_front() {
            self.build_shape(pending);
        }
        self.name_member_types();
    }

    /// A member is recorded before its shape is built, so the facts about members get their types at the end.
    fn name_member_types(&mut self) {
        let shapes = &self.builder.contract.shapes;
        let kinds: std::collections::HashMap<ShapeId, &'static str> =
            shapes.iter().map(|(id, shape)| (id.clone(), shape.kind.name())).collect();
        for shape in self.builder.contract.shapes.values_mut() {
            let Some(members) = shape.kind.members().cloned() else { continue };
            for fact in &mut shape.facts {
                if let FactField::Member(name) = &fact.field
                    && let Some(kind) = members.get(name).and_then(|member| kinds.get(&member.shape))
                {
                    fact.value = (*kind).into();
                }
            }
        }
    }

    fn build_shape(&mut self, pending: PendingShape<'d>) {
        let PendingShape { id, schemas, direction, open, place } = pending;
        let mut view = SchemaView::new(self.files, self.version, &schemas);
        self.fill_shape(&id, &mut view, direction, place);
        self.apply_descriptions(&id, &view);
        for (omission, place) in std::mem::take(&mut view.omissions) {
            self.omissions.add(omission, place);
        }
        let examples = view.examples().iter().map(|example| example.node.to_json()).collect();
        let shape = self.builder.shape_mut(&id);
        shape.examples = examples;
        // Any value includes null.
        shape.nullable = view.nullable || shape.kind == ShapeKind::Document;
        shape.open = view.open || open;
    }

    /// Sets kind and limits of a shape.
    fn fill_shape(&mut self, id: &ShapeId, view: &mut SchemaView<'d>, direction: Direction, place: FilePlace) {
        let stated = view.types();
        let (type_name, place) = match &stated {
            Some((names, place)) => {
                let is_number =
                    names.contains(&"number") && names.iter().all(|name| ["number", "integer"].contains(name));
                if names.len() > 1 && !is_number {
                    view.omissions.push((Omission::SeveralTypes, *place));
                    view.open = true;
                }
                (Some(if is_number { "number" } else { names[0] }), *place)
            }
            None => (self.implied_type(view), view.place().unwrap_or(place)),
        };
        if let Some(listed) = view.enumeration() {
            self.fill_enum(id, view, type_name, listed, place);
            return;
        }
        match type_name {
            Some("string" | "file") => self.fill_text(id, view, place),
            Some("integer" | "number") => self.fill_number(id, view, type_name == Some("integer"), place),
            Some("boolean") => self.set_kind(id, ShapeKind::Boolean, place),
            Some("array") => {
                let items = view.all("items").map(|(items, _)| items).collect::<Vec<_>>();
                let member = self.shape_of(&items, &format!("{id}Item"), direction, place);
                self.set_kind(id, ShapeKind::List { member }, place);
                self.record_count(id, view, "minItems", "maxItems");
                if let Some((_, place)) = view.all("uniqueItems").find(|(value, _)| value.node.value.is_true()) {
                    self.record(id, FactField::Unique, true, place);
                }
            }
            Some("object") => self.fill_object(id, view, direction, place),
            _ => self.set_kind(id, ShapeKind::Document, place),
        }
        self.note_misplaced_limits(id, view);
    }

    /// Returns the type that the keywords of a schema without one suggest. Other types are allowed, too.
    fn implied_type(&mut self, view: &mut SchemaView<'d>) -> Option<&'static str> {
        let has = |keywords: &[&'static str]| keywords.iter().any(|keyword| view.first(keyword).is_some());
        let implied = match () {
            () if has(&["properties", "additionalProperties", "minProperties", "maxProperties"]) => "object",
            () if !view.required().is_empty() => "object",
            () if has(&["items", "minItems", "maxItems", "uniqueItems"]) => "array",
            () if has(&["pattern", "minLength", "maxLength"]) => "string",
            () if has(&["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]) => "number",
            () if view.text("format").is_some_and(|(name, _)| formats::string_format(name).is_some()) => "string",
            () => {
                let listed = view.enumeration()?;
                return listed.values.iter().all(Json::is_string).then_some("string");
            }
        };
        view.open = true;
        view.omissions.extend(view.place().map(|place| (Omission::MissingType, place)));
        Some(implied)
    }

    pub(super) fn set_kind(&mut self, id: &ShapeId, kind: ShapeKind, place: FilePlace) {
        self.at(place);
        self.builder.insert_shape(id.clone(), kind, place.line);
    }

    fn fill_text(&mut self, id: &ShapeId, view: &mut SchemaView<'d>, place: FilePlace) {
        let stated_format = view.text("format").and_then(|(name, place)| Some((formats::string_format(name)?, place)));
        let content = formats::content_format(
            view.text("contentEncoding").map(|(name, _)| name),
            view.text("contentMediaType").map(|(name, _)| name),
        );
        let stated_format = stated_format.or_else(|| Some((content?, place)));
        let is_file = view.text("type").is_some_and(|(name, _)| name == "file");
        match stated_format {
            _ if is_file => self.set_kind(id, ShapeKind::Blob, place),
            Some((StringFormat::Base64 | StringFormat::Binary, _)) => self.set_kind(id, ShapeKind::Blob, place),
            Some((StringFormat::DateTime, _)) => {
                self.set_kind(id, ShapeKind::Timestamp, place);
                self.builder.shape_mut(id).traits.timestamp_format = Some(TimestampFormat::DateTime);
            }
            format => {
                self.set_kind(id, ShapeKind::String, place);
                self.record_text_limits(id, view);
                if let Some((StringFormat::Pattern { pattern, is_exact }, place)) = format
                    && view.first("pattern").is_none()
                {
                    let origin = if is_exact { FactOrigin::Documented } else { FactOrigin::Assumed };
                    self.at(place);
                    self.builder.record_shape_fact_as(id, FactField::Pattern, pattern, place.line, origin);
                }
            }
        }
    }

    fn fill_enum(
        &mut self,
        id: &ShapeId,
        view: &mut SchemaView<'d>,
        type_name: Option<&str>,
        listed: super::schema::EnumValues,
        place: FilePlace,
    ) {
        let is_text =
            matches!(type_name, None | Some("string")) && listed.values.iter().all(|value| !value.is_object());
        if is_text && (type_name.is_some() || listed.values.iter().all(Json::is_string)) {
            // YAML reads some texts without quotes as numbers or booleans.
            let values: Vec<String> = listed
                .values
                .iter()
                .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                .collect();
            self.set_kind(id, ShapeKind::String, place);
            self.record(id, FactField::Enum, values, listed.place);
            return;
        }
        let numbers: Option<Vec<i64>> = listed.values.iter().map(Json::as_i64).collect();
        match (type_name, numbers) {
            (Some("integer" | "number") | None, Some(numbers)) => {
                self.fill_listed_integers(id, view, numbers, listed.place, place);
            }
            (Some("boolean"), _) if listed.values.len() == 2 => self.set_kind(id, ShapeKind::Boolean, place),
            (name, _) => {
                view.omissions.push((Omission::OtherEnum, listed.place));
                view.open = true;
                let kind = match name {
                    Some("integer") => ShapeKind::Long,
                    Some("number") => ShapeKind::Double,
                    Some("boolean") => ShapeKind::Boolean,
                    _ => ShapeKind::Document,
                };
                self.set_kind(id, kind, place);
            }
        }
    }

    fn fill_object(&mut self, id: &ShapeId, view: &mut SchemaView<'d>, direction: Direction, place: FilePlace) {
        if view.properties().is_empty() {
            let values: Vec<Located<'d>> = view
                .all("additionalProperties")
                .map(|(value, _)| value)
                .filter(|value| matches!(value.node.value, JsonValue::Object(_)))
                .collect();
            self.at(place);
            let key = self.builder.add_shape(&format!("{id}Key"), ShapeKind::String, place.line);
            let value = self.shape_of(&values, &format!("{id}Value"), direction, place);
            self.set_kind(id, ShapeKind::Map { key, value }, place);
            self.record_count(id, view, "minProperties", "maxProperties");
            return;
        }
        self.set_kind(id, ShapeKind::Structure { members: IndexMap::new() }, place);
        self.add_properties(id, view, direction);
    }

    /// Adds the members of an object schema to a structure.
    fn add_properties(&mut self, id: &ShapeId, view: &mut SchemaView<'d>, direction: Direction) {
        let required = view.required();
        for (name, property) in view.properties() {
            if self.is_excluded(&property.schemas, direction) {
                continue;
            }
            let hint = format!("{id}{}", super::names::pascal_case(name));
            let tag_value = view.tag.filter(|tag| tag.name == name).and_then(|tag| tag.value);
            let shape = match tag_value {
                Some(value) => self.tag_shape(&hint, value, property.place),
                None => self.shape_of(&property.schemas, &hint, direction, property.place),
            };
            self.note_described_relations(id, &shape, name, &property.schemas);
            self.at(property.place);
            self.builder.add_member(id, name, &shape, property.place.line);
            // Members that are not required are stated to be optional.
            let place = required.get(name).copied();
            let field = FactField::MemberRequired(name.to_owned());
            self.record(id, field, place.is_some(), place.unwrap_or(property.place));
        }
        self.record_member_count(id, view);
        self.note_object_relations(id, view);
    }

    /// Returns the shape of a member that names the alternative.
    fn tag_shape(&mut self, hint: &str, value: &str, place: FilePlace) -> ShapeId {
        self.at(place);
        let id = self.builder.add_shape(hint, ShapeKind::String, place.line);
        self.builder.record_shape_fact_as(&id, FactField::Enum, vec![value], place.line, FactOrigin::Assumed);
        id
    }

    /// Returns true if a member is not sent in this direction.
    pub fn is_excluded(&self, schemas: &[Located<'d>], direction: Direction) -> bool {
        let keyword = direction.excluding_keyword();
        schemas.iter().any(|schema| {
            let (target, _) = self.files.follow(*schema);
            schema.node.is_true(keyword) || target.node.is_true(keyword)
        })
    }
}
