//! Fills holes, sends, times out, retries, limits the rate; one stream of outcomes, in plan order.
//!
//! This room never judges and never prints.

mod exchange;

pub use exchange::{Answer, Exchange, Framing, Liveness, NoAnswer, Outcome};
