//! Reads the requests and writes the responses of each protocol, one file per protocol.
//!
//! Never decides a status or checks a constraint, and shares nothing with the client's side but the contract.
//!
//! [`select_operation`] determines which operation a request is for, [`read_input`] reads its input, and
//! [`write_success`] and [`write_error`] write the response.

mod responses;
mod aws_json;
mod aws_query;
mod bindings;
mod cbor;
mod dispatch;
mod ec2_query;
mod form;
mod request_input;
mod json;
mod timestamps;
mod shape_ref;
mod rest_xml;
mod rpcv2_cbor;
mod error_content;
mod xml;

use responses::{REQUEST_ID, scalar_to_text};
use request_input::{IncomingRequest, parse_scalar};

pub(super) use responses::{write_error, write_success};
pub(super) use dispatch::{OperationSelector, is_observable, sends_only_text, selects_by_name, select_operation, unknown_operation_error, uses_json, default_route};
pub(super) use request_input::read_input;
pub(super) use shape_ref::ShapeRef;
pub(super) use error_content::ErrorContent;
