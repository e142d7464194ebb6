//! Writes a page in the forms that have markup: HTML, the site's Markdown, html2text and markdownify.

use super::document::{PageBlock, PageSpan, ReferencePage, displayed};
use std::collections::HashSet;

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn html_spans(spans: &[PageSpan]) -> String {
    let span = |span: &PageSpan| match span {
        PageSpan::Text(text) => escape(text),
        PageSpan::Code(text) => format!("<code class=\"code\">{}</code>", escape(text)),
        PageSpan::Link { label, target } => {
            let target = if target.starts_with("API_") { target.replace(".md", ".html") } else { target.clone() };
            format!("<a href=\"{}\">{}</a>", escape(&target), escape(label))
        }
    };
    spans.iter().map(span).collect()
}

/// Returns the page as a browser saves it, with the parts of the site around it.
pub fn html(page: &ReferencePage) -> String {
    let (title, stem) = (&page.title, &page.stem);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en-US\"><head><title>{title} - Amazon Service</title>\
         <script type=\"text/javascript\">if (1 < 2) {{ var x = \"</p>\" }}</script></head><body>\
         <div id=\"awsdocs-breadcrumb\"><a href=\"/\">AWS</a></div>\
         <div id=\"awsdocs-page-toc\"><h2>On this page</h2><ul><li><a href=\"#x\">Request Syntax</a></li>\
         <li><a href=\"#y\">Errors</a></li></ul></div>\
         <div id=\"main-content\" class=\"awsui-util-container\"><div id=\"main-col-body\">"
    );
    let (mut is_in_terms, mut is_in_description, mut depth) = (false, false, 0);
    for (in_description, block) in &page.blocks {
        let wanted = if let PageBlock::Item { depth, .. } = block { *depth } else { 0 };
        while depth > wanted {
            out.push_str("</li></ul></div>");
            depth -= 1;
        }
        let is_term = matches!(block, PageBlock::Term { .. });
        if is_in_description && (is_term || !in_description) {
            out.push_str(" </dd> ");
            is_in_description = false;
        }
        if is_in_terms && !is_term && !in_description {
            out.push_str("</dl></div>");
            is_in_terms = false;
        }
        match block {
            PageBlock::Heading { level, text, anchor } => {
                out.push_str(&format!("<h{level} id=\"{anchor}\">{}</h{level}>", escape(text)));
            }
            PageBlock::Code(lines) => out.push_str(&format!(
                "<pre class=\"programlisting\"><div class=\"code-btn-container\"></div><code>{}</code></pre> ",
                escape(&lines.join("\n"))
            )),
            PageBlock::Paragraph(spans) => out.push_str(&format!("<p>{}</p> ", html_spans(spans))),
            PageBlock::Item { spans, .. } => {
                if depth == wanted {
                    out.push_str("</li><li class=\"listitem\">");
                }
                while depth < wanted {
                    out.push_str("<div class=\"itemizedlist\"><ul class=\"itemizedlist\"><li class=\"listitem\">");
                    depth += 1;
                }
                out.push_str(&format!("<p>{}</p>", html_spans(spans)));
            }
            PageBlock::Term { name, target, anchor } => {
                if !is_in_terms {
                    out.push_str("<div class=\"variablelist\"> <dl>");
                }
                (is_in_terms, is_in_description) = (true, true);
                let name = match target {
                    Some(target) => format!("<a href=\"{stem}.html{target}\">{name}</a>"),
                    None => name.clone(),
                };
                let anchor = anchor.as_ref().map(|anchor| format!("<a id=\"{anchor}\"></a>")).unwrap_or_default();
                out.push_str(&format!("<dt>{anchor}<span class=\"term\"><b>{name}</b></span></dt><dd>  "));
            }
        }
    }
    out.push_str(
        "</dd></dl></div></div><div class=\"prev-next\"><a href=\"API_X.html\">Next</a></div></div></body></html>",
    );
    out
}

fn markdown_spans(spans: &[PageSpan], ending: &str) -> String {
    let span = |span: &PageSpan| match span {
        PageSpan::Text(text) => text.clone(),
        PageSpan::Code(text) => format!("`{text}`"),
        PageSpan::Link { label, target } => format!("[{label}]({})", target.replace(".md", ending)),
    };
    spans.iter().map(span).collect()
}

