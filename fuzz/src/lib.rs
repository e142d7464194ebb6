//! Code that fuzz targets share: a property for each target, and in-process services.
//!
//! Nothing here needs libFuzzer: `tests/it/corpus.rs` runs the same properties over the committed corpus.

#[path = "../../tests/it/cards/mod.rs"]
pub mod cards;
pub mod properties;
pub mod support;
