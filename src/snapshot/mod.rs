//! Accepted behaviour: conversion between values and text, comparison, and merging.
//!
//! This module never opens a file, and never decides whether behaviour is right.

mod merge;
mod read;
mod review;
mod value;
mod write;

pub use merge::{CaseCoverage, CaseState, SnapshotCase, merge_snapshot};
pub use read::{SnapshotParseError, read};
pub use review::{LineChange, copy_line, pending_changes};
pub use value::{
    AcceptedResponse, ConstraintLine, ConstraintSide, DocumentedMark, ObservedBehavior, ResponseForm, Snapshot,
};
pub use write::{format_line, write};
