//! An import that is killed again and again: it goes on by itself, and its account stays exact.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::LazyLock;
use std::time::Duration;

use credentials::account::record_outcome;
use ledger::clock::Stopwatch;
use ledger::commit::Commit;
use ledger::store::Store;
use serde_json::Value;
use tests::support::process::{Answer, Client};
use uuid::Uuid;

/// Rows of one file: several chunks, so that kills fall into and between them. XF_IMPORT_ROWS says more.
static ROWS: LazyLock<usize> = LazyLock::new(|| {
    let rows = std::env::var("XF_IMPORT_ROWS");
    rows.map_or(2_500, |text| text.parse().unwrap())
});
/// Rows of each file that repeat an earlier one of it.
const REPEATED: usize = 7;
/// Rows of each file that name a day which does not exist.
const BAD: usize = 5;
/// The longest that an import without kills may take.
fn done_max() -> Duration {
    Duration::from_secs(120 + *ROWS as u64 / 50)
}

/// The longest that a chunk may take under load before the kill falls without it.
const CHUNK_MAX: Duration = Duration::from_secs(5);
/// Rows above which a file is checked and looked at again for longer than a kill waits by itself.
const SHORT_MAX: usize = 10_000;

/// Whether the files are so long that a kill has to wait until they are being recorded.
pub(super) fn is_long() -> bool {
    *ROWS > SHORT_MAX
}

/// Sends files one after another, each as soon as the one before is done.
pub(super) struct Importer {
    token: String,
    learners: Vec<Uuid>,
    files: usize,
    job: Option<Uuid>,
    done: usize,
}

