//! Generated cases: ids, repeatability, coverage of limits, and labels that an independent validator confirms.

use crate::support;
use overstep::case::{Case, CaseClass, Expectation, Intent, StepRequest};
use overstep::contract::{Constraint, Contract};
use overstep::generate::{GenerationLevel, GenerationOptions, generate_cases};
use overstep::scenario::Scenario;
use std::collections::{BTreeSet, HashSet};
use support::schema;

fn generate_all(contract: &Contract, scenario: &Scenario, seed: u64, level: GenerationLevel) -> Vec<Case> {
    generate_cases(contract, scenario, GenerationOptions { seed, level })
        .expect("the test contract can be planned")
        .collect()
}

fn full_cases() -> Vec<Case> {
    generate_all(&support::contract(), &support::scenario(), 1, GenerationLevel::Full)
}

#[test]
fn case_ids_are_unique_and_have_five_parts() {
    let mut seen = HashSet::new();
    for case in full_cases() {
        let parts: Vec<&str> = case.id.as_str().splitn(5, '/').collect();
        assert_eq!(parts.len(), 5, "{}", case.id);
        assert!(parts.iter().all(|part| !part.is_empty()), "{}", case.id);
        assert!(!case.id.as_str().contains(char::is_whitespace), "{}", case.id);
        assert!(seen.insert(case.id.to_string()), "{} occurs twice", case.id);
    }
}

#[test]
fn equal_seeds_give_equal_cases_and_controls_come_first() {
    let (contract, scenario) = (support::contract(), support::scenario());
    let first = generate_all(&contract, &scenario, 7, GenerationLevel::Full);
    assert_eq!(first, generate_all(&contract, &scenario, 7, GenerationLevel::Full));
    assert_ne!(first, generate_all(&contract, &scenario, 8, GenerationLevel::Full));
    let controls: Vec<&str> = first.iter().take(2).map(|case| case.id.as_str()).collect();
    assert_eq!(controls, ["notes/PutNote/valid/control/plain", "notes/DropNote/valid/control/plain"]);
}

#[test]
fn quick_cases_are_a_subset_of_full_cases() {
    let (contract, scenario) = (support::contract(), support::scenario());
    let ids = |level| {
        generate_all(&contract, &scenario, 1, level)
            .into_iter()
            .map(|case| case.id.to_string())
            .collect::<BTreeSet<_>>()
    };
    let (quick, full) = (ids(GenerationLevel::Quick), ids(GenerationLevel::Full));
    assert!(quick.is_subset(&full), "{:?}", quick.difference(&full).collect::<Vec<_>>());
    assert!(quick.len() * 2 < full.len(), "{} of {}", quick.len(), full.len());
}

#[test]
fn the_order_of_operations_does_not_change_cases() {
    let (contract, scenario) = (support::contract(), support::scenario());
    let mut reordered = contract.clone();
    reordered.operations.reverse();
    let drop_note_cases = |contract: &Contract| {
        let mut found = generate_all(contract, &scenario, 1, GenerationLevel::Full);
        found.retain(|case| case.operation.as_str() == "DropNote");
        found.sort_by(|a, b| a.id.cmp(&b.id));
        found
    };
    assert_eq!(drop_note_cases(&contract), drop_note_cases(&reordered));
}

#[test]
fn every_limit_is_tested_below_at_and_above() {
    let ids: HashSet<String> = full_cases().into_iter().map(|case| case.id.to_string()).collect();
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
fn disputed_enum_values_are_probes() {
    for case in full_cases() {
        let expected = match case.id.as_str() {
            "notes/PutNote/color/enum/member-BLUE" => Intent::Probe,
            "notes/PutNote/color/enum/member-GREEN" => Intent::Valid,
            "notes/PutNote/color/enum/unknown" => Intent::Violates,
            _ => continue,
        };
        assert_eq!(case.intent, expected, "{}", case.id);
    }
}

#[test]
fn a_foreign_identifier_expects_the_documented_missing_resource() {
    let cases = full_cases();
    for id in ["notes/PutNote/missing/NoteId/unknown", "notes/PutNote/NoteId/length/at-max"] {
        let case = cases.iter().find(|case| case.id.as_str() == id).expect(id);
        let Expectation::Reject { errors, .. } = &case.expectation else { panic!("{id}: {:?}", case.expectation) };
        assert_eq!(errors.iter().filter_map(|error| error.status).collect::<Vec<_>>(), [404], "{id}");
    }
}

#[test]
fn unsendable_cases_have_a_reason_and_no_steps() {
    let unsendable: Vec<Case> = full_cases().into_iter().filter(|case| case.unsendable_reason.is_some()).collect();
    assert!(unsendable.iter().any(|case| case.id.as_str() == "notes/PutNote/NoteId/length/below-min"));
    assert!(unsendable.iter().all(|case| case.steps.is_empty()));
}

#[test]
fn operations_that_require_an_undrawable_pattern_have_no_cases() {
    let text = include_str!("support/notes.contract.json").replace("^(?!sys:)[a-z0-9:-]+$", "^[a-z]{9,}$");
    let contract = overstep::contract::from_json(&text).expect("well formed");
    let scenario = support::scenario();
    let cases: Vec<Case> =
        generate_cases(&contract, &scenario, GenerationOptions::default()).expect("a plan").collect();
    assert!(!cases.is_empty());
    // Tags are optional or required; either way none is sent.
    let about_tags = cases.iter().filter(|case| case.id.as_str().contains("ags[]"));
    assert_eq!(about_tags.map(|case| case.id.as_str()).collect::<Vec<_>>(), [] as [&str; 0]);
}

/// Returns whether JSON Schema can express the constraint of a case.
fn is_expressible_in_json_schema(case: &Case) -> bool {
    !matches!(case.constraint, Some(Constraint::MaxTotalBytes))
}

/// Returns whether both violations of a pair lie outside of the body. Returns `None` where the body is not a document, or
/// where JSON Schema cannot express a violation.
fn pair_leaves_body_valid(id: &str) -> Option<bool> {
    let mut parts = id.splitn(5, '/').skip(3);
    let (classes, names) = (parts.next()?, parts.next()?);
    let faults: Vec<(&str, &str)> = classes.split('+').zip(names.split('+')).collect();
    // JSON Schema cannot express byte budgets.
    let is_inexpressible =
        |(class, name): &(&str, &str)| *class == "malformed" || (*class == "rule" && *name != "atLeastOneOf");
    if faults.iter().any(is_inexpressible) {
        return None;
    }
    let in_body =
        |(class, name): &(&str, &str)| !matches!(*class, "auth" | "forbidden" | "missing") && *name != "NoteId";
    Some(!faults.iter().any(in_body))
}

#[test]
fn an_independent_validator_agrees_with_every_label() {
    let (contract, scenario) = (support::contract(), support::scenario());
    let mut checked = [0, 0];
    for case in generate_all(&contract, &scenario, 1, GenerationLevel::Full) {
        let operation = contract.operation(case.operation.as_str()).expect("the operation is in the contract");
        let Some(StepRequest::Operation { input, damage, .. }) = case.steps.first().map(|step| &step.request) else {
            continue;
        };
        if !damage.is_empty() || !is_expressible_in_json_schema(&case) {
            continue;
        }
        let expected = match case.intent {
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
        let validator = jsonschema::validator_for(&schema::of_body(&contract, operation)).expect("the schema is valid");
        assert_eq!(validator.is_valid(&body), expected, "{}: {body}", case.id);
        checked[usize::from(expected)] += 1;
    }
    assert!(checked[0] > 100 && checked[1] > 60, "{checked:?} violations and valid bodies were checked");
}
