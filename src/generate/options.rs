//! How many cases are generated, and the seed of their random choices.

/// How many cases are generated. Ids are the same at every level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GenerationLevel {
    /// The first case of each member, constraint and side.
    Quick,
    /// Every boundary.
    #[default]
    Full,
    /// Every boundary, and every pair of violated constraints of two classes instead of one pair for each two classes.
    Exhaustive,
}

/// Settings that, together with contract and scenario, determine the cases.
#[derive(Clone, Copy, Debug, Default)]
pub struct GenerationOptions {
    /// Seed for all random choices.
    pub seed: u64,
    /// How many cases are generated.
    pub level: GenerationLevel,
}
