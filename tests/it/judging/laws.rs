//! What is read, against what was written.

use super::outcome::*;
use overstep::case::{
    Case, Certainty, Expectation, JudgedPart, Law, LawName, Resource, StateEvent, StateKind, StateModel, StateView,
    StepEvent, StepPurpose, WriteEffect,
};
use overstep::judge::{Judgement, Verdict};
use overstep::run::{CaseOutcome, HttpResponse, Liveness, TransportError};
use serde_json::{Value as Json, json};

fn of(relation: Law, turns: &[u32], answers: Vec<HttpResponse>) -> CaseOutcome {
    let mut case: Case = case("Do", Expectation::LawHolds { law: LawName::Merges });
    case.steps =
        turns.iter().map(|turn| overstep::case::Step { turn: *turn, ..step("Do", StepPurpose::Act) }).collect();
    case.judged = JudgedPart::Law(Box::new(relation));
    outcome(case, answers.into_iter().map(Ok).collect())
}

/// What happens in one turn to the state of one resource, and the answer.
type Happens = (u32, Resource, StateEvent, HttpResponse);

fn outcome_of(kind: StateKind, events: Vec<Happens>) -> CaseOutcome {
    let model = StateModel { kind, merges: true, deduplicates: false, ordered: false };
    let turns: Vec<u32> = events.iter().map(|event| event.0).collect();
    let answers = events.iter().map(|event| event.3.clone()).collect();
    let events = events.into_iter().enumerate();
    let events = events.map(|(step, (_, resource, what, _))| StepEvent { step, resource, event: what }).collect();
    of(Law::State { model, events }, &turns, answers)
}

fn ran(kind: StateKind, events: Vec<Happens>) -> Judgement {
    judged(&outcome_of(kind, events))
}

fn note(kind: StateKind, events: Vec<Happens>) -> String {
    let found = ran(kind, events);
    let note = found.observed.note.unwrap_or_default();
    let due = match note.as_str() {
        "kept" => Verdict::Pass,
        "not learnt" => Verdict::Indeterminate,
        _ => Verdict::Diverges,
    };
    assert_eq!(found.verdict, due, "{note}");
    note
}

fn put(key: &str, value: impl Into<Json>) -> WriteEffect {
    WriteEffect::Put(vec![(key.to_owned(), value.into())])
}

fn write(turn: u32, effect: WriteEffect) -> Happens {
    (turn, Resource::Own(1), StateEvent::Write { effect, certainty: Certainty::Certain }, told(200, ""))
}

fn refused(turn: u32, effect: WriteEffect) -> Happens {
    (turn, Resource::Own(1), StateEvent::RejectedWrite(effect), told(400, ""))
}

fn view() -> StateView {
    StateView { place: "data".to_owned(), ..StateView::default() }
}

fn look_with(turn: u32, view: StateView, document: &Json) -> Happens {
    (turn, Resource::Own(1), StateEvent::Read(view), json(200, &document.to_string()))
}

fn look(turn: u32, data: &Json) -> Happens {
    look_with(turn, view(), &json!({ "data": data }))
}

fn unread(turn: u32, status: u16) -> Happens {
    (turn, Resource::Own(1), StateEvent::Read(view()), told(status, ""))
}

const MAP: StateKind = StateKind::Map;

