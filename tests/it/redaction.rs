//! Canaries: names and numbers that must come back to their owner and nowhere else.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use identity::role::Role;
use serde_json::{Value, json};
use tests::support::server::answer::after;
use tests::support::server::hand::{Hand, disclosure};
use tests::support::server::{Answer, Stand, resident_id};
use tracing_subscriber::fmt::MakeWriter;

use crate::http_journeys::imports::walk;
use crate::http_journeys::own_key::recording;

/// Log lines, kept.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Everything that must not be found.
struct Canaries(Vec<String>);

impl Canaries {
    /// The first canary in `bytes`, in the spellings that a leak would have.
    fn in_bytes(&self, bytes: &[u8]) -> Option<&str> {
        let text = String::from_utf8_lossy(bytes);
        let mut canaries = self.0.iter().map(String::as_str);
        canaries.find(|canary| {
            let escaped = canary.chars().map(|c| match c {
                '\0'..='\x7f' => c.to_string(),
                _ => format!("\\u{:04x}", u32::from(c)),
            });
            text.contains(canary) || text.contains(&escaped.collect::<String>())
        })
    }
}

const NAME: &str = "欧阳金丝雀";
const NAME2: &str = "慕容金丝雀";
const TITLE: &str = "金丝雀饲养学";
const GRADE: &str = "金丝雀优";
const REASON: &str = "金丝雀打字有误";
const FILE: &str = "金丝雀名单.csv";

#[test]
fn personal_values_come_back_to_their_owner_and_nowhere_else() {
    // A name or a number would stand in a log, a backup or a commit, where no erasure finds it.
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_env_filter(tracing_subscriber::EnvFilter::new("debug"))
        .with_writer(lines.clone())
        .finish();
    // For the whole process: the server works on threads of its own. Other tests' lines do no harm.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let numbers = [resident_id(801), resident_id(802), resident_id(803)];
    let canaries = Canaries(
        [NAME, NAME2, TITLE, GRADE, REASON, "金丝雀名单"]
            .into_iter()
            .map(str::to_owned)
            .chain(numbers.clone())
            .collect(),
    );
    let stand = Stand::open();
    let owner = drive(&stand, &canaries, &numbers);
    let transcript = stand
        .get(
            &owner.1,
            &format!("/v1/learners/{}/transcript.json", owner.0),
        )
        .text();
    for told in [NAME, TITLE, GRADE] {
        assert!(
            transcript.contains(told),
            "the control: the owner reads {told}"
        );
    }
    let logged = lines.0.lock().unwrap().clone();
    let text = String::from_utf8_lossy(&logged);
    assert!(
        text.contains(r#""route":"/v1/learners""#),
        "the control: requests are logged"
    );
    assert_eq!(canaries.in_bytes(&logged), None, "in the log");
    for position in 0..stand.app.ledger.head().size {
        let record = stand
            .app
            .ledger
            .store()
            .read(position, 1)
            .unwrap()
            .remove(0);
        let commit = ledger::commit::Commit::decode(&record.leaf).unwrap();
        let payload = tests::support::raw_jws::decoded(commit.assertion.payload_base64url());
        for bytes in [record.leaf.as_slice(), payload.as_bytes()] {
            assert_eq!(canaries.in_bytes(bytes), None, "in commit {position}");
        }
    }
    let metrics = stand.app.metrics.text(&stand.app);
    assert_eq!(
        canaries.in_bytes(metrics.as_bytes()),
        None,
        "in the metrics"
    );
    let files = walk(stand.dir());
    assert!(files.len() > 10);
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        assert_eq!(canaries.in_bytes(&bytes), None, "in {}", file.display());
    }
}

