//! Builds the requests of all steps of a case before any response is known, for other programs to send.
//!
//! It never sends anything; the caller supplies stand-ins for values from earlier responses.

use super::placeholders::Placeholders;
use super::request_builder::{RequestBuildError, build_unsigned_request, sign_request, step_credentials};
use super::{RunPlan, clock};
use crate::case::{AuthDamage, Case};
use crate::wire::{EncodedRequest, ResolvedCredentials, SigV4Keys, SigningKeyCache};

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
) -> Result<Vec<PreparedRequest>, String> {
    if let Some(why) = &case.unsendable_reason {
        return Err(why.clone());
    }
    let mut holes = Placeholders::new(plan, &case.id);
    for capture in case.steps.iter().flat_map(|step| &step.captures) {
        holes.add_captured(&capture.name, stand_in(&capture.name).into());
    }
    let authority = plan.endpoint.authority();
    let mut keys = SigningKeyCache::default();
    case.steps
        .iter()
        .map(|step| {
            let bare = build_unsigned_request(plan, &holes, step)?;
            let proof = step_credentials(plan, &holes, step)?;
            let claim = proof.as_ref().map(|(proof, damage)| (proof, *damage));
            let sent = sign_request(bare.clone(), claim, &authority, clock::wall_time(), &mut keys)?;
            Ok(match proof {
                // These do not depend on the rest of the request.
                Some((ResolvedCredentials::SigV4(_), Some(AuthDamage::Empty | AuthDamage::SchemeOnly))) | None => {
                    PreparedRequest { unsigned: sent.clone(), signed: sent, signing_credentials: None }
                }
                Some((ResolvedCredentials::SigV4(keys), damage)) => {
                    PreparedRequest { signed: sent, unsigned: bare, signing_credentials: Some((keys, damage.cloned())) }
                }
                Some(_) => PreparedRequest { unsigned: sent.clone(), signed: sent, signing_credentials: None },
            })
        })
        .collect::<Result<_, RequestBuildError>>()
        .map_err(RequestBuildError::into_reason)
}
