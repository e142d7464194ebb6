//! Checks of values as the documentation states them, with mistakes that developers make.
//!
//! It never reads a contract: every limit is an argument that the caller writes by hand.

use serde_json::{Map, Value as Json};

/// The mistakes of one server, each with its place (`*` is everywhere).
#[derive(Clone, Copy)]
pub struct Mistake(pub &'static [(&'static str, &'static str)]);

impl Mistake {
    pub const NONE: Self = Self(&[]);

    pub fn at(self, place: &str, mistake: &str) -> bool {
        self.0.iter().any(|(at, which)| *which == mistake && (*at == place || *at == "*"))
    }

    pub fn is(self, mistake: &str) -> bool {
        self.0.iter().any(|(_, which)| *which == mistake)
    }

    /// Returns the mistake at a place, or an empty text.
    pub fn mistake_at(self, place: &str) -> &'static str {
        self.0.iter().find(|(at, _)| *at == place || *at == "*").map_or("", |(_, which)| which)
    }

    fn omits_member(self, place: &str, member: &str) -> bool {
        self.0.iter().any(|(at, which)| *at == place && which.strip_prefix("lost:") == Some(member))
    }

    fn shift(self, place: &str, side: &str, limit: u64) -> u64 {
        if self.at(place, &format!("{side}+1")) {
            limit + 1
        } else if self.at(place, &format!("{side}-1")) {
            limit.saturating_sub(1)
        } else {
            limit
        }
    }
}

/// A parameter is invalid.
#[derive(Debug)]
pub struct Invalid;

pub type Check<T> = Result<T, Invalid>;

/// The constraints of a text.
#[derive(Clone, Copy)]
pub struct Rules {
    pub min: u64,
    pub max: Option<u64>,
    /// The allowed characters.
    pub allowed_char: Option<fn(char) -> bool>,
    /// A prefix that the text must not have.
    pub forbidden_prefix: Option<&'static str>,
}

pub const fn length(min: u64, max: u64) -> Rules {
    Rules { min, max: Some(max), allowed_char: None, forbidden_prefix: None }
}

pub fn check_length(mistake: Mistake, place: &str, size: u64, min: u64, max: Option<u64>) -> Check<()> {
    let min = mistake.shift(place, "min", min);
    if size < min && !mistake.at(place, "no-min") {
        return Err(Invalid);
    }
    match max {
        Some(max) if size > mistake.shift(place, "max", max) && !mistake.at(place, "no-max") => Err(Invalid),
        _ => Ok(()),
    }
}

pub fn check_text(mistake: Mistake, place: &str, text: &str, rules: Rules) -> Check<()> {
    let trimmed = if mistake.at(place, "trim") { text.trim() } else { text };
    let size = if mistake.at(place, "bytes") {
        trimmed.len()
    } else if mistake.at(place, "utf16") {
        trimmed.encode_utf16().count()
    } else {
        trimmed.chars().count()
    };
    check_length(mistake, place, size as u64, rules.min, rules.max)?;
    if mistake.at(place, "no-pattern") {
        return Ok(());
    }
    if let Some(allowed_char) = rules.allowed_char {
        let checked =
            if mistake.at(place, "newline") { trimmed.strip_suffix('\n').unwrap_or(trimmed) } else { trimmed };
        let is_allowed = |c: char| allowed_char(c) || mistake.at(place, "unicode-letters") && c.is_alphanumeric();
        let is_valid = match () {
            () if mistake.at(place, "search") => checked.chars().any(is_allowed),
            () if mistake.at(place, "prefix") => checked.chars().next().is_none_or(is_allowed),
            () if mistake.at(place, "last-only") => checked.chars().last().is_none_or(is_allowed),
            () if mistake.at(place, "lines") => {
                checked.lines().any(|line| !line.is_empty() && line.chars().all(is_allowed))
            }
            () => checked.chars().all(is_allowed),
        };
        if !is_valid {
            return Err(Invalid);
        }
    }
    match rules.forbidden_prefix {
        Some(prefix) if text.starts_with(prefix) && !mistake.at(place, "no-look-ahead") => Err(Invalid),
        Some(prefix) if mistake.at(place, "look-ahead-anywhere") && text.contains(prefix) => Err(Invalid),
        Some(prefix) if mistake.at(place, "look-ahead-folded") && text.to_lowercase().starts_with(prefix) => {
            Err(Invalid)
        }
        _ => Ok(()),
    }
}

/// Checks a text member. Returns `None` if it is absent and optional.
pub fn text<'a>(
    mistake: Mistake,
    place: &str,
    value: Option<&'a Json>,
    required: bool,
    accepts_null: bool,
    rules: Rules,
) -> Check<Option<&'a str>> {
    match value {
        None if required && !mistake.at(place, "optional") => Err(Invalid),
        None => Ok(None),
        Some(Json::Null) if !required && accepts_null || mistake.at(place, "null") => Ok(None),
        Some(Json::String(text)) => check_text(mistake, place, text, rules).map(|()| Some(text.as_str())),
        Some(Json::Number(_) | Json::Bool(_)) if mistake.at(place, "coerced") => Ok(None),
        Some(Json::Array(_) | Json::Object(_)) if mistake.at(place, "any-type") => Ok(None),
        Some(_) => Err(Invalid),
    }
}

pub fn member_of(mistake: Mistake, place: &str, text: &str, members: &[&str]) -> Check<()> {
    let found = members.iter().any(|member| {
        !mistake.omits_member(place, member)
            && (*member == text
                || mistake.at(place, "enum-folded") && member.eq_ignore_ascii_case(text)
                || mistake.at(place, "enum-trimmed") && *member == text.trim()
                || mistake.at(place, "enum-prefix") && text.starts_with(member)
                || mistake.at(place, "enum-contained") && member.contains(text))
    });
    if found || mistake.at(place, "enum-any") { Ok(()) } else { Err(Invalid) }
}

pub fn object<'a>(mistake: Mistake, place: &str, value: &'a Json) -> Check<Option<&'a Map<String, Json>>> {
    match value {
        Json::Object(found) => Ok(Some(found)),
        _ if mistake.at(place, "any-type") => Ok(None),
        Json::Array(_) if mistake.at(place, "list-as-map") => Ok(None),
        Json::String(_) if mistake.at(place, "text-as-map") => Ok(None),
        _ => Err(Invalid),
    }
}
