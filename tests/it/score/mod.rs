//! The mutation score: the share of faulty servers that a run detects, with the contract alone and with accepted
//! snapshots.
//!
//! The reference server has every fault of its catalogue. Each faulty server gets the cases of the operation that
//! misbehaves until the fault is detected. The module checks the scopes of all findings and returns the figures.

use overstep::case::Case;
use overstep::contract::Contract;
use overstep::generate::{CompiledContract, GenerationOptions};
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
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A service and the reference server with all its faults.
pub struct MutationTarget {
    contract: Contract,
    scenario: Scenario,
    origin: String,
    plans: Plans,
    /// Whether every plan runs to its end, which also checks that no finding lies outside of the scopes of its fault.
    full: bool,
    /// Accepted snapshots of the faithful server.
    accepted: HashMap<String, Snapshot>,
    _server: RunningServer,
}

/// What is sent. A fault changes none of it, so it is planned once.
struct Plans {
    /// The cases of each operation, and all of them by the name `*`.
    cases: HashMap<String, Vec<Arc<Case>>>,
    /// The control of each operation.
    controls: HashMap<String, Case>,
}

/// The result of a run against one server.
struct RunResult {
    findings: Findings,
    /// Whether a response differed from the accepted one.
    changed: bool,
    end: RunEnd,
    case_count: u64,
}

impl RunResult {
    fn is_caught_by_contract(&self) -> bool {
        // A run against a server that never responds ends without findings.
        !self.findings.is_empty() || matches!(self.end, RunEnd::Unreachable(_) | RunEnd::EndpointDied(_))
    }
}

/// The figures of one service.
pub struct Score {
    /// Number of faults in the catalogue.
    pub faults: usize,
    /// Number of faults that violate the contract and that a request can show.
    pub violations: usize,
    /// Number of violations that are detected with the contract alone.
    pub caught: usize,
    /// Number of visible faults that are detected with snapshots.
    pub caught_with_snapshots: usize,
    /// Number of faults that a request can show.
    pub visible: usize,
    /// Violations that are not detected with the contract alone.
    pub missed: Vec<String>,
    /// Visible faults that are not detected with snapshots either.
    pub missed_with_snapshots: Vec<String>,
    /// Faults that the catalogue calls hidden, although a request shows them.
    pub visible_although_hidden: Vec<String>,
    /// Faults that no request can show: names by reason.
    pub hidden: BTreeMap<&'static str, Vec<String>>,
    /// Number of cases of the whole plan, run against the faithful server.
    pub cases: u64,
}

