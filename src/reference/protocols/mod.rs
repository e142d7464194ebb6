//! Reads the requests and writes the responses of each protocol, one file per protocol.
//!
//! Never decides a status or checks a constraint, and shares nothing with the client's side but the contract.
//!
//! [`select_operation`] determines which operation a request is for, [`read_input`] reads its input, and
//! [`write_success`] and [`write_error`] write the response.

mod answers;
mod aws_json;
mod aws_query;
mod bindings;
mod cbor;
mod dispatch;
mod ec2_query;
mod form;
mod incoming;
mod json;
mod moments;
mod place;
mod rest_xml;
mod rpcv2_cbor;
mod words;
mod xml;

use answers::{REQUEST_ID, scalar_text};
use incoming::{Sent, scalar};

pub(super) use answers::{error, success};
pub(super) use dispatch::{Named, has, has_only_texts, is_named, named, no_operation, speaks_json, usual_route};
pub(super) use incoming::input;
pub(super) use place::Place;
pub(super) use words::Words;
