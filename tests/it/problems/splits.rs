//! One account that held two people.

use api::problem::Reason;
use credentials::rulebook::Refusal;
use credentials::split::propose::ProposeSplitError;
use credentials::split::transfer::TransferError;
use credentials::split::{propose, transfer};
use identity::did::IssuerNumber;
use ledger::execute::ExecuteError;
use serde_json::{Value, json};
use tests::support::server::Stand;
use uuid::Uuid;

use super::Met;

pub(super) fn all(stand: &Stand, met: &Met) {
    let [one, other] = [1_981, 1_982].map(|serial| stand.register_plainly(0, "分者", serial));
    let school = stand.schools[0].token();
    let registrar = stand.registrar.token.as_str();
    let record = |learner: Uuid, record: &str| -> Value {
        let body = Stand::outcome(learner, record);
        stand.post(school, "/v1/outcomes", &body).is(201)["id"].clone()
    };
    let [own, foreign] = ["S-1", "S-2"].map(|it| record(one, it));
    let says = |moves: &[&Value], stays: &[&Value]| {
        let body =
            json!({ "other": other, "moves": moves, "stays": stays, "evidence": "两人到场" });
        stand.post(registrar, &format!("/v1/learners/{one}/splits"), &body)
    };
    met.refused(&says(&[&foreign], &[]), Reason::ManifestIncomplete);
    let twice = says(&[&foreign], &[&own, &foreign]);
    met.refused(&twice, Reason::ManifestNotInOrder);
    let agreed = || {
        let proposed = says(&[&foreign], &[&own]).is(202);
        let second = &stand.registrar2.token;
        stand.approve(second, &proposed["approval"]).is(201);
        proposed["approval"].as_str().unwrap().to_owned()
    };
    let split = agreed();
    met.refused(&says(&[&foreign], &[&own]), Reason::SplitInHand);
    let post = |token: &str, split: &str, what: &str| {
        let path = format!("/v1/learners/{one}/splits/{split}/{what}");
        stand.post(token, &path, &json!({}))
    };
    let unmoved = post(registrar, &split, "application");
    met.refused(&unmoved, Reason::OutcomeNotMoved);
    // Whom the record belongs to has one of the same number: its school looks which of the two is wrong.
    let there = record(other, "S-2");
    met.refused(&post(school, &split, "agreement"), Reason::RecordThere);
    let path = format!("/v1/outcomes/{}/revocations", there.as_str().unwrap());
    let revoked = stand.post(school, &path, &json!({ "reason": "entry_error" }));
    let second = &stand.schools[0].officers[1].token;
    stand.approve(second, &revoked.is(202)["approval"]).is(201);
    post(registrar, &split, "withdrawal").is(201);
    let ended = post(registrar, &split, "application");
    met.refused(&ended, Reason::SplitNotInHand);
    // Nothing is to be moved, and nobody said that it is so.
    let body =
        json!({ "other": other, "moves": [], "stays": [own, foreign], "evidence": "两人到场" });
    let path = format!("/v1/learners/{one}/splits");
    let proposed = stand.post(registrar, &path, &body).is(202);
    stand
        .approve(&stand.registrar2.token, &proposed["approval"])
        .is(201);
    let split = proposed["approval"].as_str().unwrap();
    let alone = post(registrar, split, "application");
    met.refused(&alone, Reason::IssuerNotAgreed);
    post(school, split, "agreement").is(201);
    post(registrar, split, "application").is(201);
    merged(stand, met);
    by_hand(met);
}

/// A mark that came in for a number that is being parted.
fn merged(stand: &Stand, met: &Met) {
    let [one, other] = [1_983, 1_984].map(|serial| stand.register_plainly(0, "分者", serial));
    let registrar = stand.registrar.token.as_str();
    let second = &stand.registrar2.token;
    let path = format!("/v1/learners/{one}/merges");
    let body = json!({ "absorbed": other, "reason": "系同一人" });
    let proposed = stand.post(registrar, &path, &body).is(202);
    stand.approve(second, &proposed["approval"]).is(201);
    let body = json!({ "other": other, "moves": [], "stays": [], "evidence": "两人到场" });
    let path = format!("/v1/learners/{one}/splits");
    let proposed = stand.post(registrar, &path, &body).is(202);
    stand.approve(second, &proposed["approval"]).is(201);
    let body = Stand::outcome(other, "S-9");
    stand
        .post(stand.schools[0].token(), "/v1/outcomes", &body)
        .is(201);
    let split = proposed["approval"].as_str().unwrap();
    let outdated = stand.post(
        registrar,
        &format!("{path}/{split}/application"),
        &json!({}),
    );
    met.refused(&outdated, Reason::ManifestOutdated);
}

/// What only an institution with a key of its own could ask, or an account too large to fill here: `rules_splits`
/// brings each about.
fn by_hand(met: &Met) {
    let large = ProposeSplitError::TooLarge { outcomes: 1_001 };
    let silent = ProposeSplitError::IssuerSilent {
        outcome: Uuid::nil(),
        awarder: IssuerNumber(1),
    };
    for (error, reason) in [
        (large, Reason::SplitTooLarge),
        (silent, Reason::IssuerSilent),
    ] {
        let problem = ExecuteError::Rejected(Refusal::ProposeSplit(error)).into();
        super::unreachable::hold(met, propose::KIND, &problem, reason);
    }
    for (error, reason) in [
        (TransferError::Settled(Uuid::nil()), Reason::OutcomeSettled),
        (
            TransferError::OtherPerson(Uuid::nil()),
            Reason::ManifestDiffers,
        ),
    ] {
        let problem = ExecuteError::Rejected(Refusal::Transfer(error)).into();
        super::unreachable::hold(met, transfer::KIND, &problem, reason);
    }
}
