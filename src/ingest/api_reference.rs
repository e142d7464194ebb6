//! Reads pages of an AWS API Reference, in whatever form they were saved.
//!
//! It never relies on line breaks inside a description: they differ between saved pages.

use super::api_members::{self, MemberDescription};
use super::api_sections::{PageSections, join_lines};
use super::api_shapes::{ApiShapeBuilder, MemberPlace, member_name};
use super::api_syntax::{self, BodySyntax, RequestRoute, SyntaxBlock};
use super::contract_builder::ContractBuilder;
use super::page_form::read_page_text;
use super::page_line::{PageLine, PageLineKind, lone_name};
use super::sentences;
use super::source_text::SourceText;
use super::{DocumentLookup, IngestDiagnostic};
use crate::contract::{Contract, FactField, FactOrigin, MemberLocation, Protocol, ShapeId, ShapeKind};
use indexmap::IndexMap;

/// The name of the member that carries a response's status code.
const STATUS_WIRE_NAME: &str = ":status";

/// Returns true if a text looks like an API Reference page.
pub(super) fn is_page(text: &str) -> bool {
    let titles = ["Request Syntax", "Request Parameters", "Response Elements", "Contents", "Request Body"];
    if !titles.iter().any(|title| text.contains(title)) {
        return false;
    }
    let Ok(text) = SourceText::new("", text.as_bytes()) else { return false };
    let page = read_page_text(&text);
    let sections = PageSections::new(&page.lines, page.has_headings);
    titles.iter().any(|title| sections.find(title).is_some_and(|lines| lines.iter().any(|line| !line.text.is_empty())))
}

/// Reads a page. A page without an operation gives an empty contract and a note.
pub(super) fn read(text: &SourceText<'_>, documents: &mut dyn DocumentLookup) -> (Contract, Vec<IngestDiagnostic>) {
    let page_text = read_page_text(text);
    let sections = PageSections::new(&page_text.lines, page_text.has_headings);
    let no_operation = |why: &str| (Contract::new(""), vec![text.note(1, format!("no operation found: {why}"))]);
    if sections.find("Contents").is_some() && sections.find("Errors").is_none() {
        return no_operation("the page describes a data type, which is read when an operation refers to it");
    }
    let Some((title_line, name, service)) = sections.title(&text.name) else {
        return no_operation("the page has no title");
    };
    let mut builder = ContractBuilder::new(&service, &text.name, FactOrigin::Documented);
    let operation = builder.add_operation(&name, title_line);
    let shapes = ApiShapeBuilder::new(text, builder, documents, &name);
    let mut page = ApiReferencePage { sections, shapes, operation };
    page.read_request(&name);
    page.read_response(&name);
    if let Some(errors) = page.sections.find("Errors") {
        page.read_errors(errors);
    }
    let introduction = page.sections.introduction(title_line);
    page.shapes.builder.apply_relations();
    page.shapes.builder.apply_operation_sentences(operation, &sentences::split_sentences(introduction));
    (page.shapes.builder.contract, page.shapes.diagnostics)
}

struct ApiReferencePage<'t, 'd> {
    sections: PageSections<'t>,
    shapes: ApiShapeBuilder<'t, 'd>,
    /// The index of the page's operation.
    operation: usize,
}

