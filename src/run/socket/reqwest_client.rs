//! Sends requests with reqwest where its features are needed: proxies and HTTP/2.
//!
//! It never follows redirects, retries or decodes on its own, and rejects requests that it would send differently.

use super::connection::RequestTimer;
use super::error::ClientSetupError;
use super::http_connection::MAX_STREAM_WAIT;
use super::resolver::{self, CheckedAddresses};
use super::{system_limits, tls};
use crate::run::body_framing::is_event_stream;
use crate::run::content_encoding::decode_body;
use crate::run::{BodyFraming, Endpoint, HttpResponse, RequestLimits, TransportError};
use crate::wire::EncodedRequest;
use tokio::time::Instant;

/// A client for one endpoint; shared by all workers.
pub(super) struct ReqwestClient {
    client: reqwest::Client,
    origin: String,
    parsed_origin: reqwest::Url,
    limits: RequestLimits,
}

impl ReqwestClient {
    pub(super) fn new(endpoint: &Endpoint, limits: &RequestLimits) -> Result<Self, ClientSetupError> {
        let mut tls = tls::client_config(&endpoint.tls)?;
        tls.alpn_protocols = if endpoint.http2 { vec![b"h2".to_vec()] } else { vec![b"http/1.1".to_vec()] };
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(limits.total_timeout)
            .tls_backend_preconfigured(tls)
            .dns_resolver(CheckedAddresses::of_endpoint(endpoint, &resolver::resolve_name)?)
            .no_proxy();
        builder = if endpoint.http2 { builder.http2_prior_knowledge() } else { builder.http1_only() };
        if let Some(proxy) = &endpoint.proxy {
            let proxy = reqwest::Proxy::all(proxy.full_url());
            builder = builder.proxy(proxy.map_err(|_| ClientSetupError::Proxy("invalid URL".to_owned()))?);
        }
        let client = builder.build().map_err(|error| ClientSetupError::Proxy(error.to_string()))?;
        let parsed_origin = reqwest::Url::parse(&endpoint.origin());
        let parsed_origin = parsed_origin.map_err(|error| ClientSetupError::Proxy(error.to_string()))?;
        Ok(Self { client, origin: endpoint.origin(), parsed_origin, limits: *limits })
    }

    fn exact_url(&self, request: &EncodedRequest) -> Option<reqwest::Url> {
        let url = reqwest::Url::parse(&format!("{}{}", self.origin, request.target)).ok()?;
        let target = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let is_endpoint = url.username().is_empty() && url.origin() == self.parsed_origin.origin();
        (is_endpoint && target == request.target).then_some(url)
    }

    pub(super) fn unsupported_reason(&self, request: &EncodedRequest) -> Option<String> {
        if request.raw || self.exact_url(request).is_none() {
            return Some("this request cannot be sent byte for byte over a proxy or HTTP/2".to_owned());
        }
        None
    }

    pub(super) async fn send(
        &self,
        request: &EncodedRequest,
        timer: &mut RequestTimer,
    ) -> Result<HttpResponse, TransportError> {
        let (Some(url), Ok(method)) = (self.exact_url(request), reqwest::Method::from_bytes(request.method.as_bytes()))
        else {
            return Err(TransportError::Unreachable("the request cannot be sent byte for byte".to_owned()));
        };
        let mut outgoing = self.client.request(method, url).body(request.body.clone());
        for (name, value) in &request.headers {
            outgoing = outgoing.header(name.as_str(), value.as_str());
        }
        let sent_response = timer.race(outgoing.send()).await;
        let mut response = match sent_response {
            None => return Err(TransportError::TimedOut(timer.total_timeout)),
            Some(Err(error)) => return Err(transport_error(&error)),
            Some(Ok(response)) => response,
        };
        let status = response.status().as_u16();
        let headers: Vec<(String, String)> = response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let mut body: Vec<u8> = Vec::new();
        let content_type = headers.iter().find(|(name, _)| name == "content-type");
        let is_stream = (200..300).contains(&status) && content_type.is_some_and(|(_, value)| is_event_stream(value));
        let stream_end = is_stream.then(|| Instant::now() + MAX_STREAM_WAIT);
        let framing = loop {
            timer.record_progress();
            let chunk = timer.race(response.chunk());
            let received = match stream_end {
                Some(end) => match tokio::time::timeout_at(end, chunk).await {
                    Ok(received) => received,
                    Err(_) => break BodyFraming::OpenStream,
                },
                None => chunk.await,
            };
            match received {
                None if is_stream => break BodyFraming::OpenStream,
                None => break BodyFraming::TimedOut,
                Some(Err(_)) => break BodyFraming::Short,
                Some(Ok(None)) => break BodyFraming::Complete,
                Some(Ok(Some(data))) => {
                    let room = self.limits.max_body_bytes - body.len();
                    body.extend_from_slice(&data[..data.len().min(room)]);
                    if data.len() > room {
                        break BodyFraming::Truncated;
                    }
                }
            }
        };
        let encoding = headers.iter().find(|(name, _)| name == "content-encoding").map(|(_, value)| value.as_str());
        let (body, framing) = decode_body(encoding, body.into(), framing, self.limits.max_body_bytes);
        Ok(HttpResponse { status, headers, body, framing })
    }
}

fn transport_error(error: &reqwest::Error) -> TransportError {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        text = inner.to_string();
        if let Some(hyper) = inner.downcast_ref::<hyper::Error>()
            && hyper.is_parse()
        {
            return TransportError::NotHttp(text);
        }
        if let Some(shortage) = inner.downcast_ref().and_then(system_limits::shortage) {
            return shortage.into();
        }
        source = inner.source();
    }
    if error.is_connect() { TransportError::Unreachable(text) } else { TransportError::Dropped }
}
