//! The views: the same rows however they were folded, loud stops, and sums that anybody can redo.

mod files;
mod follow;
mod model;
mod questions;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use credentials::account::outcome::Fields;
use identity::did::IssuerNumber;
use projections::Views;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};
use tests::support::world::{World, course};
use uuid::Uuid;

/// Long enough for a loaded machine; nothing waits this long when all is well.
const PATIENCE: Duration = Duration::from_mins(1);

/// A province in which a little of everything happened.
struct Story {
    world: World,
    schools: [IssuerNumber; 2],
    people: [Uuid; 3],
    _directory: tempfile::TempDir,
}

fn marked(code: &str) -> Fields {
    Fields { code: Some(code.into()), ..course() }
}

/// Two schools, three persons, records, a correction, a revocation, a rotation, and one proposal
/// that waits.
fn story() -> Story {
    let directory = tempfile::tempdir().unwrap();
    let mut world = World::new(directory.path());
    let schools = [world.admit("浙江大学", "4133010335"), world.admit("宁波大学", "4133011646")];
    let people = ["王晓明", "李秀英", "张伟"].map(|name| world.register(schools[0], name));
    for (n, person) in people.into_iter().enumerate() {
        world.record(schools[0], person, &format!("R-{n}"), &course()).unwrap();
        world.record(schools[1], person, &format!("S-{n}"), &marked("C-202")).unwrap();
    }
    world.rotate_key(schools[1], "k2");
    let better = Fields { credits: "3.5".parse().ok(), category: credentials::policy::Category::Elder, ..course() };
    world.correct(schools[0], people[0], "R-0", &better).unwrap();
    world.revoke(schools[1], people[0], "S-0").unwrap();
    world.record(schools[1], people[1], "S-9", &marked("C-909")).unwrap();
    world.propose_institution("温州医科大学", "4133010343");
    Story { world, schools, people, _directory: directory }
}

fn open(world: &World, directory: &Path) -> Views {
    Views::open(directory, Arc::clone(world.log.store()), Arc::clone(world.log.tail())).unwrap()
}

/// Views of the whole log as it is.
fn caught_up(world: &World, directory: &Path) -> Views {
    let views = open(world, directory);
    views.follower.wait_for(world.log.head().size - 1, PATIENCE).unwrap();
    views
}

/// Every row of every table of every view, as text; whether a file was closed is no row.
fn dump(directory: &Path) -> String {
    let mut text = String::new();
    for view in ["institutions", "people", "statistics", "transcripts"] {
        let path = directory.join("views").join(format!("{view}.db"));
        let file = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let names = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
        let tables: Vec<String> =
            file.prepare(names).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        for table in tables {
            let columns = if table == "fold" { "view, version, share, next, leaf" } else { "*" };
            let mut statement = file.prepare(&format!("SELECT {columns} FROM {table}")).unwrap();
            let width = statement.column_count();
            let rows = statement.query_map([], |row| (0..width).map(|at| row.get::<_, Value>(at)).collect());
            let mut lines: Vec<String> =
                rows.unwrap().map(|row: rusqlite::Result<Vec<Value>>| format!("{:?}", row.unwrap())).collect();
            lines.sort();
            writeln!(text, "{view}.{table}\n{}", lines.join("\n")).unwrap();
        }
    }
    text
}
