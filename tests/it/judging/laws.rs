//! Laws: the state that is read is compared with the state that was written.

use super::outcome::*;
use overstep::case::{
    Case, Certainty, Expectation, JudgedPart, Law, LawName, Resource, StateEvent, StateKind, StateModel, StateView,
    StepEvent, StepPurpose, WriteEffect,
};
use overstep::judge::{Judgement, Verdict};
use overstep::run::{CaseOutcome, HttpResponse, Liveness, TransportError};
use serde_json::{Value as Json, json};

fn law_outcome(law: Law, turns: &[u32], responses: Vec<HttpResponse>) -> CaseOutcome {
    let mut case: Case = case("Do", Expectation::LawHolds { law: LawName::Merges });
    case.steps =
        turns.iter().map(|turn| overstep::case::Step { turn: *turn, ..step("Do", StepPurpose::Act) }).collect();
    case.judged = JudgedPart::Law(Box::new(law));
    outcome(case, responses.into_iter().map(Ok).collect())
}

/// An event with its turn, the resource, the state event and the response.
type EventRow = (u32, Resource, StateEvent, HttpResponse);

fn outcome_of(kind: StateKind, events: Vec<EventRow>) -> CaseOutcome {
    let model = StateModel { kind, merges: true, deduplicates: false, ordered: false };
    let turns: Vec<u32> = events.iter().map(|event| event.0).collect();
    let responses = events.iter().map(|event| event.3.clone()).collect();
    let events = events.into_iter().enumerate();
    let events = events.map(|(step, (_, resource, what, _))| StepEvent { step, resource, event: what }).collect();
    law_outcome(Law::State { model, events }, &turns, responses)
}

fn judge_events(kind: StateKind, events: Vec<EventRow>) -> Judgement {
    judge_outcome(&outcome_of(kind, events))
}

fn note(kind: StateKind, events: Vec<EventRow>) -> String {
    let found = judge_events(kind, events);
    let note = found.observed.note.unwrap_or_default();
    let expected = match note.as_str() {
        "kept" => Verdict::Pass,
        "not learnt" | "unknown place" => Verdict::Indeterminate,
        _ => Verdict::Diverges,
    };
    assert_eq!(found.verdict, expected, "{note}");
    note
}

fn put(key: &str, value: impl Into<Json>) -> WriteEffect {
    WriteEffect::Put(vec![(key.to_owned(), value.into())])
}

fn write(turn: u32, effect: WriteEffect) -> EventRow {
    (turn, Resource::Own(1), StateEvent::Write { effect, certainty: Certainty::Certain }, response_with_code(200, ""))
}

fn rejected_write(turn: u32, effect: WriteEffect) -> EventRow {
    (turn, Resource::Own(1), StateEvent::RejectedWrite(effect), response_with_code(400, ""))
}

fn view() -> StateView {
    StateView { place: "data".to_owned(), ..StateView::default() }
}

fn read_with(turn: u32, view: StateView, document: &Json) -> EventRow {
    (turn, Resource::Own(1), StateEvent::Read(view), json(200, &document.to_string()))
}

fn read_of(turn: u32, data: &Json) -> EventRow {
    read_with(turn, view(), &json!({ "data": data }))
}

fn failed_read(turn: u32, status: u16) -> EventRow {
    (turn, Resource::Own(1), StateEvent::Read(view()), response_with_code(status, ""))
}

const MAP: StateKind = StateKind::Map;

