//! Cases: unique, repeatable, each what its label says.

use crate::support;
use overstep::case::{Case, CaseClass, Expectation, Intent, StepRequest};
use overstep::contract::{Constraint, Contract};
use overstep::generate::{GenerationLevel, GenerationOptions, generate_cases};
use overstep::scenario::Scenario;
use std::collections::{BTreeSet, HashSet};
use support::schema;

fn all(contract: &Contract, scenario: &Scenario, seed: u64, level: GenerationLevel) -> Vec<Case> {
    generate_cases(contract, scenario, GenerationOptions { seed, level })
        .expect("the test contract can be planned")
        .collect()
}

fn full() -> Vec<Case> {
    all(&support::contract(), &support::scenario(), 1, GenerationLevel::Full)
}

#[test]
fn ids_are_unique_and_speak() {
    let mut seen = HashSet::new();
    for case in full() {
        let parts: Vec<&str> = case.id.as_str().splitn(5, '/').collect();
        assert_eq!(parts.len(), 5, "{}", case.id);
        assert!(parts.iter().all(|part| !part.is_empty()), "{}", case.id);
        assert!(!case.id.as_str().contains(char::is_whitespace), "{}", case.id);
        assert!(seen.insert(case.id.to_string()), "{} is there twice", case.id);
    }
}

#[test]
fn the_same_seed_gives_the_same_cases_and_controls_come_first() {
    let (contract, scenario) = (support::contract(), support::scenario());
    let first = all(&contract, &scenario, 7, GenerationLevel::Full);
    assert_eq!(first, all(&contract, &scenario, 7, GenerationLevel::Full));
    assert_ne!(first, all(&contract, &scenario, 8, GenerationLevel::Full));
    let controls: Vec<&str> = first.iter().take(2).map(|case| case.id.as_str()).collect();
    assert_eq!(controls, ["notes/PutNote/valid/control/plain", "notes/DropNote/valid/control/plain"]);
}

#[test]
fn a_quick_run_sends_a_part_of_the_full_one_under_the_same_ids() {
    let (contract, scenario) = (support::contract(), support::scenario());
    let ids = |level| {
        all(&contract, &scenario, 1, level).into_iter().map(|case| case.id.to_string()).collect::<BTreeSet<_>>()
    };
    let (quick, full) = (ids(GenerationLevel::Quick), ids(GenerationLevel::Full));
    assert!(quick.is_subset(&full), "{:?}", quick.difference(&full).collect::<Vec<_>>());
    assert!(quick.len() * 2 < full.len(), "{} of {}", quick.len(), full.len());
}

#[test]
fn facts_added_elsewhere_do_not_move_a_case() {
    let (contract, scenario) = (support::contract(), support::scenario());
    let mut more = contract.clone();
    more.operations.reverse();
    let of_drop = |contract: &Contract| {
        let mut found = all(contract, &scenario, 1, GenerationLevel::Full);
        found.retain(|case| case.operation.as_str() == "DropNote");
        found.sort_by(|a, b| a.id.cmp(&b.id));
        found
    };
    assert_eq!(of_drop(&contract), of_drop(&more));
}

#[test]
fn every_limit_is_tried_below_at_and_above() {
    let ids: HashSet<String> = full().into_iter().map(|case| case.id.to_string()).collect();
    for id in [
        "title/length/at-min",
        "title/length/below-min",
        "title/length/at-max",
        "title/length/above-max",
        "title/length/at-max-two-byte",
        "title/length/above-max-astral",
        "title/length/at-max-combining",
        "title/length/above-max-trailing-space",
        "title/required/missing",
        "title/required/null",
        "title/type/number",
        "color/enum/member-RED",
        "color/enum/member-BLUE",
        "color/enum/lower-case",
        "color/enum/unknown",
        "stars/range/at-min",
        "stars/range/below-min",
        "stars/range/at-max",
        "stars/range/above-max",
        "stars/type/fraction",
        "stars/type/above-type",
        "stars/type/whole-fraction",
        "tags/length/below-min",
        "tags/length/above-max",
        "tags[]/length/above-max",
        "tags[]/pattern/look-ahead",
        "tags[]/pattern/trailing-newline",
        "tags[]/pattern/start-space",
        "tags[]/type/null",
        "fields/maxTotalBytes/at-max",
        "fields/maxTotalBytes/above-max",
        "fields{key}/length/below-min",
        "fields{key}/pattern/end-two-byte",
        "fields{value}/type/null",
        "child/atLeastOneOf/none",
        "child/atLeastOneOf/only-left",
        "child.child/type/nested-5",
        "NoteId/length/above-max",
        "NoteId/segment/encoded",
        "NoteId/segment/dot-dot",
        "malformed/truncated/half",
        "malformed/encoding/lone-byte",
        "malformed/deep-nesting/lists-20000",
        "missing/NoteId/unknown",
        "auth/unauthenticated/key-shortened",
        "auth/forbidden/reader",
        "valid/member/all",
        "valid/random/01",
    ] {
        assert!(ids.contains(&format!("notes/PutNote/{id}")), "{id} is missing");
    }
}

