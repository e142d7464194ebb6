//! Parses the syntax blocks of API Reference pages: a request or status line, headers, and a JSON-like body.
//!
//! It never depends on line breaks: saved pages often have the whole block on one line.

/// Maximum nesting depth; no real page nests deeper.
const MAX_DEPTH: usize = 60;

/// A value in a JSON-like body.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum BodySyntax {
    Object(Vec<(String, BodySyntax)>),
    Array(Option<Box<BodySyntax>>),
    /// `"string"`, `number`, `boolean`, `"blob"` …
    Word(String),
}

impl BodySyntax {
    /// Returns the value of this name.
    pub fn member(&self, name: &str) -> Option<&BodySyntax> {
        match self {
            Self::Object(members) => members.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Returns the names at this level.
    pub fn member_names(&self) -> Vec<String> {
        match self {
            Self::Object(members) => members.iter().map(|(name, _)| name.clone()).collect(),
            _ => Vec::new(),
        }
    }
}

/// Method, path, and the query parameters, each with the member that it carries.
pub(super) type RequestRoute = (String, String, Vec<(String, String)>);

/// A parsed syntax block.
#[derive(Debug, Default, PartialEq)]
pub(super) struct SyntaxBlock {
    /// Method, path and query of a request.
    pub route: Option<RequestRoute>,
    /// The status of a response.
    pub status: Option<u16>,
    /// Headers, each with the member that it carries.
    pub headers: Vec<(String, String)>,
    pub body: Option<BodySyntax>,
    /// The member that is the whole body.
    pub payload: Option<String>,
    /// The member that carries the status of a response.
    pub status_member: Option<String>,
    /// Whether there is a body that is not JSON.
    pub has_other_body: bool,
}

/// Parses a syntax block.
pub(super) fn parse(text: &str) -> SyntaxBlock {
    let mut block = SyntaxBlock::default();
    let brace = [" {", "\n{"].iter().filter_map(|brace| text.find(brace)).min().map(|at| at + 1);
    let start = if text.trim_start().starts_with('{') { text.find('{') } else { brace };
    let xml = ["<?xml", " <", "\n<"].iter().filter_map(|begin| text.find(begin)).min();
    // A label in a route also begins with a brace, but not after a space.
    let head = &text[..start.unwrap_or(text.len()).min(xml.unwrap_or(text.len()))];
    let words: Vec<&str> = head.split_whitespace().collect();
    let methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];
    if let Some(at) = words.iter().position(|word| methods.contains(word))
        && let Some(target) = words.get(at + 1).filter(|target| target.starts_with('/'))
    {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (name.to_owned(), value.trim_matches(['{', '}', '"']).to_owned()))
            .collect();
        block.route = Some((words[at].to_owned(), path.to_owned(), query));
    }
    if let Some(at) = words.iter().position(|word| word.starts_with("HTTP/")) {
        let next = words.get(at + 1).copied().unwrap_or_default();
        block.status = next.parse().ok().filter(|code| (100..600).contains(code));
        let is_response = at == 0 && block.route.is_none();
        block.status_member = (is_response && block.status.is_none() && is_member_name(next)).then(|| next.to_owned());
        for pair in words[at..].windows(2) {
            if let Some(name) = pair[0].strip_suffix(':')
                && is_member_name(pair[1])
            {
                block.headers.push((name.to_owned(), pair[1].to_owned()));
            }
        }
    }
    if let Some(start) = start
        && xml.is_none_or(|xml| start < xml)
    {
        let mut parser = ApiSyntaxParser { text, position: start };
        block.body = parser.parse_value(0);
    }
    let is_xml = xml.is_some_and(|xml| start.is_none_or(|start| xml < start));
    if let [head @ .., before, last] = words.as_slice()
        && block.body.is_none()
        && !is_xml
        && head.iter().chain([before]).any(|word| word.starts_with("HTTP/"))
        && !before.ends_with(':')
        && (!before.starts_with("HTTP/") || block.route.is_some())
        && is_member_name(last)
    {
        block.payload = Some((*last).to_owned());
    }
    block.has_other_body = is_xml || block.payload.is_some();
    block
}

/// Returns true if a word of a syntax block may be the name of a member.
fn is_member_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

struct ApiSyntaxParser<'a> {
    text: &'a str,
    position: usize,
}

