//! The architecture's table of modules, compared with the sources: which module may import which, which files may do
//! I/O, how long a file may be, and that no files of a module form a circle.

#![expect(clippy::disallowed_methods, reason = "a test reads the sources")]

mod cycles;
mod source;

use cycles::find_cycles;
use source::{SourceFile, child_modules, read_sources};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use syn::Item;

/// Each module and the modules that it may import.
const ALLOWED_IMPORTS: &[(&str, &[&str])] = &[
    ("contract", &[]),
    // What a text of a stranger must not contain, and how each kind of output writes it.
    ("escape", &[]),
    ("case", &["contract"]),
    ("pattern", &[]),
    ("scenario", &["contract", "case", "escape"]),
    ("ingest", &["contract", "escape"]),
    // `pattern` checks that an inferred name fits the documented pattern of a member.
    ("infer", &["contract", "case", "pattern", "scenario"]),
    ("generate", &["contract", "case", "pattern", "scenario", "infer"]),
    ("wire", &["contract", "case", "escape"]),
    ("run", &["contract", "case", "scenario", "wire"]),
    ("snapshot", &["contract", "case", "escape"]),
    ("judge", &["contract", "case", "scenario", "wire", "run", "snapshot"]),
    ("search", &["contract", "case", "pattern", "scenario", "infer", "generate", "wire", "run", "snapshot", "judge"]),
    ("filter", &["contract", "case", "generate", "judge"]),
    ("report", &["contract", "case", "escape", "scenario", "infer", "generate", "wire", "run", "snapshot", "judge"]),
    ("export", &["contract", "case", "escape", "scenario", "generate", "wire", "run", "snapshot", "judge", "report"]),
    ("store", &["contract", "case", "escape", "scenario", "generate", "wire", "run", "snapshot", "judge", "report"]),
    ("reference", &["contract"]),
    // What an application uses; an API document that says so is read as every document is.
    ("usage", &["contract", "case", "ingest"]),
    ("exit", &[]),
    // As `session`, without what needs sockets, files or a terminal: a service in the same process.
    ("inprocess", &["contract", "case", "escape", "pattern", "scenario", "infer", "generate", "wire", "run", "judge"]),
    (
        "session",
        &[
            "contract",
            "case",
            "escape",
            "pattern",
            "scenario",
            "ingest",
            "infer",
            "generate",
            "wire",
            "run",
            "snapshot",
            "judge",
            "search",
            "filter",
            "usage",
            "report",
            "export",
            "store",
            "reference",
            // How a finding is shown to someone who reads a fuzzer's output.
            "inprocess",
        ],
    ),
    // Flags, settings and what they are resolved to. It prints nothing but messages, and knows no command.
    (
        "cli",
        &[
            "session", "filter", "usage", "report", "export", "store", "exit", "config", "scenario", "contract",
            "case", "run", "generate", "judge", "escape",
        ],
    ),
    // One file per command, on top of everything else.
    (
        "commands",
        &[
            "cli",
            "session",
            "filter",
            "usage",
            "report",
            "export",
            "store",
            "exit",
            "config",
            "scenario",
            "contract",
            "case",
            "escape",
            "run",
            "generate",
            "infer",
            "judge",
            "reference",
            "ingest",
        ],
    ),
    ("config", &["report", "store", "scenario", "run", "wire"]),
    // Re-exports: what a program that reads results needs, and what a libFuzzer target needs.
    ("results", &["case", "judge", "report"]),
    ("libfuzzer", &["commands", "exit", "session"]),
    ("lib", &[]),
    ("main", &["commands"]),
];

/// Files that may use what clippy's `disallowed_methods` bans: the I/O map.
const IO_FILES: &[&str] = &[
    "cli/environment.rs",
    "run/clock.rs",
    "run/socket/system_limits.rs",
    "run/socket/transport.rs",
    "reference/server.rs",
    "store/last.rs",
    "store/read.rs",
    "store/scenarios.rs",
    "store/snapshots.rs",
    "store/write.rs",
];

