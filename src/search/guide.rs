//! Response-guided fuzzing: sequences that caused a new kind of response are kept in a corpus and mutated.
//!
//! It never sends anything: the caller sends what it proposes, and reports the responses.

use crate::generate::{Action, FuzzGenerator};
use crate::judge::ResponseSignature;
use crate::pattern::{Draw, RecordingDraw, SeededDraw};
use std::collections::HashSet;

/// Maximum number of entries in the corpus. Beyond it, the entry that was chosen most often is removed.
const MAX_CORPUS_SIZE: usize = 4096;
/// Maximum number of actions in a mutated sequence.
const MAX_ACTIONS: usize = 24;
/// Maximum number of failed draws before a proposal is given up.
const MAX_FAILED_DRAWS: usize = 32;

/// A sequence to send next.
#[derive(Clone, Debug, PartialEq)]
pub struct FuzzProposal {
    /// The actions of the sequence.
    pub actions: Vec<Action>,
    /// The choices that it was drawn from, if it was drawn.
    choices: Option<Vec<u64>>,
}

/// A sequence that caused a new kind of response.
#[derive(Clone, Debug)]
struct CorpusEntry {
    proposal: FuzzProposal,
    /// How often it was chosen for mutation.
    chosen: u32,
}

/// Proposes sequences, based on a corpus and the kinds of responses seen so far.
pub struct FuzzGuide<'w, 'a> {
    generator: &'w FuzzGenerator<'a>,
    draw: SeededDraw,
    corpus: Vec<CorpusEntry>,
    seen: HashSet<ResponseSignature>,
    /// Sequences that are proposed unchanged before anything is drawn.
    waiting: std::collections::VecDeque<FuzzProposal>,
}

impl<'w, 'a> FuzzGuide<'w, 'a> {
    /// Starts with an empty corpus; the sequences in `first` are proposed first.
    pub fn new(generator: &'w FuzzGenerator<'a>, seed: u64, first: impl IntoIterator<Item = Vec<Action>>) -> Self {
        let waiting = first.into_iter().map(|acts| FuzzProposal { actions: acts, choices: None }).collect();
        Self { generator, draw: SeededDraw::new(seed, "guide"), corpus: Vec::new(), seen: HashSet::new(), waiting }
    }

    /// Returns the next sequence to send, or `None` if nothing can be drawn from this contract.
    pub fn propose(&mut self) -> Option<FuzzProposal> {
        if let Some(waiting) = self.waiting.pop_front() {
            return Some(waiting);
        }
        (0..MAX_FAILED_DRAWS).find_map(|_| {
            if self.corpus.is_empty() || self.draw.one_in(3) {
                return self.draw_proposal(Vec::new());
            }
            self.mutate_entry()
        })
    }

    /// Records the responses to a proposal. Returns true if one of them is of a new kind, in which case the proposal is
    /// kept in the corpus.
    pub fn record_responses(&mut self, proposal: &FuzzProposal, signatures: &[ResponseSignature]) -> bool {
        let mut is_new = false;
        for signature in signatures {
            is_new |= self.seen.insert(*signature);
        }
        if is_new {
            if self.corpus.len() >= MAX_CORPUS_SIZE
                && let Some(at) = (0..self.corpus.len()).max_by_key(|at| self.corpus[*at].chosen)
            {
                self.corpus.swap_remove(at);
            }
            self.corpus.push(CorpusEntry { proposal: proposal.clone(), chosen: 0 });
        }
        is_new
    }

    /// Returns the number of kinds of responses seen so far.
    pub fn kind_count(&self) -> usize {
        self.seen.len()
    }

    /// Returns the number of sequences in the corpus.
    pub fn corpus_size(&self) -> usize {
        self.corpus.len()
    }

    /// Draws actions from these choices, and from random ones after them.
    fn draw_proposal(&mut self, choices: Vec<u64>) -> Option<FuzzProposal> {
        let mut recording = RecordingDraw::new(ContinuedDraw { first_choices: choices, next: 0, rest: &mut self.draw });
        let acts = self.generator.draw_actions(&mut recording)?;
        Some(FuzzProposal { actions: acts, choices: Some(recording.choices) })
    }

    /// Mutates an entry of the corpus: its choices if it was drawn, or else its actions.
    fn mutate_entry(&mut self) -> Option<FuzzProposal> {
        let entry = {
            // Of three random entries, the one that was mutated least is chosen.
            let candidates = [0; 3].map(|_| self.draw.below(self.corpus.len() as u64) as usize);
            let at = candidates.into_iter().min_by_key(|at| self.corpus[*at].chosen)?;
            self.corpus[at].chosen += 1;
            self.corpus[at].proposal.clone()
        };
        match entry.choices {
            Some(choices) if self.draw.below(4) > 0 => {
                let choices = self.mutate_choices(choices);
                self.draw_proposal(choices)
            }
            _ => self.mutate_actions(entry.actions),
        }
    }

    fn mutate_choices(&mut self, mut choices: Vec<u64>) -> Vec<u64> {
        for _ in 0..self.draw.between(1, 4) {
            let length = choices.len() as u64;
            if length == 0 {
                break;
            }
            let at = self.draw.below(length) as usize;
            match self.draw.below(6) {
                0..=2 => choices[at] = self.draw.below(1 << 12),
                3 => drop(choices.remove(at)),
                4 => {
                    let more = self.draw.below(1 << 12);
                    choices.insert(at, more);
                }
                // The choices after this one are drawn again.
                _ => choices.truncate(at),
            }
        }
        choices
    }

    fn mutate_actions(&mut self, mut acts: Vec<Action>) -> Option<FuzzProposal> {
        for _ in 0..self.draw.between(1, 3) {
            let at = self.draw.below(acts.len().max(1) as u64) as usize;
            match self.draw.below(6) {
                0 if acts.len() > 1 => drop(acts.remove(at)),
                1 | 2 => {
                    let again = acts.get(at)?.clone();
                    acts.insert(at, again);
                }
                3 if acts.len() > 1 => {
                    let other = self.draw.below(acts.len() as u64) as usize;
                    acts.swap(at, other);
                }
                4 => {
                    let other = self.draw.below(self.corpus.len() as u64) as usize;
                    acts.extend(self.corpus[other].proposal.actions.iter().cloned());
                }
                _ => acts.extend(self.generator.draw_actions(&mut self.draw)?),
            }
        }
        acts.truncate(MAX_ACTIONS);
        acts.iter()
            .any(|act| matches!(act, Action::Send { .. }))
            .then_some(FuzzProposal { actions: acts, choices: None })
    }
}

/// Returns given choices, then random ones.
struct ContinuedDraw<'d> {
    first_choices: Vec<u64>,
    next: usize,
    rest: &'d mut SeededDraw,
}

impl Draw for ContinuedDraw<'_> {
    fn below(&mut self, bound: u64) -> u64 {
        match self.first_choices.get(self.next) {
            Some(choice) => {
                self.next += 1;
                choice.checked_rem(bound).unwrap_or(0)
            }
            None => self.rest.below(bound),
        }
    }
}
