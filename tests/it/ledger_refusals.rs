//! What bad input gets: every refusal of the ledger itself, through a real log.
//!
//! Each case asserts the exact variant and that the log is as long as before.

use credentials::rulebook::Refusal;
use credentials::rulebook::kinds;
use identity::ask::AskError;
use identity::did::IssuerNumber;
use identity::erasable::{self, Commitments, Disclosure, DisclosureError};
use identity::person::register;
use ledger::assertion::{ASSERTION_BYTES_MAX, Assertion, Malformed, Seen};
use ledger::canonical::Flaw;
use ledger::execute::{ExecuteError, Refused};
use ledger::hash::Digest;
use ledger::sequencer::{AHEAD_MS_MAX, Answer, SEEN_AGE_MS_MAX};
use serde_json::{Value, json};
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
    assert_eq!((world.size(), world.log.head()), before, "a refusal leaves no trace: {error}");
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
    let (signed, signature) = good.compact().rsplit_once('.').unwrap();
    let flipped = format!("{signed}.{}{}", if signature.starts_with('A') { 'B' } else { 'A' }, &signature[1..]);
    refused_as(&world, &flipped, &bad);
    // Signed well, by another school's key.
    let text = payload(good.compact());
    let mut by_another = compact(&Signer::school(2), &header(&Signer::school(1)), text.as_bytes());
    refused_as(&world, &by_another, &bad);
    // The signature of another assertion.
    let other = world.sign(&asking());
    by_another = format!("{signed}.{}", other.compact().rsplit_once('.').unwrap().1);
    refused_as(&world, &by_another, &bad);
    assert!(matches!(world.submit_text(good.compact()), Ok(Answer::Committed(_))));
}

/// A key that the log never heard of would be looked for elsewhere, or believed.
#[test]
fn unknown_keys_are_not_looked_up() {
    let world = LogWorld::province();
    for signer in [Signer::school(9), Signer::new(1, "key-2"), Signer::new(0, "ledger-1"), Signer::new(0, "bundle-1")] {
        let text = world.sign(&asking().signed_by(signer.clone()));
        refused_as(&world, text.compact(), &Refused::KeyUnknown(signer.kid().to_string()));
    }
    let text = payload(world.sign(&asking()).compact());
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
    let activated = world.makes(&said::activate(&said::activation(1, "key-2"))).commit.position;
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
    match refused(&world, |world| world.submit_text(early.compact())) {
        ExecuteError::Rejected(refusal) => assert_eq!(refusal, expected(retired + 1).into()),
        other => unreachable!("{other:?}"),
    }
    world.makes(&asking().signed_by(Signer::new(1, "key-2")));
}

