//! Sums over a transcript.
//!
//! Invariant: credit of two schemes is never added (DOMAIN §3.1: nothing passes from one scheme to
//! another without a named rule); only lots that stand count. Integers throughout; pure.

use std::collections::BTreeMap;

use credentials::account::LotState;
use credentials::millicredits::{Level, Millicredits};
use credentials::policy::{Category, Scheme, validity};
use identity::did::IssuerNumber;
use jiff::civil::Date;

use super::Line;

/// An amount and how many lots it is of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// Credit, the sum of the lots.
    pub credit: Millicredits,
    /// Lots.
    pub lots: u64,
}

impl Sum {
    fn add(&mut self, credit: Millicredits) {
        self.credit = self.credit.saturating_add(credit);
        self.lots = self.lots.saturating_add(1);
    }
}

/// The sums of one scheme.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SchemeTotals {
    /// Every lot that stands.
    pub available: Sum,
    /// Of these, the ones that may still be used on the day asked for.
    pub usable: Sum,
    /// Ended by a correction; not in `available`.
    pub superseded: Sum,
    /// Ended for good; not in `available`.
    pub revoked: Sum,
    /// In doubt until its awarder has spoken; not in `available`.
    pub disputed: Sum,
    /// What stands, by awarder.
    pub by_institution: BTreeMap<IssuerNumber, Sum>,
    /// What stands, by level; `None` = no level is said.
    pub by_level: BTreeMap<Option<Level>, Sum>,
    /// What stands, by branch of learning.
    pub by_category: BTreeMap<Category, Sum>,
    /// What stands, by year of award.
    pub by_year: BTreeMap<i16, Sum>,
}

/// The sums of a transcript, one for each scheme in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals(pub BTreeMap<Scheme, SchemeTotals>);

impl Totals {
    /// Sums `lines`; `today` (UTC+8) decides what is still usable.
    ///
    /// A lot that ended counts under what its outcome says now, as the one in its place does.
    pub fn of(lines: &[Line], today: Date) -> Self {
        let mut totals = Self::default();
        for line in lines {
            let of_scheme = totals.0.entry(line.fields.scheme).or_default();
            for lot in &line.lots {
                match lot.state {
                    LotState::Available => {
                        of_scheme.stand(line, lot.credit);
                        // Records taken over from an old system count once they are recognised.
                        let counts = !line.fields.kind.needs_recognition();
                        if counts && validity::usable_on(today, lot.usable_before) {
                            of_scheme.usable.add(lot.credit);
                        }
                    }
                    LotState::Superseded => of_scheme.superseded.add(lot.credit),
                    LotState::Revoked => of_scheme.revoked.add(lot.credit),
                    LotState::Disputed => of_scheme.disputed.add(lot.credit),
                    // The other of the two is counted.
                    LotState::Quarantined => {}
                }
            }
        }
        totals
    }
}

impl SchemeTotals {
    fn stand(&mut self, line: &Line, credit: Millicredits) {
        let fields = &line.fields;
        for sum in [
            &mut self.available,
            self.by_institution.entry(line.origin.awarder).or_default(),
            self.by_level.entry(fields.level).or_default(),
            self.by_category.entry(fields.category).or_default(),
            self.by_year.entry(fields.completed_on.year()).or_default(),
        ] {
            sum.add(credit);
        }
    }
}
