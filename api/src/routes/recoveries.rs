//! /v1/learners/{id}/recoveries, …/recovery-sheet and /v1/recoveries: the way back into an account.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse as _, Response};
use identity::erasable::Commitments;
use identity::person::assurance::Level;
use identity::person::recovery::{Recovery, Stage, Way, complete, sheet, start, veto};
use identity::person::{Person, wire};
use identity::role::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::{self, WriteAnswer};
use super::learners::derived_id;
use super::login::session_of;
use super::standings::words;
use crate::app::App;
use crate::extract::{Body, Caller};
use crate::problem::{Problem, ProblemBody, Reason};
use crate::sheets::{Sheet, SheetError};
use crate::sign_in::begin::Shown;
use crate::sign_in::session::{Agent, BY_SHEET};
use crate::write::Asking;

/// What an officer saw.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartBody {
    /// The document that was shown, in words; erasable.
    #[schema(example = "出示身份证原件，人证一致；原手机丢失")]
    reason_text: String,
}

/// What is typed from the sheet.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeBody {
    /// Seven groups of four characters.
    #[schema(example = "7K2M-4QZX-90AB-CDEF-GH12-3JKM-NPQR")]
    code: String,
}

/// A way back.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecoveryAnswer {
    /// Its name.
    pub id: Uuid,
    /// counter or sheet.
    #[schema(value_type = String)]
    pub way: Way,
    /// waiting, ready, vetoed, completed or over.
    pub state: &'static str,
    /// From when on it may be completed, Unix milliseconds.
    pub ready_ms: i64,
    /// Position of the commit that began it.
    pub position: u64,
}

/// Ways back.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecoveriesAnswer {
    /// In the order in which they were begun.
    pub items: Vec<RecoveryAnswer>,
}

/// A new sheet, to be printed now: its code is shown this once.
#[derive(Serialize, ToSchema)]
pub struct SheetAnswer {
    /// The sheet's name in the log.
    pub id: Uuid,
    /// Seven groups of four characters.
    pub code: String,
    /// Position of the commit that says so.
    pub position: u64,
}

impl RecoveryAnswer {
    fn of(it: &Recovery, now_ms: i64) -> Self {
        let state = match it.stage {
            Stage::Vetoed(_) => "vetoed",
            Stage::Completed(..) => "completed",
            Stage::Open if !it.is_open(now_ms) => "over",
            Stage::Open if now_ms < it.ready_ms => "waiting",
            Stage::Open => "ready",
        };
        Self {
            id: it.id,
            way: it.way,
            state,
            ready_ms: it.ready_ms,
            position: it.by.position,
        }
    }
}

impl From<SheetError> for Problem {
    fn from(error: SheetError) -> Self {
        match error {
            SheetError::Invalid => Self::of(Reason::SheetInvalid),
            SheetError::Resting => Self::of(Reason::TooBusy).detail((
                "输错次数过多，请十五分钟后再试",
                "typed wrong too often: try again in a quarter of an hour",
            )),
            SheetError::Side(error) => error.into(),
            SheetError::Hash(error) => Self::internal(error),
        }
    }
}

/// Begin the way back at a counter: a document was shown, and a second officer agrees.
///
/// A two-person act: 202 with `approval`. After 72 hours it can be completed, at once where the platform
/// knows that the person is 60 or older.
#[utoipa::path(post, path = "/v1/learners/{id}/recoveries", extensions(("x-action" = json!("recover"))), tag = "identity", params(("id" = Uuid, Path, description = "the person's number"), ("Idempotency-Key" = Option<String>, Header, description = "the same key and body answer the same")), request_body = StartBody, security(("token" = [])),
    responses((status = 202, description = "proposed: a second officer must agree", body = WriteAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 404, description = "no such person", body = ProblemBody), (status = 409, description = "one is under way, or more proof is needed", body = ProblemBody)))]
