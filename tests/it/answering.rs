//! The reference server held to tables: what it takes, with which words it refuses, and what each of its faults changes.
//!
//! In process, one contract in every protocol; what the protocols' vectors say is held to in `reference_vectors`.

mod constraints;
mod faults;
mod memory;
mod odd;
mod places;
mod shop;
mod words;
