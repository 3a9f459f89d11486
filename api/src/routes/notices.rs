//! /v1/learners/{id}/notices, …/contacts and …/notice-preferences: what people are told, and where.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use identity::erasable::{Commitments, Opened};
use identity::person::contact::{self, Channel};
use identity::person::delegation::Scope;
use identity::person::{Person, wire};
use identity::purpose::Purpose;
use identity::role::Role;
use maud::{Markup, html};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::{self, WriteAnswer};
use super::delegations::in_name_of;
use super::learners::derived_id;
use crate::app::App;
use crate::extract::{Body, Caller};
use crate::mask;
use crate::notices::{Preferences, text};
use crate::pages;
use crate::problem::{Language, Problem, ProblemBody, Reason};
use crate::vault::VaultError;
use crate::write::Asking;

/// A notice.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoticeAnswer {
    /// Its name.
    pub id: Uuid,
    /// About what: recovery-started, delegation-given, outcome-corrected …
    pub about: &'static str,
    /// The recovery, merge or delegation that it is about, where one may say no to that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concerns: Option<Uuid>,
    /// In a few words.
    pub title: String,
    /// What to do.
    pub text: String,
    /// When it was recorded, Unix milliseconds.
    pub at_ms: i64,
    /// Position of the commit that it follows from.
    pub position: u64,
    /// Whether it was read.
    pub read: bool,
}

/// The inbox.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoticesAnswer {
    /// Newest first, at most 200.
    pub items: Vec<NoticeAnswer>,
    /// How many of them were not read.
    pub unread: usize,
}

/// A contact to be used from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactBody {
    /// sms or email.
    #[schema(value_type = String, example = "email")]
    channel: Channel,
    /// The number or address; left out = none any more.
    #[schema(example = "wang@example.org")]
    value: Option<String>,
}

/// A contact.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactAnswer {
    /// sms or email.
    #[schema(value_type = String)]
    pub channel: Channel,
    /// The number or address, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Position of the commit that recorded it.
    pub position: u64,
}

/// Contacts.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactsAnswer {
    /// At most one a channel.
    pub items: Vec<ContactAnswer>,
}

fn own(app: &App, caller: &Caller, person: Uuid) -> Result<Uuid, Problem> {
    let holder = app.holder(person)?;
    // A security administrator is told of officers' accounts, and has the browser's session of that role alone.
    if !matches!(caller.role, Role::Learner | Role::Security) || caller.person != holder {
        return Err(Problem::of(Reason::NotAllowed));
    }
    Ok(holder)
}

/// What the caller was told, newest first.
#[utoipa::path(get, path = "/v1/learners/{id}/notices", extensions(("x-action" = json!("read-notices"))), tag = "identity", params(("id" = Uuid, Path, description = "the person's number"), ("Accept-Language" = Option<String>, Header, description = "zh or en")), security(("token" = [])),
    responses((status = 200, description = "the inbox", body = NoticesAnswer), (status = 403, description = "not yours", body = ProblemBody)))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Json<NoticesAnswer>, Problem> {
    let holder = own(&app, &caller, person)?;
    let language = Language::of(&headers);
    let items: Vec<NoticeAnswer> = app
        .notices
        .inbox(holder)?
        .into_iter()
        .map(|it| {
            let words = text(&it.matter, language, None);
            NoticeAnswer {
                id: it.id,
                about: it.matter.name(),
                concerns: it.matter.concerns(),
                title: words.title,
                text: words.body,
                at_ms: it.at_ms,
                position: it.position,
                read: it.read,
            }
        })
        .collect();
    Ok(Json(NoticesAnswer {
        unread: items.iter().filter(|it| !it.read).count(),
        items,
    }))
}

/// Mark a notice as read.
#[utoipa::path(post, path = "/v1/learners/{id}/notices/{notice}/reading", extensions(("x-action" = json!("read-notices"))), tag = "identity", params(("id" = Uuid, Path, description = "the person's number"), ("notice" = Uuid, Path, description = "which")), security(("token" = [])),
    responses((status = 204, description = "read"), (status = 403, description = "not yours", body = ProblemBody), (status = 404, description = "no such notice", body = ProblemBody)))]
