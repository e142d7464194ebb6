//! A made-up service on loopback that keeps its promises, except that some requests meet a hostile manner.
//!
//! It never sleeps, never speaks to anybody else, and every thread of it ends with its connection.

use super::loopback::{read_request, serve};
use super::planted::{Cards, Fault};
use serde_json::Value as Json;
use std::io::{BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// What is done instead of answering.
#[derive(Clone, Debug)]
pub enum Manner {
    /// These bytes are written, and the connection is kept.
    Says(Vec<u8>),
    /// These bytes are written, and the connection is closed.
    Closes(Vec<u8>),
    /// These bytes are written, and only the server's side of the connection is closed.
    HalfCloses(Vec<u8>),
    /// These bytes are written one by one, each as a packet of its own.
    Trickles(Vec<u8>),
    /// The first bytes, and then the others again and again, as fast as they are taken.
    Repeats(Vec<u8>, Vec<u8>),
    /// The same, but only now and then.
    Drips(Vec<u8>, Vec<u8>),
    /// These bytes are written before anybody has asked, and nothing after them.
    SpeaksFirst(Vec<u8>),
    /// The connection is closed as soon as it is there.
    ClosesUnread,
    /// The connection is closed when a few bytes of the request have been read.
    ReadsHalf,
}

/// Which requests meet it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    Every,
    /// Links with a note that is longer than is documented.
    LongNotes,
    /// Links with any note.
    Notes,
}

impl Which {
    fn meets(self, head: &str, body: &[u8]) -> bool {
        let link = head.lines().next().unwrap_or_default().contains("/links ");
        let note = || {
            let body: Json = serde_json::from_slice(body).ok()?;
            Some(body.get("note")?.as_str()?.chars().count())
        };
        match self {
            Self::Every => true,
            Self::LongNotes => link && note().is_some_and(|length| length > 120),
            Self::Notes => link && note().is_some(),
        }
    }
}

/// Whether the connection takes another request.
#[derive(PartialEq, Eq)]
enum Then {
    Next,
    Over,
}

/// A server with this manner; it is there until the process ends.
pub fn hostile(manner: Manner, which: Which) -> SocketAddr {
    let service = Arc::new(Cards::new(Fault::Faithful));
    serve(move |mut stream, _| {
        let unasked = matches!(manner, Manner::SpeaksFirst(_) | Manner::ClosesUnread | Manner::ReadsHalf);
        if unasked && which == Which::Every {
            if matches!(manner, Manner::ReadsHalf) {
                let _ = stream.read(&mut [0; 10]);
            }
            act(&manner, &mut stream);
            return;
        }
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        while let Some((head, body)) = read_request(&mut reader) {
            let then = if which.meets(&head, &body) {
                act(&manner, &mut stream)
            } else {
                wrote(&mut stream, &faithful(&service, &head, &body))
            };
            if then == Then::Over {
                return;
            }
        }
    })
}

fn faithful(service: &Cards, head: &str, body: &[u8]) -> Vec<u8> {
    let mut line = head.lines().next().unwrap_or_default().split(' ');
    let (method, target) = (line.next().unwrap_or_default(), line.next().unwrap_or_default());
    let (status, body) = service.respond(method, target, body);
    let body = body.to_string();
    format!(
        "HTTP/1.1 {status} Answer\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn wrote(stream: &mut TcpStream, bytes: &[u8]) -> Then {
    if stream.write_all(bytes).is_ok() { Then::Next } else { Then::Over }
}

fn act(manner: &Manner, stream: &mut TcpStream) -> Then {
    match manner {
        Manner::Says(bytes) => return wrote(stream, bytes),
        Manner::Closes(bytes) => {
            let _ = stream.write_all(bytes);
        }
        Manner::HalfCloses(bytes) => {
            let _ = stream.write_all(bytes);
            let _ = stream.shutdown(Shutdown::Write);
            outlast(stream);
        }
        Manner::Trickles(bytes) => {
            let _ = stream.set_nodelay(true);
            return if bytes.iter().all(|byte| stream.write_all(&[*byte]).is_ok()) { Then::Next } else { Then::Over };
        }
        Manner::Repeats(start, piece) => {
            let _ = stream.write_all(start);
            while stream.write_all(piece).is_ok() {}
        }
        Manner::Drips(start, piece) => {
            let _ = stream.write_all(start);
            // Whoever waits a moment for bytes that do not come has waited a moment.
            let _ = stream.set_read_timeout(Some(Duration::from_millis(20)));
            while stream.write_all(piece).is_ok() && !matches!(stream.read(&mut [0; 1024]), Ok(0)) {}
        }
        Manner::SpeaksFirst(bytes) => {
            let _ = stream.write_all(bytes);
            outlast(stream);
        }
        // Of a request that was read to its end, no half is left.
        Manner::ClosesUnread | Manner::ReadsHalf => {}
    }
    Then::Over
}

/// Reads until the other side has had enough.
fn outlast(stream: &mut TcpStream) {
    while matches!(stream.read(&mut [0; 1024]), Ok(1..)) {}
}
