//! Parses the values of flags.
//!
//! It never knows which flag a value belongs to.

use clap::builder::TypedValueParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use overstep::run::ProxyAddress;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

/// Parses a value that may contain a secret: no error message repeats it.
#[derive(Clone)]
pub struct SecretValueParser<T>(pub fn(&str) -> Result<T, String>);

impl<T: Clone + Send + Sync + 'static> TypedValueParser for SecretValueParser<T> {
    type Value = T;

    fn parse_ref(&self, cmd: &clap::Command, arg: Option<&clap::Arg>, value: &OsStr) -> Result<T, clap::Error> {
        let parsed = value.to_str().ok_or_else(|| "not valid UTF-8".to_owned()).and_then(self.0);
        parsed.map_err(|reason| {
            let flag = arg.map_or_else(String::new, ToString::to_string);
            let mut error =
                clap::Error::raw(ErrorKind::ValueValidation, format!("invalid value for '{flag}': {reason}\n"));
            error.insert(ContextKind::InvalidArg, ContextValue::String(flag));
            error.insert(ContextKind::Custom, ContextValue::String(reason));
            error.with_cmd(cmd)
        })
    }
}

/// Parses the URL of a proxy.
pub fn parse_proxy(text: &str) -> Result<ProxyAddress, String> {
    ProxyAddress::parse(text).map_err(|error| error.0)
}

/// Number of requests per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RequestRate(pub f64);

/// A duration given on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DurationFlag(pub Duration);

/// Formats of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportFormat {
    /// JSON, one event per line.
    Ndjson,
    /// JUnit XML, for CI servers.
    Junit,
    /// Annotations for GitHub Actions.
    Github,
    /// Markdown, for the summary of a CI job.
    Markdown,
    /// A web page in one file.
    Html,
    /// SARIF, for code scanning.
    Sarif,
    /// HAR, for browsers and proxies.
    Har,
    /// The Common Test Report Format.
    Ctrf,
    /// A folder with what `overstep merge` needs.
    Blob,
}

impl ReportFormat {
    /// Returns true if an incomplete report is of no use, so that it must not replace an earlier one.
    pub fn is_atomic(self) -> bool {
        !matches!(self, Self::Ndjson | Self::Github | Self::Markdown | Self::Blob)
    }
}

/// Output formats of `cases`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CasesFormat {
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
pub fn parse_cases_format(text: &str) -> Result<CasesFormat, String> {
    match (text, text.strip_prefix("corpus=")) {
        ("text", _) => Ok(CasesFormat::Text),
        ("ndjson", _) => Ok(CasesFormat::Ndjson),
        ("curl", _) => Ok(CasesFormat::Curl),
        ("corpus" | "corpus=", _) => Err("missing folder; expected `corpus=DIR`".to_owned()),
        (_, Some(folder)) => Ok(CasesFormat::Corpus(PathBuf::from(folder))),
        _ => Err("expected one of `text`, `ndjson`, `curl`, `corpus=DIR`".to_owned()),
    }
}

/// Parses the number of cases that are sent in parallel.
pub fn parse_workers(text: &str) -> Result<u16, String> {
    let number = text.parse().ok().filter(|number| (1..=1024).contains(number));
    number.ok_or_else(|| "expected a whole number from 1 to 1024".to_owned())
}

/// Parses a number of things, of which there is at least one.
pub fn parse_count(text: &str) -> Result<u64, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "expected a whole number from 1 on".to_owned())
}

/// Parses the seed of generated data.
pub fn parse_seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "expected a whole number, 0 or more".to_owned())
}

/// Parses a port.
pub fn parse_port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| "expected a port from 0 to 65535".to_owned())
}

/// Parses the name of a profile, which becomes the name of a folder.
pub fn parse_profile(text: &str) -> Result<String, String> {
    let is_valid = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    let is_folder = !text.starts_with('.');
    if is_valid && is_folder {
        Ok(text.to_owned())
    } else {
        Err("expected letters, digits, `-`, `_` and `.`".to_owned())
    }
}

/// Parses a rate such as `100/s`, `60/m` or `1000/h`.
pub fn parse_rate(text: &str) -> Result<RequestRate, String> {
    let syntax_error = || "expected requests and a unit: `100/s`, `60/m`, `1000/h`".to_owned();
    let (number, unit) = text.split_once('/').ok_or_else(syntax_error)?;
    let number: f64 = number.trim().parse().map_err(|_| syntax_error())?;
    let seconds = match unit.trim() {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(syntax_error()),
    };
    let rate = number / seconds;
    if !(1e-4..=1e6).contains(&rate) {
        return Err("rate out of range; expected 0.0001 to 1000000 requests per second".to_owned());
    }
    Ok(RequestRate(rate))
}

