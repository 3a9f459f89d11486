//! Who may read what, and how a reader waits for what it wrote.

use std::time::Duration;

use credentials::account::Whole;
use identity::did::IssuerNumber;
use identity::institution::Institution;
use identity::person::Person;
use identity::purpose::Purpose;
use identity::role::Role;
use projections::follow::WaitError;
use uuid::Uuid;

use crate::app::App;
use crate::extract::Caller;
use crate::problem::{Problem, Reason};
use crate::roles::{self, May};

/// The action of the matrix that reading a record is.
const READ_RECORD: &str = "read-record";
/// How long `?after=` waits for the views.
const AFTER_WAIT: Duration = Duration::from_secs(2);

/// How much of a person's record a reader gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// All of it.
    Full,
    /// All of it, names, marks and dates of birth masked or left out.
    Masked,
    /// What this institution awarded, and nothing that tells of the rest.
    AwardedBy(IssuerNumber),
}

impl Access {
    /// Whether names and marks are shown as they are.
    pub fn in_full(self) -> bool {
        self != Self::Masked
    }

    /// Whether an outcome of this awarder is shown.
    pub fn has(self, awarder: IssuerNumber) -> bool {
        match self {
            Self::Full | Self::Masked => true,
            Self::AwardedBy(institution) => institution == awarder,
        }
    }
}

impl App {
    /// Waits until the views have folded `position`.
    pub async fn wait_for(&self, position: Option<u64>) -> Result<(), Problem> {
        let Some(position) = position else {
            return Ok(());
        };
        self.wait_until(position, AFTER_WAIT).await
    }

    /// Waits up to `at_most` until the views have folded `position`.
    pub async fn wait_until(&self, position: u64, at_most: Duration) -> Result<(), Problem> {
        self.views
            .follower
            .reached(position, at_most)
            .await
            .map_err(|error| match error {
                WaitError::TimedOut { next } => Problem::of(Reason::ViewBehind).at(next),
                WaitError::Stopped { .. } => Problem::internal(error),
            })
    }

    /// How much of `person`'s record `caller` may read (SECURITY §5: learners their own, the
    /// institution that registered them all of it, one that awarded something what it awarded,
    /// counter, registrar and audit masked).
    pub fn may_read(&self, caller: &Caller, person: Uuid) -> Result<Access, Problem> {
        let whole = self.whole(person)?;
        let known = self
            .ledger
            .state::<Person>(&identity::person::wire::stream(whole.holder))?;
        let allowed = match roles::may(READ_RECORD, caller.role) {
            Some(May::Own) => (caller.person == whole.holder).then_some(Access::Full),
            Some(May::Roster) => self.on_roster(caller, &whole)?,
            Some(May::Scope) => self
                .views_for(caller.person, &whole)?
                .then_some(Access::Full),
            Some(May::Present) => self.on_roster(caller, &whole)?.map(|_| Access::Masked),
            Some(May::Masked) => Some(Access::Masked),
            Some(May::Alone | May::Two | May::Desk | May::Ask) | None => None,
        };
        // The same answer for an unknown person and for one who is not the caller's to read.
        let allowed = allowed.ok_or(Problem::of(Reason::NotAllowed))?;
        if !known.is_known() {
            return Err(Problem::of(Reason::PersonUnknown));
        }
        self.require_open(whole.holder)?;
        Ok(allowed)
    }

    /// The same for one outcome. Its id follows from record and learner: who may not read it does not learn that it is
    /// there.
    pub fn may_read_outcome(
        &self,
        caller: &Caller,
        person: Uuid,
        awarder: IssuerNumber,
    ) -> Result<Access, Problem> {
        let unknown = || Problem::of(Reason::OutcomeUnknown);
        match self.may_read(caller, person) {
            Ok(access) if access.has(awarder) => Ok(access),
            Ok(_) => Err(unknown()),
            Err(problem) if problem.reason == Reason::NotAllowed => Err(unknown()),
            Err(problem) => Err(problem),
        }
    }

    /// Refuses officers of an institution that only awarded something: it did not register the person.
    pub fn require_served(&self, caller: &Caller, person: Uuid) -> Result<(), Problem> {
        let Some(institution) = caller.institution else {
            return Ok(());
        };
        let stream = identity::person::wire::stream(person);
        if self.serves(institution, &*self.ledger.state::<Person>(&stream)?)? {
            return Ok(());
        }
        Err(Problem::of(Reason::NotAllowed))
    }

    /// Refuses a record that is forgotten, or locked by a law: closed to every use (SECURITY §7).
    pub fn require_open(&self, person: Uuid) -> Result<(), Problem> {
        let known = self
            .ledger
            .state::<Person>(&identity::person::wire::stream(person))?;
        if known.is_closed(Purpose::StudyRecord) {
            return Err(Problem::of(Reason::Erased));
        }
        Ok(())
    }

    /// What the caller's institution has to do with the person, under any number: registered, or
    /// awarded something.
    fn on_roster(&self, caller: &Caller, whole: &Whole) -> Result<Option<Access>, Problem> {
        let Some(institution) = caller.institution else {
            return Ok(None);
        };
        for number in &whole.numbers {
            let stream = identity::person::wire::stream(*number);
            if self.serves(institution, &*self.ledger.state::<Person>(&stream)?)? {
                return Ok(Some(Access::Full));
            }
        }
        // What it awarded itself, else what one awarded that was merged into it.
        let mut numbers = vec![institution];
        let state = self.ledger.state::<Institution>(&institution.stream())?;
        numbers.extend(&state.life.absorbed);
        let awarded = numbers.into_iter().find(|number| {
            let mut outcomes = whole.account.outcomes.iter();
            outcomes.any(|outcome| outcome.origin.awarder == *number)
        });
        Ok(awarded.map(Access::AwardedBy))
    }

    /// Whether an institution's officers serve the person: it registered the person, or answers for the one
    /// that did since a merger.
    pub fn serves(&self, number: IssuerNumber, person: &Person) -> Result<bool, Problem> {
        let institution = self.ledger.state::<Institution>(&number.stream())?;
        Ok(person.is_served_by(number, &institution))
    }

    /// Whether the commit at `position` is about the caller, or was signed for the caller's side.
    pub fn concerns(&self, caller: &Caller, position: u64) -> Result<bool, Problem> {
        let Some(commit) = self.ledger.commit(position)? else {
            return Ok(false);
        };
        let signed = identity::did::Did::parse(commit.assertion.kid().did()).map(|did| did.issuer);
        let own_side = match caller.role {
            Role::Institution | Role::Clerk | Role::Registrar => signed == Some(caller.issuer()),
            _ => false,
        };
        let about = caller.role == Role::Learner && {
            let numbers = self.whole(caller.person)?.numbers;
            let own = |key: &str| numbers.iter().any(|number| key == number.to_string());
            commit.facts.iter().any(|fact| own(fact.stream.key()))
        };
        Ok(own_side || about)
    }
}
