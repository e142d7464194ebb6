//! What a contract cannot tell the server: which resources exist, and who may call.
//!
//! Holds plain values; never reads a scenario.

use crate::contract::MemberPath;

/// Everything outside the contract that determines a response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct World {
    /// The identifiers that exist. A member that is not listed here may have any value.
    pub known: Vec<KnownId>,
    /// The keys that callers may authenticate with. If there are none, no key is required.
    pub bearer_keys: Vec<BearerKey>,
    /// Whether a request must carry an `Authorization` header in the form of AWS Signature Version 4.
    /// Its signature is not verified.
    pub require_sigv4: bool,
    /// Path of the code in the body of a plain REST/JSON error; `error.code` by default.
    pub error_code: Option<String>,
    /// The kinds of resources that requests create, name and delete.
    pub resources: Vec<Resource>,
    /// Texts in responses, in addition to the minimum that their shapes require.
    pub shown: Vec<Shown>,
}

/// A kind of resource. A resource exists from the request that creates it until one that deletes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    /// The operation that creates a resource.
    pub made_by: String,
    /// The operations that delete the resource that they name.
    pub taken_away_by: Vec<String>,
    /// The identifiers of a resource.
    pub identifiers: Vec<Identifier>,
    /// The members of inputs that identify a resource.
    pub namings: Vec<Naming>,
}

/// Where the identifier of a resource comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identifier {
    /// A member of the creating operation's input.
    Chosen(String),
    /// A path in its response, with names from the contract or the wire: `Queue.Urls[0]`.
    Given(String),
}

/// A member of an input that identifies a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naming {
    /// The operation.
    pub operation: String,
    /// The member's path.
    pub member: MemberPath,
    /// Index into [`ResourceDefinition::identifiers`].
    pub identifier: usize,
}

/// A fixed text in the responses of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The operation.
    pub operation: String,
    /// A path in its response, as in [`ResourceIdentifier::FromOutput`].
    pub path: String,
    /// The text.
    pub text: String,
}

/// The identifiers that exist for input members of a given name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownId {
    /// The name of an input member, for example `InstanceId`.
    pub member: String,
    /// The identifier, in which `{case}` (or `{case:2}` …) stands for 12 lower-case hexadecimal digits.
    pub form: String,
}

/// A key and the permissions that its owner lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BearerKey {
    /// The key itself.
    pub key: String,
    /// Documented permissions that its owner does not have.
    pub lacks: Vec<String>,
}

/// A parsed [`KnownIdentifier::template`].
#[derive(Clone, Debug)]
pub(super) struct Form(Vec<Piece>);

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Case,
}

const CASE_DIGITS: usize = 12;

impl Form {
    pub(super) fn new(form: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = form;
        while let Some(start) = rest.find("{case") {
            let Some(length) = rest[start..].find('}') else { break };
            let hole = &rest[start + "{case".len()..start + length];
            if !hole.is_empty() && !hole.starts_with(':') {
                break;
            }
            pieces.push(Piece::Text(rest[..start].to_owned()));
            pieces.push(Piece::Case);
            rest = &rest[start + length + 1..];
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Self(pieces)
    }

    pub(super) fn fits(&self, id: &str) -> bool {
        let mut rest = id.as_bytes();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => match rest.strip_prefix(text.as_bytes()) {
                    Some(after) => rest = after,
                    None => return false,
                },
                Piece::Case => match rest.split_at_checked(CASE_DIGITS) {
                    Some((digits, after)) if digits.iter().all(|d| matches!(d, b'0'..=b'9' | b'a'..=b'f')) => {
                        rest = after;
                    }
                    _ => return false,
                },
            }
        }
        rest.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn template_matches_only_its_own_identifiers() {
        let form = Form::new("aaaaaaaa-bbbb-cccc-dddd-{case}");
        assert!(form.fits("aaaaaaaa-bbbb-cccc-dddd-0123456789ab"));
        for other in [
            "aaaaaaaa-bbbb-cccc-dddd-0123456789a",
            "aaaaaaaa-bbbb-cccc-dddd-0123456789abc",
            "aaaaaaaa-bbbb-cccc-dddd-0123456789AB",
            "aaaaaaaa-bbbb-cccc-dddd-é0123456789",
            "Aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
            "",
        ] {
            assert!(!form.fits(other), "{other}");
        }
        assert!(Form::new("x{case:2}y").fits("x0123456789aby"));
        assert!(Form::new("plain").fits("plain"));
        assert!(Form::new("{caseless}").fits("{caseless}"));
    }
}
