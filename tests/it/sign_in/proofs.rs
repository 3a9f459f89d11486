//! What a machine's token is worth without its key: DPoP at the doors.

use ledger::key::SigningKey;
use serde_json::{Value, json};
use tests::support::machine::{Machine, jti, jws};
use tests::support::server::{Hand, Stand};

use super::machines::error;

#[test]
fn a_proof_serves_one_request_and_its_own_token() {
    // Whoever holds a token, or a proof seen on the way, would send requests of his own with it.
    let stand = Stand::open();
    let machine = Machine::of(&stand, 0, "client-1");
    let (token, another) = (machine.token(&stand), machine.token(&stand));
    let path = "/v1/officers";
    let now = Machine::now_s(&stand);
    let send =
        |token: &str, proof: &str| Machine::send(&stand, "GET", path, (token, proof), ("", None));
    let bend = |change: &dyn Fn(&mut Value, &mut Value)| {
        let mut header = machine.proof_header();
        let mut claims = machine.proof_claims(&stand, "GET", path, &token);
        change(&mut header, &mut claims);
        jws(&header, &claims, &machine.bound)
    };
    let set = |name: &'static str, value: Value| {
        bend(&move |_, claims: &mut Value| claims[name] = value.clone())
    };
    let thief = Machine {
        client: Hand::new(&stand, 1, "client-1"),
        bound: SigningKey::generate(),
    };
    let url = stand.app.sign_in.url(path);
    let mut public = tests::support::machine::jwk(&machine.bound);
    public["d"] = json!("AAAA");
    let bad = [
        ("another method", set("htm", json!("POST"))),
        (
            "another address",
            set("htu", json!(stand.app.sign_in.url("/v1/approvals"))),
        ),
        (
            "another host",
            set("htu", json!(format!("https://evil.example{path}"))),
        ),
        (
            "another scheme",
            set("htu", json!(url.replace("https", "http"))),
        ),
        ("another case", set("htu", json!(url.to_uppercase()))),
        ("no address", set("htu", json!(path))),
        ("old", set("iat", json!(now - 61))),
        ("from the future", set("iat", json!(now + 6))),
        (
            "of another token",
            machine.proof(&stand, "GET", path, &another),
        ),
        ("of no token", machine.proof(&stand, "GET", path, "")),
        ("by another key", thief.proof(&stand, "GET", path, &token)),
        (
            "signed by another key",
            jws(
                &machine.proof_header(),
                &machine.proof_claims(&stand, "GET", path, &token),
                &thief.bound,
            ),
        ),
        ("none", bend(&|header, _| header["alg"] = json!("none"))),
        ("HS256", bend(&|header, _| header["alg"] = json!("HS256"))),
        (
            "another kind",
            bend(&|header, _| header["typ"] = json!("JWT")),
        ),
        (
            "a private key in it",
            bend(&|header, _| header["jwk"] = public.clone()),
        ),
        (
            "a symmetric key",
            bend(&|header, _| header["jwk"]["kty"] = json!("oct")),
        ),
        ("a client's assertion", machine.assertion(&stand)),
        (
            "two in one",
            format!("{0}, {0}", machine.proof(&stand, "GET", path, &token)),
        ),
        ("nothing", String::new()),
    ];
    for (what, proof) in bad {
        let answer = send(&token, &proof);
        assert_eq!(answer.status, 401, "{what}: {}", answer.text());
        answer.refused(401, "dpop-proof-invalid");
        assert!(
            answer
                .header("www-authenticate")
                .contains("invalid_dpop_proof")
        );
    }
}

