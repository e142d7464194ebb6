//! Parses the syntax blocks of boto3 pages: `client.tag_contact(Tags={'string': 'string'})`.
//!
//! It never evaluates anything: it reads names, nesting, enum members and recursion markers.

/// Maximum nesting depth; no real page nests deeper.
const MAX_DEPTH: usize = 120;

/// A value in a syntax block.
#[derive(Debug, PartialEq)]
pub(super) enum Boto3Syntax {
    /// Named values. A map has a single entry: its key's example and its value.
    Members(Vec<SyntaxMember>),
    /// A list's item.
    Item(Box<Boto3Syntax>),
    /// The members of an enum or a single example, and the byte offset of the first.
    Texts(Vec<String>, usize),
    /// A reference to an enclosing shape.
    Recursive,
    /// Anything else, for example `123`.
    Other(ValueSyntax),
}

/// A named value, with the byte offset of its name.
#[derive(Debug, PartialEq)]
pub(super) struct SyntaxMember {
    pub name: String,
    pub offset: usize,
    pub value: Boto3Syntax,
}

/// The type of a value that is neither a text nor a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueSyntax {
    Integer,
    Float,
    Boolean,
    Timestamp,
    Blob,
    /// A JSON document, or a list without items.
    Unknown,
}

impl ValueSyntax {
    /// Returns the type of an example such as `123`, `True|False` or `datetime(2015, 1, 1)`.
    fn of_example(example: &str) -> Self {
        let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
        match example.trim() {
            "True|False" | "True" | "False" => Self::Boolean,
            text if text.starts_with("datetime(") => Self::Timestamp,
            text if text.starts_with("b'") || text.starts_with("StreamingBody(") => Self::Blob,
            text if is_number(text) && text.parse::<u64>().is_ok() => Self::Integer,
            text if is_number(text) && text.parse::<f64>().is_ok() => Self::Float,
            _ => Self::Unknown,
        }
    }
}

impl Boto3Syntax {
    /// Returns the value of this name.
    pub fn member(&self, name: &str) -> Option<&Boto3Syntax> {
        match self {
            Self::Members(members) => members.iter().find(|member| member.name == name).map(|member| &member.value),
            _ => None,
        }
    }

    /// Returns the value of a map's only entry.
    pub fn map_value(&self) -> Option<&Boto3Syntax> {
        match self {
            Self::Members(members) => members.first().map(|member| &member.value),
            _ => None,
        }
    }
}

/// Parses a block: a call for requests, a value for responses. Returns `None` if it is neither.
pub(super) fn parse(text: &str) -> Option<Boto3Syntax> {
    let mut parser = Boto3SyntaxParser { text, position: 0 };
    parser.skip_whitespace();
    if let Some(call) = text.find("client.").filter(|at| !text[..*at].contains('{')) {
        parser.position = call + text[call..].find('(')? + 1;
        return Some(Boto3Syntax::Members(parser.parse_members(')', '=', 0)));
    }
    parser.parse_value(0)
}

struct Boto3SyntaxParser<'a> {
    text: &'a str,
    position: usize,
}

