//! The operations and members of a contract in recorded calls.

use overstep::contract::{self, Contract, MemberPath};
use overstep::session::{CallMatch, MatchedUsage, match_usage};
use overstep::usage::read_usage;

/// A contract of a service with a protocol, whose second operation has members of every kind.
fn queue_contract(protocol: &str) -> Contract {
    let text = r#"{"format": "overstep-contract/1", "service": "sqs", "protocol": "PROTOCOL",
        "auth": [{"scheme": "sigv4"}], "traits": {"version": "2012-11-05", "targetPrefix": "AmazonSQS"},
        "operations": [
          {"name": "ListQueues", "http": {"method": "POST", "uri": "/"}, "input": "ListQueuesRequest"},
          {"name": "SendMessage", "http": {"method": "POST", "uri": "/"}, "input": "SendMessageRequest"}],
        "errors": [],
        "shapes": {
          "ListQueuesRequest": {"type": "structure", "members": {"Prefix": {"shape": "Text"}}},
          "SendMessageRequest": {"type": "structure", "members": {
            "QueueUrl": {"shape": "Text", "required": true},
            "MessageBody": {"shape": "Text", "required": true},
            "DelaySeconds": {"shape": "Number"},
            "Settings": {"shape": "Settings"},
            "MessageAttributes": {"shape": "Attributes"}}},
          "Settings": {"type": "map", "key": "Setting", "value": "Text"},
          "Setting": {"type": "enum", "values": ["Color", "Size"]},
          "Attributes": {"type": "map", "key": "Text", "value": "Attribute"},
          "Attribute": {"type": "structure", "members": {
            "DataType": {"shape": "Text", "required": true},
            "StringValue": {"shape": "Text"}, "BinaryValue": {"shape": "Bytes"}}},
          "Text": {"type": "string"}, "Number": {"type": "integer"}, "Bytes": {"type": "blob"}}}"#;
    contract::from_json(&text.replace("PROTOCOL", protocol)).expect("a contract")
}

fn matched(contract: &Contract, text: &str) -> MatchedUsage {
    let usage = read_usage("used", text.as_bytes()).expect("a recording");
    match_usage(contract, &["queues".to_owned()], &usage.calls)
}

/// Returns which of the members of `SendMessage` count as used.
fn used_members(contract: &Contract, matched: &MatchedUsage) -> Vec<&'static str> {
    let operation = contract.operation("SendMessage").expect("an operation");
    let used = &matched.used.operations["SendMessage"].members;
    let is_used = |path: &&str| used.contains(contract, operation, &MemberPath::parse(path).expect("a path").0);
    [
        "QueueUrl",
        "MessageBody",
        "DelaySeconds",
        "MessageAttributes",
        "MessageAttributes{key}",
        "MessageAttributes{value}.DataType",
        "MessageAttributes{value}.StringValue",
        "MessageAttributes{value}.BinaryValue",
    ]
    .into_iter()
    .filter(is_used)
    .collect()
}

const REQUIRED: [&str; 2] = ["QueueUrl", "MessageBody"];

/// The members that the calls of `SendMessage` in all recordings have.
const MEMBERS_OF_SEND_MESSAGE: [&str; 7] = [
    "QueueUrl",
    "MessageBody",
    "DelaySeconds",
    "MessageAttributes",
    "MessageAttributes{key}",
    "MessageAttributes{value}.DataType",
    "MessageAttributes{value}.StringValue",
];

#[test]
fn members_are_those_that_requests_have() {
    let contract = queue_contract("awsJson1_0");
    let matched = matched(&contract, include_str!("botocore.log"));
    assert_eq!(matched.used.operations.keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["SendMessage"]);
    assert_eq!(used_members(&contract, &matched), MEMBERS_OF_SEND_MESSAGE);
    let count = |wanted: fn(&CallMatch) -> bool| matched.calls.iter().filter(|call| wanted(call)).count();
    assert_eq!(count(|call| matches!(call, CallMatch::Known)), 1);
    assert_eq!(count(|call| matches!(call, CallMatch::UnknownOperation { .. })), 3, "operations that it has not");
    assert_eq!(count(|call| matches!(call, CallMatch::OtherService(_))), 5);
}

