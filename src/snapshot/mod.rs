//! Accepted behaviour: conversion between values and text, comparison, and merging.
//!
//! This module never opens a file, and never decides whether behaviour is right.

mod merge;
mod read;
mod review;
mod value;
mod write;

pub use merge::{SnapshotCase, CaseState, CaseCoverage, merge_snapshot};
pub use read::{SnapshotParseError, read};
pub use review::{LineChange, copy_line, pending_changes};
pub use value::{ResponseForm, AcceptedResponse, ConstraintLine, DocumentedMark, ObservedBehavior, ConstraintSide, Snapshot};
pub use write::{format_line, write};
