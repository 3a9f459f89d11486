//! Whose passkey signs in, how well, and until when: officers, and whatever ends one.

use api::config::Config;
use api::sign_in::ceremony::Invitation;
use identity::did::IssuerNumber;
use identity::role::Role;
use serde_json::json;
use tests::support::browser::Browser;
use tests::support::device::Device;
use tests::support::provider::Provider;
use tests::support::server::{Stand, resident_id};
use uuid::Uuid;

use super::passkeys::{current, one, signed_in};
use super::providers::{at_counter, invited, own};

fn registrars(stand: &Stand) -> Invitation {
    Invitation {
        person: stand.registrar.person,
        role: Role::Registrar,
        institution: None,
    }
}

#[test]
fn a_passkey_that_was_removed_signs_nobody_in() {
    // A lost phone would stay good, or its owner be shut out by taking the last way in away.
    let one = one();
    let browser = Browser::default();
    one.device.sign_in(&one.stand, &browser, &json!({})).is(200);
    let remove = |browser: &Browser, id: &str| {
        let path = format!("/v1/passkeys/{id}");
        browser.write(&one.stand, "DELETE", &path, &json!({}))
    };
    let own_browser = signed_in(&one.provider, &one.stand, "sub-0", "");
    let other = one.stand.register(0, "李小红", &resident_id(2));
    at_counter(&one.stand, &one.provider, other, "sub-1");
    let hers = signed_in(&one.provider, &one.stand, "sub-1", "");
    remove(&hers, &one.passkey).refused(404, "passkey-unknown");
    // With the passkey the account may go, and then the passkey is the last one.
    let links = own_browser.get(&one.stand, "/v1/links").is(200);
    let link = format!("/v1/links/{}", links["items"][0]["id"].as_str().unwrap());
    browser
        .write(&one.stand, "DELETE", &link, &json!({}))
        .is(201);
    remove(&browser, &one.passkey).refused(409, "last-link");
    let second = Device::at(&one.stand);
    let other_id = second.enrol(&one.stand, &browser).is(201)["id"].clone();
    remove(&browser, &one.passkey).is(201);
    browser
        .get(&one.stand, &own(one.person))
        .refused(401, "session-over");
    one.refused("passkey-proof-invalid");
    let again = second.sign_in(&one.stand, &browser, &json!({}));
    assert_eq!(again.status, 200, "{}", again.text());
    // A counter takes a learner's away by the list of what signs the learner in.
    let path = format!("{}/links", own(one.person));
    let listed = one.stand.get(&one.stand.registrar.token, &path).is(200);
    assert_eq!(listed["passkeys"][0]["id"], other_id);
    let path = format!("{path}/{}", other_id.as_str().unwrap());
    one.stand
        .send("DELETE", &path, &one.stand.registrar.token, &[], None)
        .is(201);
    second
        .sign_in(&one.stand, &browser, &json!({}))
        .refused(403, "passkey-proof-invalid");
}

#[test]
fn after_a_recovery_no_passkey_from_before_signs_in() {
    // A thief who enrolled a key would stay in the account that its owner opened again.
    let one = one();
    let (stand, registrar) = (&one.stand, &one.stand.registrar.token);
    let path = format!("{}/recoveries", own(one.person));
    let begun = json!({ "reason_text": "出示身份证原件" });
    let recovery = stand.post(registrar, &path, &begun).is(202);
    let approval = format!("/v1/approvals/{}", recovery["approval"].as_str().unwrap());
    let approve = json!({ "decision": "approve" });
    stand
        .post(&stand.registrar2.token, &approval, &approve)
        .is(201);
    stand.pass(72 * 3_600_000);
    assert_eq!(one.sign_in().status, 200, "as long as nothing is opened");
    let path = format!("{path}/{}/completion", recovery["id"].as_str().unwrap());
    stand.post(registrar, &path, &json!({})).is(201);
    one.refused("passkey-proof-invalid");
    let token = stand.token(one.person, Role::Learner, None);
    let listed = stand.get(&token, "/v1/passkeys").is(200);
    assert_eq!(listed["items"], json!([]));
}

#[test]
fn who_is_forgotten_or_barred_is_not_signed_in_by_a_device() {
    // A stolen phone would go on after its owner had it stopped, or what was to be forgotten stay.
    let one = one();
    let (stand, registrar) = (&one.stand, &one.stand.registrar.token);
    let path = format!("{}/suspension", own(one.person));
    stand
        .post(registrar, &path, &json!({ "reason": "device_lost" }))
        .is(201);
    one.refused("person-barred");
    let other = stand.register(0, "李小红", &resident_id(2));
    at_counter(stand, &one.provider, other, "sub-1");
    let device = Device::at(stand);
    let browser = signed_in(&one.provider, stand, "sub-1", "");
    device.enrol(stand, &browser).is(201);
    let kept = || {
        let side = &stand.app.side;
        let listed = side.scan("passkey-of", other.as_bytes(), None, 9);
        listed.unwrap().len()
    };
    assert_eq!(kept(), 1, "control");
    let body = json!({ "reason": "withdrawn" });
    let path = format!("{}/erasure", own(other));
    let asked = browser.write(stand, "POST", &path, &body);
    let approval = format!("/v1/approvals/{}", asked.json()["id"].as_str().unwrap());
    let approve = json!({ "decision": "approve" });
    stand.post(registrar, &approval, &approve).is(201);
    stand.app.carry_on_erasures().ok().unwrap();
    assert_eq!(kept(), 0);
    device
        .sign_in(stand, &Browser::default(), &json!({}))
        .refused(403, "passkey-proof-invalid");
}

