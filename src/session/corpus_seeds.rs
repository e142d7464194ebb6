//! Converts planned cases to the seeds of a fuzzer's corpus, and collects the dictionary of the contract.
//!
//! This module never sends a request and never writes a file.

use crate::generate::{FuzzGenerator, actions_to_json};
use crate::report::Diagnostic;
use crate::session::job::ScenarioJob;
use crate::session::regressions;
use crate::store::MAX_INPUT_BYTES;
use std::collections::HashSet;

/// The result of converting a job's cases to seeds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CorpusSeeds {
    /// Number of cases.
    pub cases: u64,
    /// Number of seeds; cases with the same requests share one.
    pub seeds: u64,
    /// Number of cases that cannot be expressed as a seed: they use another principal, call no operation, or are too
    /// large.
    pub unsupported: u64,
    /// The words of the dictionary.
    pub words: Vec<String>,
}

/// Passes the seed of each of a job's cases to `keep`, with a name that depends only on its requests.
///
/// # Errors
/// Returns an error if cases cannot be generated, or if `keep` returns one.
pub fn collect_seeds(
    job: &ScenarioJob,
    mut keep: impl FnMut(&str, &[u8]) -> Result<(), Vec<Diagnostic>>,
) -> Result<CorpusSeeds, Vec<Diagnostic>> {
    let wild = FuzzGenerator::new(&job.contract, &job.scenario, job.seed)
        .map_err(|error| vec![Diagnostic::error(error.to_string())])?;
    let mut found = CorpusSeeds { words: wild.dictionary_words(), ..CorpusSeeds::default() };
    let mut names = HashSet::new();
    for case in job.cases(&job.compile_contract())? {
        found.cases += 1;
        let acts = wild.actions_from_case(&case).filter(|_| case.unsendable_reason.is_none());
        let seed = acts.and_then(|acts| {
            let bytes = actions_to_json(&acts).to_string().into_bytes();
            // A seed that is nested too deeply for the JSON reader, or too large for a fuzzer, is of no use.
            let is_read =
                bytes.len() as u64 <= MAX_INPUT_BYTES && wild.actions_from_bytes(&bytes).as_ref() == Some(&acts);
            is_read.then(|| (regressions::regression_name(&acts), bytes))
        });
        match seed {
            None => found.unsupported += 1,
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
