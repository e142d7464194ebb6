//! Implements `overstep snapshot`: lists, reviews, accepts and rejects pending lines.
//!
//! It never sends anything and never accepts a line that the user did not choose.

use super::snapshot_lines::{SnapshotLinePrinter, pluralized_lines};
use super::snapshot_review::{ReviewContext, SnapshotReview, TerminalKeys};
use crate::cli::{
    CommandError, SnapshotCommand, SnapshotFlags, current_directory, messages, nearest_folder, parse_filter,
    repository_root, terminal_width,
};
use crate::filter::Filter;
use crate::session::{PendingSnapshot, ReviewChoice, ReviewDetails};
use console::Term;
use overstep::escape::ConsoleWriter;
use overstep::exit::ExitStatus;
use overstep::report::{Diagnostic, pluralize};
use overstep::session;
use overstep::store::{self, LastRun, SnapshotStore};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

/// Runs a subcommand of `snapshot`.
pub fn run_snapshot_command(command: &SnapshotCommand) -> Result<ExitStatus, CommandError> {
    let (SnapshotCommand::Review(flags)
    | SnapshotCommand::List(flags)
    | SnapshotCommand::Accept(flags)
    | SnapshotCommand::Reject(flags)) = command;
    let directory = current_directory()?;
    let folder = flags.snapshots.as_ref().map_or_else(|| nearest_folder(&directory), |folder| directory.join(folder));
    let snapshots = SnapshotStore::new(folder);
    let filter = flags.filter.as_deref().map(parse_filter).transpose()?;
    if let Some(results) = &flags.from {
        return accept_from_results(command, flags, &snapshots, results, filter.as_ref());
    }
    let pending = session::pending_snapshots(&snapshots, filter.as_ref())?;
    if pending.is_empty() {
        messages::print_line("no pending snapshots");
        return Ok(ExitStatus::Success);
    }
    let mut out = ConsoleWriter::new(anstream::stdout());
    let columns = io::stdout().is_terminal().then(|| terminal_width().columns());
    let printer = SnapshotLinePrinter { directory: directory.clone(), columns };
    match command {
        SnapshotCommand::List(_) => {
            for one in &pending {
                writeln!(out, "{}", printer.file_title(one))?;
                one.units.iter().try_for_each(|unit| printer.write_unit(&mut out, unit))?;
            }
        }
        SnapshotCommand::Accept(_) => decide_all(&pending, ReviewChoice::Accept, "accepted")?,
        SnapshotCommand::Reject(_) => decide_all(&pending, ReviewChoice::Reject, "rejected")?,
        SnapshotCommand::Review(_) => {
            if !io::stdin().is_terminal() {
                let problem = Diagnostic::error("`snapshot review` needs a terminal as standard input");
                let hint = "use `overstep snapshot list`, then `overstep snapshot accept` or `reject`; \
                            `--filter EXPR` selects lines";
                return Err(problem.with_hint(hint).into());
            }
            // Without a terminal as standard output, keys are read from that of standard error.
            let term = if io::stdout().is_terminal() { Term::stdout() } else { Term::stderr() };
            let context =
                ReviewContext { details: read_details(&pending, &directory), root: repository_root(&directory) };
            SnapshotReview::new(&context, &printer, &mut TerminalKeys(term), &mut out).run(&pending)?;
        }
    }
    Ok(ExitStatus::Success)
}

/// Returns what the last run says about the lines; nothing if there is none.
fn read_details(pending: &[PendingSnapshot], directory: &Path) -> ReviewDetails {
    let mut details = ReviewDetails::new(pending);
    if let Ok((_, mut results)) = LastRun::load(directory) {
        // Results that are cut short show what they have.
        let _ = session::convert_results(&mut results, &mut details);
    }
    details
}

fn accept_from_results(
    command: &SnapshotCommand,
    flags: &SnapshotFlags,
    snapshots: &SnapshotStore,
    results: &Path,
    filter: Option<&Filter>,
) -> Result<ExitStatus, CommandError> {
    if !matches!(command, SnapshotCommand::Accept(_)) {
        let problem = Diagnostic::error("`--from` works only with `overstep snapshot accept`");
        return Err(problem.with_hint("use `overstep snapshot accept --from RESULTS`").into());
    }
    let directory = current_directory()?;
    let text = store::read_text(&directory.join(results))?;
    let changed = session::accept_results(snapshots, &results.display().to_string(), &text, filter)?;
    for file in &changed {
        let path = file.path.strip_prefix(&directory).unwrap_or(&file.path);
        messages::print_line(&format!("accepted {}", path.display()));
    }
    if changed.is_empty() {
        let among = flags.filter.as_ref().map_or("", |_| " that the filter selects");
        messages::print_line(&format!("everything{among} is already accepted"));
    }
    Ok(ExitStatus::Success)
}

fn decide_all(waiting: &[PendingSnapshot], choice: ReviewChoice, word: &str) -> Result<(), CommandError> {
    let mut lines = 0;
    for one in waiting {
        let choices: Vec<_> = one.units.iter().map(|unit| (unit.place.clone(), choice)).collect();
        lines += choices.len();
        one.apply_choices(&choices)?;
    }
    let files = pluralize(waiting.len() as u64, "file");
    messages::print_line(&format!("{word} {} in {files}", pluralized_lines(lines)));
    Ok(())
}
