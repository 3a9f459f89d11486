//! The rulebook: which kinds exist, whom each may be asserted by, which use case decides it.
//!
//! Invariant: a kind that is not in the table of [`kinds`] is refused; a row cannot be added without its
//! use case, its entitlement and its list of erasable members.

pub mod forgotten;
pub mod kinds;
pub mod open_log;
mod people;
pub mod pointer;
pub mod refusal;
mod splits;
pub mod two_person;

use std::sync::Arc;

use identity::approval::decide::{DecideApproval, Resume, Resumed, Side};
use identity::approval::{Approval, Proposal};
use identity::ask::Ask;
use identity::did::IssuerNumber;
use identity::institution::registry::Registry;
use identity::institution::{
    Institution, Settlement, activate_key, admit, close, compromise_key, merge, reaffirm_history,
    recover_key, rename, retire_key, revive, rotate_key, settle_entries, suspend as stop,
};
use identity::limit::Limit;
use identity::officer::{Officer, appoint, clerk, dismiss};
use identity::person::erasure::{certify, destroy, request};
use identity::person::erasures::Erasures;
use identity::person::{Person, bind_identifier, death, register, suspend};
use ledger::assertion::{Assertion, Kid};
use ledger::batch::{self, Accepted};
use ledger::decision::{Aggregate, AnyState, Decision, Fold, FoldOf, Rules, Verdict, World};
use ledger::fact::Stream;
use ledger::key::PublicKey;
use serde::de::DeserializeOwned;

use self::kinds::Kind;
pub use self::refusal::Refusal;
use self::two_person::TwoPerson;
use crate::account::{Account, correct_outcome, record_outcome, revoke_outcome};
use crate::credential::{Credential, issue, set_status};
use crate::merge::{apply, revert};
use crate::policy::{Act, Adopted};
use crate::status_list::StatusList;

/// Number of today's rules. Changed behaviour = a new number, the old code kept.
pub const ENGINE: u32 = 1;

/// A use case with its type hidden.
pub type AnyDecision = Box<dyn Decision<Error = Refusal>>;

/// The domain behind the ledger.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rulebook;

/// A use case whose own error becomes a [`Refusal`].
struct Use<D>(D);

impl<D> Decision for Use<D>
where
    D: Decision,
    D::Error: Into<Refusal>,
{
    type Error = Refusal;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        self.0.streams(world)
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, Refusal> {
        self.0.decide(world).map_err(Into::into)
    }
}

/// A use case behind the question whether its asker may ask.
struct Authorised {
    ask: Ask,
    kind: &'static Kind,
    inner: AnyDecision,
}

impl Decision for Authorised {
    type Error = Refusal;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let mut streams = self.ask.streams();
        streams.extend(self.inner.streams(world));
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, Refusal> {
        let uses = kinds::signed_by(self.kind.name);
        self.ask
            .authorise(world, self.kind.name, self.kind.entitlement, uses)?;
        self.inner.decide(world)
    }
}

