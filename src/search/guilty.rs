//! Which of many, sent one after another, first brings something about: found by halving.
//!
//! It knows nothing of requests: it asks for so many from the front, and is told whether it came about.

/// The index of the first one after which `holds` is true: it is asked for counts from the front. `None` where it holds
/// without any, where it does not hold with all, and where it cannot be asked any more.
pub fn first_guilty(count: usize, mut holds: impl FnMut(usize) -> Option<bool>) -> Option<usize> {
    if holds(0)? || !holds(count)? {
        return None;
    }
    let (mut without, mut with) = (0, count);
    while with - without > 1 {
        let middle = without + (with - without) / 2;
        if holds(middle)? { with = middle } else { without = middle }
    }
    // The last question may have been one without it: what comes next stands on it.
    holds(with)?.then(|| with - 1)
}

#[cfg(test)]
mod tests {
    use super::first_guilty;

    #[test]
    fn the_guilty_one_is_found_in_few_questions() {
        for guilty in [0, 1, 500, 999] {
            let mut asked = 0;
            let found = first_guilty(1000, |count| {
                asked += 1;
                Some(count > guilty)
            });
            assert_eq!(found, Some(guilty));
            assert!(asked <= 13, "{asked}");
        }
        assert_eq!(first_guilty(10, |_| Some(true)), None);
        assert_eq!(first_guilty(10, |_| Some(false)), None);
        assert_eq!(first_guilty(10, |_| None), None);
        assert_eq!(first_guilty(0, |count| Some(count > 0)), None);
    }
}
