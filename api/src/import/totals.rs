//! What a file comes to before it is recorded: learners, credits, and one learner to look at.
//!
//! Invariant: only rows that would be recorded count. It is made anew from the first row, also after a
//! crash.

use std::collections::HashMap;

use credentials::millicredits::Millicredits;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::row::Ready;

/// Lines of the learner shown.
const LINES_MAX: u64 = 20;

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
    by_learner: HashMap<Uuid, (u64, Millicredits)>,
    lines: HashMap<Uuid, Vec<SampleLine>>,
    most: u64,
}

impl Tally {
    /// Takes in a row that would be recorded and deposit these credits.
    pub(super) fn take(&mut self, ready: &Ready, credits: Millicredits) {
        // A hundred thousand of the largest amounts fit many times over.
        let add = |sum: Millicredits| sum.checked_add(credits).unwrap_or(sum);
        self.credits = add(self.credits);
        let (rows, sum) = self.by_learner.entry(ready.person).or_default();
        *rows += 1;
        *sum = add(*sum);
        // Lines are kept of those who may yet have most: few, since most have few rows.
        if *rows + 1 >= self.most && *rows <= LINES_MAX {
            self.most = self.most.max(*rows);
            let title = ready
                .asking
                .values
                .iter()
                .find(|(name, _)| *name == "title");
            self.lines
                .entry(ready.person)
                .or_default()
                .push(SampleLine {
                    row: ready.line,
                    record: ready.record.clone(),
                    open: ready.asking.data["open"].clone(),
                    title: title.and_then(|(_, title)| title.as_str().map(str::to_owned)),
                    credits: credits.to_string(),
                });
        }
    }

    /// What they come to.
    pub(super) fn totals(mut self) -> Totals {
        let most = self
            .by_learner
            .iter()
            .max_by_key(|(learner, (rows, _))| (*rows, std::cmp::Reverse(**learner)));
        let learner = most.map(|(learner, (rows, credits))| Sample {
            learner: *learner,
            rows: *rows,
            credits: credits.to_string(),
            outcomes: self.lines.remove(learner).unwrap_or_default(),
        });
        Totals {
            learners: self.by_learner.len() as u64,
            credits: self.credits.to_string(),
            learner,
        }
    }
}
