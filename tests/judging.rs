//! The judge by itself: tables of what was expected and what came, and what is made of it.
//!
//! Nothing is sent; every outcome is written down here.

#[path = "judging/answers.rs"]
mod answers;
#[path = "judging/bodies.rs"]
mod bodies;
#[path = "judging/compared.rs"]
mod compared;
#[path = "judging/counts.rs"]
mod counts;
#[path = "judging/findings.rs"]
mod findings;
#[path = "judging/laws.rs"]
mod laws;
#[path = "judging/oracle.rs"]
mod oracle;
#[path = "judging/outcome.rs"]
mod outcome;
#[path = "judging/told.rs"]
mod told;
#[path = "judging/values.rs"]
mod values;
