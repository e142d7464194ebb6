//! The architecture's table of rooms, held against the sources: who may import whom, who may touch
//! the world, and how long a file may be.

#![expect(clippy::disallowed_methods, reason = "a test may look at files")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Each room and the rooms that it may import.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("contract", &[]),
    ("scenario", &["contract"]),
    ("ingest", &["contract"]),
    ("generate", &["contract", "scenario"]),
    ("wire", &["contract", "generate"]),
    ("run", &["contract", "scenario", "generate", "wire"]),
    ("snapshot", &["contract"]),
    ("judge", &["contract", "scenario", "generate", "wire", "run", "snapshot"]),
    // As `pipeline`, without what needs sockets, files or a terminal: a service in the same process.
    ("inprocess", &["contract", "scenario", "generate", "wire", "run", "judge"]),
    ("search", &["contract", "scenario", "generate", "wire", "run", "snapshot", "judge"]),
    ("report", &["contract", "scenario", "generate", "wire", "run", "snapshot", "judge"]),
    ("store", &["contract", "scenario", "generate", "wire", "run", "snapshot", "judge", "report"]),
    ("reference", &["contract"]),
    ("exit", &[]),
    (
        "pipeline",
        &[
            "contract",
            "scenario",
            "ingest",
            "generate",
            "wire",
            "run",
            "snapshot",
            "judge",
            "report",
            "store",
            "reference",
            "search",
            // What a finding says to whoever reads a fuzzer's output.
            "inprocess",
        ],
    ),
    // Beside the architecture's row: types of `scenario`, `contract`, `run` and `generate` that
    // `pipeline` takes or gives, and what `scenario` reads.
    ("cli", &["pipeline", "report", "store", "exit", "config", "scenario", "contract", "run", "generate", "judge"]),
    ("config", &["report", "store", "scenario"]),
    ("lib", &[]),
    ("main", &["cli", "config"]),
];

/// Files that may use what clippy's `disallowed_methods` bans: the I/O map.
const LAWFUL_IO: &[&str] = &[
    "cli/mod.rs",
    "run/clock.rs",
    "run/socket/transport.rs",
    "reference/server.rs",
    "store/last.rs",
    "store/read.rs",
    "store/scenarios.rs",
    "store/snapshots.rs",
    "store/write.rs",
];

const MOST_LINES: usize = 600;

struct Source {
    path: String,
    text: String,
}

impl Source {
    fn room(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }
}

