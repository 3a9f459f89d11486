//! The auditor: a second, simpler account of what the rules say, in plain maps.
//!
//! Written from the rules, not from the code: no streams, no events, no folds. It knows what
//! became of every step and says beforehand what the next must come to.

use std::collections::{HashMap, HashSet};

use identity::approval::decide::Answer;
use ledger::assertion::Target;

use super::history::{Act, Actor, Aim, CREDITS, Cast, Content, Record, Step, Who};

/// What a step must come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A commit.
    Written,
    /// Nothing new: so since this position.
    AlreadySo(u64),
    /// No.
    Refused,
}

/// Where a lot stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lot {
    /// Can be spent.
    Available,
    /// Replaced.
    Superseded,
    /// Ended.
    Revoked,
}

/// An outcome as the auditor sees it.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What it said first.
    pub first: Content,
    /// What it says now.
    pub now: Content,
    /// (position, name) of the commit that recorded it.
    pub recorded: (u64, Target),
    /// (position, name) of the commit that says what it says now.
    pub current: (u64, Target),
    /// Where it was revoked.
    pub revoked: Option<u64>,
    /// (milli-credits, where it stands), in order.
    pub lots: Vec<(u64, Lot)>,
}

#[derive(Debug, Clone)]
struct Proposal {
    name: Target,
    at_ms: i64,
    who: Who,
    act: Act,
    named: Option<Target>,
    rejected: bool,
    completed: Option<u64>,
}

/// The auditor's books about one cast.
#[derive(Debug)]
pub struct Auditor {
    /// Who it is about.
    pub cast: Cast,
    /// Position of the next commit.
    pub next: u64,
    now_ms: i64,
    registered: HashSet<u8>,
    /// (school, key) → (activated, retired).
    keys: HashMap<(u8, u8), (u64, Option<u64>)>,
    /// Every outcome.
    pub outcomes: HashMap<Record, Outcome>,
    proposals: Vec<Proposal>,
}

impl Auditor {
    /// Books that begin at position `next`; `admitted` are the positions of the two admissions.
    pub fn new(cast: Cast, next: u64, now_ms: i64, admitted: [u64; 2]) -> Self {
        let keys = HashMap::from([((0, 0), (admitted[0], None)), ((1, 0), (admitted[1], None))]);
        let (registered, outcomes, proposals) = (HashSet::new(), HashMap::new(), Vec::new());
        Self {
            cast,
            next,
            now_ms,
            registered,
            keys,
            outcomes,
            proposals,
        }
    }

    /// Time passes.
    pub fn wait_ms(&mut self, ms: i64) {
        self.now_ms += ms;
    }

    /// What a step names.
    pub fn target(&self, step: &Step) -> Option<Target> {
        let of = |record: &Record, aim: Aim| {
            let outcome = self.outcomes.get(record)?;
            match aim {
                Aim::Current => Some(outcome.current.1),
                Aim::First => Some(outcome.recorded.1),
                Aim::Nothing => None,
            }
        };
        match &step.act {
            Act::Correct(record, _, aim) | Act::Revoke(record, aim) => of(record, *aim),
            Act::Decide(back, _) => self.proposal(*back).map(|at| self.proposals[at].name),
            _ => None,
        }
    }

    /// What a step must come to.
    pub fn judge(&self, step: &Step) -> Verdict {
        if !self.may_sign(step.who) {
            return Verdict::Refused;
        }
        match step.act {
            Act::Decide(back, answer) => self.judge_decision(step.who, back, answer),
            act => self.judge_act(step.who, act, self.target(step)),
        }
    }

    fn may_sign(&self, who: Who) -> bool {
        let open = match self.keys.get(&(who.school, who.key)) {
            None => false,
            Some((activated, None)) => self.next > *activated,
            Some((activated, Some(retired))) => self.next > *activated && self.next <= *retired,
        };
        open && who.actor != Actor::Stranger
    }

    fn proposal(&self, back: u8) -> Option<usize> {
        self.proposals.len().checked_sub(1 + usize::from(back))
    }

    fn judge_act(&self, who: Who, act: Act, named: Option<Target>) -> Verdict {
        match act {
            Act::Register(person) => written_if(!self.registered.contains(&person)),
            Act::Record(record, content) => self.judge_recording(who, record, content),
            Act::Correct(record, content, _) => self.judge_correction(who, record, content, named),
            Act::Revoke(record, _) => self.judge_revocation(who, record, named),
            Act::Activate(school, _) | Act::Retire(school, _) if school != who.school => {
                Verdict::Refused
            }
            Act::Activate(school, key) => match self.keys.get(&(school, key)) {
                None => Verdict::Written,
                Some((activated, None)) => Verdict::AlreadySo(*activated),
                Some((_, Some(_))) => Verdict::Refused,
            },
            Act::Retire(school, key) => match self.keys.get(&(school, key)) {
                None => Verdict::Refused,
                Some((_, Some(retired))) => Verdict::AlreadySo(*retired),
                Some((_, None)) => written_if((0..3).any(|other| {
                    other != key && matches!(self.keys.get(&(school, other)), Some((_, None)))
                })),
            },
            Act::Decide(..) | Act::Wait(_) => Verdict::Refused,
        }
    }

