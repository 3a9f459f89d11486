//! /v1/credentials: issuing, showing, and the status of credentials.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use credentials::account::correct_outcome::Reason as Why;
use credentials::credential::set_status::{self, Status};
use credentials::credential::{Credential, Issued};
use credentials::verify::Standing;
use identity::erasable::Commitments;
use identity::institution::{self, Institution};
use ledger::assertion::format_ms;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::After;
use super::answer::{self, WriteAnswer};
use super::learners::derived_id;
use crate::app::App;
use crate::credential::NameShown;
use crate::extract::{Body, Caller};
use crate::picture::{self, Module, PictureError};
use crate::problem::{Problem, ProblemBody, Reason};
use crate::write::Asking;

/// Resolution of a picture that names none.
const DPI: u32 = 300;

/// A credential to issue.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueBody {
    /// Whose it is.
    learner: Uuid,
    /// About what; one that stands already is the answer.
    outcome: Uuid,
}

/// A credential in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct CredentialBody {
    /// Its id.
    pub id: Uuid,
    /// About what.
    pub outcome: Uuid,
    /// Number of its issuer.
    pub issuer: u32,
    /// issued, suspended, revoked or superseded.
    pub status: &'static str,
    /// Position of the commit that issued it.
    pub position: u64,
    /// When it was recorded: RFC 3339, UTC.
    pub issued_at: String,
    /// What was said of it since.
    pub changes: Vec<ChangeBody>,
}

/// Something said of a credential.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeBody {
    /// issued (again), suspended, revoked or superseded.
    pub status: &'static str,
    /// The open code of the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reason: Option<Why>,
    /// Position of the commit.
    pub position: u64,
    /// Set where the institution does not stand for it: disputed = not settled yet, repudiated = it was
    /// not the institution; the credential stands as if it had not been said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<&'static str>,
}

/// The word for how a credential stands.
pub const fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Issued => "issued",
        Standing::Suspended => "suspended",
        Standing::Revoked => "revoked",
        Standing::Superseded => "superseded",
        Standing::Disputed => "disputed",
    }
}

/// How far an institution stands for something, where it does not.
const fn doubt(standing: institution::Standing) -> Option<&'static str> {
    match standing {
        institution::Standing::Good => None,
        institution::Standing::Disputed => Some("disputed"),
        institution::Standing::Repudiated => Some("repudiated"),
    }
}

fn body_of(
    credential: &Credential,
    issued: &Issued,
    institution: &Institution,
    standing: Standing,
) -> CredentialBody {
    CredentialBody {
        id: issued.says.credential,
        outcome: issued.says.outcome,
        issuer: issued.says.issuer.0,
        status: word(standing),
        position: issued.by.position,
        issued_at: format_ms(issued.recorded_at_ms),
        changes: credential
            .changes
            .iter()
            .map(|change| ChangeBody {
                status: word(change.standing),
                reason: change.reason,
                position: change.by.position,
                doubt: doubt(change.signed.standing(institution)),
            })
            .collect(),
    }
}

/// Issue a credential for an outcome.
///
/// The commit comes first; document and code follow from it.
#[utoipa::path(post, path = "/v1/credentials", extensions(("x-action" = json!("issue-credential"))), tag = "credentials", request_body = IssueBody, security(("token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "the same key and body answer the same")),
    responses((status = 201, description = "issued", body = WriteAnswer), (status = 200, description = "one stands already", body = WriteAnswer),
        (status = 404, description = "no such outcome", body = ProblemBody), (status = 409, description = "a rule says no", body = ProblemBody)))]
pub async fn issue(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Body(body): Body<IssueBody>,
) -> Result<Response, Problem> {
    let id = derived_id(&caller, &headers)?;
    let issued = app.issue(&caller, body.learner, body.outcome, id).await?;
    Ok(
        WriteAnswer::new(&app, &headers, issued.credential, &issued.written)?
            .respond(&issued.written),
    )
}

/// Whose credentials.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct OfLearner {
    /// The person's number.
    learner: Uuid,
    /// Wait for this position.
    after: Option<u64>,
}

/// A learner's credentials, in order of issuing.
#[utoipa::path(get, path = "/v1/credentials", extensions(("x-action" = json!("read-record"))), tag = "credentials", params(OfLearner), security(("token" = [])),
    responses((status = 200, description = "the credentials", body = Vec<CredentialBody>), (status = 403, description = "not yours", body = ProblemBody)))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(of): Query<OfLearner>,
) -> Result<Json<Vec<CredentialBody>>, Problem> {
    app.wait_for(of.after).await?;
    app.credentials_of(&caller, of.learner).map(Json)
}

