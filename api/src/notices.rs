//! Telling people what concerns them: in the inbox of the account, by mail, by message (SECURITY §1.4, §1.5).
//!
//! Invariant: what is told follows from the log alone, so each commit tells each person once, whoever
//! stops in between: the position reached, the inbox and the outbox are one transaction. What no commit says
//! (a delegation ends soon, an app was closed) has a name of its own and is written with what it follows from. What leaves the
//! house names nobody and nothing that was learned. A message may go out twice, never not at all.

pub mod mail;
mod matter;
mod outbox;
mod prefs;
pub mod sms;
pub mod texts;

use std::sync::Arc;

use identity::date::start_of;
use identity::person::contact::Channel;
use identity::person::delegation::Basis;
use identity::person::{Person, wire};
use jiff::ToSpan as _;
use ledger::hash::Digest;
use ledger::side::{Side, SideError, Transaction};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::master::MasterKey;
use crate::problem::Problem;
use crate::seal::SealKey;
use crate::side::write;

pub use matter::Matter;
pub use prefs::Preferences;
pub use texts::{Text, text};

/// Person, notice → what is told, sealed.
const INBOX: &str = "notice";
/// When it is due, notice, channel → what is to be sent, sealed.
const OUTBOX: &str = "notice-out";
/// Up to which position the log was read, under the empty key.
const MARK: &str = "notice-mark";
/// Hash of a veto link's secret → the recovery it stops, sealed.
const VETO: &str = "notice-veto";
/// Commits read in one round.
const ROUND: u64 = 256;
/// Days before its end on which somebody is reminded of a delegation.
const REMINDED_DAYS: i64 = 30;
/// Delegations looked at in one round.
const ENDINGS_MAX: usize = 1_024;
/// Notices shown at once, the newest.
pub const SHOWN_MAX: usize = 200;

/// What somebody is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// Its name.
    pub id: Uuid,
    /// About what.
    pub matter: Matter,
    /// Position of the commit that it follows from.
    pub position: u64,
    /// When that was recorded, Unix milliseconds.
    pub at_ms: i64,
    /// Whether it was read.
    pub read: bool,
}

/// Why something did not go out.
#[derive(Debug, thiserror::Error)]
pub enum Undelivered {
    /// The other side will never take it: the address does not exist.
    #[error("refused for good: {0}")]
    Refused(String),
    /// The other side did not take it now.
    #[error("not taken now: {0}")]
    Later(String),
}

/// A notice that is written together with what it tells of.
pub(crate) struct Told(Vec<Row>);

impl Told {
    /// Writes it, within that write.
    pub(crate) fn write(&self, tx: &mut dyn Transaction) -> Result<(), SideError> {
        put_all(tx, &self.0)
    }
}

/// What carries a text out of the house.
pub trait Carrier: Send + Sync {
    /// Sends `text` to a number or address; `id` is the same when it is sent again.
    fn carry(&self, to: &str, text: &Text, id: Uuid) -> Result<(), Undelivered>;
}

/// What carries on each channel.
pub type Carriers = Vec<(Channel, Arc<dyn Carrier>)>;

/// Inbox and outbox in a side store.
pub struct Notices {
    side: Arc<dyn Side>,
    seal: SealKey,
    carriers: Carriers,
}

impl std::fmt::Debug for Notices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Notices")
    }
}

impl Notices {
    /// Over `side`, under a key derived from `master`; what has no carrier stays in the inbox.
    pub fn new(side: Arc<dyn Side>, master: &MasterKey, carriers: Carriers) -> Self {
        Self {
            side,
            seal: master.sub_key("notices"),
            carriers,
        }
    }

    /// What `person` was told, newest first, as far as it is shown.
    pub fn inbox(&self, person: Uuid) -> Result<Vec<Notice>, Problem> {
        let mut notices = self.told(person)?;
        notices.truncate(SHOWN_MAX);
        Ok(notices)
    }