/// Returns the page as the site exports it since 2026: anchors, no escapes, and `{{ }}` around what a caller fills in.
pub fn site_export(page: &ReferencePage) -> String {
    let mut names = HashSet::new();
    for (_, block) in &page.blocks {
        if let PageBlock::Term { name, .. } = block {
            names.insert(name.as_str());
        }
    }
    let mut out = format!("---\nsource_url: https://docs.example.com/{}.html\n---\n\n", page.stem);
    for (in_description, block) in &page.blocks {
        match block {
            PageBlock::Heading { level, text, anchor } => {
                out.push_str(&format!("\n{} {text}\n<a name=\"{anchor}\"></a>\n\n", "#".repeat(*level)));
            }
            PageBlock::Code(lines) => {
                out.push_str("```\n");
                for line in lines {
                    out.push_str(&mark_placeholders(line, &names));
                    out.push('\n');
                }
                out.push_str("```\n\n");
            }
            PageBlock::Paragraph(spans) => {
                out.push_str(&markdown_spans(spans, ".md"));
                out.push_str(if *in_description { "\n" } else { "\n\n" });
            }
            PageBlock::Item { depth, spans } => {
                out.push_str(&format!("{}+ {}\n", "  ".repeat(depth - 1), markdown_spans(spans, ".md")));
            }
            PageBlock::Term { name, target, anchor } => {
                let name = target.as_ref().map_or_else(|| name.clone(), |target| format!("[{name}]({target})"));
                let anchor = anchor.as_ref().map(|anchor| format!("<a name=\"{anchor}\"></a>")).unwrap_or_default();
                out.push_str(&format!("\n ** {name} **   {anchor}\n"));
            }
        }
    }
    out
}

/// Puts `{{ }}` around the types, labels and values of a syntax block's line.
fn mark_placeholders(line: &str, names: &HashSet<&str>) -> String {
    if let [method, target, version] = line.split(' ').collect::<Vec<_>>().as_slice()
        && version.starts_with("HTTP/")
    {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mark = |part: &str| match names.contains(part.trim_end_matches('+')) {
            true => format!("{{{{{part}}}}}"),
            false => part.to_owned(),
        };
        let path: Vec<String> = path.split('/').map(mark).collect();
        let pair = |pair: &str| match pair.split_once('=') {
            Some((name, value)) => format!("{name}={}", mark(value)),
            None => pair.to_owned(),
        };
        let query: Vec<String> = query.split('&').filter(|query| !query.is_empty()).map(pair).collect();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        return format!("{method} {}{query} {version}", path.join("/"));
    }
    let mut line = line.replace("\"string\"", "\"{{string}}\"");
    for word in ["number", "boolean", "blob"] {
        line = line.replace(&format!(": {word}"), &format!(": {{{{{word}}}}}"));
    }
    line
}

/// Wraps a text as Python's `textwrap` does for html2text: at spaces, and at hyphens between letters.
fn wrap_at_hyphens(text: &str, width: usize) -> String {
    let mut chunks: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let letters: Vec<char> = word.chars().collect();
        let mut chunk = String::new();
        for (at, c) in letters.iter().enumerate() {
            chunk.push(*c);
            let is_letter = |c: Option<&char>| c.is_some_and(|c| c.is_alphabetic());
            let before = at.checked_sub(1).and_then(|before| letters.get(before));
            if *c == '-' && is_letter(before) && is_letter(letters.get(at + 1)) {
                chunks.push(std::mem::take(&mut chunk));
            }
        }
        chunks.push(chunk + " ");
    }
    let (mut out, mut column) = (String::new(), 0);
    for chunk in chunks {
        let length = chunk.trim_end().chars().count();
        if column > 0 && column + length > width {
            out.truncate(out.trim_end().len());
            out.push('\n');
            column = 0;
        }
        column += chunk.chars().count();
        out.push_str(&chunk);
    }
    out.trim_end().to_owned()
}

