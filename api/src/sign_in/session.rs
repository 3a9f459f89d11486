//! Sessions of people: an opaque cookie, everything else in the side store.
//!
//! Invariant: a cookie's text is sent once and never stored, only its SHA-256; a session that was ended,
//! has run out or was replaced opens nothing, and nothing brings it back: using one never writes a row
//! that is not there. The text changes whenever who the person is was shown anew.
//! A crash between storing and answering leaves a session that nobody knows; it runs out.

pub mod family;

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::did::IssuerNumber;
use identity::person::assurance::Level;
use identity::role::Role;
use ledger::clock::{self, Clock};
use ledger::hash::Digest;
use ledger::side::{Side, SideError, Transaction};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::Signed;
use crate::extract::Caller;
use crate::master::MasterKey;
use crate::problem::Problem;
use crate::seal::MacKey;
use crate::side::write;

/// The cookie. A browser takes a name with this prefix only with Secure, Path=/ and without Domain, so
/// that no other host of the domain can set it (RFC 6265bis §4.1.3).
pub const COOKIE: &str = "__Host-xf-session";
/// The header that a write with a cookie needs.
pub const CSRF: HeaderName = HeaderName::from_static("x-csrf-token");
/// Sessions that one person may have at once: a further one ends the one used longest ago.
pub const PER_PERSON_MAX: usize = 50;

const SPACE: &str = "session";
/// Person, hash of a session → nothing.
const OF_PERSON: &str = "session-of";
/// Uses closer together than this are one: a use is a write.
const TOUCH_MS: i64 = 60_000;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// How long a session may last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Term {
    /// 30 days.
    Learner,
    /// 90 days: signing in is a hurdle.
    Elder,
    /// 8 hours, and 15 minutes without use.
    Officer,
}

impl Term {
    /// Milliseconds from its beginning, whatever happens.
    pub const fn absolute_ms(self) -> i64 {
        match self {
            Self::Learner => 30 * DAY_MS,
            Self::Elder => 90 * DAY_MS,
            Self::Officer => 8 * 60 * MINUTE_MS,
        }
    }

    /// Milliseconds without use.
    pub const fn idle_ms(self) -> Option<i64> {
        match self {
            Self::Learner | Self::Elder => None,
            Self::Officer => Some(15 * MINUTE_MS),
        }
    }
}

/// From what somebody signed in, as far as a person knows it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Agent {
    /// A phone's browser.
    Phone,
    /// A tablet's browser.
    Tablet,
    /// A computer's browser.
    Computer,
    /// No browser.
    Program,
}

impl Agent {
    /// By what the browser says of itself; the text is not kept.
    pub fn of(headers: &HeaderMap) -> Self {
        let sent = headers.get(header::USER_AGENT);
        let sent = sent.and_then(|it| it.to_str().ok()).unwrap_or_default();
        let says = |word: &str| sent.contains(word);
        if !says("Mozilla/") {
            Self::Program
        } else if says("iPad") || says("Tablet") || (says("Android") && !says("Mobile")) {
            Self::Tablet
        } else if says("Mobile") || says("iPhone") || says("HarmonyOS") {
            Self::Phone
        } else {
            Self::Computer
        }
    }
}

/// Who signed in, and how well that was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// The person.
    pub person: Uuid,
    /// In which role.
    pub role: Role,
    /// For which institution.
    pub institution: Option<IssuerNumber>,
    /// Level of assurance (SECURITY §1.3).
    pub loa: Level,
    /// By which way of signing in: a provider's name, `passkey`, or `demo`.
    pub by: String,
    /// By which link or passkey: the number that it names, and its own.
    #[serde(default)]
    pub link: Option<(Uuid, Uuid)>,
    /// How long it may last.
    pub term: Term,
    /// From what.
    pub agent: Agent,
    /// When the person first signed in here.
    pub made_at_ms: i64,
    /// When this session began, by our clock: after whatever it must come after.
    #[serde(default)]
    pub begun_at_ms: i64,
    /// When who it is was last shown.
    pub proven_at_ms: i64,
    /// When it was last used, to the minute.
    pub used_at_ms: i64,
    /// The app that holds it, if it is no browser's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<family::Given>,
}

impl Session {
    /// Unix milliseconds from which on it opens nothing.
    pub fn ends_at_ms(&self) -> i64 {
        let absolute = self.made_at_ms.saturating_add(self.term.absolute_ms());
        let idle = self.term.idle_ms();
        let idle = idle.map_or(i64::MAX, |idle| self.used_at_ms.saturating_add(idle));
        absolute.min(idle)
    }

