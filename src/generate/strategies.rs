//! The tables of all strategies, in the order in which their cases are sent.
//!
//! A strategy is one way to test a limit; this file decides nothing but their order.

use super::operation_context::OperationContext;
use super::site::InputSite;
use super::{boundary, malformed, modelled, stateful, web};
use crate::case::Case;

/// A strategy that generates cases for one site of an input.
pub(crate) type SiteStrategy = fn(&OperationContext<'_>, &InputSite) -> Vec<Case>;
/// A strategy that generates cases for an operation as a whole.
pub(crate) type OperationStrategy = fn(&OperationContext<'_>) -> Vec<Case>;

/// Strategies for each site of an operation's input, in the order of sending.
pub(crate) const SITE_STRATEGIES: &[SiteStrategy] = &[
    boundary::required::cases,
    boundary::length::cases,
    boundary::range::cases,
    boundary::multiples::cases,
    boundary::unique::cases,
    boundary::patterns::cases,
    boundary::enums::cases,
    boundary::types::cases,
    boundary::byte_budget::cases,
    stateful::accumulated_budget::cases,
    boundary::size_ladder::cases,
    boundary::empty_values::cases,
    boundary::path_encoding::cases,
    boundary::recursion::cases,
];

/// Strategies for each operation, in the order of sending. They come before the sites, and after the plain valid requests of
/// all operations.
pub(crate) const OPERATION_STRATEGIES: &[OperationStrategy] = &[
    boundary::rules::cases,
    boundary::missing::cases,
    boundary::auth::cases,
    malformed::cases,
    boundary::pairs::cases,
    malformed::unspecified_cases,
    boundary::random::cases,
    stateful::laws::cases,
    stateful::sequences::cases,
    modelled::existence::cases,
    modelled::repetition::cases,
    modelled::stored::cases,
    modelled::expressions::cases,
    web::existence::cases,
    web::duplicates::cases,
    web::stored::cases,
    web::updates::cases,
    web::list_laws::cases,
    web::pages::cases,
    web::batches::cases,
];
