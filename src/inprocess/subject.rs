//! A contract and a scenario, prepared once, against which services can be tested any number of times.
//!
//! It never keeps anything of a service between calls; the caller decides whether state persists.

use super::transport::send_request;
use super::{InProcessFinding, RequestBody};
use crate::case::Case;
use crate::contract::{self, Amendment, Contract, Provenance};
use crate::generate;
use crate::generate::{Action, FuzzGenerator, PlanError};
use crate::infer::complete_scenario;
use crate::judge::{Verdict, judge};
use crate::run::{
    CancelToken, CaseOutcome, Endpoint, InProcessRunner, LeakedFixtures, Liveness, OperationHealth, ResponseTimes,
    RunPlan, SearchBudget, TransportOptions,
};
use crate::scenario::{self, Scenario};
use http_body::Body;
use indexmap::IndexMap;
use std::fmt::Display;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use tower_service::Service;

/// The error for a contract and a scenario that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
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
///
/// # Examples
/// ```
/// use overstep::inprocess::Subject;
/// use std::sync::LazyLock;
///
/// static SUBJECT: LazyLock<Subject> = LazyLock::new(|| {
///     let contract = include_str!("../../tests/it/cards/cards.contract.json");
///     let scenario = include_str!("../../tests/it/cards/cards.toml");
///     Subject::new(contract, scenario).expect("contract and scenario match")
/// });
///
/// assert_eq!(SUBJECT.contract().service, "cards");
/// ```
pub struct Subject {
    contract: &'static Contract,
    scenario: &'static Scenario,
    generator: FuzzGenerator<'static>,
    runner: Mutex<InProcessRunner<'static>>,
    origin: String,
    authority: String,
    plan: &'static RunPlan<'static>,
    /// Number of inputs run so far.
    input_count: AtomicU64,
}

/// Base URL that requests name; nothing listens there.
const DEFAULT_ORIGIN: &str = "http://localhost";

impl Subject {
    /// Reads a contract, as `overstep ingest --format json` writes it, and a scenario. The scenario's `sources` are
    /// ignored.
    ///
    /// # Errors
    /// Returns an error if either is not well formed, if they do not match each other, or if no requests can be
    /// generated.
    ///
    /// # Examples
    /// ```
    /// use overstep::inprocess::Subject;
    ///
    /// let contract = include_str!("../../tests/it/cards/cards.contract.json");
    /// // What no document says: each case uses a card of its own.
    /// let scenario = r#"
    ///     sources    = ["cards.md"]
    ///     use        = { id = "card-{case}" }
    ///     error-code = "error.code"
    /// "#;
    /// let subject = Subject::new(contract, scenario)?;
    /// assert!(subject.contract().operation("LinkCard").is_some());
    /// # Ok::<(), overstep::inprocess::SubjectError>(())
    /// ```
    pub fn new(contract: &str, scenario: &str) -> Result<Self, SubjectError> {
        let contract = contract::from_json(contract).map_err(|error| SubjectError::Contract(error.to_string()))?;
        Self::from_contract(contract, scenario)
    }

