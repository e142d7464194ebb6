//! What a contract cannot tell the server: which resources exist, and who may call.
//!
//! Holds plain values; never reads a scenario.

use crate::contract::MemberPath;

/// Everything outside the contract that determines a response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerConfig {
    /// The identifiers that exist. A member that is not listed here may have any value.
    pub known_identifiers: Vec<KnownIdentifier>,
    /// The keys that callers may authenticate with. If there are none, no key is required.
    pub bearer_keys: Vec<BearerKey>,
    /// Whether a request must carry an `Authorization` header in the form of AWS Signature Version 4.
    /// Its signature is not verified.
    pub require_sigv4: bool,
    /// Path of the code in the body of a plain REST/JSON error; `error.code` by default.
    pub error_code_path: Option<String>,
    /// The kinds of resources that requests create, name and delete.
    pub resources: Vec<ResourceDefinition>,
    /// Members that no two resources share: the operation that creates the resource, and its member.
    pub unique_members: Vec<(String, String)>,
    /// Texts in responses, in addition to the minimum that their shapes require.
    pub output_texts: Vec<OutputText>,
}

/// A kind of resource. A resource exists from the request that creates it until one that deletes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceDefinition {
    /// The operation that creates a resource.
    pub created_by: String,
    /// The operations that delete the resource that they name.
    pub deleted_by: Vec<String>,
    /// The identifiers of a resource.
    pub identifiers: Vec<ResourceIdentifier>,
    /// The members of inputs that identify a resource.
    pub identifier_members: Vec<IdentifierMember>,
}

/// Where the identifier of a resource comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResourceIdentifier {
    /// A member of the creating operation's input, or a member inside one: `DatabaseInput.Name`.
    FromInput(String),
    /// A path in its response, with names from the contract or the wire: `Queue.Urls[0]`.
    FromOutput(String),
}

/// A member of an input that identifies a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentifierMember {
    /// The operation.
    pub operation: String,
    /// The member's path.
    pub member: MemberPath,
    /// Index into [`ResourceDefinition::identifiers`].
    pub identifier_index: usize,
}

/// A fixed text in the responses of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputText {
    /// The operation.
    pub operation: String,
    /// A path in its response, as in [`ResourceIdentifier::FromOutput`].
    pub path: String,
    /// The text.
    pub text: String,
}

/// The identifiers that exist for input members of a given name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownIdentifier {
    /// The name of an input member, for example `InstanceId`.
    pub member: String,
    /// The identifier, in which `{case}` (or `{case:2}` …) stands for 12 lower-case hexadecimal digits.
    pub template: String,
}

/// A key and the permissions that its owner lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BearerKey {
    /// The key itself.
    pub key: String,
    /// Documented permissions that its owner does not have.
    pub missing_permissions: Vec<String>,
}

/// A parsed [`KnownIdentifier::template`].
#[derive(Clone, Debug)]
pub(super) struct IdentifierTemplate(Vec<TemplatePart>);

#[derive(Clone, Debug)]
enum TemplatePart {
    Text(String),
    CaseDigits,
}

const CASE_DIGIT_COUNT: usize = 12;

impl IdentifierTemplate {
    pub(super) fn new(form: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = form;
        while let Some(start) = rest.find("{case") {
            let Some(length) = rest[start..].find('}') else { break };
            let suffix = &rest[start + "{case".len()..start + length];
            if !suffix.is_empty() && !suffix.starts_with(':') {
                break;
            }
            pieces.push(TemplatePart::Text(rest[..start].to_owned()));
            pieces.push(TemplatePart::CaseDigits);
            rest = &rest[start + length + 1..];
        }
        pieces.push(TemplatePart::Text(rest.to_owned()));
        Self(pieces)
    }

    pub(super) fn matches(&self, id: &str) -> bool {
        let mut rest = id.as_bytes();
        for piece in &self.0 {
            match piece {
                TemplatePart::Text(text) => match rest.strip_prefix(text.as_bytes()) {
                    Some(after) => rest = after,
                    None => return false,
                },
                TemplatePart::CaseDigits => match rest.split_at_checked(CASE_DIGIT_COUNT) {
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
        let form = IdentifierTemplate::new("aaaaaaaa-bbbb-cccc-dddd-{case}");
        assert!(form.matches("aaaaaaaa-bbbb-cccc-dddd-0123456789ab"));
        for other in [
            "aaaaaaaa-bbbb-cccc-dddd-0123456789a",
            "aaaaaaaa-bbbb-cccc-dddd-0123456789abc",
            "aaaaaaaa-bbbb-cccc-dddd-0123456789AB",
            "aaaaaaaa-bbbb-cccc-dddd-é0123456789",
            "Aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
            "",
        ] {
            assert!(!form.matches(other), "{other}");
        }
        assert!(IdentifierTemplate::new("x{case:2}y").matches("x0123456789aby"));
        assert!(IdentifierTemplate::new("plain").matches("plain"));
        assert!(IdentifierTemplate::new("{caseless}").matches("{caseless}"));
    }
}