    /// Everything `person` was told and that is kept, newest first.
    pub fn told(&self, person: Uuid) -> Result<Vec<Notice>, Problem> {
        let mut notices = Vec::new();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self
                .side
                .scan(INBOX, person.as_bytes(), after.as_deref(), 256)?;
            let Some((last, _)) = page.last() else {
                break;
            };
            after = Some(last.clone());
            for (key, row) in &page {
                notices.extend(self.opened::<Notice>(INBOX, key, row));
            }
        }
        notices.sort_by_key(|it: &Notice| std::cmp::Reverse((it.at_ms, it.position)));
        Ok(notices)
    }

    /// Marks a notice as read; says whether there is one.
    pub fn mark_read(&self, person: Uuid, id: Uuid) -> Result<bool, Problem> {
        let key = inbox_key(person, id);
        let Some(row) = self.side.get(INBOX, &key)? else {
            return Ok(false);
        };
        let Some(mut notice) = self.opened::<Notice>(INBOX, &key, &row) else {
            return Ok(false);
        };
        notice.read = true;
        let sealed = self.sealed(INBOX, &key, &notice)?;
        write(&*self.side, |tx| {
            // Who was forgotten meanwhile stays forgotten.
            match tx.get(INBOX, &key)? {
                Some(_) => tx.put(INBOX, &key, &sealed, None),
                None => Ok(()),
            }
        })?;
        Ok(true)
    }

    /// Forgets a person: nothing is told any more, nothing told is kept.
    pub fn forget(&self, person: Uuid) -> Result<(), SideError> {
        loop {
            let page = self.side.scan(INBOX, person.as_bytes(), None, 256)?;
            if page.is_empty() {
                break;
            }
            write(&*self.side, |tx| {
                for (key, _) in &page {
                    tx.delete(INBOX, key)?;
                }
                Ok::<_, SideError>(())
            })?;
        }
        self.forget_preferences(person)
    }

    fn sealed<T: Serialize>(&self, space: &str, key: &[u8], value: &T) -> Result<Vec<u8>, Problem> {
        let bytes = serde_json::to_vec(value).map_err(Problem::internal)?;
        self.seal
            .seal(&[space.as_bytes(), key], &bytes)
            .map_err(Problem::internal)
    }

    /// What does not open is a row of another key: it is passed over, not shown.
    fn opened<T: serde::de::DeserializeOwned>(
        &self,
        space: &str,
        key: &[u8],
        row: &[u8],
    ) -> Option<T> {
        let opened = self.seal.open(&[space.as_bytes(), key], row).ok()?;
        serde_json::from_slice(&opened).ok()
    }
}

fn inbox_key(person: Uuid, id: Uuid) -> Vec<u8> {
    [person.as_bytes().as_slice(), id.as_bytes()].concat()
}

/// The name of a notice: in order of the log, and the same whenever it is derived.
fn notice_id(at_ms: i64, position: u64, person: Uuid, matter: &Matter) -> Uuid {
    let parts: [&[u8]; 3] = [
        &position.to_be_bytes(),
        person.as_bytes(),
        matter.name().as_bytes(),
    ];
    timed(at_ms, ledger::clock::uuid_v8("xuefen/notice", &parts))
}

/// The name of a reminder: one for each delegation, in the order of the days on which they are due.
fn ending_id(it: &projections::people::Delegation) -> Uuid {
    let due = it.until.saturating_sub(REMINDED_DAYS.days());
    let due_ms = start_of(due);
    let random = ledger::clock::uuid_v8("xuefen/notice/ending", &[it.delegation.as_bytes()]);
    timed(due_ms, random)
}

