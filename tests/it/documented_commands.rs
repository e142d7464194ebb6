//! Every command in README and in `docs/` runs as it is written, against servers on this machine.
//!
//! Addresses and names of servers in the pages are replaced by those of reference servers that the test starts. Commands
//! that only a person or CI runs are listed with the reason; a command that is neither run nor listed fails the test.

#![expect(clippy::disallowed_methods, reason = "a test reads the pages")]

use crate::support::visible;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Commands that this test does not run, by their beginning, and where they run instead.
const RUN_ELSEWHERE: &[(&str, &str)] = &[
    ("cargo run --release -- check", "`.ci/run` runs it"),
    ("cargo test", "this test is part of it"),
    ("cargo install --path .", "`.ci/packages` is where packages are tried; building twice here takes minutes"),
    ("cargo +nightly fuzz run endpoint", "`.ci/endpoint` runs the target"),
    ("source .ci/emulators", "`.ci/run` runs it, and the test `emulators` copies the folder"),
    ("source .ci/tools", "`.ci/run` runs it, and the test `emulators` copies the folder"),
    ("overstep serve connect --port 4566", "the test starts this server for the commands that follow"),
    ("overstep init shop --source openapi.json -e", "`web_api` runs it against such an API"),
    ("overstep init shop -e", "`openapi/init.rs` runs it against a server that has a document"),
    (".ci/", "CI runs its own scripts"),
];

/// Texts of the pages that cannot be used as they are, and what stands for them here.
const REPLACEMENTS: &[(&str, &str)] = &[
    ("http://127.0.0.1:4566", "{connect}"),
    ("http://127.0.0.1:8080", "{mine}"),
    ("http://127.0.0.1:5000", "{queues}"),
    ("http://127.0.0.1:54321/functions/v1/api-gateway", "{leadlex}"),
    ("ContactId=…", "ContactId=123e4567-e89b-12d3-a456-426614174000"),
    ("OVERSTEP_BOTOCORE=… ", ""),
    // A fuzzer that finds nothing runs for as long as it may.
    ("--max-time 10m", "--max-time 1s"),
    ("overstep fuzz leadlex -e local", "overstep fuzz leadlex -e local --max-time 1s"),
];

const ENDPOINTS: &str = r#"
[endpoints.local]
url = "{leadlex}"
[endpoints.moto]
url = "{queues}"
[endpoints.ministack]
url = "{queues}"
"#;

/// A command of a page.
struct PageCommand {
    page: String,
    line: usize,
    text: String,
}

/// Returns the commands in the blocks of a page that are not in another language, with continued lines joined.
fn read_commands(page: &str, text: &str) -> Vec<PageCommand> {
    let starts = |line: &str| {
        let line = line.strip_prefix("$ ").unwrap_or(line);
        let word = line.split_whitespace().find(|word| !word.contains('=')).unwrap_or_default();
        ["overstep", "cargo", "mkdir", "source", "export", "curl", "pip", "npm", "npx", "bash", "hurl", "pytest"]
            .contains(&word)
            || word.starts_with(".ci/")
    };
    let (mut commands, mut in_block, mut continued): (Vec<PageCommand>, bool, bool) = (Vec::new(), false, false);
    let mut is_shell = false;
    for (index, line) in text.lines().enumerate() {
        if let Some(language) = line.strip_prefix("```") {
            in_block = !in_block;
            is_shell = matches!(language.trim(), "" | "sh" | "bash" | "console");
            continue;
        }
        if !in_block || !is_shell {
            continue;
        }
        let (part, continues) = line.strip_suffix('\\').map_or((line, false), |part| (part, true));
        if continued {
            if let Some(last) = commands.last_mut() {
                last.text.push_str(part.trim());
            }
        } else if starts(line) {
            let text = part.strip_prefix("$ ").unwrap_or(part).to_owned();
            commands.push(PageCommand { page: page.to_owned(), line: index + 1, text });
        } else {
            continue;
        }
        continued = continues;
    }
    commands
}

fn read_all_commands() -> Vec<PageCommand> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages: Vec<PathBuf> = std::fs::read_dir(root.join("docs"))
        .expect("docs is readable")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    pages.push(root.join("README.md"));
    pages.sort();
    let commands = pages.iter().flat_map(|path| {
        let name = path.strip_prefix(root).expect("below the root").display().to_string();
        read_commands(&name, &std::fs::read_to_string(path).expect("pages are text"))
    });
    commands.collect()
}

