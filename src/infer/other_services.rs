//! Finds the services that create what members refer to, if the API itself creates no such thing: `SubnetIds` names what
//! Amazon EC2 creates.
//!
//! It never reads a document; the caller reads the models of the services.

use super::completion::accepts_identifier;
use super::creators::{IdentifierLocation, ResourceCreators, input_members};
use super::name_parts::{ReferenceKind, ResourceReference, parse_reference, split_operation_name};
use crate::contract::{Contract, MemberPath, Operation, PathSegment, Shape, ShapeId, ShapeKind};

/// A resource that operations of many services refer to.
struct KnownResource {
    /// The last words of members that refer to it.
    words: &'static str,
    /// The service that creates it, as botocore calls it.
    service: &'static str,
    /// The noun of the operation that creates it.
    noun: &'static str,
    /// By what it is identified if a member does not say it.
    kind: ReferenceKind,
}

const fn known(words: &'static str, service: &'static str, noun: &'static str, kind: ReferenceKind) -> KnownResource {
    KnownResource { words, service, noun, kind }
}

use ReferenceKind::{Arn, Id, Name, Url};

/// The resources of AWS to which operations of other services refer most.
const KNOWN_RESOURCES: [KnownResource; 38] = [
    known("role", "iam", "role", Arn),
    known("instance profile", "iam", "instance profile", Arn),
    known("instance role", "iam", "instance profile", Arn),
    known("subnet", "ec2", "subnet", Id),
    known("vpc", "ec2", "vpc", Id),
    known("security group", "ec2", "security group", Id),
    known("network interface", "ec2", "network interface", Id),
    known("internet gateway", "ec2", "internet gateway", Id),
    known("route table", "ec2", "route table", Id),
    known("vpc endpoint", "ec2", "vpc endpoint", Id),
    known("key pair", "ec2", "key pair", Name),
    known("launch template", "ec2", "launch template", Id),
    known("allocation", "ec2", "address", Id),
    known("bucket", "s3", "bucket", Name),
    known("kms key", "kms", "key", Id),
    known("kms master key", "kms", "key", Id),
    known("encryption key", "kms", "key", Id),
    known("topic", "sns", "topic", Arn),
    known("queue", "sqs", "queue", Url),
    known("delivery stream", "firehose", "delivery stream", Arn),
    known("kinesis stream", "kinesis", "stream", Arn),
    known("log group", "logs", "log group", Name),
    known("certificate", "acm", "certificate", Arn),
    known("lambda", "lambda", "function", Arn),
    known("lambda function", "lambda", "function", Arn),
    known("function", "lambda", "function", Arn),
    known("user pool", "cognito-idp", "user pool", Id),
    known("identity pool", "cognito-identity", "identity pool", Id),
    known("hosted zone", "route53", "hosted zone", Id),
    known("secret", "secretsmanager", "secret", Arn),
    known("state machine", "stepfunctions", "state machine", Arn),
    known("load balancer", "elbv2", "load balancer", Arn),
    known("target group", "elbv2", "target group", Arn),
    known("file system", "efs", "file system", Id),
    known("event bus", "events", "event bus", Name),
    known("repository", "ecr", "repository", Name),
    known("directory", "ds", "directory", Id),
    known("rest api", "apigateway", "rest api", Id),
];

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

/// Returns the texts and items of lists of texts in an operation's input, with their places. Lists of structures and maps
/// are not searched.
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
            ShapeKind::Structure { members } if path.0.len() < MAX_DEPTH => {
                open.extend(members.iter().map(|(name, member)| (path.join_member(name), &member.shape)));
            }
            _ => {}
        }
    }
    found.reverse();
    found
}

/// Returns the resource of another service that a member refers to, and by what: the one with the longest name that ends
/// the member's name.
fn known_resource(member: &str, shape: &str) -> Option<(&'static KnownResource, ReferenceKind)> {
    let by_member = parse_reference(member);
    let by_shape = parse_reference(shape);
    let of = |parsed: &ResourceReference| {
        let text = parsed.noun.join(" ");
        let ends = |one: &&KnownResource| {
            text.strip_suffix(one.words).is_some_and(|before| before.is_empty() || before.ends_with(' '))
        };
        KNOWN_RESOURCES.iter().filter(ends).max_by_key(|one| one.words.len())
    };
    let found = of(&by_member).or_else(|| of(&by_shape).filter(|_| by_shape.kind != ReferenceKind::BareNoun))?;
    let kind = [by_member.kind, by_shape.kind].into_iter().find(|kind| *kind != ReferenceKind::BareNoun);
    Some((found, kind.unwrap_or(found.kind)))
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
        if self.creates(operation, resource.noun) || split_operation_name(operation.name.as_str()).1.is_empty() {
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
                let location = self.locate_identifier(creator, "", &reference)?;
                accepts_identifier(shape, &location).then_some(location)
            };
            kinds.into_iter().find_map(locate).map(|location| (at, location))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_refer_to_resources_of_other_services() {
        for (member, shape, due) in [
            ("RoleArn", "Arn", Some(("iam", "role", Arn))),
            ("executionRoleArn", "String", Some(("iam", "role", Arn))),
            ("Role", "RoleArn", Some(("iam", "role", Arn))),
            ("Subnets", "SubnetId", Some(("ec2", "subnet", Id))),
            ("SecurityGroups", "SecurityGroupId", Some(("ec2", "security group", Id))),
            ("VpcSecurityGroupIds", "String", Some(("ec2", "security group", Id))),
            ("S3Bucket", "S3Bucket", Some(("s3", "bucket", Name))),
            ("KmsKeyId", "String", Some(("kms", "key", Id))),
            ("logGroupName", "LogGroupName", Some(("logs", "log group", Name))),
            ("Key", "String", None),
            ("Description", "RoleDescription", None),
            ("Microrole", "String", None),
        ] {
            let found = known_resource(member, shape).map(|(one, kind)| (one.service, one.noun, kind));
            assert_eq!(found, due, "{member}");
        }
    }
}
