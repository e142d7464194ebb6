//! Reads pages of an AWS API Reference that were saved as text.
//!
//! It never relies on line breaks inside a description: they differ between saved pages.

use super::api_members::{self, MemberDescription, TypeWording, find_number_after, lone_name};
use super::api_sections::{NumberedLines, find_section, join_lines, number_lines, parse_heading, parse_title};
use super::api_syntax::{self, BodySyntax, RequestRoute, SyntaxBlock};
use super::contract_builder::ContractBuilder;
use super::prose;
use super::source_text::SourceText;
use super::{DocumentLookup, IngestDiagnostic};
use crate::contract::{Contract, FactField, FactOrigin, MemberLocation, Protocol, ShapeId, ShapeKind};
use indexmap::IndexMap;
use std::collections::HashSet;

/// The fields of a length, and those of a range: minimum and maximum.
const LENGTH_FIELDS: [FactField; 2] = [FactField::LengthMin, FactField::LengthMax];
const RANGE_FIELDS: [FactField; 2] = [FactField::RangeMin, FactField::RangeMax];

/// Maximum depth to which references between types are followed.
const MAX_DEPTH: usize = 24;

/// Returns true if a text looks like an API Reference page.
pub(super) fn is_page(text: &str) -> bool {
    text.lines().any(|line| {
        matches!(
            parse_heading(line),
            Some("Request Syntax" | "Request Parameters" | "Response Elements" | "Contents" | "Request Body")
        )
    })
}

/// Reads a page. A page without an operation gives an empty contract and a note.
pub(super) fn read(text: &SourceText<'_>, documents: &mut dyn DocumentLookup) -> (Contract, Vec<IngestDiagnostic>) {
    let lines = number_lines(text);
    let no_operation = |why: &str| (Contract::new(""), vec![text.note(1, format!("no operation found: {why}"))]);
    if find_section(&lines, "Contents").is_some() && find_section(&lines, "Errors").is_none() {
        return no_operation("the page describes a data type, which is read when an operation refers to it");
    }
    let Some((title_line, name, service)) = parse_title(&lines) else {
        return no_operation("the page has no title");
    };
    let mut builder = ContractBuilder::new(&service, &text.name, FactOrigin::Documented);
    let operation = builder.add_operation(&name, title_line);
    let mut page =
        ApiReferencePage { text, builder, diagnostics: Vec::new(), documents, enclosing_types: HashSet::new() };
    page.read_request(&lines, operation, &name);
    page.read_response(&lines, operation, &name);
    if let Some(errors) = find_section(&lines, "Errors") {
        page.read_errors(errors, operation);
    }
    let intro: Vec<(u32, &str)> = lines
        .iter()
        .take_while(|(_, line)| parse_heading(line).is_none())
        .filter(|(line, _)| *line > title_line)
        .copied()
        .collect();
    page.builder.apply_operation_sentences(operation, &prose::split_sentences(intro));
    (page.builder.contract, page.diagnostics)
}

struct ApiReferencePage<'t, 'd> {
    text: &'t SourceText<'t>,
    builder: ContractBuilder,
    diagnostics: Vec<IngestDiagnostic>,
    documents: &'d mut dyn DocumentLookup,
    enclosing_types: HashSet<String>,
}

