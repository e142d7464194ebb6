//! What sentences state, measured on descriptions that were labelled by hand, and where a model states the same limit.
//!
//! The labels are facts only: the sentences stay in the documents beside the project, and in pages and models that are
//! generated. What is missing is skipped visibly.

#![expect(clippy::disallowed_methods, reason = "tests read files")]

mod labels;
mod models;
mod relations;
