//! A cause that was found, with the groups of diverging cases that it explains.

/// A cause, and what it explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The kind of the cause: `same-failure`, `unchecked-constraint` …
    pub kind: &'static str,
    /// The cause in one sentence; absent if it explains a single group, which speaks for itself.
    pub statement: Option<String>,
    /// The indices of the explained groups, in the order in which they were passed.
    pub groups: Vec<usize>,
}
