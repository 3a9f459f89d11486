//! A learner who signs in as two numbers asks that they become one: both shown in one browser, one officer agrees.

use api::sign_in::ceremony;
use serde_json::{Value, json};
use tests::support::browser::Browser;
use tests::support::provider::Provider;
use tests::support::server::answer::after;
use tests::support::server::{Answer, Stand, resident_id};
use uuid::Uuid;

use super::providers::{at_counter, element, field, own};

/// One person's two numbers, each with an account at one provider.
struct Twice {
    provider: Provider,
    stand: Stand,
    stays: Uuid,
    goes: Uuid,
}

impl Twice {
    fn open() -> Self {
        let provider = Provider::start("one");
        let stand = Provider::stand(&[&provider]);
        let stays = stand.register(0, "林昇", &resident_id(1));
        let goes = stand.register_plainly(0, "林昇", 2);
        at_counter(&stand, &provider, stays, "stays");
        at_counter(&stand, &provider, goes, "goes");
        stand.app.tell().ok().unwrap();
        Self {
            provider,
            stand,
            stays,
            goes,
        }
    }

    fn signed_in(&self, sub: &str) -> Browser {
        let browser = Browser::default();
        let answer = self.provider.sign_in(&self.stand, &browser, sub, "");
        assert_eq!(answer.status, 303, "{}", answer.text());
        browser
    }

    fn shows(&self, browser: &Browser, sub: &str) -> Answer {
        let query = "?link=true&step_up=true";
        self.provider.sign_in(&self.stand, browser, sub, query)
    }

    fn proof(&self, browser: &Browser) -> Value {
        let shown = self.shows(browser, "goes");
        assert_eq!(shown.status, 200, "{}", shown.text());
        assert_eq!(element(&shown, "whose"), "林*");
        assert_eq!(element(&shown, "other"), "林*");
        json!({ "ceremony": field(&shown, "ceremony"), "proof": field(&shown, "proof") })
    }

    fn asks(&self, browser: &Browser, proof: &Value) -> Answer {
        browser.write(&self.stand, "POST", "/v1/merges", proof)
    }

    fn told(&self, browser: &Browser, whom: Uuid) -> Vec<Value> {
        self.stand.app.tell().ok().unwrap();
        let inbox = browser.get(&self.stand, &format!("{}/notices", own(whom)));
        let inbox = inbox.is(200);
        inbox["items"].as_array().unwrap().clone()
    }
}

#[test]
fn a_learner_shows_both_numbers_and_an_officer_agrees() {
    // Who was registered twice would stand at a counter for every duplicate; or merge without anybody's look.
    let twice = Twice::open();
    let stand = &twice.stand;
    for (who, record) in [(twice.stays, "A-1"), (twice.goes, "B-1")] {
        let body = Stand::outcome(who, record);
        stand
            .post(stand.schools[0].token(), "/v1/outcomes", &body)
            .is(201);
    }
    let browser = twice.signed_in("stays");
    let asked = twice.asks(&browser, &twice.proof(&browser)).is(202);
    let approval = asked["approval"].clone();
    // A registrar sees what waits, and whom to look at.
    let waiting = stand
        .get(&stand.registrar.token, &after("/v1/approvals", &asked))
        .is(200);
    assert_eq!(waiting["items"][0]["kind"], "merge.request.v1");
    assert_eq!(waiting["items"][0]["data"]["absorbed"], json!(twice.goes));
    // It is not the learner's to agree to.
    let path = format!("/v1/approvals/{}", approval.as_str().unwrap());
    browser
        .write(stand, "POST", &path, &json!({ "decision": "approve" }))
        .refused(403, "not-allowed");
    // Nor to who linked both at the counter: one officer would make the proof and the merge.
    stand
        .approve(&stand.registrar.token, &approval)
        .refused(403, "officer-vouched");
    let second = &stand.registrar2.token;
    let merged = stand.approve(second, &approval).is(201);
    // Both sign in anew, and read as one.
    browser
        .get(stand, &own(twice.stays))
        .refused(401, "session-over");
    let again = twice.signed_in("stays");
    let path = format!("{}/transcript.json", own(twice.stays));
    let read = again.get(stand, &after(&path, &merged)).is(200);
    assert_eq!(read["outcomes"].as_array().unwrap().len(), 2);
}

#[test]
fn a_merge_is_told_to_both_numbers_and_so_is_its_end() {
    // Whose number was taken in by mistake would find the account gone, and nobody said why.
    let twice = Twice::open();
    let stand = &twice.stand;
    let body = json!({ "absorbed": twice.goes, "reason": "窗口核对" });
    let path = format!("{}/merges", own(twice.stays));
    let asked = stand.post(&stand.registrar.token, &path, &body).is(202);
    let second = &stand.registrar2.token;
    stand.approve(second, &asked["approval"]).is(201);
    stand.app.tell().ok().unwrap();
    let path = format!("{path}/{}/reversal", twice.goes);
    let body = json!({ "reason": "核对有误" });
    let asked = stand.post(&stand.registrar.token, &path, &body).is(202);
    stand.approve(second, &asked["approval"]).is(201);
    for (sub, whom) in [("stays", twice.stays), ("goes", twice.goes)] {
        let told = twice.told(&twice.signed_in(sub), whom);
        let about: Vec<&Value> = told.iter().map(|it| &it["about"]).collect();
        assert_eq!(about, ["numbers-parted", "numbers-merged"], "{sub}");
    }
}

