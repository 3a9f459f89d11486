//! A session that a native app holds: a family of tokens, bound to one key of the app's.
//!
//! Invariant: of tokens and codes only hashes are kept; a token opens something only as long as the session
//! does, so whatever ends a session ends all of them at once. It begins only behind a browser's session that
//! stands in the same write: what ends that one ends this one, whichever comes first. One refresh token of a family is good; every
//! other that it ever had is known, and showing one ends the family. A code begins one family at most, whose
//! name follows from it: shown again it ends that one. Each step is one write; a crash between it and its
//! answer leaves tokens that nobody was told, which the next request replaces or outlives.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ledger::clock;
use ledger::hash::Digest;
use ledger::side::{SideError, Transaction};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{SPACE, Session, Sessions, TOUCH_MS, end, of, put};
use crate::problem::Problem;
use crate::side::write;
use crate::sign_in::dpop::Proof;

/// Seconds for which an access token opens anything.
pub const LIFE_S: i64 = 600;
/// How long an answer that was lost may be asked for again, by the same key: as long as a proof lives.
const AGAIN_MS: i64 = 60_000;
const ACCESS_PREFIX: &str = "xfa_";
const REFRESH_PREFIX: &str = "xfr_";
/// Hash of an access token → its family.
const ACCESS: &str = "app-access";
/// Hash of a refresh token, good or spent → its family.
const REFRESH: &str = "app-refresh";

/// To which app a session was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// Its name in the settings.
    pub client: String,
    /// Thumbprint of the key that must prove each request.
    pub jkt: String,
    /// Hash of the refresh token that is good.
    refresh: Digest,
    /// Hash of the one that it took the place of.
    before: Option<Digest>,
    /// When that was, Unix milliseconds.
    rotated_at_ms: i64,
}

/// What an app is told once.
pub(crate) struct Pair {
    pub(crate) access: Zeroizing<String>,
    pub(crate) refresh: Zeroizing<String>,
}

impl Pair {
    fn new() -> Self {
        Self {
            access: random(ACCESS_PREFIX),
            refresh: random(REFRESH_PREFIX),
        }
    }
}

/// How asking for tokens ended, durably.
pub(in crate::sign_in) enum Asked<T> {
    /// As it was asked.
    Done(T),
    /// The request's proof was used before: nothing happened.
    Replayed,
    /// What was shown was good once: what it began has ended.
    Spent,
    /// There is nothing behind it.
    Over,
}

/// Why a write is undone: it is told to nobody.
enum Undone {
    Replayed,
    Side(SideError),
}

impl From<SideError> for Undone {
    fn from(error: SideError) -> Self {
        Self::Side(error)
    }
}

/// Whether a text is in the form of an app's access token.
pub(in crate::sign_in) fn is_token(text: &str) -> bool {
    text.starts_with(ACCESS_PREFIX)
}

/// The family that a code begins. No cookie has this name: it is not the hash of one.
pub(in crate::sign_in) fn begun_by(code: &str) -> Digest {
    Digest::of(["xuefen-app-family\0", code].concat().as_bytes())
}

impl Sessions {
    /// The live session of this name, not used by asking.
    pub(in crate::sign_in) fn peek(&self, id: Digest) -> Result<Option<Session>, Problem> {
        let Some(row) = self.side.get(SPACE, &id.0)? else {
            return Ok(None);
        };
        let session: Session = serde_json::from_slice(&row).map_err(Problem::internal)?;
        Ok(Some(session).filter(|it| self.clock.now_ms() < it.ends_at_ms()))
    }

