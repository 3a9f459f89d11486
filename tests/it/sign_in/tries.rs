//! Guessing: whoever types secrets wrong rests, whatever it writes into headers; and learns nothing from answers.

use api::config::Config;
use api::tries::{REST_MS, TRIES_MAX};
use identity::role::Role;
use serde_json::{Value, json};
use tests::support::server::{Answer, Stand, resident_id};
use uuid::Uuid;

/// A wrong code of a recovery sheet, another at each call, as if it came from `forwarded`.
fn guess(stand: &Stand, n: u32, forwarded: &str) -> Answer {
    // Its first part names the sheet, of which five wrong ones are counted by themselves.
    let code = format!("{n:08}{:020}", 0);
    let body = json!({ "code": code }).to_string();
    let headers = [
        ("content-type", "application/json"),
        ("x-forwarded-for", forwarded),
        ("forwarded", &*format!("for={forwarded}")),
        ("x-real-ip", forwarded),
    ];
    stand.send(
        "POST",
        "/v1/recoveries",
        "",
        &headers,
        Some(body.as_bytes()),
    )
}

fn fill(stand: &Stand, forwarded: impl Fn(u32) -> String) {
    for n in 0..TRIES_MAX {
        let answer = guess(stand, n, &forwarded(n));
        assert_eq!(answer.status, 409, "{n}: {}", answer.text());
    }
}

#[test]
fn who_guesses_rests_whatever_the_headers_say() {
    // A guesser would be somebody else at each guess: a written header would be worth any number of tries.
    let stand = Stand::open();
    let forged = |n: u32| format!("198.51.100.{n}");
    fill(&stand, forged);
    let answer = guess(&stand, TRIES_MAX, &forged(TRIES_MAX));
    answer.refused(429, "too-many-tries");
    assert_eq!(
        guess(&stand, 99, "203.0.113.1").header("retry-after"),
        (REST_MS / 1_000).to_string()
    );
    // Only doors that take a secret: who is signed in goes on.
    stand.get(&stand.registrar.token, "/v1/approvals").is(200);
    stand.pass(REST_MS);
    assert_eq!(guess(&stand, 100, "").status, 409);
}

#[test]
fn behind_a_proxy_the_address_that_it_wrote_counts() {
    // Behind the province's proxy one guesser would shut everybody out, or nobody ever be shut out.
    let mut config = Config::default();
    config.server.trusted_proxies = 1;
    let stand = Stand::with(config);
    // Left of what the proxy wrote stands what the client wrote.
    fill(&stand, |n| format!("10.0.0.{n}, 198.51.100.7"));
    let rests = guess(&stand, 99, "192.0.2.200, 198.51.100.7");
    rests.refused(429, "too-many-tries");
    let other = guess(&stand, 99, "198.51.100.7, 198.51.100.8");
    assert_eq!(other.status, 409, "{}", other.text());
}

#[test]
fn many_guesses_at_once_are_no_more_guesses() {
    // Counted behind the answer, as many would be tried as fit into one moment.
    let stand = Stand::open();
    let tried: usize = std::thread::scope(|scope| {
        let guesses = (0..3 * TRIES_MAX).map(|n| {
            let stand = &stand;
            scope.spawn(move || guess(stand, n, "").status)
        });
        let guesses: Vec<_> = guesses.collect();
        let statuses = guesses.into_iter().map(|it| it.join().unwrap());
        statuses.filter(|status| *status == 409).count()
    });
    assert_eq!(tried, usize::try_from(TRIES_MAX).unwrap());
}