/// A signature given to a test platform would count in this log.
#[test]
fn assertions_for_other_logs_stay_there() {
    let world = LogWorld::province();
    for log in ["xf.example.org/log/2", "xf.example.org", "test.example.org/log/1", ""] {
        let mut draft = asking().draft(world.draw(), world.now_ms(), world.log.seen());
        draft.log = log.into();
        let text = draft.sign(&Signer::school(1).kid(), &Signer::school(1).key()).unwrap();
        let expected = Refused::ForeignLog { asked: log.into(), this: world.log.origin().into() };
        refused_as(&world, text.compact(), &expected);
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
        refused_as(&world, text.compact(), &Refused::SeenUnknown(size));
    }
    for size in [0, 1, seen.size - 1] {
        let root = if size == 0 { ledger::merkle::empty_root() } else { world.log.proofs().root_at(size).unwrap() };
        let person = person(300 + size);
        let text = said::register(1, person).sign(world.draw(), world.now_ms(), Seen { root, size });
        assert!(matches!(world.submit_text(text.compact()), Ok(Answer::Committed(_))), "an old one, not too old");
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
    assert!(matches!(world.submit_text(first.compact()), Ok(Answer::Committed(_))));
    world.wait_ms(1);
    refused_as(&world, second.compact(), &Refused::SeenTooOld(seen.size));
    // The head of a log that slept is not old: nobody could have seen a newer one.
    world.wait_ms(10 * SEEN_AGE_MS_MAX);
    world.makes(&said::register(1, person(203)));
}

/// A signer's clock could put a record into next year.
#[test]
fn at_is_at_most_five_minutes_ahead() {
    let world = LogWorld::province();
    let ahead = |n: u64, ms: i64| said::register(1, person(n)).sign(world.draw(), world.now_ms() + ms, world.log.seen());
    let text = ahead(200, AHEAD_MS_MAX + 1);
    refused_as(&world, text.compact(), &Refused::AtInFuture { ahead_ms: AHEAD_MS_MAX + 1 });
    assert!(world.submit_text(ahead(201, AHEAD_MS_MAX).compact()).is_ok());
    assert!(world.submit_text(ahead(202, -10 * SEEN_AGE_MS_MAX).compact()).is_ok(), "at is only a claim");
}

/// What no rule knows, or what is not the asker's, would become history.
#[test]
fn kinds_are_a_closed_table() {
    let world = LogWorld::province();
    let mut unknown = asking();
    unknown.kind = "person.forget.v1".into();
    rejected(&world, &unknown, Refusal::UnknownKind("person.forget.v1".into()));
    let admit = said::admit(&said::admission(3)).signed_by(Signer::school(1));
    let not_yours = AskError::KindNotYours { issuer: IssuerNumber(1), kind: admit.kind.clone() };
    rejected(&world, &admit, not_yours);
    rejected(&world, &said::open_log(&said::opening()), credentials::rulebook::open_log::OpenLogError::NotFirst);
    for kind in ["record", "outcome.record", "outcome.record.v0", "Outcome.record.v1", "outcome..v1", "a.b.v01"] {
        let good = payload(world.sign(&asking()).compact());
        let text = good.replace("person.register.v1", kind);
        let text = compact(&Signer::school(1), &header(&Signer::school(1)), text.as_bytes());
        refused_as(&world, &text, &Malformed::Kind.into());
    }
}

/// Two texts would mean one thing, and whoever hashes the other finds no record.
#[test]
fn payloads_have_one_form() {
    let world = LogWorld::province();
    let signer = Signer::school(1);
    let good = payload(world.sign(&asking()).compact());
    let with = |data: &str| {
        let at = good.find(r#""data":"#).unwrap() + 7;
        let end = good.find(r#","id":"#).unwrap();
        format!("{}{data}{}", &good[..at], &good[end..])
    };
    let cases = [
        (format!(" {good}"), Flaw::Whitespace),
        (format!("{good}\n"), Flaw::Whitespace),
        (format!("{good}{good}"), Flaw::Trailing),
        (good.replace("{\"at\":", "{\"zz\":1,\"at\":"), Flaw::NotSorted),
        (good.replace("{\"at\":", "{\"at\":1,\"at\":"), Flaw::DuplicateMember),
        (good.replace("\"kind\"", "\"\\u006bind\""), Flaw::Escaping),
        (with("{\"n\":1.5}"), Flaw::Float),
        (with("{\"n\":1e3}"), Flaw::Float),
        (with("{\"n\":9007199254740992}"), Flaw::NumberTooLarge),
        (with("{\"n\":-9007199254740992}"), Flaw::NumberTooLarge),
        (with("{\"n\":-0}"), Flaw::NegativeZero),
        (with("{\"n\":01}"), Flaw::LeadingZero),
        (with("{\"a\":1,\"a\":1}"), Flaw::DuplicateMember),
        (with("{\"b\":1,\"a\":1}"), Flaw::NotSorted),
        (with("\"e\u{301}\""), Flaw::NotNfc),
        (with("\"\\ud800\""), Flaw::Surrogate),
        (with(&format!("{}{}", "[".repeat(70), "]".repeat(70))), Flaw::TooDeep),
        (good[..good.len() - 1].to_owned(), Flaw::NotJson),
    ];
    for (text, flaw) in cases {
        let text = compact(&signer, &header(&signer), text.as_bytes());
        match refused(&world, |world| world.submit_text(&text)) {
            ExecuteError::Refused(Refused::Malformed(Malformed::NotCanonical(found))) => assert_eq!(found.what, flaw),
            other => unreachable!("{flaw:?}: {other:?}"),
        }
    }
    let not_text = compact(&signer, &header(&signer), &[0xff, 0xfe]);
    refused_as(&world, &not_text, &Malformed::Payload("not UTF-8".into()).into());
}

/// Members, ids or times in another shape would be read one way here and another way elsewhere.
#[test]
fn payloads_have_the_members_of_an_assertion() {
    let world = LogWorld::province();
    let signer = Signer::school(1);
    let good: Value = serde_json::from_str(&payload(world.sign(&asking()).compact())).unwrap();
    let changed = |member: &str, value: Option<Value>| {
        let mut payload = good.clone();
        match value {
            Some(value) => payload[member] = value,
            None => drop(payload.as_object_mut().unwrap().remove(member)),
        }
        let bytes = ledger::canonical::to_vec(&payload).unwrap();
        compact(&signer, &header(&signer), &bytes)
    };
    let payload_error = |text: &str| match refused(&world, |world| world.submit_text(text)) {
        ExecuteError::Refused(Refused::Malformed(Malformed::Payload(_))) => {}
        other => unreachable!("{other:?}"),
    };
    for member in ["at", "data", "id", "kind", "log", "seen"] {
        payload_error(&changed(member, None));
    }
    payload_error(&changed("more", Some(json!(1))));
    payload_error(&changed("seen", Some(json!({ "size": 1 }))));
    payload_error(&changed("act", Some(json!({ "by": "password", "person": person(1), "role": "clerk" }))));
    payload_error(&changed("seen", Some(json!({ "root": "too short", "size": 1 }))));
    // UUIDv4 has no time order; v1 has a machine's address in it.
    for id in [json!(person(1)), json!("c232ab00-9414-11ec-b3c8-9f6bdeced846")] {
        refused_as(&world, &changed("id", Some(id)), &Malformed::Id.into());
    }
    for at in ["2026-06-30T04:00:00Z", "2026-06-30T12:00:00.000+08:00", "2026-06-30 04:00:00.000Z", "2026-02-30T04:00:00.000Z", ""] {
        refused_as(&world, &changed("at", Some(json!(at))), &Malformed::At.into());
    }
}

/// A header could choose how its own signature is judged.
#[test]
fn headers_are_exact() {
    let world = LogWorld::province();
    let signer = Signer::school(1);
    let text = payload(world.sign(&asking()).compact());
    let kid = signer.kid();
    let typ = r#""typ":"xf-assertion+jws""#;
    for alg in ["SM2", "none", "HS256", "ES256", "eddsa", ""] {
        let header = format!(r#"{{"alg":"{alg}","kid":"{kid}",{typ}}}"#);
        let expected = Malformed::Algorithm(alg.into());
        refused_as(&world, &compact(&signer, &header, text.as_bytes()), &expected.into());
    }
    for header in [
        format!(r#"{{"alg":"EdDSA","b64":true,"kid":"{kid}",{typ}}}"#),
        format!(r#"{{"alg":"EdDSA","jwk":{{}},"kid":"{kid}",{typ}}}"#),
        format!(r#"{{"kid":"{kid}","alg":"EdDSA",{typ}}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{kid}",{typ} }}"#),
        format!(r#"{{"alg":"EdDSA","alg":"EdDSA","kid":"{kid}",{typ}}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"EdDSA",{typ}}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"JWT"}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"key-1",{typ}}}"#),
        "[]".into(),
        String::new(),
    ] {
        let text = compact(&signer, &header, text.as_bytes());
        match refused(&world, |world| world.submit_text(&text)) {
            ExecuteError::Refused(Refused::Malformed(Malformed::Header(_))) => {}
            other => unreachable!("{header}: {other:?}"),
        }
    }
}

/// Base64 with a second spelling would give one assertion two sets of bytes.
#[test]
fn compact_parts_have_one_spelling() {
    let world = LogWorld::province();
    let good = world.sign(&asking());
    let good = good.compact();
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (head, body) = signed.split_once('.').unwrap();
    // 64 bytes leave four unused bits in the last character.
    let last = signature.chars().last().unwrap();
    let stray = char::from(u8::try_from(last).unwrap() + 1);
    for text in [
        String::new(),
        head.into(),
        signed.into(),
        format!("{good}."),
        format!("{good}="),
        format!("{good}.{signature}"),
        format!("{head}=.{body}.{signature}"),
        format!("{head}.{body}\n.{signature}"),
        format!("{head}.{body}.{}", &signature[4..]),
        format!("{head}.{body}.{}{stray}", &signature[..signature.len() - 1]),
        format!("{head}.{body}.AAAA{signature}"),
    ] {
        match refused(&world, |world| world.submit_text(&text)) {
            ExecuteError::Refused(Refused::Malformed(Malformed::Compact(_))) => {}
            other => unreachable!("{text}: {other:?}"),
        }
    }
}

/// One submission could fill the disk, or a leaf that no tile can hold would stop the log.
#[test]
fn sizes_are_bounded() {
    let world = LogWorld::province();
    let size = world.sign(&asking()).compact().len();
    let text = format!("{}{}", world.sign(&asking()).compact(), "A".repeat(ASSERTION_BYTES_MAX + 1 - size));
    assert_eq!(text.len(), ASSERTION_BYTES_MAX + 1);
    refused_as(&world, &text, &Malformed::TooLarge(ASSERTION_BYTES_MAX + 1).into());

    // The assertion fits, but not with the facts that repeat its name.
    let world = LogWorld::empty();
    let mut opening = said::opening();
    opening.name = "名".repeat(14_000);
    let text = world.sign(&said::open_log(&opening));
    assert!(text.compact().len() < ASSERTION_BYTES_MAX);
    match refused(&world, |world| world.submit_text(text.compact())) {
        ExecuteError::Refused(Refused::TooLarge(bytes)) => assert!(bytes > ledger::commit::LEAF_BYTES_MAX),
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
    let Answer::Committed(committed) = world.submit_text(first.compact()).unwrap() else { unreachable!() };
    let size = world.size();
    let Answer::AlreadySo(earlier) = world.submit_text(first.compact()).unwrap() else { unreachable!() };
    assert_eq!((earlier.id, earlier.position), (first.id(), committed.commit.position));
    assert_eq!(world.size(), size);

    let reused = Refused::IdReused { id: first.id(), position: committed.commit.position };
    for other in [said::register(1, person(201)), asking().signed_by(Signer::school(2))] {
        let text = other.sign(n, world.now_ms(), world.log.seen());
        refused_as(&world, text.compact(), &reused);
    }
    // The same bytes long after: still the same answer, whatever has become of key and checkpoint.
    world.makes(&said::activate(&said::activation(1, "key-2")));
    world.makes(&said::retire(1, "key-1"));
    world.wait_ms(10 * SEEN_AGE_MS_MAX);
    let Answer::AlreadySo(again) = world.submit_text(first.compact()).unwrap() else { unreachable!() };
    assert_eq!(again, earlier);
}

/// What a door does with a submission: open the values, check them, then ask the log.
fn submit_with_values(world: &LogWorld, text: &str) -> Result<Reply, DisclosureError> {
    #[derive(serde::Deserialize)]
    struct Values {
        #[serde(rename = "_sd", default)]
        values: Commitments,
    }
    let (jws, disclosures) = erasable::split_submission(text)?;
    let assertion = Assertion::parse(jws).unwrap();
    let committed: Values = serde_json::from_str(assertion.data().get()).unwrap();
    let kind = kinds::find(assertion.kind()).unwrap();
    erasable::check(&committed.values, &disclosures, kind.erasable)?;
    Ok(world.submit_text(jws))
}

/// A commitment nobody opened, or a value nobody committed to, would make an empty promise.
#[test]
fn every_commitment_is_opened_once() {
    let world = LogWorld::province();
    let disclosure = |salt: u8, name: &str, value: Value| Disclosure::new([salt; 32], name, value);
    let name = disclosure(1, "name", json!("王晓明"));
    let birth = disclosure(2, "birth_date", json!("2001-02-03"));
    let ask = |disclosures: &[&Disclosure]| {
        let digests = disclosures.iter().map(|it| it.digest()).collect();
        let data = register::Data {
            values: Commitments::of(digests).unwrap(),
            identifiers: Vec::new(),
            person: person(200),
        };
        world.sign(&Asking::new(Signer::school(1), register::KIND, &data))
    };
    let both = ask(&[&name, &birth]);
    let jws = both.compact();
    let (n, b) = (name.encoded(), birth.encoded());
    let refused = |text: &str, expected: DisclosureError| {
        let before = world.size();
        assert_eq!(submit_with_values(&world, text).unwrap_err(), expected);
        assert_eq!(world.size(), before);
    };
    let malformed = |index, what| DisclosureError::Malformed { index, what };

    refused(jws, DisclosureError::Missing(*ask_digests(&both).first().unwrap()));
    refused(&format!("{jws}~{n}~"), DisclosureError::Missing(birth.digest()));
    refused(&format!("{jws}~{n}~{b}~{n}~"), DisclosureError::Twice { index: 2 });
    let resalted = disclosure(3, "name", json!("王晓明"));
    refused(&format!("{jws}~{n}~{}~", resalted.encoded()), DisclosureError::Unreferenced { index: 1 });
    refused(&format!("{jws}~{n}~{b}"), malformed(0, "the submission must end with ~"));
    refused(&format!("{jws}~{n}~{b}~eyJ0eXAiOiJrYitqd3QifQ.e30.AA"), malformed(0, "the submission must end with ~"));
    refused(&format!("{jws}~{n}~~{b}~"), malformed(1, "an empty part"));
    refused(&format!("{jws}~{n}=~{b}~"), malformed(0, "not base64url without padding, re-encoding to the same text"));

    let mark = disclosure(4, "grade", json!("85"));
    let not_erasable = DisclosureError::NotErasable { index: 0, name: "grade".into() };
    refused(&format!("{}~{}~", ask(&[&mark]).compact(), mark.encoded()), not_erasable);
    let same_salt = disclosure(1, "birth_date", json!("2001-02-03"));
    let text = format!("{}~{n}~{}~", ask(&[&name, &same_salt]).compact(), same_salt.encoded());
    refused(&text, DisclosureError::Twice { index: 1 });
    let same_name = disclosure(5, "name", json!("王小明"));
    let text = format!("{}~{n}~{}~", ask(&[&name, &same_name]).compact(), same_name.encoded());
    refused(&text, DisclosureError::Twice { index: 1 });

    let Ok(Ok(Answer::Committed(_))) = submit_with_values(&world, &format!("{jws}~{b}~{n}~")) else {
        unreachable!("in any order")
    };
}

fn ask_digests(assertion: &Assertion) -> Vec<Digest> {
    let data: register::Data = serde_json::from_str(assertion.data().get()).unwrap();
    data.values.into()
}

/// A weak salt would let anybody guess the name behind a commitment; a strange value would open as two.
#[test]
fn disclosures_have_one_shape() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let world = LogWorld::province();
    let jws = world.sign(&asking());
    let salt = URL_SAFE_NO_PAD.encode([7; 32]);
    let shape = "not a JSON array of salt, name, value";
    let plain = "the value must be text, a whole number, true or false";
    let reserved = "a name that SD-JWT reserves";
    for (array, expected) in [
        (format!(r#"["{}","name","王"]"#, URL_SAFE_NO_PAD.encode([7; 31])), None),
        (format!(r#"["{}","name","王"]"#, URL_SAFE_NO_PAD.encode([7; 33])), None),
        (format!(r#"["{salt}=","name","王"]"#), None),
        (format!(r#"["{salt}","_sd","王"]"#), Some(reserved)),
        (format!(r#"["{salt}","...","王"]"#), Some(reserved)),
        (format!(r#"["{salt}","王"]"#), Some(shape)),
        (format!(r#"["{salt}","name","王","more"]"#), Some(shape)),
        (format!(r#"{{"salt":"{salt}"}}"#), Some(shape)),
        (format!(r#"["{salt}","name",{{"a":1}}]"#), Some(plain)),
        (format!(r#"["{salt}","name",["a"]]"#), Some(plain)),
        (format!(r#"["{salt}","name",1.5]"#), Some(plain)),
        (format!(r#"["{salt}","name",null]"#), Some(plain)),
        (format!(r#"["{salt}","name","{}"]"#, "王".repeat(2_800)), Some("larger than 8192 bytes")),
    ] {
        let text = format!("{}~{}~", jws.compact(), URL_SAFE_NO_PAD.encode(&array));
        let before = world.size();
        let expected = match expected {
            None => DisclosureError::Salt { index: 0 },
            Some(what) => DisclosureError::Malformed { index: 0, what },
        };
        assert_eq!(submit_with_values(&world, &text).unwrap_err(), expected, "{array:.80}");
        assert_eq!(world.size(), before);
    }
    let many = format!("{}~{}", jws.compact(), "WyJhIiwiYiIsImMiXQ~".repeat(33));
    let error = submit_with_values(&world, &many).unwrap_err();
    assert_eq!(error, DisclosureError::Salt { index: 0 });
    let one = Disclosure::new([1; 32], "name", json!("王"));
    let many = format!("{}~{}", jws.compact(), format!("{}~", one.encoded()).repeat(33));
    let error = submit_with_values(&world, &many).unwrap_err();
    assert_eq!(error, DisclosureError::Malformed { index: 32, what: "more than 32 disclosures" });
}

/// `_sd` in another order would be another commitment to the same values.
#[test]
fn commitments_stand_in_one_order() {
    let world = LogWorld::province();
    let mut digests: Vec<Digest> = said::values(2).into();
    for twist in ["reversed", "twice"] {
        let mut asking = asking();
        match twist {
            "reversed" => digests.reverse(),
            _ => digests = vec![digests[0], digests[0]],
        }
        asking.data["_sd"] = json!(digests);
        match refused(&world, |world| world.submit(&asking)) {
            ExecuteError::Rejected(Refusal::DataMalformed(what)) => assert!(what.contains("ascending"), "{what}"),
            other => unreachable!("{other:?}"),
        }
    }
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
        let submission = world.log.check(world.sign(&asking).compact())?;
        world.log.submit_blocking(submission.expecting(stream.clone(), revision))
    };
    assert!(bind(&world, 1).is_ok());
    for wrong in [0, 1, 3] {
        match refused(&world, |world| bind(world, wrong)) {
            ExecuteError::Precondition { stream: of, expected, actual } => {
                assert_eq!((of, expected, actual), (stream.clone(), wrong, 2));
            }
            other => unreachable!("{other:?}"),
        }
    }
}