#[test]
fn an_officers_key_stays_in_one_device_and_is_as_good_as_its_session() {
    // An officer's level would be had by a key that lies in somebody's cloud, or by a learner's.
    let provider = Provider::start("province");
    let stand = Provider::stand(&[&provider]);
    invited(&stand, &provider, &registrars(&stand), "r");
    let browser = signed_in(&provider, &stand, "r", "?role=registrar");
    let mut cloud = Device::at(&stand);
    cloud.moves = true;
    cloud
        .enrol(&stand, &browser)
        .refused(403, "passkey-not-bound");
    let device = Device::at(&stand);
    device.enrol(&stand, &browser).is(201);
    let as_registrar = json!({ "role": "registrar" });
    let browser = Browser::default();
    let answer = device.sign_in(&stand, &browser, &as_registrar);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let listed = browser.get(&stand, "/v1/passkeys").is(200);
    assert_eq!(listed["items"][0]["loa"], 4);
    for (as_whom, slug) in [
        (json!({ "role": "security" }), "not-allowed"),
        (json!({ "role": "clerk", "institution": 1 }), "not-allowed"),
        (json!({ "role": "verifier" }), "not-allowed"),
    ] {
        device
            .sign_in(&stand, &Browser::default(), &as_whom)
            .refused(403, slug);
    }
    // Showing anew who it is, an officer goes on as one.
    stand.pass(301_000);
    device.sign_in(&stand, &browser, &json!({})).is(200);
    assert_eq!(current(&browser, &stand)["role"], "registrar");
    // A learner's is of level 3 at most, and then no officer's.
    let school = &stand.schools[0];
    let person = stand.register(0, "王晓明", &resident_id(1));
    at_counter(&stand, &provider, person, "l");
    let role = json!({ "person": person, "role": "clerk" });
    stand.post(school.token(), "/v1/officers", &role).is(201);
    let learners = Device::at(&stand);
    learners
        .enrol(&stand, &signed_in(&provider, &stand, "l", ""))
        .is(201);
    let as_clerk = json!({ "role": "clerk", "institution": school.number });
    learners
        .sign_in(&stand, &Browser::default(), &as_clerk)
        .refused(403, "loa-too-low");
    // What a clerk enrols at a school signs in in that school's roles alone.
    let clerk = Uuid::from_u128(0x5_0000_0079);
    let role = json!({ "person": clerk, "role": "clerk" });
    stand.post(school.token(), "/v1/officers", &role).is(201);
    let invitation = Invitation {
        person: clerk,
        role: Role::Clerk,
        institution: Some(IssuerNumber(school.number)),
    };
    invited(&stand, &provider, &invitation, "c");
    let query = format!("?role=clerk&institution={}", school.number);
    let clerks = Device::at(&stand);
    clerks
        .enrol(&stand, &signed_in(&provider, &stand, "c", &query))
        .is(201);
    let answer = clerks.sign_in(&stand, &Browser::default(), &as_clerk);
    assert_eq!(answer.status, 200, "{}", answer.text());
    clerks
        .sign_in(&stand, &Browser::default(), &json!({}))
        .refused(403, "not-allowed");
    let path = format!("/v1/officers/{clerk}/links");
    let listed = stand.get(&stand.security.token, &path).is(200);
    assert_eq!(listed["passkeys"][0]["institution"], school.number);
    // The school, which vouched for it, takes it away.
    let path = format!("{path}/{}", listed["passkeys"][0]["id"].as_str().unwrap());
    stand
        .send("DELETE", &path, school.token(), &[], None)
        .is(201);
    clerks
        .sign_in(&stand, &Browser::default(), &as_clerk)
        .refused(403, "passkey-proof-invalid");
}

#[test]
fn the_operator_invites_an_officer_to_a_key_of_the_officers_level() {
    // Where providers know people at level 3 no officer could ever act; or the operator alone would be one.
    let weak = Provider::start("weak");
    let mut config = Config::default();
    config.sign_in.providers = vec![weak.config(3)];
    let stand = Stand::with(config);
    invited(&stand, &weak, &registrars(&stand), "r");
    let browser = Browser::default();
    let as_registrar = json!({ "role": "registrar" });
    weak.sign_in(&stand, &browser, "r", "?role=registrar")
        .refused(403, "loa-too-low");
    let ceremonies = &stand.app.sign_in.ceremonies;
    let invite = || ceremonies.invite(&registrars(&stand)).ok().unwrap();
    let enrol = |device: &Device, browser: &Browser, invitation: &str| {
        let path = "/v1/passkeys/registration";
        let begun = browser.write(&stand, "POST", path, &json!({})).is(200);
        let body = json!({ "answer": device.make(&begun), "invitation": invitation });
        browser.write(&stand, "POST", "/v1/passkeys", &body)
    };
    // Without it a key is a learner's; with another's, none; and one that moves is no officer's.
    let browser = signed_in(&weak, &stand, "r", "");
    let learner = stand.register(0, "王晓明", &resident_id(1));
    at_counter(&stand, &weak, learner, "l");
    let hers = signed_in(&weak, &stand, "l", "");
    let device = Device::at(&stand);
    enrol(&device, &hers, &invite()).refused(403, "link-proof-invalid");
    enrol(&device, &browser, "AAAA").refused(403, "link-proof-invalid");
    let mut cloud = Device::at(&stand);
    cloud.moves = true;
    enrol(&cloud, &browser, &invite()).refused(403, "passkey-not-bound");
    let invitation = invite();
    enrol(&device, &browser, &invitation).is(201);
    enrol(&Device::at(&stand), &browser, &invitation).refused(403, "link-proof-invalid");
    let office = Browser::default();
    let answer = device.sign_in(&stand, &office, &as_registrar);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let listed = office.get(&stand, "/v1/passkeys").is(200);
    assert_eq!(listed["items"][0]["loa"], 4);
}
