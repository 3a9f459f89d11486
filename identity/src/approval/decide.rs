//! approval.decide: another person agrees to a proposal, or says no.

use std::collections::HashSet;
use std::sync::Arc;

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::{Fact, Stream};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::state::{Approval, Proposal};
use super::wire;
use crate::ask::Ask;
use crate::did::IssuerNumber;
use crate::officer::Officer;
use crate::role::Role;

/// The assertion's kind.
pub const KIND: &str = "approval.decide.v1";
/// How long a proposal may be approved, in milliseconds (SECURITY §5: 24 h).
pub const TERM_MS: i64 = 24 * 3_600_000;

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// Carry it out.
    Approve,
    /// Let it drop; the proposer may say so too and thereby takes it back.
    Reject,
}

/// The assertion's data; the proposal itself is the assertion's `target`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Yes or no.
    pub decision: Answer,
}

/// Whose officers approve an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Those of whoever asks.
    Asker,
    /// The registrar's, whoever asks.
    Registrar,
}

/// Who must agree to an act beside its proposer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approvers {
    /// In which roles.
    pub roles: &'static [Role],
    /// On which side.
    pub side: Side,
    /// How many.
    pub count: usize,
}

/// A use case to be carried out on somebody's behalf, and who must agree to it.
pub struct Resumed<E> {
    /// The use case.
    pub decision: Box<dyn Decision<Error = E>>,
    /// Who must agree.
    pub approvers: Approvers,
    /// Whose own it touches beside the proposer's: each may say no, as a learner, and nothing else.
    pub concerned: Vec<Uuid>,
}

/// Makes the use case of a stored proposal: kind, data, who asked.
pub type Resume<E> = Arc<dyn Fn(&Proposal) -> Result<Resumed<E>, E> + Send + Sync>;

/// Decide about a proposal.
pub struct DecideApproval<E> {
    /// Who decides.
    pub ask: Ask,
    /// What.
    pub data: Data,
    /// How a proposal becomes a use case again.
    pub resume: Resume<E>,
}

/// Why an approval is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalError {
    /// The assertion names no proposal.
    #[error("target must name the proposal's id and leaf")]
    TargetMissing,
    /// No such proposal, or another leaf.
    #[error("there is no proposal {0} with that leaf")]
    ProposalUnknown(Uuid),
    /// Proposer and approver are one person, or nobody is named.
    #[error("a second person is needed: not the one who proposed, and not twice the same")]
    SamePerson,
    /// The second person acts for another institution.
    #[error("somebody of another institution may not approve this")]
    ApproverElsewhere,
    /// The second person acts in a role that may not.
    #[error("role {0} may not approve this")]
    ApproverNotAllowed(String),
    /// It was rejected.
    #[error("the proposal was rejected at position {0}")]
    Rejected(u64),
    /// It was carried out already: a no comes too late.
    #[error("the proposal was carried out at position {0}")]
    Completed(u64),
    /// More than 24 hours have passed.
    #[error("the proposal is more than 24 hours old: propose again")]
    Expired,
}

impl<E: From<ApprovalError> + 'static> Decision for DecideApproval<E> {
    type Error = E;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let Some(target) = self.ask.target else {
            return Vec::new();
        };
        let mut streams = vec![wire::stream(target.id), Officer::province()];
        if world.knows(&wire::stream(target.id)) {
            let approval = world.get::<Approval>(&wire::stream(target.id));
            let inner = approval
                .proposal
                .as_ref()
                .and_then(|proposal| (self.resume)(proposal).ok());
            streams.extend(
                inner
                    .map(|inner| inner.decision.streams(world))
                    .unwrap_or_default(),
            );
        }
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, E> {
        let target = self.ask.target.ok_or(ApprovalError::TargetMissing)?;
        let approval = world.get::<Approval>(&wire::stream(target.id));
        let proposal = approval
            .proposal
            .as_ref()
            .filter(|proposal| proposal.leaf == target.leaf)
            .ok_or(ApprovalError::ProposalUnknown(target.id))?;
        if let Some(done) = approval.completed {
            // "So already" would tell who said no that the act did not happen.
            return match self.data.decision {
                Answer::Approve => Ok(Verdict::AlreadySo(done)),
                Answer::Reject => Err(ApprovalError::Completed(done.position).into()),
            };
        }
        if let Some(rejected) = approval.rejected {
            return Err(ApprovalError::Rejected(rejected.position).into());
        }
        let inner = (self.resume)(proposal)?;
        let withdrawn_by = self.withdrawing(proposal, &inner.concerned);
        let person = match withdrawn_by {
            Some(person) => person,
            None => self.second_person(&approval, proposal, inner.approvers.side)?,
        };
        if world.recorded_at_ms.saturating_sub(proposal.recorded_at_ms) > TERM_MS {
            return Err(ApprovalError::Expired.into());
        }
        let said_no = || Verdict::Facts(vec![wire::by(target.id, wire::REJECTED_V1, person)]);
        if withdrawn_by.is_some() {
            return Ok(said_no());
        }
        let roster = world.get::<Officer>(&Officer::province());
        let needed = Needed::of(&roster, proposal, inner.approvers);
        let role = self.role();
        if !needed.admits(role) {
            return Err(ApprovalError::ApproverNotAllowed(
                role.map_or_else(String::new, |r| r.to_string()),
            )
            .into());
        }
        if self.data.decision == Answer::Reject {
            return Ok(said_no());
        }
        let mut agreed = approval.given.clone();
        agreed.push(person);
        if !needed.is_met(&roster, proposal, &agreed) {
            return Ok(Verdict::Facts(vec![wire::by(
                target.id,
                wire::GIVEN_V1,
                person,
            )]));
        }
        let mut facts = match inner.decision.decide(world)? {
            Verdict::Facts(facts) => facts,
            already @ Verdict::AlreadySo(_) => return Ok(already),
        };
        for fact in &mut facts {
            carry_over(fact, proposal);
        }
        facts.push(wire::by(target.id, wire::COMPLETED_V1, person));
        Ok(Verdict::Facts(facts))
    }
}

