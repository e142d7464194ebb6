//! Parses the values of flags.
//!
//! It never knows which flag a value belongs to.

use std::path::PathBuf;
use std::time::Duration;

/// Number of requests per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate(pub f64);

/// A duration given on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

/// Formats of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wording {
    /// JSON, one event per line.
    Ndjson,
    /// JUnit XML, for CI servers.
    Junit,
    /// Annotations for GitHub Actions.
    Github,
    /// Markdown, for the summary of a CI job.
    Markdown,
}

/// Output formats of `cases`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing {
    /// The id and the expectation of each case.
    Text,
    /// JSON, one object per line.
    Ndjson,
    /// One curl command per case.
    Curl,
    /// One seed file per case in this folder.
    Corpus(PathBuf),
}

/// Parses `text`, `ndjson`, `curl` or `corpus=DIR`.
pub fn listing(text: &str) -> Result<Listing, String> {
    match (text, text.strip_prefix("corpus=")) {
        ("text", _) => Ok(Listing::Text),
        ("ndjson", _) => Ok(Listing::Ndjson),
        ("curl", _) => Ok(Listing::Curl),
        ("corpus" | "corpus=", _) => Err("missing folder; expected `corpus=DIR`".to_owned()),
        (_, Some(folder)) => Ok(Listing::Corpus(PathBuf::from(folder))),
        _ => Err("expected one of `text`, `ndjson`, `curl`, `corpus=DIR`".to_owned()),
    }
}

/// Parses a rate such as `100/s`, `60/m` or `1000/h`.
pub fn rate(text: &str) -> Result<Rate, String> {
    let form = || "expected requests and a unit: `100/s`, `60/m`, `1000/h`".to_owned();
    let (number, unit) = text.split_once('/').ok_or_else(form)?;
    let number: f64 = number.trim().parse().map_err(|_| form())?;
    let seconds = match unit.trim() {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(form()),
    };
    let rate = number / seconds;
    if !(1e-4..=1e6).contains(&rate) {
        return Err("rate out of range; expected 0.0001 to 1000000 requests per second".to_owned());
    }
    Ok(Rate(rate))
}

/// Parses a duration such as `500ms`, `2s` or `1m`.
pub fn span(text: &str) -> Result<Span, String> {
    let form = || "expected a number and a unit: `500ms`, `2s`, `1m`".to_owned();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(form)?;
    let number: f64 = text[..digits].parse().map_err(|_| form())?;
    let seconds = match text[digits..].trim() {
        "ms" => number / 1000.0,
        "s" => number,
        "m" => number * 60.0,
        _ => return Err(form()),
    };
    if !(0.001..=3600.0).contains(&seconds) {
        return Err("duration out of range; expected `1ms` to `60m`".to_owned());
    }
    Ok(Span(Duration::from_secs_f64(seconds)))
}

/// Parses `NAME=VALUE`.
pub fn named(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err("expected `NAME=VALUE`".to_owned()),
    }
}

/// Parses `Name: value`.
pub fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("expected `Name: value`")?;
    let (name, value) = (name.trim(), value.trim());
    http::HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("invalid header name `{name}`"))?;
    http::HeaderValue::from_str(value).map_err(|_| "header values must not contain control characters".to_owned())?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Parses `FORMAT=PATH`.
pub fn report(text: &str) -> Result<(Wording, PathBuf), String> {
    let (format, path) = text.split_once('=').ok_or("expected `FORMAT=PATH`, for example `junit=report.xml`")?;
    let format = match format {
        "ndjson" => Wording::Ndjson,
        "junit" => Wording::Junit,
        "github" => Wording::Github,
        "markdown" => Wording::Markdown,
        other => {
            let known = "`ndjson`, `junit`, `github`, `markdown`";
            return Err(format!("unknown report format `{other}`; expected one of {known}"));
        }
    };
    if path.is_empty() {
        return Err("empty path; use `-` for standard output".to_owned());
    }
    Ok((format, PathBuf::from(path)))
}

/// Parses a run id: letters, digits, `-` and `_`, so that it fits into any identifier.
pub fn run_id(text: &str) -> Result<String, String> {
    let fits = (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if fits { Ok(text.to_owned()) } else { Err("expected 1 to 32 letters, digits, `-` or `_`".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_durations_need_a_number_in_range_and_a_unit() {
        assert_eq!(rate("100/s"), Ok(Rate(100.0)));
        assert_eq!(rate("60/m"), Ok(Rate(1.0)));
        assert_eq!(span("500ms"), Ok(Span(Duration::from_millis(500))));
        assert_eq!(span("1m"), Ok(Span(Duration::from_secs(60))));
        for text in ["", "100", "x/s", "0/s", "-1/s", "nan/s", "inf/s", "1/d"] {
            assert!(rate(text).is_err(), "{text}");
        }
        for text in ["", "2", "s", "-2s", "2h", "0s", "1e9s", "..s"] {
            assert!(span(text).is_err(), "{text}");
        }
    }

    #[test]
    fn malformed_assignments_headers_formats_and_run_ids_are_rejected() {
        assert_eq!(named("A=b=c"), Ok(("A".into(), "b=c".into())));
        assert!(named("A").is_err() && named("=x").is_err());
        assert_eq!(header("X-A: b: c"), Ok(("X-A".into(), "b: c".into())));
        assert!(header("X A: b").is_err() && header("X: a\nb").is_err());
        assert_eq!(listing("corpus=a/b"), Ok(Listing::Corpus("a/b".into())));
        assert!(listing("curl").is_ok() && listing("corpus").is_err() && listing("corpus=").is_err());
        assert!(listing("xml").is_err());
        assert!(report("junit=a.xml").is_ok() && report("xml=a").is_err() && report("junit=").is_err());
        assert!(run_id("a-1_B").is_ok() && run_id("").is_err() && run_id("a/b").is_err());
    }
}
