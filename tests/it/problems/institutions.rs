//! Reasons around what becomes of an institution.

use api::problem::Reason;
use credentials::rulebook::Refusal;
use identity::institution::merge::{self, MergeInstitutionError};
use serde_json::{Value, json};
use tests::support::server::{Answer, Stand};

use super::Met;

pub(super) fn all(stand: &Stand, met: &Met) {
    let registrar = stand.registrar.token.as_str();
    let post = |number: u32, part: &str, body: &Value| -> Answer {
        stand.post(
            registrar,
            &format!("/v1/institutions/{number}/{part}"),
            body,
        )
    };
    let agreed = |answer: Answer| {
        let proposed = answer.is(202);
        let second = &stand.registrar2.token;
        stand.approve(second, &proposed["approval"]).is(201)
    };
    let reason = json!({ "reason": "other" });
    met.refused(&post(0, "closing", &reason), Reason::RegistrarStays);
    let (parent, child) = (admitted(stand, 1, None), |parent| {
        admitted(stand, 2, Some(parent))
    });
    let below = child(parent);
    let other = admitted(stand, 3, None);
    met.refused(
        &post(below, "reinstatement", &json!({})),
        Reason::InstitutionNotSuspended,
    );
    met.refused(
        &post(below, "revival", &json!({})),
        Reason::InstitutionNotClosed,
    );
    met.refused(&post(parent, "closing", &reason), Reason::ChildOpen);
    let into = |number: u32| json!({ "into": number });
    met.refused(
        &post(other, "merger", &into(other)),
        Reason::MergedIntoItself,
    );
    let suspended = agreed(post(other, "suspension", &reason));
    met.refused(
        &post(parent, "merger", &into(other)),
        Reason::SuccessorNotOpen,
    );
    let token = stand.token(
        officer(stand, other),
        identity::role::Role::Institution,
        Some(other),
    );
    let body = json!({ "person": stand.registrar.person, "role": "clerk" });
    met.refused(
        &stand.post(&token, "/v1/officers", &body),
        Reason::InstitutionSuspended,
    );
    assert!(suspended["position"].is_u64());
    agreed(post(other, "reinstatement", &json!({})));
    agreed(post(below, "closing", &reason));
    met.refused(
        &post(below, "suspension", &reason),
        Reason::InstitutionEnded,
    );
    agreed(post(parent, "closing", &reason));
    met.refused(&post(below, "revival", &json!({})), Reason::ParentEnded);
    agreed(post(parent, "merger", &into(other)));
    met.refused(&post(parent, "closing", &reason), Reason::InstitutionMerged);
    // Nine schools in a row: `rules_institutions` merges as many.
    let long = Refusal::MergeInstitution(MergeInstitutionError::TooMany);
    let problem = ledger::execute::ExecuteError::Rejected(long).into();
    super::unreachable::hold(met, merge::KIND, &problem, Reason::TooManyMerged);
}

fn admitted(stand: &Stand, n: u32, parent: Option<u32>) -> u32 {
    let mut body = json!({
        "name": format!("第{n}教育局"), "school_code": format!("413300090{n}"),
        "level": if parent.is_some() { "school" } else { "county" }, "scope": ["course"],
    });
    if let Some(parent) = parent {
        body["parent"] = json!(parent);
    }
    let proposed = stand
        .post(&stand.registrar.token, "/v1/institutions", &body)
        .is(202);
    stand
        .approve(&stand.registrar2.token, &proposed["approval"])
        .is(201);
    u32::try_from(proposed["number"].as_u64().unwrap()).unwrap()
}

fn officer(stand: &Stand, number: u32) -> uuid::Uuid {
    let number = identity::did::IssuerNumber(number);
    let institution = stand.app.institution(number).unwrap();
    institution.admitted.as_ref().unwrap().officers[0]
}
