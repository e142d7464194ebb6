//! Finds the error code in a response, and where it was found.
//!
//! It never judges whether the error fits.

use super::document::{decode_document, parse_root_element, value_at};
use super::result::error_element;
use super::xml_value;
use crate::contract::Protocol;
use serde_json::Value as Json;

/// The error code of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedError {
    /// The plain name or code, without namespace or URI.
    pub code: String,
    /// Where the code was found: `x-amzn-errortype`, `__type`, `error.code` …
    pub place: String,
}

impl ReceivedError {
    /// Truncates a code that is longer than any name, because it appears in results, findings and snapshots.
    fn new(code: &str, place: &str) -> Self {
        let code = match code.char_indices().nth(MAX_CODE_CHARS) {
            Some((end, _)) => format!("{}…", &code[..end]),
            None => code.to_owned(),
        };
        Self { code, place: place.to_owned() }
    }
}

/// Maximum number of characters of a code.
const MAX_CODE_CHARS: usize = 200;

/// The paths where an error code is looked up if no document states its path, in this order.
const DEFAULT_CODE_PATHS: [&str; 6] = ["error.code", "code", "error.type", "error", "type", "errors[0].code"];

/// Returns the error code of a response.
///
/// `place` is the path that the scenario or a document states; it is looked up first. In a success, only
/// places where an error cannot be mistaken for data are searched: the header, `__type` and `place`.
pub fn find_error(
    protocol: Option<Protocol>,
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
    place: Option<&str>,
) -> Option<ReceivedError> {
    let found = |code: &str, place: &str| Some(ReceivedError::new(code, place));
    let aws = protocol.is_some_and(|protocol| protocol != Protocol::RestJson);
    let header = |wanted: &str| headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    // A service that used to speak awsQuery sends the code that its old clients know in this header.
    if aws
        && let Some((_, value)) = header("x-amzn-query-error")
        && let Some((code, _)) = value.split_once(';')
        && !code.trim().is_empty()
    {
        return found(code.trim(), "x-amzn-query-error");
    }
    if aws
        && let Some((name, value)) = header("x-amzn-errortype")
        && let Some(code) = strip_namespace(value)
    {
        return found(code, &name.to_ascii_lowercase());
    }
    // In a success without either, no error in the body would count, so the body need not be parsed.
    if status < 400 && place.is_none() && !aws {
        return None;
    }
    if matches!(protocol, Some(Protocol::AwsQuery | Protocol::Ec2Query | Protocol::RestXml)) {
        return find_xml_error(status, body, place);
    }
    let document = decode_document(protocol, body, None).ok()?;
    let text = |path: &str| value_at(&document, path).and_then(Json::as_str).map(str::trim).filter(|t| !t.is_empty());
    if let Some(place) = place
        && let Some(code) = text(place)
    {
        return found(if aws { strip_namespace(code)? } else { code }, place);
    }
    if aws && let Some(code) = text("__type").and_then(strip_namespace) {
        return found(code, "__type");
    }
    if status < 400 {
        return None;
    }
    if aws {
        for path in ["code", "Code"] {
            if let Some(code) = text(path).and_then(strip_namespace) {
                return found(code, path);
            }
        }
    }
    DEFAULT_CODE_PATHS.iter().find_map(|path| text(path).and_then(|code| found(code, path)))
}

/// Returns the error code in an XML document. The root element of an error cannot be mistaken for data, so S3's
/// errors in responses with status 200 are found as well.
fn find_xml_error(status: u16, body: &[u8], place: Option<&str>) -> Option<ReceivedError> {
    let root = parse_root_element(body).ok()?;
    let found = |code: &str, place: String| {
        let code = code.trim();
        (!code.is_empty()).then(|| ReceivedError::new(code, &place))
    };
    if let Some(place) = place {
        let document =
            Json::Object([(root.name.clone(), xml_value::undocumented_to_json(&root))].into_iter().collect());
        if let Some(found) =
            value_at(&document, place).and_then(Json::as_str).and_then(|code| found(code, place.to_owned()))
        {
            return Some(found);
        }
    }
    let (element, path) = match error_element(&root) {
        Some(found) => found,
        None if status >= 400 => root.child("Error").map(|error| (error, format!("{}.Error", root.name)))?,
        None => return None,
    };
    found(&element.child("Code")?.text, format!("{path}.Code"))
}

/// Returns the name in `ns#Name:http://…`, after
/// [restJson1's error rules](https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization).
fn strip_namespace(code: &str) -> Option<&str> {
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
        find_error(Some(protocol), status, &headers, body.as_bytes(), place)
            .map(|seen| format!("{} {}", seen.place, seen.code))
    }

    #[test]
    fn restjson1_errors_are_found_in_header_or_body() {
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
    fn errors_of_other_protocols_are_found_in_their_places() {
        let xml = |protocol, status, body: &str| at(protocol, status, None, body, None);
        for (status, body, found) in [
            (400, "<ErrorResponse><Error><Code>A</Code></Error></ErrorResponse>", Some("ErrorResponse.Error.Code A")),
            (400, "<Error xmlns='x'><Code> A </Code></Error>", Some("Error.Code A")),
            (
                400,
                "<Response><Errors><Error><Code>A</Code></Error></Errors></Response>",
                Some("Response.Errors.Error.Code A"),
            ),
            (400, "<Other><Error><Code>A</Code></Error></Other>", Some("Other.Error.Code A")),
            (200, "<Error><Code>SlowDown</Code></Error>", Some("Error.Code SlowDown")),
            (200, "<Result><Error><Code>A</Code></Error></Result>", None),
            (400, "<Error><Code/></Error>", None),
            (400, "<Code>A</Code>", None),
            (400, "<Error><Code>A</Code>", None),
        ] {
            for protocol in [Protocol::RestXml, Protocol::AwsQuery, Protocol::Ec2Query] {
                assert_eq!(xml(protocol, status, body).as_deref(), found, "{body}");
            }
        }
        let cbor = "\u{1}";
        assert_eq!(at(Protocol::RpcV2Cbor, 400, None, cbor, None), None);
        let typed = "\u{61}".to_owned();
        assert_eq!(at(Protocol::RpcV2Cbor, 400, None, &typed, None), None);
        let headers = [("x-amzn-query-error".to_owned(), "AWS.Old;Sender".to_owned())];
        let seen = find_error(Some(Protocol::AwsJson1_0), 400, &headers, br#"{"__type":"a#New"}"#, None).expect("both");
        assert_eq!((seen.code.as_str(), seen.place.as_str()), ("AWS.Old", "x-amzn-query-error"));
    }

    #[test]
    fn plain_json_errors_are_searched_in_order_with_their_path() {
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
        let endless = format!(r#"{{"code":"{}"}}"#, "é".repeat(100_000));
        assert_eq!(plain(&endless, None), Some(format!("code {}…", "é".repeat(200))));
    }
}
