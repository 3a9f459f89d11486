//! One line of a transcript and how it is read back.

use credentials::account::LotState;
use credentials::account::outcome::{Fields, Origin};
use credentials::millicredits::{Level, Millicredits, Millihours};
use identity::date;
use identity::did::IssuerNumber;
use identity::institution::{Custody, Standing};
use jiff::civil::Date;
use ledger::assertion::{Act, Target};
use ledger::decision::Earlier;
use ledger::hash::Digest;
use rusqlite::Row;
use rusqlite::types::Type;
use uuid::Uuid;

use crate::sql::{Columns as _, NotOfForm, wrong};

/// Where an outcome stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineState {
    /// As first recorded.
    Recorded,
    /// As last corrected.
    Corrected,
    /// Ended for good; its fields are those it had.
    Revoked,
    /// Its awarder has not said yet whether it is its own. No row says so: who reads asks the
    /// awarder's stream.
    Disputed,
    /// Its awarder says that it is none of its own: ended for good. No row says so either.
    Repudiated,
}

/// What can happen to an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// outcome.recorded
    Recorded,
    /// outcome.corrected
    Corrected,
    /// outcome.revoked
    Revoked,
}

/// Who signed, with whose custody of the key, and who acted: shown with every record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The key.
    pub kid: String,
    /// Who holds its private half; `None` = no fact says so.
    pub custody: Option<Custody>,
    /// The person who acted, if one is named.
    pub act: Option<Act>,
    /// The proposal that this commit approved: its commit names the first person.
    pub proposal: Option<Uuid>,
}

/// One step in the history of an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// The commit.
    pub by: Earlier,
    /// Its recording time, Unix milliseconds.
    pub recorded_at_ms: i64,
    /// Who signed it.
    pub signature: Signature,
}

/// A quantity of credit that the outcome deposited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lot {
    /// Its id.
    pub id: Uuid,
    /// How much.
    pub credit: Millicredits,
    /// Where it stands.
    pub state: LotState,
    /// First day on which it can no longer be used.
    pub usable_before: Option<Date>,
    /// `HOURS_MISMATCH`: credits and hours did not agree; the credits won.
    pub hours_mismatch: bool,
}

/// An outcome as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its id.
    pub outcome: Uuid,
    /// Whose it is.
    pub person: Uuid,
    /// Who awarded it, and the awarder's own number for it.
    pub origin: Origin,
    /// What it openly says.
    pub fields: Fields,
    /// Commitments to what it says else, for the vault.
    pub commitments: Vec<Digest>,
    /// Where it stands.
    pub state: LineState,
    /// The commit that recorded it.
    pub recorded: Earlier,
    /// When, Unix milliseconds.
    pub recorded_at_ms: i64,
    /// The commit that says what it says now: what a correction or revocation must name.
    pub target: Target,
    /// Who signed that commit.
    pub signature: Signature,
    /// Position of that commit.
    pub said_at: u64,
    /// Position of its last change of any kind.
    pub changed: u64,
    /// Its lots, in order of deposit.
    pub lots: Vec<Lot>,
}

impl ChangeKind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Corrected => "corrected",
            Self::Revoked => "revoked",
        }
    }

    fn read(row: &Row<'_>, at: usize) -> rusqlite::Result<Self> {
        match row.get_ref(at)?.as_str() {
            Ok("recorded") => Ok(Self::Recorded),
            Ok("corrected") => Ok(Self::Corrected),
            Ok("revoked") => Ok(Self::Revoked),
            _ => Err(wrong(at, Type::Text, NotOfForm)),
        }
    }
}

impl LineState {
    /// Its name in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => ChangeKind::Recorded.as_str(),
            Self::Corrected => ChangeKind::Corrected.as_str(),
            Self::Revoked | Self::Repudiated => ChangeKind::Revoked.as_str(),
            Self::Disputed => "disputed",
        }
    }
}

impl Line {
    /// As its awarder stands for the commit that ended it: one that nobody of it ended goes on.
    pub fn end(&mut self, standing: Standing) {
        let (line, lot) = match standing {
            Standing::Good => return,
            Standing::Disputed => (LineState::Disputed, LotState::Disputed),
            Standing::Repudiated if self.said_at == self.recorded.position => {
                (LineState::Recorded, LotState::Available)
            }
            Standing::Repudiated => (LineState::Corrected, LotState::Available),
        };
        self.state = line;
        let last = self
            .lots
            .iter_mut()
            .rfind(|lot| lot.state == LotState::Revoked);
        if let Some(last) = last {
            last.state = lot;
        }
    }

    /// Another line of the person, from the same record, counts in its place.
    pub fn quarantine(&mut self) {
        for lot in &mut self.lots {
            if lot.state == LotState::Available {
                lot.state = LotState::Quarantined;
            }
        }
    }

