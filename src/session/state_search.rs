//! Searches for the state in which a resource must be before an operation accepts it: an action that comes before, or an
//! optional member with which the resource must be created.
//!
//! The number of its requests is bounded, and it changes nothing that other operations need.

use super::control_result::{ControlResult, CreatorValue};
use super::operation_probe::OperationProbe;
use crate::contract::{Contract, MemberPath, Operation, ShapeId, ShapeKind};
use crate::generate::PlanError;
use crate::infer::complete_scenario;
use crate::report::{ControlOutcome, OperationDiagnosis};
use crate::scenario::fixture_placeholder;
use serde_json::Value as Json;

/// Maximum number of actions that are tried before one operation.
const MAX_ACTIONS: usize = 6;
/// Maximum number of members of creating operations that are tried for one operation.
const MAX_MEMBERS: usize = 8;
/// Number of letters at the beginning of a word that tell it from others: `finalize` and `finalized`.
const STEM: usize = 5;
/// Maximum depth to which the names of a member's parts are compared with a message.
const MAX_DEPTH: usize = 2;

impl<'a> OperationProbe<'a> {
    /// Tries actions before a rejected operation, on the resource that its path names: first those that the endpoint
    /// names. Returns true if the operation is accepted after one of them; then `row` names it.
    pub(super) fn try_prior_actions(
        &mut self,
        operation: &Operation,
        met: &mut ControlResult,
        row: &mut OperationDiagnosis,
    ) -> Result<bool, PlanError> {
        let name = operation.name.as_str();
        let stated = self.inferred.given.operation_notes(name).is_some_and(|notes| !notes.after.is_empty());
        if stated || !may_be_in_wrong_state(met) {
            return Ok(false);
        }
        let mut items: Vec<String> =
            operation.http.iter().filter_map(|http| item_of(&http.uri)).map(str::to_owned).collect();
        items.extend(self.referenced_items(operation));
        for action in actions_on(&self.job.contract, operation, &items, &met.reason) {
            let mut given = self.inferred.given.clone();
            given.operations.entry(name.to_owned()).or_default().after = vec![action.clone()];
            let tried = complete_scenario(&self.job.contract, &given).scenario;
            row.attempts += 1;
            let next = self.send_control(name, &tried)?;
            if next.outcome == ControlOutcome::Accepted {
                row.reasons.insert("after".to_owned(), std::mem::take(&mut met.reason));
                row.after = vec![action];
                *met = next;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Tries optional members of the operations that create what a rejected operation names, if the endpoint's message
    /// has their names. Returns the value with which the operation is accepted.
    pub(super) fn try_creator_members(
        &mut self,
        operation: &Operation,
        met: &mut ControlResult,
        row: &mut OperationDiagnosis,
    ) -> Result<Option<CreatorValue>, PlanError> {
        if !may_be_in_wrong_state(met) {
            return Ok(None);
        }
        let mut tries = 0;
        for creator in self.creators_of(operation) {
            for member in named_optional_members(&self.job.contract, creator, &met.reason) {
                for value in self.values_of(creator, &member, &met.reason)? {
                    if tries == MAX_MEMBERS {
                        return Ok(None);
                    }
                    tries += 1;
                    row.attempts += 1;
                    let mut tried = self.inferred.scenario.clone();
                    tried.add_found_value(creator.name.as_str(), &member, &value);
                    let next = self.send_control(operation.name.as_str(), &tried)?;
                    if next.outcome == ControlOutcome::Accepted {
                        let reason = std::mem::take(&mut met.reason);
                        *met = next;
                        return Ok(Some(CreatorValue { operation: creator.name.to_string(), member, value, reason }));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Returns the paths of what an operation names outside its path: `/rooms/{id}` for a `room_id` in the body.
    fn referenced_items(&self, operation: &Operation) -> Vec<String> {
        let scenario = &self.inferred.scenario;
        let creators = self.creators_of(operation);
        let names_created = |other: &&Operation, item: &str| {
            let label = item.rsplit_once('{').map_or("", |(_, label)| label.trim_end_matches('}'));
            let used = scenario.use_value(other.name.as_str(), label).and_then(Json::as_str);
            let fixture = used.and_then(fixture_placeholder).map(|(fixture, _)| fixture);
            let create = fixture.and_then(|fixture| scenario.fixtures.get(fixture)?.create.first());
            create.is_some_and(|create| creators.iter().any(|creator| creator.name.as_str() == create.request))
        };
        let all = self.job.contract.operations.iter();
        let items = all.filter_map(|other| Some((other, item_of(&other.http.as_ref()?.uri)?)));
        items.filter(|(other, item)| names_created(other, item)).map(|(_, item)| item.to_owned()).collect()
    }

    /// Returns the operations that create what an operation names.
    fn creators_of(&self, operation: &Operation) -> Vec<&'a Operation> {
        let (scenario, contract) = (&self.inferred.scenario, &self.job.contract);
        let uses = scenario.operation_notes(operation.name.as_str()).map(|notes| &notes.use_values);
        let mut found: Vec<&'a Operation> = Vec::new();
        for template in uses.into_iter().flat_map(|uses| uses.values()).filter_map(Json::as_str) {
            let fixture = fixture_placeholder(template).map(|(fixture, _)| fixture);
            let create = fixture.and_then(|fixture| scenario.fixtures.get(fixture)?.create.first());
            let creator = create.and_then(|create| contract.operation(create.operation_name()?));
            found.extend(creator.filter(|creator| !found.iter().any(|known| known.name == creator.name)));
        }
        found
    }

    /// Returns values to try for a member: those that the message names, then a plain one.
    fn values_of(&self, operation: &Operation, member: &str, message: &str) -> Result<Vec<Json>, PlanError> {
        let contract = &self.job.contract;
        let shape = operation.input.as_ref().and_then(|input| contract.shape(input).kind.members()?.get(member));
        Ok(match shape.map(|member| &contract.shape(&member.shape).kind) {
            Some(ShapeKind::Boolean) => vec![Json::Bool(true), Json::Bool(false)],
            Some(ShapeKind::Enum { values }) => {
                let mut values: Vec<&String> = values.iter().collect();
                values.sort_by_key(|value| !mentions(message, value));
                values.into_iter().map(|value| Json::String(value.clone())).collect()
            }
            _ => {
                let place = [(MemberPath::root().join_member(member), None)];
                let sampled =
                    self.compiled.sample_members_with(&self.inferred.scenario, operation.name.as_str(), &place)?;
                sampled.into_iter().map(|(_, value)| value).collect()
            }
        })
    }
}

/// Returns true if a rejection may be about the state of a resource rather than about the caller or the route.
fn may_be_in_wrong_state(met: &ControlResult) -> bool {
    let is_about_state = ["400", "403", "404", "409", "412", "422", "423"];
    met.outcome == ControlOutcome::Rejected && is_about_state.iter().any(|status| met.observed.starts_with(status))
}

/// Returns the operations whose paths are a word behind one of these paths: those whose words the message has come first.
fn actions_on(contract: &Contract, operation: &Operation, items: &[String], message: &str) -> Vec<String> {
    let mut found: Vec<(usize, String)> = contract
        .operations
        .iter()
        .filter(|other| other.name != operation.name)
        .filter_map(|other| {
            let http = other.http.as_ref().filter(|http| matches!(http.method.as_str(), "POST" | "PUT"))?;
            let (before, word) = http.uri.trim_end_matches('/').rsplit_once('/')?;
            let is_action = !word.starts_with('{') && items.iter().any(|item| route_shape(before) == route_shape(item));
            is_action.then(|| (usize::from(!mentions(message, word)), other.name.to_string()))
        })
        .collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, name)| name).take(MAX_ACTIONS).collect()
}

/// Returns the part of a path up to its last label.
fn item_of(uri: &str) -> Option<&str> {
    let end = uri.rfind('}')?;
    Some(&uri[..=end])
}

/// Returns a path in which all labels have the same name.
fn route_shape(uri: &str) -> Vec<&str> {
    uri.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment }).collect()
}

/// Returns the optional body members of an operation whose names, values or parts a message has.
fn named_optional_members(contract: &Contract, operation: &Operation, message: &str) -> Vec<String> {
    let members = operation.input.as_ref().and_then(|input| contract.shape(input).kind.members());
    let optional = members.into_iter().flatten().filter(|(_, member)| !member.required && member.location.is_in_body());
    let mut found: Vec<(usize, &String)> = optional
        .filter_map(|(name, member)| {
            let rank = match () {
                () if mentions(message, name) => 0,
                () if has_named_part(contract, &member.shape, message, 0) => 1,
                () => return None,
            };
            Some((rank, name))
        })
        .collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, name)| name.clone()).collect()
}

fn has_named_part(contract: &Contract, id: &ShapeId, message: &str, depth: usize) -> bool {
    match &contract.shape(id).kind {
        ShapeKind::Enum { values } => values.iter().any(|value| mentions(message, value)),
        ShapeKind::Structure { members } if depth < MAX_DEPTH => members.iter().any(|(name, member)| {
            mentions(message, name) || has_named_part(contract, &member.shape, message, depth + 1)
        }),
        ShapeKind::List { member } if depth < MAX_DEPTH => has_named_part(contract, member, message, depth + 1),
        _ => false,
    }
}

/// Returns true if a message has a word that begins like one of a name, apart from words of a few letters.
fn mentions(message: &str, name: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let mut spaced = String::new();
        for char in text.chars() {
            if char.is_uppercase() {
                spaced.push(' ');
            }
            spaced.extend(if char.is_alphanumeric() { char.to_lowercase().next() } else { Some(' ') });
        }
        spaced.split_whitespace().map(str::to_owned).collect()
    };
    let stem = |word: &String| word.chars().take(STEM).collect::<String>();
    let said: Vec<String> = words(&message.to_lowercase()).iter().map(stem).collect();
    let named = words(name);
    let telling: Vec<&String> = named.iter().filter(|word| word.len() > 2).collect();
    !telling.is_empty() && telling.iter().all(|word| said.contains(&stem(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_mention_names_by_the_beginnings_of_words() {
        for (message, name, is_mentioned) in [
            ("Only open invoices can be paid, finalize it first", "finalize", true),
            ("The price is not recurring", "recurring", true),
            ("The invoice must be finalized", "finalize", true),
            ("A shipping address is needed", "shippingAddress", true),
            ("The cart is empty", "finalize", false),
            ("It is in no state", "is", false),
        ] {
            assert_eq!(mentions(message, name), is_mentioned, "{message}: {name}");
        }
    }
}
