//! Requests that together show every fault.

use super::{CONTACT, INSTANCE, LEAD, SIGNATURE};
use serde_json::{Value, json};

/// A request: `Authorization` header, method, target and body.
pub type CorpusRequest = (Option<&'static str>, &'static str, String, Vec<u8>);

/// Returns values of all JSON types; every shape rejects some of them.
fn values_of_all_types() -> Vec<Value> {
    vec![json!(null), json!(true), json!(7), json!("text"), json!([]), json!({}), json!(["text"]), json!({"k": 7})]
}

/// Returns copies of a document with the value at a pointer replaced by each of the values, or omitted.
fn variations(original: &Value, pointer: &str, values: &[Value]) -> Vec<Value> {
    let mut varied: Vec<Value> = values
        .iter()
        .map(|value| {
            let mut document = original.clone();
            *document.pointer_mut(pointer).expect("the pointer is written for this document") = value.clone();
            document
        })
        .collect();
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer has a slash");
    let mut document = original.clone();
    if let Some(Value::Object(members)) = document.pointer_mut(parent) {
        members.shift_remove(name);
        varied.push(document);
    }
    varied
}

fn unusual_texts(lengths: &[usize]) -> Vec<Value> {
    let mut texts: Vec<Value> = [
        "", " a", "a\n", "é", "e\u{301}", "\u{212A}", "\u{17F}", "\0", "A", "aws:x", "AWS:x", "aws", "x.aws:", "a b",
        "a#", "#a", "url", " URL ", "URL",
    ]
    .iter()
    .map(|text| json!(text))
    .collect();
    for length in lengths {
        texts.extend(["a", "é", "😀"].map(|unit| json!(unit.repeat(*length))));
        texts.push(json!("a".repeat(length.saturating_sub(1)) + "\u{301}"));
    }
    texts
}

fn damaged_bodies(document: &Value) -> Vec<Vec<u8>> {
    let document = document.to_string().into_bytes();
    let with = |inserted: &[u8]| [b"{\"x\":", inserted, b",", &document[1..]].concat();
    vec![
        Vec::new(),
        b"{}".to_vec(),
        b"[]".to_vec(),
        b"\"".to_vec(),
        document[..document.len() - 1].to_vec(),
        [&document[..], b" 1"].concat(),
        [&document[..document.len() - 1], b",}"].concat(),
        [b"{/* comment */", &document[1..]].concat(),
        [b"{x:1,", &document[1..]].concat(),
        with(b"'single'"),
        with(b"NaN"),
        with(b"1e999"),
        with(b"1e30"),
        with(b"null"),
        with(b"\"\xff\""),
        with(b"\"\\u0000\""),
        with(b"\"\\ud800\""),
        with("\"😀\"".as_bytes()),
        with(format!("{}{}", "[".repeat(60), "]".repeat(60)).as_bytes()),
    ]
}