#[test]
fn an_answer_says_again_what_was_asked_for() {
    for (status, body, due) in [
        (200, r#"{"data": {"id": "x"}}"#, "kept"),
        (299, r#"{"data": {"id": "x"}}"#, "kept"),
        (200, r#"{"data": {"id": "y"}}"#, "`data.id` names another"),
        (200, r#"{"data": {}}"#, "`data.id` missing"),
        (404, r#"{"data": {"id": "y"}}"#, "not learnt"),
        (200, "{", "not learnt"),
    ] {
        let relation = Law::Echo { step: 0, place: "data.id".to_owned(), value: "x".into() };
        let found = judged(&of(relation, &[0], vec![json(status, body)]));
        assert_eq!(found.observed.to_string(), due, "{status} {body}");
    }
}

#[test]
fn writes_side_by_side_may_end_either_way() {
    let both = |first, second, value: &str| {
        note(MAP, vec![write(first, put("k", "1")), write(second, put("k", "2")), look(3, &json!({"k": value}))])
    };
    assert_eq!(both(1, 1, "1"), "kept");
    assert_eq!(both(1, 1, "2"), "kept");
    assert_eq!(both(1, 1, "3"), "another value than was written");
    assert_eq!(both(1, 2, "1"), "the value from before is still there");
    assert_eq!(both(1, 2, "2"), "kept");
    let stored = [look(0, &json!({"k": "0"})), write(1, put("k", "1")), write(1, put("k", "2"))];
    let unheard = note(MAP, [&stored[..], &[look(2, &json!({"k": "0"}))]].concat());
    assert_eq!(unheard, "the value from before is still there");
    let mut other = write(1, put("k", "2"));
    other.1 = Resource::SECOND;
    let of_two = |value: &str| note(MAP, vec![write(1, put("k", "1")), other.clone(), look(2, &json!({"k": value}))]);
    assert_eq!(of_two("1"), "kept");
    assert_eq!(of_two("2"), "another value than was written", "it was written to another resource");
    // What is read beside several writes may be from before them.
    let beside = |writes: usize| {
        let mut events: Vec<Happens> = (0..writes).map(|at| write(1, put(&at.to_string(), "1"))).collect();
        events.push(look(1, &json!({})));
        note(MAP, events)
    };
    assert_eq!((beside(1).as_str(), beside(2).as_str()), ("what was written is not there", "kept"));
    assert_eq!(note(MAP, vec![look(1, &json!({})), look(1, &json!({"k": "1"}))]), "something that nobody wrote");
}

#[test]
fn requests_of_a_law_have_to_be_answered_as_they_must() {
    let accepted =
        vec![(1, Resource::Own(1), StateEvent::RejectedWrite(put("k", "1")), told(200, "")), look(2, &json!({}))];
    assert_eq!(note(MAP, accepted), "not learnt");
    let trace = vec![look(1, &json!({})), refused(2, put("k", "1")), look(3, &json!({"k": "1"}))];
    assert_eq!(note(MAP, trace), "a refused write left a trace");
    let answered = |before: Option<Json>, certain, answer| {
        let what = StateEvent::Write { effect: put("k", "1"), certainty: Certainty::certain_if(certain) };
        let mut events: Vec<Happens> = before.iter().map(|data| look(1, data)).collect();
        events.push((2, Resource::Own(1), what, answer));
        note(MAP, events)
    };
    assert_eq!(answered(None, true, told(400, "")), "a write is answered with 400");
    assert_eq!(answered(None, true, told(404, "gone")), "a write is answered with 404 gone");
    assert_eq!(answered(None, true, told(429, "")), "not learnt");
    assert_eq!(answered(None, false, told(400, "")), "not learnt");
    assert_eq!(answered(None, false, told(500, "")), "a write is answered with 500");
    assert_eq!(answered(Some(json!({})), true, told(400, "")), "a write is answered with 400");
    assert_eq!(answered(Some(json!({"o": "1"})), true, told(400, "")), "not learnt", "others may fill it");
    let field = |value: Json| {
        let what = StateEvent::Write { effect: WriteEffect::Set("x".into()), certainty: Certainty::Certain };
        note(StateKind::Field, vec![look(1, &value), (2, Resource::Own(1), what, told(400, ""))])
    };
    assert_eq!(field(Json::Null), "a write is answered with 400", "nothing is there that others wrote");
    assert_eq!(field("y".into()), "not learnt");
    assert_eq!(note(MAP, vec![unread(1, 404)]), "not learnt");
    assert_eq!(note(MAP, vec![look(1, &json!({})), unread(2, 404)]), "reading is answered with 404");
    assert_eq!(note(MAP, vec![look(1, &json!({})), unread(2, 429)]), "not learnt");
}

#[test]
fn what_is_never_shown_teaches_nothing() {
    let optional = |answers: &[Json]| {
        let view = StateView { optional: true, ..view() };
        let mut events = vec![write(0, put("k", "1"))];
        events.extend((1..).zip(answers).map(|(turn, document)| look_with(turn, view.clone(), document)));
        note(MAP, events)
    };
    assert_eq!(optional(&[json!({})]), "not learnt");
    assert_eq!(optional(&[json!({"data": null})]), "not learnt");
    assert_eq!(optional(&[json!({"data": {"k": "1"}})]), "kept");
    assert_eq!(optional(&[json!({"data": {"k": "1"}}), json!({})]), "what was written is not there");
    assert_eq!(
        note(MAP, vec![write(0, put("k", "1")), look_with(1, view(), &json!({}))]),
        "what was written is not there"
    );
    let view = StateView { optional: true, ..view() };
    let others = vec![look(0, &json!({"o": "1"})), look_with(1, view.clone(), &json!({}))];
    assert_eq!(note(MAP, others), "what was stored is gone", "somebody else's entry was there to be read");
    let empty = [look_with(1, view.clone(), &json!({})), look_with(2, view.clone(), &json!({}))];
    assert_eq!(note(MAP, empty.to_vec()), "kept", "nothing has to be shown");
}

#[test]
fn states_are_read_in_each_documented_form() {
    let view = |key: Option<&str>, item: Option<&str>| StateView {
        key: key.map(str::to_owned),
        item: item.map(str::to_owned),
        ..view()
    };
    let read = |kind, effect: WriteEffect, view: StateView, data: Json| {
        note(kind, vec![write(0, effect), look_with(1, view, &json!({ "data": data }))])
    };
    let (pairs, list) = (view(Some("k"), Some("v")), StateKind::List);
    assert_eq!(read(MAP, put("a", "1"), pairs.clone(), json!([{"k": "a", "v": "1"}, {"v": "2"}])), "kept");
    assert_eq!(read(MAP, put("a", "1"), pairs.clone(), json!([{"k": "b", "v": "1"}])), "what was written is not there");
    assert_eq!(read(MAP, put("a", "1"), pairs, json!([{"k": "a", "v": "2"}])), "another value than was written");
    assert_eq!(read(MAP, put("a", "1"), view(None, None), json!([])), "`data` not a map");
    assert_eq!(read(MAP, put("a", "1"), view(None, Some("v")), json!({"a": {"v": "1"}})), "kept");
    assert_eq!(read(list, WriteEffect::Append(vec!["a".into()]), view(None, None), json!({})), "`data` not a list");
    assert_eq!(read(list, WriteEffect::Append(vec!["a".into()]), view(None, Some("v")), json!([{"v": "a"}])), "kept");
    let only = view(Some("*.k"), Some("*.v"));
    assert_eq!(read(MAP, put("a", "1"), only.clone(), json!([{"One": {"k": "a", "v": "1"}}])), "kept");
    let two = json!([{"One": {"k": "a", "v": "1"}, "Other": {}}]);
    assert_eq!(read(MAP, put("a", "1"), only, two), "what was written is not there");
    let set = |written: Json, found: Json| read(StateKind::Field, WriteEffect::Set(written), view(None, None), found);
    assert_eq!(set("x".into(), "x".into()), "kept");
    assert_eq!(set("".into(), Json::Null), "kept", "an empty field may be left out");
    assert_eq!(set("x".into(), Json::Null), "another value than was written");
    assert_eq!(set("".into(), "y".into()), "another value than was written");
}

#[test]
fn what_was_read_covers_what_was_written() {
    for (written, found, due) in [
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
        let found = note(MAP, vec![write(0, put("k", written.clone())), look(1, &json!({ "k": found }))]);
        assert_eq!(found == "kept", due, "{written} {found}");
    }
}

#[test]
fn each_broken_promise_is_told_as_what_it_is() {
    let after = |events: &[Happens], data: Json| note(MAP, [events, &[look(9, &data)]].concat());
    let known = [look(0, &json!({"o": "1"})), write(1, put("k", "2")), look(2, &json!({"o": "1", "k": "2"}))];
    assert_eq!(after(&known, json!({"o": "1"})), "what was written is not there");
    assert_eq!(after(&known, json!({"k": "2"})), "what was stored is gone");
    assert_eq!(after(&known, json!({"o": "1", "k": "3"})), "another value than was written");
    assert_eq!(after(&known, json!({"o": "2", "k": "2"})), "what was stored has changed");
    let traced = [look(0, &json!({})), refused(1, put("j", "t")), write(2, put("k", "u"))];
    assert_eq!(after(&traced, json!({"k": "u", "j": "t"})), "a refused write left a trace");
    assert_eq!(after(&traced, json!({"k": "t"})), "another value than was written", "it was refused for another key");
    let rewritten = [look(0, &json!({})), refused(1, put("k", "t")), write(2, put("k", "u"))];
    assert_eq!(after(&rewritten, json!({"k": "t"})), "another value than was written");
    let removed = [write(0, WriteEffect::Remove(vec!["a".to_owned()])), write(1, put("b", "1"))];
    assert_eq!(after(&removed, json!({"a": "1", "b": "1"})), "what was taken back is still there");
    assert_eq!(after(&removed, json!({"c": "1", "b": "1"})), "kept", "it may have been there before");
    let list = |events: &[Happens], data: Json| note(StateKind::List, [events, &[look(9, &data)]].concat());
    let append = WriteEffect::Append(vec!["k".into()]);
    let known = [look(0, &json!(["o"])), write(1, append), look(2, &json!(["o", "k"]))];
    assert_eq!(list(&known, json!(["o"])), "what was written is not there");
    assert_eq!(list(&known, json!(["k"])), "what was stored is gone");
}

#[test]
fn the_order_of_a_list_is_kept_where_it_is_promised_and_known() {
    let of = |ordered, second, found: Json| {
        let append = |turn, item: &str| write(turn, WriteEffect::Append(vec![item.into()]));
        let mut outcome = outcome_of(
            StateKind::List,
            vec![look(0, &json!([])), append(1, "a"), append(second, "b"), look(3, &found)],
        );
        let case = std::sync::Arc::make_mut(&mut outcome.case);
        let JudgedPart::Law(relation) = &mut case.judged else { unreachable!("it is a law") };
        if let Law::State { model, .. } = &mut **relation {
            model.ordered = ordered;
        }
        judged(&outcome).observed.to_string()
    };
    assert_eq!(of(true, 2, json!(["a", "b"])), "kept");
    assert_eq!(of(true, 2, json!(["b", "a"])), "the order has changed");
    assert_eq!(of(false, 2, json!(["b", "a"])), "kept");
    assert_eq!(of(true, 1, json!(["b", "a"])), "kept", "nobody knows which came first");
}

#[test]
fn a_reason_names_what_was_stored_in_few_characters() {
    let why = |value: String| ran(MAP, vec![look(0, &json!({})), look(1, &json!({ "k": value }))]).why;
    assert_eq!(why("v".to_owned()), "`k` = \"v\" is there, and nobody wrote it");
    // With its quotes, it has 60 characters.
    let whole = "v".repeat(58);
    assert_eq!(why(whole.clone()), format!("`k` = \"{whole}\" is there, and nobody wrote it"));
    let cut = "v".repeat(59);
    assert_eq!(why(cut.clone()), format!("`k` = \"{cut}… is there, and nobody wrote it"));
    let item = ran(StateKind::List, vec![look(0, &json!([])), look(1, &json!(["v"]))]).why;
    assert_eq!(item, "\"v\" is there, and nobody wrote it");
}

#[test]
fn a_step_without_an_answer_is_judged_as_everywhere() {
    let silent = |liveness| {
        let mut outcome = outcome_of(MAP, vec![look(0, &json!({})), write(1, put("k", "1"))]);
        outcome.exchanges[1] = Some(exchange(Err(TransportError::Dropped)));
        outcome.liveness = liveness;
        let found = judged(&outcome);
        (found.verdict, found.observed.to_string())
    };
    assert_eq!(silent(None), (Verdict::Indeterminate, "dropped".to_owned()));
    assert_eq!(silent(Some(Liveness::Alive)), (Verdict::Diverges, "dropped".to_owned()));
    let mut unsent = outcome_of(MAP, vec![look(0, &json!({})), write(1, put("k", "1"))]);
    (unsent.exchanges[1], unsent.not_sent) = (None, Some("a hole".to_owned()));
    assert_eq!((judged(&unsent).verdict, judged(&unsent).why), (Verdict::Indeterminate, "a hole".to_owned()));
    // What no document promises is held against nobody.
    let mut unpromised = outcome_of(MAP, vec![write(0, put("k", "1")), look(1, &json!({}))]);
    std::sync::Arc::make_mut(&mut unpromised.case).expectation = super::outcome::silent();
    assert_eq!(judged(&unpromised).verdict, Verdict::Unspecified);
}
