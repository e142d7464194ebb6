//! Tests a service in this process against its contract, with requests from a fuzzer's bytes or with planned cases.
//!
//! This module opens no socket and no file, never prints, and starts a runtime only with the feature `runtime`. It
//! accepts any [`tower_service::Service`] over HTTP requests (an axum `Router`, an s3s service, an emulator's embedded
//! mode), so that a coverage-guided fuzzer sees the inside of the service while the contract judges its responses.
//!
//! ```
//! use overstep::inprocess::Subject;
//! # use bytes::Bytes;
//! # use http_body_util::Full;
//! # use std::convert::Infallible;
//! # let contract = include_str!("../../tests/it/cards/cards.contract.json");
//! # let scenario = include_str!("../../tests/it/cards/cards.toml");
//! # struct Cards;
//! # impl tower_service::Service<http::Request<Full<Bytes>>> for Cards {
//! #     type Response = http::Response<Full<Bytes>>;
//! #     type Error = Infallible;
//! #     type Future = std::future::Ready<Result<Self::Response, Infallible>>;
//! #     fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
//! #         std::task::Poll::Ready(Ok(()))
//! #     }
//! #     fn call(&mut self, _: http::Request<Full<Bytes>>) -> Self::Future {
//! #         std::future::ready(Ok(http::Response::builder().status(500).body(Full::default()).expect("a response")))
//! #     }
//! # }
//! # let mut service = Cards;
//! let subject = Subject::new(contract, scenario)?;
//! let finding = subject.try_fuzz(b"any bytes", &mut service).expect_err("it always fails");
//! assert!(finding.to_string().contains("received     500"));
//! # Ok::<(), overstep::inprocess::SubjectError>(())
//! ```

mod finding;
mod mutation;
mod subject;
mod transport;

pub use finding::InProcessFinding;
pub use mutation::mutate;
pub use subject::{Subject, SubjectError};
