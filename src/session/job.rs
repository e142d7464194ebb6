//! A scenario with all settings of a run.
//!
//! This module never starts a server and never sends a request.

use crate::case::{Case, CaseId};
use crate::contract::{Contract, OperationName, digest};
use crate::filter::Filter;
use crate::generate;
use crate::generate::{CompiledContract, GenerationLevel, GenerationOptions, PlanError};
use crate::infer::InferenceResult;
use crate::judge::KnownDivergences;
use crate::report::{Diagnostic, RunStarted};
use crate::run::{
    AwsAccessKeys, CancelToken, Endpoint, EndpointLifecycle, HostPrefixes, LeakedFixtures, LoadLimit, Logins,
    OperationHealth, ProxyAddress, Reach, ResponseTimes, RunPlan, SearchBudget, TlsIdentity, TransportOptions,
};
use crate::scenario::Scenario;
use crate::session::differential::DifferentialMode;
use crate::session::regressions;
use crate::session::regressions::SavedRegression;
use crate::session::shards::ShardNumber;
use crate::session::snapshot_options::SnapshotOptions;
use crate::usage::UsedOperations;
use crate::wire::RedactedSecret;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, Hasher as _};
use std::net::SocketAddr;

/// A scenario with everything that determines its cases and their target.
#[derive(Clone, Debug)]
pub struct ScenarioJob {
    /// The scenario, with its variables replaced.
    pub scenario: Scenario,
    /// What was inferred in addition to the scenario.
    pub inferred: InferenceResult,
    /// The contract of its documents.
    pub contract: Contract,
    /// AWS keys, if the environment has any.
    pub aws_keys: Option<AwsAccessKeys>,
    /// The target of requests.
    pub target: EndpointTarget,
    /// The endpoint's name; `embedded`, or `default` for a bare URL.
    pub profile: String,
    /// Headers to add to every request.
    pub headers: Vec<(String, String)>,
    /// Machines that requests may be sent to.
    pub reach: Reach,
    /// Values that fill the configuration of the endpoint and the environment of its server.
    pub endpoint_secrets: Vec<RedactedSecret>,
    /// Prefixes of the host in the `host` header.
    pub hosts: HostPrefixes,
    /// Seed for generated data.
    pub seed: u64,
    /// How many cases to generate.
    pub level: GenerationLevel,
    /// Which cases to run; all if there is none.
    pub filter: Option<Filter>,
    /// Ids of the cases to run; all if there are none.
    pub case_ids: Option<HashSet<String>>,
    /// What an application uses; cases about anything else are left out. All are run if absent.
    pub used: Option<UsedOperations>,
    /// Paths in the repository of the documents that are there, by the names that facts use for them.
    pub documents: indexmap::IndexMap<String, String>,
    /// The scenario's file, if it has one.
    pub scenario_file: Option<String>,
    /// The path of that file in the repository, if it is there.
    pub repository_path: Option<String>,
    /// Known divergences.
    pub known_divergences: KnownDivergences,
    /// Saved sequences of earlier findings.
    pub regressions: Vec<SavedRegression>,
    /// The command line that repeats this run.
    pub rerun_command: String,
    /// How to start the endpoint's server and to make it ready.
    pub lifecycle: EndpointLifecycle,
}

/// The target of requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointTarget {
    /// A reference server that is started for the job.
    Embedded,
    /// A base URL; `{port}` is replaced by the port of the server that overstep starts.
    Url(String),
}

/// How requests are sent.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// Workers, limits, rate.
    pub settings: TransportOptions,
    /// Additional CA certificates, as PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// The certificate with which the client authenticates.
    pub client_identity: Option<TlsIdentity>,
    /// Accept any certificate.
    pub insecure: bool,
    /// The proxy.
    pub proxy: Option<ProxyAddress>,
    /// Number of cases with findings after which the run ends.
    pub max_failures: Option<u64>,
    /// Snapshots to compare with; nothing is compared if absent.
    pub snapshots: Option<SnapshotOptions>,
    /// Whether to record or to compare response values, if the run is differential.
    pub differential: Option<DifferentialMode>,
    /// Whether an accepted divergence is a finding.
    pub strict: bool,
    /// The part of the cases to send and how the whole is split; all are sent if absent.
    pub shard: Option<ShardNumber>,
    /// Directory for the output of a server that overstep starts; it is not saved if absent.
    pub log_directory: Option<std::path::PathBuf>,
}

