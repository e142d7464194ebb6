//! Sends a request to a service in this process and returns the response.
//!
//! It never judges a response, and never reads a body beyond a limit.

use super::RequestBody;
use crate::run::{HttpResponse, TransportError};
use crate::wire::EncodedRequest;
use bytes::{Buf as _, BytesMut};
use http_body::Body;
use std::fmt::Display;
use std::future::{Future, poll_fn};
use std::pin::pin;
use tower_service::Service;

/// Maximum number of bytes read of a response body.
const MAX_BODY_BYTES: usize = 4 << 20;

/// Sends a request and waits for the complete response.
pub(super) fn send_request<S, R>(
    service: &mut S,
    message: &EncodedRequest,
    host: &str,
) -> Result<HttpResponse, TransportError>
where
    S: Service<http::Request<RequestBody>, Response = http::Response<R>>,
    S::Error: Display,
    R: Body,
    R::Error: Display,
{
    // Bytes that no HTTP library accepts never reach a service.
    let request =
        build_request(message, host).ok_or_else(|| TransportError::Unreachable("needs a raw connection".into()))?;
    block_on(async {
        // An error of the service itself ends the connection.
        poll_fn(|context| service.poll_ready(context)).await.map_err(|_| TransportError::Dropped)?;
        let response = service.call(request).await.map_err(|_| TransportError::Dropped)?;
        let (head, body) = response.into_parts();
        let mut body = pin!(body);
        let mut received = BytesMut::new();
        let mut read_error = None;
        while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
            match frame.map(http_body::Frame::into_data) {
                Ok(Ok(mut data)) => {
                    while data.has_remaining() && received.len() <= MAX_BODY_BYTES {
                        let chunk = data.copy_to_bytes(data.chunk().len());
                        received.extend_from_slice(&chunk);
                    }
                }
                Ok(Err(_trailers)) => {}
                Err(reason) => read_error = Some(reason.to_string()),
            }
            if read_error.is_some() || received.len() > MAX_BODY_BYTES {
                break;
            }
        }
        let headers = head
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        Ok(HttpResponse::from_parts(
            head.status.as_u16(),
            headers.collect(),
            received.freeze(),
            read_error.is_some(),
            MAX_BODY_BYTES,
        ))
    })
}

/// Returns the request as a server's HTTP library would pass it on, or `None` if the library would reject it.
fn build_request(message: &EncodedRequest, host: &str) -> Option<http::Request<RequestBody>> {
    if message.raw {
        return None;
    }
    let mut builder = http::Request::builder().method(message.method.as_str()).uri(message.target.as_str());
    builder = builder.header(http::header::HOST, host);
    for (name, value) in &message.headers {
        builder = builder.header(name.as_str(), value.as_str());
    }
    let needs_content_length = !message.body.is_empty() || matches!(message.method.as_str(), "POST" | "PUT" | "PATCH");
    if needs_content_length && message.header("content-length").is_none() {
        builder = builder.header(http::header::CONTENT_LENGTH, message.body.len());
    }
    builder.body(RequestBody::from(message.body.clone())).ok()
}

/// Waits for a future on this thread.
#[cfg(not(feature = "runtime"))]
fn block_on<F: Future>(future: F) -> F::Output {
    use std::sync::Arc;
    use std::task::{Context, Poll, Wake, Waker};
    use std::thread::{self, Thread};

    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    thread_local! {
        static WAKER: Waker = Waker::from(Arc::new(Unpark(thread::current())));
    }
    let mut future = pin!(future);
    WAKER.with(|waker| {
        loop {
            match future.as_mut().poll(&mut Context::from_waker(waker)) {
                Poll::Ready(output) => return output,
                Poll::Pending => thread::park(),
            }
        }
    })
}

/// Waits for a future on this thread, inside a current-thread runtime.
#[cfg(feature = "runtime")]
fn block_on<F: Future>(future: F) -> F::Output {
    thread_local! {
        static RUNTIME: std::io::Result<tokio::runtime::Runtime> =
            tokio::runtime::Builder::new_current_thread().enable_all().build();
    }
    RUNTIME.with(|runtime| match runtime {
        Ok(runtime) => runtime.block_on(future),
        Err(reason) => panic!("failed to create a tokio runtime: {reason}"),
    })
}
