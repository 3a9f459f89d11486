//! Laws that hold for every history: replay, totality, conservation, order, idempotency, audit.

use std::collections::HashMap;
use std::sync::Arc;

use credentials::account::record_outcome::RecordOutcomeError;
use credentials::account::{Account, LotState};
use credentials::policy::Adopted;
use credentials::rulebook::Rulebook;
use identity::approval::Approval;
use identity::ask::AskError;
use identity::did::IssuerNumber;
use identity::institution::Institution;
use identity::institution::registry::Registry;
use identity::officer::Officer;
use identity::person::Person;
use ledger::commit::Commit;
use ledger::decision::{Aggregate, Occurred, Rules as _, Verdict};
use ledger::fact::Stream;
use ledger::hash::Digest;
use ledger::sequencer::Answer;
use ledger::store::Store as _;
use proptest::prelude::*;
use serde_json::{Value, json};
use tests::support::asking::{NOON_MS, Signer, person};
use tests::support::auditor::Auditor;
use tests::support::given::Given;
use tests::support::history::{Act, Cast, Step, history};
use tests::support::log_world::{LogWorld, target};
use tests::support::said;

/// A province in which a history was played.
fn played(steps: &[Step]) -> LogWorld {
    let world = LogWorld::province();
    let cast = Cast {
        schools: [1, 2],
        first_person: 500,
    };
    // Positions 4 and 8 admitted the schools: the books only choose what steps name.
    let mut auditor = Auditor::new(cast, world.size(), world.now_ms(), [4, 8]);
    for step in steps {
        if let Act::Wait(hours) = step.act {
            world.wait_ms(i64::from(hours) * 3_600_000);
        }
        let Some(asking) = cast.asking(step, auditor.target(step)) else {
            continue;
        };
        if let Ok(Answer::Committed(committed)) = world.submit(&asking) {
            auditor.next = committed.commit.position;
            auditor.written(step, target(&committed));
        }
    }
    world
}

fn leaves(world: &LogWorld) -> Vec<Vec<u8>> {
    let records = world.store.read(0, usize::MAX).unwrap();
    records.into_iter().map(|record| record.leaf).collect()
}

/// A folded log: what a monitor has that reads every commit from the first.
fn folded(world: &LogWorld) -> Given {
    let mut given = Given::nothing();
    for leaf in leaves(world) {
        given.fold(&leaf);
    }
    given
}

/// A state as text; a registry's map has no order, so it answers about every code instead.
fn text(stream: &Stream, live: impl Fn(&Stream) -> Option<String>) -> String {
    live(stream).unwrap_or_else(|| format!("no aggregate folds {stream}"))
}

fn live(world: &LogWorld, stream: &Stream) -> Option<String> {
    fn of<A: Aggregate + std::fmt::Debug>(world: &LogWorld, stream: &Stream) -> String {
        format!("{:?}", world.log.state::<A>(stream).unwrap())
    }
    Some(match stream.noun() {
        Registry::NOUN => codes(&world.log.state::<Registry>(stream).unwrap()),
        Institution::NOUN => of::<Institution>(world, stream),
        Officer::NOUN => of::<Officer>(world, stream),
        Approval::NOUN => of::<Approval>(world, stream),
        Person::NOUN => of::<Person>(world, stream),
        Account::NOUN => of::<Account>(world, stream),
        Adopted::NOUN => of::<Adopted>(world, stream),
        _ => return None,
    })
}

fn again(given: &Given, stream: &Stream) -> Option<String> {
    fn of<A: Aggregate + std::fmt::Debug>(given: &Given, stream: &Stream) -> String {
        format!("{:?}", given.state::<A>(stream))
    }
    Some(match stream.noun() {
        Registry::NOUN => codes(&given.state::<Registry>(stream)),
        Institution::NOUN => of::<Institution>(given, stream),
        Officer::NOUN => of::<Officer>(given, stream),
        Approval::NOUN => of::<Approval>(given, stream),
        Person::NOUN => of::<Person>(given, stream),
        Account::NOUN => of::<Account>(given, stream),
        Adopted::NOUN => of::<Adopted>(given, stream),
        _ => return None,
    })
}

