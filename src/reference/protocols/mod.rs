//! Reads the requests and writes the responses of each protocol, one file per protocol.
//!
//! Never decides a status or checks a constraint, and shares nothing with the client's side but the contract.
//!
//! [`select_operation`] determines which operation a request is for, [`read_input`] reads its input, and
//! [`write_success`] and [`write_error`] write the response.

mod aws_json;
mod aws_query;
mod bindings;
mod cbor;
mod compression;
mod dispatch;
mod ec2_query;
mod error_content;
mod form;
mod form_fields;
mod incoming_request;
mod json;
mod request_input;
mod responses;
mod rest_xml;
mod rpcv2_cbor;
mod scalars;
mod shape_ref;
mod timestamps;
mod xml;

pub(super) use dispatch::{
    OperationSelector, default_route, is_observable, select_operation, selects_by_name, sends_only_text,
    unknown_operation_error, uses_json,
};
pub(super) use error_content::{ErrorContent, json_document};
pub(super) use request_input::read_input;
pub(super) use responses::{write_error, write_success};
pub(super) use shape_ref::ShapeRef;