pub fn connect_corpus() -> Vec<CorpusRequest> {
    let mut corpus: Vec<CorpusRequest> = Vec::new();
    let describe = format!("/contacts/{INSTANCE}/{CONTACT}");
    let reads = [
        describe.clone(),
        format!("/contact/attributes/{INSTANCE}/{CONTACT}"),
        format!("/contact/references/{INSTANCE}/{CONTACT}?referenceTypes=URL"),
    ];
    let tag = json!({"ContactId": CONTACT, "InstanceId": INSTANCE, "Tags": {"Aa": "é Z", "b": "b"}});
    let attribute = json!({"InitialContactId": CONTACT, "InstanceId": INSTANCE, "Attributes": {"Aa": "é Z", "b": "b"}});
    let arn = "arn:aws:x:y:123456789012";
    let update = json!({"Name": "n", "References": {"Rr": {"Type": "URL", "Value": "é Z", "Arn": arn}},
        "SegmentAttributes": {"k": {"ValueString": "s", "ValueMap": {"m": {"ValueInteger": 3}}, "ValueInteger": 1,
            "ValueList": [{"ValueString": "t"}]}}});
    let tags_with_count =
        |count: usize| (0..count).map(|n| (format!("k{}", "x".repeat(n)).replace('k', "."), json!(""))).collect();
    let mut posts: Vec<(String, Vec<u8>)> = Vec::new();
    let mut vary = |target: &str, document: &Value, places: &[(&str, Vec<Value>)]| {
        for (pointer, values) in places {
            let values: Vec<Value> = values_of_all_types().into_iter().chain(values.iter().cloned()).collect();
            let documents = variations(document, pointer, &values);
            posts.extend(documents.into_iter().map(|document| (target.to_owned(), document.to_string().into_bytes())));
        }
        posts.extend(damaged_bodies(document).into_iter().map(|body| (target.to_owned(), body)));
        posts.extend([
            (target.to_owned(), document.to_string().into_bytes()),
            (target.to_owned(), document.to_string().into_bytes()),
        ]);
    };
    let keys = |lengths: &[usize], value: Value| {
        unusual_texts(lengths).iter().filter_map(Value::as_str).map(|key| json!({ key: value })).collect::<Vec<_>>()
    };
    let id = || unusual_texts(&[1, 99, 100, 101, 255, 256, 257]);
    vary(
        "/contact/tags",
        &tag,
        &[
            ("/ContactId", id()),
            ("/InstanceId", id()),
            ("/Tags", vec![tags_with_count(5), tags_with_count(6), tags_with_count(7)]),
            ("/Tags", keys(&[1, 127, 128, 129], json!("v"))),
            ("/Tags/Aa", unusual_texts(&[255, 256, 257])),
        ],
    );
    let sized = |sizes: &[usize]| sizes.iter().map(|size| json!({"a": "x".repeat(*size), "b": ""})).collect::<Vec<_>>();
    let budget = |first: &str, size: usize| {
        json!({"InitialContactId": CONTACT, "InstanceId": INSTANCE,
        "Attributes": {format!("{first}1"): first.repeat(size), format!("{first}2"): ""}})
    };
    vary(
        "/contact/attributes",
        &attribute,
        &[
            ("/InitialContactId", id()),
            ("/InstanceId", id()),
            ("/Attributes", keys(&[1, 2, 32_766, 32_767, 32_768], json!("v"))),
            (
                "/Attributes",
                vec![
                    json!({"a": "x".repeat(32_000), "b": "x".repeat(768)}),
                    json!({"a": "x".repeat(32_000), "b": "x".repeat(769)}),
                    json!({"a": "", "b": "", "Aa": ""}),
                ],
            ),
            ("/Attributes/Aa", unusual_texts(&[1000, 32_766, 32_767, 32_768])),
            ("/Attributes", sized(&[20_000, 0])),
        ],
    );
    vary(
        &describe,
        &update,
        &[
            ("/Name", unusual_texts(&[1023, 1024, 1025])),
            ("/References", keys(&[1, 4095, 4096, 4097], json!({"Type": "URL"}))),
            (
                "/References",
                vec![
                    json!({"a": {"Type": "URL", "Value": "x".repeat(4096)}, "Rr": {"Type": "URL"}}),
                    json!({"a": {"Type": "URL", "Value": "x".repeat(4095)}}),
                    json!({"a": {"Type": "NUMBER"}, "b": {"Type": "EMAIL_MESSAGE"}}),
                    json!({"a": {"Type": "URL", "Value": "x"}, "b": {"Type": "URL", "Value": "x".repeat(4096)}}),
                    json!({"c": {"Type": "URL", "Value": "x".repeat(4000)}}),
                    json!({"a": null}),
                ],
            ),
            ("/References/Rr", vec![]),
            (
                "/References/Rr/Type",
                vec![json!("NUMBER"), json!("url"), json!(" URL "), json!("OTHER"), json!("EMAIL_MESSAGE")],
            ),
            ("/References/Rr/Value", unusual_texts(&[2048, 2049, 4095, 4096, 4097])),
            (
                "/References/Rr/Arn",
                [19, 20, 21, 255, 256, 257]
                    .iter()
                    .map(|n| json!("a".repeat(*n)))
                    .chain([18, 19, 20, 256, 257].map(|n| json!("a".repeat(n - 1) + "\u{301}")))
                    .chain([json!("a".repeat(18) + "\u{1F600}"), json!("a".repeat(18) + "é")])
                    .chain([json!("\u{212A}".repeat(30))])
                    .chain([json!("#".repeat(30)), json!(format!("#{arn}")), json!(format!("{arn}#"))])
                    .collect(),
            ),
            ("/SegmentAttributes", keys(&[1, 127, 128, 129], json!({}))),
            ("/SegmentAttributes/k", vec![]),
            ("/SegmentAttributes/k/ValueString", unusual_texts(&[1023, 1024, 1025])),
            (
                "/SegmentAttributes/k/ValueInteger",
                [
                    json!(-6),
                    json!(-5),
                    json!(-4),
                    json!(1.5),
                    json!(2147483646_u64),
                    json!(2147483647_u64),
                    json!(2147483648_u64),
                    json!(1e20),
                    json!(-1e20),
                ]
                .to_vec(),
            ),
            ("/SegmentAttributes/k/ValueMap", keys(&[1, 127, 128, 129], json!({}))),
            ("/SegmentAttributes/k/ValueMap/m", vec![]),
            ("/SegmentAttributes/k/ValueList", vec![json!([null]), json!([{}, {}]), json!([{"ValueInteger": "1"}])]),
            ("/SegmentAttributes/k/ValueList/0", vec![]),
        ],
    );
    let single_member_bodies = [
        json!({"Name": "n"}),
        json!({"References": {"r": {"Type": "URL"}}}),
        json!({"SegmentAttributes": {}}),
        json!({"Other": 1}),
    ];
    posts.extend(single_member_bodies.iter().map(|body| (describe.clone(), body.to_string().into_bytes())));
    for (number, (target, body)) in posts.into_iter().enumerate() {
        corpus.push((Some(SIGNATURE), "POST", target, body));
        if number % 7 == 0 {
            corpus.extend(reads.iter().map(|target| (Some(SIGNATURE), "GET", target.clone(), Vec::new())));
        }
    }
    // Texts that normalizing or trimming changes, and how they are stored.
    let fragile = json!({"a": " é Z ", "b": "e\u{301}", "c": "", "d": "longer than eight"});
    for (pointer, document, target) in
        [("/Tags", &tag, "/contact/tags"), ("/Attributes", &attribute, "/contact/attributes")]
    {
        let mut body = document.clone();
        *body.pointer_mut(pointer).expect("it is there") = fragile.clone();
        corpus.push((Some(SIGNATURE), "POST", target.to_owned(), body.to_string().into_bytes()));
        corpus.extend(reads.iter().map(|target| (Some(SIGNATURE), "GET", target.clone(), Vec::new())));
    }
    for name in [" é Z ", "e\u{301}", ""] {
        corpus.push((Some(SIGNATURE), "POST", describe.clone(), json!({ "Name": name }).to_string().into_bytes()));
        corpus.push((Some(SIGNATURE), "GET", describe.clone(), Vec::new()));
    }
    // Byte budgets, on separate contacts.
    let fresh = CONTACT.replace("ab", "cd");
    let fresh_target = format!("/contacts/{INSTANCE}/{fresh}");
    for (first, size) in [("x", 20_000), ("y", 12_768), ("z", 1), ("y", 12_767), ("é", 1)] {
        let body = budget(first, size).to_string().replace(CONTACT, &fresh);
        corpus.push((Some(SIGNATURE), "POST", "/contact/attributes".to_owned(), body.into_bytes()));
    }
    for size in [4096, 4097] {
        let body = json!({"References": {"k": {"Type": "URL", "Value": "x".repeat(4000)},
            "l": {"Type": "URL", "Value": "x".repeat(size - 4000)}}});
        corpus.push((Some(SIGNATURE), "POST", fresh_target.clone(), body.to_string().into_bytes()));
    }
    for body in
        [json!({"References": {"m": {"Type": "URL", "Value": "x"}}}), json!({"Name": "é"}), json!({"Name": "E"})]
    {
        corpus.push((Some(SIGNATURE), "POST", fresh_target.clone(), body.to_string().into_bytes()));
        corpus.push((Some(SIGNATURE), "GET", fresh_target.clone(), Vec::new()));
    }
    let untag = format!("/contact/tags/{INSTANCE}/{CONTACT}");
    let keys = |keys: &[String]| keys.iter().map(|key| format!("TagKeys={key}")).collect::<Vec<_>>().join("&");
    let numbered = |count: usize| (0..count).map(|n| ".".repeat(n + 1)).collect::<Vec<_>>();
    let repeated = |length: usize| vec!["a".repeat(length)];
    let mut queries = vec![
        String::new(),
        keys(&["Aa".into(), "b".into()]),
        "TagKeys=%41a".into(),
        "TagKeys=".into(),
        "TagKeys=aws:x".into(),
        "TagKeys=aws".into(),
        "TagKeys=x.aws:".into(),
        "TagKeys=AWS:x".into(),
        "TagKeys=a%20b".into(),
        "TagKeys=a%0A".into(),
        "TagKeys=%20a".into(),
        "TagKeys=%C3%A9".into(),
    ];
    queries.extend([5, 6, 7].map(|count| keys(&numbered(count))));
    queries.extend([1, 2, 127, 128, 129].map(|length| keys(&repeated(length))));
    for query in queries {
        corpus.push((Some(SIGNATURE), "POST", "/contact/tags".to_owned(), tag.to_string().into_bytes()));
        corpus.push((Some(SIGNATURE), "DELETE", format!("{untag}?{query}"), Vec::new()));
        corpus.push((Some(SIGNATURE), "GET", describe.clone(), Vec::new()));
    }
    let refs = format!("/contact/references/{INSTANCE}/{CONTACT}");
    let six = "&referenceTypes=URL".repeat(4);
    corpus.push((Some(SIGNATURE), "POST", describe.clone(), update.to_string().into_bytes()));
    for query in [
        "",
        "?referenceTypes=",
        "?referenceTypes=NUMBER",
        "?referenceTypes=EMAIL_MESSAGE",
        "?referenceTypes=url",
        "?referenceTypes=%20URL%20",
        "?referenceTypes=U%52L",
        "?referenceTypes=URL&referenceTypes=NUMBER",
    ] {
        corpus.push((Some(SIGNATURE), "GET", format!("{refs}{query}"), Vec::new()));
    }
    for more in ["", "&referenceTypes=URL", "&referenceTypes=URL&referenceTypes=URL"] {
        corpus.push((Some(SIGNATURE), "GET", format!("{refs}?referenceTypes=URL{six}{more}"), Vec::new()));
    }
    // Unusual labels and labels at their limits; then missing and invalid authorization.
    let labels = |instance: &str, contact: &str| {
        vec![
            ("GET", format!("/contacts/{instance}/{contact}"), Vec::new()),
            ("GET", format!("/contact/attributes/{instance}/{contact}"), Vec::new()),
            ("GET", format!("/contact/references/{instance}/{contact}?referenceTypes=URL"), Vec::new()),
            ("DELETE", format!("/contact/tags/{instance}/{contact}?TagKeys=a"), Vec::new()),
            ("POST", format!("/contacts/{instance}/{contact}"), update.to_string().into_bytes()),
        ]
    };
    let mut ids: Vec<(String, String)> = Vec::new();
    for odd in ["", "x", "%61", "%2561", "..", "%2E%2E", "a+b", "%20", "a%2Fb"] {
        ids.push((INSTANCE.to_owned(), odd.to_owned()));
        ids.push((odd.to_owned(), CONTACT.to_owned()));
    }
    for length in [1, 2, 99, 100, 101, 255, 256, 257] {
        for unit in ["a", "%C3%A9", "%F0%9F%98%80"] {
            ids.push((INSTANCE.to_owned(), unit.repeat(length)));
            ids.push((unit.repeat(length), CONTACT.to_owned()));
        }
        let marked = "a".repeat(length - 1) + "%CC%81";
        ids.push((INSTANCE.to_owned(), marked.clone()));
        ids.push((marked, CONTACT.to_owned()));
    }
    ids.push((INSTANCE.to_owned(), format!("%61{}", &CONTACT[1..])));
    ids.push((INSTANCE.to_owned(), format!("%2561{}", &CONTACT[1..])));
    ids.push((INSTANCE.to_owned(), CONTACT.to_uppercase()));
    ids.push((INSTANCE.to_owned(), format!("{CONTACT}%20")));
    ids.push((format!("x/../{INSTANCE}"), CONTACT.to_owned()));
    ids.push((format!("/{INSTANCE}"), CONTACT.to_owned()));
    ids.push((format!("{INSTANCE}%2F{CONTACT}"), String::new()));
    for (instance, contact) in ids {
        corpus.extend(
            labels(&instance, &contact).into_iter().map(|(m, target, body)| (Some(SIGNATURE), m, target, body)),
        );
    }
    for proof in [None, Some("AWS4-HMAC-SHA256 Credential=x")] {
        corpus.extend(labels(INSTANCE, CONTACT).into_iter().map(|(m, target, body)| (proof, m, target, body)));
        corpus.push((proof, "POST", "/contact/tags".to_owned(), tag.to_string().into_bytes()));
        corpus.push((proof, "POST", "/contact/attributes".to_owned(), attribute.to_string().into_bytes()));
        corpus.push((proof, "POST", "/contact/tags".to_owned(), b"{".to_vec()));
    }
    corpus
}

