//! Examines one operation: sends its control and searches for the values and members that a rejected one lacks.
//!
//! It decides nothing about other operations, and the number of its requests is bounded.

use crate::contract::{Contract, MemberPath, Operation, OperationName, ShapeKind};
use crate::generate::{CompiledContract, PlanError};
use crate::infer::{IdentifierOrigin, InferenceResult, InferredResource};
use crate::judge::{EndpointKnowledge, Verdict, judge, rejected_members, response_message};
use crate::report::{ControlOutcome, OperationDiagnosis};
use crate::run::{SequentialRunner, undefined_placeholder};
use crate::scenario::{Scenario, fixture_placeholder};
use crate::search::{KnownReferences, MemberSearch, RefusalSearch};
use crate::session::candidate_members::candidate_members;
use crate::session::control_result::{ControlResult, CreatorValue};
use crate::session::job::ScenarioJob;
use crate::session::request_references::{
    MIN_NOUN_LENGTH, has_place, is_part_of, names_member, place_of_reference, says_missing, set_member, words_of,
};
use indexmap::IndexMap;
use serde_json::Value as Json;

/// Maximum number of inputs to try for one operation.
const MAX_ATTEMPTS: usize = 24;
/// Maximum number of inputs to try if the endpoint misses a resource.
const MAX_NAMED_ATTEMPTS: usize = 8;
/// Maximum number of references to further resources that are tried alone.
const MAX_SINGLE_REFERENCES: usize = 6;
/// Maximum number of resources that an operation needs although no member names them.
const MAX_NEEDS: usize = 3;

/// Examines one operation.
pub(super) struct OperationProbe<'a> {
    pub job: &'a ScenarioJob,
    pub compiled: &'a CompiledContract<'a>,
    runner: &'a SequentialRunner<'a>,
    knowledge: &'a EndpointKnowledge,
    pub inferred: &'a InferenceResult,
    /// Values that were found for operations which create what the examined one names.
    pub creator_values: Vec<CreatorValue>,
    pub sent_cases: u64,
    pub sent_steps: u64,
    /// Whether a request got no response.
    pub lost_response: bool,
    /// Another operation that succeeded before and made the server fail, if there was one.
    pub broken_operation: Option<OperationName>,
}

/// The values found for an operation, by member.
pub(super) type FoundValues = IndexMap<String, Json>;

impl<'a> OperationProbe<'a> {
    pub fn new(
        job: &'a ScenarioJob,
        compiled: &'a CompiledContract<'a>,
        runner: &'a SequentialRunner<'a>,
        knowledge: &'a EndpointKnowledge,
        inferred: &'a InferenceResult,
    ) -> Self {
        Self {
            job,
            compiled,
            runner,
            knowledge,
            inferred,
            creator_values: Vec::new(),
            sent_cases: 0,
            sent_steps: 0,
            lost_response: false,
            broken_operation: None,
        }
    }

