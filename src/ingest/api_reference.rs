//! Reads pages of an AWS API Reference that were saved as text.
//!
//! It never relies on line breaks inside a description: they differ between saved pages.

use super::api_members::{self, Described, Wording, bare, lone_name, number_after};
use super::api_syntax::{self, Block, Body};
use super::draft::Draft;
use super::prose;
use super::text::Text;
use super::{Diagnostic, Documents};
use crate::contract::{Contract, Kind, Location, Protocol, ShapeId, Standing};
use indexmap::IndexMap;
use std::collections::HashSet;

const HEADINGS: [&str; 15] = [
    "Request Syntax",
    "URI Request Parameters",
    "Request Headers",
    "Request Body",
    "Request Parameters",
    "Response Syntax",
    "Response Elements",
    "Response Headers",
    "Errors",
    "Examples",
    "Example",
    "See Also",
    "Contents",
    "Sample Request",
    "Sample Response",
];

/// Maximum depth to which references between types are followed.
const MAX_DEPTH: usize = 24;

/// Returns true if a text looks like an API Reference page.
pub(super) fn is_page(text: &str) -> bool {
    text.lines().any(|line| {
        matches!(
            heading(line),
            Some("Request Syntax" | "Request Parameters" | "Response Elements" | "Contents" | "Request Body")
        )
    })
}

fn heading(line: &str) -> Option<&'static str> {
    if line.len() > 60 {
        return None;
    }
    let line = bare(line);
    HEADINGS.iter().find(|heading| heading.eq_ignore_ascii_case(&line)).copied()
}

type Lines<'l> = Vec<(u32, &'l str)>;

