//! Who acts in whose name, as the doors see it; what only time ends, ended.
//!
//! Invariant: a guardian sees and does nothing from the child's fourteenth birthday on. The day stands in
//! the vault alone, so it is looked at here, each time; the log holds the month that it is rounded up to.

use credentials::account::Whole;
use identity::person::delegation::{self, Basis, Delegation, Scope, end};
use identity::person::{Person, wire};
use jiff::ToSpan as _;
use jiff::civil::Date;
use uuid::Uuid;

use crate::app::App;
use crate::problem::{Problem, Reason};

/// Delegations looked at in one round.
const ROUND: usize = 1_024;

impl App {
    /// The delegation by which `agent` may do `scope` in the name of `principal` now.
    pub fn delegation(
        &self,
        agent: Uuid,
        principal: Uuid,
        scope: Scope,
    ) -> Result<Option<Delegation>, Problem> {
        let of = self.ledger.state::<Person>(&wire::stream(principal))?;
        let by = self.ledger.state::<Person>(&wire::stream(agent))?;
        let found = delegation::live(&of, (agent, &by), scope, self.today()).cloned();
        match found {
            Some(it) if it.granted.basis == Basis::Guardian && !self.is_child(principal)? => {
                Ok(None)
            }
            found => Ok(found),
        }
    }

    /// Whether `agent` may read the record of whoever these numbers are.
    pub(crate) fn views_for(&self, agent: Uuid, whole: &Whole) -> Result<bool, Problem> {
        let by = self.delegation(agent, whole.holder, Scope::View)?;
        Ok(by.is_some())
    }

    /// Refuses who may not do `scope` in the name of `principal` now: what the log cannot know is asked here.
    pub(crate) fn require_delegation(
        &self,
        agent: Uuid,
        principal: Uuid,
        scope: Scope,
    ) -> Result<(), Problem> {
        match self.delegation(agent, principal, scope)? {
            Some(_) => Ok(()),
            None => Err(Problem::of(Reason::NotDelegated)),
        }
    }

    /// Ends every delegation whose time came: the day in the log, or the child's birthday.
    pub(crate) fn end_due_delegations(&self) -> Result<(), Problem> {
        let today = self.today();
        let horizon = today.saturating_add(1.month());
        for it in self.views.people.delegations_until(horizon, ROUND)? {
            let due = match it.basis {
                Basis::Guardian => it.until <= today || !self.is_child(it.principal)?,
                Basis::Proxy => it.until <= today,
            };
            if due {
                let data = end::Data {
                    delegation: it.delegation,
                    person: it.principal,
                };
                self.say(end::EXPIRE, &data, None)?;
            }
        }
        Ok(())
    }
}

/// The first of the month behind `day`: late enough for every day of that month, and telling none.
pub(crate) fn rounded_up(day: Date) -> Date {
    day.last_of_month().saturating_add(1.day())
}
