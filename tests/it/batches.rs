//! Signed batches: whole or not at all, decided as their members alone would be, proven one by one.

use std::sync::Arc;

use credentials::account::{Account, wire};
use credentials::rulebook::Refusal;
use identity::did::IssuerNumber;
use ledger::assertion::{Assertion, Draft, Kid, Malformed};
use ledger::batch::proof::BadMember;
use ledger::batch::{self, Batch, MEMBERS_MAX, NotABatch};
use ledger::execute::{BatchError, ExecuteError, MemberError, Refused};
use ledger::receipt::{Policy, Receipt};
use ledger::sequencer::{Answer, BatchAnswer};
use ledger::store::embedded::{EmbeddedStore, Options};
use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;
use tests::support::world::{HOST, World, course, key, kid};
use uuid::Uuid;

/// A school and a person.
fn school() -> (TempDir, World, IssuerNumber, Uuid) {
    let directory = tempfile::tempdir().unwrap();
    let mut world = World::new(directory.path());
    let school = world.admit("浙江大学", "4133010335");
    let person = world.register(school, "王晓明");
    (directory, world, school, person)
}

fn committed(answer: BatchAnswer) -> (u64, Vec<u64>) {
    match answer {
        BatchAnswer::Committed { envelope, members } => (
            envelope.commit.position,
            members.iter().map(|it| it.commit.position).collect(),
        ),
        BatchAnswer::AlreadySo(earlier) => panic!("nothing was committed: {earlier:?}"),
    }
}

fn whole(error: BatchError<Refusal>) -> ExecuteError<Refusal> {
    match error {
        BatchError::Whole(error) => error,
        BatchError::Members(members) => panic!("members: {members:?}"),
    }
}

fn refused_members(error: BatchError<Refusal>) -> Vec<(usize, MemberError<Refusal>)> {
    match error {
        BatchError::Members(members) => members,
        BatchError::Whole(error) => panic!("the whole: {error}"),
    }
}

#[test]
fn its_members_are_the_commits_behind_the_envelope() {
    // An institution could not tell which of its thousand records stand where.
    let (_directory, mut world, school, person) = school();
    let drafts = world.draft_recordings(school, person, MEMBERS_MAX);
    let before = world.log.head().size;
    let (envelope, members) = committed(world.submit_batch(school, &drafts).unwrap());
    assert_eq!(envelope, before);
    assert_eq!(members, (before + 1..=before + 1_000).collect::<Vec<_>>());
    assert_eq!(world.log.head().size, before + 1_001);
    for (draft, position) in drafts.iter().zip(members) {
        let commit = world.log.commit(position).unwrap().unwrap();
        assert_eq!(commit.assertion.id(), draft.id);
        assert_eq!(world.log.position_of(draft.id).unwrap(), Some(position));
        let place = commit.assertion.place().unwrap();
        assert_eq!((place.envelope, place.position()), (envelope, position));
    }
    let account = world.log.state::<Account>(&wire::stream(person)).unwrap();
    assert_eq!(account.outcomes.len(), MEMBERS_MAX);
}

#[test]
fn the_same_batch_again_is_answered_and_not_recorded_twice() {
    // A machine that never got its answer would double a semester.
    let (_directory, mut world, school, person) = school();
    let drafts = world.draft_recordings(school, person, 3);
    let batch = world.batch(school, &drafts);
    let (envelope, _) = committed(world.send_batch(batch.clone()).unwrap());
    let size = world.log.head().size;
    let BatchAnswer::AlreadySo(earlier) = world.send_batch(batch).unwrap() else {
        panic!("recorded twice");
    };
    assert_eq!(earlier.position, envelope);
    // The same members under a new envelope: each is so already, and the batch names them all.
    let again = refused_members(world.submit_batch(school, &drafts).unwrap_err());
    let named: Vec<_> = again.iter().map(|(index, _)| *index).collect();
    assert_eq!(named, [0, 1, 2]);
    assert!(
        again
            .iter()
            .all(|(_, why)| matches!(why, MemberError::AlreadySo(_)))
    );
    assert_eq!(world.log.head().size, size);
}

