//! The hostile manners, each with what it is to be called: what was observed, and the sentence that says so.
//!
//! Nothing here is sent anywhere; addresses in redirects lead to a listener that counts, or to nobody.

use super::server::Manner;
use std::io::Write as _;

/// What the service says of a note that is too long.
pub const REFUSED: &str = r#"{"error":{"code":"validation_error","message":"note"}}"#;

/// A manner, by its name.
pub struct Row {
    pub name: &'static str,
    pub manner: Manner,
    /// How the observation begins: with a status where there was an answer; `pass` where nothing is wrong.
    pub observed: &'static str,
    /// Words of the sentence that says what happened.
    pub why: &'static str,
}

impl Row {
    /// Whether a complete header comes.
    pub fn is_answer(&self) -> bool {
        self.observed == "pass" || self.observed.starts_with(|c: char| c.is_ascii_digit())
    }

    /// Whether only the end of the time ends it.
    pub fn takes_its_time(&self) -> bool {
        self.observed == "hang" || self.observed.ends_with("never ends")
    }
}

fn row(name: &'static str, manner: Manner, observed: &'static str, why: &'static str) -> Row {
    Row { name, manner, observed, why }
}

/// A refusal with these header lines, and with this for a body.
fn refusal(lines: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let head = format!("HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n{lines}\r\n");
    [head.as_bytes(), body.as_ref()].concat()
}

