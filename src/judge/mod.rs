//! Turns exchanges, expectations and accepted behaviour into verdicts and findings. Pure, so an old run can be judged
//! again without a network.
//!
//! This module never sends a request, reads a file or asks a clock.

mod answer;
mod compare;
mod coverage;
mod findings;
mod form;
mod frame;
mod law;
mod oracle;
mod signature;
mod standing;
mod state;
mod values;
mod verdict;

pub use compare::{Change, Comparison, Spot, compare, is_finding};
pub use coverage::{Coverage, OperationCoverage};
pub use findings::{Again, Findings};
pub use frame::frame;
pub use oracle::{in_words, judge};
pub use signature::{Signature, signatures};
pub use standing::{Likeness, Refused};
pub use values::{Difference, Values};
pub use verdict::{Finding, Judgement, Observed, Verdict};