/// A learner's credentials, in order of issuing.
#[utoipa::path(get, path = "/v1/learners/{id}/credentials", extensions(("x-action" = json!("read-record"))), tag = "credentials", params(("id" = Uuid, Path, description = "the person's number"), ("after" = Option<u64>, Query, description = "wait for this position")), security(("token" = [])),
    responses((status = 200, description = "the credentials", body = Vec<CredentialBody>), (status = 403, description = "not yours", body = ProblemBody)))]
pub async fn of_learner(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(after): Query<After>,
) -> Result<Json<Vec<CredentialBody>>, Problem> {
    app.wait_for(after.after).await?;
    app.credentials_of(&caller, id).map(Json)
}

/// The document, signed: bare, as it is handed on.
#[utoipa::path(get, path = "/v1/credentials/{id}", extensions(("x-action" = json!("read-record"))), tag = "credentials", params(("id" = Uuid, Path, description = "the credential"), ("after" = Option<u64>, Query, description = "wait for this position")), security(("token" = [])),
    responses((status = 200, description = "the credential (Open Badges 3.0, eddsa-jcs-2022)", content_type = "application/vc"), (status = 404, description = "unknown", body = ProblemBody), (status = 410, description = "erased", body = ProblemBody)))]
pub async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(after): Query<After>,
) -> Result<Response, Problem> {
    app.wait_for(after.after).await?;
    app.may_have(&caller, id)?;
    let ready = app.ready(id)?;
    let document = app.signed_document(&ready)?;
    Ok(private("application/vc", document))
}

/// How a code is drawn.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Drawn {
    /// Whether the code carries the proof that it is in the log: larger, and checked without a network.
    #[serde(default)]
    receipt: bool,
    /// masked, full or none.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    name: NameShown,
    /// Dots an inch, 72 to 1200; 300 if left out. For PNG.
    dpi: Option<u32>,
}

/// The code as SVG, sized for print.
#[utoipa::path(get, path = "/v1/credentials/{id}/qr.svg", extensions(("x-action" = json!("read-record"))), tag = "credentials", params(("id" = Uuid, Path, description = "the credential"), Drawn), security(("token" = [])),
    responses((status = 200, description = "the code", content_type = "image/svg+xml"), (status = 404, description = "unknown", body = ProblemBody)))]
pub async fn qr_svg(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(drawn): Query<Drawn>,
) -> Result<Response, Problem> {
    app.may_have(&caller, id)?;
    let (code, module) = app.drawn(id, &drawn)?;
    Ok(private("image/svg+xml", picture::svg(&code, module)))
}

/// The code as PNG, sized for print.
#[utoipa::path(get, path = "/v1/credentials/{id}/qr.png", extensions(("x-action" = json!("read-record"))), tag = "credentials", params(("id" = Uuid, Path, description = "the credential"), Drawn), security(("token" = [])),
    responses((status = 200, description = "the code", content_type = "image/png"), (status = 404, description = "unknown", body = ProblemBody)))]
pub async fn qr_png(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(drawn): Query<Drawn>,
) -> Result<Response, Problem> {
    app.may_have(&caller, id)?;
    let (code, module) = app.drawn(id, &drawn)?;
    let dpi = drawn.dpi.unwrap_or(DPI).clamp(72, 1_200);
    let png = picture::png(&code, module, dpi).map_err(Problem::internal)?;
    Ok(private("image/png", png))
}

/// What is for its reader alone.
fn private(media: &'static str, body: impl IntoResponse) -> Response {
    let headers = [
        (header::CONTENT_TYPE, media),
        (header::CACHE_CONTROL, "private, no-store"),
    ];
    (headers, body).into_response()
}

/// How a credential stands, and what was said of it.
#[utoipa::path(get, path = "/v1/credentials/{id}/status", extensions(("x-action" = json!("read-record"))), tag = "credentials", params(("id" = Uuid, Path, description = "the credential")), security(("token" = [])),
    responses((status = 200, description = "how it stands", body = CredentialBody), (status = 404, description = "unknown", body = ProblemBody)))]
