//! The figures in `docs/limits.md` are those of the sources.

#![expect(clippy::disallowed_methods, reason = "a test reads the page and the sources")]

use std::path::Path;

/// Rows of the page, by their beginning, with the figure that they show and the constant that decides it.
const LIMITS: &[(&str, &str, &str, &str)] = &[
    ("one file of any kind", "256 MiB", "store/read.rs", "MAX_FILE_BYTES: u64 = 256 << 20;"),
    ("one file of any kind", "256 MiB", "ingest/source_text.rs", "MAX_DOCUMENT_BYTES: u64 = 256 << 20;"),
    ("files that the pattern", "100,000", "store/sources.rs", "MAX_GLOB_FILES: usize = 100_000;"),
    ("files of one OpenAPI", "20,000", "ingest/openapi/files.rs", "MAX_FILES: usize = 20_000;"),
    ("depth of JSON and YAML", "200 levels", "ingest/json.rs", "MAX_DEPTH: usize = 200;"),
    ("depth of JSON and YAML", "200 levels", "ingest/yaml.rs", "MAX_DEPTH: usize = 200;"),
    ("values of one YAML file", "4,000,000", "ingest/yaml.rs", "MAX_NODES: usize = 4_000_000;"),
    ("fields of a request", "20,000", "ingest/mintlify.rs", "MAX_FIELDS: usize = 20_000;"),
    ("statements of one document", "64", "ingest/contract_builder.rs", "MAX_STATEMENTS: u32 = 64;"),
    ("a pattern", "20,000 bytes", "pattern/documented.rs", "MAX_PATTERN_LENGTH: usize = 20_000;"),
    ("a pattern", "a million", "pattern/documented.rs", "MAX_EXPANDED_SIZE: usize = 1 << 20;"),
    ("a text in a body", "1 MiB", "generate/limits.rs", "MAX_BODY_SIZE: u64 = 1 << 20;"),
    ("a text in a path", "4,096", "generate/limits.rs", "MAX_HEAD_SIZE: u64 = 4096;"),
    ("entries of a list", "20,000", "generate/limits.rs", "MAX_ENTRIES: u64 = 20_000;"),
    ("all entries of a list", "4 MiB", "generate/limits.rs", "MAX_CONTENT_SIZE: u64 = 4 << 20;"),
    ("values of an enum", "1,000", "generate/limits.rs", "MAX_ENUM_VALUES: usize = 1_000;"),
    ("places of an operation", "4,000", "generate/testable_shapes.rs", "MAX_SITES: usize = 4_000;"),
    ("places of an operation", "32 MiB", "generate/testable_shapes.rs", "MAX_REQUESTS_SIZE: u64 = 32 << 20;"),
    ("places of an operation", "at least 32", "generate/testable_shapes.rs", "MIN_SITES: usize = 32;"),
    ("plain input of", "32 KiB", "generate/testable_shapes.rs", "MAX_FUZZED_SIZE: u64 = 32 << 10;"),
    ("steps of one case", "64", "run/socket/step_sender.rs", "MAX_CONCURRENT_STEPS: usize = 64;"),
    ("status line and headers", "64 KiB", "run/limits.rs", "max_head_bytes: 64 * 1024,"),
    ("body, before and after", "4 MiB", "run/limits.rs", "max_body_bytes: 4 * 1024 * 1024,"),
    ("time for a response", "10 s", "run/limits.rs", "total_timeout: Duration::from_secs(10),"),
    ("time for a response", "10 s without", "run/limits.rs", "idle_timeout: Duration::from_secs(10),"),
    ("time for a response", "60 s", "run/limits.rs", "max_timeout: Duration::from_secs(60),"),
    ("part of a body", "4,096 bytes", "session/evaluate.rs", "MAX_RESPONSE_BYTES: usize = 4096;"),
    ("wait for an endpoint", "12 attempts", "run/plan.rs", "max_throttle_attempts: 12,"),
    ("wait for an endpoint", "10 s", "run/plan.rs", "max_throttle_wait: Duration::from_secs(10),"),
    ("wait for an endpoint", "after 8", "run/socket/worker_state.rs", "MAX_FAILURES_IN_A_ROW: u32 = 8;"),
    ("server output", "4 MiB", "run/socket/process_output.rs", "MAX_LOG_BYTES: usize = 4 * 1024 * 1024;"),
    ("connections", "1,024", "reference/connections.rs", "max_connections: 1024,"),
    ("time for the head", "30 s", "reference/connections.rs", "timeout = Duration::from_secs(30);"),
    ("body of a request", "8 MiB", "reference/request.rs", "MAX_BODY_LENGTH: usize = 8 << 20;"),
];

#[test]
fn figures_are_those_of_the_sources() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/limits.md")).expect("the page is readable");
    for (row, figure, file, constant) in LIMITS {
        let line = page.lines().find(|line| line.starts_with(&format!("| {row}")));
        let line = line.unwrap_or_else(|| panic!("docs/limits.md has no row `{row}`"));
        assert!(line.contains(figure), "`{row}` does not say `{figure}`: {line}");
        let source = std::fs::read_to_string(root.join("src").join(file)).expect("the source is readable");
        assert!(source.contains(constant), "{file} no longer has `{constant}`: correct docs/limits.md and this table");
    }
}
