//! Reads the parameters of an operation in path, query and headers.
//!
//! It never reads a parameter of a form, which is part of the body.

use super::entry::{InputMember, OperationEntry};
use super::examples::{examples_of_member, stated_examples};
use super::parameter_style::{ListStyle, list_style, prefixed_traits};
use super::{Direction, FilePlace, Located, Omission, OpenApiReader, OpenApiVersion, SchemaView};
use crate::contract::{AuthScheme, MemberLocation, ShapeId, ShapeKind, WireTraits};

/// Headers that describe the message itself; a document's parameters of these names have no effect.
const RESERVED_HEADERS: [&str; 3] = ["accept", "content-type", "authorization"];

/// Headers that carry the caller's credentials, if a document has no security scheme.
const CREDENTIAL_HEADERS: [&str; 7] =
    ["authorization", "x-api-key", "api-key", "apikey", "x-auth-token", "x-access-token", "x-api-token"];

impl<'d> OpenApiReader<'d> {
    /// Returns the parameters of an operation, those of its path included.
    pub fn read_parameters(&mut self, entry: &OperationEntry<'d>) -> Vec<InputMember<'d>> {
        let mut members: Vec<InputMember<'d>> = Vec::new();
        self.parameter_credentials.clear();
        for (parameter, _) in self.all_parameters(entry) {
            let name = parameter.text("name").unwrap_or_default();
            let location = match parameter.text("in") {
                Some("path") if !entry.path.contains(&format!("{{{name}}}")) => {
                    self.omissions.add(Omission::UnusedParameter, parameter.place());
                    continue;
                }
                Some("path") => MemberLocation::Label,
                Some("query" | "querystring") => MemberLocation::Query,
                // Some documents describe credentials as parameters only.
                Some("header")
                    if self.schemes.is_empty() && CREDENTIAL_HEADERS.contains(&name.to_ascii_lowercase().as_str()) =>
                {
                    self.parameter_credentials
                        .push((AuthScheme::Header { name: name.to_owned(), prefix: None }, parameter.place()));
                    continue;
                }
                Some("header") if RESERVED_HEADERS.contains(&name.to_ascii_lowercase().as_str()) => continue,
                Some("header") if is_header_name(name) => MemberLocation::Header,
                Some("header") => {
                    let message = format!("`{name}` is no name of a header; the parameter is left out");
                    self.warn(parameter.place(), message, "use letters, digits and `-`");
                    continue;
                }
                Some("cookie") if is_header_name(name) => MemberLocation::Cookie,
                Some("cookie") => {
                    let message = format!("`{name}` is no name of a cookie; the parameter is left out");
                    self.warn(parameter.place(), message, "use letters, digits and `-`");
                    continue;
                }
                _ => continue,
            };
            if name.is_empty() || self.is_credential(location, name) {
                continue;
            }
            members.extend(self.read_parameter(parameter, name, location));
        }
        for label in labels(entry.path) {
            let is_known = members.iter().any(|one| one.location == MemberLocation::Label && one.wire == label);
            if !is_known {
                self.omissions.add(Omission::UndescribedParameter, entry.place);
                members.push(InputMember {
                    required: Some(entry.place),
                    is_open: true,
                    ..InputMember::new(label, MemberLocation::Label, Vec::new(), entry.place)
                });
            }
        }
        members
    }

    /// Returns the parameters of a path and its operation. A parameter of the operation replaces one of the path.
    pub fn all_parameters(&self, entry: &OperationEntry<'d>) -> Vec<(Located<'d>, Option<&'d str>)> {
        let own = entry.item.get("parameters").into_iter().flat_map(Located::items);
        let mut found: Vec<(Located<'d>, Option<&'d str>)> = Vec::new();
        for parameter in own.chain(entry.shared_parameters.iter().copied()) {
            let (parameter, component) = self.files.follow(parameter);
            let is_same = |known: Located<'d>| {
                known.text("in") == parameter.text("in") && known.text("name") == parameter.text("name")
            };
            if !found.iter().any(|(known, _)| is_same(*known)) {
                found.push((parameter, component));
            }
        }
        found
    }

