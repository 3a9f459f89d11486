//! The Merkle root that two keys sign when a dispute is settled, held against the log.
//!
//! Invariant: through our doors no settlement comes in over leaves that the log does not have at those
//! positions. `decide` cannot look (it knows no other commit); a monitor can, and convicts the signers.

use identity::institution::{Ranges, settle_entries};
use ledger::assertion::Assertion;
use ledger::hash::Digest;
use ledger::merkle::Tree;

use crate::app::App;
use crate::problem::{Problem, Reason};

/// Commits read at once.
const CHUNK: u64 = 4_096;

/// Whether an assertion settles a dispute: then there may be much to read.
pub fn settles(assertion: &Assertion) -> bool {
    [settle_entries::REAFFIRM, settle_entries::REPUDIATE].contains(&assertion.kind())
}

impl App {
    /// Refuses a settlement whose root is not that of the leaves; anything else passes.
    pub fn check_root(&self, assertion: &Assertion) -> Result<(), Problem> {
        if !settles(assertion) {
            return Ok(());
        }
        let Ok(data) = serde_json::from_str::<settle_entries::Data>(assertion.data().get()) else {
            // The rules say what is wrong with it.
            return Ok(());
        };
        if self.root_over(&data.ranges)? == Some(data.root) {
            Ok(())
        } else {
            Err(Problem::of(Reason::RootFalse))
        }
    }

    /// The root over the leaves at these positions; `None` where the log has not all of them.
    pub fn root_over(&self, ranges: &Ranges) -> Result<Option<Digest>, Problem> {
        let mut tree = Tree::new();
        for (from, to) in ranges.as_slice() {
            let mut next = *from;
            while next <= *to {
                let wanted = CHUNK.min((*to - next).saturating_add(1));
                let limit = usize::try_from(wanted).unwrap_or(usize::MAX);
                let records = self.ledger.store().read(next, limit);
                let records = records.map_err(Problem::internal)?;
                if records.is_empty() {
                    return Ok(None);
                }
                for record in records {
                    tree.append(record.leaf_hash);
                    next = next.saturating_add(1);
                }
            }
        }
        Ok(Some(tree.root()))
    }
}