    /// As its awarder stands for what it says: one that is disputed or repudiated has nothing to be used.
    pub fn stand(&mut self, standing: Standing) {
        let (line, lots) = match standing {
            Standing::Good => return,
            Standing::Disputed => (LineState::Disputed, LotState::Disputed),
            Standing::Repudiated => (LineState::Repudiated, LotState::Revoked),
        };
        if self.state == LineState::Revoked {
            return;
        }
        self.state = line;
        for lot in &mut self.lots {
            if matches!(lot.state, LotState::Available | LotState::Disputed) {
                lot.state = lots;
            }
        }
    }
}

impl From<ChangeKind> for LineState {
    fn from(last: ChangeKind) -> Self {
        match last {
            ChangeKind::Recorded => Self::Recorded,
            ChangeKind::Corrected => Self::Corrected,
            ChangeKind::Revoked => Self::Revoked,
        }
    }
}

/// The columns that [`line`] reads.
pub(super) const SELECT: &str = "
SELECT o.n, o.outcome, o.person, o.awarder, o.record, o.kind, o.code, o.hours, o.credits, o.scheme, o.level,
    o.category, o.passed, o.completed_on, o.committed, o.state, o.recorded_id, o.recorded, o.recorded_at_ms,
    o.target_id, o.target_leaf, o.changed, s.kid, s.custody, h.act, h.proposal, h.position
FROM outcomes o
JOIN history h ON h.outcome = o.n AND h.position = o.said
JOIN signers s ON s.n = h.signer";

pub(super) fn line(row: &Row<'_>) -> rusqlite::Result<(u64, Line)> {
    let found = Line {
        outcome: row.id(1)?,
        person: row.id(2)?,
        origin: Origin {
            awarder: IssuerNumber(row.get(3)?),
            record: row.get(4)?,
        },
        fields: Fields {
            kind: row.parsed(5)?,
            code: row.get(6)?,
            hours: in_form(row, 7, Millihours::new)?,
            credits: in_form(row, 8, Millicredits::new)?,
            scheme: row.parsed(9)?,
            level: in_form(row, 10, |tenths| {
                u16::try_from(tenths).ok().and_then(Level::new)
            })?,
            category: row.parsed(11)?,
            passed: row.get(12)?,
            completed_on: day(row, 13)?,
        },
        commitments: row.digests(14)?,
        state: ChangeKind::read(row, 15)?.into(),
        recorded: Earlier {
            id: row.id(16)?,
            position: row.count(17)?,
        },
        recorded_at_ms: row.get(18)?,
        target: Target {
            id: row.id(19)?,
            leaf: row.digest(20)?,
        },
        changed: row.count(21)?,
        signature: signature(row, 22)?,
        said_at: row.count(26)?,
        lots: Vec::new(),
    };
    Ok((row.count(0)?, found))
}

pub(super) fn change(row: &Row<'_>) -> rusqlite::Result<Change> {
    Ok(Change {
        kind: ChangeKind::read(row, 0)?,
        by: Earlier {
            id: row.id(1)?,
            position: row.count(2)?,
        },
        recorded_at_ms: row.get(3)?,
        signature: signature(row, 4)?,
    })
}

pub(super) fn lot(row: &Row<'_>) -> rusqlite::Result<Lot> {
    let usable_before = if row.get_ref(3)? == rusqlite::types::ValueRef::Null {
        None
    } else {
        Some(day(row, 3)?)
    };
    Ok(Lot {
        id: row.id(0)?,
        credit: in_form(row, 1, Millicredits::new)?.unwrap_or_default(),
        state: match row.get_ref(2)?.as_str() {
            Ok("available") => LotState::Available,
            Ok("superseded") => LotState::Superseded,
            Ok("revoked") => LotState::Revoked,
            _ => return Err(wrong(2, Type::Text, NotOfForm)),
        },
        usable_before,
        hours_mismatch: row.get(4)?,
    })
}

/// kid, custody, act and proposal, from column `at` on.
fn signature(row: &Row<'_>, at: usize) -> rusqlite::Result<Signature> {
    let act: Option<String> = row.get(at + 2)?;
    let act = act.map(|act| serde_json::from_str(&act)).transpose();
    Ok(Signature {
        kid: row.get(at)?,
        custody: row.word_if(at + 1)?,
        act: act.map_err(|error| wrong(at + 2, Type::Text, error))?,
        proposal: row.id_if(at + 3)?,
    })
}

fn day(row: &Row<'_>, at: usize) -> rusqlite::Result<Date> {
    let text = row
        .get_ref(at)?
        .as_str()
        .map_err(|error| wrong(at, Type::Text, error))?;
    date::parse(text).ok_or_else(|| wrong(at, Type::Text, NotOfForm))
}

fn in_form<T>(
    row: &Row<'_>,
    at: usize,
    read: impl FnOnce(u64) -> Option<T>,
) -> rusqlite::Result<Option<T>> {
    row.count_if(at)?
        .map(|number| read(number).ok_or_else(|| wrong(at, Type::Integer, NotOfForm)))
        .transpose()
}
