//! Tests a service in this process against its contract, with requests from a fuzzer's bytes or with planned cases.
//!
//! This module opens no socket and no file, never prints, and starts a runtime only with the feature `runtime`. It
//! accepts any [`tower_service::Service`] over HTTP requests (an axum `Router`, an s3s service, an emulator's embedded
//! mode), so that a coverage-guided fuzzer sees the inside of the service while the contract judges its responses.
//!
//! - [`Subject::check`] sends the planned cases, as `overstep check` does.
//! - [`Subject::fuzz`] turns a fuzzer's bytes into requests, for a libFuzzer target; [`mutate`] is a mutator for it.
//! - [`map_request_body`] adapts a service whose requests have another body than [`RequestBody`].
//!
//! # Examples
//! A plain test of an axum `Router`. Its mistake is one step past a documented limit:
//!
//! ```
//! use axum::{Json, Router, body::Bytes, http::StatusCode, routing::post};
//! use overstep::inprocess::Subject;
//! use serde_json::{Value, json};
//!
//! let contract = r#"{
//!     "format": "overstep-contract/1", "service": "notes", "protocol": "restJson",
//!     "operations": [{
//!         "name": "CreateNote", "http": {"method": "POST", "uri": "/notes", "success": 201},
//!         "input": "CreateNoteRequest", "errors": ["validation_error"],
//!         "sources": [{"document": "create-note.md", "line": 1}]
//!     }],
//!     "errors": [{"name": "validation_error", "status": 400, "role": "invalid-input"}],
//!     "shapes": {
//!         "CreateNoteRequest": {"type": "structure", "members": {
//!             "text": {"shape": "NoteText", "required": true, "location": "body"}}},
//!         "NoteText": {"type": "string", "length": {"max": 20}}
//!     }
//! }"#;
//!
//! async fn create_note(body: Bytes) -> (StatusCode, Json<Value>) {
//!     let input: Value = serde_json::from_slice(&body).unwrap_or_default();
//!     match input["text"].as_str() {
//!         Some(text) if text.chars().count() <= 21 => (StatusCode::CREATED, Json(json!({}))),
//!         _ => (StatusCode::BAD_REQUEST, Json(json!({"error": {"code": "validation_error"}}))),
//!     }
//! }
//!
//! let mut router = Router::new().route("/notes", post(create_note));
//! let scenario = "sources = ['create-note.md']\nerror-code = 'error.code'";
//! let subject = Subject::new(contract, scenario)?;
//! let findings: Vec<_> = subject.check(&mut router)?.filter_map(Result::err).collect();
//! let limit = findings.iter().find(|finding| finding.id == "notes/CreateNote/text/length/above-max");
//! assert_eq!(limit.expect("a finding").rule, "at most 20 characters");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod finding;
mod mutation;
mod request_body;
mod subject;
mod transport;

#[doc(inline)]
pub use crate::generate::PlanError;
pub use finding::InProcessFinding;
pub use mutation::mutate;
pub use request_body::{MapRequestBody, RequestBody, map_request_body};
pub use subject::{Subject, SubjectError};
