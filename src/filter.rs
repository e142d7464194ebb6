//! Filter expressions, which select the cases to run. This module never generates a case.
//!
//! ```text
//! expression = all ('|' all)*          all = one (('&') one)*
//! one        = ('not' | '!') one | '(' expression ')' | name '(' text ')' | word
//! ```
//! A word matches anywhere in the case id; `*` matches any characters, and `{}` and `[]` are literal. In `op(…)`
//! and the other properties the whole value must match.

use crate::case::{Case, CaseId, matches_glob};
use crate::contract::nearest_name;
use std::ops::Range;

/// A parsed filter expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// The case id contains this text.
    Word(String),
    /// A property of the case matches this pattern.
    Property(FilterProperty, String),
    /// The expression does not match.
    Not(Box<Filter>),
    /// Both expressions match.
    And(Box<Filter>, Box<Filter>),
    /// At least one of the expressions matches.
    Or(Box<Filter>, Box<Filter>),
}

/// A property of a case that filters can test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterProperty {
    /// `scenario(connect)`.
    Scenario,
    /// `op(TagContact)`.
    Operation,
    /// `member(Tags{key})`; `malformed`, `auth` … if the case has no member.
    Member,
    /// `constraint(length)`.
    Constraint,
    /// `intent(violates)`.
    Intent,
    /// `id(…)`: the whole id.
    Id,
}

const PROPERTIES: &[(&str, FilterProperty)] = &[
    ("scenario", FilterProperty::Scenario),
    ("op", FilterProperty::Operation),
    ("member", FilterProperty::Member),
    ("constraint", FilterProperty::Constraint),
    ("intent", FilterProperty::Intent),
    ("id", FilterProperty::Id),
];

/// A syntax error in a filter expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct FilterError {
    /// What is wrong.
    pub reason: String,
    /// The range of the error, in bytes.
    pub span: Range<usize>,
    /// How to fix the error.
    pub hint: Option<String>,
}

/// Maximum nesting depth of parentheses and `not`, so that no input can overflow the stack.
const MAX_DEPTH: usize = 64;

impl Filter {
    /// Parses an expression.
    ///
    /// # Errors
    /// Returns an error with its position if the text is not a valid expression.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut parser = FilterParser { text, position: 0, depth: 0 };
        let filter = parser.parse_or()?;
        parser.skip_whitespace();
        match parser.remaining().chars().next() {
            None => Ok(filter),
            Some(')') => Err(parser.error("unmatched `)`", 1, None)),
            Some(found) => Err(parser.error(
                format!("expected `&` or `|` before `{found}`"),
                found.len_utf8(),
                Some("join conditions with `&` (and) or `|` (or), or quote words that contain spaces"),
            )),
        }
    }

    /// Returns true if the filter matches a case.
    pub fn matches(&self, case: &Case) -> bool {
        self.evaluate(case.id.as_str(), &|property| property.of_case(case))
    }

    /// Returns true if the filter matches a case id. A property that the id does not contain, such as the intent, never
    /// matches.
    pub fn matches_id(&self, id: &str) -> bool {
        self.evaluate(id, &|property| property.of_id(id))
    }

    fn evaluate(&self, id: &str, of: &dyn Fn(FilterProperty) -> Option<String>) -> bool {
        match self {
            Self::Word(word) => {
                if word.contains('*') {
                    matches_glob(&format!("*{word}*"), id)
                } else {
                    id.contains(word.as_str())
                }
            }
            Self::Property(property, text) => of(*property).is_some_and(|value| matches_glob(text, &value)),
            Self::Not(inner) => !inner.evaluate(id, of),
            Self::And(left, right) => left.evaluate(id, of) && right.evaluate(id, of),
            Self::Or(left, right) => left.evaluate(id, of) || right.evaluate(id, of),
        }
    }
}

