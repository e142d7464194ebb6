//! Damages an encoded request deliberately, to the byte.
//!
//! It never repairs anything: a damaged request may be one that no HTTP library would send.

mod apply;
mod cbor;
mod form;
mod json;
mod target;
mod xml;

pub(super) use apply::apply_damage;
pub(super) use target::DamageTarget;
