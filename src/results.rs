//! The results of a run as `overstep check --report ndjson=PATH` writes them, in the format `overstep-results/1`.
//!
//! A file of results has one JSON object per line, in the order of the plan; the field `event` says what it is.
//! `docs/formats.md` lists the events with their fields. A line with the event `case` can be read as a
//! [`RecordedCase`].
//!
//! # Examples
//! ```
//! use overstep::results::{RecordedCase, Verdict};
//!
//! let results = r#"{"event":"run","format":"overstep-results/1","scenario":"cards"}
//! {"event":"case","id":"cards/LinkCard/note/length/above-max","verdict":"diverges","observed":{"status":200}}
//! {"event":"summary","scenario":"cards","diverges":1}"#;
//!
//! for line in results.lines() {
//!     let event: serde_json::Value = serde_json::from_str(line)?;
//!     if event["event"] == "case" {
//!         let case: RecordedCase = serde_json::from_value(event)?;
//!         assert_eq!(case.verdict, Verdict::Diverges);
//!         assert_eq!(case.observed.to_string(), "200");
//!     }
//! }
//! # Ok::<(), serde_json::Error>(())
//! ```

#[doc(inline)]
pub use crate::case::StepPurpose;
#[doc(inline)]
pub use crate::judge::{ObservedOutcome, SnapshotChange, Verdict};
#[doc(inline)]
pub use crate::report::{RecordedCase, RecordedStep, StepResponse};