#[test]
fn one_bad_member_refuses_the_whole_and_every_bad_one_is_named() {
    // Half a batch in the log, or an answer that stops at the first fault, costs a day.
    let (_directory, mut world, school, person) = school();
    let mut drafts = world.draft_recordings(school, person, 700);
    let mut absurd = course();
    absurd.credits = "999".parse().ok();
    drafts[699] = world.draft_recording(school, person, "R-absurd", &absurd);
    let nobody = Uuid::from_u128(0x4000_8000_0000_0000_0001);
    drafts[5] = world.draft_recording(school, nobody, "R-nobody", &course());
    // Repeats another member of the same batch.
    drafts[600] = Draft {
        id: drafts[600].id,
        ..world.draft_recording(school, person, "R-3", &course())
    };
    let size = world.log.head().size;
    let refused = refused_members(world.submit_batch(school, &drafts).unwrap_err());
    let named: Vec<_> = refused.iter().map(|(index, _)| *index).collect();
    assert_eq!(named, [5, 600, 699]);
    assert!(matches!(refused[1].1, MemberError::AlreadySo(_)));
    assert_eq!(world.log.head().size, size);
    let account = world.log.state::<Account>(&wire::stream(person)).unwrap();
    assert_eq!(
        account.outcomes.len(),
        0,
        "a refused batch left state behind"
    );
    // What was refused can be sent again without those, and nothing stands in its way.
    for index in [699, 600, 5] {
        drafts.remove(index);
    }
    let (_, members) = committed(world.submit_batch(school, &drafts).unwrap());
    assert_eq!(members.len(), 697);
}

#[test]
fn a_member_may_rest_on_one_before_it() {
    // A roster with its marks would need two uploads, and a wait between them.
    let (_directory, mut world, school, _) = school();
    let person = Uuid::from_u128(0x4000_8000_0000_0000_0abc);
    let name = world.commitments(&[("name", "李秀英")]);
    let register = world.draft(
        identity::person::register::KIND,
        json!({"_sd": name, "identifiers": [], "person": person}),
    );
    let record = world.draft_recording(school, person, "R-1", &course());
    let wrong_order = [record.clone(), register.clone()];
    let refused = refused_members(world.submit_batch(school, &wrong_order).unwrap_err());
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].0, 0);
    committed(world.submit_batch(school, &[register, record]).unwrap());
}

#[test]
fn an_envelope_vouches_for_its_own_members_in_their_order_only() {
    // Whoever holds an old envelope could put other records under an institution's signature.
    let (_directory, mut world, school, person) = school();
    let drafts = world.draft_recordings(school, person, 4);
    let (envelope, members) = world.batch(school, &drafts).into_parts();
    let of = |members: Vec<Assertion>| Batch::of(envelope.clone(), members).unwrap_err();
    let mut swapped = members.clone();
    swapped.swap(1, 2);
    assert_eq!(of(swapped), NotABatch::Root);
    let mut short = members.clone();
    short.pop();
    assert_eq!(of(short), NotABatch::Count { said: 4, sent: 3 });
    assert_eq!(of(Vec::new()), NotABatch::Members(0));
    assert_eq!(
        of(vec![members[0].clone(); MEMBERS_MAX + 1]),
        NotABatch::Members(1_001)
    );
    let alone = world.sign(school, &drafts[0]);
    assert_eq!(
        of(vec![alone.clone(), alone.clone(), alone.clone(), alone]),
        NotABatch::Root
    );
    // Nothing but an envelope is one.
    let no_envelope = world.sign(school, &drafts[0]);
    assert!(matches!(
        Batch::of(no_envelope, members.clone()),
        Err(NotABatch::Envelope(_))
    ));
    // Another key's members.
    let other = kid(IssuerNumber::REGISTRAR, "a1");
    let foreign: Vec<_> = drafts.iter().map(|it| it.member(&other).unwrap()).collect();
    let answer = Batch::of(envelope, foreign).map(|batch| world.send_batch(batch));
    assert!(
        !matches!(answer, Ok(Ok(_))),
        "another key's members were recorded"
    );
}

