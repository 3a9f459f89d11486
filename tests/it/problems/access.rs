//! Reasons around levels, delegations, consent and the way back into an account.

use api::problem::Reason;
use identity::person::delegation::end;
use identity::person::recovery::start;
use identity::role::Role;
use serde_json::{Value, json};
use tests::support::server::Stand;
use tests::support::server::hand::Hand;
use uuid::Uuid;

use super::Met;

pub(super) fn all(stand: &Stand, met: &Met) {
    let person = stand.register_plainly(0, "王桂英", 980);
    let helper = stand.register_plainly(0, "王小梅", 981);
    levels(stand, met, person);
    delegations(stand, met, person, helper);
    consents(stand, met, person, helper);
    recoveries(stand, met, person, helper);
}

fn at(person: Uuid, part: &str) -> String {
    format!("/v1/learners/{person}/{part}")
}

fn say(stand: &Stand, kind: &str, data: Value) -> tests::support::server::Answer {
    let ledger = Hand::of_genesis(stand, "ledger-1");
    stand.assert(&ledger.sign(&Hand::draft(stand, kind, data)))
}

fn levels(stand: &Stand, met: &Met, person: Uuid) {
    let officer = stand.registrar.token.as_str();
    let raise = |method: &str| {
        let body = json!({ "method": method });
        stand.post(officer, &at(person, "assurance"), &body)
    };
    met.refused(&raise("hardware_key"), Reason::LevelTooLow);
    raise("document").is(201);
    let same = json!({ "level": 3 });
    let lowered = stand.post(officer, &at(person, "assurance/lowering"), &same);
    met.refused(&lowered, Reason::LevelNotLower);
}

fn delegations(stand: &Stand, met: &Met, person: Uuid, helper: Uuid) {
    let officer = stand.registrar.token.as_str();
    let document = json!({ "method": "document" });
    stand
        .post(officer, &at(helper, "assurance"), &document)
        .is(201);
    let own = stand.token(person, Role::Learner, None);
    let path = at(person, "delegations");
    let body = |agent: Uuid, unpressed: bool, until: &str| json!({ "agent": agent, "unpressed": unpressed, "until": until });
    let soon = "2026-12-31";
    let gives = |agent, unpressed, until| stand.post(&own, &path, &body(agent, unpressed, until));
    met.refused(&gives(helper, false, soon), Reason::Pressed);
    met.refused(
        &gives(helper, true, "2036-01-01"),
        Reason::DelegationInvalid,
    );
    let made = gives(helper, true, soon).is(201);
    let id = made["id"].as_str().unwrap();
    let early = json!({ "delegation": id, "person": person });
    met.refused(&say(stand, end::EXPIRE, early), Reason::DelegationNotDue);
    for serial in 982..984 {
        let agent = stand.register_plainly(0, "帮手", serial);
        stand
            .post(officer, &at(agent, "assurance"), &document)
            .is(201);
        gives(agent, true, soon).is(201);
    }
    let fourth = stand.register_plainly(0, "帮手", 984);
    stand
        .post(officer, &at(fourth, "assurance"), &document)
        .is(201);
    met.refused(&gives(fourth, true, soon), Reason::DelegationLimit);
    let ends = |id: &str| {
        let path = at(person, &format!("delegations/{id}/revocation"));
        stand.post(&own, &path, &json!({}))
    };
    let none = Uuid::from_u128(1).to_string();
    met.refused(&ends(&none), Reason::DelegationUnknown);
    ends(id).is(201);
    let narrowing = at(person, &format!("delegations/{id}/narrowing"));
    let less = json!({ "scopes": ["view"], "until": "2026-10-01" });
    let over = stand.post(&own, &narrowing, &less);
    met.refused(&over, Reason::DelegationOver);
}

