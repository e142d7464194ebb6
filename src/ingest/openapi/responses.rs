//! Reads the responses of an operation: the success with its body, and the errors.
//!
//! Most documents name statuses and no error types. Then the status is all that is promised: it becomes an error without
//! a type. "Any 4xx" is promised only where a document says `4XX` or `default` and names no status for the role.

use super::{Direction, FilePlace, Located, Omission, OpenApiReader, OpenApiVersion, SchemaView, body::is_json};
use crate::contract::{ErrorName, ErrorRole, ErrorShape, FactField, MemberLocation, ShapeId, ShapeKind};
use indexmap::IndexMap;

/// Name of the member that is the whole body.
const BODY_MEMBER: &str = "body";
/// Members of an error's body that hold its type, in the order in which they are looked up.
const CODE_PATHS: [&[&str]; 4] = [&["error", "code"], &["code"], &["error"], &["type"]];

/// The statuses that a response is documented for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StatusRange {
    One(u16),
    /// `2XX`: all statuses with this first digit.
    Class(u16),
    Default,
}

impl StatusRange {
    fn parse(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        if lower == "default" {
            return Some(Self::Default);
        }
        if let Some(class) = lower.strip_suffix("xx") {
            return class.parse().ok().filter(|class| (1..6).contains(class)).map(Self::Class);
        }
        lower.parse().ok().filter(|status| (100..600).contains(status)).map(Self::One)
    }

    fn is_success(self) -> bool {
        matches!(self, Self::One(200..300) | Self::Class(2))
    }
}

/// A documented response.
struct ResponseEntry<'d> {
    status: StatusRange,
    place: FilePlace,
    item: Located<'d>,
}

/// What a document says about an error.
struct ErrorStatement<'d> {
    name: String,
    role: ErrorRole,
    status: Option<u16>,
    /// Whether no type is stated.
    unnamed: bool,
    /// The schema of the body.
    body: Option<Located<'d>>,
}

impl<'d> OpenApiReader<'d> {
    /// Records success and errors of an operation.
    pub fn read_responses(&mut self, index: usize, name: &str, operation: Located<'d>) {
        let mut responses: Vec<ResponseEntry<'d>> = Vec::new();
        for (status, place, item) in operation.get("responses").into_iter().flat_map(Located::entries) {
            let (item, _) = self.files.follow(item);
            responses.extend(StatusRange::parse(status).map(|status| ResponseEntry { status, place, item }));
            for (key, omission) in [("headers", Omission::ResponseHeaders), ("links", Omission::Links)] {
                if item.get(key).is_some_and(|value| !value.node.entries().is_empty()) {
                    self.omissions.add(omission, item.place_of(key));
                }
            }
        }
        self.read_success(index, name, &responses);
        self.read_errors(index, &responses);
    }

