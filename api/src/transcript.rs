//! A transcript: lines from the view, values from the vault, sums over what stands.
//!
//! Invariant: what was erased or is not the reader's to see is left out or masked, never guessed;
//! credit of two schemes is never added.

pub mod disclosures;
pub mod receipts;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use credentials::millicredits::Millicredits;
use credentials::policy::{OutcomeKind, Scheme, validity};
use identity::did::IssuerNumber;
use identity::erasable::{Commitments, Disclosure, Opened};
use identity::institution::Institution;
use identity::purpose::Purpose;
use jiff::civil::Date;
use ledger::assertion::Act;
use projections::transcripts::{
    Line as Row, Lot as LotRow, SchemeTotals, Sum as RowSum, Totals as RowTotals,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::mask;
use crate::problem::Problem;
use crate::read::Access;
use crate::standing::Standings;
use crate::vault::{VaultError, Wanted};

use self::disclosures::Disclosed;
use self::receipts::LineReceipt;

/// A person's transcript.
#[derive(Debug, Serialize, ToSchema)]
pub struct Transcript {
    /// Whose.
    pub learner: Learner,
    /// Set if this is a part: only what this institution awarded, and sums over that alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_awarded_by: Option<Awarder>,
    /// Everything up to this position is in it (first position that is not).
    pub position: u64,
    /// The log it stands in.
    pub log: String,
    /// Sums, one for each scheme.
    pub totals: Vec<Totals>,
    /// What was learned, newest first.
    pub outcomes: Vec<Line>,
}

/// Whose transcript it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Learner {
    /// The person's number.
    pub id: Uuid,
    /// Name; masked or left out where the reader may not see it, or where it was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Who awarded.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Awarder {
    /// Issuer number.
    pub id: u32,
    /// Its name.
    pub name: String,
}

/// One outcome.
#[derive(Debug, Serialize, ToSchema)]
pub struct Line {
    /// The outcome.
    pub id: Uuid,
    /// Who awarded it.
    pub awarder: Awarder,
    /// The awarder's own number for it.
    pub record: String,
    /// What sort of outcome.
    pub kind: &'static str,
    /// Course, programme or certificate code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Hours, a decimal string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<String>,
    /// Credits as stated, a decimal string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credits: Option<String>,
    /// In which credits.
    pub scheme: &'static str,
    /// Level, a decimal string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Branch of learning.
    pub category: &'static str,
    /// Mark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grade: Option<String>,
    /// Passed or failed, if it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passed: Option<bool>,
    /// Date of completion.
    pub completed_on: String,
    /// recorded, corrected, revoked, or disputed: its institution has not said yet whether it is its
    /// own, and nothing of it can be used.
    pub state: &'static str,
    /// Position of the commit that recorded it.
    pub position: u64,
    /// Position of its last change.
    pub changed: u64,
    /// Its lots, in order of deposit; the last one stands.
    pub lots: Vec<Lot>,
    /// Who signed what it says now.
    pub signed: Signed,
    /// C2SP tlog-proof of the commit that says what the line says now (the one at `changed`),
    /// with `?receipts=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
    /// Receipts of every commit that the line rests on, in the order of the log, with
    /// `?receipts=true`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub receipts: Vec<LineReceipt>,
    /// The disclosures of its values, salts included (SD-JWT, base64url), with
    /// `?disclosures=true`: the SHA-256 of each stands in `_sd` of the commit that carries the
    /// values. For the learner and for the institution that awarded it; left out for others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub disclosures: Vec<String>,
}

/// A quantity of credit.
#[derive(Debug, Serialize, ToSchema)]
pub struct Lot {
    /// Its id.
    pub id: Uuid,
    /// How much, a decimal string.
    pub credits: String,
    /// available, expired, superseded, revoked, disputed or quarantined (a merge brought it beside another
    /// from the same record); unrecognised = taken over from an old system, not
    /// signed by its awarder, and not to be used before somebody recognises it.
    pub state: &'static str,
    /// First day on which it can no longer be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usable_before: Option<String>,
    /// What should be known about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<&'static str>,
}

/// Who signed, with whose custody of the key, and who acted.
#[derive(Debug, Serialize, ToSchema)]
pub struct Signed {
    /// The key.
    pub kid: String,
    /// own or platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custody: Option<&'static str>,
    /// Who acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub act: Option<Act>,
}

/// The sums of one scheme.
#[derive(Debug, Serialize, ToSchema)]
pub struct Totals {
    /// In which credits.
    pub scheme: &'static str,
    /// What stands.
    pub credits: String,
    /// Of this, what may still be used.
    pub usable: String,
    /// In doubt until its institution has spoken; not counted above.
    pub disputed: String,
    /// What stands, by awarder.
    pub by_institution: Vec<Sum>,
    /// What stands, by level.
    pub by_level: Vec<Sum>,
    /// What stands, by branch of learning.
    pub by_category: Vec<Sum>,
    /// What stands, by year of award.
    pub by_year: Vec<Sum>,
}

