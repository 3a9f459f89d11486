//! A person is forgotten by the real program, and every byte it left on the disk is looked through.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use api::canary;
use ledger::clock::Stopwatch;
use serde_json::{Value, json};
use tests::support::process::{self, Client};
use tests::support::server::resident_id;
use uuid::Uuid;

const NAME: &str = "诸葛金丝雀";
const TITLE: &str = "金丝雀的一生";
const GRADE: &str = "金丝雀级";
const PHONE: &str = "13899996666";

/// `xuefen serve`, its log in a file that is looked through too.
struct Serving {
    child: Child,
    base: String,
}

impl Serving {
    fn start(dir: &Path, log: &Path) -> Self {
        let dir = dir.to_str().unwrap();
        let serve = ["serve", "--data-dir", dir, "--listen", "127.0.0.1:0"];
        let program = process::binary();
        // As an operator's unit file that asks for dumps would start it.
        let mut command = std::process::Command::new("sh");
        command
            .args(["-c", "ulimit -c \"$(ulimit -H -c)\"; exec \"$0\" \"$@\""])
            .arg(program)
            .args(serve)
            .env("XF_LOG__LEVEL", "debug")
            .env("XF_SIGN_IN__BEARER_TOKENS", "true")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::options().create(true).append(true).open(log).unwrap());
        let child = command.spawn().unwrap();
        let from = std::fs::metadata(log).unwrap().len();
        let watch = Stopwatch::start();
        let base = loop {
            let lines = BufReader::new(File::open(log).unwrap()).lines();
            let mut said = lines.map_while(Result::ok);
            let heard = said.find_map(|line| line.strip_prefix("listening on ").map(str::to_owned));
            if let Some(base) = heard {
                break base;
            }
            assert!(
                watch.elapsed() < Duration::from_mins(1),
                "not started ({from})"
            );
            std::thread::sleep(Duration::from_millis(10));
        };
        Self { child, base }
    }

    fn post(&self, token: &str, path: &str, body: &Value) -> Value {
        let client = Client::new(&self.base, token);
        let answer = client
            .post(path, "application/json", body.to_string().as_bytes())
            .unwrap();
        assert!(
            (200..300).contains(&answer.status),
            "{path}: {}",
            answer.text
        );
        answer.json()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

struct Scene {
    scratch: tempfile::TempDir,
    tokens: Value,
    values: PathBuf,
}

impl Scene {
    fn open() -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let dir = scratch.path().join("province");
        let at = dir.to_str().unwrap();
        process::run(&["demo", "--once", "--learners", "8", "--data-dir", at]).unwrap();
        let demo: Value =
            serde_json::from_slice(&std::fs::read(dir.join("demo.json")).unwrap()).unwrap();
        let values = scratch.path().join("values.txt");
        let lines = [NAME, TITLE, GRADE, PHONE, &resident_id(77)].join("\n");
        std::fs::write(&values, lines).unwrap();
        std::fs::create_dir(scratch.path().join("logs")).unwrap();
        Self {
            tokens: demo["tokens"].clone(),
            scratch,
            values,
        }
    }

    fn dir(&self) -> PathBuf {
        self.scratch.path().join("province")
    }

    fn logs(&self) -> PathBuf {
        self.scratch.path().join("logs")
    }

    fn token(&self, role: &str) -> &str {
        self.tokens[role].as_str().unwrap()
    }

    fn token_file(&self, name: &str, token: &str) -> String {
        let path = self.scratch.path().join(name);
        std::fs::write(&path, token).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Everything that a person leaves: a record, a certificate, a way to be reached, a file, pages.
    fn live(&self, serving: &Serving) -> (Uuid, String) {
        let school = self.token("institution");
        let new = json!({
            "name": NAME, "birth_date": "2001-02-03",
            "identifiers": [{ "type": "resident_id", "value": resident_id(77) }],
        });
        let made = serving.post(school, "/v1/learners", &new);
        let person: Uuid = serde_json::from_value(made["id"].clone()).unwrap();
        let course = json!({
            "learner": person, "record": "C-1", "kind": "course", "code": "CS101", "title": TITLE,
            "hours": "32", "credits": "2.0", "scheme": "cn-he", "level": "5", "category": "general",
            "grade": GRADE, "completed_on": "2026-06-01",
        });
        let outcome = serving.post(school, "/v1/outcomes", &course);
        let body = json!({ "learner": person, "outcome": outcome["id"] });
        serving.post(school, "/v1/credentials", &body);
        let (dir, id) = (self.dir(), person.to_string());
        let create = ["token", "create", "--role", "learner", "--person", &id];
        let create = [&create[..], &["--data-dir", dir.to_str().unwrap()]].concat();
        let own = process::run(&create).unwrap().trim().to_owned();
        let at = |part: &str| format!("/v1/learners/{person}/{part}");
        serving.post(
            &own,
            &at("contacts"),
            &json!({ "channel": "sms", "value": PHONE }),
        );
        let file = format!(
            "记录号,身份证号,姓名,课程名称,成绩,完成日期,学时\nI-1,{},{NAME},{TITLE},{GRADE},2026-06-01,32\n",
            resident_id(77)
        );
        let sent = Client::new(&serving.base, school).upload("a.csv", file.as_bytes());
        let sent = sent.unwrap();
        assert!(sent.status < 300, "{}", sent.text);
        let client = Client::new(&serving.base, &own);
        for part in ["transcript.json", "transcript.html", "export"] {
            let read = client.get(&at(part)).unwrap();
            assert!(
                read.status == 200 && read.text.contains(NAME),
                "{}",
                read.text
            );
        }
        (person, own)
    }

    fn scan(&self) -> (Option<i32>, String) {
        let (dir, logs) = (self.dir(), self.logs());
        let values = self.values.to_str().unwrap();
        let arguments = [
            "vault",
            "scan",
            "--values-file",
            values,
            "--also",
            logs.to_str().unwrap(),
        ];
        let output =
            process::command(&[&arguments[..], &["--data-dir", dir.to_str().unwrap()]].concat())
                .output()
                .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code(), said)
    }
}

