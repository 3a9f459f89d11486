//! Providers, networks and browsers that lie: nobody is signed in by them.

use api::sign_in::ceremony;
use api::sign_in::session::COOKIE;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ledger::key::SigningKey;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tests::support::browser::Browser;
use tests::support::machine::jws;
use tests::support::provider::Provider;
use tests::support::server::{Answer, Stand, resident_id};

use super::providers::at_counter;

/// A stand with one provider whose `sub-1` is linked.
fn linked() -> (Provider, Stand) {
    let provider = Provider::start("province");
    let stand = Provider::stand(&[&provider]);
    let person = stand.register(0, "王晓明", &resident_id(1));
    at_counter(&stand, &provider, person, "sub-1");
    (provider, stand)
}

fn in_english(browser: &Browser, stand: &Stand, path: &str) -> Answer {
    browser.send(stand, "GET", path, &[("accept-language", "en")], None)
}

fn lets_in(provider: &Provider, stand: &Stand) {
    let answer = provider.sign_in(stand, &Browser::default(), "sub-1", "");
    assert_eq!(answer.status, 303, "{}", answer.text());
}

#[track_caller]
fn refuses(provider: &Provider, stand: &Stand, what: &str) {
    let browser = Browser::default();
    let answer = provider.sign_in(stand, &browser, "sub-1", "");
    answer.refused(403, "sign-in-refused");
    assert!(answer.text().contains(what), "{what}: {}", answer.text());
    assert_eq!(browser.cookie(COOKIE), None);
}

#[test]
fn an_answer_is_good_once_in_its_browser_for_ten_minutes() {
    // Who reads an address in a log, or sends somebody one, would sign in as another.
    let (provider, stand) = linked();
    let begin = || {
        let browser = Browser::default();
        let url = provider.begin(&stand, &browser, "");
        let back = provider.authorize(&stand, &url, "sub-1");
        (browser, back)
    };
    let (browser, back) = begin();
    assert_eq!(browser.get(&stand, &back).status, 303);
    browser.get(&stand, &back).refused(400, "sign-in-state");
    // In another browser, and used up by that in its own.
    let (browser, back) = begin();
    Browser::default()
        .get(&stand, &back)
        .refused(400, "sign-in-state");
    browser.get(&stand, &back).refused(400, "sign-in-state");
    // With another sign-in's cookie.
    let ((victim, _), (_, back)) = (begin(), begin());
    victim.get(&stand, &back).refused(400, "sign-in-state");
    let (browser, back) = begin();
    let bent = back.replace("state=", "state=A");
    browser.get(&stand, &bent).refused(400, "sign-in-state");
    let bare = back.split("&state").next().unwrap();
    browser.get(&stand, bare).refused(400, "sign-in-state");
    let (browser, back) = begin();
    stand.pass(ceremony::LASTS_MS);
    browser.get(&stand, &back).refused(400, "sign-in-state");
    // The provider refuses, or says nothing.
    let (browser, back) = begin();
    let state = back.split("state=").nth(1).unwrap();
    browser
        .get(
            &stand,
            &format!("/login/province/callback?error=access_denied&state={state}"),
        )
        .refused(403, "sign-in-refused");
    lets_in(&provider, &stand);
}

#[test]
fn a_code_and_a_nonce_serve_the_sign_in_they_were_made_for() {
    // A stolen code would be put into the thief's own sign-in.
    let (provider, stand) = linked();
    let browser = Browser::default();
    let url = provider.begin(&stand, &browser, "");
    let stolen = provider.authorize(&stand, &url, "sub-1");
    let code = stolen.split(['?', '&']).nth(1).unwrap().to_owned();
    let inject = || {
        let thief = Browser::default();
        let url = provider.begin(&stand, &thief, "");
        let back = provider.authorize(&stand, &url, "sub-2");
        let state = back.split('&').nth(1).unwrap();
        let answer = in_english(
            &thief,
            &stand,
            &format!("/login/province/callback?{code}&{state}"),
        );
        answer.refused(403, "sign-in-refused");
        answer.text()
    };
    // PKCE: the provider sees another verifier.
    assert!(inject().contains("the code was not redeemed"));
    // A provider that does not look: the nonce is another's.
    let url = provider.begin(&stand, &browser, "");
    let stolen = provider.authorize(&stand, &url, "sub-1");
    provider.ways().careless = true;
    let code = stolen.split(['?', '&']).nth(1).unwrap().to_owned();
    let thief = Browser::default();
    let url = provider.begin(&stand, &thief, "");
    let back = provider.authorize(&stand, &url, "sub-2");
    let state = back.split('&').nth(1).unwrap();
    let answer = in_english(
        &thief,
        &stand,
        &format!("/login/province/callback?{code}&{state}"),
    );
    answer.refused(403, "sign-in-refused");
    assert!(answer.text().contains("nonce"), "{}", answer.text());
}

