//! The smallest part of something that still fails.
//!
//! Delta debugging after Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002:
//! halves, quarters … are left out as long as what is left still fails.

use std::collections::HashSet;

/// The smallest part of `0..length` that still fails, as far as `tries` runs can tell; in order.
///
/// `fails` is asked for parts only, never for the whole, which is known to fail. The result is minimal in that
/// no single element can be left out, unless the tries ran out first.
pub fn smallest(length: usize, tries: usize, mut fails: impl FnMut(&[usize]) -> bool) -> Vec<usize> {
    let mut kept: Vec<usize> = (0..length).collect();
    let mut left = tries;
    // Sent again, a part may meet what it left behind itself: each is asked about once.
    let mut passed: HashSet<Vec<usize>> = HashSet::new();
    let mut chunk = length.div_ceil(2).max(1);
    while !kept.is_empty() && left > 0 {
        let mut start = 0;
        let mut shorter = false;
        while start < kept.len() && left > 0 {
            let end = (start + chunk).min(kept.len());
            let part: Vec<usize> = kept[..start].iter().chain(&kept[end..]).copied().collect();
            if passed.contains(&part) {
                start = end;
                continue;
            }
            left -= 1;
            if fails(&part) {
                kept = part;
                shorter = true;
            } else {
                passed.insert(part);
                start = end;
            }
        }
        if chunk == 1 && !shorter {
            break;
        }
        chunk = if shorter { chunk } else { chunk / 2 }.max(1).min(kept.len().max(1));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_fails_for_two_elements_is_cut_down_to_them() {
        let mut asked = 0;
        let found = smallest(14, 200, |part| {
            asked += 1;
            part.contains(&3) && part.contains(&11)
        });
        assert_eq!(found, [3, 11]);
        assert!(asked < 60, "{asked}");
    }

    #[test]
    fn the_tries_are_never_passed_and_what_is_left_still_fails() {
        for tries in 0..30 {
            let mut asked = 0;
            let fails = |part: &[usize]| part.iter().filter(|index| **index % 3 == 0).count() >= 2;
            let found = smallest(20, tries, |part| {
                asked += 1;
                fails(part)
            });
            assert!(asked <= tries && fails(&found), "{tries}: {found:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_can_be_left_out(wanted in proptest::collection::btree_set(0..24_usize, 0..5)) {
            let found = smallest(24, 10_000, |part| wanted.iter().all(|one| part.contains(one)));
            prop_assert_eq!(found, wanted.into_iter().collect::<Vec<_>>());
        }
    }
}
