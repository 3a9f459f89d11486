//! The description of the doors: generated, committed, complete.

use std::path::Path;

use serde_json::Value;
use tests::support::server::Stand;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
/// Doors that refuse nobody, or whose only refusal stands in their own answer.
const OPEN: [(&str, &str); 28] = [
    ("get", "/login/passkey.js"),
    ("post", "/login/invitation"),
    ("post", "/login/link"),
    ("post", "/login/merge"),
    ("post", "/v1/recoveries/veto"),
    ("get", "/r/{secret}"),
    ("post", "/r/{secret}"),
    ("post", "/v1/recoveries"),
    ("get", "/"),
    ("get", "/livez"),
    ("get", "/readyz"),
    ("get", "/version"),
    ("get", "/problems/{slug}"),
    ("get", "/login"),
    ("get", "/.well-known/did.json"),
    ("get", "/trust/bundle"),
    ("get", "/v1/institutions"),
    ("get", "/log/consistency"),
    ("get", "/log/checkpoint"),
    ("get", "/log/tile/{*path}"),
    ("get", "/log/proof/{position}"),
    ("get", "/i/{number}/did.json"),
    ("get", "/verify"),
    ("get", "/verify/"),
    ("get", "/verify/sw.js"),
    ("get", "/q"),
    ("get", "/assets/{name}"),
    ("post", "/v1/verify"),
];

fn document() -> (String, Value) {
    let stand = Stand::bare(api::config::Config::default(), "127.0.0.1:0");
    let answer = stand.get("", "/openapi.json");
    assert_eq!(answer.header("content-type"), "application/json");
    let page = stand.get("", "/docs");
    assert!(page.header("content-type").starts_with("text/html"));
    let text = answer.text();
    let value: Value = serde_json::from_str(&text).unwrap();
    for path in value["paths"].as_object().unwrap().keys() {
        assert!(page.text().contains(path.as_str()), "/docs has no {path}");
    }
    (text, value)
}

#[test]
fn the_committed_description_is_the_generated_one() {
    // Clients would be generated from doors that are not there; BLESS=1 rewrites the file.
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let (text, _) = document();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = text
        .lines()
        .zip(committed.lines())
        .find(|(now, then)| now != then);
    assert!(
        text == committed,
        "docs/openapi.json is not what the routes say (BLESS=1 rewrites it); first difference: {differs:?}"
    );
}

#[test]
fn every_door_says_what_it_does_and_how_it_refuses() {
    // A programmer would learn from a failure in production which problems a door has.
    let (_, document) = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut doors = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in METHODS {
            let Some(door) = item.get(method) else {
                continue;
            };
            doors += 1;
            let summary = door["summary"].as_str().unwrap_or_default();
            assert!(!summary.is_empty(), "{method} {path} has no summary");
            let responses = door["responses"].as_object().unwrap();
            assert!(
                responses
                    .keys()
                    .any(|status| status.starts_with(['2', '3'])),
                "{method} {path}"
            );
            let refuses = responses.iter().any(|(status, response)| {
                status.starts_with(['4', '5'])
                    && response
                        .pointer("/content/application~1problem+json/schema/$ref")
                        .is_some_and(|it| it == "#/components/schemas/ProblemBody")
            });
            assert!(
                refuses || OPEN.contains(&(method, path.as_str())),
                "{method} {path} names no problem"
            );
            if path.starts_with("/v1/")
                && !OPEN.contains(&(method, path.as_str()))
                && path != "/v1/assertions"
                && !(method == "get" && path.starts_with("/v1/institutions"))
            {
                assert!(
                    door["security"].is_array(),
                    "{method} {path} names no sign-in"
                );
            }
        }
    }
    assert!(doors >= 40, "{doors} doors");
}

#[test]
fn every_door_that_others_rely_on_is_there() {
    // Who built on DESIGN §11 would find a door gone or renamed.
    let relied_on = [
        ("get", "/livez"),
        ("get", "/readyz"),
        ("get", "/version"),
        ("get", "/problems/{slug}"),
        ("get", "/.well-known/did.json"),
        ("get", "/i/{}/did.json"),
        ("get", "/trust/bundle"),
        ("post", "/v1/assertions"),
        ("post", "/v1/institutions"),
        ("get", "/v1/institutions"),
        ("get", "/v1/institutions/{}"),
        ("post", "/v1/institutions/{}/keys"),
        ("get", "/v1/institutions/{}/keys"),
        ("delete", "/v1/institutions/{}/keys/{}"),
        ("post", "/v1/learners"),
        ("get", "/v1/learners/{}"),
        ("post", "/v1/learners/search"),
        ("post", "/v1/learners/{}/identifiers"),
        ("post", "/v1/outcomes"),
        ("get", "/v1/outcomes/{}"),
        ("post", "/v1/outcomes/{}/corrections"),
        ("post", "/v1/outcomes/{}/revocations"),
        ("post", "/v1/imports"),
        ("get", "/v1/imports/{}"),
        ("post", "/v1/imports/{}/run"),
        ("get", "/v1/imports/{}/errors"),
        ("get", "/v1/imports/{}/errors.xlsx"),
        ("get", "/v1/learners/{}/transcript"),
        ("get", "/v1/learners/{}/transcript.json"),
        ("get", "/v1/learners/{}/transcript.html"),
        ("get", "/v1/learners/{}/credits"),
        ("post", "/v1/approvals/{}"),
        ("get", "/v1/approvals/{}"),
        ("get", "/v1/approvals"),
        ("get", "/v1/statistics/overview"),
        ("get", "/log/checkpoint"),
        ("get", "/log/tile/{}"),
        ("get", "/log/proof/{}"),
        ("get", "/"),
        ("get", "/login"),
    ];
    let (_, document) = document();
    let plain = |path: &str| {
        let parts = path.split('/').map(|part| {
            if part.starts_with('{') && part != "{slug}" {
                "{}"
            } else {
                part
            }
        });
        parts.collect::<Vec<_>>().join("/")
    };
    let there: Vec<(String, &Value)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(path, item)| (plain(path), item))
        .collect();
    for (method, path) in relied_on {
        assert!(
            there
                .iter()
                .any(|(found, item)| found == path && item.get(method).is_some()),
            "{method} {path}"
        );
    }
}