pub async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((person, notice)): Path<(Uuid, Uuid)>,
) -> Result<StatusCode, Problem> {
    let holder = own(&app, &caller, person)?;
    if app.notices.mark_read(holder, notice)? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::of(Reason::NotFound))
    }
}

/// How the caller wants to be told.
#[utoipa::path(get, path = "/v1/learners/{id}/notice-preferences", extensions(("x-action" = json!("read-notices"))), tag = "identity", params(("id" = Uuid, Path, description = "the person's number")), security(("token" = [])),
    responses((status = 200, description = "preferences", body = Preferences), (status = 403, description = "not yours", body = ProblemBody)))]
pub async fn preferences(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
) -> Result<Json<Preferences>, Problem> {
    let holder = own(&app, &caller, person)?;
    Ok(Json(app.notices.preferences(holder)?))
}

/// Say how the caller wants to be told.
#[utoipa::path(put, path = "/v1/learners/{id}/notice-preferences", extensions(("x-action" = json!("read-notices"))), tag = "identity", params(("id" = Uuid, Path, description = "the person's number")), request_body = Preferences, security(("token" = [])),
    responses((status = 200, description = "as they are now", body = Preferences), (status = 403, description = "not yours", body = ProblemBody), (status = 422, description = "no such hour", body = ProblemBody)))]
pub async fn prefer(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
    Body(body): Body<Preferences>,
) -> Result<Json<Preferences>, Problem> {
    let holder = own(&app, &caller, person)?;
    if !body.is_valid() {
        return Err(Problem::invalid(
            "/quiet_from",
            ("时刻为 0 至 23", "hours are 0 to 23"),
        ));
    }
    app.notices.prefer(holder, &body)?;
    Ok(Json(body))
}

/// Where a learner is reached, masked.
#[utoipa::path(get, path = "/v1/learners/{id}/contacts", extensions(("x-action" = json!("consent"))), tag = "identity", params(("id" = Uuid, Path, description = "the person's number")), security(("token" = [])),
    responses((status = 200, description = "contacts", body = ContactsAnswer), (status = 403, description = "not yours", body = ProblemBody)))]
pub async fn contacts(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
) -> Result<Json<ContactsAnswer>, Problem> {
    app.may_read(&caller, person)?;
    app.require_served(&caller, person)?;
    if caller.role == Role::Proxy {
        let holder = app.holder(person)?;
        app.require_delegation(caller.person, holder, Scope::Consent)?;
    }
    let person = app.holder(person)?;
    let state = app.ledger.state::<Person>(&wire::stream(person))?;
    let mut items = Vec::new();
    for channel in Channel::ALL {
        let Some((by, values)) = state.contacts.get(channel) else {
            continue;
        };
        let opened = match app.vault.opened(person, Purpose::Contact, by.id, values) {
            Ok(opened) => opened,
            Err(VaultError::Erased | VaultError::NotHere) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let value = opened.iter().find(|it| it.name() == channel.member());
        let masked = value.and_then(Opened::expose_text).map(|it| match channel {
            Channel::Sms => mask::phone(it),
            Channel::Email => mask::email(it),
        });
        items.push(ContactAnswer {
            channel,
            value: masked,
            position: by.position,
        });
    }
    Ok(Json(ContactsAnswer { items }))
}

/// Record where a learner is reached, or remove it. Whether it is used for more than guarding the account
/// is another question: see consents.
#[utoipa::path(post, path = "/v1/learners/{id}/contacts", extensions(("x-action" = json!("set-contacts"))), tag = "identity", params(("id" = Uuid, Path, description = "the person's number"), ("Idempotency-Key" = Option<String>, Header, description = "the same key and body answer the same")), request_body = ContactBody, security(("token" = [])),
    responses((status = 201, description = "recorded or removed", body = WriteAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 409, description = "there is none", body = ProblemBody), (status = 422, description = "no number or address", body = ProblemBody)))]
