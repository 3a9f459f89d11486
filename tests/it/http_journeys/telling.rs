//! People are told what concerns them: in the inbox, by message, by mail; nobody else, and not at night.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use api::config::Config;
use api::notices::mail::{Security, SmtpConfig};
use api::notices::sms::SmsConfig;
use api::notices::{Matter, Text, text};
use api::problem::Language;
use hmac::{Hmac, KeyInit as _, Mac as _};
use identity::role::Role;
use serde_json::{Value, json};
use sha2::Sha256;
use tempfile::TempDir;
use tests::support::server::{Stand, resident_id};
use uuid::Uuid;

const HOUR_MS: i64 = 3_600_000;
const SECRET: &str = "a secret of the gateway's own";

fn at(learner: Uuid, part: &str) -> String {
    format!("/v1/learners/{learner}/{part}")
}

fn begins(stand: &Stand, who: Uuid) {
    let body = json!({ "reason_text": "出示身份证原件" });
    let proposed = stand
        .post(&stand.registrar.token, &at(who, "recoveries"), &body)
        .is(202);
    let second = &stand.registrar2.token;
    stand.approve(second, &proposed["approval"]).is(201);
}

fn corrects(stand: &Stand, who: Uuid) {
    let school = &stand.schools[0];
    let made = stand
        .post(school.token(), "/v1/outcomes", &Stand::outcome(who, "N-1"))
        .is(201);
    let mut better = Stand::outcome(who, "N-1");
    for member in ["learner", "record"] {
        better.as_object_mut().unwrap().remove(member);
    }
    better["grade"] = json!("90");
    better["reason"] = json!("mark_reviewed");
    let path = format!("/v1/outcomes/{}/corrections", made["id"].as_str().unwrap());
    let proposed = stand.post(school.token(), &path, &better).is(202);
    stand
        .approve(&school.officers[1].token, &proposed["approval"])
        .is(201);
}

fn inbox(stand: &Stand, token: &str, who: Uuid) -> Vec<String> {
    let shown = stand.get(token, &at(who, "notices")).is(200);
    let items = shown["items"].as_array().unwrap().iter();
    items
        .map(|it| it["about"].as_str().unwrap().to_owned())
        .collect()
}

/// A gateway: a real HTTP server that answers as it is told and passes on what it was sent.
struct Gateway {
    url: String,
    said: Receiver<(Value, String)>,
    _secret: TempDir,
    config: SmsConfig,
}

impl Gateway {
    /// One that answers each request with the next of these.
    fn answering(statuses: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/send", listener.local_addr().unwrap());
        let (say, said) = channel();
        std::thread::spawn(move || {
            for (stream, status) in listener.incoming().zip(statuses) {
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let (mut length, mut signature) = (0, String::new());
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).unwrap();
                    let line = line.trim().to_lowercase();
                    if line.is_empty() {
                        break;
                    }
                    if let Some(value) = line.strip_prefix("content-length: ") {
                        length = value.parse().unwrap();
                    }
                    if let Some(value) = line.strip_prefix("xf-signature: ") {
                        value.clone_into(&mut signature);
                    }
                }
                let mut body = vec![0; length];
                std::io::Read::read_exact(&mut reader, &mut body).unwrap();
                let answer = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                );
                stream.write_all(answer.as_bytes()).unwrap();
                let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
                mac.update(&body);
                let hex = mac.finalize().into_bytes();
                let hex = hex
                    .iter()
                    .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
                assert_eq!(signature, format!("v1={hex}"), "anybody could send as us");
                let body = serde_json::from_slice(&body).unwrap();
                if say.send((body, signature)).is_err() {
                    return;
                }
            }
        });
        let dir = TempDir::new().unwrap();
        let secret_file = dir.path().join("secret");
        std::fs::write(&secret_file, SECRET).unwrap();
        Self {
            config: SmsConfig {
                url: url.clone(),
                secret_file,
            },
            url,
            said,
            _secret: dir,
        }
    }

    fn stand(&self) -> Stand {
        let config = Config {
            sms: self.config.clone(),
            ..Config::default()
        };
        Stand::with(config)
    }
}