impl<'t> ApiReferencePage<'t, '_> {
    /// Returns the lines of sections, one after the other.
    fn lines_of(&self, titles: &[&str]) -> Vec<PageLine> {
        titles.iter().flat_map(|title| self.sections.find(title).unwrap_or_default()).cloned().collect()
    }

    /// Returns the parsed syntax block of a section, and the section's lines.
    fn syntax_block(&self, title: &str) -> Option<(&'t [PageLine], SyntaxBlock)> {
        self.sections.find(title).map(|lines| (lines, api_syntax::parse(&join_lines(lines))))
    }

    fn read_request(&mut self, name: &str) {
        let block = self.syntax_block("Request Syntax");
        let has_block = block.is_some();
        let (block_lines, block) = block.unwrap_or_default();
        let first_line = block_lines.first().map_or(1, |line| line.number);
        let input = self.shapes.builder.add_shape(
            &format!("{name}Request"),
            ShapeKind::Structure { members: IndexMap::new() },
            first_line,
        );
        self.shapes.builder.contract.operations[self.operation].input = Some(input.clone());
        let uri_lines = self.lines_of(&["URI Request Parameters", "Request Headers"]);
        let uri = api_members::find_members(&uri_lines, &names_in_head(&block));
        let uses_uri = |line: &&PageLine| line.text.contains("uses the following URI parameters");
        if let Some(line) = uri_lines.iter().find(uses_uri).filter(|_| uri.is_empty()) {
            let message = "the URI parameters that the page announces are missing";
            let hint = "save the page in another form, or add the service's botocore model as a second source";
            self.shapes.diagnostics.push(self.shapes.text.warning(line.number, message, hint));
        }
        let mut path = String::new();
        if let Some(route) = &block.route {
            path = self.record_route(route, &uri, block_lines);
            if path != "/" && !block.has_other_body {
                self.shapes.builder.contract.protocol = Some(Protocol::RestJson1);
            }
        } else if has_block && block.body.is_none() {
            let warning = self.shapes.text.warning(
                first_line,
                "the request syntax has neither a route nor a JSON body",
                "add the service's botocore model as a second source",
            );
            self.shapes.diagnostics.push(warning);
        }
        for member in &uri {
            self.add_uri_member(&input, member, &block, &path, name);
        }
        let names = names_in_body(&block);
        let body_lines = self.lines_of(&["Request Body", "Request Parameters"]);
        for member in api_members::find_members(&body_lines, &names) {
            self.add_body_member(&input, &member, &block, name);
        }
        let members = self.shapes.builder.shape_mut(&input).kind.members().cloned().unwrap_or_default();
        for name in names.iter().filter(|name| !members.contains_key(name.as_str())) {
            let warning = self.shapes.text.warning(
                first_line,
                format!("`{name}` is in the request syntax, but not described"),
                "check the page, or add a second source",
            );
            self.shapes.diagnostics.push(warning);
        }
    }

    /// Records method and URI of an operation. Returns the path with its labels.
    fn record_route(
        &mut self,
        (method, route, query): &RequestRoute,
        uri_members: &[MemberDescription],
        block_lines: &[PageLine],
    ) -> String {
        let line = block_lines.iter().find(|line| line.text.contains(method.as_str())).map_or(1, |line| line.number);
        let path = restore_labels(route, uri_members, query);
        let builder = &mut self.shapes.builder;
        builder.record_operation_fact(self.operation, FactField::HttpMethod, method.as_str(), line);
        // Constants in the query belong to the route, parameters do not.
        let fixed: Vec<String> = query
            .iter()
            .filter(|(wire, member)| uri_members.iter().all(|one| one.name != *wire && one.name != *member))
            .map(|(wire, value)| if value.is_empty() { wire.clone() } else { format!("{wire}={value}") })
            .collect();
        let target = if fixed.is_empty() { path.clone() } else { format!("{path}?{}", fixed.join("&")) };
        builder.record_operation_fact(self.operation, FactField::HttpUri, target, line);
        path
    }

    /// Adds a member of the path, the query or a header.
    fn add_uri_member(
        &mut self,
        input: &ShapeId,
        member: &MemberDescription,
        block: &SyntaxBlock,
        path: &str,
        prefix: &str,
    ) {
        let query = block.route.as_ref().map(|(_, _, query)| query.as_slice()).unwrap_or_default();
        let in_path = path.contains(&format!("{{{}}}", member.name)) || path.contains(&format!("{{{}+}}", member.name));
        let (location, wire, own) = if in_path {
            (MemberLocation::Label, None, member.name.clone())
        } else if let Some((wire, value)) = find_pair(query, &member.name) {
            (MemberLocation::Query, Some(wire.clone()), if value.is_empty() { wire } else { value })
        } else if let Some((wire, value)) = find_pair(&block.headers, &member.name) {
            (MemberLocation::Header, Some(wire), value)
        } else {
            let warning = self.shapes.text.warning(
                member.line,
                format!("`{}` is documented as a URI parameter, but is not in the request line", member.name),
                "treated as a query parameter",
            );
            self.shapes.diagnostics.push(warning);
            (MemberLocation::Query, None, member.name.clone())
        };
        self.shapes.add_member(&MemberPlace { owner: input, name: &own, prefix, location }, member, None);
        self.shapes.builder.set_location(input, &own, location, wire.as_deref(), member.line);
    }

    /// Adds a member that is described in the section of a body: of a request, or of a response with its headers.
    fn add_body_member(&mut self, owner: &ShapeId, member: &MemberDescription, block: &SyntaxBlock, prefix: &str) {
        let syntax = block.body.as_ref().and_then(|body| body.member(&member.name));
        let (location, wire, own) = if block.payload.as_ref() == Some(&member.name) {
            (MemberLocation::Payload, None, member.name.clone())
        } else if block.status_member.as_ref() == Some(&member.name) {
            (MemberLocation::Header, Some(STATUS_WIRE_NAME.to_owned()), member.name.clone())
        } else if let Some((wire, value)) = find_pair(&block.headers, &member.name).filter(|_| syntax.is_none()) {
            (MemberLocation::Header, Some(wire), value)
        } else {
            (MemberLocation::Body, None, member_name(&member.name).to_owned())
        };
        self.shapes.add_member(&MemberPlace { owner, name: &own, prefix, location }, member, syntax);
        if location != MemberLocation::Body {
            self.shapes.builder.set_location(owner, &own, location, wire.as_deref(), member.line);
        }
    }

    fn read_response(&mut self, name: &str) {
        let elements = self.lines_of(&["Response Elements", "Response Headers"]);
        let syntax = self.syntax_block("Response Syntax");
        let has_syntax = syntax.is_some();
        let (syntax_lines, block) = syntax.unwrap_or_default();
        let builder = &mut self.shapes.builder;
        let has_route = builder.contract.operations[self.operation].http.is_some();
        // Services whose pages have no route have their status from elsewhere.
        if !has_route {
        } else if let (Some(status), Some(line)) =
            (block.status, syntax_lines.iter().find(|line| line.text.contains("HTTP/")))
        {
            builder.record_operation_fact(self.operation, FactField::HttpSuccess, status, line.number);
        } else if let Some((line, status)) = find_stated_status(&elements) {
            builder.record_operation_fact(self.operation, FactField::HttpSuccess, status, line);
        }
        if !has_syntax && elements.is_empty() {
            return;
        }
        let first = elements.first().or_else(|| syntax_lines.first()).map_or(1, |line| line.number);
        let output =
            builder.add_shape(&format!("{name}Response"), ShapeKind::Structure { members: IndexMap::new() }, first);
        builder.contract.operations[self.operation].output = Some(output.clone());
        let mut names = names_in_body(&block);
        names.extend(names_in_head(&block));
        for member in api_members::find_members(&elements, &names) {
            self.add_body_member(&output, &member, &block, &format!("{name}Response"));
        }
    }

    fn read_errors(&mut self, lines: &[PageLine]) {
        let mut open: Option<ErrorDescription> = None;
        for line in lines.iter().filter(|line| !line.text.is_empty()) {
            if let Some((before, status)) = line.text.split_once("HTTP Status Code:") {
                let status = status.trim().split(|c: char| !c.is_ascii_digit()).next().and_then(|s| s.parse().ok());
                let own = before.split_whitespace().next().and_then(lone_name);
                let error = match open.take() {
                    Some(mut error) => {
                        error.add_text(before);
                        Some(error)
                    }
                    None => own.map(|name| ErrorDescription { line: line.number, name, text: before.to_owned() }),
                };
                match error {
                    Some(error) => self.add_error(&error, status, line.number),
                    None => self.shapes.diagnostics.push(self.shapes.text.warning(
                        line.number,
                        "status code without an error name above it",
                        "put the name on a line of its own",
                    )),
                }
                continue;
            }
            let name = match line.kind {
                PageLineKind::Term | PageLineKind::Text => lone_name(&line.text),
                _ => None,
            };
            // The members of an error are described in the same way as errors are.
            let begins_error = |name: &String| {
                let is_error = ["Exception", "Error", "Fault"].iter().any(|end| name.ends_with(end));
                open.is_none() || line.kind == PageLineKind::Term || is_error
            };
            match name.filter(begins_error) {
                Some(name) => {
                    let begun = ErrorDescription { line: line.number, name, text: String::new() };
                    if let Some(error) = open.replace(begun) {
                        self.add_error_without_status(&error);
                    }
                }
                None => {
                    if let Some(error) = &mut open {
                        error.add_text(&line.text);
                    }
                }
            }
        }
        if let Some(error) = open {
            self.add_error_without_status(&error);
        }
    }

    /// Adds an error whose status is on a line of its own.
    fn add_error(&mut self, error: &ErrorDescription, status: Option<u16>, status_line: u32) {
        self.shapes.builder.add_error(self.operation, &error.name, status, &error.text, error.line);
        if let Some(shape) = self.shapes.builder.contract.errors.get_mut(error.name.as_str()) {
            for fact in shape.facts.iter_mut().filter(|f| f.field == FactField::Status && f.line == error.line) {
                fact.line = status_line;
            }
        }
    }

    fn add_error_without_status(&mut self, error: &ErrorDescription) {
        self.shapes.builder.add_error(self.operation, &error.name, None, &error.text, error.line);
        let note = self.shapes.text.note(error.line, format!("the error `{}` has no status code", error.name));
        self.shapes.diagnostics.push(note);
    }
}

