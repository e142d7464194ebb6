//! The stable codes of findings: what each one means, and which one a diverging case gets.
//!
//! It never decides whether a case diverges.

mod classify;
mod code_info;
mod code_table;
mod finding_code;
mod table_of_laws;
mod table_of_requests;
mod table_of_responses;

pub(super) use classify::classify_finding;
pub use classify::finding_code;
pub use code_info::{CodeGroup, CodeInfo};
pub use code_table::{all_codes, nearest_code};
pub use finding_code::FindingCode;
