//! Officers' accounts that nobody uses, that several share, or that were never made the officer's own (MLPS 06-07).

use api::config::Config;
use api::sign_in::ceremony::Invitation;
use identity::did::IssuerNumber;
use identity::role::Role;
use serde_json::{Value, json};
use tests::support::browser::Browser;
use tests::support::machine::Machine;
use tests::support::process;
use tests::support::provider::Provider;
use tests::support::server::{Stand, resident_id};
use uuid::Uuid;

use crate::sign_in::providers::{element, field, invited};

const DAY_MS: i64 = 86_400_000;
/// The longest that the views may take.
const FOLDED_MAX: std::time::Duration = std::time::Duration::from_mins(1);

/// What the check says: what, and of whom.
pub(super) fn found(stand: &Stand) -> Vec<(String, Option<Uuid>)> {
    // What was said just now is in the view.
    let last = stand.app.ledger.head().size - 1;
    stand.app.views.follower.wait_for(last, FOLDED_MAX).unwrap();
    let answer = stand.get(&stand.audit.token, "/v1/officers/check").is(200);
    listed(&answer)
}

pub(super) fn listed(answer: &Value) -> Vec<(String, Option<Uuid>)> {
    let items = answer["items"].as_array().unwrap().iter();
    items
        .map(|it| {
            assert!(!it["to_do_zh"].as_str().unwrap().is_empty());
            assert!(!it["to_do_en"].as_str().unwrap().is_empty());
            let person = it["person"].as_str().map(|it| it.parse().unwrap());
            (it["what"].as_str().unwrap().to_owned(), person)
        })
        .collect()
}

/// What is said of one officer.
pub(super) fn of(stand: &Stand, person: Uuid) -> Vec<String> {
    let all = found(stand).into_iter();
    let own = all.filter(|(_, who)| *who == Some(person));
    own.map(|(what, _)| what).collect()
}

/// A counter of the first school, who comes in by the operator's invitation.
fn counter(stand: &Stand, provider: &Provider, serial: u16, sub: &str) -> Uuid {
    let person = appointed(stand, serial);
    invited(stand, provider, &invitation(stand, person), sub);
    person
}

fn appointed(stand: &Stand, serial: u16) -> Uuid {
    let person = stand.register(0, "陈明", &resident_id(serial));
    let body = json!({ "person": person, "role": "counter" });
    let school = &stand.schools[0];
    stand.post(school.token(), "/v1/officers", &body).is(201);
    person
}

fn invitation(stand: &Stand, person: Uuid) -> Invitation {
    Invitation {
        person,
        role: Role::Counter,
        institution: Some(IssuerNumber(stand.schools[0].number)),
    }
}

fn signs_in(stand: &Stand, provider: &Provider, sub: &str) {
    let query = format!("?role=counter&institution={}", stand.schools[0].number);
    let answer = provider.sign_in(stand, &Browser::default(), sub, &query);
    assert_eq!(answer.status, 303, "{}", answer.text());
}

#[test]
fn a_role_that_nobody_uses_is_found_after_ninety_days() {
    // An account of somebody who left would lie there for whoever finds its way in.
    let provider = Provider::start("province");
    let stand = Provider::stand(&[&provider]);
    let used = counter(&stand, &provider, 3, "s");
    let never = appointed(&stand, 4);
    let stale = |person| -> Vec<String> {
        let all = of(&stand, person).into_iter();
        all.filter(|it| it.starts_with("role-")).collect()
    };
    // A fresh officer has nothing to be looked at.
    assert!(of(&stand, used).is_empty() && of(&stand, never).is_empty());
    stand.pass(DAY_MS);
    signs_in(&stand, &provider, "s");
    assert!(of(&stand, used).is_empty());
    stand.pass(89 * DAY_MS - 1);
    assert!(stale(used).is_empty() && stale(never).is_empty());
    stand.pass(1);
    assert!(stale(used).is_empty());
    assert_eq!(stale(never), ["role-never-used"]);
    stand.pass(DAY_MS);
    assert_eq!(stale(used), ["role-unused"]);
    let answer = stand
        .get(&stand.security.token, "/v1/officers/check")
        .is(200);
    let items = answer["items"].as_array().unwrap().iter();
    let own = items
        .clone()
        .find(|it| it["what"] == "role-unused")
        .unwrap();
    assert_eq!(
        (&own["sort"], &own["role"]),
        (&json!("stale"), &json!("counter"))
    );
    assert_eq!(own["institution"], stand.schools[0].number);
    signs_in(&stand, &provider, "s");
    assert!(stale(used).is_empty());
    // Whose role was taken back has no account any more.
    let body = json!({ "person": never, "role": "counter" });
    let removed = stand
        .post(stand.schools[0].token(), "/v1/officers/removals", &body)
        .is(201);
    let path = tests::support::server::answer::after("/v1/officers", &removed);
    stand.get(stand.schools[0].token(), &path).is(200);
    assert!(stale(never).is_empty());
}

