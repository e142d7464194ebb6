//! Writes a page as text browsers show it (lynx, w3m), and as it is copied from a browser.

use super::document::{PageBlock, PageSpan, ReferencePage, displayed};

/// Where a browser breaks a word that is longer than a line.
#[derive(Clone, Copy, PartialEq)]
enum LongWords {
    /// lynx puts it on a line of its own and fills lines.
    AtFullWidth,
    /// w3m breaks it behind a punctuation mark.
    AtPunctuation,
}

impl LongWords {
    /// Returns how many characters of a word stay on a line with this free width.
    fn break_at(self, word: &[char], free: usize) -> usize {
        let fitting = &word[..word.len().min(free)];
        match self {
            Self::AtFullWidth => fitting.len(),
            Self::AtPunctuation => fitting.iter().rposition(|c| !c.is_alphanumeric()).map_or(0, |at| at + 1),
        }
    }
}

/// Fills lines of a width with words.
fn wrap(text: &str, width: usize, long_words: LongWords) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut letters: Vec<char> = word.chars().collect();
        let used = lines.last().map_or(0, |line| line.chars().count());
        let free = width.saturating_sub(used + usize::from(used > 0));
        if letters.len() <= free {
            let line = lines.last_mut().expect("a line");
            if used > 0 {
                line.push(' ');
            }
            line.extend(letters);
            continue;
        }
        let stays = letters.len() > width && long_words == LongWords::AtPunctuation;
        let begin = if stays { long_words.break_at(&letters, free) } else { 0 };
        if begin > 0 {
            let line = lines.last_mut().expect("a line");
            if used > 0 {
                line.push(' ');
            }
            line.extend(letters.drain(..begin));
        }
        if used > 0 || begin > 0 {
            lines.push(String::new());
        }
        while letters.len() > width {
            let length = long_words.break_at(&letters, width).max(1);
            let line: String = letters.drain(..length).collect();
            *lines.last_mut().expect("a line") = line;
            lines.push(String::new());
        }
        lines.last_mut().expect("a line").extend(letters);
    }
    lines
}

fn indent(lines: &[String], first: &str, others: usize) -> String {
    let mut out = String::new();
    for (index, line) in lines.iter().enumerate() {
        let space = if index == 0 { first.to_owned() } else { " ".repeat(others) };
        out.push_str(&format!("{space}{line}\n"));
    }
    out
}

/// Returns the page as `lynx -dump` prints it: 80 columns, numbered links, code flowing as text.
pub fn lynx(page: &ReferencePage) -> String {
    let mut out =
        String::from("   [1]Documentation\n\nOn this page\n\n     * [2]Request Syntax\n     * [3]See Also\n\n");
    let mut targets = vec!["file:///".to_owned(), "file:///x#a".to_owned(), "file:///x#b".to_owned()];
    for (in_description, block) in &page.blocks {
        let margin = if *in_description { 10 } else { 3 };
        let mut number = |spans: &[PageSpan]| -> String {
            let mut text = String::new();
            for span in spans {
                if let PageSpan::Link { target, .. } = span {
                    targets.push(format!("file:///tmp/docs/{target}"));
                    text.push_str(&format!("[{}]", targets.len()));
                }
                text.push_str(&displayed_raw(span));
            }
            text
        };
        match block {
            PageBlock::Heading { text, .. } => out.push_str(&format!("{text}\n\n")),
            PageBlock::Code(lines) => {
                let text = lines.join(" ");
                out.push_str(&format!("\n{}\n", indent(&wrap(&text, 71, LongWords::AtFullWidth), "   ", 3)));
            }
            PageBlock::Paragraph(spans) => {
                let lines = wrap(&number(spans), 74 - margin, LongWords::AtFullWidth);
                out.push_str(&format!("{}\n", indent(&lines, &" ".repeat(margin), margin)));
            }
            PageBlock::Item { depth, spans } => {
                let (bullet, margin) = (["+", "o", "#", "@"][depth % 4], margin + 2 * depth);
                let lines = wrap(&number(spans), 74 - margin, LongWords::AtFullWidth);
                out.push_str(&indent(&lines, &format!("{}{bullet} ", " ".repeat(margin - 2)), margin));
            }
            PageBlock::Term { name, target, .. } => {
                let label = match target {
                    Some(target) => number(&[PageSpan::Link { label: name.clone(), target: target.clone() }]),
                    None => name.clone(),
                };
                out.push_str(&format!("   {label}\n"));
            }
        }
    }
    out.push_str("\nReferences\n\n");
    for (index, target) in targets.iter().enumerate() {
        out.push_str(&format!("{:4}. {target}\n", index + 1));
    }
    out
}

fn displayed_raw(span: &PageSpan) -> String {
    match span {
        PageSpan::Text(text) | PageSpan::Code(text) => text.clone(),
        PageSpan::Link { label, .. } => label.clone(),
    }
}

/// Returns the page as `w3m -dump` prints it: 80 columns, code as it is, bullets.
pub fn w3m(page: &ReferencePage) -> String {
    let mut out = String::from(
        "Documentation\nAWSDocumentationAPI Reference\n\nOn this page\n\n  • Request Syntax\n  • Errors\n\n",
    );
    for (in_description, block) in &page.blocks {
        let margin = if *in_description { 4 } else { 0 };
        let text = match block {
            PageBlock::Heading { text, .. } => format!("{text}\n\n"),
            PageBlock::Code(lines) => format!("{}\n\n", lines.join("\n")),
            PageBlock::Paragraph(spans) => {
                let lines = wrap(&displayed(spans), 79 - margin, LongWords::AtPunctuation);
                format!("{}\n", indent(&lines, &" ".repeat(margin), margin))
            }
            PageBlock::Item { depth, spans } => {
                let (bullet, margin) = (["•", "☆", "○"][(depth - 1 + margin / 4) % 3], margin + 4 * depth);
                let lines = wrap(&displayed(spans), 79 - margin, LongWords::AtPunctuation);
                format!("{}\n", indent(&lines, &format!("{}{bullet} ", " ".repeat(margin - 2)), margin))
            }
            PageBlock::Term { name, .. } => format!("{name}\n\n"),
        };
        out.push_str(&text);
    }
    out
}

/// Returns the page as it is copied from a browser: without indentation, bullets and line breaks inside of paragraphs.
/// Some programs put the whole code of a block on one line.
pub fn clipboard(page: &ReferencePage, is_code_joined: bool) -> String {
    let mut out = String::new();
    for (_, block) in &page.blocks {
        let text = match block {
            PageBlock::Heading { text, .. } => text.clone(),
            PageBlock::Code(lines) if is_code_joined => {
                lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
            }
            PageBlock::Code(lines) => lines.join("\n"),
            PageBlock::Paragraph(spans) | PageBlock::Item { spans, .. } => displayed(spans),
            PageBlock::Term { name, .. } => name.clone(),
        };
        out.push_str(&format!("{text}\n\n"));
    }
    out
}
