//! An institution that signs with a key of its own: what it may send, and what bad input gets.

use credentials::account::outcome::{Origin, outcome_id};
use credentials::account::record_outcome;
use identity::did::IssuerNumber;
use identity::erasable::Disclosure;
use ledger::assertion::Draft;
use ledger::clock;
use serde_json::{Value, json};
use tests::support::server::answer::after;
use tests::support::server::hand::{Hand, disclosure};
use tests::support::server::{Stand, resident_id};
use uuid::Uuid;

/// School 1 records a course for `person`, to be signed.
pub(crate) fn recording(stand: &Stand, person: Uuid, record: &str) -> Draft {
    let origin = Origin {
        awarder: IssuerNumber(1),
        record: record.into(),
    };
    let data = json!({
        "awarder": 1, "outcome": outcome_id(&origin, person), "person": person, "record": record,
        "open": {
            "category": "general", "code": "CS101", "completed_on": "2026-06-01", "credits": "2",
            "kind": "course", "passed": true, "scheme": "cn-he",
        },
    });
    Hand::draft(stand, record_outcome::KIND, data)
}

/// Title and mark with salts of their own.
pub(crate) fn values() -> Vec<Disclosure> {
    vec![disclosure("title", "数据结构"), disclosure("grade", "85")]
}

#[test]
fn an_institution_signs_itself_and_its_learner_sees_it() {
    // An institution could not keep its own key, and would have to trust ours.
    let stand = Stand::open();
    let hand = stand.own_key(0, "key-own");
    let person = stand.register(0, "王晓明", &resident_id(1));
    let text = hand.submission(recording(&stand, person, "R-1"), &values());
    let written = stand
        .submit("application/jose", &[("prefer", "receipt")], &text)
        .is(201);
    assert!(
        written["receipt"]
            .as_str()
            .unwrap()
            .starts_with("c2sp.org/tlog-proof@v1\n")
    );
    let path = after(&format!("/v1/learners/{person}/transcript.json"), &written);
    let line = stand.get(stand.schools[0].token(), &path).is(200)["outcomes"][0].clone();
    assert_eq!(
        (&line["title"], &line["grade"]),
        (&json!("数据结构"), &json!("85"))
    );
    assert_eq!(line["signed"]["custody"], "own");
    assert_eq!(line["signed"]["kid"], hand.kid.as_str());
    // The same bytes again are the same commit.
    let again = stand.assert(&text).is(200);
    assert_eq!(
        (&again["id"], &again["position"]),
        (&written["id"], &written["position"])
    );
}

#[test]
fn lines_are_decided_in_order_and_answered_each() {
    // One bad line would sink the others, or a line that rests on the one before would fail.
    let stand = Stand::open();
    let hand = stand.own_key(0, "key-own");
    let person = clock::uuid_v4();
    let register = Hand::draft(
        &stand,
        identity::person::register::KIND,
        json!({
            "identifiers": [{ "check": "ok", "type": "resident_id" }], "person": person,
        }),
    );
    let names = [
        disclosure("name", "王晓明"),
        disclosure("resident_id", &resident_id(1)),
    ];
    let bad = hand
        .sign(&recording(&stand, person, "R-0"))
        .replace('.', ",");
    let lines = [
        hand.submission(register, &names),
        hand.submission(recording(&stand, person, "R-1"), &values()),
        bad,
        hand.submission(recording(&stand, person, "R-2"), &values()),
    ];
    let answer = stand.submit("application/x-ndjson", &[], &lines.join("\n"));
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "application/x-ndjson")
    );
    let answers: Vec<Value> = answer
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), 4);
    let positions: Vec<u64> = [0, 1, 3]
        .iter()
        .map(|at| answers[*at]["position"].as_u64().unwrap())
        .collect();
    assert!(positions.is_sorted());
    assert_eq!(answers[2]["type"], "/problems/assertion-malformed");
    let path = after(
        &format!("/v1/learners/{person}/transcript.json"),
        &answers[3],
    );
    let transcript = stand.get(stand.schools[0].token(), &path).is(200);
    assert_eq!(transcript["learner"]["name"], "王晓明");
    assert_eq!(transcript["outcomes"].as_array().unwrap().len(), 2);
    let again = stand
        .submit("application/x-ndjson", &[], &lines.join("\n"))
        .text();
    for (before, now) in answers.iter().zip(again.lines()) {
        let now: Value = serde_json::from_str(now).unwrap();
        assert_eq!(now["position"], before["position"]);
    }
    let many = "x\n".repeat(1_001);
    stand
        .submit("application/x-ndjson", &[], &many)
        .refused(413, "body-too-large");
}

