//! A small HTTP/1 server over plain sockets: one thread for each connection, one loopback port for each server.
//!
//! It never judges a request and shares no line with the product.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

/// What came in.
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

/// What goes out.
#[derive(Clone)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub trouble: Trouble,
}

/// What is wrong with the way an answer travels.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    None,
    /// Nothing is ever answered.
    Hang,
    /// The connection ends without an answer.
    Drop,
    /// The stated length is this much more than what follows.
    Short(usize),
    /// This much follows after the stated length.
    Trailing,
    /// The content encoding says gzip and the body is none.
    NotGzip,
}

impl Response {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), trouble: Trouble::None }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// How answers are framed, whatever is in them.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Framing {
    #[default]
    Length,
    Chunked,
    /// HTTP/1.0, the end of the connection is the end of the body.
    Old,
    /// HTTP/1.1 with a length, and the connection closes after each answer.
    Close,
}

/// How header names are written.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Letters {
    #[default]
    AsIs,
    Lower,
    Upper,
}

/// Something that answers.
pub trait Service: Send + Sync + 'static {
    fn answer(&self, request: &Request) -> Response;
    fn framing(&self) -> Framing {
        Framing::Length
    }
    fn letters(&self) -> Letters {
        Letters::AsIs
    }
}

/// Starts a server that lives as long as the test process; its port.
pub fn serve(service: impl Service) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let service: Arc<dyn Service> = Arc::new(service);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let service = Arc::clone(&service);
            std::thread::spawn(move || drop(talk(&*service, stream)));
        }
    });
    port
}

fn talk(service: &dyn Service, stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    while let Some(request) = read(&mut reader)? {
        let response = service.answer(&request);
        match response.trouble {
            Trouble::Hang => {
                // Until the other side gives up.
                let mut rest = Vec::new();
                reader.read_to_end(&mut rest)?;
                return Ok(());
            }
            Trouble::Drop => return Ok(()),
            _ => {}
        }
        let framing = service.framing();
        writer.write_all(&written(&response, framing, service.letters(), request.method == "HEAD"))?;
        if matches!(framing, Framing::Old | Framing::Close) || matches!(response.trouble, Trouble::Short(_)) {
            return Ok(());
        }
    }
    Ok(())
}

fn read(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    let mut next = |reader: &mut BufReader<TcpStream>| -> std::io::Result<Option<String>> {
        line.clear();
        let mut bytes = Vec::new();
        if reader.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned()))
    };
    let Some(first) = next(reader)? else { return Ok(None) };
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let mut headers = Vec::new();
    while let Some(line) = next(reader)?.filter(|line| !line.is_empty()) {
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

fn written(response: &Response, framing: Framing, letters: Letters, head_only: bool) -> Vec<u8> {
    let version = if framing == Framing::Old { "HTTP/1.0" } else { "HTTP/1.1" };
    let mut headers = response.headers.clone();
    let body = &response.body;
    match framing {
        Framing::Length | Framing::Close => {
            let more = if let Trouble::Short(more) = response.trouble { more } else { 0 };
            headers.push(("Content-Length".to_owned(), (body.len() + more).to_string()));
        }
        Framing::Chunked => headers.push(("Transfer-Encoding".to_owned(), "chunked".to_owned())),
        Framing::Old => {}
    }
    if framing == Framing::Close {
        headers.push(("Connection".to_owned(), "close".to_owned()));
    }
    if response.trouble == Trouble::NotGzip {
        headers.push(("Content-Encoding".to_owned(), "gzip".to_owned()));
    }
    let mut out = format!("{version} {} -\r\n", response.status).into_bytes();
    for (name, value) in headers {
        let name = match letters {
            Letters::AsIs => name,
            Letters::Lower => name.to_lowercase(),
            Letters::Upper => name.to_uppercase(),
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
    if response.trouble == Trouble::Trailing {
        out.extend(b"overflow");
    }
    out
}

/// One segment or value of a query, unescaped; nothing where an escape is broken or the bytes are no text.
pub fn unescaped(text: &str, plus_is_space: bool) -> Option<String> {
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
