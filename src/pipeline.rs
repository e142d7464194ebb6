//! The whole product on one screen.

mod filter;

pub use filter::{Filter, FilterError, Property};
