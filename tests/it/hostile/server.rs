//! A sample service on loopback that is faithful, except that some requests get a hostile behavior.
//!
//! It never sleeps and never opens connections, and each of its threads ends with its connection.

use super::cards::{Cards, Fault};
use super::loopback::{read_request, serve};
use serde_json::Value as Json;
use std::io::{BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// What the server does instead of a faithful response.
#[derive(Clone, Debug)]
pub enum HostileBehavior {
    /// Writes these bytes and keeps the connection.
    Sends(Vec<u8>),
    /// Writes these bytes and closes the connection.
    SendsAndCloses(Vec<u8>),
    /// Writes these bytes and closes only the server's side of the connection.
    SendsAndHalfCloses(Vec<u8>),
    /// Writes these bytes one by one, each in its own packet.
    Trickles(Vec<u8>),
    /// Writes the first bytes, and then repeats the others as fast as possible.
    Repeats(Vec<u8>, Vec<u8>),
    /// Writes the first bytes, and then repeats the others with pauses.
    Drips(Vec<u8>, Vec<u8>),
    /// Writes these bytes before any request, and nothing after them.
    SpeaksFirst(Vec<u8>),
    /// Closes the connection as soon as it is accepted.
    ClosesUnread,
    /// Closes the connection after a few bytes of the request.
    ReadsHalf,
}

/// The requests that get the hostile behavior.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AffectedRequests {
    /// All requests.
    All,
    /// Links with a note that is longer than documented.
    LongNotes,
    /// Links with any note.
    Notes,
}

impl AffectedRequests {
    fn affects(self, head: &str, body: &[u8]) -> bool {
        let is_link = head.lines().next().unwrap_or_default().contains("/links ");
        let note = || {
            let body: Json = serde_json::from_slice(body).ok()?;
            Some(body.get("note")?.as_str()?.chars().count())
        };
        match self {
            Self::All => true,
            Self::LongNotes => is_link && note().is_some_and(|length| length > 120),
            Self::Notes => is_link && note().is_some(),
        }
    }
}

/// Whether the connection accepts another request.
#[derive(PartialEq, Eq)]
enum Connection {
    Open,
    Closed,
}

/// A server with this manner, which runs until the process ends.
pub fn hostile(behavior: HostileBehavior, which: AffectedRequests) -> SocketAddr {
    let service = Arc::new(Cards::new(Fault::Faithful));
    serve(move |mut stream, _| {
        let before_request = matches!(
            behavior,
            HostileBehavior::SpeaksFirst(_) | HostileBehavior::ClosesUnread | HostileBehavior::ReadsHalf
        );
        if before_request && which == AffectedRequests::All {
            if matches!(behavior, HostileBehavior::ReadsHalf) {
                let _ = stream.read(&mut [0; 10]);
            }
            perform(&behavior, &mut stream);
            return;
        }
        let mut reader = BufReader::new(stream.try_clone().expect("clone"));
        while let Some((head, body)) = read_request(&mut reader) {
            let next = if which.affects(&head, &body) {
                perform(&behavior, &mut stream)
            } else {
                write_all(&mut stream, &faithful_response(&service, &head, &body))
            };
            if next == Connection::Closed {
                return;
            }
        }
    })
}

fn faithful_response(service: &Cards, head: &str, body: &[u8]) -> Vec<u8> {
    let mut line = head.lines().next().unwrap_or_default().split(' ');
    let (method, target) = (line.next().unwrap_or_default(), line.next().unwrap_or_default());
    let (status, body) = service.respond(method, target, body);
    let body = body.to_string();
    format!(
        "HTTP/1.1 {status} Response\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn write_all(stream: &mut TcpStream, bytes: &[u8]) -> Connection {
    if stream.write_all(bytes).is_ok() { Connection::Open } else { Connection::Closed }
}

fn perform(behavior: &HostileBehavior, stream: &mut TcpStream) -> Connection {
    match behavior {
        HostileBehavior::Sends(bytes) => return write_all(stream, bytes),
        HostileBehavior::SendsAndCloses(bytes) => {
            let _ = stream.write_all(bytes);
        }
        HostileBehavior::SendsAndHalfCloses(bytes) => {
            let _ = stream.write_all(bytes);
            let _ = stream.shutdown(Shutdown::Write);
            wait_for_close(stream);
        }
        HostileBehavior::Trickles(bytes) => {
            let _ = stream.set_nodelay(true);
            return if bytes.iter().all(|byte| stream.write_all(&[*byte]).is_ok()) {
                Connection::Open
            } else {
                Connection::Closed
            };
        }
        HostileBehavior::Repeats(head, chunk) => {
            let _ = stream.write_all(head);
            while stream.write_all(chunk).is_ok() {}
        }
        HostileBehavior::Drips(head, chunk) => {
            let _ = stream.write_all(head);
            // The read timeout is the pause between two chunks.
            let _ = stream.set_read_timeout(Some(Duration::from_millis(20)));
            while stream.write_all(chunk).is_ok() && !matches!(stream.read(&mut [0; 1024]), Ok(0)) {}
        }
        HostileBehavior::SpeaksFirst(bytes) => {
            let _ = stream.write_all(bytes);
            wait_for_close(stream);
        }
        // The request has been read already.
        HostileBehavior::ClosesUnread | HostileBehavior::ReadsHalf => {}
    }
    Connection::Closed
}

/// Reads until the client closes the connection.
fn wait_for_close(stream: &mut TcpStream) {
    while matches!(stream.read(&mut [0; 1024]), Ok(1..)) {}
}
