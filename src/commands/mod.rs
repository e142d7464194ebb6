//! The commands of `overstep`, one file each, which read like a table of contents.
//!
//! They take checked settings from `cli`, pass them to `session`, and print what it returns. No command knows another.

mod cases;
mod check;
mod command_line;
mod comparison_endpoint;
mod completions;
mod corpus;
mod diagnosis;
mod doctor;
mod drift;
mod explain;
mod export;
mod finding_writer;
mod fit;
mod fuzz;
mod ingest;
mod init;
mod init_sources;
mod libfuzzer_endpoint;
mod man;
mod merge;
mod replay;
mod report;
mod schema;
mod serve;
mod snapshot;
mod snapshot_lines;
mod snapshot_review;
mod trend;
mod watch;

pub use command_line::main;
pub use libfuzzer_endpoint::{LibFuzzerEndpoint, target_from_arguments, target_from_environment};
