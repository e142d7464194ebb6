//! Damages an encoded request deliberately, to the byte.
//!
//! This module never decides which damage a request gets.

mod apply;
mod cbor;
mod form;
mod json;
mod target;
mod xml;

pub(super) use apply::apply_damage;
pub(super) use target::DamageTarget;
