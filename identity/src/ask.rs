//! Who asks, and whether that key and that person may ask this, at this position.
//!
//! Invariant: authority is judged by log position alone; a door's opinion never counts.

use ledger::assertion::{Act, Assertion, Kid, Target};
use ledger::decision::World;
use ledger::fact::Stream;
use uuid::Uuid;

use crate::did::{Did, IssuerNumber};
use crate::institution::{Condition, Custody, Institution, KeyUse, compromise_key};
use crate::officer::Officer;
use crate::person::{self, Person};
use crate::role::Role;

/// The asking side of an assertion, or of the proposal that an approval carries out.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Id of the assertion.
    pub id: Uuid,
    /// The key that signed it.
    pub kid: Kid,
    /// Whose key that is.
    pub issuer: IssuerNumber,
    /// Who acted and how.
    pub act: Option<Act>,
    /// What it corrects or approves.
    pub target: Option<Target>,
}

/// Which side may sign a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signer {
    /// The registrar alone.
    Registrar,
    /// Any admitted institution but the registrar.
    Institution,
    /// Either.
    Either,
    /// The ledger's fact key: what only time causes, or what the ledger itself carried out.
    Ledger,
}

/// One row of the table "which kinds whom may assert".
#[derive(Debug, Clone, Copy)]
pub struct Entitlement {
    /// Whose key may sign.
    pub signer: Signer,
    /// Roles in which a person may act.
    pub roles: &'static [Role],
}

/// What an institution that is suspended, or has ended, may still ask: that what somebody else signed with
/// its keys does not count. Nothing that is new, and nothing that lets the disputed count again.
const OF_THE_PAST: &[&str] = &[compromise_key::KIND];

/// Why somebody may not ask this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// `kid` is under no DID of this platform.
    #[error("{0} is not a key of this platform or of one of its institutions")]
    SignerUnknown(String),
    /// The institution was not admitted.
    #[error("institution {0} is not admitted")]
    NotAdmitted(IssuerNumber),
    /// The institution acts no more, for now.
    #[error("institution {number} is suspended since position {position}")]
    Suspended {
        /// Which.
        number: IssuerNumber,
        /// Where it was suspended.
        position: u64,
    },
    /// The institution acts no more.
    #[error("institution {number} ended at position {position}")]
    Ended {
        /// Which.
        number: IssuerNumber,
        /// Where it was closed or merged.
        position: u64,
    },
    /// The key's window is not open at this position.
    #[error(
        "key {kid} does not sign at position {position}: it was {}, {}", activated.map_or_else(|| "never activated".into(), |at| format!("activated at {at}")), retired.map_or_else(|| "not retired".into(), |at| format!("retired at {at}"))
    )]
    KeyNotActive {
        /// The key.
        kid: String,
        /// The position this commit would get.
        position: u64,
        /// Where it was activated; `None` = never.
        activated: Option<u64>,
        /// Where it was retired.
        retired: Option<u64>,
    },
    /// The key is for something else.
    #[error("key {0} is not for asserting this")]
    KeyUse(String),
    /// This signer may not assert this kind.
    #[error("institution {issuer} may not assert {kind}")]
    KindNotYours {
        /// Who asked.
        issuer: IssuerNumber,
        /// For what.
        kind: String,
    },
    /// A key kept by the platform, or an act of two persons, and nobody is named.
    #[error(
        "act is missing: a key kept by the platform, and an act of two persons, names who acts"
    )]
    ActMissing,
    /// Nobody acts under this number: forgotten, merged into another, suspended, or dead.
    #[error(
        "nobody may act as person {0}: suspended, merged into another number, forgotten or dead"
    )]
    ActorBarred(Uuid),
    /// Somebody acts in another's name without being let, or for less than this, or no more.
    #[error("person {agent} may not do this in the name of {principal}")]
    NotDelegated {
        /// Who acted.
        agent: Uuid,
        /// In whose name.
        principal: Uuid,
    },
    /// The person does not hold the role, or the role may not do this.
    #[error("person {person} may not act as {role} here")]
    ActorNotAllowed {
        /// Who acted.
        person: Uuid,
        /// As what.
        role: String,
    },
}

impl Ask {
    /// The asking side of `assertion`; its DID must be under the host of the log's origin.
    pub fn of(assertion: &Assertion) -> Result<Self, AskError> {
        let unknown = || AskError::SignerUnknown(assertion.kid().to_string());
        let did = Did::parse(assertion.kid().did()).ok_or_else(unknown)?;
        let host = assertion.log().split('/').next().unwrap_or_default();
        if did.host_plain() != host {
            return Err(unknown());
        }
        Ok(Self {
            id: assertion.id(),
            kid: assertion.kid().clone(),
            issuer: did.issuer,
            act: assertion.act().cloned(),
            target: assertion.target().copied(),
        })
    }