    /// Begins the family of a code by the browser's session that let it in; `forget` takes the code away in the
    /// same write and says whether it was there. The family that the same app had by the same key ends with it.
    pub(in crate::sign_in) fn begin_family(
        &self,
        code: &str,
        let_in: (Digest, Session),
        client: &str,
        proof: &Proof,
        mut forget: impl FnMut(&mut dyn Transaction) -> Result<bool, SideError>,
    ) -> Result<Asked<Pair>, Problem> {
        let (pair, family, now_ms) = (Pair::new(), begun_by(code), self.clock.now_ms());
        let (by, mut session) = let_in;
        let person = session.person;
        session.used_at_ms = now_ms;
        session.app = Some(Given {
            client: client.to_owned(),
            jkt: proof.jkt.clone(),
            refresh: hash(&pair.refresh),
            before: None,
            rotated_at_ms: now_ms,
        });
        let row = serde_json::to_vec(&session).map_err(Problem::internal)?;
        let same = |it: &Given| it.client == client && it.jkt == proof.jkt;
        self.asking(proof, |tx| {
            if !forget(tx)? {
                end_family(tx, family)?;
                return Ok(Asked::Spent);
            }
            // Somebody may have signed out everywhere since it was looked at, or be barred: that ends the browser's
            // session. If it comes after this write, it ends this family with it.
            let stands = |it: Session| it.person == person && now_ms < it.ends_at_ms();
            if !session_of(tx, by)?.is_some_and(stands) {
                return Ok(Asked::Over);
            }
            for (other, it) in of(tx, person)? {
                if it.app.as_ref().is_some_and(same) {
                    end(tx, person, other)?;
                }
            }
            put(tx, family, &session, &row)?;
            self.keep(tx, family, &session, &pair)?;
            Ok(Asked::Done(()))
        })
        .map(|asked| asked.with(pair))
    }

    /// The family of a refresh token, good or spent.
    pub(in crate::sign_in) fn family_of(
        &self,
        refresh: &str,
    ) -> Result<Option<(Digest, Session)>, Problem> {
        self.behind(REFRESH, refresh)
    }

    /// The family of an access token.
    pub(in crate::sign_in) fn family_by(
        &self,
        access: &str,
    ) -> Result<Option<(Digest, Session)>, Problem> {
        self.behind(ACCESS, access)
    }

    fn behind(&self, space: &str, text: &str) -> Result<Option<(Digest, Session)>, Problem> {
        let Some(row) = self.side.get(space, &hash(text).0)? else {
            return Ok(None);
        };
        let Some(family) = name_in(&row) else {
            return Ok(None);
        };
        let found = self.peek(family)?.filter(|it| it.app.is_some());
        Ok(found.map(|session| (family, session)))
    }

    /// Takes a refresh token of `client` and gives the next. A spent one ends the family, and `told` is
    /// written with that; only the one just before may come again for a minute, by the family's key, if the
    /// answer was lost: the one that was lost is then spent.
    pub(in crate::sign_in) fn rotate(
        &self,
        refresh: &str,
        client: &str,
        proof: &Proof,
        mut told: impl FnMut(&mut dyn Transaction) -> Result<(), SideError>,
    ) -> Result<Asked<Pair>, Problem> {
        let (pair, shown, now_ms) = (Pair::new(), hash(refresh), self.clock.now_ms());
        self.asking(proof, |tx| {
            let family = tx.get(REFRESH, &shown.0)?;
            let Some(family) = family.as_deref().and_then(name_in) else {
                return Ok(Asked::Over);
            };
            let Some(mut session) = session_of(tx, family)? else {
                return Ok(Asked::Over);
            };
            let Some(given) = &mut session.app else {
                return Ok(Asked::Over);
            };
            let own = given.client == client && given.jkt == proof.jkt;
            let again = own
                && given.before == Some(shown)
                && now_ms.saturating_sub(given.rotated_at_ms) < AGAIN_MS;
            if given.refresh == shown {
                // Without the key it opens nothing, and takes nothing from whoever has the key.
                if !own {
                    return Ok(Asked::Over);
                }
                given.before = Some(shown);
                given.rotated_at_ms = now_ms;
            } else if !again {
                end(tx, session.person, family)?;
                told(tx)?;
                return Ok(Asked::Spent);
            }
            given.refresh = hash(&pair.refresh);
            session.used_at_ms = session.used_at_ms.max(now_ms);
            let Ok(row) = serde_json::to_vec(&session) else {
                return Ok(Asked::Over);
            };
            tx.put(SPACE, &family.0, &row, Some(session.ends_at_ms()))?;
            self.keep(tx, family, &session, &pair)?;
            Ok(Asked::Done(()))
        })
        .map(|asked| asked.with(pair))
    }

