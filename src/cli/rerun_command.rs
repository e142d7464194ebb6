//! Builds the command line that runs the same cases again, ready to paste into a shell.
//!
//! It never contains a secret: secrets are replaced by the names of shell variables.

use super::flags::{ChooseFlags, LevelFlag};

/// Returns `overstep check connect -e http://…` with every flag that changes what is sent.
pub fn again(scenario: &str, endpoint: Option<&str>, allow_remote: bool, choose: &ChooseFlags) -> String {
    let mut words = vec!["overstep check".to_owned(), word(scenario)];
    let mut flag = |name: &str, value: &str| words.push(format!("{name} {}", word(value)));
    if let Some(endpoint) = endpoint {
        flag("-e", endpoint);
    }
    if let Some(file) = &choose.variables_file {
        flag("--variables-file", &file.display().to_string());
    }
    for (name, value) in &choose.variable {
        flag("--variable", &format!("{name}={value}"));
    }
    if choose.seed != 1 {
        flag("--seed", &choose.seed.to_string());
    }
    match choose.level {
        LevelFlag::Quick => flag("--level", "quick"),
        LevelFlag::Exhaustive => flag("--level", "exhaustive"),
        LevelFlag::Full => {}
    }
    for (name, _) in &choose.secret {
        words.push(format!("--secret \"{name}=${}\"", shell_name(name)));
    }
    for (name, _) in &choose.header {
        words.push(format!("-H \"{name}: ${}\"", shell_name(name)));
    }
    if allow_remote {
        words.push("--allow-remote".to_owned());
    }
    words.join(" ")
}

/// Returns the name of the shell variable for a variable or header: uppercase, with `_` for other characters.
pub fn shell_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}