impl Importer {
    pub(super) fn new(demo: &Value) -> Self {
        let learners = demo["learners"].as_array().unwrap();
        Self {
            token: demo["tokens"]["institution2"].as_str().unwrap().into(),
            learners: learners
                .iter()
                .skip(10)
                .map(|learner| learner["id"].as_str().unwrap().parse().unwrap())
                .collect(),
            files: 0,
            job: None,
            done: 0,
        }
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    pub(super) fn rows_done(&self) -> usize {
        self.done * *ROWS
    }

    /// Looks how far the import is and takes the next step; never waits.
    pub(super) fn go_on(&mut self, client: &Client) {
        let Some(job) = self.job else {
            let file = self.file(self.files);
            let answer = client.upload("班级.csv", &file).expect("an answer");
            assert_eq!(answer.status, 202, "{}", answer.text);
            self.job = Some(answer.json()["id"].as_str().unwrap().parse().unwrap());
            self.files += 1;
            return;
        };
        let state = state(client, job);
        match state["state"].as_str().unwrap() {
            "checking" | "running" => {}
            "checked" => run(client, job),
            "done" => {
                assert_exact(&state);
                self.done += 1;
                self.job = None;
            }
            other => panic!("the import is {other}: {state}"),
        }
    }

    /// Takes steps until a chunk is recorded since this server started.
    pub(super) fn go_on_until_recording(&mut self, client: &Client) {
        let watch = Stopwatch::start();
        let mut since = None;
        loop {
            self.go_on(client);
            if let Some(job) = self.job {
                let state = state(client, job);
                let seen = state["counts"]["seen"].as_u64().unwrap();
                if state["state"] == "running" && *since.get_or_insert(seen) < seen {
                    return;
                }
                if state["state"] != "running" {
                    since = None;
                }
            }
            assert!(watch.elapsed() < done_max(), "nothing is recorded");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until a chunk more is done than when this was called, or the import's state changes;
    /// answers with the rows done if they were being recorded.
    pub(super) fn wait_for_a_chunk(&self, client: &Client) -> Option<u64> {
        let before = state(client, self.job?);
        let watch = Stopwatch::start();
        while matches!(before["state"].as_str(), Some("checking" | "running"))
            && watch.elapsed() < CHUNK_MAX
        {
            let now = state(client, self.job?);
            if now["state"] != before["state"] {
                return None;
            }
            let seen = now["counts"]["seen"].as_u64();
            if now["counts"]["seen"] != before["counts"]["seen"] {
                return seen.filter(|_| before["state"] == "running");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        None
    }

    /// Lets the import under way end, then sends its file again: nothing new comes of it.
    pub(super) fn finish(&mut self, client: &Client) {
        if self.job.is_none() {
            self.go_on(client);
        }
        let job = self.job.take().unwrap();
        if wait_for(client, job, &["checked", "done"])["state"] == "checked" {
            run(client, job);
        }
        assert_exact(&wait_for(client, job, &["done"]));
        self.done += 1;

        let before = head(client);
        for file in 0..self.files {
            let answer = client
                .upload("又一次.csv", &self.file(file))
                .expect("an answer");
            let again: Uuid = answer.json()["id"].as_str().unwrap().parse().unwrap();
            wait_for(client, again, &["checked"]);
            run(client, again);
            let counts = wait_for(client, again, &["done"])["counts"].clone();
            assert_eq!(counts["recorded"], 0, "recorded twice: {counts}");
            assert_eq!(counts["already"], *ROWS - REPEATED - BAD, "{counts}");
        }
        assert_eq!(head(client), before, "a file sent again made commits");
    }

    /// Every good row of every file is one commit, not none and not two.
    pub(super) fn assert_each_row_once(&self, opened: &dyn Store) {
        let mut times: HashMap<String, usize> = HashMap::new();
        let mut from = 0;
        while from < opened.head() {
            for record in opened.read(from, 1_024).unwrap() {
                from += 1;
                let commit = Commit::decode(&record.leaf).unwrap();
                if commit.assertion.kind() == record_outcome::KIND {
                    let data: Value = serde_json::from_str(commit.assertion.data().get()).unwrap();
                    let name = data["record"].as_str().unwrap().to_owned();
                    *times.entry(name).or_default() += 1;
                }
            }
        }
        for file in 0..self.files {
            for row in 0..*ROWS - REPEATED {
                let expected = usize::from(row >= BAD);
                let found = times.get(&record(file, row)).copied().unwrap_or_default();
                assert_eq!(found, expected, "row {row} of file {file}");
            }
        }
    }

    /// The `file`th file: bad rows, good rows, repeated rows.
    fn file(&self, file: usize) -> Vec<u8> {
        let mut csv =
            String::from("学习者编号,记录号,类型,课程名称,学分,体系,等级,类别,成绩,完成日期\n");
        for n in 0..*ROWS {
            let row = if n < *ROWS - REPEATED {
                n
            } else {
                n - REPEATED
            };
            let learner = self.learners[row % self.learners.len()];
            let day = if row < BAD {
                "2026-02-30"
            } else {
                "2026-06-30"
            };
            let record = record(file, row);
            writeln!(
                csv,
                "{learner},{record},course,高等数学,3.0,cn-he,5,general,88,{day}"
            )
            .unwrap();
        }
        csv.into_bytes()
    }
}

fn record(file: usize, row: usize) -> String {
    format!("I{file}-{row}")
}

fn run(client: &Client, job: Uuid) {
    let answer = client.post(&format!("/v1/imports/{job}/run"), "application/json", b"");
    let answer = answer.expect("an answer");
    assert!(matches!(answer.status, 200 | 202), "{}", answer.text);
}

fn state(client: &Client, job: Uuid) -> Value {
    let answer = client.get(&format!("/v1/imports/{job}"));
    let answer: Answer = answer.expect("an answer");
    assert_eq!(answer.status, 200, "a job was lost: {}", answer.text);
    answer.json()
}

fn wait_for(client: &Client, job: Uuid, wanted: &[&str]) -> Value {
    let watch = Stopwatch::start();
    loop {
        let state = state(client, job);
        if wanted.iter().any(|wanted| state["state"] == *wanted) {
            return state;
        }
        assert!(
            watch.elapsed() < done_max(),
            "the import does not go on: {state}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Each row is counted exactly once, whatever was killed meanwhile.
fn assert_exact(state: &Value) {
    let counts = &state["counts"];
    let count = |name: &str| counts[name].as_u64().unwrap();
    assert_eq!(count("rows"), *ROWS as u64, "{counts}");
    assert_eq!(count("seen"), *ROWS as u64, "{counts}");
    // A row that was recorded just before a kill is the import's own all the same.
    assert_eq!(
        (count("recorded"), count("already")),
        ((*ROWS - REPEATED - BAD) as u64, 0),
        "{counts}"
    );
    assert_eq!(count("repeated"), REPEATED as u64, "{counts}");
    assert_eq!(count("refused"), BAD as u64, "{counts}");
}

fn head(client: &Client) -> u64 {
    // The front page says the size as of now, the published checkpoint that of a second ago.
    let page = client.get("/").expect("an answer").text;
    let (_, after) = page.split_once("，共 ").unwrap();
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}
