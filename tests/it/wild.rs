//! Free requests and sequences: whatever the choices, they end, read back as they were written, and are labelled.

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
fn every_seed_leads_to_acts_that_read_back_and_are_held_against_something() {
    for (contract, scenario) in shipped() {
        let wild = FuzzGenerator::new(&contract, &scenario, 1).expect("a plan");
        let (mut valid, mut refused, mut laws, mut sequences) = (0, 0, 0, 0);
        for seed in 0..1500 {
            let mut draw = SeededDraw::new(seed, "test");
            let Some(acts) = wild.draw_actions(&mut draw) else { continue };
            let text = actions_to_json(&acts).to_string();
            assert_eq!(actions_from_json(serde_json::from_str(&text).expect("JSON")).as_ref(), Ok(&acts), "{text}");
            assert_eq!(wild.actions_from_bytes(text.as_bytes()).as_ref(), Some(&acts));
            sequences += u32::from(acts.len() > 1);
            let Some(tale) = wild.build_fuzz_case("1", &acts) else { continue };
            assert_eq!(wild.build_fuzz_case("1", &acts).as_ref(), Some(&tale));
            for case in tale.to_cases() {
                match (&case.expectation, &case.judged) {
                    (Expectation::Accept(_), JudgedPart::Step(step)) => {
                        assert!(*step < case.steps.len());
                        valid += 1;
                    }
                    (Expectation::Reject { errors, .. }, JudgedPart::Step(_)) => {
                        assert!(!errors.is_empty());
                        refused += 1;
                    }
                    (Expectation::LawHolds { .. }, JudgedPart::Law(_)) => laws += 1,
                    (Expectation::Unspecified { reason }, JudgedPart::Step(_)) => assert!(!reason.is_empty()),
                    other => panic!("{other:?}"),
                }
            }
        }
        let name = &scenario.name;
        assert!(valid > 300 && refused > 300 && laws > 30 && sequences > 300, "{name}: {valid} {refused} {laws}");
    }
}

#[test]
fn planned_cases_become_acts_that_send_the_same() {
    for (contract, scenario) in shipped() {
        let wild = FuzzGenerator::new(&contract, &scenario, 1).expect("a plan");
        let options =
            overstep::generate::GenerationOptions { seed: 1, level: overstep::generate::GenerationLevel::Quick };
        let cases = overstep::generate::generate_cases(&contract, &scenario, options).expect("cases");
        let (mut seeds, mut single) = (0, 0);
        for case in cases.filter(|case| case.unsendable_reason.is_none()) {
            let Some(acts) = wild.actions_from_case(&case) else { continue };
            seeds += 1;
            assert!(wild.supports_actions(&acts));
            let (Some(tale), [_]) = (wild.build_fuzz_case("1", &acts), &acts[..]) else { continue };
            single += 1;
            // The same request, but for the resource: what is documented for it stays.
            let planned = std::mem::discriminant(&case.expectation);
            let judged = tale.to_cases().next().expect("a claim");
            if matches!(case.judged, JudgedPart::Step(_)) && matches!(case.expectation, Expectation::Reject { .. }) {
                let same = std::mem::discriminant(&judged.expectation) == planned;
                let is_damaged =
                    acts.iter().any(|act| matches!(act, Action::Send { damage, .. } if !damage.is_empty()));
                // Who knows how a literal is read?
                let is_literal = actions_to_json(&acts).to_string().contains("$raw");
                assert!(same || is_damaged || is_literal, "{}: {:?}", case.id, judged.expectation);
            }
        }
        assert!(seeds > 40 && single > 30, "{}: {seeds} {single}", scenario.name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn any_bytes_and_any_choices_come_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..600), more in proptest::collection::vec(0..4096_u64, 0..60)) {
        static READY: std::sync::OnceLock<Vec<FuzzGenerator<'static>>> = std::sync::OnceLock::new();
        let ready = READY.get_or_init(|| {
            let all: &'static mut _ = Box::leak(Box::new(shipped()));
            all.iter().map(|(contract, scenario)| FuzzGenerator::new(contract, scenario, 1).expect("a plan")).collect()
        });
        for wild in ready {
            for acts in [wild.actions_from_bytes(&bytes), wild.draw_actions(&mut RecordedDraw::new(more.clone()))].into_iter().flatten() {
                let _ = wild.build_fuzz_case("1", &acts);
                for simpler in wild.shrink_actions(&acts).into_iter().step_by(23) {
                    prop_assert!(simpler != acts);
                    let _ = wild.build_fuzz_case("1", &simpler);
                }
            }
        }
        // A choice is never beyond what was asked for.
        prop_assert!(RecordedDraw::new(more).below(3) < 3);
    }
}
