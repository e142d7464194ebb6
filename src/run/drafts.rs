//! The messages of all steps of a case before anything was answered, for somebody else to send.
//!
//! It sends nothing; what an earlier answer would give is a stand-in that the caller names.

use super::holes::Holes;
use super::ready::{NotReady, bare, proof_of, signed_as};
use super::{Plan, clock};
use crate::generate::{AuthDamage, Case};
use crate::wire::{KeyCache, Message, Proof, SigV4};

/// A step's message.
#[derive(Clone, Debug)]
pub struct Draft {
    /// As it would be sent now.
    pub sent: Message,
    /// The same, without a signature where it has one; a proof that does not depend on bytes stays.
    pub unsigned: Message,
    /// What signs it, and how the signature is damaged.
    pub signing: Option<(SigV4, Option<AuthDamage>)>,
}

/// All messages of a case, in the order of its steps; `stand_in` is put in the place of a captured value.
///
/// # Errors
/// Where the case is unsendable, a hole stays empty, or a message cannot be encoded; in words.
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
                // Nothing in these depends on the rest of the message.
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
