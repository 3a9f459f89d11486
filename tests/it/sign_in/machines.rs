//! Institutions' servers: `private_key_jwt`, DPoP, and every way to bend them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ledger::key::SigningKey;
use serde_json::{Value, json};
use tests::support::machine::{Machine, jti, jws};
use tests::support::server::{Answer, Hand, Stand, resident_id};

use crate::http_journeys::own_key::recording;

/// The token endpoint's error code.
#[track_caller]
fn error(answer: &Answer, status: u16, code: &str) {
    let body = answer.is(status);
    assert_eq!(body["error"], code, "{body}");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_ne!(answer.header("dpop-nonce"), "");
}

#[test]
fn a_server_reads_what_its_school_may_read_and_signs_what_it_writes() {
    // A school's server could not fetch its own learners, or would act as a person nobody can name.
    let stand = Stand::open();
    let machine = Machine::of(&stand, 0, "client-1");
    let hand = stand.own_key(0, "key-own");
    let own = stand.register(0, "王晓明", &resident_id(1));
    let others = stand.register(1, "李小红", &resident_id(2));
    let token = machine.token(&stand);

    let seen = machine
        .get(&stand, &token, &format!("/v1/learners/{own}"))
        .is(200);
    assert_eq!(seen["name"], "王晓明");
    let path = format!("/v1/learners/{others}");
    machine
        .get(&stand, &token, &path)
        .refused(403, "not-allowed");
    let query = json!({ "identifier": { "type": "resident_id", "value": resident_id(1) } });
    let found = machine
        .post(&stand, &token, "/v1/learners/search", &query)
        .is(200);
    assert!(found.to_string().contains(&own.to_string()), "{found}");

    let before = stand.app.ledger.head().size;
    let asked = [
        ("/v1/outcomes", Stand::outcome(own, "R-1")),
        ("/v1/officers", json!({ "person": own, "role": "clerk" })),
        (
            &format!("/v1/approvals/{own}"),
            json!({ "decision": "approve" }),
        ),
    ];
    for (path, body) in asked {
        let answer = machine.post(&stand, &token, path, &body);
        answer.refused(403, "person-needed");
    }
    let imported = machine.proof(&stand, "POST", "/v1/imports", &token);
    Machine::send(
        &stand,
        "POST",
        "/v1/imports",
        (&token, &imported),
        ("", Some(b"")),
    )
    .refused(403, "person-needed");
    assert_eq!(stand.app.ledger.head().size, before, "nothing was written");

    let path = "/v1/assertions";
    let signed = hand.sign(&recording(&stand, own, "R-1"));
    let proof = machine.proof(&stand, "POST", path, &token);
    let sent = ("application/jose", Some(signed.as_bytes()));
    Machine::send(&stand, "POST", path, (&token, &proof), sent).is(201);
}

#[test]
fn a_clerks_machine_is_no_more_than_a_clerk() {
    // A server that asks for less would get all its institution may do, or a role of the province.
    let stand = Stand::open();
    let machine = Machine::of(&stand, 0, "client-1");
    let ask = |scope: &str| {
        let form = format!(
            "grant_type=client_credentials&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion={}&scope={scope}",
            machine.assertion(&stand)
        );
        let proof = machine.proof(&stand, "POST", "/oauth/token", "");
        Machine::ask_with(&stand, &form, &proof)
    };
    let given = ask("clerk").is(200);
    assert_eq!(
        (&given["scope"], &given["token_type"]),
        (&json!("clerk"), &json!("DPoP"))
    );
    assert_eq!(given["expires_in"], 600);
    let token = given["access_token"].as_str().unwrap();
    // Officers' lists are for `institution`, not for `clerk`.
    machine
        .get(&stand, token, "/v1/officers")
        .refused(403, "not-allowed");
    for scope in ["registrar", "security", "learner", "institution+clerk", ""] {
        error(&ask(scope), 400, "invalid_scope");
    }
}

