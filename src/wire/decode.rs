//! The error type in an answer, and where it stood.
//!
//! It never judges whether the error fits.

use super::document::{document, value_at};
use crate::contract::Protocol;
use serde_json::Value as Json;

/// An error type as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorSeen {
    /// Its plain name or code, without namespace or URI.
    pub code: String,
    /// Where it stood: `x-amzn-errortype`, `__type`, `error.code` …
    pub place: String,
}

/// Where an error's code is looked for when no document says where it stands, in this order.
const PLACES: [&str; 6] = ["error.code", "code", "error.type", "error", "type", "errors[0].code"];

/// Reads the error type of an answer.
///
/// `place` is where the scenario or a document says that it stands; it is looked at first. A success
/// is searched only where an error cannot be mistaken for data: the header, `__type` and `place`.
pub fn error_seen(
    protocol: Option<Protocol>,
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
    place: Option<&str>,
) -> Option<ErrorSeen> {
    let seen = |code: &str, place: &str| Some(ErrorSeen { code: code.to_owned(), place: place.to_owned() });
    let aws = protocol.is_some_and(|protocol| protocol != Protocol::RestJson);
    if aws
        && let Some((name, value)) = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("x-amzn-errortype"))
        && let Some(code) = plain(value)
    {
        return seen(code, &name.to_ascii_lowercase());
    }
    // A success with neither can hold no error that would be believed: its body need not be read.
    if status < 400 && place.is_none() && !aws {
        return None;
    }
    let document = document(protocol, body, None).ok()?;
    let text = |path: &str| value_at(&document, path).and_then(Json::as_str).map(str::trim).filter(|t| !t.is_empty());
    if let Some(place) = place
        && let Some(code) = text(place)
    {
        return seen(if aws { plain(code)? } else { code }, place);
    }
    if aws && let Some(code) = text("__type").and_then(plain) {
        return seen(code, "__type");
    }
    if status < 400 {
        return None;
    }
    if aws {
        for path in ["code", "Code"] {
            if let Some(code) = text(path).and_then(plain) {
                return seen(code, path);
            }
        }
    }
    PLACES.iter().find_map(|path| text(path).and_then(|code| seen(code, path)))
}

/// The name in `ns#Name:http://…`, after
/// [restJson1's error rules](https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization).
fn plain(code: &str) -> Option<&str> {
    let code = code.split(':').next().unwrap_or(code);
    let code = code.rsplit('#').next().unwrap_or(code).trim();
    (!code.is_empty()).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(protocol: Protocol, status: u16, header: Option<&str>, body: &str, place: Option<&str>) -> Option<String> {
        let headers: Vec<_> =
            header.map(|value| ("x-amzn-errortype".to_owned(), value.to_owned())).into_iter().collect();
        error_seen(Some(protocol), status, &headers, body.as_bytes(), place)
            .map(|seen| format!("{} {}", seen.place, seen.code))
    }

    #[test]
    fn restjson1_errors_stand_in_header_or_body() {
        let aws = |header: Option<&str>, body: &str| at(Protocol::RestJson1, 400, header, body, None);
        for value in ["FooError", "FooError:http://internal/x#y", "aws.p#FooError", "aws.p#FooError:http://i/"] {
            assert_eq!(aws(Some(value), "{}").as_deref(), Some("x-amzn-errortype FooError"));
            assert_eq!(aws(None, &format!(r#"{{"__type":"{value}"}}"#)).as_deref(), Some("__type FooError"));
            assert_eq!(aws(None, &format!(r#"{{"code":"{value}"}}"#)).as_deref(), Some("code FooError"));
        }
        assert_eq!(aws(Some(""), r#"{"Code":"A"}"#).as_deref(), Some("Code A"));
        assert_eq!(aws(None, "<html>"), None);
        assert_eq!(at(Protocol::RestJson1, 200, None, r#"{"code":"SUMMER"}"#, None), None);
        assert_eq!(at(Protocol::RestJson1, 200, None, r#"{"__type":"A"}"#, None).as_deref(), Some("__type A"));
    }

    #[test]
    fn plain_errors_are_looked_for_in_order_and_their_place_is_told() {
        let plain = |body: &str, place: Option<&str>| at(Protocol::RestJson, 400, None, body, place);
        for (body, place, found) in [
            (r#"{"error":{"code":"a","type":"b"},"code":"c"}"#, None, Some("error.code a")),
            (r#"{"error":{"code":5,"type":"b"}}"#, None, Some("error.type b")),
            (r#"{"error":"x","type":"y"}"#, None, Some("error x")),
            (r#"{"errors":[{"code":"z"}]}"#, None, Some("errors[0].code z")),
            (r#"{"code":"c","problem":{"id":"p"}}"#, Some("problem.id"), Some("problem.id p")),
            (r#"{"code":"c"}"#, Some("problem.id"), Some("code c")),
            (r#"{"code":""}"#, None, None),
            (r#"["a"]"#, None, None),
        ] {
            assert_eq!(plain(body, place).as_deref(), found, "{body}");
        }
        assert_eq!(at(Protocol::RestJson, 201, None, r#"{"code":"c"}"#, None), None);
    }
}