#[test]
fn the_settings_say_how_long_is_long() {
    // A site with a stricter rule would be told of nothing for ninety days.
    let mut config = Config::default();
    config.officers.stale_days = 7;
    let stand = Stand::with(config);
    let person = appointed(&stand, 3);
    stand.pass(7 * DAY_MS);
    assert_eq!(of(&stand, person), ["role-never-used"]);
}

#[test]
fn a_key_of_a_server_that_nobody_uses_is_found_too() {
    // A server that was thrown away would have a way in for ever.
    let stand = Stand::open();
    let machine = Machine::of(&stand, 0, "client-1");
    let stale = || {
        found(&stand)
            .iter()
            .any(|(what, _)| what == "client-key-unused")
    };
    stand.pass(50 * DAY_MS);
    machine.token(&stand);
    stand.pass(90 * DAY_MS - 1);
    assert!(!stale());
    stand.pass(1);
    assert!(stale());
    let answer = stand.get(&stand.audit.token, "/v1/officers/check").is(200);
    let items = answer["items"].as_array().unwrap().iter();
    let own = items
        .clone()
        .find(|it| it["what"] == "client-key-unused")
        .unwrap();
    assert_eq!(
        (&own["key"], &own["institution"]),
        (&json!("client-1"), &json!(1))
    );
    machine.token(&stand);
    assert!(!stale());
}

#[test]
fn an_account_that_several_seem_to_use_is_found() {
    // Two clerks would share a name, and the log could not say which of them acted.
    let mut stand = Stand::open();
    stand.reopen(|_| (), |app| app.demo = true);
    let person = Uuid::from_u128(0x5_0000_0009);
    let token = stand.at_desk(0, person, Role::Clerk);
    for _ in 0..3 {
        Browser::demo(&stand, &token);
    }
    assert!(of(&stand, person).is_empty());
    Browser::demo(&stand, &token);
    assert_eq!(of(&stand, person), ["many-sessions"]);
    // Fifteen minutes later they are over; on two kinds of device at once is another sign.
    stand.pass(900_000);
    let path = format!("/login?token={token}");
    let at_desk = || {
        let agent = [("user-agent", "Mozilla/5.0 (Windows NT 10.0)")];
        assert_eq!(stand.send_still("GET", &path, &agent, None).status, 303);
    };
    at_desk();
    assert_eq!(of(&stand, person), ["many-sessions"]);
    Browser::demo(&stand, &token);
    let mut signs = of(&stand, person);
    signs.sort();
    assert_eq!(signs, ["devices-at-once", "many-sessions"]);
    // A sign that was not seen for thirty days is none any more; the same person's reading as a learner is none.
    let learner = stand.token(person, Role::Learner, None);
    stand.pass(30 * DAY_MS + 900_000);
    at_desk();
    for _ in 0..4 {
        Browser::demo(&stand, &learner);
    }
    assert!(of(&stand, person).is_empty());
}

#[test]
fn no_account_at_a_provider_serves_two_officers() {
    // Two officers would sign in by one account: links make that impossible, so there is nothing to find.
    let provider = Provider::start("province");
    let stand = Provider::stand(&[&provider]);
    let [first, second] = [3, 4].map(|serial| appointed(&stand, serial));
    let codes = [(); 2].map(|()| {
        let shown = provider.sign_in(&stand, &Browser::default(), "s", "");
        assert!(!element(&shown, "code").is_empty());
        field(&shown, "code").replace(' ', "+")
    });
    let link = |person, code: &str| {
        let invitations = &stand.app.sign_in.ceremonies;
        let invitation = invitations
            .invite(&invitation(&stand, person))
            .ok()
            .unwrap();
        let form = format!("code={code}&invitation={}", *invitation);
        Browser::default().submit(&stand, "/login/invitation", &form)
    };
    assert_eq!(link(first, &codes[0]).status, 200);
    let answer = link(second, &codes[1]);
    assert_eq!(answer.status, 409, "{}", answer.text());
    signs_in(&stand, &provider, "s");
    assert!(of(&stand, first).is_empty() && of(&stand, second).is_empty());
}

#[test]
fn what_was_never_made_the_officers_own_is_found() {
    // A token that whoever installed the system knows would open an officer's doors for years.
    let provider = Provider::start("province");
    let mut stand = Provider::stand(&[&provider]);
    let invited = counter(&stand, &provider, 3, "s");
    let vouched = appointed(&stand, 4);
    let shown = provider.sign_in(&stand, &Browser::default(), "v", "");
    let body = json!({ "code": element(&shown, "code") });
    let path = format!("/v1/officers/{vouched}/links");
    stand.post(stand.schools[0].token(), &path, &body).is(201);
    let demo = Uuid::from_u128(0x5_0000_0009);
    let token = stand.at_desk(0, demo, Role::Clerk);
    let all = found(&stand);
    assert!(all.contains(&("bearer-tokens-on".into(), None)));
    for officer in [stand.security.person, stand.registrar.person, demo] {
        assert!(
            all.contains(&("plain-token".into(), Some(officer))),
            "{all:?}"
        );
    }
    // The operator's invitation is a beginning, not a way of life; what a school vouched for is no default.
    stand.pass(30 * DAY_MS - 1);
    assert!(of(&stand, invited).is_empty());
    stand.pass(1);
    assert_eq!(of(&stand, invited), ["invitation-only"]);
    assert!(of(&stand, vouched).is_empty());
    // In the demo all this belongs there; what it leaves behind is found afterwards.
    stand.reopen(|_| (), |app| app.demo = true);
    assert!(of(&stand, demo).is_empty() && of(&stand, invited).is_empty());
    Browser::demo(&stand, &token);
    stand.reopen(|_| (), |app| app.config.sign_in.bearer_tokens = true);
    let mut signs = of(&stand, demo);
    signs.sort();
    assert_eq!(signs, ["demo-account", "plain-token"]);
    let tokens = &stand.app.tokens;
    for (name, _) in tokens.of(demo).unwrap() {
        tokens.revoke(name).unwrap();
    }
    assert_eq!(of(&stand, demo), ["demo-account"]);
}

