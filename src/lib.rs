//! overstep tests every limit that an API's documentation states, at the boundary and one step past it. It sends those
//! requests to an endpoint, or to a service in the same process, and compares every response with the documentation. It
//! also checks what is stored across requests, compares behaviour that the documentation leaves open with what a person
//! accepted, and fuzzes.
//!
//! ```text
//! documents ─ ingest ─▶ contract ─┐
//! scenario file ─▶ scenario ──────┴─ generate ─▶ cases ─ wire ─▶ bytes ─ run ─▶ exchanges ─ judge ─▶ verdicts ─ report ─▶ people, CI
//! ```
//!
//! Most people use the command `overstep`, which `README.md` introduces. The library is for tests and fuzz targets in
//! Rust ([`inprocess`]), and for programs that read documents ([`ingest`]), contracts ([`contract`]) or results.
//!
//! # Example
//! A page documents a limit, and the contract holds it with its place. [`inprocess`] has an example that tests a service.
//!
//! ````
//! use overstep::contract::FactField;
//! use overstep::ingest::{IngestOptions, NoDocuments, read_document};
//!
//! let page = r#"# Create Note
//!
//! <ParamField body="text" type="string" required>
//!   The text. Maximum length of 20 characters.
//! </ParamField>
//!
//! ```bash cURL
//! curl -X POST https://api.example.com/notes -d '{"text": "Buy milk"}'
//! ```
//! "#;
//! let output = read_document("create-note.mdx", page.as_bytes(), &IngestOptions::default(), &mut NoDocuments)?;
//! let input = output.contract.operations[0].input.as_ref().expect("a structure");
//! let members = output.contract.shape(input).kind.members().expect("members");
//! let text = output.contract.shape(&members["text"].shape);
//! assert_eq!(text.length().max, Some(20));
//! assert_eq!(text.preferred_fact(&FactField::LengthMax).expect("a fact").line, 4);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ````
//!
//! # Modules
//! Each module has one job. Data flows one way, and a test fails if a module imports one that it may not know.
//!
//! | module | what it does |
//! | --- | --- |
//! | **[`contract`]** | holds what an API promises, as plain values with the place where each is documented |
//! | **[`ingest`]** | reads documents and machine models into a contract |
//! | `scenario` | reads what no document says: existing resources, credentials, laws, amendments |
//! | `case` | holds cases: what is sent, why, and what is expected |
//! | `escape` | writes texts of strangers so that no output obeys them; turns names into file names |
//! | `pattern` | parses regular expressions and generates texts that match them or don't |
//! | `infer` | completes a scenario from the contract |
//! | `generate` | generates cases from contract, scenario and seed: `boundary`, `malformed`, `stateful`, `fuzz` |
//! | `wire` | encodes requests in a protocol, signs them, decodes responses |
//! | `run` | fills placeholders, sends requests, applies timeouts, retries and rate limits |
//! | `snapshot` | reads and writes accepted behaviour |
//! | `judge` | turns exchanges, expectations and accepted behaviour into verdicts and findings |
//! | `search` | shrinks findings, bisects limits, guides the fuzzer |
//! | `filter` | selects cases by expression |
//! | `report` | turns events, results and contracts into bytes, one format per file |
//! | `export` | writes cases as standalone tests |
//! | `store` | reads and writes all files |
//! | `reference` | the server that behaves as a contract says, with faults that can be switched on |
//! | **[`inprocess`]** | tests a service in the same process |
//! | `session` | runs a check from start to end |
//! | `commands`, `cli`, `config`, `exit` | the command line |
#![cfg_attr(feature = "cli", doc = "| **[`results`]** | the types of the results that a run writes |")]
#![cfg_attr(feature = "cli", doc = "| **[`libfuzzer`]** | what a libFuzzer target for an endpoint needs |")]
//!
//! Modules with links are documented here. To read the code, start with `session`, which shows a whole run on one
//! screen, and [`contract`], which defines the terms that all other modules use.
//!
//! # Features
//! | feature | what it adds |
//! | --- | --- |
//! | `cli` (default) | the command, with reports and files; includes `run` and `reference` |
//! | `run` | the client: requests over sockets, and servers that it starts |
//! | `reference` | the reference server |
//! | `runtime` | a tokio runtime for services in this process whose futures need one |
//! | `proptest` | strategies for proptest over the generators |
//!
//! With `default-features = false` the library contains only what needs no command line, socket or server.
//!
//! # Glossary
//! | term | meaning |
//! | --- | --- |
//! | contract | what all sources together say about an API |
//! | fact | one statement of one source, with its document and line |
//! | scenario | a file that names an API's documents and says what they cannot |
//! | case | one reason to send something, with all requests that it takes, an expectation and an id |
//! | control | the plain valid request of an operation, which shows that the operation works |
//! | boundary | the largest or smallest value that a limit allows |
//! | violation | a constraint that an input violates |
//! | law | a metamorphic relation over state, such as `merges` |
//! | fixture | a resource that is created for a case and deleted afterwards |
//! | verdict | the result of a case: `pass`, `diverges`, `unspecified` … |
//! | finding | a group of diverging cases with one cause |
//! | snapshot | a file of accepted behaviour: responses that a person reviewed |
//! | known divergence | a finding that a person accepted, with a reason |
//!
//! `docs/glossary.md` in the package has all terms.
//!
//! # What a version promises
//! Versions follow [semantic versioning](https://semver.org/). A change that breaks one of these promises increases the
//! major version (before 1.0, the minor version), and `CHANGELOG.md` says so.
//!
//! - **Library.** The documented items of [`contract`], [`ingest`] and [`inprocess`], and with the feature `cli` of
//!   `results` and `libfuzzer`. Items that are public but not documented here (`#[doc(hidden)]`) are for the command,
//!   its tests and its fuzz targets; they promise nothing and may change in any version. `#[non_exhaustive]` types may
//!   gain fields and variants in any version.
//! - **Command line.** Commands, flags and environment variables keep their meaning; new ones may be added. Exit codes
//!   are 0 (no findings), 1 (findings), 2 (usage or configuration error, or a document or scenario that was rejected),
//!   3 (the endpoint could not be reached, no control succeeded, or the run is incomplete), 4 (nothing ran) and 70 (a
//!   bug in overstep). Texts for people may change in any version: read `--report ndjson`, not the terminal.
//! - **File formats.** A format has its own version, such as `overstep-contract/1` and `overstep-results/1`. Within a
//!   version, no field is removed or changes its meaning, but fields may be added, so a reader should ignore those that
//!   it does not know. Scenarios, `overstep.toml`, known divergences and snapshots (`.osnap`) that an older version of
//!   overstep could read can still be read; a newer file may need a newer version. Case ids keep their form.
//! - **Verdicts.** The same version sends the same cases for the same documents, scenario and seed, and gives the same
//!   verdict for the same responses. A new version may generate more cases or recognise more sentences as limits, so it
//!   may find more. A correction of a wrong verdict is a bug fix.

// `cli`, `commands` and `config` refer to the library by its name, as an external user would.
#[cfg(feature = "cli")]
extern crate self as overstep;

#[doc(hidden)]
pub mod case;
#[cfg(feature = "cli")]
mod cli;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod commands;
#[cfg(feature = "cli")]
mod config;
pub mod contract;
#[doc(hidden)]
pub mod escape;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod exit;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod export;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod filter;
#[doc(hidden)]
pub mod generate;
#[doc(hidden)]
pub mod infer;
pub mod ingest;
pub mod inprocess;
#[doc(hidden)]
pub mod judge;
#[cfg(feature = "cli")]
pub mod libfuzzer;
#[doc(hidden)]
pub mod pattern;
#[cfg(feature = "reference")]
#[doc(hidden)]
pub mod reference;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod report;
#[cfg(feature = "cli")]
pub mod results;
#[doc(hidden)]
pub mod run;
#[doc(hidden)]
pub mod scenario;
#[cfg(feature = "run")]
#[doc(hidden)]
pub mod search;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod session;
#[doc(hidden)]
pub mod snapshot;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod store;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod usage;
#[doc(hidden)]
pub mod wire;