/// An amount under a heading.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sum {
    /// The heading: a name, a level, a category, a year; empty = not said.
    pub of: String,
    /// How much.
    pub credits: String,
    /// Of how many lots.
    pub lots: u64,
}

/// How a transcript is shown.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    /// How much of it.
    pub access: Access,
    /// With receipts for each line.
    pub receipts: bool,
    /// With the disclosures of these lines.
    pub disclosed: Disclosed,
    /// The day on which it is said what may be used.
    pub today: Date,
}

impl Shown {
    /// What is open to be seen on the day `today`, and no proof of it.
    pub const fn plain(access: Access, today: Date) -> Self {
        Self {
            access,
            today,
            receipts: false,
            disclosed: Disclosed::None,
        }
    }
}

/// Builds the transcript of `person`.
pub fn build(app: &App, person: Uuid, shown: Shown) -> Result<Transcript, Problem> {
    // Read before the lines: what changes meanwhile is then known to be newer.
    let position = app.views.follower.next();
    let whole = app.whole(person)?;
    let person = whole.holder;
    let numbers = app.open_numbers(&whole)?;
    let mut rows = app.views.transcripts.of_person(&numbers)?;
    rows.retain(|row| shown.access.has(row.origin.awarder));
    let mut standings = Standings::new(app);
    for row in &mut rows {
        standings.apply(row)?;
    }
    app.quarantine(&whole, &mut rows)?;
    let mut names = Names::default();
    let mut outcomes = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut line = line_named(app, row, shown.access.in_full(), shown.today, &mut names)?;
        if shown.receipts {
            line.receipts = receipts::of(app, row)?;
            let now = line.receipts.iter().find(|it| it.position == row.changed);
            line.receipt = now.map(|it| it.receipt.clone());
        }
        line.disclosures = disclosures::of(app, row, shown.disclosed)?;
        outcomes.push(line);
    }
    let sums = RowTotals::of(&rows, shown.today);
    let mut totals = Vec::with_capacity(sums.0.len());
    for (scheme, of_scheme) in &sums.0 {
        totals.push(scheme_totals(app, *scheme, of_scheme, &mut names)?);
    }
    let opened = app.identity_of(person)?;
    let name = opened
        .iter()
        .find(|it| it.name() == "name")
        .and_then(Opened::expose_text);
    let only_awarded_by = match shown.access {
        Access::AwardedBy(number) => Some(Awarder {
            id: number.0,
            name: names.of(app, number)?,
        }),
        Access::Full | Access::Masked => None,
    };
    Ok(Transcript {
        only_awarded_by,
        learner: Learner {
            id: person,
            name: name.map(|name| {
                if shown.access.in_full() {
                    name.to_owned()
                } else {
                    mask::name(name)
                }
            }),
        },
        position,
        log: app.ledger.origin().into(),
        totals,
        outcomes,
    })
}

/// One outcome as the reader may see it; who may not see names may not see marks either.
pub fn line(app: &App, row: &Row, in_full: bool) -> Result<Line, Problem> {
    let mut row = row.clone();
    Standings::new(app).apply(&mut row)?;
    app.quarantine(&app.whole(row.person)?, std::slice::from_mut(&mut row))?;
    line_named(app, &row, in_full, app.today(), &mut Names::default())
}

/// Names of institutions, looked up once.
#[derive(Default)]
struct Names(HashMap<IssuerNumber, Arc<Institution>>);

impl Names {
    /// Its name today.
    fn of(&mut self, app: &App, number: IssuerNumber) -> Result<String, Problem> {
        self.at(app, number, u64::MAX)
    }

    /// The name it had at `position`: what it awarded then says who it was then.
    fn at(&mut self, app: &App, number: IssuerNumber, position: u64) -> Result<String, Problem> {
        let institution = if let Some(known) = self.0.get(&number) {
            Arc::clone(known)
        } else {
            let state = app.ledger.state::<Institution>(&number.stream())?;
            self.0.insert(number, Arc::clone(&state));
            state
        };
        let name = institution.name_at(position);
        Ok(name.unwrap_or_default().to_owned())
    }
}