#[test]
fn an_answer_of_one_provider_is_not_taken_for_anothers() {
    // A bad provider would have the code of a good one brought to it, or speak in its name.
    let (good, bad) = (Provider::start("good"), Provider::start("bad"));
    let stand = Provider::stand(&[&good, &bad]);
    let person = stand.register(0, "王晓明", &resident_id(1));
    at_counter(&stand, &good, person, "sub-1");
    let browser = Browser::default();
    let url = good.begin(&stand, &browser, "");
    let back = good.authorize(&stand, &url, "sub-1");
    let mixed = back.replace("/login/good/", "/login/bad/");
    browser.get(&stand, &mixed).refused(400, "sign-in-state");
    // It names itself where we asked another; or promised to and does not (RFC 9207).
    good.ways().sends_iss = Some(bad.issuer.clone());
    refuses(&good, &stand, "iss is another provider's");
    good.ways().sends_iss = Some(format!("{}/", good.issuer));
    refuses(&good, &stand, "iss is another provider's");
    good.ways().sends_iss = Some(good.issuer.clone());
    lets_in(&good, &stand);
    // Its token names the good one.
    let issuer = good.issuer.clone();
    bad.bend(move |claims| claims["iss"] = json!(issuer));
    refuses(&bad, &stand, "iss of the id_token");
}

#[test]
fn a_provider_that_promises_its_name_must_send_it() {
    // What keeps two providers apart would be left out by whoever is between.
    let provider = Provider::start("province");
    provider.ways().promises_iss = true;
    let stand = Provider::stand(&[&provider]);
    refuses(&provider, &stand, "iss is missing");
    provider.ways().sends_iss = Some(provider.issuer.clone());
    let answer = provider.sign_in(&stand, &Browser::default(), "sub-1", "");
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("id=\"code\""));
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// HMAC-SHA-256 (RFC 2104), by hand: what an attacker makes of a public key.
fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::digest([&block.map(|b| b ^ 0x36)[..], text].concat());
    Sha256::digest([&block.map(|b| b ^ 0x5c)[..], &inner].concat()).into()
}

#[test]
fn no_token_is_taken_without_the_providers_own_signature() {
    // Anybody would write a token that says what it likes.
    let (provider, stand) = linked();
    for alg in ["none", "None", "NONE", ""] {
        provider.sign(move |header, claims, _| {
            let mut header = header.clone();
            header["alg"] = json!(alg);
            format!("{}.{}.", part(&header), part(claims))
        });
        let answer = provider.sign_in(&stand, &Browser::default(), "sub-1", "");
        answer.refused(403, "sign-in-refused");
    }
    // The public key as the secret of both sides.
    provider.sign(|header, claims, key| {
        let mut header = header.clone();
        header["alg"] = json!("HS256");
        let signed = format!("{}.{}", part(&header), part(claims));
        let mac = hmac(key.public().as_bytes(), signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac))
    });
    refuses(&provider, &stand, "alg is none that is accepted");
    // A stranger's key under the right name.
    let stranger = SigningKey::generate();
    provider.sign(move |header, claims, _| jws(header, claims, &stranger));
    refuses(&provider, &stand, "the signature is not the provider's");
    // Claims exchanged below a good signature.
    provider.sign(|header, claims, key| {
        let good = jws(header, claims, key);
        let mut claims = claims.clone();
        claims["sub"] = json!("sub-2");
        let parts: Vec<&str> = good.split('.').collect();
        format!("{}.{}.{}", parts[0], part(&claims), parts[2])
    });
    refuses(&provider, &stand, "the signature is not the provider's");
    provider.ways().sign = None;
    lets_in(&provider, &stand);
}