/// A learner who is reached by message.
fn reached(stand: &Stand, agrees: bool) -> (Uuid, String) {
    let learner = stand.register(0, "林昇", &resident_id(1));
    let own = stand.token(learner, Role::Learner, None);
    let phone = json!({ "channel": "sms", "value": "13812345678" });
    stand.post(&own, &at(learner, "contacts"), &phone).is(201);
    if agrees {
        let yes = json!({ "use": "contact", "given": true });
        stand.post(&own, &at(learner, "consents"), &yes).is(201);
    }
    stand.app.tell().unwrap();
    (learner, own)
}

#[test]
fn the_inbox_tells_whom_it_concerns_once() {
    // A correction would be found by chance, or told to somebody else, or told again after a restart.
    let mut stand = Stand::open();
    let learner = stand.register(0, "林昇", &resident_id(1));
    let other = stand.register(0, "周恒", &resident_id(2));
    let own = stand.token(learner, Role::Learner, None);
    stand.app.tell().unwrap();
    corrects(&stand, learner);
    stand.app.tell().unwrap();
    stand.app.tell().unwrap();
    assert_eq!(inbox(&stand, &own, learner), ["outcome-corrected"]);
    stand.reopen(|_| {}, |_| {});
    stand.app.tell().unwrap();
    assert_eq!(inbox(&stand, &own, learner), ["outcome-corrected"]);
    let others = stand.token(other, Role::Learner, None);
    assert!(inbox(&stand, &others, other).is_empty());
    stand
        .get(&others, &at(learner, "notices"))
        .refused(403, "not-allowed");
    stand
        .get(&stand.registrar.token, &at(learner, "notices"))
        .refused(403, "not-allowed");

    let shown = stand.get(&own, &at(learner, "notices")).is(200);
    assert_eq!(shown["unread"], 1);
    assert_eq!(shown["items"][0]["title"], "一条学习记录已更正");
    let id = shown["items"][0]["id"].as_str().unwrap();
    let reading = at(learner, &format!("notices/{id}/reading"));
    let read = stand.post(&own, &reading, &json!({}));
    assert_eq!(read.status, 204);
    let shown = stand.get(&own, &at(learner, "notices")).is(200);
    assert_eq!(
        (&shown["unread"], &shown["items"][0]["read"]),
        (&json!(0), &json!(true))
    );
    let nobody = at(learner, &format!("notices/{}/reading", Uuid::from_u128(5)));
    stand
        .post(&own, &nobody, &json!({}))
        .refused(404, "not-found");
}

#[test]
fn a_message_goes_out_with_a_yes_and_not_at_night() {
    // A phone would ring at night, or for somebody who said no; a busy gateway would lose the message.
    let gateway = Gateway::answering(&[500, 200]);
    let stand = gateway.stand();
    let (learner, own) = reached(&stand, false);
    corrects(&stand, learner);
    // Nobody agreed: it stays in the inbox.
    assert_eq!(stand.app.tell().unwrap().1, 0);
    let yes = json!({ "use": "contact", "given": true });
    stand.post(&own, &at(learner, "consents"), &yes).is(201);
    stand.app.tell().unwrap();
    assert!(gateway.said.try_recv().is_err());

    // From 12:00 to 23:00: it waits until eight in the morning.
    stand.pass(11 * HOUR_MS);
    let other = stand.register(0, "周恒", &resident_id(2));
    for who in [learner, other] {
        let body = json!({ "method": "document" });
        stand
            .post(&stand.registrar.token, &at(who, "assurance"), &body)
            .is(201);
    }
    let others = stand.token(other, Role::Learner, None);
    let lets = json!({ "agent": learner, "unpressed": true, "until": "2026-12-31" });
    stand
        .post(&others, &at(other, "delegations"), &lets)
        .is(201);
    assert_eq!(stand.app.tell().unwrap().1, 0);
    assert!(gateway.said.try_recv().is_err());
    stand.pass(9 * HOUR_MS);
    // The gateway fails once and is asked again a minute later, under the same id.
    assert_eq!(stand.app.tell().unwrap().1, 0);
    let (first, _) = gateway.said.recv().unwrap();
    assert_eq!(stand.app.tell().unwrap().1, 0);
    stand.pass(60_000);
    assert_eq!(stand.app.tell().unwrap().1, 1);
    let (second, _) = gateway.said.recv().unwrap();
    assert_eq!(first, second);
    assert_eq!(second["to"], "13812345678");
    let text = second["text"].as_str().unwrap();
    assert!(text.starts_with("【学分】您可以为他人代办"), "{text}");
    assert!(
        !text.contains('林') && !text.contains('周'),
        "it names nobody"
    );
    assert_eq!(stand.app.tell().unwrap().1, 0);
    assert!(gateway.url.contains("127.0.0.1"));
}

