//! Finds the services that create what members refer to, if the API itself creates no such thing: `SubnetIds` names what
//! Amazon EC2 creates.
//!
//! It never reads a document; the caller reads the models of the services.

use super::completion::accepts_identifier;
use super::creators::{IdentifierLocation, ResourceCreators, input_members};
use super::known_resources::known_resource;
use super::name_parts::{ReferenceKind, ResourceReference};
use crate::contract::{Contract, MemberPath, Operation, PathSegment, Shape, ShapeId, ShapeKind};

/// Maximum depth of the search for members that refer to resources of other services.
const MAX_DEPTH: usize = 4;

/// Returns the services that create what the operations of a contract refer to and what it creates itself nowhere, and
/// the services that those need, as botocore calls them.
pub fn find_supporting_services(contract: &Contract) -> Vec<String> {
    if !contract.is_model_only() || contract.auth.is_empty() {
        return Vec::new();
    }
    let creators = ResourceCreators::from_contract(contract, &|_| false);
    let mut found: Vec<&str> = Vec::new();
    for operation in &contract.operations {
        for (path, id) in text_places(contract, operation) {
            let Some(member) = path.last_member() else { continue };
            let resource = known_resource(member, id.as_str());
            let resource = resource.filter(|(one, _)| !creators.creates(operation, one.noun));
            found.extend(resource.map(|(one, _)| one.service));
        }
    }
    // A function needs a role.
    if found.contains(&"lambda") || found.contains(&"stepfunctions") || found.contains(&"firehose") {
        found.push("iam");
    }
    if found.contains(&"elbv2") || found.contains(&"efs") {
        found.push("ec2");
    }
    let mut services: Vec<String> = found.into_iter().map(str::to_owned).collect();
    services.sort();
    services.dedup();
    services
}

/// Returns the texts and items of lists of texts in an operation's input, with their places. Maps are not
/// searched.
pub(super) fn text_places<'c>(contract: &'c Contract, operation: &'c Operation) -> Vec<(MemberPath, &'c ShapeId)> {
    let mut found = Vec::new();
    let members = input_members(contract, operation);
    let mut open: Vec<(MemberPath, &ShapeId)> =
        members.map(|(name, member)| (MemberPath::root().join_member(name), &member.shape)).collect();
    while let Some((path, id)) = open.pop() {
        match &contract.shape(id).kind {
            ShapeKind::String => found.push((path, id)),
            ShapeKind::List { member } if matches!(contract.shape(member).kind, ShapeKind::String) => {
                found.push((path.join(PathSegment::Item), member));
            }
            ShapeKind::List { member } if path.0.len() < MAX_DEPTH => open.push((path.join(PathSegment::Item), member)),
            ShapeKind::Structure { members } if path.0.len() < MAX_DEPTH => {
                open.extend(members.iter().map(|(name, member)| (path.join_member(name), &member.shape)));
            }
            _ => {}
        }
    }
    found.reverse();
    found
}

impl ResourceCreators<'_> {
    /// Returns true if the service of an operation creates resources of this noun itself.
    fn creates(&self, operation: &Operation, noun: &str) -> bool {
        let service = operation.name.service();
        self.all.iter().any(|creator| creator.operation.name.service() == service && creator.noun.join(" ") == noun)
    }

    /// Returns the creator in another service of the resource that a member refers to, and the place of the identifier.
    pub fn find_in_other_service(
        &self,
        operation: &Operation,
        member: &str,
        id: &ShapeId,
        shape: &Shape,
    ) -> Option<(usize, IdentifierLocation)> {
        let (resource, kind) = known_resource(member, id.as_str())?;
        if self.creates(operation, resource.noun) {
            return None;
        }
        let creators = self.all.iter().enumerate().filter(|(_, creator)| {
            creator.operation.name.service() == Some(resource.service) && creator.noun.join(" ") == resource.noun
        });
        creators.into_iter().find_map(|(at, creator)| {
            let kinds = [kind, ReferenceKind::Arn, ReferenceKind::Id, ReferenceKind::Name];
            let is_stated = kind == ReferenceKind::Arn;
            let kinds = kinds.into_iter().take(if is_stated { 1 } else { 4 });
            let locate = |kind: ReferenceKind| {
                let reference = ResourceReference { noun: creator.noun.clone(), kind };
                // `Bucket` of `CreateBucket` is the name.
                let by_noun = || self.locate_same_name(creator, &creator.noun.concat());
                let by_noun = (kind == ReferenceKind::Name).then(by_noun).flatten();
                let location = by_noun.or_else(|| self.locate_identifier(creator, "", &reference))?;
                accepts_identifier(shape, &location).then_some(location)
            };
            kinds.into_iter().find_map(locate).map(|location| (at, location))
        })
    }
}
