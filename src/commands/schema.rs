//! Implements `overstep schema`, which prints the JSON Schema of a file that overstep reads or writes.
//!
//! It never reads a file: the schemas of `docs/schemas/` are part of the program.

use crate::cli::{CommandError, SchemaName};
use overstep::escape::ConsoleWriter;
use overstep::exit::ExitStatus;
use std::io::Write as _;

/// Prints a schema.
pub fn print_schema(name: SchemaName) -> Result<ExitStatus, CommandError> {
    let mut out = ConsoleWriter::new(anstream::stdout());
    out.write_all(name.text().as_bytes())?;
    out.flush()?;
    Ok(ExitStatus::Success)
}
