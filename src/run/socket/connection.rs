//! Opens connections to the endpoint: addresses, TCP, TLS, and the time limits of a request.
//!
//! It never reads or writes HTTP.

use super::error::ClientSetupError;
use super::{resolver, system_limits, tls};
use crate::run::{CancelToken, Endpoint, RequestLimits, TransportError, clock};
use rustls::pki_types::ServerName;
use std::future::Future;
use std::net::SocketAddr;
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
    /// Resolves the endpoint's host name, once for the whole run: connections go to the addresses that were checked.
    pub(super) fn new(endpoint: &Endpoint) -> Result<Self, ClientSetupError> {
        let addresses = resolver::endpoint_addresses(endpoint, &resolver::resolve_name)?;
        let tls = if endpoint.https {
            let config = tls::client_config(&endpoint.tls)?;
            let name = ServerName::try_from(endpoint.host.clone())
                .map_err(|_| ClientSetupError::Tls(format!("`{}` is not a valid server name", endpoint.host)))?;
            Some((tokio_rustls::TlsConnector::from(Arc::new(config)), name))
        } else {
            None
        };
        Ok(Self { addresses, preferred: AtomicUsize::new(0), tls })
    }

    /// Opens a new connection within the timer.
    pub(super) async fn connect(&self, timer: &mut RequestTimer) -> Result<ConnectionStream, TransportError> {
        let mut last = String::new();
        let first = self.preferred.load(Ordering::Relaxed);
        for offset in 0..self.addresses.len() {
            let index = (first + offset) % self.addresses.len();
            match timer.race(TcpStream::connect(self.addresses[index])).await {
                None => {
                    return Err(TransportError::Unreachable(format!("no connection within {:?}", timer.total_timeout)));
                }
                Some(Err(error)) => match system_limits::shortage(&error) {
                    Some(shortage) => return Err(shortage.into()),
                    None => last = error.to_string(),
                },
                Some(Ok(tcp)) => {
                    self.preferred.store(index, Ordering::Relaxed);
                    // Requests are written at once, so delaying small packets only costs time.
                    let _ = tcp.set_nodelay(true);
                    return self.start_tls(tcp, timer).await;
                }
            }
        }
        Err(TransportError::Unreachable(last))
    }

    async fn start_tls(&self, tcp: TcpStream, timer: &mut RequestTimer) -> Result<ConnectionStream, TransportError> {
        let Some((connector, name)) = &self.tls else { return Ok(ConnectionStream(MaybeTlsStream::Plain(tcp))) };
        match timer.race(connector.connect(name.clone(), tcp)).await {
            None => Err(TransportError::Tls(format!("no handshake within {:?}", timer.total_timeout))),
            Some(Err(error)) => Err(TransportError::Tls(describe_handshake_error(&error))),
            Some(Ok(stream)) => Ok(ConnectionStream(MaybeTlsStream::Tls(Box::new(stream)))),
        }
    }
}

/// Describes why a handshake failed.
fn describe_handshake_error(error: &std::io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(rustls::Error::InvalidMessage(_)) => {
            format!("the server does not use TLS; did you mean `http://`? ({error})")
        }
        _ => error.to_string(),
    }
}

enum MaybeTlsStream {
    Plain(TcpStream),
    Tls(Box<tokio_rustls::client::TlsStream<TcpStream>>),
}

/// A TCP connection with or without TLS.
pub(super) struct ConnectionStream(MaybeTlsStream);

impl ConnectionStream {
    /// Acknowledges what was received at once, where the system offers that.
    pub(super) fn acknowledge(&self) {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            let tcp = match &self.0 {
                MaybeTlsStream::Plain(tcp) => tcp,
                MaybeTlsStream::Tls(stream) => stream.get_ref().0,
            };
            // Without the option, the response only comes later.
            let _ = tcp.set_quickack(true);
        }
    }
}

