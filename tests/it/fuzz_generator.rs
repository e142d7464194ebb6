//! Fuzzed requests and sequences: generation terminates, actions survive a JSON round trip, and cases have expectations.

use crate::support;
use overstep::case::{Expectation, JudgedPart};
use overstep::generate::{Action, FuzzGenerator, actions_from_json, actions_to_json};
use overstep::pattern::{Draw as _, RecordedDraw, SeededDraw};
use proptest::prelude::*;

fn shipped() -> Vec<(overstep::contract::Contract, overstep::scenario::Scenario)> {
    ["connect", "leadlex"]
        .into_iter()
        .map(support::shipped)
        .map(|(contract, scenario, _)| (contract, scenario))
        .collect()
}

#[test]
fn drawn_actions_round_trip_and_have_checks() {
    for (contract, scenario) in shipped() {
        let generator = FuzzGenerator::new(&contract, &scenario, 1).expect("a plan");
        let (mut valid, mut rejected, mut law_checks, mut sequences) = (0, 0, 0, 0);
        for seed in 0..1500 {
            let mut draw = SeededDraw::new(seed, "test");
            let Some(actions) = generator.draw_actions(&mut draw) else { continue };
            let text = actions_to_json(&actions).to_string();
            assert_eq!(actions_from_json(serde_json::from_str(&text).expect("JSON")).as_ref(), Ok(&actions), "{text}");
            assert_eq!(generator.actions_from_bytes(text.as_bytes()).as_ref(), Some(&actions));
            sequences += u32::from(actions.len() > 1);
            let Some(fuzz_case) = generator.build_fuzz_case("1", &actions) else { continue };
            assert_eq!(generator.build_fuzz_case("1", &actions).as_ref(), Some(&fuzz_case));
            for case in fuzz_case.to_cases() {
                match (&case.expectation, &case.judged) {
                    (Expectation::Accept(_), JudgedPart::Step(step)) => {
                        assert!(*step < case.steps.len());
                        valid += 1;
                    }
                    (Expectation::Reject { errors, .. }, JudgedPart::Step(_)) => {
                        assert!(!errors.is_empty());
                        rejected += 1;
                    }
                    (Expectation::LawHolds { .. }, JudgedPart::Law(_)) => law_checks += 1,
                    (Expectation::Unspecified { reason }, JudgedPart::Step(_)) => assert!(!reason.is_empty()),
                    other => panic!("{other:?}"),
                }
            }
        }
        let name = &scenario.name;
        assert!(
            valid > 300 && rejected > 300 && law_checks > 30 && sequences > 300,
            "{name}: {valid} {rejected} {law_checks}"
        );
    }
}

#[test]
fn planned_cases_convert_to_actions_with_the_same_expectation() {
    for (contract, scenario) in shipped() {
        let generator = FuzzGenerator::new(&contract, &scenario, 1).expect("a plan");
        let options =
            overstep::generate::GenerationOptions { seed: 1, level: overstep::generate::GenerationLevel::Quick };
        let cases = overstep::generate::generate_cases(&contract, &scenario, options).expect("cases");
        let (mut convertible, mut single) = (0, 0);
        for case in cases.filter(|case| case.unsendable_reason.is_none()) {
            let Some(actions) = generator.actions_from_case(&case) else { continue };
            convertible += 1;
            assert!(generator.supports_actions(&actions));
            let (Some(fuzz_case), [_]) = (generator.build_fuzz_case("1", &actions), &actions[..]) else { continue };
            single += 1;
            // The request differs only in its resource, so its documented expectation is the same.
            let planned = std::mem::discriminant(&case.expectation);
            let check = fuzz_case.to_cases().next().expect("a case");
            if matches!(case.judged, JudgedPart::Step(_)) && matches!(case.expectation, Expectation::Reject { .. }) {
                let same = std::mem::discriminant(&check.expectation) == planned;
                let is_damaged =
                    actions.iter().any(|action| matches!(action, Action::Send { damage, .. } if !damage.is_empty()));
                // The meaning of a literal is unknown.
                let is_literal = actions_to_json(&actions).to_string().contains("$raw");
                assert!(same || is_damaged || is_literal, "{}: {:?}", case.id, check.expectation);
            }
        }
        assert!(convertible > 40 && single > 30, "{}: {convertible} {single}", scenario.name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn arbitrary_bytes_and_choices_terminate(bytes in proptest::collection::vec(any::<u8>(), 0..600), choices in proptest::collection::vec(0..4096_u64, 0..60)) {
        static GENERATORS: std::sync::OnceLock<Vec<FuzzGenerator<'static>>> = std::sync::OnceLock::new();
        let generators = GENERATORS.get_or_init(|| {
            let all: &'static mut _ = Box::leak(Box::new(shipped()));
            all.iter().map(|(contract, scenario)| FuzzGenerator::new(contract, scenario, 1).expect("a plan")).collect()
        });
        for generator in generators {
            for actions in [generator.actions_from_bytes(&bytes), generator.draw_actions(&mut RecordedDraw::new(choices.clone()))].into_iter().flatten() {
                let _ = generator.build_fuzz_case("1", &actions);
                for shrunk in generator.shrink_actions(&actions).into_iter().step_by(23) {
                    prop_assert!(shrunk != actions);
                    let _ = generator.build_fuzz_case("1", &shrunk);
                }
            }
        }
        // A recorded choice never exceeds the requested bound.
        prop_assert!(RecordedDraw::new(choices).below(3) < 3);
    }
}
