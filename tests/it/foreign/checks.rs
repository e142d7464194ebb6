//! Checks of texts as the pages state them, with the mistakes that people make in them.
//!
//! It never reads a contract: every limit is an argument, written by hand at the call.

use serde_json::{Map, Value as Json};

/// The mistakes of one server: at which place (`*`: everywhere), and which.
#[derive(Clone, Copy)]
pub struct Mistake(pub &'static [(&'static str, &'static str)]);

impl Mistake {
    pub const NONE: Self = Self(&[]);

    pub fn at(self, place: &str, what: &str) -> bool {
        self.0.iter().any(|(at, which)| *which == what && (*at == place || *at == "*"))
    }

    pub fn is(self, what: &str) -> bool {
        self.0.iter().any(|(_, which)| *which == what)
    }

    /// The mistake at a place, if there is one.
    pub fn what(self, place: &str) -> &'static str {
        self.0.iter().find(|(at, _)| *at == place || *at == "*").map_or("", |(_, which)| which)
    }

    fn lost(self, place: &str, member: &str) -> bool {
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

/// A parameter is not valid.
#[derive(Debug)]
pub struct Invalid;

pub type Checked<T> = Result<T, Invalid>;

/// A text's rules.
#[derive(Clone, Copy)]
pub struct Rules {
    pub min: u64,
    pub max: Option<u64>,
    /// Which characters it is made of, and what it may not begin with.
    pub made_of: Option<fn(char) -> bool>,
    pub not_before: Option<&'static str>,
}

pub const fn length(min: u64, max: u64) -> Rules {
    Rules { min, max: Some(max), made_of: None, not_before: None }
}

pub fn check_length(mistake: Mistake, place: &str, size: u64, min: u64, max: Option<u64>) -> Checked<()> {
    let min = mistake.shift(place, "min", min);
    if size < min && !mistake.at(place, "no-min") {
        return Err(Invalid);
    }
    match max {
        Some(max) if size > mistake.shift(place, "max", max) && !mistake.at(place, "no-max") => Err(Invalid),
        _ => Ok(()),
    }
}

pub fn check_text(mistake: Mistake, place: &str, text: &str, rules: Rules) -> Checked<()> {
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
    if let Some(made_of) = rules.made_of {
        let folded = if mistake.at(place, "newline") { trimmed.strip_suffix('\n').unwrap_or(trimmed) } else { trimmed };
        let fits = |c: char| made_of(c) || mistake.at(place, "unicode-letters") && c.is_alphanumeric();
        let good = match () {
            () if mistake.at(place, "search") => folded.chars().any(fits),
            () if mistake.at(place, "prefix") => folded.chars().next().is_none_or(fits),
            () if mistake.at(place, "last-only") => folded.chars().last().is_none_or(fits),
            () if mistake.at(place, "lines") => folded.lines().any(|line| !line.is_empty() && line.chars().all(fits)),
            () => folded.chars().all(fits),
        };
        if !good {
            return Err(Invalid);
        }
    }
    match rules.not_before {
        Some(start) if text.starts_with(start) && !mistake.at(place, "no-look-ahead") => Err(Invalid),
        Some(start) if mistake.at(place, "look-ahead-anywhere") && text.contains(start) => Err(Invalid),
        Some(start) if mistake.at(place, "look-ahead-folded") && text.to_lowercase().starts_with(start) => Err(Invalid),
        _ => Ok(()),
    }
}

/// One member of an object; `None` where it is absent and may be.
pub fn text<'a>(
    mistake: Mistake,
    place: &str,
    value: Option<&'a Json>,
    required: bool,
    null_ok: bool,
    rules: Rules,
) -> Checked<Option<&'a str>> {
    match value {
        None if required && !mistake.at(place, "optional") => Err(Invalid),
        None => Ok(None),
        Some(Json::Null) if !required && null_ok || mistake.at(place, "null") => Ok(None),
        Some(Json::String(text)) => check_text(mistake, place, text, rules).map(|()| Some(text.as_str())),
        Some(Json::Number(_) | Json::Bool(_)) if mistake.at(place, "coerced") => Ok(None),
        Some(Json::Array(_) | Json::Object(_)) if mistake.at(place, "any-type") => Ok(None),
        Some(_) => Err(Invalid),
    }
}

pub fn member_of(mistake: Mistake, place: &str, text: &str, members: &[&str]) -> Checked<()> {
    let found = members.iter().any(|member| {
        !mistake.lost(place, member)
            && (*member == text
                || mistake.at(place, "enum-folded") && member.eq_ignore_ascii_case(text)
                || mistake.at(place, "enum-trimmed") && *member == text.trim()
                || mistake.at(place, "enum-prefix") && text.starts_with(member)
                || mistake.at(place, "enum-contained") && member.contains(text))
    });
    if found || mistake.at(place, "enum-any") { Ok(()) } else { Err(Invalid) }
}

pub fn object<'a>(mistake: Mistake, place: &str, value: &'a Json) -> Checked<Option<&'a Map<String, Json>>> {
    match value {
        Json::Object(found) => Ok(Some(found)),
        _ if mistake.at(place, "any-type") => Ok(None),
        Json::Array(_) if mistake.at(place, "list-as-map") => Ok(None),
        Json::String(_) if mistake.at(place, "text-as-map") => Ok(None),
        _ => Err(Invalid),
    }
}
