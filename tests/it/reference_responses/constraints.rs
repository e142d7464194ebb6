//! Every constraint at its limits, in a JSON body.

use super::shop::{format_response, send, service};
use overstep::reference::{ReferenceService, ServerConfig};
use serde_json::{Value, json};

/// Builds a service with one operation, which has an optional member for each shape.
fn service_with_every_shape() -> ReferenceService {
    let shapes = json!({
        "Blob": {"type": "blob", "length": {"min": 2, "max": 4}},
        "Flag": {"type": "boolean"},
        "Text": {"type": "string", "length": {"min": 2, "max": 4}},
        "Short": {"type": "string", "length": {"max": 2}},
        "Word": {"type": "string", "pattern": "^[a-z]+$"},
        "Kind": {"type": "enum", "values": ["one", "two"]},
        "Whole": {"type": "integer"},
        "Long": {"type": "long"},
        "Few": {"type": "integer", "range": {"min": 1, "max": 9}},
        "Real": {"type": "double", "range": {"min": -1.5, "max": 2.5}},
        "Least": {"type": "long", "range": {"min": 3}},
        "When": {"type": "timestamp"},
        "Any": {"type": "document"},
        "Items": {"type": "list", "member": "Text", "length": {"min": 1, "max": 3}, "unique": true},
        "Again": {"type": "list", "member": "Any"},
        "Pairs": {"type": "map", "key": "Word", "value": "Few", "length": {"min": 1, "max": 2}},
        "Kinds": {"type": "map", "key": "Kind", "value": "Few"},
        "Inner": {"type": "structure", "members": {
            "Need": {"shape": "Text", "required": true}, "May": {"shape": "Inner"}}},
        "Either": {"type": "union", "members": {"Left": {"shape": "Text"}, "Right": {"shape": "Few"}}},
        "Ruled": {"type": "structure", "members": {
            "A": {"shape": "Any"}, "B": {"shape": "Any"}, "C": {"shape": "Any"}},
            "rules": [
                {"rule": "atLeastOneOf", "members": ["A", "B"]}, {"rule": "atMostOneOf", "members": ["B", "C"]}]},
        "Held": {"type": "structure", "members": {"Value": {"shape": "Any"}, "Other": {"shape": "Any"}}},
        "Both": {"type": "map", "key": "Word", "value": "Any",
            "rules": [{"rule": "maxTotalBytes", "over": "keysAndValues", "max": 6}]},
        "Values": {"type": "map", "key": "Word", "value": "Any",
            "rules": [{"rule": "maxTotalBytes", "over": "values", "max": 6}]},
        "ByValue": {"type": "map", "key": "Word", "value": "Held",
            "rules": [{"rule": "maxTotalBytes", "over": "values", "max": 6}]},
        "InList": {"type": "list", "member": "Any",
            "rules": [{"rule": "maxTotalBytes", "over": "values", "max": 6}]},
    });
    let members: serde_json::Map<String, Value> = shapes
        .as_object()
        .expect("shapes")
        .keys()
        .map(|name| (name.clone(), json!({"shape": name, "location": "body"})))
        .collect();
    let mut all = shapes.clone();
    all["Input"] = json!({"type": "structure", "members": members});
    let contract = json!({
        "format": "overstep-contract/1", "service": "each", "protocol": "restJson", "errors": [],
        "operations": [{"name": "Take", "http": {"method": "POST", "uri": "/take"}, "input": "Input"}],
        "shapes": all
    });
    service(&contract, ServerConfig::default())
}

/// Sends each value and checks the response: an empty text means accepted, any other text is part of the error message.
fn check_rows(rows: &[(&str, Value, &str)]) {
    let service = service_with_every_shape();
    for (member, value, rejection) in rows {
        let body = json!({ *member: value }).to_string();
        let found = send(&service, "POST", "/take", "content-type: application/json", body.as_bytes());
        let expected_status = if rejection.is_empty() { 200 } else { 400 };
        let response = format_response(&found);
        assert!(
            found.status == expected_status && response.contains(rejection),
            "{body:.120}: expected {rejection:?}, got {response:.300}"
        );
    }
}