/// Assertions of `machine` with one thing wrong, each signed by its own client key.
fn bent(stand: &Stand, machine: &Machine, other: &Machine) -> Vec<(&'static str, String)> {
    let now = Machine::now_s(stand);
    let did = machine.client.kid.did().to_owned();
    let bend = |change: &dyn Fn(&mut Value, &mut Value)| {
        let (mut header, mut claims) = (machine.header(), machine.claims(stand));
        change(&mut header, &mut claims);
        jws(&header, &claims, &machine.client.key)
    };
    let set = |name: &'static str, value: Value| {
        bend(&move |_, claims: &mut Value| claims[name] = value.clone())
    };
    let head = |name: &'static str, value: Value| {
        bend(&move |header: &mut Value, _| header[name] = value.clone())
    };
    let without = |name: &'static str| {
        bend(&move |_, claims: &mut Value| {
            claims.as_object_mut().unwrap().remove(name);
        })
    };
    let base = &stand.app.sign_in.base_url;
    vec![
        (
            "another address",
            set("aud", json!(format!("{base}/oauth/tokens"))),
        ),
        ("our issuer only", set("aud", json!(base))),
        (
            "two addresses",
            set(
                "aud",
                json!([
                    stand.app.sign_in.url("/oauth/token"),
                    "https://evil.example"
                ]),
            ),
        ),
        ("no address", without("aud")),
        ("older than a minute", set("iat", json!(now - 61))),
        ("from the future", set("iat", json!(now + 6))),
        ("no time", without("iat")),
        ("run out", set("exp", json!(now))),
        ("never runs out", without("exp")),
        ("not yet", set("nbf", json!(now + 60))),
        ("another issuer", set("iss", json!(other.client.kid.did()))),
        ("another subject", set("sub", json!(other.client.kid.did()))),
        ("no number", without("jti")),
        ("an empty number", set("jti", json!(""))),
        (
            "a number of a kilobyte",
            set("jti", json!("x".repeat(1_024))),
        ),
        ("another kind of statement", head("typ", json!("dpop+jwt"))),
        ("a critical header", head("crit", json!(["exp"]))),
        (
            "a key in the header",
            head("jwk", tests::support::machine::jwk(&machine.client.key)),
        ),
        ("none", head("alg", json!("none"))),
        ("HS256", head("alg", json!("HS256"))),
        ("ES256", head("alg", json!("ES256"))),
        (
            "a key that is not there",
            head("kid", json!(format!("{did}#client-9"))),
        ),
        ("another's key", head("kid", json!(other.client.kid))),
        ("a name that is none", head("kid", json!("client-1"))),
        (
            "another platform's",
            head("kid", json!("did:web:evil.example:i:1#client-1")),
        ),
    ]
}

#[test]
fn a_bent_client_assertion_gets_no_token() {
    // Whoever saw, stole or made up an assertion would read a school's learners.
    let stand = Stand::open();
    let machine = Machine::of(&stand, 0, "client-1");
    let own = stand.own_key(0, "key-own");
    let other = Machine::of(&stand, 1, "client-1");
    let mut bad = bent(&stand, &machine, &other);
    bad.push((
        "by another key",
        jws(
            &machine.header(),
            &machine.claims(&stand),
            &SigningKey::generate(),
        ),
    ));
    // A key that signs assertions is no client key.
    bad.push((
        "by the assertion key",
        jws(
            &json!({ "alg": "EdDSA", "kid": own.kid }),
            &machine.claims(&stand),
            &own.key,
        ),
    ));
    let registrar = Hand::of_genesis(&stand, api::genesis::ASSERTION_KEY);
    let mut claims = machine.claims(&stand);
    (claims["iss"], claims["sub"]) = (json!(registrar.kid.did()), json!(registrar.kid.did()));
    let header = json!({ "alg": "EdDSA", "kid": registrar.kid });
    bad.push(("by the registrar", jws(&header, &claims, &registrar.key)));
    let good = machine.assertion(&stand);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let none =
        URL_SAFE_NO_PAD.encode(json!({ "alg": "none", "kid": machine.client.kid }).to_string());
    let claims = signed.split_once('.').unwrap().1;
    bad.push(("unsigned", format!("{none}.{claims}.")));
    bad.push(("without signature", format!("{signed}.")));
    bad.push(("four parts", format!("{good}.{signature}")));
    bad.push(("nothing", String::new()));
    for (what, assertion) in bad {
        let proof = machine.proof(&stand, "POST", "/oauth/token", "");
        let answer = Machine::ask(&stand, &assertion, &proof);
        assert_eq!(answer.status, 401, "{what}: {}", answer.text());
        error(&answer, 401, "invalid_client");
    }
    let mut claims = machine.claims(&stand);
    claims["aud"] = json!([claims["aud"]]);
    let listed = jws(&machine.header(), &claims, &machine.client.key);
    let proof = machine.proof(&stand, "POST", "/oauth/token", "");
    Machine::ask(&stand, &listed, &proof).is(200);
}

#[test]
fn a_client_assertion_serves_once() {
    // Who reads a server's request in a log would sign in with it.
    let stand = Stand::open();
    let machine = Machine::of(&stand, 0, "client-1");
    let assertion = machine.assertion(&stand);
    let fresh = || machine.proof(&stand, "POST", "/oauth/token", "");
    Machine::ask(&stand, &assertion, &fresh()).is(200);
    error(
        &Machine::ask(&stand, &assertion, &fresh()),
        401,
        "invalid_client",
    );
    // Signed anew over the same number, by another key of the same school: still used.
    let mut claims = machine.claims(&stand);
    claims["jti"] = json!("one number");
    let second = Machine::of(&stand, 0, "client-2");
    let by = |machine: &Machine| jws(&machine.header(), &claims, &machine.client.key);
    Machine::ask(&stand, &by(&machine), &fresh()).is(200);
    error(
        &Machine::ask(&stand, &by(&second), &fresh()),
        401,
        "invalid_client",
    );
    stand.pass(70_000);
    error(
        &Machine::ask(&stand, &assertion, &fresh()),
        401,
        "invalid_client",
    );
    Machine::ask(&stand, &machine.assertion(&stand), &fresh()).is(200);
}