    /// Ends whatever a code began that is shown a second time.
    pub(in crate::sign_in) fn end_begun_by(&self, code: &str) -> Result<(), Problem> {
        Ok(write(&*self.side, |tx| end_family(tx, begun_by(code)))?)
    }

    /// Uses a request's proof up, and notes the use of its family if that is still there.
    pub(in crate::sign_in) fn use_family(
        &self,
        family: Digest,
        proof: &Proof,
    ) -> Result<Asked<()>, Problem> {
        let now_ms = self.clock.now_ms();
        self.asking(proof, |tx| {
            let Some(mut session) = session_of(tx, family)? else {
                return Ok(Asked::Over);
            };
            if now_ms.saturating_sub(session.used_at_ms) >= TOUCH_MS {
                session.used_at_ms = now_ms;
                if let Ok(row) = serde_json::to_vec(&session) {
                    tx.put(SPACE, &family.0, &row, Some(session.ends_at_ms()))?;
                }
            }
            Ok(Asked::Done(()))
        })
    }

    /// One write behind the use of a proof: what was used before does nothing.
    fn asking(
        &self,
        proof: &Proof,
        mut work: impl FnMut(&mut dyn Transaction) -> Result<Asked<()>, SideError>,
    ) -> Result<Asked<()>, Problem> {
        let done = write(&*self.side, |tx| {
            if !proof.once.spend(tx)? {
                return Err(Undone::Replayed);
            }
            Ok(work(tx)?)
        });
        match done {
            Ok(asked) => Ok(asked),
            Err(Undone::Replayed) => Ok(Asked::Replayed),
            Err(Undone::Side(error)) => Err(error.into()),
        }
    }

    /// Keeps the hashes of two tokens: the access token's for its life, the refresh token's for the family's.
    fn keep(
        &self,
        tx: &mut dyn Transaction,
        family: Digest,
        session: &Session,
        pair: &Pair,
    ) -> Result<(), SideError> {
        let until_ms = self.clock.now_ms().saturating_add(LIFE_S * 1_000);
        let ends_at_ms = Some(session.ends_at_ms());
        tx.put(ACCESS, &hash(&pair.access).0, &family.0, Some(until_ms))?;
        tx.put(REFRESH, &hash(&pair.refresh).0, &family.0, ends_at_ms)
    }
}

impl Asked<()> {
    fn with<T>(self, value: T) -> Asked<T> {
        match self {
            Self::Done(()) => Asked::Done(value),
            Self::Replayed => Asked::Replayed,
            Self::Spent => Asked::Spent,
            Self::Over => Asked::Over,
        }
    }
}

fn hash(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

fn name_in(row: &[u8]) -> Option<Digest> {
    row.try_into().ok().map(Digest)
}

/// What does not read opens nothing.
fn session_of(tx: &mut dyn Transaction, id: Digest) -> Result<Option<Session>, SideError> {
    let row = tx.get(SPACE, &id.0)?;
    Ok(row.and_then(|row| serde_json::from_slice(&row).ok()))
}

fn end_family(tx: &mut dyn Transaction, family: Digest) -> Result<(), SideError> {
    if let Some(session) = session_of(tx, family)? {
        end(tx, session.person, family)?;
    }
    Ok(())
}

fn random(prefix: &str) -> Zeroizing<String> {
    let bytes = Zeroizing::new(clock::random::<32>());
    let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()));
    Zeroizing::new(format!("{prefix}{}", *encoded))
}
