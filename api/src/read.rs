//! Who may read what, and how a reader waits for what it wrote.

use std::time::Duration;

use credentials::account::Account;
use identity::person::Person;
use identity::role::Role;
use projections::follow::WaitError;
use uuid::Uuid;

use crate::app::App;
use crate::extract::Caller;
use crate::problem::{Problem, Reason};

/// How long `?after=` waits for the views.
const AFTER_WAIT: Duration = Duration::from_secs(2);

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

    /// Whether `caller` may read `person`'s record, and then whether in full or masked
    /// (SECURITY §5: learners their own, staff their own roster, registrar and audit masked).
    pub fn may_read(&self, caller: &Caller, person: Uuid) -> Result<bool, Problem> {
        let known = self
            .ledger
            .state::<Person>(&identity::person::wire::stream(person))?;
        let allowed = match caller.role {
            Role::Learner => (caller.person == person).then_some(true),
            Role::Institution | Role::Clerk | Role::Counter => {
                self.is_on_roster(caller, person, &known)?.then_some(true)
            }
            Role::Registrar | Role::Audit => Some(false),
            Role::Proxy
            | Role::Merchant
            | Role::Verifier
            | Role::System
            | Role::Security
            | Role::Auditor => None,
        };
        // The same answer for an unknown person and for one who is not the caller's to read.
        let allowed = allowed.ok_or(Problem::of(Reason::NotAllowed))?;
        if known.is_known() {
            Ok(allowed)
        } else {
            Err(Problem::of(Reason::PersonUnknown))
        }
    }

    /// Registered by the caller's institution, or awarded something by it.
    fn is_on_roster(&self, caller: &Caller, person: Uuid, known: &Person) -> Result<bool, Problem> {
        if caller.institution.is_none() {
            return Ok(false);
        }
        if known.registered_by == caller.institution {
            return Ok(true);
        }
        let account = self
            .ledger
            .state::<Account>(&credentials::account::wire::stream(person))?;
        Ok(account
            .outcomes
            .iter()
            .any(|outcome| Some(outcome.origin.awarder) == caller.institution))
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
        let person = caller.person.to_string();
        let about = caller.role == Role::Learner
            && commit.facts.iter().any(|fact| fact.stream.key() == person);
        Ok(own_side || about)
    }
}