impl Boto3SyntaxParser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.position..]
    }

    fn skip_whitespace(&mut self) {
        let rest = self.rest();
        self.position += rest.len() - rest.trim_start().len();
    }

    fn consume(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        if found {
            self.position += word.len();
        }
        found
    }

    fn parse_members(&mut self, close: char, separator: char, depth: usize) -> Vec<SyntaxMember> {
        let mut members = Vec::new();
        loop {
            self.skip_whitespace();
            let mut buffer = [0; 4];
            if self.rest().is_empty() || self.consume(close.encode_utf8(&mut buffer)) {
                return members;
            }
            let before = self.position;
            let name = if self.rest().starts_with('\'') {
                self.parse_quoted()
            } else {
                let end = self.rest().find([separator, ',', ')', '}', '\n']).unwrap_or(self.rest().len());
                let name = self.rest()[..end].trim().to_owned();
                self.position += end;
                name
            };
            self.skip_whitespace();
            if self.consume(separator.encode_utf8(&mut buffer)) {
                self.skip_whitespace();
                if let Some(value) = self.parse_value(depth + 1) {
                    members.push(SyntaxMember { name, offset: before, value });
                }
            }
            self.skip_whitespace();
            self.consume(",");
            if self.position == before {
                // This character is not part of the format.
                self.position += self.rest().chars().next().map_or(0, char::len_utf8);
            }
        }
    }

    fn parse_value(&mut self, depth: usize) -> Option<Boto3Syntax> {
        if depth > MAX_DEPTH {
            self.position = self.text.len();
            return None;
        }
        if self.consume("{'... recursive ...'}") {
            return Some(Boto3Syntax::Recursive);
        }
        if self.consume("EventStream(") {
            self.skip_whitespace();
            let value = self.parse_value(depth + 1);
            self.skip_whitespace();
            self.consume(")");
            return value;
        }
        let rest = self.rest();
        if rest.starts_with("{...}") || rest.starts_with("[...]") {
            self.skip_plain_value();
            return Some(Boto3Syntax::Other(ValueSyntax::Unknown));
        }
        match rest.chars().next()? {
            '{' => {
                self.position += 1;
                Some(Boto3Syntax::Members(self.parse_members('}', ':', depth)))
            }
            '[' => {
                self.position += 1;
                self.skip_whitespace();
                let item = if self.rest().starts_with(']') { None } else { self.parse_value(depth + 1) };
                self.skip_whitespace();
                self.consume(",");
                self.skip_whitespace();
                self.consume("]");
                Some(item.map_or(Boto3Syntax::Other(ValueSyntax::Unknown), |item| Boto3Syntax::Item(Box::new(item))))
            }
            '\'' => {
                let start = self.position;
                let mut texts = vec![self.parse_quoted()];
                while self.rest().starts_with("|'") {
                    self.position += 1;
                    texts.push(self.parse_quoted());
                }
                Some(Boto3Syntax::Texts(texts, start))
            }
            ',' | ')' | ']' | '}' => None,
            _ => {
                let start = self.position;
                self.skip_plain_value();
                Some(Boto3Syntax::Other(ValueSyntax::of_example(&self.text[start..self.position])))
            }
        }
    }

    /// Reads a text in single quotes. A quote closes the text only if a delimiter follows it.
    fn parse_quoted(&mut self) -> String {
        let start = self.position + 1;
        let mut from = start;
        while let Some(found) = self.text.get(from..).and_then(|rest| rest.find('\'')) {
            let quote = from + found;
            let after = self.text[quote + 1..].chars().next();
            if after.is_none_or(|c| matches!(c, '|' | ',' | ':' | '}' | ']' | ')') || c.is_whitespace()) {
                self.position = quote + 1;
                return self.text[start..quote].to_owned();
            }
            from = quote + 1;
        }
        self.position = self.text.len();
        self.text[start.min(self.text.len())..].to_owned()
    }

    /// Skips a plain value up to the next comma or line end, including anything in brackets.
    fn skip_plain_value(&mut self) {
        let mut depth = 0_usize;
        let end = self
            .rest()
            .char_indices()
            .find(|(_, c)| {
                match c {
                    '(' | '[' | '{' => depth += 1,
                    ')' | ']' | '}' if depth > 0 => depth -= 1,
                    ')' | ']' | '}' => return true,
                    ',' if depth == 0 => return true,
                    '\n' => return true,
                    _ => {}
                }
                false
            })
            .map_or(self.rest().len(), |(index, _)| index);
        self.position += end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_with_every_kind_of_value_is_parsed() {
        let text = "response = client.f(\n  A='x'|'it's'|'',\n  B={\n 'string': [\n {'... recursive ...'},\n ]\n },\n  C=123,\n  D=datetime(2015, 1, 1),\n  E=b'bytes'|file,\n  F={...}|[...]|123|123.4|'string'|True|None\n)";
        let syntax = parse(text).expect("it is a call");
        let Boto3Syntax::Members(members) = &syntax else { panic!("{syntax:?}") };
        assert_eq!(
            members.iter().map(|member| member.name.as_str()).collect::<Vec<_>>(),
            ["A", "B", "C", "D", "E", "F"]
        );
        let Some(Boto3Syntax::Texts(texts, _)) = syntax.member("A") else { panic!("{syntax:?}") };
        assert_eq!(texts, &["x", "it's", ""]);
        for (name, value) in [
            ("C", ValueSyntax::Integer),
            ("D", ValueSyntax::Timestamp),
            ("E", ValueSyntax::Blob),
            ("F", ValueSyntax::Unknown),
        ] {
            assert_eq!(syntax.member(name), Some(&Boto3Syntax::Other(value)), "{name}");
        }
        assert_eq!(
            syntax.member("B").and_then(Boto3Syntax::map_value),
            Some(&Boto3Syntax::Item(Box::new(Boto3Syntax::Recursive)))
        );
    }

    #[test]
    fn responses_and_event_streams_are_parsed() {
        assert_eq!(parse("{}"), Some(Boto3Syntax::Members(Vec::new())));
        let syntax =
            parse("{\n 'S': EventStream({\n 'A': {\n 'B': b'bytes'\n },\n 'C': {}\n }),\n 'D': 1\n}").expect("a value");
        assert!(syntax.member("S").and_then(|s| s.member("A")).is_some_and(|a| a.member("B").is_some()));
        assert!(syntax.member("D").is_some());
    }
}
