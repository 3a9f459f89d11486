//! A signed batch at the door: an envelope and its members with their values.

use std::sync::Arc;

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use identity::erasable;
use ledger::assertion::Assertion;
use ledger::batch::{self, NotABatch};
use ledger::execute::Refused;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
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
    #[serde(borrow)]
    #[schema(value_type = Vec<String>)]
    payloads: Payloads<'a>,
}

/// At most as many as a batch may have: more are not even read.
#[derive(Debug)]
struct Payloads<'a>(Vec<&'a str>);

impl<'de: 'a, 'a> Deserialize<'de> for Payloads<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bounded;
        impl<'de> Visitor<'de> for Bounded {
            type Value = Vec<&'de str>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("at most 1000 payloads")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Self::Value, A::Error> {
                let mut payloads = Vec::new();
                while let Some(payload) = all.next_element()? {
                    if payloads.len() == batch::MEMBERS_MAX {
                        return Err(serde::de::Error::custom("more than 1000 payloads"));
                    }
                    payloads.push(payload);
                }
                Ok(payloads)
            }
        }
        deserializer.deserialize_seq(Bounded).map(Payloads)
    }
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
    text: String,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let writing = Arc::clone(&app);
    let written = tokio::task::spawn_blocking(move || write(&writing, &text));
    let (BatchWritten { id, position, new }, count) =
        written.await.map_err(Problem::internal)??;
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

fn write(app: &App, text: &str) -> Result<(BatchWritten, usize), Problem> {
    let body: BatchBody<'_> = serde_json::from_str(text)
        .map_err(|error| Problem::of(Reason::BodyUnreadable).detail(unquoted(error)))?;
    let envelope = Assertion::parse(body.envelope).map_err(Refused::from)?;
    let payloads = body.payloads.0;
    let (sent, said) = (
        payloads.len(),
        batch::data_of(&envelope).map_err(Refused::from)?,
    );
    if usize::try_from(said.count) != Ok(sent) || sent == 0 {
        let count = NotABatch::Count {
            said: said.count,
            sent,
        };
        return Err(Refused::from(count).into());
    }
    // Nobody's members are read before it is known whose they are.
    app.ledger.check_signature(&envelope)?;
    let members = payloads.iter().map(|payload| member(&envelope, payload));
    let written = app.submit_batch(envelope.clone(), members.collect())?;
    Ok((written, sent))
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