#[test]
fn after_an_erasure_no_byte_of_any_file_holds_the_person() {
    // Somebody who was told "erased" would stand in a log, a view, a write-ahead file, a dump.
    let scene = Scene::open();
    let log = scene.logs().join("1.log");
    let serving = Serving::start(&scene.dir(), &log);
    let (person, own) = scene.live(&serving);
    // The control: she can be read, and what is read is found wherever it is put.
    let export = Client::new(&serving.base, &own)
        .get(&format!("/v1/learners/{person}/export"))
        .unwrap();
    let dump = scene.dir().join("views").join("core.4711");
    std::fs::write(&dump, &export.text).unwrap();
    let (code, said) = scene.scan();
    assert_eq!(code, Some(3), "{said}");
    for value in 1..=5 {
        let line = format!("value {value} as UTF-8 in {}", dump.display());
        assert!(said.contains(&line), "{said}");
    }
    assert!(
        said.contains("as base64url"),
        "disclosures are read too: {said}"
    );
    std::fs::remove_file(&dump).unwrap();
    let (code, said) = scene.scan();
    assert_eq!(code, Some(0), "sealed before: {said}");

    let approver = scene.token_file("second", scene.token("registrar2"));
    let first = scene.token_file("first", scene.token("registrar"));
    let (id, dir, logs) = (person.to_string(), scene.dir(), scene.logs());
    let values = scene.values.to_str().unwrap();
    let erase = [
        "learner",
        "erase",
        &id,
        "--reason",
        "本人申请",
        "--server",
        &serving.base,
        "--token-file",
        &first,
        "--approver-token-file",
        &approver,
        "--values-file",
        values,
        "--scan",
        dir.to_str().unwrap(),
        "--scan",
        logs.to_str().unwrap(),
    ];
    let said = process::run(&erase).unwrap();
    // The certificate, and behind it what the scan came to.
    assert!(
        said.contains("\"destroyed\"") && said.contains("\"promise\""),
        "{said}"
    );
    assert_eq!(said.matches("5 values, found 0").count(), 2, "{said}");
    let gone = Client::new(&serving.base, scene.token("institution"))
        .get(&format!("/v1/learners/{person}"))
        .unwrap();
    assert_eq!(gone.status, 410, "{}", gone.text);
    assert!(
        std::fs::metadata(&log).unwrap().len() > 1_000,
        "requests were logged"
    );

    // No dump can be made, whatever limit it was started with; killed, it leaves nothing else.
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", serving.child.id())).unwrap();
    let dumps = limits
        .lines()
        .find(|it| it.starts_with("Max core file size"));
    let numbers: Vec<_> = dumps.unwrap().split_whitespace().skip(4).take(2).collect();
    assert_eq!(numbers, ["0", "0"], "{limits}");
    drop(serving);
    let (code, said) = scene.scan();
    assert_eq!(code, Some(0), "{said}");
    // A start on what is left writes nothing of her anew.
    drop(Serving::start(&scene.dir(), &scene.logs().join("2.log")));
    let (code, said) = scene.scan();
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_value_is_found_in_whatever_form_it_was_written() {
    // A scan that finds nothing would be no proof: it may only not have known how to look.
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    let value = "诸葛金丝雀";
    let dir = tempfile::tempdir().unwrap();
    let values = [value.to_owned()];
    let escaped: Vec<_> = value
        .encode_utf16()
        .map(|it| format!("\\u{it:04x}"))
        .collect();
    let hex: Vec<_> = value.bytes().map(|it| format!("{it:02x}")).collect();
    let percent: Vec<_> = value.bytes().map(|it| format!("%{it:02X}")).collect();
    let (escaped, hex, percent) = (escaped.concat(), hex.concat(), percent.concat());
    let mut written: Vec<Vec<u8>> = vec![
        value.into(),
        escaped.into(),
        hex.to_uppercase().into(),
        hex.into(),
        percent.into(),
        value.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        value.encode_utf16().flat_map(u16::to_be_bytes).collect(),
    ];
    for before in ["", "a", "ab", "abc"] {
        let text = format!("{before}{value}z");
        written.push(STANDARD.encode(&text).into());
        written.push(URL_SAFE_NO_PAD.encode(&text).into());
    }
    for (at, bytes) in written.iter().enumerate() {
        // Also where two reads meet.
        for gap in [0, 7, (1 << 20) - 3, (1 << 20) - bytes.len() + 1] {
            let path = dir.path().join(format!("{at}-{gap}"));
            let mut file = File::create(&path).unwrap();
            file.write_all(&vec![b' '; gap]).unwrap();
            file.write_all(bytes).unwrap();
            file.write_all(b"  ").unwrap();
            let scan = canary::scan(dir.path(), &values).unwrap();
            let found = scan
                .found
                .iter()
                .any(|it| it.path == path && it.offset >= gap as u64);
            assert!(found, "form {at} behind {gap}");
            std::fs::remove_file(&path).unwrap();
        }
    }
    std::fs::write(dir.path().join("诸葛金丝雀.csv"), "x").unwrap();
    assert_eq!(
        canary::scan(dir.path(), &values).unwrap().found.len(),
        1,
        "a name"
    );
    let others = ["诸葛金丝鸟".to_owned()];
    assert_eq!(canary::scan(dir.path(), &others).unwrap().found, []);
}