/// Parses a duration such as `500ms`, `2s` or `1m`.
pub fn parse_duration(text: &str) -> Result<DurationFlag, String> {
    let syntax_error = || "expected a number and a unit: `500ms`, `2s`, `1m`".to_owned();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(syntax_error)?;
    let number: f64 = text[..digits].parse().map_err(|_| syntax_error())?;
    let seconds = match text[digits..].trim() {
        "ms" => number / 1000.0,
        "s" => number,
        "m" => number * 60.0,
        _ => return Err(syntax_error()),
    };
    if !(0.001..=3600.0).contains(&seconds) {
        return Err("duration out of range; expected `1ms` to `60m`".to_owned());
    }
    Ok(DurationFlag(Duration::from_secs_f64(seconds)))
}

/// Parses `NAME=VALUE`.
pub fn parse_assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err("expected `NAME=VALUE`".to_owned()),
    }
}

/// Parses `Name: value`.
pub fn parse_header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("expected `Name: value`")?;
    let (name, value) = (name.trim(), value.trim());
    http::HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| "invalid header name; expected `Name: value`".to_owned())?;
    http::HeaderValue::from_str(value).map_err(|_| "header values must not contain control characters".to_owned())?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Parses `FORMAT=PATH`.
pub fn parse_report(text: &str) -> Result<(ReportFormat, PathBuf), String> {
    let (format, path) = text.split_once('=').ok_or("expected `FORMAT=PATH`, for example `junit=report.xml`")?;
    let format = match format {
        "ndjson" => ReportFormat::Ndjson,
        "junit" => ReportFormat::Junit,
        "github" => ReportFormat::Github,
        "markdown" => ReportFormat::Markdown,
        "html" => ReportFormat::Html,
        "sarif" => ReportFormat::Sarif,
        "har" => ReportFormat::Har,
        "ctrf" => ReportFormat::Ctrf,
        "blob" if path == "-" => return Err("a blob is a folder and cannot be written to standard output".to_owned()),
        "blob" => ReportFormat::Blob,
        other => {
            let known = "`html`, `ndjson`, `junit`, `markdown`, `github`, `sarif`, `har`, `ctrf`, `blob`";
            return Err(format!("unknown report format `{other}`; expected one of {known}"));
        }
    };
    if path.is_empty() {
        return Err("empty path; use `-` for standard output".to_owned());
    }
    Ok((format, PathBuf::from(path)))
}

/// Parses a run id: letters, digits, `-` and `_`, so that it fits into any identifier.
pub fn parse_run_id(text: &str) -> Result<String, String> {
    let is_valid =
        (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if is_valid { Ok(text.to_owned()) } else { Err("expected 1 to 32 letters, digits, `-` or `_`".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_durations_need_a_number_in_range_and_a_unit() {
        assert_eq!(parse_rate("100/s"), Ok(RequestRate(100.0)));
        assert_eq!(parse_rate("60/m"), Ok(RequestRate(1.0)));
        assert_eq!(parse_duration("500ms"), Ok(DurationFlag(Duration::from_millis(500))));
        assert_eq!(parse_duration("1m"), Ok(DurationFlag(Duration::from_secs(60))));
        for text in ["", "100", "x/s", "0/s", "-1/s", "nan/s", "inf/s", "1/d"] {
            assert!(parse_rate(text).is_err(), "{text}");
        }
        for text in ["", "2", "s", "-2s", "2h", "0s", "1e9s", "..s"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn malformed_assignments_headers_formats_and_run_ids_are_rejected() {
        assert_eq!(parse_assignment("A=b=c"), Ok(("A".into(), "b=c".into())));
        assert!(parse_assignment("A").is_err() && parse_assignment("=x").is_err());
        assert_eq!(parse_header("X-A: b: c"), Ok(("X-A".into(), "b: c".into())));
        assert!(parse_header("X A: b").is_err() && parse_header("X: a\nb").is_err());
        assert_eq!(parse_cases_format("corpus=a/b"), Ok(CasesFormat::Corpus("a/b".into())));
        assert!(
            parse_cases_format("curl").is_ok()
                && parse_cases_format("corpus").is_err()
                && parse_cases_format("corpus=").is_err()
        );
        assert!(parse_cases_format("xml").is_err());
        assert!(
            parse_report("junit=a.xml").is_ok() && parse_report("xml=a").is_err() && parse_report("junit=").is_err()
        );
        assert!(parse_run_id("a-1_B").is_ok() && parse_run_id("").is_err() && parse_run_id("a/b").is_err());
    }
}
