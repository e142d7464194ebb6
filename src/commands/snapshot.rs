//! Implements `overstep snapshot`: lists, reviews, accepts and rejects pending lines.
//!
//! It never sends anything and never accepts a line that the user did not choose.

use crate::cli::{
    CommandError, SnapshotCommand, SnapshotFlags, current_directory, messages, nearest_folder, parse_filter,
};
use crate::filter::Filter;
use crate::session::{PendingSnapshot, ReviewChoice};
use overstep::escape::{ConsoleWriter, escape_text};
use overstep::exit::ExitStatus;
use overstep::report::Diagnostic;
use overstep::session;
use overstep::session::LineChange;
use overstep::store::{self, SnapshotStore};
use std::io::{self, BufRead, IsTerminal as _, Write};
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
    match command {
        SnapshotCommand::List(_) => {
            for one in &pending {
                writeln!(out, "{}", file_title(one, &directory))?;
                for unit in &one.units {
                    print_unit(&mut out, unit)?;
                }
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
            review_lines(&pending, &directory, &mut io::stdin().lock(), &mut out)?;
        }
    }
    Ok(ExitStatus::Success)
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
        messages::print_line(&format!("accepted {}", display_path(&file.path, &directory)));
    }
    if changed.is_empty() {
        let among = flags.filter.as_ref().map_or("", |_| " that the filter selects");
        messages::print_line(&format!("everything{among} is already accepted"));
    }
    Ok(ExitStatus::Success)
}

fn display_path(path: &Path, directory: &Path) -> String {
    path.strip_prefix(directory).unwrap_or(path).display().to_string()
}

fn file_title(waiting: &PendingSnapshot, directory: &Path) -> String {
    let bold = anstyle::Style::new().bold();
    let file = &waiting.file;
    let lines = if waiting.units.len() == 1 { "1 line" } else { &format!("{} lines", waiting.units.len()) };
    let name = escape_text(&format!("{}/{}", file.scenario, file.operation));
    let place = escape_text(&format!("{lines} · {}", display_path(&file.path, directory)));
    format!("{bold}{name}{bold:#} · {} · {place}", escape_text(&file.profile))
}

fn print_unit(out: &mut impl Write, unit: &LineChange) -> io::Result<()> {
    let (red, green) = (anstyle::AnsiColor::Red.on_default(), anstyle::AnsiColor::Green.on_default());
    let old: Vec<&str> = unit.old.lines().collect();
    let (mut at, mut added) = (0, Vec::new());
    let mut hunks = Vec::new();
    for line in unit.new.lines() {
        match old[at..].iter().position(|other| *other == line) {
            // An unchanged line separates the changes before it from those after it.
            Some(gone) => {
                hunks.push((at..at + gone, std::mem::take(&mut added), Some(line)));
                at += gone + 1;
            }
            None => added.push(line),
        }
    }
    hunks.push((at..old.len(), added, None));
    for (gone, come, stays) in hunks {
        old[gone].iter().try_for_each(|line| writeln!(out, "  {red}- {}{red:#}", escape_text(line)))?;
        come.iter().try_for_each(|line| writeln!(out, "  {green}+ {}{green:#}", escape_text(line)))?;
        stays.map_or(Ok(()), |line| writeln!(out, "    {}", escape_text(line)))?;
    }
    Ok(())
}

fn decide_all(waiting: &[PendingSnapshot], choice: ReviewChoice, word: &str) -> Result<(), CommandError> {
    let mut lines = 0;
    for one in waiting {
        let choices: Vec<_> = one.units.iter().map(|unit| (unit.place.clone(), choice)).collect();
        lines += choices.len();
        one.apply_choices(&choices)?;
    }
    let plural = |number: usize, one: &str| if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") };
    messages::print_line(&format!("{word} {} in {}", plural(lines, "line"), plural(waiting.len(), "file")));
    Ok(())
}

