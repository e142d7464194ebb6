//! Implements `overstep snapshot`: lists, reviews, accepts and rejects pending lines.
//!
//! It never sends anything and never accepts a line that the user did not choose.

use super::flags::{SnapshotCommand, SnapshotFlags};
use super::{Stopped, say};
use overstep::exit::Exit;
use overstep::pipeline::{self, Choice, Filter, Keeping, Unit, Update, Waiting};
use overstep::report::Diagnostic;
use overstep::store::{self, Found, Snapshots};
use std::io::{self, BufRead, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

/// Returns `snapshots/` next to the scenarios folder, or in the current directory.
pub fn beside(found: &Found, directory: &Path) -> PathBuf {
    let root = match &found.directory {
        Some(folder) if folder.ends_with("scenarios") => folder.parent().map(Path::to_owned),
        Some(folder) => Some(folder.clone()),
        None => None,
    };
    root.unwrap_or_else(|| directory.to_owned()).join("snapshots")
}

/// Returns the snapshot options for a scenario, with `folder` or else the default folder.
pub fn keeping(folder: Option<&Path>, found: &Found, directory: &Path, update: Update) -> Keeping {
    let folder = folder.map_or_else(|| beside(found, directory), |folder| directory.join(folder));
    Keeping {
        snapshots: Snapshots::new(folder),
        update,
        source: format!("scenarios/{}.toml", found.name),
        profile: None,
    }
}

/// Returns the nearest `snapshots/` in this directory or its parents, up to the repository root.
fn nearest(directory: &Path) -> PathBuf {
    for above in directory.ancestors() {
        let candidate = above.join("snapshots");
        if candidate.is_dir() {
            return candidate;
        }
        if above.join(".git").exists() {
            break;
        }
    }
    directory.join("snapshots")
}

/// Runs a subcommand of `snapshot`.
pub fn snapshot(command: &SnapshotCommand) -> Result<Exit, Stopped> {
    let (SnapshotCommand::Review(flags)
    | SnapshotCommand::List(flags)
    | SnapshotCommand::Accept(flags)
    | SnapshotCommand::Reject(flags)) = command;
    let directory = super::current_directory()?;
    let folder = flags.snapshots.as_ref().map_or_else(|| nearest(&directory), |folder| directory.join(folder));
    let snapshots = Snapshots::new(folder);
    let filter = flags.filter.as_deref().map(super::jobs::parse_filter).transpose()?;
    if let Some(results) = &flags.from {
        return from_results(command, flags, &snapshots, results, filter.as_ref());
    }
    let waiting = pipeline::waiting(&snapshots, filter.as_ref())?;
    if waiting.is_empty() {
        say::line("no pending snapshots");
        return Ok(Exit::Kept);
    }
    let mut out = anstream::stdout();
    match command {
        SnapshotCommand::List(_) => {
            for one in &waiting {
                writeln!(out, "{}", title(one, &directory))?;
                for unit in &one.units {
                    show(&mut out, unit)?;
                }
            }
        }
        SnapshotCommand::Accept(_) => all(&waiting, Choice::Accept, "accepted")?,
        SnapshotCommand::Reject(_) => all(&waiting, Choice::Reject, "rejected")?,
        SnapshotCommand::Review(_) => {
            if !io::stdin().is_terminal() {
                let problem = Diagnostic::error("`snapshot review` needs a terminal as standard input");
                let hint = "use `overstep snapshot list`, then `overstep snapshot accept` or `reject`; \
                            `--filter EXPR` selects lines";
                return Err(problem.with_hint(hint).into());
            }
            review(&waiting, &directory, &mut io::stdin().lock(), &mut out)?;
        }
    }
    Ok(Exit::Kept)
}

fn from_results(
    command: &SnapshotCommand,
    flags: &SnapshotFlags,
    snapshots: &Snapshots,
    results: &Path,
    filter: Option<&Filter>,
) -> Result<Exit, Stopped> {
    if !matches!(command, SnapshotCommand::Accept(_)) {
        let problem = Diagnostic::error("`--from` works only with `overstep snapshot accept`");
        return Err(problem.with_hint("use `overstep snapshot accept --from RESULTS`").into());
    }
    let directory = super::current_directory()?;
    let text = store::read_text(&directory.join(results))?;
    let changed = pipeline::accept_results(snapshots, &results.display().to_string(), &text, filter)?;
    for file in &changed {
        say::line(&format!("accepted {}", shown(&file.path, &directory)));
    }
    if changed.is_empty() {
        let among = flags.filter.as_ref().map_or("", |_| " that the filter selects");
        say::line(&format!("everything{among} is already accepted"));
    }
    Ok(Exit::Kept)
}

fn shown(path: &Path, directory: &Path) -> String {
    path.strip_prefix(directory).unwrap_or(path).display().to_string()
}

fn title(waiting: &Waiting, directory: &Path) -> String {
    let bold = anstyle::Style::new().bold();
    let file = &waiting.file;
    let lines = if waiting.units.len() == 1 { "1 line" } else { &format!("{} lines", waiting.units.len()) };
    let name = format!("{}/{}", file.scenario, file.operation);
    format!("{bold}{name}{bold:#} · {} · {lines} · {}", file.profile, shown(&file.path, directory))
}

fn show(out: &mut impl Write, unit: &Unit) -> io::Result<()> {
    let (red, green) = (anstyle::AnsiColor::Red.on_default(), anstyle::AnsiColor::Green.on_default());
    let old: Vec<&str> = unit.old.lines().collect();
    let (mut at, mut come) = (0, Vec::new());
    let mut kept = Vec::new();
    for line in unit.new.lines() {
        match old[at..].iter().position(|other| *other == line) {
            // An unchanged line separates the changes before it from those after it.
            Some(gone) => {
                kept.push((at..at + gone, std::mem::take(&mut come), Some(line)));
                at += gone + 1;
            }
            None => come.push(line),
        }
    }
    kept.push((at..old.len(), come, None));
    for (gone, come, stays) in kept {
        old[gone].iter().try_for_each(|line| writeln!(out, "  {red}- {line}{red:#}"))?;
        come.iter().try_for_each(|line| writeln!(out, "  {green}+ {line}{green:#}"))?;
        stays.map_or(Ok(()), |line| writeln!(out, "    {line}"))?;
    }
    Ok(())
}

fn all(waiting: &[Waiting], choice: Choice, word: &str) -> Result<(), Stopped> {
    let mut lines = 0;
    for one in waiting {
        let choices: Vec<_> = one.units.iter().map(|unit| (unit.place.clone(), choice)).collect();
        lines += choices.len();
        one.decide(&choices)?;
    }
    let plural = |number: usize, one: &str| if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") };
    say::line(&format!("{word} {} in {}", plural(lines, "line"), plural(waiting.len(), "file")));
    Ok(())
}

/// Asks for a decision on each line. Decisions made before the input ends or the user quits take effect.
fn review(waiting: &[Waiting], directory: &Path, input: &mut dyn BufRead, out: &mut impl Write) -> Result<(), Stopped> {
    for one in waiting {
        writeln!(out, "\n{}", title(one, directory))?;
        let mut choices = Vec::new();
        let mut rest = None;
        let mut ended = false;
        for (index, unit) in one.units.iter().enumerate() {
            let choice = match rest {
                Some(choice) => choice,
                None => {
                    writeln!(out)?;
                    show(out, unit)?;
                    match ask(input, out, index + 1, one.units.len())? {
                        Answer::One(choice) => choice,
                        Answer::Rest(choice) => {
                            rest = Some(choice);
                            choice
                        }
                        Answer::Quit => {
                            ended = true;
                            break;
                        }
                    }
                }
            };
            choices.push((unit.place.clone(), choice));
        }
        one.decide(&choices)?;
        if ended {
            break;
        }
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    One(Choice),
    Rest(Choice),
    Quit,
}

fn ask(input: &mut dyn BufRead, out: &mut impl Write, number: usize, of: usize) -> io::Result<Answer> {
    loop {
        write!(out, "{number}/{of}  (a)ccept, (r)eject, (s)kip; A, R, S for the rest of the file; (q)uit? ")?;
        out.flush()?;
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(Answer::Quit);
        }
        match line.trim() {
            "a" | "accept" => return Ok(Answer::One(Choice::Accept)),
            "r" | "reject" => return Ok(Answer::One(Choice::Reject)),
            "s" | "skip" | "" => return Ok(Answer::One(Choice::Skip)),
            "A" => return Ok(Answer::Rest(Choice::Accept)),
            "R" => return Ok(Answer::Rest(Choice::Reject)),
            "S" => return Ok(Answer::Rest(Choice::Skip)),
            "q" | "quit" => return Ok(Answer::Quit),
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
        let snapshots = Snapshots::new(directory.path().to_owned());
        let file = snapshots.file("default", "s", "Op");
        file.accept(&format!("{HEAD}a/x  valid 200\nb/x  valid 200\nc/x  valid 200\n")).expect("written");
        file.wait(&format!("{HEAD}a/x  valid 201\nb/x  valid 202\nc/x  valid 203\nd/x  valid 204\n")).expect("written");
        let waiting = pipeline::waiting(&snapshots, None).expect("read");
        let mut out = Vec::new();
        review(&waiting, directory.path(), &mut "a\nr\nwhat\ns\nA\n".as_bytes(), &mut out).expect("reviewed");
        let accepted = file.accepted().expect("read").expect("there");
        let body: Vec<String> =
            accepted[HEAD.len()..].lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(body, ["a/x valid 201", "b/x valid 200", "c/x valid 200", "d/x valid 204"]);
        let left = pipeline::waiting(&snapshots, None).expect("read");
        assert_eq!(left[0].units.iter().map(|unit| unit.place.as_str()).collect::<Vec<_>>(), ["c/x"]);
        // The end of input leaves the remaining lines undecided.
        review(&left, directory.path(), &mut "".as_bytes(), &mut out).expect("reviewed");
        assert_eq!(pipeline::waiting(&snapshots, None).expect("read").len(), 1);
        review(&left, directory.path(), &mut "R\n".as_bytes(), &mut out).expect("reviewed");
        assert!(pipeline::waiting(&snapshots, None).expect("read").is_empty());
        assert_eq!(file.accepted().expect("read").as_deref(), Some(accepted.as_str()));
    }
}
