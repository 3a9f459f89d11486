//! A signed batch at the door: an envelope and its members with their values.

use std::sync::Arc;

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use identity::erasable;
use ledger::assertion::Assertion;
use ledger::execute::Refused;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::extract::unquoted;
use crate::problem::{Problem, Reason};
use crate::routes::answer::prefers_receipt;
use crate::write::batch::{BatchWritten, Member};

/// The body's media type.
pub(super) const MEDIA_TYPE: &str = "application/vnd.xuefen.batch+json";

/// A signed batch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchBody<'a> {
    /// The envelope, a compact JWS of kind `batch.submit.v1`.
    envelope: &'a str,
    /// The members in order: `<payload>` or `<payload>~<disclosure>~…~`, each payload in base64url.
    payloads: Vec<&'a str>,
}

/// What became of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchAnswer {
    /// Id of the envelope.
    pub id: Uuid,
    /// Its position: member i stands at `position` + 1 + i.
    pub position: u64,
    /// How many members stand behind it.
    pub count: usize,
    /// C2SP tlog-proof of the envelope, with `Prefer: receipt`; one of a member is
    /// `GET /log/proof/{position}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
}

pub(super) async fn submit(
    app: Arc<App>,
    text: &str,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let body: BatchBody<'_> = serde_json::from_str(text)
        .map_err(|error| Problem::of(Reason::BodyUnreadable).detail(unquoted(error)))?;
    let envelope = Assertion::parse(body.envelope).map_err(Refused::from)?;
    let members: Vec<_> = body
        .payloads
        .iter()
        .map(|payload| member(&envelope, payload))
        .collect();
    let count = members.len();
    let writing = Arc::clone(&app);
    let written = tokio::task::spawn_blocking(move || writing.submit_batch(envelope, members));
    let written = written.await.map_err(Problem::internal)??;
    let BatchWritten { id, position, new } = written;
    let receipt = if prefers_receipt(headers) {
        app.ledger.receipt(position)?.map(|it| it.to_string())
    } else {
        None
    };
    let status = if new.is_some() {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let answer = BatchAnswer {
        id,
        position,
        count,
        receipt,
    };
    let mut response = (status, Json(answer)).into_response();
    let headers = response.headers_mut();
    headers.insert("xf-position", HeaderValue::from(position));
    Ok(response)
}

/// A member as sent.
fn member(envelope: &Assertion, text: &str) -> Result<Member, Problem> {
    let (payload, disclosures) = erasable::split_submission(text)?;
    let assertion = Assertion::member(envelope.kid(), payload).map_err(Refused::from)?;
    Ok(Member {
        assertion,
        disclosures,
    })
}
