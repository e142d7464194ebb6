//! Defines the flags and subcommands of the command line.
//!
//! It never reads a file or the environment; `jobs` resolves the flags into checked jobs.

use super::completion_candidates::{endpoint_candidates, filter_candidates, operation_candidates, scenario_candidates};
use super::fit_flags::FitFlags;
use super::flag_values::{
    CasesFormat, DurationFlag, ReportFormat, SecretValueParser, parse_assignment, parse_cases_format, parse_count,
    parse_duration, parse_header, parse_port, parse_report,
};
use super::recorded_run_flags::{
    ExplainFlags, ExportFlags, ManFlags, ReplayFlags, ReportFlags, SchemaName, TrendFlags,
};
use super::run_flags::{SelectionFlags, SendFlags};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter};
use std::path::PathBuf;

/// Contract tests for HTTP APIs: every documented limit, at the boundary and one step past it.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100, after_help = TOP_LEVEL_HELP)]
pub struct CliFlags {
    /// The command to run.
    #[command(subcommand)]
    pub command: CliCommand,
    /// When to use colors
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorWhen,
}

const TOP_LEVEL_HELP: &str = "\
Examples:
  overstep check                                   test all scenarios against their own endpoints
  overstep check connect -e http://127.0.0.1:4566  test one scenario against your server
  overstep check leadlex -E 'op(AddTagsToContact) & auth'
  overstep fuzz leadlex -e local --max-time 5m     send generated requests for five minutes
  overstep init queues --source botocore:sqs -e http://127.0.0.1:5000
  overstep doctor queues                           show which operations succeed or fail, and why
  overstep watch queues -e http://127.0.0.1:5000   send what failed again when the server is back
  overstep fit queues -e moto --used app.log       show which operations an application can rely on
  overstep trend results/*.ndjson                  show findings and coverage over runs
  overstep cases connect --format curl             print the requests without sending them
  overstep ingest docs/*.md -o my.contract.json    read documents into a contract
  overstep drift docs/page.rst botocore:connect    show where two sources contradict each other
  overstep merge blobs --report html=run.html      merge the shards of several machines
  overstep report last --finding 2                 list all that a finding explains
  overstep report last --format html -o run.html   show the last run in a browser
  overstep explain OV203                           show what the code of a finding means
  overstep replay last                             send all diverging cases of the last run again
  overstep export ID --format pytest               write a case as a standalone test
  overstep serve connect --port 4566               run a validating mock server
  overstep snapshot review                         review undocumented and changed responses

Exit codes:
  0 no findings    1 findings    2 usage or configuration error, or a rejected document
  3 endpoint not reached or run incomplete    4 nothing ran    70 a bug in overstep";

/// When to use colors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// Only if the output is a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum CliCommand {
    /// Test every documented limit and compare the responses with the documentation
    Check(Box<CheckFlags>),
    /// Merge the results of shards that `check --shard` sent from several machines
    Merge(MergeFlags),
    /// Show whether an endpoint has what an application uses
    Fit(Box<FitFlags>),
    /// Send generated requests and sequences of requests, guided by the kinds of responses
    Fuzz(Box<FuzzFlags>),
    /// Send the failing cases again whenever files change or the server is back
    Watch(Box<WatchFlags>),
    /// Print what `check` would send, without sending it
    Cases(Box<CasesFlags>),
    /// Write a scenario file to start from
    Init(InitFlags),
    /// Show what was inferred, which operations succeed, and why the others don't
    Doctor(Box<DoctorFlags>),
    /// Read documents and machine models into one contract
    Ingest(IngestFlags),
    /// Show where two sources or contracts contradict each other
    Drift(DriftFlags),
    /// List the findings of the last run, or all that one of them explains
    Report(ReportFlags),
    /// Show findings and coverage over several runs
    Trend(TrendFlags),
    /// Show what the code of a finding means, or list all codes
    Explain(ExplainFlags),
    /// Send cases of an earlier run again, with only the date and the signature renewed
    Replay(Box<ReplayFlags>),
    /// Write cases as standalone pytest, Hurl or curl tests
    Export(Box<ExportFlags>),
    /// Review unreviewed responses, and accept or reject them
    #[command(
        subcommand,
        after_help = "\
Examples:
  overstep snapshot list      print all pending lines
  overstep snapshot review    decide line by line"
    )]
    Snapshot(SnapshotCommand),
    /// Run the reference server as a validating mock
    Serve(ServeFlags),
    /// Print the JSON Schema of a file that overstep reads or writes
    #[command(after_help = "\
Example:
  overstep schema scenario > scenario.schema.json    for an editor: `#:schema scenario.schema.json`")]
    Schema {
        /// The kind of file
        #[arg(value_enum)]
        name: SchemaName,
    },
    /// Print a completion script for a shell
    #[command(after_help = "\
Examples:
  overstep completions bash > ~/.local/share/bash-completion/completions/overstep
  overstep completions zsh > ~/.zfunc/_overstep
  overstep completions fish > ~/.config/fish/completions/overstep.fish

The script asks overstep, so that the names of scenarios, endpoints, operations and laws are completed, too.")]
    Completions {
        /// The shell to write the script for
        shell: clap_complete::Shell,
    },
    /// Print the manual page of a command, or write all of them into a folder
    Man(ManFlags),
}

/// Flags of `init`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  overstep init queues --source botocore:sqs -e http://127.0.0.1:5000   probe the endpoint for required values
  overstep init api --source 'docs/**/*.mdx'                            use the documents alone
  overstep init shop -e http://127.0.0.1:8000                           ask the server for its OpenAPI document")]
