//! Institutions with their keys, and the two-person acts that wait.
//!
//! Invariant: key windows are positions as the facts gave them; this view judges no key, it lists
//! what the trust bundle and the did:web documents publish.

mod approvals;
mod fold;

use std::collections::BTreeSet;
use std::sync::Arc;

use identity::did::IssuerNumber;
use identity::institution::disputes::{Floor, Settled};
use identity::institution::life::Life;
use identity::institution::signed::Signed;
use identity::institution::state::Profile;
use identity::institution::{Custody, CutOff, Institution, Key, KeyUse, Level, Settlement};
use ledger::decision::{Aggregate as _, Earlier};
use ledger::hash::Digest;
use ledger::key::PublicKey;
use rusqlite::types::Type;
use rusqlite::{OptionalExtension as _, Row, Transaction};

use crate::page::{self, Cursor, Page};
use crate::sql::{Columns as _, int, limit, wrong};
use crate::view::{View, ViewError};

pub use self::approvals::{Filter, Outcome, Proposal, Signing};
pub use self::fold::{Fold, NAME};

/// What can be asked.
///
/// An institution comes as the aggregate's own state: its profile and every key it ever had.
#[derive(Debug, Clone)]
pub struct Institutions(Arc<View>);

const SELECT: &str =
    "SELECT number, name, school_code, credit_code, level, parent, scope, officers, admitted
                      FROM institutions";

impl Institutions {
    /// Asks this view.
    pub fn new(view: Arc<View>) -> Self {
        Self(view)
    }

    /// The institution with this number.
    pub fn institution(&self, number: IssuerNumber) -> Result<Option<Institution>, ViewError> {
        self.0.read(|rows| {
            let sql = format!("{SELECT} WHERE number = ?1");
            let found = rows
                .prepare_cached(&sql)?
                .query_row([number.0], profile)
                .optional()?;
            found.map(|profile| with_keys(rows, profile)).transpose()
        })
    }

    /// Whose 学校标识码 or 统一社会信用代码 this is, in its normal form.
    pub fn by_code(&self, code: &str) -> Result<Option<IssuerNumber>, ViewError> {
        self.0.read(|rows| {
            rows.prepare_cached("SELECT number FROM codes WHERE code = ?1")?
                .query_row([code], |row| row.get(0).map(IssuerNumber))
                .optional()
        })
    }

    /// Institutions in the order of their numbers, the registrar first; all, or `under` and those below it.
    pub fn page(
        &self,
        under: Option<IssuerNumber>,
        after: Option<Cursor>,
        rows_max: usize,
    ) -> Result<Page<Institution>, ViewError> {
        let rows_max = page::rows(rows_max);
        let from = after.map_or(0, |cursor| cursor.0.saturating_add(1));
        let rows = self
            .0
            .read(|rows| list(rows, under, from, limit(rows_max) + 1))?;
        let number = |institution: &Institution| {
            institution
                .admitted
                .as_ref()
                .map_or(0, |profile| u64::from(profile.number.0))
        };
        Ok(Page::cut(rows, rows_max, number))
    }

    /// An institution and everybody below it. Whoever stood below one that was merged, and that one itself,
    /// stand below its successor; below the registrar stand all.
    pub fn under(&self, number: IssuerNumber) -> Result<BTreeSet<IssuerNumber>, ViewError> {
        self.0.read(|rows| {
            let sql = format!("{BELOW} SELECT number FROM institutions WHERE {IS_BELOW}");
            let mut statement = rows.prepare_cached(&sql)?;
            let numbers = statement.query_map([number.0], |row| row.get(0).map(IssuerNumber))?;
            numbers.collect()
        })
    }

    /// All of them, for the trust bundle, with the first position that is not folded in.
    pub fn all(&self) -> Result<(Vec<Institution>, u64), ViewError> {
        self.0.read(|rows| {
            let next = rows.query_row("SELECT next FROM fold", [], |row| row.count(0))?;
            Ok((list(rows, None, 0, i64::MAX)?, next))
        })
    }
}

/// Who stands below ?1.
const BELOW: &str = "WITH RECURSIVE below (n) AS (
    SELECT ?1 UNION SELECT number FROM institutions JOIN below ON coalesce(merged_into, parent) = n)";
const IS_BELOW: &str = "(?1 = 0 OR number IN (SELECT n FROM below))";

fn list(
    rows: &Transaction<'_>,
    under: Option<IssuerNumber>,
    from: u64,
    limit: i64,
) -> rusqlite::Result<Vec<Institution>> {
    let under = under.unwrap_or(IssuerNumber::REGISTRAR);
    let sql =
        format!("{BELOW} {SELECT} WHERE {IS_BELOW} AND number >= ?2 ORDER BY number LIMIT ?3");
    let mut statement = rows.prepare_cached(&sql)?;
    let profiles = statement.query_map([i64::from(under.0), int(from), limit], profile)?;
    profiles.map(|profile| with_keys(rows, profile?)).collect()
}

fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, at: usize) -> rusqlite::Result<T> {
    let text: String = row.get(at)?;
    serde_json::from_str(&text).map_err(|error| wrong(at, Type::Text, error))
}

fn profile(row: &Row<'_>) -> rusqlite::Result<Profile> {
    Ok(Profile {
        number: IssuerNumber(row.get(0)?),
        name: row.get(1)?,
        school_code: row.get(2)?,
        credit_code: row.get(3)?,
        level: row.word::<Level>(4)?,
        parent: row.get::<_, Option<u32>>(5)?.map(IssuerNumber),
        scope: json(row, 6)?,
        officers: json(row, 7)?,
        position: row.count(8)?,
    })
}

fn with_keys(rows: &Transaction<'_>, profile: Profile) -> rusqlite::Result<Institution> {
    let sql =
        "SELECT fragment, multikey, use, custody, activated, retired, activated_id, retired_id, next
               FROM keys WHERE institution = ?1 ORDER BY n";
    let mut statement = rows.prepare_cached(sql)?;
    let number = profile.number;
    let keys = statement
        .query_map([number.0], key)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut institution = Institution {
        admitted: Some(profile),
        keys,
        floors: all(
            rows,
            "SELECT issuer, fragment, position, through, except_at FROM floors WHERE institution = ?1 ORDER BY n",
            number,
            floor,
        )?,
        settled: all(
            rows,
            "SELECT issuer, fragment, position, how, ranges FROM settlements WHERE institution = ?1 ORDER BY n",
            number,
            settled,
        )?,
        life: life(rows, number)?,
        heirs: Vec::new(),
    };
    let cut_offs = all(
        rows,
        "SELECT fragment, not_valid_after, id, position FROM cut_offs WHERE institution = ?1 ORDER BY n",
        number,
        cut_off,
    )?;
    for (fragment, cut_off) in cut_offs {
        for key in &mut institution.keys {
            if key.fragment == fragment {
                key.cut_offs.push(cut_off);
            }
        }
    }
    Ok(institution)
}

fn all<T>(
    rows: &Transaction<'_>,
    sql: &str,
    number: IssuerNumber,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    let mut statement = rows.prepare_cached(sql)?;
    statement.query_map([number.0], read)?.collect()
}

/// What its life came to: the stored facts, folded again.
fn life(rows: &Transaction<'_>, number: IssuerNumber) -> rusqlite::Result<Life> {
    let events = all(
        rows,
        "SELECT kind, data, id, position FROM lives WHERE institution = ?1 ORDER BY n",
        number,
        |row| {
            let (kind, data): (String, String) = (row.get(0)?, row.get(1)?);
            let by = Earlier {
                id: row.id(2)?,
                position: row.count(3)?,
            };
            let event = Institution::read(&kind, &data);
            Ok((event.map_err(|error| wrong(1, Type::Text, error))?, by))
        },
    )?;
    let mut life = Life::default();
    for (event, by) in &events {
        life.apply(event, *by);
    }
    Ok(life)
}

fn signed(row: &Row<'_>) -> rusqlite::Result<Signed> {
    let fragment: String = row.get(1)?;
    Ok(Signed {
        issuer: IssuerNumber(row.get(0)?),
        fragment: fragment.into(),
        position: row.count(2)?,
    })
}

fn floor(row: &Row<'_>) -> rusqlite::Result<Floor> {
    Ok(Floor {
        signed: signed(row)?,
        through: row.count(3)?,
        except: json(row, 4)?,
    })
}

fn settled(row: &Row<'_>) -> rusqlite::Result<Settled> {
    Ok(Settled {
        signed: signed(row)?,
        how: row.word::<Settlement>(3)?,
        ranges: json(row, 4)?,
    })
}

fn cut_off(row: &Row<'_>) -> rusqlite::Result<(String, CutOff)> {
    let cut_off = CutOff {
        not_valid_after: row.count(1)?,
        by: Earlier {
            id: row.id(2)?,
            position: row.count(3)?,
        },
    };
    Ok((row.get(0)?, cut_off))
}

fn key(row: &Row<'_>) -> rusqlite::Result<Key> {
    let multikey: String = row.get(1)?;
    Ok(Key {
        fragment: row.get(0)?,
        key: PublicKey::from_multikey(&multikey).map_err(|error| wrong(1, Type::Text, error))?,
        r#use: row.word::<KeyUse>(2)?,
        custody: row.word::<Custody>(3)?,
        activated: row.count(4)?,
        retired: row.count_if(5)?,
        id: row.id(6)?,
        retired_by: row.id_if(7)?,
        next: row.get::<_, Option<[u8; 32]>>(8)?.map(Digest),
        cut_offs: Vec::new(),
    })
}
