//! The whole index derived from the log again, entry by entry.
//!
//! Invariant: it passes iff both parts hold exactly what the log says and every bucket's row fits.
//! In constant memory: each commit must find its id and, of each of its streams, a head that is not
//! behind it; each head is met by exactly one commit, so equal counts mean that none is too many.

use super::disk::View;
use super::entry::{Part, decode_position, id_key, stream_key};
use super::generation::{Generation, outline};
use super::{Doubt, IndexError, StreamHead};
use crate::commit::distinct_streams;
use crate::store::Store;

/// What was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checked {
    /// Commits read.
    pub commits: u64,
    /// Stream heads that fit.
    pub streams: u64,
    /// Ids that fit.
    pub ids: u64,
}

impl Generation {
    /// Compares all entries in the files with the log, up to the mark at the time of the call.
    pub(super) fn check(&self, log: &dyn Store) -> Result<Checked, IndexError> {
        self.certain()?;
        self.compare(log).map_err(|error| match error {
            IndexError::Doubt(doubt) => self.distrust(doubt),
            other => other,
        })
    }

    fn compare(&self, log: &dyn Store) -> Result<Checked, IndexError> {
        let (view, sums) = self.view()?;
        for part in Part::ALL {
            let found = view.scan(part)?;
            for (bucket, found) in (0..=u16::MAX).zip(found) {
                if sums.bucket(part, bucket) != found {
                    return Err(Doubt::Bucket { part, bucket }.into());
                }
            }
        }
        let complete_to = sums.mark.complete_to;
        let mut checked = Checked::default();
        while checked.commits < complete_to {
            let records = log.read(checked.commits, 1_024)?;
            if records.is_empty() {
                let head = log.head();
                return Err(Doubt::Ahead { complete_to, head }.into());
            }
            for record in &records {
                if checked.commits < complete_to {
                    checked.take(&view, &outline(checked.commits, record)?)?;
                }
            }
        }
        for (part, met) in [(Part::Streams, checked.streams), (Part::Ids, checked.ids)] {
            if sums.mark.totals[part.number()].count != met {
                return Err(Doubt::Mark("it counts entries that no commit made").into());
            }
        }
        Ok(checked)
    }
}

impl Checked {
    fn take(&mut self, view: &View, outline: &crate::commit::Outline) -> Result<(), Doubt> {
        let position = outline.position;
        let lost = |part| Doubt::Lost { part, position };
        let id = view.get(Part::Ids, &id_key(outline.id))?;
        if id.as_deref().and_then(decode_position) != Some(position) {
            return Err(lost(Part::Ids));
        }
        self.ids += 1;
        for stream in distinct_streams(&outline.facts) {
            let newest = outline.facts.iter().rfind(|fact| fact.stream == *stream);
            let revisions = newest.map_or(0, |fact| fact.revision.wrapping_add(1));
            let head = view.get(Part::Streams, &stream_key(stream))?;
            let head = head
                .as_deref()
                .and_then(StreamHead::decode)
                .ok_or(lost(Part::Streams))?;
            if head.revisions == revisions && head.position == position {
                self.streams += 1;
            } else if head.revisions <= revisions || head.position <= position {
                return Err(lost(Part::Streams));
            }
        }
        self.commits += 1;
        Ok(())
    }
}
