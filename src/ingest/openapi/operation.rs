//! Reads one operation: route, parameters, body, responses.
//!
//! It never looks into a schema, except to place the members of a body.

use super::body::BodyDescription;
use super::entry::{InputMember, OperationEntry};
use super::{Direction, FilePlace, Located, Omission, OpenApiReader};
use crate::contract::{FactField, FactOrigin, MemberLocation, ShapeId, ShapeKind};
use indexmap::IndexMap;

/// The methods that a path lists as members of its own.
const METHODS: [&str; 9] = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

impl<'d> OpenApiReader<'d> {
    /// Returns the operations of a path.
    pub fn operations_of(&mut self, path: &'d str, item: Located<'d>) -> Vec<OperationEntry<'d>> {
        let (item, _) = self.files.follow(item);
        let shared_parameters: Vec<Located<'d>> = item.get("parameters").into_iter().flat_map(Located::items).collect();
        if item.get("servers").is_some() {
            self.omissions.add(Omission::OtherServers, item.place_of("servers"));
        }
        let further = item.get("additionalOperations").into_iter().flat_map(Located::entries);
        let known = item.entries().filter(|(key, ..)| METHODS.contains(key));
        known
            .chain(further)
            .map(|(method, place, operation)| {
                let (operation, _) = self.files.follow(operation);
                OperationEntry { path, method, place, item: operation, shared_parameters: shared_parameters.clone() }
            })
            .collect()
    }

    /// Adds an operation to the contract, unless its requests cannot be sent.
    pub fn read_operation(
        &mut self,
        name: &str,
        entry: &OperationEntry<'d>,
        default_security: Option<Located<'d>>,
        has_security: bool,
    ) {
        let item = entry.item;
        let path = entry.path.split('#').next().unwrap_or_default();
        if path.chars().any(|c| c.is_whitespace() || c.is_control() || "<>\"\\^`|".contains(c)) {
            let message = format!("operation `{name}` is left out: `{path}` has characters that no URL has");
            self.warn(entry.place, message, "write labels in braces, and `%20` for a space");
            return;
        }
        if !entry.method.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') || entry.method == "trace" {
            self.warn(
                entry.place,
                format!("operation `{name}` is left out: its method cannot be sent"),
                "use another one",
            );
            return;
        }
        let mut members = self.read_parameters(entry);
        let mut content_type = None;
        match self.read_body(entry) {
            BodyDescription::None => {}
            BodyDescription::Members(body, media_type) => {
                members.extend(body);
                content_type = media_type;
            }
            BodyDescription::Unsendable(media_type, place) => {
                let message = format!("operation `{name}` is left out: its body is `{media_type}`");
                self.warn(place, message, "JSON, forms, text and `application/octet-stream` are sent");
                return;
            }
        }
        self.at(entry.place);
        let index = self.builder.add_operation(name, entry.place.line);
        self.builder.contract.operations[index].traits.content_type = content_type;
        let method = entry.method.to_ascii_uppercase();
        self.builder.record_operation_fact(index, FactField::HttpMethod, method, entry.place.line);
        self.builder.record_operation_fact(index, FactField::HttpUri, path, entry.place.line);
        for (key, omission) in [("callbacks", Omission::Callbacks), ("servers", Omission::OtherServers)] {
            if item.get(key).is_some() {
                self.omissions.add(omission, item.place_of(key));
            }
        }
        for key in ["summary", "description"] {
            if let Some(text) = item.text(key) {
                self.at(item.place_of(key));
                self.builder.record_operation_law(index, text, item.place_of(key).line);
            }
        }
        for (parameter, _) in self.all_parameters(entry) {
            if let (Some("header"), Some(header), Some(text)) =
                (parameter.text("in"), parameter.text("name"), parameter.text("description"))
            {
                self.at(parameter.place());
                self.builder.record_header_law(index, header, text, parameter.place().line);
            }
        }
        self.add_input(index, name, entry.place, members);
        self.note_relations_of_operation(index, item);
        if let (Some(body), Some(input)) =
            (self.body_object.take(), self.builder.contract.operations[index].input.clone())
        {
            self.note_object_relations(&input, &body);
        }
        self.read_responses(index, name, item);
        self.read_operation_security(index, item.get("security").or(default_security), has_security);
    }

    fn add_input(&mut self, index: usize, name: &str, place: FilePlace, members: Vec<InputMember<'d>>) {
        self.at(place);
        let kind = ShapeKind::Structure { members: IndexMap::new() };
        let input = self.builder.add_shape(&format!("{}Request", super::names::shape_name(name)), kind, place.line);
        self.builder.contract.operations[index].input = Some(input.clone());
        let mut used: Vec<String> = Vec::new();
        for mut member in members {
            // A parameter and a member of the body may have the same name.
            while used.contains(&member.name) {
                member.name.push_str(match member.location {
                    MemberLocation::Header => "Header",
                    MemberLocation::Query => "Query",
                    MemberLocation::Cookie => "Cookie",
                    _ => "Body",
                });
            }
            used.push(member.name.clone());
            self.add_input_member(&input, member);
        }
    }

    fn add_input_member(&mut self, input: &ShapeId, member: InputMember<'d>) {
        let text_pattern = member.text_pattern;
        let InputMember {
            name, wire, location, schemas, required, place, is_open, traits, examples, described, ..
        } = member;
        let hint = format!("{input}{}", super::names::pascal_case(&name));
        let shape = match is_open {
            false => self.shape_of(&schemas, &hint, Direction::Request, place),
            true => self.open_shape_or_text(&schemas, &hint, place),
        };
        if let Some(pattern) = text_pattern {
            let (field, origin) = (FactField::Pattern, FactOrigin::Assumed);
            self.builder.record_shape_fact_as(&shape, field, pattern, place.line, origin);
        }
        // The shape of a reference describes other members, too.
        let is_shared = schemas.iter().any(|schema| schema.get("$ref").is_some());
        self.described_members
            .extend(described.filter(|_| !is_shared).map(|owner| (input.clone(), shape.clone(), name.clone(), owner)));
        self.note_described_relations(input, &shape, &name, &schemas);
        self.at(place);
        self.builder.add_member(input, &name, &shape, place.line);
        let wire = (wire != name).then_some(wire.as_str());
        if location != MemberLocation::Body || wire.is_some() {
            self.builder.set_location(input, &name, location, wire, place.line);
        }
        let members = self.builder.shape_mut(input).kind.members_mut();
        if let Some(member) = members.and_then(|members| members.get_mut(&name)) {
            member.traits = traits;
            member.examples = examples.iter().map(|example| example.node.to_json()).collect();
        }
        let field = FactField::MemberRequired(name);
        self.record(input, field, required.is_some(), required.unwrap_or(place));
    }
}
