//! One write of a side store, with refusals of our own.
//!
//! Invariant: what `work` refuses leaves no trace; a refusal is answered only if everything it rests
//! on is durable. A crash leaves the write whole or absent.

use std::error::Error;
use std::io;

use ledger::side::{Side, SideError, Transaction};

/// Tells our own refusal from a failure of the store.
#[derive(Debug, thiserror::Error)]
#[error("refused")]
struct Refused;

/// Runs `work` in one write of `side`: `Ok` is durable, `Err` undoes everything it wrote.
pub(crate) fn write<T, E: From<SideError>>(
    side: &dyn Side,
    mut work: impl FnMut(&mut dyn Transaction) -> Result<T, E>,
) -> Result<T, E> {
    let mut outcome = None;
    let done = side.write(&mut |tx| {
        let result = work(tx);
        let good = result.is_ok();
        outcome = Some(result);
        if good {
            Ok(())
        } else {
            Err(SideError::Io(io::Error::other(Refused)))
        }
    });
    match (done, outcome) {
        (Ok(()), Some(result)) => result,
        (Ok(()), None) => Err(SideError::Io(io::Error::other("the work was not run")).into()),
        (Err(error), Some(Err(refusal))) if is_refusal(&error) => Err(refusal),
        // The group it shared a transaction with failed: the refusal may rest on what is not there.
        (Err(error), _) => Err(error.into()),
    }
}

fn is_refusal(error: &SideError) -> bool {
    let SideError::Io(error) = error else {
        return false;
    };
    error
        .get_ref()
        .is_some_and(<dyn Error + Send + Sync>::is::<Refused>)
}
