//! How old somebody is, by the day of birth in the vault: what the rules learn of it is yes or no.
//!
//! Invariant: the day leaves the vault for nobody but the answer to one question; unknown is neither child nor elder.

use identity::date;
use identity::person::delegation::AGE_OF_CONSENT;
use jiff::ToSpan as _;
use jiff::civil::Date;
use uuid::Uuid;

use crate::app::App;
use crate::problem::Problem;

/// Age from which on signing in is made longer, and nobody waits who comes to a counter (SECURITY §1.4, §4).
const ELDER_YEARS: i16 = 60;

impl App {
    /// The birthday from which on somebody says yes alone, by the vault; `None` = it is not known.
    pub(crate) fn of_age_from(&self, person: Uuid) -> Result<Option<Date>, Problem> {
        Ok(self
            .born_on(person)?
            .map(|day| day.saturating_add(AGE_OF_CONSENT.years())))
    }

    /// The day of birth, by the vault.
    fn born_on(&self, person: Uuid) -> Result<Option<Date>, Problem> {
        let opened = self.identity_of(person)?;
        let born = opened.iter().find(|it| it.name() == "birth_date");
        Ok(born.and_then(|it| date::parse(it.expose_text()?)))
    }

    pub(crate) fn is_child(&self, person: Uuid) -> Result<bool, Problem> {
        // Unknown is no child's: nobody acts on what nobody knows.
        Ok(self
            .of_age_from(person)?
            .is_some_and(|from| self.today() < from))
    }

    /// Whether somebody is 60 or older.
    pub(crate) fn is_elder(&self, person: Uuid) -> Result<bool, Problem> {
        let born = self.born_on(person)?;
        let today = self.today();
        Ok(born.is_some_and(|day| day.saturating_add(ELDER_YEARS.years()) <= today))
    }
}
