//! Results of an invented run, as `--report ndjson=PATH` writes them.

use serde_json::{Value as Json, json};
use std::fmt::Write as _;

/// A text that would act if it became markup, code or a command of a runner.
pub const HOSTILE: &str = "</script><script>document.title='pwned'</script><img src=x onerror=\"document.title='pwned'\">\
                           --> ]]> {{data}} ${x} \u{2028}\u{202e}\u{1b}[31m::error::x";

/// Returns the results of a run with this number of cases. Every fourth case diverges, each 500 of these in one finding.
/// `text` is what the server says.
pub fn results(cases: usize, text: &str) -> String {
    let mut out = String::new();
    let mut line = |event: Json| {
        let _ = writeln!(out, "{event}");
    };
    line(json!({
        "event": "run", "format": "overstep-results/1", "version": "0.1.0", "scenario": "shop", "profile": "default",
        "endpoint": "http://127.0.0.1:8080/v1", "seed": 1, "run": "r", "contract": "sha256:0", "cases": cases,
        "started": "2026-11-30T10:00:00Z", "documents": { "shop.md": "docs/shop page.md" },
    }));
    let kinds = ["length", "pattern", "range", "enum", "type", "required"];
    let place = |index: usize| (format!("Operation{}", index % 40), kinds[index / 40 % kinds.len()]);
    for index in 0..cases {
        let (operation, kind) = place(index);
        let mut case = json!({
            "event": "case", "id": format!("shop/{operation}/name/{kind}/v{index}"), "scenario": "shop",
            "operation": operation, "intent": "violates", "member": "name", "constraint": kind, "verdict": "pass",
            "known": false, "change": "none", "observed": { "status": 400, "error": "Bad", "form": null },
            "why": "as documented", "source": { "document": "shop.md", "line": 7 }, "millis": 1.5, "snapshot": null,
        });
        if index % 4 == 0 {
            case["verdict"] = json!("diverges");
            case["code"] = json!("OV203");
            case["observed"] = json!({ "status": 200, "error": null, "form": null });
            case["curl"] = json!(format!("curl -sS 'http://127.0.0.1:8080/v1/x' -d '{text}'"));
            case["server_output"] = json!([text]);
            case["steps"] = json!([{
                "purpose": "act", "method": "POST", "target": format!("/v1/things?q={text}"),
                "headers": [["content-type", "application/json"], ["x-text", text]],
                "body": json!({ "name": "a".repeat(300), "number": 1 }).to_string().replace(":1}", ":12345678901234567890}"),
                "answer": { "answered": { "status": 200, "body": json!({ "echo": text, "lone": 0 }).to_string().replace(":0}", ":\"\\ud800\"}") } },
                "response_headers": [["content-type", "application/json"], ["server", text]],
            }]);
        }
        line(case);
    }
    let diverging: Vec<usize> = (0..cases).step_by(4).collect();
    for group in diverging.chunks(8) {
        let (operation, kind) = place(group[0]);
        let ids: Vec<String> = group
            .iter()
            .map(|index| {
                let (operation, kind) = place(*index);
                format!("shop/{operation}/name/{kind}/v{index}")
            })
            .collect();
        line(json!({
            "event": "finding", "code": "OV203", "level": "error", "scenario": "shop", "operation": operation,
            "member": "name", "constraint": format!("{kind}{}", group[0]), "observed": format!("200, {text}"), "cause": "single",
            "operations": [operation], "cases": group.len(), "examples": ids, "case_ids": ids, "explains": [],
            "rule": format!("at most 64 {text}"), "source": "shop.md:7", "expected": "400 Bad", "why": "it was accepted",
        }));
    }
    line(json!({
        "event": "summary", "scenario": "shop", "pass": cases - diverging.len(), "diverges": diverging.len(), "known": 0,
        "unspecified": 0, "changed": 0, "new": 0, "not_implemented": 0, "flaky": 0, "indeterminate": 0, "unsendable": 0,
        "muted": [text], "complete": true, "seconds": 2.5,
        "coverage": { "constraints": [3, 4], "errors": [1, 1], "limits": [0, 0], "enums": [0, 0], "members": [1, 1],
                      "laws": [0, 0], "operations": [] },
    }));
    out
}