pub struct InitFlags {
    /// Name of the scenario; the file is scenarios/NAME.toml
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Documents of the API: files, globs, URLs or `botocore:SERVICE`; without any, the endpoint is asked for its OpenAPI
    /// document
    #[arg(short, long, value_name = "SOURCE", value_hint = ValueHint::FilePath)]
    pub source: Vec<String>,
    /// Endpoint to probe for values that requests need: a name in overstep.toml, or a URL [env: OVERSTEP_ENDPOINT]
    #[arg(short, long, visible_short_alias = 'u', visible_alias = "url", value_name = "NAME|URL")]
    #[arg(add = ArgValueCandidates::new(endpoint_candidates))]
    pub endpoint: Option<String>,
    /// Add a header to every request; it is not written into the scenario
    #[arg(short = 'H', long, value_name = "NAME: VALUE", value_parser = SecretValueParser(parse_header))]
    pub header: Vec<(String, String)>,
    /// Overwrite an existing scenario
    #[arg(long)]
    pub force: bool,
    /// Allow an endpoint or a document that is not on this machine
    #[arg(long)]
    pub allow_remote: bool,
    /// Hide the progress bar
    #[arg(long)]
    pub no_progress: bool,
}

/// Flags of `doctor`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  overstep doctor queues -e http://127.0.0.1:5000
  overstep doctor queues -e http://127.0.0.1:5000 --format json")]
pub struct DoctorFlags {
    /// Selects the cases.
    #[command(flatten)]
    pub selection: SelectionFlags,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    pub format: TextOrJson,
    /// Allow an endpoint that is not on this machine
    #[arg(long)]
    pub allow_remote: bool,
    /// Hide the progress bar
    #[arg(long)]
    pub no_progress: bool,
}

/// Flags of `check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  overstep check                                                   all scenarios, own endpoints
  overstep check connect -e http://127.0.0.1:4566                  one scenario, your server
  overstep check connect -E 'op(TagContact) & constraint(length)'  some of the cases
  overstep check connect --report html=report.html --report junit=report.xml
  overstep check sqs -e moto --against ministack                   compare two endpoints
  overstep check connect --shard 3/8 --report blob=blobs           the third of eight parts
  overstep check connect --shard 3/8 --resume blobs                continue it after it was killed")]
pub struct CheckFlags {
    /// Selects the cases.
    #[command(flatten)]
    pub selection: SelectionFlags,
    /// Decides how requests are sent.
    #[command(flatten)]
    pub send: SendFlags,
    /// Run only the cases that were findings or inconclusive in the last run
    #[arg(long)]
    pub last_failed: bool,
    /// Send one part of the cases: `3/8` is the third of eight, the same on every machine. `auto` takes it from
    /// Kubernetes, Slurm, GitLab or CircleCI [default: `$OVERSTEP_SHARD`]
    #[arg(long, value_name = "I/N|auto", conflicts_with = "last_failed")]
    pub shard: Option<String>,
    /// Continue a run that was stopped: results in this folder are kept and their cases not sent again. The folder is
    /// that of `--report blob=DIR`, which this implies
    #[arg(long, value_name = "DIR", conflicts_with_all = ["against", "last_failed"])]
    pub resume: Option<PathBuf>,
    /// Folder of snapshots [default: `snapshots/` next to `scenarios/`]
    #[arg(long, value_name = "DIR")]
    pub snapshots: Option<PathBuf>,
    /// Do not compare with snapshots, and write none
    #[arg(long, conflicts_with_all = ["snapshots", "update"])]
    pub no_snapshots: bool,
    /// Compare with a second endpoint instead of snapshots: the same cases are sent to it first, and responses are
    /// compared including their values, except identifiers, timestamps, hosts and the like
    #[arg(long, value_name = "NAME|URL", add = ArgValueCandidates::new(endpoint_candidates), conflicts_with_all = ["snapshots", "no_snapshots", "update", "last_failed"])]
    pub against: Option<String>,
    /// What to do with responses that differ from the accepted ones; `auto` means `no` if `CI` is set, otherwise `new`
    #[arg(long, value_enum, default_value = "auto", value_name = "WHAT")]
    pub update: UpdateFlag,
}