impl ApiReferencePage<'_, '_> {
    fn read_request(&mut self, lines: &NumberedLines<'_>, operation: usize, name: &str) {
        let block = find_section(lines, "Request Syntax").map(|lines| (lines, api_syntax::parse(&join_lines(lines))));
        let input = self.builder.add_shape(
            &format!("{name}Request"),
            ShapeKind::Structure { members: IndexMap::new() },
            block.as_ref().and_then(|(lines, _)| lines.first()).map_or(1, |(line, _)| *line),
        );
        self.builder.contract.operations[operation].input = Some(input.clone());
        let empty = SyntaxBlock::default();
        let (block_lines, block) = block.as_ref().map_or((&[][..], &empty), |(lines, block)| (*lines, block));
        let mut uri_names: Vec<String> = Vec::new();
        if let Some((_, path, query)) = &block.route {
            uri_names.extend(
                path.split('/')
                    .filter(|part| !part.is_empty())
                    .map(|part| part.trim_matches(['{', '}']).trim_end_matches('+').to_owned()),
            );
            uri_names.extend(query.iter().flat_map(|(wire, member)| [wire.clone(), member.clone()]));
        }
        uri_names.extend(block.headers.iter().flat_map(|(wire, member)| [wire.clone(), member.clone()]));
        let uri_lines = find_section(lines, "URI Request Parameters").unwrap_or_default();
        let header_lines = find_section(lines, "Request Headers").unwrap_or_default();
        let mut uri = api_members::find_members(uri_lines, &uri_names);
        uri.extend(api_members::find_members(header_lines, &uri_names));
        let mut path = String::new();
        if let Some(route) = &block.route {
            path = self.record_route(operation, route, &uri, block_lines);
            if path != "/" && !block.has_other_body {
                self.builder.contract.protocol = Some(Protocol::RestJson1);
            }
        } else if find_section(lines, "Request Syntax").is_some() && block.body.is_none() {
            let line = block_lines.first().map_or(1, |(line, _)| *line);
            self.diagnostics.push(self.text.warning(
                line,
                "the request syntax has neither a route nor a JSON body",
                "add the service's botocore model as a second source",
            ));
        }
        for member in &uri {
            self.add_uri_member(&input, member, block, &path, name);
        }
        let names = block.body.as_ref().map(BodySyntax::member_names).unwrap_or_default();
        let body_lines: Vec<(u32, &str)> = ["Request Body", "Request Parameters"]
            .iter()
            .flat_map(|title| find_section(lines, title).unwrap_or_default())
            .copied()
            .collect();
        for member in api_members::find_members(&body_lines, &names) {
            let own = member_name(&member.name).to_owned();
            let syntax = block.body.as_ref().and_then(|body| body.member(&member.name));
            self.add_member(&input, &own, &member, syntax, name, false);
        }
        let members = self.builder.shape_mut(&input).kind.members().cloned().unwrap_or_default();
        for name in names.iter().filter(|name| !members.contains_key(name.as_str())) {
            let line = block_lines.first().map_or(1, |(line, _)| *line);
            self.diagnostics.push(self.text.warning(
                line,
                format!("`{name}` is in the request syntax, but not described"),
                "check the page, or add a second source",
            ));
        }
    }

    /// Records method and URI of an operation. Returns the path with its labels.
    fn record_route(
        &mut self,
        operation: usize,
        (method, route, query): &RequestRoute,
        uri_members: &[MemberDescription],
        block_lines: &[(u32, &str)],
    ) -> String {
        let line = block_lines.iter().find(|(_, line)| line.contains(method.as_str())).map_or(1, |(line, _)| *line);
        let path = restore_labels(route, uri_members, query);
        self.builder.record_operation_fact(operation, FactField::HttpMethod, method.as_str(), line);
        // Constants in the query belong to the route, parameters do not.
        let fixed: Vec<String> = query
            .iter()
            .filter(|(wire, member)| uri_members.iter().all(|one| one.name != *wire && one.name != *member))
            .map(|(wire, value)| if value.is_empty() { wire.clone() } else { format!("{wire}={value}") })
            .collect();
        let target = if fixed.is_empty() { path.clone() } else { format!("{path}?{}", fixed.join("&")) };
        self.builder.record_operation_fact(operation, FactField::HttpUri, target, line);
        path
    }

    /// Adds a member of the path, the query or a header.
    fn add_uri_member(
        &mut self,
        input: &ShapeId,
        member: &MemberDescription,
        block: &SyntaxBlock,
        path: &str,
        operation_name: &str,
    ) {
        let query = block.route.as_ref().map(|(_, _, query)| query.as_slice()).unwrap_or_default();
        let pair = |pairs: &[(String, String)]| {
            pairs.iter().find(|(wire, value)| *wire == member.name || *value == member.name).cloned()
        };
        let in_path = path.contains(&format!("{{{}}}", member.name)) || path.contains(&format!("{{{}+}}", member.name));
        let (location, wire, own) = if in_path {
            (MemberLocation::Label, None, member.name.clone())
        } else if let Some((wire, value)) = pair(query) {
            (MemberLocation::Query, Some(wire.clone()), if value.is_empty() { wire } else { value })
        } else if let Some((wire, value)) = pair(&block.headers) {
            (MemberLocation::Header, Some(wire), value)
        } else {
            self.diagnostics.push(self.text.warning(
                member.line,
                format!("`{}` is documented as a URI parameter, but is not in the request line", member.name),
                "treated as a query parameter",
            ));
            (MemberLocation::Query, None, member.name.clone())
        };
        self.add_member(input, &own, member, None, operation_name, true);
        self.builder.set_location(input, &own, location, wire.as_deref(), member.line);
    }

