//! The lines of an API Reference page as they are displayed, whatever form the page was saved in.
//!
//! It never reads a form: `page_form` picks the reader of each.

/// What a line is, as far as the form of the page says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PageLineKind {
    /// A heading, with its level from 1.
    Heading(usize),
    /// The name of a described member, which the form marks as such.
    Term,
    /// An item of a list inside a description.
    Item,
    /// A line of a syntax block, as it is.
    Code,
    Text,
}

/// A line without markup.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PageLine {
    /// The line in the document, from 1.
    pub number: u32,
    pub kind: PageLineKind,
    /// The displayed text without surrounding space. Code keeps its indentation.
    pub text: String,
    /// The file name without its ending of the page of a data type that the line links to.
    pub link: Option<String>,
    /// Whether the line is as long as lines with its indentation are in the document, so that a text browser may have
    /// broken a word at its end.
    pub is_full: bool,
}

impl PageLine {
    /// Creates a line without a link.
    pub fn new(number: u32, kind: PageLineKind, text: impl Into<String>) -> Self {
        Self { number, kind, text: text.into(), link: None, is_full: false }
    }
}

/// Words that may be alone on a line and are not names.
const NOT_NAMES: [&str; 10] =
    ["Note", "Important", "Warning", "Tip", "Example", "Examples", "Topics", "Contents", "Caution", "Default"];

/// Returns the name if a displayed line consists of nothing but a name.
pub(super) fn lone_name(line: &str) -> Option<String> {
    let name = line.trim();
    let fits = !name.is_empty()
        && name.len() <= 128
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '$'))
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '$'))
        && !name.ends_with([':', '.']);
    (fits && !NOT_NAMES.contains(&name)).then(|| name.to_owned())
}

/// Returns the page of a data type that a link leads to: `API_Tag` for `https://…/API_Tag.html#anchor`.
pub(super) fn linked_page(target: &str) -> Option<String> {
    let file = target.split(['#', '?', ' ']).next()?.rsplit('/').next()?;
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    stem.starts_with("API_").then(|| stem.to_owned())
}

/// Joins a text with the line that continues it. A word that was broken at its hyphen becomes whole.
pub(super) fn join_continued(text: &mut String, next: &str) {
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
    let mut last = text.chars().rev();
    let is_broken_word = last.next() == Some('-') && is_letter(last.next()) && is_letter(next.chars().next());
    if !text.is_empty() && !is_broken_word {
        text.push(' ');
    }
    text.push_str(next);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_types_are_recognized() {
        assert_eq!(linked_page("API_runtime_Button.md").as_deref(), Some("API_runtime_Button"));
        assert_eq!(linked_page("https://x/latest/dg/API_Tag.html#a").as_deref(), Some("API_Tag"));
        assert_eq!(linked_page("#API_Tag_Contents"), None);
        assert_eq!(linked_page("CommonErrors.md"), None);
    }

    #[test]
    fn words_broken_at_a_hyphen_are_joined() {
        let joined = |one: &str, two: &str| {
            let mut text = one.to_owned();
            join_continued(&mut text, two);
            text
        };
        assert_eq!(joined("document-", "classifier"), "document-classifier");
        assert_eq!(joined("a -", "b"), "a - b");
        assert_eq!(joined("of 1.", "Maximum"), "of 1. Maximum");
    }
}
