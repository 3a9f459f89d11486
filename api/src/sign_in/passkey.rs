//! Passkeys: enrolled by who is signed in, and signing in from then on (SECURITY §1.3, §4).
//!
//! Invariant: what a challenge was made for it is good for once, within five minutes: a registration in the
//! session that asked for it, a sign-in in the browser that asked. The log says whether a passkey stands and
//! how well it shows its person; one that may be copied to another device never gives an officer's level.
//! The credential is kept before the commit: a crash in between leaves one that opens nothing.

mod kept;
#[cfg_attr(not(feature = "passkeys"), path = "passkey/party_off.rs")]
mod party;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::person::assurance::Level;
use identity::person::authenticator::{enrol, remove, suspend};
use identity::person::link;
use identity::role::Role;
use ledger::clock;
use ledger::hash::Digest;
use ledger::side::Side;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::Signed;
use super::ceremony::{Invitation, Kept};
use super::link::Linked;
use crate::app::App;
use crate::extract::Caller;
use crate::master::MasterKey;
use crate::problem::{Problem, Reason};
use crate::write::{Asking, Written};
use kept::{Credentials, Row};
use party::Party;

/// How long a challenge lasts.
pub const TIME_MS: i64 = 300_000;
/// A credential whose commit may still come is not older.
const PENDING_MS: i64 = 60_000;

/// Why nothing was shown.
#[cfg_attr(
    not(feature = "passkeys"),
    expect(dead_code, reason = "nobody is asked, so nothing fails")
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NotShown {
    /// The answer is not good for what was asked.
    Invalid,
    /// Its counter did not grow: another device has the same key.
    Copied,
}

impl From<NotShown> for Problem {
    fn from(why: NotShown) -> Self {
        Self::of(match why {
            NotShown::Invalid => Reason::PasskeyProofInvalid,
            NotShown::Copied => Reason::PasskeyCopied,
        })
    }
}

/// What a device made.
struct Registered {
    /// The credential's id.
    id: Vec<u8>,
    /// Whether it may be copied to other devices.
    moves: bool,
    /// What is kept of it.
    kept: Value,
}

/// A registration under way, by its challenge.
#[derive(Serialize, Deserialize)]
struct Registering {
    session: Digest,
    person: Uuid,
    state: Value,
}

impl Kept for Registering {
    const SPACE: &'static str = "passkey-registration";
    const LASTS_MS: i64 = TIME_MS;
}

/// A sign-in under way, by its challenge.
#[derive(Serialize, Deserialize)]
struct Asked {
    browser: Digest,
    state: Value,
}

impl Kept for Asked {
    const SPACE: &'static str = "passkey-sign-in";
    const LASTS_MS: i64 = TIME_MS;
}

/// The part of a device's answer that carries the challenge.
#[derive(Deserialize)]
struct ClientData {
    challenge: String,
}

/// Passkeys, and what devices know us as.
pub struct Passkeys {
    party: Option<Party>,
    credentials: Credentials,
}

impl Passkeys {
    /// At this address; where devices know nobody by it there are none.
    pub fn new(base_url: &str, side: Arc<dyn Side>, master: &MasterKey) -> Self {
        Self {
            party: Party::of(base_url),
            credentials: Credentials::new(side, master),
        }
    }

    /// Whether people can sign in by them here.
    pub const fn are_on(&self) -> bool {
        self.party.is_some()
    }

    fn party(&self) -> Result<&Party, Problem> {
        self.party.as_ref().ok_or(Problem::of(Reason::PasskeysOff))
    }

    /// What is kept of a number's: its name in the log, since when, and the credential.
    pub(crate) fn kept(
        &self,
        person: Uuid,
    ) -> Result<impl Iterator<Item = (Uuid, i64, String)> + use<>, Problem> {
        let rows = self.credentials.of(person)?.into_iter();
        Ok(rows.map(|it| (it.authenticator, it.made_at_ms, it.credential.to_string())))
    }

    /// Forgets the credentials of a number.
    pub(crate) fn forget(&self, person: Uuid) -> Result<(), Problem> {
        self.credentials.forget_all(person)
    }
}

