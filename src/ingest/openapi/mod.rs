//! Reads OpenAPI documents: Swagger 2.0 and OpenAPI 3.0 to 3.2, in JSON and YAML, in one file or many.
//!
//! It never drops a statement in silence: what a contract cannot express becomes an [`Omission`], counted by kind and
//! shown with its lines.
//!
//! A schema is never taken as it stands. [`SchemaView`] gathers all objects that describe the same value (the schema, what
//! its `$ref` names, each schema of `allOf`), and a shape is built from that.

mod body;
mod descriptions;
mod detect;
mod entry;
mod examples;
mod files;
mod form_body;
mod formats;
mod limits;
mod names;
mod numbers;
mod omission;
mod operation;
mod parameter;
mod parameter_style;
mod pattern;
mod reader;
mod relation_keywords;
mod relations;
mod responses;
mod schema;
mod security;
mod shapes;

pub(super) use detect::is_document;
pub(super) use reader::read;

use files::{FilePlace, Located, OpenApiFiles};
use omission::{Omission, Omissions};
use reader::{OpenApiReader, OpenApiVersion};
use schema::SchemaView;
use shapes::Direction;
