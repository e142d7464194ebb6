//! What an application uses of an API: the operations, members and protocols in a recording of its requests.
//!
//! This module never opens a file and never sends a request. There is one file per format; [`UsageFormat`] lists them.
//! `read_usage` turns a file into `RecordedCall`s, and `UsedOperations` decides which cases are about them.

mod botocore_log;
mod cloudtrail;
mod document;
mod error;
mod format;
mod har;
mod operation_list;
mod python_literal;
mod read_usage;
mod recorded_call;
mod used_members;
mod used_operations;

pub use error::UsageError;
pub use format::UsageFormat;
pub use read_usage::{RecordedUsage, read_usage};
pub use recorded_call::{RecordedCall, RecordedMembers, RecordedRequest};
pub use used_members::UsedMembers;
pub use used_operations::{UsedOperation, UsedOperations};
