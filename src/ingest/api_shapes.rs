//! Builds the shapes that API Reference pages describe: members with their types and limits, and pages of data types.
//!
//! It never looks at the sections of an operation's page.

use super::api_members::{self, MemberDescription, TypeWording, find_number_after};
use super::api_sections::PageSections;
use super::api_syntax::BodySyntax;
use super::contract_builder::ContractBuilder;
use super::described_limits::DescribedMember;
use super::page_form::read_page_text;
use super::sentences;
use super::source_text::SourceText;
use super::{DocumentLookup, IngestDiagnostic};
use crate::contract::{FactField, MemberLocation, ShapeId, ShapeKind};
use indexmap::IndexMap;

/// The fields of a length, and those of a range: minimum and maximum.
const LENGTH_FIELDS: [FactField; 2] = [FactField::LengthMin, FactField::LengthMax];
const RANGE_FIELDS: [FactField; 2] = [FactField::RangeMin, FactField::RangeMax];

/// Maximum depth to which references between types are followed.
const MAX_DEPTH: usize = 24;

/// The endings of saved pages.
const PAGE_ENDINGS: [&str; 5] = ["txt", "md", "html", "htm", "mdx"];

/// Builds the shapes of one page.
pub(super) struct ApiShapeBuilder<'t, 'd> {
    pub text: &'t SourceText<'t>,
    pub builder: ContractBuilder,
    pub diagnostics: Vec<IngestDiagnostic>,
    documents: &'d mut dyn DocumentLookup,
    /// What the names of files of the same guide begin with: `API_` or `API_runtime_`.
    file_prefix: String,
    /// The types that are being read, the innermost last, with their shapes.
    enclosing_types: Vec<(String, ShapeId)>,
    /// The page that the type of the member at hand links to.
    linked_page: Option<String>,
}

/// A member in its structure.
pub(super) struct MemberPlace<'p> {
    pub owner: &'p ShapeId,
    /// The name of the member in the contract.
    pub name: &'p str,
    /// What the name of its shape begins with.
    pub prefix: &'p str,
    pub location: MemberLocation,
}

impl<'t, 'd> ApiShapeBuilder<'t, 'd> {
    /// Creates a builder for the page of an operation.
    pub fn new(
        text: &'t SourceText<'t>,
        builder: ContractBuilder,
        documents: &'d mut dyn DocumentLookup,
        operation_name: &str,
    ) -> Self {
        let stem = text.name.rsplit_once('.').map_or(text.name.as_str(), |(stem, _)| stem);
        let file_prefix = stem.strip_suffix(operation_name).unwrap_or("API_").to_owned();
        Self {
            text,
            builder,
            diagnostics: Vec::new(),
            documents,
            file_prefix,
            enclosing_types: Vec::new(),
            linked_page: None,
        }
    }

    /// Adds a described member to its structure.
    pub fn add_member(&mut self, place: &MemberPlace<'_>, member: &MemberDescription, syntax: Option<&BodySyntax>) {
        let (owner, name) = (place.owner, place.name);
        let path = format!("{}{}", place.prefix, capitalize(name));
        let shape = self.add_described_shape(member, syntax, &path, place.location);
        self.builder.add_member(owner, name, &shape, member.line);
        if let Some((text, line)) = member.field("Required") {
            match text.split_whitespace().next().map(|word| word.trim_matches('.').to_ascii_lowercase()).as_deref() {
                Some("yes") => {
                    self.builder.record_shape_fact(owner, FactField::MemberRequired(name.to_string()), true, line)
                }
                Some("no") => {
                    self.builder.record_shape_fact(owner, FactField::MemberRequired(name.to_string()), false, line)
                }
                _ => {
                    let message = format!("`Required:` of `{name}` is neither `Yes` nor `No`");
                    self.diagnostics.push(self.text.warning(line, message, "treated as optional"));
                }
            }
        }
        let docs = sentences::split_sentences(member.docs.iter().map(|(line, text)| (*line, text.as_str())));
        self.builder.apply_sentences(&shape, None, Some(DescribedMember { owner, name }), &docs);
    }

