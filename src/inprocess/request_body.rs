//! The body of the requests that a service in this process receives, and an adapter for services with another body.
//!
//! It never streams: a request's body is in memory before the service is called.

use bytes::Bytes;
use http::Request;
use http_body::{Body, Frame, SizeHint};
use std::convert::Infallible;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};
use tower_service::Service;

/// The body of a request to a service in this process: bytes in memory.
///
/// # Examples
/// ```
/// use overstep::inprocess::RequestBody;
///
/// let body = RequestBody::from(bytes::Bytes::from_static(b"{}"));
/// assert_eq!(body.into_bytes(), "{}");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestBody {
    /// The bytes that were not read yet.
    unread: Bytes,
}

impl RequestBody {
    /// Returns the bytes of the body that were not read yet.
    pub fn into_bytes(self) -> Bytes {
        self.unread
    }
}

impl From<Bytes> for RequestBody {
    fn from(bytes: Bytes) -> Self {
        Self { unread: bytes }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = std::mem::take(&mut self.unread);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.unread.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.unread.len() as u64)
    }
}

/// Adapts a service whose requests have another type of body than [`RequestBody`].
///
/// An axum `Router` accepts any body and needs no adapter. The returned service also accepts a `&mut` to a service.
///
/// # Examples
/// ```
/// use overstep::inprocess::{Subject, map_request_body};
/// # use bytes::Bytes;
/// # use http_body_util::Full;
/// # use std::convert::Infallible;
/// # use std::future::{Ready, ready};
/// # use std::task::{Context, Poll};
/// # let contract = r#"{"format": "overstep-contract/1", "service": "clock", "protocol": "restJson",
/// #   "operations": [{"name": "ReadTime", "http": {"method": "GET", "uri": "/time", "success": 200}, "errors": []}],
/// #   "errors": [], "shapes": {}}"#;
/// # struct Clock;
/// impl tower_service::Service<http::Request<Full<Bytes>>> for Clock {
///     // …
/// #     type Response = http::Response<Full<Bytes>>;
/// #     type Error = Infallible;
/// #     type Future = Ready<Result<Self::Response, Infallible>>;
/// #     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
/// #         Poll::Ready(Ok(()))
/// #     }
/// #     fn call(&mut self, _: http::Request<Full<Bytes>>) -> Self::Future {
/// #         ready(Ok(http::Response::new(Full::default())))
/// #     }
/// }
///
/// let mut service = map_request_body(Clock);
/// # let subject = Subject::new(contract, "sources = ['clock.md']")?;
/// for result in subject.check(&mut service)? {
///     // …
/// #     let _ = result;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn map_request_body<S, B>(service: S) -> MapRequestBody<S, B>
where
    S: Service<Request<B>>,
    B: From<Bytes>,
{
    MapRequestBody { service, body: PhantomData }
}

/// The service that [`map_request_body`] returns.
#[derive(Clone, Debug)]
pub struct MapRequestBody<S, B> {
    service: S,
    body: PhantomData<fn() -> B>,
}

impl<S, B> Service<Request<RequestBody>> for MapRequestBody<S, B>
where
    S: Service<Request<B>>,
    B: From<Bytes>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        self.service.call(request.map(|body| B::from(body.into_bytes())))
    }
}
