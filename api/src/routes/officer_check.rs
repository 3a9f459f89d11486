//! GET /v1/officers/check: whose officer's account needs a look.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use identity::did::IssuerNumber;
use identity::role::Role;
use ledger::assertion::format_s;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::extract::Caller;
use crate::officers::check::{Finding, Sort, What};
use crate::problem::{Problem, ProblemBody};

/// One thing to look at.
#[derive(Debug, Serialize, ToSchema)]
pub struct FindingAnswer {
    /// Stale, shared, or default.
    sort: Sort,
    /// What was seen.
    what: What,
    /// The officer; none for a server or a setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<Uuid>,
    /// The role.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    /// For which institution; left out = the whole province.
    #[schema(value_type = Option<u32>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    institution: Option<IssuerNumber>,
    /// Name of the client key or of the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// Since when, or when it was last seen.
    since: String,
    /// What to do.
    to_do_zh: &'static str,
    /// What to do.
    to_do_en: &'static str,
}

impl FindingAnswer {
    /// As it is answered and printed.
    fn of(it: Finding) -> Self {
        let (to_do_zh, to_do_en) = it.what.to_do();
        Self {
            sort: it.what.sort(),
            what: it.what,
            person: it.person,
            role: it.role,
            institution: it.institution,
            key: it.key,
            since: format_s(it.since_ms),
            to_do_zh,
            to_do_en,
        }
    }
}

/// Accounts of officers that need a look.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckAnswer {
    /// Since when sign-ins are noted. Left out = not yet: no item then means unknown, not good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) noted_since: Option<String>,
    /// The oldest first.
    pub(crate) items: Vec<FindingAnswer>,
}

impl CheckAnswer {
    /// As it is answered and printed.
    pub(crate) fn of(begun_ms: Option<i64>, found: Vec<Finding>) -> Self {
        Self {
            noted_since: begun_ms.map(format_s),
            items: found.into_iter().map(FindingAnswer::of).collect(),
        }
    }
}

/// Stale, shared and default accounts of officers, as of now.
///
/// Signs, not proofs, and nothing is changed: two security administrators take a role away. The security
/// administrators are told of each once.
#[utoipa::path(get, path = "/v1/officers/check", extensions(("x-action" = json!("check-officers"))), tag = "officers", security(("token" = [])),
    responses((status = 200, description = "what was found", body = CheckAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 503, description = "not now", body = ProblemBody)))]
pub async fn check(
    State(app): State<Arc<App>>,
    _caller: Caller,
) -> Result<Json<CheckAnswer>, Problem> {
    // It reads the log and the side store.
    let checking = move || {
        let noted = app.officer_uses.begun_ms()?;
        Ok::<_, Problem>(CheckAnswer::of(noted, app.check_officers()?))
    };
    let found = tokio::task::spawn_blocking(checking).await;
    Ok(Json(found.map_err(Problem::internal)??))
}