pub async fn begin(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
    headers: HeaderMap,
    Body(body): Body<StartBody>,
) -> Result<Response, Problem> {
    app.may_read(&caller, person)?;
    app.require_served(&caller, person)?;
    let data = start::StartData {
        values: Commitments::default(),
        elder: app.is_elder(person)?,
        person,
    };
    let asking = Asking {
        values: words(Some(&body.reason_text)).into_iter().collect(),
        id: derived_id(&caller, &headers)?,
        ..Asking::open(&caller, start::START, &data)?
    };
    answer::ask(&app, &headers, asking, None).await
}

/// The ways back that were begun: who sees one that is not the own says no to it.
#[utoipa::path(get, path = "/v1/learners/{id}/recoveries", extensions(("x-action" = json!("see-recoveries"))), tag = "identity", params(("id" = Uuid, Path, description = "the person's number")), security(("token" = [])),
    responses((status = 200, description = "ways back", body = RecoveriesAnswer), (status = 403, description = "not yours", body = ProblemBody)))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
) -> Result<Json<RecoveriesAnswer>, Problem> {
    app.may_read(&caller, person)?;
    app.require_served(&caller, person)?;
    let state = app.ledger.state::<Person>(&wire::stream(person))?;
    let now_ms = app.now_ms();
    let items = state.recoveries.begun.iter();
    Ok(Json(RecoveriesAnswer {
        items: items.map(|it| RecoveryAnswer::of(it, now_ms)).collect(),
    }))
}

/// Say no to a way back that was begun.
#[utoipa::path(post, path = "/v1/learners/{id}/recoveries/{recovery}/veto", extensions(("x-action" = json!("veto-recovery"))), tag = "identity", params(("id" = Uuid, Path, description = "the person's number"), ("recovery" = Uuid, Path, description = "which"), ("Idempotency-Key" = Option<String>, Header, description = "the same key and body answer the same")), security(("token" = [])),
    responses((status = 201, description = "it opens nothing", body = WriteAnswer), (status = 200, description = "vetoed before", body = WriteAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 404, description = "no such recovery", body = ProblemBody), (status = 409, description = "completed or over", body = ProblemBody)))]
pub async fn veto(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((person, recovery)): Path<(Uuid, Uuid)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let data = veto::Data { person, recovery };
    let asking = Asking {
        id: derived_id(&caller, &headers)?,
        ..Asking::open(&caller, veto::KIND, &data)?
    };
    answer::ask(&app, &headers, asking, Some(recovery)).await
}

/// Complete the way back at a counter, once its time has come: every session of the account ends, and
/// the person links a sign-in anew.
#[utoipa::path(post, path = "/v1/learners/{id}/recoveries/{recovery}/completion", extensions(("x-action" = json!("complete-recovery"))), tag = "identity", params(("id" = Uuid, Path, description = "the person's number"), ("recovery" = Uuid, Path, description = "which"), ("Idempotency-Key" = Option<String>, Header, description = "the same key and body answer the same")), security(("token" = [])),
    responses((status = 201, description = "the account is open again", body = WriteAnswer), (status = 200, description = "completed before", body = WriteAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 404, description = "no such recovery", body = ProblemBody), (status = 409, description = "too soon, vetoed or over", body = ProblemBody)))]
pub async fn finish(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((person, recovery)): Path<(Uuid, Uuid)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let data = complete::Data { person, recovery };
    let asking = Asking {
        id: derived_id(&caller, &headers)?,
        ..Asking::open(&caller, complete::AT_COUNTER, &data)?
    };
    let answer = answer::ask(&app, &headers, asking, Some(recovery)).await?;
    app.sheets.end(person)?;
    Ok(answer)
}

/// The ledger says that the account is open again; whoever was signed in is signed out.
async fn complete(app: &Arc<App>, data: complete::Data) -> Result<crate::write::Written, Problem> {
    let app = Arc::clone(app);
    crate::write::off_the_runtime(true, move || {
        let written = app.say(complete::KIND, &data, None)?;
        app.sheets.end(data.person)?;
        Ok(written)
    })
    .await
}

