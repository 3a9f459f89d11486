//! False ledgers: each writes what the sequencer would not have written, and is told what it did.

use identity::person::register::KIND;
use ledger::assertion::{Assertion, Draft};
use ledger::commit::Commit;
use ledger::decision::Earlier;
use ledger::execute::Refused;
use ledger::fact::CommittedFact;
use ledger::sequencer::{AHEAD_MS_MAX, Answer, SEEN_AGE_MS_MAX};
use serde_json::json;
use tests::support::world::kid;

use super::*;

/// What is wrong with the commit at `position`, which must be the finding.
fn wrong_at(position: usize, records: &[Record]) -> Wrong {
    match audit_records(records) {
        Err(Finding::Commit {
            position: found,
            wrong,
        }) => {
            assert_eq!(found, position as u64, "{wrong}");
            wrong
        }
        other => panic!("not convicted: {other:?}"),
    }
}

fn commit(record: &Record) -> Commit {
    Commit::decode(&record.leaf).unwrap()
}

/// The record with another commit in it.
fn with(record: &Record, commit: &Commit) -> Record {
    Record::new(commit.encode().unwrap(), record.links.clone())
}

/// Changes the commit at `position` and says what the audit makes of it.
fn forged(records: &[Record], position: usize, forge: impl FnOnce(&mut Commit)) -> Wrong {
    let mut records = records.to_vec();
    let mut commit = commit(&records[position]);
    forge(&mut commit);
    records[position] = with(&records[position], &commit);
    wrong_at(position, &records)
}

/// The first commit that holds a fact of this kind.
fn first_with(records: &[Record], kind: &str) -> usize {
    let has = |record: &Record| {
        commit(record)
            .facts
            .iter()
            .any(|fact| fact.kind.starts_with(kind))
    };
    records.iter().position(has).unwrap()
}

fn fault(wrong: &Wrong) -> Option<(usize, FactFault)> {
    match wrong {
        Wrong::Fact { index, fault, .. } => Some((*index, *fault)),
        _ => None,
    }
}

fn fact(like: &CommittedFact, revision: u64) -> CommittedFact {
    CommittedFact {
        revision,
        ..like.clone()
    }
}

#[test]
fn an_invented_fact_is_convicted() {
    // A ledger could give somebody credits that nobody signed for.
    let records = kept(story).records;
    let position = first_with(&records, "outcome.");
    let wrong = forged(&records, position, |commit| {
        let last = commit.facts.last().unwrap().clone();
        commit.facts.push(fact(&last, last.revision + 1));
    });
    assert_eq!(
        fault(&wrong).map(|(_, fault)| fault),
        Some(FactFault::Invented),
        "{wrong}"
    );
}

#[test]
fn a_dropped_fact_is_convicted() {
    // A ledger could take a registered key, or a credit, away while it pretends to have recorded it.
    let records = kept(story).records;
    let mut tried = 0;
    for (position, record) in records.iter().enumerate() {
        for index in 0..commit(record).facts.len() {
            if commit(record).facts.len() == 1 {
                continue;
            }
            tried += 1;
            let mut records = records.clone();
            let mut forged = commit(record);
            forged.facts.remove(index);
            // The back-pointers stay honest: only the fact is missing.
            let streams: Vec<_> = forged.streams().into_iter().cloned().collect();
            let original = commit(record);
            let links = original.streams().into_iter().zip(&record.links);
            let links = links
                .filter(|(stream, _)| streams.contains(stream))
                .map(|(_, link)| *link);
            records[position] = Record::new(forged.encode().unwrap(), links.collect());
            let wrong = wrong_at(position, &records);
            assert_eq!(fault(&wrong), Some((index, FactFault::Dropped)), "{wrong}");
        }
    }
    assert!(tried > 2, "the story needs commits with several facts");
}

