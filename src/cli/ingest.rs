//! Implements `overstep ingest` and `overstep drift`.
//!
//! They never mix output and diagnostics: results go to standard output or a file, diagnostics to standard error.

use super::flags::{DriftFlags, IngestFlags, TextOrJson};
use super::jobs::places;
use super::{Stopped, say};
use overstep::contract::to_json;
use overstep::exit::Exit;
use overstep::report::{Severity, contract_text, drift_json, drift_text};
use overstep::{pipeline, store};
use std::io::Write as _;

/// Reads documents and models into one contract.
pub fn ingest(flags: &IngestFlags) -> Result<Exit, Stopped> {
    let directory = super::current_directory()?;
    let documents = store::sources(&places(Some(directory.clone())), &flags.sources)?;
    let read = pipeline::ingest(documents, &flags.only)?;
    say::warnings(&read.problems, flags.strict)?;
    let mut contract = read.contract;
    if !flags.only.is_empty() {
        pipeline::check_only(&contract, &flags.only)?;
        contract = contract.restricted_to(&flags.only);
    }
    let text = match flags.format {
        TextOrJson::Json => to_json(&contract),
        TextOrJson::Text => contract_text(&contract),
    };
    match &flags.output {
        Some(file) => store::write_whole(&directory.join(file), text.as_bytes())?,
        None => std::io::stdout().write_all(text.as_bytes())?,
    }
    Ok(Exit::Kept)
}

/// Prints where two sources contradict each other.
pub fn drift(flags: &DriftFlags) -> Result<Exit, Stopped> {
    let places = places(Some(super::current_directory()?));
    let read = |name: &String| -> Result<_, Stopped> {
        let documents = store::sources(&places, std::slice::from_ref(name))?;
        let read = pipeline::ingest(documents, &[])?;
        let said: Vec<_> = read.problems.into_iter().filter(|one| one.severity > Severity::Note).collect();
        say::problems(&said);
        Ok(read.contract)
    };
    let drifts = pipeline::drift(&read(&flags.a)?, &read(&flags.b)?);
    let text = match flags.format {
        TextOrJson::Json => drift_json(&flags.a, &flags.b, &drifts),
        TextOrJson::Text => drift_text(&flags.a, &flags.b, &drifts),
    };
    let mut out = anstream::stdout();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(Exit::Kept)
}
