//! One pass that brings rows of the key store under the newest master key while everybody goes on.
//!
//! Invariant: a row is read and written in one transaction, and opens before it and behind it; one that is
//! deleted meanwhile stays deleted. A crash leaves some rows under the older key, which opens them, and
//! the next pass goes on with those.

use ledger::side::{Side, SideError};

use super::VaultError;
use crate::master::{Keys, Masters};
use crate::seal::Unsealable;
use crate::side::write;

/// Rows of one transaction.
const PAGE: usize = 256;

/// Gives every row of `space` to `again`, which answers the row as it is to be, or `None` if it may stay. Says
/// how many were written, and how many no key opens: those stay as they are.
pub(crate) fn rewrap(
    keys: &dyn Side,
    masters: &Masters,
    space: &str,
    again: impl Fn(&Keys<'_>, &[u8], &[u8]) -> Result<Option<Vec<u8>>, Unsealable>,
) -> Result<(u64, u64), VaultError> {
    let (mut wrapped, mut damaged) = (0, 0);
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = keys.scan(space, &[], after.as_deref(), PAGE)?;
        let Some((last, _)) = page.last() else {
            return Ok((wrapped, damaged));
        };
        after = Some(last.clone());
        let sealing = masters.keys();
        let mut due = Vec::new();
        for (key, row) in &page {
            match again(&sealing, key, row) {
                Ok(None) => {}
                Ok(Some(_)) => due.push(key),
                Err(Unsealable) => damaged += 1,
            }
        }
        if due.is_empty() {
            continue;
        }
        wrapped += write(keys, |tx| {
            let mut written = 0;
            for key in &due {
                // As it is now: meanwhile it may be another, or gone.
                let Some(row) = tx.get(space, key)? else {
                    continue;
                };
                if let Ok(Some(row)) = again(&sealing, key, &row) {
                    tx.put(space, key, &row, None)?;
                    written += 1;
                }
            }
            Ok::<u64, SideError>(written)
        })?;
    }
}
