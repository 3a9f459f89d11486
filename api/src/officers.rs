//! Whose officer's account nobody uses, several seem to share, or was never made the officer's own (MLPS 2.0 L3,
//! GB/T 22239-2019 8.1.4 items 06-07).
//!
//! Invariant: it only reports; taking a role away stays the act of two. What is found rests on the log (who holds
//! what since when), on notes of sign-ins beside it, and on the settings; it names officers and no learner. Each
//! finding is told once, for as long as it stands. A crash repeats the night's round.

pub mod check;
pub mod uses;

use std::collections::HashSet;

use identity::did::IssuerNumber;
use identity::institution::{Condition, Institution, KeyUse};
use identity::person::link::{self, Link};
use identity::person::{Person, wire};
use identity::role::Role;
use ledger::assertion::By;
use ledger::commit::Commit;
use ledger::hash::Digest;
use uuid::Uuid;

use crate::app::App;
use crate::notices::Told;
use crate::problem::Problem;
use crate::side::write;
use check::{Basis, Finding};

/// Finding → since when it stands, Unix milliseconds: it was told.
const TOLD: &str = "officer-finding";
/// The day of the last round, under the empty key.
const ROUND: &str = "officer-round";
/// Findings that are kept as told; more are told again.
const TOLD_MAX: usize = 65_536;

/// A role that somebody holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Who.
    pub person: Uuid,
    /// Which.
    pub role: Role,
    /// For which institution; none = the province.
    pub institution: Option<IssuerNumber>,
    /// Since when, Unix milliseconds.
    pub since_ms: i64,
    /// Since when the operator's invitation is the only way in, if it is.
    pub invited_ms: Option<i64>,
}

/// A key by which an institution's server signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientKey {
    /// Whose.
    pub institution: IssuerNumber,
    /// Its name behind `#`.
    pub fragment: String,
    /// Since when, Unix milliseconds.
    pub since_ms: i64,
}

/// Everybody who acts for the province or an institution, as the log says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roster {
    /// People.
    pub held: Vec<Held>,
    /// Servers.
    pub clients: Vec<ClientKey>,
}

/// Since when the operator's invitation is the only way in: every account that signs the person in was linked by
/// the person alone, without anybody who was signed in or a second person. `commit` reads the log.
pub fn invited_since<E>(
    person: Uuid,
    links: &[Link],
    mut commit: impl FnMut(u64) -> Result<Option<Commit>, E>,
) -> Result<Option<i64>, E> {
    let mut first = None;
    for it in links {
        let Some(commit) = commit(it.at)? else {
            return Ok(None);
        };
        let said = &commit.assertion;
        let alone = said
            .act()
            .is_some_and(|act| act.person == person && act.by == By::Token);
        if said.kind() != link::confirm::KIND || !alone {
            return Ok(None);
        }
        first = first.or(Some(commit.recorded_at_ms));
    }
    Ok(first)
}

impl App {
    /// What there is to say of officers' accounts now, the oldest first.
    pub fn check_officers(&self) -> Result<Vec<Finding>, Problem> {
        let basis = Basis {
            uses: self.officer_uses.all()?,
            tokens: check::tokens(&self.tokens)?,
            limits: &self.config.officers,
            bearer_tokens: self.config.sign_in.bearer_tokens,
            is_demo: self.demo,
            now_ms: self.now_ms(),
        };
        Ok(check::findings(&self.roster()?, &basis))
    }

    fn roster(&self) -> Result<Roster, Problem> {
        let recorded = |position| -> Result<i64, Problem> {
            let commit = self.ledger.commit(position)?;
            Ok(commit.map_or(i64::MAX, |it| it.recorded_at_ms))
        };
        let mut roster = Roster::default();
        for it in self.views.people.roster()? {
            let state = self.ledger.state::<Person>(&wire::stream(it.person))?;
            let links = state.links.standing();
            roster.held.push(Held {
                person: it.person,
                role: it.role,
                institution: it.institution,
                since_ms: recorded(it.granted)?,
                invited_ms: invited_since(it.person, links, |at| self.ledger.commit(at))?,
            });
        }
        for it in self.views.institutions.all()?.0 {
            let Some(profile) = it
                .admitted
                .as_ref()
                .filter(|_| it.condition() == Condition::Open)
            else {
                continue;
            };
            for key in clients(&it) {
                roster.clients.push(ClientKey {
                    institution: profile.number,
                    fragment: key.fragment.clone(),
                    since_ms: recorded(key.activated)?,
                });
            }
        }
        Ok(roster)
    }

    /// Once a day: tells the security administrators of each finding that they were not told of.
    pub(crate) fn check_officers_nightly(&self) -> Result<(), Problem> {
        let today = self.today().to_string();
        if self.side.get(ROUND, &[])?.as_deref() == Some(today.as_bytes()) {
            return Ok(());
        }
        let findings = self.check_officers()?;
        let known = self.side.scan(TOLD, &[], None, TOLD_MAX)?;
        let known: HashSet<Vec<u8>> = known.into_iter().map(|(key, _)| key).collect();
        let names: Vec<Digest> = findings.iter().map(Finding::name).collect();
        let mut told: Vec<Told> = Vec::new();
        let mut new = Vec::new();
        let security: Vec<Uuid> = {
            let all = self.views.people.officers(IssuerNumber::REGISTRAR)?;
            let all = all.into_iter().filter(|it| it.role == Role::Security);
            all.map(|it| it.person).collect()
        };
        for (finding, name) in findings.iter().zip(&names) {
            if known.contains(name.0.as_slice()) {
                continue;
            }
            for person in &security {
                told.push(self.tell_of_finding(*person, *name)?);
            }
            new.push((*name, finding.since_ms));
        }
        // What was put right is forgotten: if it comes again it is told again.
        let stand: HashSet<&[u8]> = names.iter().map(|name| name.0.as_slice()).collect();
        let over = known.iter().filter(|key| !stand.contains(key.as_slice()));
        let over: Vec<&Vec<u8>> = over.collect();
        write(&*self.side, |tx| {
            for it in &told {
                it.write(tx)?;
            }
            for (name, since_ms) in &new {
                tx.put(TOLD, &name.0, &since_ms.to_be_bytes(), None)?;
            }
            for key in &over {
                tx.delete(TOLD, key)?;
            }
            tx.put(ROUND, &[], today.as_bytes(), None)
        })?;
        if !new.is_empty() {
            tracing::warn!(
                findings = new.len(),
                "accounts of officers need a look: GET /v1/officers/check"
            );
        }
        Ok(())
    }
}

/// The keys by which an institution's servers sign in now.
pub fn clients(institution: &Institution) -> impl Iterator<Item = &identity::institution::Key> {
    let keys = institution.keys.iter();
    keys.filter(|key| {
        key.r#use == KeyUse::Client && key.retired.is_none() && key.cut_offs.is_empty()
    })
}
