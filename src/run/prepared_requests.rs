//! Builds the requests of all steps of a case before any response is known, for other programs to send.
//!
//! It never sends anything; the caller supplies stand-ins for values from earlier responses.

use super::holes::Holes;
use super::ready::{NotReady, bare, proof_of, signed_as};
use super::{Plan, clock};
use crate::generate::{AuthDamage, Case};
use crate::wire::{KeyCache, Message, Proof, SigV4};

/// The request of a step.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The request as it would be sent now.
    pub sent: Message,
    /// The request without its signature; credentials that do not depend on the request's bytes are kept.
    pub unsigned: Message,
    /// Credentials that sign the request, and the damage to the signature.
    pub signing: Option<(SigV4, Option<AuthDamage>)>,
}

/// Returns all requests of a case in the order of its steps. `stand_in` supplies the text in place of a captured value.
///
/// # Errors
/// Returns an error if the case is unsendable, a placeholder has no value, or a request cannot be encoded.
pub fn drafts(plan: &Plan<'_>, case: &Case, stand_in: &dyn Fn(&str) -> String) -> Result<Vec<Draft>, String> {
    if let Some(why) = &case.unsendable {
        return Err(why.clone());
    }
    let mut holes = Holes::new(plan, &case.id);
    for capture in case.steps.iter().flat_map(|step| &step.captures) {
        holes.capture(&capture.name, stand_in(&capture.name).into());
    }
    let authority = plan.endpoint.authority();
    let mut keys = KeyCache::default();
    case.steps
        .iter()
        .map(|step| {
            let bare = bare(plan, &holes, step)?;
            let proof = proof_of(plan, &holes, step)?;
            let claim = proof.as_ref().map(|(proof, damage)| (proof, *damage));
            let sent = signed_as(bare.clone(), claim, &authority, clock::wall(), &mut keys)?;
            Ok(match proof {
                // These do not depend on the rest of the request.
                Some((Proof::SigV4(_), Some(AuthDamage::Empty | AuthDamage::SchemeOnly))) | None => {
                    Draft { unsigned: sent.clone(), sent, signing: None }
                }
                Some((Proof::SigV4(keys), damage)) => {
                    Draft { sent, unsigned: bare, signing: Some((keys, damage.cloned())) }
                }
                Some(_) => Draft { unsigned: sent.clone(), sent, signing: None },
            })
        })
        .collect::<Result<_, NotReady>>()
        .map_err(NotReady::into_words)
}
