//! Writes requests and responses as HAR 1.2, which browsers and proxies open. Passed cases have no entries, because results
//! do not hold their requests.
//!
//! It never sees a secret: results are redacted when they are recorded. See the
//! [specification](http://www.softwareishard.com/blog/har-12-spec/).

use super::recorded_event::{JudgedCaseEvent, RecordedEvent, RunStartEvent};
use super::results_converter::ResultsConverter;
use super::{RecordedStep, StepResponse};
use crate::escape::json_line;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value as Json, json};
use std::io::{self, Write};

/// The time of entries in results of versions that recorded none.
const UNKNOWN_TIME: &str = "1970-01-01T00:00:00Z";

/// Converts results to HAR.
pub struct HarConverter<W: Write> {
    writer: W,
    run: RunStartEvent,
    entry_count: u64,
    is_begun: bool,
}

impl<W: Write> HarConverter<W> {
    /// Creates a converter that writes to `writer`.
    pub fn new(writer: W) -> Self {
        Self { writer, run: RunStartEvent::default(), entry_count: 0, is_begun: false }
    }

    fn write_head(&mut self) -> io::Result<()> {
        if self.is_begun {
            return Ok(());
        }
        self.is_begun = true;
        let creator = json!({ "name": "overstep", "version": env!("CARGO_PKG_VERSION") });
        let comment = "all entries have the time at which their run began; passed cases have no entries";
        let head = [json_line(&creator)?, json_line(comment)?].map(|part| String::from_utf8_lossy(&part).into_owned());
        let [creator, comment] = head;
        write!(self.writer, "{{\"log\":{{\"version\":\"1.2\",\"creator\":{creator},\"comment\":{comment},\"entries\":[")
    }

    fn write_case(&mut self, case: &JudgedCaseEvent) -> io::Result<()> {
        self.write_head()?;
        let last = case.steps.len().saturating_sub(1);
        for (index, step) in case.steps.iter().enumerate() {
            let millis = if index == last { case.millis } else { 0.0 };
            let entry = self.entry(case, step, millis);
            self.writer.write_all(if self.entry_count == 0 { b"\n" } else { b",\n" })?;
            self.entry_count += 1;
            self.writer.write_all(&json_line(&entry)?)?;
        }
        Ok(())
    }

    fn entry(&self, case: &JudgedCaseEvent, step: &RecordedStep, millis: f64) -> Json {
        let started = if self.run.started.is_empty() { UNKNOWN_TIME } else { &self.run.started };
        let code = case.code.as_ref().map_or_else(String::new, |code| format!(" {code}"));
        json!({
            "startedDateTime": started,
            "time": millis,
            "request": request(&self.run.endpoint, step),
            "response": response(step),
            "cache": {},
            "timings": { "send": 0, "wait": millis, "receive": 0 },
            "comment": format!("{} · {}{code} · {}", case.id, case.verdict, case.why),
            "_overstep": { "case": case.id, "verdict": case.verdict, "code": case.code, "purpose": step.purpose, "target": step.target },
        })
    }
}

/// Returns the scheme and host of a base URL, because targets are whole paths.
fn origin(endpoint: &str) -> &str {
    let after_scheme = endpoint.find("://").map_or(0, |at| at + 3);
    let end = endpoint[after_scheme..].find('/').map_or(endpoint.len(), |at| after_scheme + at);
    &endpoint[..end]
}

/// Returns a target with everything encoded that a URI must not contain, because readers of HAR parse it.
fn uri_text(target: &str) -> String {
    const FORBIDDEN: &AsciiSet = &CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'<')
        .add(b'>')
        .add(b'\\')
        .add(b'^')
        .add(b'`')
        .add(b'{')
        .add(b'|')
        .add(b'}')
        .add(b'[')
        .add(b']')
        .add(b'#');
    let is_escape = |rest: &str| rest.len() >= 2 && rest.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit);
    let mut out = String::new();
    for (index, part) in target.split('%').enumerate() {
        if index > 0 {
            out.push_str(if is_escape(part) { "%" } else { "%25" });
        }
        out.extend(utf8_percent_encode(part, FORBIDDEN));
    }
    out
}

fn header_list(headers: &[(String, String)]) -> Vec<Json> {
    headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

fn find_header<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn request(endpoint: &str, step: &RecordedStep) -> Json {
    let query = step.target.split_once('?').map_or("", |(_, query)| query);
    let parameters = query.split('&').filter(|part| !part.is_empty()).map(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        json!({ "name": name, "value": value })
    });
    let mut request = json!({
        "method": step.method,
        "url": format!("{}{}", origin(endpoint), uri_text(&step.target)),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": header_list(&step.headers),
        "queryString": parameters.collect::<Vec<_>>(),
        "headersSize": -1,
        "bodySize": step.body.as_ref().map_or(-1, |body| i64::try_from(body.len()).unwrap_or(-1)),
    });
    let body = match (&step.body, &step.body_base64, &step.body_digest) {
        (Some(text), ..) => Some((text.clone(), "")),
        (None, Some(base64), _) => Some((base64.clone(), "base64")),
        (None, None, Some(digest)) => Some((digest.clone(), "digest of a long body")),
        _ => None,
    };
    if let Some((text, comment)) = body {
        let media_type = find_header(&step.headers, "content-type").unwrap_or("application/octet-stream");
        request["postData"] = json!({ "mimeType": media_type, "text": text, "params": [], "comment": comment });
    }
    request
}

fn response(step: &RecordedStep) -> Json {
    let (status, body, comment) = match &step.answer {
        StepResponse::Answered { status, body } => (*status, body.as_str(), ""),
        StepResponse::Nothing { why } => (0, "", why.as_str()),
    };
    let media_type = find_header(&step.response_headers, "content-type").unwrap_or("text/plain");
    json!({
        "status": status,
        "statusText": "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": header_list(&step.response_headers),
        "content": { "size": body.len(), "mimeType": media_type, "text": body },
        "redirectURL": find_header(&step.response_headers, "location").unwrap_or_default(),
        "headersSize": -1,
        "bodySize": body.len(),
        "comment": comment,
    })
}

impl<W: Write> ResultsConverter for HarConverter<W> {
    fn convert_event(&mut self, event: RecordedEvent) -> io::Result<()> {
        match event {
            RecordedEvent::Run(run) => self.run = *run,
            RecordedEvent::Case(case) => self.write_case(&case)?,
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.write_head()?;
        self.writer.write_all(b"\n]}}\n")?;
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::{origin, uri_text};

    #[test]
    fn targets_become_uris() {
        assert_eq!(uri_text("/v1/a%20b?q=1&r=%"), "/v1/a%20b?q=1&r=%25");
        assert_eq!(uri_text("/a%zz/<é>#{}"), "/a%25zz/%3C%C3%A9%3E%23%7B%7D");
    }

    #[test]
    fn origins_end_before_the_path() {
        assert_eq!(origin("http://127.0.0.1:8080/v1/api"), "http://127.0.0.1:8080");
        assert_eq!(origin("https://example.com"), "https://example.com");
        assert_eq!(origin("embedded"), "embedded");
    }
}
