//! Gathers all objects of a document that describe the same value: a schema, what its `$ref` names, and the schemas of
//! `allOf`.
//!
//! It never builds a shape.

use super::relation_keywords::{PlacedRelation, alternatives_relation, read_relation, required_alternatives};
use super::{FilePlace, Located, Omission, OpenApiFiles, OpenApiVersion};
use crate::ingest::json::JsonValue;
use crate::ingest::sentences::StatedRelation;
use indexmap::IndexMap;
use serde_json::Value as Json;
use std::collections::HashSet;

/// Maximum number of schemas that describe one value, one inside or behind the other.
const MAX_NESTING: usize = 64;

/// A member of an object.
#[derive(Clone, Debug)]
pub(super) struct SchemaProperty<'d> {
    /// All schemas that describe it.
    pub schemas: Vec<Located<'d>>,
    pub place: FilePlace,
}

/// The values that an enumeration lists.
#[derive(Clone, Debug)]
pub(super) struct EnumValues {
    pub values: Vec<Json>,
    pub place: FilePlace,
}

/// The member of an object that tells which alternative it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct AlternativeTag<'d> {
    pub name: &'d str,
    /// Its value, if the schema of the member itself does not restrict it.
    pub value: Option<&'d str>,
    pub place: FilePlace,
}

/// Everything that a document says about one value.
#[derive(Default)]
pub(super) struct SchemaView<'d> {
    /// The objects that all apply.
    pub layers: Vec<Located<'d>>,
    /// Whether null is a value, too.
    pub nullable: bool,
    /// Whether other values than the described ones may be valid.
    pub open: bool,
    pub omissions: Vec<(Omission, FilePlace)>,
    /// What keywords say about several members.
    pub relations: Vec<PlacedRelation>,
    /// The member that tells the chosen alternative from the others.
    pub tag: Option<AlternativeTag<'d>>,
    /// Values listed as alternatives of one value each.
    listed: Option<EnumValues>,
    seen: HashSet<usize>,
}