    /// Like [`Subject::new`], with a contract that was read or built before.
    ///
    /// # Errors
    /// See [`Subject::new`].
    ///
    /// # Examples
    /// ```
    /// use overstep::contract;
    /// use overstep::inprocess::Subject;
    ///
    /// let contract = contract::from_json(include_str!("../../tests/it/cards/cards.contract.json"))?;
    /// let subject = Subject::from_contract(contract, "sources = ['cards.md']\nuse = { id = 'card-{case}' }")?;
    /// assert_eq!(subject.contract().operations.len(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_contract(contract: Contract, scenario: &str) -> Result<Self, SubjectError> {
        let name = contract.service.clone();
        let (scenario, _) =
            scenario::read_scenario(&name, scenario).map_err(|error| SubjectError::Scenario(error.to_string()))?;
        Self::from_parts(contract, &scenario, DEFAULT_ORIGIN)
    }

    /// Creates a subject from a contract and a scenario that are already parsed. `base` is the base URL that requests
    /// name.
    ///
    /// # Errors
    /// See [`Subject::new`].
    #[doc(hidden)]
    pub fn from_parts(mut contract: Contract, scenario: &Scenario, base: &str) -> Result<Self, SubjectError> {
        let scenario_error = |error: &dyn Display| SubjectError::Scenario(error.to_string());
        for entry in &scenario.amendments {
            let amendment = Amendment {
                at: entry.at.clone(),
                add: entry.add.clone(),
                set: entry.set.clone(),
                reason: entry.reason.clone(),
                source: Provenance::new("the scenario", entry.line),
            };
            contract.amend(&amendment).map_err(|error| scenario_error(&error))?;
        }
        if let Some(name) = scenario
            .included_operations
            .iter()
            .chain(scenario.operations.keys())
            .find(|name| contract.operation(name).is_none())
        {
            return Err(scenario_error(&format!("the contract has no operation `{name}`")));
        }
        let completed_scenario = complete_scenario(&contract, scenario).scenario;
        if let Some(protocol) = scenario.protocol {
            contract::switch_protocol(&mut contract, protocol);
        }
        let endpoint = Endpoint::parse(base).map_err(|error| scenario_error(&error))?;
        // A fuzzer's process creates one subject, and everything that borrows from it lives as long.
        let contract: &'static Contract = Box::leak(Box::new(contract));
        let scenario: &'static Scenario = Box::leak(Box::new(completed_scenario));
        let endpoint: &'static Endpoint = Box::leak(Box::new(endpoint));
        let plan: &'static RunPlan<'static> = Box::leak(Box::new(RunPlan {
            contract,
            scenario,
            endpoint,
            transport_options: TransportOptions::default(),
            run_id: "fuzz".to_owned(),
            overrides: IndexMap::new(),
            aws_keys: None,
            control_case: &|_| None,
            logins: crate::run::Logins::default(),
            cancel_token: CancelToken::default(),
            leaked_fixtures: LeakedFixtures::default(),
            search_time: SearchBudget::default(),
            response_times: ResponseTimes::default(),
            load_limit: crate::run::LoadLimit::default(),
            operation_health: OperationHealth::default(),
            #[cfg(feature = "run")]
            server: None,
            reset_endpoint: None,
            restart_endpoint: None,
        }));
        Ok(Self {
            contract,
            scenario,
            generator: FuzzGenerator::new(contract, scenario, 1)?,
            runner: Mutex::new(InProcessRunner::new(plan)),
            origin: endpoint.origin(),
            authority: endpoint.authority(),
            plan,
            input_count: AtomicU64::new(0),
        })
    }

    /// Returns the contract, with the scenario's amendments.
    pub fn contract(&self) -> &Contract {
        self.contract
    }

    /// Returns the actions that a fuzzer's bytes stand for, for a readable corpus.
    #[doc(hidden)]
    pub fn actions_from_bytes(&self, bytes: &[u8]) -> Option<Vec<Action>> {
        self.generator.actions_from_bytes(bytes)
    }

    /// Returns seeds for a corpus: the control of each operation.
    ///
    /// # Examples
    /// ```
    /// # use overstep::inprocess::Subject;
    /// # let contract = include_str!("../../tests/it/cards/cards.contract.json");
    /// # let scenario = include_str!("../../tests/it/cards/cards.toml");
    /// # let subject = Subject::new(contract, scenario)?;
    /// for (number, seed) in subject.seeds().iter().enumerate() {
    ///     // Write `corpus/{number}`.
    /// #   assert!(number < 3 && seed.starts_with(b"["));
    /// }
    /// # Ok::<(), overstep::inprocess::SubjectError>(())
    /// ```
    pub fn seeds(&self) -> Vec<Vec<u8>> {
        self.generator
            .control_actions()
            .iter()
            .map(|actions| generate::actions_to_json(actions).to_string().into_bytes())
            .collect()
    }

    /// Returns the words of a libFuzzer dictionary: names, enum values and limits of the contract.
    ///
    /// # Examples
    /// ```
    /// # use overstep::inprocess::Subject;
    /// # let contract = include_str!("../../tests/it/cards/cards.contract.json");
    /// # let scenario = include_str!("../../tests/it/cards/cards.toml");
    /// # let subject = Subject::new(contract, scenario)?;
    /// assert!(subject.words().contains(&"APPROVED".to_owned()));
    /// # Ok::<(), overstep::inprocess::SubjectError>(())
    /// ```
    pub fn words(&self) -> Vec<String> {
        self.generator.dictionary_words()
    }

    /// Turns a fuzzer's bytes into one or more requests, calls the service, and checks every response and the final
    /// state against the contract.
    ///
    /// # Panics
    /// Panics if a check fails, with the case, curl lines and the documented fact. A fuzzer treats this as a crash.
    ///
    /// # Examples
    /// ```should_panic
    /// # use overstep::inprocess::Subject;
    /// # let contract = include_str!("../../tests/it/cards/cards.contract.json");
    /// # let scenario = include_str!("../../tests/it/cards/cards.toml");
    /// # let subject = Subject::new(contract, scenario).unwrap();
    /// let mut router = axum::Router::new(); // A service without any operation.
    /// for seed in subject.seeds() {
    ///     subject.fuzz(&seed, &mut router);
    /// }
    /// ```
    pub fn fuzz<S, R>(&self, bytes: &[u8], service: &mut S)
    where
        S: Service<http::Request<RequestBody>, Response = http::Response<R>>,
        S::Error: Display,
        R: Body,
        R::Error: Display,
    {
        if let Err(finding) = self.try_fuzz(bytes, service) {
            panic!("{finding}");
        }
    }

    /// Like [`Subject::fuzz`], without the panic. Returns the number of checks.
    ///
    /// # Errors
    /// Returns a finding if a check fails.
    ///
    /// # Examples
    /// ```
    /// # use overstep::inprocess::Subject;
    /// # let contract = include_str!("../../tests/it/cards/cards.contract.json");
    /// # let scenario = include_str!("../../tests/it/cards/cards.toml");
    /// # let subject = Subject::new(contract, scenario)?;
    /// let mut router = axum::Router::new(); // A service without any operation.
    /// let link = br#"[{"send": "LinkCard", "input": {"id": {"$template": "{use}"}, "kind": "EMAIL"}}]"#;
    /// let finding = subject.try_fuzz(link, &mut router).expect_err("a valid request is rejected");
    /// assert_eq!((finding.expected.as_str(), finding.observed.as_str()), ("200", "404"));
    /// # Ok::<(), overstep::inprocess::SubjectError>(())
    /// ```
    pub fn try_fuzz<S, R>(&self, bytes: &[u8], service: &mut S) -> Result<usize, Box<InProcessFinding>>
    where
        S: Service<http::Request<RequestBody>, Response = http::Response<R>>,
        S::Error: Display,
        R: Body,
        R::Error: Display,
    {
        let Some(actions) = self.generator.actions_from_bytes(bytes) else { return Ok(0) };
        let Some(fuzz_case) = self.generator.build_fuzz_case(&self.unique_name(bytes), &actions) else { return Ok(0) };
        let mut outcome = self.run_case(fuzz_case.case, service);
        for check in &fuzz_case.checks {
            check.apply_to(std::sync::Arc::make_mut(&mut outcome.case));
            self.check_outcome(&outcome, Some(&actions))?;
        }
        Ok(fuzz_case.checks.len())
    }

    /// Tests the service with every planned case, as `overstep check` sends them. The iterator is lazy: each item sends
    /// one case.
    ///
    /// # Errors
    /// Returns an error if no cases can be generated.
    ///
    /// # Examples
    /// ```
    /// # use overstep::inprocess::Subject;
    /// # let contract = include_str!("../../tests/it/cards/cards.contract.json");
    /// # let scenario = include_str!("../../tests/it/cards/cards.toml");
    /// # let subject = Subject::new(contract, scenario)?;
    /// let mut router = axum::Router::new(); // A service without any operation.
    /// let findings: Vec<_> = subject.check(&mut router)?.filter_map(Result::err).collect();
    /// assert!(findings.iter().any(|finding| finding.rule == "at most 120 characters"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check<'s, S, R>(
        &'s self,
        service: &'s mut S,
    ) -> Result<impl Iterator<Item = Result<(), Box<InProcessFinding>>> + use<'s, S, R>, PlanError>
    where
        S: Service<http::Request<RequestBody>, Response = http::Response<R>>,
        S::Error: Display,
        R: Body,
        R::Error: Display,
    {
        let options = generate::GenerationOptions { seed: 1, ..generate::GenerationOptions::default() };
        let cases = generate::generate_cases(self.contract, self.scenario, options)?;
        Ok(cases.map(|case| {
            let outcome = self.run_case(case, service);
            self.check_outcome(&outcome, None)
        }))
    }

    /// Returns a name for resources, made of the bytes that use them and the number of inputs before. A service whose
    /// state persists has seen none of them, even if the same bytes are run again.
    fn unique_name(&self, bytes: &[u8]) -> String {
        use sha2::{Digest as _, Sha256};
        let before = self.input_count.fetch_add(1, Ordering::Relaxed);
        format!("{}-{before}", data_encoding::HEXLOWER.encode(&Sha256::digest(bytes)[..5]))
    }

    fn run_case<S, R>(&self, case: Case, service: &mut S) -> CaseOutcome
    where
        S: Service<http::Request<RequestBody>, Response = http::Response<R>>,
        S::Error: Display,
        R: Body,
        R::Error: Display,
    {
        let mut runner = self.runner.lock().unwrap_or_else(PoisonError::into_inner);
        let mut outcome = runner.run_case(case, &mut |message| send_request(service, message, &self.authority));
        // Within the process, only the service can be at fault for a missing response.
        if outcome.exchanges.iter().flatten().any(|exchange| exchange.response.is_err()) {
            outcome.liveness = Some(Liveness::Alive);
        }
        outcome
    }

    fn check_outcome(&self, outcome: &CaseOutcome, actions: Option<&[Action]>) -> Result<(), Box<InProcessFinding>> {
        let judgement = judge(self.contract, self.scenario, outcome);
        if judgement.verdict != Verdict::Diverges {
            return Ok(());
        }
        Err(Box::new(InProcessFinding::new(outcome, &judgement, actions, &self.origin, &self.plan.redaction())))
    }
}