impl FilterProperty {
    fn of_case(self, case: &Case) -> Option<String> {
        match self {
            Self::Scenario => Some(case.id.scenario().to_owned()),
            Self::Operation => Some(case.operation.as_str().to_owned()),
            Self::Member => {
                Some(case.member.as_ref().map_or_else(|| case.id.subject_text().to_owned(), ToString::to_string))
            }
            Self::Constraint => case.constraint.map(|constraint| constraint.name().to_owned()),
            Self::Intent => serde_json::to_value(case.intent).ok()?.as_str().map(str::to_owned),
            Self::Id => Some(case.id.to_string()),
        }
    }
}

impl FilterProperty {
    fn of_id(self, id: &str) -> Option<String> {
        let part = |of: fn(&CaseId) -> &str| Some(of(&id.parse().ok()?).to_owned());
        match self {
            Self::Scenario => part(CaseId::scenario),
            Self::Operation => part(CaseId::operation),
            Self::Member => part(CaseId::subject_text),
            Self::Constraint => part(CaseId::kind_text),
            Self::Intent => None,
            Self::Id => Some(id.to_owned()),
        }
    }
}

struct FilterParser<'a> {
    text: &'a str,
    position: usize,
    depth: usize,
}

impl FilterParser<'_> {
    fn remaining(&self) -> &str {
        &self.text[self.position..]
    }

    fn skip_whitespace(&mut self) {
        self.position = self.text.len() - self.remaining().trim_start().len();
    }

    fn consume(&mut self, sign: char) -> bool {
        self.skip_whitespace();
        let found = self.remaining().starts_with(sign);
        if found {
            self.position += sign.len_utf8();
        }
        found
    }

    fn error(&self, reason: impl Into<String>, length: usize, hint: Option<&str>) -> FilterError {
        FilterError {
            reason: reason.into(),
            span: self.position..self.position + length,
            hint: hint.map(str::to_owned),
        }
    }

    fn parse_or(&mut self) -> Result<Filter, FilterError> {
        let mut left = self.parse_and()?;
        while self.consume('|') {
            self.consume('|');
            left = Filter::Or(Box::new(left), Box::new(self.parse_and()?));
        }
        Ok(left)
    }

    fn parse_and(&mut self) -> Result<Filter, FilterError> {
        let mut left = self.parse_unary()?;
        while self.consume('&') {
            self.consume('&');
            left = Filter::And(Box::new(left), Box::new(self.parse_unary()?));
        }
        Ok(left)
    }

    fn parse_unary(&mut self) -> Result<Filter, FilterError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(format!("nested deeper than {MAX_DEPTH} levels"), 0, None));
        }
        let filter = self.parse_primary();
        self.depth -= 1;
        filter
    }

    fn parse_primary(&mut self) -> Result<Filter, FilterError> {
        if self.consume('!') {
            return Ok(Filter::Not(Box::new(self.parse_unary()?)));
        }
        let open = self.position;
        if self.consume('(') {
            let inside = self.parse_or()?;
            if !self.consume(')') {
                self.position = open;
                return Err(self.error("unmatched `(`", 1, None));
            }
            return Ok(inside);
        }
        self.skip_whitespace();
        let start = self.position;
        let word = self.parse_word()?;
        if word == "not" {
            return Ok(Filter::Not(Box::new(self.parse_unary()?)));
        }
        if !self.remaining().starts_with('(') {
            return Ok(Filter::Word(word));
        }
        self.parse_property(&word, start)
    }

    fn parse_property(&mut self, name: &str, start: usize) -> Result<Filter, FilterError> {
        let Some((_, property)) = PROPERTIES.iter().find(|(known, _)| *known == name) else {
            let names: Vec<&str> = PROPERTIES.iter().map(|(known, _)| *known).collect();
            let hint = match nearest_name(name, names.iter().copied(), 2) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("available properties: {}", names.join(", ")),
            };
            return Err(FilterError {
                reason: format!("unknown property `{name}`"),
                span: start..self.position,
                hint: Some(hint),
            });
        };
        let open = self.position;
        self.consume('(');
        let Some(length) = self.remaining().find(')') else {
            self.position = open;
            return Err(self.error("unmatched `(`", 1, None));
        };
        let text = self.remaining()[..length].trim().trim_matches('"').to_owned();
        if text.is_empty() {
            return Err(self.error(format!("`{name}()` is empty"), length, None));
        }
        self.position += length + 1;
        Ok(Filter::Property(*property, text))
    }

    fn parse_word(&mut self) -> Result<String, FilterError> {
        if self.remaining().starts_with('"') {
            let Some(length) = self.remaining()[1..].find('"') else {
                return Err(self.error("unmatched `\"`", 1, None));
            };
            let word = self.remaining()[1..=length].to_owned();
            self.position += length + 2;
            return Ok(word);
        }
        let length = self
            .remaining()
            .find(|c: char| c.is_whitespace() || "&|()\"!".contains(c))
            .unwrap_or(self.remaining().len());
        if length == 0 {
            let found = self.remaining().chars().next();
            let reason = match found {
                Some(sign) => format!("expected a word before `{sign}`"),
                None => "expected a word at the end".to_owned(),
            };
            return Err(self.error(
                reason,
                found.map_or(0, char::len_utf8),
                Some("for example `op(TagContact) & constraint(length)`"),
            ));
        }
        let word = self.remaining()[..length].to_owned();
        self.position += length;
        Ok(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{Expectation, Intent, JudgedPart};
    use crate::contract::{Constraint, MemberPath, OperationName};

    fn case() -> Case {
        Case {
            id: "connect/TagContact/Tags{key}/length/above-max".parse().expect("an id"),
            operation: OperationName::new("TagContact"),
            intent: Intent::Violates,
            member: MemberPath::parse("Tags{key}"),
            constraint: Some(Constraint::Length),
            steps: Vec::new(),
            judged: JudgedPart::Step(0),
            expectation: Expectation::Unspecified { reason: String::new() },
            rule: String::new(),
            source: None,
            unsendable_reason: None,
            is_exclusive: false,
        }
    }

    #[test]
    fn expressions_select_cases() {
        for (text, expected) in [
            ("Tags{key}", true),
            ("TagContact/*/length", true),
            ("TagContact*above-min", false),
            ("connect/*max", true),
            ("tags", false),
            ("op(TagContact)", true),
            ("op(Tag)", false),
            ("op(Tag*)", true),
            ("op(*Contact) & constraint(length)", true),
            ("op(TagContact)&!constraint(length)", false),
            ("not op(UntagContact)", true),
            ("not (op(TagContact) | pattern)", false),
            ("member(Tags{key}) | nothing", true),
            ("nothing | nothing & length", false),
            ("intent(violates) & scenario(connect) & id(connect/*)", true),
            ("\"Tags{key}/length\"", true),
        ] {
            assert_eq!(Filter::parse(text).expect(text).matches(&case()), expected, "{text}");
        }
    }

    #[test]
    fn syntax_errors_have_reason_and_span() {
        for (text, reason, span) in [
            ("", "expected a word at the end", 0..0),
            ("a & ", "expected a word at the end", 4..4),
            ("a b", "expected `&` or `|` before `b`", 2..3),
            ("(a", "unmatched `(`", 0..1),
            ("a)", "unmatched `)`", 1..2),
            ("opp(X)", "unknown property `opp`", 0..3),
            ("op()", "`op()` is empty", 3..3),
            ("op(X", "unmatched `(`", 2..3),
            ("\"a", "unmatched `\"`", 0..1),
        ] {
            let error = Filter::parse(text).expect_err(text);
            assert_eq!((error.reason.as_str(), error.span), (reason, span), "{text}");
        }
        let deep = "(".repeat(100_000);
        assert!(Filter::parse(&deep).is_err());
        assert!(Filter::parse(&"!".repeat(100_000)).is_err());
    }
}
