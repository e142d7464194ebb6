//! Turns documents of several formats into one contract and records where each fact comes from.
//!
//! This module never opens a file or a connection: it takes bytes and asks for further documents through
//! [`DocumentLookup`]. Whatever it does not understand becomes an [`IngestDiagnostic`], never a silent guess.
//!
//! There is one file per format; [`SourceFormat`] lists them. All readers write into a `ContractBuilder` and pass
//! sentences to `prose`.

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
