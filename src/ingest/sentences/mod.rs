//! Reads limits and relations from sentences, for every kind of page and for the documentation of models.
//!
//! This folder never looks at a contract: it turns text into [`ProseStatement`]s. There is one file per family of sentences:
//! `sizes` and `bare_sizes`, `numbers`, `closed_lists`, `character_sets`, `formats`, `totals`, `defaults`, `relations`,
//! `conditional_relations` and `laws`. `reader` is the table of all of them, `conditions` tells which sentences state no limit, and `unread` finds the
//! numbers that no family has read.

mod bare_sizes;
mod character_sets;
mod closed_lists;
mod conditional_relations;
mod conditions;
mod defaults;
mod entry_limits;
mod formats;
mod laws;
mod numbers;
mod reader;
mod relation_reader;
mod relation_words;
mod relations;
mod sizes;
mod statement;
mod surroundings;
mod text;
mod totals;
mod unread;
mod vocabulary;

pub(super) use entry_limits::read_entry_limits;
pub(super) use laws::{find_laws, requires_at_least_one_field};
pub(super) use reader::{Description, may_state, read_description};
pub use reader::{read_html_statements, read_statements};
pub(super) use relation_reader::read_relations;
pub(super) use statement::UUID_PATTERN;
pub use statement::{ProseStatement, StatedFact, StatedPart, StatedRelation, TextFormat};
pub(super) use text::{Sentence, html_lines, split_html_sentences, split_sentences};
pub(super) use vocabulary::compile_regex;
