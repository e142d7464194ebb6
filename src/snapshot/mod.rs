//! Accepted behaviour: conversion between values and text, comparison, and merging.
//!
//! This module never opens a file, and never decides whether behaviour is right.

mod merge;
mod read;
mod review;
mod value;
mod write;

pub use merge::{Ran, State, Whole, merged};
pub use read::{TextError, read};
pub use review::{Unit, adopt, units};
pub use value::{Form, Held, Line, Mark, Seen, Side, Snapshot};
pub use write::{line_text, write};
