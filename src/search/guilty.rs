//! Which of many, sent one after another, first brings something about: found by halving.
//!
//! It knows nothing of requests: it asks for so many from the front, and is told whether it came about.

/// What is known of who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guilt {
    /// The one with this index.
    One(usize),
    /// One of so many: it could not be asked any more.
    Among(usize),
    /// None of them: it holds without any, or does not hold with all.
    Nobody,
}

/// The first one after which `holds` is true: it is asked for counts from the front, and answers nothing where it cannot
/// be asked any more.
pub fn first_guilty(count: usize, mut holds: impl FnMut(usize) -> Option<bool>) -> Guilt {
    let (mut without, mut with) = (0, count);
    for (asked, due) in [(0, false), (count, true)] {
        match holds(asked) {
            Some(held) if held == due => {}
            Some(_) => return Guilt::Nobody,
            None => return Guilt::Among(count),
        }
    }
    while with - without > 1 {
        let middle = without + (with - without) / 2;
        match holds(middle) {
            Some(true) => with = middle,
            Some(false) => without = middle,
            None => return Guilt::Among(with - without),
        }
    }
    // The last question may have been one without it: what comes next stands on it.
    match holds(with) {
        Some(false) => Guilt::Nobody,
        Some(true) | None => Guilt::One(with - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::{Guilt, first_guilty};

    #[test]
    fn the_guilty_one_is_found_in_few_questions() {
        for guilty in [0, 1, 500, 999] {
            let mut asked = 0;
            let found = first_guilty(1000, |count| {
                asked += 1;
                Some(count > guilty)
            });
            assert_eq!(found, Guilt::One(guilty));
            assert!(asked <= 13, "{asked}");
        }
        assert_eq!(first_guilty(10, |_| Some(true)), Guilt::Nobody);
        assert_eq!(first_guilty(10, |_| Some(false)), Guilt::Nobody);
        assert_eq!(first_guilty(0, |count| Some(count > 0)), Guilt::Nobody);
    }

    #[test]
    fn who_is_stopped_knows_how_many_are_left() {
        for (questions, left) in [(0, 1000), (1, 1000), (2, 1000), (3, 500), (4, 250), (11, 2)] {
            let mut asked = 0;
            let found = first_guilty(1000, |count| {
                asked += 1;
                (asked <= questions).then_some(count > 300)
            });
            assert_eq!(found, Guilt::Among(left), "{questions}");
        }
    }
}
