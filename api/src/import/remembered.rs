//! What an institution has said its headers mean, for its next file.
//!
//! Invariant: sealed as jobs are; a header that was never told is not in it, and none is told by a
//! file that was refused. A crash loses what was told with the file under way at most: its job keeps
//! its own columns.

use std::collections::BTreeMap;

use identity::did::IssuerNumber;

use super::job::Jobs;
use super::table::{Encoding, Field, Named, What};
use crate::problem::Problem;
use crate::side;

const SPACE: &str = "import-columns";
/// Headers remembered; when there are more, those of the last file only.
const HEADERS_MAX: usize = 1_000;

/// What is told of a file that comes.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// What it lists: outcomes if that is not told.
    pub what: Option<What>,
    /// Its encoding.
    pub encoding: Option<Encoding>,
    /// What its headers mean; remembered for the institution's next file.
    pub columns: Named,
}

type Kept = BTreeMap<String, Option<Field>>;

impl Jobs {
    /// What this institution's headers mean, with what is told now.
    pub(super) fn columns_of(
        &self,
        institution: IssuerNumber,
        told: &Named,
    ) -> Result<Named, Problem> {
        let key = institution.0.to_be_bytes();
        let mut named = Named::default();
        if let Some(sealed) = self.side.get(SPACE, &key)? {
            named.add_all(self.open::<Kept>(SPACE, &key, &sealed)?);
        }
        named.add_all(told.to_map());
        Ok(named)
    }

    /// Remembers what was told with a file.
    pub(super) fn remember_columns(
        &self,
        institution: IssuerNumber,
        told: &Named,
    ) -> Result<(), Problem> {
        let told = told.to_map();
        if told.is_empty() {
            return Ok(());
        }
        let key = institution.0.to_be_bytes();
        side::write(&*self.side, |transaction| {
            let mut kept = match transaction.get(SPACE, &key)? {
                Some(sealed) => self.open::<Kept>(SPACE, &key, &sealed)?,
                None => Kept::new(),
            };
            kept.extend(told.clone());
            if kept.len() > HEADERS_MAX {
                kept.clone_from(&told);
            }
            let sealed = self.seal(SPACE, &key, &kept)?;
            transaction.put(SPACE, &key, &sealed, None)?;
            Ok(())
        })
    }
}