/// Flags of `merge`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  overstep merge blobs                                   the findings of all shards in `blobs/`
  overstep merge blobs --report html=report.html --report junit=report.xml
  overstep merge shard-1 shard-2 --update new            also write snapshots to review

It needs the same files as the shards: scenarios, documents and snapshots, but no credentials.")]
pub struct MergeFlags {
    /// Folders with the blobs of all shards, which `overstep check --report blob=DIR` wrote
    #[arg(value_name = "DIR", required = true)]
    pub folders: Vec<PathBuf>,
    /// Write a report: `html=PATH`, `ndjson=PATH`, `junit=PATH`, `markdown=PATH`, `github=-`, `sarif=PATH`, `har=PATH`
    /// or `ctrf=PATH`; `-` is standard output
    #[arg(long, value_name = "FORMAT=PATH", value_parser = parse_report)]
    pub report: Vec<(ReportFormat, PathBuf)>,
    /// Folder of snapshots [default: that of the shards]
    #[arg(long, value_name = "DIR")]
    pub snapshots: Option<PathBuf>,
    /// What to do with responses that differ from the accepted ones; `auto` means `no` if `CI` is set, otherwise `new`
    #[arg(long, value_enum, default_value = "auto", value_name = "WHAT")]
    pub update: UpdateFlag,
}

/// Flags of `watch`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  overstep watch shop -e http://127.0.0.1:8000             run again when the server is back
  overstep watch shop -e local --path src                  run again when a file in src changes
  overstep watch shop -e local -E 'op(CreateOrder)'")]
pub struct WatchFlags {
    /// Selects the cases.
    #[command(flatten)]
    pub selection: SelectionFlags,
    /// Also watch this file or folder (repeatable); scenarios, documents and overstep.toml are watched anyway
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub path: Vec<PathBuf>,
    /// Stop after this time: `30s`, `60m`
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "60m")]
    pub max_time: DurationFlag,
    /// Decides how requests are sent.
    #[command(flatten)]
    pub send: SendFlags,
}

/// Flags of `fuzz`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  overstep fuzz connect -e http://127.0.0.1:4566            fuzz for one minute
  overstep fuzz leadlex -e local --max-time 10m --corpus corpus/leadlex
  overstep fuzz queues -e moto -E 'op(SendMessage)' --save  add findings to every `check`

The exit code is 4 if an operation never succeeded: its rejected requests show nothing.")]
pub struct FuzzFlags {
    /// Selects the operations.
    #[command(flatten)]
    pub selection: SelectionFlags,
    /// Stop after this time: `30s`, `5m`
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "1m")]
    pub max_time: DurationFlag,
    /// Stop after N sequences of requests
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub max_cases: Option<u64>,
    /// Start from the inputs in this folder, and add each input that causes a new kind of response
    #[arg(long, value_name = "DIR")]
    pub corpus: Option<PathBuf>,
    /// Folder for the requests of each finding [default: `.overstep/fuzz/SCENARIO/`]
    #[arg(long, value_name = "DIR")]
    pub artifacts: Option<PathBuf>,
    /// Also write them to `SCENARIO.saved/` next to the scenario; every `check` sends what is saved there
    #[arg(long)]
    pub save: bool,
    /// Decides how requests are sent.
    #[command(flatten)]
    pub send: SendFlags,
}

/// What to do with responses that differ from the accepted ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UpdateFlag {
    /// `no` if `CI` is set, otherwise `new`.
    Auto,
    /// Write nothing.
    No,
    /// Write them to `.osnap.new` files for review.
    New,
    /// Accept them all.
    All,
}