/// A reference server that ends with the test.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(directory: &Path, scenario: &str) -> Self {
        let mut command = shell(directory);
        command.args(["-c", &format!("exec overstep serve {scenario} --port 0")]);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("bash starts");
        let mut url = String::new();
        let output = process.stdout.take().expect("stdout is piped");
        BufReader::new(output).read_line(&mut url).expect("the server prints its address");
        assert!(url.starts_with("http://"), "`overstep serve {scenario}` printed {url:?}");
        Self { process, url: url.trim().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns bash in a folder, with `overstep` on its path and nothing else of this environment.
fn shell(directory: &Path) -> Command {
    let binary = Path::new(env!("CARGO_BIN_EXE_overstep")).parent().expect("a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("bash");
    command.current_dir(directory).env_clear().env("HOME", directory).env("API_KEY", "test-key").env("KEY", "test-key");
    command.env("PATH", format!("{}:{path}", binary.display()));
    if let Ok(folder) = std::env::var("OVERSTEP_BOTOCORE") {
        command.env("OVERSTEP_BOTOCORE", folder);
    }
    command
}

/// Returns a folder in which the pages' commands make sense, or `None` if their documents are not at hand.
fn prepare_project() -> Option<TempDir> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/docs/leadlex/add-tags-to-contact.mdx");
    let Ok(page) = std::fs::read_to_string(&page) else {
        visible::say("SKIPPED: the documentation pages are not beside the project");
        return None;
    };
    let Ok(botocore) = std::env::var("OVERSTEP_BOTOCORE") else {
        visible::say("SKIPPED: OVERSTEP_BOTOCORE does not name a folder with botocore");
        return None;
    };
    assert!(Path::new(&botocore).is_dir(), "{botocore}");
    let directory = tempfile::tempdir().expect("a temporary directory");
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        std::fs::write(path, text).expect("written");
    };
    write("app.log", include_str!("fit/botocore.log"));
    write("operations.txt", "SendMessage QueueUrl MessageBody\nCreateQueue\n");
    write("openapi.yaml", include_str!("openapi/notes.yaml"));
    write("docs/api/add-tags-to-contact.mdx", &page);
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("readable");
    let scenario = readme.split("```toml\n# scenarios/mine.toml\n").nth(1).expect("README shows scenarios/mine.toml");
    write("mine.toml", scenario.split("\n```").next().unwrap_or_default());
    for name in ["sqs", "queues"] {
        let scenario =
            "sources = [\"botocore:sqs\"]\nprincipal = \"aws\"\n[principals.aws]\nsigv4 = { region = \"us-east-1\" }\n";
        write(&format!("serve/scenarios/{name}.toml"), scenario);
    }
    write(
        "scenarios/sqs.toml",
        &std::fs::read_to_string(directory.path().join("serve/scenarios/sqs.toml")).expect("written"),
    );
    write("serve/docs/api/add-tags-to-contact.mdx", &page);
    write("serve/scenarios/mine.toml", &std::fs::read_to_string(directory.path().join("mine.toml")).expect("written"));
    Some(directory)
}

#[test]
fn every_command_of_the_pages_runs() {
    let Some(directory) = prepare_project() else { return };
    let serve = directory.path().join("serve");
    let servers: Vec<(&str, Server)> =
        [("{connect}", "connect"), ("{leadlex}", "leadlex"), ("{mine}", "mine"), ("{queues}", "queues")]
            .into_iter()
            .map(|(placeholder, scenario)| (placeholder, Server::start(&serve, scenario)))
            .collect();
    let fill = |text: &str| {
        let text = REPLACEMENTS.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        servers.iter().fold(text, |text, (placeholder, server)| text.replace(placeholder, &server.url))
    };
    std::fs::write(directory.path().join("overstep.toml"), fill(ENDPOINTS)).expect("written");
    let (mut failures, mut count) = (Vec::new(), 0);
    for command in read_all_commands() {
        if RUN_ELSEWHERE.iter().any(|(start, _)| command.text.starts_with(start)) {
            continue;
        }
        count += 1;
        // A page may show a command that another page shows as well: it writes its scenario anew.
        if let Some(name) = command.text.strip_prefix("overstep init ").and_then(|rest| rest.split(' ').next()) {
            let _ = std::fs::remove_file(directory.path().join(format!("scenarios/{name}.toml")));
        }
        let mut text = fill(&command.text);
        if command.text.starts_with("overstep snapshot review") {
            let command = text.split('#').next().unwrap_or_default().trim().to_owned();
            text = format!("script -qec '{command}' /dev/null");
        }
        let mut shell = shell(directory.path());
        let mut process = shell
            .args(["-c", &text])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("bash starts");
        // `snapshot review` asks on a terminal, which `script` provides; it is left at its first question.
        let _ = process.stdin.take().expect("stdin is piped").write_all(b"q\n");
        let output = process.wait_with_output().expect("it ends");
        // The scenario that `init` wrote is completed as README says.
        if command.text.starts_with("overstep init mine") {
            let completed = fill(&std::fs::read_to_string(directory.path().join("mine.toml")).expect("written"));
            std::fs::write(directory.path().join("scenarios/mine.toml"), completed).expect("written");
        }
        let code = output.status.code();
        // Findings are no failure of the command: some of these servers differ from the page on purpose.
        if !matches!(code, Some(0 | 1)) {
            let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            failures.push(format!("{}:{}: {}\nexit {code:?}\n{out}{err}", command.page, command.line, command.text));
        }
    }
    assert!(count > 20, "only {count} commands were found in the pages");
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn commands_are_read_with_their_continuations() {
    let page = "text\n```\n$ overstep check a \\\n      --seed 2\nno command\nA=b overstep fuzz   # note\n```\n```toml\noverstep = 1\n```\n";
    let commands: Vec<String> = read_commands("p", page).into_iter().map(|command| command.text).collect();
    assert_eq!(commands, ["overstep check a --seed 2", "A=b overstep fuzz   # note"]);
}
