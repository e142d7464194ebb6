//! Turns events, results, contracts and drift into bytes; one format per file.
//!
//! This module opens no file and changes no verdict; it writes to the writer that it is given. Text always contains
//! colours; the caller strips them if the output is not a terminal.

mod blob;
mod blob_event;
mod case_line;
mod case_list;
mod contract;
mod contract_openapi;
mod contract_smithy;
mod contract_summary;
mod ctrf;
mod diagnostic;
mod dictionary;
mod doctor;
mod drift;
mod event;
mod explain;
mod finding_text;
mod fit;
mod github;
mod har;
mod html;
mod junit;
mod markdown;
mod ndjson;
mod openapi_schemas;
mod reach;
mod recorded_event;
mod recorded_finding;
mod replay;
mod results_converter;
mod sarif;
mod scenario_text;
mod style;
mod terminal;
mod trend;
mod unread_sentences;

pub use blob::BlobReporter;
pub use blob_event::{
    BLOB_FORMAT, BlobEvent, BlobForm, BlobHeader, CaseDetail, ControlsEnd, FollowUpReason, LimitAnswers, ScenarioBegin,
    ScenarioEnd,
};
pub use case_line::{CaseLineContext, RecordedStep, StepResponse, serialize_case};
pub use case_list::{CaseFormat, CasePrinter};
pub use contract::contract_text;
pub use contract_openapi::{ConvertedContract, contract_openapi};
pub use contract_smithy::contract_smithy;
pub use contract_summary::ContractSummary;
pub use ctrf::CtrfConverter;
pub use diagnostic::{Diagnostic, Severity, render_diagnostic};
pub use dictionary::extend_dictionary;
pub use doctor::{
    ControlOutcome, EndpointDiagnosis, OperationDiagnosis, format_found_stanza, write_diagnosis_json,
    write_diagnosis_text,
};
pub use drift::{drift_json, drift_text};
pub use event::{
    CaseResult, MergeRecord, NewForm, Reporter, RunStarted, RunSummary, SkippedOperation, SnapshotUpdates,
    VerdictCounts,
};
pub use explain::{code_index_page, code_page, explain_code, list_codes};
pub use fit::{
    EndpointFit, FitCollector, FitFinding, FitReport, FitService, FitStatus, OperationFit, write_fit_json,
    write_fit_markdown, write_fit_text,
};
pub use github::GithubReporter;
pub use har::HarConverter;
pub use html::HtmlConverter;
pub use junit::{JunitReporter, SuiteBuffer};
pub use markdown::MarkdownReporter;
pub use ndjson::NdjsonReporter;
pub use reach::OperationReach;
pub use recorded_event::{JudgedCaseEvent, RecordedEvent};
pub use recorded_finding::{ExplainedCases, RecordedFinding, write_finding_list, write_recorded_finding};
pub use replay::{RecordedCase, ReplayReporter, ReplayedCase};
pub use results_converter::{ConvertingReporter, ResultsConverter};
pub use sarif::SarifConverter;
pub use scenario_text::{SCENARIO_SCHEMA_FILE, scenario_text};
pub use style::{TextWidth, pluralize, wrap_text};
pub use terminal::TerminalReporter;
pub use trend::{
    OpenFinding, ScenarioTrend, Trend, TrendCollector, TrendFinding, TrendRun, write_trend_page, write_trend_text,
};
