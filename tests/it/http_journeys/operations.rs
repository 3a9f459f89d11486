//! What those who run it see: health, version, metrics, listeners, and how it stops.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use api::config::Config;
use serde_json::json;
use tests::support::server::{Stand, resident_id};

#[test]
fn health_and_version_are_told() {
    // A load balancer would send people to a node that cannot take their request.
    let stand = Stand::open();
    assert_eq!(stand.get("", "/livez").text(), "ok\n");
    assert_eq!(stand.get("", "/readyz").text(), "ok\n");
    let verbose = stand.get("", "/readyz?verbose").text();
    assert_eq!(verbose, "ok   writer\nok   views\nok   not stopping\n");
    let version = stand.get("", "/version").is(200);
    assert_eq!(version["origin"], stand.app.ledger.origin());
    assert_eq!(version["name"], "xuefen");
    let home = stand.get("", "/");
    assert!(home.text().contains(stand.app.ledger.origin()));
    for name in [
        "content-security-policy",
        "x-content-type-options",
        "referrer-policy",
        "x-request-id",
    ] {
        assert_ne!(home.header(name), "", "{name}");
    }
    let token = stand.schools[0].token();
    let asked = stand.get("", &format!("/login?token={token}"));
    assert!(
        asked.status == 200 && asked.header("set-cookie").is_empty(),
        "tokens in addresses are for the demo"
    );
    assert!(asked.text().contains("/oauth/token"));
    assert_eq!(
        stand.get("", "/metrics").slug(),
        "not-found",
        "on the admin listener only"
    );
}

/// Asks for /metrics as the admin listener answers it.
fn metrics(stand: &Stand) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = axum::serve(listener, api::server::admin_router(&stand.app)).into_future();
        let served = tokio::spawn(serving);
        let asked = tokio::task::spawn_blocking(move || {
            ureq::get(format!("http://{address}/metrics"))
                .call()
                .unwrap()
                .body_mut()
                .read_to_string()
                .unwrap()
        });
        let text = asked.await.unwrap();
        served.abort();
        text
    })
}

