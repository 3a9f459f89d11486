//! Reasons of the rules: registry, officers, approvals, people, outcomes.

use api::problem::Reason;
use identity::officer::appoint;
use identity::person::{bind_identifier, register};
use identity::role::Role;
use ledger::assertion::Draft;
use ledger::clock;
use serde_json::{Value, json};
use tests::support::server::answer::after;
use tests::support::server::hand::{Hand, act, disclosure};
use tests::support::server::{Answer, Stand, resident_id};
use uuid::Uuid;

use super::Met;
use crate::http_journeys::own_key::{recording, values};

const DAY_MS: i64 = 86_400_000;

pub(super) fn all(stand: &Stand, met: &Met) {
    admission(stand, met);
    keys(stand, met);
    officers(stand, met);
    approvals(stand, met);
    people(stand, met);
    outcomes(stand, met);
    fields(stand, met);
}

/// `body` with `member` replaced.
fn with(body: &Value, member: &str, value: Value) -> Value {
    let mut bent = body.clone();
    bent[member] = value;
    bent
}

fn admission(stand: &Stand, met: &Met) {
    let body = json!({ "name": "温州大学", "school_code": "4133010351", "level": "school", "scope": ["course"] });
    let refused = |body: &Value, reason| {
        met.refused(
            &stand.post(&stand.registrar.token, "/v1/institutions", body),
            reason,
        );
    };
    refused(
        &with(&body, "school_code", json!("4133010335")),
        Reason::CodeTaken,
    );
    refused(
        &with(&body, "school_code", Value::Null),
        Reason::CodeMissing,
    );
    refused(
        &with(&body, "school_code", json!("41330")),
        Reason::CodeMalformed,
    );
    refused(
        &with(&body, "credit_code", json!("91330100MA27WX1X17")),
        Reason::CheckDigit,
    );
    refused(&with(&body, "name", json!(" ")), Reason::NameInvalid);
    let one = clock::uuid_v4();
    refused(
        &with(&body, "officers", json!([one, one])),
        Reason::OfficersInvalid,
    );
    refused(&with(&body, "parent", json!(4_000)), Reason::ParentUnknown);
    refused(&with(&body, "parent", json!(1)), Reason::LevelUnfit);
}

fn keys(stand: &Stand, met: &Met) {
    let token = stand.schools[1].token();
    let path = "/v1/institutions/2/keys";
    let refused = |token: &str, path: &str, body: &Value, reason| {
        met.refused(&stand.post(token, path, body), reason);
    };
    let key = ledger::key::SigningKey::generate().public();
    let before = crate::http_trace::trace(stand);
    // The neutral element: a point of small order (rule 3), refused as it is read.
    let small = "z6MkeXATEjyXENzBXBxgC5EHk2JE5aqd7qMGGtDpLUH1e2Sj";
    let answer = stand.post(
        token,
        path,
        &json!({ "fragment": "key-small", "key": small }),
    );
    assert_eq!(answer.json()["errors"][0]["pointer"], "/key");
    met.refused(&answer, Reason::BodyInvalid);
    // Good enough to check signatures with, and registered nowhere (rule 5).
    let mixed = crate::rules_identity::mixed_order().multikey();
    let answer = stand.post(
        token,
        path,
        &json!({ "fragment": "key-mixed", "key": mixed }),
    );
    assert_eq!(answer.json()["errors"][0]["pointer"], "/key");
    met.refused(&answer, Reason::KeyInvalid);
    assert_eq!(crate::http_trace::trace(stand), before, "nothing is stored");
    refused(
        token,
        "/v1/institutions/1/keys",
        &json!({ "fragment": "key-x", "key": key }),
        Reason::KeyNotYours,
    );
    refused(
        token,
        path,
        &json!({ "fragment": "KEY X", "key": key }),
        Reason::KeyNameInvalid,
    );
    stand
        .post(token, path, &json!({ "fragment": "key-taken", "key": key }))
        .is(201);
    let other = ledger::key::SigningKey::generate().public();
    refused(
        token,
        path,
        &json!({ "fragment": "key-taken", "key": other }),
        Reason::KeyNameTaken,
    );
    refused(
        token,
        path,
        &json!({ "fragment": "key-again", "key": key }),
        Reason::KeyTaken,
    );
    refused(
        token,
        path,
        &json!({ "fragment": "key-log", "key": other, "use": "checkpoint" }),
        Reason::KeyUseNotYours,
    );
    let delete = |path: &str, token: &str| stand.send("DELETE", path, token, &[], None);
    met.refused(
        &delete("/v1/institutions/2/keys/key-none", token),
        Reason::KeyNotFound,
    );
    met.refused(
        &delete(
            "/v1/institutions/0/keys/registrar-1",
            &stand.registrar.token,
        ),
        Reason::LastKey,
    );
}