/// Asks for a decision on each line. Decisions made before the input ends or the user quits take effect.
fn review_lines(
    waiting: &[PendingSnapshot],
    directory: &Path,
    input: &mut dyn BufRead,
    out: &mut impl Write,
) -> Result<(), CommandError> {
    for one in waiting {
        writeln!(out, "\n{}", file_title(one, directory))?;
        let mut choices = Vec::new();
        let mut rest = None;
        let mut quit = false;
        for (index, unit) in one.units.iter().enumerate() {
            let choice = match rest {
                Some(choice) => choice,
                None => {
                    writeln!(out)?;
                    print_unit(out, unit)?;
                    match ask_for_choice(input, out, index + 1, one.units.len())? {
                        ReviewAnswer::ThisLine(choice) => choice,
                        ReviewAnswer::RestOfFile(choice) => {
                            rest = Some(choice);
                            choice
                        }
                        ReviewAnswer::Quit => {
                            quit = true;
                            break;
                        }
                    }
                }
            };
            choices.push((unit.place.clone(), choice));
        }
        one.apply_choices(&choices)?;
        if quit {
            break;
        }
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReviewAnswer {
    ThisLine(ReviewChoice),
    RestOfFile(ReviewChoice),
    Quit,
}

fn ask_for_choice(input: &mut dyn BufRead, out: &mut impl Write, number: usize, of: usize) -> io::Result<ReviewAnswer> {
    loop {
        write!(out, "{number}/{of}  (a)ccept, (r)eject, (s)kip; A, R, S for the rest of the file; (q)uit? ")?;
        out.flush()?;
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(ReviewAnswer::Quit);
        }
        match line.trim() {
            "a" | "accept" => return Ok(ReviewAnswer::ThisLine(ReviewChoice::Accept)),
            "r" | "reject" => return Ok(ReviewAnswer::ThisLine(ReviewChoice::Reject)),
            "s" | "skip" | "" => return Ok(ReviewAnswer::ThisLine(ReviewChoice::Skip)),
            "A" => return Ok(ReviewAnswer::RestOfFile(ReviewChoice::Accept)),
            "R" => return Ok(ReviewAnswer::RestOfFile(ReviewChoice::Reject)),
            "S" => return Ok(ReviewAnswer::RestOfFile(ReviewChoice::Skip)),
            "q" | "quit" => return Ok(ReviewAnswer::Quit),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "---\nsource: scenarios/s.toml\nexpression: s/Op\n---\n";

    #[test]
    fn review_applies_each_decision_to_its_line() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let snapshots = SnapshotStore::new(directory.path().to_owned());
        let file = snapshots.file_for("default", "s", "Op");
        file.write_accepted(&format!("{HEAD}a/x  valid 200\nb/x  valid 200\nc/x  valid 200\n")).expect("written");
        file.write_pending(&format!("{HEAD}a/x  valid 201\nb/x  valid 202\nc/x  valid 203\nd/x  valid 204\n"))
            .expect("written");
        let waiting = session::pending_snapshots(&snapshots, None).expect("read");
        let mut out = Vec::new();
        review_lines(&waiting, directory.path(), &mut "a\nr\nwhat\ns\nA\n".as_bytes(), &mut out).expect("reviewed");
        let accepted = file.read_accepted().expect("read").expect("there");
        let body: Vec<String> =
            accepted[HEAD.len()..].lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(body, ["a/x valid 201", "b/x valid 200", "c/x valid 200", "d/x valid 204"]);
        let left = session::pending_snapshots(&snapshots, None).expect("read");
        assert_eq!(left[0].units.iter().map(|unit| unit.place.as_str()).collect::<Vec<_>>(), ["c/x"]);
        // The end of input leaves the remaining lines undecided.
        review_lines(&left, directory.path(), &mut "".as_bytes(), &mut out).expect("reviewed");
        assert_eq!(session::pending_snapshots(&snapshots, None).expect("read").len(), 1);
        review_lines(&left, directory.path(), &mut "R\n".as_bytes(), &mut out).expect("reviewed");
        assert!(session::pending_snapshots(&snapshots, None).expect("read").is_empty());
        assert_eq!(file.read_accepted().expect("read").as_deref(), Some(accepted.as_str()));
    }
}