fn sources() -> Vec<Source> {
    fn walk(folder: &Path, root: &Path, found: &mut Vec<Source>) {
        let mut entries: Vec<PathBuf> =
            std::fs::read_dir(folder).expect("src is readable").map(|entry| entry.expect("an entry").path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(&path, root, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("sources are text");
                let path = path.strip_prefix(root).expect("below src").to_string_lossy().replace('\\', "/");
                found.push(Source { path, text });
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&root, &root, &mut found);
    assert!(found.len() > 40, "the sources were not found");
    found
}

/// The text without comments and string literals, line breaks kept.
fn code_only(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    let keep_breaks = |part: &str, out: &mut String| out.extend(part.chars().filter(|c| *c == '\n'));
    while let Some(c) = rest.chars().next() {
        let raw_hashes = rest.strip_prefix('r').map(|after| after.len() - after.trim_start_matches('#').len());
        let opens_raw = raw_hashes.is_some_and(|hashes| rest[1 + hashes..].starts_with('"'))
            && !out.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |at| at + 2)
        } else if opens_raw {
            let hashes = raw_hashes.unwrap_or(0);
            let close = format!("\"{}", "#".repeat(hashes));
            rest[2 + hashes..].find(&close).map_or(rest.len(), |at| 2 + hashes + at + close.len())
        } else if c == '"' {
            let mut escaped = false;
            let end = rest[1..].find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            end.map_or(rest.len(), |at| at + 2)
        } else if rest.starts_with("'\"'") || rest.starts_with("'/'") {
            3
        } else if let Some(escaped) = rest.strip_prefix("'\\") {
            escaped.find('\'').map_or(rest.len(), |at| at + 3).max(4).min(rest.len())
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        keep_breaks(&rest[..length], &mut out);
        rest = &rest[length..];
    }
    out
}

/// The rooms that a file names, each with its line: `crate::room`, `overstep::room`, and both with braces.
fn imports(text: &str) -> Vec<(usize, String)> {
    let code = code_only(text);
    let mut found = Vec::new();
    for root in ["crate::", "overstep::"] {
        for (at, _) in code.match_indices(root) {
            if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let line = code[..at].matches('\n').count() + 1;
            let after = &code[at + root.len()..];
            for name in first_names(after) {
                found.push((line, name));
            }
        }
    }
    found
}

/// `room` of `room::x`, and every first name inside `{…}`.
fn first_names(after: &str) -> Vec<String> {
    let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(inside) = after.strip_prefix('{') else { return vec![name(after)] };
    let (mut depth, mut names, mut start) = (0, Vec::new(), 0);
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            ',' if depth == 0 => {
                names.push(name(inside[start..at].trim()));
                start = at + 1;
            }
            '}' if depth == 0 => {
                names.push(name(inside[start..at].trim()));
                break;
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// `super::super…` out of a room's top file would name another room without saying `crate`.
fn climbs_out(source: &Source) -> Option<usize> {
    let code = code_only(&source.text);
    let depth = source.path.matches('/').count() + usize::from(!source.path.ends_with("mod.rs"));
    // An inline `mod tests` is one level deeper.
    let allowed = depth.saturating_sub(1) + usize::from(code.contains("mod tests"));
    let chain = |line: &str| {
        let chains = line.match_indices("super::").map(|(at, _)| {
            let rest = &line[at..];
            (rest.len() - rest.trim_start_matches("super::").len()) / "super::".len()
        });
        chains.max().unwrap_or(0)
    };
    code.lines().position(|line| chain(line) > allowed.max(1)).map(|index| index + 1)
}

fn violations(sources: &[Source]) -> Vec<String> {
    let rooms: Vec<&str> = MAY_IMPORT.iter().map(|(room, _)| *room).collect();
    let mut wrong = Vec::new();
    for source in sources {
        let room = source.room();
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == room) else {
            wrong.push(format!("src/{}: `{room}` is no room of the architecture", source.path));
            continue;
        };
        for (line, name) in imports(&source.text) {
            if rooms.contains(&name.as_str()) && name != room && !allowed.contains(&name.as_str()) {
                wrong.push(format!(
                    "src/{}:{line}: `{room}` imports `{name}`, and may import only: {}",
                    source.path,
                    allowed.join(", ")
                ));
            }
        }
        if let Some(line) = climbs_out(source) {
            wrong.push(format!("src/{}:{line}: `super::` leads out of the room; say `crate::`", source.path));
        }
        let lines = source.text.lines().count();
        if lines > MOST_LINES {
            wrong.push(format!("src/{}: {lines} lines, more than {MOST_LINES}: split it by meaning", source.path));
        }
        if source.text.contains("expect(clippy::disallowed_methods") && !LAWFUL_IO.contains(&source.path.as_str()) {
            wrong.push(format!("src/{}: touches the world, and is not on the I/O map", source.path));
        }
        // Banned here and not in clippy.toml, where it would hold for tests too, which run the binary.
        if source.path != "run/socket/server.rs" && code_only(&source.text).contains("Command::new(") {
            wrong.push(format!("src/{}: starts a process, which only run/socket/server.rs may", source.path));
        }
        if source.text.contains("allow(clippy::disallowed_methods") {
            wrong.push(format!("src/{}: silences the I/O lint without `expect`", source.path));
        }
    }
    wrong
}

#[test]
fn every_room_knows_only_the_rooms_it_may() {
    let sources = sources();
    let map: String = sources.iter().fold(String::from("the I/O map:\n"), |mut map, source| {
        for (at, _) in source.text.match_indices("expect(clippy::disallowed_methods") {
            let line = source.text[..at].matches('\n').count() + 1;
            let reason = source.text[at..].split('"').nth(1).unwrap_or("no reason");
            let _ = writeln!(map, "  src/{}:{line}  {reason}", source.path);
        }
        map
    });
    println!("{map}");
    let wrong = violations(&sources);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn planted_violations_are_found() {
    let planted = |path: &str, text: &str| violations(&[Source { path: path.to_owned(), text: text.to_owned() }]);
    for (path, text, expected) in [
        ("contract/a.rs", "use crate::scenario::Scenario;", "src/contract/a.rs:1: `contract` imports `scenario`"),
        (
            "judge/a.rs",
            "\nuse crate::{\n    contract::Contract,\n    store::{sink, x},\n};",
            "src/judge/a.rs:2: `judge` imports `store`",
        ),
        ("reference/a.rs", "fn f() { crate::wire::encode() }", "`reference` imports `wire`"),
        ("reference/a.rs", "let x = r#\"text\"#; use overstep::case::Case;", "`reference` imports `generate`"),
        ("config/a.rs", "use overstep::session::Job;", "`config` imports `pipeline`"),
        ("extra/a.rs", "", "`extra` is no room"),
        ("wire/a.rs", "use super::super::run::Plan;", "leads out of the room"),
        ("cli/a.rs", "fn f() { std::process::Command::new(x) }", "starts a process"),
        ("wire/a.rs", "#[expect(clippy::disallowed_methods, reason = \"x\")]", "not on the I/O map"),
    ] {
        let wrong = planted(path, text);
        assert!(wrong.iter().any(|one| one.contains(expected)), "{path}: {text}\n{wrong:?}");
    }
    assert!(!planted("wire/a.rs", &"\n".repeat(601)).is_empty());
    for (path, text) in [
        ("contract/a.rs", "// use crate::run::Plan;\n/// [`crate::run`]\nlet x = \"crate::run::Plan\"; let y = '\"'; "),
        ("contract/a.rs", "use crate::contract::Shape; use super::Fact;"),
        ("judge/a.rs", "use crate::{contract::{run, x}, run::Outcome};"),
    ] {
        assert_eq!(planted(path, text), Vec::<String>::new(), "{text}");
    }
}