    /// Who calls with it.
    pub(crate) fn caller(&self, id: Digest) -> Caller {
        Caller {
            person: self.person,
            role: self.role,
            institution: self.institution,
            signed: Signed::Session {
                id,
                loa: self.loa,
                proven_at_ms: self.proven_at_ms,
                begun_at_ms: self.begun_at_ms,
                by_sheet: self.by == BY_SHEET,
                by_app: self.app.is_some(),
                by_passkey: self.by == BY_PASSKEY,
            },
        }
    }
}

/// The text of a session and how a browser keeps it.
pub struct Opened {
    /// The cookie's text.
    pub secret: Zeroizing<String>,
    /// Its name in lists.
    pub id: Digest,
    term: Term,
}

impl Opened {
    /// The `Set-Cookie` that gives it to the browser. An officer's goes when the browser closes.
    pub fn cookie(&self) -> Zeroizing<String> {
        let kept = match self.term {
            Term::Officer => String::new(),
            Term::Learner | Term::Elder => {
                format!("; Max-Age={}", self.term.absolute_ms() / 1_000)
            }
        };
        let secret = self.secret.as_str();
        Zeroizing::new(format!("{COOKIE}={secret}; {ATTRIBUTES}{kept}"))
    }
}

/// The way of signing in of whoever came back by a recovery sheet.
pub const BY_SHEET: &str = "recovery-sheet";

/// The way of signing in by a passkey.
pub const BY_PASSKEY: &str = "passkey";

/// What every cookie of ours has.
pub(super) const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";

/// The `Set-Cookie` that takes a cookie away.
pub fn taken_away(name: &str) -> String {
    format!("{name}=; {ATTRIBUTES}; Max-Age=0")
}

/// 256 random bits as text.
pub(crate) fn secret() -> Zeroizing<String> {
    let bytes = Zeroizing::new(clock::random::<32>());
    Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()))
}

/// The hash of a secret of ours; `None` for what is none.
pub(super) fn id_of(secret: &str) -> Option<Digest> {
    let mut bytes = Zeroizing::new([0; 32]);
    match URL_SAFE_NO_PAD.decode_slice(secret, bytes.as_mut_slice()) {
        Ok(32) => Some(Digest::of(secret.as_bytes())),
        _ => None,
    }
}

/// The sessions in a side store.
pub struct Sessions {
    side: Arc<dyn Side>,
    clock: Arc<dyn Clock>,
    csrf: MacKey,
}

impl Sessions {
    pub(super) fn new(side: Arc<dyn Side>, clock: Arc<dyn Clock>, master: &MasterKey) -> Self {
        let csrf = master.mac_key("session-csrf");
        Self { side, clock, csrf }
    }

    /// Begins a session; the one it replaces, if any, ends in the same write.
    pub fn begin(
        &self,
        session: &Session,
        replaces: Option<&(Digest, Session)>,
    ) -> Result<Opened, Problem> {
        let secret = secret();
        let id = Digest::of(secret.as_bytes());
        let row = serde_json::to_vec(session).map_err(Problem::internal)?;
        write(&*self.side, |tx| {
            if let Some((old, before)) = replaces {
                // Perhaps another person's, in whose place this one sits down.
                end(tx, before.person, *old)?;
            }
            put(tx, id, session, &row)
        })?;
        Ok(Opened {
            secret,
            id,
            term: session.term,
        })
    }

    /// The session of a cookie, used now.
    pub fn find(&self, secret: &str) -> Result<Option<(Digest, Session)>, Problem> {
        let Some(id) = id_of(secret) else {
            return Ok(None);
        };
        let Some(row) = self.side.get(SPACE, &id.0)? else {
            return Ok(None);
        };
        let session: Session = serde_json::from_slice(&row).map_err(Problem::internal)?;
        let now_ms = self.clock.now_ms();
        // What an app holds opens nothing without its key.
        if session.ends_at_ms() <= now_ms || session.app.is_some() {
            return Ok(None);
        }
        if now_ms.saturating_sub(session.used_at_ms) >= TOUCH_MS && !self.touch(id, now_ms)? {
            return Ok(None);
        }
        Ok(Some((id, session)))
    }

    /// Notes a use, if it is still there.
    fn touch(&self, id: Digest, now_ms: i64) -> Result<bool, SideError> {
        write(&*self.side, |tx| {
            let Some(row) = tx.get(SPACE, &id.0)? else {
                return Ok::<_, SideError>(false);
            };
            let Ok(mut session) = serde_json::from_slice::<Session>(&row) else {
                return Ok(false);
            };
            session.used_at_ms = session.used_at_ms.max(now_ms);
            let Ok(row) = serde_json::to_vec(&session) else {
                return Ok(false);
            };
            tx.put(SPACE, &id.0, &row, Some(session.ends_at_ms()))?;
            Ok(true)
        })
    }

