//! Builds the host of a request: an operation's prefix, or a bucket, before the endpoint's host.
//!
//! It never resolves a name; whether a prefixed host exists is up to the endpoint.

use super::encode_error::{filled_template, non_null};
use super::{EncodeError, EncodedRequest};
use crate::case::{StepRequest, Value};
use crate::contract::Contract;

/// Returns the host prefix that the contract defines for this request, labels filled in: `foo.bar.`.
///
/// # Errors
/// Returns an error if a label of the prefix has no value, or a value that a host name cannot contain.
pub fn build_host_prefix(contract: &Contract, send: &StepRequest) -> Result<Option<String>, EncodeError> {
    let StepRequest::Operation { name, input, .. } = send else { return Ok(None) };
    let Some(operation) = contract.any_operation(name.as_str()) else { return Ok(None) };
    let Some(prefix) = &operation.traits.host_prefix else { return Ok(None) };
    let mut out = String::new();
    let mut rest = prefix.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        let Some((label, after)) = after.split_once('}') else { break };
        let text = match non_null(input.member(label)) {
            Some(Value::Text(text)) => text,
            Some(Value::Template(template)) => filled_template(template)?,
            _ => return Err(EncodeError::MissingLabel(label.to_owned())),
        };
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
        if text.is_empty() || !text.bytes().all(fits) {
            return Err(EncodeError::Unrepresentable {
                member: label.to_owned(),
                place: "host label",
                reason: "a host name may only contain letters, digits, hyphens and dots".to_owned(),
            });
        }
        out.push_str(before);
        out.push_str(text);
        rest = after;
    }
    out.push_str(rest);
    Ok(Some(out))
}

/// Converts a request from S3's path style to its virtual-hosted style: the first segment of the path below
/// `base_path` moves to the front of the host. The request then carries its own `host` header, and is sent raw.
///
/// A request without a bucket, or with one that a host name cannot contain, stays unchanged.
pub fn use_virtual_hosted_style(request: &mut EncodedRequest, base_path: &str, host: &str) {
    let Some(rest) = request.target.strip_prefix(base_path).and_then(|rest| rest.strip_prefix('/')) else { return };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (bucket, key) = rest.split_at(end);
    // Names of old buckets may contain upper case letters and underscores; only the path style can address them.
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    if bucket.is_empty() || !bucket.bytes().all(fits) || bucket.starts_with(['.', '-']) || bucket.ends_with(['.', '-'])
    {
        return;
    }
    let slash = if key.starts_with('/') { "" } else { "/" };
    let (bucket, target) = (bucket.to_owned(), format!("{base_path}{slash}{key}"));
    request.target = target;
    request.set_header("host", format!("{bucket}.{host}"));
    request.update_raw();
}
