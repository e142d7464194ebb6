//! Says in plain English what is wrong with a command line.
//!
//! It never prints anything and never repeats the value of a flag for secrets.

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use overstep::contract::nearest_name;
use overstep::report::Diagnostic;

/// Commands of other tools, and what overstep calls them.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("test", "overstep check"),
    ("run", "overstep check"),
    ("verify", "overstep check"),
    ("start", "overstep serve"),
    ("mock", "overstep serve"),
    ("stub", "overstep serve"),
    ("list", "overstep cases"),
    ("ls", "overstep cases"),
    ("new", "overstep init"),
    ("create", "overstep init"),
    ("import", "overstep ingest"),
    ("diff", "overstep drift"),
    ("compare", "overstep check --against NAME"),
    ("retry", "overstep check --last-failed"),
    ("show", "overstep report"),
    ("results", "overstep report"),
    ("review", "overstep snapshot review"),
    ("accept", "overstep snapshot accept"),
    ("snapshots", "overstep snapshot"),
    ("version", "overstep --version"),
    ("completion", "overstep completions"),
];

/// Maximum edit distance between a word and the one that was probably meant.
const MAX_DISTANCE: usize = 2;

/// Returns what is wrong with a command line, and what to type instead. Returns `None` for help and versions, and for
/// errors that are printed as clap words them.
pub fn usage_diagnostic(error: &clap::Error, root: &Command, arguments: &[String]) -> Option<Diagnostic> {
    let command = command_of(root, arguments);
    let problem = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            unknown_command(&context(error, ContextKind::InvalidSubcommand)?, root, &command)
        }
        ErrorKind::UnknownArgument => unknown_argument(error, &command, arguments)?,
        ErrorKind::MissingRequiredArgument => missing_arguments(error, &command)?,
        ErrorKind::InvalidValue => invalid_value(error)?,
        ErrorKind::ValueValidation => rejected_value(error)?,
        ErrorKind::ArgumentConflict => conflict(error)?,
        _ => return None,
    };
    Some(problem)
}

/// A command of the command line, with all the words of its name.
struct NamedCommand<'c> {
    /// `overstep snapshot list`.
    name: String,
    command: &'c Command,
}

/// Returns the command that the words select.
fn command_of<'c>(root: &'c Command, arguments: &[String]) -> NamedCommand<'c> {
    let mut found = NamedCommand { name: root.get_name().to_owned(), command: root };
    for word in arguments.iter().filter(|word| !word.starts_with('-')) {
        let Some(next) = found.command.find_subcommand(word) else { break };
        found = NamedCommand { name: format!("{} {word}", found.name), command: next };
    }
    found
}

/// Returns a part of an error as text.
fn context(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => texts.first().cloned(),
        _ => None,
    }
}

/// Returns the flag without its value: `--seed` for `--seed <NUMBER>`.
fn flag_name(argument: &str) -> String {
    let name = argument.split([' ', '=']).next().unwrap_or_default();
    let name = name.trim_matches(['<', '>', '[', ']', '.']);
    name.to_owned()
}

fn unknown_command(word: &str, root: &Command, parent: &NamedCommand<'_>) -> Diagnostic {
    let names = parent.command.get_subcommands().map(Command::get_name);
    let problem = Diagnostic::error(format!("unknown command `{word}`"));
    let is_top = parent.name == root.get_name();
    let other = OTHER_NAMES.iter().find(|(name, _)| is_top && *name == word);
    let hint = if let Some(name) = nearest_name(word, names, MAX_DISTANCE) {
        format!("did you mean `{} {name}`?", parent.name)
    } else if let Some((_, command)) = other {
        format!("did you mean `{command}`?")
    } else if is_top && word.contains("://") {
        "to test an endpoint, use `overstep check SCENARIO --endpoint URL`".to_owned()
    } else if is_top {
        format!("`overstep --help` lists all commands; to test a scenario, use `overstep check {word}`")
    } else {
        let names = parent.command.get_subcommands().map(Command::get_name).filter(|name| *name != "help");
        let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
        format!("expected one of {}", names.join(", "))
    };
    problem.with_hint(hint)
}

fn unknown_argument(error: &clap::Error, command: &NamedCommand<'_>, arguments: &[String]) -> Option<Diagnostic> {
    let word = context(error, ContextKind::InvalidArg)?;
    let help = format!("`{} --help` lists what it takes", command.name);
    if !word.starts_with('-') {
        let problem = Diagnostic::error(format!("`{}` does not take the argument `{word}`", command.name));
        return Some(problem.with_hint(help));
    }
    // A negative number, or a value that begins with a dash, looks like a flag.
    let before = arguments.iter().position(|other| *other == word).and_then(|at| at.checked_sub(1));
    let flag = before.and_then(|at| arguments.get(at)).filter(|flag| takes_value(command.command, flag));
    if let Some(flag) = flag {
        let problem = Diagnostic::error(format!("`{flag}` needs a value, but `{word}` looks like a flag"));
        return Some(problem.with_hint(format!("if it is the value, write `{flag}={word}`")));
    }
    let problem = Diagnostic::error(format!("`{}` has no flag `{word}`", command.name));
    Some(match context(error, ContextKind::SuggestedArg) {
        Some(near) => problem.with_hint(format!("did you mean `{}`?", flag_name(&near))),
        None => problem.with_hint(help),
    })
}

