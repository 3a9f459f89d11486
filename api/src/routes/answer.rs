//! What writes answer: id and position, in body and header; a receipt if it was asked for.

use std::sync::Arc;

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::problem::Problem;
use crate::write::{Asking, Written};

/// The answer to a write.
#[derive(Debug, Serialize, ToSchema)]
pub struct WriteAnswer {
    /// What was made or was so already: a person, an outcome; else the assertion.
    pub id: Uuid,
    /// Position of the commit that makes it so.
    pub position: u64,
    /// Id of the assertion.
    pub assertion: Uuid,
    /// Set if a second person must agree first: send `POST /v1/approvals/{approval}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<Uuid>,
    /// C2SP tlog-proof, with `Prefer: receipt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
    /// What should be known about it; nothing was refused for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<&'static str>,
    /// Further members of this kind of write.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub more: serde_json::Map<String, serde_json::Value>,
}

impl WriteAnswer {
    /// The answer for `id`.
    pub fn new(
        app: &App,
        headers: &HeaderMap,
        id: Uuid,
        written: &Written,
    ) -> Result<Self, Problem> {
        let wants = prefers_receipt(headers);
        let receipt = if wants {
            app.ledger
                .receipt(written.position)?
                .map(|it| it.to_string())
        } else {
            None
        };
        Ok(Self {
            id,
            position: written.position,
            assertion: written.id,
            approval: written.is_proposal().then_some(written.id),
            receipt,
            warnings: Vec::new(),
            more: serde_json::Map::new(),
        })
    }

    /// With a further member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.more.insert(name.into(), value.into());
        self
    }

    /// 201 for a new commit, 202 for a proposal, 200 for what was so already.
    pub fn respond(self, written: &Written) -> Response {
        let status = match (&written.new, self.approval) {
            (None, _) => StatusCode::OK,
            (Some(_), Some(_)) => StatusCode::ACCEPTED,
            (Some(_), None) => StatusCode::CREATED,
        };
        let position = HeaderValue::from(self.position);
        let mut response = (status, Json(self)).into_response();
        response.headers_mut().insert("xf-position", position);
        response
    }
}

/// Asks, and answers with what it made: `made`, or the assertion itself.
pub async fn ask(
    app: &Arc<App>,
    headers: &HeaderMap,
    asking: Asking,
    made: Option<Uuid>,
) -> Result<Response, Problem> {
    let written = app.ask(asking).await?;
    let id = made.unwrap_or(written.id);
    Ok(WriteAnswer::new(app, headers, id, &written)?.respond(&written))
}

/// `Prefer: receipt`.
pub fn prefers_receipt(headers: &HeaderMap) -> bool {
    headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|preference| preference.trim().eq_ignore_ascii_case("receipt"))
}
