//! Shared code of the integration tests that the properties use.

#[path = "../../tests/it/support/schema.rs"]
pub mod schema;
#[path = "../../tests/it/support/taker.rs"]
pub mod taker;
