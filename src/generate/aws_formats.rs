//! Plain values for members whose name implies a format, where models only say that the member is a text.
//!
//! They are guesses at what services accept; an endpoint that rejects one is never reported for it.

use super::documents;

/// The least policy that expires something, in the form of Amazon ECR's
/// [lifecycle policies](https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html).
const LIFECYCLE_POLICY: &str = "{\"rules\":[{\"rulePriority\":1,\"selection\":{\"tagStatus\":\"untagged\",\
    \"countType\":\"imageCountMoreThan\",\"countNumber\":1},\"action\":{\"type\":\"expire\"}}]}";

/// Returns a value for a member of this name, such as an ARN or a policy. The formats are AWS's, see
/// [ARNs](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html) and
/// [policies](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html),
/// [schedules and event patterns](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html).
pub(crate) fn value_for_member(member: &str, service: &str) -> Option<String> {
    let lower = member.to_ascii_lowercase();
    if let Some(document) = documents::text_document(&lower) {
        return Some(document.to_owned());
    }
    // The default account of emulators; no real account has this number.
    const ACCOUNT: &str = "123456789012";
    if lower.ends_with("rolearn") || lower == "role" {
        return Some(format!("arn:aws:iam::{ACCOUNT}:role/overstep"));
    }
    if lower.ends_with("arn") {
        return Some(format!("arn:aws:{service}:us-east-1:{ACCOUNT}:overstep"));
    }
    if lower.ends_with("accountid") {
        return Some(ACCOUNT.to_owned());
    }
    let action = |principal: &str, action: &str| {
        format!(
            "{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Effect\":\"Allow\",{principal}\"Action\":\"{action}\"}}]}}"
        )
    };
    if lower.contains("cidr") && !lower.contains("ipv6") {
        // The same for a network and its parts: a network may consist of one part.
        return Some("10.0.0.0/24".to_owned());
    }
    if lower == "uri" || lower == "url" {
        return Some("https://example.com/".to_owned());
    }
    if lower.ends_with("serviceprincipal") {
        return Some("config.amazonaws.com".to_owned());
    }
    if lower.ends_with("scheduleexpression") {
        return Some("rate(5 minutes)".to_owned());
    }
    if lower == "eventpattern" {
        return Some("{\"source\":[\"overstep\"]}".to_owned());
    }
    if lower == "lifecyclepolicytext" {
        return Some(LIFECYCLE_POLICY.to_owned());
    }
    if lower == "assumerolepolicydocument" {
        return Some(action("\"Principal\":{\"Service\":\"lambda.amazonaws.com\"},", "sts:AssumeRole"));
    }
    if lower.ends_with("policydocument") || lower.ends_with("policycontent") {
        return Some(action("\"Resource\":\"*\",", &format!("{service}:*")));
    }
    if lower.ends_with("policytext") || lower == "resourcepolicy" || lower == "policy" {
        return Some(action("\"Principal\":\"*\",", &format!("{service}:*")));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::value_for_member;

    #[test]
    fn member_names_imply_arns_and_policies() {
        assert_eq!(value_for_member("roleArn", "states").as_deref(), Some("arn:aws:iam::123456789012:role/overstep"));
        assert_eq!(value_for_member("TopicArn", "sns").as_deref(), Some("arn:aws:sns:us-east-1:123456789012:overstep"));
        let policy = value_for_member("PolicyDocument", "iam").expect("a policy");
        let read: serde_json::Value = serde_json::from_str(&policy).expect("JSON");
        assert_eq!(read["Statement"][0]["Effect"], "Allow");
        for name in ["lifecyclePolicyText", "policyText", "assumeRolePolicyDocument"] {
            let policy = value_for_member(name, "ecr").expect("a policy");
            assert!(serde_json::from_str::<serde_json::Value>(&policy).is_ok_and(|json| json.is_object()), "{policy}");
        }
        assert_eq!(value_for_member("ScheduleExpression", "events").as_deref(), Some("rate(5 minutes)"));
        assert_eq!(value_for_member("Name", "iam"), None);
    }
}