    fn add_described_shape(
        &mut self,
        member: &MemberDescription,
        syntax: Option<&BodySyntax>,
        path: &str,
        location: MemberLocation,
    ) -> ShapeId {
        let Some((text, line)) = member.field("Type") else {
            let Some(wording) = wording_without_type(member, location) else {
                let message = format!("`{}` has no `Type:`", member.name);
                self.diagnostics.push(self.text.warning(member.line, message, "treated as any value"));
                return self.builder.add_shape(path, ShapeKind::Document, member.line);
            };
            let shape = self.add_worded_shape(&wording, None, path, member.line);
            self.record_constraints(&shape, member);
            return shape;
        };
        let Some(wording) = api_members::parse_type(text.split(" Note").next().unwrap_or(text)) else {
            let message = format!("unknown type of `{}`", member.name);
            self.diagnostics.push(self.text.warning(line, message, "treated as any value"));
            return self.builder.add_shape(path, ShapeKind::Document, line);
        };
        let outer_page = std::mem::replace(&mut self.linked_page, member.type_page.clone());
        let shape = self.add_worded_shape(&wording, syntax, path, line);
        self.linked_page = outer_page;
        self.record_constraints(&shape, member);
        shape
    }

    fn add_worded_shape(
        &mut self,
        wording: &TypeWording,
        syntax: Option<&BodySyntax>,
        path: &str,
        line: u32,
    ) -> ShapeId {
        let kind = match wording {
            TypeWording::Text => ShapeKind::String,
            TypeWording::Integer => ShapeKind::Integer,
            TypeWording::Long => ShapeKind::Long,
            TypeWording::Float => ShapeKind::Float,
            TypeWording::Double => ShapeKind::Double,
            TypeWording::Boolean => ShapeKind::Boolean,
            TypeWording::Timestamp => ShapeKind::Timestamp,
            TypeWording::Blob => ShapeKind::Blob,
            TypeWording::Any => ShapeKind::Document,
            TypeWording::List(item) => {
                let syntax = match syntax {
                    Some(BodySyntax::Array(item)) => item.as_deref(),
                    _ => None,
                };
                ShapeKind::List { member: self.add_worded_shape(item, syntax, &format!("{path}Item"), line) }
            }
            TypeWording::Map(key, value) => {
                let syntax = match syntax {
                    Some(BodySyntax::Object(members)) => members.first().map(|(_, value)| value),
                    _ => None,
                };
                ShapeKind::Map {
                    key: self.add_worded_shape(key, None, &format!("{path}Key"), line),
                    value: self.add_worded_shape(value, syntax, &format!("{path}Value"), line),
                }
            }
            TypeWording::Object(name) => return self.add_object(name, syntax, path, line),
        };
        self.builder.add_shape(path, kind, line)
    }

    /// Adds a structure: from the page of its type if that is available, otherwise from the syntax block.
    fn add_object(&mut self, name: &str, syntax: Option<&BodySyntax>, path: &str, line: u32) -> ShapeId {
        if let Some((_, id)) = self.enclosing_types.iter().find(|(enclosing, _)| enclosing == name) {
            return id.clone();
        }
        let page = if self.enclosing_types.len() < MAX_DEPTH { self.find_type_page(name) } else { None };
        if let Some((document, bytes)) = page
            && let Ok(text) = SourceText::new(&document, &bytes)
        {
            let id = self.read_type_page(&text, name, syntax, path);
            return id.unwrap_or_else(|| self.add_shape_from_syntax(syntax, path, line));
        }
        if matches!(syntax, Some(BodySyntax::Object(members)) if !members.is_empty()) {
            return self.add_shape_from_syntax(syntax, path, line);
        }
        let message = format!(
            "the members of `{name}` are on a page that is not among the sources (`{}{name}`)",
            self.file_prefix
        );
        self.diagnostics.push(self.text.note(line, message));
        self.builder.add_shape(path, ShapeKind::Document, line)
    }

    /// Returns the page of a data type: the one that the member links to, or the one that is named after the type.
    fn find_type_page(&mut self, name: &str) -> Option<(String, Vec<u8>)> {
        let linked = self.linked_page.clone().filter(|page| page.ends_with(name));
        let stems = linked.into_iter().chain([format!("{}{name}", self.file_prefix), format!("API_{name}")]);
        let own = self.text.name.rsplit_once('.').map_or("txt", |(_, ending)| ending);
        for stem in stems {
            for ending in [own].iter().chain(&PAGE_ENDINGS) {
                if let Some(found) = self.documents.find(&format!("{stem}.{ending}")) {
                    return Some(found);
                }
            }
        }
        None
    }

