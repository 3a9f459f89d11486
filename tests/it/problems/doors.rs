//! Reasons of the doors: who calls, what body, how much, and a server that cannot now.

use api::config::Config;
use api::problem::Reason;
use api::sign_in::session::{Agent, COOKIE, Session, Term};
use identity::did::IssuerNumber;
use identity::person::{Person, wire};
use identity::role::Role;
use ledger::clock::Clock as _;
use serde_json::json;
use tests::support::browser::Browser;
use tests::support::machine::{Machine, jws};
use tests::support::provider::Provider;
use tests::support::server::{Stand, resident_id};

use super::Met;
use crate::http_journeys::own_key::{recording, values};

pub(super) fn all(stand: &Stand, met: &Met) {
    callers(stand, met);
    bodies(stand, met);
    keyed(stand, met);
    cannot_now(met);
}

fn callers(stand: &Stand, met: &Met) {
    met.refused(&stand.get("", "/v1/approvals"), Reason::NotSignedIn);
    met.refused(
        &stand.get("xft_nobody", "/v1/approvals"),
        Reason::TokenInvalid,
    );
    machines(met);
    providers(met);
    met.refused(
        &stand.get(stand.schools[0].token(), "/nowhere"),
        Reason::NotFound,
    );
    met.refused(
        &stand.send("PUT", "/v1/learners", "", &[], None),
        Reason::MethodNotAllowed,
    );
    let own = tests::support::server::hand::Hand::new(stand, 3, "key-only");
    let school = stand.admit("温州大学", "4133010351", Some(&own));
    let body = json!({ "name": "王晓明" });
    met.refused(
        &stand.post(school.token(), "/v1/learners", &body),
        Reason::SignItYourself,
    );
}

fn machines(met: &Met) {
    let mut stand = Stand::open();
    let machine = Machine::of(&stand, 0, "client-1");
    let token = machine.token(&stand);
    let path = "/v1/officers";
    met.refused(&stand.get(&token, path), Reason::TokenNeedsProof);
    let ask = |proof: &str| Machine::send(&stand, "GET", path, (&token, proof), ("", None));
    met.refused(&ask("x"), Reason::DpopProofInvalid);
    let mut claims = machine.proof_claims(&stand, "GET", path, &token);
    claims["nonce"] = json!("old");
    let old = jws(&machine.proof_header(), &claims, &machine.bound);
    met.refused(&ask(&old), Reason::DpopNonceNeeded);
    met.refused(
        &machine.post(&stand, &token, "/v1/outcomes", &json!({})),
        Reason::PersonNeeded,
    );
    people(met, &mut stand);
    stand.reopen(|_| (), |app| app.config.sign_in.bearer_tokens = false);
    met.refused(
        &stand.get(stand.schools[0].token(), path),
        Reason::BearerOff,
    );
}

fn providers(met: &Met) {
    let provider = Provider::start("province");
    let stand = Provider::stand(&[&provider]);
    let browser = Browser::default();
    let code = |sub: &str| {
        let shown = provider.sign_in(&stand, &Browser::default(), sub, "");
        let text = shown.text();
        let code = text.split("id=\"code\">").nth(1).unwrap();
        json!({ "code": code.split('<').next().unwrap() })
    };
    let state = browser.get(&stand, "/login/province/callback?state=x");
    met.refused(&state, Reason::SignInStateInvalid);
    let token = &stand.registrar.token;
    let people = [1, 2].map(|i| stand.register(0, "王晓明", &resident_id(i)));
    let [path, other] = people.map(|it| format!("/v1/learners/{it}/links"));
    let (first, second) = (code("sub-1"), code("sub-1"));
    stand.post(token, &path, &first).is(201);
    met.refused(&stand.post(token, &path, &first), Reason::LinkProofInvalid);
    met.refused(&stand.post(token, &other, &second), Reason::LinkTaken);
    provider.sign_in(&stand, &browser, "sub-1", "");
    let nothing = format!("/v1/links/{}", people[0]);
    let removed = browser.write(&stand, "DELETE", &nothing, &json!({}));
    met.refused(&removed, Reason::LinkUnknown);
    let only = stand.app.ledger.state::<Person>(&wire::stream(people[0]));
    let only = only.unwrap().links.standing()[0].id;
    let only = browser.write(&stand, "DELETE", &format!("/v1/links/{only}"), &json!({}));
    met.refused(&only, Reason::LastLink);
    let more = stand.post(token, &path, &code("more"));
    met.refused(&more, Reason::LinkedBefore);
    for n in 0..16 {
        let shown = provider.sign_in(&stand, &browser, &format!("more-{n}"), "?link=true");
        let text = shown.text();
        let field = |name: &str| {
            let (_, rest) = text
                .split_once(&format!("name=\"{name}\" value=\""))
                .unwrap();
            rest.split('"').next().unwrap().to_owned()
        };
        let proof = json!({ "ceremony": field("ceremony"), "proof": field("proof") });
        let answer = browser.write(&stand, "POST", "/v1/links", &proof);
        if n == 15 {
            met.refused(&answer, Reason::TooManyLinks);
        }
    }
    provider.bend(|claims| claims["nonce"] = json!("x"));
    let url = provider.begin(&stand, &browser, "");
    let back = provider.authorize(&stand, &url, "sub-1");
    let refused = browser.get(&stand, &back);
    met.refused(&refused, Reason::SignInRefused);
    let gone = Provider::start("gone");
    gone.ways().moved_to = Some(provider.issuer.clone());
    let stand = Provider::stand(&[&gone]);
    met.refused(
        &browser.get(&stand, "/login/gone"),
        Reason::ProviderUnreachable,
    );
}