impl<'d> SchemaView<'d> {
    /// Gathers what schemas, all of which apply, say about a value.
    pub fn new(files: &'d OpenApiFiles<'_>, version: OpenApiVersion, schemas: &[Located<'d>]) -> Self {
        let mut view = Self::default();
        for schema in schemas {
            view.add(files, version, *schema, 0);
        }
        view
    }

    /// Returns the first place of the schema.
    pub fn place(&self) -> Option<FilePlace> {
        self.layers.first().map(|layer| layer.place())
    }

    fn omit(&mut self, omission: Omission, place: FilePlace) {
        self.omissions.push((omission, place));
    }

    fn add(&mut self, files: &'d OpenApiFiles<'_>, version: OpenApiVersion, schema: Located<'d>, nesting: usize) {
        if nesting > MAX_NESTING || !self.seen.insert(schema.identity()) {
            return;
        }
        match &schema.node.value {
            JsonValue::Object(_) => {}
            // Anything is valid, or nothing, which no request can show.
            JsonValue::Bool(_) | JsonValue::Null => return,
            _ => {
                self.omit(Omission::InvalidSchema, schema.place());
                self.open = true;
                return;
            }
        }
        self.nullable |= schema.node.is_true("nullable") || schema.node.is_true("x-nullable");
        if let Some(reference) = schema.text("$ref") {
            match files.resolve(schema.file, reference) {
                Some(target) => self.add(files, version, target, nesting + 1),
                None => {
                    self.omit(Omission::BrokenReference, schema.place_of("$ref"));
                    self.open = true;
                }
            }
            if !version.allows_reference_siblings() {
                let has_siblings = schema.entries().any(|(key, ..)| is_constraint(key));
                if has_siblings {
                    self.omit(Omission::ReferenceSiblings, schema.place_of("$ref"));
                }
                return;
            }
        }
        self.layers.push(schema);
        self.note_unsupported(schema);
        for part in schema.get("allOf").into_iter().flat_map(Located::items) {
            self.add(files, version, part, nesting + 1);
        }
        for (keyword, omission) in [("oneOf", Omission::OneOf), ("anyOf", Omission::AnyOf)] {
            if let Some(alternatives) = schema.get(keyword) {
                if let Some(names) = required_alternatives(alternatives) {
                    self.relations.push((alternatives_relation(keyword, names), schema.place_of(keyword)));
                    continue;
                }
                let tag_name = schema.get("discriminator").and_then(|tag| tag.text("propertyName"));
                self.add_alternatives(files, version, alternatives, omission, schema.place_of(keyword), nesting);
                if self.open && self.tag.is_none() {
                    self.tag = find_tag(files, version, schema, alternatives, tag_name);
                }
            }
        }
    }

    /// Adds the first of several alternatives. Null as one of them is not a choice.
    fn add_alternatives(
        &mut self,
        files: &'d OpenApiFiles<'_>,
        version: OpenApiVersion,
        alternatives: Located<'d>,
        omission: Omission,
        place: FilePlace,
        nesting: usize,
    ) {
        let all: Vec<Located<'d>> = alternatives.items().collect();
        let without_null: Vec<Located<'d>> =
            all.iter().copied().filter(|one| !is_null_schema(files.follow(*one).0)).collect();
        self.nullable |= without_null.len() < all.len();
        let constants: Option<Vec<Json>> = without_null
            .iter()
            .map(|one| {
                let one = files.follow(*one).0;
                one.get("const").or_else(|| one.get("enum").filter(|list| list.node.items().len() == 1)?.items().next())
            })
            .map(|value| value.map(|value| value.node.to_json()))
            .collect();
        match (without_null.as_slice(), constants) {
            ([], _) => {}
            ([only], _) => self.add(files, version, *only, nesting + 1),
            ([_, ..], Some(values)) if values.iter().all(Json::is_string) => {
                self.listed = Some(EnumValues { values, place });
            }
            ([first, ..], _) => {
                self.add(files, version, *first, nesting + 1);
                self.omit(omission, place);
                self.open = true;
            }
        }
    }

    /// Notes keywords that change which values are valid, but have no place in a contract.
    fn note_unsupported(&mut self, schema: Located<'d>) {
        for (key, place, value) in schema.entries() {
            if let Some(relations) = read_relation(schema, key, value) {
                self.relations.extend(relations.into_iter().map(|relation| (relation, place)));
                continue;
            }
            let omission = match key {
                "not" => Omission::Not,
                "if" | "dependentRequired" | "dependentSchemas" | "dependencies" => Omission::Condition,
                "discriminator" => Omission::Discriminator,
                "patternProperties" | "propertyNames" => Omission::NamePatterns,
                "prefixItems" | "contains" => Omission::ItemPositions,
                "additionalProperties" | "unevaluatedProperties"
                    if matches!(value.node.value, JsonValue::Bool(false)) =>
                {
                    self.relations.push((StatedRelation::NoOtherMembers, place));
                    continue;
                }
                "additionalProperties"
                    if schema.node.get("properties").is_some() && !value.node.entries().is_empty() =>
                {
                    Omission::FurtherMembers
                }
                _ => continue,
            };
            self.omit(omission, place);
        }
    }

    /// Returns the values of a keyword in all objects, with the place of each.
    pub fn all(&self, keyword: &'static str) -> impl Iterator<Item = (Located<'d>, FilePlace)> {
        self.layers.iter().filter_map(move |layer| Some((layer.get(keyword)?, layer.place_of(keyword))))
    }

    /// Returns the value of a keyword in the first object that has it.
    pub fn first(&self, keyword: &'static str) -> Option<(Located<'d>, FilePlace)> {
        self.all(keyword).next()
    }

    /// Returns the text of a keyword in the first object that has it as a text.
    pub fn text(&self, keyword: &'static str) -> Option<(&'d str, FilePlace)> {
        self.all(keyword).find_map(|(value, place)| Some((value.node.as_text()?, place)))
    }

    /// Returns the types that values may have, without null, and the place of the statement: those that every object
    /// with a type allows.
    pub fn types(&mut self) -> Option<(Vec<&'d str>, FilePlace)> {
        let mut found: Option<(Vec<&'d str>, FilePlace)> = None;
        let stated: Vec<(Located<'d>, FilePlace)> = self.all("type").collect();
        for (value, place) in stated {
            let names: Vec<&'d str> = match value.node.as_text() {
                Some(name) => vec![name],
                None => value.node.items().iter().filter_map(|item| item.as_text()).collect(),
            };
            self.nullable |= names.contains(&"null");
            let names: Vec<&'d str> = names.into_iter().filter(|name| *name != "null").collect();
            if names.is_empty() {
                continue;
            }
            found = match found {
                None => Some((names, place)),
                Some((known, first)) => {
                    let both: Vec<&'d str> = narrow_types(&known, &names);
                    if both.is_empty() {
                        self.omit(Omission::ConflictingTypes, place);
                        self.open = true;
                        Some((known, first))
                    } else {
                        Some((both, first))
                    }
                }
            };
        }
        found
    }

    /// Returns the listed values without null, if values are listed: those in every list.
    pub fn enumeration(&mut self) -> Option<EnumValues> {
        let mut found = self.listed.clone();
        let lists: Vec<(Vec<Json>, FilePlace)> = self
            .all("enum")
            .map(|(list, place)| (list.items().map(|item| item.node.to_json()).collect::<Vec<_>>(), place))
            .chain(self.all("const").map(|(value, place)| (vec![value.node.to_json()], place)))
            .filter(|(values, _)| !values.is_empty())
            .collect();
        for (values, place) in lists {
            self.nullable |= values.contains(&Json::Null);
            let values: Vec<Json> = values.into_iter().filter(|value| !value.is_null()).collect();
            found = Some(match found {
                None => EnumValues { values, place },
                Some(known) => EnumValues {
                    values: known.values.into_iter().filter(|one| values.contains(one)).collect(),
                    ..known
                },
            });
        }
        found.filter(|found| !found.values.is_empty())
    }

    /// Returns the members of an object, in documented order.
    pub fn properties(&self) -> IndexMap<&'d str, SchemaProperty<'d>> {
        let mut found: IndexMap<&'d str, SchemaProperty<'d>> = IndexMap::new();
        for (properties, _) in self.all("properties") {
            for (name, place, schema) in properties.entries() {
                found.entry(name).or_insert_with(|| SchemaProperty { schemas: Vec::new(), place }).schemas.push(schema);
            }
        }
        // A required member without a description may have any value.
        for (name, place) in self.required() {
            found.entry(name).or_insert_with(|| SchemaProperty { schemas: Vec::new(), place });
        }
        found
    }

    /// Returns the names of the required members with the line that requires each.
    pub fn required(&self) -> IndexMap<&'d str, FilePlace> {
        let lists = self.all("required").flat_map(|(list, _)| list.items());
        let mut found: IndexMap<&'d str, FilePlace> =
            lists.filter_map(|item| Some((item.node.as_text()?, item.place()))).collect();
        // Without its tag, an object may be none of the alternatives, or several of them.
        if let Some(tag) = self.tag {
            found.entry(tag.name).or_insert(tag.place);
        }
        found
    }
}

/// Returns the member that tells the first of several alternatives from the others: the one that a discriminator names,
/// or one with listed values.
fn find_tag<'d>(
    files: &'d OpenApiFiles<'_>,
    version: OpenApiVersion,
    schema: Located<'d>,
    alternatives: Located<'d>,
    tag_name: Option<&'d str>,
) -> Option<AlternativeTag<'d>> {
    let first = alternatives.items().find(|one| !is_null_schema(files.follow(*one).0))?;
    let properties = SchemaView::new(files, version, &[first]).properties();
    let has_values = |property: &SchemaProperty<'d>| {
        let mut view = SchemaView::new(files, version, &property.schemas);
        view.enumeration().is_some_and(|listed| listed.values.iter().all(Json::is_string))
    };
    if let Some(name) = tag_name {
        let known = properties.get(name);
        let place = known.map_or(schema.place_of("discriminator"), |property| property.place);
        let value = if known.is_some_and(has_values) { None } else { mapped_name(files, schema, first) };
        return Some(AlternativeTag { name, value, place });
    }
    let (name, property) = properties.iter().find(|(_, property)| has_values(property))?;
    Some(AlternativeTag { name, value: None, place: property.place })
}

