//! Finds the smallest part of a sequence that still fails; it knows nothing of what the elements are.
//!
//! Delta debugging after Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002:
//! halves, quarters and so on are removed as long as the rest still fails.

use std::collections::HashSet;

/// Returns the smallest part of `0..length` that still fails, in order, as far as `tries` calls can tell.
///
/// `fails` is called with parts only, never with the whole, which is known to fail. No single element of the result can
/// be removed, unless the tries ran out first.
pub fn smallest_failing_part(length: usize, tries: usize, mut fails: impl FnMut(&[usize]) -> bool) -> Vec<usize> {
    let mut remaining: Vec<usize> = (0..length).collect();
    let mut left = tries;
    // Each part is tried once, because a second run could meet state that its first run left behind.
    let mut passed: HashSet<Vec<usize>> = HashSet::new();
    let mut chunk = length.div_ceil(2).max(1);
    while !remaining.is_empty() && left > 0 {
        let mut start = 0;
        let mut shorter = false;
        while start < remaining.len() && left > 0 {
            let end = (start + chunk).min(remaining.len());
            let part: Vec<usize> = remaining[..start].iter().chain(&remaining[end..]).copied().collect();
            if passed.contains(&part) {
                start = end;
                continue;
            }
            left -= 1;
            if fails(&part) {
                remaining = part;
                shorter = true;
            } else {
                passed.insert(part);
                start = end;
            }
        }
        if chunk == 1 && !shorter {
            break;
        }
        chunk = if shorter { chunk } else { chunk / 2 }.max(1).min(remaining.len().max(1));
    }
    remaining
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn failure_of_two_elements_is_reduced_to_them() {
        let mut asked = 0;
        let found = smallest_failing_part(14, 200, |part| {
            asked += 1;
            part.contains(&3) && part.contains(&11)
        });
        assert_eq!(found, [3, 11]);
        assert!(asked < 60, "{asked}");
    }

    #[test]
    fn result_still_fails_within_the_allowed_tries() {
        for tries in 0..30 {
            let mut asked = 0;
            let fails = |part: &[usize]| part.iter().filter(|index| **index % 3 == 0).count() >= 2;
            let found = smallest_failing_part(20, tries, |part| {
                asked += 1;
                fails(part)
            });
            assert!(asked <= tries && fails(&found), "{tries}: {found:?}");
        }
    }

    proptest! {
        #[test]
        fn result_is_minimal(wanted in proptest::collection::btree_set(0..24_usize, 0..5)) {
            let found = smallest_failing_part(24, 10_000, |part| wanted.iter().all(|one| part.contains(one)));
            prop_assert_eq!(found, wanted.into_iter().collect::<Vec<_>>());
        }
    }
}
