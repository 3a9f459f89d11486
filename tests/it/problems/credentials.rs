//! Reasons of credentials, their status lists and their verification.

use api::problem::Reason;
use credentials::credential::issue::{self, IssueError};
use credentials::credential::set_status::{self, SetStatusError};
use credentials::rulebook::Refusal;
use credentials::vc::status::BITS;
use ledger::clock;
use serde_json::{Value, json};
use tests::support::server::answer::after;
use tests::support::server::{Answer, Stand, resident_id};
use uuid::Uuid;

use super::Met;

/// Issues for `outcome` of `learner`, as school `index`.
fn issue(stand: &Stand, index: usize, learner: Uuid, outcome: &Value) -> Answer {
    let body = json!({ "learner": learner, "outcome": outcome });
    stand.post(stand.schools[index].token(), "/v1/credentials", &body)
}

pub(super) fn all(stand: &Stand, met: &Met) {
    let learner = stand.register(0, "林昇", &resident_id(77));
    let token = stand.schools[0].token();
    let record = |body: &Value| stand.post(token, "/v1/outcomes", body).is(201)["id"].clone();
    let outcome = record(&Stand::outcome(learner, "C-1"));
    met.refused(
        &issue(stand, 0, learner, &outcome),
        Reason::CredentialKeyMissing,
    );
    let key = json!({ "fragment": "credential-1", "use": "credential" });
    for school in &stand.schools[..2] {
        let path = format!("/v1/institutions/{}/keys", school.number);
        stand.post(school.token(), &path, &key).is(201);
    }
    let own = json!({ "fragment": "credential-2", "use": "credential", "key": ledger::key::SigningKey::generate().public() });
    let path = format!("/v1/institutions/{}/keys", stand.schools[0].number);
    met.refused(
        &stand.post(token, &path, &own),
        Reason::CredentialKeyNotKept,
    );
    issuing(stand, met, learner);
    let issued = issue(stand, 0, learner, &outcome).is(201);
    status(stand, met, &issued);
    asking(stand, met);
    by_hand(met);
}

fn issuing(stand: &Stand, met: &Met, learner: Uuid) {
    let token = stand.schools[0].token();
    let unknown = json!(clock::uuid_v4());
    met.refused(&issue(stand, 0, learner, &unknown), Reason::OutcomeUnknown);
    let mut failed = Stand::outcome(learner, "C-2");
    failed["grade"] = json!("12");
    let failed = stand.post(token, "/v1/outcomes", &failed).is(201);
    met.refused(
        &issue(stand, 0, learner, &failed["id"]),
        Reason::OutcomeNotPassed,
    );
    // Who may not read it does not learn that it is there; whose learner it is reads what others awarded.
    met.refused(
        &issue(stand, 1, learner, &failed["id"]),
        Reason::OutcomeUnknown,
    );
    let elsewhere = Stand::outcome(learner, "C-9");
    let elsewhere = stand.post(stand.schools[1].token(), "/v1/outcomes", &elsewhere);
    met.refused(
        &issue(stand, 0, learner, &elsewhere.is(201)["id"]),
        Reason::OutcomeNotYours,
    );
    let mut untitled = Stand::outcome(learner, "C-3");
    untitled["title"] = Value::Null;
    let untitled = stand.post(token, "/v1/outcomes", &untitled).is(201);
    met.refused(
        &issue(stand, 0, learner, &untitled["id"]),
        Reason::TitleMissing,
    );
}

fn status(stand: &Stand, met: &Met, issued: &Value) {
    let token = stand.schools[0].token();
    let path = format!("/v1/credentials/{}/status", issued["id"].as_str().unwrap());
    let set = |token: &str, status: &str| {
        let body = json!({ "status": status, "reason": "misconduct" });
        stand.post(token, &path, &body)
    };
    met.refused(&set(token, "reinstated"), Reason::CredentialNotSuspended);
    met.refused(
        &set(stand.schools[1].token(), "revoked"),
        Reason::CredentialNotYours,
    );
    set(token, "revoked").is(201);
    met.refused(&set(token, "suspended"), Reason::CredentialEnded);
    let nobody = format!("/v1/credentials/{}/status", clock::uuid_v4());
    met.refused(&stand.get(token, &nobody), Reason::CredentialUnknown);
}

fn asking(stand: &Stand, met: &Met) {
    met.refused(&stand.get("", "/status/999/1"), Reason::ListUnknown);
    met.refused(&stand.get("", "/status/1/0"), Reason::ListUnknown);
    let png = [("content-type", "image/png")];
    let picture = stand.send("POST", "/v1/verify", "", &png, Some(b"not a picture"));
    met.refused(&picture, Reason::ImageUnreadable);
    let path = after("/trust/bundle", &json!({ "position": 0 }));
    stand.get("", &path).is(200);
}

/// The door chooses id, bit and holder itself; a signed assertion that does not meets these.
fn by_hand(met: &Met) {
    let list = 1;
    let cases = [
        (
            IssueError::IdTaken(clock::uuid_v4()),
            Reason::CredentialIdTaken,
        ),
        (
            IssueError::KeyNotFit("key-1".into()),
            Reason::CredentialKeyNotFit,
        ),
        (
            IssueError::IndexNotFree { list, index: BITS },
            Reason::StatusIndexNotFree,
        ),
        (IssueError::Subject, Reason::SubjectInvalid),
    ];
    for (error, reason) in cases {
        let problem = ledger::execute::ExecuteError::Rejected(Refusal::Issue(error)).into();
        super::unreachable::hold(met, issue::KIND, &problem, reason);
    }
    // `stolen_key::endings` meets it at the door, after a theft and its cut-off.
    let disputed = Refusal::SetStatus(SetStatusError::Disputed);
    let problem = ledger::execute::ExecuteError::Rejected(disputed).into();
    super::unreachable::hold(met, set_status::KIND, &problem, Reason::CredentialDisputed);
}