/// Returns the value of a discriminator that names an alternative.
fn mapped_name<'d>(files: &'d OpenApiFiles<'_>, schema: Located<'d>, alternative: Located<'d>) -> Option<&'d str> {
    let (target, name) = files.follow(alternative);
    let mapping = schema.get("discriminator").and_then(|tag| tag.get("mapping"));
    let mut entries = mapping.into_iter().flat_map(Located::entries);
    let mapped = entries.find(|(_, _, value)| {
        let reference = value.node.as_text().unwrap_or_default();
        let resolved = files.resolve(value.file, reference).map(|found| files.follow(found).0.identity());
        resolved == Some(target.identity()) || (Some(reference) == name)
    });
    mapped.map(|(value, ..)| value).or(name)
}

/// Returns the types that both lists allow; an integer is a number.
fn narrow_types<'d>(one: &[&'d str], other: &[&'d str]) -> Vec<&'d str> {
    let mut both: Vec<&'d str> = one.iter().copied().filter(|name| other.contains(name)).collect();
    let is_narrowed = |wide: &[&str], narrow: &[&str]| wide.contains(&"number") && narrow.contains(&"integer");
    if !both.contains(&"integer") && (is_narrowed(one, other) || is_narrowed(other, one)) {
        both.extend(one.iter().chain(other).copied().find(|name| *name == "integer"));
    }
    both
}

/// Returns true if null is the only value of a schema.
fn is_null_schema(schema: Located<'_>) -> bool {
    let is_null = |node: Option<Located<'_>>| node.is_some_and(|node| matches!(node.node.value, JsonValue::Null));
    schema.text("type") == Some("null")
        || is_null(schema.get("const"))
        || schema
            .get("enum")
            .is_some_and(|list| !list.node.items().is_empty() && list.items().all(|one| is_null(Some(one))))
}

/// Returns true if a keyword limits the values of a schema.
fn is_constraint(keyword: &str) -> bool {
    [
        "type",
        "enum",
        "const",
        "minLength",
        "maxLength",
        "pattern",
        "minimum",
        "maximum",
        "minItems",
        "maxItems",
        "required",
        "properties",
        "items",
        "allOf",
        "oneOf",
        "anyOf",
        "format",
    ]
    .contains(&keyword)
}
