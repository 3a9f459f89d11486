//! Imports that wait, stop, are killed, are run twice, or come in crowds.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tests::support::process;
use tests::support::server::{Stand, resident_id};

use super::{checked, errors, file, row, run};

#[test]
fn an_import_waits_while_the_ledger_is_busy_and_goes_on_after_a_stop() {
    // A clerk's file would fail half recorded because the ledger was busy or about to restart.
    let mut config = api::config::Config::default();
    config.ledger.queue_max = 1;
    let stand = Stand::with(config);
    stand.register(0, "学生1", &resident_id(1));
    let rows: Vec<_> = (0..64).map(|at| row(1, &format!("R-{at}"))).collect();
    let job = checked(&stand, "f.csv", file(&rows).as_bytes());
    let done = run(&stand, &job);
    let counts = &done["counts"];
    assert_eq!(counts["recorded"], 64, "{counts}");
    assert_eq!(counts["seen"], 64, "{counts}");
    let job = checked(&stand, "g.csv", file(&[row(1, "S-1")]).as_bytes());
    let id = serde_json::from_value(job["id"].clone()).unwrap();
    let caller = stand.app.jobs.get(id).unwrap().unwrap().caller();
    let (job, _) = api::import::control::begin(&stand.app, &caller, id, None).unwrap();
    stand.app.ledger.close();
    api::import::control::work(&stand.app, job, &|_| {});
    let kept = stand.app.jobs.get(id).unwrap().unwrap();
    assert_eq!(kept.state, api::import::JobState::Running);
    assert_eq!((kept.next_row, kept.failure), (0, None));
}

#[test]
fn an_interrupted_dry_run_comes_to_what_one_that_ran_through_does() {
    // A restart would make a check forget the rows before it, and call contradictions good.
    use api::import::job::Told;
    use api::import::{JobState, control};
    let stand = Stand::open();
    stand.register(0, "学生1", &resident_id(1));
    let other = |record: &str| row(1, record).replace("2.0", "2.5");
    // The first chunk ends between what is said and what contradicts it.
    let mut rows: Vec<_> = (0..1_030).map(|at| row(1, &format!("R-{at}"))).collect();
    rows[5] = other("R-4");
    rows.extend([other("R-1"), row(1, "R-2"), other("R-4")]);
    let text = file(&rows);
    let through = checked(&stand, "f.csv", text.as_bytes());
    let id = serde_json::from_value(through["id"].clone()).unwrap();
    let caller = stand.app.jobs.get(id).unwrap().unwrap().caller();
    let cut = control::take_in(
        &stand.app,
        &caller,
        "f.csv",
        text.as_bytes(),
        &Told::default(),
    )
    .unwrap();
    // The import ends behind its first chunk, and all that it held in memory with it.
    let cut_at = std::cell::Cell::new(None);
    let done = control::work(&stand.app, cut, &|at| {
        if cut_at.get().is_none() {
            cut_at.set(Some((at.state, at.next_row)));
            panic!("the import is cut off here");
        }
    });
    let (state, row) = cut_at.get().unwrap();
    assert_eq!(state, JobState::Checking);
    assert!(row > 6 && row < 1_030, "{row}");
    assert_eq!(done.state, JobState::Checked);
    assert_eq!(json!(done.counts), through["counts"]);
    let found = errors(&stand, &json!(done));
    assert_eq!(found, errors(&stand, &through));
    let said: Vec<_> = found
        .iter()
        .map(|it| (it["row"].as_u64().unwrap(), it["code"].as_str().unwrap()))
        .collect();
    let expected = [(7, "I11"), (1_032, "I11"), (1_033, "I09"), (1_034, "I11")];
    assert_eq!(said, expected);
}

#[test]
fn two_people_who_press_run_at_once_run_it_once() {
    // The account of an import would say that its own rows had been there before.
    let stand = Stand::open();
    let token = stand.schools[0].token();
    stand.register(0, "学生1", &resident_id(1));
    let rows: Vec<_> = (0..200).map(|at| row(1, &format!("R-{at}"))).collect();
    let job = checked(&stand, "f.csv", file(&rows).as_bytes());
    let id = job["id"].as_str().unwrap();
    let path = format!("/v1/imports/{id}/run");
    let mut answers: Vec<u16> = std::thread::scope(|scope| {
        let press = || stand.send("POST", &path, token, &[], Some(b"")).status;
        let pressed: Vec<_> = (0..8).map(|_| scope.spawn(press)).collect();
        pressed.into_iter().map(|it| it.join().unwrap()).collect()
    });
    answers.sort_unstable();
    assert_eq!(answers, [200, 200, 200, 200, 200, 200, 200, 202]);
    let done = stand.import_reaches(token, id, "done");
    let counts = ["recorded", "already"].map(|name| done["counts"][name].as_u64().unwrap());
    assert_eq!((counts, done["position"].is_u64()), ([200, 0], true));
}

