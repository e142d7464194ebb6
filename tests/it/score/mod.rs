//! How strong our own oracle is: the share of known-bad servers that a run catches, with the contract alone and
//! with accepted snapshots.
//!
//! The reference server plays every fault of its catalogue; each is run against the whole plan of the operation
//! that misbehaves, until it is caught. It asserts what must hold of every fault, and returns the figures.

use overstep::contract::Contract;
use overstep::generate::{Case, CompiledContract, GenerationOptions};
use overstep::judge::{self, Findings, SnapshotChange};
use overstep::reference::{
    Fault, FindingScope, ReferenceServer, ReferenceService, RunningServer, ServerConfig, list_faults,
};
use overstep::run::{self, Endpoint, RequestLimits, RunEnd, RunPlan, TransportOptions};
use overstep::scenario::Scenario;
use overstep::snapshot::{CaseCoverage, CaseState, Snapshot, SnapshotCase, merge_snapshot};
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

/// A service, and a server with all its faults.
pub struct Ground {
    contract: Contract,
    scenario: Scenario,
    origin: String,
    plans: Plans,
    /// Run every plan to its end, which also proves that no finding lies outside of what the fault touches.
    full: bool,
    /// What the faithful server does, as a person would have accepted it.
    accepted: HashMap<String, Snapshot>,
    _server: RunningServer,
}

/// What is sent; a fault changes none of it, so it is planned once.
struct Plans {
    /// The cases of each operation, and all of them by the name `*`.
    cases: HashMap<String, Vec<Arc<Case>>>,
    /// The control of each operation.
    controls: HashMap<String, Case>,
}

/// What a run against one server came to.
struct Caught {
    findings: Findings,
    /// An answer was another than the accepted one.
    changed: bool,
    end: RunEnd,
    judged: u64,
}

impl Caught {
    fn by_contract(&self) -> bool {
        // A server that answers nothing at all is reported as that.
        !self.findings.is_empty() || matches!(self.end, RunEnd::Unreachable(_) | RunEnd::EndpointDied(_))
    }
}

/// The figures of one service.
pub struct Score {
    /// All faults.
    pub faults: usize,
    /// Those that break what is documented, and that some request can show.
    pub breaking: usize,
    /// Those of them that are caught with the contract alone.
    pub caught: usize,
    /// Those that are caught with snapshots, of all that some request can show.
    pub caught_with_snapshots: usize,
    /// All that some request can show.
    pub visible: usize,
    /// Breaking and not caught.
    pub missed: Vec<String>,
    /// Not caught with snapshots either.
    pub unseen: Vec<String>,
    /// Said to be hidden, and shown.
    pub shown: Vec<String>,
    /// What no request can show: reason and names.
    pub hidden: BTreeMap<&'static str, Vec<String>>,
    /// Cases of the whole plan on the faithful server.
    pub cases: u64,
}

impl Ground {
    /// Starts the server and learns what it does without a fault.
    ///
    /// # Panics
    /// Where the faithful server alarms anybody.
    pub fn new(
        (contract, scenario, world): (Contract, Scenario, ServerConfig),
        runtime: &tokio::runtime::Runtime,
        seed: u64,
        full: bool,
    ) -> (Self, u64) {
        let service = Arc::new(ReferenceService::new(contract.clone(), world));
        let address = "127.0.0.1:0".parse().expect("an address");
        let server = runtime.block_on(ReferenceServer::start(service, address)).expect("loopback has free ports");
        let origin = format!("http://{}", server.addr());
        let plans = Plans::new(&contract, &scenario, seed);
        let mut ground = Self { contract, scenario, origin, plans, full, accepted: HashMap::new(), _server: server };
        let mut seen: HashMap<String, Vec<SnapshotCase>> = HashMap::new();
        let first = ground.run(None, |operation, ran| seen.entry(operation).or_default().push(ran));
        assert_eq!((first.findings.sorted(), first.end), (Vec::new(), RunEnd::Complete), "the faithful server alarms");
        ground.accepted = seen
            .into_iter()
            .map(|(operation, cases)| (operation, merge_snapshot(None, Vec::new(), &cases, CaseCoverage::Complete)))
            .collect();
        let again = ground.run(None, |_, _| {});
        assert!(!again.changed && again.findings.is_empty(), "a second run of the faithful server brings news");
        (ground, first.judged)
    }

