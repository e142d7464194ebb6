//! What must hold whatever bytes come: one function for each fuzz target.
//!
//! Each takes any bytes, ends in bounded time, and panics where the property does not hold.

mod labels;
pub mod made;
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

/// What must hold of any bytes: it panics where it does not.
pub type Property = fn(&[u8]);

/// Every property by the name of its target, which is its corpus folder's too.
pub const ALL: [(&str, Property); 14] = [
    ("answer", answer),
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
    ("results", results),
    ("scenario", scenario),
    ("snapshot", snapshot),
];

/// A page of an AWS API Reference.
pub fn api_reference(bytes: &[u8]) {
    document(SourceFormat::ApiReference, bytes);
}

/// A page of the boto3 reference.
pub fn boto3(bytes: &[u8]) {
    document(SourceFormat::Boto3, bytes);
}

/// A Mintlify page.
pub fn mintlify(bytes: &[u8]) {
    document(SourceFormat::Mintlify, bytes);
}

/// A botocore model.
pub fn botocore(bytes: &[u8]) {
    document(SourceFormat::Botocore, bytes);
}

/// A contract, in our own format.
pub fn contract(bytes: &[u8]) {
    document(SourceFormat::Contract, bytes);
}

/// What was read is a contract that is written and read again as the same, alone and with what readers add at the end.
fn document(format: SourceFormat, bytes: &[u8]) {
    let Ok(read) = ingest::read_document_as(format, "document", bytes, &IngestOptions::default(), &mut NoDocuments)
    else {
        return;
    };
    for problem in &read.diagnostics {
        let _ = problem.to_string();
    }
    reads_the_same(&read.contract);
    let (joined, _) = ingest::read_documents(&[("document".to_owned(), bytes.to_vec())], &IngestOptions::default());
    reads_the_same(&joined.contract);
}

fn reads_the_same(contract: &Contract) {
    let text = contract::to_json(contract);
    match contract::from_json(&text) {
        Ok(again) => assert_eq!(contract::to_json(&again), text, "what was written reads otherwise"),
        Err(error) => panic!("what was written is not read: {error}\n{text}"),
    }
}

/// A scenario, a file of known divergences, `overstep.toml`: read or refused, and the same each time.
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

/// A snapshot: what was read is written, and reads as the same.
pub fn snapshot(bytes: &[u8]) {
    let Ok(read) = snapshot::read(&String::from_utf8_lossy(bytes)) else { return };
    let text = snapshot::write(&read);
    let again = snapshot::read(&text).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    assert_eq!(snapshot::write(&again), text);
}

/// Results of a run.
pub fn results(bytes: &[u8]) {
    let mut results = Cursor::new(bytes);
    let index = pipeline::index_results(&mut results);
    let recorded = pipeline::read_recorded_cases(&mut results, &|_| true);
    if let (Ok(index), Ok(recorded)) = (index, recorded) {
        assert_eq!(index.cases.len(), recorded.len());
    }
}

/// A saved list of requests: what was read is written, and reads as the same.
pub fn requests(bytes: &[u8]) {
    let Some(acts) = serde_json::from_slice(bytes).ok().and_then(|json| actions_from_json(json).ok()) else { return };
    let json = actions_to_json(&acts);
    let again = actions_from_json(json.clone()).unwrap_or_else(|error| panic!("{error}: {json}"));
    assert_eq!(actions_to_json(&again), json);
}

static CARDS: LazyLock<Subject> =
    LazyLock::new(|| Subject::new(crate::cards::CONTRACT, crate::cards::SCENARIO).expect("the made-up service"));

/// Any bytes as an answer: there is a verdict. The first two bytes are the status, a line for each header follows,
/// then the body.
pub fn answer(bytes: &[u8]) {
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

/// A shipped scenario, and the reference server for it.
static SHIPPED: LazyLock<[(Subject, ReferenceService); 2]> = LazyLock::new(|| {
    let of = |name: &str, contract: &str, text: &str| {
        let contract = contract::from_json(contract).expect("a shipped contract");
        let (scenario, _) = scenario::read_scenario(name, text).expect("a shipped scenario");
        let world = pipeline::build_world(&contract, &scenario);
        let service = ReferenceService::new(contract.clone(), world);
        (Subject::from_parts(contract, &scenario, "http://localhost").expect("they fit each other"), service)
    };
    [
        of(
            "connect",
            include_str!("../../../scenarios/connect.contract.json"),
            include_str!("../../../scenarios/connect.toml"),
        ),
        of(
            "leadlex",
            include_str!("../../../scenarios/leadlex.contract.json"),
            include_str!("../../../scenarios/leadlex.toml"),
        ),
    ]
});

/// Whatever is asked, the reference server keeps what the documents promise.
pub fn reference(bytes: &[u8]) {
    for (subject, service) in SHIPPED.iter() {
        subject.fuzz(bytes, &mut service::reference(service));
    }
}