/// Files that write to standard output or standard error, each with what keeps a text of a stranger from acting there.
const CONSOLE_FILES: &[(&str, &str)] = &[
    ("cli/messages.rs", "escape::ConsoleWriter"),
    ("cli/outputs.rs", "every reporter escapes"),
    ("commands/cases.rs", "CasePrinter escapes"),
    ("commands/command_line.rs", "help and what the user typed"),
    ("commands/completions.rs", "escape::ConsoleWriter; names with control characters are left out"),
    ("commands/doctor.rs", "write_diagnosis_text and write_diagnosis_json escape"),
    ("commands/drift.rs", "escape::ConsoleWriter"),
    ("commands/explain.rs", "escape::ConsoleWriter"),
    ("commands/export.rs", "exports consist of quoted values"),
    ("commands/finding_writer.rs", "only asks for a terminal"),
    ("commands/fit.rs", "escape::ConsoleWriter"),
    ("commands/ingest.rs", "escape::escape_json_text and contract_text"),
    ("commands/libfuzzer_endpoint.rs", "what the user typed"),
    ("commands/man.rs", "escape::ConsoleWriter"),
    ("commands/replay.rs", "ReplayReporter and serialize_case escape"),
    ("commands/report.rs", "escape::ConsoleWriter"),
    ("commands/schema.rs", "escape::ConsoleWriter"),
    ("commands/serve.rs", "escape::escape_line"),
    ("commands/snapshot.rs", "escape::ConsoleWriter"),
    ("commands/trend.rs", "escape::ConsoleWriter; write_trend_page escapes"),
    ("commands/watch.rs", "escape::ConsoleWriter"),
];

const MAX_LINES: usize = 600;

/// Returns how a file breaks the rules that concern it alone, one sentence each.
fn find_violations(sources: &[SourceFile]) -> Vec<String> {
    let modules: Vec<&str> = ALLOWED_IMPORTS.iter().map(|(module, _)| *module).collect();
    let children = child_modules(sources);
    let mut violations = Vec::new();
    for source in sources {
        let module = source.top_module();
        let Some((_, allowed)) = ALLOWED_IMPORTS.iter().find(|(name, _)| *name == module) else {
            violations.push(format!("src/{}: `{module}` is not a module of the architecture", source.path));
            continue;
        };
        let below = children.get(&source.module).map_or(&[][..], Vec::as_slice);
        let mut reported = BTreeSet::new();
        for reference in source.references(below) {
            let Some(name) = reference.path.first().map(String::as_str) else { continue };
            if modules.contains(&name) && name != module && !allowed.contains(&name) && reported.insert(name.to_owned())
            {
                let (path, line) = (&source.path, reference.line);
                violations.push(format!(
                    "src/{path}:{line}: `{module}` imports `{name}`, and may import only: {}",
                    allowed.join(", ")
                ));
            }
        }
        violations.extend(find_file_violations(source));
    }
    violations
}

fn find_file_violations(source: &SourceFile) -> Vec<String> {
    let path = &source.path;
    let mut violations = Vec::new();
    let lines = source.text.lines().count();
    if lines > MAX_LINES {
        violations.push(format!("src/{path}: {lines} lines, more than {MAX_LINES}: split it by meaning"));
    }
    if source.text.contains("expect(clippy::disallowed_methods") && !IO_FILES.contains(&path.as_str()) {
        violations.push(format!("src/{path}: does I/O, and is not on the I/O map"));
    }
    // Banned here and not in clippy.toml, where the rule would hold for tests too, which start the binary.
    if path != "run/socket/server.rs" && has_call(source, "Command", "new") {
        violations.push(format!("src/{path}: starts a process, which only run/socket/server.rs may"));
    }
    if source.text.contains("allow(clippy::disallowed_methods") {
        violations.push(format!("src/{path}: silences the I/O lint without `expect`"));
    }
    if source.is_mod_file() && source.syntax.items.iter().any(is_logic) {
        violations.push(format!("src/{path}: has logic; a `mod.rs` declares modules and re-exports items"));
    }
    violations
}