/// Puts canaries through every door, well and badly; answers who owns them.
fn drive(stand: &Stand, canaries: &Canaries, numbers: &[String; 3]) -> (uuid::Uuid, String) {
    let [clerk, second] = &stand.schools[0].officers;
    let token = clerk.token.as_str();
    let quiet = |answer: &Answer| {
        assert_eq!(
            canaries.in_bytes(&answer.body),
            None,
            "in {}",
            answer.text()
        );
        answer.slug();
    };
    let person = stand.register(0, NAME, &numbers[0]);
    // Good numbers with another name, bad numbers, values in the wrong place.
    let bodies = [
        json!({ "name": NAME2, "identifiers": [{ "type": "resident_id", "value": numbers[0] }] }),
        json!({ "name": NAME, "identifiers": [{ "type": "resident_id", "value": format!("{}9", numbers[1]) }] }),
        json!({ "name": NAME, "identifiers": numbers[1] }),
        json!({ "name": NAME, "identifiers": [{ "type": numbers[1], "value": NAME }] }),
        json!({ "name": NAME, "birth_date": numbers[1] }),
        json!({ "name": { NAME: NAME } }),
        // Names of members are named back, so that a misspelt one is found; what stands in them is not.
        json!({ "name": NAME, "grades": NAME }),
        json!([NAME, numbers[1]]),
        json!(NAME),
    ];
    for body in &bodies {
        quiet(&stand.post(token, "/v1/learners", body));
        quiet(&stand.post(token, "/v1/learners/search", body));
        quiet(&stand.post(token, "/v1/outcomes", body));
        quiet(&stand.post(token, &format!("/v1/learners/{person}/identifiers"), body));
    }
    quiet(&stand.post_text(
        token,
        "/v1/learners",
        &[],
        &format!("{{\"name\":\"{NAME}\",,}}"),
    ));
    quiet(&stand.post_text(token, "/v1/learners", &[], &format!("\"{NAME}")));
    stand
        .post(
            token,
            "/v1/learners/search",
            &json!({ "identifier": { "type": "resident_id", "value": numbers[0] } }),
        )
        .is(200);
    quiet(&stand.get(token, &format!("/v1/learners/{}", numbers[0])));
    quiet(&stand.get("", &format!("/{}?name={}", numbers[0], numbers[1])));
    quiet(&stand.post_with(
        token,
        "/v1/learners",
        &[("idempotency-key", &numbers[0])],
        &bodies[1],
    ));
    quiet(&stand.get(&numbers[0], "/v1/approvals"));
    // Outcomes: recorded, repeated with other values, with values in open fields, corrected.
    let mut outcome = Stand::outcome(person, "CANARY-1");
    outcome["title"] = json!(TITLE);
    outcome["grade"] = json!(GRADE);
    let key = [("idempotency-key", "canary")];
    let recorded = stand
        .post_with(token, "/v1/outcomes", &key, &outcome)
        .is(201);
    for (member, value) in [
        ("grade", NAME),
        ("kind", NAME),
        ("credits", NAME),
        ("level", NAME),
        ("scheme", &numbers[0]),
        ("category", NAME),
        ("completed_on", NAME),
        ("record", &numbers[0]),
    ] {
        let mut bent = outcome.clone();
        bent[member] = json!(value);
        quiet(&stand.post(token, "/v1/outcomes", &bent));
    }
    let correction = json!({ "reason": "mark_reviewed", "reason_text": REASON, "kind": "course", "title": TITLE, "grade": GRADE, "credits": "2", "completed_on": "2026-06-01" });
    stand.get("", &after("/v1/institutions", &recorded)).is(200);
    let path = format!(
        "/v1/outcomes/{}/corrections",
        recorded["id"].as_str().unwrap()
    );
    let proposed = stand.post(token, &path, &correction).is(202);
    let shown = stand.get(
        &second.token,
        &format!("/v1/approvals/{}", proposed["approval"].as_str().unwrap()),
    );
    assert_eq!(canaries.in_bytes(&shown.body), None);
    stand.approve(&second.token, &proposed["approval"]).is(201);
    signed(stand, person, &quiet);
    imported(stand, canaries, numbers);
    enrolled(stand, canaries, numbers);
    (person, stand.token(person, Role::Learner, None))
}