    fn read_response(&mut self, lines: &NumberedLines<'_>, operation: usize, name: &str) {
        let syntax = find_section(lines, "Response Syntax");
        let elements = find_section(lines, "Response Elements").unwrap_or_default();
        let block = syntax.map(|lines| api_syntax::parse(&join_lines(lines))).unwrap_or_default();
        if let (Some(status), Some((line, _))) =
            (block.status, syntax.into_iter().flatten().find(|(_, line)| line.contains("HTTP/")))
        {
            self.builder.record_operation_fact(operation, FactField::HttpSuccess, status, *line);
        } else if let Some((line, status)) = elements.iter().find_map(|(line, text)| {
            let (_, rest) = text.split_once("HTTP ")?;
            let (status, rest) = rest.split_once(' ')?;
            rest.starts_with("response").then_some((*line, status.parse::<u16>().ok()?))
        }) {
            self.builder.record_operation_fact(operation, FactField::HttpSuccess, status, line);
        }
        if syntax.is_none() && elements.is_empty() {
            return;
        }
        let first = elements.first().or_else(|| syntax.and_then(<[_]>::first)).map_or(1, |(line, _)| *line);
        let output = self.builder.add_shape(
            &format!("{name}Response"),
            ShapeKind::Structure { members: IndexMap::new() },
            first,
        );
        self.builder.contract.operations[operation].output = Some(output.clone());
        let names = block.body.as_ref().map(BodySyntax::member_names).unwrap_or_default();
        for member in api_members::find_members(elements, &names) {
            let own = member_name(&member.name).to_owned();
            let syntax = block.body.as_ref().and_then(|body| body.member(&member.name));
            self.add_member(&output, &own, &member, syntax, &format!("{name}Response"), false);
            if let Some((wire, _)) =
                block.headers.iter().find(|(wire, value)| *value == member.name || *wire == member.name)
            {
                self.builder.set_location(&output, &own, MemberLocation::Header, Some(wire), member.line);
            }
        }
    }

    fn read_errors(&mut self, lines: &[(u32, &str)], operation: usize) {
        let mut open_error: Option<(u32, String, String)> = None;
        for (number, line) in lines {
            if let Some((before, status)) = line.split_once("HTTP Status Code:") {
                let status = status.trim().split(|c: char| !c.is_ascii_digit()).next().and_then(|s| s.parse().ok());
                let own = before.split_whitespace().next().and_then(lone_name);
                match open_error.take().or_else(|| own.map(|name| (*number, name, before.to_owned()))) {
                    Some((line, name, description)) => {
                        self.builder.add_error(operation, &name, status, &description, line);
                        // The status is on a line of its own.
                        if let Some(error) = self.builder.contract.errors.get_mut(name.as_str()) {
                            for fact in
                                error.facts.iter_mut().filter(|f| f.field == FactField::Status && f.line == line)
                            {
                                fact.line = *number;
                            }
                        }
                    }
                    None => self.diagnostics.push(self.text.warning(
                        *number,
                        "status code without an error name above it",
                        "put the name on a line of its own",
                    )),
                }
            } else if let Some((_, _, description)) = &mut open_error {
                description.push(' ');
                description.push_str(line.trim());
            } else if let Some(name) = lone_name(line) {
                open_error = Some((*number, name, String::new()));
            }
        }
        if let Some((number, name, description)) = open_error {
            self.builder.add_error(operation, &name, None, &description, number);
            self.diagnostics.push(self.text.note(number, format!("the error `{name}` has no status code")));
        }
    }

    fn add_member(
        &mut self,
        owner: &ShapeId,
        name: &str,
        member: &MemberDescription,
        syntax: Option<&BodySyntax>,
        prefix: &str,
        in_uri: bool,
    ) {
        let path = format!("{prefix}{}", capitalize(name));
        let shape = self.add_described_shape(member, syntax, &path, in_uri);
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
        let docs = prose::split_sentences(member.docs.iter().map(|(line, text)| (*line, text.as_str())));
        self.builder.apply_sentences(&shape, None, &docs);
    }