/// An error as far as its description was read.
struct ErrorDescription {
    line: u32,
    name: String,
    text: String,
}

impl ErrorDescription {
    fn add_text(&mut self, text: &str) {
        let text = text.trim();
        if !text.is_empty() {
            self.text.push(' ');
            self.text.push_str(text);
        }
    }
}

/// Returns the names of the path, the query and the headers of a syntax block: as sent, and of the members.
fn names_in_head(block: &SyntaxBlock) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    if let Some((_, path, query)) = &block.route {
        let labels = path.split(['/', ':', '.']).filter(|part| !part.is_empty());
        names.extend(labels.map(|part| part.trim_matches(['{', '}']).trim_end_matches('+').to_owned()));
        names.extend(query.iter().flat_map(|(wire, member)| [wire.clone(), member.clone()]));
    }
    names.extend(block.headers.iter().flat_map(|(wire, member)| [wire.clone(), member.clone()]));
    names
}

/// Returns the names of the members of a syntax block's body.
fn names_in_body(block: &SyntaxBlock) -> Vec<String> {
    let members = block.body.as_ref().map(BodySyntax::member_names).unwrap_or_default();
    members.into_iter().chain(block.payload.clone()).chain(block.status_member.clone()).collect()
}

/// Returns the pair of a name on the wire and a member's name that has this name.
fn find_pair(pairs: &[(String, String)], name: &str) -> Option<(String, String)> {
    pairs.iter().find(|(wire, value)| wire == name || value == name).cloned()
}

/// Returns the status in a sentence such as `the service sends back an HTTP 200 response`, and its line.
fn find_stated_status(lines: &[PageLine]) -> Option<(u32, u16)> {
    lines.iter().enumerate().find_map(|(index, line)| {
        // The sentence may be wrapped.
        let next = lines.get(index + 1).map_or("", |next| next.text.as_str());
        let text = format!("{} {next}", line.text);
        let (before, rest) = text.split_once("HTTP ")?;
        let (status, rest) = rest.split_once(' ')?;
        (rest.starts_with("response") && before.len() <= line.text.len())
            .then_some((line.number, status.parse::<u16>().ok()?))
    })
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