#[test]
fn the_button_asks_too() {
    // Who has a browser and no app could not ask; or a page of somebody else's would.
    let twice = Twice::open();
    let browser = twice.signed_in("stays");
    let proof = twice.proof(&browser);
    let text = |name: &str| proof[name].as_str().unwrap().to_owned();
    let form = format!("ceremony={}&proof={}", text("ceremony"), text("proof"));
    let stranger = Browser::default().submit(&twice.stand, "/login/merge", &form);
    assert_eq!(stranger.status, 401);
    let answer = browser.submit(&twice.stand, "/login/merge", &form);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.text().contains("The merge is asked for"));
    let again = browser.submit(&twice.stand, "/login/merge", &form);
    assert_eq!(again.status, 403);
}

#[test]
fn a_proof_of_both_is_good_once_in_its_session_and_while_links_stand() {
    // Whoever overhears a proof, or keeps one, would merge a record away (SECURITY I6).
    let twice = Twice::open();
    let stand = &twice.stand;
    let invalid = |answer: Answer| answer.refused(403, "link-proof-invalid");
    let browser = twice.signed_in("stays");
    let proof = twice.proof(&browser);
    let thief = twice.signed_in("goes");
    invalid(twice.asks(&thief, &proof));
    // Taken out by whoever tried first.
    invalid(twice.asks(&browser, &proof));
    let mut wrong = twice.proof(&browser);
    wrong["ceremony"] = json!(Uuid::from_u128(7));
    invalid(twice.asks(&browser, &wrong));
    let stale = twice.proof(&browser);
    stand.pass(ceremony::LASTS_MS);
    twice.shows(&browser, "stays");
    let answer = twice.asks(&browser, &stale);
    assert_eq!(answer.status, 401, "{}", answer.text());
    // A change on either side: the person looked at the links since.
    let browser = twice.signed_in("stays");
    let proof = twice.proof(&browser);
    let links = format!("{}/links", own(twice.goes));
    let links = stand.get(&stand.registrar.token, &links).is(200);
    let link = links["items"][0]["id"].as_str().unwrap();
    let path = format!("{}/links/{link}", own(twice.goes));
    let token = &stand.registrar.token;
    stand.send("DELETE", &path, token, &[], None).is(201);
    invalid(twice.asks(&browser, &proof));
}

#[test]
fn who_is_not_shown_well_enough_just_now_is_not_merged() {
    // A provider that still knows the sister in this browser, or a weak account, would do for a signature.
    let twice = Twice::open();
    let stand = &twice.stand;
    let browser = twice.signed_in("stays");
    // An account of the own is linked already.
    twice.shows(&browser, "stays").refused(409, "link-taken");
    stand.pass(1_000);
    let long_ago = stand.app.now_ms() / 1_000 - 3_600;
    twice.provider.bend(move |claims| {
        claims["auth_time"] = json!(long_ago);
    });
    let query = "?link=true";
    let shown = twice.provider.sign_in(stand, &browser, "goes", query);
    shown.refused(401, "step-up-needed");
    // The same with a session that was not shown just now.
    twice.provider.bend(|_| ());
    let proof = twice.proof(&browser);
    stand.pass(301_000);
    twice.asks(&browser, &proof).refused(401, "step-up-needed");
}

#[test]
fn both_numbers_are_told_and_either_says_no() {
    // Whose account was broken into would learn of it when the record is gone.
    let twice = Twice::open();
    let stand = &twice.stand;
    let browser = twice.signed_in("stays");
    let asked = twice.asks(&browser, &twice.proof(&browser)).is(202);
    let other = twice.signed_in("goes");
    let mut path = String::new();
    for (side, whom) in [(&browser, twice.stays), (&other, twice.goes)] {
        let told = twice.told(side, whom);
        assert_eq!(told[0]["about"], "merge-requested", "{told:?}");
        // By what stands in the own inbox, and nothing else, one says no.
        path = format!("/v1/merges/{}", told[0]["concerns"].as_str().unwrap());
    }
    // A number that turns out to be somebody else's: the premise changed, and a no needs none.
    let body = json!({ "type": "resident_id", "value": resident_id(4) });
    let identifiers = format!("{}/identifiers", own(twice.goes));
    stand
        .post(stand.schools[0].token(), &identifiers, &body)
        .is(201);
    let second = &stand.registrar2.token;
    stand
        .approve(second, &asked["approval"])
        .refused(409, "resident-ids-differ");
    let stranger = stand.register(0, "王晓明", &resident_id(3));
    at_counter(stand, &twice.provider, stranger, "third");
    let third = twice.signed_in("third");
    let none = json!({});
    third
        .write(stand, "DELETE", &path, &none)
        .refused(404, "proposal-unknown");
    // Long signed in, and no step-up: to say no is easy.
    stand.pass(3_600_000);
    other.write(stand, "DELETE", &path, &none).is(201);
    stand
        .approve(second, &asked["approval"])
        .refused(409, "proposal-rejected");
    other
        .write(stand, "DELETE", &path, &none)
        .refused(409, "proposal-rejected");
}
