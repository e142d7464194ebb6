//! A contract and a scenario, prepared once, against which services can be tested any number of times.
//!
//! It never keeps anything of a service between calls; the caller decides whether state persists.

use super::Finding;
use super::carry::carry;
use crate::contract::{self, Amendment, Contract, Provenance};
use crate::generate::{self, Act, Case, PlanError, Wild, infer};
use crate::judge::{Verdict, judge};
use crate::run::{Endpoint, Left, Liveness, Local, Outcome, Plan, SearchTime, Settings, Stop};
use crate::scenario::{self, Scenario};
use bytes::Bytes;
use http_body::Body;
use indexmap::IndexMap;
use std::fmt::Display;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use tower_service::Service;

/// The error for a contract and a scenario that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SubjectError {
    /// The contract is not well formed.
    #[error("contract: {0}")]
    Contract(String),
    /// The scenario is not well formed, or does not match the contract.
    #[error("scenario: {0}")]
    Scenario(String),
    /// No requests can be generated.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

/// A contract and a scenario, prepared for testing. It leaks memory on purpose: create it once, in a `static`.
pub struct Subject {
    contract: &'static Contract,
    scenario: &'static Scenario,
    wild: Wild<'static>,
    local: Mutex<Local<'static>>,
    origin: String,
    authority: String,
    plan: &'static Plan<'static>,
    /// Number of inputs run so far.
    before: AtomicU64,
}

/// Base URL that requests name; nothing listens there.
const ORIGIN: &str = "http://localhost";

impl Subject {
    /// Reads a contract, as `overstep ingest --format json` writes it, and a scenario. The scenario's `sources` are
    /// ignored.
    ///
    /// # Errors
    /// Returns an error if either is not well formed, if they do not match each other, or if no requests can be
    /// generated.
    pub fn new(contract: &str, scenario: &str) -> Result<Self, SubjectError> {
        let contract = contract::from_json(contract).map_err(|error| SubjectError::Contract(error.to_string()))?;
        let name = contract.service.clone();
        let (scenario, _) =
            scenario::read(&name, scenario).map_err(|error| SubjectError::Scenario(error.to_string()))?;
        Self::of(contract, &scenario, ORIGIN)
    }

    /// Creates a subject from a contract and a scenario that are already parsed. `base` is the base URL that requests
    /// name.
    ///
    /// # Errors
    /// See [`Subject::new`].
    pub fn of(mut contract: Contract, scenario: &Scenario, base: &str) -> Result<Self, SubjectError> {
        let wrong = |error: &dyn Display| SubjectError::Scenario(error.to_string());
        for entry in &scenario.amendments {
            let amendment = Amendment {
                at: entry.at.clone(),
                add: entry.add.clone(),
                set: entry.set.clone(),
                reason: entry.reason.clone(),
                source: Provenance::new("the scenario", entry.line),
            };
            contract.amend(&amendment).map_err(|error| wrong(&error))?;
        }
        if let Some(name) =
            scenario.only.iter().chain(scenario.operations.keys()).find(|name| contract.operation(name).is_none())
        {
            return Err(wrong(&format!("the contract has no operation `{name}`")));
        }
        let completed = infer(&contract, scenario).scenario;
        if let Some(protocol) = scenario.protocol {
            contract.protocol = Some(protocol);
        }
        let endpoint = Endpoint::parse(base).map_err(|error| wrong(&error))?;
        // A fuzzer's process creates one subject, and everything that borrows from it lives as long.
        let contract: &'static Contract = Box::leak(Box::new(contract));
        let scenario: &'static Scenario = Box::leak(Box::new(completed));
        let endpoint: &'static Endpoint = Box::leak(Box::new(endpoint));
        let plan: &'static Plan<'static> = Box::leak(Box::new(Plan {
            contract,
            scenario,
            endpoint,
            settings: Settings::default(),
            run_id: "fuzz".to_owned(),
            values: IndexMap::new(),
            aws: None,
            control: &|_| None,
            stop: Stop::default(),
            left: Left::default(),
            search_time: SearchTime::default(),
            #[cfg(feature = "run")]
            server: None,
            revive: None,
        }));
        Ok(Self {
            contract,
            scenario,
            wild: Wild::new(contract, scenario, 1)?,
            local: Mutex::new(Local::new(plan)),
            origin: endpoint.origin(),
            authority: endpoint.authority(),
            plan,
            before: AtomicU64::new(0),
        })
    }

    /// Returns the contract, with the scenario's amendments.
    pub fn contract(&self) -> &Contract {
        self.contract
    }