/// The use case of `kind` over `data`, asked by `ask`; not yet authorised.
fn use_case(kind: &Kind, ask: &Ask, data: &str) -> Result<AnyDecision, Refusal> {
    let issuer = ask.issuer;
    let target = ask.target;
    let inner: AnyDecision = match kind.name {
        admit::KIND => Box::new(Use(admit::Admit {
            data: read(data)?,
            more: admit::More::default(),
        })),
        activate_key::KIND => Box::new(Use(activate_key::ActivateKey {
            issuer,
            data: read(data)?,
            more: None,
        })),
        retire_key::KIND => Box::new(Use(retire_key::RetireKey {
            issuer,
            data: read(data)?,
        })),
        appoint::KIND => Box::new(Use(appoint::Appoint { data: read(data)? })),
        dismiss::KIND => Box::new(Use(dismiss::Dismiss { data: read(data)? })),
        clerk::APPOINT => Box::new(Use(clerk::ChangeClerk {
            issuer,
            change: clerk::Change::Appoint,
            data: read(data)?,
        })),
        clerk::DISMISS => Box::new(Use(clerk::ChangeClerk {
            issuer,
            change: clerk::Change::Dismiss,
            data: read(data)?,
        })),
        register::KIND => Box::new(Use(register::Register {
            issuer,
            data: read(data)?,
        })),
        bind_identifier::KIND => Box::new(Use(bind_identifier::BindIdentifier {
            issuer,
            data: read(data)?,
        })),
        request::KIND => Box::new(Use(request::RequestErasure {
            id: ask.id,
            act: ask.act.clone(),
            data: read(data)?,
        })),
        destroy::KIND => Box::new(Use(destroy::DestroyKeys { data: read(data)? })),
        certify::KIND => Box::new(Use(certify::CertifyErasure { data: read(data)? })),
        record_outcome::KIND => Box::new(Use(record_outcome::RecordOutcome {
            issuer,
            data: read(data)?,
        })),
        correct_outcome::KIND => Box::new(Use(correct_outcome::CorrectOutcome {
            issuer,
            target,
            data: read(data)?,
        })),
        revoke_outcome::KIND => Box::new(Use(revoke_outcome::RevokeOutcome {
            issuer,
            target,
            data: read(data)?,
        })),
        issue::KIND => Box::new(Use(issue::Issue {
            issuer,
            data: read(data)?,
        })),
        set_status::KIND => Box::new(Use(set_status::SetStatus {
            issuer,
            data: read(data)?,
        })),
        apply::KIND => Box::new(Use(apply::Apply {
            ask: ask.clone(),
            data: read(data)?,
        })),
        revert::KIND => Box::new(Use(revert::Revert {
            ask: ask.clone(),
            data: read(data)?,
        })),
        batch::KIND => Box::new(Use(batch::accept::Accept { data: read(data)? })),
        identity::approval::decide::KIND => Box::new(DecideApproval {
            ask: ask.clone(),
            data: read(data)?,
            resume: resume(),
        }),
        suspend::SUSPEND => suspension(issuer, suspend::Change::Suspend, data)?,
        suspend::REINSTATE => suspension(issuer, suspend::Change::Reinstate, data)?,
        death::RECORD => end_of_life(issuer, death::Change::Record, data)?,
        death::WITHDRAW => end_of_life(issuer, death::Change::Withdraw, data)?,
        _ => match people::use_case(kind, ask, data)? {
            Some(inner) => inner,
            None => match splits::use_case(kind, ask, data)? {
                Some(inner) => inner,
                None => institution_case(kind, ask, data)?,
            },
        },
    };
    Ok(forgotten::guarded(kind, data, inner))
}

fn suspension(
    issuer: IssuerNumber,
    change: suspend::Change,
    data: &str,
) -> Result<AnyDecision, Refusal> {
    Ok(Box::new(Use(suspend::SuspendPerson {
        issuer,
        change,
        data: read(data)?,
    })))
}

fn end_of_life(
    issuer: IssuerNumber,
    change: death::Change,
    data: &str,
) -> Result<AnyDecision, Refusal> {
    Ok(Box::new(Use(death::RecordDeath {
        issuer,
        change,
        data: read(data)?,
    })))
}

/// The same for the kinds about an institution, and its keys, that came later.
fn institution_case(kind: &Kind, ask: &Ask, data: &str) -> Result<AnyDecision, Refusal> {
    let issuer = ask.issuer;
    let settle = |how| -> Result<AnyDecision, Refusal> {
        Ok(Box::new(Use(settle_entries::SettleEntries {
            issuer,
            how,
            data: read(data)?,
        })))
    };
    Ok(match kind.name {
        admit::KIND_V2 => Box::new(Use(admit::Admit::v2(read(data)?))),
        activate_key::KIND_V2 => Box::new(Use(activate_key::ActivateKey::v2(issuer, read(data)?))),
        rotate_key::KIND => Box::new(Use(rotate_key::RotateKey {
            ask: ask.clone(),
            data: read(data)?,
        })),
        recover_key::KIND => Box::new(Use(recover_key::RecoverKey {
            issuer,
            data: read(data)?,
        })),
        compromise_key::KIND => Box::new(Use(compromise_key::CompromiseKey {
            ask: ask.clone(),
            data: read(data)?,
        })),
        reaffirm_history::KIND => Box::new(Use(reaffirm_history::ReaffirmHistory {
            issuer,
            data: read(data)?,
        })),
        settle_entries::REAFFIRM => settle(Settlement::Reaffirmed)?,
        settle_entries::REPUDIATE => settle(Settlement::Repudiated)?,
        rename::KIND => Box::new(Use(rename::Rename { data: read(data)? })),
        stop::SUSPEND => {
            let data: stop::Data = read(data)?;
            stopping(data.institution, stop::Change::Suspend(data.reason))
        }
        stop::REINSTATE => {
            let data: stop::ReinstateData = read(data)?;
            stopping(data.institution, stop::Change::Reinstate)
        }
        close::KIND => Box::new(Use(close::Close { data: read(data)? })),
        merge::KIND => Box::new(Use(merge::MergeInstitution { data: read(data)? })),
        revive::KIND => Box::new(Use(revive::Revive { data: read(data)? })),
        other => return Err(Refusal::UnknownKind(other.into())),
    })
}

