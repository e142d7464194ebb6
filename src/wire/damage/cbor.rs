//! Damage to the outermost map of a CBOR document.
//!
//! It never handles CBOR that overstep's own encoder does not write: all lengths are definite and in shortest form.

use crate::wire::cbor::write_head;

/// Returns the major type of the item at `at`, its argument, and the offset of its content.
fn read_head(bytes: &[u8], at: usize) -> Option<(u8, u64, usize)> {
    let first = *bytes.get(at)?;
    let length = match first & 31 {
        info @ 0..24 => return Some((first >> 5, u64::from(info), at + 1)),
        info @ 24..=27 => 1 << (info - 24),
        _ => return None,
    };
    let argument = bytes.get(at + 1..at + 1 + length)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
    Some((first >> 5, argument, at + 1 + length))
}

/// Returns the offset of the end of the item at `at`.
fn item_end(bytes: &[u8], at: usize) -> Option<usize> {
    // Counts the items that are still to come instead of recursing, so that a deep document needs no deep stack.
    let (mut due, mut at) = (1_u64, at);
    while due > 0 {
        let (major, argument, content) = read_head(bytes, at)?;
        due -= 1;
        at = content;
        match major {
            2 | 3 => at = at.checked_add(usize::try_from(argument).ok()?).filter(|end| *end <= bytes.len())?,
            4 => due = due.checked_add(argument)?,
            5 => due = due.checked_add(argument.checked_mul(2)?)?,
            6 => due += 1,
            _ => {}
        }
    }
    Some(at)
}

/// Returns the map with the entry of this key repeated at its end; `None` if there is no such entry.
pub(super) fn duplicate_member(body: &[u8], name: &str) -> Option<Vec<u8>> {
    let (5, count, mut at) = read_head(body, 0)? else { return None };
    let content = at;
    let mut found = None;
    for _ in 0..count {
        let (3, _, text) = read_head(body, at)? else { return None };
        let value = item_end(body, at)?;
        let after = item_end(body, value)?;
        if &body[text..value] == name.as_bytes() {
            found = Some(&body[at..after]);
        }
        at = after;
    }
    let mut out = Vec::with_capacity(body.len() * 2);
    write_head(&mut out, 5, count + 1);
    out.extend_from_slice(&body[content..]);
    out.extend_from_slice(found?);
    Some(out)
}

/// Returns the map with an indefinite length, terminated by a break.
pub(super) fn make_indefinite(body: &[u8]) -> Option<Vec<u8>> {
    let (5, _, content) = read_head(body, 0)? else { return None };
    Some([&[0xbf], &body[content..], &[0xff]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_after_values_of_every_type_are_duplicated() {
        // {"a": [1, {"c": h'00'}], "b": 1(1.0), "c": -1}
        let body = b"\xa3\x61a\x82\x01\xa1\x61c\x41\x00\x61b\xc1\xfb\x3f\xf0\0\0\0\0\0\0\x61c\x20";
        assert_eq!(duplicate_member(body, "c"), Some([b"\xa4", &body[1..], b"\x61c\x20"].concat()));
        let again = duplicate_member(body, "a").expect("there is one");
        assert!(again.ends_with(b"\x61a\x82\x01\xa1\x61c\x41\x00"));
        assert_eq!(duplicate_member(body, "x"), None);
        assert_eq!(duplicate_member(&body[..5], "a"), None);
        assert_eq!(duplicate_member(b"\x80", "a"), None);
        let open = make_indefinite(body).expect("a map");
        assert_eq!((open[0], open[1..open.len() - 1].to_vec(), open.last()), (0xbf, body[1..].to_vec(), Some(&0xff)));
        assert_eq!(make_indefinite(b"\x81\x01"), None);
    }
}
