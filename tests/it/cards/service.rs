//! The cards service and the reference server as `tower::Service`s.

#![allow(dead_code, reason = "each user needs a part of it")]

use super::{Cards, Fault};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use overstep::inprocess::RequestBody;
use overstep::reference;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};
use tower_service::Service;

/// Returns a new cards service.
pub fn cards(fault: Fault) -> Called<impl FnMut(Request<RequestBody>) -> Response<Full<Bytes>>> {
    let cards = Cards::new(fault);
    Called(move |request: Request<RequestBody>| {
        let target = request.uri().to_string();
        let (head, body) = request.into_parts();
        let body = body.into_bytes();
        let (status, body) = cards.respond(head.method.as_str(), &target, &body);
        let answer = Response::builder().status(status).header("content-type", "application/json");
        answer.body(Full::from(body.to_string())).expect("valid response")
    })
}

/// Wraps a reference server.
pub fn reference(
    service: &reference::ReferenceService,
) -> Called<impl FnMut(Request<RequestBody>) -> Response<Full<Bytes>> + '_> {
    Called(|request: Request<RequestBody>| {
        let target = request.uri().to_string();
        let (head, body) = request.into_parts();
        let headers: Vec<(&str, &[u8])> =
            head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let body = body.into_bytes();
        let request =
            reference::ServerRequest { method: head.method.as_str(), target: &target, headers: &headers, body: &body };
        let answer = service.handle(&request);
        let mut response = Response::builder().status(answer.status);
        for (name, value) in &answer.headers {
            response = response.header(name.as_ref(), value.as_ref());
        }
        response.body(Full::from(answer.body)).expect("valid response")
    })
}

/// A service that calls a function.
pub struct Called<F>(pub F);

impl<F> Service<Request<RequestBody>> for Called<F>
where
    F: FnMut(Request<RequestBody>) -> Response<Full<Bytes>>,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        ready(Ok((self.0)(request)))
    }
}
