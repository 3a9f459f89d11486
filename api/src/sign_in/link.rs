//! Whom an account at a provider signs in, and how it comes to.
//!
//! Invariant: by (iss, sub) alone, never by a name, a number, an e-mail or a phone; the log says whether
//! a link stands, the vault's row only whose it is. A crash between the two leaves a row that opens
//! nothing; whoever links next puts it right.

use std::sync::Arc;

use identity::approval::{Approval, decide};
use identity::did::IssuerNumber;
use identity::erasable::Commitments;
use identity::person::assurance::Level;
use identity::person::link::Link;
use identity::person::{Person, link, wire};
use identity::role::Role;
use ledger::assertion::By;
use serde_json::Value;
use uuid::Uuid;

use super::ceremony::{Invitation, Proof, Unlinked};
use super::provider::Account;
use super::session::secret;
use super::{OWN_RECORD_LEVEL, Signed};
use crate::app::App;
use crate::extract::Caller;
use crate::problem::{Problem, Reason};
use crate::vault::{Alias, LINK, link_alias};
use crate::write::{Asking, Written};

/// Whom an account or a passkey signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Linked {
    /// The person, under the number that is used now.
    pub person: Uuid,
    /// The number that the link names.
    pub linked: Uuid,
    /// The link or passkey.
    pub link: Uuid,
    /// The best level of assurance that it gives.
    pub loa: Level,
    /// The institution in whose roles alone it signs in.
    pub only: Option<IssuerNumber>,
}

impl App {
    /// Whom an account signs in, if anybody.
    pub fn linked(&self, iss: &str, sub: &str) -> Result<Option<Linked>, Problem> {
        match self.linked_by(iss, sub)? {
            Some((linked, id)) => self.signed_in_by(linked, id),
            None => Ok(None),
        }
    }

    /// Whom a link or a passkey signs in that was made under the number `linked`, if anybody.
    pub(super) fn signed_in_by(&self, linked: Uuid, id: Uuid) -> Result<Option<Linked>, Problem> {
        let Some(link) = self.still_linked(linked, id)? else {
            return Ok(None);
        };
        let person = self.holder(linked)?;
        // A merge raises nobody's level: until linked anew it opens the own record, and nothing graver.
        let loa = if person == linked {
            link.loa
        } else {
            link.loa.min(OWN_RECORD_LEVEL)
        };
        Ok(Some(Linked {
            person,
            linked,
            link: id,
            loa,
            only: link.only,
        }))
    }

    /// The link or passkey, if it still stands and counts for whoever has the number now.
    pub(super) fn still_linked(&self, linked: Uuid, link: Uuid) -> Result<Option<Link>, Problem> {
        let state = self.ledger.state::<Person>(&wire::stream(linked))?;
        let passkey = || state.authenticators.find(link);
        let Some(found) = state.links.find(link).or_else(passkey) else {
            return Ok(None);
        };
        let person = self.holder(linked)?;
        if person == linked {
            return Ok(Some(found));
        }
        let holder = self.ledger.state::<Person>(&wire::stream(person))?;
        Ok(Some(found).filter(|it| it.counts_for(&holder)))
    }

    /// What lets a person who is signed in link an account that was shown in the same browser.
    pub(crate) fn link_proof(
        &self,
        caller: &Caller,
        account: Unlinked,
    ) -> Result<(Uuid, zeroize::Zeroizing<String>), Problem> {
        let Signed::Session { id, .. } = caller.signed else {
            return Err(Problem::of(Reason::LinkProofInvalid));
        };
        let state = self.ledger.state::<Person>(&wire::stream(caller.person))?;
        let ceremony = account.ceremony;
        let proof = Proof {
            account,
            person: caller.person,
            session: id,
            link_changes: state.links.changes(),
        };
        let text = secret();
        self.sign_in.ceremonies.keep(&text, &proof)?;
        Ok((ceremony, text))
    }

    /// Links what a proof was made for: the same person, session, ceremony, and links as then.
    pub async fn link_own(
        self: &Arc<Self>,
        caller: &Caller,
        ceremony: Uuid,
        proof: &str,
    ) -> Result<Written, Problem> {
        let invalid = || Problem::of(Reason::LinkProofInvalid);
        let Signed::Session { id, loa, .. } = caller.signed else {
            return Err(invalid());
        };
        let found: Option<Proof> = self.sign_in.ceremonies.take(proof)?;
        let proof = found.ok_or_else(invalid)?;
        let state = self.ledger.state::<Person>(&wire::stream(caller.person))?;
        let same = proof.person == caller.person
            && proof.session == id
            && proof.account.ceremony == ceremony
            && proof.link_changes == state.links.changes();
        if !same {
            return Err(invalid());
        }
        let most = if caller.role.is_appointed() {
            link::OFFICERS_BEST
        } else {
            link::BEST
        };
        let loa = proof.account.loa.min(loa).min(most);
        let asking = self.confirming(
            caller,
            link::confirm::KIND,
            caller.person,
            proof.account,
            loa,
        )?;
        self.ask(asking).await
    }

    /// What asks to link the account whose owner shows this code to the officer who knows who that is: a
    /// learner's, or by two security administrators an officer's.
    pub(crate) fn link_by_code(
        &self,
        caller: &Caller,
        person: Uuid,
        code: &str,
    ) -> Result<Asking, Problem> {
        // Whoever holds an officer's token for a while would be the officer for good.
        if person == caller.person {
            return Err(Problem::of(Reason::NotAllowed));
        }
        let account = self.take_shown(code)?;
        let (kind, most) = match caller.role {
            Role::Security => (link::confirm::OF_OFFICER, link::OFFICERS_BEST),
            Role::Institution => (link::confirm::KIND, link::OFFICERS_BEST),
            _ => (link::confirm::KIND, link::BEST),
        };
        let loa = account.loa.min(most);
        self.confirming(caller, kind, person, account, loa)
    }