impl ApiSyntaxParser<'_> {
    fn skip_separators(&mut self) {
        let rest = &self.text[self.position..];
        self.position += rest.len() - rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',').len();
    }

    fn peek(&self) -> Option<char> {
        self.text[self.position..].chars().next()
    }

    fn parse_value(&mut self, depth: usize) -> Option<BodySyntax> {
        if depth > MAX_DEPTH {
            self.position = self.text.len();
            return None;
        }
        self.skip_separators();
        match self.peek()? {
            '{' => {
                self.position += 1;
                let mut members = Vec::new();
                loop {
                    self.skip_separators();
                    match self.peek() {
                        None => break,
                        Some('}') => {
                            self.position += 1;
                            break;
                        }
                        Some(_) => {
                            let before = self.position;
                            let name = self.parse_word();
                            self.skip_separators();
                            if self.peek() == Some(':') {
                                self.position += 1;
                                if let Some(value) = self.parse_value(depth + 1) {
                                    members.push((name, value));
                                }
                            }
                            self.ensure_progress(before);
                        }
                    }
                }
                Some(BodySyntax::Object(members))
            }
            '[' => {
                self.position += 1;
                let mut item = None;
                loop {
                    self.skip_separators();
                    match self.peek() {
                        None => break,
                        Some(']') => {
                            self.position += 1;
                            break;
                        }
                        Some(_) => {
                            let before = self.position;
                            let value = self.parse_value(depth + 1);
                            item = item.or(value);
                            self.ensure_progress(before);
                        }
                    }
                }
                Some(BodySyntax::Array(item.map(Box::new)))
            }
            '}' | ']' | ':' => None,
            _ => Some(BodySyntax::Word(self.parse_word())),
        }
    }

    fn ensure_progress(&mut self, before: usize) {
        if self.position == before {
            self.position += self.peek().map_or(1, char::len_utf8);
        }
    }

    fn parse_word(&mut self) -> String {
        let rest = &self.text[self.position..];
        if let Some(inner) = rest.strip_prefix('"') {
            let end = inner.find('"').unwrap_or(inner.len());
            self.position += (end + 2).min(rest.len());
            return inner[..end].trim().to_owned();
        }
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, ',' | ':' | '{' | '}' | '[' | ']' | '"'))
            .unwrap_or(rest.len());
        self.position += end;
        rest[..end].to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_on_one_line_is_parsed() {
        let block = parse(
            "PUT /a/{Id}/b?maxResults=MaxResults HTTP/1.1 X-Amz-Mode: Mode Content-type: application/json { \"A\": [ { \"B\": number } ], \"M\": { \"string\" : \"string\" } }",
        );
        let (method, path, query) = block.route.expect("there is a route");
        assert_eq!((method.as_str(), path.as_str()), ("PUT", "/a/{Id}/b"));
        assert_eq!(query, [("maxResults".to_owned(), "MaxResults".to_owned())]);
        assert_eq!(block.headers, [("X-Amz-Mode".to_owned(), "Mode".to_owned())]);
        let body = block.body.expect("there is a body");
        assert_eq!(body.member_names(), ["A", "M"]);
        assert!(matches!(body.member("A"), Some(BodySyntax::Array(Some(_)))));
    }

    #[test]
    fn payloads_and_members_for_the_status_are_parsed() {
        let block = parse("POST /content HTTP/1.1 Content-Type: contentType Accept: accept\n\ninputStream");
        assert_eq!(block.payload.as_deref(), Some("inputStream"));
        assert_eq!(block.headers.len(), 2);
        let nested =
            parse("PUT /bots/name HTTP/1.1\nContent-type: application/json\n\n{\n\"a\": {\n\"b\": number\n}\n}");
        assert_eq!(nested.body.map(|body| body.member_names()), Some(vec!["a".to_owned()]));
        let block = parse("HTTP/1.1 Status Content-type: application/json { \"A\": \"string\" }");
        assert_eq!((block.status, block.status_member.as_deref()), (None, Some("Status")));
        assert_eq!(block.payload, None);
        assert_eq!(parse("HTTP/1.1 200 x-a: A").payload, None);
        assert_eq!(parse("GET /a?b=c HTTP/1.1").payload, None);
    }

    #[test]
    fn responses_lone_bodies_and_broken_blocks_are_parsed() {
        assert_eq!(parse("HTTP/1.1 200").status, Some(200));
        assert_eq!(parse("{ \"A\": \"string\" }").body.map(|body| body.member_names()), Some(vec!["A".to_owned()]));
        assert_eq!(parse("{").body, Some(BodySyntax::Object(Vec::new())));
        parse("{ \"a\": { : [ } ] \"");
    }
}
