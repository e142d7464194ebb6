//! OpenAPI documents: each feature with its facts and lines, real documents, and the whole way to a live server.

#![expect(clippy::disallowed_methods, reason = "tests read documents from disk and write some of their own")]

mod documents;
mod errors;
mod features;
mod init;
mod judge;
mod live;
mod requests;
mod run;
mod sites;

use overstep::contract::{Contract, FactField, Shape};
use overstep::ingest::{self, IngestOptions, IngestOutput, NoDocuments};

/// Reads a document that must be readable.
fn read(name: &str, text: &str) -> IngestOutput {
    ingest::read_document(name, text.as_bytes(), &IngestOptions::default(), &mut NoDocuments).expect("it is readable")
}

/// Returns the shape of a member of an operation's input, by a path such as `tags[].name`.
fn member<'c>(contract: &'c Contract, operation: &str, path: &str) -> &'c Shape {
    let operation = contract.operation(operation).expect("the operation exists");
    let mut shape = contract.shape(operation.input.as_ref().expect("it has an input"));
    for part in path.split('.') {
        let (name, items) = part.split_once("[]").map_or((part, ""), |(name, _)| (name, "[]"));
        let members = shape.kind.members().expect("it has members");
        shape = contract.shape(&members.get(name).unwrap_or_else(|| panic!("no {name} in {members:?}")).shape);
        if !items.is_empty() {
            let overstep::contract::ShapeKind::List { member } = &shape.kind else { panic!("{name} is no list") };
            shape = contract.shape(member);
        }
    }
    shape
}

/// Returns value and line of what a document says about a field of a shape.
fn stated(shape: &Shape, field: &FactField) -> Option<(serde_json::Value, u32)> {
    shape.preferred_fact(field).map(|fact| (fact.value.clone(), fact.line))
}
