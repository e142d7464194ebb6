//! Two small hand-written contracts.

use overstep::contract::{Contract, from_json};
use serde_json::{Value, json};

fn text(min: u64, max: u64) -> Value {
    json!({"type": "string", "length": {"min": min, "max": max}})
}

/// Returns a small contract with the operations of Amazon Connect.
pub fn connect() -> Contract {
    let names = [
        "InvalidRequestException",
        "InvalidParameterException",
        "ResourceNotFoundException",
        "InternalServiceException",
        "AccessDeniedException",
    ];
    let operation = |name: &str, method: &str, uri: &str, output: &str| {
        json!({"name": name, "http": {"method": method, "uri": uri, "success": 200},
            "input": format!("{name}Request"), "output": output, "errors": names})
    };
    let label = |shape: &str| json!({"shape": shape, "required": true, "location": "label"});
    let required = |shape: &str| json!({"shape": shape, "required": true});
    let optional = |shape: &str| json!({"shape": shape});
    let contract = json!({
        "format": "overstep-contract/1", "service": "connect", "protocol": "restJson1",
        "auth": [{"scheme": "sigv4"}],
        "operations": [
            operation("TagContact", "POST", "/contact/tags", "Empty"),
            operation("UntagContact", "DELETE", "/contact/tags/{InstanceId}/{ContactId}", "Empty"),
            operation("UpdateContactAttributes", "POST", "/contact/attributes", "Empty"),
            operation("GetContactAttributes", "GET", "/contact/attributes/{InstanceId}/{InitialContactId}", "Got"),
            operation("UpdateContact", "POST", "/contacts/{InstanceId}/{ContactId}", "Empty"),
            operation("DescribeContact", "GET", "/contacts/{InstanceId}/{ContactId}", "Described"),
            operation("ListContactReferences", "GET", "/contact/references/{InstanceId}/{ContactId}", "Listed"),
        ],
        "errors": [
            {"name": "InvalidRequestException", "status": 400, "role": "invalid-input"},
            {"name": "InvalidParameterException", "status": 400, "role": "invalid-input"},
            {"name": "ResourceNotFoundException", "status": 404, "role": "missing-resource"},
            {"name": "InternalServiceException", "status": 500, "role": "server-fault"},
            {"name": "AccessDeniedException", "status": 403, "role": "forbidden"},
        ],
        "shapes": {
            "Empty": {"type": "structure"},
            "Got": {"type": "structure", "members": {"Attributes": optional("Attributes")}},
            "Described": {"type": "structure", "members": {"Contact": optional("Contact")}},
            "Contact": {"type": "structure", "members": {"Id": optional("ContactId"), "Tags": optional("Tags"),
                "Name": optional("Name")}},
            "Listed": {"type": "structure", "members": {"ReferenceSummaryList": optional("Summaries")}},
            "Summaries": {"type": "list", "member": "Document"},
            "Document": {"type": "document"},
            "ContactId": text(1, 256),
            "InstanceId": text(1, 100),
            "TagKey": {"type": "string", "length": {"min": 1, "max": 128},
                "pattern": "^(?!aws:)[a-zA-Z+-=._:/]+$"},
            "TagValue": {"type": "string", "length": {"max": 256}},
            "Tags": {"type": "map", "key": "TagKey", "value": "TagValue", "length": {"min": 1, "max": 6}},
            "TagKeys": {"type": "list", "member": "TagKey", "length": {"min": 1, "max": 6}},
            "TagContactRequest": {"type": "structure", "members": {"ContactId": required("ContactId"),
                "InstanceId": required("InstanceId"), "Tags": required("Tags")}},
            "UntagContactRequest": {"type": "structure", "members": {"ContactId": label("ContactId"),
                "InstanceId": label("InstanceId"),
                "TagKeys": {"shape": "TagKeys", "required": true, "location": "query", "wire": "TagKeys"}}},
            "AttributeName": {"type": "string", "length": {"min": 1, "max": 32767}, "pattern": "^[a-zA-Z0-9_-]+$"},
            "AttributeValue": text(0, 32767),
            "Attributes": {"type": "map", "key": "AttributeName", "value": "AttributeValue",
                "rules": [{"rule": "maxTotalBytes", "over": "values", "max": 32768, "stored": true}]},
            "UpdateContactAttributesRequest": {"type": "structure", "members": {
                "InitialContactId": required("ContactId"), "InstanceId": required("InstanceId"),
                "Attributes": required("Attributes")}},
            "GetContactAttributesRequest": {"type": "structure", "members": {
                "InstanceId": label("InstanceId"), "InitialContactId": label("ContactId")}},
            "Name": text(0, 1024),
            "ReferenceType": {"type": "enum", "values": ["URL", "NUMBER", "EMAIL_MESSAGE"]},
            "Arn": {"type": "string", "length": {"min": 20, "max": 256}, "pattern": "^[-:/A-Za-z0-9]+"},
            "ReferenceValue": text(0, 4096),
            "Reference": {"type": "structure", "members": {"Value": optional("ReferenceValue"),
                "Type": required("ReferenceType"), "Arn": optional("Arn")}},
            "ReferenceKey": text(1, 4096),
            "References": {"type": "map", "key": "ReferenceKey", "value": "Reference",
                "rules": [{"rule": "maxTotalBytes", "over": "values", "max": 4096, "stored": true}]},
            "Segment": {"type": "structure", "members": {"ValueString": optional("Name"),
                "ValueMap": optional("Segments"), "ValueInteger": optional("Integer"),
                "ValueList": optional("SegmentList")}},
            "Integer": {"type": "integer", "range": {"min": -5, "max": 2147483647}},
            "SegmentName": {"type": "string", "length": {"min": 1, "max": 128}, "pattern": "^[a-zA-Z0-9_-]+$"},
            "Segments": {"type": "map", "key": "SegmentName", "value": "Segment"},
            "SegmentList": {"type": "list", "member": "Segment"},
            "UpdateContactRequest": {"type": "structure",
                "rules": [{"rule": "atLeastOneOf", "members": ["Name", "References", "SegmentAttributes"]}],
                "members": {"InstanceId": label("InstanceId"), "ContactId": label("ContactId"),
                    "Name": optional("Name"), "References": optional("References"),
                    "SegmentAttributes": optional("Segments")}},
            "DescribeContactRequest": {"type": "structure", "members": {
                "InstanceId": label("InstanceId"), "ContactId": label("ContactId")}},
            "ReferenceTypes": {"type": "list", "member": "ReferenceType", "length": {"max": 6}},
            "ListContactReferencesRequest": {"type": "structure", "members": {
                "InstanceId": label("InstanceId"), "ContactId": label("ContactId"),
                "ReferenceTypes": {"shape": "ReferenceTypes", "required": true, "location": "query",
                    "wire": "referenceTypes"}}},
        }
    });
    from_json(&contract.to_string()).expect("the contract is valid")
}

