//! Reads the requests of a HAR 1.2 file.
//!
//! Responses, cookies and timings are skipped without being kept.
//! Source: <http://www.softwareishard.com/blog/har-12-spec/>.

use super::{RecordedCall, RecordedMembers, RecordedRequest, UsageError, UsageFormat};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(expecting = "an object with `log`")]
struct HarFile {
    log: HarLog,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with `entries`")]
struct HarLog {
    entries: Vec<HarEntry>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with `request`")]
struct HarEntry {
    request: HarRequest,
}

#[derive(Deserialize)]
#[serde(expecting = "a request")]
#[serde(rename_all = "camelCase")]
struct HarRequest {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<NameAndValue>,
    #[serde(default)]
    post_data: Option<PostData>,
    #[serde(default)]
    body_size: Option<f64>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with `name` and `value`")]
struct NameAndValue {
    name: String,
    #[serde(default)]
    value: Option<String>,
}

#[derive(Deserialize)]
#[serde(expecting = "a body")]
#[serde(rename_all = "camelCase")]
struct PostData {
    #[serde(default)]
    text: Option<String>,
    /// `base64` where the body is binary. Several tools write it, although only responses have it in the specification.
    #[serde(default, alias = "_encoding")]
    encoding: Option<String>,
    #[serde(default)]
    params: Option<Vec<NameAndValue>>,
}

/// Returns the requests of a HAR file.
pub(super) fn read(text: &str) -> Result<Vec<RecordedCall>, UsageError> {
    let file: HarFile =
        serde_json::from_str(text).map_err(|error| UsageError::invalid_json(UsageFormat::Har, &error))?;
    Ok(file.log.entries.into_iter().map(|entry| to_call(entry.request)).collect())
}

fn to_call(request: HarRequest) -> RecordedCall {
    let (host, target) = RecordedRequest::split_url(&request.url);
    let body = match &request.post_data {
        Some(data) => read_body(data),
        None if request.body_size.is_some_and(|size| size > 0.0) => None,
        None => Some(Vec::new()),
    };
    let headers = request.headers.into_iter().map(|header| (header.name, header.value.unwrap_or_default())).collect();
    let request = RecordedRequest { method: request.method, host, target, headers, body };
    RecordedCall { members: RecordedMembers::Request(request), ..RecordedCall::default() }
}

fn read_body(data: &PostData) -> Option<Vec<u8>> {
    match (&data.text, &data.params) {
        (Some(text), _) if data.encoding.as_deref() == Some("base64") => {
            data_encoding::BASE64.decode(text.as_bytes()).ok()
        }
        (Some(text), params) if !text.is_empty() || params.as_ref().is_none_or(Vec::is_empty) => {
            Some(text.clone().into_bytes())
        }
        (_, Some(params)) => {
            let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            let pair =
                |one: &NameAndValue| format!("{}={}", encode(&one.name), encode(one.value.as_deref().unwrap_or("")));
            Some(params.iter().map(pair).collect::<Vec<_>>().join("&").into_bytes())
        }
        (_, None) => None,
    }
}
