//! What a member's name says of the nature of its values.
//!
//! Names are guesses: whatever we sent ourselves comes back as it is, whatever it is called.

use crate::contract::Kind;

/// What a value is by its name and shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    /// Never the same twice, and of no use: a request's id, how long something took.
    Fleeting,
    /// A word that clients compare: a member of an enum, a truth.
    Word,
    /// Computed from what was sent: the same wherever it is computed.
    Digest,
    /// Drawn by the endpoint, whatever it looks like: a token, a handle, a tag of an entity.
    Secret,
    /// Names a thing, and may be drawn by the endpoint.
    Id,
    /// Names a thing, and is often chosen by whoever made it.
    Name,
    /// A moment.
    Time,
    /// Anything.
    Other,
}

impl Nature {
    /// From a member's name, and its shape where the contract has one.
    pub fn new(name: &str, kind: Option<&Kind>) -> Self {
        match kind {
            Some(Kind::Boolean | Kind::Enum { .. }) => return Self::Word,
            Some(Kind::Timestamp) => return Self::Time,
            _ => {}
        }
        let bare: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        let one = bare.strip_suffix('s').unwrap_or(&bare);
        let ends = |all: &[&str]| all.iter().any(|end| bare.ends_with(end) || one.ends_with(end));
        let is = |all: &[&str]| all.contains(&bare.as_str());
        if is(&FLEETING) || ends(&["requestid", "hostid", "traceid"]) {
            Self::Fleeting
        } else if DIGESTS.iter().any(|word| bare.contains(word)) {
            Self::Digest
        } else if ends(&SECRETS) {
            Self::Secret
        } else if bare == "id" || bare == "ids" || ends(&["arn", "uuid", "guid"]) || ends_as_word(name, "Id") {
            Self::Id
        } else if is(&NAMES) || ["Name", "Url", "Path", "Key"].iter().any(|end| ends_as_word(name, end)) {
            Self::Name
        } else {
            Self::Other
        }
    }

    /// Whether a value of this nature says which thing an entry of a list is.
    pub fn identifies(self) -> bool {
        matches!(self, Self::Id | Self::Name)
    }
}

const FLEETING: [&str; 14] = [
    "responsemetadata",
    "took",
    "elapsed",
    "elapsedms",
    "tookms",
    "durationms",
    "latency",
    "latencyms",
    "uptime",
    "correlationid",
    "expiresin",
    "retryafter",
    "remainingseconds",
    "ageinseconds",
];
const DIGESTS: [&str; 6] = ["md5", "sha1", "sha256", "sha512", "crc32", "crc64"];
const SECRETS: [&str; 13] = [
    "token",
    "cursor",
    "marker",
    "handle",
    "etag",
    "sequencenumber",
    "password",
    "secretaccesskey",
    "signature",
    "nonce",
    "fingerprint",
    "ciphertextblob",
    "iterator",
];
const NAMES: [&str; 8] = ["name", "url", "key", "path", "email", "slug", "title", "uri"];

/// Whether a name ends with a word: `QueueUrl`, `queue_url`, `QueueUrls`.
fn ends_as_word(name: &str, word: &str) -> bool {
    let name = name.strip_suffix('s').unwrap_or(name);
    let lower = word.to_ascii_lowercase();
    name.ends_with(word)
        || name.ends_with(&word.to_ascii_uppercase())
        || [format!("_{lower}"), format!("-{lower}")].iter().any(|end| name.ends_with(end.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell() {
        for (name, expected) in [
            ("RequestId", Nature::Fleeting),
            ("x-amz-request-id", Nature::Fleeting),
            ("MD5OfMessageBody", Nature::Digest),
            ("ETag", Nature::Secret),
            ("NextToken", Nature::Secret),
            ("ReceiptHandle", Nature::Secret),
            ("MessageId", Nature::Id),
            ("contact_id", Nature::Id),
            ("id", Nature::Id),
            ("TableArn", Nature::Id),
            ("QueueUrls", Nature::Name),
            ("TableNames", Nature::Name),
            ("Paid", Nature::Other),
            ("DelaySeconds", Nature::Other),
            ("Status", Nature::Other),
        ] {
            assert_eq!(Nature::new(name, None), expected, "{name}");
        }
        assert_eq!(Nature::new("Id", Some(&Kind::Enum { values: Vec::new() })), Nature::Word);
    }
}
