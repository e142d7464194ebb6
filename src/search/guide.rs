//! Response-guided fuzzing: what brought a kind of answer that was not seen before is kept, and changed again.
//!
//! It draws and remembers; whoever searches sends what it proposes, and tells it what came back.

use crate::generate::draw::{Draw, Recording, Seeded};
use crate::generate::{Act, Wild};
use crate::judge::Signature;
use std::collections::HashSet;

/// So many acts are kept at the most; then what was chosen most often gives way.
const MOST_KEPT: usize = 4096;
/// So many acts a changed sequence has at the most.
const MOST_ACTS: usize = 24;
/// So many draws that lead to nothing are made before a proposal is given up.
const TRIES: usize = 32;

/// What is sent next.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// What is done.
    pub acts: Vec<Act>,
    /// The choices that led to it, where it was drawn.
    choices: Option<Vec<u64>>,
}

/// Something that brought a new kind of answer.
#[derive(Clone, Debug)]
struct Entry {
    proposal: Proposal,
    /// How often it was changed again.
    chosen: u32,
}

/// A corpus, and the kinds of answers that were seen.
pub struct Guide<'w, 'a> {
    wild: &'w Wild<'a>,
    draw: Seeded,
    corpus: Vec<Entry>,
    seen: HashSet<Signature>,
    /// Sent as they are, before anything is drawn.
    waiting: std::collections::VecDeque<Proposal>,
}

impl<'w, 'a> Guide<'w, 'a> {
    /// Nothing seen yet; these acts are sent first.
    pub fn new(wild: &'w Wild<'a>, seed: u64, first: impl IntoIterator<Item = Vec<Act>>) -> Self {
        let waiting = first.into_iter().map(|acts| Proposal { acts, choices: None }).collect();
        Self { wild, draw: Seeded::new(seed, "guide"), corpus: Vec::new(), seen: HashSet::new(), waiting }
    }

    /// What is sent next; `None` where nothing can be drawn from this contract.
    pub fn propose(&mut self) -> Option<Proposal> {
        if let Some(waiting) = self.waiting.pop_front() {
            return Some(waiting);
        }
        (0..TRIES).find_map(|_| {
            if self.corpus.is_empty() || self.draw.one_in(3) {
                return self.drawn(Vec::new());
            }
            self.changed()
        })
    }

    /// What came back to a proposal; true where it was of a kind that was not seen before, and is kept.
    pub fn learn(&mut self, proposal: &Proposal, signatures: &[Signature]) -> bool {
        let mut is_new = false;
        for signature in signatures {
            is_new |= self.seen.insert(*signature);
        }
        if is_new {
            if self.corpus.len() >= MOST_KEPT
                && let Some(at) = (0..self.corpus.len()).max_by_key(|at| self.corpus[*at].chosen)
            {
                self.corpus.swap_remove(at);
            }
            self.corpus.push(Entry { proposal: proposal.clone(), chosen: 0 });
        }
        is_new
    }

    /// How many kinds of answers were seen.
    pub fn kinds(&self) -> usize {
        self.seen.len()
    }

    /// How many acts are kept.
    pub fn kept(&self) -> usize {
        self.corpus.len()
    }

    /// Acts from these choices, and free ones after them.
    fn drawn(&mut self, choices: Vec<u64>) -> Option<Proposal> {
        let mut recording = Recording::new(Continued { given: choices, next: 0, rest: &mut self.draw });
        let acts = self.wild.draw(&mut recording)?;
        Some(Proposal { acts, choices: Some(recording.choices) })
    }

    /// Something that is kept, changed: its choices where it was drawn, its acts otherwise.
    fn changed(&mut self) -> Option<Proposal> {
        let entry = {
            // Of three, the one that was changed least.
            let candidates = [0; 3].map(|_| self.draw.below(self.corpus.len() as u64) as usize);
            let at = candidates.into_iter().min_by_key(|at| self.corpus[*at].chosen)?;
            self.corpus[at].chosen += 1;
            self.corpus[at].proposal.clone()
        };
        match entry.choices {
            Some(choices) if self.draw.below(4) > 0 => {
                let choices = self.other_choices(choices);
                self.drawn(choices)
            }
            _ => self.other_acts(entry.acts),
        }
    }

    fn other_choices(&mut self, mut choices: Vec<u64>) -> Vec<u64> {
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
                // What follows is chosen anew.
                _ => choices.truncate(at),
            }
        }
        choices
    }

    fn other_acts(&mut self, mut acts: Vec<Act>) -> Option<Proposal> {
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
                    acts.extend(self.corpus[other].proposal.acts.iter().cloned());
                }
                _ => acts.extend(self.wild.draw(&mut self.draw)?),
            }
        }
        acts.truncate(MOST_ACTS);
        acts.iter().any(|act| matches!(act, Act::Send { .. })).then_some(Proposal { acts, choices: None })
    }
}

/// Given choices, then free ones.
struct Continued<'d> {
    given: Vec<u64>,
    next: usize,
    rest: &'d mut Seeded,
}

impl Draw for Continued<'_> {
    fn below(&mut self, bound: u64) -> u64 {
        match self.given.get(self.next) {
            Some(choice) => {
                self.next += 1;
                choice.checked_rem(bound).unwrap_or(0)
            }
            None => self.rest.below(bound),
        }
    }
}
