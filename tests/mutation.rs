//! How strong our own oracle is: the share of known-bad servers that a run catches.
//!
//! The reference server plays every fault of its catalogue; each is run against the whole plan of the
//! operation that misbehaves, until the first finding. `OVERSTEP_SCORE=full` runs every plan to its
//! end and so also proves that no finding lies outside of what the fault says it touches.

mod support;

use overstep::contract::Contract;
use overstep::generate::{self, Options};
use overstep::judge::{self, Finding, Findings};
use overstep::reference::{Fault, Server, Service, catalogue};
use overstep::run::{self, Endpoint, Limits, Plan, RunEnd, Settings};
use overstep::scenario::Scenario;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use support::{shipped, visible};

struct Ground {
    contract: Contract,
    scenario: Scenario,
    origin: String,
    full: bool,
}

impl Ground {
    fn new(name: &str, runtime: &tokio::runtime::Runtime) -> (Self, overstep::reference::RunningServer) {
        let (contract, scenario, world) = shipped(name);
        let service = Arc::new(Service::new(contract.clone(), world));
        let address = "127.0.0.1:0".parse().expect("an address");
        let server = runtime.block_on(Server::start(service, address)).expect("loopback has free ports");
        let origin = format!("http://{}", server.addr());
        #[expect(clippy::disallowed_methods, reason = "a test asks for its own thoroughness")]
        let full = std::env::var_os("OVERSTEP_SCORE").is_some_and(|value| value == "full");
        (Self { contract, scenario, origin, full }, server)
    }

    /// Runs the cases of the operation that misbehaves; all, where there is no fault.
    fn findings(&self, fault: Option<&Fault>) -> (Vec<Finding>, RunEnd, u64) {
        let path = fault.map(|fault| format!("/faults/{}", fault.name)).unwrap_or_default();
        let base = self.contract.base.as_deref().map_or("", base_path);
        let endpoint = Endpoint::parse(&format!("{}{path}{base}", self.origin)).expect("a URL");
        let control = |operation: &str| generate::control(&self.contract, &self.scenario, operation).ok();
        let limits =
            Limits { total: Duration::from_millis(600), idle: Duration::from_millis(600), ..Limits::default() };
        let plan = Plan {
            contract: &self.contract,
            scenario: &self.scenario,
            endpoint: &endpoint,
            settings: Settings { limits, throttle_wait: Duration::ZERO, ..Settings::default() },
            run_id: "score".to_owned(),
            values: Default::default(),
            aws: None,
            control: &control,
            stop: Default::default(),
            left: Default::default(),
            server: None,
        };
        let mut concerned = self.scenario.clone();
        concerned.only.extend(fault.map(|fault| fault.operation.clone()).filter(|operation| operation != "*"));
        let cases = generate::cases(&self.contract, &concerned, Options::default()).expect("a plan");
        let mut findings = Findings::default();
        let mut judged = 0;
        let end = run::run(
            &plan,
            cases,
            |outcome| {
                let judgement = judge::judge(&self.contract, &self.scenario, &outcome);
                (outcome.case, judgement)
            },
            |(case, judgement)| {
                judged += 1;
                findings.add(&self.scenario.name, &case, &judgement, judge::Again::default);
                let enough = fault.is_some() && !self.full && !findings.is_empty();
                if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        );
        (findings.sorted(), end, judged)
    }
}

fn base_path(base: &str) -> &str {
    base.split_once("://")
        .and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]))
        .unwrap_or("")
        .trim_end_matches('/')
}

fn score(name: &str, least: f64) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let (ground, _server) = Ground::new(name, &runtime);
    let (alarms, end, judged) = ground.findings(None);
    assert_eq!((alarms, end), (Vec::new(), RunEnd::Complete), "the faithful server alarms nobody");
    let faults = catalogue(&ground.contract);
    let mut missed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let (mut breaking, mut caught) = (0_u32, 0_u32);
    for fault in &faults {
        let (findings, end, _) = ground.findings(Some(fault));
        for finding in &findings {
            let inside = |touch: &overstep::reference::Touch| {
                touch.covers(&finding.operation, &finding.member, &finding.constraint)
            };
            assert!(
                fault.touches.iter().any(inside),
                "`{}` must not show as {}/{}/{}: {}",
                fault.name,
                finding.operation,
                finding.member,
                finding.constraint,
                finding.observed
            );
        }
        if fault.breaks_contract {
            breaking += 1;
            // A server that answers nothing at all is reported as that.
            let is_silent = matches!(end, RunEnd::Unreachable(_) | RunEnd::Died(_));
            caught += u32::from(!findings.is_empty() || is_silent);
            if findings.is_empty() && !is_silent {
                missed.entry(fault.class).or_default().push(&fault.name);
            }
        }
    }
    let share = f64::from(caught) / f64::from(breaking);
    visible::say(&format!(
        "{name}: {caught} of {breaking} faults that break the contract are caught ({:.1} %), {} faults in all, 0 alarms in {judged} cases on the faithful server",
        share * 100.0,
        faults.len(),
    ));
    for (class, names) in &missed {
        visible::say(&format!("  missed, {class}: {}", names.join(" ")));
    }
    assert!(faults.len() >= 100 && share >= least, "{caught} of {breaking}");
}

#[test]
fn connect() {
    score("connect", 0.96);
}

#[test]
fn leadlex() {
    score("leadlex", 0.98);
}
