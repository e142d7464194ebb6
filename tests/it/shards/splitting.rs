//! How a plan is split: every case belongs to one shard, shards cost about the same, and what explains one another stays
//! together.

use crate::support::command::overstep;
use overstep::case::{Case, StepRequest};
use overstep::contract::Constraint;
use overstep::session::{ShardNumber, ShardSplit};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A case as the split sees it: its operation, constraint, member, steps, and whether it runs alone.
type Planned = (u8, u8, u8, usize, bool);

fn case(number: usize, planned: Planned) -> Case {
    let (operation, kind, member, steps, is_exclusive) = planned;
    let constraint =
        [Constraint::Length, Constraint::Range, Constraint::Pattern, Constraint::Type][usize::from(kind % 4)];
    let id = format!("s/Op{operation}/m{member}/{}/v{number}", constraint.name());
    let id: overstep::case::CaseId = id.parse().expect("an id");
    let step = overstep::case::Step {
        purpose: overstep::case::StepPurpose::Act,
        request: StepRequest::Raw { method: "GET".to_owned(), target: "/".to_owned(), body: None },
        authorization: overstep::case::Authorization::Anonymous,
        captures: Vec::new(),
        turn: 0,
        fixture: None,
    };
    Case {
        operation: format!("Op{operation}").as_str().into(),
        intent: overstep::case::Intent::Valid,
        member: None,
        constraint: Some(constraint),
        steps: vec![step; steps],
        judged: overstep::case::JudgedPart::Step(0),
        expectation: overstep::case::Expectation::Unspecified { reason: String::new() },
        rule: String::new(),
        source: None,
        unsendable_reason: None,
        is_exclusive,
        id,
    }
}

/// Returns a plan: a control for each operation, and then the other cases, operation by operation.
fn plan(mut planned: Vec<Planned>) -> Vec<Case> {
    planned.sort();
    let operations: BTreeSet<u8> = planned.iter().map(|one| one.0).collect();
    let controls = operations.into_iter().map(|operation| Case {
        id: format!("s/Op{operation}/valid/control/plain").parse().expect("an id"),
        constraint: None,
        ..case(0, (operation, 3, 0, 1, false))
    });
    controls.chain(planned.iter().enumerate().map(|(number, one)| case(number, *one))).collect()
}

/// Returns the cost of each shard with the controls that it needs, and checks that every case has an owner.
fn costs(cases: &[Case], count: u32) -> Vec<u64> {
    let split = ShardSplit::new(cases.iter().cloned(), count);
    let mut owners = split.owners();
    let mut costs = vec![0; count as usize];
    for case in cases {
        let owner = owners.owner_of(case);
        assert!(owner.shard < count, "{}", case.id);
        let cost = case.steps.len().max(1) as u64;
        if owner.is_shared {
            split.shards_of(case.operation.as_str()).for_each(|shard| costs[shard as usize] += cost);
        } else {
            assert!(split.has_operation(owner.shard, case.operation.as_str()), "{} lacks its control", case.id);
            costs[owner.shard as usize] += cost;
        }
    }
    costs
}

fn skew(costs: &[u64]) -> f64 {
    let most = costs.iter().copied().max().unwrap_or(0) as f64;
    most * costs.len() as f64 / costs.iter().sum::<u64>() as f64
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_case_has_one_owner_and_limits_stay_together(
        planned in proptest::collection::vec((0_u8..9, 0_u8..4, 0_u8..4, 0_usize..9, proptest::bool::weighted(0.1)), 0..300),
        count in 1_u32..70,
    ) {
        let cases = plan(planned);
        let split = ShardSplit::new(cases.iter().cloned(), count);
        let total: u64 = costs(&cases, count).iter().sum();
        let fair = total / u64::from(count);
        let mut owners = split.owners();
        let mut units: HashMap<String, (BTreeSet<u32>, u64)> = HashMap::new();
        for case in &cases {
            let owner = owners.owner_of(case);
            if matches!(case.constraint, Some(Constraint::Length | Constraint::Range)) && !case.is_exclusive {
                let unit = units.entry(case.id.without_variant().to_owned()).or_default();
                unit.0.insert(owner.shard);
                unit.1 += case.steps.len().max(1) as u64;
            }
        }
        for (unit, (shards, cost)) in units {
            prop_assert!(shards.len() == 1 || cost > fair / 2, "{unit} is in {shards:?}");
        }
    }

    #[test]
    fn cases_of_operations_that_are_left_out_do_not_move_others(
        planned in proptest::collection::vec((0_u8..9, 0_u8..4, 0_u8..4, 0_usize..9, any::<bool>()), 0..300),
        count in 1_u32..70,
        left_out in 0_u8..9,
    ) {
        let cases = plan(planned);
        let split = ShardSplit::new(cases.iter().cloned(), count);
        let owned = |cases: &mut dyn Iterator<Item = &Case>| -> BTreeMap<String, u32> {
            let mut owners = split.owners();
            cases.map(|case| (case.id.to_string(), owners.owner_of(case).shard)).collect()
        };
        let all = owned(&mut cases.iter());
        let name = format!("Op{left_out}");
        let some = owned(&mut cases.iter().filter(|case| case.operation.as_str() != name));
        for (id, shard) in some {
            prop_assert_eq!(all[&id], shard, "{}", id);
        }
    }
}

