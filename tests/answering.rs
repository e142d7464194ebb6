//! The reference server held to tables: what it takes, with which words it refuses, and what each of its faults changes.
//!
//! In process, one contract in every protocol; what the protocols' vectors say is held to in `reference_vectors`.

#![recursion_limit = "512"]

#[path = "answering/constraints.rs"]
mod constraints;
#[path = "answering/faults.rs"]
mod faults;
#[path = "answering/memory.rs"]
mod memory;
#[path = "answering/odd.rs"]
mod odd;
#[path = "answering/places.rs"]
mod places;
#[path = "answering/shop.rs"]
mod shop;
mod support;
#[path = "answering/words.rs"]
mod words;
