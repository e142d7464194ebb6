//! Planned cases as the seeds of a fuzzer's corpus, with the words of the contract.
//!
//! Nothing is sent, and no file is written here.

use super::{Job, saved};
use crate::generate::{Wild, acts_to_json};
use crate::report::Diagnostic;
use crate::store::MOST_INPUT;
use std::collections::HashSet;

/// What became of a job's cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seeds {
    /// How many cases there are.
    pub cases: u64,
    /// How many seeds they are; cases that do the same are one.
    pub seeds: u64,
    /// How many cases no seed can say: requests of another caller, of no operation, or too many bytes of them.
    pub none: u64,
    /// The words of a dictionary.
    pub words: Vec<String>,
}

/// Hands over the seeds of a job's cases, each under a name that is the same for the same requests.
///
/// # Errors
/// Where no cases can be made, or `keep` says in words that it cannot.
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
            // What nests too deep for a reader of JSON, or is too much for a fuzzer, is no seed.
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