#[test]
fn what_no_envelope_can_vouch_for_is_refused() {
    let (_directory, mut world, school, person) = school();
    let drafts = world.draft_recordings(school, person, 1);
    // Alone it would be a commit whose members never come.
    let batch = world.batch(school, &drafts);
    let alone = world.log.check_parsed(batch.envelope().clone());
    assert!(matches!(
        alone.err().unwrap(),
        ExecuteError::Refused(Refused::EnvelopeAlone)
    ));
    // A batch in a batch.
    let inner = world.draft(
        batch::KIND,
        json!({"count": 1, "root": world.log.head().root}),
    );
    let nested = refused_members(world.submit_batch(school, &[inner]).unwrap_err());
    assert!(matches!(
        &nested[0].1,
        MemberError::Refused(ExecuteError::Refused(Refused::NoMember(_)))
    ));
    // A false signature on the envelope.
    let (envelope, members) = world.batch(school, &drafts).into_parts();
    let text = envelope.text();
    let end = if text.ends_with('A') { "Q" } else { "A" };
    let bent = format!("{}{end}", &text[..text.len() - 1]);
    let bent = Assertion::parse(&bent).unwrap();
    let batch = Batch::of(bent, members).unwrap();
    assert!(matches!(
        whole(world.send_batch(batch).unwrap_err()),
        ExecuteError::Refused(Refused::BadSignature(_))
    ));
}

#[test]
fn a_member_never_verifies_by_itself() {
    // A member sent alone would be recorded without any signature.
    let (_directory, mut world, school, person) = school();
    let draft = world.draft_recordings(school, person, 1).remove(0);
    let member = draft.member(&kid(school, "k1")).unwrap();
    assert!(
        member
            .verify(&key(&format!("institution {school} k1")).public())
            .is_err()
    );
    assert!(matches!(
        world.log.check_parsed(member).err().unwrap(),
        ExecuteError::Refused(Refused::BadSignature(_))
    ));
}

#[test]
fn batches_and_single_assertions_share_the_queue_in_order() {
    // A batch behind a full group would be cut in two, or take its neighbours' states with it.
    let (_directory, mut world, school, person) = school();
    let mut waiting = Vec::new();
    let mut batches = Vec::new();
    for round in 0..8 {
        for n in 0..40 {
            let single = world.recording(school, person, &format!("S-{round}-{n}"), &course());
            waiting.push(world.log.enqueue(single).unwrap());
        }
        let mut members: Vec<Draft> = (0..30)
            .map(|n| world.draft_recording(school, person, &format!("B-{round}-{n}"), &course()))
            .collect();
        if round % 2 == 1 {
            // Repeats a record of this very batch: refused, whole.
            members.push(world.draft_recording(school, person, &format!("B-{round}-0"), &course()));
        }
        let batch = world.batch(school, &members);
        let batch = world.log.check_batch(batch).unwrap();
        batches.push(world.log.enqueue_batch(batch).unwrap());
    }
    for answer in waiting {
        assert!(matches!(
            answer.blocking_recv().unwrap().unwrap(),
            Answer::Committed(_)
        ));
    }
    for (round, answer) in batches.into_iter().enumerate() {
        let answer = answer.blocking_recv().unwrap();
        assert_eq!(answer.is_ok(), round % 2 == 0, "round {round}");
    }
    let account = world.log.state::<Account>(&wire::stream(person)).unwrap();
    assert_eq!(account.outcomes.len(), 8 * 40 + 4 * 30);
}