fn codes(registry: &Registry) -> String {
    let holders: Vec<Option<IssuerNumber>> = (0..4)
        .map(|n| registry.holder(&format!("4133{n:06}")))
        .collect();
    format!("{:?} {holders:?}", registry.next())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A ledger that restarts would know something else than before it stopped.
    #[test]
    fn replay_is_live(steps in history(40)) {
        let world = played(&steps);
        let given = folded(&world);
        prop_assert_eq!(given.next, world.size());
        let restarted = LogWorld::over(Arc::clone(&world.store));
        prop_assert_eq!(restarted.log.head().root, world.log.head().root);
        for stream in given.streams() {
            let folded = text(&stream, |stream| again(&given, stream));
            prop_assert_eq!(&folded, &text(&stream, |stream| live(&world, stream)), "{}", stream);
            prop_assert_eq!(&folded, &text(&stream, |stream| live(&restarted, stream)), "{}", stream);
        }
    }

    /// A monitor could not convict a ledger that invents, drops or bends a fact.
    #[test]
    fn every_commit_decides_again_to_the_same_bytes(steps in history(40)) {
        let world = played(&steps);
        let mut monitor = Given::nothing();
        for leaf in leaves(&world) {
            let commit = Commit::decode(&leaf).unwrap();
            monitor.now_ms = commit.recorded_at_ms;
            let key = monitor.key_of(&commit.assertion);
            prop_assert!(key.is_some(), "position {}", commit.position);
            let key = key.unwrap();
            prop_assert!(commit.assertion.verify(&key).is_ok());
            let verdict = monitor.decide(commit.engine, &commit.assertion, &key);
            let Ok(Verdict::Facts(facts)) = verdict else {
                return Err(TestCaseError::fail(format!("position {}: {verdict:?}", commit.position)));
            };
            let written = monitor.write(commit.assertion, facts);
            prop_assert_eq!(written.commit.encode().unwrap(), leaf);
        }
    }

    /// Credit would appear from nowhere, vanish, or count twice.
    #[test]
    fn credit_is_conserved(steps in history(60)) {
        let world = played(&steps);
        let mut deposits: HashMap<Stream, u64> = HashMap::new();
        for leaf in leaves(&world) {
            for fact in Commit::decode(&leaf).unwrap().facts {
                if &*fact.kind == "lot.deposited.v1" {
                    let data: Value = serde_json::from_str(fact.data.unwrap().get()).unwrap();
                    let credit: credentials::millicredits::Millicredits =
                        data["credits"].as_str().unwrap().parse().unwrap();
                    *deposits.entry(fact.stream).or_default() += credit.get();
                }
            }
        }
        for (stream, deposited) in deposits {
            let account = world.log.state::<Account>(&stream).unwrap();
            let sum = |state: LotState| -> u64 {
                account.lots.iter().filter(|lot| lot.state == state).map(|lot| lot.credit.get()).sum()
            };
            let held = sum(LotState::Available) + sum(LotState::Superseded) + sum(LotState::Revoked);
            prop_assert_eq!(held, deposited);
            for outcome in &account.outcomes {
                let of_origin = account.outcomes.iter().filter(|other| other.origin == outcome.origin);
                prop_assert_eq!(of_origin.count(), 1, "an origin stands in an account once");
                let available = account
                    .lots
                    .iter()
                    .filter(|lot| lot.outcome == outcome.id && lot.state == LotState::Available);
                prop_assert!(available.count() <= 1, "one outcome, one lot to spend");
            }
        }
    }

    /// A fact could be slipped in or taken out without a gap to show it.
    #[test]
    fn positions_revisions_and_times_have_no_gap(steps in history(40)) {
        let world = played(&steps);
        let mut revisions: HashMap<Stream, u64> = HashMap::new();
        let mut ids = std::collections::HashSet::new();
        let mut before = i64::MIN;
        for (position, leaf) in (0_u64..).zip(leaves(&world)) {
            let commit = Commit::decode(&leaf).unwrap();
            prop_assert_eq!(commit.encode().unwrap(), leaf);
            prop_assert_eq!(commit.position, position);
            prop_assert!(commit.recorded_at_ms >= before, "time never goes back");
            before = commit.recorded_at_ms;
            prop_assert!(ids.insert(commit.assertion.id()), "an id stands once");
            prop_assert!(!commit.facts.is_empty());
            for fact in commit.facts {
                let next = revisions.entry(fact.stream).or_default();
                prop_assert_eq!(fact.revision, *next);
                *next += 1;
            }
        }
    }

    /// A client that repeats itself after a lost answer would write twice.
    #[test]
    fn repeating_changes_nothing(steps in history(30), days in 0_i64..30) {
        let world = played(&steps);
        let (size, root) = (world.size(), world.log.head().root);
        world.wait_ms(days * 86_400_000);
        for leaf in leaves(&world) {
            let commit = Commit::decode(&leaf).unwrap();
            let reply = world.submit_text(commit.assertion.text());
            let Ok(Answer::AlreadySo(earlier)) = reply else {
                return Err(TestCaseError::fail(format!("position {}: {reply:?}", commit.position)));
            };
            prop_assert_eq!((earlier.id, earlier.position), (commit.assertion.id(), commit.position));
        }
        prop_assert_eq!((world.size(), world.log.head().root), (size, root));
    }
}

