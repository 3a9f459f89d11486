//! The texts that the cells of a workbook share, one behind the other.
//!
//! Invariant: at most [`TEXT_MAX`] bytes and [`COUNT_MAX`] texts, whatever the workbook says of them.

use crate::problem::{Problem, Reason};

/// Most bytes of them all.
const TEXT_MAX: usize = 256 << 20;
/// Most of them: a table of 100,000 rows with 40 columns of its own.
const COUNT_MAX: usize = 4_000_000;

/// Texts by number.
#[derive(Default)]
pub(super) struct Texts {
    text: String,
    ends: Vec<u32>,
}

impl Texts {
    /// Adds the next one.
    pub(super) fn push(&mut self, text: &str) -> Result<(), Problem> {
        if self.text.len() + text.len() > TEXT_MAX || self.ends.len() == COUNT_MAX {
            return Err(Problem::of(Reason::ImportTooLarge)
                .detail(("工作簿里的文字过多", "too much text in the workbook")));
        }
        self.text.push_str(text);
        let end = u32::try_from(self.text.len()).map_err(Problem::internal)?;
        self.ends.push(end);
        Ok(())
    }

    /// Text `index`, from 0.
    pub(super) fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let begin = index
            .checked_sub(1)
            .and_then(|before| self.ends.get(before));
        self.text.get(begin.map_or(0, |begin| *begin as usize)..end)
    }
}
