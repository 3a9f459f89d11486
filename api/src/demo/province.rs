//! A province made of nothing but a seed: institutions, learners and the files they send in.
//!
//! Invariant: the same (seed, learners, outcomes) gives the same bytes on every machine; nothing in
//! it was ever issued to a person. Pure: it writes nothing, so a crash here loses nothing.

pub mod courses;
pub mod imports;
pub mod institutions;
pub mod people;
pub mod random;
mod row;

pub use imports::{BadRow, Correction, Fault, ImportFile};
pub use institutions::Institution;
pub use people::Learner;

use random::SplitMix64;

/// A generated province.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Province {
    /// The 107 institutions, in the order of their codes.
    pub institutions: Vec<Institution>,
    /// The learners; resident IDs are unique.
    pub learners: Vec<Learner>,
    /// The files, to be imported in this order.
    pub imports: Vec<ImportFile>,
    /// Rows that must come back with a reason, in the order of files and lines.
    pub bad_rows: Vec<BadRow>,
    /// To be applied when all files are in; each names an outcome that was recorded, none twice.
    pub corrections: Vec<Correction>,
    /// What a loader must find.
    pub counts: Counts,
}

/// How many rows of each sort all files together hold. `rows` is the sum of the next four.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Data rows in all files.
    pub rows: usize,
    /// Rows that become an outcome.
    pub outcomes: usize,
    /// Rows that repeat one of the same file (I09).
    pub repeated: usize,
    /// Rows of a later file that were recorded from an earlier one (I10).
    pub already_recorded: usize,
    /// Rows that come back with a reason.
    pub bad: usize,
    /// Of the outcomes: those whose hours do not fit their credits (`HOURS_MISMATCH`, a warning).
    pub hours_mismatch: usize,
}

/// Why there is no province.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The fixture of institutions, or a row, is no CSV: a build that must not run.
    #[error("demo province: {0}")]
    Csv(#[from] csv::Error),
    /// Memory to write a file into ran out.
    #[error("demo province: {0}")]
    Io(#[from] std::io::Error),
}

impl Province {
    /// The province of `seed` with `learners` people and `outcomes` outcomes, besides which the
    /// files hold repeated and bad rows. Without learners there are no outcomes.
    pub fn generate(seed: u64, learners: usize, outcomes: usize) -> Result<Self, GenerateError> {
        let institutions = institutions::all()?;
        // One sequence for people, one for files: another number of outcomes keeps the people.
        let mut root = SplitMix64::new(seed);
        let mut for_people = SplitMix64::new(root.bits());
        let mut for_files = SplitMix64::new(root.bits());

        let weights: Vec<usize> = institutions
            .iter()
            .enumerate()
            .map(|(rank, one)| one.weight(rank))
            .collect();
        let mut learners = people::generate(&mut for_people, learners);
        for (at, learner) in learners.iter_mut().enumerate() {
            // Nobody is left without learners; beyond that the old and large have more.
            let home = if at < institutions.len() {
                at
            } else {
                for_people.weighted(&weights)
            };
            learner.home = institutions
                .get(home)
                .map(|one| one.school_code.clone())
                .unwrap_or_default();
        }
        let outcomes = if learners.is_empty() { 0 } else { outcomes };
        let imports::Made {
            imports,
            bad_rows,
            corrections,
            counts,
        } = imports::make(&mut for_files, &institutions, &learners, outcomes)?;
        Ok(Self {
            institutions,
            learners,
            imports,
            bad_rows,
            corrections,
            counts,
        })
    }
}
