//! Writes texts of strangers so that an output shows them and never obeys them; one file per kind of output.
//!
//! Names, messages, bodies and printed lines come from servers and documents. This module never decides what is shown,
//! and it never writes anything: it returns texts, and [`ConsoleWriter`] filters what others write.

mod character;
mod console;
mod file_name;
mod github;
mod hurl;
mod json;
mod json_lines;
mod markdown;
mod python;
mod shell;
mod toml;
mod xml;

pub use character::is_deceptive;
pub use console::{ConsoleWriter, escape_line, escape_text};
pub use file_name::{file_name, name_of_file, qualified_file_name};
pub use github::{escape_github_data, escape_github_property};
pub use hurl::{hurl_body, hurl_string};
pub use json::{escape_json_text, json_line, pretty_json};
pub use json_lines::break_json_into_lines;
pub use markdown::{code_block, inline_code, table_code};
pub use python::python_string;
pub use shell::{is_plain_word, shell_literal, shell_word};
pub use toml::{toml_key, toml_string, toml_value};
pub use xml::{xml_attribute, xml_text};