    /// Returns the actions that a fuzzer's bytes stand for, for a readable corpus.
    pub fn acts(&self, bytes: &[u8]) -> Option<Vec<Act>> {
        self.wild.from_bytes(bytes)
    }

    /// Returns seeds for a corpus: the control of each operation.
    pub fn seeds(&self) -> Vec<Vec<u8>> {
        self.wild.plain().iter().map(|acts| generate::acts_to_json(acts).to_string().into_bytes()).collect()
    }

    /// Returns the words of a libFuzzer dictionary: names, enum values and limits of the contract.
    pub fn words(&self) -> Vec<String> {
        self.wild.words()
    }

    /// Turns a fuzzer's bytes into one or more requests, calls the service, and checks every response and the final
    /// state against the contract.
    ///
    /// # Panics
    /// Panics if a check fails, with the case, curl lines and the documented fact. A fuzzer treats this as a crash.
    pub fn fuzz<S, B, R>(&self, bytes: &[u8], service: &mut S)
    where
        S: Service<http::Request<B>, Response = http::Response<R>>,
        S::Error: Display,
        B: From<Bytes>,
        R: Body,
        R::Error: Display,
    {
        if let Err(finding) = self.fuzzed(bytes, service) {
            panic!("{finding}");
        }
    }

    /// Like [`Subject::fuzz`], without the panic. Returns the number of checks.
    ///
    /// # Errors
    /// Returns a finding if a check fails.
    pub fn fuzzed<S, B, R>(&self, bytes: &[u8], service: &mut S) -> Result<usize, Box<Finding>>
    where
        S: Service<http::Request<B>, Response = http::Response<R>>,
        S::Error: Display,
        B: From<Bytes>,
        R: Body,
        R::Error: Display,
    {
        let Some(acts) = self.wild.from_bytes(bytes) else { return Ok(0) };
        let Some(tale) = self.wild.tale(&self.name(bytes), &acts) else { return Ok(0) };
        let mut outcome = self.run(tale.case, service);
        for claim in &tale.claims {
            claim.apply(std::sync::Arc::make_mut(&mut outcome.case));
            self.judged(&outcome, Some(&acts))?;
        }
        Ok(tale.claims.len())
    }

    /// Tests the service with every planned case, as `overstep check` sends them. The iterator is lazy: each item sends
    /// one case.
    ///
    /// # Errors
    /// Returns an error if no cases can be generated.
    pub fn check<'s, S, B, R>(
        &'s self,
        service: &'s mut S,
    ) -> Result<impl Iterator<Item = Result<(), Box<Finding>>> + use<'s, S, B, R>, PlanError>
    where
        S: Service<http::Request<B>, Response = http::Response<R>>,
        S::Error: Display,
        B: From<Bytes>,
        R: Body,
        R::Error: Display,
    {
        let options = generate::Options { seed: 1, ..generate::Options::default() };
        let cases = generate::cases(self.contract, self.scenario, options)?;
        Ok(cases.map(|case| {
            let outcome = self.run(case, service);
            self.judged(&outcome, None)
        }))
    }

    /// Returns a name for resources, made of the bytes that use them and the number of inputs before. A service whose
    /// state persists has seen none of them, even if the same bytes are run again.
    fn name(&self, bytes: &[u8]) -> String {
        use sha2::{Digest as _, Sha256};
        let before = self.before.fetch_add(1, Ordering::Relaxed);
        format!("{}-{before}", data_encoding::HEXLOWER.encode(&Sha256::digest(bytes)[..5]))
    }

    fn run<S, B, R>(&self, case: Case, service: &mut S) -> Outcome
    where
        S: Service<http::Request<B>, Response = http::Response<R>>,
        S::Error: Display,
        B: From<Bytes>,
        R: Body,
        R::Error: Display,
    {
        let mut local = self.local.lock().unwrap_or_else(PoisonError::into_inner);
        let mut outcome = local.case(case, &mut |message| carry(service, message, &self.authority));
        // Within the process, only the service can be at fault for a missing response.
        if outcome.exchanges.iter().flatten().any(|exchange| exchange.answer.is_err()) {
            outcome.liveness = Some(Liveness::Alive);
        }
        outcome
    }

    fn judged(&self, outcome: &Outcome, acts: Option<&[Act]>) -> Result<(), Box<Finding>> {
        let judgement = judge(self.contract, self.scenario, outcome);
        if judgement.verdict != Verdict::Diverges {
            return Ok(());
        }
        Err(Box::new(Finding::new(outcome, &judgement, acts, &self.origin, &self.plan.redaction())))
    }
}