#[test]
fn shards_of_a_service_of_five_thousand_cases_cost_about_the_same() {
    // Operations of very different sizes, and cases of one to eight requests.
    let planned = (0..5000_usize).map(|number| {
        let operation = u8::try_from((number * number / 7) % 40).expect("small");
        let steps = [1, 1, 1, 1, 2, 1, 1, 5, 1, 8][(number * 7919) % 10];
        let (kind, member) = ((number % 5) as u8, (number % 23) as u8);
        (operation, kind, member, steps, number.is_multiple_of(31))
    });
    let cases = plan(planned.collect());
    for count in 1..=64 {
        let costs = costs(&cases, count);
        assert!(skew(&costs) <= 1.25, "{count} shards: skew {:.2}, {costs:?}", skew(&costs));
    }
}

#[test]
fn the_split_is_the_same_every_time() {
    let cases = plan(
        (0..500)
            .map(|number| ((number % 7) as u8, (number % 4) as u8, (number % 5) as u8, 1 + number % 3, false))
            .collect(),
    );
    let split = |_| {
        let split = ShardSplit::new(cases.iter().cloned(), 7);
        let mut owners = split.owners();
        let owned: Vec<u32> = cases.iter().map(|case| owners.owner_of(case).shard).collect();
        (split.digest().to_owned(), owned)
    };
    let all: BTreeSet<_> = (0..3).map(split).collect();
    assert_eq!(all.len(), 1);
    assert_ne!(ShardSplit::new(cases.iter().skip(1).cloned(), 7).digest(), all.first().expect("one").0);
}

#[test]
fn wrong_shards_are_usage_errors() {
    let directory = crate::replay::project();
    for (arguments, variables, expected) in [
        (&["--shard", "9/8"][..], &[][..], "invalid value `9/8` of `--shard`"),
        (&["--shard", "three"], &[], "expected a shard and the number of shards"),
        (&["--shard", "auto"], &[], "no engine tells the shard"),
        (&[], &[("OVERSTEP_SHARD", "0/2")], "invalid value `0/2` of `OVERSTEP_SHARD`"),
        (&["--shard", "1/2", "--update", "new"], &[], "a shard writes no snapshots"),
        (&["--report", "blob=a", "--report", "blob=b"], &[], "only one blob can be written"),
        (&["--report", "blob=-"], &[], "a blob is a folder"),
        (&["--report", "blob=a", "--against", "embedded"], &[], "`--against` writes no blob"),
        (&["--shard", "1/2", "--last-failed"], &[], "cannot be used together with"),
    ] {
        let mut all = vec!["check", "notes", "--no-progress"];
        all.extend(arguments);
        let output = overstep(directory.path(), &all).envs(variables.iter().copied()).output().expect("start overstep");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?} {variables:?}: {stderr}");
        assert!(stderr.contains(expected), "{arguments:?} {variables:?}: {stderr}");
    }
    let shard: ShardNumber = "2/2".parse().expect("a shard");
    assert_eq!(shard.describe(), "shard 2 of 2");
    let output = overstep(directory.path(), &["check", "notes", "--no-progress"]).env("OVERSTEP_SHARD", "2/2").output();
    let stderr = String::from_utf8(output.expect("start overstep").stderr).expect("text");
    assert!(stderr.starts_with("shard 2 of 2\n"), "{stderr}");
}
