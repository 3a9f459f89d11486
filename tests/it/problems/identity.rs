//! Reasons around persons and officers: roles taken back, erasures.

use api::problem::Reason;
use credentials::merge::apply::{self, ApplyMergeError};
use credentials::rulebook::Refusal;
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
    merges(stand, met);
    super::splits::all(stand, met);
    standings(stand, met);
}

fn merges(stand: &Stand, met: &Met) {
    let [one, other, third] =
        [961, 962, 963].map(|serial| stand.register_plainly(0, "并者", serial));
    let merge = |token: &str, into: Uuid, absorbed: Uuid| {
        let body = json!({ "absorbed": absorbed, "reason": "系同一人" });
        stand.post(token, &format!("/v1/learners/{into}/merges"), &body)
    };
    let first = stand.registrar.token.as_str();
    met.refused(&merge(first, one, one), Reason::MergeSame);
    let known = [964, 965].map(|serial| stand.register(0, "并者", &resident_id(serial)));
    met.refused(&merge(first, known[0], known[1]), Reason::ResidentIdsDiffer);
    let clerk = stand.register_plainly(0, "录者", 966);
    let body = json!({ "person": clerk, "role": "clerk" });
    let school = stand.schools[0].token();
    stand.post(school, "/v1/officers", &body).is(201);
    met.refused(&merge(first, one, clerk), Reason::HoldsRoles);
    let counter = stand.register_plainly(0, "柜员", 967);
    let body = json!({ "person": counter, "role": "counter" });
    stand.post(school, "/v1/officers", &body).is(201);
    let counter_token = stand.token(counter, Role::Counter, Some(stand.schools[0].number));
    met.refused(&merge(&counter_token, counter, other), Reason::OwnAccount);

    let outcome = |learner: Uuid| {
        let body = Stand::outcome(learner, "R-M");
        stand.post(school, "/v1/outcomes", &body).is(201)
    };
    outcome(one);
    let doubled = outcome(other);
    let agreed = |into: Uuid, absorbed: Uuid| {
        let proposed = merge(first, into, absorbed).is(202);
        let second = &stand.registrar2.token;
        stand.approve(second, &proposed["approval"]).is(201)
    };
    agreed(one, other);
    met.refused(&merge(first, third, other), Reason::PersonMerged);
    let issue = json!({ "learner": one, "outcome": doubled["id"] });
    let issue = stand.post(school, "/v1/credentials", &issue);
    met.refused(&issue, Reason::OutcomeQuarantined);
    let erasure = json!({ "reason": "注销" });
    let erasure = stand.post(first, &format!("/v1/learners/{one}/erasure"), &erasure);
    met.refused(&erasure, Reason::AbsorbedFirst);
    let undo = |absorbed: Uuid| {
        let path = format!("/v1/learners/{one}/merges/{absorbed}/reversal");
        stand.post(first, &path, &json!({ "reason": "误并" }))
    };
    met.refused(&undo(third), Reason::NotMerged);
    let body = Stand::outcome(other, "R-N");
    stand.post(school, "/v1/outcomes", &body).is(201);
    met.refused(&undo(other), Reason::MergeUsed);
    // Whoever has so much credit stays: `rules_merges` fills an account as far.
    let lots = apply::LOTS_MAX + 1;
    let large = Refusal::ApplyMerge(ApplyMergeError::TooManyLots { lots });
    let problem = ledger::execute::ExecuteError::Rejected(large).into();
    super::unreachable::hold(met, apply::KIND, &problem, Reason::MergeTooLarge);
}

fn standings(stand: &Stand, met: &Met) {
    let person = stand.register_plainly(0, "停者", 971);
    let post = |token: &str, part: &str, body: &serde_json::Value| {
        stand.post(token, &format!("/v1/learners/{person}/{part}"), body)
    };
    let registrar = stand.registrar.token.as_str();
    let reason = json!({ "reason": "other" });
    met.refused(
        &post(registrar, "reinstatement", &reason),
        Reason::NotSuspended,
    );
    let words = json!({ "reason_text": "误登" });
    let none = post(registrar, "death/withdrawal", &words);
    met.refused(&none, Reason::DeathNotRecorded);
    post(registrar, "suspension", &reason).is(201);
    let learner = stand.token(person, Role::Learner, None);
    let path = format!("/v1/learners/{person}/transcript.json");
    met.refused(&stand.get(&learner, &path), Reason::PersonBarred);
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
