//! credential.issue: an institution stands for an outcome with a document of its own (STANDARDS §4).
//!
//! The document itself is in the vault, and only a salted commitment here: api chooses id, list, index and
//! the holder's key before it queues, and decide refuses what does not fit.

use identity::did::IssuerNumber;
use identity::erasable::Commitments;
use identity::institution::{Custody, Institution, KeyUse, Standing, succession};
use identity::person::{self, Person};
use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use ledger::key::PublicKey;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::{Event, Issued};
use super::state::{self, Credential};
use super::wire;
use crate::account::outcome::Fields;
use crate::account::whole::{self, Whole};
use crate::account::{self, OutcomeState};
use crate::millicredits::Millicredits;
use crate::split::division;
use crate::status_list::{self, StatusList};
use crate::vc::status::{BITS, STEP};

/// The assertion's kind.
pub const KIND: &str = "credential.issue.v1";
/// Members that are disclosed, never open: the document's text, and the holder's private key.
pub const ERASABLE: &[&str] = &["document", "subject_key"];

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Commitments to the document and the holder's key: two.
    #[serde(rename = "_sd", default, skip_serializing_if = "Commitments::is_empty")]
    pub values: Commitments,
    /// Its id, random.
    pub credential: Uuid,
    /// The credit it stands for: that of the outcome's lot.
    pub credits: Millicredits,
    /// Its bit in each of its three lists, below 131,072.
    pub index: u32,
    /// Who issues it: the awarder of the outcome, or who answers for it since a merger.
    pub issuer: IssuerNumber,
    /// The part behind `#` of the name of the key that will sign.
    pub key: String,
    /// First of its three lists: 1, 4, 7, …
    pub list: u32,
    /// What the outcome openly says now: document and code say this for ever.
    #[serde(rename = "open")]
    pub fields: Fields,
    /// About what.
    pub outcome: Uuid,
    /// Whose it is.
    pub person: Uuid,
    /// The holder: `did:key:z6Mk…`, made for this credential.
    pub subject: String,
}

/// Issue a credential.
#[derive(Debug)]
pub struct Issue {
    /// Whose key signs the asking.
    pub issuer: IssuerNumber,
    /// What is asked.
    pub data: Data,
}

/// Why a credential is not issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// No such outcome in this account.
    #[error("there is no outcome {0} in this account")]
    OutcomeUnknown(Uuid),
    /// Somebody else's outcome.
    #[error(
        "outcome {outcome} was awarded by institution {awarder}, who alone issues for it, or whoever answers for it since a merger"
    )]
    NotYours {
        /// Which outcome.
        outcome: Uuid,
        /// Whose it is.
        awarder: IssuerNumber,
    },
    /// It was revoked.
    #[error("the outcome was revoked at position {0}")]
    OutcomeRevoked(u64),
    /// Its awarder does not stand for it, or not yet.
    #[error("the outcome is disputed: its institution has not said yet that it is its own")]
    OutcomeDisputed,
    /// Another outcome from the same record counts in its place.
    #[error("the outcome is quarantined beside another from the same record: issue for that one")]
    OutcomeQuarantined,
    /// Whose it is is being settled.
    #[error("a split of the account is in hand: nothing of it is certified before it ends")]
    OutcomeInSplit,
    /// It was not passed.
    #[error("the outcome was not passed: there is nothing to certify")]
    NotPassed,
    /// It would say something else than the outcome.
    #[error("open and credits must be those of the outcome as it stands: {credits} credits")]
    FieldsDiffer {
        /// The credit of its lot.
        credits: Millicredits,
    },
    /// The id belongs to another credential.
    #[error("id {0} belongs to another credential")]
    IdTaken(Uuid),
    /// The key is no credential key that the platform keeps for the institution, or its window is not open.
    #[error(
        "key {0:?} is no credential key that the platform keeps for this institution and whose window is open"
    )]
    KeyNotFit(String),
    /// Another credential has this bit, or there is no such bit.
    #[error("bit {index} of list {list} is used, or there is no such list or bit")]
    IndexNotFree {
        /// The list.
        list: u32,
        /// The bit.
        index: u32,
    },
    /// Not both commitments.
    #[error("the commitments to document and holder's key are missing")]
    ValuesDoNotFit,
    /// The holder is no did:key.
    #[error("subject must be a did:key without a fragment")]
    Subject,
}

