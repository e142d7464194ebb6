//! What is to be done with one scenario, decided to the last flag.
//!
//! This file starts nothing.

use super::{Beside, Embedded, Filter, Keeping, Known, Saved, saved};
use crate::contract::{Contract, OperationName, digest};
use crate::generate::{self, Case, Inference, Level, Options, PlanError, Workbench};
use crate::report::{Diagnostic, Head};
use crate::run::{AwsKeys, Endpoint, Hosts, Left, Plan, SearchTime, Settings, Stop, Upkeep};
use crate::scenario::Scenario;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, Hasher as _};

/// One scenario with everything that decides its cases and where they go.
#[derive(Clone, Debug)]
pub struct Job {
    /// The scenario, its variables replaced.
    pub scenario: Scenario,
    /// What was inferred for it, beside what it says itself.
    pub inferred: Inference,
    /// What its documents promise.
    pub contract: Contract,
    /// AWS keys, where the environment has any.
    pub aws: Option<AwsKeys>,
    /// Where requests go.
    pub target: Target,
    /// The endpoint's name; `embedded`, or `default` for a bare URL.
    pub profile: String,
    /// Headers on every request.
    pub headers: Vec<(String, String)>,
    /// What goes before the endpoint's host.
    pub hosts: Hosts,
    /// What feeds every free choice.
    pub seed: u64,
    /// How many cases to make.
    pub level: Level,
    /// Which of them to run; all where there is none.
    pub filter: Option<Filter>,
    /// Only the cases with these ids; all where there is none.
    pub ids: Option<HashSet<String>>,
    /// The documents that lie in files, by the names that facts call them, with their paths.
    pub documents: indexmap::IndexMap<String, String>,
    /// The scenario's file, where it has one.
    pub scenario_file: Option<String>,
    /// Divergences that people have written down as known.
    pub known: Known,
    /// Requests that once found something.
    pub saved: Vec<Saved>,
    /// The command that runs these cases again.
    pub again: String,
    /// How the endpoint's server is started and made ready.
    pub upkeep: Upkeep,
}

/// Where requests go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A reference server, started for the job.
    Embedded,
    /// A base URL; `{port}` in it is the port of the server that is started.
    Url(String),
}

/// How requests are sent.
#[derive(Clone, Debug, Default)]
pub struct Sending {
    /// Workers, limits, rate.
    pub settings: Settings,
    /// Certificates to trust, as PEM.
    pub ca: Option<Vec<u8>>,
    /// Trust anybody.
    pub insecure: bool,
    /// A proxy's URL.
    pub proxy: Option<String>,
    /// End after so many diverging cases.
    pub max_failures: Option<u64>,
    /// Where accepted behaviour is; nothing is compared where this is absent.
    pub keeping: Option<Keeping>,
    /// What becomes of the values of answers; nothing where this is absent.
    pub beside: Option<Beside>,
    /// An accepted divergence is a finding too.
    pub strict: bool,
    /// Below which directory the words of a started server are kept; nowhere where this is absent.
    pub log: Option<std::path::PathBuf>,
}

/// How much there is to do.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Planned {
    /// How many cases.
    pub cases: u64,
    /// How many operations they are of.
    pub operations: u64,
    /// Processor time that it took to make them, in seconds; 0 where the system does not tell.
    pub made_in: f64,
}

/// A name for a run that no other run has.
pub fn fresh_run_id() -> String {
    let random = std::collections::hash_map::RandomState::new().build_hasher().finish();
    format!("{:08x}", random & 0xffff_ffff)
}

impl Job {
    /// The contract made ready for planning: once for a run, since patterns take long to compile.
    pub(super) fn bench(&self) -> Result<Workbench<'_>, Vec<Diagnostic>> {
        Workbench::new(&self.contract).map_err(unplanned)
    }

    /// The cases that the filter leaves, in plan order.
    pub(super) fn cases<'a>(
        &'a self,
        bench: &Workbench<'a>,
    ) -> Result<impl Iterator<Item = Case> + Send + use<'a>, Vec<Diagnostic>> {
        Ok(self.controls(bench)?.chain(self.others(bench, &|_| true)?))
    }

    /// Of these, the plain valid requests, which come first.
    pub(super) fn controls<'a>(
        &'a self,
        bench: &Workbench<'a>,
    ) -> Result<impl Iterator<Item = Case> + Send + use<'a>, Vec<Diagnostic>> {
        let controls = bench.controls(&self.scenario, self.options()).map_err(unplanned)?;
        Ok(controls.filter(|case| self.is_wanted(case)))
    }

    /// All the others, of the operations that run.
    pub(super) fn others<'a>(
        &'a self,
        bench: &Workbench<'a>,
        runs: &dyn Fn(&str) -> bool,
    ) -> Result<impl Iterator<Item = Case> + Send + use<'a>, Vec<Diagnostic>> {
        let options = self.options();
        let cases = bench.others(&self.scenario, options, runs).map_err(unplanned)?;
        // Parts of sequences stand in no plan: only an id makes them.
        let parts = self.ids.iter().flatten().filter(|id| id.contains("/law/sequence/") && id.contains('~'));
        let mut parts: Vec<Case> =
            parts.filter_map(|id| generate::part_of_sequence(&self.contract, &self.scenario, options, id)).collect();
        // A plain request after a run stands in no plan either.
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

    /// Whether no flag leaves a case out.
    fn is_wanted(&self, case: &Case) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.matches(case))
            && self.ids.as_ref().is_none_or(|ids| ids.contains(&case.id.0))
    }

    /// Whether no flag leaves out a case.
    pub(super) fn is_whole(&self) -> bool {
        self.filter.is_none() && self.ids.is_none() && self.level == Level::Full
    }

    /// How many cases each operation has; goes through all of them once, keeping none.
    pub(super) fn counts<'a>(&'a self, bench: &Workbench<'a>) -> Result<HashMap<OperationName, u64>, Vec<Diagnostic>> {
        let mut counts = HashMap::new();
        for case in self.cases(bench)? {
            *counts.entry(case.operation).or_default() += 1;
        }
        Ok(counts)
    }

    /// Where requests go, with all that connections need.
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

    /// What the sender is told.
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

    /// The plain valid request of an operation that the scenario wants.
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

/// Why nothing can be planned, with the line at fault.
pub(super) fn unplanned(error: PlanError) -> Vec<Diagnostic> {
    let problem = Diagnostic::error(error.to_string());
    let at = error.source_at;
    vec![Diagnostic { document: at.as_ref().map(|at| at.document.clone()), line: at.map(|at| at.line), ..problem }]
}
