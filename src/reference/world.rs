//! What the server cannot read out of a contract: which resources exist, and who may call.
//!
//! Plain values; never reads a scenario.

use crate::contract::MemberPath;

/// Everything outside the contract that decides an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct World {
    /// Which identifiers exist. A member that is not named here may have any value.
    pub known: Vec<KnownId>,
    /// The keys that callers may prove themselves with. Where there are none, no key is asked for.
    pub bearer_keys: Vec<BearerKey>,
    /// Whether a request must carry an `Authorization` header in the form of AWS Signature Version 4.
    /// Its signature is not verified.
    pub require_sigv4: bool,
    /// Where the body of a plain REST/JSON error holds the code; `error.code` where nothing is said.
    pub error_code: Option<String>,
    /// What requests make, name and take away.
    pub resources: Vec<Resource>,
    /// What answers say, beside the least that their shapes ask for.
    pub shown: Vec<Shown>,
}

/// A kind of resource: one exists from the request that makes it until one that takes it away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    /// The operation that makes one.
    pub made_by: String,
    /// The operations that take away the one that they name.
    pub taken_away_by: Vec<String>,
    /// What one is known by.
    pub identifiers: Vec<Identifier>,
    /// The members of inputs that name one.
    pub namings: Vec<Naming>,
}

/// Where the text stands that a resource is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identifier {
    /// A member of the making operation's input.
    Chosen(String),
    /// A path of its answer, by names of the contract or of the wire: `Queue.Urls[0]`.
    Given(String),
}

/// A member of an input that names a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naming {
    /// The operation.
    pub operation: String,
    /// The member's path.
    pub member: MemberPath,
    /// Which of [`Resource::identifiers`] it is.
    pub identifier: usize,
}

/// A text in the answers of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The operation.
    pub operation: String,
    /// A path of its answer, as in [`Identifier::Given`].
    pub path: String,
    /// The text.
    pub text: String,
}

/// The identifiers that exist for input members of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownId {
    /// The name of a member of an input, for example `InstanceId`.
    pub member: String,
    /// The identifier's text, in which `{case}` (or `{case:2}` …) stands for 12 lower-case hexadecimal digits.
    pub form: String,
}

/// A key and what its owner may not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BearerKey {
    /// The key itself.
    pub key: String,
    /// Documented permissions that its owner does not have.
    pub lacks: Vec<String>,
}

/// A [`KnownId::form`] ready to compare with.
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
    fn a_form_fits_its_own_identifiers_only() {
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
