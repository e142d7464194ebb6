//! Implements `overstep check --against`: the responses of a second endpoint replace the accepted snapshots.
//!
//! It never keeps those responses after the comparison.

use super::flags::{CheckFlags, ChooseFlags};
use super::{Stopped, jobs::jobs, say};
use overstep::exit::Exit;
use overstep::pipeline::{self, Answers, Beside, Job, Keeping, Sending, Update};
use overstep::report::{Done, Head, Output, Summary};
use overstep::run::Stop;
use overstep::store::{self, Found, ScratchFolder};
use std::io;

/// The second endpoint of a differential run.
pub struct Against {
    jobs: Vec<Job>,
    /// The values in its responses.
    pub answers: Answers,
    folder: ScratchFolder,
}

impl Against {
    /// Prepares the cases that the flags select for the second endpoint `other`.
    pub fn new(flags: &CheckFlags, other: &str) -> Result<Self, Stopped> {
        let choose = ChooseFlags { endpoint: Some(other.to_owned()), ..flags.choose.clone() };
        let (jobs, _, _) = jobs(&choose, flags.send.allow_remote, true)?;
        Ok(Self { jobs, answers: Answers::default(), folder: store::scratch_folder()? })
    }

    /// Returns the snapshot options that store its responses in a temporary folder.
    pub fn keeping(&self, found: &Found, update: Update) -> Keeping {
        let folder = self.folder.path();
        Keeping { profile: Some("against".to_owned()), ..super::snapshot::keeping(Some(folder), found, folder, update) }
    }

    /// Sends all cases and records the responses. Returns a code other than [`Exit::Kept`] if any response is missing.
    pub async fn answers(
        &self,
        flags: &CheckFlags,
        sendings: &[Sending],
        scenarios: &[(Found, overstep::scenario::Scenario)],
        run_id: &str,
        stop: &Stop,
    ) -> Result<Exit, Stopped> {
        for ((job, sending), (found, _)) in self.jobs.iter().zip(sendings).zip(scenarios) {
            say::line(&format!("sending to {} first: its responses count as accepted", job.profile));
            super::upkeep::announce(job);
            let mut sending = Sending {
                keeping: Some(self.keeping(found, Update::All)),
                beside: Some(Beside::Hold(self.answers.clone())),
                max_failures: None,
                ..sending.clone()
            };
            if flags.send.workers.is_none() && !job.upkeep.not_implemented.is_empty() {
                sending.settings.workers = 1;
            }
            let summary = pipeline::check(job, &sending, run_id, stop, &mut Quiet).await?;
            if let Some(why) = summary.and_then(|summary| summary.incomplete) {
                say::line(&format!("cannot compare with {}: {why}", job.profile));
                return Ok(Exit::Incomplete);
            }
        }
        match self.answers.lost() {
            0 => {}
            lost => say::line(&format!("{lost} responses exceed the memory limit; their values are not compared")),
        }
        Ok(Exit::Kept)
    }
}

/// Discards all events: the second endpoint has no report of its own.
struct Quiet;

impl Output for Quiet {
    fn begin(&mut self, _head: &Head) -> io::Result<()> {
        Ok(())
    }

    fn case(&mut self, _done: &Done) -> io::Result<()> {
        Ok(())
    }

    fn end(&mut self, _summary: &Summary) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}