/// The subcommands of `snapshot`.
#[derive(Debug, Subcommand)]
pub enum SnapshotCommand {
    /// Accept or reject line by line
    #[command(after_help = "\
Examples:
  overstep snapshot review
  overstep snapshot review -E 'op(TagContact)'")]
    Review(SnapshotFlags),
    /// Print all pending lines
    #[command(after_help = "\
Example:
  overstep snapshot list -E connect/TagContact")]
    List(SnapshotFlags),
    /// Accept all pending lines, or the responses in a results file
    #[command(after_help = "\
Examples:
  overstep snapshot accept
  overstep snapshot accept --from results.ndjson   accept what a run in CI received")]
    Accept(SnapshotFlags),
    /// Discard all pending lines
    #[command(after_help = "\
Example:
  overstep snapshot reject -E 'constraint(pattern)'")]
    Reject(SnapshotFlags),
}

/// Flags of the subcommands of `snapshot`.
#[derive(Debug, Args)]
pub struct SnapshotFlags {
    /// Select lines: a part of the id, or an expression such as `op(X) & member(Y) & constraint(Z)`
    #[arg(short = 'E', long, value_name = "EXPR", add = ArgValueCompleter::new(filter_candidates))]
    pub filter: Option<String>,
    /// Accept from results that `check --report ndjson=FILE` wrote (`accept` only)
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Folder of snapshots [default: `snapshots/` here or in the nearest parent directory]
    #[arg(long, value_name = "DIR")]
    pub snapshots: Option<PathBuf>,
}

/// Flags of `cases`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  overstep cases connect --format curl             one curl command per case
  overstep cases connect --format corpus=corpus    seeds in corpus/, a dictionary in corpus.dict
  cargo +nightly fuzz run service corpus -- -dict=corpus.dict")]
pub struct CasesFlags {
    /// Selects the cases.
    #[command(flatten)]
    pub selection: SelectionFlags,
    /// Output format: `text`, `ndjson`, `curl` or `corpus=DIR`. `corpus=DIR` writes each case into DIR as a seed for
    /// libFuzzer and for `overstep fuzz --corpus DIR`, and names and values from the documents into DIR.dict as a
    /// libFuzzer dictionary. Existing files are kept
    #[arg(long, value_name = "FORMAT", value_parser = parse_cases_format, default_value = "text")]
    pub format: CasesFormat,
}

/// Flags of `ingest`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  overstep ingest 'docs/api/**/*.mdx' -o mine.contract.json
  overstep ingest botocore:sqs --only SendMessage --format text")]
pub struct IngestFlags {
    /// Files, globs or `botocore:SERVICE`
    #[arg(required = true, value_name = "SOURCE", value_hint = ValueHint::FilePath)]
    pub sources: Vec<String>,
    /// Write the contract to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Output format
    #[arg(long, value_enum, default_value = "json")]
    pub format: ContractFormat,
    /// Keep only this operation (repeatable)
    #[arg(long, value_name = "OPERATION", add = ArgValueCandidates::new(operation_candidates))]
    pub only: Vec<String>,
    /// Treat warnings as errors
    #[arg(long)]
    pub strict: bool,
}

/// Formats of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ContractFormat {
    /// For people.
    Text,
    /// All that is known, with the place of each fact.
    Json,
    /// An OpenAPI 3.1 document.
    Openapi,
    /// A Smithy model as JSON.
    Smithy,
}

/// Text for people, or JSON for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TextOrJson {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Flags of `drift`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  overstep drift docs/page.rst botocore:connect
  overstep drift old.contract.json new.contract.json --format json")]
pub struct DriftFlags {
    /// First source: a file, a glob or `botocore:SERVICE`
    #[arg(value_hint = ValueHint::FilePath)]
    pub a: String,
    /// Second source
    #[arg(value_hint = ValueHint::FilePath)]
    pub b: String,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    pub format: TextOrJson,
}

/// Flags of `serve`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  overstep serve connect --port 4566
  overstep serve connect --list-faults
  overstep serve connect --port 4566 --fault TagContact.Tags.length.max+1")]
pub struct ServeFlags {
    /// Name of a scenario or path to its file; optional if there is only one
    #[arg(add = ArgValueCandidates::new(scenario_candidates))]
    pub scenario: Option<String>,
    /// Port on 127.0.0.1; 0 picks a free one
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = parse_port)]
    pub port: u16,
    /// Enable a fault (repeatable)
    #[arg(long, value_name = "NAME")]
    pub fault: Vec<String>,
    /// List the faults that can be enabled for this scenario
    #[arg(long)]
    pub list_faults: bool,
    /// Set a variable of the scenario
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_assignment)]
    pub variable: Vec<(String, String)>,
    /// Set a variable whose value is never shown or stored
    #[arg(long, value_name = "NAME=VALUE", value_parser = SecretValueParser(parse_assignment))]
    pub secret: Vec<(String, String)>,
}