#[test]
fn text_and_blob_constraints() {
    check_rows(&[
        ("Text", json!("ab"), ""),
        ("Text", json!("a"), "`Text` has length 1, less than 2"),
        ("Text", json!("abcd"), ""),
        ("Text", json!("abcde"), "`Text` has length 5, more than 4"),
        ("Text", json!("éé😀😀"), ""),
        ("Text", json!("😀"), "has length 1, less than 2"),
        ("Text", json!(7), "`Text` has the wrong type"),
        ("Text", json!(null), ""),
        ("Short", json!(""), ""),
        ("Short", json!("abc"), "more than 2"),
        ("Word", json!("abc"), ""),
        ("Word", json!("abc\n"), "`Word` does not match its pattern"),
        ("Word", json!(""), "does not match"),
        ("Kind", json!("one"), ""),
        ("Kind", json!("One"), "`Kind` is not one of the listed values"),
        ("Kind", json!(" one"), "is not one"),
        ("Kind", json!(1), "the wrong type"),
        ("Blob", json!("AAA="), ""),
        ("Blob", json!("AA=="), "has length 1, less than 2"),
        ("Blob", json!("AAAAAA=="), ""),
        ("Blob", json!("AAAAAAA="), "has length 5, more than 4"),
        ("Blob", json!("AAA"), "`Blob` must be base64"),
        ("Blob", json!("A-_="), "must be base64"),
        ("Blob", json!([1]), "the wrong type"),
        ("Flag", json!(true), ""),
        ("Flag", json!("true"), "`Flag` has the wrong type"),
        ("Flag", json!(0), "the wrong type"),
        ("Any", json!([{"a": null}, 1.5, "x"]), ""),
        ("Any", json!(false), ""),
    ]);
}

#[test]
fn number_ranges_and_types() {
    check_rows(&[
        ("Whole", json!(2_147_483_647), ""),
        ("Whole", json!(2_147_483_648_u64), "`Whole` is outside the range of its type"),
        ("Whole", json!(-2_147_483_648_i64), ""),
        ("Whole", json!(-2_147_483_649_i64), "is outside the range of its type"),
        ("Whole", json!(2.0), ""),
        ("Whole", json!(2.5), "`Whole` must be an integer"),
        ("Whole", json!("2"), "the wrong type"),
        ("Whole", json!(1e300), "outside the range of its type"),
        ("Long", json!(i64::MAX), ""),
        ("Long", json!(i64::MIN), ""),
        ("Long", json!(u64::MAX), "outside the range of its type"),
        ("Few", json!(1), ""),
        ("Few", json!(0), "`Few` is less than 1"),
        ("Few", json!(9), ""),
        ("Few", json!(10), "`Few` is more than 9"),
        ("Least", json!(3), ""),
        ("Least", json!(2), "is less than 3"),
        ("Least", json!(i64::MAX), ""),
        ("Real", json!(-1.5), ""),
        ("Real", json!(-1.51), "is less than -1.5"),
        ("Real", json!(2.5), ""),
        ("Real", json!(2.51), "is more than 2.5"),
        ("Real", json!(3), "is more than 2.5"),
        ("Real", json!("NaN"), ""),
        ("Real", json!("Infinity"), ""),
        ("Real", json!("-Infinity"), ""),
        ("Real", json!("nan"), "the wrong type"),
        ("Real", json!(true), "the wrong type"),
    ]);
}

#[test]
fn timestamp_formats() {
    for valid in [
        "2017-08-08",
        "2017-08-08T12:00:00Z",
        "2017-08-08t12:00:00Z",
        "2017-08-08 12:00:00",
        "Tue, 08 Aug 2017 12:00:00 GMT",
        "1502193600",
        "-1.5e3",
    ] {
        check_rows(&[("When", json!(valid), "")]);
    }
    for invalid in [
        "",
        "2017",
        "2017-08",
        "2017-8-8",
        "201x-08-08",
        "2017-0x-08",
        "2017-08-0x",
        "2017/08-08",
        "2017-08/08",
        "2017-08-08x",
        "Tue 08 Aug 2017 12:00:00 GMT",
        "Tue, 08 Aug 2017 12:00:00 UTC",
        "inf",
        "NaN",
        "1e999",
    ] {
        // `2017` is a valid number of seconds.
        let rejection = if invalid == "2017" { "" } else { "`When` has the wrong type" };
        check_rows(&[("When", json!(invalid), rejection)]);
    }
    check_rows(&[("When", json!(1.5), ""), ("When", json!(-3), ""), ("When", json!(true), "the wrong type")]);
}

