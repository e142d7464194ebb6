//! The cases that one shard sends.
//!
//! It sends nothing itself.

use super::shard_number::ShardNumber;
use super::split::ShardSplit;
use crate::case::Case;
use crate::generate::CompiledContract;
use crate::report::Diagnostic;
use crate::session::job::ScenarioJob;

/// A shard of a run, and how the plan is split.
pub(in crate::session) struct ShardSelection {
    /// The shard.
    pub shard: ShardNumber,
    /// The owners of all cases.
    pub split: ShardSplit,
}

impl ShardSelection {
    /// Splits the whole plan of a job, whatever an endpoint may lack.
    pub fn new(
        job: &ScenarioJob,
        compiled: &CompiledContract<'_>,
        shard: ShardNumber,
    ) -> Result<Self, Vec<Diagnostic>> {
        let split = ShardSplit::new(job.cases(compiled)?, shard.count());
        Ok(Self { shard, split })
    }

    /// Returns true if the result of a case belongs to another shard.
    pub fn is_borrowed(&self, case: &Case) -> bool {
        self.split.is_borrowed(self.shard.index(), case)
    }

    /// Returns true if the result of an operation's control belongs to the shard.
    pub fn owns_operation(&self, operation: &str) -> bool {
        *self.split.shards_of(operation).start() == self.shard.index()
    }

    /// Returns true if the shard has cases of an operation.
    pub fn has_operation(&self, operation: &str) -> bool {
        self.split.has_operation(self.shard.index(), operation)
    }
}

/// Returns the cases that a shard sends: its own, and those whose results decide what its own mean. Without a shard,
/// these are all.
///
/// The cases are those of a plan in its order; operations may be left out, and so may all but the controls.
pub(in crate::session) fn select_cases<'a>(
    selection: Option<&'a ShardSelection>,
    cases: impl Iterator<Item = Case> + Send + 'a,
) -> Box<dyn Iterator<Item = Case> + Send + 'a> {
    let Some(selection) = selection else { return Box::new(cases) };
    let mut owners = selection.split.owners();
    let index = selection.shard.index();
    Box::new(cases.filter(move |case| {
        let owner = owners.owner_of(case);
        owner.shard == index || (owner.is_shared && selection.has_operation(case.operation.as_str()))
    }))
}