    /// Adds the structure that the page of a data type describes. Returns `None` if the page describes no member, but the
    /// syntax block has some.
    fn read_type_page(
        &mut self,
        text: &SourceText<'_>,
        name: &str,
        syntax: Option<&BodySyntax>,
        path: &str,
    ) -> Option<ShapeId> {
        let page = read_page_text(text);
        let sections = PageSections::new(&page.lines, page.has_headings);
        let known = syntax.map(BodySyntax::member_names).unwrap_or_default();
        let members = api_members::find_members(sections.find("Contents").unwrap_or_default(), &known);
        if members.is_empty() && !known.is_empty() {
            let message = format!("the page of `{name}` describes no member: only names and types are read");
            let hint = "save the page in another form, or add the service's botocore model as a second source";
            self.diagnostics.push(text.warning(1, message, hint));
            return None;
        }
        // Facts from the other page are attributed to it.
        let previous_document = self.builder.switch_document(&text.name);
        let id = self.builder.add_shape(path, ShapeKind::Structure { members: IndexMap::new() }, 1);
        self.enclosing_types.push((name.to_owned(), id.clone()));
        for member in &members {
            let syntax = syntax.and_then(|syntax| syntax.member(&member.name));
            let name = member_name(&member.name);
            let place = MemberPlace { owner: &id, name, prefix: path, location: MemberLocation::Body };
            self.add_member(&place, member, syntax);
        }
        self.enclosing_types.pop();
        self.builder.switch_document(&previous_document);
        Some(id)
    }

    /// Adds a shape that only the syntax block describes.
    fn add_shape_from_syntax(&mut self, syntax: Option<&BodySyntax>, path: &str, line: u32) -> ShapeId {
        let kind = match syntax {
            Some(BodySyntax::Object(members)) => match members.as_slice() {
                [(key, value)] if key == "string" => ShapeKind::Map {
                    key: self.builder.add_shape(&format!("{path}Key"), ShapeKind::String, line),
                    value: self.add_shape_from_syntax(Some(value), &format!("{path}Value"), line),
                },
                members => {
                    let id = self.builder.add_shape(path, ShapeKind::Structure { members: IndexMap::new() }, line);
                    for (name, value) in members {
                        let shape =
                            self.add_shape_from_syntax(Some(value), &format!("{path}{}", capitalize(name)), line);
                        self.builder.add_member(&id, name, &shape, line);
                    }
                    return id;
                }
            },
            Some(BodySyntax::Array(item)) => {
                ShapeKind::List { member: self.add_shape_from_syntax(item.as_deref(), &format!("{path}Item"), line) }
            }
            Some(BodySyntax::Word(word)) => match word.as_str() {
                "string" => ShapeKind::String,
                "boolean" | "true" | "false" => ShapeKind::Boolean,
                // The page does not say whether fractions are allowed.
                "number" => ShapeKind::Double,
                "blob" => ShapeKind::Blob,
                _ => ShapeKind::Document,
            },
            None => ShapeKind::Document,
        };
        self.builder.add_shape(path, kind, line)
    }

