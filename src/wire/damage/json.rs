//! Damage to the members of a JSON object.
//!
//! It never handles JSON that overstep's own encoder does not write.

use crate::wire::json;

/// Returns the object with this member repeated at its end; `None` if there is no such member.
pub(super) fn duplicate_member(body: &[u8], name: &str) -> Option<Vec<u8>> {
    let value = json::find_top_member(body, name)?;
    let end = body.iter().rposition(|byte| *byte == b'}')?;
    let mut out = body[..end].to_vec();
    out.push(b',');
    json::write_string(&mut out, name);
    out.push(b':');
    out.extend_from_slice(value);
    out.extend_from_slice(&body[end..]);
    Some(out)
}