/// `random` with the time in front, so that names stand in its order.
fn timed(at_ms: i64, random: Uuid) -> Uuid {
    let millis = u64::try_from(at_ms).unwrap_or_default().to_be_bytes();
    let mut bytes = *random.as_bytes();
    if let (Some(head), [_, _, time @ ..]) = (bytes.get_mut(..6), millis) {
        head.copy_from_slice(&time);
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

impl App {
    /// Reads on in the log and sends what is due; says how many commits were read and texts sent.
    pub fn tell(&self) -> Result<(u64, usize), Problem> {
        let read = self.read_on()?;
        let sent = self.send_due()?;
        Ok((read, sent))
    }

    /// Once a second until the server stops: reads on and sends.
    pub fn keep_telling(self: &Arc<Self>) {
        let app = Arc::downgrade(self);
        let keeping = std::thread::Builder::new()
            .name("notices".into())
            .spawn(move || {
                loop {
                    std::thread::sleep(std::time::Duration::from_secs(1));
                    let Some(app) = app.upgrade().filter(|app| !app.metrics.is_stopping()) else {
                        return;
                    };
                    // A log that grows faster than a round a second is caught up with at once.
                    loop {
                        match app.tell() {
                            Ok((ROUND, _)) => {}
                            Ok(_) => break,
                            Err(problem) => {
                                let why = problem.internal.unwrap_or_default();
                                tracing::error!(why, reason = ?problem.reason, "notices wait");
                                break;
                            }
                        }
                    }
                }
            });
        if let Err(error) = keeping {
            tracing::error!(%error, "no thread for notices");
        }
    }

    /// Reminds whom it concerns of delegations that end within a month: once each.
    pub(crate) fn remind_of_endings(&self) -> Result<(), Problem> {
        let horizon = self.today().saturating_add(REMINDED_DAYS.days());
        for it in self.views.people.delegations_until(horizon, ENDINGS_MAX)? {
            let matter = Matter::DelegationEnding {
                delegation: it.delegation,
            };
            let notice = Notice {
                id: ending_id(&it),
                matter,
                position: self.ledger.tail().next().saturating_sub(1),
                at_ms: self.now_ms(),
                read: false,
            };
            let key = inbox_key(it.principal, notice.id);
            // A guardian's ends by the child's age, which nobody prolongs.
            let state = self.ledger.state::<Person>(&wire::stream(it.principal))?;
            if it.basis == Basis::Guardian
                || state.barred().is_some()
                || self.side.get(INBOX, &key)?.is_some()
            {
                continue;
            }
            let mut rows = Vec::new();
            self.rows_of(it.principal, &notice, &mut rows)?;
            write(&*self.side, |tx| put_all(tx, &rows))?;
        }
        Ok(())
    }

    /// What tells a person that an app was closed because a token of it was used twice: no commit says so.
    pub(crate) fn tell_of_app(&self, person: Uuid, family: Digest) -> Result<Told, Problem> {
        let random = ledger::clock::uuid_v8("xuefen/notice/app", &[&family.0]);
        self.tell_beside(person, random, Matter::AppClosed)
    }

    /// What tells a security administrator of something about an officer's account: no commit says so.
    pub(crate) fn tell_of_finding(&self, person: Uuid, finding: Digest) -> Result<Told, Problem> {
        let random = ledger::clock::uuid_v8("xuefen/notice/officer", &[&finding.0]);
        self.tell_beside(person, random, Matter::OfficerFinding)
    }

    /// A notice that follows from no commit.
    fn tell_beside(&self, person: Uuid, random: Uuid, matter: Matter) -> Result<Told, Problem> {
        let at_ms = self.now_ms();
        let notice = Notice {
            id: timed(at_ms, random),
            matter,
            position: self.ledger.tail().next().saturating_sub(1),
            at_ms,
            read: false,
        };
        let mut rows = Vec::new();
        self.rows_of(person, &notice, &mut rows)?;
        Ok(Told(rows))
    }

    /// Derives notices from the commits that were not read yet.
    fn read_on(&self) -> Result<u64, Problem> {
        let head = self.ledger.tail().next();
        let mark = self.side.get(MARK, &[])?;
        let mark = mark.and_then(|row| Some(u64::from_be_bytes(row.try_into().ok()?)));
        // A store that is new, or restored from nothing, does not tell years anew.
        let from = mark.unwrap_or(head);
        let until = head.min(from.saturating_add(ROUND));
        if mark.is_some() && until == from {
            return Ok(0);
        }
        let mut rows = Vec::new();
        for position in from..until {
            let Some(commit) = self.ledger.commit(position)? else {
                return Ok(0);
            };
            for (person, matter) in self.matters_of(&commit)? {
                let at_ms = commit.recorded_at_ms;
                let notice = Notice {
                    id: notice_id(at_ms, position, person, &matter),
                    matter,
                    position,
                    at_ms,
                    read: false,
                };
                self.rows_of(person, &notice, &mut rows)?;
            }
        }
        write(&*self.side, |tx| {
            put_all(tx, &rows)?;
            tx.put(MARK, &[], &until.to_be_bytes(), None)
        })?;
        Ok(until - from)
    }

    /// What is written for one notice: the inbox, and what is to be sent.
    fn rows_of(&self, person: Uuid, notice: &Notice, rows: &mut Vec<Row>) -> Result<(), Problem> {
        let state = self.ledger.state::<Person>(&wire::stream(person))?;
        if state.is_forgotten() {
            return Ok(());
        }
        let key = inbox_key(person, notice.id);
        rows.push(Row {
            space: INBOX,
            value: self.notices.sealed(INBOX, &key, notice)?,
            key,
            expires_at_ms: None,
        });
        self.post(person, notice, rows)
    }
}

fn put_all(tx: &mut dyn Transaction, rows: &[Row]) -> Result<(), SideError> {
    for row in rows {
        tx.put(row.space, &row.key, &row.value, row.expires_at_ms)?;
    }
    Ok(())
}

/// A row to be written.
struct Row {
    space: &'static str,
    key: Vec<u8>,
    value: Vec<u8>,
    expires_at_ms: Option<i64>,
}
