//! The flags as they are typed, before anything is looked up.
//!
//! Nothing here knows a file or the environment; `settings.rs` makes checked settings of it.

use super::values::{Listing, Rate, Span, Wording, header, listing, named, rate, report, span};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Contract tests for HTTP APIs: every documented limit, and one step past it.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100, after_help = EXAMPLES, disable_help_subcommand = true)]
pub struct Flags {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// When to use colours.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: When,
}

const EXAMPLES: &str = "\
Examples:
  overstep check                                   all scenarios, against their own endpoints
  overstep check connect -e http://127.0.0.1:4566  one scenario, against your server
  overstep check leadlex -E 'op(AddTagsToContact) & auth'
  overstep fuzz leadlex -e local --max-time 5m     where no document points
  overstep init queues --source botocore:sqs -e http://127.0.0.1:5000
  overstep doctor queues                           what stands, what is refused and why
  overstep cases connect --format curl             what would be sent
  overstep ingest docs/*.md -o my.contract.json    read documents into a contract
  overstep drift docs/page.rst botocore:connect    where two sources contradict each other
  overstep replay last                             all diverging cases of the last run, once more
  overstep export ID --format pytest               a case as a test for whoever fixes the server
  overstep serve connect --port 4566               a validating mock
  overstep snapshot review                         accept answers that documents are silent on

Exit codes:
  0 every promise kept    1 findings    2 usage, configuration or a rejected document
  3 endpoint not reached or run incomplete    4 nothing ran    70 a bug in overstep";

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On terminals.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Send every case and hold the answers against the documentation
    Check(Box<CheckFlags>),
    /// Send requests that no document points at, guided by the kinds of answers that come back
    Fuzz(Box<FuzzFlags>),
    /// Print what `check` would send, without sending
    Cases(Box<CasesFlags>),
    /// Write a scenario to begin with
    Init(InitFlags),
    /// Show what was inferred, and how every operation's plain request fares
    Doctor(Box<DoctorFlags>),
    /// Read documents and models into one contract
    Ingest(IngestFlags),
    /// Show where two sources or contracts contradict each other
    Drift(DriftFlags),
    /// Send again exactly what was sent; only date and signature are new
    Replay(Box<ReplayFlags>),
    /// Write cases as tests of their own, for whoever fixes the server
    Export(Box<ExportFlags>),
    /// Look at answers that are not accepted yet, and accept or reject them
    #[command(subcommand)]
    Snapshot(SnapshotCommand),
    /// Run the reference server on its own: a validating mock
    Serve(ServeFlags),
    /// Print a completion script for a shell
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Which cases there are.
#[derive(Clone, Debug, Args)]
pub struct ChooseFlags {
    /// Names of scenarios, or paths to their files; none means all in `scenarios/`
    #[arg(value_name = "SCENARIO")]
    pub scenarios: Vec<String>,
    /// Where to send: a name in overstep.toml, a URL, or `embedded`
    #[arg(short, long, visible_short_alias = 'u', visible_alias = "url", value_name = "NAME|URL")]
    pub endpoint: Option<String>,
    /// Only these cases: a part of the id (`*` for anything), or `op(X) & member(Y) & constraint(Z)`,
    /// with `|`, `not` and parentheses
    #[arg(short = 'E', long, value_name = "EXPR")]
    pub filter: Option<String>,
    /// Replace a variable of the scenario
    #[arg(long, value_name = "NAME=VALUE", value_parser = named)]
    pub variable: Vec<(String, String)>,
    /// Replace a variable whose value is never shown
    #[arg(long, value_name = "NAME=VALUE", value_parser = named)]
    pub secret: Vec<(String, String)>,
    /// Read variables from a file, `NAME=VALUE` in each line
    #[arg(long, value_name = "FILE")]
    pub variables_file: Option<PathBuf>,
    /// Add a header to every request
    #[arg(short = 'H', long, value_name = "NAME: VALUE", value_parser = header)]
    pub header: Vec<(String, String)>,
    /// Feed every free choice
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// How many cases to make
    #[arg(long, value_enum, default_value = "full")]
    pub level: LevelFlag,
    /// Repeat the `{run}` of another run
    #[arg(long, value_name = "ID", value_parser = super::values::run_id)]
    pub run_id: Option<String>,
    /// Take warnings about scenarios and documents as errors, and accepted divergences as findings
    #[arg(long)]
    pub strict: bool,
    /// What to do where no case is left: end with 4, or only say so, or say nothing
    #[arg(long, value_enum, default_value = "fail", value_name = "WHAT")]
    pub no_cases: NoCases,
}

/// How many cases to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LevelFlag {
    /// One case of each kind.
    Quick,
    /// Every boundary.
    Full,
    /// Every boundary, and all pairs of broken constraints.
    Exhaustive,
}

/// What to do where nothing runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum NoCases {
    /// End with 4.
    Fail,
    /// Say so, and end with 0.
    Warn,
    /// End with 0.
    Pass,
}

/// Flags of `init`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  overstep init queues --source botocore:sqs -e http://127.0.0.1:5000   asks the endpoint what requests need
  overstep init api --source 'docs/**/*.mdx'                            from documents alone")]
