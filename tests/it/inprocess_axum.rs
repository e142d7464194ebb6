//! An axum `Router` is checked and fuzzed in this process, and a service with another request body through an adapter.

use crate::cards::{CONTRACT, Cards, Fault, SCENARIO};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::routing::{get, post};
use axum::{Json, Router};
use overstep::inprocess::{InProcessFinding, Subject, map_request_body};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;

fn subject() -> Subject {
    Subject::new(CONTRACT, SCENARIO).expect("contract and scenario are valid")
}

/// Returns the cards service as a router.
fn router(fault: Fault) -> Router {
    Router::new()
        .route("/cards/{id}/labels", get(respond).post(respond))
        .route("/cards/{id}/links", post(respond))
        .fallback(respond)
        .with_state(Arc::new(Cards::new(fault)))
}

async fn respond(State(cards): State<Arc<Cards>>, method: Method, uri: Uri, body: Bytes) -> (StatusCode, Json<Value>) {
    let (status, body) = cards.respond(method.as_str(), &uri.to_string(), &body);
    (StatusCode::from_u16(status).expect("a status"), Json(body))
}

fn findings(router: &mut Router) -> Vec<InProcessFinding> {
    let subject = subject();
    let results = subject.check(router).expect("cases");
    results.filter_map(Result::err).map(|finding| *finding).collect()
}

#[test]
fn a_faithful_router_has_no_findings() {
    let mut router = router(Fault::Faithful);
    assert_eq!(findings(&mut router), []);
}

#[test]
fn a_router_that_accepts_any_link_diverges_at_each_limit() {
    let accept = async || (StatusCode::OK, Json(json!({})));
    let state = Arc::new(Cards::new(Fault::Faithful));
    let labels = Router::new().route("/cards/{id}/labels", get(respond).post(respond)).with_state(state);
    let findings = findings(&mut labels.route("/cards/{id}/links", post(accept)));
    let above_limit = findings.iter().find(|finding| finding.id == "cards/LinkCard/note/length/above-max");
    let above_limit = above_limit.expect("a finding for the limit");
    assert_eq!((above_limit.rule.as_str(), above_limit.observed.as_str()), ("at most 120 characters", "200"));
    assert!(findings.iter().any(|finding| finding.id.starts_with("cards/LinkCard/kind/enum/")));
}

#[test]
fn a_router_that_does_not_store_labels_breaks_a_law() {
    let accept = async || (StatusCode::OK, Json(json!({})));
    let state = Arc::new(Cards::new(Fault::Faithful));
    let labels = Router::new().route("/cards/{id}/labels", get(respond).post(accept)).with_state(state);
    let findings = findings(&mut labels.fallback_service(router(Fault::Faithful)));
    let ids: Vec<&str> = findings.iter().map(|finding| finding.id.as_str()).collect();
    assert!(ids.iter().any(|id| id.starts_with("cards/PutLabels/law/merges")), "{ids:?}");
}

#[test]
fn a_router_can_be_fuzzed() {
    let seed = br#"[{"send":"LinkCard","input":{"id":{"$template":"{use}"},"kind":"EMAIL","status":"REJECTED"}}]"#;
    assert!(subject().try_fuzz(seed, &mut router(Fault::Faithful)).is_ok());
    let finding = subject().try_fuzz(seed, &mut router(Fault::KindAndStatus)).expect_err("a finding");
    assert_eq!((finding.expected.as_str(), finding.observed.as_str()), ("200", "500 internal"));
}

/// A service that takes bytes instead of a body that implements `http_body::Body`.
struct BytesService(Cards);

impl tower_service::Service<http::Request<Bytes>> for BytesService {
    type Response = http::Response<http_body_util::Full<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Bytes>) -> Self::Future {
        let (status, body) =
            self.0.respond(request.method().as_str(), &request.uri().to_string(), request.body().as_ref());
        let response = http::Response::builder().status(status).header("content-type", "application/json");
        std::future::ready(Ok(response.body(body.to_string().into()).expect("valid response")))
    }
}

#[test]
fn a_service_with_another_request_body_has_an_adapter() {
    let mut service = BytesService(Cards::new(Fault::Faithful));
    let subject = subject();
    for result in subject.check(&mut map_request_body(&mut service)).expect("cases") {
        result.unwrap_or_else(|finding| panic!("{finding}"));
    }
}
