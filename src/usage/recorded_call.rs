//! One call that an application made, as far as its recording tells.
//!
//! It never refers to a contract: the names are those of the recording.

use crate::contract::MemberPath;
use serde_json::Value as Json;

/// One call of an operation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordedCall {
    /// The service, by any of its names, if the recording states it: `dynamodb`, `monitoring`.
    pub service: Option<String>,
    /// The operation's name, if the recording states it.
    pub operation: Option<String>,
    /// What is known of its input.
    pub members: RecordedMembers,
    /// The method and the route of the operation, if the recording states them: `GET`, `/contacts/{id}`.
    pub route: Option<(String, String)>,
    /// The line of the file, counted from 1, if it matters to a person.
    pub line: Option<u32>,
}

/// What a recording tells about the input of a call.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum RecordedMembers {
    /// Nothing: every member may have been sent.
    #[default]
    Unknown,
    /// These members were sent, with anything inside them.
    Paths(Vec<MemberPath>),
    /// The input under the names of the API, which may differ in case.
    Input(Json),
    /// The request as it was sent.
    Request(RecordedRequest),
}

/// A request as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordedRequest {
    /// `GET`, `POST` …
    pub method: String,
    /// The host, if it is known, without a port.
    pub host: String,
    /// Path and query.
    pub target: String,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// The body, or `None` if the recording does not contain it.
    pub body: Option<Vec<u8>>,
}

impl RecordedRequest {
    /// Returns the first header with this name, compared case-insensitively.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Splits a URL into the host and the path with its query. Anything without a scheme is all path.
    pub(super) fn split_url(url: &str) -> (String, String) {
        let Some((_, rest)) = url.split_once("://") else { return (String::new(), url.to_owned()) };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let authority = rest[..end].rsplit('@').next().unwrap_or_default();
        let host = match authority.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => authority.split(':').next().unwrap_or_default(),
        };
        let target = rest[end..].split('#').next().unwrap_or_default();
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        (host.to_ascii_lowercase(), target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_split_into_host_and_target() {
        for (url, host, target) in [
            ("http://127.0.0.1:5000/", "127.0.0.1", "/"),
            ("https://SQS.us-east-1.amazonaws.com", "sqs.us-east-1.amazonaws.com", "/"),
            ("http://user:pw@h:1/a/b?x=1#part", "h", "/a/b?x=1"),
            ("http://[::1]:80?x", "::1", "/?x"),
            ("/only/path", "", "/only/path"),
        ] {
            assert_eq!(RecordedRequest::split_url(url), (host.to_owned(), target.to_owned()), "{url}");
        }
    }
}
