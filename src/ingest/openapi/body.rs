//! Reads the body of requests: the members of a JSON object, or another value as a whole.
//!
//! It never chooses a form if JSON is accepted, too.

use super::entry::{InputMember, OperationEntry};
use super::{Direction, FilePlace, Located, Omission, OpenApiReader, OpenApiVersion, SchemaView};
use crate::contract::MemberLocation;

/// Name of the member that is the whole body.
const BODY_MEMBER: &str = "body";

/// What an operation says about the body of its requests.
pub(super) enum BodyDescription<'d> {
    None,
    Members(Vec<InputMember<'d>>),
    /// A required body of a media type that cannot be sent.
    Unsendable(String, FilePlace),
}

/// A media type with its schema.
struct MediaType<'d> {
    name: &'d str,
    schema: Option<Located<'d>>,
}

/// How a body is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BodyKind {
    Json,
    Raw,
    Other,
}

impl<'d> OpenApiReader<'d> {
    /// Returns the body of an operation's requests.
    pub fn read_body(&mut self, entry: &OperationEntry<'d>) -> BodyDescription<'d> {
        let Some((media_types, is_required, place)) = self.media_types_of(entry) else { return BodyDescription::None };
        if matches!(entry.method, "get" | "head") {
            self.omissions.add(Omission::BodyOfGet, place);
            return BodyDescription::None;
        }
        let of_kind = |kind: BodyKind| media_types.iter().find(|media_type| body_kind(media_type.name) == kind);
        if let Some(media_type) = of_kind(BodyKind::Json) {
            return BodyDescription::Members(self.json_members(media_type.schema, is_required, place));
        }
        if let Some(media_type) = of_kind(BodyKind::Raw) {
            return BodyDescription::Members(vec![whole_body(media_type.schema, is_required.then_some(place), place)]);
        }
        let names: Vec<&str> = media_types.iter().map(|media_type| media_type.name).collect();
        match (names.as_slice(), is_required) {
            ([], _) => BodyDescription::None,
            (_, true) => BodyDescription::Unsendable(names.join("`, `"), place),
            (_, false) => {
                self.omissions.add(Omission::OtherBody, place);
                BodyDescription::None
            }
        }
    }

    /// Returns the media types of a body, whether it is required, and its place.
    fn media_types_of(&self, entry: &OperationEntry<'d>) -> Option<(Vec<MediaType<'d>>, bool, FilePlace)> {
        if self.version != OpenApiVersion::Swagger2 {
            let place = entry.item.place_of("requestBody");
            let (body, _) = self.files.follow(entry.item.get("requestBody")?);
            let content = body.get("content").into_iter().flat_map(Located::entries);
            let types = content.map(|(name, _, media_type)| {
                let (media_type, _) = self.files.follow(media_type);
                MediaType { name, schema: media_type.get("schema") }
            });
            return Some((types.collect(), body.node.is_true("required"), place));
        }
        let parameters: Vec<Located<'d>> = self.all_parameters(entry).into_iter().map(|(one, _)| one).collect();
        let consumes = entry.item.get("consumes").or_else(|| self.files.root().get("consumes"));
        let mut names: Vec<&'d str> =
            consumes.into_iter().flat_map(Located::items).filter_map(|item| item.node.as_text()).collect();
        if let Some(body) = parameters.iter().find(|one| one.text("in") == Some("body")) {
            if names.is_empty() {
                names.push("application/json");
            }
            let types = names.into_iter().map(|name| MediaType { name, schema: body.get("schema") }).collect();
            return Some((types, body.node.is_true("required"), body.place()));
        }
        let fields: Vec<&Located<'d>> = parameters.iter().filter(|one| one.text("in") == Some("formData")).collect();
        let first = fields.first()?;
        let name = names.into_iter().find(|name| name.contains("form")).unwrap_or("application/x-www-form-urlencoded");
        let is_required = fields.iter().any(|field| field.node.is_true("required"));
        Some((vec![MediaType { name, schema: None }], is_required, first.place()))
    }

    /// Returns the members of a JSON body: those of its object, or a single one that is the whole body.
    fn json_members(
        &mut self,
        schema: Option<Located<'d>>,
        is_required: bool,
        place: FilePlace,
    ) -> Vec<InputMember<'d>> {
        let Some(schema) = schema else { return vec![whole_body(None, is_required.then_some(place), place)] };
        let mut view = SchemaView::new(self.files, self.version, &[schema]);
        let types = view.types().map(|(names, _)| names);
        let is_object = match &types {
            Some(names) => names == &["object"],
            None => view.first("properties").is_some(),
        };
        let properties = view.properties();
        let has_count = view.first("minProperties").is_some() || view.first("maxProperties").is_some();
        // What the schema says about the object as a whole needs a shape of its own.
        if !is_object || properties.is_empty() || view.open || view.nullable || has_count || types.is_none() {
            return vec![whole_body(Some(schema), is_required.then_some(place), place)];
        }
        if !is_required {
            self.omissions.add(Omission::OptionalBody, place);
        }
        for (omission, place) in std::mem::take(&mut view.omissions) {
            self.omissions.add(omission, place);
        }
        let required = view.required();
        properties
            .into_iter()
            .filter(|(_, property)| !self.is_excluded(&property.schemas, Direction::Request))
            .map(|(name, property)| InputMember {
                name: name.to_owned(),
                wire: name.to_owned(),
                location: MemberLocation::Body,
                schemas: property.schemas,
                required: required.get(name).copied(),
                place: property.place,
                is_single_item: false,
            })
            .collect()
    }
}

fn whole_body(schema: Option<Located<'_>>, required: Option<FilePlace>, place: FilePlace) -> InputMember<'_> {
    InputMember {
        name: BODY_MEMBER.to_owned(),
        wire: BODY_MEMBER.to_owned(),
        location: MemberLocation::Payload,
        schemas: schema.into_iter().collect(),
        required,
        place,
        is_single_item: false,
    }
}

/// Returns how a body of a media type is sent.
fn body_kind(media_type: &str) -> BodyKind {
    let name = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if is_json(&name) {
        BodyKind::Json
    } else if name == "application/octet-stream" || name == "text/plain" {
        BodyKind::Raw
    } else {
        BodyKind::Other
    }
}

/// Returns true if a body of a media type may be JSON.
pub(super) fn is_json(media_type: &str) -> bool {
    let name = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    name.ends_with("/json") || name.ends_with("+json") || matches!(name.as_str(), "*/*" | "application/*" | "*")
}