#[test]
fn what_was_used_stays_used_after_a_restart() {
    // Whoever makes the server restart would use every proof of the last minute again.
    let mut stand = Stand::open();
    let machine = Machine::of(&stand, 0, "client-1");
    let token = machine.token(&stand);
    let path = "/v1/officers";
    let proof = machine.proof(&stand, "GET", path, &token);
    let send = |stand: &Stand| Machine::send(stand, "GET", path, (&token, &proof), ("", None));
    let assertion = machine.assertion(&stand);
    let fresh = |stand: &Stand| machine.proof(stand, "POST", "/oauth/token", "");
    send(&stand).is(200);
    Machine::ask(&stand, &assertion, &fresh(&stand)).is(200);
    stand.reopen(|_| (), |_| ());
    send(&stand).refused(401, "dpop-proof-invalid");
    error(
        &Machine::ask(&stand, &assertion, &fresh(&stand)),
        401,
        "invalid_client",
    );
    // Once it could not be accepted for its age, nothing of it is left.
    assert!(!stand.app.side.scan("jti", &[], None, 9).unwrap().is_empty());
    stand.pass(67_000);
    stand.app.side.sweep().unwrap();
    assert!(stand.app.side.scan("jti", &[], None, 9).unwrap().is_empty());
}

#[test]
fn a_key_that_ended_signs_in_no_more_and_its_tokens_end() {
    // A server taken out of service, or stolen, would go on reading for as long as it liked.
    let stand = Stand::open();
    let machine = Machine::of(&stand, 0, "client-1");
    let token = machine.token(&stand);
    machine.get(&stand, &token, "/v1/officers").is(200);
    let school = &stand.schools[0];
    let path = format!("/v1/institutions/{}/keys/client-1", school.number);
    stand
        .send("DELETE", &path, school.token(), &[], None)
        .is(201);
    machine
        .get(&stand, &token, "/v1/officers")
        .refused(401, "token-invalid");
    let proof = machine.proof(&stand, "POST", "/oauth/token", "");
    let answer = Machine::ask(&stand, &machine.assertion(&stand), &proof);
    error(&answer, 401, "invalid_client");
}

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

#[test]
fn the_token_endpoint_speaks_rfc_6749() {
    // A client library would not understand why it gets no token.
    let stand = Stand::open();
    let machine = Machine::of(&stand, 0, "client-1");
    let kind = "client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let proof = || machine.proof(&stand, "POST", "/oauth/token", "");
    let ask = |form: &str| Machine::ask_with(&stand, form, &proof());
    error(&ask(""), 400, "invalid_request");
    error(&ask("grant_type=password"), 400, "unsupported_grant_type");
    error(&ask("grant_type=client_credentials"), 401, "invalid_client");
    let twice = "grant_type=client_credentials&grant_type=client_credentials";
    error(&ask(twice), 400, "invalid_request");
    let secret = "grant_type=client_credentials&client_id=a&client_secret=b";
    error(&ask(secret), 401, "invalid_client");
    let assertion = machine.assertion(&stand);
    let form = format!("grant_type=client_credentials&{kind}&client_assertion={assertion}");
    error(
        &Machine::ask_with(&stand, &form, "x.y.z"),
        400,
        "invalid_dpop_proof",
    );
    let elsewhere = machine.proof(&stand, "POST", "/v1/assertions", "");
    error(
        &Machine::ask_with(&stand, &form, &elsewhere),
        400,
        "invalid_dpop_proof",
    );
    let once = proof();
    Machine::ask_with(&stand, &form, &once).is(200);
    let answer = Machine::ask(&stand, &machine.assertion(&stand), &once);
    error(&answer, 400, "invalid_dpop_proof");
    let json = [("content-type", "application/json"), ("dpop", "x")];
    let answer = stand.send("POST", "/oauth/token", "", &json, Some(b"{}"));
    error(&answer, 400, "invalid_request");
}

#[test]
fn plain_tokens_open_nothing_unless_somebody_turned_them_on() {
    // A province would run on secrets that whoever copies them can use.
    let mut stand = Stand::open();
    let machine = Machine::of(&stand, 0, "client-1");
    stand.reopen(|_| (), |app| app.config.sign_in.bearer_tokens = false);
    let answer = stand.get(stand.schools[0].token(), "/v1/officers");
    let problem = answer.refused(401, "bearer-off");
    assert!(problem["action"].as_str().unwrap().contains("/oauth/token"));
    assert!(!api::config::Config::default().sign_in.bearer_tokens);
    let token = machine.token(&stand);
    machine.get(&stand, &token, "/v1/officers").is(200);
}

#[test]
fn no_text_of_a_token_is_stored() {
    // Who reads the database could use every token in it.
    let stand = Stand::open();
    let machine = Machine::of(&stand, 0, "client-1");
    let token = machine.token(&stand);
    let random = token.strip_prefix("xfm_").unwrap().as_bytes();
    let mut files = 0;
    for file in std::fs::read_dir(stand.app.dir.root()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            files += 1;
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes.windows(random.len()).any(|it| it == random);
            assert!(!found, "{}", path.display());
        }
    }
    assert!(files > 3, "{files} files");
}
