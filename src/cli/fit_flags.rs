//! Defines the flags of `fit`.
//!
//! It never reads a file or the environment.

use super::completion_candidates::{endpoint_candidates, scenario_candidates};
use super::run_flags::{DataFlags, NoCasesPolicy, SelectionFlags, SendFlags};
use clap::{Args, ValueEnum, ValueHint};
use clap_complete::engine::ArgValueCandidates;
use std::path::PathBuf;

/// Flags of `fit`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  overstep fit queues -e http://127.0.0.1:5000 --used app.log       a log of boto3 at level DEBUG
  overstep fit -e moto -e ministack --used recorded.har             two emulators side by side
  overstep fit --source botocore:sqs -e moto --used operations.txt  without a scenario
  overstep fit shop -e local --used client.openapi.yaml --format markdown

Exit codes:
  0 all safe    1 something differs or is not there    2 usage error, or a file that cannot be read
  3 an operation or the endpoint was not reached")]
pub struct FitFlags {
    /// Names of scenarios or paths to their files [default: all in `scenarios/`]
    #[arg(value_name = "SCENARIO", add = ArgValueCandidates::new(scenario_candidates))]
    pub scenarios: Vec<String>,
    /// What the application calls: a HAR file, a debug log of botocore or of `aws --debug`, CloudTrail events, an OpenAPI
    /// document with the used part of the API, or a list of operations, one per line; gzip is unpacked
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, required = true)]
    pub used: PathBuf,
    /// Endpoint to test (repeatable): a name in overstep.toml, a URL, or `embedded` [env: OVERSTEP_ENDPOINT]
    #[arg(short, long, visible_short_alias = 'u', visible_alias = "url", value_name = "NAME|URL")]
    #[arg(add = ArgValueCandidates::new(endpoint_candidates))]
    pub endpoint: Vec<String>,
    /// Documents of the API in place of a scenario: files, globs or `botocore:SERVICE`; the endpoint is probed for values
    /// that requests need, as `overstep init` does
    #[arg(short, long, value_name = "SOURCE", value_hint = ValueHint::FilePath, conflicts_with = "scenarios")]
    pub source: Vec<String>,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    pub format: FitFormat,
    /// What the cases are made of.
    #[command(flatten)]
    pub data: DataFlags,
    /// Decides how requests are sent.
    #[command(flatten)]
    pub send: SendFlags,
}

/// Formats of `fit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FitFormat {
    /// For people, on a page.
    Text,
    /// For a comment or a wiki.
    Markdown,
    /// For programs, with all findings.
    Json,
}

impl FitFlags {
    /// Returns the flags that select the cases for one endpoint.
    pub fn selection(&self, endpoint: Option<&str>) -> SelectionFlags {
        SelectionFlags {
            scenarios: self.scenarios.clone(),
            endpoint: endpoint.map(str::to_owned),
            profile: None,
            filter: None,
            data: self.data.clone(),
            run_id: None,
            strict: false,
            no_cases: NoCasesPolicy::Fail,
        }
    }
}