#[test]
fn nonsense_at_other_doors_keeps_nobody_from_saying_no() {
    // A thief in the same house would hold off the link that says no to his recovery.
    let stand = Stand::open();
    for _ in 0..=TRIES_MAX {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let body = format!("ceremony={}&proof=x", Uuid::nil());
        let answer = stand.send("POST", "/login/merge", "", &form, Some(body.as_bytes()));
        assert_eq!(answer.status, 401, "{}", answer.text());
        let link = json!({ "link": "x" });
        let answer = stand.post("", "/v1/recoveries/veto", &link);
        assert_ne!(answer.status, 429, "{}", answer.text());
    }
    assert_eq!(guess(&stand, 1, "").status, 409);
    // Who typed an invitation wrong too often reads that on a page.
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let send = || {
        stand.send(
            "POST",
            "/login/invitation",
            "",
            &form,
            Some(b"code=1&invitation=x"),
        )
    };
    // One was wrong above.
    for _ in 1..TRIES_MAX {
        assert_ne!(send().status, 429);
    }
    let last = send();
    assert_eq!(last.status, 429);
    assert!(
        last.header("content-type").starts_with("text/html"),
        "{}",
        last.text()
    );
}

/// Everything but what names the one request.
fn shape(answer: &Answer) -> (u16, Value) {
    let mut body = answer.json();
    if let Some(body) = body.as_object_mut() {
        body.remove("request_id");
    }
    (answer.status, body)
}

#[test]
fn who_may_not_see_somebody_does_not_learn_whether_there_is_somebody() {
    // Whoever has a list of numbers would learn who is registered, and where (SECURITY §6, enumeration).
    let stand = Stand::open();
    let known = stand.register(0, "王晓明", &resident_id(1));
    let body = Stand::outcome(known, "A-1");
    let staff = stand.schools[0].token();
    let recorded = stand.post(staff, "/v1/outcomes", &body).is(201);
    let outcome: Uuid = serde_json::from_value(recorded["id"].clone()).unwrap();
    let (unknown, no_outcome) = (Uuid::from_u128(7), Uuid::from_u128(8));
    let learner = stand.register(0, "林昇", &resident_id(2));
    let learner = stand.token(learner, Role::Learner, None);
    let elsewhere = stand.schools[1].token();
    let doors = [
        "/v1/learners/{}",
        "/v1/learners/{}/transcript.json",
        "/v1/learners/{}/transcript.html",
        "/v1/learners/{}/notices",
        "/v1/learners/{}/contacts",
        "/v1/learners/{}/consents",
        "/v1/learners/{}/delegations",
        "/v1/learners/{}/recoveries",
        "/v1/learners/{}/links",
        "/v1/outcomes?learner={}",
    ];
    for who in ["", &learner, elsewhere] {
        for door in doors {
            let ask = |of: Uuid| stand.get(who, &door.replace("{}", &of.to_string()));
            let (there, not) = (ask(known), ask(unknown));
            // Something of somebody is in it at all: the test must be able to fail.
            assert_ne!(there.status, 405, "{door}");
            let text = |answer: &Answer, of: Uuid| {
                let (status, body) = shape(answer);
                (status, body.to_string().replace(&of.to_string(), "{}"))
            };
            assert_eq!(
                text(&there, known),
                text(&not, unknown),
                "{door} as {who:?}"
            );
        }
        let ask = |of: Uuid| stand.get(who, &format!("/v1/outcomes/{of}"));
        assert_eq!(shape(&ask(outcome)), shape(&ask(no_outcome)), "as {who:?}");
    }
    // Nor by asking for what only who awarded it may do.
    for part in ["corrections", "revocations"] {
        let mut body = json!({ "reason": "misconduct" });
        if part == "corrections" {
            body = Stand::outcome(known, "A-1");
            let says = body.as_object_mut().unwrap();
            says.retain(|name, _| !["learner", "record"].contains(&name.as_str()));
            says.insert("reason".into(), json!("mark_reviewed"));
        }
        let ask = |of: Uuid| stand.post(elsewhere, &format!("/v1/outcomes/{of}/{part}"), &body);
        let (there, not) = (shape(&ask(outcome)), shape(&ask(no_outcome)));
        assert_eq!(there, not, "{part}");
        assert_eq!(there.0, 404, "{part}");
    }
    let issue = |outcome: Uuid| {
        let body = json!({ "learner": known, "outcome": outcome });
        shape(&stand.post(elsewhere, "/v1/credentials", &body))
    };
    assert_eq!(issue(outcome), issue(no_outcome));
    assert_eq!(issue(outcome).0, 404);
    assert_eq!(
        stand.get(staff, &format!("/v1/learners/{known}")).status,
        200
    );
}
