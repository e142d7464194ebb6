//! The only part of this module that does I/O: HTTP/1 connections around a [`ReferenceService`].
//!
//! Never decides what a response says; it carries out each [`DeliveryMode`] by closing, holding or damaging the
//! connection.

use super::connections::{ConnectionEntry, ConnectionLimits, ConnectionTable};
use super::request::{DeliveryMode, MAX_BODY_LENGTH, ServerRequest, ServerResponse};
use super::service::ReferenceService;
use bytes::{Buf as _, Bytes};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Sleep;

/// Entry point for starting a reference server.
#[derive(Debug)]
pub struct ReferenceServer;

/// A running server; it stops when it is dropped or shut down.
#[derive(Debug)]
pub struct RunningServer {
    addr: SocketAddr,
    stop: watch::Sender<bool>,
    accept_loop: JoinHandle<()>,
}

/// Pause after a connection could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);
/// Pause in which a connection is closed that makes room for another one.
const ROOM_PAUSE: Duration = Duration::from_millis(1);

/// How long a late write is delayed, so that concurrent requests can overtake it.
const LATE_WRITE_DELAY: Duration = Duration::from_millis(4);

/// Maximum number of bytes of an oversized body that are read before it is rejected, so that the caller still gets to
/// read the response.
const MAX_BODY_READ: usize = MAX_BODY_LENGTH + (1 << 20);

impl ReferenceServer {
    /// Listens on an address, preferably loopback with port 0, and serves requests until the result is dropped.
    ///
    /// # Errors
    /// Returns an error if the address cannot be bound.
    pub async fn start(service: Arc<ReferenceService>, addr: SocketAddr) -> io::Result<RunningServer> {
        Self::start_with_limits(service, addr, ConnectionLimits::default()).await
    }

    /// Like [`ReferenceServer::start`], with other limits of connections.
    ///
    /// # Errors
    /// Returns an error if the address cannot be bound.
    pub async fn start_with_limits(
        service: Arc<ReferenceService>,
        addr: SocketAddr,
        limits: ConnectionLimits,
    ) -> io::Result<RunningServer> {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let listening = tokio::spawn(accept_connections(listener, service, limits, stopped));
        Ok(RunningServer { addr, stop, accept_loop: listening })
    }
}

impl RunningServer {
    /// Returns the address that the server listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Stops accepting connections and closes each open one after the response in progress.
    pub async fn shutdown(self) {
        let _ = self.stop.send(true);
        // This fails only if the accept loop panicked, and then it has ended as well.
        let _ = self.accept_loop.await;
    }
}

async fn accept_connections(
    listener: TcpListener,
    service: Arc<ReferenceService>,
    limits: ConnectionLimits,
    mut stopped: watch::Receiver<bool>,
) {
    let table = ConnectionTable::new(limits.max_connections);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => return,
        };
        match accepted {
            // If no connection waits for its client, the new one is closed: the others get their responses first.
            Ok((stream, _)) => {
                if let Some(entry) = table.register() {
                    tokio::spawn(serve_connection(stream, Arc::clone(&service), limits, entry, stopped.clone()));
                }
            }
            Err(error) => {
                let makes_room = is_out_of_descriptors(&error) && table.close_longest_waiting();
                tokio::time::sleep(if makes_room { ROOM_PAUSE } else { ACCEPT_PAUSE }).await;
            }
        }
    }
}

/// Returns true if the process, or the system, cannot open more files.
fn is_out_of_descriptors(error: &io::Error) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    matches!(error.raw_os_error(), Some(ENFILE | EMFILE))
}

