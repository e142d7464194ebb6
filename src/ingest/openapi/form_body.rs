//! Reads forms as bodies of requests: each field is a member of the input.
//!
//! It never chooses the media type; `body` does.

use super::entry::InputMember;
use super::examples::{examples_of_member, stated_examples};
use super::parameter_style::{ListStyle, list_style};
use super::{Direction, Located, Omission, OpenApiReader, SchemaView};
use crate::contract::{MemberLocation, WireTraits};

impl<'d> OpenApiReader<'d> {
    /// Returns the fields that an object schema describes, or `None` if the schema describes another type.
    pub fn form_fields(&mut self, media_type: Located<'d>) -> Option<Vec<InputMember<'d>>> {
        let schema = media_type.get("schema")?;
        let view = SchemaView::new(self.files, self.version, &[schema]);
        let properties = view.properties();
        if properties.is_empty() {
            return None;
        }
        for (omission, place) in &view.omissions {
            self.omissions.add(*omission, *place);
        }
        let required = view.required();
        let mut examples = stated_examples(media_type);
        examples.extend(view.examples());
        let encodings = media_type.get("encoding");
        let fields: Vec<_> = properties
            .into_iter()
            .filter(|(_, property)| !self.is_excluded(&property.schemas, Direction::Request))
            .collect();
        let of_field = |(name, property): (&'d str, super::schema::SchemaProperty<'d>)| {
            let encoding = encodings.and_then(|all| all.get(name));
            let member = InputMember {
                required: required.get(name).copied(),
                examples: examples_of_member(&examples, name),
                is_open: view.open,
                ..InputMember::new(name, MemberLocation::Form, property.schemas, property.place)
            };
            self.form_field(member, encoding)
        };
        Some(fields.into_iter().map(of_field).collect())
    }

    /// Returns the fields of a Swagger 2.0 form, which are parameters.
    pub fn form_parameters(&mut self, fields: &[Located<'d>]) -> Vec<InputMember<'d>> {
        let of_field = |field: &Located<'d>| {
            let name = field.text("name").unwrap_or_default();
            let member = InputMember {
                required: field.node.is_true("required").then(|| field.place_of("required")),
                examples: stated_examples(*field),
                ..InputMember::new(name, MemberLocation::Form, vec![*field], field.place())
            };
            self.form_field(member, Some(*field))
        };
        fields.iter().map(of_field).collect()
    }

    /// Completes a field with how its value is written.
    fn form_field(&mut self, mut member: InputMember<'d>, encoding: Option<Located<'d>>) -> InputMember<'d> {
        let mut view = SchemaView::new(self.files, self.version, &member.schemas);
        let types = view.types().map(|(names, _)| names).unwrap_or_default();
        let is_list = types == ["array"] || (types.is_empty() && view.first("items").is_some());
        let is_object = types == ["object"] || (types.is_empty() && view.first("properties").is_some());
        if is_object {
            self.omissions.add(Omission::FormObject, member.place);
            member.is_open = true;
        }
        if is_list {
            match list_style(encoding, MemberLocation::Form, self.version) {
                ListStyle::Joined(separator) => {
                    member.traits = WireTraits { separator: Some(separator.to_owned()), ..WireTraits::default() };
                }
                ListStyle::Repeated => {}
                ListStyle::Other => {
                    self.omissions.add(Omission::ParameterStyle, member.place);
                    member.schemas = view.all("items").map(|(items, _)| items).collect();
                    member.is_open = true;
                }
            }
        }
        member
    }
}
