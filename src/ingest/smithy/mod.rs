//! Reads Smithy models as JSON (the [JSON AST](https://smithy.io/2.0/spec/json-ast.html), versions 1.0 and 2.0).
//!
//! A model is rewritten into the form of a botocore model, which has the same meaning for what both can say, and is then
//! read as one; lines stay those of the Smithy document. It never reads Smithy's own language.

mod botocore_form;
mod model;
mod reader;
mod shape_traits;

pub(super) use reader::{is_model, read};
