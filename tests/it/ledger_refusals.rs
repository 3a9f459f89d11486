//! What bad input gets: every refusal of the ledger itself, through a real log.
//!
//! Each case asserts the exact variant and that the log is as long as before.

mod forms;
mod values;

use credentials::rulebook::Refusal;
use identity::ask::AskError;
use identity::did::IssuerNumber;
use ledger::assertion::{ASSERTION_BYTES_MAX, Malformed, Seen};
use ledger::execute::{ExecuteError, Refused};
use ledger::hash::Digest;
use ledger::sequencer::{AHEAD_MS_MAX, Answer, SEEN_AGE_MS_MAX};
use serde_json::json;
use tests::support::asking::{Asking, Signer, person};
use tests::support::log_world::{LogWorld, Reply};
use tests::support::raw_jws::{compact, header, payload};
use tests::support::said;

/// What everybody asks in these tests: school 1 registers person 200.
fn asking() -> Asking {
    said::register(1, person(200))
}

/// Runs `submit` and checks that it leaves the log alone; why it was refused.
fn refused(world: &LogWorld, submit: impl FnOnce(&LogWorld) -> Reply) -> ExecuteError<Refusal> {
    let before = (world.size(), world.log.head());
    let error = submit(world).unwrap_err();
    assert_eq!(
        (world.size(), world.log.head()),
        before,
        "a refusal leaves no trace: {error}"
    );
    error
}

fn refused_as(world: &LogWorld, text: &str, expected: &Refused) {
    match refused(world, |world| world.submit_text(text)) {
        ExecuteError::Refused(refused) => assert_eq!(&refused, expected),
        other => unreachable!("{other:?}"),
    }
}

fn rejected(world: &LogWorld, asking: &Asking, expected: impl Into<Refusal>) {
    match refused(world, |world| world.submit(asking)) {
        ExecuteError::Rejected(refusal) => assert_eq!(refusal, expected.into()),
        other => unreachable!("{other:?}"),
    }
}

/// Somebody without a school's key would write in its name.
#[test]
fn signatures_hold_or_nothing_happens() {
    let world = LogWorld::province();
    let good = world.sign(&asking());
    let bad = Refused::BadSignature(Signer::school(1).kid().to_string());
    let (signed, signature) = good.text().rsplit_once('.').unwrap();
    let flipped = format!(
        "{signed}.{}{}",
        if signature.starts_with('A') { 'B' } else { 'A' },
        &signature[1..]
    );
    refused_as(&world, &flipped, &bad);
    // Signed well, by another school's key.
    let text = payload(good.text());
    let mut by_another = compact(
        &Signer::school(2),
        &header(&Signer::school(1)),
        text.as_bytes(),
    );
    refused_as(&world, &by_another, &bad);
    // The signature of another assertion.
    let other = world.sign(&asking());
    by_another = format!("{signed}.{}", other.text().rsplit_once('.').unwrap().1);
    refused_as(&world, &by_another, &bad);
    assert!(matches!(
        world.submit_text(good.text()),
        Ok(Answer::Committed(_))
    ));
}

