//! Reasons of the ledger and of values: what signed bytes can be refused for.

use api::problem::Reason;
use base64::Engine as _;
use ledger::assertion::{Draft, Seen};
use ledger::batch::{self, Batch};
use ledger::clock;
use serde_json::json;
use tests::support::raw_jws;
use tests::support::server::hand::{Hand, commit, disclosure, join};
use tests::support::server::{Stand, resident_id};
use uuid::Uuid;

use super::Met;
use crate::http_journeys::own_key::{recording, values};

const DAY_MS: i64 = 86_400_000;

pub(super) fn all(stand: &Stand, met: &Met) {
    let hand = stand.own_key(0, "key-problems");
    let person = stand.register(0, "王晓明", &resident_id(900));
    forms(stand, met, &hand, person);
    order(stand, met, &hand, person);
    keys(stand, met, &hand, person);
    disclosures(stand, met, &hand, person);
}

/// Signs exactly these bytes.
fn raw(hand: &Hand, header: &str, payload: &str) -> String {
    raw_jws::compact_by(&hand.key, header, payload.as_bytes())
}

fn forms(stand: &Stand, met: &Met, hand: &Hand, person: Uuid) {
    let good = hand.sign(&recording(stand, person, "F-1"));
    let payload = raw_jws::payload(&good);
    let header = format!(
        r#"{{"alg":"EdDSA","kid":"{}","typ":"xf-assertion+jws"}}"#,
        hand.kid
    );
    let before = crate::http_trace::trace(stand);
    let refused = |text: &str, reason| {
        met.refused(&stand.assert(text), reason);
        assert_eq!(
            crate::http_trace::trace(stand),
            before,
            "{reason:?} left a trace"
        );
    };
    refused("not a jws", Reason::AssertionMalformed);
    refused(
        &raw(hand, &header.replace("EdDSA", "ES256"), &payload),
        Reason::AlgorithmNotEnabled,
    );
    let floats = [
        "1.5",
        "9007199254740992",
        "{\"a\":1,\"a\":1}",
        "\"e\u{301}\"",
    ];
    for value in floats {
        let bent = payload.replacen(r#""data":{"#, &format!(r#""data":{{"a":{value},"#), 1);
        assert_ne!(bent, payload);
        refused(&raw(hand, &header, &bent), Reason::PayloadNotCanonical);
    }
    refused(
        &raw(hand, &header, &payload.replace(r#"{"at""#, r#"{ "at""#)),
        Reason::PayloadNotCanonical,
    );
    let mut draft = recording(stand, person, "F-1");
    draft.id = clock::uuid_v4();
    let v4 = payload.replace(&id_of(&payload), &draft.id.to_string());
    refused(&raw(hand, &header, &v4), Reason::PayloadInvalid);
    refused(
        &format!("{good}{}", "A".repeat(70_000)),
        Reason::AssertionTooLarge,
    );
    draft = recording(stand, person, "F-1");
    draft.kind = "outcome.dream.v1".into();
    refused(&hand.sign(&draft), Reason::KindUnknown);
    draft = recording(stand, person, "F-1");
    draft.data = json!({ "awarder": "王晓明" });
    let answer = stand.assert(&hand.sign(&draft));
    assert!(
        !answer.text().contains("王晓明"),
        "a value is not quoted back"
    );
    met.refused(&answer, Reason::DataInvalid);
}

#[test]
fn a_member_of_data_that_is_wrong_is_named() {
    // A school's programmer would read that something in 40 members is wrong, and not what.
    let stand = Stand::open();
    let hand = stand.own_key(0, "key-data");
    let said = "王晓明";
    let register = identity::person::register::KIND;
    let person = clock::uuid_v4();
    let identifier = |kind: &str| json!({ "check": "ok", "type": kind });
    let wrong = [
        (json!({ "person": said, "identifiers": [] }), "/data/person"),
        (
            json!({ "person": person, "identifiers": [identifier("passport"), identifier(said)] }),
            "/data/identifiers/1/type",
        ),
        (
            json!({ "person": person, "identifiers": [], "a/b": said }),
            "/data",
        ),
        (json!({ "identifiers": [] }), "/data"),
    ];
    for (data, pointer) in wrong {
        let answer = stand.assert(&hand.sign(&Hand::draft(&stand, register, data)));
        let problem = answer.refused(422, "data-invalid");
        let errors = problem["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{problem}");
        assert_eq!(errors[0]["pointer"], pointer);
        assert_ne!(errors[0]["detail"], "");
        assert!(!answer.text().contains(said), "a value is not quoted back");
    }
}

fn id_of(payload: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(payload).unwrap();
    value["id"].as_str().unwrap().to_owned()
}

fn order(stand: &Stand, met: &Met, hand: &Hand, person: Uuid) {
    let sent = |bend: &dyn Fn(&mut Draft)| {
        let mut draft = recording(stand, person, "O-1");
        bend(&mut draft);
        stand.assert(&hand.sign(&draft))
    };
    met.refused(
        &sent(&|draft| draft.log = "elsewhere.example/log/1".into()),
        Reason::ForeignLog,
    );
    met.refused(
        &sent(&|draft| draft.seen.size += 1_000),
        Reason::SeenUnknown,
    );
    met.refused(
        &sent(&|draft| draft.at_ms += 5 * 60_000 + 1),
        Reason::AtInFuture,
    );
    let id = clock::uuid_v7(1_782_792_000_000);
    sent(&|draft| draft.id = id).is(201);
    let answer = sent(&|draft| {
        draft.id = id;
        draft.at_ms -= 1;
    });
    assert!(answer.json()["position"].is_u64(), "where it stands");
    met.refused(&answer, Reason::IdReused);
    batches(stand, met, hand, person);
    let seen: Seen = stand.app.ledger.seen();
    sent(&|draft| *draft = recording(stand, person, "O-2")).is(201);
    stand.pass(7 * DAY_MS + 1);
    met.refused(&sent(&|draft| draft.seen = seen), Reason::SeenTooOld);
}

fn batches(stand: &Stand, met: &Met, hand: &Hand, person: Uuid) {
    let draft = recording(stand, person, "B-1");
    stand.assert(&hand.sign(&draft)).is(201);
    let member = draft.member(&hand.kid).unwrap();
    let envelope = Hand::draft(stand, batch::KIND, json!(null));
    let batch = Batch::sign(envelope, vec![member], &hand.kid, &hand.key).unwrap();
    let envelope = batch.envelope().text();
    met.refused(&stand.assert(envelope), Reason::BatchInvalid);
    let body = json!({ "envelope": envelope, "payloads": [batch.members()[0].text()] });
    let media = "application/vnd.xuefen.batch+json";
    let answer = stand.submit(media, &[], &body.to_string());
    met.refused(&answer, Reason::BatchRefused);
    // Its id stands in the log with other bytes; under a new id it is so already.
    assert_eq!(answer.json()["members"][0]["code"], Reason::IdReused.code());
    let again = recording(stand, person, "B-1").member(&hand.kid).unwrap();
    let envelope = Hand::draft(stand, batch::KIND, json!(null));
    let batch = Batch::sign(envelope, vec![again], &hand.kid, &hand.key).unwrap();
    let body =
        json!({ "envelope": batch.envelope().text(), "payloads": [batch.members()[0].text()] });
    let answer = stand.submit(media, &[], &body.to_string());
    assert_eq!(
        answer.json()["members"][0]["code"],
        Reason::AlreadySo.code()
    );
    met.saw(Reason::AlreadySo);
}

fn keys(stand: &Stand, met: &Met, hand: &Hand, person: Uuid) {
    let draft = recording(stand, person, "K-1");
    let unknown = Hand::new(stand, 1, "key-nobody-has");
    met.refused(&stand.assert(&unknown.sign(&draft)), Reason::KeyUnknown);
    let imposter = Hand {
        kid: hand.kid.clone(),
        key: ledger::key::SigningKey::generate(),
    };
    met.refused(&stand.assert(&imposter.sign(&draft)), Reason::BadSignature);
    let admit = Hand::draft(
        stand,
        identity::institution::admit::KIND,
        serde_json::from_str("{}").unwrap(),
    );
    let mut admit = Draft {
        data: admission(),
        ..admit
    };
    met.refused(&stand.assert(&hand.sign(&admit)), Reason::KindNotYours);
    let registrar = Hand::of_genesis(stand, api::genesis::ASSERTION_KEY);
    met.refused(&stand.assert(&registrar.sign(&admit)), Reason::ActMissing);
    admit.act = tests::support::server::hand::act(clock::uuid_v4(), "registrar");
    met.refused(
        &stand.assert(&registrar.sign(&admit)),
        Reason::ActorNotAllowed,
    );
    admit.act = tests::support::server::hand::act(stand.registrar.person, "registrar");
    admit.data["number"] = json!(99);
    met.refused(
        &stand.assert(&registrar.sign(&admit)),
        Reason::NumberNotNext,
    );
    let retired = stand.own_key(1, "key-to-retire");
    let path = format!("/v1/institutions/2/keys/{}", retired.fragment());
    stand
        .send("DELETE", &path, stand.schools[1].token(), &[], None)
        .is(201);
    met.refused(&stand.assert(&retired.sign(&draft)), Reason::KeyNotActive);
}

/// The data of an admission that is complete.
fn admission() -> serde_json::Value {
    let key = ledger::key::SigningKey::generate().public();
    json!({
        "key": { "custody": "own", "fragment": "key-1", "key": key }, "level": "school", "name": "新学校",
        "number": 3, "officers": [clock::uuid_v4(), clock::uuid_v4()], "school_code": "4133010351", "scope": ["course"],
    })
}

fn disclosures(stand: &Stand, met: &Met, hand: &Hand, person: Uuid) {
    let before = crate::http_trace::trace(stand);
    let draft = || recording(stand, person, "D-1");
    let refused = |text: &str, reason| {
        met.refused(&stand.assert(text), reason);
        assert_eq!(
            crate::http_trace::trace(stand),
            before,
            "{reason:?} left a trace"
        );
    };
    let title = disclosure("title", "数据结构");
    let grade = disclosure("grade", "85");
    let mut committed = draft();
    commit(&mut committed, std::slice::from_ref(&title));
    let compact = hand.sign(&committed);
    refused(&format!("{compact}~!!!~"), Reason::DisclosureMalformed);
    let short = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(r#"["AAAA","title","x"]"#);
    refused(&format!("{compact}~{short}~"), Reason::DisclosureSalt);
    refused(
        &hand.submission(draft(), &[disclosure("code", "CS101")]),
        Reason::DisclosureNotErasable,
    );
    refused(
        &join(&compact, &[title.clone(), grade]),
        Reason::DisclosureUnreferenced,
    );
    refused(
        &join(&compact, &[title.clone(), title]),
        Reason::DisclosureTwice,
    );
    refused(&compact, Reason::DisclosureMissing);
    let used = values();
    stand
        .assert(&hand.submission(recording(stand, person, "D-2"), &used))
        .is(201);
    met.refused(
        &stand.assert(&hand.submission(draft(), &used)),
        Reason::SaltSeen,
    );
}