impl Decision for Issue {
    type Error = IssueError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let data = &self.data;
        let mut streams = vec![
            wire::stream(data.credential),
            data.issuer.stream(),
            status_list::wire::stream(data.issuer, data.list),
        ];
        let Whole {
            account, holder, ..
        } = whole::in_world(world, data.person);
        streams.extend([self.issuer.stream(), person::wire::stream(holder)]);
        if let Some(outcome) = account.outcome(data.outcome) {
            streams.extend(succession::streams(world, outcome.origin.awarder));
            streams.extend(state::streams_of(world, &outcome.credentials));
        }
        streams.extend(whole::streams(world, data.person));
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, IssueError> {
        let data = &self.data;
        let Whole {
            account, holder, ..
        } = whole::in_world(world, data.person);
        let outcome = account
            .outcome(data.outcome)
            .filter(|outcome| outcome.person == data.person)
            .ok_or(IssueError::OutcomeUnknown(data.outcome))?;
        let awarder = outcome.origin.awarder;
        let asker = world.get::<Institution>(&self.issuer.stream());
        let answers = awarder == self.issuer || asker.answers_for(awarder);
        if !answers || data.issuer != self.issuer {
            return Err(IssueError::NotYours {
                outcome: outcome.id,
                awarder,
            });
        }
        let institution = succession::in_world(world, awarder);
        match outcome.state(&institution) {
            OutcomeState::Recorded => {}
            OutcomeState::Revoked(by) => return Err(IssueError::OutcomeRevoked(by.position)),
            OutcomeState::Disputed => return Err(IssueError::OutcomeDisputed),
        }
        if outcome.standing(&institution) != Standing::Good {
            return Err(IssueError::OutcomeDisputed);
        }
        if outcome.fields.passed == Some(false) {
            return Err(IssueError::NotPassed);
        }
        // One that stands is enough: asking again gives the same.
        for id in &outcome.credentials {
            let credential = world.get::<Credential>(&wire::stream(*id));
            let live = credential.is_live(&institution);
            if let Some(issued) = credential.issued.as_ref().filter(|_| live) {
                return Ok(Verdict::AlreadySo(issued.by));
            }
        }
        if world
            .get::<Credential>(&wire::stream(data.credential))
            .issued
            .is_some()
        {
            return Err(IssueError::IdTaken(data.credential));
        }
        if account.is_doubled(outcome, &institution) {
            return Err(IssueError::OutcomeQuarantined);
        }
        let learner = world.get::<Person>(&person::wire::stream(holder));
        if division::holds(&learner, outcome.recorded.position) {
            return Err(IssueError::OutcomeInSplit);
        }
        let lot = account.current_lot(outcome, &institution);
        let credits = lot.map_or(Millicredits::ZERO, |lot| lot.credit);
        if data.fields != outcome.fields || data.credits != credits {
            return Err(IssueError::FieldsDiffer { credits });
        }
        self.check_form(world)?;
        let issued = Event::Issued(Box::new(Issued {
            credential: data.credential,
            issuer: data.issuer,
            person: data.person,
            outcome: data.outcome,
            key: data.key.clone(),
            fields: data.fields.clone(),
            credits: data.credits,
            subject: data.subject.clone(),
            list: data.list,
            index: data.index,
            values: data.values.clone(),
        }));
        let allocated = status_list::Event::Allocated {
            credential: data.credential,
            index: data.index,
        };
        Ok(Verdict::Facts(vec![
            wire::to_fact(data.credential, &issued),
            account::wire::to_fact(
                holder,
                account::event::Event::OutcomeCertified {
                    outcome: data.outcome,
                    credential: data.credential,
                },
            ),
            status_list::wire::to_fact(data.issuer, data.list, &allocated),
        ]))
    }
}

impl Issue {
    fn check_form(&self, world: &World<'_>) -> Result<(), IssueError> {
        let data = &self.data;
        let institution = world.get::<Institution>(&data.issuer.stream());
        let key = institution.key_at(&data.key, KeyUse::Credential, world.position);
        if key.is_none_or(|key| key.custody != Custody::Platform) {
            return Err(IssueError::KeyNotFit(data.key.clone()));
        }
        let list = world.get::<StatusList>(&status_list::wire::stream(data.issuer, data.list));
        let (n, index) = (data.list, data.index);
        if n % STEP != 1 || index >= BITS || list.is_used(index) {
            return Err(IssueError::IndexNotFree { list: n, index });
        }
        if data.values.as_slice().len() != ERASABLE.len() {
            return Err(IssueError::ValuesDoNotFit);
        }
        if data.subject.contains('#') || PublicKey::from_did_key(&data.subject).is_err() {
            return Err(IssueError::Subject);
        }
        Ok(())
    }
}