    fn record_constraints(&mut self, shape: &ShapeId, member: &MemberDescription) {
        for (marker, text, line) in &member.fields {
            let target = match *marker {
                "Array Members" => self.find_innermost(shape, |kind| matches!(kind, ShapeKind::List { .. })),
                "Map Entries" => self.find_innermost(shape, |kind| matches!(kind, ShapeKind::Map { .. })),
                marker if marker.starts_with("Key ") || marker == "Valid Keys" => self
                    .find_innermost(shape, |kind| matches!(kind, ShapeKind::Map { .. }))
                    .and_then(|map| match &self.builder.shape_mut(&map).kind {
                        ShapeKind::Map { key, .. } => Some(key.clone()),
                        _ => None,
                    }),
                _ => self.find_innermost(shape, |kind| {
                    !matches!(
                        kind,
                        ShapeKind::List { .. }
                            | ShapeKind::Map { .. }
                            | ShapeKind::Structure { .. }
                            | ShapeKind::Document
                    )
                }),
            };
            let Some(target) = target else { continue };
            match *marker {
                "Array Members"
                | "Map Entries"
                | "Length Constraints"
                | "Key Length Constraints"
                | "Value Length Constraints" => {
                    if let Some(fixed) = find_number_after(text, "fixed") {
                        self.builder.record_shape_fact(&target, FactField::LengthMin, fixed.clone(), *line);
                        self.builder.record_shape_fact(&target, FactField::LengthMax, fixed, *line);
                    }
                    self.record_limits(&target, LENGTH_FIELDS, marker, text, *line);
                }
                "Valid Range" | "Value Valid Range" => self.record_limits(&target, RANGE_FIELDS, marker, text, *line),
                "Pattern" | "Key Pattern" | "Value Pattern" => {
                    let pattern = text.trim_matches('`');
                    if !pattern.is_empty() {
                        self.builder.record_shape_fact(&target, FactField::Pattern, pattern, *line);
                    }
                }
                "Valid Values" | "Key Valid Values" | "Value Valid Values" | "Valid Keys" => {
                    let values: Vec<String> = text
                        .split('|')
                        .map(|value| value.trim().trim_matches('`').to_owned())
                        .filter(|value| !value.is_empty())
                        .collect();
                    if values.iter().any(|value| value.contains(' ')) {
                        let message = format!("the valid values of `{}` are not a plain list", member.name);
                        self.diagnostics.push(self.text.warning(*line, message, "the values are ignored"));
                    } else if !values.is_empty() {
                        self.builder.record_shape_fact(&target, FactField::Enum, values, *line);
                    }
                }
                _ => {}
            }
        }
    }

    fn record_limits(&mut self, target: &ShapeId, fields: [FactField; 2], marker: &str, text: &str, line: u32) {
        let numbers = ["minimum", "maximum"].map(|word| find_number_after(text, word));
        if numbers.iter().all(Option::is_none) && find_number_after(text, "fixed").is_none() {
            let message = format!("no number found after `{marker}:`");
            self.diagnostics.push(self.text.warning(line, message, "the limit is ignored"));
        }
        for (field, number) in fields.into_iter().zip(numbers) {
            if let Some(number) = number {
                self.builder.record_shape_fact(target, field, number, line);
            }
        }
    }

    /// Returns the first shape of a kind, descending through list items and map values.
    fn find_innermost(&mut self, shape: &ShapeId, wanted: fn(&ShapeKind) -> bool) -> Option<ShapeId> {
        let mut id = shape.clone();
        for _ in 0..MAX_DEPTH {
            let kind = &self.builder.shape_mut(&id).kind;
            if wanted(kind) {
                return Some(id);
            }
            id = match kind {
                ShapeKind::List { member } => member.clone(),
                ShapeKind::Map { value, .. } => value.clone(),
                _ => return None,
            };
        }
        None
    }
}

/// Returns the type of a member whose page does not state it, as in most URI parameters and headers: its limits and its
/// description decide. Returns `None` for members of a JSON body, which have types.
fn wording_without_type(member: &MemberDescription, location: MemberLocation) -> Option<TypeWording> {
    if location == MemberLocation::Body {
        return None;
    }
    let has = |markers: &[&str]| markers.iter().any(|marker| member.field(marker).is_some());
    let docs = || member.docs.iter().map(|(_, text)| text.to_ascii_lowercase()).collect::<Vec<_>>().join(" ");
    let says = |words: &[&str]| words.iter().any(|word| docs().contains(word));
    Some(if location == MemberLocation::Payload {
        TypeWording::Blob
    } else if has(&["Array Members"]) {
        TypeWording::List(Box::new(TypeWording::Text))
    } else if has(&["Valid Range"]) {
        TypeWording::Integer
    } else if location == MemberLocation::Label || has(&["Length Constraints", "Pattern", "Valid Values"]) {
        TypeWording::Text
    } else if says(&["true or false", "set to true", "if true", "is true", "specifies whether", "indicates whether"]) {
        TypeWording::Boolean
    } else {
        TypeWording::Text
    })
}

/// Returns the member name in query-protocol notation: `Tags` for `Tags.member.N`.
pub(super) fn member_name(name: &str) -> &str {
    let name = name.strip_suffix(".N").unwrap_or(name);
    name.strip_suffix(".member").or_else(|| name.strip_suffix(".entry")).unwrap_or(name)
}

fn capitalize(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