pub struct InitFlags {
    /// The scenario's name: the file is scenarios/NAME.toml
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What documents it: files, globs, `botocore:SERVICE`
    #[arg(short, long, value_name = "SOURCE", required = true)]
    pub source: Vec<String>,
    /// Ask this endpoint what plain requests need: a name in overstep.toml, or a URL
    #[arg(short, long, visible_short_alias = 'u', visible_alias = "url", value_name = "NAME|URL")]
    pub endpoint: Option<String>,
    /// Replace a scenario that is there
    #[arg(long)]
    pub force: bool,
    /// Send to an endpoint that is not on this machine
    #[arg(long)]
    pub allow_remote: bool,
    /// Show no progress bar
    #[arg(long)]
    pub no_progress: bool,
}

/// Flags of `doctor`.
#[derive(Debug, Args)]
pub struct DoctorFlags {
    /// Which cases.
    #[command(flatten)]
    pub choose: ChooseFlags,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    pub format: TextOrJson,
    /// Send to an endpoint that is not on this machine
    #[arg(long)]
    pub allow_remote: bool,
    /// Show no progress bar
    #[arg(long)]
    pub no_progress: bool,
}

/// How requests are sent, and what is written of what came back.
#[derive(Clone, Debug, Args)]
pub struct SendFlags {
    /// Write results: `ndjson=PATH`, `junit=PATH`, `markdown=PATH`, `github=-`; `-` is standard output
    #[arg(long, value_name = "FORMAT=PATH", value_parser = report)]
    pub report: Vec<(Wording, PathBuf)>,
    /// How many cases to send side by side
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub workers: Option<u16>,
    /// Send no more than this: `100/s`, `60/m`
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub rate_limit: Option<Rate>,
    /// Wait for an answer no longer than this: `500ms`, `2s` (unless told otherwise), `1m`
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub request_timeout: Option<Span>,
    /// Stop after so many diverging cases
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_failures: Option<u64>,
    /// Send to an endpoint that is not on this machine
    #[arg(long)]
    pub allow_remote: bool,
    /// Trust the certificates in this file as well
    #[arg(long, value_name = "FILE")]
    pub cacert: Option<PathBuf>,
    /// Do not check certificates
    #[arg(long)]
    pub insecure: bool,
    /// Send through this proxy
    #[arg(long, value_name = "URL")]
    pub proxy: Option<String>,
    /// Show no progress
    #[arg(long)]
    pub no_progress: bool,
}

/// Flags of `check`.
#[derive(Debug, Args)]
pub struct CheckFlags {
    /// Which cases.
    #[command(flatten)]
    pub choose: ChooseFlags,
    /// How they are sent.
    #[command(flatten)]
    pub send: SendFlags,
    /// Only the cases that were findings or taught nothing in the last run
    #[arg(long)]
    pub last_failed: bool,
    /// Where accepted behaviour is; `snapshots/` beside the scenarios unless told otherwise
    #[arg(long, value_name = "DIR")]
    pub snapshots: Option<PathBuf>,
    /// Compare with no accepted behaviour
    #[arg(long, conflicts_with_all = ["snapshots", "update"])]
    pub no_snapshots: bool,
    /// Send the same cases to this endpoint first, and take its answers for the accepted ones; values count, but for
    /// ids, moments, hosts and the like
    #[arg(long, value_name = "NAME|URL", conflicts_with_all = ["snapshots", "no_snapshots", "update", "last_failed"])]
    pub against: Option<String>,
    /// What to do with answers that are not the accepted ones: `auto` writes them beside, and nothing where
    /// `CI` is set
    #[arg(long, value_enum, default_value = "auto", value_name = "WHAT")]
    pub update: UpdateFlag,
}

/// Flags of `fuzz`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  overstep fuzz connect -e http://127.0.0.1:4566            one minute of requests and sequences
  overstep fuzz leadlex -e local --max-time 10m --corpus corpus/leadlex
  overstep fuzz queues -e moto -E 'op(SendMessage)' --save  findings become a part of every `check`