    /// The person who acted, if one is named.
    pub fn person(&self) -> Option<Uuid> {
        self.act.as_ref().map(|act| act.person)
    }

    /// The streams that [`Ask::authorise`] reads.
    pub fn streams(&self) -> Vec<Stream> {
        let mut streams = vec![self.issuer.stream()];
        let acting = self.person();
        streams.extend(acting.map(Officer::stream));
        streams.extend(acting.map(person::wire::stream));
        streams
    }

    /// Whether key and person may ask `kind` at the position of `world`; `uses` are those of the keys
    /// that sign it.
    pub fn authorise(
        &self,
        world: &World<'_>,
        kind: &str,
        row: Entitlement,
        uses: &[KeyUse],
    ) -> Result<(), AskError> {
        let institution = world.get::<Institution>(&self.issuer.stream());
        if institution.admitted.is_none() {
            return Err(AskError::NotAdmitted(self.issuer));
        }
        if !OF_THE_PAST.contains(&kind) {
            self.acts(&institution)?;
        }
        let is_registrar = self.issuer == IssuerNumber::REGISTRAR;
        let may = match row.signer {
            Signer::Registrar | Signer::Ledger => is_registrar,
            Signer::Institution => !is_registrar,
            Signer::Either => true,
        };
        if !may {
            return Err(AskError::KindNotYours {
                issuer: self.issuer,
                kind: kind.into(),
            });
        }
        let for_ledger = row.signer == Signer::Ledger;
        let custody = self.key_window(world, &institution, uses)?;
        match &self.act {
            // Nobody acts: a person named here would be a lie.
            None if for_ledger => Ok(()),
            None if custody == Custody::Platform => Err(AskError::ActMissing),
            None => Ok(()),
            Some(act) => self.actor(world, &institution, act, row.roles),
        }
    }

    fn acts(&self, institution: &Institution) -> Result<(), AskError> {
        let number = self.issuer;
        match institution.condition() {
            Condition::Open => Ok(()),
            Condition::Suspended(by) => Err(AskError::Suspended {
                number,
                position: by.position,
            }),
            Condition::Ended(ended) => Err(AskError::Ended {
                number,
                position: ended.by.position,
            }),
        }
    }

    fn key_window(
        &self,
        world: &World<'_>,
        institution: &Institution,
        uses: &[KeyUse],
    ) -> Result<Custody, AskError> {
        let key = institution.key_named(&self.kid);
        let not_active = || AskError::KeyNotActive {
            kid: self.kid.to_string(),
            position: world.position,
            activated: key.map(|key| key.activated),
            retired: key.and_then(|key| key.retired),
        };
        let key = key.ok_or_else(not_active)?;
        if !uses.contains(&key.r#use) {
            return Err(AskError::KeyUse(self.kid.to_string()));
        }
        if !key.is_valid_at(world.position) || &key.key != world.key {
            return Err(not_active());
        }
        Ok(key.custody)
    }

    fn actor(
        &self,
        world: &World<'_>,
        institution: &Institution,
        act: &Act,
        roles: &[Role],
    ) -> Result<(), AskError> {
        let state = world.get::<Person>(&person::wire::stream(act.person));
        if state.barred().is_some() {
            return Err(AskError::ActorBarred(act.person));
        }
        let officer = world.get::<Officer>(&Officer::stream(act.person));
        let role = Role::parse(&act.role).filter(|role| roles.contains(role));
        // Everybody is a learner, or may be let act for one: whether it is the own record, or which
        // delegation it is, the use case asks. Both act by the platform, under the registrar's key: no
        // institution says by its own what a learner wants.
        let by_platform = self.issuer == IssuerNumber::REGISTRAR;
        match (role, act.on_behalf_of) {
            (Some(Role::Learner), None) | (Some(Role::Proxy), Some(_)) if by_platform => {
                return Ok(());
            }
            _ => {}
        }
        let grant = role.and_then(|role| officer.grant(act.person, role, self.issuer));
        let lasts = grant.is_some_and(|grant| institution.keeps_role_of(grant.by.position));
        if lasts && act.on_behalf_of.is_none() {
            return Ok(());
        }
        Err(AskError::ActorNotAllowed {
            person: act.person,
            role: act.role.clone(),
        })
    }
}
