//! Damage to the elements of an XML document.
//!
//! It never reads what an encoder of ours has not written: no comments, no declarations, no empty tags.

use std::ops::Range;

/// The document with another root element.
pub(super) fn with_root(body: &[u8], name: &str) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    let rest = text.strip_prefix('<')?;
    let old = &rest[..rest.find([' ', '>'])?];
    let end = format!("</{old}>");
    let inner = rest.strip_prefix(old)?.strip_suffix(&end)?;
    Some(format!("<{name}{inner}</{name}>").into_bytes())
}

/// The document with the first child of this name once more, after itself.
pub(super) fn twice(body: &[u8], name: &str) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    let Range { start, end } = child(text, name)?;
    Some([&text[..end], &text[start..end], &text[end..]].concat().into_bytes())
}

/// Where the root's first child of this name stands.
fn child(text: &str, name: &str) -> Option<Range<usize>> {
    let (mut at, mut depth, mut start) = (0, 0_usize, None);
    while let Some(open) = text[at..].find('<') {
        let begin = at + open;
        let end = begin + text[begin..].find('>')? + 1;
        let tag = &text[begin + 1..end - 1];
        if tag.starts_with('/') {
            depth = depth.checked_sub(1)?;
            if let (1, Some(start)) = (depth, start) {
                return Some(start..end);
            }
        } else {
            let own = tag.split(' ').next().unwrap_or_default();
            if depth == 1 && start.is_none() && own == name {
                start = Some(begin);
            }
            depth += 1;
        }
        at = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_child_of_a_name_is_said_twice() {
        let body = br#"<R xmlns="a&gt;b"><A><B>1</B></A><B x="y"><B>2</B></B><B>3</B></R>"#;
        let twice = twice(body, "B").expect("there is one");
        let due = r#"<R xmlns="a&gt;b"><A><B>1</B></A><B x="y"><B>2</B></B><B x="y"><B>2</B></B><B>3</B></R>"#;
        assert_eq!(String::from_utf8(twice).expect("text"), due);
        assert_eq!(super::twice(body, "C"), None);
        assert_eq!(super::twice(b"", "C"), None);
    }

    #[test]
    fn a_root_is_renamed_at_both_ends_and_nothing_inside() {
        let renamed = with_root(b"<R a=\"b\"><R>1</R></R>", "S").expect("a root");
        assert_eq!(String::from_utf8(renamed).expect("text"), "<S a=\"b\"><R>1</R></S>");
        assert_eq!(with_root(b"<R></R>", "S").as_deref(), Some(&b"<S></S>"[..]));
        assert_eq!(with_root(b"", "S"), None);
    }
}