fn consents(stand: &Stand, met: &Met, person: Uuid, helper: Uuid) {
    let own = stand.token(person, Role::Learner, None);
    let path = at(person, "consents");
    let no = json!({ "use": "contact", "given": false });
    met.refused(&stand.post(&own, &path, &no), Reason::ConsentNotGiven);
    let none = json!({ "channel": "sms" });
    let contact = stand.post(&own, &at(person, "contacts"), &none);
    met.refused(&contact, Reason::ContactNotSet);
    let proxy = stand.token(helper, Role::Proxy, None);
    met.refused(&stand.post(&proxy, &path, &no), Reason::NotDelegated);
    let body = json!({
        "name": "李小宝", "birth_date": "2016-07-15",
        "identifiers": [{ "type": "staff_number", "value": Stand::staff_number(985) }],
    });
    let school = stand.schools[0].token();
    let made = stand.post(school, "/v1/learners", &body).is(201);
    let child: Uuid = serde_json::from_value(made["id"].clone()).unwrap();
    let guardian = json!({ "agent": helper, "basis": "guardian", "unpressed": true });
    let officer = stand.registrar.token.as_str();
    stand
        .post(officer, &at(child, "delegations"), &guardian)
        .is(201);
    let own = stand.token(child, Role::Learner, None);
    let yes = json!({ "use": "contact", "given": true });
    let by_child = stand.post(&own, &at(child, "consents"), &yes);
    met.refused(&by_child, Reason::GuardianNeeded);
}

fn recoveries(stand: &Stand, met: &Met, person: Uuid, helper: Uuid) {
    let officer = stand.registrar.token.as_str();
    let body = json!({ "reason_text": "出示身份证原件" });
    let begin = |who: Uuid| stand.post(officer, &at(who, "recoveries"), &body);
    let proposed = begin(person).is(202);
    stand
        .approve(&stand.registrar2.token, &proposed["approval"])
        .is(201);
    met.refused(&begin(person), Reason::RecoveryUnderWay);
    let part = |who: Uuid, id: &str, what: &str| at(who, &format!("recoveries/{id}/{what}"));
    let id = proposed["id"].as_str().unwrap();
    let done = |who, id: &str| stand.post(officer, &part(who, id, "completion"), &json!({}));
    met.refused(&done(person, id), Reason::RecoveryTooSoon);
    let none = Uuid::from_u128(1).to_string();
    met.refused(&done(person, &none), Reason::RecoveryUnknown);
    let own = stand.token(person, Role::Learner, None);
    let veto = |token: &str, who, id: &str| stand.post(token, &part(who, id, "veto"), &json!({}));
    veto(&own, person, id).is(201);
    met.refused(&done(person, id), Reason::RecoveryVetoed);

    let by_code = json!({ "code": "ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ" });
    let wrong = stand.post("", "/v1/recoveries", &by_code);
    met.refused(&wrong, Reason::SheetInvalid);
    let spent = json!({ "person": person, "sheet": Uuid::from_u128(1) });
    met.refused(&say(stand, start::CLAIM, spent), Reason::SheetSpent);
    let key = json!({ "method": "hardware_key" });
    stand.post(officer, &at(helper, "assurance"), &key).is(201);
    let own = stand.token(helper, Role::Learner, None);
    let sheet = stand.post(&own, &at(helper, "recovery-sheet"), &json!({}));
    met.refused(&sheet, Reason::LevelTooHigh);
    // An elder's is completed at once; then there is nothing to say no to.
    let born = json!({
        "name": "王桂英", "birth_date": "1950-03-04",
        "identifiers": [{ "type": "staff_number", "value": Stand::staff_number(986) }],
    });
    let school = stand.schools[0].token();
    let made = stand.post(school, "/v1/learners", &born).is(201);
    let elder: Uuid = serde_json::from_value(made["id"].clone()).unwrap();
    let proposed = begin(elder).is(202);
    stand
        .approve(&stand.registrar2.token, &proposed["approval"])
        .is(201);
    let id = proposed["id"].as_str().unwrap();
    done(elder, id).is(201);
    met.refused(&veto(officer, elder, id), Reason::RecoveryOver);
}