impl<E> DecideApproval<E> {
    fn role(&self) -> Option<Role> {
        self.ask.act.as_ref().and_then(|act| Role::parse(&act.role))
    }

    /// The proposer who takes the proposal back, or a learner of whose account it is: to say no takes one
    /// person only.
    fn withdrawing(&self, proposal: &Proposal, concerned: &[Uuid]) -> Option<Uuid> {
        let person = self.ask.person()?;
        let side = proposal.ask.as_ref().map(|ask| ask.issuer) == Some(self.ask.issuer);
        let proposer = side && proposal.act().map(|act| act.person) == Some(person);
        let learner = self.role() == Some(Role::Learner) && concerned.contains(&person);
        (self.data.decision == Answer::Reject && (proposer || learner)).then_some(person)
    }

    /// The approver: another person than the proposer, of the side that approves, and not twice.
    fn second_person(
        &self,
        approval: &Approval,
        proposal: &Proposal,
        side: Side,
    ) -> Result<Uuid, ApprovalError> {
        let proposer = proposal.act().map(|act| act.person);
        // Where the asker's side approves, somebody of it must have proposed.
        let named = proposer.is_some() || side == Side::Registrar;
        let person = self.ask.person().filter(|person| {
            named && Some(*person) != proposer && !approval.given.contains(person)
        });
        let person = person.ok_or(ApprovalError::SamePerson)?;
        let issuer = match side {
            Side::Asker => proposal.ask.as_ref().map(|ask| ask.issuer),
            Side::Registrar => Some(IssuerNumber::REGISTRAR),
        };
        if issuer == Some(self.ask.issuer) {
            Ok(person)
        } else {
            Err(ApprovalError::ApproverElsewhere)
        }
    }
}

/// Who must agree: so many more persons of the act's roles; while the province has not as many, all
/// three administrators together (SECURITY §5, Genesis).
enum Needed {
    More(Approvers),
    ThreeAdministrators,
}

impl Needed {
    fn of(roster: &Officer, proposal: &Proposal, approvers: Approvers) -> Self {
        let by_registrar = approvers.side == Side::Registrar
            || proposal
                .ask
                .as_ref()
                .is_some_and(|ask| ask.issuer == IssuerNumber::REGISTRAR);
        let proposer = proposal.act().map(|act| act.person);
        if by_registrar && roster.others(proposer, approvers.roles) < approvers.count {
            Self::ThreeAdministrators
        } else {
            Self::More(approvers)
        }
    }

    fn admits(&self, role: Option<Role>) -> bool {
        role.is_some_and(|role| match self {
            Self::More(approvers) => approvers.roles.contains(&role),
            Self::ThreeAdministrators => role.is_administrator(),
        })
    }

    /// Whether these agreed besides the proposer are enough. One administrator may have proposed.
    fn is_met(&self, roster: &Officer, proposal: &Proposal, agreed: &[Uuid]) -> bool {
        match self {
            Self::More(approvers) => agreed.len() >= approvers.count,
            Self::ThreeAdministrators => {
                let proposer = proposal.act().map(|act| act.person);
                let held: HashSet<Role> = roster
                    .grants
                    .iter()
                    .map(|grant| grant.granted)
                    .filter(|granted| {
                        let counts =
                            agreed.contains(&granted.person) || Some(granted.person) == proposer;
                        counts && granted.role.is_administrator()
                    })
                    .map(|granted| granted.role)
                    .collect();
                held.len() == 3
            }
        }
    }
}

/// A fact that would have left its data out has the proposal's, not the approval's.
fn carry_over(fact: &mut Fact, proposal: &Proposal) {
    if fact.data.is_none() {
        fact.data = RawValue::from_string(proposal.data.clone()).ok();
    }
}
