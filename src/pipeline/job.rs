//! A scenario with all settings of a run.
//!
//! This module never starts a server and never sends a request.

use super::{Beside, Embedded, Filter, Keeping, Known, Saved, saved};
use crate::contract::{Contract, OperationName, digest};
use crate::generate::{self, Case, Inference, Level, Options, PlanError, Workbench};
use crate::report::{Diagnostic, Head};
use crate::run::{AwsKeys, Endpoint, Hosts, Left, Plan, SearchTime, Settings, Stop, Upkeep};
use crate::scenario::Scenario;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, Hasher as _};

/// A scenario with everything that determines its cases and their target.
#[derive(Clone, Debug)]
pub struct Job {
    /// The scenario, with its variables replaced.
    pub scenario: Scenario,
    /// What was inferred in addition to the scenario.
    pub inferred: Inference,
    /// The contract of its documents.
    pub contract: Contract,
    /// AWS keys, if the environment has any.
    pub aws: Option<AwsKeys>,
    /// The target of requests.
    pub target: Target,
    /// The endpoint's name; `embedded`, or `default` for a bare URL.
    pub profile: String,
    /// Headers to add to every request.
    pub headers: Vec<(String, String)>,
    /// Prefixes of the host in the `host` header.
    pub hosts: Hosts,
    /// Seed for generated data.
    pub seed: u64,
    /// How many cases to generate.
    pub level: Level,
    /// Which cases to run; all if there is none.
    pub filter: Option<Filter>,
    /// Ids of the cases to run; all if there are none.
    pub ids: Option<HashSet<String>>,
    /// File paths of the local documents, by the names that facts use for them.
    pub documents: indexmap::IndexMap<String, String>,
    /// The scenario's file, if it has one.
    pub scenario_file: Option<String>,
    /// Known divergences.
    pub known: Known,
    /// Saved sequences of earlier findings.
    pub saved: Vec<Saved>,
    /// The command line that repeats this run.
    pub again: String,
    /// How to start the endpoint's server and to make it ready.
    pub upkeep: Upkeep,
}

/// The target of requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A reference server that is started for the job.
    Embedded,
    /// A base URL; `{port}` is replaced by the port of the server that overstep starts.
    Url(String),
}

/// How requests are sent.
#[derive(Clone, Debug, Default)]
pub struct Sending {
    /// Workers, limits, rate.
    pub settings: Settings,
    /// Additional CA certificates, as PEM.
    pub ca: Option<Vec<u8>>,
    /// Accept any certificate.
    pub insecure: bool,
    /// The URL of a proxy.
    pub proxy: Option<String>,
    /// Number of cases with findings after which the run ends.
    pub max_failures: Option<u64>,
    /// Snapshots to compare with; nothing is compared if absent.
    pub keeping: Option<Keeping>,
    /// Whether to record or to compare response values, if the run is differential.
    pub beside: Option<Beside>,
    /// Whether an accepted divergence is a finding.
    pub strict: bool,
    /// Directory for the output of a server that overstep starts; it is not saved if absent.
    pub log: Option<std::path::PathBuf>,
}

/// The number of cases to send.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Planned {
    /// Number of cases.
    pub cases: u64,
    /// Number of operations that have cases.
    pub operations: u64,
    /// Processor time that their generation took, in seconds; 0 if the system does not report it.
    pub made_in: f64,
}

/// Returns a random id for a run.
pub fn fresh_run_id() -> String {
    let random = std::collections::hash_map::RandomState::new().build_hasher().finish();
    format!("{:08x}", random & 0xffff_ffff)
}