A run ends with 4 where an operation never succeeded: whatever is refused there teaches nothing.")]
pub struct FuzzFlags {
    /// Which operations.
    #[command(flatten)]
    pub choose: ChooseFlags,
    /// End after this time: `30s`, `5m`
    #[arg(long, value_name = "TIME", value_parser = span, default_value = "1m")]
    pub max_time: Span,
    /// End after so many sequences of requests
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_cases: Option<u64>,
    /// Begin with the inputs in this folder, and add those that bring a new kind of answer
    #[arg(long, value_name = "DIR")]
    pub corpus: Option<PathBuf>,
    /// Where each finding's requests are written; `.overstep/fuzz/SCENARIO/` unless told otherwise
    #[arg(long, value_name = "DIR")]
    pub artifacts: Option<PathBuf>,
    /// Write them to `SCENARIO.saved/` beside the scenario, too, from where every `check` sends them
    #[arg(long)]
    pub save: bool,
    /// How they are sent.
    #[command(flatten)]
    pub send: SendFlags,
}

impl FuzzFlags {
    /// What `check` would be told to send in the same way to the same place.
    pub fn as_check(&self) -> CheckFlags {
        CheckFlags {
            choose: self.choose.clone(),
            send: SendFlags { no_progress: true, ..self.send.clone() },
            last_failed: false,
            snapshots: None,
            no_snapshots: true,
            against: None,
            update: UpdateFlag::No,
        }
    }
}

/// What to do with answers that are not the accepted ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UpdateFlag {
    /// Write them beside, for review; nothing where `CI` is set.
    Auto,
    /// Write nothing.
    No,
    /// Write them beside, for review.
    New,
    /// Accept them.
    All,
}

/// Commands on snapshots.
#[derive(Debug, Subcommand)]
pub enum SnapshotCommand {
    /// Decide line by line
    Review(SnapshotFlags),
    /// Show what waits
    List(SnapshotFlags),
    /// Accept what waits, or what a run saw
    Accept(SnapshotFlags),
    /// Keep what is accepted, and forget what waits
    Reject(SnapshotFlags),
}

/// Flags of the commands on snapshots.
#[derive(Debug, Args)]
pub struct SnapshotFlags {
    /// Only these lines: a part of the id, `op(X) & member(Y) & constraint(Z)` …
    #[arg(short = 'E', long, value_name = "EXPR")]
    pub filter: Option<String>,
    /// Take what a run saw from its results, as `check --report ndjson=FILE` wrote them
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Where accepted behaviour is; the nearest `snapshots/` unless told otherwise
    #[arg(long, value_name = "DIR")]
    pub snapshots: Option<PathBuf>,
}

/// Flags of `cases`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  overstep cases connect --format curl             a curl line each
  overstep cases connect --format corpus=corpus    seeds in corpus/, words in corpus.dict
  cargo +nightly fuzz run service corpus -- -dict=corpus.dict")]
pub struct CasesFlags {
    /// Which cases.
    #[command(flatten)]
    pub choose: ChooseFlags,
    /// How to print them: `text`, `ndjson` or `curl`. `corpus=DIR` writes them into DIR, as seeds for libFuzzer and for
    /// `overstep fuzz --corpus DIR`, and what the documents name into DIR.dict, beside DIR, as libFuzzer's dictionary;
    /// what is there already stays
    #[arg(long, value_name = "FORMAT", value_parser = listing, default_value = "text")]
    pub format: Listing,
}

/// Flags of `ingest`.
#[derive(Debug, Args)]
pub struct IngestFlags {
    /// Files, globs, or `botocore:SERVICE`
    #[arg(required = true, value_name = "SOURCE")]
    pub sources: Vec<String>,
    /// Write the contract to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value = "json")]
    pub format: TextOrJson,
    /// Keep only this operation; may be repeated
    #[arg(long, value_name = "OPERATION")]
    pub only: Vec<String>,
    /// Take every diagnostic as an error
    #[arg(long)]
    pub strict: bool,
}

/// Text for people or JSON for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TextOrJson {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Flags of `drift`.
#[derive(Debug, Args)]
pub struct DriftFlags {
    /// A file, a glob, or `botocore:SERVICE`
    pub a: String,
    /// Another
    pub b: String,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    pub format: TextOrJson,
}

