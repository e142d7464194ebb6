//! Ingest: documents of several formats become one contract, with the place of every statement.
//!
//! This room never opens a file or a connection: bytes come in, further documents through
//! [`Documents`]; what it does not understand is a [`Diagnostic`] and never a silent guess.
//!
//! One file per format: [`Format`] lists them. A page is read by walking its lines; all readers
//! write into one growing draft, and sentences go through one reader of prose.

mod api_members;
mod api_reference;
mod api_syntax;
mod boto3;
mod boto3_syntax;
mod botocore;
mod botocore_traits;
mod budget;
mod common_errors;
mod contract_json;
mod diagnostic;
mod draft;
mod json;
mod mdx_tree;
mod mintlify;
mod prose;
mod route;
mod samples;
mod source;
mod tables;
mod text;

pub use common_errors::speak;
pub use diagnostic::{Diagnostic, IngestError, Place, Severity};
pub use source::{Documents, Format, Ingested, NoDocuments, Options, format_of, join, read, read_all, read_as};
