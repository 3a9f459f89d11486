//! Credentials that are in doubt because somebody else may have spoken in their institution's name.
//!
//! Invariant: who checks offline is told of each of them (STANDARDS §4, `disputed`); a bit that only a
//! stolen key set is clear, and does not pass for the institution's word.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use credentials::credential::Credential;
use credentials::verify::Standing;
use identity::did::IssuerNumber;
use identity::institution::{Institution, Ranges};
use ledger::decision::Aggregate as _;
use uuid::Uuid;

use crate::app::App;
use crate::cache::Cache;
use crate::problem::Problem;

/// Institutions whose doubted credentials are kept in memory.
const KEPT_MAX: usize = 64;

/// An institution, and how often its doubts changed.
type Key = (IssuerNumber, usize);

/// What was found of each.
#[derive(Debug)]
pub struct Doubts(Mutex<Cache<Key, Arc<[Uuid]>>>);

impl Default for Doubts {
    fn default() -> Self {
        Self(Mutex::new(Cache::new(KEPT_MAX)))
    }
}

impl App {
    /// Positions of an institution's credentials of which nobody knows how they stand, or which it says
    /// were none of its own: what was said of them, or of their outcomes, a stolen key may have said.
    pub fn doubted_credentials(
        &self,
        number: IssuerNumber,
        institution: &Institution,
    ) -> Result<Ranges, Problem> {
        if institution.is_undisputed() {
            return Ok(Ranges::default());
        }
        let mut positions = Vec::new();
        for id in self.doubted_by_outcome(number, institution)?.iter() {
            positions.extend(self.doubted_at(*id, &[Standing::Disputed, Standing::Revoked])?);
        }
        for (_, list) in self.lists_of(number)? {
            for change in list.doubted(institution) {
                for id in self.changed_at(change.position)? {
                    positions.extend(self.doubted_at(id, &[Standing::Disputed])?);
                }
            }
        }
        Ok(Ranges::of(positions))
    }

    /// Where the credential was issued, if it stands like this.
    fn doubted_at(&self, id: Uuid, how: &[Standing]) -> Result<Option<(u64, u64)>, Problem> {
        let (credential, issued) = self.credential(id)?;
        let standing = self.credential_standing(&credential, &issued)?;
        let at = issued.by.position;
        Ok(how.contains(&standing).then_some((at, at)))
    }

    /// The credentials of outcomes that the institution does not stand for, or not yet. None can be
    /// added while that is so, which is why they are looked for once.
    fn doubted_by_outcome(
        &self,
        number: IssuerNumber,
        institution: &Institution,
    ) -> Result<Arc<[Uuid]>, Problem> {
        let key = (number, institution.doubts());
        let kept = self.doubts.0.lock();
        if let Some(found) = kept.unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(found);
        }
        let folded = self.views.follower.next();
        let in_doubt = institution.disputed().and(&institution.repudiated());
        let mut ids = BTreeSet::new();
        let mut whole = true;
        for &(from, to) in in_doubt.as_slice() {
            whole &= to < folded;
            for line in self.views.transcripts.said_between(number, from, to)? {
                let account = self.whole(line.person)?.account;
                let outcome = account.outcome(line.outcome);
                ids.extend(
                    outcome
                        .into_iter()
                        .flat_map(|it| it.credentials.iter().copied()),
                );
            }
        }
        let found: Arc<[Uuid]> = ids.into_iter().collect();
        if whole {
            let mut kept = self.doubts.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.put(key, Arc::clone(&found));
        }
        Ok(found)
    }

    /// The credentials that the commit at `position` changed.
    fn changed_at(&self, position: u64) -> Result<Vec<Uuid>, Problem> {
        let commit = self.ledger.commit(position)?;
        let facts = commit.iter().flat_map(|commit| &commit.facts);
        let credentials = facts.filter(|fact| fact.stream.noun() == Credential::NOUN);
        let ids = credentials.filter_map(|fact| fact.stream.key().parse().ok());
        Ok(ids.collect())
    }
}
