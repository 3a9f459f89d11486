//! Numbers that turned out to be one person's, as the doors see them.
//!
//! Invariant: whoever asks for any number of a person reads the whole of it, under the number that stays;
//! what is said of an outcome names the number that its record names.

use std::collections::BTreeSet;
use std::sync::Arc;

use credentials::account::{Account, Whole, whole, wire};
use credentials::merge::apply::{self, ResidentIds};
use credentials::merge::request;
use credentials::split::division;
use identity::approval::{self, Approval, Proposal, decide};
use identity::identifier::IdentifierType;
use identity::person::{self, Person};
use identity::purpose::Purpose;
use ledger::assertion::Assertion;
use projections::transcripts::Line;
use uuid::Uuid;

use crate::app::App;
use crate::problem::{Problem, Reason};

impl App {
    /// The whole account of whoever `person` turned out to be.
    pub fn whole(&self, person: Uuid) -> Result<Whole, Problem> {
        whole(person, |number| {
            Ok(self.ledger.state::<Account>(&wire::stream(number))?)
        })
    }

    /// The number under which `person` is known now.
    pub fn holder(&self, person: Uuid) -> Result<Uuid, Problem> {
        Ok(self.whole(person)?.holder)
    }

    /// `person` and every number merged into it, with their states.
    pub fn numbers(&self, person: Uuid) -> Result<Vec<(Uuid, Arc<Person>)>, Problem> {
        person::numbers::numbers(person, |number| {
            Ok(self.ledger.state::<Person>(&person::wire::stream(number))?)
        })
    }

    /// The numbers whose study records may be shown, of all that are the person's.
    pub fn open_numbers(&self, whole: &Whole) -> Result<Vec<Uuid>, Problem> {
        let mut open = Vec::with_capacity(whole.numbers.len());
        for number in &whole.numbers {
            let state = self
                .ledger
                .state::<Person>(&person::wire::stream(*number))?;
            open.extend((!state.is_closed(Purpose::StudyRecord)).then_some(*number));
        }
        Ok(open)
    }

    /// Shows as quarantined what counts in another line's place, where numbers were merged, and what a split
    /// in hand holds.
    pub fn quarantine(&self, whole: &Whole, rows: &mut [Line]) -> Result<(), Problem> {
        let stream = person::wire::stream(whole.holder);
        let holder = self.ledger.state::<Person>(&stream)?;
        for row in &mut *rows {
            let outcome = whole.account.outcome(row.outcome);
            if outcome.is_some_and(|it| division::holds(&holder, it.recorded.position)) {
                row.quarantine();
            }
        }
        if whole.numbers.len() < 2 {
            return Ok(());
        }
        for row in rows {
            let awarder = self.institution(row.origin.awarder)?;
            let outcome = whole.account.outcome(row.outcome);
            if outcome.is_some_and(|outcome| whole.account.is_doubled(outcome, &awarder)) {
                row.quarantine();
            }
        }
        Ok(())
    }

    /// The merge that an assertion asks for, or agrees to.
    pub(crate) fn merge_asked(
        &self,
        assertion: &Assertion,
    ) -> Result<Option<apply::Data>, Problem> {
        if [apply::KIND, request::KIND].contains(&assertion.kind()) {
            return Ok(merge_of(assertion.kind(), assertion.data().get()));
        }
        let target = assertion.target();
        let Some(target) = target.filter(|_| assertion.kind() == decide::KIND) else {
            return Ok(None);
        };
        // A no needs no premise: it is for those who find that it does not hold.
        let decided: Option<decide::Data> = serde_json::from_str(assertion.data().get()).ok();
        if decided.is_some_and(|it| it.decision == decide::Answer::Reject) {
            return Ok(None);
        }
        let stream = approval::wire::stream(target.id);
        let approval = self.ledger.state::<Approval>(&stream)?;
        let proposal = approval.proposal.as_ref();
        Ok(proposal.and_then(merge_proposed))
    }

    /// Refuses a premise that is not what the vault says, or is not any more: a rule cannot look.
    pub(crate) fn check_premise(&self, merge: &apply::Data) -> Result<(), Problem> {
        let found = self.compare_resident_ids(merge.person, merge.absorbed)?;
        if found == merge.resident_ids {
            return Ok(());
        }
        Err(Problem::of(Reason::ResidentIdsDiffer).detail((
            "两个编号的身份证与声明中说的不符",
            "the resident ids of the two numbers are not as the assertion says",
        )))
    }

    /// How the 身份证 of two numbers compare, by what the vault holds of them.
    pub fn compare_resident_ids(&self, one: Uuid, other: Uuid) -> Result<ResidentIds, Problem> {
        let ids = |number| -> Result<BTreeSet<String>, Problem> {
            let name = IdentifierType::ResidentId.as_str();
            let opened = self.identity_of(number)?;
            let texts = opened.iter().filter(|it| it.name() == name);
            Ok(texts
                .filter_map(|it| IdentifierType::ResidentId.check(it.expose_text()?).ok())
                .map(|checked| checked.normalised)
                .collect())
        };
        let (one, other) = (ids(one)?, ids(other)?);
        Ok(if one.is_empty() || other.is_empty() {
            ResidentIds::Absent
        } else if one.is_disjoint(&other) {
            ResidentIds::Differ
        } else {
            ResidentIds::Same
        })
    }
}

/// The merge that was proposed, by officers or by the learner.
pub(crate) fn merge_proposed(proposal: &Proposal) -> Option<apply::Data> {
    merge_of(&proposal.kind, &proposal.data)
}

/// What has another shape is refused by the rules.
fn merge_of(kind: &str, data: &str) -> Option<apply::Data> {
    match kind {
        apply::KIND => serde_json::from_str(data).ok(),
        request::KIND => {
            let asked: Option<request::Data> = serde_json::from_str(data).ok();
            asked.map(|asked| asked.merge())
        }
        _ => None,
    }
}
