//! Names formats that are not read, so that a message can say what a document is.
//!
//! It never parses a document.

/// Maximum number of bytes that are looked at.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// How a format is recognized.
enum Mark {
    /// The text begins with this.
    Start(&'static str),
    /// A JSON document with these texts.
    Json(&'static [&'static str]),
    /// A line begins with this.
    Line(&'static str),
    /// The text has all of these.
    Texts(&'static [&'static str]),
}

/// The formats that people have, in the order of the checks.
const FORMATS: &[(&str, Mark)] = &[
    ("a PDF file", Mark::Start("%PDF-")),
    ("a Word, Excel or ZIP file", Mark::Start("PK\u{3}\u{4}")),
    ("a RAML document", Mark::Start("#%RAML")),
    ("an API Blueprint", Mark::Line("FORMAT: 1A")),
    ("a Postman collection", Mark::Json(&["\"_postman_id\""])),
    ("a Postman collection", Mark::Json(&["schema.getpostman.com"])),
    ("a Postman environment", Mark::Json(&["\"_postman_variable_scope\""])),
    ("an Insomnia export", Mark::Json(&["\"__export_format\""])),
    ("an Insomnia export", Mark::Line("type: collection.insomnia.rest")),
    ("a Bruno collection", Mark::Json(&["\"bruno\""])),
    ("a HAR file", Mark::Json(&["\"log\"", "\"entries\""])),
    ("an AsyncAPI document", Mark::Json(&["\"asyncapi\""])),
    ("an AsyncAPI document", Mark::Line("asyncapi:")),
    ("a GraphQL schema", Mark::Json(&["\"__schema\""])),
    ("a GraphQL schema", Mark::Line("type Query")),
    ("a GraphQL schema", Mark::Line("schema {")),
    ("a Smithy model", Mark::Line("$version:")),
    ("a Google discovery document", Mark::Json(&["\"discoveryVersion\""])),
    ("an OpenRPC document", Mark::Json(&["\"openrpc\""])),
    ("a JSON Schema", Mark::Json(&["json-schema.org"])),
    ("a Protocol Buffers file", Mark::Line("syntax = \"proto")),
    ("a TypeSpec file", Mark::Line("import \"@typespec/")),
    ("a WADL document", Mark::Texts(&["<application", "wadl.dev.java.net"])),
    ("a WSDL document", Mark::Texts(&["schemas.xmlsoap.org/wsdl"])),
    ("an HTML page", Mark::Start("<!doctype html")),
    ("an HTML page", Mark::Start("<html")),
    ("an XML document", Mark::Start("<?xml")),
];

/// Returns what a document of no known format is, with an article: `a Postman collection`.
pub(super) fn format_name(text: &str) -> Option<&'static str> {
    let end = (0..=MAX_HEAD_BYTES.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    let head = text[..end].trim_start();
    if head.is_empty() {
        return Some("an empty file");
    }
    let is_json = head.starts_with(['{', '[']);
    let starts_with = |mark: &str| head.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark));
    let is_marked = |mark: &Mark| match mark {
        Mark::Start(start) => starts_with(start),
        Mark::Json(texts) => is_json && texts.iter().all(|text| head.contains(text)),
        Mark::Line(start) => !is_json && head.lines().any(|line| line.starts_with(start)),
        Mark::Texts(texts) => texts.iter().all(|text| head.contains(text)),
    };
    let named = FORMATS.iter().find(|(_, mark)| is_marked(mark)).map(|(name, _)| *name);
    named.or_else(|| head.contains('\0').then_some("a binary file"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_that_are_not_read_have_names() {
        for (text, name) in [
            ("", Some("an empty file")),
            (" \n\t", Some("an empty file")),
            ("{\"info\": {\"_postman_id\": \"x\"}, \"item\": []}", Some("a Postman collection")),
            ("{\"info\": {\"schema\": \"https://schema.getpostman.com/x\"}}", Some("a Postman collection")),
            ("{\"log\": {\"version\": \"1.2\", \"entries\": []}}", Some("a HAR file")),
            ("#%RAML 1.0\ntitle: x", Some("a RAML document")),
            ("asyncapi: 3.0.0\ninfo: {}", Some("an AsyncAPI document")),
            ("type Query {\n  user: User\n}", Some("a GraphQL schema")),
            ("FORMAT: 1A\n# API", Some("an API Blueprint")),
            ("$version: \"2\"\nnamespace x", Some("a Smithy model")),
            ("syntax = \"proto3\";", Some("a Protocol Buffers file")),
            ("<!DOCTYPE html><html></html>", Some("an HTML page")),
            ("%PDF-1.7\n", Some("a PDF file")),
            ("a\0b", Some("a binary file")),
            ("Dear diary", None),
            ("{\"a\": 1}", None),
        ] {
            assert_eq!(format_name(text), name, "{text}");
        }
    }
}
