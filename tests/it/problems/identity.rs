//! Reasons around persons and officers: roles taken back, erasures.

use api::problem::Reason;
use identity::person::erasure::{certify, destroy};
use identity::role::Role;
use serde_json::json;
use tests::support::server::hand::Hand;
use tests::support::server::{Stand, resident_id};
use uuid::Uuid;

use super::Met;

pub(super) fn all(stand: &Stand, met: &Met) {
    officers(stand, met);
    erasures(stand, met);
    codes(stand, met);
}

fn codes(stand: &Stand, met: &Met) {
    let person = stand.register(0, "码者", &resident_id(953));
    let learner = stand.token(person, Role::Learner, None);
    let verifier = stand.token(Uuid::from_u128(0xc0de), Role::Verifier, None);
    let show = || {
        let path = format!("/v1/learners/{person}/code");
        let shown = stand.post(&learner, &path, &json!({})).is(200);
        shown["code"].clone()
    };
    let scan = |code: &serde_json::Value| {
        stand.post(&verifier, "/v1/codes/scan", &json!({ "code": code }))
    };
    let code = show();
    scan(&code).is(200);
    met.refused(&scan(&code), Reason::CodeUsed);
    let old = show();
    stand.pass(90_000);
    met.refused(&scan(&old), Reason::CodeExpired);
    for _wrong in 0..5 {
        met.refused(&scan(&json!("none")), Reason::CodeInvalid);
    }
    met.refused(&scan(&show()), Reason::ScannerResting);
}

fn officers(stand: &Stand, met: &Met) {
    let remove = |person: Uuid, role: &str| {
        let body = json!({ "person": person, "role": role });
        stand.post(&stand.security.token, "/v1/officers/removals", &body)
    };
    met.refused(
        &remove(Uuid::from_u128(1), "registrar"),
        Reason::RoleNotHeld,
    );
    met.refused(&remove(stand.audit.person, "audit"), Reason::LastHolder);
}

fn erasures(stand: &Stand, met: &Met) {
    let person = stand.register(0, "忘者", &resident_id(951));
    let path = format!("/v1/learners/{person}/erasure");
    let ask = |purposes: &[&str]| {
        let body = json!({ "reason": "注销", "purposes": purposes });
        stand.post(&stand.registrar.token, &path, &body)
    };
    met.refused(&ask(&["identity", "identity"]), Reason::ErasureInvalid);
    let asked = ask(&["study-record"]).is(202);
    stand
        .approve(&stand.registrar2.token, &asked["approval"])
        .is(201);
    let locked = stand.register(0, "又忘", &resident_id(952));
    let path = format!("/v1/learners/{locked}/erasure");
    let locks = json!([{ "purpose": "study-record", "until": "2036-01-01" }]);
    let body = json!({ "reason": "注销", "purposes": ["study-record"], "locks": locks });
    let kept = stand.post(&stand.registrar.token, &path, &body).is(202);
    stand
        .approve(&stand.registrar2.token, &kept["approval"])
        .is(201);
    let body = json!({ "reason": "注销" });
    let more = stand.post(&stand.registrar.token, &path, &body);
    met.refused(&more, Reason::ErasureInHand);
    let ledger = Hand::of_genesis(stand, "ledger-1");
    let say = |kind: &str, data: serde_json::Value| {
        stand.assert(&ledger.sign(&Hand::draft(stand, kind, data)))
    };
    let unknown = json!({ "commitments": 0, "erasure": Uuid::from_u128(4), "person": person });
    met.refused(&say(certify::KIND, unknown), Reason::ErasureUnknown);
    let part = json!({
        "commitments": [], "erasure": asked["id"], "keys": [], "part": 1, "parts": 1,
        "person": person, "purposes": ["identity"],
    });
    met.refused(&say(destroy::KIND, part), Reason::ErasureNotDue);
}
