//! Implements `overstep man`, which prints manual pages, or writes them into a folder.
//!
//! It never starts a pager.

use crate::cli::{CliFlags, CommandError, ManFlags, current_directory, messages};
use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use overstep::escape::ConsoleWriter;
use overstep::exit::ExitStatus;
use overstep::report::Diagnostic;
use overstep::store;
use std::io::Write as _;
use std::path::Path;

/// Prints the page of a command, or writes the pages of all commands.
pub fn print_pages(flags: &ManFlags) -> Result<ExitStatus, CommandError> {
    let mut root = CliFlags::command().disable_help_subcommand(true);
    root.build();
    if let Some(folder) = &flags.dir {
        let written = write_pages(&root, &current_directory()?.join(folder))?;
        messages::print_line(&format!("wrote {written} pages to {}", folder.display()));
        return Ok(ExitStatus::Success);
    }
    let mut command = &root;
    for word in &flags.command {
        let Some(next) = command.find_subcommand(word) else {
            let names: Vec<String> = command.get_subcommands().map(|one| format!("`{}`", one.get_name())).collect();
            let hint = if names.is_empty() {
                format!("`{}` has no commands", command.get_name())
            } else {
                format!("expected one of {}", names.join(", "))
            };
            return Err(Diagnostic::error(format!("unknown command `{word}`")).with_hint(hint).into());
        };
        command = next;
    }
    let mut out = ConsoleWriter::new(anstream::stdout());
    out.write_all(&page_of(command)?)?;
    out.flush()?;
    Ok(ExitStatus::Success)
}

/// Writes the page of a command and those of its subcommands, and returns their number.
fn write_pages(command: &Command, folder: &Path) -> Result<usize, CommandError> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    store::write_file(&folder.join(format!("{name}.1")), &page_of(command)?)?;
    let mut written = 1;
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        written += write_pages(subcommand, folder)?;
    }
    Ok(written)
}

/// Returns the page of a command in the language of manual pages.
fn page_of(command: &Command) -> Result<Vec<u8>, CommandError> {
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    Ok(page)
}
