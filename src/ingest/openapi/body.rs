//! Reads the body of requests: the members of a JSON object, the fields of a form, or another value as a whole.
//!
//! It never chooses a form if JSON is accepted, too.

use super::entry::{InputMember, OperationEntry};
use super::examples::{examples_of_member, stated_examples};
use super::{Direction, FilePlace, Located, Omission, OpenApiReader, OpenApiVersion, SchemaView};
use crate::contract::MemberLocation;

/// Name of the member that is the whole body.
const BODY_MEMBER: &str = "body";

/// What an operation says about the body of its requests.
pub(super) enum BodyDescription<'d> {
    None,
    /// The members, and the media type if it is not `application/json`.
    Members(Vec<InputMember<'d>>, Option<String>),
    /// A required body of a media type that cannot be sent.
    Unsendable(String, FilePlace),
}

/// A media type of a body.
struct MediaType<'d> {
    name: &'d str,
    content: MediaContent<'d>,
}

/// What a body of a media type holds.
#[derive(Clone)]
enum MediaContent<'d> {
    /// An object with schema, examples and encoding.
    Described(Located<'d>),
    /// A body parameter of Swagger 2.0.
    Parameter(Located<'d>),
    /// The form parameters of Swagger 2.0.
    Fields(Vec<Located<'d>>),
}

impl<'d> MediaContent<'d> {
    /// Returns the object that has the schema and the examples.
    fn owner(&self) -> Option<Located<'d>> {
        match self {
            Self::Described(owner) | Self::Parameter(owner) => Some(*owner),
            Self::Fields(_) => None,
        }
    }

    fn schema(&self) -> Option<Located<'d>> {
        self.owner()?.get("schema")
    }
}

/// How a body is sent, the preferred way first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum BodyKind {
    /// `application/json` itself.
    PlainJson,
    /// Another kind of JSON.
    Json,
    UrlEncoded,
    Multipart,
    Raw,
    Other,
}

/// What is said about the body as a whole.
#[derive(Clone, Copy)]
struct BodyUse {
    is_required: bool,
    place: FilePlace,
}

