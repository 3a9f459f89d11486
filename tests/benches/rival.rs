//! The rival of the embedded store: SQLite with a commit a row and a stream index.
//!
//! `journal_mode=WAL` with `synchronous=FULL` makes each COMMIT durable; it has no index by id and
//! checks nothing, which favours it.

use std::path::Path;

use rusqlite::{Connection, params};

use crate::make::{Made, stream};

pub(crate) struct Rival(Connection);

impl Rival {
    pub(crate) fn open(path: &Path) -> Self {
        let connection = Connection::open(path).unwrap();
        connection
            .execute_batch(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
                 CREATE TABLE IF NOT EXISTS commits (position INTEGER PRIMARY KEY, stream TEXT NOT NULL, revision INTEGER NOT NULL, leaf BLOB NOT NULL);
                 CREATE UNIQUE INDEX IF NOT EXISTS by_stream ON commits (stream, revision);",
            )
            .unwrap();
        Self(connection)
    }

    /// One group, one transaction.
    pub(crate) fn append(&mut self, group: &[Made]) {
        let transaction = self.0.transaction().unwrap();
        {
            let mut insert = transaction
                .prepare_cached("INSERT INTO commits VALUES (?1, ?2, ?3, ?4)")
                .unwrap();
            for made in group {
                let row = params![
                    made.head.position.cast_signed(),
                    made.stream.as_str(),
                    made.head.revisions.cast_signed(),
                    made.record.leaf
                ];
                insert.execute(row).unwrap();
            }
        }
        transaction.commit().unwrap();
    }

    /// Bytes and number of the leaves of one stream.
    pub(crate) fn read_stream(&self, place: usize) -> (usize, usize) {
        let mut select = self
            .0
            .prepare_cached("SELECT leaf FROM commits WHERE stream = ?1 ORDER BY revision")
            .unwrap();
        let leaves = select.query_map([stream(place).as_str()], |row| row.get::<_, Vec<u8>>(0));
        leaves.unwrap().fold((0, 0), |(bytes, count), leaf| {
            (bytes + leaf.unwrap().len(), count + 1)
        })
    }

    /// Visits every leaf in order.
    pub(crate) fn scan(&self, mut visit: impl FnMut(&[u8])) {
        let mut select = self
            .0
            .prepare_cached("SELECT leaf FROM commits ORDER BY position")
            .unwrap();
        let mut rows = select.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            visit(row.get_ref(0).unwrap().as_blob().unwrap());
        }
    }
}
