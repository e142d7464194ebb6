//! The command line: flags and the settings that they become, messages, outputs and signals.
//!
//! Settings are resolved here once, from flags, `overstep.toml`, scenarios and the environment; `commands` uses them.

mod command_error;
mod completion_candidates;
mod document_places;
mod environment;
mod exit_status;
mod fit_flags;
mod flag_values;
mod flags;
mod jobs;
mod last_run;
mod lifecycle;
mod merge_settings;
pub mod messages;
mod outputs;
mod recorded_run_flags;
mod replay_settings;
mod repository_path;
mod rerun_command;
mod results_format;
mod run_flags;
mod run_settings;
mod runtime;
mod saved_requests;
mod scenarios;
mod shard;
mod signals;
mod snapshot_folders;
mod usage_error;
mod used_services;
mod watched_files;

pub use command_error::CommandError;
pub use document_places::document_places;
pub use environment::{current_directory, environment_variable};
pub use exit_status::{exit_of_summary, exit_without_cases};
pub use fit_flags::{FitFlags, FitFormat};
pub use flag_values::CasesFormat;
pub use flags::{
    CasesFlags, CheckFlags, CliCommand, CliFlags, ColorWhen, ContractFormat, DoctorFlags, DriftFlags, FuzzFlags,
    IngestFlags, InitFlags, MergeFlags, ServeFlags, SnapshotCommand, SnapshotFlags, TextOrJson, UpdateFlag, WatchFlags,
};
pub use jobs::{
    NewScenarioJob, ResolvedJobs, build_jobs, build_selected_jobs, endpoint_or_environment, job_without_scenario_file,
    parse_filter,
};
pub use last_run::{find_case, group_by_scenario, rebuild_job};
pub use lifecycle::{announce_known_divergences, announce_start};
pub use merge_settings::MergeSettings;
pub use outputs::{RunOutputs, SharedSink, terminal_width};
pub use recorded_run_flags::{
    ExplainFlags, ExplainFormat, ExportFlags, ExportFormatFlag, ManFlags, ReplayFlags, ReplayFormat, ReportFlags,
    ReportedFormat, SchemaName, TrendFlags, TrendFormat,
};
pub use replay_settings::ReplaySettings;
pub use repository_path::repository_root;
pub use results_format::results_converter;
pub use run_settings::{FuzzSettings, RunSettings, ScenarioRun};
pub use runtime::CommandRuntime;
pub use scenarios::{SelectedScenarios, VariableFlags, fill_from_environment, read_scenarios};
pub use signals::{stop_on_signal, wait_for_interrupt};
pub use snapshot_folders::{nearest_folder, snapshot_options};
pub use usage_error::usage_diagnostic;
pub use used_services::{UsedService, UsedServices, find_used_services, read_fit_scenarios, scenario_of_sources};
pub use watched_files::watched_files;
