//! What fuzz targets have in common: a property for each, and services in this process.
//!
//! Nothing here needs libFuzzer: `tests/it/corpus.rs` replays the same properties over the committed corpus.

#[path = "../../tests/it/cards/mod.rs"]
pub mod cards;
pub mod properties;
pub mod support;
