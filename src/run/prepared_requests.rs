//! Builds the requests of all steps of a case before any response is known, for other programs to send.
//!
//! It never sends anything; the caller supplies stand-ins for values from earlier responses.

use super::placeholders::Placeholders;
use super::request_builder::{RequestBuildError, build_unsigned_request, sign_request, step_credentials};
use super::{RunPlan, clock};
use crate::case::{AuthDamage, Case, Step};
use crate::wire::{EncodedRequest, ResolvedCredentials, SigV4Keys, SigningContext, SigningKeyCache};

/// The request of a step.
#[derive(Clone, Debug)]
pub struct PreparedRequest {
    /// The request as it would be sent now.
    pub signed: EncodedRequest,
    /// The request without its signature; credentials that do not depend on the request's bytes are kept.
    pub unsigned: EncodedRequest,
    /// Credentials that sign the request, and the damage to the signature.
    pub signing_credentials: Option<(SigV4Keys, Option<AuthDamage>)>,
}

/// Returns all requests of a case in the order of its steps. `stand_in` supplies the text in place of a captured value.
///
/// # Errors
/// Returns an error if the case is unsendable, a placeholder has no value, or a request cannot be encoded.
pub fn prepare_requests(
    plan: &RunPlan<'_>,
    case: &Case,
    stand_in: &dyn Fn(&str) -> String,
) -> Result<Vec<PreparedRequest>, RequestBuildError> {
    if let Some(reason) = &case.unsendable_reason {
        return Err(RequestBuildError::Unsendable(reason.clone()));
    }
    let mut placeholders = Placeholders::new(plan, &case.id);
    for capture in case.steps.iter().flat_map(|step| &step.captures) {
        placeholders.add_captured(&capture.name, stand_in(&capture.name).into());
    }
    let authority = plan.endpoint.authority();
    let mut keys = SigningKeyCache::default();
    case.steps.iter().map(|step| prepare_step(plan, &placeholders, step, &authority, &mut keys)).collect()
}

fn prepare_step(
    plan: &RunPlan<'_>,
    placeholders: &Placeholders<'_>,
    step: &Step,
    authority: &str,
    keys: &mut SigningKeyCache,
) -> Result<PreparedRequest, RequestBuildError> {
    let unsigned = build_unsigned_request(plan, placeholders, step)?;
    let mut signed = unsigned.clone();
    let Some((credentials, damage)) = step_credentials(plan, placeholders, step)? else {
        return Ok(PreparedRequest { signed, unsigned, signing_credentials: None });
    };
    let context = SigningContext { host: authority, time: clock::wall_time(), case: placeholders.case_id() };
    sign_request(&mut signed, (&credentials, damage), &context, keys)?;
    Ok(match credentials {
        // These do not depend on the rest of the request.
        ResolvedCredentials::SigV4(_) if matches!(damage, Some(AuthDamage::Empty | AuthDamage::SchemeOnly)) => {
            PreparedRequest { unsigned: signed.clone(), signed, signing_credentials: None }
        }
        ResolvedCredentials::SigV4(keys) => {
            PreparedRequest { signed, unsigned, signing_credentials: Some((keys, damage.cloned())) }
        }
        _ => PreparedRequest { unsigned: signed.clone(), signed, signing_credentials: None },
    })
}