fn officers(stand: &Stand, met: &Met) {
    let registrar = Hand::of_genesis(stand, api::genesis::ASSERTION_KEY);
    let refused = |data: Value, reason| {
        let mut draft = Hand::draft(stand, appoint::KIND, data);
        draft.act = act(stand.security.person, "security");
        met.refused(&stand.assert(&registrar.sign(&draft)), reason);
    };
    let person = clock::uuid_v4();
    refused(
        json!({ "person": person, "role": "clerk" }),
        Reason::RoleScope,
    );
    refused(
        json!({ "person": stand.audit.person, "role": "system" }),
        Reason::RolesCombined,
    );
    refused(
        json!({ "person": person, "role": "clerk", "institution": 4_000 }),
        Reason::InstitutionUnknown,
    );
}

/// Registrar 1 proposes a school; the proposal's path.
fn proposal(stand: &Stand) -> (Value, String) {
    let body = json!({ "name": "温州大学", "school_code": "4133010351", "level": "school", "scope": ["course"] });
    let proposed = stand
        .post(&stand.registrar.token, "/v1/institutions", &body)
        .is(202);
    let path = format!("/v1/approvals/{}", proposed["approval"].as_str().unwrap());
    (proposed, path)
}

fn approvals(stand: &Stand, met: &Met) {
    let approve = json!({ "decision": "approve" });
    let decide = |token: &str, path: &str| stand.post(token, path, &approve);
    let second = &stand.registrar2.token;
    let nowhere = format!("/v1/approvals/{}", clock::uuid_v4());
    met.refused(&decide(second, &nowhere), Reason::ProposalUnknown);
    let (_, path) = proposal(stand);
    met.refused(&decide(&stand.registrar.token, &path), Reason::SamePerson);
    met.refused(
        &decide(&stand.audit.token, &path),
        Reason::ApproverNotAllowed,
    );
    stand
        .post(second, &path, &json!({ "decision": "reject" }))
        .is(201);
    met.refused(&decide(second, &path), Reason::ProposalRejected);
    let (_, path) = proposal(stand);
    stand.pass(DAY_MS + 1);
    met.refused(&decide(second, &path), Reason::ProposalExpired);
    let [clerk, other] = &stand.schools[0].officers;
    let learner = stand.register(0, "王晓明", &resident_id(977));
    let body = Stand::outcome(learner, "late-no");
    let recorded = stand.post(&clerk.token, "/v1/outcomes", &body).is(201);
    stand.get("", &after("/v1/institutions", &recorded)).is(200);
    let path = format!(
        "/v1/outcomes/{}/revocations",
        recorded["id"].as_str().unwrap()
    );
    let proposed = stand
        .post(&clerk.token, &path, &json!({ "reason": "other" }))
        .is(202);
    stand.approve(&other.token, &proposed["approval"]).is(201);
    let path = format!("/v1/approvals/{}", proposed["approval"].as_str().unwrap());
    let too_late = stand.post(&other.token, &path, &json!({ "decision": "reject" }));
    met.refused(&too_late, Reason::ProposalCompleted);
    let registrar = Hand::of_genesis(stand, api::genesis::ASSERTION_KEY);
    let mut draft = Hand::draft(stand, identity::approval::decide::KIND, approve.clone());
    draft.act = act(stand.registrar2.person, "registrar");
    met.refused(
        &stand.assert(&registrar.sign(&draft)),
        Reason::TargetMissing,
    );
}

