//! Defines the flags that every command has that runs scenarios: which cases, and how requests are sent.
//!
//! It never reads a file or the environment.

use super::completion_candidates::{endpoint_candidates, filter_candidates, scenario_candidates};
use super::flag_values::{
    DurationFlag, ReportFormat, RequestRate, SecretValueParser, parse_assignment, parse_count, parse_duration,
    parse_header, parse_profile, parse_proxy, parse_rate, parse_report, parse_seed, parse_workers,
};
use clap::{Args, ValueEnum};
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter};
use overstep::run::ProxyAddress;
use std::path::PathBuf;

/// Flags that decide what cases are made of.
#[derive(Clone, Debug, Args)]
pub struct DataFlags {
    /// Set a variable of the scenario
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_assignment)]
    pub variable: Vec<(String, String)>,
    /// Set a variable whose value is never shown or stored
    #[arg(long, value_name = "NAME=VALUE", value_parser = SecretValueParser(parse_assignment))]
    pub secret: Vec<(String, String)>,
    /// Read variables from a file, one `NAME=VALUE` per line
    #[arg(long, value_name = "FILE")]
    pub variables_file: Option<PathBuf>,
    /// Add a header to every request
    #[arg(short = 'H', long, value_name = "NAME: VALUE", value_parser = SecretValueParser(parse_header))]
    pub header: Vec<(String, String)>,
    /// Seed for generated data
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = parse_seed, allow_negative_numbers = true)]
    pub seed: u64,
    /// How many cases to generate
    #[arg(long, value_enum, default_value = "full")]
    pub level: LevelFlag,
}

/// Flags that select the cases and decide what they contain.
#[derive(Clone, Debug, Args)]
pub struct SelectionFlags {
    /// Names of scenarios or paths to their files [default: all in `scenarios/`]
    #[arg(value_name = "SCENARIO", add = ArgValueCandidates::new(scenario_candidates))]
    pub scenarios: Vec<String>,
    /// Endpoint to test: a name in overstep.toml, a URL, or `embedded` [env: OVERSTEP_ENDPOINT]
    #[arg(short, long, visible_short_alias = 'u', visible_alias = "url", value_name = "NAME|URL")]
    #[arg(add = ArgValueCandidates::new(endpoint_candidates))]
    pub endpoint: Option<String>,
    /// Name under which snapshots and known divergences of the endpoint are kept [default: its name in overstep.toml, or
    /// the URL's host and port]
    #[arg(long, value_name = "NAME", value_parser = parse_profile)]
    pub profile: Option<String>,
    /// Run only matching cases: a part of the id (`*` matches anything), or an expression such as
    /// `op(X) & member(Y) & constraint(Z)`, with `|`, `not` and parentheses
    #[arg(short = 'E', long, value_name = "EXPR", add = ArgValueCompleter::new(filter_candidates))]
    pub filter: Option<String>,
    /// What the cases are made of.
    #[command(flatten)]
    pub data: DataFlags,
    /// Use this value for `{run}` [default: new for every run]
    #[arg(long, value_name = "ID", value_parser = super::flag_values::parse_run_id)]
    pub run_id: Option<String>,
    /// Treat warnings about scenarios and documents as errors, and accepted divergences as findings
    #[arg(long)]
    pub strict: bool,
    /// If the filter matches nothing: fail, warn or pass
    #[arg(long, value_enum, default_value = "fail", value_name = "WHAT")]
    pub no_cases: NoCasesPolicy,
}

/// How many cases to generate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LevelFlag {
    /// One case of each kind.
    Quick,
    /// Every boundary.
    Full,
    /// Every boundary, and all pairs of violated constraints.
    Exhaustive,
}

/// What to do if no case runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum NoCasesPolicy {
    /// Print an error and exit with 4.
    Fail,
    /// Print a warning and exit with 0.
    Warn,
    /// Exit with 0.
    Pass,
}

/// Flags that decide how requests are sent and which reports are written.
#[derive(Clone, Debug, Args)]
pub struct SendFlags {
    /// Write a report: `html=PATH`, `ndjson=PATH`, `junit=PATH`, `markdown=PATH`, `github=-`, `sarif=PATH`, `har=PATH`
    /// or `ctrf=PATH`; `-` is standard output. `blob=DIR` writes what `overstep merge` needs
    #[arg(long, value_name = "FORMAT=PATH", value_parser = parse_report)]
    pub report: Vec<(ReportFormat, PathBuf)>,
    /// Number of cases to send in parallel
    #[arg(long, value_name = "N", value_parser = parse_workers)]
    pub workers: Option<u16>,
    /// Maximum rate of requests: `100/s`, `60/m`
    #[arg(long, value_name = "RATE", value_parser = parse_rate)]
    pub rate_limit: Option<RequestRate>,
    /// Maximum time to wait for a response: `500ms`, `2s`, `1m` [default: 10s, more if the endpoint is slow]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub request_timeout: Option<DurationFlag>,
    /// Stop after N diverging cases
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub max_failures: Option<u64>,
    /// Allow an endpoint that is not on this machine
    #[arg(long)]
    pub allow_remote: bool,
    /// Also trust the certificates in this PEM file
    #[arg(long, value_name = "FILE")]
    pub cacert: Option<PathBuf>,
    /// Do not verify TLS certificates
    #[arg(long)]
    pub insecure: bool,
    /// Send requests through this proxy
    #[arg(long, value_name = "URL", value_parser = SecretValueParser(parse_proxy))]
    pub proxy: Option<ProxyAddress>,
    /// Hide the progress
    #[arg(long)]
    pub no_progress: bool,
}
