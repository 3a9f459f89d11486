//! What waits to go out, and how it is tried again.
//!
//! Invariant: an entry leaves the outbox when it was taken, refused for good, or must not go any more; a
//! crash between sending and removing sends it twice, under one id, which a gateway can tell.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::erasable::Opened;
use identity::person::consent::Use;
use identity::person::contact::Channel;
use identity::person::recovery::veto;
use identity::person::state::Barred;
use identity::person::{Person, wire};
use identity::purpose::Purpose;
use ledger::hash::Digest;
use ledger::side::SideError;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Matter, Notice, OUTBOX, Row, Undelivered, VETO, text};
use crate::app::App;
use crate::problem::{Problem, Reason};
use crate::side::write;
use crate::vault::VaultError;

/// Entries sent in one round.
const ROUND: usize = 64;
/// Times that something is tried: two hours long, and what guards the account, which leaves three days to
/// say no, for as long as that.
const fn tries_max(matter: &Matter) -> u8 {
    if matter.guards_account() { 75 } else { 8 }
}

const MINUTE_MS: i64 = 60_000;
/// Random bytes of a link that says no.
const SECRET_BYTES: usize = 20;

/// Something to be sent on one channel.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    person: Uuid,
    channel: Channel,
    /// To where the channel led before: who took the account over set another address first.
    #[serde(default)]
    before: Option<Uuid>,
    notice: Uuid,
    matter: Matter,
    tries: u8,
    /// What stands behind the link that says no.
    secret: Option<String>,
}

/// What a link that says no stops.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stops {
    person: Uuid,
    recovery: Uuid,
}

/// In order of being due; the channel, and which address of it, keep two of one notice apart.
fn key(due_ms: i64, entry: &Entry) -> Vec<u8> {
    let due = u64::try_from(due_ms).unwrap_or_default().to_be_bytes();
    let before = entry
        .before
        .map_or_else(Vec::new, |by| by.as_bytes().to_vec());
    [
        due.as_slice(),
        entry.notice.as_bytes().as_slice(),
        entry.channel.as_str().as_bytes(),
        before.as_slice(),
    ]
    .concat()
}

fn due_of(key: &[u8]) -> i64 {
    let due = key.first_chunk().map_or(0, |due| u64::from_be_bytes(*due));
    i64::try_from(due).unwrap_or(i64::MAX)
}

impl App {
    /// The rows of what is to be sent for a notice.
    pub(super) fn post(
        &self,
        person: Uuid,
        notice: &Notice,
        rows: &mut Vec<Row>,
    ) -> Result<(), Problem> {
        let state = self.ledger.state::<Person>(&wire::stream(person))?;
        let now_ms = self.now_ms();
        for (channel, _) in &self.notices.carriers {
            let now = state.contacts.get(*channel).map(|_| None);
            let before = state.contacts.before(*channel, now_ms);
            let before = before.filter(|_| notice.matter.guards_account());
            for before in now.into_iter().chain(before.map(|(by, _)| Some(by.id))) {
                let secret = match notice.matter {
                    Matter::RecoveryStarted { recovery, ready_ms } => {
                        let stops = Stops { person, recovery };
                        Some(self.veto_link(stops, ready_ms, rows)?)
                    }
                    _ => None,
                };
                let entry = Entry {
                    person,
                    channel: *channel,
                    before,
                    notice: notice.id,
                    matter: notice.matter.clone(),
                    tries: 0,
                    secret,
                };
                let key = key(now_ms, &entry);
                rows.push(Row {
                    space: OUTBOX,
                    value: self.notices.sealed(OUTBOX, &key, &entry)?,
                    key,
                    expires_at_ms: None,
                });
            }
        }
        Ok(())
    }

    /// A secret whose holder can stop a recovery; only its hash is kept.
    fn veto_link(
        &self,
        stops: Stops,
        ready_ms: i64,
        rows: &mut Vec<Row>,
    ) -> Result<String, Problem> {
        let secret = URL_SAFE_NO_PAD.encode(ledger::clock::random::<SECRET_BYTES>());
        let key = Digest::of(secret.as_bytes()).0.to_vec();
        rows.push(Row {
            space: VETO,
            value: self.notices.sealed(VETO, &key, &stops)?,
            key,
            // As long as it can be completed, it can be stopped.
            expires_at_ms: Some(ready_ms.saturating_add(identity::person::recovery::OPEN_MS)),
        });
        Ok(secret)
    }

    /// Says no to the recovery that the link stops, as its holder asks.
    pub(crate) fn veto_by_link(&self, secret: &str) -> Result<(), Problem> {
        let key = Digest::of(secret.as_bytes()).0;
        let row = self.side.get(VETO, &key)?;
        let stops = row.and_then(|row| self.notices.opened::<Stops>(VETO, &key, &row));
        let Stops { person, recovery } = stops.ok_or(Problem::of(Reason::RecoveryUnknown))?;
        let data = veto::Data { person, recovery };
        self.say(veto::HALT, &data, None)?;
        Ok(())
    }

