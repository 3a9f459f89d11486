//! Records for stores, which do not care what a leaf says.

use ledger::store::{NO_LINK, Record, Store};

use super::seeded::Seeded;

/// A record with up to `leaf_bytes_max` bytes and up to three links.
pub fn record(seeded: &mut Seeded, leaf_bytes_max: usize) -> Record {
    let length = seeded.below(leaf_bytes_max + 1);
    let leaf = seeded.bytes(length);
    let links = (0..seeded.below(4))
        .map(|_| {
            if seeded.once_in(3) {
                NO_LINK
            } else {
                seeded.word() >> 8
            }
        })
        .collect();
    Record::new(leaf, links)
}

/// From 1 to `records_max` records.
pub fn group(seeded: &mut Seeded, records_max: usize, leaf_bytes_max: usize) -> Vec<Record> {
    let records = 1 + seeded.below(records_max);
    (0..records)
        .map(|_| record(seeded, leaf_bytes_max))
        .collect()
}

/// Every record of the store, read in order as a follower does.
pub fn all(store: &dyn Store) -> Result<Vec<Record>, ledger::store::ReadError> {
    let mut records = Vec::new();
    loop {
        let part = store.read(records.len() as u64, 1000)?;
        if part.is_empty() {
            return Ok(records);
        }
        records.extend(part);
    }
}
