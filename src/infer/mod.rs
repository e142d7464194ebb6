//! Infers resources: which operations create and delete them, and which members name them. Machine models are read by
//! the names of operations and members, web APIs by their routes.
//!
//! It guesses and reports its guesses. It never changes what the scenario says.

mod alternatives;
mod completion;
mod creators;
mod inference_result;
mod key_schema;
mod known_resources;
mod login;
mod name_parts;
mod other_services;
mod prerequisites;
mod readiness;
mod required_scalars;
mod tag_laws;
mod template_fit;
mod unique_template;
mod web_actions;
mod web_completion;
mod web_deletion;
mod web_identifiers;
mod web_routes;
mod web_values;

pub use completion::complete_scenario;
pub(crate) use creators::tolerates_missing_resource;
pub use creators::{is_list_operation, is_supporting_operation};
pub use inference_result::{IdentifierOrigin, InferenceResult, InferredResource};
pub(crate) use key_schema::{fits_key_schema, key_attributes};
pub use login::documented_principal;
pub(crate) use name_parts::split_operation_name;
pub use other_services::find_supporting_services;
pub use prerequisites::{PREREQUISITE_STATUSES, find_prerequisites};
#[cfg(feature = "run")]
pub(crate) use unique_template::unique_template;
