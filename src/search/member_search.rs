//! Finds the optional members that a plain request needs besides the required ones, guided by rejection messages.
//!
//! It knows nothing of values: it proposes sets of members, and the caller reports the responses.

use std::collections::{BTreeSet, HashSet, VecDeque};

/// A member that may be added, with the words by which a rejection message may refer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CandidateMember {
    /// The member's name.
    pub name: String,
    /// Its name and the names of its nested members.
    pub words: Vec<String>,
    /// Whether it is added only if a rejection names it: a member inside a structure.
    pub only_if_named: bool,
}

/// Maximum number of members that one message adds.
const MAX_NAMED: usize = 6;

/// Proposes sets of members, the most promising first.
#[derive(Debug)]
pub struct MemberSearch {
    candidates: Vec<CandidateMember>,
    queue: VecDeque<BTreeSet<usize>>,
    proposed_sets: HashSet<BTreeSet<usize>>,
    /// Number of proposals left.
    proposals_left: usize,
    last_proposal: Option<BTreeSet<usize>>,
}

impl MemberSearch {
    /// Starts a search for a plain request that was rejected with this message.
    pub fn new(candidates: Vec<CandidateMember>, refusal: &str, max_proposals: usize) -> Self {
        let mut search = Self {
            candidates,
            queue: VecDeque::new(),
            proposed_sets: HashSet::new(),
            proposals_left: max_proposals,
            last_proposal: Some(BTreeSet::new()),
        };
        search.proposed_sets.insert(BTreeSet::new());
        search.record_rejection(refusal);
        // In case the messages name no members: each alone, then all together.
        let tops = || (0..search.candidates.len()).filter(|index| !search.candidates[*index].only_if_named);
        let guesses: Vec<BTreeSet<usize>> =
            tops().map(|index| BTreeSet::from([index])).chain([tops().collect()]).collect();
        search.queue.extend(guesses);
        search
    }

    /// Returns the next set of members to add.
    pub fn propose(&mut self) -> Option<Vec<&str>> {
        self.proposals_left = self.proposals_left.checked_sub(1)?;
        let next = loop {
            let next = self.queue.pop_front()?;
            if self.proposed_sets.insert(next.clone()) {
                break next;
            }
        };
        let names = next.iter().map(|index| self.candidates[*index].name.as_str()).collect();
        self.last_proposal = Some(next);
        Some(names)
    }

    /// Records that the last proposal was rejected with this message. The members that it names are proposed next.
    pub fn record_rejection(&mut self, message: &str) {
        let Some(proposed) = self.last_proposal.take() else { return };
        let mut named: Vec<(usize, usize)> = self
            .candidates
            .iter()
            .enumerate()
            .filter(|(index, _)| !proposed.contains(index))
            .filter_map(|(index, one)| {
                one.words.iter().filter_map(|word| find_whole_word(message, word)).min().map(|at| (at, index))
            })
            .collect();
        named.sort_unstable();
        named.truncate(MAX_NAMED);
        // First all named members at once, then each of them alone, ahead of the guesses.
        for (_, index) in named.iter().rev() {
            let mut more = proposed.clone();
            more.insert(*index);
            self.queue.push_front(more);
        }
        if named.len() > 1 {
            let mut all = proposed;
            all.extend(named.iter().map(|(_, index)| *index));
            self.queue.push_front(all);
        }
    }
}

/// Returns where a message has the whole name of a member, ignoring the case of the first letter, or the words of the name
/// one by one: "VPC ID" for `VpcId`.
fn find_whole_word(message: &str, word: &str) -> Option<usize> {
    if word.len() < 3 {
        return None;
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let lower = message.to_ascii_lowercase();
    let phrase = phrase_of(word);
    let find = |wanted: &str, fits: &dyn Fn(usize, usize) -> bool| {
        let mut from = 0;
        while let Some(at) = lower[from..].find(wanted).map(|at| from + at) {
            let end = at + wanted.len();
            let before = message[..at].chars().next_back();
            let after = message[end..].chars().next();
            if fits(at, end) && !before.is_some_and(is_part) && !after.is_some_and(is_part) {
                return Some(at);
            }
            from = at + message[at..].chars().next().map_or(1, char::len_utf8);
        }
        None
    };
    let exact = |at: usize, end: usize| message.get(at + 1..end) == word.get(1..);
    find(&word.to_ascii_lowercase(), &exact)
        .or_else(|| phrase.contains(' ').then(|| find(&phrase, &|_, _| true)).flatten())
}

/// Returns the words of a name in camel case, in lowercase: `vpc id` for `VpcId`.
fn phrase_of(name: &str) -> String {
    let mut phrase = String::new();
    let mut is_after_lower = false;
    for char in name.chars() {
        if char.is_ascii_uppercase() && is_after_lower {
            phrase.push(' ');
        }
        is_after_lower = char.is_ascii_lowercase() || char.is_ascii_digit();
        phrase.push(char.to_ascii_lowercase());
    }
    phrase
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(name: &str, inner: &[&str]) -> CandidateMember {
        let words = std::iter::once(name).chain(inner.iter().copied()).map(str::to_owned).collect();
        CandidateMember { name: name.to_owned(), words, only_if_named: false }
    }

    #[test]
    fn rejection_messages_lead_to_missing_members() {
        let members = vec![
            candidate("Tags", &["Key"]),
            candidate("KeySchema", &[]),
            candidate("Billing", &[]),
            candidate("Throughput", &["ReadUnits", "WriteUnits"]),
            candidate("Attributes", &[]),
        ];
        let mut grant =
            MemberSearch::new(members, "Value null at 'attributes' and at 'keySchema' must not be null", 20);
        assert_eq!(grant.propose(), Some(vec!["KeySchema", "Attributes"]));
        grant.record_rejection("ReadUnits and WriteUnits are needed when Billing is PROVISIONED");
        assert_eq!(grant.propose(), Some(vec!["KeySchema", "Billing", "Throughput", "Attributes"]));
        grant.record_rejection("no");
        assert_eq!(grant.propose(), Some(vec!["KeySchema", "Throughput", "Attributes"]));
    }

    #[test]
    fn uninformative_rejections_try_each_member_within_the_limit() {
        let members: Vec<CandidateMember> = ["Aaa", "Bbb", "Ccc"].iter().map(|name| candidate(name, &[])).collect();
        let mut grant = MemberSearch::new(members, "", 3);
        let mut tried = Vec::new();
        while let Some(names) = grant.propose() {
            tried.push(names.join("+"));
            grant.record_rejection("");
        }
        assert_eq!(tried, ["Aaa", "Bbb", "Ccc"]);
    }

    #[test]
    fn only_whole_names_are_found() {
        assert_eq!(find_whole_word("the KeySchemaElement", "KeySchema"), None);
        assert_eq!(find_whole_word("at 'keySchema'", "KeySchema"), Some(4));
        assert_eq!(find_whole_word("A VPC ID must be specified", "VpcId"), Some(2));
        assert_eq!(find_whole_word("é Name is missing", "Name"), Some(3));
    }
}
