//! What fuzz targets have in common: a property for each, and services in this process.
//!
//! Nothing here needs libFuzzer: `tests/corpus.rs` replays the same properties over the committed corpus.

#[path = "../../tests/planted/mod.rs"]
pub mod cards;
#[path = "../../tests/planted/service.rs"]
pub mod service;

pub mod properties;