    fn add_described_shape(
        &mut self,
        member: &MemberDescription,
        syntax: Option<&BodySyntax>,
        path: &str,
        in_uri: bool,
    ) -> ShapeId {
        let Some((text, line)) = member.field("Type") else {
            if !in_uri {
                let message = format!("`{}` has no `Type:`", member.name);
                self.diagnostics.push(self.text.warning(member.line, message, "treated as any value"));
                return self.builder.add_shape(path, ShapeKind::Document, member.line);
            }
            // Many pages give no types for URI parameters, so the constraints decide.
            let has = |markers: &[&str]| markers.iter().any(|marker| member.field(marker).is_some());
            let wording = if has(&["Array Members"]) {
                TypeWording::List(Box::new(TypeWording::Text))
            } else if has(&["Valid Range"]) {
                TypeWording::Integer
            } else if has(&["Length Constraints", "Pattern", "Valid Values"]) {
                TypeWording::Text
            } else {
                TypeWording::Any
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
        let shape = self.add_worded_shape(&wording, syntax, path, line);
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
        let recursive = self.enclosing_types.len() >= MAX_DEPTH || !self.enclosing_types.insert(name.to_owned());
        let page = if recursive {
            None
        } else {
            [format!("API_{name}.txt"), format!("API_{name}.md")].iter().find_map(|file| self.documents.find(file))
        };
        let id = match (page, syntax) {
            (Some((document, bytes)), syntax) => self.read_type_page(&document, &bytes, syntax, path, line),
            (None, Some(BodySyntax::Object(members))) if !members.is_empty() => {
                self.add_shape_from_syntax(syntax, path, line)
            }
            _ => {
                self.diagnostics.push(self.text.note(
                    line,
                    format!("the members of `{name}` are on a page that is not among the sources (`API_{name}.txt`)"),
                ));
                self.builder.add_shape(path, ShapeKind::Document, line)
            }
        };
        if !recursive {
            self.enclosing_types.remove(name);
        }
        id
    }

    fn read_type_page(
        &mut self,
        document: &str,
        bytes: &[u8],
        syntax: Option<&BodySyntax>,
        path: &str,
        line: u32,
    ) -> ShapeId {
        let Ok(text) = SourceText::new(document, bytes) else {
            return self.builder.add_shape(path, ShapeKind::Document, line);
        };
        let lines = number_lines(&text);
        let known = syntax.map(BodySyntax::member_names).unwrap_or_default();
        let members = api_members::find_members(find_section(&lines, "Contents").unwrap_or_default(), &known);
        // Facts from the other page are attributed to it.
        let previous_document = self.builder.switch_document(&text.name);
        let id = self.builder.add_shape(path, ShapeKind::Structure { members: IndexMap::new() }, 1);
        for member in &members {
            let syntax = syntax.and_then(|syntax| syntax.member(&member.name));
            self.add_member(&id, member_name(&member.name), member, syntax, path, false);
        }
        self.builder.switch_document(&previous_document);
        id
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

/// Restores the braces that placeholders of a route have lost, using the documented parameters.
fn restore_labels(route: &str, uri: &[MemberDescription], query: &[(String, String)]) -> String {
    let in_query = |name: &str| query.iter().any(|(wire, value)| wire == name || value == name);
    route
        .split('/')
        .map(|part| {
            let greedy = part.ends_with('+');
            let name = part.trim_end_matches('+');
            if !part.contains('{') && uri.iter().any(|one| one.name == name && !in_query(name)) {
                format!("{{{name}{}}}", if greedy { "+" } else { "" })
            } else {
                part.to_owned()
            }
        })
        .collect::<Vec<_>>()
        .join("/")
}

/// Returns the member name in query-protocol notation: `Tags` for `Tags.member.N`.
fn member_name(name: &str) -> &str {
    let name = name.strip_suffix(".N").unwrap_or(name);
    name.strip_suffix(".member").or_else(|| name.strip_suffix(".entry")).unwrap_or(name)
}

fn capitalize(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