/// A key that the log never heard of would be looked for elsewhere, or believed.
#[test]
fn unknown_keys_are_not_looked_up() {
    let world = LogWorld::province();
    for signer in [
        Signer::school(9),
        Signer::new(1, "key-2"),
        Signer::new(0, "ledger-1"),
        Signer::new(0, "bundle-1"),
    ] {
        let text = world.sign(&asking().signed_by(signer.clone()));
        refused_as(
            &world,
            text.text(),
            &Refused::KeyUnknown(signer.kid().to_string()),
        );
    }
    let text = payload(world.sign(&asking()).text());
    let foreign = "did:web:elsewhere.example:i:77#key-1";
    let header = format!(r#"{{"alg":"EdDSA","kid":"{foreign}","typ":"xf-assertion+jws"}}"#);
    let text = compact(&Signer::school(1), &header, text.as_bytes());
    refused_as(&world, &text, &Refused::KeyUnknown(foreign.into()));
}

/// A key given up yesterday would sign today, with any date on it.
#[test]
fn retired_keys_sign_no_more() {
    let world = LogWorld::province();
    let early = world.sign(&asking());
    let activated = world
        .makes(&said::activate(&said::activation(1, "key-2")))
        .commit
        .position;
    let retired = world.makes(&said::retire(1, "key-1")).commit.position;
    let expected = |position| AskError::KeyNotActive {
        kid: Signer::school(1).kid().to_string(),
        position,
        activated: Some(4),
        retired: Some(retired),
    };
    assert!(activated < retired);
    rejected(&world, &asking(), expected(retired + 1));
    // Signed before the retirement, submitted after it: the position counts, not the date.
    match refused(&world, |world| world.submit_text(early.text())) {
        ExecuteError::Rejected(refusal) => assert_eq!(refusal, expected(retired + 1).into()),
        other => unreachable!("{other:?}"),
    }
    world.makes(&asking().signed_by(Signer::new(1, "key-2")));
}

/// A signature given to a test platform would count in this log.
#[test]
fn assertions_for_other_logs_stay_there() {
    let world = LogWorld::province();
    for log in [
        "xf.example.org/log/2",
        "xf.example.org",
        "test.example.org/log/1",
        "",
    ] {
        let mut draft = asking().draft(world.draw(), world.now_ms(), world.log.seen());
        draft.log = log.into();
        let text = draft
            .sign(&Signer::school(1).kid(), &Signer::school(1).key())
            .unwrap();
        let expected = Refused::ForeignLog {
            asked: log.into(),
            this: world.log.origin().into(),
        };
        refused_as(&world, text.text(), &expected);
    }
}

/// A signer that was shown another history would go unnoticed.
#[test]
fn the_checkpoint_seen_is_one_of_ours() {
    let world = LogWorld::province();
    let seen = world.log.seen();
    let other = Digest::of(b"another history");
    for (size, root) in [
        (seen.size, other),
        (seen.size + 1, seen.root),
        (u64::MAX >> 11, seen.root),
        (seen.size - 1, seen.root),
        (1, other),
        (0, other),
    ] {
        let text = asking().sign(world.draw(), world.now_ms(), Seen { root, size });
        refused_as(&world, text.text(), &Refused::SeenUnknown(size));
    }
    for size in [0, 1, seen.size - 1] {
        let root = if size == 0 {
            ledger::merkle::empty_root()
        } else {
            world.log.proofs().root_at(size).unwrap()
        };
        let person = person(300 + size);
        let text =
            said::register(1, person).sign(world.draw(), world.now_ms(), Seen { root, size });
        assert!(
            matches!(world.submit_text(text.text()), Ok(Answer::Committed(_))),
            "an old one, not too old"
        );
    }
}

/// A stolen signature could be kept for years and then used.
#[test]
fn the_checkpoint_seen_is_at_most_a_week_old() {
    let world = LogWorld::province();
    let seen = world.log.seen();
    world.wait_ms(1_000);
    // The commit that followed the checkpoint: the week runs from its recording.
    world.makes(&asking());
    let waiting = |n: u64| said::register(1, person(n)).sign(world.draw(), world.now_ms(), seen);
    let (first, second) = (waiting(201), waiting(202));
    world.wait_ms(SEEN_AGE_MS_MAX);
    assert!(matches!(
        world.submit_text(first.text()),
        Ok(Answer::Committed(_))
    ));
    world.wait_ms(1);
    refused_as(&world, second.text(), &Refused::SeenTooOld(seen.size));
    // The head of a log that slept is not old: nobody could have seen a newer one.
    world.wait_ms(10 * SEEN_AGE_MS_MAX);
    world.makes(&said::register(1, person(203)));
}

/// A signer's clock could put a record into next year.
#[test]
fn at_is_at_most_five_minutes_ahead() {
    let world = LogWorld::province();
    let ahead = |n: u64, ms: i64| {
        said::register(1, person(n)).sign(world.draw(), world.now_ms() + ms, world.log.seen())
    };
    let text = ahead(200, AHEAD_MS_MAX + 1);
    refused_as(
        &world,
        text.text(),
        &Refused::AtInFuture {
            ahead_ms: AHEAD_MS_MAX + 1,
        },
    );
    assert!(world.submit_text(ahead(201, AHEAD_MS_MAX).text()).is_ok());
    assert!(
        world
            .submit_text(ahead(202, -10 * SEEN_AGE_MS_MAX).text())
            .is_ok(),
        "at is only a claim"
    );
}

/// What no rule knows, or what is not the asker's, would become history.
#[test]
fn kinds_are_a_closed_table() {
    let world = LogWorld::province();
    let mut unknown = asking();
    unknown.kind = "person.forget.v1".into();
    rejected(
        &world,
        &unknown,
        Refusal::UnknownKind("person.forget.v1".into()),
    );
    let admit = said::admit(&said::admission(3)).signed_by(Signer::school(1));
    let not_yours = AskError::KindNotYours {
        issuer: IssuerNumber(1),
        kind: admit.kind.clone(),
    };
    rejected(&world, &admit, not_yours);
    rejected(
        &world,
        &said::open_log(&said::opening()),
        credentials::rulebook::open_log::OpenLogError::NotFirst,
    );
    for kind in [
        "record",
        "outcome.record",
        "outcome.record.v0",
        "Outcome.record.v1",
        "outcome..v1",
        "a.b.v01",
    ] {
        let good = payload(world.sign(&asking()).text());
        let text = good.replace("person.register.v1", kind);
        let text = compact(
            &Signer::school(1),
            &header(&Signer::school(1)),
            text.as_bytes(),
        );
        refused_as(&world, &text, &Malformed::Kind.into());
    }
}

/// One submission could fill the disk, or a leaf that no tile can hold would stop the log.
#[test]
fn sizes_are_bounded() {
    let world = LogWorld::province();
    let size = world.sign(&asking()).text().len();
    let text = format!(
        "{}{}",
        world.sign(&asking()).text(),
        "A".repeat(ASSERTION_BYTES_MAX + 1 - size)
    );
    assert_eq!(text.len(), ASSERTION_BYTES_MAX + 1);
    refused_as(
        &world,
        &text,
        &Malformed::TooLarge(ASSERTION_BYTES_MAX + 1).into(),
    );

    // The assertion fits, but not with the facts that repeat its name.
    let world = LogWorld::empty();
    let mut opening = said::opening();
    opening.name = "名".repeat(14_000);
    let text = world.sign(&said::open_log(&opening));
    assert!(text.text().len() < ASSERTION_BYTES_MAX);
    match refused(&world, |world| world.submit_text(text.text())) {
        ExecuteError::Refused(Refused::TooLarge(bytes)) => {
            assert!(bytes > ledger::commit::LEAF_BYTES_MAX);
        }
        other => unreachable!("{other:?}"),
    }
    world.makes(&said::open_log(&said::opening()));
}

/// One id would name two things, or a lost answer would make a client write twice.
#[test]
fn an_id_stands_for_one_text() {
    let world = LogWorld::province();
    let n = world.draw();
    let first = asking().sign(n, world.now_ms(), world.log.seen());
    let Answer::Committed(committed) = world.submit_text(first.text()).unwrap() else {
        unreachable!()
    };
    let size = world.size();
    let Answer::AlreadySo(earlier) = world.submit_text(first.text()).unwrap() else {
        unreachable!()
    };
    assert_eq!(
        (earlier.id, earlier.position),
        (first.id(), committed.commit.position)
    );
    assert_eq!(world.size(), size);

    let reused = Refused::IdReused {
        id: first.id(),
        position: committed.commit.position,
    };
    for other in [
        said::register(1, person(201)),
        asking().signed_by(Signer::school(2)),
    ] {
        let text = other.sign(n, world.now_ms(), world.log.seen());
        refused_as(&world, text.text(), &reused);
    }
    // The same bytes long after: still the same answer, whatever has become of key and checkpoint.
    world.makes(&said::activate(&said::activation(1, "key-2")));
    world.makes(&said::retire(1, "key-1"));
    world.wait_ms(10 * SEEN_AGE_MS_MAX);
    let Answer::AlreadySo(again) = world.submit_text(first.text()).unwrap() else {
        unreachable!()
    };
    assert_eq!(again, earlier);
}

/// A client that read an old state would overwrite what it has not seen.
#[test]
fn if_match_is_kept() {
    let world = LogWorld::province();
    let stream = identity::person::wire::stream(person(100));
    let bind = |world: &LogWorld, revision: u64| {
        let data = json!({
            "_sd": said::values(1),
            "identifier": { "check": "ok", "type": "passport" },
            "person": person(100),
        });
        let asking = Asking::new(Signer::school(1), "identifier.bind.v1", &data);
        let submission = world.log.check(world.sign(&asking).text())?;
        world
            .log
            .submit_blocking(submission.expecting(stream.clone(), revision))
    };
    assert!(bind(&world, 1).is_ok());
    for wrong in [0, 1, 3] {
        match refused(&world, |world| bind(world, wrong)) {
            ExecuteError::Precondition {
                stream: of,
                expected,
                actual,
            } => {
                assert_eq!((of, expected, actual), (stream.clone(), wrong, 2));
            }
            other => unreachable!("{other:?}"),
        }
    }
}