    /// What a write with this cookie must carry: another for each session, and known to its pages alone.
    pub fn csrf_token(&self, id: Digest) -> String {
        let mac = self.csrf.mac(&[b"csrf\0", &id.0]);
        URL_SAFE_NO_PAD.encode(mac)
    }

    /// Whether a write with this cookie comes from a page of ours.
    pub fn is_csrf_token(&self, id: Digest, sent: &str) -> bool {
        // Compared through the MAC once more, so that the time tells nothing of the first wrong byte.
        let seen = |text: &str| self.csrf.mac(&[b"compare\0", text.as_bytes()]);
        seen(&self.csrf_token(id)) == seen(sent)
    }

    /// The sessions of a person.
    pub fn of(&self, person: Uuid) -> Result<Vec<(Digest, Session)>, Problem> {
        let mut found = Vec::new();
        write(&*self.side, |tx| {
            found = of(tx, person)?;
            Ok::<_, SideError>(())
        })?;
        let now_ms = self.clock.now_ms();
        found.retain(|(_, session)| now_ms < session.ends_at_ms());
        found.sort_by_key(|(_, session)| std::cmp::Reverse(session.used_at_ms));
        Ok(found)
    }

    /// Ends one session of a person; says whether there was one.
    pub fn end(&self, person: Uuid, id: Digest) -> Result<bool, Problem> {
        Ok(write(&*self.side, |tx| end(tx, person, id))?)
    }

    /// Ends every session of a person, but one if that is named; says how many there were.
    pub fn end_all(&self, person: Uuid, but: Option<Digest>) -> Result<usize, Problem> {
        self.end_where(person, |id, _| Some(id) != but)
    }

    /// Ends the sessions of a person that `over` names; says how many there were.
    pub fn end_where(
        &self,
        person: Uuid,
        over: impl Fn(Digest, &Session) -> bool,
    ) -> Result<usize, Problem> {
        let ended = write(&*self.side, |tx| {
            let mut ended = 0;
            for (id, session) in of(tx, person)? {
                if over(id, &session) && end(tx, person, id)? {
                    ended += 1;
                }
            }
            Ok::<_, SideError>(ended)
        })?;
        Ok(ended)
    }
}

fn listed_as(person: Uuid, id: Digest) -> Vec<u8> {
    [person.as_bytes().as_slice(), &id.0].concat()
}

/// Keeps a new session; of too many, those used longest ago end.
fn put(
    tx: &mut dyn Transaction,
    id: Digest,
    session: &Session,
    row: &[u8],
) -> Result<(), SideError> {
    let person = session.person;
    let mut others = of(tx, person)?;
    others.sort_by_key(|(_, other)| other.used_at_ms);
    let over = (others.len() + 1).saturating_sub(PER_PERSON_MAX);
    for (other, _) in others.iter().take(over) {
        end(tx, person, *other)?;
    }
    let absolute_ms = session.term.absolute_ms();
    let listed = Some(session.made_at_ms.saturating_add(absolute_ms));
    tx.put(OF_PERSON, &listed_as(person, id), &[], listed)?;
    tx.put(SPACE, &id.0, row, Some(session.ends_at_ms()))
}

/// Only the person's own: another's name of a session ends nothing.
fn end(tx: &mut dyn Transaction, person: Uuid, id: Digest) -> Result<bool, SideError> {
    if !tx.delete(OF_PERSON, &listed_as(person, id))? {
        return Ok(false);
    }
    tx.delete(SPACE, &id.0)
}

fn of(tx: &mut dyn Transaction, person: Uuid) -> Result<Vec<(Digest, Session)>, SideError> {
    // More than a person can have: what ran out is still listed until it is swept.
    let listed = tx.scan(OF_PERSON, person.as_bytes(), None, 4 * PER_PERSON_MAX)?;
    let mut found = Vec::with_capacity(listed.len());
    for (key, _) in listed {
        let Some(id) = key.get(16..).and_then(|id| <[u8; 32]>::try_from(id).ok()) else {
            continue;
        };
        match tx.get(SPACE, &id)?.map(|row| serde_json::from_slice(&row)) {
            Some(Ok(session)) => found.push((Digest(id), session)),
            // It ran out, or does not read: it opens nothing, and is listed no more.
            Some(Err(_)) | None => {
                tx.delete(OF_PERSON, &key)?;
            }
        }
    }
    Ok(found)
}