/// Print a recovery sheet: the code is shown this once. The sheet before it opens nothing more.
#[utoipa::path(post, path = "/v1/learners/{id}/recovery-sheet", extensions(("x-action" = json!("print-sheet"))), tag = "identity", params(("id" = Uuid, Path, description = "the person's number")), security(("token" = [])),
    responses((status = 201, description = "the code", body = SheetAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 409, description = "this account is opened again at a counter only", body = ProblemBody)))]
pub async fn print(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
) -> Result<(StatusCode, Json<SheetAnswer>), Problem> {
    let name = ledger::clock::uuid_v7(app.now_ms());
    let data = sheet::Data {
        person,
        sheet: name,
    };
    // The commit first: a code that the log does not know opens nothing.
    let written = app.ask(Asking::open(&caller, sheet::KIND, &data)?).await?;
    let issuing = Arc::clone(&app);
    let sheet = Sheet {
        person,
        sheet: name,
    };
    let code =
        crate::write::off_the_runtime(true, move || Ok(issuing.sheets.issue(sheet)?)).await?;
    let answer = SheetAnswer {
        id: name,
        code: code.to_string(),
        position: written.position,
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Come back with the code of the sheet: the first time it begins, and after 72 hours the same code
/// completes it, signs in (level 2), and lets an account be linked within a day. Whoever is signed
/// in, and every channel, is told and can say no.
#[utoipa::path(post, path = "/v1/recoveries", tag = "identity", request_body = CodeBody,
    responses((status = 200, description = "how far it is", body = RecoveryAnswer), (status = 409, description = "this code opens nothing, or somebody said no", body = ProblemBody), (status = 503, description = "typed wrong too often", body = ProblemBody)))]
pub async fn by_code(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Body(body): Body<CodeBody>,
) -> Result<Response, Problem> {
    let permit = app.pictures.clone().acquire_owned().await;
    let checking = Arc::clone(&app);
    let Sheet { person, sheet } = crate::write::off_the_runtime(true, move || {
        let _permit = permit;
        Ok(checking.sheets.check(&body.code, checking.now_ms())?)
    })
    .await?;
    let known = |app: &App| -> Result<Option<Recovery>, Problem> {
        let state = app.ledger.state::<Person>(&wire::stream(person))?;
        let open = state.recoveries.open(app.now_ms());
        Ok(open.filter(|it| it.way == Way::Sheet).copied())
    };
    let mut cookies = Vec::new();
    if let Some(open) = known(&app)? {
        if open.ready_ms <= app.now_ms() {
            let recovery = open.id;
            complete(&app, complete::Data { person, recovery }).await?;
            // Everything that signed the person in is gone: whoever came back links something new. Who is
            // suspended is let in when that ends.
            let state = app.ledger.state::<Person>(&wire::stream(person))?;
            if state.barred().is_none() {
                let before = session_of(&app, &headers)?;
                let opened =
                    app.begin_session(by_sheet(person, &app, &headers), before.as_ref())?;
                cookies.push((header::SET_COOKIE, (*opened.cookie()).clone()));
            }
        }
    } else {
        let claiming = Arc::clone(&app);
        let data = start::ClaimData { person, sheet };
        crate::write::off_the_runtime(true, move || claiming.say(start::CLAIM, &data, None))
            .await?;
    }
    let state = app.ledger.state::<Person>(&wire::stream(person))?;
    let last = state.recoveries.begun.last();
    let last = last.ok_or(Problem::of(Reason::RecoveryUnknown))?;
    let answer = Json(RecoveryAnswer::of(last, app.now_ms()));
    Ok((AppendHeaders(cookies), answer).into_response())
}

/// What a sheet shows of who somebody is: no more than a roster does.
fn by_sheet(person: Uuid, app: &App, headers: &HeaderMap) -> Shown {
    Shown {
        person,
        role: Role::Learner,
        institution: None,
        loa: Level::ROSTER,
        by: BY_SHEET.into(),
        link: None,
        proven_at_ms: app.now_ms(),
        agent: Agent::of(headers),
    }
}