    /// Links an officer's first account, which was shown just now, by the operator's invitation.
    pub async fn link_invited(
        self: &Arc<Self>,
        code: &str,
        invitation: &str,
    ) -> Result<Invitation, Problem> {
        // Who has no account to show does not use the invitation up.
        let account = self.take_shown(code)?;
        let invited: Option<Invitation> = self.sign_in.ceremonies.take(invitation.trim())?;
        let invited = invited.ok_or(Problem::of(Reason::LinkProofInvalid))?;
        let caller = Caller {
            person: invited.person,
            role: invited.role,
            institution: invited.institution,
            signed: Signed::Earlier(By::Token),
        };
        caller.still_may(self)?;
        let loa = account.loa;
        let asking = self.confirming(&caller, link::confirm::KIND, caller.person, account, loa)?;
        self.ask(asking).await?;
        Ok(invited)
    }

    fn confirming(
        &self,
        caller: &Caller,
        kind: &'static str,
        person: Uuid,
        account: Unlinked,
        loa: Level,
    ) -> Result<Asking, Problem> {
        self.free_removed(&account.iss, &account.sub)?;
        let data = link::confirm::Data {
            values: Commitments::default(),
            ceremony: account.ceremony,
            loa,
            person,
        };
        Ok(Asking {
            values: vec![
                (link::confirm::ISS, Value::String(account.iss)),
                (link::confirm::SUB, Value::String(account.sub)),
            ],
            ..Asking::open(caller, kind, &data)?
        })
    }

    /// Takes a link away; whoever is signed in by it is so no more.
    pub async fn unlink(
        self: &Arc<Self>,
        caller: &Caller,
        person: Uuid,
        link: Uuid,
    ) -> Result<Written, Problem> {
        let data = link::remove::Data { link, person };
        let kind = if caller.role == Role::Security && caller.person != person {
            link::remove::OF_OFFICER
        } else {
            link::remove::KIND
        };
        self.ask(Asking::open(caller, kind, &data)?).await
    }

    /// Lets go of an account whose link was taken away.
    fn free_removed(&self, iss: &str, sub: &str) -> Result<(), Problem> {
        let normalised = link_alias(iss, sub);
        let alias = Alias {
            kind: LINK,
            normalised: &normalised,
        };
        let Some((person, id)) = self.vault.lookup_holder(alias)? else {
            return Ok(());
        };
        // What is not in the log may still come; nor may what waits for a second person.
        if self.ledger.position_of(id)?.is_none() {
            return Ok(());
        }
        let approval = identity::approval::wire::stream(id);
        let approval = self.ledger.state::<Approval>(&approval)?;
        let waits = approval.proposal.as_ref().is_some_and(|proposal| {
            let open = approval.completed.is_none() && approval.rejected.is_none();
            open && self.now_ms().saturating_sub(proposal.recorded_at_ms) <= decide::TERM_MS
        });
        let person = self.ledger.state::<Person>(&wire::stream(person))?;
        if !waits && person.links.find(id).is_none() {
            self.vault.lookup_release(alias, id)?;
        }
        Ok(())
    }

    /// Which number and assertion have an account in the vault, whatever the log says of it by now.
    fn linked_by(&self, iss: &str, sub: &str) -> Result<Option<(Uuid, Uuid)>, Problem> {
        let normalised = link_alias(iss, sub);
        let alias = Alias {
            kind: LINK,
            normalised: &normalised,
        };
        Ok(self.vault.lookup_holder(alias)?)
    }

    /// The account whose owner shows these digits; they are used up.
    fn take_shown(&self, code: &str) -> Result<Unlinked, Problem> {
        let code: String = code.chars().filter(char::is_ascii_digit).collect();
        let found = self.sign_in.ceremonies.take(&code)?;
        found.ok_or(Problem::of(Reason::LinkProofInvalid))
    }

    /// Refuses an agreement to link an officer's account of who was not shown that account: the proposal
    /// holds commitments alone, and whoever agrees must know to what.
    pub(crate) fn is_shown(&self, proposal: Uuid, code: Option<&str>) -> Result<(), Problem> {
        let invalid = || Problem::of(Reason::LinkProofInvalid);
        let account = self.take_shown(code.ok_or_else(invalid)?)?;
        match self.linked_by(&account.iss, &account.sub)? {
            Some((_, by)) if by == proposal => Ok(()),
            _ => Err(invalid()),
        }
    }

    /// An account that was shown just now, to be linked.
    pub(crate) fn unlinked(account: Account, loa: Level) -> Unlinked {
        Unlinked {
            ceremony: ledger::clock::uuid_v4(),
            iss: account.iss,
            sub: account.sub,
            loa,
        }
    }

    /// The code that a counter asks for: twelve digits.
    pub(crate) fn link_code(&self, account: &Unlinked) -> Result<String, Problem> {
        let random = u128::from_be_bytes(ledger::clock::random());
        let code = format!("{:012}", random % 1_000_000_000_000);
        self.sign_in.ceremonies.keep(&code, account)?;
        let groups: Vec<&str> = [code.get(..4), code.get(4..8), code.get(8..)]
            .into_iter()
            .flatten()
            .collect();
        Ok(groups.join(" "))
    }
}