#[test]
fn two_clerks_with_one_file_at_once_record_each_row_once() {
    // Two secretaries send the term's marks in the same minute, and every learner has them twice.
    let stand = Stand::open();
    let people: Vec<_> = (1..=4)
        .map(|serial| stand.register(0, &format!("学生{serial}"), &resident_id(serial)))
        .collect();
    let rows: Vec<_> = (0..1_200)
        .map(|at| row(at % 4 + 1, &format!("R-{at}")))
        .collect();
    let text = file(&rows);
    let size = stand.app.ledger.head().size;
    let done = std::thread::scope(|scope| {
        let clerks = stand.schools[0].officers.each_ref().map(|clerk| {
            let (stand, text, token) = (&stand, text.as_bytes(), clerk.token.as_str());
            scope.spawn(move || {
                let job = stand.upload(token, "f.csv", text).is(202);
                let id = job["id"].as_str().unwrap();
                stand.import_reaches(token, id, "checked");
                let path = format!("/v1/imports/{id}/run");
                stand.send("POST", &path, token, &[], Some(b"")).is(202);
                stand.import_reaches(token, id, "done")
            })
        });
        clerks.map(|clerk| clerk.join().unwrap())
    });
    let sum = |name: &str| -> u64 {
        let counts = done.iter().map(|job| job["counts"][name].as_u64().unwrap());
        counts.sum()
    };
    let sums = ["recorded", "already", "refused"].map(sum);
    assert_eq!(sums, [1_200, 1_200, 0], "{done:?}");
    // One commit a row, and an envelope for each chunk that recorded any.
    let grown = stand.app.ledger.head().size - size;
    assert!((1_202..=1_204).contains(&grown), "{grown}");
    for person in people {
        let path = format!(
            "/v1/learners/{person}/transcript.json?after={}",
            size + grown - 1
        );
        let body = stand.get(stand.schools[0].token(), &path).is(200);
        assert_eq!(body["outcomes"].as_array().unwrap().len(), 300);
    }
}

#[test]
fn what_a_killed_import_recorded_is_its_own() {
    // Who imports would read that somebody else had recorded hundreds of her rows before.
    use api::import::{JobState, control};
    let stand = Stand::open();
    stand.register(0, "学生1", &resident_id(1));
    // Recorded before: this one was there already.
    let early = checked(&stand, "e.csv", file(&[row(1, "R-0")]).as_bytes());
    run(&stand, &early);
    let rows: Vec<_> = (0..40).map(|at| row(1, &format!("R-{at}"))).collect();
    let checked = checked(&stand, "f.csv", file(&rows).as_bytes());
    let id = serde_json::from_value(checked["id"].clone()).unwrap();
    let caller = stand.app.jobs.get(id).unwrap().unwrap().caller();
    control::begin(&stand.app, &caller, id, None).unwrap();
    // It is killed between the commits of its chunk and their account.
    let begun = stand.app.jobs.get(id).unwrap().unwrap();
    control::work(&stand.app, begun.clone(), &|_| {});
    let again = control::work(&stand.app, begun, &|_| {});
    assert_eq!(again.state, JobState::Done);
    assert_eq!((again.counts.recorded, again.counts.already), (39, 1));
    assert_eq!(again.position, Some(stand.app.ledger.head().size - 1));
}

#[test]
fn many_files_at_once_are_read_by_few_threads() {
    // A hundred uploads would take the memory and the threads of the whole server.
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("province");
    let path = dir.to_str().unwrap();
    process::run(&["demo", "--once", "--learners", "5", "--data-dir", path]).unwrap();
    let demo = std::fs::read(dir.join("demo.json")).unwrap();
    let demo: serde_json::Value = serde_json::from_slice(&demo).unwrap();
    // A process of its own: other tests of this one import, too.
    let server = process::Server::start(&dir);
    let token = demo["tokens"]["institution"].as_str().unwrap();
    let client = process::Client::new(&server.base, token);
    let rows: Vec<_> = (0..1_000).map(|at| row(1, &format!("R-{at}"))).collect();
    let text = file(&rows);
    for _ in 0..20 {
        let answer = client.upload("f.csv", text.as_bytes()).unwrap();
        assert_eq!(answer.status, 202, "{}", answer.text);
    }
    let count = || {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", server.id())).unwrap();
        let name = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm")).ok();
        let names = tasks.filter_map(|task| name(task.ok()?));
        names.filter(|name| name.trim() == "import").count()
    };
    // A thread bears the name of the one that starts it until it has its own: so the fewest of some looks.
    let looks = (0..20).map(|_| {
        std::thread::sleep(Duration::from_millis(5));
        count()
    });
    let threads = looks.min().unwrap();
    assert!(threads <= 1, "{threads} threads");
}

#[test]
fn a_third_file_at_once_waits_or_is_told_to_come_again() {
    // A crowd of clerks would take the server's memory, or a file be lost without a word.
    let stand = Stand::open();
    let token = stand.schools[0].token();
    stand.register(0, "学生1", &resident_id(1));
    let text = file(&[row(1, "R-1")]);
    let files = &stand.app.files;
    let take = || Arc::clone(files).try_acquire_owned().ok();
    let [one, other] = [take(), take()];
    assert!(one.is_some() && other.is_some(), "two are read at once");
    assert!(take().is_none(), "and no third");
    let refused = stand.upload(token, "f.csv", text.as_bytes());
    refused.refused(503, "too-busy");
    assert_eq!(refused.header("retry-after"), "1");
    let kept = stand.app.side.scan("import", &[], None, 10).unwrap();
    assert!(kept.is_empty(), "half taken in");
    // One ends while the same file waits.
    let job = std::thread::scope(|scope| {
        let sent = scope.spawn(|| stand.upload(token, "f.csv", text.as_bytes()).is(202));
        std::thread::sleep(Duration::from_millis(300));
        assert!(!sent.is_finished(), "it was read without a place");
        drop(one);
        sent.join().unwrap()
    });
    let job = stand.import_reaches(token, job["id"].as_str().unwrap(), "checked");
    assert_eq!(run(&stand, &job)["counts"]["recorded"], 1);
    // So does whoever puts a file in the place of another, and whoever fetches the list of errors.
    let held = take();
    let path = format!("/v1/imports/{}/errors.xlsx", job["id"].as_str().unwrap());
    stand.get(token, &path).refused(503, "too-busy");
    drop((held, other));
    assert_eq!(stand.get(token, &path).status, 200);
    assert_eq!(files.available_permits(), 2, "each place was given back");
}
