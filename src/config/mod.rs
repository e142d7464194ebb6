//! Settings that do not come from flags: `overstep.toml` and the environment.
//!
//! This module never sends a request and never prints.

mod aws;
mod diagnostics;
mod endpoint;
mod endpoint_secrets;
mod environment;
mod project;
mod proxy;

pub use aws::find_aws_credentials;
pub use diagnostics::{error_diagnostic, store_diagnostic, warning_diagnostic};
pub use endpoint::{EndpointKind, ResolvedEndpoint};
pub use endpoint_secrets::endpoint_secrets;
pub use environment::{EnvironmentLookup, referenced_variables, substitute_variables};
pub use project::Config;
pub use proxy::find_environment_proxy;