async fn serve_connection(
    stream: TcpStream,
    service: Arc<ReferenceService>,
    limits: ConnectionLimits,
    entry: ConnectionEntry,
    mut stopped: watch::Receiver<bool>,
) {
    // If this fails, responses are only slower.
    let _ = stream.set_nodelay(true);
    let raw = Arc::new(RawResponse::default());
    let write_timeout = limits.write_timeout;
    let stream = InterceptedStream {
        stream,
        raw_response: Arc::clone(&raw),
        pending_bytes: None,
        write_timeout,
        stalled_write: None,
    };
    let context = Arc::new(ConnectionContext {
        service,
        raw,
        entry,
        body_timeout: limits.body_timeout,
        stopped: stopped.clone(),
    });
    let answer = {
        let context = Arc::clone(&context);
        service_fn(move |request| respond(Arc::clone(&context), request))
    };
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .serve_connection(TokioIo::new(stream), answer);
    tokio::pin!(connection);
    // Connection errors are not handled here: the caller sees the same error.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = context.entry.must_close() => {}
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// What the responses on one connection share.
struct ConnectionContext {
    service: Arc<ReferenceService>,
    raw: Arc<RawResponse>,
    entry: ConnectionEntry,
    body_timeout: Duration,
    stopped: watch::Receiver<bool>,
}

async fn respond(
    connection: Arc<ConnectionContext>,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Full<Bytes>>, io::Error> {
    let ConnectionContext { service, raw, .. } = &*connection;
    let (head, body) = request.into_parts();
    // A body that declares too large a length is rejected unread; any other is limited while it is read.
    if body.size_hint().lower() > MAX_BODY_READ as u64 {
        return into_hyper_response(ServerResponse::plain(413, "the body is too large\n"), true);
    }
    let reading = Limited::new(body, MAX_BODY_READ).collect();
    let Ok(body) = tokio::time::timeout(connection.body_timeout, reading).await else {
        return into_hyper_response(ServerResponse::plain(408, "the body did not arrive in time\n"), true);
    };
    let body = match body {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            return into_hyper_response(ServerResponse::plain(413, "the body is too large\n"), true);
        }
        Err(error) => return Err(io::Error::other(error)),
    };
    let _busy = connection.entry.mark_busy();
    let headers: Vec<(&str, &[u8])> =
        head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let request = ServerRequest { method: head.method.as_str(), target, headers: &headers, body: &body };
    let response = service.handle(&request);
    let declared = match response.delivery {
        DeliveryMode::Whole => return into_hyper_response(response, false),
        DeliveryMode::Late => {
            tokio::time::sleep(LATE_WRITE_DELAY).await;
            service.apply_pending_write(target);
            return into_hyper_response(response, false);
        }
        DeliveryMode::Hang => {
            let _ = connection.stopped.clone().changed().await;
            return Err(io::Error::other("the response never came"));
        }
        DeliveryMode::Drop => return Err(io::Error::other("the connection is dropped")),
        DeliveryMode::NotHttp => {
            raw.replace(b"this is not an answer\r\n\r\n".to_vec());
            return into_hyper_response(response, true);
        }
        DeliveryMode::CutChunks => {
            let chunk = format!("{:x}\r\n", response.body.len());
            let body = [chunk.as_bytes(), &response.body, b"\r\n"].concat();
            raw.replace(serialize_response(&response, "transfer-encoding: chunked", &body));
            return into_hyper_response(response, true);
        }
        DeliveryMode::ShortBody(missing) => response.body.len() + missing,
        DeliveryMode::LongBody => response.body.len().saturating_sub(1),
    };
    raw.replace(serialize_response(&response, &format!("content-length: {declared}"), &response.body));
    into_hyper_response(response, true)
}

fn into_hyper_response(response: ServerResponse, close: bool) -> Result<hyper::Response<Full<Bytes>>, io::Error> {
    let mut builder = hyper::Response::builder().status(response.status);
    for (name, value) in &response.headers {
        builder = builder.header(name.as_ref(), value.as_ref());
    }
    if close {
        builder = builder.header("connection", "close");
    }
    builder.body(Full::new(response.body)).map_err(io::Error::other)
}

/// Serializes a response with a framing header that need not match its body.
fn serialize_response(response: &ServerResponse, framing: &str, body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {} Answer\r\n{framing}\r\nconnection: close\r\n", response.status);
    for (name, value) in &response.headers {
        head += &format!("{name}: {value}\r\n");
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

/// Raw bytes that are sent instead of the next response.
#[derive(Debug, Default)]
struct RawResponse {
    is_set: AtomicBool,
    bytes: Mutex<Option<Vec<u8>>>,
}

impl RawResponse {
    fn replace(&self, bytes: Vec<u8>) {
        *self.bytes.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes);
        self.is_set.store(true, Ordering::Release);
    }
}

/// A connection on which raw bytes can replace what the HTTP library writes.
struct InterceptedStream {
    stream: TcpStream,
    raw_response: Arc<RawResponse>,
    /// Raw bytes that are still to be written, set once they have replaced a response.
    pending_bytes: Option<Bytes>,
    /// Maximum time in which the client accepts nothing of a response.
    write_timeout: Duration,
    /// Ends that time, while the client accepts nothing.
    stalled_write: Option<Pin<Box<Sleep>>>,
}

impl InterceptedStream {
    /// Writes the raw bytes; everything that the HTTP library writes from then on is discarded.
    fn write_raw(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.pending_bytes.is_none() {
            let bytes = self.raw_response.bytes.lock().unwrap_or_else(PoisonError::into_inner).take();
            self.pending_bytes = Some(Bytes::from(bytes.unwrap_or_default()));
        }
        let open = self.pending_bytes.get_or_insert_default();
        while !open.is_empty() {
            let count = ready!(Pin::new(&mut self.stream).poll_write(context, open))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            open.advance(count);
        }
        Poll::Ready(Ok(()))
    }

    /// Turns a write for which the client was not ready into an error, if it has not been for too long.
    fn limit_stall<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled_write = None;
            return written;
        }
        let timeout = self.write_timeout;
        let timer = self.stalled_write.get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        timer.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    fn is_raw(&self) -> bool {
        self.raw_response.is_set.load(Ordering::Acquire)
    }
}

impl AsyncRead for InterceptedStream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, into)
    }
}

impl AsyncWrite for InterceptedStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let line = self.get_mut();
        if line.is_raw() {
            let written = line.write_raw(context);
            ready!(line.limit_stall(context, written))?;
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = Pin::new(&mut line.stream).poll_write(context, bytes);
        line.limit_stall(context, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let line = self.get_mut();
        if line.is_raw() {
            let written = line.write_raw(context);
            ready!(line.limit_stall(context, written))?;
            return Poll::Ready(Ok(parts.iter().map(|part| part.len()).sum()));
        }
        let written = Pin::new(&mut line.stream).poll_write_vectored(context, parts);
        line.limit_stall(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