#[test]
fn keys_that_change_are_fetched_once_more_and_old_ones_are_forgotten() {
    // A key that the provider took back would sign people in, or a new one nobody until a restart.
    let (provider, stand) = linked();
    lets_in(&provider, &stand);
    let fetched = provider.ways().keys_fetched;
    lets_in(&provider, &stand);
    assert_eq!(provider.ways().keys_fetched, fetched, "kept for an hour");
    let old = std::mem::replace(&mut provider.ways().key, SigningKey::generate());
    provider.ways().kid = "k2".into();
    stand.pass(1_000);
    lets_in(&provider, &stand);
    assert_eq!(provider.ways().keys_fetched, fetched + 1);
    let taken_back = move |header: &Value, claims: &Value, _: &SigningKey| {
        let mut header = header.clone();
        header["kid"] = json!("k1");
        jws(&header, claims, &old)
    };
    provider.sign(taken_back);
    refuses(&provider, &stand, "no key of the provider's");
    let before = provider.ways().keys_fetched;
    refuses(&provider, &stand, "no key of the provider's");
    assert!(
        provider.ways().keys_fetched <= before + 1,
        "once for each sign-in"
    );
}

#[test]
fn a_token_says_for_whom_and_when_it_was_made() {
    // One made for another client, or long ago, would sign its owner in here.
    let (provider, stand) = linked();
    let cases: Vec<(&str, Value, &str)> = vec![
        ("aud", json!("another"), "aud or azp is not ours"),
        (
            "aud",
            json!(["xuefen", "another"]),
            "aud or azp is not ours",
        ),
        ("aud", json!([]), "aud or azp is not ours"),
        ("azp", json!("another"), "aud or azp is not ours"),
        ("iss", json!("http://127.0.0.1:1"), "iss of the id_token"),
        ("nonce", json!("another"), "nonce"),
        ("nonce", Value::Null, "nonce"),
        ("exp", json!(1), "too old or from the future"),
        ("iat", json!(1), "too old or from the future"),
        ("at_hash", json!("AAAA"), "not of the expected form"),
    ];
    for (member, value, what) in cases {
        provider.bend(move |claims| claims[member] = value.clone());
        refuses(&provider, &stand, what);
    }
    provider.bend(|claims| claims["iat"] = json!(claims["iat"].as_i64().unwrap() + 120));
    refuses(&provider, &stand, "too old or from the future");
    provider.bend(|claims| {
        claims.as_object_mut().unwrap().remove("sub");
    });
    provider
        .sign_in(&stand, &Browser::default(), "sub-1", "")
        .refused(403, "sign-in-refused");
    provider.bend(|_| ());
    lets_in(&provider, &stand);
}

#[test]
fn a_provider_that_sends_us_elsewhere_or_is_gone_signs_nobody_in() {
    // A redirect would have us believe whoever stands at its end.
    let provider = Provider::start("province");
    let stand = Provider::stand(&[&provider]);
    let honest = Provider::start("honest");
    provider.ways().moved_to = Some(format!(
        "{}/.well-known/openid-configuration",
        honest.issuer
    ));
    Browser::default()
        .get(&stand, "/login/province")
        .refused(503, "provider-unreachable");
    Browser::default()
        .get(&stand, "/login/nobody")
        .refused(404, "not-found");
}

#[test]
fn a_provider_that_hangs_holds_up_nobody_else() {
    // Whoever asks a thousand times for a provider that is down would stop every write of the platform.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let good = Provider::start("good");
    let mut config = api::config::Config::default();
    let mut hung = good.config(4);
    hung.name = "hung".into();
    hung.issuer = format!("http://{}", listener.local_addr().unwrap());
    config.sign_in.providers = vec![good.config(4), hung];
    let stand = Stand::with(config);
    std::thread::scope(|scope| {
        let asks = |_| scope.spawn(|| Browser::default().get(&stand, "/login/hung").status);
        let asked: Vec<_> = (0..40).map(asks).collect();
        // Meanwhile all goes on; and most are told at once, not after the time that a provider may take.
        let person = stand.register(0, "王晓明", &resident_id(1));
        at_counter(&stand, &good, person, "sub-1");
        let answer = good.sign_in(&stand, &Browser::default(), "sub-1", "");
        assert_eq!(answer.status, 303, "{}", answer.text());
        // The door that hangs is shut: whoever waits is told.
        drop(listener);
        for answer in asked {
            assert_eq!(answer.join().unwrap(), 503);
        }
    });
    Browser::default()
        .get(&stand, "/login/hung")
        .refused(503, "provider-unreachable");
}
