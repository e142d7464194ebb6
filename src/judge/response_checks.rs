//! Checks the responses to the steps of one case: outcomes, stored members, lists, pages.
//!
//! It compares plain values only: a server may add members, and write numbers and times in another form.

use super::Verdict;
use super::conformance;
use super::law_abort::{LawAbort, step_response};
use super::rejection::{judge_expected_rejection, observe_response};
use super::shown_value::{compare_order, contains_value, shows, shows_with_surplus};
use super::state::{LawViolation, shorten_value};
use crate::case::{ListView, MemberPlaces, ResponseCheck, StepRef, StepRequest};
use crate::contract::{Contract, ErrorRole, Operation};
use crate::run::{CaseOutcome, HttpResponse, find_captured};
use crate::scenario::Scenario;
use crate::wire;
use serde_json::Value as Json;
use std::cmp::Ordering;

/// Checks the responses of a case in order.
pub(super) fn check_responses(
    contract: &Contract,
    scenario: &Scenario,
    outcome: &CaseOutcome,
    checks: &[ResponseCheck],
) -> Result<(), LawAbort> {
    let checker = ResponseChecker { contract, scenario, outcome, checks };
    checks.iter().try_for_each(|check| checker.check(check))
}

struct ResponseChecker<'a> {
    contract: &'a Contract,
    scenario: &'a Scenario,
    outcome: &'a CaseOutcome,
    checks: &'a [ResponseCheck],
}

fn violated(note: impl Into<String>, why: impl Into<String>) -> LawAbort {
    LawAbort::Violated(LawViolation::new(note, why))
}

