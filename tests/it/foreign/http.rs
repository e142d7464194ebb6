//! A small HTTP/1 server over plain sockets: one thread for each connection, one loopback port for each server.
//!
//! It never judges a request and shares no code with the product.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

/// A received request.
pub struct Request {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// A response to send.
#[derive(Clone)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub delivery_fault: DeliveryFault,
}

/// A fault in the delivery of a response.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum DeliveryFault {
    None,
    /// The server never responds.
    Hang,
    /// The connection is closed without a response.
    Drop,
    /// The declared length exceeds the body by this many bytes.
    Short(usize),
    /// More bytes follow after the declared length.
    Trailing,
    /// The content encoding is `gzip`, but the body is not compressed.
    NotGzip,
}

impl Response {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), delivery_fault: DeliveryFault::None }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// How responses are framed.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Framing {
    #[default]
    Length,
    Chunked,
    /// HTTP/1.0: the end of the connection ends the body.
    Old,
    /// HTTP/1.1 with a length; the connection is closed after each response.
    Close,
}

/// The letter case of header names.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum HeaderCase {
    #[default]
    AsIs,
    Lower,
    Upper,
}

/// A service that responds to requests.
pub trait Service: Send + Sync + 'static {
    fn answer(&self, request: &Request) -> Response;
    fn framing(&self) -> Framing {
        Framing::Length
    }
    fn header_case(&self) -> HeaderCase {
        HeaderCase::AsIs
    }
}

/// Starts a server that runs until the test process ends, and returns its port.
pub fn serve(service: impl Service) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let service: Arc<dyn Service> = Arc::new(service);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let service = Arc::clone(&service);
            std::thread::spawn(move || drop(handle_connection(&*service, stream)));
        }
    });
    port
}

fn handle_connection(service: &dyn Service, stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    while let Some(request) = read_request(&mut reader)? {
        let response = service.answer(&request);
        match response.delivery_fault {
            DeliveryFault::Hang => {
                // Waits until the client gives up.
                let mut rest = Vec::new();
                reader.read_to_end(&mut rest)?;
                return Ok(());
            }
            DeliveryFault::Drop => return Ok(()),
            _ => {}
        }
        let framing = service.framing();
        writer.write_all(&encode_response(&response, framing, service.header_case(), request.method == "HEAD"))?;
        if matches!(framing, Framing::Old | Framing::Close)
            || matches!(response.delivery_fault, DeliveryFault::Short(_))
        {
            return Ok(());
        }
    }
    Ok(())
}

fn read_request(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    let mut next_line = |reader: &mut BufReader<TcpStream>| -> std::io::Result<Option<String>> {
        line.clear();
        let mut bytes = Vec::new();
        if reader.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned()))
    };
    let Some(request_line) = next_line(reader)? else { return Ok(None) };
    let mut words = request_line.split(' ');
    let (method, target) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let mut headers = Vec::new();
    while let Some(line) = next_line(reader)?.filter(|line| !line.is_empty()) {
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
    }
    let mut request = Request { method, target, headers, body: Vec::new() };
    let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    request.body = vec![0; length];
    reader.read_exact(&mut request.body)?;
    Ok(Some(request))
}

fn encode_response(response: &Response, framing: Framing, header_case: HeaderCase, head_only: bool) -> Vec<u8> {
    let version = if framing == Framing::Old { "HTTP/1.0" } else { "HTTP/1.1" };
    let mut headers = response.headers.clone();
    let body = &response.body;
    match framing {
        Framing::Length | Framing::Close => {
            let more = if let DeliveryFault::Short(more) = response.delivery_fault { more } else { 0 };
            headers.push(("Content-Length".to_owned(), (body.len() + more).to_string()));
        }
        Framing::Chunked => headers.push(("Transfer-Encoding".to_owned(), "chunked".to_owned())),
        Framing::Old => {}
    }
    if framing == Framing::Close {
        headers.push(("Connection".to_owned(), "close".to_owned()));
    }
    if response.delivery_fault == DeliveryFault::NotGzip {
        headers.push(("Content-Encoding".to_owned(), "gzip".to_owned()));
    }
    let mut out = format!("{version} {} -\r\n", response.status).into_bytes();
    for (name, value) in headers {
        let name = match header_case {
            HeaderCase::AsIs => name,
            HeaderCase::Lower => name.to_lowercase(),
            HeaderCase::Upper => name.to_uppercase(),
        };
        out.extend(format!("{name}: {value}\r\n").bytes());
    }
    out.extend(b"\r\n");
    if head_only {
        return out;
    }
    if framing == Framing::Chunked {
        for part in body.chunks(7) {
            out.extend(format!("{:x}\r\n", part.len()).bytes());
            out.extend(part);
            out.extend(b"\r\n");
        }
        out.extend(b"0\r\n\r\n");
    } else {
        out.extend(body);
    }
    if response.delivery_fault == DeliveryFault::Trailing {
        out.extend(b"overflow");
    }
    out
}

/// Percent-decodes a path segment or query value. Returns `None` for a malformed escape or bytes that are not UTF-8.
pub fn percent_decode(text: &str, plus_is_space: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                let digits =
                    std::str::from_utf8(&digits).ok().filter(|two| two.bytes().all(|b| b.is_ascii_hexdigit()))?;
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
            }
            b'+' if plus_is_space => bytes.push(b' '),
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok()
}