pub async fn status(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Json<CredentialBody>, Problem> {
    app.may_have(&caller, id)?;
    let (credential, issued) = app.credential(id)?;
    let standing = app.credential_standing(&credential, &issued)?;
    let institution = app.institution(issued.says.issuer)?;
    Ok(Json(body_of(&credential, &issued, &institution, standing)))
}

/// A change of status.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusBody {
    /// suspended, reinstated or revoked.
    #[schema(value_type = String, example = "suspended")]
    status: Status,
    /// entry_error, mark_reviewed, amount_wrong, wrong_person, misconduct or other; any other text is
    /// kept as the words of `other`, erasable.
    #[schema(example = "misconduct")]
    reason: String,
    /// The reason in words; erasable.
    reason_text: Option<String>,
}

/// Suspend, reinstate or revoke a credential.
#[utoipa::path(post, path = "/v1/credentials/{id}/status", extensions(("x-action" = json!("end-credential"))), tag = "credentials", params(("id" = Uuid, Path, description = "the credential")), request_body = StatusBody, security(("token" = [])),
    responses((status = 201, description = "changed", body = WriteAnswer), (status = 200, description = "it stood so already", body = WriteAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 409, description = "a rule says no", body = ProblemBody)))]
pub async fn set_status(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Body(body): Body<StatusBody>,
) -> Result<Response, Problem> {
    let (_, issued) = app.credential(id)?;
    let (reason, text) = body.said();
    let data = set_status::Data {
        values: Commitments::default(),
        credential: id,
        person: issued.says.person,
        reason,
        status: body.status,
    };
    let asking = Asking {
        values: text
            .map(|text| ("reason_text", Value::String(text)))
            .into_iter()
            .collect(),
        id: derived_id(&caller, &headers)?,
        ..Asking::open(&caller, set_status::KIND, &data)?
    };
    answer::ask(&app, &headers, asking, Some(id)).await
}

impl StatusBody {
    /// The reason's code, and its words.
    fn said(&self) -> (Why, Option<String>) {
        let words = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let text = self.reason_text.as_deref().and_then(words);
        let reader =
            serde::de::value::StrDeserializer::<serde::de::value::Error>::new(&self.reason);
        match Why::deserialize(reader) {
            Ok(reason) => (reason, text),
            Err(_) => (Why::Other, text.or_else(|| words(&self.reason))),
        }
    }
}

impl App {
    /// The holder, who issued it, and who may read the outcome may have a credential.
    pub(super) fn may_have(&self, caller: &Caller, id: Uuid) -> Result<(), Problem> {
        let (_, issued) = self.credential(id)?;
        let access = self.may_read(caller, issued.says.person)?;
        self.require_open(issued.says.person)?;
        if access.has(issued.says.issuer) && access.in_full() {
            Ok(())
        } else {
            Err(Problem::of(Reason::NotAllowed))
        }
    }

    fn credentials_of(
        &self,
        caller: &Caller,
        person: Uuid,
    ) -> Result<Vec<CredentialBody>, Problem> {
        let access = self.may_read(caller, person)?;
        let whole = self.whole(person)?;
        let open = self.open_numbers(&whole)?;
        let ids = whole
            .account
            .outcomes
            .iter()
            .filter(|outcome| open.contains(&outcome.person))
            .filter(|outcome| access.has(outcome.origin.awarder))
            .flat_map(|outcome| &outcome.credentials);
        let mut bodies = Vec::new();
        for id in ids {
            let (credential, issued) = self.credential(*id)?;
            let standing = self.credential_standing(&credential, &issued)?;
            let institution = self.institution(issued.says.issuer)?;
            bodies.push(body_of(&credential, &issued, &institution, standing));
        }
        bodies.sort_by_key(|body| body.position);
        Ok(bodies)
    }

    fn drawn(&self, id: Uuid, drawn: &Drawn) -> Result<(qrcodegen::QrCode, Module), Problem> {
        let ready = self.ready(id)?;
        let signed = self.code(&ready, drawn.name, drawn.receipt)?;
        let module = if drawn.receipt {
            Module::WithReceipt
        } else {
            Module::Short
        };
        let code = self.code_picture(&signed).map_err(Problem::internal)?;
        Ok((code, module))
    }

    /// The picture of a code of this platform.
    pub fn code_picture(&self, signed: &[u8]) -> Result<qrcodegen::QrCode, PictureError> {
        use credentials::vc::qr::{payload_digits, prefix};
        picture::code(&prefix(&self.host), &payload_digits(signed))
    }
}
