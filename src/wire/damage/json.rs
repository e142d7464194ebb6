//! Damage that needs to know where the members of a JSON object stand.
//!
//! It never reads what an encoder of ours has not written.

use crate::wire::json;

/// The object with this member said once more at its end; `None` where it has none.
pub(super) fn twice(body: &[u8], name: &str) -> Option<Vec<u8>> {
    let value = json::top_member(body, name)?;
    let end = body.iter().rposition(|byte| *byte == b'}')?;
    let mut out = body[..end].to_vec();
    out.push(b',');
    json::string(&mut out, name);
    out.push(b':');
    out.extend_from_slice(value);
    out.extend_from_slice(&body[end..]);
    Some(out)
}
