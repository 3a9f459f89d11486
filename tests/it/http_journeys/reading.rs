//! Who may read what, and what others see of it.

use identity::role::Role;
use ledger::clock;
use serde_json::{Value, json};
use tests::support::server::answer::after;
use tests::support::server::{Stand, resident_id};

#[test]
fn nobody_reads_who_has_no_need() {
    // A school could read every pupil of the province, or one learner another.
    let stand = Stand::open();
    let token = stand.schools[0].token();
    let person = stand.register(0, "王晓明", &resident_id(1));
    let written = stand
        .post(token, "/v1/outcomes", &Stand::outcome(person, "R-1"))
        .is(201);
    let outcome = written["id"].as_str().unwrap();
    stand.get("", &after("/v1/institutions", &written)).is(200);
    let paths = [
        format!("/v1/learners/{person}"),
        format!("/v1/learners/{person}/transcript"),
        format!("/v1/learners/{person}/transcript.json"),
        format!("/v1/learners/{person}/transcript.html"),
        format!("/v1/learners/{person}/credits"),
        format!("/v1/outcomes/{outcome}"),
    ];
    let stranger = stand.token(clock::uuid_v4(), Role::Learner, None);
    let verifier = stand.token(clock::uuid_v4(), Role::Verifier, None);
    for path in &paths {
        for other in [
            stand.schools[1].token(),
            &stranger,
            &verifier,
            &stand.security.token,
            &stand.system.token,
        ] {
            // An outcome's id follows from record and learner: whether it is there is not told.
            let answer = stand.get(other, path);
            match answer.status {
                404 => answer.refused(404, "outcome-unknown"),
                _ => answer.refused(403, "not-allowed"),
            };
            assert!(answer.status == 403 || path.contains("outcomes"), "{path}");
        }
        stand.get("", path).refused(401, "not-signed-in");
        stand.get("xft_wrong", path).refused(401, "token-invalid");
        assert_eq!(stand.get(token, path).status, 200, "{path}");
    }
    // An unknown person is answered as one who is not the caller's to read.
    let unknown = clock::uuid_v4();
    for other in [token, stranger.as_str()] {
        stand
            .get(other, &format!("/v1/learners/{unknown}"))
            .refused(403, "not-allowed");
    }
}

#[test]
fn who_only_taught_her_reads_what_it_taught() {
    // One summer course would open a learner's whole life to the school that gave it.
    let stand = Stand::open();
    let (home, other) = (stand.schools[0].token(), stand.schools[1].token());
    let person = stand.register(0, "王晓明", &resident_id(1));
    let at_home = stand
        .post(home, "/v1/outcomes", &Stand::outcome(person, "R-1"))
        .is(201);
    let elsewhere = stand
        .post(other, "/v1/outcomes", &Stand::outcome(person, "B-1"))
        .is(201);
    let path = |tail: &str| format!("/v1/learners/{person}{tail}");
    let get = |token: &str, tail: &str| stand.get(token, &after(&path(tail), &elsewhere));

    let whole = get(home, "/transcript.json").is(200);
    assert_eq!(whole["outcomes"].as_array().unwrap().len(), 2);
    assert_eq!(whole["only_awarded_by"], Value::Null);
    let part = get(other, "/transcript.json");
    assert_eq!(part.is(200)["outcomes"].as_array().unwrap().len(), 1);
    assert_eq!(part.json()["outcomes"][0]["record"], "B-1");
    assert_eq!(part.json()["totals"][0]["credits"], "2");
    assert_eq!(
        part.json()["only_awarded_by"]["id"],
        stand.schools[1].number
    );
    // Nothing kept for one reader is given to another, whichever came first.
    assert_eq!(get(home, "/transcript.json").is(200), whole);
    // Neither does a tag tell when another school wrote.
    assert_eq!(part.header("etag"), "");
    assert_eq!(get(other, "/credits").is(200)[0]["credits"], "2");
    assert_eq!(get(home, "/credits").is(200)[0]["credits"], "4");
    let page = get(other, "/transcript.html").text();
    assert!(
        page.contains("这只是一部分") && !page.contains("R-1"),
        "{page}"
    );
    assert!(
        !get(home, "/transcript.html")
            .text()
            .contains("这只是一部分")
    );
    let outcome = |written: &Value| format!("/v1/outcomes/{}", written["id"].as_str().unwrap());
    assert_eq!(stand.get(other, &outcome(&elsewhere)).status, 200);
    stand
        .get(other, &outcome(&at_home))
        .refused(404, "outcome-unknown");
    let shown = get(other, "").is(200);
    assert_eq!(
        (&shown["name"], &shown["birth_date"]),
        (&json!("王晓明"), &Value::Null)
    );
    // The counter sees masks of those on its own roster.
    let counter = stand.at_desk(0, clock::uuid_v4(), Role::Counter);
    assert_eq!(get(&counter, "").is(200)["name"], "王*明");
}