fn stopping(institution: IssuerNumber, change: stop::Change) -> AnyDecision {
    Box::new(Use(stop::SuspendInstitution {
        institution,
        change,
    }))
}

/// How a stored proposal becomes its use case again.
fn resume() -> Resume<Refusal> {
    Arc::new(|proposal: &Proposal| {
        let kind = kinds::find(&proposal.kind)
            .filter(|kind| kind.two_person.is_some())
            .ok_or_else(|| Refusal::UnknownKind(proposal.kind.clone()))?;
        let ask = proposal
            .ask
            .as_ref()
            .ok_or_else(|| Refusal::UnknownKind(proposal.kind.clone()))?;
        let decision = use_case(kind, ask, &proposal.data)?;
        // Who was sent away meanwhile asked in vain.
        let decision = people::delegated(kind, ask, &proposal.data, decision, false);
        Ok(Resumed {
            decision,
            approvers: kind.who_agrees(),
            concerned: people::concerned(kind, &proposal.data),
        })
    })
}

fn read<T: DeserializeOwned>(data: &str) -> Result<T, Refusal> {
    let mut reader = serde_json::Deserializer::from_str(data);
    let read =
        serde_path_to_error::deserialize(&mut reader).map_err(|error| Refusal::DataMalformed {
            pointer: format!("/data{}", pointer::known(&error)),
            what: error.inner().to_string(),
        })?;
    reader.end().map_err(|error| Refusal::DataMalformed {
        pointer: "/data".into(),
        what: error.to_string(),
    })?;
    Ok(read)
}

impl Rules for Rulebook {
    type Refusal = Refusal;

    fn engine(&self) -> u32 {
        ENGINE
    }

    fn decision(&self, engine: u32, assertion: &Assertion) -> Result<AnyDecision, Refusal> {
        if engine != ENGINE {
            return Err(Refusal::EngineUnknown(engine));
        }
        let data = assertion.data().get();
        if assertion.kind() == open_log::KIND {
            return Ok(Box::new(Use(open_log::OpenLog { data: read(data)? })));
        }
        let kind = kinds::find(assertion.kind())
            .ok_or_else(|| Refusal::UnknownKind(assertion.kind().into()))?;
        let ask = Ask::of(assertion)?;
        let inner = use_case(kind, &ask, data)?;
        let inner = match kind.two_person {
            Some(act) => Box::new(TwoPerson {
                id: ask.id,
                act,
                names_a_person: ask.act.is_some() || kind.who_agrees().side == Side::Registrar,
                inner,
            }),
            None => inner,
        };
        let inner = people::delegated(kind, &ask, data, inner, true);
        Ok(Box::new(Authorised { ask, kind, inner }))
    }

    fn fold(&self, noun: &str) -> Option<&dyn Fold> {
        const fn of<A: Aggregate>() -> &'static FoldOf<A> {
            const { &FoldOf::<A>::new() }
        }
        Some(match noun {
            Institution::NOUN => of::<Institution>(),
            Registry::NOUN => of::<Registry>(),
            Officer::NOUN => of::<Officer>(),
            Approval::NOUN => of::<Approval>(),
            Person::NOUN => of::<Person>(),
            Limit::NOUN => of::<Limit>(),
            Erasures::NOUN => of::<Erasures>(),
            Account::NOUN => of::<Account>(),
            Adopted::NOUN => of::<Adopted>(),
            Credential::NOUN => of::<Credential>(),
            StatusList::NOUN => of::<StatusList>(),
            Accepted::NOUN => of::<Accepted>(),
            _ => return None,
        })
    }

    fn signer(&self, kid: &Kid) -> Option<Stream> {
        identity::did::Did::parse(kid.did()).map(|did| did.issuer.stream())
    }

    fn key(&self, assertion: &Assertion, signer: &AnyState) -> Option<PublicKey> {
        if assertion.kind() == open_log::KIND {
            return open_log::key(assertion);
        }
        let institution = signer.downcast_ref::<Institution>()?;
        institution
            .key_named(assertion.kid())
            .filter(|key| kinds::signed_by(assertion.kind()).contains(&key.r#use))
            .map(|key| key.key.clone())
    }
}

/// Whether the policy switch of `act` asks for a second person.
fn asks_for_second(world: &World<'_>, act: Act) -> Result<bool, Refusal> {
    Ok(crate::policy::in_force(world)?.needs_two_officers(act))
}
