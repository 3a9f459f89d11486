//! Credentials that are in doubt because somebody else may have spoken in their institution's name.
//!
//! Invariant: who checks offline is told of each of them (STANDARDS §4, `disputed`); a bit that only a
//! stolen key set is clear, and does not pass for the institution's word.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use credentials::credential::Credential;
use credentials::status_list::state::Change;
use credentials::verify::Standing;
use identity::did::IssuerNumber;
use identity::institution::{self, Institution, Ranges};
use ledger::decision::Aggregate as _;
use uuid::Uuid;

use crate::app::App;
use crate::cache::Cache;
use crate::problem::Problem;

/// Institutions whose doubted credentials are kept in memory.
const KEPT_MAX: usize = 64;

/// An institution, how often its doubts changed, and how many facts its lists have.
type Key = (IssuerNumber, usize, u64);

/// What was found of each: nothing else can change it.
#[derive(Debug)]
pub struct Doubts(Mutex<Cache<Key, Ranges>>);

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
        // It may have certified what one awarded that was merged into it.
        let mut spoken = Vec::with_capacity(1);
        for before in &institution.life.absorbed {
            spoken.push((*before, self.institution(*before)?));
        }
        let calm = spoken.iter().all(|(_, it)| it.is_undisputed());
        if calm && institution.is_undisputed() {
            return Ok(Ranges::default());
        }
        let lists = self.lists_of(number)?;
        let facts = lists.iter().map(|(_, list)| list.facts).sum();
        let before: usize = spoken.iter().map(|(_, it)| it.doubts()).sum();
        let key = (number, institution.doubts() + before, facts);
        let kept = self.doubts.0.lock();
        if let Some(found) = kept.unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(found);
        }
        let mut positions = Vec::new();
        let (mut of_outcomes, mut whole) = self.doubted_by_outcome(number, institution)?;
        for (number, it) in &spoken {
            let (more, all) = self.doubted_by_outcome(*number, it)?;
            of_outcomes.extend(more);
            whole &= all;
        }
        for id in of_outcomes {
            positions.extend(self.doubted_at(id, &[Standing::Disputed, Standing::Revoked])?);
        }
        // What was repudiated was never said: it puts nothing in doubt any more.
        let waits = |change: &&Change| {
            change.signed.standing(institution) == institution::Standing::Disputed
        };
        for change in lists
            .iter()
            .flat_map(|(_, list)| list.changes.iter().filter(waits))
        {
            for id in self.changed_at(change.position)? {
                positions.extend(self.doubted_at(id, &[Standing::Disputed])?);
            }
        }
        let found = Ranges::of(positions);
        if whole {
            let mut kept = self.doubts.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.put(key, found.clone());
        }
        Ok(found)
    }

    /// Where the credential was issued, if it stands like this.
    fn doubted_at(&self, id: Uuid, how: &[Standing]) -> Result<Option<(u64, u64)>, Problem> {
        let (credential, issued) = self.credential(id)?;
        let standing = self.credential_standing(&credential, &issued)?;
        let at = issued.by.position;
        Ok(how.contains(&standing).then_some((at, at)))
    }

    /// The credentials of outcomes that the institution does not stand for, or not yet; and whether the
    /// view had all of them.
    fn doubted_by_outcome(
        &self,
        number: IssuerNumber,
        institution: &Institution,
    ) -> Result<(BTreeSet<Uuid>, bool), Problem> {
        let folded = self.views.follower.next();
        // What a successor said of its outcomes is as doubtful as the successor's own.
        let all = institution.heirs.iter().map(AsRef::as_ref);
        let in_doubt = all.chain([institution]).fold(Ranges::default(), |all, it| {
            all.and(&it.disputed()).and(&it.repudiated())
        });
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
        Ok((ids, whole))
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
