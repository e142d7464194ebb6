//! Requests that once found something, sent again by every run.
//!
//! They are kept as they were sent; what must come back is read from the documents of today.

use super::Job;
use crate::generate::{Act, Case, Wild, acts_from_json, acts_to_json};
use crate::report::Diagnostic;
use crate::scenario::Regression;
use sha2::{Digest as _, Sha256};

/// One sequence that is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    /// The file's stem, which is a part of its cases' ids.
    pub name: String,
    /// The file, as it is shown.
    pub shown: String,
    /// What is done.
    pub acts: Vec<Act>,
    /// The act whose answer is judged; what is stored in the end, where there is none.
    pub judged: Option<usize>,
}

impl Saved {
    /// From what a file says.
    ///
    /// # Errors
    /// Where its requests are none.
    pub fn new(name: &str, shown: &str, regression: &Regression) -> Result<Self, Box<Diagnostic>> {
        let json = serde_json::from_str(&regression.requests).map_err(|error| error.to_string());
        let acts = json.and_then(|json| acts_from_json(json).map_err(|error| error.to_string()));
        let acts = acts.map_err(|reason| {
            let problem = Diagnostic::error(format!("`{shown}`: {reason}"));
            Box::new(problem.with_hint("`overstep fuzz --save` writes such files; delete it to forget it"))
        })?;
        Ok(Self { name: name.to_owned(), shown: shown.to_owned(), acts, judged: regression.judged })
    }
}

/// The name under which acts are kept: the same for the same acts.
pub(super) fn name_of(acts: &[Act]) -> String {
    let digest = Sha256::digest(acts_to_json(acts).to_string());
    format!("fuzz-{}", data_encoding::HEXLOWER.encode(&digest[..5]))
}

/// Acts as the text of a file: a request a line.
pub(super) fn text_of(acts: &[Act]) -> String {
    let lines: Vec<String> = acts.iter().map(|act| acts_to_json(std::slice::from_ref(act)).to_string()).collect();
    // Each is an array of one.
    let inner: Vec<&str> = lines
        .iter()
        .map(|line| line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(line))
        .collect();
    format!("[\n{}\n]", inner.join(",\n"))
}

/// The cases of what is kept, in the order of their names. What speaks of operations that the contract no longer has
/// is left out.
pub(super) fn cases(job: &Job) -> Result<Vec<Case>, Vec<Diagnostic>> {
    if job.saved.is_empty() {
        return Ok(Vec::new());
    }
    let wild = Wild::new(&job.contract, &job.scenario, job.seed)
        .map_err(|error| vec![Diagnostic::error(error.to_string())])?;
    Ok(job.saved.iter().filter_map(|saved| case(&wild, &saved.name, &saved.acts, saved.judged)).collect())
}

/// The one case of a sequence that is judged by this answer, or by what is stored in the end.
pub(super) fn case(wild: &Wild<'_>, name: &str, acts: &[Act], judged: Option<usize>) -> Option<Case> {
    let tale = wild.tale(name, acts).filter(|_| wild.knows(acts))?;
    let at = tale.claims.iter().position(|claim| claim.act == judged)?;
    tale.cases().nth(at)
}
