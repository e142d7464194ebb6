//! Turns saved fuzz findings into cases that every run sends again.
//!
//! Saved files never contain the expected response, which is derived from the current documents.

use super::Job;
use crate::generate::{Act, Case, Wild, acts_from_json, acts_to_json};
use crate::report::Diagnostic;
use crate::scenario::Regression;
use sha2::{Digest as _, Sha256};

/// A saved sequence.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    /// The file name without extension, which is part of the case id.
    pub name: String,
    /// The file's path, as shown to the user.
    pub shown: String,
    /// The actions of the sequence.
    pub acts: Vec<Act>,
    /// Index of the action whose response is judged; `None` if the final state is judged.
    pub judged: Option<usize>,
}

impl Saved {
    /// Reads the sequence of a regression file.
    ///
    /// # Errors
    /// Returns an error if its requests are invalid.
    pub fn new(name: &str, shown: &str, regression: &Regression) -> Result<Self, Box<Diagnostic>> {
        let json = serde_json::from_str(&regression.requests).map_err(|error| error.to_string());
        let acts = json.and_then(|json| acts_from_json(json).map_err(|error| error.to_string()));
        let acts = acts.map_err(|reason| {
            let problem = Diagnostic::error(format!("`{shown}`: {reason}"));
            Box::new(
                problem.with_hint("`overstep fuzz --save` writes such files; delete the file to drop the regression"),
            )
        })?;
        Ok(Self { name: name.to_owned(), shown: shown.to_owned(), acts, judged: regression.judged })
    }
}

/// Returns the name under which actions are saved; it depends only on the actions.
pub(super) fn name_of(acts: &[Act]) -> String {
    let digest = Sha256::digest(acts_to_json(acts).to_string());
    format!("fuzz-{}", data_encoding::HEXLOWER.encode(&digest[..5]))
}

/// Formats actions as the text of a file, one request per line.
pub(super) fn text_of(acts: &[Act]) -> String {
    let lines: Vec<String> = acts.iter().map(|act| acts_to_json(std::slice::from_ref(act)).to_string()).collect();
    // Each line is an array with one element, whose brackets are removed.
    let inner: Vec<&str> = lines
        .iter()
        .map(|line| line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(line))
        .collect();
    format!("[\n{}\n]", inner.join(",\n"))
}

/// Returns the cases of the saved sequences, in the order of their names. Sequences with operations that the contract
/// no longer has are left out.
pub(super) fn cases(job: &Job) -> Result<Vec<Case>, Vec<Diagnostic>> {
    if job.saved.is_empty() {
        return Ok(Vec::new());
    }
    let wild = Wild::new(&job.contract, &job.scenario, job.seed)
        .map_err(|error| vec![Diagnostic::error(error.to_string())])?;
    Ok(job.saved.iter().filter_map(|saved| case(&wild, &saved.name, &saved.acts, saved.judged)).collect())
}

/// Returns the case of a sequence that judges the response to this action, or the final state if `judged` is `None`.
pub(super) fn case(wild: &Wild<'_>, name: &str, acts: &[Act], judged: Option<usize>) -> Option<Case> {
    let tale = wild.tale(name, acts).filter(|_| wild.knows(acts))?;
    let at = tale.claims.iter().position(|claim| claim.act == judged)?;
    tale.cases().nth(at)
}
