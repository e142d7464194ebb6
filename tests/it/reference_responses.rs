//! Tables of the reference server's responses: what it accepts, which errors it returns, and what each fault changes.
//!
//! All requests are handled in process. `reference_vectors` tests the server against published protocol vectors.

mod constraints;
mod edge_cases;
mod error_codes;
mod faults;
mod locations;
mod shop;
mod stored_state;