/// Returns the lines of a section without its heading.
fn section<'l>(lines: &'l Lines<'l>, title: &str) -> Option<&'l [(u32, &'l str)]> {
    let start = lines.iter().position(|(_, line)| heading(line) == Some(title))? + 1;
    let end = lines[start..].iter().position(|(_, line)| heading(line).is_some()).map_or(lines.len(), |at| start + at);
    Some(&lines[start..end])
}

fn numbered<'l>(text: &'l Text<'_>) -> Lines<'l> {
    (0..text.len()).map(|index| (u32::try_from(index + 1).unwrap_or(u32::MAX), text.line(index))).collect()
}

fn joined(lines: &[(u32, &str)]) -> String {
    lines.iter().map(|(_, line)| line.trim()).filter(|line| !line.starts_with("```")).collect::<Vec<_>>().join("\n")
}

/// Reads a page. A page without an operation gives an empty contract and a note.
pub(super) fn read(text: &Text<'_>, documents: &mut dyn Documents) -> (Contract, Vec<Diagnostic>) {
    let lines = numbered(text);
    let nothing = |why: &str| (Contract::new(""), vec![text.note(1, format!("no operation found: {why}"))]);
    if section(&lines, "Contents").is_some() && section(&lines, "Errors").is_none() {
        return nothing("the page describes a data type, which is read when an operation refers to it");
    }
    let Some((title_line, name, service)) = title(&lines) else {
        return nothing("the page has no title");
    };
    let mut draft = Draft::new(&service, &text.name, Standing::Documented);
    let operation = draft.operation(&name, title_line);
    let mut page = Page { text, draft, diagnostics: Vec::new(), documents, above: HashSet::new() };
    page.request(&lines, operation, &name);
    page.response(&lines, operation, &name);
    if let Some(errors) = section(&lines, "Errors") {
        page.errors(errors, operation);
    }
    let intro: Vec<(u32, &str)> = lines
        .iter()
        .take_while(|(_, line)| heading(line).is_none())
        .filter(|(line, _)| *line > title_line)
        .copied()
        .collect();
    page.draft.describe_operation(operation, &prose::sentences(intro));
    (page.draft.contract, page.diagnostics)
}

/// Returns the line, operation name and service of a title: `TagContact - Amazon Connect`, or a line with only a name.
fn title(lines: &Lines<'_>) -> Option<(u32, String, String)> {
    for (number, line) in lines.iter().filter(|(_, line)| !line.trim().is_empty()).take(12) {
        let line = bare(line);
        if let Some((name, service)) = line.split_once(" - ")
            && let Some(name) = lone_name(name)
        {
            return Some((*number, name, slug(service)));
        }
        if heading(&line).is_some() {
            return None;
        }
        if let Some(name) = lone_name(&line) {
            return Some((*number, name, String::new()));
        }
    }
    None
}

/// Returns the short name of a service: `connect` for `Amazon Connect`.
fn slug(service: &str) -> String {
    let words = service.split_whitespace().filter(|word| !matches!(*word, "Amazon" | "AWS" | "Service"));
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

struct Page<'t, 'd> {
    text: &'t Text<'t>,
    draft: Draft,
    diagnostics: Vec<Diagnostic>,
    documents: &'d mut dyn Documents,
    above: HashSet<String>,
}

impl Page<'_, '_> {
    fn request(&mut self, lines: &Lines<'_>, operation: usize, name: &str) {
        let block = section(lines, "Request Syntax").map(|lines| (lines, api_syntax::parse(&joined(lines))));
        let input = self.draft.add(
            &format!("{name}Request"),
            Kind::Structure { members: IndexMap::new() },
            block.as_ref().and_then(|(lines, _)| lines.first()).map_or(1, |(line, _)| *line),
        );
        self.draft.contract.operations[operation].input = Some(input.clone());
        let empty = Block::default();
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
        let uri_lines = section(lines, "URI Request Parameters").unwrap_or_default();
        let header_lines = section(lines, "Request Headers").unwrap_or_default();
        let mut uri = api_members::described(uri_lines, &uri_names);
        uri.extend(api_members::described(header_lines, &uri_names));
        let mut path = String::new();
        if let Some((method, route, query)) = &block.route {
            let line = block_lines.iter().find(|(_, line)| line.contains(method.as_str())).map_or(1, |(line, _)| *line);
            path = with_labels(route, &uri, query);
            self.draft.state_operation(operation, "http/method", method.as_str(), line);
            // Constants in the query belong to the route, parameters do not.
            let fixed: Vec<String> = query
                .iter()
                .filter(|(wire, member)| uri.iter().all(|one| one.name != *wire && one.name != *member))
                .map(|(wire, value)| if value.is_empty() { wire.clone() } else { format!("{wire}={value}") })
                .collect();
            let target = if fixed.is_empty() { path.clone() } else { format!("{path}?{}", fixed.join("&")) };
            self.draft.state_operation(operation, "http/uri", target, line);
            if path != "/" && !block.other_body {
                self.draft.contract.protocol = Some(Protocol::RestJson1);
            }
        } else if section(lines, "Request Syntax").is_some() && block.body.is_none() {
            let line = block_lines.first().map_or(1, |(line, _)| *line);
            self.diagnostics.push(self.text.warning(
                line,
                "the request syntax has neither a route nor a JSON body",
                "add the service's botocore model as a second source",
            ));
        }
        for member in &uri {
            let query = block.route.as_ref().map(|(_, _, query)| query.as_slice()).unwrap_or_default();
            let pair = |pairs: &[(String, String)]| {
                pairs.iter().find(|(wire, value)| *wire == member.name || *value == member.name).cloned()
            };
            let in_path =
                path.contains(&format!("{{{}}}", member.name)) || path.contains(&format!("{{{}+}}", member.name));
            let (location, wire, own) = if in_path {
                (Location::Label, None, member.name.clone())
            } else if let Some((wire, value)) = pair(query) {
                (Location::Query, Some(wire.clone()), if value.is_empty() { wire } else { value })
            } else if let Some((wire, value)) = pair(&block.headers) {
                (Location::Header, Some(wire), value)
            } else {
                self.diagnostics.push(self.text.warning(
                    member.line,
                    format!("`{}` is documented as a URI parameter, but is not in the request line", member.name),
                    "treated as a query parameter",
                ));
                (Location::Query, None, member.name.clone())
            };
            self.member(&input, &own, member, None, name, true);
            self.draft.bind(&input, &own, location, wire.as_deref(), member.line);
        }
        let names = block.body.as_ref().map(Body::names).unwrap_or_default();
        let body_lines: Vec<(u32, &str)> = ["Request Body", "Request Parameters"]
            .iter()
            .flat_map(|title| section(lines, title).unwrap_or_default())
            .copied()
            .collect();
        for member in api_members::described(&body_lines, &names) {
            let own = plain_name(&member.name).to_owned();
            let syntax = block.body.as_ref().and_then(|body| body.member(&member.name));
            self.member(&input, &own, &member, syntax, name, false);
        }
        let members = self.draft.shape_mut(&input).kind.members().cloned().unwrap_or_default();
        for name in names.iter().filter(|name| !members.contains_key(name.as_str())) {
            let line = block_lines.first().map_or(1, |(line, _)| *line);
            self.diagnostics.push(self.text.warning(
                line,
                format!("`{name}` is in the request syntax, but not described"),
                "check the page, or add a second source",
            ));
        }
    }

    fn response(&mut self, lines: &Lines<'_>, operation: usize, name: &str) {
        let syntax = section(lines, "Response Syntax");
        let elements = section(lines, "Response Elements").unwrap_or_default();
        let block = syntax.map(|lines| api_syntax::parse(&joined(lines))).unwrap_or_default();
        if let (Some(status), Some((line, _))) =
            (block.status, syntax.into_iter().flatten().find(|(_, line)| line.contains("HTTP/")))
        {
            self.draft.state_operation(operation, "http/success", status, *line);
        } else if let Some((line, status)) = elements.iter().find_map(|(line, text)| {
            let (_, rest) = text.split_once("HTTP ")?;
            let (status, rest) = rest.split_once(' ')?;
            rest.starts_with("response").then_some((*line, status.parse::<u16>().ok()?))
        }) {
            self.draft.state_operation(operation, "http/success", status, line);
        }
        if syntax.is_none() && elements.is_empty() {
            return;
        }
        let first = elements.first().or_else(|| syntax.and_then(<[_]>::first)).map_or(1, |(line, _)| *line);
        let output = self.draft.add(&format!("{name}Response"), Kind::Structure { members: IndexMap::new() }, first);
        self.draft.contract.operations[operation].output = Some(output.clone());
        let names = block.body.as_ref().map(Body::names).unwrap_or_default();
        for member in api_members::described(elements, &names) {
            let own = plain_name(&member.name).to_owned();
            let syntax = block.body.as_ref().and_then(|body| body.member(&member.name));
            self.member(&output, &own, &member, syntax, &format!("{name}Response"), false);
            if let Some((wire, _)) =
                block.headers.iter().find(|(wire, value)| *value == member.name || *wire == member.name)
            {
                self.draft.bind(&output, &own, Location::Header, Some(wire), member.line);
            }
        }
    }

    fn errors(&mut self, lines: &[(u32, &str)], operation: usize) {
        let mut open: Option<(u32, String, String)> = None;
        for (number, line) in lines {
            if let Some((before, status)) = line.split_once("HTTP Status Code:") {
                let status = status.trim().split(|c: char| !c.is_ascii_digit()).next().and_then(|s| s.parse().ok());
                let own = before.split_whitespace().next().and_then(lone_name);
                match open.take().or_else(|| own.map(|name| (*number, name, before.to_owned()))) {
                    Some((line, name, description)) => {
                        self.draft.error(operation, &name, status, &description, line);
                        // The status is on a line of its own.
                        if let Some(error) = self.draft.contract.errors.get_mut(name.as_str()) {
                            for fact in error.facts.iter_mut().filter(|f| f.path == "status" && f.line == line) {
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
            } else if let Some((_, _, description)) = &mut open {
                description.push(' ');
                description.push_str(line.trim());
            } else if let Some(name) = lone_name(line) {
                open = Some((*number, name, String::new()));
            }
        }
        if let Some((number, name, description)) = open {
            self.draft.error(operation, &name, None, &description, number);
            self.diagnostics.push(self.text.note(number, format!("the error `{name}` has no status code")));
        }
    }

    fn member(
        &mut self,
        owner: &ShapeId,
        name: &str,
        member: &Described,
        syntax: Option<&Body>,
        prefix: &str,
        in_uri: bool,
    ) {
        let path = format!("{prefix}{}", capitalised(name));
        let shape = self.described_shape(member, syntax, &path, in_uri);
        self.draft.member(owner, name, &shape, member.line);
        if let Some((text, line)) = member.field("Required") {
            match text.split_whitespace().next().map(|word| word.trim_matches('.').to_ascii_lowercase()).as_deref() {
                Some("yes") => self.draft.state(owner, &format!("members/{name}/required"), true, line),
                Some("no") => self.draft.state(owner, &format!("members/{name}/required"), false, line),
                _ => {
                    let message = format!("`Required:` of `{name}` is neither `Yes` nor `No`");
                    self.diagnostics.push(self.text.warning(line, message, "treated as optional"));
                }
            }
        }
        let docs = prose::sentences(member.docs.iter().map(|(line, text)| (*line, text.as_str())));
        self.draft.describe(&shape, None, &docs);
    }

    fn described_shape(&mut self, member: &Described, syntax: Option<&Body>, path: &str, in_uri: bool) -> ShapeId {
        let Some((text, line)) = member.field("Type") else {
            if !in_uri {
                let message = format!("`{}` has no `Type:`", member.name);
                self.diagnostics.push(self.text.warning(member.line, message, "treated as any value"));
                return self.draft.add(path, Kind::Document, member.line);
            }
            // Many pages give no types for URI parameters, so the constraints decide.
            let has = |markers: &[&str]| markers.iter().any(|marker| member.field(marker).is_some());
            let wording = if has(&["Array Members"]) {
                Wording::List(Box::new(Wording::Text))
            } else if has(&["Valid Range"]) {
                Wording::Integer
            } else if has(&["Length Constraints", "Pattern", "Valid Values"]) {
                Wording::Text
            } else {
                Wording::Any
            };
            let shape = self.worded(&wording, None, path, member.line);
            self.constrain(&shape, member);
            return shape;
        };
        let Some(wording) = api_members::wording(text.split(" Note").next().unwrap_or(text)) else {
            let message = format!("unknown type of `{}`", member.name);
            self.diagnostics.push(self.text.warning(line, message, "treated as any value"));
            return self.draft.add(path, Kind::Document, line);
        };
        let shape = self.worded(&wording, syntax, path, line);
        self.constrain(&shape, member);
        shape
    }

    fn worded(&mut self, wording: &Wording, syntax: Option<&Body>, path: &str, line: u32) -> ShapeId {
        let kind = match wording {
            Wording::Text => Kind::String,
            Wording::Integer => Kind::Integer,
            Wording::Long => Kind::Long,
            Wording::Float => Kind::Float,
            Wording::Double => Kind::Double,
            Wording::Boolean => Kind::Boolean,
            Wording::Timestamp => Kind::Timestamp,
            Wording::Blob => Kind::Blob,
            Wording::Any => Kind::Document,
            Wording::List(item) => {
                let syntax = match syntax {
                    Some(Body::Array(item)) => item.as_deref(),
                    _ => None,
                };
                Kind::List { member: self.worded(item, syntax, &format!("{path}Item"), line) }
            }
            Wording::Map(key, value) => {
                let syntax = match syntax {
                    Some(Body::Object(members)) => members.first().map(|(_, value)| value),
                    _ => None,
                };
                Kind::Map {
                    key: self.worded(key, None, &format!("{path}Key"), line),
                    value: self.worded(value, syntax, &format!("{path}Value"), line),
                }
            }
            Wording::Object(name) => return self.object(name, syntax, path, line),
        };
        self.draft.add(path, kind, line)
    }

    /// Adds a structure: from the page of its type if that is available, otherwise from the syntax block.
    fn object(&mut self, name: &str, syntax: Option<&Body>, path: &str, line: u32) -> ShapeId {
        let recursive = self.above.len() >= MAX_DEPTH || !self.above.insert(name.to_owned());
        let page = if recursive {
            None
        } else {
            [format!("API_{name}.txt"), format!("API_{name}.md")].iter().find_map(|file| self.documents.find(file))
        };
        let id = match (page, syntax) {
            (Some((document, bytes)), syntax) => self.type_page(&document, &bytes, syntax, path, line),
            (None, Some(Body::Object(members))) if !members.is_empty() => self.shown(syntax, path, line),
            _ => {
                self.diagnostics.push(self.text.note(
                    line,
                    format!("the members of `{name}` are on a page that is not among the sources (`API_{name}.txt`)"),
                ));
                self.draft.add(path, Kind::Document, line)
            }
        };
        if !recursive {
            self.above.remove(name);
        }
        id
    }

    fn type_page(&mut self, document: &str, bytes: &[u8], syntax: Option<&Body>, path: &str, line: u32) -> ShapeId {
        let Ok(text) = Text::new(document, bytes) else { return self.draft.add(path, Kind::Document, line) };
        let lines = numbered(&text);
        let known = syntax.map(Body::names).unwrap_or_default();
        let members = api_members::described(section(&lines, "Contents").unwrap_or_default(), &known);
        // Facts from the other page are attributed to it.
        let own = self.draft.read_from(&text.name);
        let id = self.draft.add(path, Kind::Structure { members: IndexMap::new() }, 1);
        for member in &members {
            let syntax = syntax.and_then(|syntax| syntax.member(&member.name));
            self.member(&id, plain_name(&member.name), member, syntax, path, false);
        }
        self.draft.read_from(&own);
        id
    }

    /// Adds a shape that only the syntax block describes.
    fn shown(&mut self, syntax: Option<&Body>, path: &str, line: u32) -> ShapeId {
        let kind = match syntax {
            Some(Body::Object(members)) => match members.as_slice() {
                [(key, value)] if key == "string" => Kind::Map {
                    key: self.draft.add(&format!("{path}Key"), Kind::String, line),
                    value: self.shown(Some(value), &format!("{path}Value"), line),
                },
                members => {
                    let id = self.draft.add(path, Kind::Structure { members: IndexMap::new() }, line);
                    for (name, value) in members {
                        let shape = self.shown(Some(value), &format!("{path}{}", capitalised(name)), line);
                        self.draft.member(&id, name, &shape, line);
                    }
                    return id;
                }
            },
            Some(Body::Array(item)) => Kind::List { member: self.shown(item.as_deref(), &format!("{path}Item"), line) },
            Some(Body::Word(word)) => match word.as_str() {
                "string" => Kind::String,
                "boolean" | "true" | "false" => Kind::Boolean,
                // The page does not say whether fractions are allowed.
                "number" => Kind::Double,
                "blob" => Kind::Blob,
                _ => Kind::Document,
            },
            None => Kind::Document,
        };
        self.draft.add(path, kind, line)
    }

    fn constrain(&mut self, shape: &ShapeId, member: &Described) {
        for (marker, text, line) in &member.fields {
            let target = match *marker {
                "Array Members" => self.innermost(shape, |kind| matches!(kind, Kind::List { .. })),
                "Map Entries" => self.innermost(shape, |kind| matches!(kind, Kind::Map { .. })),
                marker if marker.starts_with("Key ") || marker == "Valid Keys" => self
                    .innermost(shape, |kind| matches!(kind, Kind::Map { .. }))
                    .and_then(|map| match &self.draft.shape_mut(&map).kind {
                        Kind::Map { key, .. } => Some(key.clone()),
                        _ => None,
                    }),
                _ => self.innermost(shape, |kind| {
                    !matches!(kind, Kind::List { .. } | Kind::Map { .. } | Kind::Structure { .. } | Kind::Document)
                }),
            };
            let Some(target) = target else { continue };
            match *marker {
                "Array Members"
                | "Map Entries"
                | "Length Constraints"
                | "Key Length Constraints"
                | "Value Length Constraints" => {
                    if let Some(fixed) = number_after(text, "fixed") {
                        self.draft.state(&target, "length/min", fixed.clone(), *line);
                        self.draft.state(&target, "length/max", fixed, *line);
                    }
                    self.limits(&target, "length", marker, text, *line);
                }
                "Valid Range" | "Value Valid Range" => self.limits(&target, "range", marker, text, *line),
                "Pattern" | "Key Pattern" | "Value Pattern" => {
                    let pattern = text.trim_matches('`');
                    if !pattern.is_empty() {
                        self.draft.state(&target, "pattern", pattern, *line);
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
                        self.draft.state(&target, "enum", values, *line);
                    }
                }
                _ => {}
            }
        }
    }

    fn limits(&mut self, target: &ShapeId, field: &str, marker: &str, text: &str, line: u32) {
        let ends = [("min", number_after(text, "minimum")), ("max", number_after(text, "maximum"))];
        if ends.iter().all(|(_, number)| number.is_none()) && number_after(text, "fixed").is_none() {
            let message = format!("no number found after `{marker}:`");
            self.diagnostics.push(self.text.warning(line, message, "the limit is ignored"));
        }
        for (end, number) in ends {
            if let Some(number) = number {
                self.draft.state(target, &format!("{field}/{end}"), number, line);
            }
        }
    }

    /// Returns the first shape of a kind, descending through list items and map values.
    fn innermost(&mut self, shape: &ShapeId, wanted: fn(&Kind) -> bool) -> Option<ShapeId> {
        let mut id = shape.clone();
        for _ in 0..MAX_DEPTH {
            let kind = &self.draft.shape_mut(&id).kind;
            if wanted(kind) {
                return Some(id);
            }
            id = match kind {
                Kind::List { member } => member.clone(),
                Kind::Map { value, .. } => value.clone(),
                _ => return None,
            };
        }
        None
    }
}

/// Restores the braces that placeholders of a route have lost, using the documented parameters.
fn with_labels(route: &str, uri: &[Described], query: &[(String, String)]) -> String {
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
fn plain_name(name: &str) -> &str {
    let name = name.strip_suffix(".N").unwrap_or(name);
    name.strip_suffix(".member").or_else(|| name.strip_suffix(".entry")).unwrap_or(name)
}

fn capitalised(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
