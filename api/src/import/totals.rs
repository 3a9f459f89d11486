//! What a file comes to before it is recorded: learners, credits, and one learner to look at.
//!
//! Invariant: only rows that would be recorded count. It is made anew from the first row, also after a
//! crash.

use std::cmp::Reverse;
use std::collections::HashMap;

use credentials::millicredits::Millicredits;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::row::Ready;

/// Lines of the learner shown.
const LINES_MAX: usize = 20;

/// What the rows come to that can be recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Totals {
    /// How many learners they are about.
    pub learners: u64,
    /// Credits that they would deposit together, a decimal.
    pub credits: String,
    /// The learner with most rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learner: Option<Sample>,
}

/// One learner of a file, to be looked at before everybody is recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sample {
    /// Who.
    pub learner: Uuid,
    /// Rows about this learner.
    pub rows: u64,
    /// Credits that they would deposit together, a decimal.
    pub credits: String,
    /// The first of them, as they would be recorded.
    pub outcomes: Vec<SampleLine>,
}

/// A row as it would be recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SampleLine {
    /// Line in the file.
    pub row: u64,
    /// The awarder's own number for it.
    pub record: String,
    /// What it openly says.
    #[schema(value_type = Object)]
    pub open: serde_json::Value,
    /// Its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Credits that it would deposit, a decimal.
    pub credits: String,
}

/// Counts while the rows pass.
#[derive(Default)]
pub(super) struct Tally {
    credits: Millicredits,
    by_learner: HashMap<Uuid, OfLearner>,
}

#[derive(Default)]
struct OfLearner {
    rows: u64,
    credits: Millicredits,
    /// The first of the rows: where each stands in the table, and what it would deposit.
    first: Vec<(usize, Millicredits)>,
}

impl Tally {
    /// Takes in row `index`, which would be recorded for `person` and deposit these credits.
    pub(super) fn take(&mut self, index: usize, person: Uuid, credits: Millicredits) {
        // A hundred thousand of the largest amounts fit many times over.
        let add = |sum: Millicredits| sum.checked_add(credits).unwrap_or(sum);
        self.credits = add(self.credits);
        let of = self.by_learner.entry(person).or_default();
        of.rows += 1;
        of.credits = add(of.credits);
        if of.first.len() < LINES_MAX {
            of.first.push((index, credits));
        }
    }

    /// What they come to; `read` reads a row of the table again.
    pub(super) fn totals(&self, read: impl Fn(usize) -> Option<Box<Ready>>) -> Totals {
        let most = self
            .by_learner
            .iter()
            .max_by_key(|(learner, of)| (of.rows, Reverse(**learner)));
        let learner = most.map(|(learner, of)| Sample {
            learner: *learner,
            rows: of.rows,
            credits: of.credits.to_string(),
            outcomes: of
                .first
                .iter()
                .filter_map(|(index, credits)| Some(line(&*read(*index)?, *credits)))
                .collect(),
        });
        Totals {
            learners: self.by_learner.len() as u64,
            credits: self.credits.to_string(),
            learner,
        }
    }
}

fn line(ready: &Ready, credits: Millicredits) -> SampleLine {
    let mut values = ready.asking.values.iter();
    let title = values.find(|(name, _)| *name == "title");
    SampleLine {
        row: ready.line,
        record: ready.record.clone(),
        open: ready.asking.data["open"].clone(),
        title: title.and_then(|(_, title)| title.as_str().map(str::to_owned)),
        credits: credits.to_string(),
    }
}