#[test]
fn a_recovery_is_told_at_any_hour_and_the_link_says_no() {
    // The owner would learn of a thief in the morning, or have no way to say no without the phone's session.
    let gateway = Gateway::answering(&[200, 200]);
    let stand = gateway.stand();
    let (learner, own) = reached(&stand, false);
    stand.pass(12 * HOUR_MS);
    begins(&stand, learner);
    assert_eq!(stand.app.tell().unwrap().1, 1);
    let (said, _) = gateway.said.recv().unwrap();
    let text = said["text"].as_str().unwrap();
    assert!(text.contains("2026-07-04 00:00"), "{text}");
    let (_, link) = text.split_once("/r/").unwrap();
    let (secret, _) = link.split_once('，').unwrap();
    let page = stand.get("", &format!("/r/{secret}"));
    assert_eq!(page.status, 200);
    assert!(page.text().contains("不是我，停止找回"));
    let recoveries = |stand: &Stand| stand.get(&own, &at(learner, "recoveries")).is(200);
    assert_eq!(
        recoveries(&stand)["items"][0]["state"],
        "waiting",
        "looking is not saying"
    );
    let wrong = json!({ "secret": "AAAAAAAAAAAAAAAAAAAAAAAAAAA" });
    stand
        .post("", "/v1/recoveries/veto", &wrong)
        .refused(404, "recovery-unknown");
    let says = json!({ "secret": secret });
    assert_eq!(stand.post("", "/v1/recoveries/veto", &says).status, 204);
    assert_eq!(recoveries(&stand)["items"][0]["state"], "vetoed");
    stand.app.tell().unwrap();
    assert_eq!(
        inbox(&stand, &own, learner),
        ["recovery-vetoed", "recovery-started"]
    );
}

#[test]
fn who_sets_another_number_does_not_silence_the_owner() {
    // A thief would first set the thief's own number, and the owner hear of nothing until the account is gone.
    let gateway = Gateway::answering(&[200; 16]);
    let stand = gateway.stand();
    let (learner, own) = reached(&stand, false);
    let sets = |value: &str| {
        let phone = json!({ "channel": "sms", "value": value });
        stand.post(&own, &at(learner, "contacts"), &phone).is(201)
    };
    let told = || {
        let sent = stand.app.tell().unwrap().1;
        let said = gateway.said.iter().take(sent).map(|(said, _)| said);
        let mut told: Vec<(String, String)> = said
            .map(|said| {
                let text = |name: &str| said[name].as_str().unwrap().to_owned();
                (text("to"), text("text"))
            })
            .collect();
        told.sort();
        told
    };
    // Nor by setting one after another, before anything was sent.
    sets("13900000002");
    sets("13900000001");
    let changed = told();
    let owners = changed.iter().filter(|(to, _)| to == "13812345678");
    assert_eq!(owners.count(), 2);
    // The number before can say no, too.
    begins(&stand, learner);
    let begun = told();
    assert_eq!(begun.len(), 3);
    let (to, text) = &begun[0];
    assert_eq!(to, "13812345678");
    let (_, link) = text.split_once("/r/").unwrap();
    let (secret, _) = link.split_once('，').unwrap();
    let says = json!({ "secret": secret });
    assert_eq!(stand.post("", "/v1/recoveries/veto", &says).status, 204);
    assert_eq!(told().len(), 3);
    // For a fortnight: a number that was given up is somebody else's one day.
    stand.pass(14 * 24 * HOUR_MS);
    begins(&stand, learner);
    let later = told();
    let to: Vec<&str> = later.iter().map(|(to, _)| to.as_str()).collect();
    assert_eq!(to, ["13900000001"]);
}