/// Returns the page as html2text writes it: wrapped, code indented, no anchors.
pub fn html2text(page: &ReferencePage) -> String {
    let mut out = String::from("[Documentation](/)\n\n## On this page\n\n  * Request Syntax\n  * See Also\n\n");
    for (_, block) in &page.blocks {
        let text = match block {
            PageBlock::Heading { level, text, .. } => format!("{} {text}\n\n", "#".repeat(*level)),
            PageBlock::Code(lines) => {
                let code: String = lines.iter().map(|line| format!("    {line}\n")).collect();
                format!("    \n    \n{code}\n")
            }
            PageBlock::Paragraph(spans) => format!("{}\n\n", wrap_at_hyphens(&markdown_spans(spans, ".html"), 78)),
            PageBlock::Item { depth, spans } => {
                let text = wrap_at_hyphens(&markdown_spans(spans, ".html"), 78 - 2 * depth);
                format!("{}* {}\n\n", "  ".repeat(*depth), text.replace('\n', &format!("\n{}", "  ".repeat(depth + 1))))
            }
            PageBlock::Term { name, target, .. } => format!("**{}**\n\n    \n\n", linked_name(page, name, target)),
        };
        out.push_str(&text);
    }
    out
}

fn linked_name(page: &ReferencePage, name: &str, target: &Option<String>) -> String {
    target.as_ref().map_or_else(|| name.to_owned(), |target| format!("[{name}]({}.html{target})", page.stem))
}

/// Returns the page as markdownify writes it: underlined headings, descriptions behind a colon, marked placeholders.
pub fn markdownify(page: &ReferencePage) -> String {
    let mut out = format!("{} - Amazon Service\n\n", page.title);
    let mut is_first = false;
    for (in_description, block) in &page.blocks {
        let indent = match (in_description, std::mem::take(&mut is_first)) {
            (true, true) => ":   ",
            (true, false) => "    ",
            (false, _) => "",
        };
        let text = match block {
            PageBlock::Heading { level, text, .. } if *level < 3 => {
                let rule = if *level == 1 { "=" } else { "-" };
                format!("{text}\n{}\n\n", rule.repeat(text.len()))
            }
            PageBlock::Heading { level, text, .. } => format!("{} {text}\n\n", "#".repeat(*level)),
            PageBlock::Code(lines) => {
                format!("```\n{}\n\n```\n\n", lines.join("\n").replace("\"string\"", "\"***string***\""))
            }
            PageBlock::Paragraph(spans) => format!("{indent}{}\n\n", markdown_spans(spans, ".html")),
            PageBlock::Item { depth, spans } => {
                format!("{indent}{}+ {}\n", "  ".repeat(depth - 1), markdown_spans(spans, ".html"))
            }
            PageBlock::Term { name, target, .. } => {
                is_first = true;
                format!("**{}**\n", linked_name(page, name, target))
            }
        };
        out.push_str(&text);
    }
    out
}

/// Returns the page as trafilatura writes it: without blank lines, with the paragraphs of a description joined.
pub fn trafilatura(page: &ReferencePage) -> String {
    let mut out = String::new();
    for (in_description, block) in &page.blocks {
        match block {
            PageBlock::Heading { text, .. } => out.push_str(&format!("\n{text}\n")),
            PageBlock::Code(lines) => {
                let shown = lines.iter().filter(|line| !line.trim().is_empty());
                out.push_str(&format!("\n{}\n", shown.cloned().collect::<Vec<_>>().join("\n")));
            }
            PageBlock::Paragraph(spans) if *in_description => {
                out.push_str(&displayed(spans));
                // A paragraph with code ends its line.
                let has_code = spans.iter().any(|span| matches!(span, PageSpan::Code(_)));
                out.push(if has_code { '\n' } else { ' ' });
            }
            PageBlock::Paragraph(spans) => out.push_str(&format!("\n{}\n", displayed(spans))),
            PageBlock::Item { depth, spans } => {
                out.push_str(&format!("\n{}- {}\n", "  ".repeat(*depth), displayed(spans)))
            }
            PageBlock::Term { name, .. } => out.push_str(&format!("\n- {name}\n- ")),
        }
    }
    while out.contains("\n\n") {
        out = out.replace("\n\n", "\n");
    }
    out.trim().to_owned()
}