impl Job {
    /// Compiles the contract for planning; done once per run, because patterns are slow to compile.
    pub(super) fn bench(&self) -> Result<Workbench<'_>, Vec<Diagnostic>> {
        Workbench::new(&self.contract).map_err(unplanned)
    }

    /// Returns the cases that match the filter, in plan order.
    pub(super) fn cases<'a>(
        &'a self,
        bench: &Workbench<'a>,
    ) -> Result<impl Iterator<Item = Case> + Send + use<'a>, Vec<Diagnostic>> {
        Ok(self.controls(bench)?.chain(self.others(bench, &|_| true)?))
    }

    /// Returns the controls among the cases; they come first in the plan.
    pub(super) fn controls<'a>(
        &'a self,
        bench: &Workbench<'a>,
    ) -> Result<impl Iterator<Item = Case> + Send + use<'a>, Vec<Diagnostic>> {
        let controls = bench.controls(&self.scenario, self.options()).map_err(unplanned)?;
        Ok(controls.filter(|case| self.is_wanted(case)))
    }

    /// Returns all cases but the controls, of the operations for which `runs` is true.
    pub(super) fn others<'a>(
        &'a self,
        bench: &Workbench<'a>,
        runs: &dyn Fn(&str) -> bool,
    ) -> Result<impl Iterator<Item = Case> + Send + use<'a>, Vec<Diagnostic>> {
        let options = self.options();
        let cases = bench.others(&self.scenario, options, runs).map_err(unplanned)?;
        // Parts of sequences are not planned: they are generated from their id.
        let parts = self.ids.iter().flatten().filter(|id| id.contains("/law/sequence/") && id.contains('~'));
        let mut parts: Vec<Case> =
            parts.filter_map(|id| generate::part_of_sequence(&self.contract, &self.scenario, options, id)).collect();
        // A control that is repeated after the run is not planned either.
        let after = self.ids.iter().flatten().filter_map(|id| {
            let operation = id.strip_suffix(super::poison::AFTER)?.rsplit_once('/')?.1;
            Some(Case { id: generate::CaseId(id.clone()), ..self.control(bench, operation)? })
        });
        parts.extend(after);
        parts.sort_by(|one, other| one.id.cmp(&other.id));
        let mut saved = saved::cases(self)?;
        for more in [&mut saved, &mut parts] {
            more.retain(|case| runs(case.operation.as_str()));
        }
        Ok(cases.chain(saved).filter(|case| self.is_wanted(case)).chain(parts))
    }

    fn options(&self) -> Options {
        Options { seed: self.seed, level: self.level }
    }

    /// Returns true if the filters select a case.
    fn is_wanted(&self, case: &Case) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.matches(case))
            && self.ids.as_ref().is_none_or(|ids| ids.contains(&case.id.0))
    }

    /// Returns true if the flags select every case.
    pub(super) fn is_whole(&self) -> bool {
        self.filter.is_none() && self.ids.is_none() && self.level == Level::Full
    }

    /// Returns the number of cases per operation; generates all of them once without keeping them.
    pub(super) fn counts<'a>(&'a self, bench: &Workbench<'a>) -> Result<HashMap<OperationName, u64>, Vec<Diagnostic>> {
        let mut counts = HashMap::new();
        for case in self.cases(bench)? {
            *counts.entry(case.operation).or_default() += 1;
        }
        Ok(counts)
    }

    /// Returns the endpoint with the settings of its connections.
    pub(super) fn endpoint(
        &self,
        embedded: Option<&Embedded>,
        port: Option<u16>,
        sending: &Sending,
    ) -> Result<Endpoint, Vec<Diagnostic>> {
        let url = match (&self.target, embedded) {
            (Target::Url(url), _) => url.replace("{port}", &port.unwrap_or(8080).to_string()),
            (Target::Embedded, Some(server)) => format!("http://{}", server.address()),
            (Target::Embedded, None) => "http://127.0.0.1:8080".to_owned(),
        };
        let mut endpoint = Endpoint::parse(&url).map_err(|error| vec![Diagnostic::error(error.to_string())])?;
        endpoint.headers.clone_from(&self.headers);
        endpoint.hosts = self.hosts;
        endpoint.tls.ca.clone_from(&sending.ca);
        endpoint.tls.insecure = sending.insecure;
        endpoint.proxy.clone_from(&sending.proxy);
        Ok(endpoint)
    }

    /// Returns the plan for the sender.
    pub(super) fn plan<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        settings: Settings,
        run_id: &str,
        stop: &Stop,
        control: &'a (dyn Fn(&str) -> Option<Case> + Sync),
    ) -> Plan<'a> {
        Plan {
            contract: &self.contract,
            scenario: &self.scenario,
            endpoint,
            settings,
            run_id: run_id.to_owned(),
            values: indexmap::IndexMap::new(),
            aws: self.aws.clone(),
            control,
            stop: stop.clone(),
            left: Left::default(),
            search_time: SearchTime::default(),
            server: None,
            revive: None,
        }
    }

    /// Returns the control of an operation, if the scenario includes the operation.
    pub(super) fn control(&self, bench: &Workbench<'_>, operation: &str) -> Option<Case> {
        self.scenario.wants(operation).then(|| bench.control(&self.scenario, operation).ok()?)?
    }

    pub(super) fn head(&self, run_id: &str, planned: Planned, endpoint: &Endpoint) -> Head {
        Head {
            scenario: self.scenario.name.clone(),
            endpoint: format!("{}{}", endpoint.origin(), endpoint.base_path),
            profile: self.profile.clone(),
            seed: self.seed,
            run: run_id.to_owned(),
            contract: digest(&self.contract),
            operations: planned.operations,
            cases: planned.cases,
            again: self.again.clone(),
            server: None,
            documents: self.documents.clone(),
            scenario_file: self.scenario_file.clone(),
        }
    }
}

/// Converts a planning error, with the line that causes it.
pub(super) fn unplanned(error: PlanError) -> Vec<Diagnostic> {
    let problem = Diagnostic::error(error.to_string());
    let at = error.source_at;
    vec![Diagnostic { document: at.as_ref().map(|at| at.document.clone()), line: at.map(|at| at.line), ..problem }]
}
