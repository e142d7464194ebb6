//! What a shell and a system see of overstep: usage errors, variables of the environment, colors, completions, manual
//! pages, and scenarios that are found from folders below the project.

#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

use crate::support::command;
use crate::support::notes_project;
use crate::support::visible;
use command::overstep;
use std::path::Path;
use std::process::{Command, Output};

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8 text");
    (text(&output.stdout), text(&output.stderr))
}

fn run(directory: &Path, arguments: &[&str]) -> (String, String) {
    texts(&overstep(directory, arguments).output().expect("start overstep"))
}

#[test]
fn wrong_command_lines_are_answered_in_plain_english() {
    let directory = notes_project();
    let mut shown = String::new();
    for line in [
        "chek",
        "test",
        "notes",
        "http://127.0.0.1:4566",
        "check http://127.0.0.1:4566",
        "check openapi.yaml",
        "check -e",
        "check -e=",
        "check -e 127.0.0.1:4566",
        "check --filtr x",
        "check -v",
        "check --level max",
        "check --level quik",
        "check --workers many",
        "check --workers 0",
        "check --max-failures 0",
        "check --seed -1",
        "check --seed 1 --seed 2",
        "check --report xml=out.xml",
        "check --report out.xml",
        "check --request-timeout 10",
        "check --variable X",
        "check -H X",
        "check --profile ../x",
        "check --no-snapshots --update new",
        "check --filter --level quick",
        "init",
        "init shop",
        "export x",
        "completions",
        "completions fsh",
        "explain OV101 OV102",
        "report lst",
        "snapshot accpt",
        "snapshot show",
        "man chek",
        "schema",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let output = overstep(directory.path(), &words).output().expect("start overstep");
        assert_eq!(output.status.code(), Some(2), "{line}");
        let (stdout, stderr) = texts(&output);
        assert_eq!(stdout, "", "{line}");
        shown.push_str(&format!("$ overstep {line}\n{}", stderr.replace(" |\n", "")));
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn endpoint_of_the_environment_counts_unless_a_flag_names_one() {
    let directory = notes_project();
    let check = |endpoint: &str, arguments: &[&str]| {
        let mut command = overstep(directory.path(), &[&["check", "notes", "-E", "control"], arguments].concat());
        let output = command.env("OVERSTEP_ENDPOINT", endpoint).output().expect("start overstep");
        (output.status.code(), texts(&output).1)
    };
    let (code, stderr) = check("nowhere", &[]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("unknown endpoint `nowhere`"), "{stderr}");
    assert_eq!(check("nowhere", &["-e", "embedded"]).0, Some(0));
    // A CI job often sets a variable to nothing.
    assert_eq!(check("", &[]).0, Some(0));
    for command in ["check", "fuzz", "doctor", "cases", "init"] {
        assert!(run(directory.path(), &[command, "--help"]).0.contains("OVERSTEP_ENDPOINT]"), "{command}");
    }
}

#[test]
fn scenarios_are_found_from_a_folder_below() {
    let directory = notes_project();
    let below = directory.path().join("src/deep");
    std::fs::create_dir_all(&below).expect("create directory");
    let output = overstep(&below, &["check"]).output().expect("start overstep");
    let (stdout, stderr) = texts(&output);
    assert_eq!(output.status.code(), Some(0), "{stdout}{stderr}");
    assert!(stdout.contains("notes · http"), "{stdout}");
    assert!(directory.path().join("snapshots/embedded/notes").is_dir(), "snapshots stay next to the scenarios");
    assert!(run(&below, &["check", "nots"]).1.contains("did you mean `notes`?"));
    // What the run recorded is found again from there.
    let (stdout, stderr) = run(&below, &["replay", "notes/TagNote/valid/control/plain"]);
    assert!(stdout.contains("notes/TagNote/valid/control/plain"), "{stdout}{stderr}");
    std::fs::write(directory.path().join("scenarios/broken.toml"), "sources = 1\n").expect("write file");
    assert!(run(&below, &["check", "broken"]).1.contains("--> ../../scenarios/broken.toml:1"));
    // A repository of its own ends the search.
    std::fs::create_dir(below.join(".git")).expect("create directory");
    assert!(run(&below, &["check", "notes"]).1.contains("unknown scenario `notes`"));
}

#[test]
fn colors_follow_the_variables_of_the_environment() {
    let directory = notes_project();
    let is_colored = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = overstep(directory.path(), &[&["check", "nots"], arguments].concat());
        let output = command.envs(variables.iter().copied()).output().expect("start overstep");
        texts(&output).1.contains('\u{1b}')
    };
    assert!(!is_colored(&[], &[]), "a pipe gets no colors");
    assert!(is_colored(&[("CLICOLOR_FORCE", "1")], &[]));
    assert!(!is_colored(&[("CLICOLOR_FORCE", "0")], &[]));
    assert!(!is_colored(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[]), "NO_COLOR counts more");
    assert!(is_colored(&[("NO_COLOR", "1")], &["--color", "always"]), "a flag counts more than a variable");
    assert!(!is_colored(&[("CLICOLOR_FORCE", "1")], &["--color", "never"]));
}

/// Returns what bash offers for a line after TAB, with the script that overstep prints.
fn completions(directory: &Path, line: &[&str]) -> Vec<String> {
    let binary = Path::new(env!("CARGO_BIN_EXE_overstep")).parent().expect("a folder");
    let words: Vec<String> = line.iter().map(|word| format!("'{word}'")).collect();
    let current = words.last().expect("a word");
    let script = format!(
        "eval \"$(overstep completions bash)\"; COMP_WORDS=({}); COMP_CWORD={}; \
         _clap_complete_overstep overstep {current}; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.join(" "),
        words.len() - 1,
    );
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new("bash");
    command.current_dir(directory).args(["-c", &script]).env_clear().env("PATH", path).env("HOME", directory);
    let (stdout, stderr) = texts(&command.output().expect("start bash"));
    assert_eq!(stderr, "", "{line:?}");
    stdout.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

#[test]
fn bash_completes_names_of_scenarios_endpoints_operations_laws_and_codes() {
    if Command::new("bash").arg("--version").output().is_err() {
        visible::say("skipped: bash is not installed");
        return;
    }
    let directory = notes_project();
    std::fs::write(directory.path().join("overstep.toml"), "[endpoints.local]\nurl = \"http://127.0.0.1:1\"\n")
        .expect("write file");
    let offered = |line: &[&str]| completions(directory.path(), line);
    assert_eq!(offered(&["overstep", "che"]), ["check"]);
    assert_eq!(offered(&["overstep", "check", "no"]), ["notes"]);
    assert_eq!(offered(&["overstep", "check", "-e", ""]), ["local", "embedded"]);
    assert_eq!(offered(&["overstep", "check", "-E", "notes/Tag"]), ["notes/TagNote"]);
    assert_eq!(offered(&["overstep", "check", "-E", "law/mer"]), ["law/merges"]);
    assert_eq!(
        offered(&["overstep", "check", "-E", "op(TagNote) & constraint(len"]),
        ["op(TagNote) & constraint(length)"]
    );
    assert_eq!(offered(&["overstep", "explain", "OV203"]), ["OV203"]);
    assert_eq!(offered(&["overstep", "check", "--level", "q"]), ["quick"]);
}

#[test]
fn every_shell_gets_a_script_and_every_command_a_manual_page() {
    let directory = notes_project();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let (stdout, _) = run(directory.path(), &["completions", shell]);
        assert!(stdout.contains("OVERSTEP_COMPLETE"), "{shell}: {stdout}");
    }
    run(directory.path(), &["man", "--dir", "man"]);
    let mut pages: Vec<String> = std::fs::read_dir(directory.path().join("man"))
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    pages.sort();
    insta::assert_snapshot!(pages.join(" "));
    let (page, _) = run(directory.path(), &["man", "check"]);
    let file = std::fs::read_to_string(directory.path().join("man/overstep-check.1")).expect("read file");
    assert_eq!(page, file);
    assert!(page.contains(".TH overstep-check 1") && page.contains("OVERSTEP_ENDPOINT"), "{page}");
}

#[test]
fn snapshots_and_known_divergences_of_a_url_belong_to_its_host_and_port() {
    let directory = notes_project();
    // Nothing listens on the port, so nothing is learnt; which files apply is known all the same.
    let known = directory.path().join("scenarios/notes.known");
    std::fs::create_dir(&known).expect("create directory");
    let entry = "[[known]]\ncases = [\"notes/TagNote/*\"]\nobserved = \"200\"\nreason = \"x\"\n";
    std::fs::write(known.join("127.0.0.1-1.toml"), entry).expect("write file");
    std::fs::write(known.join("staging.toml"), entry).expect("write file");
    let announced = |arguments: &[&str]| {
        let (_, stderr) = run(directory.path(), &[&["check", "notes"], arguments].concat());
        stderr.lines().find(|line| line.starts_with("known divergences:")).expect("a line").to_owned()
    };
    let url = ["-e", "http://127.0.0.1:1"];
    assert_eq!(announced(&url), "known divergences: scenarios/notes.known/127.0.0.1-1.toml (1 entry)");
    assert_eq!(
        announced(&[&url[..], &["--profile", "staging"]].concat()),
        "known divergences: scenarios/notes.known/staging.toml (1 entry)"
    );
    assert_eq!(
        announced(&["-e", "embedded"]),
        "known divergences: none for `embedded`; scenarios/notes.known/ has 127.0.0.1-1.toml, staging.toml; \
         --profile NAME selects one"
    );
}
