//! Converts planned cases to the seeds of a fuzzer's corpus, and collects the dictionary of the contract.
//!
//! This module never sends a request and never writes a file.

use super::{Job, saved};
use crate::generate::{Wild, acts_to_json};
use crate::report::Diagnostic;
use crate::store::MOST_INPUT;
use std::collections::HashSet;

/// The result of converting a job's cases to seeds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seeds {
    /// Number of cases.
    pub cases: u64,
    /// Number of seeds; cases with the same requests share one.
    pub seeds: u64,
    /// Number of cases that cannot be expressed as a seed: they use another principal, call no operation, or are too
    /// large.
    pub none: u64,
    /// The words of the dictionary.
    pub words: Vec<String>,
}

/// Passes the seed of each of a job's cases to `keep`, with a name that depends only on its requests.
///
/// # Errors
/// Returns an error if cases cannot be generated, or if `keep` returns one.
pub fn seeds(
    job: &Job,
    mut keep: impl FnMut(&str, &[u8]) -> Result<(), Vec<Diagnostic>>,
) -> Result<Seeds, Vec<Diagnostic>> {
    let wild = Wild::new(&job.contract, &job.scenario, job.seed)
        .map_err(|error| vec![Diagnostic::error(error.to_string())])?;
    let mut found = Seeds { words: wild.words(), ..Seeds::default() };
    let mut names = HashSet::new();
    for case in job.cases(&job.bench()?)? {
        found.cases += 1;
        let acts = wild.acts_of(&case).filter(|_| case.unsendable.is_none());
        let seed = acts.and_then(|acts| {
            let bytes = acts_to_json(&acts).to_string().into_bytes();
            // A seed that is nested too deeply for the JSON reader, or too large for a fuzzer, is of no use.
            let is_read = bytes.len() as u64 <= MOST_INPUT && wild.from_bytes(&bytes).as_ref() == Some(&acts);
            is_read.then(|| (saved::name_of(&acts), bytes))
        });
        match seed {
            None => found.none += 1,
            Some((name, bytes)) => {
                if names.insert(name.clone()) {
                    found.seeds += 1;
                    keep(&name, &bytes)?;
                }
            }
        }
    }
    Ok(found)
}