    fn read_success(&mut self, index: usize, name: &str, responses: &[ResponseEntry<'d>]) {
        let successes: Vec<&ResponseEntry<'d>> = responses.iter().filter(|one| one.status.is_success()).collect();
        let redirects = || responses.iter().filter(|one| matches!(one.status, StatusRange::One(300..400)));
        let only = match successes.as_slice() {
            [only] => *only,
            [] => match (responses.iter().find(|one| one.status == StatusRange::Default), redirects().count()) {
                // A default without any other success describes the success, too.
                (Some(default), 0) => default,
                (None, 1) => match redirects().next() {
                    Some(redirect) => redirect,
                    None => return,
                },
                _ => return,
            },
            [_, second, ..] => {
                self.omissions.add(Omission::SeveralSuccesses, second.place);
                return;
            }
        };
        if let StatusRange::One(status) = only.status {
            // A redirect beside the success makes both right.
            if only.status.is_success() && redirects().next().is_some() {
                self.omissions.add(Omission::SeveralSuccesses, only.place);
            } else {
                self.at(only.place);
                self.builder.record_operation_fact(index, FactField::HttpSuccess, status, only.place.line);
            }
        }
        if only.status == StatusRange::Default || matches!(only.status, StatusRange::One(204 | 205 | 300..400)) {
            return;
        }
        // A response to HEAD has no body, whatever it describes.
        let http = self.builder.contract.operations[index].http.as_ref();
        if http.is_some_and(|http| http.method == "HEAD") {
            return;
        }
        if let Some((schema, place)) = self.response_schema(only.item) {
            let output = self.output_shape(schema, name, place);
            self.builder.contract.operations[index].output = Some(output);
        }
    }

    /// Returns the schema of a response's JSON body.
    fn response_schema(&mut self, response: Located<'d>) -> Option<(Located<'d>, FilePlace)> {
        if self.version == OpenApiVersion::Swagger2 {
            let produces = self.files.root().get("produces").into_iter().flat_map(Located::items);
            let mut produces = produces.filter_map(|item| item.node.as_text()).peekable();
            let may_be_json = produces.peek().is_none() || produces.any(is_json);
            return response.get("schema").filter(|_| may_be_json).map(|schema| (schema, response.place_of("schema")));
        }
        let content = response.get("content")?;
        // If another media type is possible, the server may choose it.
        let is_other = |name: &str| !is_json(name);
        if content.entries().any(|(name, ..)| is_other(name)) {
            self.omissions.add(Omission::OtherResponseBody, response.place_of("content"));
            return None;
        }
        let (_, place, media_type) = content.entries().next()?;
        media_type.get("schema").map(|schema| (schema, place))
    }

    /// Returns the structure of a result. A result that is no object is its only member.
    fn output_shape(&mut self, schema: Located<'d>, name: &str, place: FilePlace) -> ShapeId {
        let mut view = SchemaView::new(self.files, self.version, &[schema]);
        let types = view.types().map(|(names, _)| names);
        let is_object = match &types {
            Some(names) => names == &["object"],
            None => view.first("properties").is_some(),
        };
        let hint = format!("{}Response", super::names::shape_name(name));
        let shape = self.shape_of(&[schema], &hint, Direction::Response, place);
        if is_object && !view.properties().is_empty() && !view.nullable {
            return shape;
        }
        self.at(place);
        let kind = ShapeKind::Structure { members: IndexMap::new() };
        let output = self.builder.add_shape(&format!("{hint}Output"), kind, place.line);
        self.builder.add_member(&output, BODY_MEMBER, &shape, place.line);
        self.builder.set_location(&output, BODY_MEMBER, MemberLocation::Payload, None, place.line);
        self.record(&output, FactField::MemberRequired(BODY_MEMBER.to_owned()), true, place);
        output
    }

    fn read_errors(&mut self, index: usize, responses: &[ResponseEntry<'d>]) {
        let mut has_input_error = false;
        for response in responses {
            let StatusRange::One(status @ 400..600) = response.status else { continue };
            let description = response.item.text("description").unwrap_or_default();
            let code = self.documented_code(response.item);
            let role = match ErrorRole::infer(Some(status), code.unwrap_or_default(), description) {
                ErrorRole::Other if status == 400 => ErrorRole::InvalidInput,
                role => role,
            };
            has_input_error |= role == ErrorRole::InvalidInput;
            // The same status may have another meaning elsewhere in the document.
            let name = match code {
                Some(code) => code.to_owned(),
                None if role == usual_role(status) => status.to_string(),
                None => format!("{status}-{role}"),
            };
            let body = self.error_body(response);
            let statement = ErrorStatement { name, role, status: Some(status), unnamed: code.is_none(), body };
            self.add_error(index, statement, response.place);
            if role == ErrorRole::Conflict {
                self.at(response.place);
                self.builder.record_conflict_law(index, description, response.place.line);
            }
        }
        let unspecific = responses.iter().find(|one| one.status == StatusRange::Class(4));
        let unspecific = unspecific.or_else(|| responses.iter().find(|one| one.status == StatusRange::Default));
        if let Some(response) = unspecific.filter(|_| !has_input_error) {
            let name = if response.status == StatusRange::Default { "default" } else { "4XX" };
            let statement = ErrorStatement {
                name: name.to_owned(),
                role: ErrorRole::InvalidInput,
                status: None,
                unnamed: true,
                body: self.error_body(response),
            };
            self.add_error(index, statement, response.place);
        }
    }

    /// Returns the schema of an error's body, if it is documented as a JSON object.
    fn error_body(&mut self, response: &ResponseEntry<'d>) -> Option<Located<'d>> {
        let (schema, _) = self.response_schema(response.item)?;
        let mut view = SchemaView::new(self.files, self.version, &[schema]);
        let is_object = view.types().is_none_or(|(names, _)| names == ["object"]);
        let is_described = is_object && !view.properties().is_empty() && !view.nullable;
        is_described.then(|| self.files.follow(schema).0)
    }

    fn add_error(&mut self, index: usize, statement: ErrorStatement<'d>, place: FilePlace) {
        let ErrorStatement { name: stated, role, status, unnamed, body } = statement;
        let fact = status.map(|status| self.fact(FactField::Status, status, place));
        // The same status may have another body elsewhere in the document.
        let identity = body.map(Located::identity);
        let mut name = stated.clone();
        let mut number = 2;
        while unnamed && self.error_bodies.get(&name).is_some_and(|(other, _)| *other != identity) {
            name = format!("{stated}-{number}");
            number += 1;
        }
        self.error_bodies.entry(name.clone()).or_insert((identity, body));
        let errors = &mut self.builder.contract.errors;
        let error = errors.entry(ErrorName::from(name.as_str())).or_insert_with(|| {
            let mut error = ErrorShape::new(role);
            error.unnamed = unnamed;
            error
        });
        // One statement of the status is enough; the operation's own fact has its line.
        if let Some(fact) = fact.filter(|_| error.facts.is_empty()) {
            error.add_fact(fact);
        }
        self.at(place);
        self.builder.record_operation_fact(index, FactField::Error(name), true, place.line);
    }

    /// Builds the structures of errors' bodies. What a contract cannot express of them is not reported: nothing is sent, and
    /// no value of them is expected to be rejected.
    pub fn build_error_bodies(&mut self) {
        let reported = std::mem::take(&mut self.omissions);
        for (name, (_, body)) in std::mem::take(&mut self.error_bodies) {
            let Some(body) = body else { continue };
            let shape = self.shape_of(&[body], &format!("Error{name}"), Direction::Response, body.place());
            if let Some(error) = self.builder.contract.errors.get_mut(&ErrorName::from(name.as_str())) {
                error.shape = Some(shape);
            }
        }
        self.build_pending_shapes();
        self.omissions = reported;
    }

    /// Returns the type of an error if its schema allows a single one.
    fn documented_code(&mut self, response: Located<'d>) -> Option<&'d str> {
        let (schema, _) = match self.version {
            OpenApiVersion::Swagger2 => (response.get("schema")?, ()),
            _ => {
                let mut types = response.get("content")?.entries();
                (types.find(|(name, ..)| is_json(name))?.2.get("schema")?, ())
            }
        };
        CODE_PATHS.iter().find_map(|path| {
            let mut schemas = vec![schema];
            for name in *path {
                let view = SchemaView::new(self.files, self.version, &schemas);
                schemas = view.properties().get(name)?.schemas.clone();
            }
            let view = SchemaView::new(self.files, self.version, &schemas);
            let constant = view.first("const").map(|(value, _)| value);
            let listed = view.first("enum").filter(|(list, _)| list.node.items().len() == 1);
            constant.or_else(|| listed?.0.items().next())?.node.as_text()
        })
    }
}

/// Returns the role that a status has if nothing else is known.
fn usual_role(status: u16) -> ErrorRole {
    match ErrorRole::infer(Some(status), "", "") {
        ErrorRole::Other if status == 400 => ErrorRole::InvalidInput,
        role => role,
    }
}
