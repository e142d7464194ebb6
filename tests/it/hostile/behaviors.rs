//! The hostile behaviors, each with the observation and the explanation that must be reported.
//!
//! Redirects lead to a listener that counts connections, or to unreachable addresses.

use super::server::HostileBehavior;
use std::io::Write as _;

/// The body of the rejection of a note that is too long.
pub const REJECTION: &str = r#"{"error":{"code":"validation_error","message":"note"}}"#;

/// A named hostile behavior.
pub struct Row {
    pub name: &'static str,
    pub behavior: HostileBehavior,
    /// Start of the observation: a status if there was a response, or `pass` if nothing is wrong.
    pub observed: &'static str,
    /// A part of the explanation.
    pub why: &'static str,
}

impl Row {
    /// Returns whether the response has a complete head.
    pub fn has_response_head(&self) -> bool {
        self.observed == "pass" || self.observed.starts_with(|c: char| c.is_ascii_digit())
    }

    /// Returns whether only the timeout ends the request.
    pub fn needs_timeout(&self) -> bool {
        self.observed == "hang" || self.observed.ends_with("never ends")
    }
}

fn row(name: &'static str, behavior: HostileBehavior, observed: &'static str, why: &'static str) -> Row {
    Row { name, behavior, observed, why }
}

/// A rejection with these header lines and this body.
fn rejection(lines: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let head = format!("HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n{lines}\r\n");
    [head.as_bytes(), body.as_ref()].concat()
}

