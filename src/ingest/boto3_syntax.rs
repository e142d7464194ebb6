//! Parses the syntax blocks of boto3 pages: `client.tag_contact(Tags={'string': 'string'})`.
//!
//! It never evaluates anything: it reads names, nesting, enum members and recursion markers.

/// Maximum nesting depth; no real page nests deeper.
const MAX_DEPTH: usize = 120;

/// A value in a syntax block.
#[derive(Debug, PartialEq)]
pub(super) enum Syntax {
    /// Named values. A map has a single entry: its key's example and its value.
    Members(Vec<(String, Syntax)>),
    /// A list's item.
    Item(Box<Syntax>),
    /// The members of an enum or a single example, and the byte offset of the first.
    Texts(Vec<String>, usize),
    /// A reference to an enclosing shape.
    Recursive,
    /// Anything else, for example `123`.
    Other,
}

impl Syntax {
    /// Returns the value of this name.
    pub fn member(&self, name: &str) -> Option<&Syntax> {
        match self {
            Self::Members(members) => members.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Returns the value of a map's only entry.
    pub fn only(&self) -> Option<&Syntax> {
        match self {
            Self::Members(members) => members.first().map(|(_, value)| value),
            _ => None,
        }
    }
}

/// Parses a block: a call for requests, a value for responses. Returns `None` if it is neither.
pub(super) fn parse(text: &str) -> Option<Syntax> {
    let mut reader = Reader { text, at: 0 };
    reader.space();
    if let Some(call) = text.find("client.").filter(|at| !text[..*at].contains('{')) {
        reader.at = call + text[call..].find('(')? + 1;
        return Some(Syntax::Members(reader.members(')', '=', 0)));
    }
    reader.value(0)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        if found {
            self.at += word.len();
        }
        found
    }

    fn members(&mut self, close: char, separator: char, depth: usize) -> Vec<(String, Syntax)> {
        let mut members = Vec::new();
        loop {
            self.space();
            let mut buffer = [0; 4];
            if self.rest().is_empty() || self.take(close.encode_utf8(&mut buffer)) {
                return members;
            }
            let before = self.at;
            let name = if self.rest().starts_with('\'') {
                self.quoted()
            } else {
                let end = self.rest().find([separator, ',', ')', '}', '\n']).unwrap_or(self.rest().len());
                let name = self.rest()[..end].trim().to_owned();
                self.at += end;
                name
            };
            self.space();
            if self.take(separator.encode_utf8(&mut buffer)) {
                self.space();
                if let Some(value) = self.value(depth + 1) {
                    members.push((name, value));
                }
            }
            self.space();
            self.take(",");
            if self.at == before {
                // This character is not part of the format.
                self.at += self.rest().chars().next().map_or(0, char::len_utf8);
            }
        }
    }

    fn value(&mut self, depth: usize) -> Option<Syntax> {
        if depth > MAX_DEPTH {
            self.at = self.text.len();
            return None;
        }
        if self.take("{'... recursive ...'}") {
            return Some(Syntax::Recursive);
        }
        if self.take("EventStream(") {
            self.space();
            let value = self.value(depth + 1);
            self.space();
            self.take(")");
            return value;
        }
        let rest = self.rest();
        if rest.starts_with("{...}") || rest.starts_with("[...]") {
            self.other();
            return Some(Syntax::Other);
        }
        match rest.chars().next()? {
            '{' => {
                self.at += 1;
                Some(Syntax::Members(self.members('}', ':', depth)))
            }
            '[' => {
                self.at += 1;
                self.space();
                let item = if self.rest().starts_with(']') { None } else { self.value(depth + 1) };
                self.space();
                self.take(",");
                self.space();
                self.take("]");
                Some(item.map_or(Syntax::Other, |item| Syntax::Item(Box::new(item))))
            }
            '\'' => {
                let start = self.at;
                let mut texts = vec![self.quoted()];
                while self.rest().starts_with("|'") {
                    self.at += 1;
                    texts.push(self.quoted());
                }
                Some(Syntax::Texts(texts, start))
            }
            ',' | ')' | ']' | '}' => None,
            _ => {
                self.other();
                Some(Syntax::Other)
            }
        }
    }

    /// Reads a text in single quotes. A quote closes the text only if a delimiter follows it.
    fn quoted(&mut self) -> String {
        let start = self.at + 1;
        let mut from = start;
        while let Some(found) = self.text.get(from..).and_then(|rest| rest.find('\'')) {
            let quote = from + found;
            let after = self.text[quote + 1..].chars().next();
            if after.is_none_or(|c| matches!(c, '|' | ',' | ':' | '}' | ']' | ')') || c.is_whitespace()) {
                self.at = quote + 1;
                return self.text[start..quote].to_owned();
            }
            from = quote + 1;
        }
        self.at = self.text.len();
        self.text[start.min(self.text.len())..].to_owned()
    }

    /// Skips a plain value up to the next comma or line end, including anything in brackets.
    fn other(&mut self) {
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
        self.at += end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_with_every_kind_of_value_is_parsed() {
        let text = "response = client.f(\n  A='x'|'it's'|'',\n  B={\n 'string': [\n {'... recursive ...'},\n ]\n },\n  C=123,\n  D=datetime(2015, 1, 1),\n  E=b'bytes'|file,\n  F={...}|[...]|123|123.4|'string'|True|None\n)";
        let syntax = parse(text).expect("it is a call");
        let Syntax::Members(members) = &syntax else { panic!("{syntax:?}") };
        assert_eq!(members.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["A", "B", "C", "D", "E", "F"]);
        let Some(Syntax::Texts(texts, _)) = syntax.member("A") else { panic!("{syntax:?}") };
        assert_eq!(texts, &["x", "it's", ""]);
        assert_eq!(syntax.member("B").and_then(Syntax::only), Some(&Syntax::Item(Box::new(Syntax::Recursive))));
    }

    #[test]
    fn responses_and_event_streams_are_parsed() {
        assert_eq!(parse("{}"), Some(Syntax::Members(Vec::new())));
        let syntax =
            parse("{\n 'S': EventStream({\n 'A': {\n 'B': b'bytes'\n },\n 'C': {}\n }),\n 'D': 1\n}").expect("a value");
        assert!(syntax.member("S").and_then(|s| s.member("A")).is_some_and(|a| a.member("B").is_some()));
        assert!(syntax.member("D").is_some());
    }
}