#[test]
fn a_bent_fact_is_convicted_whatever_was_bent() {
    // A ledger could move an outcome to another person, or change what it counts.
    let records = kept(story).records;
    let genesis_has_own_data = |fact: &CommittedFact| fact.data.is_some();
    let position = records
        .iter()
        .position(|record| commit(record).facts.iter().any(genesis_has_own_data))
        .unwrap();
    let index = commit(&records[position])
        .facts
        .iter()
        .position(genesis_has_own_data)
        .unwrap();
    let bends: [fn(&mut CommittedFact); 4] = [
        |fact| fact.revision += 1,
        |fact| fact.kind = "outcome.corrected.v1".into(),
        |fact| {
            fact.stream =
                ledger::fact::Stream::new("account", "00000000-0000-4000-8000-000000000000");
        },
        |fact| fact.data = Some(serde_json::value::RawValue::from_string("{}".into()).unwrap()),
    ];
    for bend in bends {
        let wrong = forged(&records, position, |commit| bend(&mut commit.facts[index]));
        assert_eq!(fault(&wrong), Some((index, FactFault::Bent)), "{wrong}");
    }
    // Its own data written out where it is left out, and so on: also another form is not the form.
    let position = first_with(&records, "outcome.");
    let wrong = forged(&records, position, |commit| commit.facts[0].revision += 7);
    assert_eq!(fault(&wrong), Some((0, FactFault::Bent)), "{wrong}");
}

#[test]
fn time_that_runs_backwards_is_convicted() {
    // A ledger could backdate a record to before a key was retired.
    let records = kept(story).records;
    let before = commit(&records[4]).recorded_at_ms;
    let wrong = forged(&records, 5, |commit| commit.recorded_at_ms = before - 1);
    assert!(
        matches!(wrong, Wrong::Time { before_ms, recorded_at_ms }
            if before_ms == before && recorded_at_ms == before - 1),
        "{wrong}"
    );
}

#[test]
fn a_recording_time_far_before_the_signers_own_is_convicted() {
    // A ledger could backdate what was asked of it.
    let records = kept(story).records;
    let early = commit(&records[0]).assertion.at_ms() - AHEAD_MS_MAX - 1;
    let wrong = forged(&records, 0, |commit| commit.recorded_at_ms = early);
    assert!(
        matches!(wrong, Wrong::Refused(Refused::AtInFuture { ahead_ms }) if ahead_ms == AHEAD_MS_MAX + 1),
        "{wrong}"
    );
}

/// A registration of somebody, not yet signed.
fn registration(world: &mut World, person: u128) -> Draft {
    let values = world.commitments(&[("name", "张伟"), ("resident_id", "11010519491231002X")]);
    let person = uuid::Builder::from_random_bytes(person.to_be_bytes()).into_uuid();
    let identifiers = json!([{"check": "ok", "type": "resident_id"}]);
    world.draft(
        KIND,
        json!({"_sd": values, "identifiers": identifiers, "person": person}),
    )
}

#[test]
fn an_assertion_over_a_checkpoint_of_eight_days_ago_is_convicted() {
    // A stolen key could sign for a past in which it was still valid.
    let mut seen = 0;
    let records = kept(|world| {
        let school = world.admit("浙江大学", "4133010335");
        let draft = registration(world, 7);
        seen = usize::try_from(draft.seen.size).unwrap();
        world.register(school, "王晓明");
        world.submit(school, &draft).unwrap();
    })
    .records;
    let last = records.len() - 1;
    assert!(seen < last);
    let then = commit(&records[seen]).recorded_at_ms;

    let mut at_the_limit = records.clone();
    let mut late = commit(&records[last]);
    late.recorded_at_ms = then + SEEN_AGE_MS_MAX;
    at_the_limit[last] = with(&records[last], &late);
    assert_eq!(
        audit_records(&at_the_limit).unwrap().commits,
        records.len() as u64
    );

    let wrong = forged(&records, last, |commit| {
        commit.recorded_at_ms = then + SEEN_AGE_MS_MAX + 1;
    });
    assert!(
        matches!(wrong, Wrong::Refused(Refused::SeenTooOld(size)) if size == seen as u64),
        "{wrong}"
    );
}