#[test]
fn the_protocol_is_that_of_the_requests() {
    let har = |headers: &str, body: &str| {
        format!(
            r#"{{"log": {{"entries": [{{"request": {{"method": "POST", "url": "http://127.0.0.1:5000/",
            "headers": [{headers}], "postData": {{"text": "{body}"}}}}}}]}}}}"#
        )
    };
    let form = r#"{"name": "content-type", "value": "application/x-www-form-urlencoded"}"#;
    let query = har(form, "Action=SendMessage&QueueUrl=u&MessageBody=b&DelaySeconds=1");
    let json = har(
        r#"{"name": "X-Amz-Target", "value": "AmazonSQS.SendMessage"}, {"name": "content-type", "value": "application/x-amz-json-1.0"}"#,
        r#"{\"QueueUrl\": \"u\", \"MessageBody\": \"b\", \"DelaySeconds\": 1}"#,
    );
    for own in ["awsJson1_0", "awsQuery"] {
        let contract = queue_contract(own);
        for (text, spoken) in [(&query, "awsQuery"), (&json, "awsJson1_0")] {
            let matched = matched(&contract, text);
            let protocols: Vec<&str> = matched.protocols.iter().map(|(protocol, _)| protocol.name()).collect();
            assert_eq!(protocols, [spoken], "{own}");
            assert_eq!(
                used_members(&contract, &matched),
                ["QueueUrl", "MessageBody", "DelaySeconds"],
                "{own} {spoken}"
            );
        }
    }
}

#[test]
fn requests_of_other_services_and_machines_are_none_of_the_service() {
    let contract = queue_contract("awsJson1_0");
    let har = |url: &str, header: &str| {
        format!(
            r#"{{"log": {{"entries": [{{"request": {{"method": "POST", "url": "{url}", "headers": [{header}],
            "postData": {{"text": "{{}}"}}}}}}]}}}}"#
        )
    };
    let target = |name: &str| format!(r#"{{"name": "x-amz-target", "value": "{name}"}}"#);
    let scope = |service: &str| {
        let value = format!("AWS4-HMAC-SHA256 Credential=AK/20261201/us-east-1/{service}/aws4_request, Signature=0");
        format!(r#"{{"name": "Authorization", "value": "{value}"}}, {}"#, target("AmazonSQS.SendMessage"))
    };
    let other = |name: &str| CallMatch::OtherService(name.to_owned());
    for (text, expected) in [
        (har("http://127.0.0.1/", &target("AmazonSQS.SendMessage")), CallMatch::Known),
        (har("http://127.0.0.1/", &target("DynamoDB_20120810.PutItem")), other("DynamoDB_20120810")),
        (har("http://127.0.0.1/", &scope("sqs")), CallMatch::Known),
        (har("https://sns.us-east-1.amazonaws.com/", ""), other("sns")),
        (har("https://cdn.example.com/", ""), CallMatch::UnknownRequest),
    ] {
        assert_eq!(matched(&contract, &text).calls, [expected], "{text}");
    }
}

#[test]
fn names_are_found_in_every_spelling_and_unknown_ones_get_a_proposal() {
    let contract = queue_contract("awsJson1_0");
    for line in ["SendMessage", "sqs:SendMessage", "queues.SendMessage", "send-message", "send_message"] {
        let matched = matched(&contract, line);
        assert_eq!(matched.calls, [CallMatch::Known], "{line}");
        assert!(matched.used.operations["SendMessage"].members.has_all(), "{line}");
    }
    let matched = matched(
        &contract,
        "SendMessage delay_seconds MessageAttributes.StringValue\nSendMesage\ns3:PutObject\nSendMessage DelaySecond\n",
    );
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        matched.calls,
        [
            CallMatch::Known,
            CallMatch::UnknownOperation { name: "SendMesage".into(), nearest: some("SendMessage") },
            CallMatch::OtherService("s3".into()),
            CallMatch::UnknownMember {
                operation: "SendMessage".into(),
                member: "DelaySecond".into(),
                nearest: some("DelaySeconds")
            },
        ]
    );
    assert_eq!(used_members(&contract, &matched), MEMBERS_OF_SEND_MESSAGE);
}

#[test]
fn names_that_events_spell_differently_never_leave_out_a_member() {
    let contract = queue_contract("awsJson1_0");
    let event = |parameters: &str| {
        let parts = r#""eventSource": "sqs.amazonaws.com", "eventName": "SendMessage""#;
        format!("{{\"Records\": [{{{parts}, \"requestParameters\": {parameters}}}]}}")
    };
    let known = matched(&contract, &event(r#"{"queueUrl": "u", "messageBody": "b"}"#));
    assert_eq!(used_members(&contract, &known), REQUIRED);
    for parameters in ["null", r#"{"queueUrl": "u", "somethingElse": 1}"#] {
        let matched = matched(&contract, &event(parameters));
        assert!(matched.used.operations["SendMessage"].members.has_all(), "{parameters}");
    }
}

#[test]
fn keys_of_a_closed_list_count_like_members() {
    let contract = queue_contract("awsJson1_0");
    let event = r#"{"Records": [{"eventSource": "sqs.amazonaws.com", "eventName": "SendMessage", "requestParameters":
        {"settings": {"Color": "red"}}}]}"#;
    let matched = matched(&contract, event);
    let operation = contract.operation("SendMessage").expect("an operation");
    let used = &matched.used.operations["SendMessage"].members;
    let is_used = |path: &str| used.contains(&contract, operation, &MemberPath::parse(path).expect("a path").0);
    assert_eq!(["Settings", "Settings{key}.Color", "Settings{key}.Size"].map(is_used), [true, true, false]);
}