#[test]
fn a_stale_if_match_writes_nothing() {
    // Two clerks would overwrite what the other had just seen.
    let stand = Stand::open();
    let hand = stand.own_key(0, "key-own");
    let person = stand.register(0, "王晓明", &resident_id(1));
    let send = |record: &str, revision: &str| {
        let text = hand.submission(recording(&stand, person, record), &values());
        stand.submit("application/jose", &[("if-match", revision)], &text)
    };
    send("R-1", "\"r0\"").is(201);
    let revision = |stand: &Stand| {
        let stream = credentials::account::wire::stream(person);
        let facts = (0..stand.app.ledger.head().size)
            .filter_map(|at| stand.app.ledger.commit(at).unwrap())
            .flat_map(|commit| commit.facts);
        facts.filter(|fact| fact.stream == stream).count()
    };
    let now = revision(&stand);
    let size = stand.app.ledger.head().size;
    send("R-2", "\"r0\"").refused(412, "precondition");
    send("R-2", "r0").refused(400, "body-unreadable");
    assert_eq!(stand.app.ledger.head().size, size);
    send("R-2", &format!("\"r{now}\"")).is(201);
}

#[test]
fn nothing_bad_leaves_a_trace() {
    // A refused submission would leave a person's values in the vault, or a commit nobody asked for.
    let stand = Stand::open();
    let hand = stand.own_key(0, "key-own");
    let person = stand.register(0, "王晓明", &resident_id(1));
    let used = values();
    stand
        .assert(&hand.submission(recording(&stand, person, "R-0"), &used))
        .is(201);
    let before = crate::http_trace::trace(&stand);
    let draft = || recording(&stand, person, "R-1");
    let with = |bend: &dyn Fn(&mut Draft)| {
        let mut bent = draft();
        bend(&mut bent);
        hand.submission(bent, &values())
    };
    let (size, root) = (stand.app.ledger.seen().size, stand.app.ledger.seen().root);
    let cases = [
        (
            "foreign-log",
            422,
            with(&|draft| draft.log = "elsewhere.example/log/1".into()),
        ),
        (
            "seen-unknown",
            422,
            with(&|draft| draft.seen.size = size + 9),
        ),
        (
            "seen-unknown",
            422,
            with(&|draft| {
                draft.seen = ledger::assertion::Seen {
                    root,
                    size: size - 1,
                }
            }),
        ),
        (
            "at-in-future",
            422,
            with(&|draft| draft.at_ms += 5 * 60_000 + 1),
        ),
        (
            "kind-unknown",
            422,
            with(&|draft| draft.kind = "outcome.dream.v1".into()),
        ),
        (
            "awarder-not-authorised",
            403,
            with(&|draft| draft.data["awarder"] = json!(2)),
        ),
        (
            "id-not-derived",
            422,
            with(&|draft| draft.data["outcome"] = json!(clock::uuid_v4())),
        ),
        (
            "data-invalid",
            422,
            with(&|draft| draft.data["open"]["credits"] = json!("-2")),
        ),
        (
            "data-invalid",
            422,
            with(&|draft| draft.data["title"] = json!("数据结构")),
        ),
        (
            "amount-absurd",
            422,
            with(&|draft| draft.data["open"]["credits"] = json!("4000")),
        ),
        (
            "date-in-future",
            422,
            with(&|draft| draft.data["open"]["completed_on"] = json!("2026-07-02")),
        ),
        ("person-unknown", 404, {
            let mut bent = recording(&stand, clock::uuid_v4(), "R-1");
            bent.data["record"] = json!("R-1");
            hand.submission(bent, &values())
        }),
        (
            "record-differs",
            409,
            hand.submission(recording(&stand, person, "R-0"), &values()[..1]),
        ),
        ("salt-seen", 422, hand.submission(draft(), &used)),
    ];
    for (slug, status, text) in cases {
        stand.assert(&text).refused(status, slug);
        assert_eq!(crate::http_trace::trace(&stand), before, "{slug}");
    }
}