    fn judge_recording(&self, who: Who, record: Record, content: Content) -> Verdict {
        if record.owner != who.school || !self.registered.contains(&record.person) {
            return Verdict::Refused;
        }
        match self.outcomes.get(&record) {
            None => written_if(credit(content).is_some()),
            Some(outcome) if outcome.revoked.is_some() => Verdict::Refused,
            Some(outcome) if outcome.first == content || outcome.now == content => {
                Verdict::AlreadySo(outcome.recorded.0)
            }
            Some(_) => Verdict::Refused,
        }
    }

    fn judge_correction(
        &self,
        who: Who,
        record: Record,
        content: Content,
        named: Option<Target>,
    ) -> Verdict {
        match self.outcomes.get(&record) {
            Some(outcome) if record.owner == who.school && outcome.revoked.is_none() => {
                if named != Some(outcome.current.1) {
                    Verdict::Refused
                } else if outcome.now == content {
                    Verdict::AlreadySo(outcome.current.0)
                } else {
                    // A proposal by nobody could never find its second person.
                    written_if(credit(content).is_some() && who.actor != Actor::Nobody)
                }
            }
            _ => Verdict::Refused,
        }
    }

    fn judge_revocation(&self, who: Who, record: Record, named: Option<Target>) -> Verdict {
        match self.outcomes.get(&record) {
            Some(outcome) if record.owner == who.school => {
                if let Some(position) = outcome.revoked {
                    Verdict::AlreadySo(position)
                } else {
                    let current = named == Some(outcome.current.1);
                    written_if(current && who.actor != Actor::Nobody)
                }
            }
            _ => Verdict::Refused,
        }
    }

    fn judge_decision(&self, who: Who, back: u8, answer: Answer) -> Verdict {
        let Some(proposal) = self.proposal(back).map(|at| &self.proposals[at]) else {
            return Verdict::Refused;
        };
        if let Some(position) = proposal.completed {
            // What is done cannot be said no to any more.
            return match answer {
                Answer::Approve => Verdict::AlreadySo(position),
                Answer::Reject => Verdict::Refused,
            };
        }
        let one_of_them = who.actor != Actor::Nobody && who.school == proposal.who.school;
        // Who proposed may take it back, and no more.
        let may = one_of_them && (who.actor != proposal.who.actor || answer == Answer::Reject);
        let in_time = self.now_ms - proposal.at_ms <= 24 * 60 * 60 * 1_000;
        if proposal.rejected || !may || !in_time {
            return Verdict::Refused;
        }
        match answer {
            Answer::Reject => Verdict::Written,
            Answer::Approve => self.judge_act(proposal.who, proposal.act, proposal.named),
        }
    }

    /// Takes in that a step was written under this name.
    pub fn written(&mut self, step: &Step, name: Target) {
        let position = self.next;
        let named = self.target(step);
        self.next += 1;
        match step.act {
            Act::Decide(back, Answer::Reject) => {
                if let Some(at) = self.proposal(back) {
                    self.proposals[at].rejected = true;
                }
            }
            Act::Decide(back, Answer::Approve) => {
                if let Some(at) = self.proposal(back) {
                    self.proposals[at].completed = Some(position);
                    let act = self.proposals[at].act;
                    self.carry_out(act, position, name);
                }
            }
            act @ (Act::Correct(..) | Act::Revoke(..)) => {
                let (at_ms, who) = (self.now_ms, step.who);
                self.proposals.push(Proposal {
                    name,
                    at_ms,
                    who,
                    act,
                    named,
                    rejected: false,
                    completed: None,
                });
            }
            act => self.carry_out(act, position, name),
        }
    }

    fn carry_out(&mut self, act: Act, position: u64, name: Target) {
        match act {
            Act::Register(person) => {
                self.registered.insert(person);
            }
            Act::Record(record, content) => {
                let lots = vec![(credit(content).unwrap_or_default(), Lot::Available)];
                let here = (position, name);
                let outcome = Outcome {
                    first: content,
                    now: content,
                    recorded: here,
                    current: here,
                    revoked: None,
                    lots,
                };
                self.outcomes.insert(record, outcome);
            }
            Act::Correct(record, content, _) => {
                if let Some(outcome) = self.outcomes.get_mut(&record) {
                    outcome.now = content;
                    outcome.current = (position, name);
                    end(&mut outcome.lots, Lot::Superseded);
                    outcome
                        .lots
                        .push((credit(content).unwrap_or_default(), Lot::Available));
                }
            }
            Act::Revoke(record, _) => {
                if let Some(outcome) = self.outcomes.get_mut(&record) {
                    outcome.revoked = Some(position);
                    end(&mut outcome.lots, Lot::Revoked);
                }
            }
            Act::Activate(school, key) => {
                self.keys.insert((school, key), (position, None));
            }
            Act::Retire(school, key) => {
                if let Some(window) = self.keys.get_mut(&(school, key)) {
                    window.1 = Some(position);
                }
            }
            Act::Decide(..) | Act::Wait(_) => {}
        }
    }
}

fn written_if(valid: bool) -> Verdict {
    if valid {
        Verdict::Written
    } else {
        Verdict::Refused
    }
}

/// The milli-credits that a content deposits; `None` = more than one outcome may have.
fn credit(content: Content) -> Option<u64> {
    let (_, mc) = CREDITS[usize::from(content.credits)];
    if !content.passed {
        Some(0)
    } else if mc > 240_000 {
        None
    } else {
        Some(mc)
    }
}

fn end(lots: &mut [(u64, Lot)], how: Lot) {
    for lot in lots {
        if lot.1 == Lot::Available {
            lot.1 = how;
        }
    }
}
