//! /v1/statistics: how much an institution and those below it recorded; counts alone, small ones masked.
//!
//! Invariant: whoever acts for one institution sees nothing of a school above or beside it, and no count
//! that a handful of people make up. Records are another matter: those are its own roster's alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use identity::did::IssuerNumber;
use identity::institution::Level;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::statistics::decimal;
use crate::app::App;
use crate::extract::Caller;
use crate::problem::{Problem, ProblemBody, Reason};

/// A count below this, and not zero, can name people: it is not shown.
const COUNT_MIN: u64 = 10;

/// Whose subtree.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// The institution at its top; left out, the caller's own, or the whole province.
    under: Option<u32>,
    /// Wait until the view has folded this position.
    after: Option<u64>,
}

/// A subtree in numbers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Subtree {
    /// Number of the institution at its top.
    pub under: u32,
    /// How many institutions it has, those that ended among them.
    pub institutions: usize,
    /// Sums over the rows that are shown in full: a masked one cannot be found by subtraction.
    pub outcomes: u64,
    /// Credit that stands, summed likewise; a decimal string.
    pub credits: String,
    /// One row for each institution that recorded anything.
    pub rows: Vec<SubtreeRow>,
}

/// What one institution recorded.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubtreeRow {
    /// Issuer number.
    pub institution: u32,
    /// Its name today.
    pub name: String,
    /// province, city, county or school.
    #[schema(value_type = String)]
    pub level: Level,
    /// Outcomes that stand; left out where masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcomes: Option<u64>,
    /// Outcomes revoked; left out where masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<u64>,
    /// Credit that stands, a decimal string; left out where the outcomes are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credits: Option<String>,
    /// Whether something is left out: a count below 10.
    pub masked: bool,
}

/// What one institution recorded, in full.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    standing: u64,
    revoked: u64,
    available_mc: u64,
}

/// Counts of an institution and of everybody below it.
#[utoipa::path(get, path = "/v1/statistics", extensions(("x-action" = json!("read-statistics"))), tag = "oversight", params(Which), security(("token" = [])),
    responses((status = 200, description = "counts", body = Subtree), (status = 403, description = "not below the caller's institution", body = ProblemBody), (status = 404, description = "no such institution", body = ProblemBody)))]
pub async fn subtree(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(which): Query<Which>,
) -> Result<Json<Subtree>, Problem> {
    app.wait_for(which.after).await?;
    let top = which.under.map_or(caller.issuer(), IssuerNumber);
    let views = &app.views.institutions;
    // Before what exists is told: the numbers of others are no secret, but the answer is one.
    if let Some(own) = caller.institution
        && !views.under(own)?.contains(&top)
    {
        return Err(Problem::of(Reason::NotAllowed));
    }
    if views.institution(top)?.is_none() {
        return Err(Problem::of(Reason::InstitutionUnknown));
    }
    let below = views.under(top)?;
    let mut sums: BTreeMap<IssuerNumber, Sum> = BTreeMap::new();
    for (key, cell) in app.views.statistics.cells()? {
        if below.contains(&key.institution) {
            let sum = sums.entry(key.institution).or_default();
            sum.standing = sum.standing.saturating_add(cell.standing);
            sum.revoked = sum.revoked.saturating_add(cell.revoked);
            sum.available_mc = sum.available_mc.saturating_add(cell.available_mc);
        }
    }
    let (mut outcomes, mut available_mc) = (0_u64, 0_u64);
    let mut rows = Vec::with_capacity(sums.len());
    for (number, sum) in sums {
        // Its own people an institution knows.
        let own = caller.institution == Some(number);
        if let Some(row) = row(&app, number, sum, own)? {
            if !row.masked {
                outcomes = outcomes.saturating_add(sum.standing);
                available_mc = available_mc.saturating_add(sum.available_mc);
            }
            rows.push(row);
        }
    }
    Ok(Json(Subtree {
        under: top.0,
        institutions: below.len(),
        outcomes,
        credits: decimal(available_mc),
        rows,
    }))
}

fn row(
    app: &App,
    number: IssuerNumber,
    sum: Sum,
    own: bool,
) -> Result<Option<SubtreeRow>, Problem> {
    let institution = app.institution(number)?;
    let Some(profile) = &institution.admitted else {
        return Ok(None);
    };
    let shown = |count: u64| (own || count == 0 || count >= COUNT_MIN).then_some(count);
    let outcomes = shown(sum.standing);
    let revoked = shown(sum.revoked);
    Ok(Some(SubtreeRow {
        institution: number.0,
        name: profile.name.clone(),
        level: profile.level,
        outcomes,
        revoked,
        credits: outcomes.map(|_| decimal(sum.available_mc)),
        masked: outcomes.is_none() || revoked.is_none(),
    }))
}
