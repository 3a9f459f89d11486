//! Reasons of merges that learners ask for: who linked an account agrees, or something changed since.

use api::problem::Reason;
use serde_json::json;
use tests::support::browser::Browser;
use tests::support::provider::Provider;
use tests::support::server::resident_id;

use super::Met;
use crate::sign_in::{at_counter, field};

pub(super) fn all(met: &Met) {
    let provider = Provider::start("province");
    let stand = Provider::stand(&[&provider]);
    let stays = stand.register(0, "林昇", &resident_id(1));
    let goes = stand.register_plainly(0, "林昇", 2);
    at_counter(&stand, &provider, stays, "stays");
    at_counter(&stand, &provider, goes, "goes");
    let browser = Browser::default();
    provider.sign_in(&stand, &browser, "stays", "");
    let shown = provider.sign_in(&stand, &browser, "goes", "?link=true&step_up=true");
    let proof = json!({ "ceremony": field(&shown, "ceremony"), "proof": field(&shown, "proof") });
    let asked = browser.write(&stand, "POST", "/v1/merges", &proof).is(202);
    let agrees = |token: &str| stand.approve(token, &asked["approval"]);
    let vouched = agrees(&stand.registrar.token);
    met.refused(&vouched, Reason::OfficerVouched);
    let other = Browser::default();
    provider.sign_in(&stand, &other, "goes", "");
    let shown = provider.sign_in(&stand, &other, "more", "?link=true");
    let proof = json!({ "ceremony": field(&shown, "ceremony"), "proof": field(&shown, "proof") });
    other.write(&stand, "POST", "/v1/links", &proof).is(201);
    met.refused(&agrees(&stand.registrar2.token), Reason::MergeStale);
}
