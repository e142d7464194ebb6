//! Builds the command line that runs the same cases again, ready to paste into a shell.
//!
//! It never contains a secret: secrets are replaced by the names of shell variables.

use super::run_flags::{LevelFlag, SelectionFlags};
use overstep::escape::{escape_text, shell_word};

/// Returns `overstep check connect -e http://…` with every flag that changes what is sent.
/// The values of the variables in `secret_names` are left to the shell.
pub fn rerun_command(
    scenario: &str,
    endpoint: Option<&str>,
    allow_remote: bool,
    choose: &SelectionFlags,
    secret_names: &[&str],
) -> String {
    let is_secret = |name: &str| secret_names.contains(&name);
    let mut words = vec!["overstep check".to_owned(), quote_word(scenario)];
    let mut push_flag = |name: &str, value: &str| words.push(format!("{name} {}", quote_word(value)));
    if let Some(endpoint) = endpoint {
        push_flag("-e", endpoint);
    }
    if let Some(profile) = &choose.profile {
        push_flag("--profile", profile);
    }
    if let Some(file) = &choose.data.variables_file {
        push_flag("--variables-file", &file.display().to_string());
    }
    for (name, value) in choose.data.variable.iter().filter(|(name, _)| !is_secret(name)) {
        push_flag("--variable", &format!("{name}={value}"));
    }
    if choose.data.seed != 1 {
        push_flag("--seed", &choose.data.seed.to_string());
    }
    match choose.data.level {
        LevelFlag::Quick => push_flag("--level", "quick"),
        LevelFlag::Exhaustive => push_flag("--level", "exhaustive"),
        LevelFlag::Full => {}
    }
    for (name, _) in choose.data.secret.iter().chain(choose.data.variable.iter().filter(|(name, _)| is_secret(name))) {
        words.push(format!("--secret \"{name}=${}\"", shell_variable_name(name)));
    }
    for (name, _) in &choose.data.header {
        words.push(format!("-H \"{name}: ${}\"", shell_variable_name(name)));
    }
    if allow_remote {
        words.push("--allow-remote".to_owned());
    }
    words.join(" ")
}

/// Returns the name of the shell variable for a variable or header: uppercase, with `_` for other characters.
pub fn shell_variable_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

fn quote_word(text: &str) -> String {
    shell_word(text.as_bytes()).unwrap_or_else(|| escape_text(text))
}