    /// Sends the control of an operation and searches for what it lacks. Returns the values that were found, besides the
    /// diagnosis.
    pub fn probe_operation(&mut self, operation: &Operation) -> Result<(OperationDiagnosis, FoundValues), PlanError> {
        let name = operation.name.as_str();
        let scenario = &self.inferred.scenario;
        let mut met = self.send_control(name, scenario)?;
        let mut row = OperationDiagnosis { operation: name.to_owned(), ..OperationDiagnosis::default() };
        let mut found = FoundValues::new();
        // A server that fails because a member is missing responds in the same way as for an unknown operation.
        let is_maker = self.inferred.resources.iter().any(|resource| resource.created_by == name);
        let may_lack = met.outcome == ControlOutcome::Rejected
            || (matches!(met.outcome, ControlOutcome::NotImplemented | ControlOutcome::Diverges)
                && met.is_server_failure
                && is_maker);
        let is_modelled = self.contract_of(operation).is_model_only();
        if met.outcome == ControlOutcome::NotSent && is_modelled {
            found = self.replace_missing_values(operation, &mut met, &mut row)?;
        }
        if may_lack && !is_modelled && !met.rejected.is_empty() {
            found = self.follow_refusals(operation, &mut met, &mut row)?;
        }
        if may_lack || (met.outcome == ControlOutcome::Diverges && met.is_server_failure) {
            found.extend(self.try_alternatives(operation, &mut met, &mut row)?);
        }
        let may_lack_members = is_modelled || may_lack_members(&met.observed);
        if may_lack && met.outcome != ControlOutcome::Accepted && may_lack_members {
            let members = self.search_members(operation, &mut met, &mut row)?;
            found.extend(members);
        }
        if met.outcome == ControlOutcome::Rejected && is_modelled {
            row.needs = self.search_needs(operation, &mut met, &mut row)?;
        }
        if may_lack && !is_modelled && met.outcome != ControlOutcome::Accepted {
            found.clear();
            if !self.try_prior_actions(operation, &mut met, &mut row)? {
                let created_with = self.try_creator_members(operation, &mut met, &mut row)?;
                self.creator_values.extend(created_with);
            }
        }
        if met.outcome == ControlOutcome::Accepted {
            row.required_members = found.clone();
        } else {
            row.needs.clear();
            found.clear();
            row.reasons.clear();
        }
        (row.outcome, row.observed, row.reason) = (met.outcome, met.observed, met.reason);
        Ok((row, found))
    }

    /// Creates resources that rejections name although no member does: "the API has no methods". Returns the fixtures with
    /// which the request was accepted.
    fn search_needs(
        &mut self,
        operation: &Operation,
        met: &mut ControlResult,
        row: &mut OperationDiagnosis,
    ) -> Result<Vec<String>, PlanError> {
        let name = operation.name.as_str();
        let mut scenario = self.inferred.scenario.clone();
        let mut needs: Vec<String> = Vec::new();
        let mut message = met.message.clone();
        for _ in 0..MAX_NEEDS {
            let words: Vec<String> = words_of(&message);
            let is_named = |resource: &&InferredResource| {
                let noun: Vec<&str> = resource.fixture.split('_').collect();
                let is_word =
                    |part: &&str| words.iter().any(|word| word == part || word.strip_suffix('s') == Some(part));
                resource.created_by != name && !needs.contains(&resource.fixture) && noun.iter().all(is_word)
            };
            let is_long = |resource: &&InferredResource| resource.fixture.len() > MIN_NOUN_LENGTH;
            let belongs = |resource: &&InferredResource| self.belongs_to_same(name, resource);
            let mut named = self.inferred.resources.iter().filter(is_long).filter(is_named).filter(belongs);
            let Some(needed) = named.next().map(|resource| resource.fixture.clone()) else { break };
            scenario.operations.entry(name.to_owned()).or_default().needs.push(needed.clone());
            scenario.order_fixtures();
            needs.push(needed);
            row.attempts += 1;
            let next = self.send_control(name, &scenario)?;
            message.clone_from(&next.message);
            if next.outcome == ControlOutcome::Accepted {
                *met = next;
                return Ok(needs);
            }
        }
        Ok(Vec::new())
    }

    /// Returns true if an operation and what creates a resource need the same fixture, and the operation does not need the
    /// resource already.
    fn belongs_to_same(&self, operation: &str, resource: &InferredResource) -> bool {
        let needed = |operation: &str| -> Vec<String> {
            let notes = self.inferred.scenario.operation_notes(operation);
            let values = notes.into_iter().flat_map(|notes| notes.use_values.values()).filter_map(Json::as_str);
            let fixtures = values.filter_map(fixture_placeholder);
            fixtures.map(|(fixture, _)| fixture.to_owned()).collect()
        };
        let own = needed(operation);
        !own.contains(&resource.fixture) && needed(&resource.created_by).iter().any(|fixture| own.contains(fixture))
    }