#[test]
fn preferences_and_contacts_are_the_persons_own() {
    // Somebody would be told in a language, on a phone or at an hour that another chose.
    let stand = Stand::open();
    let (learner, own) = reached(&stand, true);
    let path = at(learner, "notice-preferences");
    let shown = stand.get(&own, &path).is(200);
    assert_eq!(
        (&shown["quiet_from"], &shown["quiet_to"]),
        (&json!(21), &json!(8))
    );
    let headers = [("content-type", "application/json")];
    let puts = |body: &Value| {
        let body = body.to_string();
        stand.send("PUT", &path, &own, &headers, Some(body.as_bytes()))
    };
    puts(&json!({ "sms": false, "english": true, "quiet_from": 22, "quiet_to": 7 })).is(200);
    puts(&json!({ "quiet_from": 24 })).refused(422, "body-invalid");
    let shown = stand.get(&own, &path).is(200);
    assert_eq!(
        (&shown["sms"], &shown["email"]),
        (&json!(false), &json!(true))
    );

    let contacts = stand.get(&own, &at(learner, "contacts")).is(200);
    assert_eq!(contacts["items"][0]["value"], "138****5678");
    for bad in ["1381234567", "not a number", "a@b@c"] {
        for channel in ["sms", "email"] {
            let body = json!({ "channel": channel, "value": bad });
            stand
                .post(&own, &at(learner, "contacts"), &body)
                .refused(422, "body-invalid");
        }
    }
    let other = stand.register(0, "周恒", &resident_id(2));
    let others = stand.token(other, Role::Learner, None);
    let phone = json!({ "channel": "sms", "value": "13800000000" });
    stand
        .post(&others, &at(learner, "contacts"), &phone)
        .refused(403, "not-allowed");
    let none = json!({ "channel": "sms" });
    stand.post(&own, &at(learner, "contacts"), &none).is(201);
    let contacts = stand.get(&own, &at(learner, "contacts")).is(200);
    assert_eq!(contacts["items"], json!([]));
    stand
        .post(&own, &at(learner, "contacts"), &none)
        .refused(409, "contact-not-set");
}

/// Everything that somebody can be told; a new matter does not compile until it is listed.
fn matters() -> Vec<Matter> {
    let (recovery, delegation) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let all = vec![
        Matter::RecoveryStarted {
            recovery,
            ready_ms: 1_782_792_000_000,
        },
        Matter::RecoveryVetoed,
        Matter::RecoveryCompleted,
        Matter::DelegationGiven,
        Matter::DelegationReceived,
        Matter::LinkAdded,
        Matter::LinkRemoved,
        Matter::PasskeyAdded,
        Matter::PasskeyRemoved,
        Matter::PasskeyCopied,
        Matter::ContactChanged,
        Matter::MergeRequested { merge: recovery },
        Matter::NumbersMerged,
        Matter::NumbersParted,
        Matter::AppClosed,
        Matter::OfficerFinding,
        Matter::DelegationEnding { delegation },
        Matter::OutcomeCorrected,
        Matter::OutcomeRevoked,
        Matter::CredentialSuspended,
        Matter::CredentialReinstated,
        Matter::CredentialRevoked,
    ];
    let listed = |matter: &Matter| match matter {
        Matter::RecoveryStarted { .. }
        | Matter::RecoveryVetoed
        | Matter::RecoveryCompleted
        | Matter::DelegationGiven
        | Matter::ContactChanged
        | Matter::MergeRequested { .. }
        | Matter::NumbersMerged
        | Matter::NumbersParted
        | Matter::AppClosed
        | Matter::OfficerFinding
        | Matter::LinkAdded
        | Matter::LinkRemoved
        | Matter::PasskeyAdded
        | Matter::PasskeyRemoved
        | Matter::PasskeyCopied
        | Matter::DelegationReceived
        | Matter::DelegationEnding { .. }
        | Matter::OutcomeCorrected
        | Matter::OutcomeRevoked
        | Matter::CredentialSuspended
        | Matter::CredentialReinstated
        | Matter::CredentialRevoked => true,
    };
    assert!(all.iter().all(listed));
    all
}

