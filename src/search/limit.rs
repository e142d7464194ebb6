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
    accepted: i128,
    end: i128,
    max_calls: usize,
    mut accepts: impl FnMut(i128) -> Option<bool>,
) -> Option<FoundLimit> {
    let direction = if end >= accepted { 1 } else { -1 };
    let (mut accepted, mut rejected, mut step, mut calls_left) = (accepted, None, 1_i128, max_calls);
    while rejected.is_none() && accepted != end {
        calls_left = calls_left.checked_sub(1)?;
        let next = match direction {
            1 => accepted.saturating_add(step).min(end),
            _ => accepted.saturating_sub(step).max(end),
        };
        if accepts(next)? {
            accepted = next;
            step = step.saturating_mul(2);
        } else {
            rejected = Some(next);
        }
    }
    let Some(mut rejected) = rejected else { return Some(FoundLimit::AtLeast(accepted)) };
    while (rejected - accepted).abs() > 1 {
        calls_left = calls_left.checked_sub(1)?;
        let middle = accepted + (rejected - accepted) / 2;
        if accepts(middle)? { accepted = middle } else { rejected = middle }
    }
    Some(FoundLimit::Between { accepted, rejected })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search_limit(accepted: i128, end: i128, most: i128) -> (Option<FoundLimit>, usize) {
        let mut asked = 0;
        let learnt = find_limit(accepted, end, 64, |size| {
            asked += 1;
            Some(if end >= accepted { size <= most } else { size >= most })
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
