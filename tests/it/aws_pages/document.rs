//! Parses the Markdown that AWS published of its API References into blocks, which the converters write in other forms.

/// A part of a line of text.
#[derive(Clone, Debug)]
pub enum PageSpan {
    Text(String),
    Code(String),
    Link { label: String, target: String },
}

/// A block of a page.
#[derive(Clone, Debug)]
pub enum PageBlock {
    Heading {
        level: usize,
        text: String,
        anchor: String,
    },
    Code(Vec<String>),
    Paragraph(Vec<PageSpan>),
    /// An item of a list, nested to a depth from 1.
    Item {
        depth: usize,
        spans: Vec<PageSpan>,
    },
    /// A described name, with the target of its link and its anchor if it has them.
    Term {
        name: String,
        target: Option<String>,
        anchor: Option<String>,
    },
}

/// A page of an API Reference.
pub struct ReferencePage {
    /// The name of the file without its ending.
    pub stem: String,
    pub title: String,
    /// The blocks, each with whether it is part of the description of a term.
    pub blocks: Vec<(bool, PageBlock)>,
}

const SECTIONS_WITH_TERMS: [&str; 7] = [
    "URI Request Parameters",
    "Request Parameters",
    "Request Headers",
    "Request Body",
    "Response Elements",
    "Errors",
    "Contents",
];

impl ReferencePage {
    pub fn parse(stem: &str, markdown: &str) -> Self {
        let mut page = Self { stem: stem.to_owned(), title: String::new(), blocks: Vec::new() };
        let lines: Vec<&str> = markdown.lines().collect();
        let (mut index, mut section, mut is_in_description) = (0, String::new(), false);
        while index < lines.len() {
            let line = lines[index];
            let is_after_blank = index == 0 || lines[index - 1].trim().is_empty();
            index += 1;
            if let Some(fence) = line.strip_prefix("```") {
                let length =
                    lines[index..].iter().position(|line| line.starts_with("```")).expect("an end of the code");
                assert!(fence.is_empty(), "{stem}: {fence}");
                let code = lines[index..index + length].iter().map(|line| (*line).to_owned()).collect();
                page.blocks.push((is_in_description, PageBlock::Code(code)));
                index += length + 1;
            } else if line.starts_with('#') {
                let level = line.chars().take_while(|c| *c == '#').count();
                let (text, anchor) = split_anchor(line[level..].trim());
                section = unescape(&text);
                if level == 1 {
                    page.title = section.clone();
                }
                is_in_description = false;
                let heading = PageBlock::Heading { level, text: section.clone(), anchor: anchor.unwrap_or_default() };
                page.blocks.push((false, heading));
            } else if let Some(term) = parse_term(line).filter(|_| SECTIONS_WITH_TERMS.contains(&section.as_str())) {
                is_in_description = true;
                page.blocks.push((false, term));
            } else if !line.trim().is_empty() {
                if is_after_blank && begins_next_group(line) {
                    is_in_description = false;
                }
                let indent = line.len() - line.trim_start().len();
                let block = match line.trim_start().strip_prefix('+') {
                    Some(item) => PageBlock::Item { depth: indent / 2 + 1, spans: parse_spans(item.trim()) },
                    None => PageBlock::Paragraph(parse_spans(line.trim())),
                };
                page.blocks.push((is_in_description, block));
            }
        }
        page
    }
}

/// Returns true for the sentence before the members of a body or of headers.
fn begins_next_group(line: &str) -> bool {
    ["The request ", "The response ", "The following ", "If the action "].iter().any(|begin| line.starts_with(begin))
}

/// Splits `text<a name="anchor"></a>`.
fn split_anchor(text: &str) -> (String, Option<String>) {
    let Some((before, rest)) = text.split_once("<a name=\"") else { return (text.trim().to_owned(), None) };
    (before.trim().to_owned(), rest.split_once('"').map(|(anchor, _)| anchor.to_owned()))
}

/// Parses ` ** [Name](#target) **   <a name="anchor"></a>` and ` ** Name **`.
fn parse_term(line: &str) -> Option<PageBlock> {
    let (text, anchor) = split_anchor(line);
    let inner = text.trim().strip_prefix("**")?.strip_suffix("**")?.trim();
    let (name, target) = match parse_spans(inner).as_slice() {
        [PageSpan::Text(name)] => (name.clone(), None),
        [PageSpan::Link { label, target }] => (label.clone(), Some(target.clone())),
        _ => return None,
    };
    (!name.contains(' ')).then_some(PageBlock::Term { name, target, anchor })
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' || !chars.peek().is_some_and(char::is_ascii_punctuation) {
            out.push(c);
        }
        if c == '\\' && chars.peek().is_some_and(char::is_ascii_punctuation) {
            out.extend(chars.next());
        }
    }
    out
}

fn parse_spans(text: &str) -> Vec<PageSpan> {
    let (mut spans, mut plain, mut rest) = (Vec::new(), String::new(), text);
    let flush = |plain: &mut String, spans: &mut Vec<PageSpan>| {
        if !plain.is_empty() {
            spans.push(PageSpan::Text(std::mem::take(plain)));
        }
    };
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        match c {
            '`' if after.contains('`') => {
                let (code, behind) = after.split_once('`').expect("a closing mark");
                if plain.ends_with(':') {
                    plain.push(' ');
                }
                flush(&mut plain, &mut spans);
                spans.push(PageSpan::Code(code.trim().to_owned()));
                rest = behind;
            }
            '[' if after.contains("](") => {
                let (label, behind) = after.split_once("](").expect("a label");
                let (target, behind) = behind.split_once(')').expect("a target");
                flush(&mut plain, &mut spans);
                let label = unescape(label.trim()).replace(['`', '*'], "");
                spans.push(PageSpan::Link { label, target: target.to_owned() });
                rest = behind;
            }
            '\\' if after.starts_with(|c: char| c.is_ascii_punctuation()) => {
                plain.push_str(&after[..1]);
                rest = &after[1..];
            }
            // Emphasis is not kept: text browsers do not show it either.
            '*' => rest = rest.trim_start_matches('*'),
            _ => {
                plain.push(c);
                rest = after;
            }
        }
    }
    flush(&mut plain, &mut spans);
    spans
}

/// Returns what a reader sees of spans.
pub fn displayed(spans: &[PageSpan]) -> String {
    let text = |span: &PageSpan| match span {
        PageSpan::Text(text) | PageSpan::Code(text) => text.clone(),
        PageSpan::Link { label, .. } => label.clone(),
    };
    spans.iter().map(text).collect::<String>().trim().to_owned()
}