impl ResponseChecker<'_> {
    fn check(&self, check: &ResponseCheck) -> Result<(), LawAbort> {
        match check {
            ResponseCheck::Needs(step) => self.check_needed(step),
            ResponseCheck::NeedsDistinct { names } => self.check_distinct(names),
            ResponseCheck::Tries(step) => self.check_tried(step),
            ResponseCheck::Refused(step) => self.check_refused(step),
            ResponseCheck::Accepted(step) => self.check_accepted(step),
            ResponseCheck::Succeeds(step) => self.check_success(step),
            ResponseCheck::Rejected { step, role, errors } => self.check_rejected(step, *role, errors),
            ResponseCheck::ShowsSent { written, read, members } => self.check_shown(written, read, members),
            ResponseCheck::HidesSent { written, read, member } => self.check_hidden(written, read, member),
            ResponseCheck::SameShown { first, second, members } => self.check_same(first, second, members),
            ResponseCheck::Unchanged { before, after, places } => self.check_unchanged(before, after, places),
            ResponseCheck::Has { step, place } => self.check_place(step, place),
            ResponseCheck::NothingFollows { list, size, more } => self.check_end(list, *size, more),
            ResponseCheck::Listed { .. } => self.check_listed(check),
            ResponseCheck::Count { list, min, max } => self.check_count(list, *min, *max),
            ResponseCheck::EachItem { list, member, value } => self.check_each_item(list, member, value),
            ResponseCheck::InOrder { list, member, descending } => self.check_order(list, member, *descending),
            ResponseCheck::PagesAreWhole { whole, parts, id, size } => self.check_pages(whole, parts, id, *size),
            ResponseCheck::AnotherResource { step, id, name } => self.check_other_resource(step, id, name),
        }
    }

    fn index_of(&self, step: &StepRef) -> Result<usize, LawAbort> {
        let steps = &self.outcome.case.steps;
        let found = match step {
            StepRef::Index(index) => Some(*index).filter(|index| *index < steps.len()),
            StepRef::Capturing(name) => {
                steps.iter().position(|step| step.captures.iter().any(|capture| capture.name == *name))
            }
        };
        found.ok_or_else(|| LawAbort::Inconclusive("the case has no such step".to_owned()))
    }

    fn response(&self, step: &StepRef) -> Result<&HttpResponse, LawAbort> {
        step_response(self.outcome, self.index_of(step)?)
    }

    fn operation(&self, step: &StepRef) -> Result<&Operation, LawAbort> {
        let index = self.index_of(step)?;
        let operation = match &self.outcome.case.steps[index].request {
            StepRequest::Operation { name, .. } => self.contract.operation(name.as_str()),
            StepRequest::Raw { .. } => None,
        };
        operation.ok_or_else(|| LawAbort::Inconclusive("the step is not an operation of the contract".to_owned()))
    }

    /// Returns the document of a success.
    fn document(&self, step: &StepRef) -> Result<Json, LawAbort> {
        let response = self.response(step)?;
        if !(200..300).contains(&response.status) {
            return Err(LawAbort::Inconclusive(format!("a request that the law needs got {}", response.status)));
        }
        let output = self.operation(step)?.output.as_ref();
        wire::decode_output(self.contract, output, &response.body)
            .map_err(|reason| LawAbort::Inconclusive(reason.to_string()))
    }

    /// Returns the document that a step sent.
    fn sent_document(&self, step: &StepRef) -> Result<Json, LawAbort> {
        let exchange = self.outcome.exchanges.get(self.index_of(step)?).and_then(Option::as_ref);
        let body = exchange.map(|exchange| &exchange.request.body);
        body.and_then(|body| serde_json::from_slice(body).ok())
            .ok_or_else(|| LawAbort::Inconclusive("the request has no document".to_owned()))
    }

    /// Returns true if any request of the case has this value in its document.
    fn is_sent(&self, value: &Json) -> bool {
        let bodies = self.outcome.exchanges.iter().flatten().map(|exchange| &exchange.request.body);
        let mut documents = bodies.filter_map(|body| serde_json::from_slice::<Json>(body).ok());
        documents.any(|document| contains_value(&document, value))
    }

    /// Returns the value that a step captured under this name.
    fn captured(&self, name: &str) -> Result<Json, LawAbort> {
        let step = StepRef::Capturing(name.to_owned());
        let (response, document) = (self.response(&step)?, self.document(&step).ok());
        let captures = &self.outcome.case.steps[self.index_of(&step)?].captures;
        let place = captures.iter().find(|capture| capture.name == name).map_or("", |capture| capture.path.as_str());
        find_captured(document.as_ref(), response, place)
            .ok_or_else(|| LawAbort::Inconclusive(format!("no response has `{name}`")))
    }

    fn check_needed(&self, step: &StepRef) -> Result<(), LawAbort> {
        let response = self.response(step)?;
        if (200..300).contains(&response.status) {
            return Ok(());
        }
        if response.status >= 500 {
            let why = format!("step {} made the server fail with {}", self.index_of(step)? + 1, response.status);
            let note = format!("a step is answered with {}", response.status);
            return Err(LawAbort::BadResponse { status: response.status, note, why });
        }
        Err(LawAbort::Inconclusive(format!("a request that the law needs got {}", response.status)))
    }

    fn check_distinct(&self, names: &[String]) -> Result<(), LawAbort> {
        let values: Vec<Json> = names.iter().filter_map(|name| self.captured(name).ok()).collect();
        match values.iter().enumerate().any(|(at, value)| values[..at].contains(value)) {
            true => Err(LawAbort::Inconclusive("two creations gave the same resource".to_owned())),
            false => Ok(()),
        }
    }

    fn check_tried(&self, step: &StepRef) -> Result<(), LawAbort> {
        let status = self.response(step)?.status;
        if (400..500).contains(&status) && status != 429 {
            return Err(LawAbort::Undocumented("no document says that the optional value must be accepted".to_owned()));
        }
        self.check_needed(step)
    }

    fn check_refused(&self, step: &StepRef) -> Result<(), LawAbort> {
        let status = self.response(step)?.status;
        if (400..500).contains(&status) && status != 429 {
            return Ok(());
        }
        let why = "a request that must be rejected was not, which another case reports";
        Err(LawAbort::Inconclusive(why.to_owned()))
    }

    fn check_accepted(&self, step: &StepRef) -> Result<(), LawAbort> {
        let (response, operation) = (self.response(step)?, self.operation(step)?);
        let observed = observe_response(self.contract, self.scenario, response);
        // The control tells of a success with another status than the documented one.
        let is_success = (200..300).contains(&response.status);
        if response.status == 429 {
            return Err(LawAbort::Inconclusive("throttled".to_owned()));
        }
        if !is_success {
            let why = format!("step {}, {}, is valid, but got {observed}", self.index_of(step)? + 1, operation.name);
            let note = format!("{} is answered with {observed}", operation.name);
            return Err(match response.status {
                status @ 500.. => LawAbort::BadResponse { status, note, why },
                _ => violated(note, why),
            });
        }
        match conformance::success_mismatch(self.contract, operation.output.as_ref(), response) {
            Some(mismatch) => {
                let (note, why) = (format!("{}: {}", operation.name, mismatch.note), mismatch.why);
                Err(LawAbort::BadResponse { status: response.status, note, why })
            }
            None => Ok(()),
        }
    }

    fn check_success(&self, step: &StepRef) -> Result<(), LawAbort> {
        let response = self.response(step)?;
        if (200..300).contains(&response.status) {
            return Ok(());
        }
        if response.status == 429 {
            return Err(LawAbort::Inconclusive("throttled".to_owned()));
        }
        let observed = observe_response(self.contract, self.scenario, response);
        let why = format!("step {} must succeed, but got {observed}", self.index_of(step)? + 1);
        Err(violated(format!("a repeated request is answered with {observed}"), why))
    }

    fn check_rejected(
        &self,
        step: &StepRef,
        role: ErrorRole,
        errors: &[crate::case::ExpectedError],
    ) -> Result<(), LawAbort> {
        let (response, operation) = (self.response(step)?, self.operation(step)?);
        let observed = observe_response(self.contract, self.scenario, response);
        if response.status == 429 {
            return Err(LawAbort::Inconclusive("throttled".to_owned()));
        }
        let words = observed.to_string();
        match judge_expected_rejection(self.contract, operation, role, errors, response, observed) {
            (Verdict::Pass, ..) => Ok(()),
            (_, observed, why) => {
                let note = observed.note.unwrap_or(words);
                Err(violated(
                    format!("{} is answered with {note}", operation.name),
                    format!("step {}, {}, must be rejected ({role}): {why}", self.index_of(step)? + 1, operation.name),
                ))
            }
        }
    }

    fn check_shown(&self, written: &StepRef, read: &StepRef, members: &[MemberPlaces]) -> Result<(), LawAbort> {
        let (sent, shown) = (self.sent_document(written)?, self.document(read)?);
        let mut own_items = None;
        for member in members {
            let Some(value) = wire::value_at(&sent, &member.first) else { continue };
            let found = wire::value_at(&shown, &member.second);
            if shows(value, found) {
                continue;
            }
            let mut surplus = Vec::new();
            if shows_with_surplus(value, found, &mut surplus) && !surplus.iter().any(|item| self.is_sent(item)) {
                own_items = Some(format!("the server adds items of its own to `{}`", member.second));
                continue;
            }
            let note = format!("`{}` is not shown as it was sent", member.second);
            let what =
                found.map_or_else(|| "it is missing".to_owned(), |found| format!("it is {}", shorten_value(found)));
            return Err(violated(
                note,
                format!("`{}` was sent as {}, but {what}", member.second, shorten_value(value)),
            ));
        }
        own_items.map_or(Ok(()), |reason| Err(LawAbort::Inconclusive(reason)))
    }

    fn check_hidden(&self, written: &StepRef, read: &StepRef, member: &MemberPlaces) -> Result<(), LawAbort> {
        let (sent, shown) = (self.sent_document(written)?, self.document(read)?);
        let (Some(value), Some(found)) = (wire::value_at(&sent, &member.first), wire::value_at(&shown, &member.second))
        else {
            return Ok(());
        };
        if !shows(value, Some(found)) {
            return Ok(());
        }
        let why = format!("`{}` is still {}, although it was not sent again", member.second, shorten_value(found));
        Err(violated(format!("`{}` is kept", member.second), why))
    }

    fn check_same(&self, first: &StepRef, second: &StepRef, members: &[MemberPlaces]) -> Result<(), LawAbort> {
        let before = self.document(first)?;
        let response = self.response(second)?;
        if matches!(response.status, 404 | 410 | 500..) {
            let why = format!("what was shown before is answered with {}", response.status);
            return Err(violated(format!("reading is answered with {}", response.status), why));
        }
        let after = self.document(second)?;
        for member in members {
            let (was, is) = (wire::value_at(&before, &member.first), wire::value_at(&after, &member.second));
            let Some(was) = was.filter(|was| !was.is_null()) else {
                // What was not shown before may be shown by another operation only.
                continue;
            };
            if !shows(was, is) {
                let is = is.map_or_else(|| "missing".to_owned(), shorten_value);
                let why = format!("`{}` was {} and is {is}", member.second, shorten_value(was));
                return Err(violated(format!("`{}` differs", member.second), why));
            }
        }
        Ok(())
    }

    fn check_unchanged(&self, before: &StepRef, after: &StepRef, places: &[String]) -> Result<(), LawAbort> {
        let (old, response) = (self.document(before)?, self.response(after)?);
        if matches!(response.status, 404 | 410 | 500..) {
            let why = format!("what was shown before is answered with {}", response.status);
            return Err(violated(format!("reading is answered with {}", response.status), why));
        }
        let new = self.document(after)?;
        for place in places {
            let value = |document| wire::value_at(document, place).filter(|value| !value.is_null()).cloned();
            let (was, is) = (value(&old), value(&new));
            if was != is {
                let words = |value: Option<Json>| value.map_or_else(|| "missing".to_owned(), |it| shorten_value(&it));
                let why = format!("`{place}` was {} and is {}", words(was), words(is));
                return Err(violated(format!("`{place}` has changed"), why));
            }
        }
        Ok(())
    }

    fn check_place(&self, step: &StepRef, place: &str) -> Result<(), LawAbort> {
        let document = self.document(step)?;
        match wire::value_at(&document, place) {
            Some(value) if !value.is_null() => Ok(()),
            _ => Err(violated(
                format!("`{place}` is not shown"),
                format!("the request asks for `{place}`, but the response does not show it"),
            )),
        }
    }

    fn check_end(&self, list: &ListView, size: u64, more: &str) -> Result<(), LawAbort> {
        let count = self.items(list)?.len() as u64;
        let document = self.document(&list.step)?;
        match wire::value_at(&document, more) {
            Some(Json::Bool(true)) if count < size => {
                let why = format!("`{more}` is true, although the page has {count} of at most {size} items");
                Err(violated(format!("`{more}` is true at the end"), why))
            }
            _ => Ok(()),
        }
    }

    fn items(&self, list: &ListView) -> Result<Vec<Json>, LawAbort> {
        let document = self.document(&list.step)?;
        let found = wire::value_at(&document, &list.items);
        found
            .and_then(Json::as_array)
            .cloned()
            .ok_or_else(|| LawAbort::Inconclusive(format!("the response has no list at `{}`", list.items)))
    }

    fn check_listed(&self, check: &ResponseCheck) -> Result<(), LawAbort> {
        let ResponseCheck::Listed { list, id, name, is_present, page, may_hide_all } = check else { return Ok(()) };
        let items = self.items(list)?;
        let has = |wanted: &Json| {
            items.iter().any(|item| wire::value_at(item, id).is_some_and(|one| shows(wanted, Some(one))))
        };
        let wanted = self.captured(name)?;
        let is_wanted = |item: &&Json| wire::value_at(item, id).is_some_and(|one| shows(&wanted, Some(one)));
        if items.iter().filter(is_wanted).count() > 1 {
            return Err(violated(
                "the list shows a resource twice",
                format!("{} is listed twice", shorten_value(&wanted)),
            ));
        }
        match (has(&wanted), *is_present) {
            (true, true) | (false, false) => return Ok(()),
            (true, false) => {
                let why = format!("{} does not exist below this path, but is in the list", shorten_value(&wanted));
                return Err(violated("the list shows what is not there", why));
            }
            (false, true) => {}
        }
        if page.is_some_and(|page| items.len() as u64 >= page) {
            return Err(LawAbort::Inconclusive("the list has more pages".to_owned()));
        }
        let shows_another = || {
            let others = self.checks.iter().filter_map(|other| match other {
                ResponseCheck::Listed { name, is_present: true, .. } => self.captured(name).ok(),
                _ => None,
            });
            others.into_iter().any(|other| has(&other))
        };
        if *may_hide_all && !shows_another() {
            return Err(LawAbort::Inconclusive("the list may leave out resources of this kind".to_owned()));
        }
        let why = format!("{} was created, but is not in the list", shorten_value(&wanted));
        Err(violated("the list lacks what was created", why))
    }

    fn check_count(&self, list: &ListView, min: u64, max: u64) -> Result<(), LawAbort> {
        let count = self.items(list)?.len() as u64;
        if count < min {
            return Err(violated("the response lacks items", format!("number of items: {count} instead of {min}")));
        }
        if count <= max {
            return Ok(());
        }
        Err(violated(
            "the page has more items than requested",
            format!("number of items: {count} instead of at most {max}"),
        ))
    }

    fn check_each_item(&self, list: &ListView, member: &str, value: &Json) -> Result<(), LawAbort> {
        for item in self.items(list)? {
            // What is not shown cannot be compared; a filter by `false` also finds what was never set.
            let Some(found) = wire::value_at(&item, member).filter(|found| !found.is_null()) else { continue };
            // A query has texts only: `?active=true`.
            let is_same_text = |one: &Json| {
                let parsed = value.as_str().filter(|_| !one.is_string()).map(serde_json::from_str::<Json>);
                parsed.is_some_and(|parsed| parsed.is_ok_and(|parsed| parsed == *one))
            };
            let is_shown = |one: &Json| shows(value, Some(one)) || is_same_text(one);
            let fits = match found {
                Json::Array(values) => values.is_empty() || values.iter().any(is_shown),
                found => is_shown(found),
            };
            if !fits {
                let why = format!("an item has `{member}` {} instead of {value}", shorten_value(found));
                return Err(violated(format!("the filter by `{member}` shows other items"), why));
            }
        }
        Ok(())
    }

    fn check_order(&self, list: &ListView, member: &str, descending: bool) -> Result<(), LawAbort> {
        let items = self.items(list)?;
        let values: Vec<&Json> = items.iter().filter_map(|item| wire::value_at(item, member)).collect();
        let wrong = if descending { Ordering::Less } else { Ordering::Greater };
        let pair = values.windows(2).find(|pair| compare_order(pair[0], pair[1]) == Some(wrong));
        match pair {
            None => Ok(()),
            Some(pair) => {
                let why = format!("{} comes before {}", shorten_value(pair[0]), shorten_value(pair[1]));
                Err(violated(format!("the list is not in the order of `{member}`"), why))
            }
        }
    }

    fn check_pages(&self, whole: &ListView, parts: &[StepRef], id: &str, size: u64) -> Result<(), LawAbort> {
        let id_of = |item: &Json| wire::value_at(item, id).cloned();
        let whole_ids: Vec<Json> = self.items(whole)?.iter().filter_map(id_of).collect();
        let mut shown: Vec<Json> = Vec::new();
        for part in parts {
            let is_sent = self.outcome.exchanges.get(self.index_of(part)?).is_some_and(Option::is_some);
            if !is_sent && shown.len() < whole_ids.len() && !shown.is_empty() {
                let why = "there are more items, but the page does not say how to get the next page".to_owned();
                return Err(violated("no way to the next page", why));
            }
            let items = self.items(&ListView { step: part.clone(), items: whole.items.clone() })?;
            let due = (whole_ids.len().saturating_sub(shown.len()) as u64).min(size);
            let ids: Vec<Json> = items.iter().filter_map(id_of).collect();
            if let Some(twice) = ids.iter().find(|one| shown.contains(one)) {
                let why = format!("{} is in two pages", shorten_value(twice));
                return Err(violated("an item is in two pages", why));
            }
            if (ids.len() as u64) < due {
                let why = format!("number of items on a page: {}, although there are {due} or more", ids.len());
                return Err(violated("a page lacks items", why));
            }
            shown.extend(ids);
        }
        if shown.len() > whole_ids.len() {
            let why = format!("number of items: {} instead of {}", shown.len(), whole_ids.len());
            return Err(violated("there are more items than before", why));
        }
        let length = shown.len().min(whole_ids.len());
        if shown[..length] != whole_ids[..length] {
            let why = "the pages, one after another, do not show the items of one larger page".to_owned();
            return Err(violated("pages leave items out or show them in another order", why));
        }
        Ok(())
    }

    fn check_other_resource(&self, step: &StepRef, id: &str, name: &str) -> Result<(), LawAbort> {
        let response = self.response(step)?;
        if response.status >= 500 {
            return Err(violated("an unknown identifier makes the server fail", format!("status {}", response.status)));
        }
        if !(200..300).contains(&response.status) {
            return Ok(());
        }
        let (document, own) = (self.document(step)?, self.captured(name)?);
        match wire::value_at(&document, id) {
            Some(found) if !shows(&own, Some(found)) => Ok(()),
            _ => {
                let why = format!("the response shows {} under another identifier", shorten_value(&own));
                Err(violated("a resource is found under another identifier", why))
            }
        }
    }
}
