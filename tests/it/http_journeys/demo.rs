//! The demo, as a newcomer starts it: everybody whom it names signs in.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;
use tests::support::process;

/// Ends with the test.
struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// A request with a browser's cookie, which follows nothing.
fn ask(url: &str, cookie: &str) -> ureq::http::Response<ureq::Body> {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .build();
    let agent: ureq::Agent = config.into();
    agent.get(url).header("cookie", cookie).call().unwrap()
}

#[test]
fn everybody_of_the_demo_signs_in() {
    // Who tries the product out would meet a learner and nobody else.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("demo");
    let arguments = ["demo", "--learners", "20", "--listen", "127.0.0.1:0"];
    let mut command = process::command(&arguments);
    command.arg("--data-dir").arg(&path).stdout(Stdio::piped());
    let mut demo = Demo(command.stderr(Stdio::null()).spawn().unwrap());
    let said = BufReader::new(demo.0.stdout.take().unwrap());
    let mut links = Vec::new();
    for line in said.lines().map_while(Result::ok) {
        if line.contains("/login?token=") {
            let (url, who) = line
                .trim()
                .split_once(' ')
                .unwrap_or((line.trim(), "learner"));
            links.push((url.to_owned(), who.trim().to_owned()));
        }
        if line.starts_with("All tokens") {
            break;
        }
    }
    let summary = std::fs::read(path.join("demo.json")).unwrap();
    let summary: Value = serde_json::from_slice(&summary).unwrap();
    let roles = [
        "learner",
        "learner",
        "proxy",
        "proxy",
        "clerk",
        "counter",
        "institution",
        "registrar",
        "system",
        "security",
        "audit",
    ];
    assert_eq!(links.len(), roles.len(), "{links:?}");
    let mut cookies = Vec::new();
    for ((url, who), role) in links.iter().zip(roles) {
        let base = url.split("/login").next().unwrap();
        let answer = ask(url, "");
        assert_eq!(answer.status(), 303, "{who}");
        let cookie = answer
            .headers()
            .get("set-cookie")
            .unwrap()
            .to_str()
            .unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let mut sessions = ask(&format!("{base}/v1/sessions"), &cookie);
        let sessions: Value = sessions.body_mut().read_json().unwrap();
        assert_eq!(sessions["items"][0]["role"], role, "{who}");
        assert_eq!(sessions["items"][0]["by"], "demo", "{who}");
        cookies.push((base.to_owned(), cookie));
    }
    // Who acts in another's name sees that record, and not the other's.
    let record = |at: usize, name: &str| {
        let (base, cookie) = &cookies[at];
        let person = summary["in_whose_name"][name].as_str().unwrap();
        let path = format!("{base}/v1/learners/{person}/transcript.json");
        ask(&path, cookie).status().as_u16()
    };
    assert_eq!((record(2, "helper"), record(2, "guardian")), (200, 403));
    assert_eq!((record(3, "helper"), record(3, "guardian")), (403, 200));
    assert_eq!(record(1, "helper"), 200, "the elder's own");
}