/// One fact of some aggregate, possible or not: (noun, kind, data).
fn fact() -> impl Strategy<Value = (&'static str, &'static str, Value)> {
    let small = || (0_u64..3).prop_map(person);
    let number = || prop_oneof![0_u32..3, Just(u32::MAX)];
    let credits = prop_oneof![Just("0"), Just("3.5"), Just("1000000")];
    let role = prop_oneof![
        Just("system"),
        Just("security"),
        Just("registrar"),
        Just("clerk"),
        Just("learner")
    ];
    let institution = prop_oneof![Just(Value::Null), number().prop_map(|n| json!(n))];
    prop_oneof![
        (small(), small(), credits.clone()).prop_map(|(outcome, person, credits)| {
            let mut data = serde_json::to_value(said::recording(1, person, "R1", said::course())).unwrap();
            data["outcome"] = json!(outcome);
            data["open"]["credits"] = json!(credits);
            ("account", "outcome.recorded.v1", data)
        }),
        (small(), small()).prop_map(|(outcome, person)| {
            let mut data = said::correct(1, person, "R1", said::course()).data;
            data["outcome"] = json!(outcome);
            ("account", "outcome.corrected.v1", data)
        }),
        (small(), small()).prop_map(|(outcome, person)| {
            let data = json!({ "outcome": outcome, "person": person, "reason": "other" });
            ("account", "outcome.revoked.v1", data)
        }),
        (small(), small(), credits).prop_map(|(lot, outcome, credits)| {
            let policy = said::policy();
            let data = json!({ "credits": credits, "lot": lot, "outcome": outcome, "policy": policy, "usable_before": null });
            ("account", "lot.deposited.v1", data)
        }),
        (small(), small()).prop_map(|(lot, other)| {
            ("account", "lot.superseded.v1", json!({ "lot": lot, "successor": other }))
        }),
        small().prop_map(|lot| ("account", "lot.revoked.v1", json!({ "lot": lot }))),
        (small(), small()).prop_map(|(outcome, credential)| {
            ("account", "outcome.certified.v1", json!({ "credential": credential, "outcome": outcome }))
        }),
        (small(), small(), number()).prop_map(|(credential, person, index)| {
            ("credential", "credential.issued.v1", json!({
                "_sd": [], "credential": credential, "credits": "4", "index": index, "issuer": 1, "key": "k", "list": 1,
                "open": said::course(), "outcome": person, "person": person, "subject": "did:key:z",
            }))
        }),
        prop_oneof![Just("suspended"), Just("reinstated"), Just("revoked")].prop_map(|what| {
            let kind = match what {
                "suspended" => "credential.suspended.v1",
                "reinstated" => "credential.reinstated.v1",
                _ => "credential.revoked.v1",
            };
            ("credential", kind, json!({ "reason": "other" }))
        }),
        Just(("credential", "credential.superseded.v1", json!({}))),
        (small(), number()).prop_map(|(credential, index)| {
            ("status", "status.allocated.v1", json!({ "credential": credential, "index": index }))
        }),
        (number(), any::<bool>()).prop_map(|(index, set)| {
            ("status", "status.changed.v1", json!({ "index": index, "purpose": "revocation", "set": set }))
        }),
        small().prop_map(|by| ("approval", "approval.given.v1", json!({ "person": by }))),
        small().prop_map(|by| ("approval", "approval.completed.v1", json!({ "person": by }))),
        small().prop_map(|by| ("approval", "approval.rejected.v1", json!({ "person": by }))),
        Just(("approval", "approval.proposed.v1", json!({ "anything": [1] }))),
        number().prop_map(|n| ("registry", "institution.numbered.v1", json!({ "codes": ["4133000001"], "number": n }))),
        (small(), role, institution).prop_map(|(person, role, institution)| {
            let mut data = json!({ "person": person, "role": role });
            if !institution.is_null() {
                data["institution"] = institution;
            }
            ("officer", "role.granted.v1", data)
        }),
        (0_u8..3, number()).prop_map(|(key, number)| {
            let mut data = serde_json::to_value(said::activation(number, &format!("key-{key}"))).unwrap();
            data.as_object_mut().unwrap().remove("institution");
            ("institution", "key.activated.v1", data)
        }),
        (0_u8..3).prop_map(|key| ("institution", "key.retired.v1", json!({ "fragment": format!("key-{key}") }))),
        small().prop_map(|id| ("person", "person.registered.v1", json!({ "identifiers": [], "person": id }))),
        small().prop_map(|id| {
            let alias = json!({ "check": "overridden", "type": "passport" });
            ("person", "identifier.bound.v1", json!({ "_sd": [], "identifier": alias, "person": id }))
        }),
        Just(("policy", "policy.adopted.v1", json!(said::policy()))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// One impossible fact, written by a faulty program years ago, would stop every reader.
    #[test]
    fn evolve_is_total(facts in prop::collection::vec((fact(), any::<u64>(), any::<i64>()), 1..60)) {
        let assertion = said::register(1, person(1)).sign(1, NOON_MS, ledger::assertion::Seen {
            root: ledger::merkle::empty_root(),
            size: 0,
        });
        let fold_all = || {
            let mut states = HashMap::new();
            for ((noun, kind, data), position, recorded_at_ms) in &facts {
                let fold = Rulebook.fold(noun).unwrap();
                let event = fold.read(kind, &data.to_string()).unwrap();
                let (position, recorded_at_ms) = (*position, *recorded_at_ms);
                let at = Occurred { position, recorded_at_ms, leaf: Digest::of(b"leaf"), assertion: &assertion };
                let state = states.remove(noun).unwrap_or_else(|| fold.empty());
                states.insert(*noun, fold.evolve(state, &event, &at));
            }
            let account = states.get("account").and_then(|state| state.downcast_ref::<Account>().cloned());
            format!("{account:?}")
        };
        prop_assert_eq!(fold_all(), fold_all(), "the same facts, the same state");
    }
}

/// A fact of a later program would be skipped, and the sum that follows be wrong.
#[test]
fn unknown_facts_stop_loudly() {
    for noun in [
        "account",
        "approval",
        "credential",
        "institution",
        "officer",
        "person",
        "policy",
        "registry",
        "status",
    ] {
        let fold = Rulebook.fold(noun).unwrap();
        for kind in ["lot.deposited.v2", "thing.happened.v1", ""] {
            assert!(fold.read(kind, "{}").is_err(), "{noun} {kind}");
        }
    }
    assert!(Rulebook.fold("points").is_none());
    let account = Rulebook.fold("account").unwrap();
    let lot = json!({ "lot": person(1) });
    assert!(account.read("lot.revoked.v1", &lot.to_string()).is_ok());
    let more = json!({ "lot": person(1), "why": "a member of a later shape" });
    assert!(account.read("lot.revoked.v1", &more.to_string()).is_err());
}

/// Who submits in one breath with others would be judged by a state that is no longer true.
#[test]
fn a_group_is_decided_in_order() {
    let world = LogWorld::province();
    world.makes(&said::activate(&said::activation(1, "key-2")));
    let next_key = Signer::new(1, "key-2");
    let mut other = said::course();
    other.credits = Some("5".parse().unwrap());
    let record = |fields| said::record(1, person(500), "R1", fields);
    let askings = [
        said::register(1, person(500)),
        record(said::course()),
        record(said::course()),
        record(other),
        said::retire(1, "key-1").signed_by(next_key.clone()),
        said::register(1, person(501)),
        said::register(1, person(501)).signed_by(next_key),
    ];
    let start = world.size();
    // All are checked, and their states read, before the first is decided.
    let submissions: Vec<_> = askings
        .iter()
        .map(|asking| world.log.check(world.sign(asking).text()).unwrap())
        .collect();
    let answers: Vec<_> = submissions
        .into_iter()
        .map(|submission| world.log.enqueue(submission).unwrap())
        .collect();
    let came: Vec<String> = answers
        .into_iter()
        .map(|answer| match answer.blocking_recv().unwrap() {
            Ok(Answer::Committed(new)) => format!("written {}", new.commit.position - start),
            Ok(Answer::AlreadySo(earlier)) => format!("so since {}", earlier.position - start),
            Err(error) => error.to_string(),
        })
        .collect();
    let differs = RecordOutcomeError::RecordDiffers {
        record: "R1".into(),
        position: start + 1,
    };
    let retired = AskError::KeyNotActive {
        kid: Signer::school(1).kid().to_string(),
        position: start + 3,
        activated: Some(4),
        retired: Some(start + 2),
    };
    let expected = [
        "written 0".to_owned(),
        "written 1".to_owned(),
        "so since 1".to_owned(),
        differs.to_string(),
        "written 2".to_owned(),
        retired.to_string(),
        "written 3".to_owned(),
    ];
    assert_eq!(came, expected);
    assert_eq!(world.size(), start + 4);
}