    /// Sends plain values in place of those that no response had: a member that seemed to name a resource may be content.
    fn replace_missing_values(
        &mut self,
        operation: &Operation,
        met: &mut ControlResult,
        row: &mut OperationDiagnosis,
    ) -> Result<FoundValues, PlanError> {
        let name = operation.name.as_str();
        let Some(placeholder) = undefined_placeholder(&met.reason) else { return Ok(FoundValues::new()) };
        let mut without = self.inferred.scenario.clone();
        let Some(notes) = without.operations.get_mut(name) else { return Ok(FoundValues::new()) };
        let is_missing = |value: &Json| value.as_str() == Some(placeholder);
        let places: Vec<String> =
            notes.use_values.iter().filter(|(_, value)| is_missing(value)).map(|(place, _)| place.clone()).collect();
        notes.use_values.retain(|_, value| !is_missing(value));
        let paths: Vec<_> = places.iter().filter_map(|place| Some((MemberPath::parse(place)?, None))).collect();
        let values = self.compiled.sample_members_with(&without, name, &paths)?;
        if values.is_empty() {
            return Ok(FoundValues::new());
        }
        row.attempts += 1;
        let values: FoundValues = values.into_iter().collect();
        *met = self.send_with_values(name, &values)?;
        Ok(values)
    }

    /// Sends the values to which the members lead that rejections name, until the request is accepted or nothing is left
    /// to try. Returns the values that were sent last.
    fn follow_refusals(
        &mut self,
        operation: &Operation,
        met: &mut ControlResult,
        row: &mut OperationDiagnosis,
    ) -> Result<FoundValues, PlanError> {
        let name = operation.name.as_str();
        let mut search = RefusalSearch::new(self.contract_of(operation), operation, self.known_references(name));
        let mut values = FoundValues::new();
        for _ in 0..MAX_ATTEMPTS {
            if met.outcome != ControlOutcome::Rejected || !search.record_rejection(&met.rejected) {
                break;
            }
            let proposed = search.values();
            let places: Vec<_> = proposed.iter().map(|one| (one.path.clone(), one.value.clone())).collect();
            values = self.compiled.sample_members_with(&self.inferred.scenario, name, &places)?.into_iter().collect();
            row.attempts += 1;
            *met = self.send_with_values(name, &values)?;
            row.reasons = proposed
                .iter()
                .filter_map(|one| Some((one.path.top_member()?.to_owned(), one.reason.clone())))
                .collect();
        }
        Ok(if met.outcome == ControlOutcome::Accepted { values } else { FoundValues::new() })
    }

    /// Sends what else the operation may need: references to further resources, its worked examples, and both. Returns
    /// the members of the first accepted request without which it is rejected.
    fn try_alternatives(
        &mut self,
        operation: &Operation,
        met: &mut ControlResult,
        row: &mut OperationDiagnosis,
    ) -> Result<FoundValues, PlanError> {
        if met.outcome == ControlOutcome::Accepted {
            return Ok(FoundValues::new());
        }
        let name = operation.name.as_str();
        let references = self.alternative_references(name, &|_| true)?;
        let named = self.alternative_references(name, &|one| names_member(&met.reason, &one.member))?;
        let mut alternatives = vec![named, references.clone()];
        let singles = references.iter().take(MAX_SINGLE_REFERENCES);
        alternatives.extend(singles.map(|(member, value)| FoundValues::from([(member.clone(), value.clone())])));
        for example in self.compiled.example_inputs(name) {
            let open = example.into_iter().filter(|(member, _)| self.is_open(name, member));
            let open: FoundValues = open.collect();
            // Identifiers of an example exist nowhere.
            let with_references =
                open.iter().map(|(member, value)| (member.clone(), references.get(member).unwrap_or(value).clone()));
            let with_references: FoundValues = with_references.collect();
            let mut with_all = with_references.clone();
            with_all.extend(references.clone());
            alternatives.extend([with_references, with_all]);
        }
        alternatives.extend(self.references_by_error(operation, met));
        alternatives.dedup();
        for mut values in alternatives.into_iter().filter(|values| !values.is_empty()) {
            row.attempts += 1;
            let next = self.send_with_values(name, &values)?;
            if next.outcome != ControlOutcome::Accepted {
                continue;
            }
            *met = next;
            for member in values.keys().cloned().collect::<Vec<_>>() {
                let mut fewer = values.clone();
                fewer.shift_remove(&member);
                if !fewer.is_empty() && self.send_with_values(name, &fewer)?.outcome == ControlOutcome::Accepted {
                    values = fewer;
                }
            }
            let from_example = values.keys().filter(|member| !references.contains_key(*member));
            row.reasons = from_example.map(|member| (member.clone(), "a worked example has it".to_owned())).collect();
            return Ok(values);
        }
        Ok(FoundValues::new())
    }

