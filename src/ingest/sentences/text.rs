//! Splits descriptions into sentences, with the line on which each begins and without markup.
//!
//! It never decides what a sentence says.

use super::vocabulary::compile_regex;
use fancy_regex::Regex;
use std::sync::LazyLock;

/// The sign before and after a text that the document marks as code, as bold or with quotation marks.
pub(in crate::ingest) const MARK: [char; 2] = ['\u{2039}', '\u{203a}'];

/// A sentence and the line on which it begins.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::ingest) struct Sentence {
    pub line: u32,
    /// The text without markup.
    pub text: String,
    /// The text in which [`MARK`] surrounds what the document marks.
    pub marked: String,
    /// Whether the sentence begins an item of a list.
    pub is_item: bool,
    /// Whether a paragraph begins here.
    pub begins_paragraph: bool,
}

/// A sentence that is not complete yet.
struct OpenSentence {
    line: u32,
    text: String,
    is_item: bool,
    begins_paragraph: bool,
}

/// Splits lines into sentences. An empty line and an item of a list end a sentence; inline markup of RST, Markdown and
/// HTML is removed.
pub(in crate::ingest) fn split_sentences<'a>(lines: impl IntoIterator<Item = (u32, &'a str)>) -> Vec<Sentence> {
    let mut found = Vec::new();
    let mut open: Option<OpenSentence> = None;
    let mut begins_paragraph = true;
    // The marker of an item may stand alone, with a paragraph behind it.
    let mut begins_item = false;
    let mut close = |open: &mut Option<OpenSentence>| found.extend(open.take().and_then(finish_sentence));
    for (line, text) in lines {
        let (is_item, text) = strip_list_marker(text.trim());
        if text.is_empty() || is_item {
            close(&mut open);
            begins_paragraph = true;
        }
        begins_item |= is_item;
        let mut rest = text;
        while !rest.is_empty() {
            let end = find_sentence_end(rest);
            let sentence = open.get_or_insert_with(|| OpenSentence {
                line,
                text: String::new(),
                is_item: std::mem::take(&mut begins_item),
                begins_paragraph: std::mem::take(&mut begins_paragraph),
            });
            if !sentence.text.is_empty() {
                sentence.text.push(' ');
            }
            sentence.text.push_str(rest[..end.unwrap_or(rest.len())].trim());
            if end.is_some() {
                close(&mut open);
            }
            rest = end.map_or("", |end| rest[end..].trim_start());
        }
    }
    close(&mut open);
    found
}

/// Returns the sentences of an HTML text that is on a single line of the document.
pub(in crate::ingest) fn split_html_sentences(line: u32, html: &str) -> Vec<Sentence> {
    split_sentences(replace_tags(html).lines().map(|part| (line, part)))
}

/// Returns the paragraphs and list items of an HTML text, without tags and marks; none of them is empty.
pub(in crate::ingest) fn html_lines(html: &str) -> Vec<String> {
    let text = replace_tags(html);
    let lines = text.lines().map(|line| strip_list_marker(line.trim()).1.replace('`', ""));
    lines.filter(|line| !line.is_empty()).collect()
}

/// Replaces tags and character references of an HTML text.
fn replace_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        let Some(end) = rest[start..].find('>') else {
            rest = "";
            break;
        };
        let tag = &rest[start + 1..start + end];
        text.push_str(replace_tag(tag));
        rest = &rest[start + end + 1..];
    }
    text.push_str(rest);
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&")
}

/// Returns what stands for a tag in a text: the end of a paragraph, an item of a list, a mark, or nothing.
fn replace_tag(tag: &str) -> &'static str {
    let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default().to_ascii_lowercase();
    match name.as_str() {
        "li" if !tag.starts_with('/') => "\n\n* ",
        "p" | "li" | "ul" | "ol" | "dl" | "note" | "important" | "dt" | "dd" | "br" | "div" | "title" => "\n\n",
        "code" | "b" => "`",
        _ => "",
    }
}

/// Returns whether a line begins an item of a list or a quotation, and the line without the marker.
fn strip_list_marker(line: &str) -> (bool, &str) {
    let mut rest = line;
    let mut found = false;
    while let Some(after) = rest.strip_prefix(['*', '-', '+', '•', '>']) {
        // `**bold**`, `-1` and `--x` begin with no marker; `*Must not` is an item whose space is missing.
        let is_marker = after.is_empty()
            || after.starts_with(' ')
            || rest.starts_with('*') && after.starts_with(|c: char| c.is_ascii_uppercase()) && !after.contains('*');
        if !is_marker {
            break;
        }
        found = true;
        rest = after.trim_start();
    }
    (found, rest)
}