/// Flags of `serve`.
#[derive(Debug, Args)]
pub struct ServeFlags {
    /// A scenario's name or path; may be left out where there is only one
    pub scenario: Option<String>,
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub port: u16,
    /// Switch on a fault; may be repeated
    #[arg(long, value_name = "NAME")]
    pub fault: Vec<String>,
    /// Print the faults that this scenario's server can have
    #[arg(long)]
    pub list_faults: bool,
    /// Replace a variable of the scenario
    #[arg(long, value_name = "NAME=VALUE", value_parser = named)]
    pub variable: Vec<(String, String)>,
    /// Replace a variable whose value is never shown
    #[arg(long, value_name = "NAME=VALUE", value_parser = named)]
    pub secret: Vec<(String, String)>,
}

/// What of the last run is taken otherwise.
#[derive(Debug, Args)]
pub struct AgainFlags {
    /// Where to send, if not where the last run went: a name in overstep.toml, a URL, or `embedded`
    #[arg(short, long, visible_short_alias = 'u', visible_alias = "url", value_name = "NAME|URL")]
    pub endpoint: Option<String>,
    /// Go on although the contract has changed since
    #[arg(long)]
    pub force: bool,
    /// Replace a variable of the last run
    #[arg(long, value_name = "NAME=VALUE", value_parser = named)]
    pub variable: Vec<(String, String)>,
    /// Give a secret again; else the environment is asked
    #[arg(long, value_name = "NAME=VALUE", value_parser = named)]
    pub secret: Vec<(String, String)>,
    /// Read variables from a file, `NAME=VALUE` in each line
    #[arg(long, value_name = "FILE")]
    pub variables_file: Option<PathBuf>,
    /// Add a header to every request, or replace one of the last run
    #[arg(short = 'H', long, value_name = "NAME: VALUE", value_parser = header)]
    pub header: Vec<(String, String)>,
}

/// Flags of `replay`.
#[derive(Debug, Args)]
pub struct ReplayFlags {
    /// A case's id or a part that only one id has; results as NDJSON; or `last`: all that diverged or changed
    #[arg(value_name = "ID|RESULTS|last")]
    pub what: String,
    /// What is taken otherwise.
    #[command(flatten)]
    pub again: AgainFlags,
    /// How to print what came
    #[arg(long, value_enum, default_value = "text")]
    pub format: ReplayFormat,
    /// How many columns to use; from 100 on, request and answer stand side by side
    #[arg(long, value_name = "COLUMNS")]
    pub width: Option<u16>,
    /// Where accepted behaviour is, if not where the last run looked
    #[arg(long, value_name = "DIR")]
    pub snapshots: Option<PathBuf>,
    /// Compare with no accepted behaviour
    #[arg(long, conflicts_with = "snapshots")]
    pub no_snapshots: bool,
    /// An accepted divergence is a finding too
    #[arg(long)]
    pub strict: bool,
    /// Wait for an answer no longer than this: `500ms`, `2s`, `1m`
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub request_timeout: Option<Span>,
    /// Send to an endpoint that is not on this machine
    #[arg(long)]
    pub allow_remote: bool,
    /// Trust the certificates in this file as well
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    pub cacert: Option<PathBuf>,
    /// Do not check certificates
    #[arg(long)]
    pub insecure: bool,
    /// Send through this proxy
    #[arg(long, value_name = "URL")]
    pub proxy: Option<String>,
}

/// Flags of `export`.
#[derive(Debug, Args)]
#[command(after_help = EXPORTS)]
pub struct ExportFlags {
    /// Ids of cases, or parts that only one id of the last run has
    #[arg(value_name = "ID", required = true)]
    pub ids: Vec<String>,
    /// What to write
    #[arg(long, value_enum)]
    pub format: ExportWording,
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// What is taken otherwise.
    #[command(flatten)]
    pub again: AgainFlags,
}

const EXPORTS: &str = "\
Examples:
  overstep export Tags/length/above-max --format pytest -o test_tags.py
  OVERSTEP_ENDPOINT=http://127.0.0.1:4566 python3 -m pytest test_tags.py
  overstep export Tags/length/above-max --format hurl -o tags.hurl
  hurl --test --continue-on-error --variable base=http://127.0.0.1:4566 tags.hurl
  overstep export Tags/length/above-max --format curl | bash

A test asserts what is documented: it fails on the server that was found wrong, and passes when it is
fixed. Secrets stand in it as the names of environment variables.";

/// What cases are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportWording {
    /// A Hurl file.
    Hurl,
    /// A pytest file that needs nothing else.
    Pytest,
    /// A bash script of curl lines.
    Curl,
}

/// How replayed cases are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReplayFormat {
    /// For people.
    Text,
    /// The `case` events of results.
    Ndjson,
}
