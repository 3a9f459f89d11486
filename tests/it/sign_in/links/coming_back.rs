//! Links after an account was opened again, or a merge taken back.

use serde_json::{Value, json};
use tests::support::browser::Browser;
use tests::support::provider::Provider;
use tests::support::server::resident_id;

use super::super::providers::{at_counter, field, own};
use super::two;

#[test]
fn after_a_recovery_or_a_merge_taken_back_nobody_else_is_in() {
    // A thief or a stranger would stay in the account by what was linked or signed in before.
    let two = two();
    let (stand, stays) = (&two.stand, two.people[0]);
    let goes = stand.register_plainly(0, "王晓明", 9);
    at_counter(stand, &two.one, goes, "sub-9");
    let merge = json!({ "absorbed": goes, "reason": "系同一人" });
    let agreed = |proposed: Value| {
        let approval = format!("/v1/approvals/{}", proposed["approval"].as_str().unwrap());
        let approve = json!({ "decision": "approve" });
        stand
            .post(&stand.registrar2.token, &approval, &approve)
            .is(201)
    };
    let registrar = &stand.registrar.token;
    let merged = || {
        let proposed = stand.post(registrar, &format!("{}/merges", own(stays)), &merge);
        agreed(proposed.is(202))
    };
    merged();
    let stranger = two.signed_in("sub-9");
    stranger.get(stand, &own(stays)).is(200);
    let listed = stranger.get(stand, "/v1/links").is(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2, "{listed}");
    let path = format!("{}/merges/{goes}/reversal", own(stays));
    let back = json!({ "reason": "核对有误，系两人" });
    agreed(stand.post(registrar, &path, &back).is(202));
    stranger
        .get(stand, &own(stays))
        .refused(401, "session-over");
    // Merged for good: a recovery of the account ends what the other number linked.
    merged();
    let begun = json!({ "reason_text": "出示身份证原件" });
    let path = format!("{}/recoveries", own(stays));
    let recovery = stand.post(registrar, &path, &begun).is(202);
    agreed(recovery.clone());
    stand.pass(72 * 3_600_000);
    let path = format!("{path}/{}/completion", recovery["id"].as_str().unwrap());
    stand.post(registrar, &path, &json!({})).is(201);
    for sub in ["sub-0", "sub-9"] {
        let answer = two.one.sign_in(stand, &Browser::default(), sub, "");
        assert_eq!(answer.status, 403, "{sub}");
    }
    // And whoever comes back signs in as ever, also where the provider does not say when that was.
    at_counter(stand, &two.other, stays, "new");
    two.other.bend(|claims| {
        claims.as_object_mut().unwrap().remove("auth_time");
    });
    let browser = Browser::default();
    let answer = two.other.sign_in(stand, &browser, "new", "");
    assert_eq!(answer.status, 303, "{}", answer.text());
    browser.get(stand, &own(stays)).is(200);
}

#[test]
fn who_comes_back_by_the_sheet_links_an_account_that_day() {
    // An account would be open again and nobody could enter it, or only who is quick.
    let provider = Provider::start("province");
    let stand = Provider::stand(&[&provider]);
    let person = stand.register(0, "林昇", &resident_id(1));
    let token = stand.token(person, identity::role::Role::Learner, None);
    let sheet = format!("{}/recovery-sheet", own(person));
    let sheet = stand.post(&token, &sheet, &json!({})).is(201);
    let code = json!({ "code": sheet["code"] });
    stand.post("", "/v1/recoveries", &code).is(200);
    stand.pass(72 * 3_600_000);
    let browser = Browser::default();
    let (body, headers) = (code.to_string(), [("content-type", "application/json")]);
    let opened = browser.send(
        &stand,
        "POST",
        "/v1/recoveries",
        &headers,
        Some(body.as_bytes()),
    );
    assert_eq!(opened.is(200)["state"], "completed");
    stand.pass(23 * 3_600_000);
    let link = |sub: &str| {
        let shown = provider.sign_in(&stand, &browser, sub, "?link=true");
        let form = ["ceremony", "proof"].map(|name| format!("{name}={}", field(&shown, name)));
        browser
            .submit(&stand, "/login/link", &form.join("&"))
            .status
    };
    assert_eq!(link("new"), 200);
    let answer = provider.sign_in(&stand, &Browser::default(), "new", "");
    assert_eq!(answer.status, 303, "{}", answer.text());
    // Nothing else is done with it, and not for longer.
    browser
        .write(
            &stand,
            "POST",
            &format!("{}/delegations", own(person)),
            &json!({}),
        )
        .refused(403, "loa-too-low");
    stand.pass(3_600_000);
    assert_eq!(link("later"), 401);
}
