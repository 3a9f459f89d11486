//! Learning codes and cards: who stands here, and nothing else.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use identity::code::{Audience, Life};
use identity::erasable::Opened;
use identity::person::{self, Person};
use identity::role::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::extract::{Body, Caller};
use crate::mask;
use crate::picture::{self, Module};
use crate::problem::{Problem, ProblemBody, Reason};

/// For whom a code is shown.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowBody {
    /// counter, institution, merchant or verifier: nobody else can read it.
    #[serde(rename = "for", default = "anybody")]
    #[schema(value_type = String, example = "counter")]
    audience: Audience,
    /// 长辈版: it lives 180 seconds, not 30.
    #[serde(default)]
    elder: bool,
}

const fn anybody() -> Audience {
    Audience::Verifier
}

/// A code to show.
#[derive(Debug, Serialize, ToSchema)]
pub struct CodeAnswer {
    /// Its text, 44 characters.
    code: String,
    /// The same as a picture.
    svg: String,
    /// How long it lives, seconds; it still counts for as long again.
    life_s: i64,
    /// Seconds until the next one should be shown.
    next_in_s: i64,
}

/// Show the own learning code.
#[utoipa::path(post, path = "/v1/learners/{id}/code", extensions(("x-action" = json!("show-code"))), tag = "codes", params(("id" = Uuid, Path, description = "the person's number")), request_body = ShowBody, security(("token" = [])),
    responses((status = 200, description = "a code", body = CodeAnswer), (status = 403, description = "not yours", body = ProblemBody)))]
pub async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
    Body(body): Body<ShowBody>,
) -> Result<Json<CodeAnswer>, Problem> {
    app.may_read(&caller, person)?;
    let life = if body.elder { Life::Elder } else { Life::Usual };
    let now_ms = app.now_ms();
    let code = app
        .codes
        .show(person, body.audience, life, now_ms)?
        .encode();
    let into = now_ms.rem_euclid(life.seconds() * 1_000);
    Ok(Json(CodeAnswer {
        svg: drawn(&code)?,
        code,
        life_s: life.seconds(),
        next_in_s: life.seconds() - into / 1_000,
    }))
}

/// What was scanned.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScanBody {
    /// The text of the code or card.
    code: String,
}

/// Who stands here.
#[derive(Debug, Serialize, ToSchema)]
pub struct PresentAnswer {
    /// Always true: whoever is not present is refused.
    present: bool,
    /// code, or card: then look whose it is.
    form: &'static str,
    /// Name, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The person's number, for the institution whose learner it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    learner: Option<Uuid>,
}

/// Scan a learning code or card: presence only, once.
#[utoipa::path(post, path = "/v1/codes/scan", extensions(("x-action" = json!("scan-code"))), tag = "codes", request_body = ScanBody, security(("token" = [])),
    responses((status = 200, description = "somebody is present", body = PresentAnswer), (status = 409, description = "too old, or scanned before", body = ProblemBody), (status = 422, description = "says nothing here", body = ProblemBody), (status = 503, description = "too many wrong codes", body = ProblemBody)))]
pub async fn scan(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(body): Body<ScanBody>,
) -> Result<Json<PresentAnswer>, Problem> {
    let audience = Audience::of(caller.role).ok_or(Problem::of(Reason::NotAllowed))?;
    // A blank is a character of base45, also as the first; a scanner adds a line end at most.
    let text = body.code.trim_matches(['\r', '\n', '\t']);
    let scanned = app
        .codes
        .scan(text, audience, &caller.name(), app.now_ms())?;
    // A card that names an old number says who its holder is since a merge.
    let person = app.holder(scanned.person)?;
    let state = app.ledger.state::<Person>(&person::wire::stream(person))?;
    if state.barred().is_some() || app.require_open(person).is_err() {
        return Err(Problem::of(Reason::CodeInvalid));
    }
    let opened = app.identity_of(person)?;
    let name = opened
        .iter()
        .find(|it| it.name() == "name")
        .and_then(Opened::expose_text)
        .map(mask::name);
    let known = audience.reads_cards() && app.may_read(&caller, person).is_ok();
    Ok(Json(PresentAnswer {
        present: true,
        form: if scanned.by_card { "card" } else { "code" },
        name,
        learner: known.then_some(person),
    }))
}

/// A printed card.
#[derive(Debug, Serialize, ToSchema)]
pub struct CardAnswer {
    /// Its text, 27 characters; it is kept nowhere.
    card: String,
    /// The same as a picture to print.
    svg: String,
}

/// Make a card for a person; the one before says nothing from now on.
#[utoipa::path(post, path = "/v1/learners/{id}/card", extensions(("x-action" = json!("give-card"))), tag = "codes", params(("id" = Uuid, Path, description = "the person's number")), security(("token" = [])),
    responses((status = 201, description = "a card", body = CardAnswer), (status = 403, description = "not yours", body = ProblemBody)))]
pub async fn give(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
) -> Result<(StatusCode, Json<CardAnswer>), Problem> {
    app.may_read(&caller, person)?;
    let whole = app.whole(person)?;
    // The one before says nothing from now on, under whichever number it was given.
    for number in &whole.numbers {
        app.codes.end_card(*number)?;
    }
    let card = app.codes.new_card(whole.holder)?.encode();
    let svg = drawn(&card)?;
    Ok((StatusCode::CREATED, Json(CardAnswer { card, svg })))
}

/// End a person's card, lost or stolen.
#[utoipa::path(delete, path = "/v1/learners/{id}/card", extensions(("x-action" = json!("end-card"))), tag = "codes", params(("id" = Uuid, Path, description = "the person's number")), security(("token" = [])),
    responses((status = 204, description = "no card of this person says anything"), (status = 403, description = "not yours", body = ProblemBody)))]
pub async fn end(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    // Nobody but the person herself may be told by the answer whether she is known.
    let whole = app.whole(person)?;
    if caller.role == Role::Learner && caller.person != whole.holder {
        return Err(Problem::of(Reason::NotAllowed));
    }
    app.may_read(&caller, person)?;
    for number in whole.numbers {
        app.codes.end_card(number)?;
    }
    Ok(StatusCode::NO_CONTENT)
}

fn drawn(text: &str) -> Result<String, Problem> {
    let code = picture::short(text).map_err(Problem::internal)?;
    Ok(picture::svg(&code, Module::Short))
}