#[test]
fn a_response_echoes_the_requested_identifier() {
    for (status, body, expected) in [
        (200, r#"{"data": {"id": "x"}}"#, "kept"),
        (299, r#"{"data": {"id": "x"}}"#, "kept"),
        (200, r#"{"data": {"id": "y"}}"#, "`data.id` names another"),
        (200, r#"{"data": {}}"#, "`data.id` missing"),
        (404, r#"{"data": {"id": "y"}}"#, "not learnt"),
        (200, "{", "not learnt"),
    ] {
        let law = Law::Echo { step: 0, place: "data.id".to_owned(), value: "x".into() };
        let found = judge_outcome(&law_outcome(law, &[0], vec![json(status, body)]));
        assert_eq!(found.observed.to_string(), expected, "{status} {body}");
    }
}

#[test]
fn concurrent_writes_may_be_applied_in_any_order() {
    let note_after_two_writes = |first, second, value: &str| {
        note(MAP, vec![write(first, put("k", "1")), write(second, put("k", "2")), read_of(3, &json!({"k": value}))])
    };
    assert_eq!(note_after_two_writes(1, 1, "1"), "kept");
    assert_eq!(note_after_two_writes(1, 1, "2"), "kept");
    assert_eq!(note_after_two_writes(1, 1, "3"), "another value than was written");
    assert_eq!(note_after_two_writes(1, 2, "1"), "the value from before is still there");
    assert_eq!(note_after_two_writes(1, 2, "2"), "kept");
    let stored = [read_of(0, &json!({"k": "0"})), write(1, put("k", "1")), write(1, put("k", "2"))];
    let lost = note(MAP, [&stored[..], &[read_of(2, &json!({"k": "0"}))]].concat());
    assert_eq!(lost, "the value from before is still there");
    let mut other = write(1, put("k", "2"));
    other.1 = Resource::SECOND;
    let of_two =
        |value: &str| note(MAP, vec![write(1, put("k", "1")), other.clone(), read_of(2, &json!({"k": value}))]);
    assert_eq!(of_two("1"), "kept");
    assert_eq!(of_two("2"), "another value than was written", "the write was to another resource");
    // A read concurrent with several writes may return the state before them.
    let note_after_concurrent_read = |writes: usize| {
        let mut events: Vec<EventRow> = (0..writes).map(|at| write(1, put(&at.to_string(), "1"))).collect();
        events.push(read_of(1, &json!({})));
        note(MAP, events)
    };
    assert_eq!(
        (note_after_concurrent_read(1).as_str(), note_after_concurrent_read(2).as_str()),
        ("what was written is not there", "kept")
    );
    assert_eq!(note(MAP, vec![read_of(1, &json!({})), read_of(1, &json!({"k": "1"}))]), "something that nobody wrote");
}

#[test]
fn requests_of_a_law_must_have_the_expected_responses() {
    let accepted = vec![
        (1, Resource::Own(1), StateEvent::RejectedWrite(put("k", "1")), response_with_code(200, "")),
        read_of(2, &json!({})),
    ];
    assert_eq!(note(MAP, accepted), "not learnt");
    let trace = vec![read_of(1, &json!({})), rejected_write(2, put("k", "1")), read_of(3, &json!({"k": "1"}))];
    assert_eq!(note(MAP, trace), "a refused write left a trace");
    let note_after_write = |before: Option<Json>, certain, response| {
        let what = StateEvent::Write { effect: put("k", "1"), certainty: Certainty::certain_if(certain) };
        let mut events: Vec<EventRow> = before.iter().map(|data| read_of(1, data)).collect();
        events.push((2, Resource::Own(1), what, response));
        note(MAP, events)
    };
    assert_eq!(note_after_write(None, true, response_with_code(400, "")), "a write is answered with 400");
    assert_eq!(note_after_write(None, true, response_with_code(404, "gone")), "a write is answered with 404 gone");
    assert_eq!(note_after_write(None, true, response_with_code(429, "")), "not learnt");
    assert_eq!(note_after_write(None, false, response_with_code(400, "")), "not learnt");
    assert_eq!(note_after_write(None, false, response_with_code(500, "")), "a write is answered with 500");
    assert_eq!(note_after_write(Some(json!({})), true, response_with_code(400, "")), "a write is answered with 400");
    assert_eq!(
        note_after_write(Some(json!({"o": "1"})), true, response_with_code(400, "")),
        "not learnt",
        "others may have used up the space"
    );
    let field = |value: Json| {
        let what = StateEvent::Write { effect: WriteEffect::Set("x".into()), certainty: Certainty::Certain };
        note(StateKind::Field, vec![read_of(1, &value), (2, Resource::Own(1), what, response_with_code(400, ""))])
    };
    assert_eq!(field(Json::Null), "a write is answered with 400", "no other client has written the field");
    assert_eq!(field("y".into()), "not learnt");
    assert_eq!(note(MAP, vec![failed_read(1, 404)]), "not learnt");
    assert_eq!(note(MAP, vec![read_of(1, &json!({})), failed_read(2, 404)]), "reading is answered with 404");
    assert_eq!(note(MAP, vec![read_of(1, &json!({})), failed_read(2, 429)]), "not learnt");
}

#[test]
fn a_law_is_indeterminate_if_optional_state_is_never_returned() {
    let note_on_optional_reads = |responses: &[Json]| {
        let view = StateView { optional: true, ..view() };
        let mut events = vec![write(0, put("k", "1"))];
        events.extend((1..).zip(responses).map(|(turn, document)| read_with(turn, view.clone(), document)));
        note(MAP, events)
    };
    assert_eq!(note_on_optional_reads(&[json!({})]), "not learnt");
    assert_eq!(note_on_optional_reads(&[json!({"data": null})]), "not learnt");
    assert_eq!(note_on_optional_reads(&[json!({"data": {"k": "1"}})]), "kept");
    assert_eq!(note_on_optional_reads(&[json!({"data": {"k": "1"}}), json!({})]), "what was written is not there");
    let never_shown = vec![write(0, put("k", "1")), read_with(1, view(), &json!({}))];
    assert_eq!(note(MAP, never_shown), "unknown place", "neither a response nor the documentation has the path");
    let shown_once = vec![read_of(0, &json!({})), write(1, put("k", "1")), read_with(2, view(), &json!({}))];
    assert_eq!(note(MAP, shown_once), "what was written is not there");
    let view = StateView { optional: true, ..view() };
    let others = vec![read_of(0, &json!({"o": "1"})), read_with(1, view.clone(), &json!({}))];
    assert_eq!(note(MAP, others), "what was stored is gone", "an entry of another client was read before");
    let empty = [read_with(1, view.clone(), &json!({})), read_with(2, view.clone(), &json!({}))];
    assert_eq!(note(MAP, empty.to_vec()), "kept", "an empty state may be omitted");
}

#[test]
fn state_is_read_in_each_documented_form() {
    let view = |key: Option<&str>, item: Option<&str>| StateView {
        key: key.map(str::to_owned),
        item: item.map(str::to_owned),
        ..view()
    };
    let note_on_read = |kind, effect: WriteEffect, view: StateView, data: Json| {
        note(kind, vec![write(0, effect), read_with(1, view, &json!({ "data": data }))])
    };
    let (pairs, list) = (view(Some("k"), Some("v")), StateKind::List);
    assert_eq!(note_on_read(MAP, put("a", "1"), pairs.clone(), json!([{"k": "a", "v": "1"}, {"v": "2"}])), "kept");
    assert_eq!(
        note_on_read(MAP, put("a", "1"), pairs.clone(), json!([{"k": "b", "v": "1"}])),
        "what was written is not there"
    );
    assert_eq!(
        note_on_read(MAP, put("a", "1"), pairs, json!([{"k": "a", "v": "2"}])),
        "another value than was written"
    );
    assert_eq!(note_on_read(MAP, put("a", "1"), view(None, None), json!([])), "`data` not a map");
    assert_eq!(note_on_read(MAP, put("a", "1"), view(None, Some("v")), json!({"a": {"v": "1"}})), "kept");
    assert_eq!(
        note_on_read(list, WriteEffect::Append(vec!["a".into()]), view(None, None), json!({})),
        "`data` not a list"
    );
    assert_eq!(
        note_on_read(list, WriteEffect::Append(vec!["a".into()]), view(None, Some("v")), json!([{"v": "a"}])),
        "kept"
    );
    let only = view(Some("*.k"), Some("*.v"));
    assert_eq!(note_on_read(MAP, put("a", "1"), only.clone(), json!([{"One": {"k": "a", "v": "1"}}])), "kept");
    let two = json!([{"One": {"k": "a", "v": "1"}, "Other": {}}]);
    assert_eq!(note_on_read(MAP, put("a", "1"), only, two), "what was written is not there");
    let note_on_field =
        |written: Json, found: Json| note_on_read(StateKind::Field, WriteEffect::Set(written), view(None, None), found);
    assert_eq!(note_on_field("x".into(), "x".into()), "kept");
    assert_eq!(note_on_field("".into(), Json::Null), "kept", "an empty field may be omitted");
    assert_eq!(note_on_field("x".into(), Json::Null), "another value than was written");
    assert_eq!(note_on_field("".into(), "y".into()), "another value than was written");
}

#[test]
fn read_values_must_contain_written_values() {
    for (written, found, expected) in [
        (json!({"a": 1, "b": null}), json!({"a": 1.0, "c": 2}), true),
        (json!({"a": 1}), json!({"a": 2}), false),
        (json!({"a": 1}), json!({"b": 1}), false),
        (json!([1, 2]), json!([1, 2]), true),
        (json!([1, 2]), json!([1]), false),
        (json!([1]), json!([1, 2]), false),
        (json!([1, 2]), json!([1, 3]), false),
        (json!(18_446_744_073_709_551_615_u64), json!(18_446_744_073_709_551_615_u64), true),
        (json!("1"), json!(1), false),
    ] {
        let found = note(MAP, vec![write(0, put("k", written.clone())), read_of(1, &json!({ "k": found }))]);
        assert_eq!(found == "kept", expected, "{written} {found}");
    }
}

#[test]
fn each_violated_law_has_its_own_note() {
    let note_after = |events: &[EventRow], data: Json| note(MAP, [events, &[read_of(9, &data)]].concat());
    let observed = [read_of(0, &json!({"o": "1"})), write(1, put("k", "2")), read_of(2, &json!({"o": "1", "k": "2"}))];
    assert_eq!(note_after(&observed, json!({"o": "1"})), "what was written is not there");
    assert_eq!(note_after(&observed, json!({"k": "2"})), "what was stored is gone");
    assert_eq!(note_after(&observed, json!({"o": "1", "k": "3"})), "another value than was written");
    assert_eq!(note_after(&observed, json!({"o": "2", "k": "2"})), "what was stored has changed");
    let traced = [read_of(0, &json!({})), rejected_write(1, put("j", "t")), write(2, put("k", "u"))];
    assert_eq!(note_after(&traced, json!({"k": "u", "j": "t"})), "a refused write left a trace");
    assert_eq!(note_after(&traced, json!({"k": "t"})), "another value than was written", "another key was rejected");
    let rewritten = [read_of(0, &json!({})), rejected_write(1, put("k", "t")), write(2, put("k", "u"))];
    assert_eq!(note_after(&rewritten, json!({"k": "t"})), "another value than was written");
    let removed = [write(0, WriteEffect::Remove(vec!["a".to_owned()])), write(1, put("b", "1"))];
    assert_eq!(note_after(&removed, json!({"a": "1", "b": "1"})), "what was taken back is still there");
    assert_eq!(note_after(&removed, json!({"c": "1", "b": "1"})), "kept", "the entry may have existed before");
    let note_after_list =
        |events: &[EventRow], data: Json| note(StateKind::List, [events, &[read_of(9, &data)]].concat());
    let append = WriteEffect::Append(vec!["k".into()]);
    let observed = [read_of(0, &json!(["o"])), write(1, append), read_of(2, &json!(["o", "k"]))];
    assert_eq!(note_after_list(&observed, json!(["o"])), "what was written is not there");
    assert_eq!(note_after_list(&observed, json!(["k"])), "what was stored is gone");
}

#[test]
fn list_order_is_checked_where_it_is_documented_and_known() {
    let note_with_order = |ordered, second, found: Json| {
        let append = |turn, item: &str| write(turn, WriteEffect::Append(vec![item.into()]));
        let mut outcome = outcome_of(
            StateKind::List,
            vec![read_of(0, &json!([])), append(1, "a"), append(second, "b"), read_of(3, &found)],
        );
        let case = std::sync::Arc::make_mut(&mut outcome.case);
        let JudgedPart::Law(law) = &mut case.judged else { unreachable!("the case is a law") };
        if let Law::State { model, .. } = &mut **law {
            model.ordered = ordered;
        }
        judge_outcome(&outcome).observed.to_string()
    };
    assert_eq!(note_with_order(true, 2, json!(["a", "b"])), "kept");
    assert_eq!(note_with_order(true, 2, json!(["b", "a"])), "the order has changed");
    assert_eq!(note_with_order(false, 2, json!(["b", "a"])), "kept");
    assert_eq!(note_with_order(true, 1, json!(["b", "a"])), "kept", "the order of concurrent writes is unknown");
}

#[test]
fn explanations_quote_stored_values_up_to_60_characters() {
    let why = |value: String| judge_events(MAP, vec![read_of(0, &json!({})), read_of(1, &json!({ "k": value }))]).why;
    assert_eq!(why("v".to_owned()), "`k` = \"v\" exists, but was never written");
    // With quotes, the text has 60 characters.
    let whole = "v".repeat(58);
    assert_eq!(why(whole.clone()), format!("`k` = \"{whole}\" exists, but was never written"));
    let cut = "v".repeat(59);
    assert_eq!(why(cut.clone()), format!("`k` = \"{cut}… exists, but was never written"));
    let item = judge_events(StateKind::List, vec![read_of(0, &json!([])), read_of(1, &json!(["v"]))]).why;
    assert_eq!(item, "\"v\" exists, but was never written");
}

#[test]
fn a_step_without_a_response_is_judged_by_liveness() {
    let silent = |liveness| {
        let mut outcome = outcome_of(MAP, vec![read_of(0, &json!({})), write(1, put("k", "1"))]);
        outcome.exchanges[1] = Some(exchange(Err(TransportError::Dropped)));
        outcome.liveness = liveness;
        let found = judge_outcome(&outcome);
        (found.verdict, found.observed.to_string())
    };
    assert_eq!(silent(None), (Verdict::Indeterminate, "dropped".to_owned()));
    assert_eq!(silent(Some(Liveness::Alive)), (Verdict::Diverges, "dropped".to_owned()));
    let mut not_sent_outcome = outcome_of(MAP, vec![read_of(0, &json!({})), write(1, put("k", "1"))]);
    (not_sent_outcome.exchanges[1], not_sent_outcome.not_sent) = (None, Some("a placeholder".to_owned()));
    assert_eq!(
        (judge_outcome(&not_sent_outcome).verdict, judge_outcome(&not_sent_outcome).why),
        (Verdict::Indeterminate, "a placeholder".to_owned())
    );
    // An undocumented law is never a divergence.
    let mut undocumented = outcome_of(MAP, vec![write(0, put("k", "1")), read_of(1, &json!({}))]);
    std::sync::Arc::make_mut(&mut undocumented.case).expectation = super::outcome::silent();
    assert_eq!(judge_outcome(&undocumented).verdict, Verdict::Unspecified);
}
