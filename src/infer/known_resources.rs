//! The resources of AWS to which operations of many services refer, by the names of members.
//!
//! It is only asked about what a service does not create itself.

use super::name_parts::{ReferenceKind, ResourceReference, parse_reference};

/// A resource that operations of many services refer to.
pub(super) struct KnownResource {
    /// The last words of members that refer to it.
    words: &'static str,
    /// The service that creates it, as botocore calls it.
    pub service: &'static str,
    /// The noun of the operation that creates it.
    pub noun: &'static str,
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

/// Returns true if other services refer to resources of this noun.
pub(super) fn is_known_noun(noun: &[String]) -> bool {
    let noun = noun.join(" ");
    KNOWN_RESOURCES.iter().any(|one| one.noun == noun)
}

/// Returns the resource of another service that a member refers to, and by what: the one with the longest name that ends
/// the member's name.
pub(super) fn known_resource(member: &str, shape: &str) -> Option<(&'static KnownResource, ReferenceKind)> {
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
