//! Turns events, results, contracts and drift into bytes; one format per file.
//!
//! This module opens no file and changes no verdict; it writes to the writer that it is given. Text always contains
//! colours; the caller strips them if the output is not a terminal.

mod cases;
mod contract;
mod diagnostic;
mod dictionary;
mod doctor;
mod drift;
mod event;
mod export;
mod export_curl;
mod export_hurl;
mod export_pytest;
mod github;
mod junit;
mod line;
mod markdown;
mod ndjson;
mod replay;
mod style;
mod terminal;

pub use cases::{CaseFormat, CasePrinter};
pub use contract::contract_text;
pub use diagnostic::{Diagnostic, Severity, diagnostic};
pub use dictionary::dictionary;
pub use doctor::{DiagnosedOperation, Diagnosis, Stands, diagnosis_json, diagnosis_text, use_stanza};
pub use drift::{drift_json, drift_text};
pub use event::{Counts, Done, Head, NewForm, NotRun, Output, SnapshotNews, Summary};
pub use export::{CapturedHole, Check, ExportHead, Exported, ExportedStep, HoleForm, NotExported, Pair, Signing};
pub use export_curl::curl_script;
pub use export_hurl::hurl_file;
pub use export_pytest::pytest_file;
pub use github::Github;
pub use junit::{Junit, Scratch};
pub use line::{CaseLine, SentStep, StepAnswer, case_line};
pub use markdown::Markdown;
pub use ndjson::Ndjson;
pub use replay::{ReplayText, Replayed, Then};
pub use style::Width;
pub use terminal::Terminal;
