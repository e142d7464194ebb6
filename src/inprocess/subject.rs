//! A contract and scenario made ready once, and services held against them as often as anybody likes.
//!
//! It keeps nothing of a service from one call to the next: whether state lives on is the caller's choice.

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

/// Why nothing can be made of a contract and scenario.
#[derive(Debug, thiserror::Error)]
pub enum SubjectError {
    /// The contract is not one.
    #[error("contract: {0}")]
    Contract(String),
    /// The scenario is not one, or does not fit the contract.
    #[error("scenario: {0}")]
    Scenario(String),
    /// No requests can be made.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

/// A contract and scenario made ready. It lives as long as the program: meant for a `static`, made once.
pub struct Subject {
    contract: &'static Contract,
    scenario: &'static Scenario,
    wild: Wild<'static>,
    local: Mutex<Local<'static>>,
    origin: String,
    authority: String,
    plan: &'static Plan<'static>,
    /// How many inputs were run.
    before: AtomicU64,
}

/// What requests say about where they go; nobody listens there.
const ORIGIN: &str = "http://localhost";

impl Subject {
    /// Reads a contract, as `overstep ingest --format json` writes it, and a scenario; the scenario's `sources` are not
    /// looked at.
    ///
    /// # Errors
    /// Where either is not well formed, they do not fit each other, or no requests can be made.
    pub fn new(contract: &str, scenario: &str) -> Result<Self, SubjectError> {
        let contract = contract::from_json(contract).map_err(|error| SubjectError::Contract(error.to_string()))?;
        let name = contract.service.clone();
        let (scenario, _) =
            scenario::read(&name, scenario).map_err(|error| SubjectError::Scenario(error.to_string()))?;
        Self::of(contract, &scenario, ORIGIN)
    }

    /// The same for what was read or made already; `base` is the URL below which requests say that they go.
    ///
    /// # Errors
    /// As [`Subject::new`].
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
        // A fuzzer's process makes one of these; what borrows from it lives as long.
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

    /// The contract, with the scenario's amendments.
    pub fn contract(&self) -> &Contract {
        self.contract
    }

    /// What a fuzzer's bytes stand for, in the service's own terms: for a corpus that people read.
    pub fn acts(&self, bytes: &[u8]) -> Option<Vec<Act>> {
        self.wild.from_bytes(bytes)
    }

    /// Seeds of a corpus: the plain valid request of each operation.
    pub fn seeds(&self) -> Vec<Vec<u8>> {
        self.wild.plain().iter().map(|acts| generate::acts_to_json(acts).to_string().into_bytes()).collect()
    }

    /// The words of a libFuzzer dictionary: names, enum values and limits of the contract.
    pub fn words(&self) -> Vec<String> {
        self.wild.words()
    }

    /// Makes a request or a sequence of requests of a fuzzer's bytes, calls the service, and holds every answer, and
    /// what is stored in the end, against the contract.
    ///
    /// # Panics
    /// Where a promise is broken, with case, curl lines and the documented fact: what a fuzzer takes for a crash.
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

    /// As [`Subject::fuzz`], without the panic: how many answers were held against something.
    ///
    /// # Errors
    /// Where a promise is broken.
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

    /// Every planned case, as `overstep check` sends them, against the service: what it breaks, as far as it is asked
    /// for.
    ///
    /// # Errors
    /// Where no cases can be made.
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

    /// Names resources after the bytes that use them and how many came before: a service that lives on has seen none of
    /// them, even where the same bytes come again.
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
        // In the process nobody else can be at fault for an answer that does not come.
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
