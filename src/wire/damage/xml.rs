//! Damage to the elements of an XML document.
//!
//! It never handles XML that overstep's own encoder does not write: no comments, no declarations, no empty tags.

use std::ops::Range;

/// Returns the document with its root element renamed.
pub(super) fn rename_root(body: &[u8], name: &str) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    let rest = text.strip_prefix('<')?;
    let old = &rest[..rest.find([' ', '>'])?];
    let end = format!("</{old}>");
    let inner = rest.strip_prefix(old)?.strip_suffix(&end)?;
    Some(format!("<{name}{inner}</{name}>").into_bytes())
}

/// Returns the document with the first child of this name duplicated after itself.
pub(super) fn duplicate_member(body: &[u8], name: &str) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    let Range { start, end } = find_child(text, name)?;
    Some([&text[..end], &text[start..end], &text[end..]].concat().into_bytes())
}

/// Returns the byte range of the root's first child with this name.
fn find_child(text: &str, name: &str) -> Option<Range<usize>> {
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
    fn first_child_with_the_name_is_duplicated() {
        let body = br#"<R xmlns="a&gt;b"><A><B>1</B></A><B x="y"><B>2</B></B><B>3</B></R>"#;
        let twice = duplicate_member(body, "B").expect("there is one");
        let due = r#"<R xmlns="a&gt;b"><A><B>1</B></A><B x="y"><B>2</B></B><B x="y"><B>2</B></B><B>3</B></R>"#;
        assert_eq!(String::from_utf8(twice).expect("text"), due);
        assert_eq!(super::duplicate_member(body, "C"), None);
        assert_eq!(super::duplicate_member(b"", "C"), None);
    }

    #[test]
    fn only_the_root_element_is_renamed() {
        let renamed = rename_root(b"<R a=\"b\"><R>1</R></R>", "S").expect("a root");
        assert_eq!(String::from_utf8(renamed).expect("text"), "<S a=\"b\"><R>1</R></S>");
        assert_eq!(rename_root(b"<R></R>", "S").as_deref(), Some(&b"<S></S>"[..]));
        assert_eq!(rename_root(b"", "S"), None);
    }
}
