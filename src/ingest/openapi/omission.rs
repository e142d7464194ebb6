//! What a document says and a contract cannot express, counted by kind.
//!
//! It never decides what is expressed.

use super::{FilePlace, OpenApiFiles};
use crate::ingest::{IngestDiagnostic, IngestSeverity};
use indexmap::{IndexMap, IndexSet};
use std::fmt::Write as _;

/// Maximum number of lines that a diagnostic lists.
const MAX_LISTED_LINES: usize = 5;

/// A kind of statement that is missing from the contract, or only a part of which is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Omission {
    OneOf,
    AnyOf,
    Not,
    Condition,
    Discriminator,
    SeveralTypes,
    MissingType,
    ConflictingTypes,
    Contradiction,
    FurtherMembers,
    NamePatterns,
    ItemPositions,
    FurtherMultiple,
    MemberCount,
    OtherEnum,
    MisplacedLimit,
    FurtherPattern,
    ReferenceSiblings,
    BrokenReference,
    InvalidSchema,
    FormObject,
    UnknownCredential,
    OtherCredential,
    CombinedCredentials,
    ParameterContent,
    ParameterStyle,
    UndescribedParameter,
    UnusedParameter,
    OptionalBody,
    OtherBody,
    BodyOfGet,
    OtherResponseBody,
    SeveralSuccesses,
    ResponseHeaders,
    Callbacks,
    Webhooks,
    Links,
    OtherServers,
}

impl Omission {
    /// Returns true if nothing that a request or a response must fulfil is lost.
    fn is_note(self) -> bool {
        matches!(
            self,
            Self::Callbacks
                | Self::Webhooks
                | Self::Links
                | Self::OtherServers
                | Self::MissingType
                | Self::ReferenceSiblings
                | Self::UnusedParameter
                | Self::UndescribedParameter
                | Self::OptionalBody
        )
    }

    fn message(self) -> &'static str {
        match self {
            Self::OneOf => "`oneOf`: values of the first alternative are tested, and none is expected to be rejected",
            Self::AnyOf => "`anyOf`: values of the first alternative are tested, and none is expected to be rejected",
            Self::Not => "`not` is not tested",
            Self::Condition => {
                "a condition (`if`, `dependentSchemas`) that is more than a rule about members is not tested"
            }
            Self::Discriminator => "`discriminator`: only the first alternative is tested",
            Self::SeveralTypes => {
                "several types: values of the first type are tested, and none is expected to be rejected"
            }
            Self::MissingType => "no `type`, so a value of any type is allowed",
            Self::ConflictingTypes => "the types in `allOf` exclude each other; the first one is used",
            Self::Contradiction => "limits contradict each other, so that no value is valid; they are not used",
            Self::FurtherMembers => "`additionalProperties` beside `properties`: further members are not tested",
            Self::NamePatterns => "`patternProperties` and `propertyNames` are not tested",
            Self::ItemPositions => "`prefixItems` and `contains` are not tested",
            Self::FurtherMultiple => "of several `multipleOf` for one value, only the first is tested",
            Self::MemberCount => "the number of members (`minProperties`, `maxProperties`) is not tested",
            Self::OtherEnum => "an `enum` of values that are not all strings is only partly tested",
            Self::MisplacedLimit => "a limit that does not apply to the type has no effect",
            Self::FurtherPattern => "of several patterns for one value, only the first is tested",
            Self::ReferenceSiblings => "keywords beside `$ref` have no effect before OpenAPI 3.1",
            Self::BrokenReference => "`$ref` names nothing; any value is allowed",
            Self::InvalidSchema => "a schema is neither an object nor a boolean; any value is allowed",
            Self::FormObject => "an object in a form is sent as JSON text; none is expected to be rejected",
            Self::UnknownCredential => "an operation names a security scheme that the document does not define",
            Self::OtherCredential => "this kind of security scheme is not supported",
            Self::CombinedCredentials => "several security schemes at once: the first one is used",
            Self::ParameterContent => "a parameter with `content` is treated as a text",
            Self::ParameterStyle => {
                "a list or object in a form that a contract does not describe is tested with a single value"
            }
            Self::UndescribedParameter => "a segment of the path has no parameter; it is treated as a text",
            Self::UnusedParameter => "a parameter of the path does not occur in the path",
            Self::OptionalBody => "an optional body is always sent",
            Self::OtherBody => "an optional body of this media type is not sent",
            Self::BodyOfGet => "the body of a GET, HEAD or TRACE request is not sent",
            Self::OtherResponseBody => "a response body that is not JSON is not compared",
            Self::SeveralSuccesses => "several success statuses: any of them is expected, and the body is not compared",
            Self::ResponseHeaders => "headers of responses are not compared",
            Self::Callbacks => "callbacks are left out",
            Self::Webhooks => "webhooks are left out: the API's users receive them",
            Self::Links => "links are not used",
            Self::OtherServers => "further servers are not used; the endpoint's URL replaces the first one",
        }
    }
}

/// All omissions of a document, with their places.
#[derive(Default)]
pub(super) struct Omissions {
    found: IndexMap<Omission, IndexSet<FilePlace>>,
}

impl Omissions {
    /// Adds an omission; the same place counts once.
    pub fn add(&mut self, omission: Omission, place: FilePlace) {
        self.found.entry(omission).or_default().insert(place);
    }

    /// Returns one diagnostic for each kind, at its first place, with the number of places and some of their lines.
    pub fn into_diagnostics(self, files: &OpenApiFiles<'_>) -> Vec<IngestDiagnostic> {
        let of_kind = |(omission, places): (Omission, IndexSet<FilePlace>)| {
            let first = places.first()?;
            let text = files.text(first.file);
            let mut message = omission.message().to_owned();
            if places.len() > 1 {
                let listed: Vec<String> = places
                    .iter()
                    .take(MAX_LISTED_LINES)
                    .map(|place| match place.file == first.file {
                        true => place.line.to_string(),
                        false => format!("{}:{}", files.text(place.file).name, place.line),
                    })
                    .collect();
                let _ = write!(message, " ({} places: {}", places.len(), listed.join(", "));
                message.push_str(if places.len() > MAX_LISTED_LINES { ", …)" } else { ")" });
            }
            Some(match omission.is_note() {
                true => text.note(first.line, message),
                false => {
                    let place = text.line_location(first.line);
                    IngestDiagnostic { severity: IngestSeverity::Warning, place, message, hint: None }
                }
            })
        };
        self.found.into_iter().filter_map(of_kind).collect()
    }
}