#[test]
fn a_members_receipt_proves_who_signed_it_offline() {
    // A record that came in bulk would be worth less than one that came alone.
    let (_directory, mut world, school, person) = school();
    let private = key(&format!("institution {school} k1"));
    let policy = Policy {
        origin: world.log.origin().into(),
        key: key("checkpoint").public(),
        witnesses: Vec::new(),
        quorum: 0,
    };
    for count in [1, 2, 3, 7, 64, 65, 1_000] {
        let base = world.log.head().size;
        let drafts: Vec<_> = (0..count)
            .map(|n| world.draft_recording(school, person, &format!("{base}-{n}"), &course()))
            .collect();
        let (_, members) = committed(world.submit_batch(school, &drafts).unwrap());
        for position in [members[0], members[count / 2], members[count - 1]] {
            let text = world.log.receipt(position).unwrap().unwrap().to_string();
            let receipt = Receipt::parse(&text).unwrap();
            assert_eq!(receipt.to_string(), text);
            assert_eq!(receipt.verify(&policy).unwrap().index, position);
            let leaf = receipt.leaf.as_deref().unwrap();
            let commit = ledger::commit::Commit::decode(leaf).unwrap();
            let proof = receipt.member.unwrap();
            assert_eq!(proof.verify(&commit.assertion, &private.public()), Ok(()));
            // By no other key, and not for its neighbour.
            let other = key("somebody").public();
            assert!(matches!(
                proof.verify(&commit.assertion, &other),
                Err(BadMember::Signature(_))
            ));
            if count > 1 {
                let next = if position == members[0] {
                    position + 1
                } else {
                    position - 1
                };
                let next = world.log.commit(next).unwrap().unwrap();
                assert!(proof.verify(&next.assertion, &private.public()).is_err());
            }
        }
    }
}

#[test]
fn a_members_line_has_one_form() {
    // Two texts of one member would make two leaves of one commit.
    let (_directory, mut world, school, person) = school();
    let drafts = world.draft_recordings(school, person, 1);
    let (envelope, members) = committed(world.submit_batch(school, &drafts).unwrap());
    let record = world.log.store().read(members[0], 1).unwrap().remove(0);
    let leaf = String::from_utf8(record.leaf).unwrap();
    let line = leaf.lines().nth(5).unwrap().to_owned();
    let signer = kid(school, "k1");
    let payload = drafts[0].member(&signer).unwrap().text().to_owned();
    assert_eq!(line, format!("batch:{envelope}:0:{signer}:{payload}"));
    for bent in [
        format!("batch:0{envelope}:0:{signer}:{payload}"),
        format!("batch:{envelope}:00:{signer}:{payload}"),
        format!("batch:+{envelope}:0:{signer}:{payload}"),
        format!("batch:{envelope}:0:{payload}"),
        format!("batch:{envelope}:0:{signer}"),
        format!("batch:{envelope}:0:{signer}:{payload}="),
        format!("batch:{envelope}:4294967296:{signer}:{payload}"),
    ] {
        let parsed = Assertion::from_line(&bent);
        assert!(parsed.is_err(), "{bent}");
    }
    assert!(matches!(
        Assertion::from_line("batch:1"),
        Err(Malformed::Member(_))
    ));
    // Its place is checked against its position.
    let moved = leaf.replace(
        &format!("batch:{envelope}:0"),
        &format!("batch:{envelope}:1"),
    );
    assert!(ledger::commit::Commit::decode(moved.as_bytes()).is_err());
}

