//! Case ids: the text of every planned case parses to the parts that it was made of.
//!
//! Without `OVERSTEP_BOTOCORE` naming an installed botocore, its services are skipped, visibly.

#![expect(clippy::disallowed_methods, reason = "a test may look at files")]

use crate::support;
use overstep::case::{CaseClass, CaseId, CaseKind};
use overstep::contract::Contract;
use overstep::generate::{CompiledContract, FuzzGenerator, GenerationLevel, GenerationOptions};
use overstep::ingest::{self, IngestOptions, NoDocuments};
use overstep::scenario::Scenario;
use std::path::PathBuf;

/// Services of each protocol, with members that are called like parts of ids: `input`, `valid`.
const SERVICES: [&str; 6] = ["dynamodb", "ec2-instance-connect", "route53", "sns", "sqs", "stepfunctions"];

fn assert_round_trip(id: &CaseId) {
    let parsed: CaseId = id.as_str().parse().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(parsed, *id);
    assert_eq!((parsed.scenario(), parsed.operation()), (id.scenario(), id.operation()), "{id}");
    assert_eq!((parsed.subject(), parsed.kind()), (id.subject(), id.kind()), "{id}");
    assert_eq!((parsed.place(), parsed.variant()), (id.place(), id.variant()), "{id}");
    let parts = [id.scenario(), id.operation(), &id.subject().to_string(), &id.kind().to_string(), id.variant()];
    assert_eq!(parts.join("/"), id.as_str());
}

/// Checks the ids of all that a contract plans, and of the controls as fuzz cases. Returns the number of planned cases.
fn check_ids(contract: &Contract, scenario: &Scenario, level: GenerationLevel) -> usize {
    let compiled = CompiledContract::new(contract);
    let canary = compiled.canary(scenario).expect("a plan").expect("there are operations");
    assert_round_trip(&canary.id);
    assert_eq!(*canary.id.kind(), CaseKind::Canary);
    let mut count = 0;
    for case in compiled.cases(scenario, GenerationOptions { seed: 1, level }).expect("a plan") {
        assert_round_trip(&case.id);
        assert_eq!(case.id.operation(), case.operation.as_str());
        assert_eq!(case.id.class().is_none(), case.member.is_some(), "{}", case.id);
        assert!(case.constraint.is_none() || case.constraint == case.id.kind().constraint(), "{}", case.id);
        count += 1;
    }
    let generator = FuzzGenerator::new(contract, scenario, 1).expect("a plan");
    for actions in generator.control_actions() {
        let Some(fuzz_case) = generator.build_fuzz_case("r1-1", &actions) else { continue };
        assert_round_trip(&fuzz_case.case.id);
        assert_eq!(fuzz_case.case.id.class(), Some(CaseClass::Fuzz));
        fuzz_case.checks.iter().for_each(|check| assert_round_trip(&check.id));
    }
    count
}

#[test]
fn ids_of_the_shipped_scenarios_round_trip() {
    for (name, least) in [("connect", 2000), ("leadlex", 200)] {
        let (contract, scenario, _) = support::shipped(name);
        let scenario = overstep::infer::complete_scenario(&contract, &scenario).scenario;
        assert!(check_ids(&contract, &scenario, GenerationLevel::Full) > least, "{name}");
        assert_round_trip(&CaseId::control_after_run(name, contract.operations[0].name.as_str()));
    }
    assert!(check_ids(&support::contract(), &support::scenario(), GenerationLevel::Exhaustive) > 300);
}

#[test]
fn ids_of_botocore_services_round_trip() {
    let Some(base) = std::env::var_os("OVERSTEP_BOTOCORE").map(PathBuf::from) else {
        eprintln!("SKIPPED: OVERSTEP_BOTOCORE names no folder with botocore");
        return;
    };
    for service in SERVICES {
        let folder = ["botocore/data", "data"].map(|data| base.join(data).join(service));
        let folder = folder.iter().find(|folder| folder.is_dir()).expect("botocore has the service");
        let files = std::fs::read_dir(folder).expect("readable").flat_map(|version| {
            let version = version.expect("readable").path();
            ["service-2.json.gz", "service-2.json"].map(|name| version.join(name))
        });
        let file = files.into_iter().find(|file| file.is_file()).expect("a model");
        let bytes = std::fs::read(&file).expect("readable");
        let name = format!("botocore:{service}");
        let read = ingest::read_document(&name, &bytes, &IngestOptions::default(), &mut NoDocuments).expect("a model");
        assert!(check_ids(&read.contract, &Scenario::with_name(service), GenerationLevel::Quick) > 10, "{service}");
    }
}
