//! The simplest form of something that still shows the same.
//!
//! It knows nothing of requests: it is given what is simpler, and asks whether that still shows it.

/// Follows `simpler` from a start as long as something simpler still `shows` it, within so many questions.
pub fn simplest<T>(start: T, tries: usize, simpler: impl Fn(&T) -> Vec<T>, mut shows: impl FnMut(&T) -> bool) -> T {
    let (mut best, mut left) = (start, tries);
    'again: loop {
        for candidate in simpler(&best) {
            if left == 0 {
                return best;
            }
            left -= 1;
            if shows(&candidate) {
                best = candidate;
                continue 'again;
            }
        }
        return best;
    }
}

#[cfg(test)]
mod tests {
    use super::simplest;

    #[test]
    fn it_goes_as_far_as_it_still_shows_and_no_further_than_it_may_ask() {
        let simpler =
            |number: &u32| vec![number / 2, number.saturating_sub(1)].into_iter().filter(|n| n < number).collect();
        assert_eq!(simplest(1000, 100, simpler, |number| *number >= 77), 77);
        let mut asked = 0;
        let found = simplest(1000, 5, simpler, |number| {
            asked += 1;
            *number >= 77
        });
        assert!(asked <= 5 && found >= 77, "{asked} {found}");
    }
}