#[test]
fn the_registrar_sees_masks() {
    // Officers of the province would read names and marks of everybody.
    let stand = Stand::open();
    let token = stand.schools[0].token();
    let person = stand.register(0, "王晓明", &resident_id(1));
    let written = stand
        .post(token, "/v1/outcomes", &Stand::outcome(person, "R-1"))
        .is(201);
    for officer in [&stand.registrar.token, &stand.audit.token] {
        let shown = stand
            .get(officer, &after(&format!("/v1/learners/{person}"), &written))
            .is(200);
        assert_eq!(shown["name"], "王*明");
        assert_eq!(shown["birth_date"], Value::Null);
        let answer = stand.get(officer, &format!("/v1/learners/{person}/transcript.json"));
        assert_eq!(answer.is(200)["learner"]["name"], "王*明");
        let page = stand
            .get(officer, &format!("/v1/learners/{person}/transcript.html"))
            .text();
        for text in [answer.text(), page, shown.to_string()] {
            assert!(
                !text.contains("王晓明") && !text.contains(&resident_id(1)),
                "{text}"
            );
        }
        assert_eq!(answer.json()["outcomes"][0]["grade"], Value::Null);
    }
    let own = stand.token(person, Role::Learner, None);
    let shown = stand.get(&own, &format!("/v1/learners/{person}")).is(200);
    assert_eq!(
        (&shown["name"], &shown["birth_date"]),
        (&json!("王晓明"), &json!("2001-02-03"))
    );
    assert_ne!(
        shown["identifiers"][0]["value"],
        resident_id(1),
        "masked for everybody"
    );
}

#[test]
fn commits_are_for_auditors_and_hashes_for_everybody() {
    // A competitor could read the course of everybody's life, or nobody could check the log.
    let stand = Stand::open();
    let size = stand.app.ledger.head().size;
    stand.app.ledger.publish().unwrap();
    let entries = format!("/log/tile/entries/000.p/{size}");
    stand.get("", &entries).refused(401, "not-signed-in");
    stand
        .get(&stand.registrar.token, &entries)
        .refused(403, "not-allowed");
    let bundle = stand.get(&stand.audit.token, &entries);
    assert_eq!(bundle.status, 200);
    assert_eq!(bundle.header("cache-control"), "private, no-store");
    assert_eq!(
        bundle.header("access-control-allow-origin"),
        "",
        "no CORS but for public things"
    );
    let tile = stand.get("", &format!("/log/tile/0/000.p/{size}"));
    assert_eq!((tile.status, tile.body.len() as u64), (200, 32 * size));
    assert_eq!(tile.header("access-control-allow-origin"), "*");
    let checkpoint = stand.get("", "/log/checkpoint").text();
    assert!(checkpoint.starts_with(&format!("{}\n{size}\n", stand.app.ledger.origin())));
    assert_eq!(
        stand
            .get("", &format!("/log/consistency?old=1&new={size}"))
            .status,
        200
    );
    stand
        .get("", &format!("/log/consistency?old=1&new={}", size + 1))
        .refused(404, "not-found");
    for path in [
        "/log/tile/0/../../keys",
        "/log/tile/0/001.p/999",
        "/log/tile/%2e%2e/head",
        "/log/proof/999",
    ] {
        stand.get("", path).refused(404, "not-found");
    }
}

#[test]
fn statistics_count_and_name_nobody() {
    // The education bureau would count wrongly, or read names in a table of counts.
    let stand = Stand::open();
    let person = stand.register(0, "王晓明", &resident_id(1));
    let written = stand
        .post(
            stand.schools[0].token(),
            "/v1/outcomes",
            &Stand::outcome(person, "R-1"),
        )
        .is(201);
    let path = after("/v1/statistics/overview", &written);
    let answer = stand.get(&stand.registrar.token, &path);
    let counts = answer.is(200);
    assert_eq!(
        (
            &counts["learners"],
            &counts["outcomes"],
            &counts["institutions"]
        ),
        (&json!(1), &json!(1), &json!(3))
    );
    assert_eq!(counts["rows"][0]["credits"], "2");
    assert!(!answer.text().contains(&person.to_string()));
    assert_eq!(
        stand.get(stand.schools[1].token(), &path).is(200)["rows"],
        json!([]),
        "its own rows only"
    );
    stand
        .get(&stand.token(person, Role::Learner, None), &path)
        .refused(403, "not-allowed");
}

#[test]
fn the_scheme_of_a_token_has_no_case() {
    // A client library that writes `bearer`, as it may, would be told that its token is wrong.
    let stand = Stand::open();
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let sent = format!("{scheme} {}", stand.registrar.token);
        let headers = [("authorization", sent.as_str())];
        let answer = stand.send("GET", "/v1/approvals", "", &headers, None);
        assert_eq!(answer.status, 200, "{scheme}");
    }
    let headers = [("authorization", "Basic xyz")];
    let answer = stand.send("GET", "/v1/approvals", "", &headers, None);
    answer.refused(401, "token-invalid");
}
