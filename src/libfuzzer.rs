//! What a libFuzzer target needs that fuzzes an endpoint over HTTP; [`inprocess`](crate::inprocess) fuzzes a service in
//! the same process.
//!
//! Environment variables take the place of the command line of `overstep fuzz`: `OVERSTEP_SCENARIO` names the scenario,
//! `OVERSTEP_ENDPOINT` the endpoint, and `OVERSTEP_FLAGS` holds further flags. `docs/fuzzing.md` shows how to run a
//! target.
//!
//! # Examples
//! ```no_run
//! use overstep::libfuzzer::{LibFuzzerEndpoint, MAX_RESPONSE_KINDS, target_from_environment};
//! use std::sync::OnceLock;
//! use std::sync::atomic::AtomicU8;
//!
//! /// Counters that libFuzzer treats as coverage, if they are in the section `__libfuzzer_extra_counters`.
//! static RESPONSE_KINDS: [AtomicU8; MAX_RESPONSE_KINDS] = [const { AtomicU8::new(0) }; MAX_RESPONSE_KINDS];
//! static ENDPOINT: OnceLock<LibFuzzerEndpoint> = OnceLock::new();
//!
//! // In `init` of `libfuzzer_sys::fuzz_target!`:
//! let endpoint = ENDPOINT.get_or_init(|| {
//!     target_from_environment().unwrap_or_else(|status| std::process::exit(status.code().into()))
//! });
//! // For each input:
//! let bytes = b"any bytes";
//! endpoint.fuzz(bytes, &RESPONSE_KINDS).unwrap_or_else(|status| std::process::exit(status.code().into()));
//! ```

#[doc(inline)]
pub use crate::commands::{LibFuzzerEndpoint, target_from_arguments, target_from_environment};
#[doc(inline)]
pub use crate::exit::ExitStatus;
#[doc(inline)]
pub use crate::session::MAX_RESPONSE_KINDS;
