//! Opens connections to the endpoint: addresses, TCP, TLS, and the time limits of a request.
//!
//! It never reads or writes HTTP.

use super::{Endpoint, Limits, NoAnswer, SetUpError, Stop, clock, tls};
use rustls::pki_types::ServerName;
use std::future::Future;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// Opens connections to one endpoint; shared by all workers.
pub(super) struct Connector {
    addresses: Vec<SocketAddr>,
    /// Index of the address that was last connected to, which is tried first.
    preferred: AtomicUsize,
    tls: Option<(tokio_rustls::TlsConnector, ServerName<'static>)>,
}

impl Connector {
    /// Resolves the endpoint's host name, once for the whole run.
    pub(super) fn new(endpoint: &Endpoint) -> Result<Self, SetUpError> {
        let addresses: Vec<SocketAddr> = (endpoint.host.as_str(), endpoint.port)
            .to_socket_addrs()
            .map_err(|error| SetUpError::Resolve { host: endpoint.host.clone(), reason: error.to_string() })?
            .collect();
        if addresses.is_empty() {
            return Err(SetUpError::Resolve { host: endpoint.host.clone(), reason: "no address".to_owned() });
        }
        let tls = if endpoint.https {
            let config = tls::config(&endpoint.tls).map_err(SetUpError::Tls)?;
            let name = ServerName::try_from(endpoint.host.clone())
                .map_err(|_| SetUpError::Tls(format!("`{}` is not a valid server name", endpoint.host)))?;
            Some((tokio_rustls::TlsConnector::from(Arc::new(config)), name))
        } else {
            None
        };
        Ok(Self { addresses, preferred: AtomicUsize::new(0), tls })
    }

    /// Opens a new connection within the timer.
    pub(super) async fn connect(&self, timer: &mut Timer) -> Result<Stream, NoAnswer> {
        let mut last = String::new();
        let first = self.preferred.load(Ordering::Relaxed);
        for offset in 0..self.addresses.len() {
            let index = (first + offset) % self.addresses.len();
            match timer.race(TcpStream::connect(self.addresses[index])).await {
                None => return Err(NoAnswer::Unreachable(format!("no connection within {:?}", timer.total))),
                Some(Err(error)) => last = error.to_string(),
                Some(Ok(tcp)) => {
                    self.preferred.store(index, Ordering::Relaxed);
                    // Requests are written at once, so delaying small packets only costs time.
                    let _ = tcp.set_nodelay(true);
                    return self.secure(tcp, timer).await;
                }
            }
        }
        Err(NoAnswer::Unreachable(last))
    }

    async fn secure(&self, tcp: TcpStream, timer: &mut Timer) -> Result<Stream, NoAnswer> {
        let Some((connector, name)) = &self.tls else { return Ok(Stream(Pipe::Plain(tcp))) };
        match timer.race(connector.connect(name.clone(), tcp)).await {
            None => Err(NoAnswer::Tls(format!("no handshake within {:?}", timer.total))),
            Some(Err(error)) => Err(NoAnswer::Tls(told(&error))),
            Some(Ok(stream)) => Ok(Stream(Pipe::Tls(Box::new(stream)))),
        }
    }
}

/// Describes why a handshake failed.
fn told(error: &std::io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(rustls::Error::InvalidMessage(_)) => {
            format!("the server does not use TLS; did you mean `http://`? ({error})")
        }
        _ => error.to_string(),
    }
}

enum Pipe {
    Plain(TcpStream),
    Tls(Box<tokio_rustls::client::TlsStream<TcpStream>>),
}

/// A TCP connection with or without TLS.
pub(super) struct Stream(Pipe);

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        match &mut self.0 {
            Pipe::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Pipe::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        match &mut self.0 {
            Pipe::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Pipe::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match &mut self.0 {
            Pipe::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Pipe::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match &mut self.0 {
            Pipe::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Pipe::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// Time limits of one request: a deadline, an idle timeout, and cancellation of the run.
pub(super) struct Timer {
    pub(super) total: Duration,
    idle: Duration,
    deadline: Instant,
    quiet_since: Instant,
    seen: usize,
    stop: Option<Stop>,
    sleep: Pin<Box<Sleep>>,
}

/// Interval between checks for cancellation while nothing happens.
const TICK: Duration = Duration::from_millis(100);

impl Timer {
    /// Creates a timer. Must be called inside a runtime.
    pub(super) fn new(limits: &Limits) -> Self {
        let now = clock::now();
        Self {
            total: limits.total,
            idle: limits.idle,
            deadline: now,
            quiet_since: now,
            seen: 0,
            stop: None,
            sleep: Box::pin(tokio::time::sleep(Duration::ZERO)),
        }
    }

    /// Starts the time of a request, which `stop` may cancel.
    pub(super) fn begin(&mut self, stop: Option<&Stop>) {
        let now = clock::now();
        self.deadline = now + self.total;
        self.quiet_since = now;
        self.seen = 0;
        // Reference counts are memory that all workers share, so an equal token is not cloned again.
        let same = matches!((&self.stop, stop), (Some(kept), Some(stop)) if kept.is_same(stop));
        if !same {
            self.stop = stop.cloned();
        }
        self.arm(now);
    }

    /// Records progress for callers that cannot count bytes.
    pub(super) fn touch(&mut self) {
        self.quiet_since = clock::now();
    }

    /// Schedules the next wake-up. Resetting the sleep costs as much as a request, so a sleep that ends too early is
    /// kept, and only checks the time and is reset.
    fn arm(&mut self, now: Instant) {
        let next = self.deadline.min(self.quiet_since + self.idle).min(now + TICK).into();
        if self.sleep.is_elapsed() || self.sleep.deadline() > next {
            self.sleep.as_mut().reset(next);
        }
    }

    /// Returns `Ready` when the time is over. `received` is the number of bytes received so far; a change counts as
    /// progress.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, received: usize) -> Poll<()> {
        while self.sleep.as_mut().poll(cx).is_ready() {
            let now = clock::now();
            if received != self.seen {
                self.seen = received;
                self.quiet_since = now;
            }
            let stopped = self.stop.as_ref().is_some_and(Stop::is_stopped);
            if stopped || now >= self.deadline || now >= self.quiet_since + self.idle {
                return Poll::Ready(());
            }
            self.arm(now);
        }
        Poll::Pending
    }

    /// Returns the output of the future, or `None` if the time is over first.
    pub(super) async fn race<F: Future>(&mut self, future: F) -> Option<F::Output> {
        let mut future = std::pin::pin!(future);
        std::future::poll_fn(|cx| {
            // The timer is polled first: a connection that always has data uses up the task's budget in tokio, so a
            // timer polled after it would never be ready.
            if self.poll(cx, self.seen).is_ready() {
                return Poll::Ready(None);
            }
            future.as_mut().poll(cx).map(Some)
        })
        .await
    }
}
