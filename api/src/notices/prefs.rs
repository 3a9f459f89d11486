//! How somebody wants to be told: on which channels, in which language, not at night.

use identity::date::time_of;
use identity::person::contact::Channel;
use ledger::side::SideError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Notices;
use crate::problem::{Language, Problem};
use crate::side::write;

/// Person → preferences.
const PREFERENCES: &str = "notice-prefs";
/// The hours of UTC+8 in which nobody is disturbed, where nothing else was said.
const QUIET_FROM: u8 = 21;
const QUIET_TO: u8 = 8;
const HOUR_MS: i64 = 3_600_000;

/// How somebody wants to be told. What guards the account is told on every channel and at any hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Preferences {
    /// By message.
    #[serde(default = "yes")]
    pub sms: bool,
    /// By mail.
    #[serde(default = "yes")]
    pub email: bool,
    /// In English; else Chinese.
    #[serde(default)]
    pub english: bool,
    /// The hour from which nothing is sent, 0 to 23, UTC+8.
    #[serde(default = "quiet_from")]
    pub quiet_from: u8,
    /// The hour until which nothing is sent; the same as `quiet_from` = at any hour.
    #[serde(default = "quiet_to")]
    pub quiet_to: u8,
}

const fn yes() -> bool {
    true
}

const fn quiet_from() -> u8 {
    QUIET_FROM
}

const fn quiet_to() -> u8 {
    QUIET_TO
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            sms: true,
            email: true,
            english: false,
            quiet_from: QUIET_FROM,
            quiet_to: QUIET_TO,
        }
    }
}

impl Preferences {
    /// Whether both hours are hours.
    pub const fn is_valid(&self) -> bool {
        self.quiet_from < 24 && self.quiet_to < 24
    }

    /// Whether something may be sent on `channel`.
    pub const fn wants(&self, channel: Channel) -> bool {
        match channel {
            Channel::Sms => self.sms,
            Channel::Email => self.email,
        }
    }

    /// The language to write in.
    pub const fn language(&self) -> Language {
        if self.english {
            Language::En
        } else {
            Language::Zh
        }
    }

    /// The first moment at or behind `now_ms` that is not quiet, Unix milliseconds.
    pub fn awake_from(&self, now_ms: i64) -> i64 {
        let hour = u8::try_from(time_of(now_ms).hour()).unwrap_or_default();
        let quiet = if self.quiet_from <= self.quiet_to {
            (self.quiet_from..self.quiet_to).contains(&hour)
        } else {
            hour >= self.quiet_from || hour < self.quiet_to
        };
        if !quiet {
            return now_ms;
        }
        let wait = (i64::from(self.quiet_to) - i64::from(hour)).rem_euclid(24);
        let into_hour = now_ms.rem_euclid(HOUR_MS);
        now_ms.saturating_add(wait * HOUR_MS - into_hour)
    }
}

impl Notices {
    /// How `person` wants to be told.
    pub fn preferences(&self, person: Uuid) -> Result<Preferences, Problem> {
        let row = self.side.get(PREFERENCES, person.as_bytes())?;
        Ok(row
            .and_then(|row| self.opened(PREFERENCES, person.as_bytes(), &row))
            .unwrap_or_default())
    }

    /// Says how `person` wants to be told.
    pub fn prefer(&self, person: Uuid, preferences: &Preferences) -> Result<(), Problem> {
        let sealed = self.sealed(PREFERENCES, person.as_bytes(), preferences)?;
        write(&*self.side, |tx| {
            tx.put(PREFERENCES, person.as_bytes(), &sealed, None)
        })?;
        Ok(())
    }

    pub(super) fn forget_preferences(&self, person: Uuid) -> Result<(), SideError> {
        write(&*self.side, |tx| {
            tx.delete(PREFERENCES, person.as_bytes()).map(|_| ())
        })
    }
}
