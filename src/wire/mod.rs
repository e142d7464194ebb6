//! Step → bytes, bytes → value: protocols, signing, deliberate damage, and a request as curl.
//!
//! This room knows no socket, no clock and no environment; time is an argument.

mod message;

pub use message::{Body, Message};
