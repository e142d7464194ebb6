//! The judge by itself: tables of what was expected and what came, and what is made of it.
//!
//! Nothing is sent; every outcome is written down here.

mod answers;
mod bodies;
mod compared;
mod counts;
mod findings;
mod laws;
mod oracle;
mod outcome;
mod told;
mod values;