/// Returns the offset after the first sentence, if the text contains its end.
fn find_sentence_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    for (index, c) in text.char_indices() {
        if !matches!(c, '.' | '!' | '?') {
            continue;
        }
        let mut after = index + 1;
        // `(One sentence.) Another one.`
        while bytes.get(after).is_some_and(|next| b")\"'*`".contains(next)) {
            after += 1;
        }
        let next_is_space = bytes.get(after).is_none_or(u8::is_ascii_whitespace);
        let before = &text[..index + 1];
        let abbreviation =
            ["e.g.", "i.e.", "etc.", "vs.", "approx.", "Max.", "Min.", "max.", "min.", "No.", "incl.", "excl."]
                .iter()
                .any(|word| before.ends_with(word))
                && text[after..].trim_start().starts_with(|c: char| !c.is_ascii_uppercase());
        // `the special characters . , _` lists a full stop.
        let is_listed =
            before.ends_with([' ', '*']) && after == index + 1 && before.trim_end_matches(['.', '*']).ends_with(' ')
                || text[after..].trim_start().starts_with([',', ';', ')']);
        if next_is_space && !abbreviation && !is_listed {
            return Some(after);
        }
    }
    None
}

/// Removes the markup of a sentence. Returns `None` for one that is too short or too long to state anything.
fn finish_sentence(open: OpenSentence) -> Option<Sentence> {
    if open.text.is_empty() || open.text.len() >= 2000 {
        return None;
    }
    let (text, marked) = strip_inline_markup(&open.text);
    Some(Sentence { line: open.line, text, marked, is_item: open.is_item, begins_paragraph: open.begins_paragraph })
}

/// Removes emphasis, code marks and link targets; returns the text without and with [`MARK`].
fn strip_inline_markup(text: &str) -> (String, String) {
    static RST_LINK: LazyLock<Regex> = LazyLock::new(|| compile_regex(r"`([^`<>]*?)\s*<[^<>`]*>`_+"));
    static MARKDOWN_LINK: LazyLock<Regex> =
        LazyLock::new(|| compile_regex(r"\[([^\[\]]*)\]\([^()\s]*(?:\([^()]*\)[^()\s]*)*\)"));
    static TAG: LazyLock<Regex> = LazyLock::new(|| compile_regex(r"</?[a-z][a-z0-9]*(?: [^<>]*)?/?>"));
    static ESCAPED: LazyLock<Regex> = LazyLock::new(|| compile_regex(r#"\\([\\`*_{}\[\]()#+\-.!|<>~"'$:/])"#));
    static MARKED: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r#"(?:\*\*)?(?:``[ ]?([^`]{1,120}?)[ ]?``|`([^`]{1,120})`)(?:\*\*)?|\*\*([^*]{1,120}?)\*\*|(?<![\w])"([^"]{0,120})"(?![\w])|“([^”]{1,120})”|(?<![\w])'([^'\s]{1,60})'(?![\w])"#,
        )
    });
    let mut text = std::borrow::Cow::Borrowed(text);
    if text.contains(['[', '`']) {
        text = RST_LINK.replace_all(&text, "$1").into_owned().into();
        text = MARKDOWN_LINK.replace_all(&text, "$1").into_owned().into();
    }
    if text.contains('<') {
        text = TAG.replace_all(&text, "").into_owned().into();
    }
    let has_marks = text.contains(['`', '*', '"', '“', '\'']);
    let marked =
        if has_marks { MARKED.replace_all(&text, "‹$1$2$3$4$5$6›").into_owned() } else { text.into_owned() };
    let marked = if marked.contains('\\') { ESCAPED.replace_all(&marked, "$1").into_owned() } else { marked };
    let marked = marked.replace(['`', '\u{200b}'], "").replace("**", "").replace('\u{2019}', "'");
    let marked = marked.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain = if has_marks { marked.replace(MARK, "") } else { marked.clone() };
    (plain, marked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_keep_the_line_they_begin_on() {
        let found =
            split_sentences([(3, "One two. Three"), (4, "four, e.g. five."), (5, ""), (6, "``Six`` `x <http://y>`__")]);
        let seen: Vec<(u32, &str)> = found.iter().map(|one| (one.line, one.text.as_str())).collect();
        assert_eq!(seen, [(3, "One two."), (3, "Three four, e.g. five."), (6, "Six x")]);
    }

    #[test]
    fn items_and_marks_are_kept() {
        let found =
            split_sentences([(1, "Possible values:"), (2, "* **A**: one"), (3, "- `B` – two"), (4, "*Must not.")]);
        let seen: Vec<(bool, &str)> = found.iter().map(|one| (one.is_item, one.marked.as_str())).collect();
        assert_eq!(seen, [(false, "Possible values:"), (true, "‹A›: one"), (true, "‹B› – two"), (true, "Must not.")]);
        let html =
            split_html_sentences(7, "<p>Values:</p> <ul> <li> <p> <code>A</code> - one &amp; two</p> </li></ul>");
        let seen: Vec<(u32, bool, &str)> =
            html.iter().map(|one| (one.line, one.is_item, one.marked.as_str())).collect();
        assert_eq!(seen, [(7, false, "Values:"), (7, true, "‹A› - one & two")]);
    }

    #[test]
    fn escaped_punctuation_is_plain() {
        let found = split_sentences([(1, r"Hyphens \(\-\) and `x`\. The end\.")]);
        assert_eq!(found[0].text, "Hyphens (-) and x.");
        assert_eq!(found.len(), 2);
    }
}
