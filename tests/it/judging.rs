//! The judge: tables of expectations, outcomes and the resulting verdicts, findings and comparisons.
//!
//! The tests send nothing; every outcome is built by hand.

mod body_types;
mod causes;
mod codes;
mod confirmation;
mod content_types;
mod coverage;
mod findings;
mod laws;
mod oracle;
mod outcome;
mod promises;
mod second_endpoint;
mod snapshot_comparison;
mod value_differences;
mod verdict_text;
