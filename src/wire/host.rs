//! What a request puts before its endpoint's host: an operation's prefix, or a bucket.
//!
//! It never resolves a name; whether a prefixed host exists is the endpoint's.

use super::encode::{closed, given};
use super::{EncodeError, Message};
use crate::contract::Contract;
use crate::generate::{Send, Value};

/// What the contract puts before the host for this request, labels filled in: `foo.bar.`.
///
/// # Errors
/// Where a label of the prefix has no value, or one that no host name can hold.
pub fn host_prefix(contract: &Contract, send: &Send) -> Result<Option<String>, EncodeError> {
    let Send::Operation { name, input, .. } = send else { return Ok(None) };
    let Some(operation) = contract.operation(name.as_str()) else { return Ok(None) };
    let Some(prefix) = &operation.traits.host_prefix else { return Ok(None) };
    let mut out = String::new();
    let mut rest = prefix.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        let Some((label, after)) = after.split_once('}') else { break };
        let text = match given(input.member(label)) {
            Some(Value::Text(text)) => text,
            Some(Value::Template(template)) => closed(template)?,
            _ => return Err(EncodeError::MissingLabel(label.to_owned())),
        };
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
        if text.is_empty() || !text.bytes().all(fits) {
            return Err(EncodeError::Unfit {
                member: label.to_owned(),
                place: "host label",
                reason: "a host name holds letters, digits, hyphens and dots".to_owned(),
            });
        }
        out.push_str(before);
        out.push_str(text);
        rest = after;
    }
    out.push_str(rest);
    Ok(Some(out))
}

/// Makes a request in S3's path style one in its virtual style: the first segment of the path below
/// `base_path` goes before the host. The message then carries its own `host` header, and is sent raw.
///
/// A request without a bucket, or with one that no host name can hold, stays as it is.
pub fn virtual_hosted(message: &mut Message, base_path: &str, host: &str) {
    let Some(rest) = message.target.strip_prefix(base_path).and_then(|rest| rest.strip_prefix('/')) else { return };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (bucket, key) = rest.split_at(end);
    // Upper case and underscores are lawful in old buckets' names, which only the path style reaches.
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    if bucket.is_empty() || !bucket.bytes().all(fits) || bucket.starts_with(['.', '-']) || bucket.ends_with(['.', '-'])
    {
        return;
    }
    let slash = if key.starts_with('/') { "" } else { "/" };
    let (bucket, target) = (bucket.to_owned(), format!("{base_path}{slash}{key}"));
    message.target = target;
    message.set_header("host", format!("{bucket}.{host}"));
    message.settle();
}