#[test]
fn only_known_files_write_to_standard_streams() {
    let writes = |source: &&SourceFile| {
        let product = source.text.split("#[cfg(test)]").next().unwrap_or_default();
        let mut code = product.lines().filter(|line| !line.trim_start().starts_with("//"));
        code.any(|line| {
            ["stdout()", "stderr()", "print!(", "println!(", ".print()"].iter().any(|call| line.contains(call))
        })
    };
    let sources = read_sources();
    let found: BTreeSet<&str> = sources.iter().filter(writes).map(|source| source.path.as_str()).collect();
    let known: BTreeSet<&str> = CONSOLE_FILES.iter().map(|(path, _)| *path).collect();
    assert_eq!(found, known, "write through escape::ConsoleWriter, and say so in CONSOLE_FILES");
}

/// Returns true if an item is more than a declaration of a module or a `use`.
fn is_logic(item: &Item) -> bool {
    !matches!(item, Item::Mod(_) | Item::Use(_))
}

/// Returns true if a file contains the path `TYPE::FUNCTION`.
fn has_call(source: &SourceFile, ty: &str, function: &str) -> bool {
    use syn::visit::Visit;
    struct Finder<'f>(&'f str, &'f str, bool);
    impl<'ast> Visit<'ast> for Finder<'_> {
        fn visit_path(&mut self, path: &'ast syn::Path) {
            let names: Vec<String> = path.segments.iter().rev().take(2).map(|one| one.ident.to_string()).collect();
            self.2 |= names == [self.1, self.0];
            syn::visit::visit_path(self, path);
        }
    }
    let mut finder = Finder(ty, function, false);
    finder.visit_file(&source.syntax);
    finder.2
}

#[test]
fn modules_import_only_what_the_architecture_allows() {
    let sources = read_sources();
    let map: String = sources.iter().fold(String::from("the I/O map:\n"), |mut map, source| {
        for (at, _) in source.text.match_indices("expect(clippy::disallowed_methods") {
            let line = source.text[..at].matches('\n').count() + 1;
            let reason = source.text[at..].split('"').nth(1).unwrap_or("no reason");
            let _ = writeln!(map, "  src/{}:{line}  {reason}", source.path);
        }
        map
    });
    println!("{map}");
    let violations = find_violations(&sources);
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}

#[test]
fn files_of_a_module_form_no_circle() {
    let cycles = find_cycles(&read_sources());
    let shown: Vec<String> = cycles
        .iter()
        .map(|files| format!("{} files depend on each other:\n  {}", files.len(), files.join("\n  ")))
        .collect();
    assert!(cycles.is_empty(), "\n{}", shown.join("\n"));
}

