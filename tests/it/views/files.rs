//! A view's file is worth nothing: however it was made or broken, its rows come out the same.

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use ledger::store::Store as _;
use ledger::store::memory::MemoryStore;
use ledger::tail::Tail;
use projections::Views;
use projections::view::audit::Verdict;
use rusqlite::Connection;
use tests::support::world::{World, course};

use super::{PATIENCE, caught_up, dump, open, story};

const ALL: [&str; 4] = ["institutions", "people", "statistics", "transcripts"];

#[test]
fn live_replayed_and_rebuilt_rows_are_equal() {
    // If this failed, what a learner sees would depend on when the server was started.
    let [live, replayed] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let directory = tempfile::tempdir().unwrap();
    let mut world = World::new(directory.path());
    let views = open(&world, live.path());
    let school = world.admit("浙江大学", "4133010335");
    let person = world.register(school, "王晓明");
    for n in 0..20 {
        world
            .record(school, person, &format!("R-{n}"), &course())
            .unwrap();
    }
    world.revoke(school, person, "R-3").unwrap();
    views
        .follower
        .wait_for(world.log.head().size - 1, PATIENCE)
        .unwrap();
    let rows = dump(live.path());
    assert!(rows.contains("revoked"), "{rows}");
    drop(caught_up(&world, replayed.path()));
    assert_eq!(dump(replayed.path()), rows);
    for name in ALL {
        views.follower.rebuild(name).unwrap();
    }
    assert_eq!(dump(live.path()), rows);
    // The rebuilt file follows on.
    let answer = world.record(school, person, "R-20", &course()).unwrap();
    views
        .follower
        .wait_for(answer.earlier().position, PATIENCE)
        .unwrap();
    assert_eq!(views.transcripts.of_person(&[person]).unwrap().len(), 21);
    assert!(views.follower.rebuild("nothing").is_err());
}

#[test]
fn a_killed_follower_goes_on_where_its_rows_end() {
    // If this failed, a power cut would leave outcomes out of a transcript, or in it twice.
    let [live, copy] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let mut story = story();
    let views = caught_up(&story.world, live.path());
    // What a process that dies now leaves on the disk: files that were never closed, WAL and all.
    fs::create_dir(copy.path().join("views")).unwrap();
    for file in fs::read_dir(live.path().join("views")).unwrap() {
        let file = file.unwrap();
        fs::copy(
            file.path(),
            copy.path().join("views").join(file.file_name()),
        )
        .unwrap();
    }
    let before = views.follower.next();
    let answer = story
        .world
        .record(story.schools[0], story.people[2], "R-late", &course())
        .unwrap();
    views
        .follower
        .wait_for(answer.earlier().position, PATIENCE)
        .unwrap();
    let again = caught_up(&story.world, copy.path());
    assert!(
        again
            .follower
            .statuses()
            .iter()
            .all(|view| view.anew == 0 && view.next > before)
    );
    drop((views, again));
    assert_eq!(dump(copy.path()), dump(live.path()));
}

/// Damages the closed file at `path` in one way.
type Damage = fn(&Path);

const DAMAGES: [(&str, Damage); 8] = [
    ("emptied", |path| fs::write(path, b"").unwrap()),
    ("no database", |path| {
        fs::write(path, vec![7; 40_000]).unwrap();
    }),
    ("cut", |path| {
        fs::File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_len(8_192)
            .unwrap();
    }),
    ("pages overwritten, never closed", |path| {
        sql(path, "UPDATE fold SET closed = 0");
        let file = fs::File::options().write(true).open(path).unwrap();
        file.write_all_at(&[0xa5; 12_288], 8_192).unwrap();
    }),
    ("of another version", |path| {
        sql(path, "UPDATE fold SET version = 4096");
    }),
    ("of another view", |path| {
        sql(path, "UPDATE fold SET view = 'rumours'");
    }),
    ("ahead of the log", |path| {
        sql(path, "UPDATE fold SET next = 1000000");
    }),
    ("of another log", |path| {
        sql(path, "UPDATE fold SET leaf = zeroblob(32)");
    }),
];

fn sql(path: &Path, statement: &str) {
    let file = Connection::open(path).unwrap();
    assert_eq!(file.execute(statement, []).unwrap(), 1);
}

#[test]
fn a_file_that_is_not_the_fold_of_this_log_is_made_anew() {
    // If this failed, a damaged or foreign file would be shown as the truth about somebody.
    let directory = tempfile::tempdir().unwrap();
    let story = story();
    drop(caught_up(&story.world, directory.path()));
    let rows = dump(directory.path());
    for (what, damage) in DAMAGES {
        for name in ALL {
            damage(&directory.path().join("views").join(format!("{name}.db")));
        }
        let views = caught_up(&story.world, directory.path());
        assert!(
            views.follower.statuses().iter().all(|view| view.anew == 1),
            "{what}"
        );
        drop(views);
        assert_eq!(dump(directory.path()), rows, "{what}");
    }
    let views = caught_up(&story.world, directory.path());
    assert!(
        views.follower.statuses().iter().all(|view| view.anew == 0),
        "nothing was wrong this time"
    );
}

