//! Sources of random choices: a seed, recorded choices, a fuzzer's bytes or proptest.
//!
//! Every generator draws through [`Draw`], so that the same generator serves planning, shrinking
//! (fewer and smaller recorded choices make smaller values) and fuzzing. Nothing here reads a global source of
//! randomness.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use sha2::{Digest as _, Sha256};

/// A source of random choices.
pub trait Draw {
    /// Returns a number in `0..bound`, or 0 if `bound` is 0.
    fn below(&mut self, bound: u64) -> u64;

    /// Returns a number in `low..=high`, or `low` if the range is empty.
    fn between(&mut self, low: u64, high: u64) -> u64 {
        if high <= low { low } else { low + self.below((high - low).saturating_add(1)) }
    }

    /// Returns true with a probability of one in `times`.
    fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// Returns one item of the slice, or `None` if it is empty.
pub fn pick_item<'a, T>(draw: &mut dyn Draw, items: &'a [T]) -> Option<&'a T> {
    items.get(draw.below(items.len() as u64) as usize)
}

/// Draws from a seed: the same seed and purpose give the same choices.
#[derive(Clone, Debug)]
pub struct SeededDraw(ChaCha8Rng);

impl SeededDraw {
    /// Creates the stream of one purpose. Each purpose has its own stream, so that choices made for one thing never
    /// shift those of another.
    pub fn new(seed: u64, purpose: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"overstep-draw/1\n");
        hash.update(seed.to_le_bytes());
        hash.update(purpose.as_bytes());
        Self(ChaCha8Rng::from_seed(hash.finalize().into()))
    }
}

impl Draw for SeededDraw {
    fn below(&mut self, bound: u64) -> u64 {
        match bound {
            0 | 1 => 0,
            // The bias of the remainder is below 2^-32 for all bounds used here, and the same on every platform.
            _ => self.0.next_u64() % bound,
        }
    }
}

/// Replays recorded choices, then returns 0, the simplest choice, forever.
#[derive(Clone, Debug, Default)]
pub struct RecordedDraw {
    choices: Vec<u64>,
    next: usize,
}

impl RecordedDraw {
    /// Replays these choices in this order.
    pub fn new(choices: Vec<u64>) -> Self {
        Self { choices, next: 0 }
    }
}

impl Draw for RecordedDraw {
    fn below(&mut self, bound: u64) -> u64 {
        let choice = self.choices.get(self.next).copied().unwrap_or(0);
        self.next += 1;
        if bound == 0 { 0 } else { choice.min(bound - 1) }
    }
}

/// Records the choices of another source while passing them on.
#[derive(Debug)]
pub struct RecordingDraw<D> {
    source: D,
    /// The choices so far.
    pub choices: Vec<u64>,
}

impl<D: Draw> RecordingDraw<D> {
    /// Records what `source` chooses.
    pub fn new(source: D) -> Self {
        Self { source, choices: Vec::new() }
    }
}

impl<D: Draw> Draw for RecordingDraw<D> {
    fn below(&mut self, bound: u64) -> u64 {
        let choice = self.source.below(bound);
        self.choices.push(choice);
        choice
    }
}

impl Draw for arbitrary::Unstructured<'_> {
    fn below(&mut self, bound: u64) -> u64 {
        if bound <= 1 { 0 } else { self.int_in_range(0..=bound - 1).unwrap_or(0) }
    }
}

/// Returns a proptest strategy over recorded choices. Proptest shrinks to fewer and smaller choices.
#[cfg(any(test, feature = "proptest"))]
pub fn any_recorded_draw() -> impl proptest::strategy::Strategy<Value = RecordedDraw> {
    use proptest::strategy::Strategy as _;
    proptest::collection::vec(proptest::num::u64::ANY.prop_map(|number| number % 4096), 0..200)
        .prop_map(RecordedDraw::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_and_purpose_give_same_choices() {
        let run = |seed, purpose| {
            let mut draw = SeededDraw::new(seed, purpose);
            (0..8).map(|_| draw.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(run(1, "a"), run(1, "a"));
        assert_ne!(run(1, "a"), run(1, "b"));
        assert_ne!(run(1, "a"), run(2, "a"));
    }

    #[test]
    fn recorded_choices_are_replayed_and_then_zero() {
        let mut recording = RecordingDraw::new(SeededDraw::new(7, "x"));
        let first: Vec<u64> = (0..5).map(|_| recording.between(3, 9)).collect();
        let mut again = RecordedDraw::new(recording.choices);
        assert_eq!(first, (0..5).map(|_| again.between(3, 9)).collect::<Vec<_>>());
        assert_eq!(again.between(3, 9), 3);
    }

    #[test]
    fn exhausted_fuzzer_bytes_still_give_choices() {
        let mut bytes = arbitrary::Unstructured::new(&[1, 2, 3]);
        for _ in 0..1000 {
            assert!(bytes.below(10) < 10);
        }
    }
}