impl<'d> OpenApiReader<'d> {
    /// Returns the body of an operation's requests.
    pub fn read_body(&mut self, entry: &OperationEntry<'d>) -> BodyDescription<'d> {
        let Some((media_types, body)) = self.media_types_of(entry) else { return BodyDescription::None };
        if matches!(entry.method, "get" | "head") {
            self.omissions.add(Omission::BodyOfGet, body.place);
            return BodyDescription::None;
        }
        let names: Vec<&str> = media_types.iter().map(|media_type| media_type.name).collect();
        let chosen = media_types.iter().min_by_key(|media_type| body_kind(media_type.name));
        let members = chosen.and_then(|media_type| {
            let content_type = Some(media_type.name.to_owned()).filter(|name| !name.contains('*'));
            let required = body.is_required.then_some(body.place);
            let members = match body_kind(media_type.name) {
                BodyKind::PlainJson | BodyKind::Json => self.json_members(media_type.content.owner(), body),
                BodyKind::Raw => vec![InputMember {
                    examples: media_type.content.owner().map(stated_examples).unwrap_or_default(),
                    ..whole_body(media_type.content.schema(), required, body.place)
                }],
                BodyKind::UrlEncoded | BodyKind::Multipart => match &media_type.content {
                    MediaContent::Described(owner) => self.form_fields(*owner)?,
                    MediaContent::Fields(fields) => self.form_parameters(fields),
                    MediaContent::Parameter(_) => return None,
                },
                BodyKind::Other => return None,
            };
            let is_protocols_own = media_type.name.trim().eq_ignore_ascii_case("application/json");
            Some((members, content_type.filter(|_| !is_protocols_own)))
        });
        match (members, names.as_slice()) {
            (Some((members, content_type)), _) => BodyDescription::Members(members, content_type),
            (None, []) => BodyDescription::None,
            (None, _) if body.is_required => BodyDescription::Unsendable(names.join("`, `"), body.place),
            (None, _) => {
                self.omissions.add(Omission::OtherBody, body.place);
                BodyDescription::None
            }
        }
    }

    /// Returns the media types of a body, and what is said about it.
    fn media_types_of(&self, entry: &OperationEntry<'d>) -> Option<(Vec<MediaType<'d>>, BodyUse)> {
        if self.version != OpenApiVersion::Swagger2 {
            let place = entry.item.place_of("requestBody");
            let (body, _) = self.files.follow(entry.item.get("requestBody")?);
            let content = body.get("content").into_iter().flat_map(Located::entries);
            let types = content.map(|(name, _, media_type)| {
                let (media_type, _) = self.files.follow(media_type);
                MediaType { name, content: MediaContent::Described(media_type) }
            });
            return Some((types.collect(), BodyUse { is_required: body.node.is_true("required"), place }));
        }
        let parameters: Vec<Located<'d>> = self.all_parameters(entry).into_iter().map(|(one, _)| one).collect();
        let consumes = entry.item.get("consumes").or_else(|| self.files.root().get("consumes"));
        let mut names: Vec<&'d str> =
            consumes.into_iter().flat_map(Located::items).filter_map(|item| item.node.as_text()).collect();
        if let Some(body) = parameters.iter().find(|one| one.text("in") == Some("body")) {
            if names.is_empty() {
                names.push("application/json");
            }
            let of_name = |name| MediaType { name, content: MediaContent::Parameter(*body) };
            let body_use = BodyUse { is_required: body.node.is_true("required"), place: body.place() };
            return Some((names.into_iter().map(of_name).collect(), body_use));
        }
        let fields: Vec<Located<'d>> =
            parameters.into_iter().filter(|one| one.text("in") == Some("formData")).collect();
        let place = fields.first()?.place();
        let has_file = fields.iter().any(|field| field.text("type") == Some("file"));
        let is_form = |name: &&str| {
            matches!(body_kind(name), BodyKind::Multipart) || !has_file && body_kind(name) == BodyKind::UrlEncoded
        };
        let usual = if has_file { "multipart/form-data" } else { "application/x-www-form-urlencoded" };
        let name = names.into_iter().filter(is_form).min_by_key(|name| body_kind(name)).unwrap_or(usual);
        let is_required = fields.iter().any(|field| field.node.is_true("required"));
        let form = MediaType { name, content: MediaContent::Fields(fields) };
        Some((vec![form], BodyUse { is_required, place }))
    }

    /// Returns the members of a JSON body: those of its object, or a single one that is the whole body.
    fn json_members(&mut self, owner: Option<Located<'d>>, body: BodyUse) -> Vec<InputMember<'d>> {
        let BodyUse { is_required, place } = body;
        let mut examples = owner.map(stated_examples).unwrap_or_default();
        let Some(schema) = owner.and_then(|owner| owner.get("schema")) else {
            return vec![InputMember { examples, ..whole_body(None, is_required.then_some(place), place) }];
        };
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
            return vec![InputMember { examples, ..whole_body(Some(schema), is_required.then_some(place), place) }];
        }
        examples.extend(view.examples());
        if !is_required {
            self.omissions.add(Omission::OptionalBody, place);
        }
        for (omission, place) in std::mem::take(&mut view.omissions) {
            self.omissions.add(omission, place);
        }
        let required = view.required();
        self.body_object = Some(view);
        properties
            .into_iter()
            .filter(|(_, property)| !self.is_excluded(&property.schemas, Direction::Request))
            .map(|(name, property)| InputMember {
                required: required.get(name).copied(),
                examples: examples_of_member(&examples, name),
                ..InputMember::new(name, MemberLocation::Body, property.schemas, property.place)
            })
            .collect()
    }
}

fn whole_body(schema: Option<Located<'_>>, required: Option<FilePlace>, place: FilePlace) -> InputMember<'_> {
    let schemas = schema.into_iter().collect();
    InputMember { required, ..InputMember::new(BODY_MEMBER, MemberLocation::Payload, schemas, place) }
}

/// Returns how a body of a media type is sent.
fn body_kind(media_type: &str) -> BodyKind {
    let name = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match name.as_str() {
        "application/json" => BodyKind::PlainJson,
        "application/x-www-form-urlencoded" => BodyKind::UrlEncoded,
        "multipart/form-data" => BodyKind::Multipart,
        "text/xml" | "text/html" => BodyKind::Other,
        "application/octet-stream" | "application/x-ndjson" => BodyKind::Raw,
        name if is_json(name) => BodyKind::Json,
        name if name.starts_with("text/") => BodyKind::Raw,
        _ => BodyKind::Other,
    }
}

/// Returns true if a body of a media type may be JSON.
pub(super) fn is_json(media_type: &str) -> bool {
    let name = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    name.ends_with("/json") || name.ends_with("+json") || matches!(name.as_str(), "*/*" | "application/*" | "*")
}