/// Returns true if a word is a flag that takes a value.
fn takes_value(command: &Command, word: &str) -> bool {
    command.get_arguments().any(|argument| {
        let is_long = argument
            .get_long_and_visible_aliases()
            .is_some_and(|names| names.iter().any(|name| word.strip_prefix("--") == Some(*name)));
        let is_short = argument
            .get_short_and_visible_aliases()
            .is_some_and(|names| names.iter().any(|name| word.strip_prefix('-') == Some(name.to_string().as_str())));
        (is_long || is_short) && argument.get_action().takes_values()
    })
}

fn missing_arguments(error: &clap::Error, command: &NamedCommand<'_>) -> Option<Diagnostic> {
    let ContextValue::Strings(missing) = error.get(ContextKind::InvalidArg)? else { return None };
    let mut missing: Vec<&String> = missing.iter().collect();
    // What has a place of its own is named before the flags.
    missing.sort_by_key(|name| name.starts_with('-'));
    let shown: Vec<String> = missing.iter().map(|name| format!("`{}`", plain_argument(name))).collect();
    let problem = Diagnostic::error(format!("missing {}", shown.join(" and ")));
    let usage: Vec<String> = missing.iter().map(|name| plain_argument(name)).collect();
    let values: Vec<String> = missing.iter().filter_map(|name| possible_values(command.command, name)).collect();
    let example = if missing.iter().all(|name| name.starts_with('-')) {
        format!("add `{}`", usage.join(" "))
    } else {
        format!("use `{} {}`", command.name, usage.join(" "))
    };
    let values = values.concat();
    Some(problem.with_hint(format!("{example}{values}; `{} --help` shows examples", command.name)))
}

/// Returns `; FORMAT is one of …` if an argument has a list of values.
fn possible_values(command: &Command, argument: &str) -> Option<String> {
    let found = command.get_arguments().find(|one| one.to_string() == argument)?;
    let values: Vec<String> = found.get_possible_values().iter().map(|one| format!("`{}`", one.get_name())).collect();
    let name = found.get_value_names()?.first()?.to_string();
    (!values.is_empty()).then(|| format!("; {name} is one of {}", values.join(", ")))
}

/// Returns an argument as a person writes it: `--source SOURCE` for `--source <SOURCE>`.
fn plain_argument(argument: &str) -> String {
    argument.replace(['<', '>'], "")
}

fn invalid_value(error: &clap::Error) -> Option<Diagnostic> {
    let argument = context(error, ContextKind::InvalidArg)?;
    let value = context(error, ContextKind::InvalidValue)?;
    let known = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(known)) => known.clone(),
        _ => Vec::new(),
    };
    let list = known.iter().map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", ");
    let problem = if value.is_empty() {
        Diagnostic::error(format!("`{}` needs a value", flag_name(&argument)))
    } else {
        Diagnostic::error(format!("`{value}` is not a value of `{}`", flag_name(&argument)))
    };
    let hint = match nearest_name(&value, known.iter().map(String::as_str), MAX_DISTANCE) {
        Some(near) => format!("did you mean `{near}`? The values are {list}"),
        None if known.is_empty() => format!("write `{}`", plain_argument(&argument)),
        None => format!("the values are {list}"),
    };
    Some(problem.with_hint(hint))
}

fn rejected_value(error: &clap::Error) -> Option<Diagnostic> {
    let argument = context(error, ContextKind::InvalidArg)?;
    let flag = flag_name(&argument);
    // The value of a flag for secrets is in no error.
    let Some(value) = context(error, ContextKind::InvalidValue) else {
        let reason = context(error, ContextKind::Custom)?;
        return Some(Diagnostic::error(format!("invalid value for `{flag}`")).with_hint(reason));
    };
    let reason = std::error::Error::source(error)?.to_string();
    Some(Diagnostic::error(format!("invalid value `{value}` for `{flag}`")).with_hint(reason))
}

fn conflict(error: &clap::Error) -> Option<Diagnostic> {
    let first = flag_name(&context(error, ContextKind::InvalidArg)?);
    let others: Vec<String> = match error.get(ContextKind::PriorArg)? {
        ContextValue::String(other) => vec![flag_name(other)],
        ContextValue::Strings(others) => others.iter().map(|other| flag_name(other)).collect(),
        _ => return None,
    };
    if others.iter().all(|other| *other == first) {
        let problem = Diagnostic::error(format!("`{first}` is given more than once"));
        return Some(problem.with_hint("give it once"));
    }
    let others: Vec<String> = others.iter().map(|other| format!("`{other}`")).collect();
    let problem = Diagnostic::error(format!("`{first}` cannot be used together with {}", others.join(" and ")));
    Some(problem.with_hint("leave one of them out"))
}