/// The challenge that was sent.
fn challenge(options: &Value) -> Result<&str, Problem> {
    let sent = options.pointer("/publicKey/challenge");
    let sent = sent.and_then(Value::as_str);
    sent.ok_or_else(|| Problem::internal("a challenge of the library's has another form"))
}

/// The challenge that an answer is to. Not believed: it only finds what was kept.
fn answered(answer: &Value) -> Option<String> {
    let data = answer.pointer("/response/clientDataJSON")?.as_str()?;
    let data = URL_SAFE_NO_PAD.decode(data.trim_end_matches('=')).ok()?;
    let data: ClientData = serde_json::from_slice(&data).ok()?;
    Some(data.challenge)
}

/// The level that a passkey gives which is enrolled by this caller. Government's word and a key that stays in
/// one device are an officer's level (SECURITY §1.3), if the operator says whose officer that is.
fn level(caller: &Caller, session: Level, is_invited: bool, moves: bool) -> Result<Level, Problem> {
    if !caller.role.is_appointed() {
        return Ok(session.min(link::BEST));
    }
    if moves {
        return Err(Problem::of(Reason::PasskeyNotBound));
    }
    if is_invited && session >= Level::GOVERNMENT {
        return Ok(link::OFFICERS_BEST);
    }
    Ok(session.min(link::OFFICERS_BEST))
}

impl App {
    /// What the browser of who is signed in asks its device with, to enrol it.
    pub(crate) fn begin_enrolment(&self, caller: &Caller) -> Result<Value, Problem> {
        let passkeys = &self.sign_in.passkeys;
        let party = passkeys.party()?;
        let Signed::Session { id, .. } = caller.signed else {
            return Err(Problem::of(Reason::PasskeyProofInvalid));
        };
        self.prune_passkeys(caller.person, self.now_ms().saturating_sub(PENDING_MS))?;
        let known = passkeys.credentials.of(caller.person)?;
        let known = known.into_iter().map(|row| row.credential).collect();
        // What the device shows: enough to tell two accounts apart, and no name.
        let name = caller.person.simple().to_string();
        let name = format!("学分 {}", name.get(..8).unwrap_or_default());
        let (options, state) = party.register(caller.person, &name, known)?;
        let registering = Registering {
            session: id,
            person: caller.person,
            state,
        };
        let challenge = challenge(&options)?;
        self.sign_in.ceremonies.keep(challenge, &registering)?;
        Ok(options)
    }

    /// As whom the operator invites who is signed in; nobody else may use the invitation.
    fn invited(&self, caller: &Caller, invitation: &str) -> Result<Caller, Problem> {
        let invited: Option<Invitation> = self.sign_in.ceremonies.take(invitation.trim())?;
        let invited = invited.filter(|it| it.person == caller.person);
        let invited = invited.ok_or(Problem::of(Reason::LinkProofInvalid))?;
        let acting = Caller {
            role: invited.role,
            institution: invited.institution,
            ..*caller
        };
        acting.still_may(self)?;
        Ok(acting)
    }

    /// Enrols the device that answered: in the same session, and once. Who was invited as an officer enrols it
    /// as one, also in a session that is not assured enough to act as one.
    pub async fn enrol(
        self: &Arc<Self>,
        caller: &Caller,
        answer: Value,
        invitation: Option<&str>,
    ) -> Result<(Uuid, Written), Problem> {
        let invalid = || Problem::of(Reason::PasskeyProofInvalid);
        let passkeys = &self.sign_in.passkeys;
        let party = passkeys.party()?;
        let Signed::Session { id, loa, .. } = caller.signed else {
            return Err(invalid());
        };
        let challenge = answered(&answer).ok_or_else(invalid)?;
        let begun: Option<Registering> = self.sign_in.ceremonies.take(&challenge)?;
        let begun = begun.filter(|it| it.session == id && it.person == caller.person);
        let made = party.registered(answer, begun.ok_or_else(invalid)?.state)?;
        // Whose device is none of ours does not use the invitation up.
        let acting = invitation.map_or(Ok(*caller), |it| self.invited(caller, it))?;
        let loa = level(&acting, loa, invitation.is_some(), made.moves)?;
        let row = Row {
            person: caller.person,
            authenticator: clock::uuid_v4(),
            made_at_ms: self.now_ms(),
            credential: made.kept,
        };
        if !passkeys.credentials.keep(&made.id, &row)? {
            return Err(invalid());
        }
        let data = enrol::Data {
            authenticator: row.authenticator,
            loa,
            person: row.person,
        };
        let written = match Asking::open(&acting, enrol::KIND, &data) {
            Ok(asking) => self.ask(asking).await,
            Err(problem) => Err(problem),
        };
        match written {
            Ok(written) => Ok((row.authenticator, written)),
            Err(problem) => {
                // Whether it is in the log nobody knows after a timeout; what is refused is not.
                if !problem.reason.status().is_server_error() {
                    passkeys.credentials.forget(row.person, row.authenticator)?;
                }
                Err(problem)
            }
        }
    }

