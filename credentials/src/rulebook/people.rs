//! The use cases about who somebody is, who acts in whose name, and the way back into an account.

use identity::ask::{Ask, AskError};
use identity::person::delegation::{self, Asker, end, grant, narrow};
use identity::person::recovery::{complete, sheet, start, veto};
use identity::person::{assurance, authenticator, consent, contact, link};
use identity::role::Role;
use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::Deserialize;
use uuid::Uuid;

use super::kinds::{self, Kind};
use super::{AnyDecision, Refusal, Use, read};
use crate::merge::request;

/// Who asks: learners and whoever acts in their name for the own account, all others for their institution.
fn asker(ask: &Ask) -> Asker {
    let act = ask.act.as_ref();
    let role = act.and_then(|act| Role::parse(&act.role));
    match (act, role) {
        (Some(act), Some(Role::Learner)) => Asker::Learner(act.person),
        (Some(act), Some(Role::Proxy)) => Asker::Learner(act.on_behalf_of.unwrap_or(act.person)),
        _ => Asker::Officer(ask.issuer, ask.person()),
    }
}

/// The use case of one of these kinds; `None` for any other.
pub(super) fn use_case(kind: &Kind, ask: &Ask, data: &str) -> Result<Option<AnyDecision>, Refusal> {
    let asker = asker(ask);
    let consent = |change| -> Result<AnyDecision, Refusal> {
        let acting = ask.act.as_ref().and_then(|act| Role::parse(&act.role));
        Ok(Box::new(Use(consent::SayConsent {
            asker,
            by_guardian: acting == Some(Role::Proxy),
            change,
            data: read(data)?,
        })))
    };
    Ok(Some(match kind.name {
        assurance::RAISE => Box::new(Use(assurance::Raise {
            issuer: ask.issuer,
            acting: ask.person(),
            data: read(data)?,
        })),
        assurance::LOWER => Box::new(Use(assurance::Lower {
            issuer: ask.issuer,
            data: read(data)?,
        })),
        grant::KIND => Box::new(Use(grant::Grant {
            id: ask.id,
            asker,
            data: read(data)?,
        })),
        narrow::KIND => Box::new(Use(narrow::Narrow {
            asker,
            data: read(data)?,
        })),
        end::REVOKE => Box::new(Use(end::Revoke {
            asker,
            data: read(data)?,
        })),
        end::EXPIRE => Box::new(Use(end::Expire { data: read(data)? })),
        consent::GIVE => consent(consent::Change::Give)?,
        consent::WITHDRAW => consent(consent::Change::Withdraw)?,
        sheet::KIND => Box::new(Use(sheet::IssueSheet {
            learner: ask.person(),
            data: read(data)?,
        })),
        start::START => Box::new(Use(start::Start {
            ask: ask.clone(),
            data: read(data)?,
        })),
        start::CLAIM => Box::new(Use(start::Claim {
            id: ask.id,
            data: read(data)?,
        })),
        veto::KIND => Box::new(Use(veto::Veto {
            asker: Some(asker),
            data: read(data)?,
        })),
        veto::HALT => Box::new(Use(veto::Veto {
            asker: None,
            data: read(data)?,
        })),
        contact::RECORD => Box::new(Use(contact::Record {
            asker,
            data: read(data)?,
        })),
        contact::REMOVE => Box::new(Use(contact::Remove {
            asker,
            data: read(data)?,
        })),
        complete::KIND => Box::new(Use(complete::Complete {
            officer: None,
            data: read(data)?,
        })),
        complete::AT_COUNTER => Box::new(Use(complete::Complete {
            officer: Some(ask.clone()),
            data: read(data)?,
        })),
        _ => return way_in(kind, ask, data),
    }))
}

/// The same of what signs somebody in.
fn way_in(kind: &Kind, ask: &Ask, data: &str) -> Result<Option<AnyDecision>, Refusal> {
    Ok(Some(match kind.name {
        link::confirm::KIND | link::confirm::OF_OFFICER => {
            Box::new(Use(link::confirm::ConfirmLink {
                ask: ask.clone(),
                of_officer: kind.name == link::confirm::OF_OFFICER,
                data: read(data)?,
            }))
        }
        link::remove::KIND | link::remove::OF_OFFICER => Box::new(Use(link::remove::RemoveLink {
            ask: ask.clone(),
            of_officer: kind.name == link::remove::OF_OFFICER,
            data: read(data)?,
        })),
        request::KIND => Box::new(Use(request::RequestMerge {
            ask: ask.clone(),
            data: read(data)?,
        })),
        authenticator::enrol::KIND => Box::new(Use(authenticator::enrol::EnrolAuthenticator {
            ask: ask.clone(),
            data: read(data)?,
        })),
        authenticator::suspend::KIND => {
            Box::new(Use(authenticator::suspend::SuspendAuthenticator {
                data: read(data)?,
            }))
        }
        authenticator::remove::KIND | authenticator::remove::OF_OFFICER => {
            Box::new(Use(authenticator::remove::RemoveAuthenticator {
                ask: ask.clone(),
                of_officer: kind.name == authenticator::remove::OF_OFFICER,
                data: read(data)?,
            }))
        }
        _ => return Ok(None),
    }))
}

/// Who beside its proposer may say no to a proposal.
pub(super) fn concerned(kind: &Kind, data: &str) -> Vec<Uuid> {
    let merge = (kind.name == request::KIND).then(|| read::<request::Data>(data));
    let merge = merge.and_then(Result::ok);
    merge.map(|merge| merge.absorbed).into_iter().collect()
}

/// The member of `data` that says whose account it is.
#[derive(Deserialize)]
struct About {
    person: Uuid,
}

/// What is done in another's name: only by a delegation that lets this be done now, and it is counted.
struct Delegated {
    /// Whether this is the act itself, and not a second person's agreement to it.
    counts: bool,
    kind: &'static Kind,
    agent: Uuid,
    principal: Uuid,
    about: Option<Uuid>,
    inner: AnyDecision,
}

/// `inner`, if it is asked in another's name, behind the question whether it may be.
pub(super) fn delegated(
    kind: &'static Kind,
    ask: &Ask,
    data: &str,
    inner: AnyDecision,
    counts: bool,
) -> AnyDecision {
    let act = ask.act.as_ref();
    let Some(act) = act.filter(|act| Role::parse(&act.role) == Some(Role::Proxy)) else {
        return inner;
    };
    Box::new(Delegated {
        counts,
        kind,
        agent: act.person,
        // Nobody named is nobody's name: `Ask` refuses it.
        principal: act.on_behalf_of.unwrap_or(act.person),
        about: serde_json::from_str::<About>(data).ok().map(|it| it.person),
        inner,
    })
}

impl Decision for Delegated {
    type Error = Refusal;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let sides = [self.principal, self.agent];
        let mut streams: Vec<Stream> = sides.map(identity::person::wire::stream).into();
        streams.extend(self.inner.streams(world));
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, Refusal> {
        let (agent, principal) = (self.agent, self.principal);
        let scope = kinds::people::scope_of(self.kind.name);
        let own = scope.filter(|_| self.about == Some(principal));
        let by = own
            .and_then(|scope| delegation::acting(world, (agent, principal), scope, !self.counts));
        let by = by.ok_or(AskError::NotDelegated { agent, principal })?;
        match self.inner.decide(world)? {
            Verdict::Facts(mut facts) => {
                if self.counts {
                    facts.push(delegation::wire::acted(principal, by));
                }
                Ok(Verdict::Facts(facts))
            }
            already @ Verdict::AlreadySo(_) => Ok(already),
        }
    }
}