#[test]
fn a_proof_serves_once_whatever_way_its_address_is_written() {
    // Whoever saw a request on the way would send it again.
    let stand = Stand::open();
    let machine = Machine::of(&stand, 0, "client-1");
    let token = machine.token(&stand);
    let path = "/v1/officers";
    let url = stand.app.sign_in.url(path);
    let send =
        |token: &str, proof: &str| Machine::send(&stand, "GET", path, (token, proof), ("", None));
    let with = |changes: &[(&str, Value)]| {
        let mut claims = machine.proof_claims(&stand, "GET", path, &token);
        for (name, value) in changes {
            claims[*name] = value.clone();
        }
        jws(&machine.proof_header(), &claims, &machine.bound)
    };
    let proof = machine.proof(&stand, "GET", path, &token);
    send(&token, &proof).is(200);
    send(&token, &proof).refused(401, "dpop-proof-invalid");
    // The same number, signed anew.
    let used = json!(jti());
    send(&token, &with(&[("jti", used.clone())])).is(200);
    let again = with(&[("jti", used), ("more", json!(1))]);
    send(&token, &again).refused(401, "dpop-proof-invalid");
    // A query is no part of the address (RFC 9449 §4.3), nor is the case of the host.
    let written = json!(format!("{}?a=b#c", url.replace("https", "HTTPS")));
    send(&token, &with(&[("htu", written)])).is(200);
}

#[test]
fn a_proof_carries_a_number_of_the_server() {
    // Proofs made ahead of time on a stolen machine would go on opening doors.
    let stand = Stand::open();
    let machine = Machine::of(&stand, 0, "client-1");
    let token = machine.token(&stand);
    let path = "/v1/officers";
    let with = |nonce: Option<&str>| {
        let mut claims = machine.proof_claims(&stand, "GET", path, &token);
        match nonce {
            Some(nonce) => claims["nonce"] = json!(nonce),
            None => drop(claims.as_object_mut().unwrap().remove("nonce")),
        }
        let proof = jws(&machine.proof_header(), &claims, &machine.bound);
        Machine::send(&stand, "GET", path, (&token, &proof), ("", None))
    };
    for nonce in [None, Some("made-up"), Some("")] {
        let answer = with(nonce);
        answer.refused(401, "dpop-nonce-needed");
        assert!(answer.header("www-authenticate").contains("use_dpop_nonce"));
        assert_ne!(answer.header("dpop-nonce"), "");
    }
    let told = with(None).header("dpop-nonce").to_owned();
    with(Some(&told)).is(200);
    stand.pass(240_001);
    with(Some(&told)).refused(401, "dpop-nonce-needed");
    let mut claims = machine.proof_claims(&stand, "POST", "/oauth/token", "");
    claims["nonce"] = json!(told);
    let proof = jws(&machine.proof_header(), &claims, &machine.bound);
    let assertion = machine.assertion(&stand);
    let answer = Machine::ask(&stand, &assertion, &proof);
    error(&answer, 400, "use_dpop_nonce");
    // The assertion was not used up by that.
    claims["nonce"] = json!(answer.header("dpop-nonce"));
    let proof = jws(&machine.proof_header(), &claims, &machine.bound);
    Machine::ask(&stand, &assertion, &proof).is(200);
}

#[test]
fn a_bound_token_is_nothing_alone_and_ends_in_ten_minutes() {
    // A token that leaks from a log would open doors to whoever reads the log.
    let stand = Stand::open();
    let machine = Machine::of(&stand, 0, "client-1");
    let token = machine.token(&stand);
    let path = "/v1/officers";
    stand.get(&token, path).refused(401, "token-needs-proof");
    let authorization = format!("DPoP {token}");
    let bare = [("authorization", authorization.as_str())];
    stand
        .send("GET", path, "", &bare, None)
        .refused(401, "dpop-proof-invalid");
    // Nor does a plain token become a bound one.
    machine
        .get(&stand, stand.schools[0].token(), path)
        .refused(401, "token-invalid");
    machine
        .get(&stand, &format!("{token}x"), path)
        .refused(401, "token-invalid");
    stand.pass(599_999);
    machine.get(&stand, &token, path).is(200);
    stand.pass(1);
    machine
        .get(&stand, &token, path)
        .refused(401, "token-invalid");
}