/// A response with this status line, this body and a correct length.
fn with_status(line: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!("{line}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn with_length(body: impl AsRef<[u8]>) -> Vec<u8> {
    with_status("HTTP/1.1 400 Bad Request", body)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn encoded(coding: &str, body: &[u8]) -> Vec<u8> {
    rejection(&format!("content-encoding: {coding}\r\ncontent-length: {}\r\n", body.len()), body)
}

fn chunked(body: &str) -> Vec<u8> {
    rejection("transfer-encoding: chunked\r\n", body)
}

const SHORT_BODY: &str = "400, body is shorter than its framing";
const LONG_BODY: &str = "body is longer than its framing";
const TRUNCATED_BODY: &str = "body is longer than overstep reads";
const ENDLESS_BODY: &str = "400, body never ends";
const UNDECODABLE: &str = "body cannot be decoded";

/// Connections that end early or never.
pub fn connections() -> Vec<Row> {
    use HostileBehavior::{ClosesUnread, ReadsHalf, Sends, SendsAndCloses, SendsAndHalfCloses, Trickles};
    let half = &REJECTION[..20];
    let half_body = || rejection(&format!("content-length: {}\r\n", REJECTION.len()), half);
    vec![
        row("never answers", Sends(Vec::new()), "hang", "no response within"),
        row("closes at once", ClosesUnread, "dropped", "connection closed without a response"),
        row("closes in the middle of the request", ReadsHalf, "dropped", "connection closed without a response"),
        row("closes after the request", SendsAndCloses(Vec::new()), "dropped", "connection closed without a response"),
        row("closes its side only", SendsAndHalfCloses(Vec::new()), "dropped", "connection closed without a response"),
        row("closes in the status line", SendsAndCloses(b"HTTP/1.".to_vec()), "dropped", "connection closed without"),
        row(
            "closes in the header",
            SendsAndCloses(b"HTTP/1.1 400 Bad\r\nconte".to_vec()),
            "dropped",
            "connection closed",
        ),
        row(
            "closes after the header",
            SendsAndHalfCloses(rejection("content-length: 9\r\n", "")),
            SHORT_BODY,
            "shorter",
        ),
        row("closes in the body", SendsAndCloses(half_body()), SHORT_BODY, "shorter than its framing"),
        row("closes its side in the body", SendsAndHalfCloses(half_body()), SHORT_BODY, "shorter than its framing"),
        row("stops in the header", Sends(b"HTTP/1.1 400 Bad\r\nconte".to_vec()), "hang", "no response within"),
        row("stops in the body", Sends(half_body()), ENDLESS_BODY, "never ends"),
        row("byte by byte", Trickles(with_length(REJECTION)), "pass", "as documented"),
    ]
}

/// Slow and endless responses.
pub fn floods() -> Vec<Row> {
    use HostileBehavior::{Drips, Repeats, Sends};
    let chunk = |byte: u8| vec![byte; 16 * 1024];
    let early_hints = || b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n".to_vec();
    vec![
        row("drips in the status line", Drips(b"HTTP/1.1 400 ".to_vec(), b"x".to_vec()), "hang", "no response within"),
        row("drips in a header", Drips(b"HTTP/1.1 400 Bad\r\nx: ".to_vec(), b"x".to_vec()), "hang", "no response"),
        row("drips headers", Drips(b"HTTP/1.1 400 Bad\r\n".to_vec(), b"x: y\r\n".to_vec()), "hang", "no response"),
        row(
            "drips a body",
            Drips(rejection("content-length: 50000\r\n", ""), b" ".to_vec()),
            ENDLESS_BODY,
            "never ends",
        ),
        row("drips chunks", Drips(chunked(""), b"1\r\n \r\n".to_vec()), ENDLESS_BODY, "never ends"),
        row(
            "a body without length or end",
            Repeats(rejection("", ""), chunk(b' ')),
            "400, body is longer",
            TRUNCATED_BODY,
        ),
        row(
            "a body of petabytes",
            Repeats(rejection("content-length: 4611686018427387904\r\n", ""), chunk(b' ')),
            "400, body is longer",
            TRUNCATED_BODY,
        ),
        row(
            "chunks without end",
            Repeats(chunked(""), format!("1000\r\n{}\r\n", " ".repeat(4096)).into_bytes()),
            "400, body is longer",
            TRUNCATED_BODY,
        ),
        row(
            "an endless chunk size",
            Repeats(chunked("1;"), chunk(b'x')),
            "400, body cannot be decoded",
            "chunk-size line too long",
        ),
        row(
            "trailers without end",
            Repeats(chunked("0\r\n"), b"x: y\r\n".repeat(1000)),
            "400, body cannot be decoded",
            "trailers too long",
        ),
        row(
            "a status line without end",
            Repeats(b"HTTP/1.1 400 ".to_vec(), chunk(b'x')),
            "endless header",
            "headers longer",
        ),
        row(
            "headers without end",
            Repeats(b"HTTP/1.1 400 Bad\r\n".to_vec(), b"x-filler: 0123456789\r\n".repeat(1000)),
            "endless header",
            "headers longer than 65536 bytes",
        ),
        row(
            "a header without end",
            Repeats(b"HTTP/1.1 400 Bad\r\nx: ".to_vec(), chunk(b'x')),
            "endless header",
            "headers longer than 65536 bytes",
        ),
        row(
            "a header of a megabyte",
            Sends(rejection(&format!("x: {}\r\ncontent-length: 2\r\n", "x".repeat(1 << 20)), "{}")),
            "endless header",
            "headers longer than 65536 bytes",
        ),
        row("empty lines without end", Repeats(Vec::new(), b"\r\n".repeat(1000)), "endless header", "headers longer"),
        row(
            "endless interim responses",
            Repeats(Vec::new(), b"HTTP/1.1 100 Continue\r\n\r\n".repeat(100)),
            "not HTTP",
            "too many interim responses",
        ),
        row("hints without end", Repeats(Vec::new(), early_hints()), "not HTTP", "too many interim responses"),
        row(
            "some interim responses",
            Sends([early_hints(), early_hints(), with_length(REJECTION)].concat()),
            "pass",
            "as documented",
        ),
        row("a gzip bomb", Sends(encoded("gzip", &gzip(&vec![b' '; 64 << 20]))), "400, body is longer", TRUNCATED_BODY),
        row(
            "a gzip bomb in a gzip bomb",
            Sends(encoded("gzip, gzip", &gzip(&gzip(&vec![b' '; 64 << 20])))),
            "400, body is longer",
            TRUNCATED_BODY,
        ),
    ]
}

/// Wrong framing and content coding.
pub fn framings() -> Vec<Row> {
    use HostileBehavior::{Sends, SendsAndCloses};
    let size = REJECTION.len();
    let chunks = format!("{size:x}\r\n{REJECTION}\r\n0\r\n\r\n");
    let length = |length: &str| rejection(&format!("content-length: {length}\r\n"), REJECTION);
    let compressed = gzip(REJECTION.as_bytes());
    let undecodable = |name, bytes, why| row(name, Sends(bytes), "400, body cannot be decoded", why);
    // If the received part has an error code, it is reported as well.
    let undecodable_with_code =
        |name, bytes, why| row(name, Sends(bytes), "400 validation_error, body cannot be decoded", why);
    let not_http = |name, bytes, why| row(name, Sends(bytes), "not HTTP", why);
    vec![
        row("chunks", Sends(chunked(&chunks)), "pass", "as documented"),
        row(
            "chunks and a length",
            Sends(rejection("transfer-encoding: chunked\r\ncontent-length: 3\r\n", &chunks)),
            "pass",
            "",
        ),
        undecodable(
            "a chunk size that is not a number",
            chunked(&format!("zz\r\n{REJECTION}\r\n0\r\n\r\n")),
            "invalid chunk size `zz`",
        ),
        undecodable(
            "a negative chunk",
            chunked(&format!("-{size:x}\r\n{REJECTION}\r\n0\r\n\r\n")),
            "invalid chunk size",
        ),
        undecodable("a chunk that overflows", chunked("fffffffffffffffff\r\n{}"), "invalid chunk size"),
        undecodable_with_code(
            "a chunk without its end",
            chunked(&format!("{size:x}\r\n{REJECTION}0\r\n\r\n")),
            "chunk longer than its size",
        ),
        undecodable("a very long chunk size", chunked(&format!("{}\r\n", "z".repeat(8000))), "invalid chunk size"),
        row(
            "a chunk of exabytes",
            SendsAndCloses(chunked("fffffffffffffff\r\n{}")),
            SHORT_BODY,
            "shorter than its framing",
        ),
        row(
            "no last chunk",
            SendsAndCloses(chunked(&format!("{size:x}\r\n{REJECTION}\r\n"))),
            "400 validation_error, body is shorter",
            "shorter than its framing",
        ),
        row(
            "no last chunk, and no end",
            Sends(chunked(&format!("{size:x}\r\n{REJECTION}\r\n"))),
            "400 validation_error, body never ends",
            "never ends",
        ),
        row("gzip", Sends(encoded("gzip", &compressed)), "pass", "as documented"),
        undecodable("garbage instead of gzip", encoded("gzip", REJECTION.as_bytes()), UNDECODABLE),
        undecodable("half of gzip", encoded("gzip", &compressed[..compressed.len() / 2]), UNDECODABLE),
        undecodable_with_code(
            "gzip with a wrong checksum",
            encoded("gzip", &with_wrong_checksum(compressed.clone())),
            UNDECODABLE,
        ),
        undecodable_with_code(
            "gzip and garbage",
            encoded("gzip", &[&compressed[..], b"rubbish"].concat()),
            UNDECODABLE,
        ),
        undecodable_with_code(
            "an unknown coding",
            encoded("lzma9", REJECTION.as_bytes()),
            "unknown content encoding `lzma9`",
        ),
        undecodable_with_code(
            "a very long coding",
            encoded(&"z".repeat(60_000), REJECTION.as_bytes()),
            "unknown content encoding",
        ),
        undecodable("thousands of codings", encoded(&["gzip"; 5000].join(","), &compressed), UNDECODABLE),
        row(
            "a length too long",
            SendsAndCloses(length("4000")),
            "400 validation_error, body is shorter",
            "shorter than its framing",
        ),
        row(
            "a length too long, and no end",
            Sends(length("4000")),
            "400 validation_error, body never ends",
            "never ends",
        ),
        row("a length too short", Sends(length("4")), "400, body is longer than its framing", LONG_BODY),
        not_http("a negative length", length("-1"), "content-length"),
        not_http("a length that is not a number", length("many"), "content-length"),
        not_http("a length that overflows", length("99999999999999999999999"), "content-length"),
        not_http(
            "two lengths",
            rejection(&format!("content-length: 3\r\ncontent-length: {size}\r\n"), REJECTION),
            "conflicting content-length values",
        ),
        row("the same length twice", Sends(length(&format!("{size}, {size}"))), "pass", "as documented"),
        row(
            "two responses to one request",
            Sends([with_length(REJECTION), smuggled()].concat()),
            "400 validation_error, body is longer than its framing",
            LONG_BODY,
        ),
    ]
}

/// Marks a response that must never be matched with another request.
pub const SMUGGLED: &str = "smuggled";

fn smuggled() -> Vec<u8> {
    with_status("HTTP/1.1 418 Teapot", format!(r#"{{"error":{{"code":"{SMUGGLED}"}}}}"#))
}

fn with_wrong_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let at = bytes.len() - 5;
    bytes[at] ^= 1;
    bytes
}

/// Data that is not HTTP, and unusual status lines and headers.
pub fn non_http_and_odd_heads() -> Vec<Row> {
    use HostileBehavior::{Sends, SendsAndCloses, SpeaksFirst};
    let not_http = |name, bytes: &[u8], why| row(name, SendsAndCloses(bytes.to_vec()), "not HTTP", why);
    let status = |line: &str| with_status(line, REJECTION);
    let header = |line: &[u8]| {
        let rest = format!("content-length: {}\r\n\r\n{REJECTION}", REJECTION.len());
        [b"HTTP/1.1 400 Bad\r\ncontent-type: application/json\r\n", line, b"\r\n", rest.as_bytes()].concat()
    };
    vec![
        row("SSH", SpeaksFirst(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()), "not HTTP", "SSH-2.0-OpenSSH_9.6"),
        row("SMTP", SpeaksFirst(b"220 mail.example ESMTP\r\n".to_vec()), "not HTTP", "220 mail.example ESMTP"),
        row(
            "HTTP/2 settings",
            SpeaksFirst(b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64".to_vec()),
            "not HTTP",
            "the server uses HTTP/2",
        ),
        not_http("HTTP/2 goes away", b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01", "the server uses HTTP/2"),
        not_http("an alert of TLS", b"\x15\x03\x01\0\x02\x02\x46", "the server uses TLS"),
        not_http("NULs", &[0; 64], "not HTTP"),
        not_http("HTTP/0.9", b"<html><body>Bad Request</body></html>\n", "<html>"),
        not_http("a status line of HTTP/2", b"HTTP/2 400 Bad\r\ncontent-length: 0\r\n\r\n", "HTTP/2 400 Bad"),
        not_http("another protocol's status line", b"ICY 200 OK\r\n\r\n", "ICY 200 OK"),
        not_http("a request", b"POST /cards/1/links HTTP/1.1\r\nhost: x\r\n\r\n", "POST /cards"),
        not_http("a bare document", REJECTION.as_bytes(), "not HTTP"),
        not_http("bytes that steer a terminal", b"\x1b[2J\x1b]0;title\x07\r\n\r\n", "not HTTP"),
        row("status 999", Sends(status("HTTP/1.1 999 Odd")), "999 validation_error", "the server failed"),
        not_http("status 000", &status("HTTP/1.1 000 None"), "status"),
        not_http("status 099", &status("HTTP/1.1 099 None"), "status"),
        not_http("a status of two digits", &status("HTTP/1.1 40 Bad"), "status"),
        not_http("a status of four digits", &status("HTTP/1.1 4000 Bad"), "`HTTP/1.1 4000 Bad`"),
        not_http("a status in letters", &status("HTTP/1.1 abc Bad"), "status"),
        not_http("a negative status", &status("HTTP/1.1 -40 Bad"), "status"),
        row("no reason", Sends(status("HTTP/1.1 400")), "pass", "as documented"),
        row("an old version", SendsAndCloses(status("HTTP/1.0 400 Bad")), "pass", "as documented"),
        row("another protocol from here on", Sends(status("HTTP/1.1 101 Switching Protocols")), "101", ""),
        not_http("a NUL in a header", &header(b"x: a\0b"), "header"),
        not_http("a control character in a header", &header(b"x: \x1b[2J"), "header"),
        not_http("a header without a name", &header(b": x"), "header"),
        not_http("a header without a colon", &header(b"nothing"), "header"),
        row("bytes that are not text in a header", Sends(header(b"x: \xff\xfe\x80")), "pass", "as documented"),
    ]
}

/// Valid HTTP responses with redirects, long delays and oversized values.
pub fn special_responses(redirect_target: std::net::SocketAddr) -> Vec<Row> {
    use HostileBehavior::Sends;
    let redirect = |status: u16, location: &str| {
        let head = format!("HTTP/1.1 {status} Moved\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
        Sends(head.into_bytes())
    };
    let target = format!("http://{redirect_target}/cards/1/links");
    let redirected = "it was redirected instead of rejected";
    let with_code = |code: &str| with_length(serde_json::json!({ "error": { "code": code } }).to_string());
    let many_members: String = (0..10_000).map(|n| format!(r#","m{n}":{n}"#)).collect();
    let with_content_type = |stated: &str| {
        let size = REJECTION.len();
        format!("HTTP/1.1 400 Bad\r\ncontent-type: {stated}\r\ncontent-length: {size}\r\n\r\n{REJECTION}").into_bytes()
    };
    vec![
        row("301 to redirect_target", redirect(301, &target), "301", redirected),
        row("302 to redirect_target", redirect(302, &target), "302", redirected),
        row("303 to redirect_target", redirect(303, &target), "303", redirected),
        row("307 to redirect_target", redirect(307, &target), "307", redirected),
        row("308 to redirect_target", redirect(308, &target), "308", redirected),
        row("308 to another machine", redirect(308, "http://192.0.2.1/cards/1/links"), "308", redirected),
        row("a redirect to itself", redirect(307, "/cards/1/links"), "307", redirected),
        row("a redirect to a file", redirect(302, "file:///etc/passwd"), "302", redirected),
        row(
            "an endless retry-after",
            Sends(with_status("HTTP/1.1 429 Slow\r\nretry-after: 18446744073709551615", REJECTION)),
            "429 validation_error",
            "throttled",
        ),
        row(
            "a failure with an endless retry-after",
            Sends(with_status("HTTP/1.1 503 Slow\r\nretry-after: 18446744073709551615", REJECTION)),
            "503 validation_error",
            "the server failed",
        ),
        row("an error type of a megabyte", Sends(with_code(&"A".repeat(1 << 20))), "400 AAAA", "is not documented"),
        row(
            "an error type that steers a terminal",
            Sends(with_code("\u{1b}[2J\u{7}\r\n::error::x\u{202e}")),
            "400 \u{1b}[2J",
            "is not documented",
        ),
        row(
            "a very long content type",
            Sends(with_content_type(&"x/".repeat(30_000))),
            "400 validation_error, content type",
            "content type",
        ),
        row(
            "deeply nested lists",
            Sends(with_length("[".repeat(1 << 20))),
            "400",
            "rejected without a documented error type",
        ),
        row(
            "ten thousand members",
            Sends(with_length(format!(r#"{{"error":{{"code":"validation_error"}}{many_members}}}"#))),
            "pass",
            "as documented",
        ),
    ]
}
