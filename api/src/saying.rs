//! What the ledger itself says, with its fact key: what only time causes, or what it carried out.
//!
//! Invariant: nobody acts in it; which kinds it may say is the rulebook's table.

use identity::did::{Did, IssuerNumber};
use ledger::assertion::{Cause, Draft};
use ledger::clock;
use ledger::key::file as key_file;
use serde::Serialize;

use crate::app::App;
use crate::genesis::LEDGER_KEY;
use crate::problem::{Problem, Reason};
use crate::write::{Prepared, Written};

impl App {
    /// Says something of `kind`, caused by the commit at `cause`. It waits for the disk.
    pub(crate) fn say<T: Serialize>(
        &self,
        kind: &'static str,
        data: &T,
        cause: Option<u64>,
    ) -> Result<Written, Problem> {
        let (_, key) = key_file::read(&self.dir.key(LEDGER_KEY)).map_err(Problem::internal)?;
        let name = Did::new(&self.host, IssuerNumber::REGISTRAR)
            .kid(LEDGER_KEY)
            .ok_or(Problem::of(Reason::Internal))?;
        let now_ms = self.now_ms();
        let draft = Draft {
            id: clock::uuid_v7(now_ms),
            log: self.ledger.origin().into(),
            kind: kind.into(),
            at_ms: now_ms,
            seen: self.ledger.seen(),
            target: None,
            cause: cause.map_or(Ok(None), |position| self.cause(position))?,
            act: None,
            data: serde_json::to_value(data).map_err(Problem::internal)?,
        };
        let assertion = draft
            .sign(&name, &key)
            .map_err(|error| Problem::from(ledger::execute::Refused::from(error)))?;
        let prepared: Prepared = self.prepare(assertion, Vec::new(), None)?;
        self.finish_blocking(prepared)
    }

    /// The commit at `position` as what caused something.
    fn cause(&self, position: u64) -> Result<Option<Cause>, Problem> {
        let record = self
            .ledger
            .store()
            .read(position, 1)
            .map_err(Problem::internal)?
            .into_iter()
            .next();
        let commit = self.ledger.commit(position)?;
        Ok(record.zip(commit).map(|(record, commit)| Cause {
            id: commit.assertion.id(),
            leaf: record.leaf_hash,
            log: self.ledger.origin().into(),
        }))
    }
}