    /// Runs the cases of the operation that misbehaves, until it is caught; all, where there is no fault.
    fn run(&self, fault: Option<&Fault>, mut note: impl FnMut(String, SnapshotCase) + Send) -> Caught {
        let path = fault.map(|fault| format!("/faults/{}", fault.name)).unwrap_or_default();
        let base = self.contract.base_url.as_deref().map_or("", base_path);
        let endpoint = Endpoint::parse(&format!("{}{path}{base}", self.origin)).expect("a URL");
        let control = |operation: &str| self.plans.controls.get(operation).cloned();
        let limits = RequestLimits {
            total_timeout: Duration::from_millis(600),
            idle_timeout: Duration::from_millis(600),
            ..RequestLimits::default()
        };
        let plan = RunPlan {
            contract: &self.contract,
            scenario: &self.scenario,
            endpoint: &endpoint,
            transport_options: TransportOptions {
                limits,
                max_throttle_wait: Duration::ZERO,
                ..TransportOptions::default()
            },
            run_id: "score".to_owned(),
            overrides: Default::default(),
            aws_keys: None,
            control_case: &control,
            cancel_token: Default::default(),
            leaked_fixtures: Default::default(),
            search_time: Default::default(),
            server: None,
            restart_endpoint: None,
        };
        let cases = self.plans.cases[fault.map_or("*", |fault| fault.operation.as_str())].iter().cloned();
        let (mut findings, mut changed, mut judged) = (Findings::default(), false, 0);
        let end = run::run_cases(
            &plan,
            cases,
            |outcome| {
                let judgement = judge::judge(&self.contract, &self.scenario, &outcome);
                let accepted = self.accepted.get(outcome.case.operation.as_str());
                let comparison = judge::compare_with_snapshot(&self.contract, &outcome, &judgement, accepted, |_| {});
                (outcome.case, judgement, comparison)
            },
            |(case, judgement, comparison)| {
                judged += 1;
                findings.add(&self.scenario.name, &case, &judgement, judge::Reproduction::default);
                changed |= comparison.change == SnapshotChange::Changed;
                let state = comparison
                    .observed
                    .map_or(CaseState::NothingLearned, |seen| CaseState::Observed(seen, comparison.mark));
                let spot = comparison.key;
                note(
                    case.operation.as_str().to_owned(),
                    SnapshotCase { place: spot.place, side: spot.side, variant: spot.variant, state },
                );
                let is_caught = match fault {
                    Some(fault) if fault.violates_contract && fault.hidden_reason.is_none() => !findings.is_empty(),
                    Some(_) => changed || !findings.is_empty(),
                    None => false,
                };
                if is_caught && !self.full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        );
        Caught { findings, changed, end, judged }
    }

    /// Runs every fault of the catalogue.
    ///
    /// # Panics
    /// Where a finding lies outside of what its fault touches.
    pub fn score(&self, cases: u64) -> Score {
        let faults = list_faults(&self.contract);
        let mut score = Score {
            faults: faults.len(),
            breaking: 0,
            caught: 0,
            caught_with_snapshots: 0,
            visible: 0,
            missed: Vec::new(),
            unseen: Vec::new(),
            shown: Vec::new(),
            hidden: BTreeMap::new(),
            cases,
        };
        for fault in &faults {
            let caught = self.run(Some(fault), |_, _| {});
            for finding in caught.findings.sorted() {
                let inside =
                    |touch: &FindingScope| touch.covers(&finding.operation, &finding.member, &finding.constraint);
                assert!(
                    fault.scopes.iter().any(inside),
                    "`{}` must not show as {}/{}/{}: {}",
                    fault.name,
                    finding.operation,
                    finding.member,
                    finding.constraint,
                    finding.observed
                );
            }
            if let Some(reason) = fault.hidden_reason {
                if caught.by_contract() {
                    score.shown.push(format!("{}, although {reason}", fault.name));
                }
                score.hidden.entry(reason).or_default().push(fault.name.clone());
                continue;
            }
            score.visible += 1;
            if caught.by_contract() || caught.changed {
                score.caught_with_snapshots += 1;
            } else {
                score.unseen.push(fault.name.clone());
            }
            if fault.violates_contract {
                score.breaking += 1;
                score.caught += usize::from(caught.by_contract());
                if !caught.by_contract() {
                    score.missed.push(fault.name.clone());
                }
            }
        }
        score
    }
}

impl Plans {
    fn new(contract: &Contract, scenario: &Scenario, seed: u64) -> Self {
        let compiled = CompiledContract::new(contract).expect("it compiles");
        let options = GenerationOptions { seed, ..GenerationOptions::default() };
        let planned = |scenario: &Scenario| -> Vec<Arc<Case>> {
            compiled.cases(scenario, options).expect("a plan").map(Arc::new).collect()
        };
        let (mut cases, mut controls) = (HashMap::from([("*".to_owned(), planned(scenario))]), HashMap::new());
        for operation in &contract.operations {
            let name = operation.name.as_str();
            let mut concerned = scenario.clone();
            concerned.included_operations.push(name.to_owned());
            cases.insert(name.to_owned(), planned(&concerned));
            controls.extend(compiled.control(scenario, name).expect("routes").map(|case| (name.to_owned(), case)));
        }
        Self { cases, controls }
    }
}

impl Score {
    /// A few lines for people.
    pub fn told(&self, name: &str, seed: u64) -> Vec<String> {
        let share = |part: usize, of: usize| 100.0 * part as f64 / of.max(1) as f64;
        let mut lines = vec![format!(
            "{name}, seed {seed}: {} faults; contract alone {} of {} that break it ({:.1} %); with snapshots {} of {} ({:.1} %); 0 alarms in {} cases on the faithful server",
            self.faults,
            self.caught,
            self.breaking,
            share(self.caught, self.breaking),
            self.caught_with_snapshots,
            self.visible,
            share(self.caught_with_snapshots, self.visible),
            self.cases,
        )];
        if !self.missed.is_empty() {
            lines.push(format!("  missed with the contract alone: {}", self.missed.join(" ")));
        }
        if !self.unseen.is_empty() {
            lines.push(format!("  missed with snapshots too: {}", self.unseen.join(" ")));
        }
        for (reason, names) in &self.hidden {
            lines.push(format!("  not counted, {}: {reason}", names.len()));
        }
        lines
    }
}

fn base_path(base: &str) -> &str {
    base.split_once("://")
        .and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]))
        .unwrap_or("")
        .trim_end_matches('/')
}
