//! Defines the flags of the commands that work on an earlier run: `report`, `replay` and `export`,
//! and those of `explain`, `man` and `schema`.
//!
//! It never reads a file or the environment.

use super::completion_candidates::{code_candidates, endpoint_candidates};
use super::flag_values::{
    DurationFlag, ReportFormat, SecretValueParser, parse_assignment, parse_duration, parse_header, parse_proxy,
};
use clap::{Args, ValueEnum, ValueHint};
use clap_complete::engine::ArgValueCandidates;
use overstep::run::ProxyAddress;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Flags of `report`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  overstep report last                list the findings of the last run
  overstep report last --finding 2    list all cases that the second finding explains
  overstep report last --format html -o report.html
  overstep report results.ndjson --format sarif -o report.sarif")]
pub struct ReportFlags {
    /// The run: `last`, or an NDJSON results file
    #[arg(value_name = "last|RESULTS", default_value = "last", value_hint = ValueHint::FilePath)]
    pub run: String,
    /// Show everything that the finding with this number explains
    #[arg(long, value_name = "N")]
    pub finding: Option<NonZeroUsize>,
    /// Output format
    #[arg(long, value_enum, default_value = "text", conflicts_with = "finding")]
    pub format: ReportedFormat,
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Flags of `trend`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  overstep check shop --report ndjson=results/2026-12-01.ndjson    keep the results of each run
  overstep trend results/*.ndjson
  overstep trend results/*.ndjson --report html=trend.html")]
pub struct TrendFlags {
    /// Results that `check --report ndjson=FILE` wrote; runs are sorted by their time
    #[arg(required = true, value_name = "RESULTS", value_hint = ValueHint::FilePath)]
    pub results: Vec<PathBuf>,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    pub format: TrendFormat,
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Also write a web page: `html=PATH`
    #[arg(long, value_name = "html=PATH", value_parser = parse_page)]
    pub report: Vec<PathBuf>,
}

/// Formats of a trend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TrendFormat {
    /// A table, for people.
    Text,
    /// A web page in one file.
    Html,
}

fn parse_page(text: &str) -> Result<PathBuf, String> {
    let path = text.strip_prefix("html=").filter(|path| !path.is_empty());
    path.map(PathBuf::from).ok_or_else(|| "expected `html=PATH`, for example `html=trend.html`".to_owned())
}

/// Formats that recorded results are converted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportedFormat {
    /// The findings, for people.
    Text,
    /// A web page in one file.
    Html,
    /// SARIF, for code scanning.
    Sarif,
    /// HAR, for browsers and proxies.
    Har,
    /// The Common Test Report Format.
    Ctrf,
}

/// Flags of `explain`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  overstep explain          list all codes
  overstep explain OV203    show what a code means, and how to fix it")]
pub struct ExplainFlags {
    /// Code of a finding, or its name
    #[arg(value_name = "CODE", add = ArgValueCandidates::new(code_candidates))]
    pub code: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    pub format: ExplainFormat,
}

/// Flags of `man`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  overstep man | man -l -
  overstep man check | man -l -
  overstep man --dir ~/.local/share/man/man1")]
pub struct ManFlags {
    /// The command: `check`, `snapshot review` … [default: overstep itself]
    #[arg(value_name = "COMMAND")]
    pub command: Vec<String>,
    /// Write the pages of all commands into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "command", value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
}

/// Formats of files that have a JSON Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaName {
    /// `scenarios/NAME.toml`.
    Scenario,
    /// `overstep.toml`.
    Config,
    /// `scenarios/NAME.known/ENDPOINT.toml`.
    Known,
    /// `scenarios/NAME.saved/*.toml`.
    Regression,
    /// A line of `--report ndjson=PATH`.
    Results,
    /// A line of a file in the folder of `--report blob=DIR`.
    Blob,
}

impl SchemaName {
    /// Returns the JSON Schema.
    pub fn text(self) -> &'static str {
        match self {
            Self::Scenario => include_str!("../../docs/schemas/scenario.json"),
            Self::Config => include_str!("../../docs/schemas/config.json"),
            Self::Known => include_str!("../../docs/schemas/known.json"),
            Self::Regression => include_str!("../../docs/schemas/regression.json"),
            Self::Results => include_str!("../../docs/schemas/results.json"),
            Self::Blob => include_str!("../../docs/schemas/blob.json"),
        }
    }
}

/// Output formats of `explain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExplainFormat {
    /// For people.
    Text,
    /// The page of the documentation.
    Markdown,
}

impl ReportedFormat {
    /// Returns the format of the report.
    pub fn report_format(self) -> ReportFormat {
        match self {
            // Text has no converter, because it is not written from all events.
            Self::Text => ReportFormat::Ndjson,
            Self::Html => ReportFormat::Html,
            Self::Sarif => ReportFormat::Sarif,
            Self::Har => ReportFormat::Har,
            Self::Ctrf => ReportFormat::Ctrf,
        }
    }
}

/// Flags that override settings of the recorded run.
#[derive(Debug, Args)]
pub struct ReplayOverrides {
    /// Endpoint to test: a name in overstep.toml, a URL, or `embedded` [default: that of the recorded run]
    #[arg(short, long, visible_short_alias = 'u', visible_alias = "url", value_name = "NAME|URL")]
    #[arg(add = ArgValueCandidates::new(endpoint_candidates))]
    pub endpoint: Option<String>,
    /// Continue even if the contract has changed since the recorded run
    #[arg(long)]
    pub force: bool,
    /// Override a variable of the recorded run
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_assignment)]
    pub variable: Vec<(String, String)>,
    /// Set a secret; secrets of the recorded run are otherwise read from environment variables
    #[arg(long, value_name = "NAME=VALUE", value_parser = SecretValueParser(parse_assignment))]
    pub secret: Vec<(String, String)>,
    /// Read variables from a file, one `NAME=VALUE` per line
    #[arg(long, value_name = "FILE")]
    pub variables_file: Option<PathBuf>,
    /// Add a header to every request, or override one of the recorded run
    #[arg(short = 'H', long, value_name = "NAME: VALUE", value_parser = SecretValueParser(parse_header))]
    pub header: Vec<(String, String)>,
}

/// Flags of `replay`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  overstep replay connect/TagContact/Tags/length/above-max
  overstep replay last
  overstep replay results.ndjson -e http://127.0.0.1:4566")]
pub struct ReplayFlags {
    /// Id of a case or a part that only one id contains; an NDJSON results file or `last`: all cases that diverged or
    /// changed
    #[arg(value_name = "ID|RESULTS|last", value_hint = ValueHint::FilePath)]
    pub what: String,
    /// Overrides settings of the recorded run.
    #[command(flatten)]
    pub overrides: ReplayOverrides,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    pub format: ReplayFormat,
    /// Width of the output; from 100 columns on, request and response are printed side by side
    #[arg(long, value_name = "COLUMNS")]
    pub width: Option<u16>,
    /// Folder of snapshots [default: that of the recorded run]
    #[arg(long, value_name = "DIR")]
    pub snapshots: Option<PathBuf>,
    /// Do not compare with snapshots
    #[arg(long, conflicts_with = "snapshots")]
    pub no_snapshots: bool,
    /// Treat accepted divergences as findings
    #[arg(long)]
    pub strict: bool,
    /// Timeout for a response: `500ms`, `2s`, `1m` [default: that of the recorded run]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub request_timeout: Option<DurationFlag>,
    /// Allow an endpoint that is not on this machine
    #[arg(long)]
    pub allow_remote: bool,
    /// Also trust the certificates in this PEM file
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    pub cacert: Option<PathBuf>,
    /// Do not verify TLS certificates
    #[arg(long)]
    pub insecure: bool,
    /// Send requests through this proxy
    #[arg(long, value_name = "URL", value_parser = SecretValueParser(parse_proxy))]
    pub proxy: Option<ProxyAddress>,
}

/// Flags of `export`.
#[derive(Debug, Args)]
#[command(after_help = EXPORT_HELP)]
pub struct ExportFlags {
    /// Ids of cases, or parts that only one id of the last run contains
    #[arg(value_name = "ID", required = true)]
    pub ids: Vec<String>,
    /// Output format
    #[arg(long, value_enum)]
    pub format: ExportFormatFlag,
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Allow an endpoint that is not on this machine
    #[arg(long)]
    pub allow_remote: bool,
    /// Overrides settings of the recorded run.
    #[command(flatten)]
    pub overrides: ReplayOverrides,
}

const EXPORT_HELP: &str = "\
Examples:
  overstep export Tags/length/above-max --format pytest -o test_tags.py
  OVERSTEP_ENDPOINT=http://127.0.0.1:4566 python3 -m pytest test_tags.py
  overstep export Tags/length/above-max --format hurl -o tags.hurl
  hurl --test --continue-on-error --variable base=http://127.0.0.1:4566 tags.hurl
  overstep export Tags/length/above-max --format curl | bash

A test asserts what is documented: it fails on a server with the finding and passes once the server is
fixed. Secrets are replaced by the names of environment variables.";

/// Formats that cases are exported to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormatFlag {
    /// A Hurl file.
    Hurl,
    /// A pytest file without further dependencies.
    Pytest,
    /// A bash script of curl commands.
    Curl,
}

/// Output formats of `replay`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReplayFormat {
    /// For people.
    Text,
    /// The `case` events of an NDJSON results file.
    Ndjson,
}