#[test]
fn commits_in_another_order_are_convicted_by_what_their_signers_saw() {
    // A ledger could say afterwards that a key was retired before it signed.
    let records = kept(story).records;
    for position in 1..records.len() - 1 {
        let mut records = records.clone();
        let (mut first, mut second) = (commit(&records[position + 1]), commit(&records[position]));
        (first.position, second.position) = (position as u64, position as u64 + 1);
        (first.recorded_at_ms, second.recorded_at_ms) =
            (second.recorded_at_ms, first.recorded_at_ms);
        let links = [
            records[position + 1].links.clone(),
            records[position].links.clone(),
        ];
        records[position] = Record::new(first.encode().unwrap(), links[0].clone());
        records[position + 1] = Record::new(second.encode().unwrap(), links[1].clone());
        let wrong = wrong_at(position, &records);
        let about_seen = matches!(wrong, Wrong::Refused(Refused::SeenUnknown(_)));
        // Or the later one stood on the earlier: its key or its proposal is not there yet.
        let about_state = matches!(wrong, Wrong::Refused(Refused::KeyUnknown(_)));
        assert!(about_seen || about_state, "{wrong}");
    }
}

#[test]
fn a_commit_left_out_is_convicted() {
    // A ledger could forget a revocation that nobody has asked for yet.
    let records = kept(story).records;
    for position in 1..records.len() - 1 {
        let mut shorter = records.clone();
        shorter.remove(position);
        for (at, record) in shorter.iter_mut().enumerate().skip(position) {
            let mut moved = commit(record);
            moved.position = at as u64;
            *record = with(record, &moved);
        }
        let _convicted = wrong_at(position, &shorter);
    }
}

#[test]
fn an_id_used_twice_is_convicted() {
    // The same asking would count twice.
    let records = kept(story).records;
    let position = first_with(&records, "outcome.");
    let mut again = commit(&records[position]);
    again.position = records.len() as u64;
    again.recorded_at_ms = commit(records.last().unwrap()).recorded_at_ms;
    let mut longer = records.clone();
    longer.push(with(&records[position], &again));
    let wrong = wrong_at(records.len(), &longer);
    assert!(
        matches!(wrong, Wrong::Refused(Refused::IdReused { id, position: earlier })
            if id == again.assertion.id() && earlier == position as u64),
        "{wrong}"
    );
}

#[test]
fn what_was_so_already_is_convicted() {
    // One outcome would be recorded twice under two ids.
    let mut draft = None;
    let mut school = IssuerNumber::REGISTRAR;
    let mut first = None;
    let records = kept(|world| {
        school = world.admit("浙江大学", "4133010335");
        let person = world.register(school, "王晓明");
        let answer = world.record(school, person, "R-0", &course()).unwrap();
        let Answer::Committed(new) = answer else {
            panic!("not committed")
        };
        first = Some(Arc::clone(&new.commit));
        let data = serde_json::from_str(new.commit.assertion.data().get()).unwrap();
        draft = Some(world.draft(new.commit.assertion.kind(), data));
    })
    .records;
    let first = first.unwrap();
    let mut again = Commit::clone(&first);
    again.position = records.len() as u64;
    let private = key(&format!("institution {school} k1"));
    again.assertion = draft.unwrap().sign(&kid(school, "k1"), &private).unwrap();
    let mut longer = records.clone();
    longer.push(with(records.last().unwrap(), &again));
    let wrong = wrong_at(records.len(), &longer);
    let earlier = Earlier {
        id: first.assertion.id(),
        position: first.position,
    };
    assert!(
        matches!(wrong, Wrong::AlreadySo(found) if found == earlier),
        "{wrong}"
    );
}

/// The same asking, signed with the key of that name.
fn resigned(assertion: &Assertion, number: u32, fragment: &str) -> Assertion {
    let draft = Draft {
        id: assertion.id(),
        log: assertion.log().into(),
        kind: assertion.kind().into(),
        at_ms: assertion.at_ms(),
        seen: assertion.seen(),
        target: assertion.target().copied(),
        cause: None,
        act: assertion.act().cloned(),
        data: serde_json::from_str(assertion.data().get()).unwrap(),
    };
    let private = key(&format!("institution {number} {fragment}"));
    draft
        .sign(&kid(IssuerNumber(number), fragment), &private)
        .unwrap()
}

