//! Pages of a list: never more than requested, and all together the whole list, each item once.

use crate::case::{Case, LawName, MemberPlaces, ResponseCheck, StepPurpose, StepRef, Value};
use crate::generate::operation_context::OperationContext;
use crate::generate::stateful::resource_case::ResourceCase;
use crate::generate::web::list_laws::ListLaws;
use crate::generate::web::list_shape::Paging;

/// Number of resources that a case creates.
const CREATED: u32 = 3;
/// A page behind the end of every list.
const FAR_PAGE: i128 = 100_000;

pub(crate) fn cases(context: &OperationContext<'_>) -> Vec<Case> {
    let mut out = Vec::new();
    let Some(laws) = ListLaws::of_operation(context).filter(|laws| laws.list.size.is_some()) else { return out };
    let laws = &laws;
    out.extend(size_case(laws, 1));
    out.extend(size_case(laws, 2));
    out.extend(whole_case(laws, 1));
    out.extend(whole_case(laws, 2));
    out.extend(beyond_end_case(laws));
    out.extend(end_case(laws));
    out.extend(total_case(laws));
    out
}

/// Builds the case that asks for pages of this size.
fn size_case(laws: &ListLaws<'_, '_>, size: u64) -> Option<Case> {
    let (name, _) = laws.list.size.as_ref()?;
    let mut case = ResourceCase::new(laws.context, LawName::Pages, &format!("size-{size}"));
    for number in 1..=CREATED {
        case.create(&laws.resource, StepPurpose::SetUp, number);
    }
    let read = laws.list.add_read(&mut case, &[(name, Value::integer(size.into()))]);
    case.check(ResponseCheck::Accepted(read.clone()));
    case.check(ResponseCheck::Count { list: laws.list.view(read), min: 0, max: size });
    case.build("a page has at most the requested number of items")
}

/// Builds the case that compares two pages of this size with one of twice the size.
fn whole_case<'p>(laws: &ListLaws<'_, 'p>, size: u64) -> Option<Case> {
    let (name, max) = laws.list.size.as_ref()?;
    let paging = laws.list.paging.as_ref()?;
    if max.is_some_and(|max| max < 2 * size) {
        return None;
    }
    let mut case = ResourceCase::new(laws.context, LawName::Pages, &format!("whole-{size}"));
    // Others must not add to the list meanwhile.
    case.run_alone();
    for number in 1..=CREATED {
        case.create(&laws.resource, StepPurpose::SetUp, number);
    }
    let number = |number: u64| Value::integer(number.into());
    let whole = laws.list.add_read(&mut case, &[(name, number(2 * size))]);
    let parts: Vec<StepRef> = match paging {
        Paging::Number(page) => [1, 2]
            .into_iter()
            .map(|at| laws.list.add_read(&mut case, &[(name, number(size)), (page, number(at))]))
            .collect(),
        Paging::Offset(offset) => [0, size]
            .into_iter()
            .map(|at| laws.list.add_read(&mut case, &[(name, number(size)), (offset, number(at))]))
            .collect(),
        Paging::Cursor(cursor, place) => {
            let first = laws.list.add_read(&mut case, &[(name, number(size))]);
            case.capture("page.next", place);
            let next = Value::Template("{page.next}".to_owned());
            vec![first, laws.list.add_read(&mut case, &[(name, number(size)), (cursor, next)])]
        }
    };
    case.check(ResponseCheck::Accepted(whole.clone()));
    let id = laws.list.id.clone();
    case.check(ResponseCheck::PagesAreWhole { whole: laws.list.view(whole), parts, id, size });
    case.build("pages show all items, each once")
}

/// Builds the case that asks for a page behind the end.
fn beyond_end_case(laws: &ListLaws<'_, '_>) -> Option<Case> {
    let parameter = match laws.list.paging.as_ref()? {
        Paging::Number(name) | Paging::Offset(name) => name,
        Paging::Cursor(..) => return None,
    };
    let mut case = ResourceCase::new(laws.context, LawName::Pages, "behind-the-end");
    case.create(&laws.resource, StepPurpose::SetUp, 1);
    let read = laws.list.add_read(&mut case, &[(parameter, Value::integer(FAR_PAGE))]);
    // A service may reject a page that does not exist.
    case.check(ResponseCheck::Needs(read.clone()));
    case.check(ResponseCheck::Accepted(read.clone()));
    case.check(ResponseCheck::Count { list: laws.list.view(read), min: 0, max: 0 });
    case.build("a page behind the end is an empty list")
}

/// Builds the case that asks for a page that is not full.
fn end_case(laws: &ListLaws<'_, '_>) -> Option<Case> {
    let (more, size) = (laws.list.more.clone()?, laws.list.largest_page()?);
    let mut case = ResourceCase::new(laws.context, LawName::Pages, "end");
    case.create(&laws.resource, StepPurpose::SetUp, 1);
    let read = laws.list.add_read(&mut case, &[]);
    case.check(ResponseCheck::Accepted(read.clone()));
    case.check(ResponseCheck::NothingFollows { list: laws.list.view(read), size, more });
    case.build("a page that is not full is the last one")
}

/// Builds the case in which the number of all items does not depend on the size of the page.
fn total_case(laws: &ListLaws<'_, '_>) -> Option<Case> {
    let (total, (name, _)) = (laws.list.total.clone()?, laws.list.size.as_ref()?);
    let mut case = ResourceCase::new(laws.context, LawName::Pages, "total");
    case.run_alone();
    for number in 1..=CREATED {
        case.create(&laws.resource, StepPurpose::SetUp, number);
    }
    let whole = laws.list.add_read(&mut case, &[]);
    let part = laws.list.add_read(&mut case, &[(name, Value::integer(1))]);
    let places = vec![MemberPlaces { first: total.clone(), second: total.clone() }];
    case.check(ResponseCheck::Accepted(whole.clone()));
    case.check(ResponseCheck::SameShown { first: whole, second: part, members: places });
    case.build("the number of all items does not depend on the page")
}