#[test]
fn planted_violations_are_found() {
    let planted = |path: &str, text: &str| find_violations(&[SourceFile::parse(path, text)]);
    for (path, text, expected) in [
        ("contract/a.rs", "use crate::scenario::Scenario;", "src/contract/a.rs:1: `contract` imports `scenario`"),
        (
            "judge/a.rs",
            "\nuse crate::{\n    contract::Contract,\n    store::{sink, x},\n};",
            "src/judge/a.rs:2: `judge` imports `store`",
        ),
        ("reference/a.rs", "fn f() { crate::wire::encode() }", "`reference` imports `wire`"),
        ("reference/a.rs", "const X: &str = r#\"text\"#; use crate::generate::Case;", "`reference` imports `generate`"),
        ("reference/a.rs", "fn f() { println!(\"{}\", crate::judge::x(1)) }", "`reference` imports `judge`"),
        ("config/a.rs", "use overstep::session::Job;", "`config` imports `session`"),
        ("extra/a.rs", "", "`extra` is not a module"),
        ("wire/a.rs", "use super::super::run::Plan;", "`wire` imports `run`"),
        ("cli/a.rs", "fn f() { std::process::Command::new(x) }", "starts a process"),
        ("wire/a.rs", "#[expect(clippy::disallowed_methods, reason = \"x\")] fn f() {}", "not on the I/O map"),
        ("wire/mod.rs", "fn f() {}", "has logic"),
    ] {
        let violations = planted(path, text);
        assert!(violations.iter().any(|one| one.contains(expected)), "{path}: {text}\n{violations:?}");
    }
    assert!(!planted("wire/a.rs", &"\n".repeat(601)).is_empty());
    for (path, text) in [
        (
            "contract/a.rs",
            "// use crate::run::Plan;\n/// [`crate::run`]\nconst X: &str = \"crate::run::Plan\"; const Y: char = '\"'; ",
        ),
        ("contract/a.rs", "use crate::contract::Shape; use super::Fact;"),
        ("judge/a.rs", "use crate::{contract::{run, x}, run::Outcome};"),
        ("wire/a.rs", "#[cfg(test)] mod tests { use crate::run::Plan; }"),
        ("wire/mod.rs", "mod a; pub use a::b;"),
    ] {
        assert_eq!(planted(path, text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn planted_circles_are_found() {
    let files = |texts: &[(&str, &str)]| -> Vec<SourceFile> {
        texts.iter().map(|(path, text)| SourceFile::parse(path, text)).collect()
    };
    let direct = files(&[("wire/a.rs", "use super::b::B;"), ("wire/b.rs", "fn f() { super::a::f() }")]);
    assert_eq!(find_cycles(&direct), [["wire/a.rs", "wire/b.rs"]]);
    let through_reexport = files(&[
        ("wire/mod.rs", "mod a; mod b; pub use b::B;"),
        ("wire/a.rs", "use crate::wire::B;"),
        ("wire/b.rs", "use super::a::A;"),
    ]);
    assert_eq!(find_cycles(&through_reexport), [["wire/a.rs", "wire/b.rs"]]);
    let none = files(&[
        ("wire/mod.rs", "mod a; mod b; pub use a::A; pub use b::B;"),
        ("wire/a.rs", "use super::b::B; #[cfg(test)] mod tests { use super::*; }"),
        ("wire/b.rs", "#[cfg(test)] mod tests { use crate::wire::A; }"),
    ]);
    assert_eq!(find_cycles(&none), Vec::<Vec<String>>::new());
}

/// Returns the names of the types that a file defines outside its tests.
fn type_names(source: &SourceFile) -> Vec<String> {
    let names = source.syntax.items.iter().filter_map(|item| match item {
        Item::Struct(item) => Some(item.ident.to_string()),
        Item::Enum(item) => Some(item.ident.to_string()),
        Item::Trait(item) => Some(item.ident.to_string()),
        Item::Type(item) => Some(item.ident.to_string()),
        _ => None,
    });
    names.collect()
}

#[test]
fn no_two_files_define_a_type_of_the_same_name() {
    let mut files: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in read_sources() {
        for name in type_names(&source) {
            files.entry(name).or_default().insert(source.path.clone());
        }
    }
    let is_one_word = |name: &&String| name.chars().filter(char::is_ascii_uppercase).count() == 1;
    let one_word = files.keys().filter(is_one_word).count();
    // For orientation, not as a limit: 5 % in nextest, 13 % in rustls, 31 % in insta.
    println!("{} type names, {one_word} of them of one word ({} %)", files.len(), 100 * one_word / files.len());
    let shared: Vec<String> = files
        .iter()
        .filter(|(_, files)| files.len() > 1)
        .map(|(name, files)| format!("`{name}`: {}", files.iter().cloned().collect::<Vec<_>>().join(", ")))
        .collect();
    assert!(shared.is_empty(), "{}", shared.join("\n"));
}
