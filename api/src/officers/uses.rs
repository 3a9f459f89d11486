//! When officers and institutions' servers last signed in: one small row each, beside the log.
//!
//! Invariant: nothing of it stands in a commit, and it goes when its person is forgotten. It says when, in which
//! role, by which way and link, on which kinds of device; never an address. A crash between a sign-in and its note
//! loses the note: the next sign-in writes it.

use std::collections::HashMap;
use std::sync::Arc;

use identity::did::IssuerNumber;
use identity::role::Role;
use ledger::clock::Clock;
use ledger::side::{Side, SideError, Transaction};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::problem::Problem;
use crate::side::write;
use crate::sign_in::session::{Agent, Session};

/// Person → what is known of the sign-ins.
const OFFICER: &str = "officer-use";
/// Institution, name of the key → when it last got a token.
const CLIENT: &str = "client-use";
/// When noting began, under the empty key.
const BEGUN: &str = "officer-use-begun";
const PAGE: usize = 256;

/// A sign-in in one role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Use {
    /// In which role.
    pub role: Role,
    /// For which institution.
    pub institution: Option<IssuerNumber>,
    /// When last, Unix milliseconds.
    pub at_ms: i64,
    /// By which way of signing in.
    pub by: String,
    /// By which link: the number that it names, and its own.
    pub link: Option<(Uuid, Uuid)>,
}

/// What is known of an officer's sign-ins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// The last in each role.
    pub uses: Vec<Use>,
    /// Kinds of device, and when each was last used.
    pub agents: Vec<(Agent, i64)>,
    /// How many sessions were open at once, and when that last was so: of the last thirty days, the newest last,
    /// each fewer than those before it. What is fewer and older says nothing that a later one does not.
    pub most: Vec<(usize, i64)>,
    /// When sessions on two kinds of device were last open at once.
    pub mixed_ms: Option<i64>,
}

/// Everything that was noted.
#[derive(Debug, Clone, Default)]
pub struct All {
    /// Officers.
    pub officers: HashMap<Uuid, Known>,
    /// Servers: institution, name of the key, when.
    pub clients: Vec<(IssuerNumber, String, i64)>,
    /// Since when it is noted at all; none = not yet, so nothing is known.
    pub begun_ms: Option<i64>,
}

/// The notes in a side store.
pub struct Uses {
    side: Arc<dyn Side>,
    clock: Arc<dyn Clock>,
}

impl Uses {
    /// Over `side`.
    pub fn new(side: Arc<dyn Side>, clock: Arc<dyn Clock>) -> Self {
        Self { side, clock }
    }

    /// From now on it is noted; what was before, nobody knows.
    pub(crate) fn begin(&self) -> Result<(), SideError> {
        let now = self.clock.now_ms().to_be_bytes();
        write(&*self.side, |tx| tx.put_new(BEGUN, &[], &now, None)).map(drop)
    }

    /// Notes an officer's sign-in, with the sessions that are open then, its own among them.
    pub(crate) fn note(&self, session: &Session, open: &[Session]) -> Result<(), Problem> {
        let (key, now_ms) = (session.person.as_bytes(), self.clock.now_ms());
        let mixed = open.iter().any(|it| it.agent != session.agent);
        write(&*self.side, |tx| {
            let mut known = read(tx.get(OFFICER, key)?.as_deref());
            let place = (session.role, session.institution);
            known.uses.retain(|it| (it.role, it.institution) != place);
            known.uses.push(Use {
                role: session.role,
                institution: session.institution,
                at_ms: now_ms,
                by: session.by.clone(),
                link: session.link,
            });
            known.agents.retain(|(agent, _)| *agent != session.agent);
            known.agents.push((session.agent, now_ms));
            // What was more before stays beside it until it is long over: then this one still counts.
            let recent = |at_ms: i64| now_ms.saturating_sub(at_ms) <= super::check::SEEN_MS;
            known
                .most
                .retain(|(most, at_ms)| *most > open.len() && recent(*at_ms));
            known.most.push((open.len(), now_ms));
            if mixed {
                known.mixed_ms = Some(now_ms);
            }
            let Ok(row) = serde_json::to_vec(&known) else {
                return Ok(());
            };
            tx.put(OFFICER, key, &row, None)
        })?;
        Ok(())
    }

    /// Notes a server's token, within the write that makes it.
    pub(crate) fn note_client(
        tx: &mut dyn Transaction,
        institution: IssuerNumber,
        fragment: &str,
        now_ms: i64,
    ) -> Result<(), SideError> {
        let key = [&institution.0.to_be_bytes(), fragment.as_bytes()].concat();
        tx.put(CLIENT, &key, &now_ms.to_be_bytes(), None)
    }

    /// Forgets a person.
    pub(crate) fn forget(&self, person: Uuid) -> Result<(), SideError> {
        write(&*self.side, |tx| tx.delete(OFFICER, person.as_bytes())).map(drop)
    }

    /// Since when it is noted at all, Unix milliseconds.
    pub(crate) fn begun_ms(&self) -> Result<Option<i64>, SideError> {
        Ok(self.side.get(BEGUN, &[])?.and_then(|row| time(&row)))
    }

    /// Everything that was noted.
    pub fn all(&self) -> Result<All, SideError> {
        let mut all = All {
            begun_ms: self.begun_ms()?,
            ..All::default()
        };
        self.each(OFFICER, |key, row| {
            let person = Uuid::from_slice(key).ok();
            all.officers.extend(person.map(|it| (it, read(Some(row)))));
        })?;
        self.each(CLIENT, |key, row| {
            let split = key.split_first_chunk::<4>().zip(time(row));
            all.clients.extend(split.map(|((number, name), at_ms)| {
                let name = String::from_utf8_lossy(name).into_owned();
                (IssuerNumber(u32::from_be_bytes(*number)), name, at_ms)
            }));
        })?;
        Ok(all)
    }

    fn each(&self, space: &str, mut see: impl FnMut(&[u8], &[u8])) -> Result<(), SideError> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.side.scan(space, &[], after.as_deref(), PAGE)?;
            let Some((last, _)) = page.last() else {
                return Ok(());
            };
            after = Some(last.clone());
            for (key, row) in &page {
                see(key, row);
            }
        }
    }
}

fn time(row: &[u8]) -> Option<i64> {
    row.try_into().ok().map(i64::from_be_bytes)
}

/// A row that does not read says nothing.
fn read(row: Option<&[u8]>) -> Known {
    row.and_then(|row| serde_json::from_slice(row).ok())
        .unwrap_or_default()
}