    /// Returns the values of required members that may name the resource which an error says is missing:
    /// `AccountNotFoundException` for a `ChildId`.
    fn references_by_error(&self, operation: &Operation, met: &ControlResult) -> Vec<FoundValues> {
        let plain = |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).collect() };
        let error = plain(&format!("{} {}", met.observed, met.reason)).to_lowercase();
        if !says_missing(&met.observed, &met.reason) {
            return Vec::new();
        }
        let contract = self.contract_of(operation);
        let members = operation.input.as_ref().and_then(|input| contract.shape(input).kind.members());
        let is_text = |member: &&String| {
            members.and_then(|members| members.get(*member)).is_some_and(|member| {
                member.required && matches!(contract.shape(&member.shape).kind, ShapeKind::String)
            })
        };
        let open: Vec<&String> = members.into_iter().flat_map(|members| members.keys()).filter(is_text).collect();
        let known = self.known_references(operation.name.as_str()).by_resource;
        let named = known.iter().filter(|(resource, _)| {
            let resource = plain(resource);
            resource.len() > MIN_NOUN_LENGTH && error.contains(&resource)
        });
        let of = |(_, value): (&String, &String)| {
            let one = |member: &&String| FoundValues::from([((*member).clone(), Json::String(value.clone()))]);
            open.iter().filter(|member| self.is_open(operation.name.as_str(), member)).map(one).collect::<Vec<_>>()
        };
        named.flat_map(of).take(MAX_SINGLE_REFERENCES).collect()
    }

    /// Returns the values of top members that name the further resources which the operation may need.
    fn alternative_references(
        &self,
        operation: &str,
        is_wanted: &dyn Fn(&IdentifierOrigin) -> bool,
    ) -> Result<FoundValues, PlanError> {
        let references = self.inferred.alternative_references.iter().filter(|one| one.operation == operation);
        let mut places: Vec<(MemberPath, Option<Json>)> = references
            .filter(|one| is_wanted(one))
            .filter_map(|one| place_of_reference(&self.job.contract, one))
            .collect();
        places.sort_by(|one, other| one.0.top_member().cmp(&other.0.top_member()));
        let values = self.compiled.sample_members_with(&self.inferred.scenario, operation, &places)?;
        Ok(values.into_iter().collect())
    }

    /// Returns true if the scenario has no value for a member or a part of it.
    fn is_open(&self, operation: &str, member: &str) -> bool {
        let notes = self.inferred.scenario.operation_notes(operation);
        notes.is_none_or(|notes| !notes.use_values.keys().any(|place| is_part_of(place, member)))
    }

    /// Returns the contract that has an operation.
    fn contract_of(&self, operation: &Operation) -> &'a Contract {
        self.job.contract.owner_of(operation.name.as_str())
    }

    /// Sends the control of an operation with further values.
    fn send_with_values(&mut self, operation: &str, values: &FoundValues) -> Result<ControlResult, PlanError> {
        let mut tried = self.inferred.scenario.clone();
        values.iter().for_each(|(member, value)| tried.add_found_value(operation, member, value));
        self.send_control(operation, &tried)
    }

    /// Returns the values that name resources which exist while the control of an operation runs.
    fn known_references(&self, operation: &str) -> KnownReferences {
        let inferred = self.inferred;
        let by_member = inferred.alternative_references.iter().filter(|one| one.operation == operation);
        let by_resource = inferred.origins.iter().chain(&inferred.alternative_references).filter_map(|one| {
            let (fixture, _) = fixture_placeholder(&one.value)?;
            Some((fixture.to_owned(), one.value.clone()))
        });
        KnownReferences {
            by_member: by_member.map(|one| (one.member.clone(), one.value.clone())).collect(),
            by_resource: by_resource.collect(),
        }
    }

    /// Tries further optional members, guided by the words of rejections. Returns those with which the request was
    /// accepted.
    fn search_members(
        &mut self,
        operation: &Operation,
        met: &mut ControlResult,
        row: &mut OperationDiagnosis,
    ) -> Result<FoundValues, PlanError> {
        let (name, scenario) = (operation.name.as_str(), &self.inferred.scenario);
        let candidates = candidate_members(self.contract_of(operation), operation, scenario);
        // If a resource is missing, members that no message names are not guessed.
        let attempts = if says_missing(&met.observed, &met.reason) { MAX_NAMED_ATTEMPTS } else { MAX_ATTEMPTS };
        let mut search = MemberSearch::new(candidates, &met.message, attempts);
        while let Some(names) = search.propose() {
            let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
            let Some(tried) = self.with_members(operation, scenario, &names)? else { continue };
            row.attempts += 1;
            let next = self.send_control(name, &tried)?;
            if next.outcome == ControlOutcome::Accepted {
                let (names, tried) = self.minimize_members(operation, scenario, names, tried)?;
                let uses = tried.operation_notes(name).map(|notes| notes.use_values.clone()).unwrap_or_default();
                *met = next;
                let is_found = |member: &String| names.iter().any(|name| is_part_of(name, member));
                return Ok(uses.into_iter().filter(|(member, _)| is_found(member)).collect());
            }
            search.record_rejection(&next.message);
        }
        Ok(FoundValues::new())
    }

    /// Removes the members that are not needed from those with which the request was accepted.
    fn minimize_members(
        &mut self,
        operation: &Operation,
        scenario: &Scenario,
        mut names: Vec<String>,
        mut granted: Scenario,
    ) -> Result<(Vec<String>, Scenario), PlanError> {
        for name in names.clone() {
            let fewer: Vec<String> = names.iter().filter(|other| **other != name).cloned().collect();
            let Some(tried) = self.with_members(operation, scenario, &fewer)?.filter(|_| !fewer.is_empty()) else {
                continue;
            };
            if self.send_control(operation.name.as_str(), &tried)?.outcome == ControlOutcome::Accepted {
                (names, granted) = (fewer, tried);
            }
        }
        Ok((names, granted))
    }

    /// Returns the scenario with plain values for further members of an operation.
    fn with_members(
        &self,
        operation: &Operation,
        scenario: &Scenario,
        members: &[String],
    ) -> Result<Option<Scenario>, PlanError> {
        let name = operation.name.as_str();
        let mut places: Vec<(MemberPath, Option<Json>)> =
            members.iter().filter_map(|member| Some((MemberPath::parse(member)?, None))).collect();
        places.sort_by(|one, other| one.0.top_member().cmp(&other.0.top_member()));
        let plain = self.compiled.sample_members_with(scenario, name, &places)?;
        // Where plain values name resources, references take their place.
        let references = self.inferred.alternative_references.iter().filter(|one| one.operation == name);
        let references = references.filter_map(|one| place_of_reference(&self.job.contract, one));
        let is_sent = |(path, _): &(MemberPath, Option<Json>)| {
            plain.iter().any(|(top, value)| path.top_member() == Some(top) && has_place(value, &path.0[1..]))
        };
        let references: Vec<_> = references.filter(is_sent).collect();
        places.retain(|(path, _)| references.iter().all(|(other, _)| other != path));
        places.extend(references);
        places.sort_by(|one, other| one.0.top_member().cmp(&other.0.top_member()));
        let mut values = self.compiled.sample_members_with(scenario, name, &places)?;
        for (member, template) in self.own_names(operation) {
            values.iter_mut().for_each(|(_, value)| set_member(value, &member, &template));
        }
        let mut tried = scenario.clone();
        for (member, value) in values {
            tried.operations.entry(name.to_owned()).or_default().use_values.insert(member, value);
        }
        Ok(Some(tried))
    }

    /// Returns the members in which an operation has the name of what it creates, each with its template.
    fn own_names(&self, operation: &Operation) -> Vec<(String, Json)> {
        let Some(notes) = self.inferred.scenario.operation_notes(operation.name.as_str()) else { return Vec::new() };
        let fresh = notes.fresh_members.iter().filter(|member| !member.contains(['.', '[', '{']));
        fresh.filter_map(|member| Some((member.clone(), notes.use_values.get(member)?.clone()))).collect()
    }

    pub fn send_control(&mut self, operation: &str, scenario: &Scenario) -> Result<ControlResult, PlanError> {
        let nothing = |why: String| ControlResult {
            outcome: ControlOutcome::NotSent,
            observed: String::new(),
            reason: why,
            is_server_failure: false,
            rejected: Vec::new(),
            message: String::new(),
        };
        let Some(case) = self.compiled.control(scenario, operation)? else {
            return Ok(nothing("no valid request can be generated".to_owned()));
        };
        self.sent_cases += 1;
        let outcome = match self.runner.run_case(case) {
            Ok(outcome) => outcome,
            Err(why) => {
                self.lost_response = true;
                return Ok(nothing(why.to_string()));
            }
        };
        let health = &self.runner.plan().operation_health;
        health.record_outcome(&outcome);
        let broken = health.failed_operation(&outcome).filter(|failed| failed.as_str() != operation);
        self.broken_operation = broken.or(self.broken_operation.take());
        self.lost_response |= outcome.exchanges.iter().flatten().any(|exchange| exchange.response.is_err());
        self.sent_steps += outcome.exchanges.iter().flatten().count() as u64;
        let contract = self.job.contract.owner_of(operation);
        let judgement = judge(contract, scenario, &outcome);
        let observed = if judgement.observed.status.is_some() { judgement.observed.to_string() } else { String::new() };
        let is_missing = || self.knowledge.shows_missing_operation(contract, &outcome, &judgement);
        let stands = match judgement.verdict {
            _ if judgement.observed.status.is_some_and(|status| (200..300).contains(&status)) => {
                ControlOutcome::Accepted
            }
            _ if judgement.observed.status.is_none() => ControlOutcome::NotSent,
            _ if is_missing() => ControlOutcome::NotImplemented,
            _ if judgement.observed.status.is_some_and(|status| (400..500).contains(&status)) => {
                ControlOutcome::Rejected
            }
            _ => ControlOutcome::Diverges,
        };
        let why = match stands {
            ControlOutcome::Accepted if judgement.verdict == Verdict::Diverges => judgement.why,
            ControlOutcome::Accepted | ControlOutcome::NotImplemented => String::new(),
            _ => response_message(&outcome).unwrap_or(judgement.why),
        };
        let failed = judgement.observed.status.is_some_and(|status| status >= 500);
        let rejected = rejected_members(&outcome);
        let printed = outcome.server_output.iter().rev().find(|line| failed && !line.trim().is_empty());
        let message = printed.map_or_else(|| why.clone(), |line| format!("{why} {line}"));
        Ok(ControlResult { outcome: stands, observed, reason: why, is_server_failure: failed, rejected, message })
    }
}

/// Returns false if a status says that something else is wrong than the members of the request.
fn may_lack_members(observed: &str) -> bool {
    !["401", "403", "404", "405", "409", "410", "429"].iter().any(|status| observed.starts_with(status))
}