#[test]
fn a_retired_key_is_convicted() {
    // Who finds an old key on an old disk could sign for the school.
    let mut school = IssuerNumber::REGISTRAR;
    let records = kept(|world| {
        story(world);
        school = *world.staff.keys().next().unwrap();
    })
    .records;
    // The last outcome was recorded under k2, after k1 was retired.
    let position = records.iter().rposition(|record| {
        commit(record)
            .facts
            .iter()
            .any(|fact| fact.kind.starts_with("outcome.recorded"))
    });
    let wrong = forged(&records, position.unwrap(), |commit| {
        assert!(commit.assertion.kid().as_str().ends_with("#k2"));
        commit.assertion = resigned(&commit.assertion, school.0, "k1");
    });
    assert!(matches!(wrong, Wrong::Rejected(_)), "{wrong}");
}

#[test]
fn a_key_that_is_not_in_the_log_is_convicted() {
    // Anybody could be a school.
    let mut school = IssuerNumber::REGISTRAR;
    let records = kept(|world| {
        story(world);
        school = *world.staff.keys().next().unwrap();
    })
    .records;
    let wrong = forged(&records, first_with(&records, "outcome."), |commit| {
        commit.assertion = resigned(&commit.assertion, school.0, "k9");
    });
    assert!(
        matches!(wrong, Wrong::Refused(Refused::KeyUnknown(_))),
        "{wrong}"
    );
}

#[test]
fn a_false_signature_is_convicted_also_where_later_commits_are_wrong() {
    // The ledger could put words into a school's mouth.
    let records = kept(story).records;
    for position in 0..records.len() {
        let mut records = records.clone();
        let mut forged = commit(&records[position]);
        let compact = forged.assertion.text();
        let at = compact.rfind('.').unwrap() + 1;
        let other = if compact[at..].starts_with('A') {
            "B"
        } else {
            "A"
        };
        let compact = format!("{}{other}{}", &compact[..at], &compact[at + 1..]);
        forged.assertion = Assertion::parse(&compact).unwrap();
        records[position] = with(&records[position], &forged);
        // Whoever signed behind it saw another root, which the pass in order meets first.
        let wrong = wrong_at(position, &records);
        assert!(
            matches!(wrong, Wrong::Refused(Refused::BadSignature(_))),
            "{wrong}"
        );
    }
}

#[test]
fn a_wrong_back_pointer_is_convicted() {
    // A stream's history would be told with a commit left out.
    let records = kept(story).records;
    let mut tried = 0;
    for position in 0..records.len() {
        for link in 0..records[position].links.len() {
            let mut records = records.clone();
            let before = records[position].links[link];
            records[position].links[link] = if before == 0 { u64::MAX } else { before - 1 };
            tried += 1;
            let wrong = wrong_at(position, &records);
            assert!(
                matches!(&wrong, Wrong::Links { found, expected }
                    if *found == records[position].links && expected[link] == before),
                "{wrong}"
            );
        }
        let mut records = records.clone();
        records[position].links.push(0);
        assert!(matches!(wrong_at(position, &records), Wrong::Links { .. }));
    }
    assert!(tried > records.len());
}

#[test]
fn another_log_another_position_another_engine_are_convicted() {
    // Commits of another ledger, or of rules that do not exist, would be counted here.
    let records = kept(story).records;
    let wrong = forged(&records, 3, |commit| {
        commit.log = "else.example/log/1".into();
    });
    assert!(
        matches!(&wrong, Wrong::Origin(log) if log == "else.example/log/1"),
        "{wrong}"
    );
    let wrong = forged(&records, 3, |commit| commit.position = 4);
    assert!(matches!(wrong, Wrong::Position(4)), "{wrong}");
    let wrong = forged(&records, 3, |commit| commit.engine += 1);
    assert!(matches!(wrong, Wrong::Engine { .. }), "{wrong}");
    let wrong = forged(&records, 3, |commit| commit.engine = 0);
    assert!(matches!(wrong, Wrong::Rejected(_)), "{wrong}");
}

#[test]
fn a_record_that_is_no_leaf_is_convicted() {
    // What nobody can read would be passed over.
    let mut records = kept(story).records;
    let links = records[2].links.clone();
    records[2] = Record::new(b"xuefen/v2\n".to_vec(), links);
    assert!(matches!(wrong_at(2, &records), Wrong::Form(_)));
}