fn signed(stand: &Stand, person: uuid::Uuid, quiet: &impl Fn(&Answer)) {
    let hand = stand.own_key(0, "key-canary");
    let values = [disclosure("title", TITLE), disclosure("grade", GRADE)];
    stand
        .assert(&hand.submission(recording(stand, person, "CANARY-2"), &values))
        .is(201);
    let bends: [fn(&mut Value); 4] = [
        |data| data["person"] = json!(NAME),
        |data| data["open"]["kind"] = json!(NAME),
        |data| data["open"] = json!(NAME),
        |data| data[NAME] = json!(NAME),
    ];
    for bend in bends {
        let mut draft = recording(stand, person, "CANARY-3");
        bend(&mut draft.data);
        quiet(&stand.assert(&hand.submission(draft, &values)));
    }
    let draft = recording(stand, person, "CANARY-4");
    quiet(&stand.assert(&hand.submission(draft, &[disclosure("code", NAME2)])));
    let draft = Hand::draft(stand, "outcome.record.v1", json!({ "_sd": NAME }));
    quiet(&stand.assert(&hand.sign(&draft)));
    quiet(&stand.assert(NAME));
}

/// A file whose columns are shifted by one, so that every cell stands under the wrong word.
fn imported(stand: &Stand, canaries: &Canaries, numbers: &[String; 3]) {
    let token = stand.schools[0].token();
    stand.register(0, NAME2, &numbers[2]);
    let file = format!(
        "姓名,证件号,记录号,类型,课程名称,学分,等级,体系,类别,成绩,完成日期\n\
         {NAME2},{n},C-1,course,{TITLE},2,5,cn-he,general,{GRADE},2026-06-01\n\
         {NAME2},{n},C-2,{NAME},{TITLE},2,5,cn-he,general,{GRADE},2026-06-01\n\
         {NAME2},{n},C-3,course,{TITLE},{NAME},{NAME},{NAME},{NAME},{GRADE},{NAME}\n\
         {NAME2},{n},C-4,course,{TITLE},2,5,{NAME},general,{GRADE},2026-06-01\n\
         {NAME2},{n},{n},course,{TITLE},2,5,cn-he,{NAME},{GRADE},2026-06-01\n\
         {n},{NAME2},C-5,course,{TITLE},2,5,cn-he,general,{GRADE},2026-06-01\n\
         {NAME},{n},C-6,course,{TITLE},2,5,cn-he,general,{GRADE},2026-06-01\n",
        n = numbers[2]
    );
    let job = stand.upload(token, FILE, file.as_bytes()).is(202);
    let id = job["id"].as_str().unwrap();
    stand.import_reaches(token, id, "checked");
    stand
        .send(
            "POST",
            &format!("/v1/imports/{id}/run"),
            token,
            &[],
            Some(b""),
        )
        .is(202);
    let done = stand.import_reaches(token, id, "done");
    assert_eq!(done["counts"]["recorded"], 1, "{done}");
    let errors = stand.get(token, &format!("/v1/imports/{id}/errors"));
    assert_eq!(
        canaries.in_bytes(&errors.body),
        None,
        "in {}",
        errors.text()
    );
}

/// A roster in which people are new, known, and not who they are said to be.
fn enrolled(stand: &Stand, canaries: &Canaries, numbers: &[String; 3]) {
    let token = stand.schools[0].token();
    let file = format!(
        "姓名,证件号,学籍号,出生日期\n\
         {NAME},{new},G{new},2001-02-03\n\
         {NAME2},{new},,\n\
         {NAME2},{known},G{known},\n\
         {NAME},{known},,\n\
         {NAME},{new},G{known},\n\
         {NAME2},{known},,{NAME}\n\
         {NAME2},{NAME},G{NAME},\n\
         {known},{NAME2},,\n\
         {TITLE}\u{200b}{GRADE},{known},,2001-02-04\n",
        new = numbers[1],
        known = numbers[2]
    );
    let fields: &[(&str, &str)] = &[("what", "roster")];
    let job = stand.upload_with(token, FILE, file.as_bytes(), fields);
    let job = job.is(202);
    let id = job["id"].as_str().unwrap();
    stand.import_reaches(token, id, "checked");
    let path = format!("/v1/imports/{id}/run");
    stand.send("POST", &path, token, &[], Some(b"")).is(202);
    let done = stand.import_reaches(token, id, "done");
    assert_eq!(done["counts"]["seen"], 9, "{done}");
    assert_eq!(done["counts"]["recorded"], 2, "{done}");
    let errors = stand.get(token, &format!("/v1/imports/{id}/errors"));
    let text = errors.text();
    assert_eq!(canaries.in_bytes(&errors.body), None, "in {text}");
}
