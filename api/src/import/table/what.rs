//! What a file lists, and which of its columns that needs.
//!
//! Invariant: a column that another kind of file would read means nothing here, whatever its header.

use std::collections::HashMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::field::Field;

/// What a file lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// Outcomes of people who are registered.
    #[default]
    Outcomes,
    /// People to be registered or found.
    Roster,
}

impl What {
    /// Whether such a file has this column.
    pub(super) fn has(self, field: Field) -> bool {
        let persons_own = matches!(field, Field::EnrolmentNumber | Field::BirthDate);
        match self {
            Self::Outcomes => !persons_own,
            Self::Roster => persons_own || matches!(field, Field::Name | Field::ResidentId),
        }
    }

    /// A column without which nothing can be recorded, if it is not there.
    pub(super) fn missing<T>(self, at: &HashMap<Field, T>) -> Option<Field> {
        // Of each of these one is needed; the first is asked for.
        let needed: &[&[Field]] = match self {
            // Where the awarder gives no number of its own, course and day tell one record from another.
            Self::Outcomes => &[
                &[Field::Record, Field::Code, Field::Title],
                &[Field::CompletedOn],
                &[Field::ResidentId, Field::Learner],
            ],
            Self::Roster => &[&[Field::Name], &[Field::ResidentId, Field::EnrolmentNumber]],
        };
        let mut missing = needed
            .iter()
            .filter(|any| !any.iter().any(|field| at.contains_key(field)));
        missing.next().and_then(|any| any.first().copied())
    }
}

impl FromStr for What {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "outcomes" => Ok(Self::Outcomes),
            "roster" => Ok(Self::Roster),
            _ => Err(()),
        }
    }
}