fn people(stand: &Stand, met: &Met) {
    let hand = stand.own_key(0, "key-people");
    let before = crate::http_trace::trace(stand);
    let registration = |person: Uuid, types: &[&str]| {
        let aliases: Vec<Value> = types
            .iter()
            .map(|it| json!({ "check": "ok", "type": it }))
            .collect();
        Hand::draft(
            stand,
            register::KIND,
            json!({ "identifiers": aliases, "person": person }),
        )
    };
    let sent = |draft: Draft, values: &[(&str, &str)]| -> Answer {
        let values: Vec<_> = values
            .iter()
            .map(|(name, value)| disclosure(name, value))
            .collect();
        stand.assert(&hand.submission(draft, &values))
    };
    let refused = |answer: Answer, reason| {
        met.refused(&answer, reason);
        assert_eq!(
            crate::http_trace::trace(stand),
            before,
            "{reason:?} left a trace"
        );
    };
    let name = ("name", "王晓明");
    refused(
        sent(registration(clock::uuid_v7(1), &[]), &[name]),
        Reason::PersonNotRandom,
    );
    let twice = registration(clock::uuid_v4(), &["passport", "passport"]);
    refused(
        sent(twice, &[name, ("passport", "E12345678")]),
        Reason::IdentifierTwice,
    );
    refused(
        sent(
            registration(clock::uuid_v4(), &[]),
            &[("birth_date", "2001-02-03")],
        ),
        Reason::ValuesDoNotFit,
    );
    let wrong = registration(clock::uuid_v4(), &["resident_id"]);
    refused(
        sent(wrong, &[name, ("resident_id", "330102200102030011")]),
        Reason::IdentifierInvalid,
    );
    let bind = Hand::draft(
        stand,
        bind_identifier::KIND,
        json!({ "identifier": { "check": "ok", "type": "passport" }, "person": clock::uuid_v4() }),
    );
    refused(
        sent(bind, &[("passport", "E12345678")]),
        Reason::PersonUnknown,
    );
    let person = clock::uuid_v4();
    sent(
        registration(person, &["resident_id"]),
        &[name, ("resident_id", &resident_id(901))],
    )
    .is(201);
    met.refused(
        &sent(registration(person, &[]), &[name]),
        Reason::PersonTaken,
    );
    let theirs = registration(clock::uuid_v4(), &["resident_id"]);
    met.refused(
        &sent(theirs, &[name, ("resident_id", &resident_id(901))]),
        Reason::IdentifierTaken,
    );
    let bind = |n: u32| {
        let body = json!({ "type": "staff_number", "value": format!("S{n:05}") });
        stand.post(
            stand.schools[0].token(),
            &format!("/v1/learners/{person}/identifiers"),
            &body,
        )
    };
    let limit = u32::try_from(bind_identifier::IDENTIFIERS_MAX).unwrap();
    for n in 1..limit {
        bind(n).is(201);
    }
    met.refused(&bind(limit), Reason::TooManyIdentifiers);
    let wrong_digit = json!({ "name": "王晓明", "identifiers": [
        { "type": "resident_id", "value": "330102200102030011", "override": true },
    ] });
    met.refused(
        &stand.post(stand.schools[0].token(), "/v1/learners", &wrong_digit),
        Reason::OverrideNotYours,
    );
}

