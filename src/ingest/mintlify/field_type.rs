//! Parses the type of a field as pages write it: `string`, `string[]`, `array<object>`, `"a" | "b"`, `Folder[] | null`.
//!
//! It never decides what a name means that no language has; the caller does.

/// The type of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FieldType {
    /// The page states none.
    Unstated,
    /// A type with a name, in lower case: `string`, `integer`, `folder`.
    Named(String),
    /// A list of values of a type.
    List(Box<FieldType>),
    /// A map or an object whose members are not listed.
    Map,
    /// One of these texts.
    Literals(Vec<String>),
    /// One of several different types.
    Alternatives,
}

/// The type of a field, and whether the field may be null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StatedType {
    pub kind: FieldType,
    pub is_nullable: bool,
}

impl StatedType {
    /// Parses a type.
    pub fn parse(text: &str) -> Self {
        let alternatives = split_alternatives(text);
        let is_null = |text: &&str| matches!(text.to_ascii_lowercase().as_str(), "null" | "undefined" | "none" | "nil");
        let is_nullable = alternatives.iter().any(is_null);
        let stated: Vec<&str> = alternatives.into_iter().filter(|text| !is_null(text)).collect();
        let literals: Vec<String> = stated.iter().filter_map(|text| unquote(text)).collect();
        if !stated.is_empty() && literals.len() == stated.len() {
            return Self { kind: FieldType::Literals(literals), is_nullable };
        }
        let mut kinds: Vec<FieldType> = stated.into_iter().map(parse_one).collect();
        kinds.dedup();
        let kind = match kinds.len() {
            0 => FieldType::Unstated,
            1 => kinds.remove(0),
            _ => FieldType::Alternatives,
        };
        Self { kind, is_nullable }
    }
}

/// Parses a type without alternatives.
fn parse_one(text: &str) -> FieldType {
    let text = text.trim().trim_matches(['`', '(', ')']).trim();
    let lower = text.to_ascii_lowercase();
    let list_of = |item: &str| FieldType::List(Box::new(StatedType::parse(item).kind));
    if let Some(item) = text.strip_suffix("[]") {
        return list_of(item);
    }
    if let Some((name, inner)) = text.strip_suffix('>').and_then(|rest| rest.split_once('<')) {
        return match name.trim().to_ascii_lowercase().as_str() {
            "array" | "list" | "set" | "sequence" => list_of(inner),
            "record" | "map" | "dict" | "object" => FieldType::Map,
            // `enum<string>` says what the values are.
            "enum" | "optional" | "nullable" | "partial" => StatedType::parse(inner).kind,
            name => FieldType::Named(name.to_owned()),
        };
    }
    for prefix in ["array of ", "list of "] {
        if lower.starts_with(prefix) {
            return list_of(text[prefix.len()..].trim().trim_end_matches('s'));
        }
    }
    match lower.as_str() {
        "" => FieldType::Unstated,
        "array" | "list" => list_of(""),
        "map" | "record" => FieldType::Map,
        _ => FieldType::Named(lower),
    }
}

/// Splits `a | b` and `a or b` at the top level: not inside of `<>`, `()` or quotes.
fn split_alternatives(text: &str) -> Vec<&str> {
    let (mut depth, mut quote, mut start) = (0_i32, None, 0);
    let mut parts = Vec::new();
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, '<' | '(' | '{') => depth += 1,
            (None, '>' | ')' | '}') => depth -= 1,
            (None, '|') if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            (None, _) => {}
        }
    }
    parts.push(&text[start..]);
    let words = parts.into_iter().flat_map(|part| part.split(" or "));
    words.map(|part| part.trim().trim_matches('`').trim()).filter(|part| !part.is_empty()).collect()
}

/// Returns the text in quotes.
fn unquote(text: &str) -> Option<String> {
    let inner = ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote))?;
    (!inner.is_empty() && !inner.contains(['"', '\''])).then(|| inner.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_as_pages_write_them() {
        let named = |name: &str| FieldType::Named(name.to_owned());
        let list = |item: FieldType| FieldType::List(Box::new(item));
        let literals = |values: &[&str]| FieldType::Literals(values.iter().map(|value| (*value).to_owned()).collect());
        for (text, kind, is_nullable) in [
            ("", FieldType::Unstated, false),
            ("String", named("string"), false),
            ("string[]", list(named("string")), false),
            ("string[][]", list(list(named("string"))), false),
            ("Folders[]", list(named("folders")), false),
            ("array<object>", list(named("object")), false),
            ("Array<Record<string, number>>", list(FieldType::Map), false),
            ("array of strings", list(named("string")), false),
            ("array", list(FieldType::Unstated), false),
            ("enum<string>", named("string"), false),
            ("Record<string, string | null>", FieldType::Map, false),
            ("string | null", named("string"), true),
            ("`null` | `number`", named("number"), true),
            ("\"asc\" | \"desc\"", literals(&["asc", "desc"]), false),
            ("'a' | 'B' | null", literals(&["a", "B"]), true),
            ("string | string[]", FieldType::Alternatives, false),
            ("integer or string", FieldType::Alternatives, false),
            ("(string | number)[]", list(FieldType::Alternatives), false),
        ] {
            assert_eq!(StatedType::parse(text), StatedType { kind, is_nullable }, "{text}");
        }
    }
}