#[test]
fn list_and_map_constraints() {
    check_rows(&[
        ("Items", json!(["ab"]), ""),
        ("Items", json!([]), "`Items` has length 0, less than 1"),
        ("Items", json!(["ab", "cd", "ef"]), ""),
        ("Items", json!(["ab", "cd", "ef", "gh"]), "has length 4, more than 3"),
        ("Items", json!(["ab", "cd", "ab"]), "`Items` must not contain duplicates"),
        ("Items", json!(["ab", null]), "`Items[]` must not be null"),
        ("Items", json!(["a"]), "`Items[]` has length 1, less than 2"),
        ("Items", json!({"a": "ab"}), "`Items` has the wrong type"),
        ("Again", json!([1, 1]), ""),
        ("Pairs", json!({"a": 1}), ""),
        ("Pairs", json!({}), "`Pairs` has length 0, less than 1"),
        ("Pairs", json!({"a": 1, "b": 9}), ""),
        ("Pairs", json!({"a": 1, "b": 2, "c": 3}), "has length 3, more than 2"),
        ("Pairs", json!({"A": 1}), "`Pairs{key}` does not match"),
        ("Pairs", json!({"a": 10}), "`Pairs{value}` is more than 9"),
        ("Pairs", json!({"a": null}), "`Pairs{value}` must not be null"),
        ("Pairs", json!([1]), "the wrong type"),
        ("Kinds", json!({"one": 1}), ""),
        ("Kinds", json!({"three": 1}), "`Kinds{key}` is not one"),
    ]);
}

#[test]
fn structure_and_union_members() {
    check_rows(&[
        ("Inner", json!({"Need": "ab"}), ""),
        ("Inner", json!({}), "`Inner.Need` is required"),
        ("Inner", json!({"Need": null}), "`Inner.Need` is required"),
        ("Inner", json!({"Need": "ab", "May": null, "More": 1}), ""),
        ("Inner", json!({"Need": "ab", "May": {"Need": "ab", "May": {}}}), "Need` is required"),
        ("Inner", json!("ab"), "`Inner` has the wrong type"),
        ("Either", json!({"Left": "ab"}), ""),
        ("Either", json!({"Right": 9, "Left": null}), ""),
        ("Either", json!({}), "`Either` must have exactly one member"),
        ("Either", json!({"Left": "ab", "Right": 1}), "exactly one"),
        ("Either", json!({"Left": "a"}), "`Either.Left` has length 1"),
    ]);
}

#[test]
fn cross_member_rules() {
    check_rows(&[
        ("Ruled", json!({"A": 1}), ""),
        ("Ruled", json!({"B": 1}), ""),
        ("Ruled", json!({"A": 1, "B": 1}), ""),
        ("Ruled", json!({"A": 1, "C": 1}), ""),
        ("Ruled", json!({"C": 1}), "`Ruled` must have at least one of its alternative members"),
        ("Ruled", json!({"A": null}), "at least one of its alternative members"),
        ("Ruled", json!({"B": 1, "C": 1}), "`Ruled` has mutually exclusive members"),
        ("Ruled", json!({"B": 1, "C": null}), ""),
        ("Both", json!({"ab": "éa", "c": 9}), ""),
        ("Both", json!({"ab": "éa", "cd": ""}), "`Both` exceeds 6 bytes"),
        ("Both", json!({"a": {"x": "ab", "Value": "abc"}}), ""),
        ("Both", json!({"a": {"x": "abc", "Value": "abc"}}), "exceeds 6 bytes"),
        ("Both", json!({"a": ["abc", "ab"]}), ""),
        ("Both", json!({"a": ["abc", "abc"]}), "exceeds 6 bytes"),
        ("Values", json!({"abcdefg": "abc", "b": "abc"}), ""),
        ("Values", json!({"a": "abc", "b": "abcd"}), "`Values` exceeds 6 bytes"),
        ("ByValue", json!({"a": {"Value": "abcdef", "Other": "much more"}}), ""),
        ("ByValue", json!({"a": {"Value": "abcdefg"}}), "exceeds 6 bytes"),
        ("ByValue", json!({"a": {"Other": "much more"}}), ""),
        ("InList", json!(["abc", "abc"]), ""),
        ("InList", json!(["abc", "abcd"]), "`InList` exceeds 6 bytes"),
    ]);
}