/// Returns a contract like LeadLex's.
pub fn leadlex() -> Contract {
    let contract = json!({
        "format": "overstep-contract/1", "service": "leadlex", "protocol": "restJson",
        "auth": [{"scheme": "bearer"}], "base": "https://data.leadlex.com/functions/v1/api-gateway",
        "operations": [{"name": "AddTagsToContact", "http": {"method": "POST", "uri": "/v1/contacts/{id}/tags",
            "success": 200}, "input": "In", "output": "Out", "permission": "contacts:write",
            "errors": ["validation_error", "not_found", "insufficient_permissions"]}],
        "errors": [
            {"name": "validation_error", "status": 400, "role": "invalid-input"},
            {"name": "not_found", "status": 404, "role": "missing-resource"},
            {"name": "insufficient_permissions", "status": 403, "role": "forbidden"},
        ],
        "shapes": {
            "In": {"type": "structure", "members": {
                "id": {"shape": "Id", "required": true, "location": "label"}, "tags": {"shape": "Tags", "required": true}}},
            "Id": {"type": "string", "pattern":
                "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"},
            "Tags": {"type": "list", "member": "Tag"},
            "Tag": {"type": "string"},
            "Out": {"type": "structure", "members": {"data": {"shape": "Data"}}},
            "Data": {"type": "structure", "members": {"contact_id": {"shape": "Tag"}, "tags": {"shape": "Tags"}}},
        }
    });
    from_json(&contract.to_string()).expect("the contract is valid")
}
