//! Runs cases against an endpoint: documents → contract → cases → exchanges → results → reports.
//!
//! This module uses all others, but never reads flags, the terminal or the environment.
//!
//! A whole run: a [`ScenarioJob`] and [`RunOptions`] say what is sent and how. `EndpointSetup` starts the embedded server
//! and determines the address; its `run` opens a `Session`, which starts the user's server and probes the endpoint.
//! `check` then runs the stages in `check_run`: controls, valid values, limits, follow-up. A `CaseEvaluator` passes each
//! outcome to [`judge`](crate::judge::JudgeContext::judge_case) on the worker that sent it, and every `CaseObserver`
//! receives the result in plan order. `merge_scenario` passes the recorded results of shards to the same observers.
//! `fuzz`, `replay_cases`, `diagnose` and `LibFuzzerTarget` use the same session.

mod after_effects;
mod candidate_members;
mod case_observer;
mod check;
mod check_observers;
mod check_run;
mod contract_problems;
mod control_result;
mod corpus_seeds;
mod differential;
mod doctor;
mod embedded;
mod endpoint_setup;
mod engine;
mod error;
mod evaluate;
mod export;
mod fuzz;
mod fuzz_checks;
mod fuzz_search;
mod job;
mod known_divergences;
mod libfuzzer_target;
mod limit_discovery;
mod load;
mod match_usage;
mod muted_comparisons;
mod operation_probe;
mod planned_cases;
mod recorded_results;
mod referenced_files;
mod regressions;
mod replay;
mod request_references;
mod review;
mod review_details;
mod run_part;
mod server_lifecycle;
mod shards;
mod shrink_sequences;
mod snapshot_options;
mod snapshot_recorder;
mod state_search;
mod tally;
mod unknown_places;
mod watch;

pub use crate::contract::find_drift;
pub use crate::infer::documented_principal;
pub use crate::judge::KnownDivergences;
pub use check::{check, check_cases, print_cases, resume_check};
pub use corpus_seeds::{CorpusSeeds, collect_seeds};
pub use differential::{DifferentialMode, RecordedResponses};
pub use doctor::diagnose;
pub use embedded::{EmbeddedServer, build_world, list_faults, serve};
pub use error::SessionError;
pub use export::{ExportFormat, export_cases};
pub use fuzz::{FuzzObserver, FuzzOptions, OperationsWithoutSuccess, fuzz};
pub use fuzz_search::FuzzFinding;
pub use job::{CaseTotals, EndpointTarget, RunOptions, ScenarioJob, new_run_id};
pub use libfuzzer_target::{FuzzInputError, LibFuzzerTarget, MAX_RESPONSE_KINDS};
pub use load::{
    LoadedContract, SupportingSource, check_operations, ingest_documents, load_scenario, load_scenario_with,
};
pub use match_usage::{CallMatch, MatchedUsage, match_usage};
pub use recorded_results::{
    IndexedCase, RecordedRunStart, ResultsIndex, convert_results, index_results, read_recorded_cases,
    read_recorded_findings,
};
pub use regressions::{SavedRegression, check_regressions};
pub use replay::{ReplaySummary, build_record, list_case_ids, replay_cases, split_headers};
pub use review::{LineChange, PendingSnapshot, ReviewChoice, accept_results, pending_snapshots};
pub use review_details::{DocumentedState, LineDetails, ReviewDetails};
pub use shards::{
    BlobError, BlobReader, CaseOwner, CaseOwners, MergeError, ShardNumber, ShardNumberError, ShardSplit, merge_scenario,
};
pub use snapshot_options::{SnapshotOptions, SnapshotUpdate};
pub use watch::{ChangeDetector, FailingCases, ListChange, WatchedChange, WatchedRun};