#[test]
fn a_log_with_batches_opens_again() {
    // The index reads ids and streams from members' lines too.
    let directory = tempfile::tempdir().unwrap();
    let options = Options {
        segment_bytes: 1 << 20,
        prepare_ahead: false,
    };
    let store = EmbeddedStore::open(&directory.path().join("log"), options).unwrap();
    let mut world = World::over(directory.path(), Arc::new(store), 3);
    let school = world.admit("浙江大学", "4133010335");
    let person = world.register(school, "王晓明");
    let drafts = world.draft_recordings(school, person, 50);
    let (_, members) = committed(world.submit_batch(school, &drafts).unwrap());
    let head = world.log.head().root;
    world.log.close();
    drop(world);
    std::fs::remove_dir_all(directory.path().join("index")).unwrap();
    let store = EmbeddedStore::open(&directory.path().join("log"), options).unwrap();
    let log = ledger::log::Log::open(
        directory.path(),
        Arc::new(store),
        &identity::did::origin(HOST, 1),
        credentials::rulebook::Rulebook,
        key("checkpoint"),
        Arc::new(ledger::clock::FixedClock::at(
            tests::support::world::START_MS,
        )),
        ledger::log::Options::default(),
    )
    .unwrap();
    assert_eq!(log.head().root, head);
    for (draft, position) in drafts.iter().zip(members) {
        assert_eq!(log.position_of(draft.id).unwrap(), Some(position));
    }
    let account = log.state::<Account>(&wire::stream(person)).unwrap();
    assert_eq!(account.outcomes.len(), 50);
}

/// What a generated member asks: an outcome of one of three records, with these credits.
fn generated(world: &mut World, school: IssuerNumber, person: Uuid, asked: (u8, u8)) -> Draft {
    let (record, credits) = asked;
    let mut fields = course();
    fields.credits = format!("{credits}").parse().ok();
    world.draft_recording(school, person, &format!("R-{record}"), &fields)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_batch_comes_to_what_its_members_alone_would(
        asked in proptest::collection::vec((0_u8..6, 1_u8..4), 1..8)
    ) {
        // Two ways in with two rules: what a clerk may not record, a machine could.
        let (_one, mut alone, school_a, person_a) = school();
        let (_other, mut batched, school_b, person_b) = school();
        let mut answers = Vec::new();
        for asked in &asked {
            let draft = generated(&mut alone, school_a, person_a, *asked);
            let answer = alone.submit(school_a, &draft);
            answers.push(match answer {
                Ok(Answer::Committed(new)) => Some(format!("{:?}", new.commit.facts.iter().map(|it| &it.kind).collect::<Vec<_>>())),
                Ok(Answer::AlreadySo(_)) | Err(_) => None,
            });
        }
        let drafts: Vec<Draft> =
            asked.iter().map(|asked| generated(&mut batched, school_b, person_b, *asked)).collect();
        match batched.submit_batch(school_b, &drafts) {
            Ok(BatchAnswer::Committed { members, .. }) => {
                let facts: Vec<_> = members.iter()
                    .map(|it| Some(format!("{:?}", it.commit.facts.iter().map(|it| &it.kind).collect::<Vec<_>>())))
                    .collect();
                prop_assert_eq!(facts, answers);
            }
            Ok(BatchAnswer::AlreadySo(_)) => prop_assert!(false, "a new batch is not so already"),
            Err(error) => {
                let named: Vec<_> = refused_members(error).iter().map(|(index, _)| *index).collect();
                let none: Vec<_> = answers.iter().enumerate()
                    .filter(|(_, answer)| answer.is_none()).map(|(index, _)| index).collect();
                prop_assert_eq!(named, none);
            }
        }
    }
}

#[test]
fn a_kid_in_a_members_line_is_read_whole() {
    // DIDs have colons, and a port's is escaped.
    let kid = Kid::parse("did:web:xf.example.org%3A8443:i:7#key-2026-1").unwrap();
    let (_directory, mut world, school, person) = school();
    let member = world
        .draft_recordings(school, person, 1)
        .remove(0)
        .member(&kid)
        .unwrap();
    let line = format!("batch:5:0:{kid}:{}", member.text());
    assert_eq!(Assertion::from_line(&line).unwrap().kid(), &kid);
}