fn people(met: &Met, stand: &mut Stand) {
    stand.reopen(|_| (), |app| app.demo = true);
    let officer = Browser::demo(stand, stand.schools[0].token());
    met.refused(
        &officer.send(stand, "DELETE", "/v1/sessions", &[], None),
        Reason::CsrfMissing,
    );
    let school = &stand.schools[0];
    let unsure = Session {
        begun_at_ms: stand.clock.now_ms(),
        person: school.officers[0].person,
        role: Role::Institution,
        institution: Some(IssuerNumber(school.number)),
        loa: identity::person::assurance::Level::GOVERNMENT,
        by: "test".into(),
        link: None,
        term: Term::Officer,
        agent: Agent::Program,
        made_at_ms: stand.clock.now_ms(),
        proven_at_ms: stand.clock.now_ms(),
        used_at_ms: stand.clock.now_ms(),
        app: None,
    };
    let opened = stand.app.sign_in.sessions.begin(&unsure, None).unwrap();
    let browser = Browser::default();
    browser.plant(COOKIE, &opened.secret);
    met.refused(&browser.get(stand, "/v1/officers"), Reason::LoaTooLow);
    browser.get(stand, "/v1/sessions").is(200);
    stand.pass(301_000);
    met.refused(
        &officer.write(stand, "POST", "/v1/officers", &json!({})),
        Reason::StepUpNeeded,
    );
    stand.pass(3_600_000);
    met.refused(&officer.get(stand, "/v1/officers"), Reason::SessionOver);
}

fn bodies(stand: &Stand, met: &Met) {
    let token = stand.schools[0].token();
    let before = crate::http_trace::trace(stand);
    let learner = |body: &str| stand.post_text(token, "/v1/learners", &[], body);
    for body in ["{", "", "{\"name\":\"a\"} x", "{\"name\":\"\\ud800\"}"] {
        met.refused(&learner(body), Reason::BodyUnreadable);
    }
    for body in [
        "{}",
        "[]",
        "[\"王晓明\",null,[]]",
        "{\"name\":5}",
        "{\"name\":\"a\",\"name\":\"b\"}",
        "{\"name\":\"a\",\"title\":\"b\"}",
    ] {
        met.refused(&learner(body), Reason::BodyInvalid);
    }
    let answer = stand.send(
        "POST",
        "/v1/learners",
        token,
        &[("content-type", "application/json")],
        Some(b"\xff\xfe"),
    );
    met.refused(&answer, Reason::BodyUnreadable);
    let long = json!({ "name": "x".repeat(1 << 20) });
    met.refused(
        &stand.post(token, "/v1/learners", &long),
        Reason::BodyTooLarge,
    );
    let answer = stand.send(
        "POST",
        "/v1/learners",
        token,
        &[("content-type", "text/plain")],
        Some(b"{}"),
    );
    met.refused(&answer, Reason::MediaType);
    met.refused(
        &stand.upload(token, "f.csv", b"a,b\n"),
        Reason::ImportFileInvalid,
    );
    let mut rows = String::from("记录号,证件号,完成日期\n");
    rows.push_str(&"r,1,2026-06-01\n".repeat(100_001));
    met.refused(
        &stand.upload(token, "f.csv", rows.as_bytes()),
        Reason::ImportTooLarge,
    );
    let few = "记录号,证件号,完成日期\nr,1,2026-06-01\n";
    let sent = stand.upload(token, "f.csv", few.as_bytes()).is(202);
    let id = sent["id"].as_str().unwrap();
    stand.import_reaches(token, id, "checked");
    let answer = stand.send(
        "POST",
        &format!("/v1/imports/{id}/pause"),
        token,
        &[],
        Some(b""),
    );
    met.refused(&answer, Reason::ImportNotNow);
    for path in [
        "/v1/learners/no-uuid",
        "/v1/institutions/x",
        "/v1/institutions?limit=x",
        "/v1/institutions?cursor=x",
        "/v1/institutions/1?befor=2",
    ] {
        met.refused(&stand.get(token, path), Reason::BodyUnreadable);
    }
    assert_eq!(crate::http_trace::trace(stand), before);
}