pub fn leadlex_corpus() -> Vec<CorpusRequest> {
    const KEY: Option<&str> = Some("Bearer wbk_full");
    let target = format!("/v1/contacts/{LEAD}/tags");
    let mut corpus: Vec<CorpusRequest> = Vec::new();
    let document = json!({"tags": ["Bb", "aa", "", " trimmed ", "e\u{301}", "a longer tag than most", "bb", "Bb"]});
    let mut post = |proof: Option<&'static str>, target: &str, body: Vec<u8>| {
        corpus.push((proof, "POST", target.to_owned(), body));
    };
    for body in
        [document.clone(), document.clone(), json!({"tags": ["zz"]}), json!({"tags": ["zz"]}), json!({"tags": []})]
    {
        post(KEY, &target, body.to_string().into_bytes());
    }
    let other = target.replace("9ab", "9cd");
    post(KEY, &other, b"{\"tags\":[\"other\"]}".to_vec());
    for document in variations(&document, "/tags", &values_of_all_types()).into_iter().chain(variations(
        &document,
        "/tags/0",
        &values_of_all_types(),
    )) {
        post(KEY, &target, document.to_string().into_bytes());
    }
    post(KEY, &target, b"{\"tags\":[]}".to_vec());
    for body in damaged_bodies(&document) {
        post(KEY, &target, body);
    }
    let body = || document.to_string().into_bytes();
    for id in [
        "x",
        "",
        "00000000-0000-4000-8000-000000000000",
        "%31",
        "a+b",
        "..",
        "%2561",
        &format!("%31{}", &LEAD[1..]),
        &format!("%2531{}", &LEAD[1..]),
        &format!("{LEAD}x"),
        &format!("x{LEAD}"),
        &LEAD.to_uppercase(),
        &format!("{LEAD}%0A"),
        &format!("{LEAD}%20"),
        &format!("/{LEAD}"),
        &format!("x/../{LEAD}"),
        &format!("{LEAD}%2Ftags"),
    ] {
        post(KEY, &format!("/v1/contacts/{id}/tags"), body());
    }
    post(KEY, &format!("/v1/contacts/{LEAD}%2Ftags"), body());
    for proof in [
        "",
        "Bearer",
        "Bearer ",
        "Basic wbk_full",
        "wbk_full",
        "Bearer wbk_ful",
        "Bearer WBK_FULL",
        "Bearer x",
        "Bearer wbk_readonly",
    ] {
        post(Some(proof), &target, body());
    }
    post(None, &target, body());
    post(None, &target, b"{".to_vec());
    corpus
}
