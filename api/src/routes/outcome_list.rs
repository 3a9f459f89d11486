//! GET /v1/outcomes: what a learner learned, or what an institution awarded to one.
//!
//! Invariant: staff see what their own institution awarded, or one that it answers for, and nothing that tells of the rest; for
//! them a learner whom it never taught and one who does not exist are the same empty list.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use identity::did::IssuerNumber;
use identity::role::Role;
use projections::page::Cursor;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::app::App;
use crate::extract::Caller;
use crate::problem::{Problem, ProblemBody, Reason};
use crate::transcript::{self, Line};

/// Which outcomes, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Whose; staff must name one, a learner's own list needs none.
    learner: Option<Uuid>,
    /// Number of the awarder, for staff of one that answers for it since a merger; left out, their own.
    awarder: Option<u32>,
    /// The awarder's own number.
    record: Option<String>,
    /// Opaque: `next` of the page before.
    cursor: Option<String>,
    /// Entries a page, 1 to 200; 50 if left out.
    limit: Option<usize>,
    /// Wait until the view has folded this position.
    after: Option<u64>,
}

/// A page of outcomes.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutcomePage {
    /// The outcomes, in the order of their recording.
    items: Vec<Line>,
    /// Cursor of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// Position the list is folded up to.
    position: u64,
}

/// Outcomes: a learner's own, or those that the caller's institution awarded to a learner.
#[utoipa::path(get, path = "/v1/outcomes", extensions(("x-action" = json!("list-outcomes"))), tag = "outcomes", params(Wanted), security(("token" = [])),
    responses((status = 200, description = "a page", body = OutcomePage), (status = 403, description = "not yours", body = ProblemBody), (status = 422, description = "no learner named", body = ProblemBody)))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<OutcomePage>, Problem> {
    let (person, awarder) = whose(&app, &caller, &wanted)?;
    let cursor = wanted.cursor.as_deref().map(str::parse::<Cursor>);
    let cursor = cursor
        .transpose()
        .map_err(|error| Problem::of(Reason::BodyUnreadable).detail(&error))?;
    app.wait_for(wanted.after).await?;
    let whole = app.whole(person)?;
    app.require_open(whole.holder)?;
    let numbers = app.open_numbers(&whole)?;
    let position = app.views.follower.next();
    let rows_max = wanted.limit.unwrap_or(50).clamp(1, 200);
    let page = app.views.transcripts.page(
        &numbers,
        awarder,
        wanted.record.as_deref(),
        cursor,
        rows_max,
    )?;
    let items = page
        .rows
        .iter()
        .map(|row| transcript::line(&app, row, true));
    Ok(Json(OutcomePage {
        items: items.collect::<Result<_, _>>()?,
        next: page.next.map(|next| next.to_string()),
        position,
    }))
}

/// Whose outcomes the caller lists, and of which awarder alone.
fn whose(
    app: &App,
    caller: &Caller,
    wanted: &Wanted,
) -> Result<(Uuid, Option<IssuerNumber>), Problem> {
    let asked = wanted.awarder.map(IssuerNumber);
    let learner = wanted.learner.map(|id| app.holder(id)).transpose()?;
    match (caller.role, caller.institution) {
        (Role::Learner, _) if learner.is_none_or(|id| id == caller.person) => {
            Ok((caller.person, asked))
        }
        (Role::Clerk | Role::Institution, Some(institution)) => {
            let learner = learner.ok_or_else(|| {
                Problem::invalid("/learner", ("请指明学习者", "name the learner"))
            })?;
            let awarder = asked.unwrap_or(institution);
            if awarder != institution && !app.institution(institution)?.answers_for(awarder) {
                return Err(Problem::of(Reason::NotAllowed));
            }
            Ok((learner, Some(awarder)))
        }
        _ => Err(Problem::of(Reason::NotAllowed)),
    }
}