    /// Sends what is due; says how much went out.
    pub(super) fn send_due(&self) -> Result<usize, Problem> {
        let now_ms = self.now_ms();
        let mut sent = 0;
        for (key, row) in self.side.scan(OUTBOX, &[], None, ROUND)? {
            if due_of(&key) > now_ms {
                break;
            }
            let Some(entry) = self.notices.opened::<Entry>(OUTBOX, &key, &row) else {
                self.done(&key)?;
                continue;
            };
            match self.send(&key, entry.clone()) {
                Ok(went) => sent += usize::from(went),
                // One whose contact cannot be read must not hold up the others.
                Err(problem) => {
                    let why = problem.internal.unwrap_or_default();
                    tracing::error!(notice = %entry.notice, why, reason = ?problem.reason, "a notice waits");
                    let wait_ms = MINUTE_MS * 60;
                    self.later(&key, &entry, now_ms.saturating_add(wait_ms))?;
                }
            }
        }
        Ok(sent)
    }

    /// Sends one entry, or finds why it must not go now or ever.
    fn send(&self, key: &[u8], entry: Entry) -> Result<bool, Problem> {
        let now_ms = self.now_ms();
        let preferences = self.notices.preferences(entry.person)?;
        let Some(to) = self.address(&entry, preferences.wants(entry.channel))? else {
            self.done(key)?;
            return Ok(false);
        };
        let awake_ms = preferences.awake_from(now_ms);
        if awake_ms > now_ms && !entry.matter.guards_account() {
            self.later(key, &entry, awake_ms)?;
            return Ok(false);
        }
        let carriers = self.notices.carriers.iter();
        let mut carriers = carriers.filter(|(channel, _)| *channel == entry.channel);
        let Some((_, carrier)) = carriers.next() else {
            self.done(key)?;
            return Ok(false);
        };
        let link = entry.secret.as_ref();
        let link = link.map(|secret| format!("https://{}/r/{secret}", self.host));
        let text = text(&entry.matter, preferences.language(), link.as_deref());
        match carrier.carry(&to, &text, entry.notice) {
            Ok(()) => {
                self.done(key)?;
                Ok(true)
            }
            Err(Undelivered::Later(why)) if entry.tries + 1 < tries_max(&entry.matter) => {
                tracing::warn!(notice = %entry.notice, channel = entry.channel.as_str(), why, "a notice waits");
                // 1, 2, 4 … 64 minutes, then each hour.
                let wait_ms = MINUTE_MS << entry.tries.min(6);
                let tries = entry.tries + 1;
                self.later(
                    key,
                    &Entry { tries, ..entry },
                    now_ms.saturating_add(wait_ms),
                )?;
                Ok(false)
            }
            Err(error) => {
                tracing::error!(notice = %entry.notice, channel = entry.channel.as_str(), %error, "a notice stays in the inbox alone");
                self.done(key)?;
                Ok(false)
            }
        }
    }

    /// Where it goes, if it may: the person lives and is not forgotten, the contact is still set, and but
    /// for what guards the account, the person said yes and wants it.
    fn address(&self, entry: &Entry, wanted: bool) -> Result<Option<String>, Problem> {
        let state = self.ledger.state::<Person>(&wire::stream(entry.person))?;
        let may = matches!(state.barred(), None | Some(Barred::Suspended));
        let agreed = state.consents.given(Use::Contact).is_some() && wanted;
        let mut before = state.contacts.before(entry.channel, self.now_ms());
        let leads = if let Some(id) = entry.before {
            before.find(|(by, _)| by.id == id)
        } else {
            let now = state.contacts.get(entry.channel);
            now.map(|(by, values)| (*by, values))
        };
        let Some((by, values)) = leads else {
            return Ok(None);
        };
        if !may || !(agreed || entry.matter.guards_account()) || state.is_closed(Purpose::Contact) {
            return Ok(None);
        }
        let opened = self
            .vault
            .opened(entry.person, Purpose::Contact, by.id, values);
        match opened {
            Ok(opened) => {
                let value = opened.iter().find(|it| it.name() == entry.channel.member());
                Ok(value.and_then(Opened::expose_text).map(str::to_owned))
            }
            Err(VaultError::Erased | VaultError::NotHere) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn done(&self, key: &[u8]) -> Result<(), Problem> {
        write(&*self.side, |tx| tx.delete(OUTBOX, key).map(|_| ()))?;
        Ok(())
    }

    fn later(&self, key_now: &[u8], entry: &Entry, due_ms: i64) -> Result<(), Problem> {
        let then = key(due_ms, entry);
        let sealed = self.notices.sealed(OUTBOX, &then, entry)?;
        write(&*self.side, |tx| {
            tx.delete(OUTBOX, key_now)?;
            tx.put(OUTBOX, &then, &sealed, None)?;
            Ok::<_, SideError>(())
        })?;
        Ok(())
    }
}
