//! Writes a case as a test of its own, for someone who fixes the server and has no overstep: pytest, Hurl or curl.
//!
//! This module opens no file and changes no verdict.

mod curl;
mod exported_case;
mod hurl;
mod pytest;

pub use curl::curl_script;
pub use exported_case::{
    CapturedPlaceholder, ErrorPair, ExportTarget, ExportedAssertion, ExportedCase, ExportedStep, PlaceholderForm,
    Signing, UnsupportedCase,
};
pub use hurl::hurl_file;
pub use pytest::pytest_file;
