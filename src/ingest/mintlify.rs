//! TODO
use super::Diagnostic;
use super::text::Text;
use crate::contract::Contract;
pub(super) fn is_page(_text: &str) -> bool { false }
pub(super) fn read(_text: &Text<'_>) -> (Contract, Vec<Diagnostic>) { (Contract::new(""), vec![]) }