/// The number of cases to send.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CaseTotals {
    /// Number of cases.
    pub cases: u64,
    /// Number of operations that have cases.
    pub operations: u64,
    /// Processor time that their generation took, in seconds; 0 if the system does not report it.
    pub generation_seconds: f64,
}

/// Returns a random id for a run.
pub fn new_run_id() -> String {
    let random = std::collections::hash_map::RandomState::new().build_hasher().finish();
    format!("{:08x}", random & 0xffff_ffff)
}

impl ScenarioJob {
    /// Returns the variables of secrets that are so short that they may occur in any text by chance.
    ///
    /// # Errors
    /// Returns an error if the endpoint's URL is invalid.
    pub fn short_secrets(&self) -> Result<Vec<String>, Vec<Diagnostic>> {
        let endpoint = self.build_endpoint(None, None, &RunOptions::default())?;
        let (control, stop) = (|_: &str| None, CancelToken::default());
        let plan = self.build_run_plan(&endpoint, TransportOptions::default(), "", &stop, &control);
        Ok(plan.redaction().short_secrets())
    }

    /// Compiles the contract for planning; done once per run, because patterns are slow to compile.
    pub(super) fn compile_contract(&self) -> CompiledContract<'_> {
        CompiledContract::new(&self.contract)
    }

    /// Returns the cases that match the filter, in plan order.
    pub(super) fn cases<'a>(
        &'a self,
        bench: &CompiledContract<'a>,
    ) -> Result<impl Iterator<Item = Case> + Send + use<'a>, Vec<Diagnostic>> {
        Ok(self.control_cases(bench)?.chain(self.other_cases(bench, &|_| true)?))
    }

    /// Returns the controls among the cases; they come first in the plan.
    pub(super) fn control_cases<'a>(
        &'a self,
        bench: &CompiledContract<'a>,
    ) -> Result<impl Iterator<Item = Case> + Send + use<'a>, Vec<Diagnostic>> {
        let controls = bench.controls(&self.scenario, self.generation_options()).map_err(plan_error)?;
        Ok(controls.filter(|case| self.matches_filters(case)))
    }

    /// Returns all cases but the controls, of the operations for which `runs` is true.
    pub(super) fn other_cases<'a>(
        &'a self,
        bench: &CompiledContract<'a>,
        runs: &dyn Fn(&str) -> bool,
    ) -> Result<impl Iterator<Item = Case> + Send + use<'a>, Vec<Diagnostic>> {
        let options = self.generation_options();
        let cases = bench.cases_without_controls(&self.scenario, options, runs).map_err(plan_error)?;
        // Parts of sequences and controls that are repeated after the run are not planned: their ids say what they are.
        let ids = self.case_ids.iter().flatten().filter_map(|id| id.parse::<CaseId>().ok());
        let parts = ids.filter_map(|id| {
            if id.is_control_after_run() {
                let control = self.control_case(bench, id.operation())?;
                return Some(Case { id, ..control });
            }
            generate::sequence_part(&self.contract, &self.scenario, options, &id)
        });
        let mut parts: Vec<Case> = parts.collect();
        parts.sort_by(|one, other| one.id.cmp(&other.id));
        let mut saved = regressions::regression_cases(&self.contract, &self.scenario, self.seed, &self.regressions)?;
        for more in [&mut saved, &mut parts] {
            more.retain(|case| runs(case.operation.as_str()));
        }
        Ok(cases.chain(saved).filter(|case| self.matches_filters(case)).chain(parts))
    }

    fn generation_options(&self) -> GenerationOptions {
        GenerationOptions { seed: self.seed, level: self.level }
    }

    /// Returns true if the filters select a case.
    fn matches_filters(&self, case: &Case) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.matches(case))
            && self.case_ids.as_ref().is_none_or(|ids| ids.contains(case.id.as_str()))
            && self.used.as_ref().is_none_or(|used| used.selects(&self.contract, case))
    }

    /// Returns true if the flags select every case.
    pub(super) fn is_unfiltered(&self) -> bool {
        let selects_all = self.filter.is_none() && self.case_ids.is_none() && self.used.is_none();
        selects_all && self.level == GenerationLevel::Full
    }

    /// Returns the number of cases per operation; generates all of them once without keeping them.
    pub(super) fn count_cases<'a>(
        &'a self,
        bench: &CompiledContract<'a>,
    ) -> Result<HashMap<OperationName, u64>, Vec<Diagnostic>> {
        let mut counts = HashMap::new();
        for case in self.cases(bench)? {
            *counts.entry(case.operation).or_default() += 1;
        }
        Ok(counts)
    }

    /// Returns the endpoint with the settings of its connections.
    pub(super) fn build_endpoint(
        &self,
        embedded: Option<SocketAddr>,
        port: Option<u16>,
        sending: &RunOptions,
    ) -> Result<Endpoint, Vec<Diagnostic>> {
        let url = match (&self.target, embedded) {
            (EndpointTarget::Url(url), _) => url.replace("{port}", &port.unwrap_or(8080).to_string()),
            (EndpointTarget::Embedded, Some(address)) => format!("http://{address}"),
            (EndpointTarget::Embedded, None) => "http://127.0.0.1:8080".to_owned(),
        };
        let mut endpoint = Endpoint::parse(&url).map_err(|error| vec![Diagnostic::error(error.to_string())])?;
        endpoint.headers.clone_from(&self.headers);
        endpoint.host_prefixes = self.hosts;
        endpoint.tls.ca.clone_from(&sending.ca_pem);
        endpoint.tls.identity.clone_from(&sending.client_identity);
        endpoint.tls.insecure = sending.insecure;
        endpoint.proxy.clone_from(&sending.proxy);
        endpoint.reach = self.reach;
        endpoint.is_in_this_process = embedded.is_some();
        endpoint.secrets.clone_from(&self.endpoint_secrets);
        Ok(endpoint)
    }

    /// Returns the plan for the sender.
    pub(super) fn build_run_plan<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        settings: TransportOptions,
        run_id: &str,
        stop: &CancelToken,
        control: &'a (dyn Fn(&str) -> Option<Case> + Sync),
    ) -> RunPlan<'a> {
        RunPlan {
            contract: &self.contract,
            scenario: &self.scenario,
            endpoint,
            transport_options: settings,
            run_id: run_id.to_owned(),
            overrides: indexmap::IndexMap::new(),
            aws_keys: self.aws_keys.clone(),
            control_case: control,
            logins: Logins::default(),
            cancel_token: stop.clone(),
            leaked_fixtures: LeakedFixtures::default(),
            search_time: SearchBudget::default(),
            response_times: ResponseTimes::default(),
            load_limit: LoadLimit::default(),
            operation_health: OperationHealth::default(),
            server: None,
            reset_endpoint: None,
            restart_endpoint: None,
        }
    }

    /// Returns the control of an operation, if the scenario includes the operation.
    pub(super) fn control_case(&self, bench: &CompiledContract<'_>, operation: &str) -> Option<Case> {
        self.scenario.includes_operation(operation).then(|| bench.control(&self.scenario, operation).ok()?)?
    }

    /// Returns what reporters receive first, without the version of the server.
    pub(super) fn run_started(&self, run_id: &str, planned: CaseTotals, endpoint: &Endpoint) -> RunStarted {
        RunStarted {
            scenario: self.scenario.name.clone(),
            endpoint: format!("{}{}", endpoint.origin(), endpoint.base_path),
            profile: self.profile.clone(),
            seed: self.seed,
            run_id: run_id.to_owned(),
            started: crate::run::wall_time(),
            contract: digest(&self.contract),
            operations: planned.operations,
            cases: planned.cases,
            rerun_command: self.rerun_command.clone(),
            server_version: None,
            documents: self.documents.clone(),
            scenario_file: self.repository_path.clone(),
        }
    }
}

/// Converts a planning error, with the line that causes it.
pub(super) fn plan_error(error: PlanError) -> Vec<Diagnostic> {
    let problem = Diagnostic::error(error.to_string());
    let at = error.source_at;
    vec![Diagnostic { document: at.as_ref().map(|at| at.document.clone()), line: at.map(|at| at.line), ..problem }]
}