fn line_named(
    app: &App,
    row: &Row,
    in_full: bool,
    today: Date,
    names: &mut Names,
) -> Result<Line, Problem> {
    let opened = values(app, row)?;
    let text = |name: &str| {
        opened
            .iter()
            .find(|it| it.name() == name)
            .and_then(Opened::expose_text)
            .map(str::to_owned)
    };
    let fields = &row.fields;
    Ok(Line {
        id: row.outcome,
        awarder: Awarder {
            id: row.origin.awarder.0,
            name: names.at(app, row.origin.awarder, row.recorded.position)?,
        },
        record: row.origin.record.clone(),
        kind: fields.kind.as_str(),
        code: fields.code.clone(),
        title: text("title"),
        hours: fields.hours.map(|hours| hours.to_string()),
        credits: fields.credits.map(|credits| credits.to_string()),
        scheme: fields.scheme.as_str(),
        level: fields.level.map(|level| level.to_string()),
        category: fields.category.as_str(),
        grade: text("grade").filter(|_| in_full),
        passed: fields.passed,
        completed_on: fields.completed_on.to_string(),
        state: row.state.as_str(),
        position: row.recorded.position,
        changed: row.changed,
        lots: row
            .lots
            .iter()
            .map(|lot| lot_of(lot, fields.kind, today))
            .collect(),
        signed: Signed {
            kid: row.signature.kid.clone(),
            custody: row.signature.custody.map(|custody| match custody {
                identity::institution::Custody::Own => "own",
                identity::institution::Custody::Platform => "platform",
            }),
            act: row.signature.act.clone(),
        },
        receipt: None,
        receipts: Vec::new(),
        disclosures: Vec::new(),
    })
}

/// The opened values of a line's present version; none if they were erased.
fn values(app: &App, row: &Row) -> Result<Vec<Opened>, Problem> {
    let disclosures = disclosures_of(app, row)?;
    Ok(disclosures.iter().map(|it| it.opened().clone()).collect())
}

fn disclosures_of(app: &App, row: &Row) -> Result<Vec<Disclosure>, Problem> {
    if row.commitments.is_empty() {
        return Ok(Vec::new());
    }
    let commitments = Commitments::of(row.commitments.clone()).map_err(Problem::internal)?;
    let wanted = Wanted {
        person: row.person,
        purpose: Purpose::StudyRecord,
        assertion_id: row.signature.proposal.unwrap_or(row.target.id),
        commitments: &commitments,
    };
    match app.vault.disclosures(&wanted) {
        Ok(disclosures) => Ok(disclosures),
        Err(VaultError::Erased | VaultError::NotHere) => Ok(Vec::new()),
        // One line that cannot be read must not take the others with it.
        Err(error @ VaultError::Damaged { .. }) => {
            tracing::error!(outcome = %row.outcome, %error, "a line's values cannot be read");
            Ok(Vec::new())
        }
        Err(error) => Err(Problem::internal(error)),
    }
}

fn lot_of(lot: &LotRow, kind: OutcomeKind, today: Date) -> Lot {
    use credentials::account::LotState;
    Lot {
        id: lot.id,
        credits: lot.credit.to_string(),
        state: match lot.state {
            // Nobody can recognise one yet (DOMAIN §3.19): that comes with the credit bank.
            LotState::Available if kind.needs_recognition() => "unrecognised",
            LotState::Available if validity::usable_on(today, lot.usable_before) => "available",
            LotState::Available => "expired",
            LotState::Superseded => "superseded",
            LotState::Revoked => "revoked",
            LotState::Disputed => "disputed",
            LotState::Quarantined => "quarantined",
        },
        usable_before: lot.usable_before.map(|date| date.to_string()),
        warnings: if lot.hours_mismatch {
            vec!["HOURS_MISMATCH"]
        } else {
            Vec::new()
        },
    }
}

fn scheme_totals(
    app: &App,
    scheme: Scheme,
    of: &SchemeTotals,
    names: &mut Names,
) -> Result<Totals, Problem> {
    let mut by_institution = Vec::with_capacity(of.by_institution.len());
    for (number, sum) in &of.by_institution {
        by_institution.push(sum_of(names.of(app, *number)?, *sum));
    }
    Ok(Totals {
        scheme: scheme.as_str(),
        credits: amount(of.available.credit),
        usable: amount(of.usable.credit),
        disputed: amount(of.disputed.credit),
        by_institution,
        by_level: sums(&of.by_level, |level| {
            level.map_or_else(String::new, |level| level.to_string())
        }),
        by_category: sums(&of.by_category, |category| category.as_str().to_owned()),
        by_year: sums(&of.by_year, ToString::to_string),
    })
}

fn sums<K>(of: &BTreeMap<K, RowSum>, name: impl Fn(&K) -> String) -> Vec<Sum> {
    of.iter()
        .map(|(key, sum)| sum_of(name(key), *sum))
        .collect()
}

fn sum_of(of: String, sum: RowSum) -> Sum {
    Sum {
        of,
        credits: amount(sum.credit),
        lots: sum.lots,
    }
}

fn amount(credit: Millicredits) -> String {
    credit.to_string()
}