#[test]
fn what_sources_dispute_is_silent_and_the_rest_is_not() {
    for case in full() {
        let due = match case.id.as_str() {
            "notes/PutNote/color/enum/member-BLUE" => Intent::Probe,
            "notes/PutNote/color/enum/member-GREEN" => Intent::Valid,
            "notes/PutNote/color/enum/unknown" => Intent::Violates,
            _ => continue,
        };
        assert_eq!(case.intent, due, "{}", case.id);
    }
}

#[test]
fn a_foreign_identifier_expects_the_documented_missing_resource() {
    let cases = full();
    for id in ["notes/PutNote/missing/NoteId/unknown", "notes/PutNote/NoteId/length/at-max"] {
        let case = cases.iter().find(|case| case.id.as_str() == id).expect(id);
        let Expectation::Reject { errors, .. } = &case.expectation else { panic!("{id}: {:?}", case.expectation) };
        assert_eq!(errors.iter().filter_map(|error| error.status).collect::<Vec<_>>(), [404], "{id}");
    }
}

#[test]
fn what_cannot_be_put_on_the_wire_says_why() {
    let unsendable: Vec<Case> = full().into_iter().filter(|case| case.unsendable_reason.is_some()).collect();
    assert!(unsendable.iter().any(|case| case.id.as_str() == "notes/PutNote/NoteId/length/below-min"));
    assert!(unsendable.iter().all(|case| case.steps.is_empty()));
}

#[test]
fn an_unsatisfiable_pattern_is_refused_with_its_place() {
    let text = include_str!("support/notes.contract.json").replace("^(?!sys:)[a-z0-9:-]+$", "^[a-z]{9,}$");
    let contract = overstep::contract::from_json(&text).expect("well formed");
    let scenario = support::scenario();
    let error = generate_cases(&contract, &scenario, GenerationOptions::default())
        .err()
        .expect("nothing fits nine letters into eight");
    assert_eq!(error.to_string(), "shape `Tag`: no text with 0 to 8 characters matches the pattern `^[a-z]{9,}$`");
}

/// Constraints that JSON Schema can say.
fn schema_knows(case: &Case) -> bool {
    !matches!(case.constraint, Some(Constraint::MaxTotalBytes))
}

/// Whether neither of a pair's faults lies in the body; nothing where the body is no document at all.
fn pair_leaves_body_valid(id: &str) -> Option<bool> {
    let mut parts = id.splitn(5, '/').skip(3);
    let (classes, names) = (parts.next()?, parts.next()?);
    let faults: Vec<(&str, &str)> = classes.split('+').zip(names.split('+')).collect();
    // Nor does JSON Schema know byte budgets.
    let is_beyond =
        |(class, name): &(&str, &str)| *class == "malformed" || (*class == "rule" && *name != "atLeastOneOf");
    if faults.iter().any(is_beyond) {
        return None;
    }
    let in_body =
        |(class, name): &(&str, &str)| !matches!(*class, "auth" | "forbidden" | "missing") && *name != "NoteId";
    Some(!faults.iter().any(in_body))
}

#[test]
fn an_independent_validator_agrees_with_every_label() {
    let (contract, scenario) = (support::contract(), support::scenario());
    let mut judged = [0, 0];
    for case in all(&contract, &scenario, 1, GenerationLevel::Full) {
        let operation = contract.operation(case.operation.as_str()).expect("of this contract");
        let Some(StepRequest::Operation { input, damage, .. }) = case.steps.first().map(|step| &step.request) else {
            continue;
        };
        if !damage.is_empty() || !schema_knows(&case) {
            continue;
        }
        let due = match case.intent {
            _ if case.id.class() == Some(CaseClass::Pair) => match pair_leaves_body_valid(case.id.as_str()) {
                Some(valid) => valid,
                None => continue,
            },
            Intent::Valid | Intent::Missing | Intent::Auth => true,
            // A violation outside the body leaves the body valid.
            Intent::Violates if case.member.as_ref().and_then(|path| path.top_member()) != Some("NoteId") => false,
            _ => continue,
        };
        let Some(mut body) = schema::to_json(input) else { continue };
        if let Some(members) = body.as_object_mut() {
            members.remove("NoteId");
        }
        let validator = jsonschema::validator_for(&schema::of_body(&contract, operation)).expect("a sound schema");
        assert_eq!(validator.is_valid(&body), due, "{}: {body}", case.id);
        judged[usize::from(due)] += 1;
    }
    assert!(judged[0] > 100 && judged[1] > 60, "{judged:?} violations and valid bodies were judged");
}