#[test]
fn rows_that_read_back_wrong_are_made_anew_while_the_views_serve() {
    // If this failed, one bad sector would take a transcript away until somebody restarts.
    let directory = tempfile::tempdir().unwrap();
    let story = story();
    let views = caught_up(&story.world, directory.path());
    sql_all(
        &directory.path().join("views/transcripts.db"),
        "UPDATE outcomes SET kind = 'alchemy'",
    );
    assert!(
        views.transcripts.of_person(&[story.people[0]]).is_err(),
        "never shown"
    );
    let mut lines = 0;
    for _ in 0..600 {
        if views
            .follower
            .statuses()
            .iter()
            .any(|view| view.name == "transcripts" && view.anew == 2)
        {
            lines = views
                .transcripts
                .of_person(&[story.people[0]])
                .map_or(0, |lines| lines.len());
        }
        if lines == 2 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(
        lines,
        2,
        "{:?} {:?}",
        views.follower.progress(),
        views.follower.statuses()
    );
}

fn sql_all(path: &Path, statement: &str) {
    assert!(
        Connection::open(path)
            .unwrap()
            .execute(statement, [])
            .unwrap()
            > 0
    );
}

#[test]
fn a_restored_older_log_that_went_another_way_is_noticed() {
    // If this failed, rows of a history that no longer exists would be served beside the new one.
    let views_of = tempfile::tempdir().unwrap();
    let stores = [1, 2].map(|seed| {
        let directory = tempfile::tempdir().unwrap();
        let store = Arc::new(MemoryStore::new());
        let mut world = World::over(directory.path(), Arc::clone(&store) as _, seed);
        let school = world.admit("浙江大学", "4133010335");
        world.register(school, "王晓明");
        world.log.close();
        store
    });
    for store in stores {
        let head = store.head();
        let views = Views::open(views_of.path(), store, Arc::new(Tail::starting_at(head))).unwrap();
        views.follower.wait_for(head - 1, PATIENCE).unwrap();
        assert!(views.follower.statuses().iter().all(|view| view.anew == 1));
    }
}

#[test]
fn no_personal_value_is_in_a_view() {
    // If this failed, erasing a person would leave the name in a file that nobody scrubs.
    let directory = tempfile::tempdir().unwrap();
    let story = story();
    drop(caught_up(&story.world, directory.path()));
    for name in ALL {
        let bytes = fs::read(directory.path().join("views").join(format!("{name}.db"))).unwrap();
        for secret in ["王晓明", "李秀英", "11010519491231002X", "老年书法", "抄错"] {
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} stands in {name}");
        }
    }
}

#[test]
fn an_audit_finds_rows_that_nobody_folded() {
    // Who alters a view could make ten credits of one, and the audit would call it clean.
    let directory = tempfile::tempdir().unwrap();
    let story = story();
    drop(caught_up(&story.world, directory.path()));
    let head = story.world.log.head().size;
    let log = story.world.log.store();
    let audit = || projections::views::audit(directory.path(), log.as_ref()).unwrap();
    let clean = audit();
    assert_eq!(clean.len(), ALL.len());
    assert!(
        clean
            .iter()
            .all(|(_, verdict)| *verdict == Verdict::Equal(head)),
        "{clean:?}"
    );
    let alterations = [
        (
            "transcripts",
            "lots",
            "UPDATE lots SET credit = credit * 10",
        ),
        (
            "people",
            "fold",
            "UPDATE fold SET next = next - 1, leaf = zeroblob(32)",
        ),
        (
            "institutions",
            "keys",
            "DELETE FROM keys WHERE n = (SELECT min(n) FROM keys)",
        ),
        (
            "statistics",
            "sqlite_master",
            "CREATE TABLE more (n INTEGER) STRICT",
        ),
    ];
    for (view, table, statement) in alterations {
        let path = directory.path().join("views").join(format!("{view}.db"));
        let before = fs::read(&path).unwrap();
        Connection::open(&path)
            .unwrap()
            .execute_batch(statement)
            .unwrap();
        let found = audit();
        let verdict = &found.iter().find(|(name, _)| *name == view).unwrap().1;
        let expected = match table {
            // It would be thrown away at the next start.
            "fold" => Verdict::NotServed,
            table => Verdict::Differs {
                table: table.into(),
            },
        };
        assert_eq!(*verdict, expected, "{statement}");
        fs::write(&path, before).unwrap();
    }
    fs::write(directory.path().join("views/people.db"), vec![7; 40_000]).unwrap();
    assert!(matches!(audit()[0], ("people", Verdict::Unreadable(_))));
    fs::remove_file(directory.path().join("views/people.db")).unwrap();
    assert_eq!(audit()[0], ("people", Verdict::NotServed));
    let left = fs::read_dir(directory.path().join("views")).unwrap();
    let left = left.filter(|entry| {
        entry
            .as_ref()
            .unwrap()
            .path()
            .to_string_lossy()
            .contains("audit")
    });
    assert_eq!(left.count(), 0, "nothing is left behind");
}
