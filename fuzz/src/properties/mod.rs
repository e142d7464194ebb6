//! One property per fuzz target.
//!
//! Each accepts any bytes, ends in bounded time, and panics if the property does not hold.

mod labels;
pub mod random_contract;
pub mod reading;
mod regexes;

use crate::cards::service;
use bytes::Bytes;
use http_body_util::Full;
use overstep::contract::{self, Contract};
use overstep::generate::{actions_from_json, actions_to_json};
use overstep::ingest::{self, IngestOptions, NoDocuments, SourceFormat};
use overstep::inprocess::Subject;
use overstep::reference::ReferenceService;
use overstep::{scenario, session as pipeline, snapshot};
use std::io::Cursor;
use std::sync::LazyLock;

pub use labels::labels;
pub use reading::reading;
pub use regexes::pattern;

/// A property of any bytes, which panics if it does not hold.
pub type Property = fn(&[u8]);

/// All properties by the name of their target, which is also the name of their corpus directory.
pub const ALL: [(&str, Property); 14] = [
    ("api_reference", api_reference),
    ("boto3", boto3),
    ("botocore", botocore),
    ("contract", contract),
    ("labels", labels),
    ("mintlify", mintlify),
    ("pattern", pattern),
    ("reading", reading),
    ("reference", reference),
    ("requests", requests),
    ("response", response),
    ("results", results),
    ("scenario", scenario),
    ("snapshot", snapshot),
];

/// Reads a page of an AWS API Reference.
pub fn api_reference(bytes: &[u8]) {
    document(SourceFormat::ApiReference, bytes);
}

/// Reads a page of the boto3 reference.
pub fn boto3(bytes: &[u8]) {
    document(SourceFormat::Boto3, bytes);
}

/// Reads a Mintlify page.
pub fn mintlify(bytes: &[u8]) {
    document(SourceFormat::Mintlify, bytes);
}

/// Reads a botocore model, and the same bytes as a Smithy model.
pub fn botocore(bytes: &[u8]) {
    document(SourceFormat::Botocore, bytes);
    document(SourceFormat::Smithy, bytes);
}

/// Reads a contract in our own format.
pub fn contract(bytes: &[u8]) {
    document(SourceFormat::Contract, bytes);
}

/// Asserts that a contract that could be read is written and read back unchanged, alone and after documents are joined.
fn document(format: SourceFormat, bytes: &[u8]) {
    let Ok(read) = ingest::read_document_as(format, "document", bytes, &IngestOptions::default(), &mut NoDocuments)
    else {
        return;
    };
    for problem in &read.diagnostics {
        let _ = problem.to_string();
    }
    assert_round_trip(&read.contract);
    let (joined, _) = ingest::read_documents(&[("document".to_owned(), bytes.to_vec())], &IngestOptions::default());
    assert_round_trip(&joined.contract);
}

fn assert_round_trip(contract: &Contract) {
    let text = contract::to_json(contract);
    match contract::from_json(&text) {
        Ok(again) => assert_eq!(contract::to_json(&again), text, "the contract changed"),
        Err(error) => panic!("the written contract cannot be read: {error}\n{text}"),
    }
}

/// Reads a scenario, a file of known divergences and `overstep.toml`; the result must be deterministic.
pub fn scenario(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (one, other) = (scenario::read_scenario("fuzz", &text), scenario::read_scenario("fuzz", &text));
    assert_eq!(format!("{one:?}"), format!("{other:?}"));
    if let Err(error) = one {
        let _ = error.to_string();
    }
    let _ = scenario::read_known_divergences(&text).map_err(|error| error.to_string());
    let _ = scenario::read_settings(&text).map_err(|error| error.to_string());
}

/// Asserts that a snapshot that could be read is written and read back unchanged.
pub fn snapshot(bytes: &[u8]) {
    let Ok(read) = snapshot::read(&String::from_utf8_lossy(bytes)) else { return };
    let text = snapshot::write(&read);
    let again = snapshot::read(&text).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    assert_eq!(snapshot::write(&again), text);
}

/// Reads the results of a run.
pub fn results(bytes: &[u8]) {
    let mut results = Cursor::new(bytes);
    let index = pipeline::index_results(&mut results);
    let recorded = pipeline::read_recorded_cases(&mut results, &|_| true);
    if let (Ok(index), Ok(recorded)) = (index, recorded) {
        assert_eq!(index.cases.len(), recorded.len());
    }
}

/// Asserts that a list of requests that could be read is written and read back unchanged.
pub fn requests(bytes: &[u8]) {
    let Some(actions) = serde_json::from_slice(bytes).ok().and_then(|json| actions_from_json(json).ok()) else {
        return;
    };
    let json = actions_to_json(&actions);
    let again = actions_from_json(json.clone()).unwrap_or_else(|error| panic!("{error}: {json}"));
    assert_eq!(actions_to_json(&again), json);
}

static CARDS: LazyLock<Subject> =
    LazyLock::new(|| Subject::new(crate::cards::CONTRACT, crate::cards::SCENARIO).expect("the cards service is valid"));

/// Asserts that any response gets a verdict. The first two bytes are the status; a line for each header and the body
/// follow.
pub fn response(bytes: &[u8]) {
    let (status, rest) = bytes.split_at(bytes.len().min(2));
    let status = status.iter().fold(0_u16, |sum, byte| sum.wrapping_mul(256).wrapping_add((*byte).into()));
    let mut response = http::Response::builder().status(100 + status % 900);
    let mut rest = rest;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let line = &rest[..end];
        rest = &rest[end + 1..];
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { break };
        response = response.header(&line[..colon], &line[colon + 1..]);
    }
    let Ok(response) = response.body(Full::from(Bytes::copy_from_slice(rest))) else { return };
    let mut service = service::Called(|_| response.clone());
    for seed in CARDS.seeds() {
        if let Err(finding) = CARDS.try_fuzz(&seed, &mut service) {
            assert!(!finding.to_string().is_empty());
        }
    }
}

/// Shipped scenarios and their reference servers.
static SHIPPED: LazyLock<[(Subject, ReferenceService); 2]> = LazyLock::new(|| {
    let load = |name: &str, contract: &str, text: &str| {
        let contract = contract::from_json(contract).expect("valid contract");
        let (scenario, _) = scenario::read_scenario(name, text).expect("valid scenario");
        let config = pipeline::build_world(&contract, &scenario);
        let service = ReferenceService::new(contract.clone(), config);
        (Subject::from_parts(contract, &scenario, "http://localhost").expect("contract and scenario match"), service)
    };
    [
        load(
            "connect",
            include_str!("../../../scenarios/connect.contract.json"),
            include_str!("../../../scenarios/connect.toml"),
        ),
        load(
            "leadlex",
            include_str!("../../../scenarios/leadlex.contract.json"),
            include_str!("../../../scenarios/leadlex.toml"),
        ),
    ]
});

/// Asserts that the reference server conforms to its documentation for any requests.
pub fn reference(bytes: &[u8]) {
    for (subject, service) in SHIPPED.iter() {
        subject.fuzz(bytes, &mut service::reference(service));
    }
}