/// How many notices of the check a person was told.
fn told(stand: &Stand, token: &str, person: Uuid) -> usize {
    let path = format!("/v1/learners/{person}/notices");
    let shown = stand.get(token, &path).is(200);
    let items = shown["items"].as_array().unwrap().iter();
    items.filter(|it| it["about"] == "officer-finding").count()
}

#[test]
fn security_administrators_are_told_of_each_finding_once() {
    // Nobody would look at a list, or everybody would stop reading what comes each night anew.
    let stand = Stand::open();
    let night = || {
        let last = stand.app.ledger.head().size - 1;
        let folded = stand.app.views.follower.wait_for(last, FOLDED_MAX);
        folded.unwrap();
        stand.pass(DAY_MS);
        stand.app.carry_on_house().ok().unwrap();
    };
    let (token, person) = (&stand.security.token, stand.security.person);
    night();
    let first = told(&stand, token, person);
    assert_eq!(first, found(&stand).len());
    assert!(first > 0);
    night();
    stand.app.carry_on_house().ok().unwrap();
    assert_eq!(told(&stand, token, person), first);
    // One that comes again after it was put right is told again.
    let clerk = Uuid::from_u128(0x5_0000_0009);
    stand.at_desk(0, clerk, Role::Clerk);
    night();
    assert_eq!(told(&stand, token, person), first + 1);
    for (name, _) in stand.app.tokens.of(clerk).unwrap() {
        stand.app.tokens.revoke(name).unwrap();
    }
    night();
    stand.token(clerk, Role::Clerk, Some(stand.schools[0].number));
    // By another name it is another finding; the night before forgot the first.
    night();
    assert_eq!(told(&stand, token, person), first + 2);
    // Nobody else is told, and nobody else reads it.
    stand
        .get(token, &format!("/v1/learners/{clerk}/notices"))
        .refused(403, "not-allowed");
    let school = stand.schools[0].token();
    stand
        .get(school, "/v1/officers/check")
        .refused(403, "not-allowed");
}

#[test]
fn what_is_noted_of_a_sign_in_goes_with_the_person() {
    // Who asked to be forgotten would go on standing in a list of officers.
    let provider = Provider::start("province");
    let stand = Provider::stand(&[&provider]);
    let person = counter(&stand, &provider, 3, "s");
    signs_in(&stand, &provider, "s");
    let noted = || {
        stand
            .app
            .side
            .get("officer-use", person.as_bytes())
            .unwrap()
    };
    assert!(noted().is_some());
    let body = json!({ "person": person, "role": "counter" });
    stand
        .post(stand.schools[0].token(), "/v1/officers/removals", &body)
        .is(201);
    let path = format!("/v1/learners/{person}/erasure");
    let asked = json!({ "reason": "withdrawn" });
    let made = stand.post(&stand.registrar.token, &path, &asked).is(202);
    let id = made.get("approval").unwrap_or(&made["id"]);
    stand.approve(&stand.registrar2.token, id).is(201);
    stand.app.carry_on_house().ok().unwrap();
    assert!(noted().is_none());
}

#[test]
fn the_command_line_finds_the_same_beside_a_running_server() {
    // An assessor would have to take the server's word, or stop it first.
    let stand = Stand::open();
    let dir = stand.app.dir.root().to_str().unwrap().to_owned();
    let output = process::command(&["officers", "check", "--json", "--data-dir", &dir]).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    // How long ago something was, the program's own clock says; these two need none.
    let lasting = |all: Vec<(String, Option<Uuid>)>| {
        let mut all: Vec<_> = all
            .into_iter()
            .filter(|(what, _)| what == "plain-token" || what == "bearer-tokens-on")
            .collect();
        all.sort();
        all
    };
    let here = lasting(found(&stand));
    assert_eq!(lasting(listed(&said)), here);
    assert!(here.len() > 6, "{here:?}");
    let text = process::run(&["officer", "check", "--data-dir", &dir]).unwrap_err();
    assert!(
        text.contains("plain-token") && text.contains(" findings"),
        "{text}"
    );
}