impl MutationTarget {
    /// Starts the server and records the snapshots of the faithful server.
    ///
    /// # Panics
    /// Panics if the faithful server has findings.
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
        let plans = build_plans(&contract, &scenario, seed);
        let accepted = HashMap::new();
        let mut target = Self { contract, scenario, origin, plans, full, accepted, _server: server };
        let mut observations: HashMap<String, Vec<SnapshotCase>> = HashMap::new();
        let baseline = target.run(None, |operation, case| observations.entry(operation).or_default().push(case));
        assert_eq!(
            (baseline.findings.sorted(), baseline.end),
            (Vec::new(), RunEnd::Complete),
            "the faithful server has findings"
        );
        target.accepted = observations
            .into_iter()
            .map(|(operation, cases)| (operation, merge_snapshot(None, Vec::new(), &cases, CaseCoverage::Complete)))
            .collect();
        let second = target.run(None, |_, _| {});
        assert!(
            !second.changed && second.findings.is_empty(),
            "a second run of the faithful server differs from the first"
        );
        (target, baseline.case_count)
    }

    /// Runs the cases of the operation that misbehaves until the fault is detected, or all cases if there is no fault.
    fn run(&self, fault: Option<&Fault>, mut on_case: impl FnMut(String, SnapshotCase) + Send) -> RunResult {
        let path = fault.map(|fault| format!("/faults/{}", fault.name)).unwrap_or_default();
        let base = self.contract.base_url.as_deref().map_or("", base_path);
        let endpoint = Endpoint::parse(&format!("{}{path}{base}", self.origin)).expect("a URL");
        let control = |operation: &str| self.plans.controls.get(operation).cloned();
        let limits = RequestLimits::default().with_timeout(Duration::from_millis(600));
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
            logins: overstep::run::Logins::default(),
            cancel_token: Default::default(),
            leaked_fixtures: Default::default(),
            search_time: Default::default(),
            response_times: Default::default(),
            load_limit: overstep::run::LoadLimit::default(),
            operation_health: Default::default(),
            server: None,
            reset_endpoint: None,
            restart_endpoint: None,
        };
        let cases = self.plans.cases[fault.map_or("*", |fault| fault.operation.as_str())].iter().cloned();
        let (mut findings, mut changed, mut case_count) = (Findings::default(), false, 0);
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
                case_count += 1;
                findings.add(&self.scenario.name, &case, &judgement, judge::Reproduction::default);
                changed |= comparison.change == SnapshotChange::Changed;
                let state = comparison
                    .observed
                    .map_or(CaseState::NothingLearned, |observed| CaseState::Observed(observed, comparison.mark));
                let key = comparison.key;
                on_case(
                    case.operation.as_str().to_owned(),
                    SnapshotCase { place: key.place, side: key.side, variant: key.variant, state },
                );
                let is_caught = match fault {
                    Some(fault) if fault.violates_contract && fault.hidden_reason.is_none() => !findings.is_empty(),
                    Some(_) => changed || !findings.is_empty(),
                    None => false,
                };
                if is_caught && !self.full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        );
        RunResult { findings, changed, end, case_count }
    }

    /// Runs these faults, several at a time: a server that hangs or is slow is waited for. Returns results in order.
    fn run_all(&self, faults: &[Fault]) -> Vec<RunResult> {
        let next = AtomicUsize::new(0);
        let run_some = || {
            let mut results = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(fault) = faults.get(index) else { return results };
                results.push((index, self.run(Some(fault), |_, _| {})));
            }
        };
        let mut results: Vec<(usize, RunResult)> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(run_some)).collect();
            threads.into_iter().flat_map(|thread| thread.join().expect("no run panics")).collect()
        });
        results.sort_by_key(|(index, _)| *index);
        results.into_iter().map(|(_, result)| result).collect()
    }

    /// Runs every fault of the catalogue.
    ///
    /// # Panics
    /// Panics if a finding lies outside of the scopes of its fault.
    pub fn score(&self, cases: u64) -> Score {
        let faults = list_faults(&self.contract);
        let mut score = Score {
            faults: faults.len(),
            violations: 0,
            caught: 0,
            caught_with_snapshots: 0,
            visible: 0,
            missed: Vec::new(),
            missed_with_snapshots: Vec::new(),
            visible_although_hidden: Vec::new(),
            hidden: BTreeMap::new(),
            cases,
        };
        for (fault, result) in faults.iter().zip(self.run_all(&faults)) {
            for finding in result.findings.sorted() {
                let covers =
                    |scope: &FindingScope| scope.covers(&finding.operation, &finding.member, &finding.constraint);
                assert!(
                    fault.scopes.iter().any(covers),
                    "`{}` has a finding outside of its scopes: {}/{}/{}: {}",
                    fault.name,
                    finding.operation,
                    finding.member,
                    finding.constraint,
                    finding.observed
                );
            }
            if let Some(reason) = fault.hidden_reason {
                if result.is_caught_by_contract() {
                    score.visible_although_hidden.push(format!("{}, although {reason}", fault.name));
                }
                score.hidden.entry(reason).or_default().push(fault.name.clone());
                continue;
            }
            score.visible += 1;
            if result.is_caught_by_contract() || result.changed {
                score.caught_with_snapshots += 1;
            } else {
                score.missed_with_snapshots.push(fault.name.clone());
            }
            if fault.violates_contract {
                score.violations += 1;
                score.caught += usize::from(result.is_caught_by_contract());
                if !result.is_caught_by_contract() {
                    score.missed.push(fault.name.clone());
                }
            }
        }
        score
    }
}

/// All cases of the service by operation, and the control of each operation.
fn build_plans(contract: &Contract, scenario: &Scenario, seed: u64) -> Plans {
    let compiled = CompiledContract::new(contract);
    let options = GenerationOptions { seed, ..GenerationOptions::default() };
    let cases = |scenario: &Scenario| -> Vec<Arc<Case>> {
        compiled.cases(scenario, options).expect("a plan").map(Arc::new).collect()
    };
    let (mut plans, mut controls) = (HashMap::from([("*".to_owned(), cases(scenario))]), HashMap::new());
    for operation in &contract.operations {
        let name = operation.name.as_str();
        let mut concerned = scenario.clone();
        concerned.included_operations.push(name.to_owned());
        plans.insert(name.to_owned(), cases(&concerned));
        controls.extend(compiled.control(scenario, name).expect("routes").map(|case| (name.to_owned(), case)));
    }
    Plans { cases: plans, controls }
}

impl Score {
    /// Formats the score as lines of text.
    pub fn summary_lines(&self, name: &str, seed: u64) -> Vec<String> {
        let share = |part: usize, total: usize| 100.0 * part as f64 / total.max(1) as f64;
        let mut lines = vec![format!(
            "{name}, seed {seed}: {} faults; contract alone {} of {} violations ({:.1} %); with snapshots {} of {} ({:.1} %); 0 false alarms in {} cases on the faithful server",
            self.faults,
            self.caught,
            self.violations,
            share(self.caught, self.violations),
            self.caught_with_snapshots,
            self.visible,
            share(self.caught_with_snapshots, self.visible),
            self.cases,
        )];
        if !self.missed.is_empty() {
            lines.push(format!("  missed with the contract alone: {}", self.missed.join(" ")));
        }
        if !self.missed_with_snapshots.is_empty() {
            lines.push(format!("  missed with snapshots, too: {}", self.missed_with_snapshots.join(" ")));
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