#[test]
fn metrics_count_and_name_nobody() {
    // Names, numbers or ids would stand in a system that many people read, or fill its memory.
    let stand = Stand::open();
    let person = stand.register(0, "王晓明", &resident_id(1));
    stand.get(
        stand.schools[0].token(),
        &format!("/v1/learners/{person}?after=0"),
    );
    stand.get("", &format!("/{}", resident_id(1)));
    let method = format!("M{}", resident_id(1));
    let mut stream = TcpStream::connect(stand.base().trim_start_matches("http://")).unwrap();
    write!(
        stream,
        "{method} /v1/learners HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answered = String::new();
    stream.read_to_string(&mut answered).unwrap();
    assert!(answered.starts_with("HTTP/1.1 405"), "{answered}");
    let text = metrics(&stand);
    for name in [
        "xf_http_request_duration_seconds",
        "xf_log_commits",
        "xf_view_lag_commits",
        "xf_sequencer_queue_commits",
    ] {
        assert!(text.contains(name), "{name}");
    }
    assert!(
        text.contains(&format!(
            "xf_log_commits {}\n",
            stand.app.ledger.head().size
        )),
        "{text}"
    );
    assert!(
        text.contains(r#"route="/v1/learners/{id}",method="GET",status="200""#),
        "{text}"
    );
    assert!(text.contains(r#"method="other""#), "{text}");
    for told in [&person.to_string(), &resident_id(1), "王", "xft_"] {
        assert!(!text.contains(told), "{told} in {text}");
    }
}

#[test]
fn it_listens_on_ipv6() {
    // A school with an IPv6 network would not reach it.
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        // This machine has no IPv6: nothing to listen on. The IPv4 journeys still ran.
        return;
    }
    let stand = Stand::bare(Config::default(), "[::1]:0");
    assert!(stand.base().contains("[::1]"));
    assert_eq!(stand.get("", "/livez").text(), "ok\n");
}

#[test]
fn a_running_request_is_finished_before_the_server_stops() {
    // Every restart would cut off somebody's registration half-way.
    let mut stand = Stand::open();
    let body = json!({ "name": "王晓明" }).to_string();
    let mut stream = TcpStream::connect(stand.base().trim_start_matches("http://")).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let (first, rest) = body.split_at(5);
    write!(
        stream,
        "POST /v1/learners HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{first}",
        stand.schools[0].token(),
        body.len()
    )
    .unwrap();
    // A second connection, kept open, asks whether it is ready: the answer turns to no at once.
    let mut probe = TcpStream::connect(stand.base().trim_start_matches("http://")).unwrap();
    write!(probe, "GET /readyz HTTP/1.1\r\nhost: x\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let size = stand.app.ledger.head().size;
    stand.ask_to_stop();
    while !stand.app.metrics.is_stopping() {
        std::thread::sleep(Duration::from_millis(5));
    }
    write!(probe, "\r\n").unwrap();
    let mut answered = String::new();
    probe.read_to_string(&mut answered).unwrap();
    assert!(
        answered.starts_with("HTTP/1.1 503") && answered.contains("FAIL not stopping"),
        "{answered}"
    );
    stream.write_all(rest.as_bytes()).unwrap();
    let mut answered = String::new();
    stream.read_to_string(&mut answered).unwrap();
    assert!(answered.starts_with("HTTP/1.1 201"), "{answered}");
    stand.wait_for_end();
    assert_eq!(
        stand.app.ledger.store().head(),
        size + 1,
        "acknowledged, so kept"
    );
}

#[test]
fn who_never_ends_his_headers_is_let_go() {
    // A few machines that send a byte a minute would keep everybody else out.
    let mut config = Config::default();
    config.server.header_timeout_s = 1;
    let stand = Stand::bare(config, "127.0.0.1:0");
    let address = stand.base().trim_start_matches("http://").to_owned();
    let mut slow = TcpStream::connect(&address).unwrap();
    slow.set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    slow.write_all(b"GET /livez HTTP/1.1\r\nHost: slow\r\nX-Never")
        .unwrap();
    let mut rest = Vec::new();
    // Closed, with or without a word; a time-out of ours would be an error.
    slow.read_to_end(&mut rest).unwrap();
    assert!(!rest.starts_with(b"HTTP/1.1 200"));
    // Others are served meanwhile and after.
    assert_eq!(stand.get("", "/livez").status, 200);
}

#[test]
fn a_variable_that_was_nearly_a_setting_is_named() {
    // A server would listen elsewhere than its operator wrote, and nobody would know why.
    let load = |name: &str, value: &str| {
        let env = [(name.to_owned(), value.to_owned())];
        Config::load(Some(std::path::Path::new("/dev/null")), env.into_iter())
    };
    let listening = load("XF_SERVER__LISTEN", "127.0.0.1:9").unwrap();
    assert_eq!(listening.server.listen.port(), 9);
    for (name, meant) in [
        ("XF_SERVER_LISTEN", "XF_SERVER__LISTEN"),
        ("XF_LISTEN", "XF_SERVER__LISTEN"),
        ("XF_ADMIN_LISTEN", "XF_SERVER__ADMIN_LISTEN"),
        ("XF_LEDGER_DATADIR", "XF_LEDGER__DATA_DIR"),
        ("XF_LOG_LEVLE", "XF_LOG__LEVEL"),
    ] {
        let refused = load(name, "x").unwrap_err().to_string();
        assert!(
            refused.contains(name) && refused.contains(meant),
            "{refused}"
        );
    }
    let refused = load("XF_SERVER__LISTN", "x").unwrap_err().to_string();
    assert!(refused.contains("\"listen\""), "{refused}");
    // What is not ours is left alone.
    assert!(load("XF_KILLS", "7").is_ok());
}