    /// What a browser asks its device with, to sign in; `browser` is the secret of its cookie.
    pub(crate) fn begin_passkey_sign_in(&self, browser: &str) -> Result<Value, Problem> {
        let (options, state) = self.sign_in.passkeys.party()?.ask()?;
        let asked = Asked {
            browser: Digest::of(browser.as_bytes()),
            state,
        };
        let challenge = challenge(&options)?;
        self.sign_in.ceremonies.keep(challenge, &asked)?;
        Ok(options)
    }

    /// Whom a device signs in that answered in the browser of this cookie. May wait for the log.
    pub(crate) fn shown_by_passkey(
        &self,
        browser: Option<&str>,
        answer: &Value,
    ) -> Result<Linked, Problem> {
        let invalid = || Problem::of(Reason::PasskeyProofInvalid);
        let passkeys = &self.sign_in.passkeys;
        let party = passkeys.party()?;
        let challenge = answered(answer).ok_or_else(invalid)?;
        let asked: Option<Asked> = self.sign_in.ceremonies.take(&challenge)?;
        let browser = browser.map(|it| Digest::of(it.as_bytes()));
        let asked = asked.filter(|it| Some(it.browser) == browser);
        let asked = asked.ok_or_else(invalid)?;
        let (person, credential) = party.named(answer)?;
        let found = passkeys.credentials.find(&credential)?;
        let found = found.filter(|it| it.row.person == person);
        let found = found.ok_or_else(invalid)?;
        let shown = party.shown(answer, asked.state, found.row.credential.clone());
        if shown == Err(NotShown::Copied) {
            self.stop_copied(&found.row);
        }
        let credential = shown?;
        // Of two answers at once one counts: a counter that is kept twice guards nothing.
        if !passkeys.credentials.update(&found, credential)? {
            return Err(invalid());
        }
        let linked = self.signed_in_by(found.row.person, found.row.authenticator)?;
        linked.ok_or_else(invalid)
    }

    /// The ledger says that a passkey signs nobody in any more: its owner is told, whoever sent the answer.
    fn stop_copied(&self, row: &Row) {
        let data = suspend::Data {
            authenticator: row.authenticator,
            person: row.person,
        };
        if let Err(problem) = self.say(suspend::KIND, &data, None) {
            // Refused it is in any case; the next answer says so again.
            let why = problem.internal.unwrap_or_default();
            tracing::error!(why, reason = ?problem.reason, "a passkey that was copied still stands");
        }
    }

    /// Takes a passkey away; whoever is signed in by it is so no more.
    pub async fn remove_passkey(
        self: &Arc<Self>,
        caller: &Caller,
        person: Uuid,
        authenticator: Uuid,
    ) -> Result<Written, Problem> {
        let data = remove::Data {
            authenticator,
            person,
        };
        let kind = if caller.role == Role::Security && caller.person != person {
            remove::OF_OFFICER
        } else {
            remove::KIND
        };
        self.ask(Asking::open(caller, kind, &data)?).await
    }

    /// Forgets the credentials that sign nobody in, of every number of the person's, as far as they are older.
    pub(super) fn prune_passkeys(&self, person: Uuid, before_ms: i64) -> Result<(), Problem> {
        let credentials = &self.sign_in.passkeys.credentials;
        for (number, _) in self.numbers(person)? {
            for row in credentials.of(number)? {
                let stands = self.still_linked(number, row.authenticator)?.is_some();
                if !stands && row.made_at_ms <= before_ms {
                    credentials.forget(number, row.authenticator)?;
                }
            }
        }
        Ok(())
    }
}
