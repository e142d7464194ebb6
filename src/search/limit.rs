//! Finds the limit that an endpoint actually enforces.
//!
//! It knows nothing of requests: it proposes sizes, and the caller reports whether each was accepted.

/// The limit found on one side of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundLimit {
    /// Every proposed size up to the limit was accepted, and the next size was rejected.
    Between {
        /// The outermost accepted size.
        accepted: i128,
        /// The next size, which was rejected.
        rejected: i128,
    },
    /// Every proposed size was accepted; this is the outermost.
    AtLeast(i128),
}

/// Finds the enforced limit: exponential search from an accepted size towards `end`, then binary search. Calls
/// `accepts` at most `max_calls` times; `None` from it ends the search without a result.
///
/// The accepted sizes are assumed to be contiguous; a rejected size among accepted ones is not found.
pub fn find_limit(
    taken: i128,
    end: i128,
    max_calls: usize,
    mut accepts: impl FnMut(i128) -> Option<bool>,
) -> Option<FoundLimit> {
    let direction = if end >= taken { 1 } else { -1 };
    let (mut taken, mut refused, mut step, mut left) = (taken, None, 1_i128, max_calls);
    while refused.is_none() && taken != end {
        left = left.checked_sub(1)?;
        let next = match direction {
            1 => taken.saturating_add(step).min(end),
            _ => taken.saturating_sub(step).max(end),
        };
        if accepts(next)? {
            taken = next;
            step = step.saturating_mul(2);
        } else {
            refused = Some(next);
        }
    }
    let Some(mut refused) = refused else { return Some(FoundLimit::AtLeast(taken)) };
    while (refused - taken).abs() > 1 {
        left = left.checked_sub(1)?;
        let middle = taken + (refused - taken) / 2;
        if accepts(middle)? { taken = middle } else { refused = middle }
    }
    Some(FoundLimit::Between { accepted: taken, rejected: refused })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search_limit(taken: i128, end: i128, most: i128) -> (Option<FoundLimit>, usize) {
        let mut asked = 0;
        let learnt = find_limit(taken, end, 64, |size| {
            asked += 1;
            Some(if end >= taken { size <= most } else { size >= most })
        });
        (learnt, asked)
    }

    #[test]
    fn limits_are_found_from_either_side_in_few_calls() {
        assert_eq!(search_limit(257, 1 << 20, 1000).0, Some(FoundLimit::Between { accepted: 1000, rejected: 1001 }));
        assert_eq!(search_limit(1, 256, 255).0, Some(FoundLimit::Between { accepted: 255, rejected: 256 }));
        assert_eq!(search_limit(20, 0, 7).0, Some(FoundLimit::Between { accepted: 7, rejected: 6 }));
        assert_eq!(search_limit(257, 1 << 20, 1 << 21).0, Some(FoundLimit::AtLeast(1 << 20)));
        assert_eq!(search_limit(5, 5, 5), (Some(FoundLimit::AtLeast(5)), 0));
        assert!(search_limit(0, 1 << 20, 999_999).1 <= 41);
    }

    #[test]
    fn no_limit_is_found_without_responses_or_calls_left() {
        assert_eq!(find_limit(0, 100, 64, |_| None), None);
        assert_eq!(find_limit(0, 1 << 40, 3, |_| Some(true)), None);
    }
}