impl AsyncRead for ConnectionStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        match &mut self.0 {
            MaybeTlsStream::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            MaybeTlsStream::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for ConnectionStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        match &mut self.0 {
            MaybeTlsStream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            MaybeTlsStream::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match &mut self.0 {
            MaybeTlsStream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            MaybeTlsStream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match &mut self.0 {
            MaybeTlsStream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            MaybeTlsStream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// Time limits of one request: a deadline, an idle timeout, and cancellation of the run.
pub(super) struct RequestTimer {
    pub(super) total_timeout: Duration,
    idle_timeout: Duration,
    deadline: Instant,
    last_progress: Instant,
    seen_bytes: usize,
    cancel_token: Option<CancelToken>,
    sleep: Pin<Box<Sleep>>,
}

/// Interval between checks for cancellation while nothing happens.
const CANCEL_CHECK_INTERVAL: Duration = Duration::from_millis(100);

impl RequestTimer {
    /// Creates a timer. Must be called inside a runtime.
    pub(super) fn new(limits: &RequestLimits) -> Self {
        let now = clock::now();
        Self {
            total_timeout: limits.total_timeout,
            idle_timeout: limits.idle_timeout,
            deadline: now,
            last_progress: now,
            seen_bytes: 0,
            cancel_token: None,
            sleep: Box::pin(tokio::time::sleep(Duration::ZERO)),
        }
    }

    /// Starts the time of a request, which `stop` may cancel.
    pub(super) fn start(&mut self, stop: Option<&CancelToken>) {
        let now = clock::now();
        self.deadline = now + self.total_timeout;
        self.last_progress = now;
        self.seen_bytes = 0;
        // Reference counts are memory that all workers share, so an equal token is not cloned again.
        let is_same = matches!((&self.cancel_token, stop), (Some(current), Some(stop)) if current.is_same(stop));
        if !is_same {
            self.cancel_token = stop.cloned();
        }
        self.schedule_wakeup(now);
    }

    /// Sets both time limits; they hold from the next request on.
    pub(super) fn set_timeouts(&mut self, total_timeout: Duration, idle_timeout: Duration) {
        (self.total_timeout, self.idle_timeout) = (total_timeout, idle_timeout);
    }

    /// Records progress for callers that cannot count bytes.
    pub(super) fn record_progress(&mut self) {
        self.last_progress = clock::now();
    }

    /// Schedules the next wake-up. Resetting the sleep costs as much as a request, so a sleep that ends too early is
    /// kept, and only checks the time and is reset.
    fn schedule_wakeup(&mut self, now: Instant) {
        let next = self.deadline.min(self.last_progress + self.idle_timeout).min(now + CANCEL_CHECK_INTERVAL).into();
        if self.sleep.is_elapsed() || self.sleep.deadline() > next {
            self.sleep.as_mut().reset(next);
        }
    }

    /// Returns `Ready` when the time is over. `received` is the number of bytes received so far; a change counts as
    /// progress.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, received: usize) -> Poll<()> {
        while self.sleep.as_mut().poll(cx).is_ready() {
            let now = clock::now();
            if received != self.seen_bytes {
                self.seen_bytes = received;
                self.last_progress = now;
            }
            let stopped = self.cancel_token.as_ref().is_some_and(CancelToken::is_cancelled);
            if stopped || now >= self.deadline || now >= self.last_progress + self.idle_timeout {
                return Poll::Ready(());
            }
            self.schedule_wakeup(now);
        }
        Poll::Pending
    }

    /// Returns the output of the future, or `None` if the time is over first.
    pub(super) async fn race<F: Future>(&mut self, future: F) -> Option<F::Output> {
        let mut future = std::pin::pin!(future);
        std::future::poll_fn(|cx| {
            // The timer is polled first: a connection that always has data uses up the task's budget in tokio, so a
            // timer polled after it would never be ready.
            if self.poll(cx, self.seen_bytes).is_ready() {
                return Poll::Ready(None);
            }
            future.as_mut().poll(cx).map(Some)
        })
        .await
    }
}