/// The same with a status line of its own and a right length.
fn with_status(line: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!("{line}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn whole(body: impl AsRef<[u8]>) -> Vec<u8> {
    with_status("HTTP/1.1 400 Bad Request", body)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn encoded(coding: &str, body: &[u8]) -> Vec<u8> {
    refusal(&format!("content-encoding: {coding}\r\ncontent-length: {}\r\n", body.len()), body)
}

fn chunked(body: &str) -> Vec<u8> {
    refusal("transfer-encoding: chunked\r\n", body)
}

const SHORT: &str = "400, body is shorter than its framing";
const LONG: &str = "body is longer than its framing";
const CUT: &str = "body is longer than overstep reads";
const NEVER: &str = "400, body never ends";
const UNDECODABLE: &str = "body cannot be decoded";

/// Connections that end too early, or never.
pub fn connections() -> Vec<Row> {
    use Manner::{Closes, ClosesUnread, HalfCloses, ReadsHalf, Says, Trickles};
    let half = &REFUSED[..20];
    let cut = || refusal(&format!("content-length: {}\r\n", REFUSED.len()), half);
    vec![
        row("never answers", Says(Vec::new()), "hang", "no answer within"),
        row("closes at once", ClosesUnread, "dropped", "connection closed without an answer"),
        row("closes in the middle of the request", ReadsHalf, "dropped", "connection closed without an answer"),
        row("closes after the request", Closes(Vec::new()), "dropped", "connection closed without an answer"),
        row("closes its side only", HalfCloses(Vec::new()), "dropped", "connection closed without an answer"),
        row("closes in the status line", Closes(b"HTTP/1.".to_vec()), "dropped", "connection closed without"),
        row("closes in the header", Closes(b"HTTP/1.1 400 Bad\r\nconte".to_vec()), "dropped", "connection closed"),
        row("closes after the header", HalfCloses(refusal("content-length: 9\r\n", "")), SHORT, "shorter"),
        row("closes in the body", Closes(cut()), SHORT, "shorter than its framing"),
        row("closes its side in the body", HalfCloses(cut()), SHORT, "shorter than its framing"),
        row("stops in the header", Says(b"HTTP/1.1 400 Bad\r\nconte".to_vec()), "hang", "no answer within"),
        row("stops in the body", Says(cut()), NEVER, "never ends"),
        row("byte by byte", Trickles(whole(REFUSED)), "pass", "as documented"),
    ]
}

/// Answers that come slowly, or without end.
pub fn floods() -> Vec<Row> {
    use Manner::{Drips, Repeats, Says};
    let piece = |byte: u8| vec![byte; 16 * 1024];
    let hint = || b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n".to_vec();
    vec![
        row("drips in the status line", Drips(b"HTTP/1.1 400 ".to_vec(), b"x".to_vec()), "hang", "no answer within"),
        row("drips in a header", Drips(b"HTTP/1.1 400 Bad\r\nx: ".to_vec(), b"x".to_vec()), "hang", "no answer"),
        row("drips headers", Drips(b"HTTP/1.1 400 Bad\r\n".to_vec(), b"x: y\r\n".to_vec()), "hang", "no answer"),
        row("drips a body", Drips(refusal("content-length: 50000\r\n", ""), b" ".to_vec()), NEVER, "never ends"),
        row("drips chunks", Drips(chunked(""), b"1\r\n \r\n".to_vec()), NEVER, "never ends"),
        row("a body without length or end", Repeats(refusal("", ""), piece(b' ')), "400, body is longer", CUT),
        row(
            "a body of petabytes",
            Repeats(refusal("content-length: 4611686018427387904\r\n", ""), piece(b' ')),
            "400, body is longer",
            CUT,
        ),
        row(
            "chunks without end",
            Repeats(chunked(""), format!("1000\r\n{}\r\n", " ".repeat(4096)).into_bytes()),
            "400, body is longer",
            CUT,
        ),
        row(
            "a chunk's size without end",
            Repeats(chunked("1;"), piece(b'x')),
            "400, body cannot be decoded",
            "a chunk line without end",
        ),
        row(
            "trailers without end",
            Repeats(chunked("0\r\n"), b"x: y\r\n".repeat(1000)),
            "400, body cannot be decoded",
            "trailers without end",
        ),
        row("a status line without end", Repeats(b"HTTP/1.1 400 ".to_vec(), piece(b'x')), "endless header", "header"),
        row(
            "headers without end",
            Repeats(b"HTTP/1.1 400 Bad\r\n".to_vec(), b"x-filler: 0123456789\r\n".repeat(1000)),
            "endless header",
            "header longer than 65536 bytes",
        ),
        row(
            "a header without end",
            Repeats(b"HTTP/1.1 400 Bad\r\nx: ".to_vec(), piece(b'x')),
            "endless header",
            "header longer than 65536 bytes",
        ),
        row(
            "a header of a megabyte",
            Says(refusal(&format!("x: {}\r\ncontent-length: 2\r\n", "x".repeat(1 << 20)), "{}")),
            "endless header",
            "header longer than 65536 bytes",
        ),
        row("empty lines without end", Repeats(Vec::new(), b"\r\n".repeat(1000)), "endless header", "header longer"),
        row(
            "interim answers without end",
            Repeats(Vec::new(), b"HTTP/1.1 100 Continue\r\n\r\n".repeat(100)),
            "not HTTP",
            "interim answers without end",
        ),
        row("hints without end", Repeats(Vec::new(), hint()), "not HTTP", "interim answers without end"),
        row("some interim answers", Says([hint(), hint(), whole(REFUSED)].concat()), "pass", "as documented"),
        row("a gzip bomb", Says(encoded("gzip", &gzip(&vec![b' '; 64 << 20]))), "400, body is longer", CUT),
        row(
            "a gzip bomb in a gzip bomb",
            Says(encoded("gzip, gzip", &gzip(&gzip(&vec![b' '; 64 << 20])))),
            "400, body is longer",
            CUT,
        ),
    ]
}

/// Framing and coding that is wrong.
pub fn framings() -> Vec<Row> {
    use Manner::{Closes, Says};
    let size = REFUSED.len();
    let right = format!("{size:x}\r\n{REFUSED}\r\n0\r\n\r\n");
    let length = |length: &str| refusal(&format!("content-length: {length}\r\n"), REFUSED);
    let squeezed = gzip(REFUSED.as_bytes());
    let undecodable = |name, bytes, why| row(name, Says(bytes), "400, body cannot be decoded", why);
    // Where what came says what was wrong, that is told as well.
    let told = |name, bytes, why| row(name, Says(bytes), "400 validation_error, body cannot be decoded", why);
    let no_http = |name, bytes, why| row(name, Says(bytes), "not HTTP", why);
    vec![
        row("chunks", Says(chunked(&right)), "pass", "as documented"),
        row(
            "chunks and a length",
            Says(refusal("transfer-encoding: chunked\r\ncontent-length: 3\r\n", &right)),
            "pass",
            "",
        ),
        undecodable(
            "a chunk's size that is none",
            chunked(&format!("zz\r\n{REFUSED}\r\n0\r\n\r\n")),
            "`zz` is no chunk size",
        ),
        undecodable("a negative chunk", chunked(&format!("-{size:x}\r\n{REFUSED}\r\n0\r\n\r\n")), "is no chunk size"),
        undecodable("a chunk that overflows", chunked("fffffffffffffffff\r\n{}"), "is no chunk size"),
        told("a chunk without its end", chunked(&format!("{size:x}\r\n{REFUSED}0\r\n\r\n")), "a chunk is longer"),
        undecodable("a chunk's size of many signs", chunked(&format!("{}\r\n", "z".repeat(8000))), "is no chunk size"),
        row("a chunk of exabytes", Closes(chunked("fffffffffffffff\r\n{}")), SHORT, "shorter than its framing"),
        row(
            "no last chunk",
            Closes(chunked(&format!("{size:x}\r\n{REFUSED}\r\n"))),
            "400 validation_error, body is shorter",
            "shorter than its framing",
        ),
        row(
            "no last chunk, and no end",
            Says(chunked(&format!("{size:x}\r\n{REFUSED}\r\n"))),
            "400 validation_error, body never ends",
            "never ends",
        ),
        row("gzip", Says(encoded("gzip", &squeezed)), "pass", "as documented"),
        undecodable("rubbish for gzip", encoded("gzip", REFUSED.as_bytes()), UNDECODABLE),
        undecodable("half of gzip", encoded("gzip", &squeezed[..squeezed.len() / 2]), UNDECODABLE),
        told("gzip with a wrong sum", encoded("gzip", &wrong_sum(squeezed.clone())), UNDECODABLE),
        told("gzip and rubbish", encoded("gzip", &[&squeezed[..], b"rubbish"].concat()), UNDECODABLE),
        told("a coding that nobody knows", encoded("lzma9", REFUSED.as_bytes()), "`lzma9` is not known"),
        told("a coding of many signs", encoded(&"z".repeat(60_000), REFUSED.as_bytes()), "is not known"),
        undecodable("codings upon codings", encoded(&["gzip"; 5000].join(","), &squeezed), UNDECODABLE),
        row(
            "a length too long",
            Closes(length("4000")),
            "400 validation_error, body is shorter",
            "shorter than its framing",
        ),
        row(
            "a length too long, and no end",
            Says(length("4000")),
            "400 validation_error, body never ends",
            "never ends",
        ),
        row("a length too short", Says(length("4")), "400, body is longer than its framing", LONG),
        no_http("a negative length", length("-1"), "content-length"),
        no_http("a length that is none", length("many"), "content-length"),
        no_http("a length that overflows", length("99999999999999999999999"), "content-length"),
        no_http(
            "two lengths",
            refusal(&format!("content-length: 3\r\ncontent-length: {size}\r\n"), REFUSED),
            "two content-lengths",
        ),
        row("the same length twice", Says(length(&format!("{size}, {size}"))), "pass", "as documented"),
        row(
            "two answers to one request",
            Says([whole(REFUSED), smuggled()].concat()),
            "400 validation_error, body is longer than its framing",
            LONG,
        ),
    ]
}

/// What must never be taken for the answer to another request.
pub const SMUGGLED: &str = "smuggled";

fn smuggled() -> Vec<u8> {
    with_status("HTTP/1.1 418 Teapot", format!(r#"{{"error":{{"code":"{SMUGGLED}"}}}}"#))
}

fn wrong_sum(mut bytes: Vec<u8>) -> Vec<u8> {
    let at = bytes.len() - 5;
    bytes[at] ^= 1;
    bytes
}

/// What is no HTTP, and status lines and headers at its edge.
pub fn languages() -> Vec<Row> {
    use Manner::{Closes, Says, SpeaksFirst};
    let no_http = |name, bytes: &[u8], why| row(name, Closes(bytes.to_vec()), "not HTTP", why);
    let status = |line: &str| with_status(line, REFUSED);
    let header = |line: &[u8]| {
        let rest = format!("content-length: {}\r\n\r\n{REFUSED}", REFUSED.len());
        [b"HTTP/1.1 400 Bad\r\ncontent-type: application/json\r\n", line, b"\r\n", rest.as_bytes()].concat()
    };
    vec![
        row("SSH", SpeaksFirst(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()), "not HTTP", "SSH-2.0-OpenSSH_9.6"),
        row("SMTP", SpeaksFirst(b"220 mail.example ESMTP\r\n".to_vec()), "not HTTP", "220 mail.example ESMTP"),
        row(
            "HTTP/2 settings",
            SpeaksFirst(b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64".to_vec()),
            "not HTTP",
            "it speaks HTTP/2",
        ),
        no_http("HTTP/2 goes away", b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01", "it speaks HTTP/2"),
        no_http("an alert of TLS", b"\x15\x03\x01\0\x02\x02\x46", "it speaks TLS"),
        no_http("NULs", &[0; 64], "not HTTP"),
        no_http("HTTP/0.9", b"<html><body>Bad Request</body></html>\n", "<html>"),
        no_http("a status line of HTTP/2", b"HTTP/2 400 Bad\r\ncontent-length: 0\r\n\r\n", "HTTP/2 400 Bad"),
        no_http("another protocol's status line", b"ICY 200 OK\r\n\r\n", "ICY 200 OK"),
        no_http("a request", b"POST /cards/1/links HTTP/1.1\r\nhost: x\r\n\r\n", "POST /cards"),
        no_http("a bare document", REFUSED.as_bytes(), "not HTTP"),
        no_http("bytes that steer a terminal", b"\x1b[2J\x1b]0;title\x07\r\n\r\n", "not HTTP"),
        row("status 999", Says(status("HTTP/1.1 999 Odd")), "999 validation_error", "the server failed"),
        no_http("status 000", &status("HTTP/1.1 000 None"), "status"),
        no_http("status 099", &status("HTTP/1.1 099 None"), "status"),
        no_http("a status of two digits", &status("HTTP/1.1 40 Bad"), "status"),
        no_http("a status of four digits", &status("HTTP/1.1 4000 Bad"), "`HTTP/1.1 4000 Bad`"),
        no_http("a status in letters", &status("HTTP/1.1 abc Bad"), "status"),
        no_http("a negative status", &status("HTTP/1.1 -40 Bad"), "status"),
        row("no reason", Says(status("HTTP/1.1 400")), "pass", "as documented"),
        row("an old version", Closes(status("HTTP/1.0 400 Bad")), "pass", "as documented"),
        row("another protocol from here on", Says(status("HTTP/1.1 101 Switching Protocols")), "101", ""),
        no_http("a NUL in a header", &header(b"x: a\0b"), "header"),
        no_http("a control character in a header", &header(b"x: \x1b[2J"), "header"),
        no_http("a header without a name", &header(b": x"), "header"),
        no_http("a header without a colon", &header(b"nothing"), "header"),
        row("bytes that are no text in a header", Says(header(b"x: \xff\xfe\x80")), "pass", "as documented"),
    ]
}

/// Answers that are HTTP, and want something of whoever reads them.
pub fn answers(elsewhere: std::net::SocketAddr) -> Vec<Row> {
    use Manner::Says;
    let to = |status: u16, location: &str| {
        let head = format!("HTTP/1.1 {status} Moved\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
        Says(head.into_bytes())
    };
    let there = format!("http://{elsewhere}/cards/1/links");
    let redirected = "it was redirected, not refused";
    let coded = |code: &str| whole(serde_json::json!({ "error": { "code": code } }).to_string());
    let wide: String = (0..10_000).map(|n| format!(r#","m{n}":{n}"#)).collect();
    let typed = |stated: &str| {
        let size = REFUSED.len();
        format!("HTTP/1.1 400 Bad\r\ncontent-type: {stated}\r\ncontent-length: {size}\r\n\r\n{REFUSED}").into_bytes()
    };
    vec![
        row("301 to elsewhere", to(301, &there), "301", redirected),
        row("302 to elsewhere", to(302, &there), "302", redirected),
        row("303 to elsewhere", to(303, &there), "303", redirected),
        row("307 to elsewhere", to(307, &there), "307", redirected),
        row("308 to elsewhere", to(308, &there), "308", redirected),
        row("308 to another machine", to(308, "http://192.0.2.1/cards/1/links"), "308", redirected),
        row("a redirect to itself", to(307, "/cards/1/links"), "307", redirected),
        row("a redirect to a file", to(302, "file:///etc/passwd"), "302", redirected),
        row(
            "a pause of ages",
            Says(with_status("HTTP/1.1 429 Slow\r\nretry-after: 18446744073709551615", REFUSED)),
            "429 validation_error",
            "throttled",
        ),
        row(
            "a failure with a pause of ages",
            Says(with_status("HTTP/1.1 503 Slow\r\nretry-after: 18446744073709551615", REFUSED)),
            "503 validation_error",
            "the server failed",
        ),
        row("an error type of a megabyte", Says(coded(&"A".repeat(1 << 20))), "400 AAAA", "is not documented"),
        row(
            "an error type that steers a terminal",
            Says(coded("\u{1b}[2J\u{7}\r\n::error::x\u{202e}")),
            "400 \u{1b}[2J",
            "is not documented",
        ),
        row(
            "a content type of many signs",
            Says(typed(&"x/".repeat(30_000))),
            "400 validation_error, content type",
            "content type",
        ),
        row("lists in lists", Says(whole("[".repeat(1 << 20))), "400", "refused without a documented error type"),
        row(
            "ten thousand members",
            Says(whole(format!(r#"{{"error":{{"code":"validation_error"}}{wide}}}"#))),
            "pass",
            "as documented",
        ),
    ]
}