#[test]
fn every_matter_has_words_in_both_languages() {
    // Somebody would be sent the name of a program's variable, or a sentence with a hole in it.
    let mut named = api::notices::texts::named();
    named.sort_unstable();
    let mut listed: Vec<_> = matters().iter().map(Matter::name).collect();
    listed.sort_unstable();
    assert_eq!(listed, named);
    for matter in matters() {
        for language in [Language::Zh, Language::En] {
            let Text { title, body } = text(&matter, language, Some("https://x/r/y"));
            assert!(!title.is_empty() && !body.contains(['{', '}']), "{body}");
            let chinese = body.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            assert_eq!(chinese, language == Language::Zh, "{body}");
            // Who reads it signed in has no address to open; and a page that is named may not be there.
            let inside = text(&matter, language, None).body;
            assert!(!inside.contains(['{', '}']) && !inside.contains("//"));
            for body in [&body, &inside] {
                assert!(!body.contains(['“', '”', '「', '」']), "{body}");
                assert!(!body.contains("：，") && !body.contains(": ,"), "{body}");
            }
        }
    }
}

/// A mail server of other people, if its program is here.
struct MailServer {
    child: Child,
    port: u16,
    said: BufReader<std::process::ChildStdout>,
}

impl MailServer {
    fn start() -> Option<Self> {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("interop/python");
        let python = std::env::var_os("XF_SMTPD_PYTHON").map(PathBuf::from);
        let python = python.unwrap_or_else(|| root.join(".venv/bin/python"));
        let has_it = Command::new(&python)
            .args(["-c", "import aiosmtpd"])
            .stderr(Stdio::null())
            .status();
        if !has_it.is_ok_and(|status| status.success()) {
            return None;
        }
        let mut child = Command::new(python)
            .arg("-B")
            .arg(root.join("smtpd.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut port = String::new();
        said.read_line(&mut port).unwrap();
        Some(Self {
            port: port.trim().parse().unwrap(),
            child,
            said,
        })
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn mail_goes_out_over_a_mail_server_of_other_people() {
    // Nobody who has only a mail address would be told that the account is being taken.
    let Some(mut server) = MailServer::start() else {
        assert!(
            std::env::var_os("XF_SMTPD_PYTHON").is_none(),
            "XF_SMTPD_PYTHON has no aiosmtpd"
        );
        eprintln!("SKIPPED: no aiosmtpd; `make interop` installs it and runs this test");
        return;
    };
    let smtp = SmtpConfig {
        host: "127.0.0.1".into(),
        port: server.port,
        security: Security::None,
        from: "学分 <notices@xf.example.org>".into(),
        ..SmtpConfig::default()
    };
    let stand = Stand::with(Config {
        smtp,
        ..Config::default()
    });
    let learner = stand.register(0, "林昇", &resident_id(1));
    let own = stand.token(learner, Role::Learner, None);
    let english = json!({ "english": true }).to_string();
    let headers = [("content-type", "application/json")];
    let path = at(learner, "notice-preferences");
    stand
        .send("PUT", &path, &own, &headers, Some(english.as_bytes()))
        .is(200);
    let address = |value: &str| {
        let body = json!({ "channel": "email", "value": value });
        stand.post(&own, &at(learner, "contacts"), &body).is(201)
    };
    address("lin@example.org");
    stand.app.tell().unwrap();
    begins(&stand, learner);
    assert_eq!(stand.app.tell().unwrap().1, 1);
    let mail = server.next();
    assert_eq!(mail["to"], json!(["lin@example.org"]));
    assert_eq!(mail["from"], "notices@xf.example.org");
    assert_eq!(mail["subject"], "Somebody asks to recover your account");
    let text = mail["text"].as_str().unwrap();
    let (_, link) = text.split_once("/r/").unwrap();
    let (secret, _) = link.split_once(',').unwrap();
    // A mailbox that is not there is not tried for ever; the next mail finds the new address.
    address("refuse@example.org");
    let says = json!({ "secret": secret });
    assert_eq!(stand.post("", "/v1/recoveries/veto", &says).status, 204);
    // Only the address before gets both: that it was replaced, and that somebody said no.
    assert_eq!(stand.app.tell().unwrap().1, 2);
    assert_eq!(server.next()["to"], json!(["lin@example.org"]));
    stand.pass(HOUR_MS);
    assert_eq!(stand.app.tell().unwrap().1, 0);
    assert_eq!(
        inbox(&stand, &own, learner),
        ["recovery-vetoed", "contact-changed", "recovery-started"]
    );
}
