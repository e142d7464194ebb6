//! Puts style, script and data together to a page, with a policy that allows nothing else.
//!
//! It never decides what the data are.

use crate::escape::{json_line, xml_attribute};
use crate::report::style::pluralize;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::io::{self, Write};

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Maximum number of findings that a reader without scripts sees.
const MAX_PLAIN_FINDINGS: usize = 100;
/// Maximum number of bytes of a text that such a reader sees.
const MAX_PLAIN_TEXT: usize = 160;

/// Writes the page with its data.
///
/// # Errors
/// Returns an error if the bytes cannot be written.
pub(super) fn write_page(writer: &mut impl Write, data: &Json) -> io::Result<()> {
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        content_hash(STYLE),
        content_hash(SCRIPT)
    );
    let summary = summary_markup(data);
    let data = script_data(data)?;
    let mut rest = PAGE;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else { break };
        writer.write_all(before.as_bytes())?;
        let part: &str = match name {
            "policy" => &policy,
            "style" => STYLE,
            "script" => SCRIPT,
            "data" => &data,
            "noscript" => &summary,
            _ => "",
        };
        writer.write_all(part.as_bytes())?;
        rest = after;
    }
    writer.write_all(rest.as_bytes())
}

/// Returns a summary for readers without scripts. Texts in it are escaped as for XML.
fn summary_markup(data: &Json) -> String {
    let mut out = String::new();
    let text = |value: &Json| {
        let whole = value.as_str().unwrap_or_default();
        xml_attribute(&whole[..whole.floor_char_boundary(MAX_PLAIN_TEXT)])
    };
    for run in data["runs"].as_array().into_iter().flatten() {
        let findings = run["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
        let counts = pluralize(findings.len() as u64 + run["omitted"].as_u64().unwrap_or(0), "finding");
        let cases = pluralize(run["total"].as_u64().unwrap_or(0), "case");
        let _ = write!(out, "<h1>{}: {counts} in {cases}</h1>\n<ul>\n", text(&run["scenario"]));
        for finding in findings.iter().take(MAX_PLAIN_FINDINGS) {
            let (code, title, seen) = (text(&finding["code"]), text(&finding["title"]), text(&finding["observed"]));
            let _ = writeln!(out, "<li><code>{code}</code> {title}: received {seen}</li>");
        }
        out.push_str("</ul>\n");
    }
    out + "<p>The details need JavaScript.</p>"
}

/// Returns the source expression of an inline script or style in a content security policy.
fn content_hash(content: &str) -> String {
    format!("sha256-{}", data_encoding::BASE64.encode(&Sha256::digest(content)))
}

/// Returns the number of bytes of data in the page.
///
/// # Errors
/// Returns an error if the data cannot be written as JSON.
pub(super) fn data_size(data: &Json) -> io::Result<usize> {
    Ok(script_data(data)?.len())
}

/// Returns data as JSON that can stand in a `<script>` element: no character of it can end the element or begin markup.
fn script_data(data: &Json) -> io::Result<String> {
    let json = String::from_utf8(json_line(data)?).map_err(io::Error::other)?;
    Ok(json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"))
}