fn outcomes(stand: &Stand, met: &Met) {
    let hand = stand.own_key(0, "key-outcomes");
    let person = stand.register(0, "李小红", &resident_id(902));
    let sent = |bend: &dyn Fn(&mut Draft)| {
        let mut draft = recording(stand, person, "RULE-1");
        bend(&mut draft);
        stand.assert(&hand.submission(draft, &values()))
    };
    met.refused(
        &sent(&|draft| draft.data["awarder"] = json!(2)),
        Reason::AwarderNotAuthorised,
    );
    met.refused(
        &sent(&|draft| draft.data["open"]["kind"] = json!("elder_course")),
        Reason::KindNotInScope,
    );
    met.refused(
        &sent(&|draft| draft.data["outcome"] = json!(clock::uuid_v4())),
        Reason::IdNotDerived,
    );
    let [clerk, second] = &stand.schools[0].officers;
    let body = Stand::outcome(person, "RULE-2");
    let made = stand.post(&clerk.token, "/v1/outcomes", &body).is(201);
    stand
        .get("", &format!("/v1/institutions?after={}", made["position"]))
        .is(200);
    met.refused(
        &stand.post(
            &clerk.token,
            "/v1/outcomes",
            &with(&body, "grade", json!("99")),
        ),
        Reason::RecordDiffers,
    );
    let path = format!("/v1/outcomes/{}/revocations", made["id"].as_str().unwrap());
    let revoke = json!({ "reason": "misconduct" });
    // Who may not read it does not learn that it is there; whose learner it is reads what others awarded.
    met.refused(
        &stand.post(stand.schools[1].token(), &path, &revoke),
        Reason::OutcomeUnknown,
    );
    let elsewhere = Stand::outcome(person, "RULE-3");
    let elsewhere = stand.post(stand.schools[1].token(), "/v1/outcomes", &elsewhere);
    let elsewhere = elsewhere.is(201);
    let others = format!(
        "/v1/outcomes/{}/revocations",
        elsewhere["id"].as_str().unwrap()
    );
    met.refused(
        &stand.post(&clerk.token, &others, &revoke),
        Reason::OutcomeNotYours,
    );
    let nowhere = format!("/v1/outcomes/{}/revocations", clock::uuid_v4());
    met.refused(
        &stand.post(&clerk.token, &nowhere, &revoke),
        Reason::OutcomeUnknown,
    );
    // A correction proposed before another one was approved names what no longer stands.
    let correct = |credits: &str| {
        let path = format!("/v1/outcomes/{}/corrections", made["id"].as_str().unwrap());
        let body = json!({ "reason": "amount_wrong", "kind": "course", "credits": credits, "completed_on": "2026-06-01" });
        stand.post(&clerk.token, &path, &body)
    };
    let (first, late) = (correct("3").is(202), correct("4").is(202));
    stand.approve(&second.token, &first["approval"]).is(201);
    met.refused(
        &stand.approve(&second.token, &late["approval"]),
        Reason::TargetNotCurrent,
    );
    let proposed = stand.post(&clerk.token, &path, &revoke).is(202);
    stand.approve(&second.token, &proposed["approval"]).is(201);
    met.refused(&correct("5"), Reason::OutcomeRevoked);
    met.refused(
        &stand.post(&clerk.token, "/v1/outcomes", &body),
        Reason::RecordRevoked,
    );
}

fn fields(stand: &Stand, met: &Met) {
    let person = stand.register(0, "张伟", &resident_id(903));
    let token = stand.schools[0].token();
    let body = Stand::outcome(person, "FIELD-1");
    let before = crate::http_trace::trace(stand);
    let today = identity::date::day_of(ledger::clock::Clock::now_ms(&*stand.clock));
    let cases = [
        ("record", json!(" "), Reason::RecordInvalid, "/record"),
        (
            "record",
            json!(resident_id(903)),
            Reason::RecordIsIdentifier,
            "/record",
        ),
        (
            "code",
            json!("x".repeat(65)),
            Reason::CourseCodeInvalid,
            "/code",
        ),
        (
            "completed_on",
            json!(today.tomorrow().unwrap().to_string()),
            Reason::DateInFuture,
            "/completed_on",
        ),
        (
            "completed_on",
            json!("1949-09-30"),
            Reason::DateTooOld,
            "/completed_on",
        ),
        (
            "scheme",
            json!("none"),
            Reason::AmountNotCounted,
            "/credits",
        ),
        ("credits", json!("4000"), Reason::AmountAbsurd, "/credits"),
        ("credits", json!("-1"), Reason::BodyInvalid, "/credits"),
        ("credits", json!("1.0001"), Reason::BodyInvalid, "/credits"),
        ("hours", json!("1e3"), Reason::BodyInvalid, "/hours"),
        ("level", json!("11"), Reason::LevelUnknown, "/level"),
        ("kind", json!("seminar"), Reason::BodyInvalid, "/kind"),
    ];
    for (member, value, reason, pointer) in cases {
        let answer = stand.post(token, "/v1/outcomes", &with(&body, member, value));
        assert_eq!(
            answer.json()["errors"][0]["pointer"],
            pointer,
            "{reason:?} {}",
            answer.text()
        );
        met.refused(&answer, reason);
    }
    let mut bare = with(&body, "credits", Value::Null);
    bare["hours"] = Value::Null;
    met.refused(
        &stand.post(token, "/v1/outcomes", &bare),
        Reason::AmountMissing,
    );
    assert_eq!(crate::http_trace::trace(stand), before);
    let learner = stand.token(person, Role::Learner, None);
    met.refused(
        &stand.post(&learner, "/v1/outcomes", &body),
        Reason::NotAllowed,
    );
}
