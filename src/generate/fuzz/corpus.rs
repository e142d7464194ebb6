//! Seeds of a corpus: planned cases as actions, and a dictionary of the contract's words and limits.
//!
//! It never returns actions that send anything else than their case.

use super::action::{Action, actions_to_json};
use super::fuzz_case_builder::build_fuzz_case_with_id;
use super::generator::FuzzGenerator;
use super::placeholders::insert_placeholders;
use super::wire_input::input_on_wire;
use crate::case::{Case, Step, StepPurpose, StepRequest};
use crate::contract::ShapeKind;
use crate::generate::input_sampler::OTHER_PARENT;
use crate::generate::template_filler::RESOURCE_TOKEN_STRIDE;
use std::collections::BTreeSet;

/// Maximum length limit that becomes a dictionary entry; no input is longer.
const MAX_DICTIONARY_LIMIT: u64 = 1 << 20;
/// Maximum number of resources of a case that are recognized.
const MAX_RESOURCES: u32 = 4;
/// Maximum number of tokens per resource that are recognized.
const MAX_TOKENS_PER_RESOURCE: u32 = 4;
/// Fragments of actions in JSON.
const ACTION_FRAGMENTS: [&str; 6] =
    [r#"{"$template":"{use}"}"#, r#""resource":2"#, r#""damage":[{"body-truncated":50}]"#, "null", "[]", "{}"];

impl FuzzGenerator<'_> {
    /// Converts a planned case to actions that send the same requests. Returns `None` for what actions cannot express:
    /// requests of another caller, or of no operation. Concurrent requests become sequential.
    pub fn actions_from_case(&self, case: &Case) -> Option<Vec<Action>> {
        actions_from_case(self, case)
    }

    /// Returns the entries of a fuzzer's dictionary: each word of the contract, each limit with its neighbours, and the
    /// JSON forms of actions.
    pub fn dictionary_words(&self) -> Vec<String> {
        dictionary_words(self)
    }
}

/// Converts the requests of a case to actions, without those that create and delete resources.
fn actions_from_case(generator: &FuzzGenerator<'_>, case: &Case) -> Option<Vec<Action>> {
    let own = generator.context().default_authorization();
    let mut sent_steps = test_steps(&case.steps);
    sent_steps.sort_by_key(|step| step.turn);
    if sent_steps.iter().any(|step| step.authorization != own) {
        return None;
    }
    let actions = sent_steps.iter().map(|step| action_from_step(generator, case, step)).collect::<Option<Vec<_>>>()?;
    // A resource named outside its own member would be the same one in every repetition.
    let text = actions_to_json(&actions).to_string();
    let mut tokens = (0..MAX_RESOURCES)
        .flat_map(|one| (1..=MAX_TOKENS_PER_RESOURCE).map(move |number| one * RESOURCE_TOKEN_STRIDE + number));
    if tokens.any(|number| text.contains(&case.id.token(number))) {
        return None;
    }
    // The fuzz case built from these actions must send what the case sends, compared as the wire carries it.
    let fuzz_case = build_fuzz_case_with_id(generator, case.id.clone(), "seed", &actions)?;
    let resent_steps = test_steps(&fuzz_case.case.steps);
    let same = resent_steps.len() == sent_steps.len()
        && resent_steps
            .iter()
            .zip(&sent_steps)
            .all(|(again, step)| Some(&again.request) == send_on_wire(generator, &step.request).as_ref());
    same.then_some(actions)
}

/// Returns the steps that are neither set-up nor teardown.
fn test_steps(steps: &[Step]) -> Vec<&Step> {
    steps.iter().filter(|step| !matches!(step.purpose, StepPurpose::SetUp | StepPurpose::TearDown)).collect()
}

fn action_from_step(generator: &FuzzGenerator<'_>, case: &Case, step: &Step) -> Option<Action> {
    let plan_context = generator.context();
    if step.purpose == StepPurpose::ReadBack {
        let matching_read = |(number, resource): (usize, u32)| {
            let target = &generator.stateful_targets[number];
            (target.stored_member.build_read(plan_context, &case.id, resource).as_ref() == Some(&step.request))
                .then_some((target, resource))
        };
        // Stored members of the case's own operation take precedence.
        let mut all: Vec<usize> = (0..generator.stateful_targets.len()).collect();
        all.sort_by_key(|number| generator.stateful_targets[*number].stored_member.operation.name != case.operation);
        let found = all
            .into_iter()
            .flat_map(|number| (1..=MAX_RESOURCES).map(move |one| (number, one)))
            .find_map(matching_read);
        if let Some((target, resource)) = found
            && let Some(member) = target.stored_member.path.top_member()
        {
            let operation = target.stored_member.operation.name.clone();
            return Some(Action::Read { operation, member: member.to_owned(), resource });
        }
    }
    let StepRequest::Operation { name, input, damage } = &step.request else { return None };
    let operation = generator.operation_info(name.as_str())?.operation;
    // Several resources may match; the one with the most matching values is meant.
    let with_placeholders = |resource| {
        let mut input = input.clone();
        (insert_placeholders(plan_context, operation, &case.id, resource, &mut input), resource, input)
    };
    let (places, resource, input) =
        (1..=MAX_RESOURCES).rev().map(with_placeholders).max_by_key(|(places, ..)| *places)?;
    // Actions cannot name a resource of another parent.
    if with_placeholders(OTHER_PARENT).0 > places {
        return None;
    }
    Some(Action::Send { operation: name.clone(), resource, input, damage: damage.clone() })
}

fn send_on_wire(generator: &FuzzGenerator<'_>, send: &StepRequest) -> Option<StepRequest> {
    let StepRequest::Operation { name, input, damage } = send else { return Some(send.clone()) };
    let input =
        input_on_wire(generator.context().contract, generator.operation_info(name.as_str())?.operation, input.clone())?;
    Some(StepRequest::Operation { name: name.clone(), input, damage: damage.clone() })
}

fn dictionary_words(generator: &FuzzGenerator<'_>) -> Vec<String> {
    let mut found: BTreeSet<String> = generator.dictionary.words().iter().cloned().collect();
    found.extend(generator.operations().map(str::to_owned));
    found.extend(generator.operations().map(|name| format!(r#"{{"send":"{name}"}},"#)));
    found.extend(ACTION_FRAGMENTS.map(str::to_owned));
    for shape in generator.context().contract.shapes.values() {
        let length = shape.length();
        for limit in [length.min, length.max].into_iter().flatten().filter(|limit| *limit <= MAX_DICTIONARY_LIMIT) {
            found.extend(
                limit_and_neighbors(i128::from(limit)).filter(|value| *value >= 0).map(|value| value.to_string()),
            );
        }
        for limit in shape.range.iter().flat_map(|range| [&range.min, &range.max]).flatten() {
            found.insert(limit.to_string());
            found.extend(limit.as_i128().into_iter().flat_map(limit_and_neighbors).map(|value| value.to_string()));
        }
        if matches!(shape.kind, ShapeKind::Boolean) {
            found.extend(["true".to_owned(), "false".to_owned()]);
        }
    }
    found.into_iter().collect()
}

/// Returns a limit and its two neighbours.
fn limit_and_neighbors(limit: i128) -> impl Iterator<Item = i128> {
    limit - 1..=limit + 1
}
