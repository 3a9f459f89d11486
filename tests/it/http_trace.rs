//! What a server has stored, to be compared before and after.

use rusqlite::{Connection, OpenFlags};
use tests::support::server::Stand;

/// Size of the log, and the places of everything the vault keeps but fingerprints of salts, which
/// outlive what they were used for.
pub(crate) fn trace(stand: &Stand) -> (u64, Vec<(String, Vec<u8>)>) {
    let file = stand.app.dir.vault();
    let vault = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut rows = vault
        .prepare("SELECT space, key FROM entry WHERE space <> 'salt' ORDER BY space, key")
        .unwrap();
    let rows = rows
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    let rows = rows.map(Result::unwrap).collect();
    (stand.app.ledger.head().size, rows)
}