pub async fn record(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
    headers: HeaderMap,
    Body(body): Body<ContactBody>,
) -> Result<Response, Problem> {
    let channel = body.channel;
    let asking = match body.value {
        Some(value) => {
            let data = contact::RecordData {
                values: Commitments::default(),
                channel,
                person,
            };
            Asking {
                values: vec![(channel.member(), Value::String(value.trim().into()))],
                ..Asking::open(&caller, contact::RECORD, &data)?
            }
        }
        None => Asking::open(
            &caller,
            contact::REMOVE,
            &contact::RemoveData { channel, person },
        )?,
    };
    let asking = Asking {
        id: derived_id(&caller, &headers)?,
        ..asking
    };
    let asking = in_name_of(&app, &caller, person, Scope::Consent, asking)?;
    answer::ask(&app, &headers, asking, Some(person)).await
}

/// What stands behind # in the link of a notice.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkBody {
    /// The secret.
    secret: String,
}

/// Say no to a recovery with the link of a notice.
#[utoipa::path(post, path = "/v1/recoveries/veto", tag = "identity", request_body = LinkBody,
    responses((status = 204, description = "it opens nothing"), (status = 404, description = "no such link", body = ProblemBody), (status = 409, description = "completed or over", body = ProblemBody)))]
pub async fn veto(
    State(app): State<Arc<App>>,
    Body(body): Body<LinkBody>,
) -> Result<StatusCode, Problem> {
    let app = Arc::clone(&app);
    crate::write::off_the_runtime(true, move || app.veto_by_link(&body.secret)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the link of a notice opens: a page with one button. Looking at it does nothing, since mail
/// programs look at links by themselves.
#[utoipa::path(get, path = "/r/{secret}", tag = "pages", params(("secret" = String, Path, description = "from the notice")),
    responses((status = 200, description = "a page", content_type = "text/html")))]
pub async fn veto_page(headers: HeaderMap, Path(secret): Path<String>) -> Markup {
    let language = Language::of(&headers);
    let title = language.say(
        "这是您本人在找回账户吗？",
        "Is it you who recovers the account?",
    );
    let body = html! {
        h1 { (title) }
        p {
            (language.say(
                "如果不是您本人，按下面的按钮，这次找回就此作废，您的账户不变。",
                "If not, press the button: this recovery opens nothing, and your account stays as it is.",
            ))
        }
        form method="post" action={ "/r/" (secret) } {
            button type="submit" { (language.say("不是我，停止找回", "It was not me: stop it")) }
        }
        p { (language.say("如果是您本人，不用做任何事。", "If it was you, there is nothing to do.")) }
    };
    pages::page(language, title, &body)
}

/// The button of that page.
#[utoipa::path(post, path = "/r/{secret}", tag = "pages", params(("secret" = String, Path, description = "from the notice")),
    responses((status = 200, description = "stopped, or why not: a page", content_type = "text/html")))]
pub async fn veto_by_form(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(secret): Path<String>,
) -> (StatusCode, Markup) {
    let language = Language::of(&headers);
    let app = Arc::clone(&app);
    let stopped = crate::write::off_the_runtime(true, move || app.veto_by_link(&secret)).await;
    let (status, title, text) = match stopped {
        Ok(()) => (
            StatusCode::OK,
            language.say("已停止", "It is stopped"),
            language
                .say(
                    "这次找回已作废。您的账户没有变化。",
                    "This recovery opens nothing. Nothing changed in your account.",
                )
                .to_owned(),
        ),
        Err(problem) => {
            let words = crate::problem::texts::of(problem.reason);
            (
                problem.reason.status(),
                language.say(words.title_zh, words.title_en),
                language.say(words.action_zh, words.action_en).to_owned(),
            )
        }
    };
    let body = html! {
        h1 { (title) }
        p { (text) }
    };
    (status, pages::page(language, title, &body))
}
