//! Turns documents of several formats into one contract and records where each fact comes from.
//!
//! This module never opens a file or a connection: it takes bytes and asks for further documents through
//! [`DocumentLookup`]. Whatever it does not understand becomes an [`IngestDiagnostic`], never a silent guess.
//!
//! There is one file per format; [`SourceFormat`] lists them. All readers write into a `ContractBuilder` and pass
//! sentences to `sentences`.

mod api_members;
mod api_reference;
mod api_sections;
mod api_shapes;
mod api_syntax;
mod boto3;
mod boto3_outline;
mod boto3_syntax;
mod botocore;
mod botocore_effects;
mod botocore_traits;
mod byte_budget;
mod contract_builder;
mod contract_json;
mod described_limits;
mod diagnostic;
mod error_list;
mod json;
mod mdx_tree;
mod mintlify;
mod openapi;
mod openapi_fence;
mod options;
mod page_auth;
mod page_form;
mod page_html;
mod page_line;
mod page_markdown;
mod page_names;
mod page_plain;
mod route;
mod samples;
mod sentences;
mod several_documents;
mod site_documents;
mod smithy;
mod source;
mod source_text;
mod stated_effects;
mod stated_laws;
mod stated_rules;
mod tables;
mod top_member;
mod unknown_format;
mod wire_names;
mod worked_examples;
mod yaml;

pub use diagnostic::{IngestDiagnostic, IngestError, IngestSeverity, SourceLocation};
pub use options::{DocumentLookup, IngestOptions, NoDocuments};
pub use sentences::{
    ProseStatement, StatedFact, StatedPart, StatedRelation, TextFormat, read_html_statements, read_statements,
};
pub use several_documents::{merge_contracts, read_documents, read_documents_with};
pub use source::{IngestOutput, SourceFormat, detect_format, read_document, read_document_as};