    fn read_parameter(
        &mut self,
        parameter: Located<'d>,
        name: &'d str,
        location: MemberLocation,
    ) -> Vec<InputMember<'d>> {
        let is_required = parameter.node.is_true("required");
        let required = match location {
            MemberLocation::Label => Some(parameter.place()),
            _ => is_required.then(|| parameter.place_of("required")),
        };
        let schema = self.parameter_schema(parameter);
        let member = |schemas: Vec<Located<'d>>, is_open: bool| InputMember {
            required,
            is_open,
            examples: stated_examples(parameter),
            described: Some(parameter),
            ..InputMember::new(name, location, schemas, parameter.place())
        };
        let Some(schema) = schema else {
            let text_pattern = self.json_text_pattern(parameter);
            return vec![InputMember { text_pattern, ..member(Vec::new(), true) }];
        };
        let mut view = SchemaView::new(self.files, self.version, &[schema]);
        let types = view.types().map(|(names, _)| names).unwrap_or_default();
        let is_list = types == ["array"] || (types.is_empty() && view.first("items").is_some());
        let is_object = types == ["object"] || (types.is_empty() && view.first("properties").is_some());
        if location == MemberLocation::Label
            && !is_object
            && let Some(traits) = prefixed_traits(parameter, name, is_list)
        {
            return vec![InputMember { traits, ..member(vec![schema], false) }];
        }
        match list_style(Some(parameter), location, self.version) {
            ListStyle::Joined(separator) if is_list => {
                let traits = WireTraits { separator: Some(separator.to_owned()), ..WireTraits::default() };
                return vec![InputMember { traits, ..member(vec![schema], false) }];
            }
            ListStyle::Other if is_list => {
                self.omissions.add(Omission::ParameterStyle, parameter.place());
                return vec![member(view.all("items").map(|(items, _)| items).collect(), true)];
            }
            _ => {}
        }
        if is_object && location == MemberLocation::Query {
            return self.flatten_object(parameter, &view, required);
        }
        if is_object {
            self.omissions.add(Omission::ParameterStyle, parameter.place());
            return vec![member(Vec::new(), true)];
        }
        vec![member(vec![schema], false)]
    }

    /// Returns a pattern of valid JSON texts for a parameter that is sent as one.
    fn json_text_pattern(&mut self, parameter: Located<'d>) -> Option<&'static str> {
        let schema = parameter.get("content")?.get("application/json")?.get("schema")?;
        let mut view = SchemaView::new(self.files, self.version, &[schema]);
        let type_name = view.types().and_then(|(names, _)| names.first().copied());
        Some(match type_name {
            Some("array") => r"^\[\]$",
            Some("string") => "^\"[a-z]{1,20}\"$",
            Some("integer" | "number") => "^[1-9]\\d{0,2}$",
            Some("boolean") => "^(?:true|false)$",
            _ => r"^\{\}$",
        })
    }

    /// Returns the schema of a parameter, which is the parameter itself in Swagger 2.0.
    fn parameter_schema(&mut self, parameter: Located<'d>) -> Option<Located<'d>> {
        if let Some(schema) = parameter.get("schema") {
            return Some(schema);
        }
        if parameter.get("content").is_some() {
            self.omissions.add(Omission::ParameterContent, parameter.place_of("content"));
            return None;
        }
        (self.version == OpenApiVersion::Swagger2).then_some(parameter)
    }

    /// Returns the members of an object as parameters of their own, which is how they are sent.
    fn flatten_object(
        &mut self,
        parameter: Located<'d>,
        view: &SchemaView<'d>,
        required: Option<FilePlace>,
    ) -> Vec<InputMember<'d>> {
        let name = parameter.text("name").unwrap_or_default();
        let is_deep = parameter.text("style") == Some("deepObject");
        let is_joined = !is_deep && parameter.get("explode").is_some_and(|explode| explode.node.value.is_false());
        let properties = view.properties();
        if is_joined || properties.is_empty() {
            self.omissions.add(Omission::ParameterStyle, parameter.place());
            return Vec::new();
        }
        let required_members = view.required();
        let mut examples = stated_examples(parameter);
        examples.extend(view.examples());
        properties
            .into_iter()
            .filter(|(_, property)| !self.is_excluded(&property.schemas, Direction::Request))
            .map(|(member, property)| {
                let wire = if is_deep { format!("{name}[{member}]") } else { member.to_owned() };
                let own = if is_deep { format!("{name}_{member}") } else { member.to_owned() };
                InputMember {
                    wire,
                    required: required.and_then(|_| required_members.get(member).copied()),
                    examples: examples_of_member(&examples, member),
                    ..InputMember::new(&own, MemberLocation::Query, property.schemas, property.place)
                }
            })
            .collect()
    }

    /// Returns the shape of a value that may also be valid in another form; without a schema it is a text.
    pub fn open_shape_or_text(&mut self, schemas: &[Located<'d>], hint: &str, place: FilePlace) -> ShapeId {
        if schemas.is_empty() {
            self.at(place);
            let id = self.builder.add_shape(hint, ShapeKind::String, place.line);
            self.builder.shape_mut(&id).open = true;
            return id;
        }
        self.open_shape_of(schemas, hint, Direction::Request, place)
    }
}

/// Returns the names of the labels in a path.
fn labels(path: &str) -> Vec<&str> {
    path.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(label, _)| label).collect()
}

fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
