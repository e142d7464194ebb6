//! Reads from pages how callers authenticate.
//!
//! It never reads a key: samples only show where one belongs.

use crate::contract::AuthScheme;

/// Headers that hold a key, in lower case.
const KEY_HEADERS: [&str; 4] = ["x-api-key", "api-key", "x-auth-token", "x-api-token"];

/// Returns the scheme that a line of text or of a sample shows.
pub(super) fn auth_in_line(line: &str) -> Option<AuthScheme> {
    let lower = line.to_ascii_lowercase();
    if lower.contains("authorization") && lower.contains("bearer ") {
        return Some(AuthScheme::Bearer);
    }
    let is_header = |name: &str| {
        lower.find(name).is_some_and(|at| {
            lower[at + name.len()..].trim_start_matches(['"', '\'', '`', ' ']).starts_with(':')
                && !lower[..at].ends_with(|c: char| c.is_alphanumeric() || c == '-')
        })
    };
    let name = KEY_HEADERS.into_iter().find(|name| is_header(name))?;
    let at = lower.find(name)?;
    Some(AuthScheme::Header { name: line.get(at..at + name.len())?.to_owned(), prefix: None })
}

/// Returns the scheme of a documented header, if the header holds credentials.
pub(super) fn auth_of_header(name: &str) -> Option<AuthScheme> {
    match name.to_ascii_lowercase().as_str() {
        "authorization" => Some(AuthScheme::Bearer),
        "x-api-key" => Some(AuthScheme::Header { name: name.to_owned(), prefix: None }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_show_how_callers_authenticate() {
        let header = |name: &str| Some(AuthScheme::Header { name: name.to_owned(), prefix: None });
        for (line, auth) in [
            ("Authorization: Bearer YOUR_KEY", Some(AuthScheme::Bearer)),
            ("  -H 'X-API-Key: 123' \\", header("X-API-Key")),
            ("\"api-key\": \"…\"", header("api-key")),
            ("the my-api-key: x", None),
            ("Content-Type: application/json", None),
        ] {
            assert_eq!(auth_in_line(line), auth, "{line}");
        }
        assert_eq!(auth_of_header("Authorization"), Some(AuthScheme::Bearer));
        assert_eq!(auth_of_header("X-Trace"), None);
    }
}
