//! /v1/statistics: how much of what; no person in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::After;
use crate::app::App;
use crate::extract::Caller;
use crate::problem::{Problem, ProblemBody};

/// The large counts and one row for each combination.
#[derive(Debug, Serialize, ToSchema)]
pub struct Overview {
    /// Commits in the log.
    pub commits: u64,
    /// Persons registered.
    pub learners: u64,
    /// Institutions admitted, the registrar among them.
    pub institutions: u64,
    /// Outcomes that stand.
    pub outcomes: u64,
    /// Outcomes revoked.
    pub revoked: u64,
    /// Commits by kind of their assertion.
    pub commits_by_kind: BTreeMap<String, u64>,
    /// Outcomes and credit by institution, kind, category, scheme and year of award.
    pub rows: Vec<Row>,
}

/// Outcomes and credit of one combination.
#[derive(Debug, Serialize, ToSchema)]
pub struct Row {
    /// Issuer number of the awarder.
    pub institution: u32,
    /// What sort of outcome.
    pub kind: &'static str,
    /// Branch of learning.
    pub category: &'static str,
    /// In which credits.
    pub scheme: &'static str,
    /// Year of award.
    pub year: i16,
    /// Outcomes that stand.
    pub outcomes: u64,
    /// Outcomes revoked.
    pub revoked: u64,
    /// Credit that stands, a decimal string.
    pub credits: String,
}

/// Counts over the whole province.
#[utoipa::path(get, path = "/v1/statistics/overview", extensions(("x-action" = json!("read-statistics"))), tag = "oversight", params(("after" = Option<u64>, Query, description = "wait for this position")), security(("token" = [])),
    responses((status = 200, description = "counts", body = Overview), (status = 403, description = "not allowed", body = ProblemBody)))]
pub async fn overview(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(after): Query<After>,
) -> Result<Json<Overview>, Problem> {
    app.wait_for(after.after).await?;
    let statistics = &app.views.statistics;
    let counts = statistics.counts()?;
    let cells = statistics.cells()?;
    let own = caller.institution;
    let rows = cells
        .iter()
        .filter(|(key, _)| own.is_none_or(|own| own == key.institution));
    Ok(Json(Overview {
        commits: counts.commits,
        learners: counts.people,
        institutions: counts.institutions,
        outcomes: counts.outcomes,
        revoked: counts.revoked,
        commits_by_kind: statistics.commits_by_kind()?,
        rows: rows
            .map(|(key, cell)| Row {
                institution: key.institution.0,
                kind: key.kind.as_str(),
                category: key.category.as_str(),
                scheme: key.scheme.as_str(),
                year: key.year,
                outcomes: cell.standing,
                revoked: cell.revoked,
                credits: decimal(cell.available_mc),
            })
            .collect(),
    }))
}

/// Thousandths as a decimal string; a sum over institutions may pass what one amount may hold.
pub(super) fn decimal(mc: u64) -> String {
    let text = format!("{}.{:03}", mc / 1000, mc % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