fn keyed(stand: &Stand, met: &Met) {
    let token = stand.schools[0].token();
    let post = |body| {
        stand.post_with(
            token,
            "/v1/learners",
            &[("idempotency-key", "problems")],
            &body,
        )
    };
    post(json!({ "name": "王晓明" })).is(201);
    met.refused(
        &post(json!({ "name": "王晓朋" })),
        Reason::IdempotencyConflict,
    );
    // The turn of a request that still runs is taken as the door itself would take it.
    let body = json!({ "name": "李小红" });
    let asked = [b"/v1/learners\0".as_slice(), body.to_string().as_bytes()].concat();
    let grant = stand.app.tokens.find(token).unwrap().unwrap();
    let caller = api::extract::Caller::from(&*grant).name();
    let turn = stand
        .app
        .idempotency
        .begin(&caller, "problems-2", &asked)
        .unwrap();
    assert!(matches!(turn, api::idempotency::Begin::New(_)));
    let answer = stand.post_with(
        token,
        "/v1/learners",
        &[("idempotency-key", "problems-2")],
        &body,
    );
    met.refused(&answer, Reason::IdempotencyRunning);
    let hand = stand.own_key(0, "key-doors");
    let person = stand.register(0, "王晓明", &resident_id(904));
    let text = hand.submission(recording(stand, person, "R-1"), &values());
    let answer = stand.submit("application/jose", &[("if-match", "\"r7\"")], &text);
    met.refused(&answer, Reason::Precondition);
}

/// Servers that are full, slow, behind, stopping or broken.
fn cannot_now(met: &Met) {
    let config = |bend: &dyn Fn(&mut Config)| {
        let mut config = Config::default();
        bend(&mut config);
        Stand::bare(config, "127.0.0.1:0")
    };
    let full = config(&|config| config.server.concurrency_max = 0);
    met.refused(&full.get("", "/livez"), Reason::TooBusy);
    let resting = config(&|_| {});
    for n in 0..api::tries::TRIES_MAX {
        let body = json!({ "code": format!("{n:08}{:020}", 0) });
        resting
            .post("", "/v1/recoveries", &body)
            .refused(409, "sheet-invalid");
    }
    let body = json!({ "code": format!("{:08}{:020}", 99, 0) });
    let answer = resting.post("", "/v1/recoveries", &body);
    met.refused(&answer, Reason::TooManyTries);
    // No time at all: the first thing that waits is too slow.
    let slow = config(&|config| config.server.request_timeout_s = 0);
    met.refused(
        &slow.get("", "/v1/institutions?after=1000000"),
        Reason::Timeout,
    );
    let stand = config(&|_| {});
    let answer = stand.get("", "/v1/institutions?after=1000000");
    assert!(answer.json()["position"].is_u64(), "how far the view is");
    met.refused(&answer, Reason::ViewBehind);
    stand.app.ledger.publish().unwrap();
    let checkpoint = stand.app.dir.root().join("log").join("checkpoint");
    let files = crate::http_journeys::imports::walk(stand.dir());
    let checkpoint = files
        .into_iter()
        .find(|it| it.file_name() == checkpoint.file_name())
        .unwrap();
    std::fs::remove_file(&checkpoint).unwrap();
    std::fs::create_dir(&checkpoint).unwrap();
    met.refused(&stand.get("", "/log/checkpoint"), Reason::Internal);
    stand.app.close();
    let body = json!({ "name": "王晓明" });
    met.refused(
        &stand.post(&stand.registrar.token, "/v1/learners", &body),
        Reason::Stopping,
    );
}
