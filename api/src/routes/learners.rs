//! /v1/learners: people and the numbers they are known by.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use credentials::account::Whole;
use identity::erasable::Opened;
use identity::identifier::IdentifierType;
use identity::person::event::Check;
use identity::person::state::Barred;
use ledger::clock;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::After;
use super::answer::{self, WriteAnswer};
use crate::app::App;
use crate::extract::{Body, Caller, idempotency_key};
use crate::mask;
use crate::problem::{Problem, ProblemBody, Reason, Words};
use crate::read::Access;
use crate::registering::{NewPerson, binding};

/// Longest name in characters.
const NAME_CHARS_MAX: usize = 100;

/// A number a person is known by.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentifierBody {
    /// resident_id, enrolment_number, passport, staff_number or institution_card.
    #[schema(value_type = String, example = "resident_id")]
    r#type: IdentifierType,
    /// The number.
    #[schema(example = "11010519491231002X")]
    value: String,
    /// Accept a check character that does not fit.
    #[serde(default)]
    r#override: bool,
}

/// A person to register.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LearnerBody {
    /// Name as on the document.
    #[schema(example = "王晓明")]
    name: String,
    /// Date of birth.
    #[schema(example = "2001-02-03")]
    birth_date: Option<String>,
    /// Numbers the person is known by, at most one of each type.
    #[serde(default)]
    identifiers: Vec<IdentifierBody>,
}

/// Register a person.
///
/// Sent again with the same name and number it answers with the person registered before.
#[utoipa::path(post, path = "/v1/learners", extensions(("x-action" = json!("register-learner"))), tag = "identity", request_body = LearnerBody, security(("token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "the same key and body answer the same")),
    responses((status = 201, description = "registered", body = WriteAnswer), (status = 200, description = "registered before", body = WriteAnswer),
        (status = 409, description = "a number is bound to somebody else", body = ProblemBody), (status = 422, description = "invalid", body = ProblemBody)))]
pub async fn register(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Body(body): Body<LearnerBody>,
) -> Result<Response, Problem> {
    let registered = app
        .register(&caller, &body.into_new()?, derived_id(&caller, &headers)?)
        .await?;
    let mut answer = WriteAnswer::new(&app, &headers, registered.person, &registered.written)?;
    if !registered.all_bound {
        answer.warnings.push("IDENTIFIER_NOT_BOUND");
    }
    Ok(answer.respond(&registered.written))
}

/// An id derived from caller and idempotency key, so that a repetition is the same assertion.
pub(super) fn derived_id(caller: &Caller, headers: &HeaderMap) -> Result<Option<Uuid>, Problem> {
    let key = idempotency_key(headers)?;
    Ok(key.map(|key| {
        clock::uuid_v8(
            "xuefen/idempotency",
            &[caller.name().as_bytes(), key.as_bytes()],
        )
    }))
}

impl LearnerBody {
    fn into_new(self) -> Result<NewPerson, Problem> {
        let name = self.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
            return Err(Problem::of(Reason::NameInvalid)
                .field("/name", ("须为 1 至 100 个字", "1 to 100 characters")));
        }
        let birth_date = match self.birth_date {
            Some(text) => Some(identity::date::parse(&text).ok_or_else(|| {
                Problem::invalid(
                    "/birth_date",
                    (
                        "日期请写成 2001-02-03 的样子",
                        "expected a date as 2001-02-03",
                    ),
                )
            })?),
            None => None,
        };
        let mut identifiers = Vec::with_capacity(self.identifiers.len());
        for (index, identifier) in self.identifiers.into_iter().enumerate() {
            let pointer = format!("/identifiers/{index}/value");
            let check = check_identifier(&identifier, &pointer)?;
            identifiers.push((identifier.r#type, identifier.value, check));
        }
        Ok(NewPerson {
            name,
            birth_date,
            identifiers,
        })
    }
}

/// Checks a number; a check character that does not fit needs `override`.
fn check_identifier(identifier: &IdentifierBody, pointer: &str) -> Result<Check, Problem> {
    let wrong = |what: Words| {
        Problem::of(Reason::IdentifierInvalid)
            .detail(what.clone())
            .field(pointer, what)
    };
    let checked = identifier
        .r#type
        .check(&identifier.value)
        .map_err(|error| wrong((&error).into()))?;
    match checked.finding {
        None => Ok(Check::Ok),
        Some(_) if identifier.r#override => Ok(Check::Overridden),
        Some(warning) => Err(wrong((&warning).into())),
    }
}

/// A person as the caller may see them.
#[derive(Debug, Serialize, ToSchema)]
pub struct LearnerAnswer {
    /// The person's number.
    pub id: Uuid,
    /// Name, in full or masked by the caller's role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Date of birth, in full or left out by the caller's role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
    /// Numbers bound, masked.
    pub identifiers: Vec<IdentifierAnswer>,
    /// Numbers of the platform that turned out to be the same person's and are used no more.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub absorbed: Vec<Uuid>,
    /// Position of the registration.
    pub position: u64,
    /// suspended or died, if so: nobody acts under this account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<&'static str>,
}

/// A number a person is known by.
#[derive(Debug, Serialize, ToSchema)]
pub struct IdentifierAnswer {
    /// Its type.
    #[schema(value_type = String)]
    pub r#type: IdentifierType,
    /// Its value, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether its check fits or was accepted by hand.
    #[schema(value_type = String)]
    pub check: Check,
}

/// A person.
#[utoipa::path(get, path = "/v1/learners/{id}", extensions(("x-action" = json!("read-record"))), tag = "identity", params(("id" = Uuid, Path, description = "the person's number"), ("after" = Option<u64>, Query, description = "wait for this position")), security(("token" = [])),
    responses((status = 200, description = "the person", body = LearnerAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 404, description = "unknown", body = ProblemBody)))]
pub async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(after): Query<After>,
) -> Result<Json<LearnerAnswer>, Problem> {
    app.wait_for(after.after).await?;
    // Who only taught her knows her name; the rest is for who registered her.
    let access = app.may_read(&caller, id)?;
    let Whole {
        holder, numbers, ..
    } = app.whole(id)?;
    let mut opened = Vec::new();
    let mut aliases = Vec::new();
    let mut registered = None;
    for number in &numbers {
        let stream = identity::person::wire::stream(*number);
        let state = app.ledger.state::<identity::person::Person>(&stream)?;
        registered = registered.or(state.registered);
        aliases.extend(state.aliases.iter().copied());
        opened.extend(app.identity_by_assertion(*number)?);
    }
    let registered = registered.ok_or(Problem::of(Reason::PersonUnknown))?;
    let stream = identity::person::wire::stream(holder);
    let state = app.ledger.state::<identity::person::Person>(&stream)?;
    let standing = match state.barred() {
        Some(Barred::Suspended) => Some("suspended"),
        Some(Barred::Died) => Some("died"),
        Some(Barred::Forgotten | Barred::Merged(_)) | None => None,
    };
    let find = |by: Option<Uuid>, name: &str| {
        opened
            .iter()
            .filter(|(assertion, _)| by.is_none_or(|by| by == *assertion))
            .flat_map(|(_, values)| values)
            .find(|it| it.name() == name)
            .and_then(Opened::expose_text)
    };
    let text = |name: &str| find(None, name);
    // Of two numbers of one type each is shown by the commit that bound it.
    let identifiers = aliases.iter().map(|(alias, by)| IdentifierAnswer {
        r#type: alias.r#type,
        value: find(Some(by.id), alias.r#type.as_str()).map(mask::number),
        check: alias.check,
    });
    Ok(Json(LearnerAnswer {
        id: holder,
        absorbed: numbers.into_iter().skip(1).collect(),
        name: text("name").map(|name| {
            if access.in_full() {
                name.to_owned()
            } else {
                mask::name(name)
            }
        }),
        birth_date: text("birth_date")
            .filter(|_| access == Access::Full)
            .map(str::to_owned),
        identifiers: identifiers.collect(),
        position: registered.position,
        standing,
    }))
}

/// Bind one more number to a person.
#[utoipa::path(post, path = "/v1/learners/{id}/identifiers", extensions(("x-action" = json!("register-learner"))), tag = "identity", params(("id" = Uuid, Path, description = "the person's number")), request_body = IdentifierBody, security(("token" = [])),
    responses((status = 201, description = "bound", body = WriteAnswer), (status = 409, description = "bound to somebody else", body = ProblemBody)))]
pub async fn bind(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(person): Path<Uuid>,
    headers: HeaderMap,
    Body(body): Body<IdentifierBody>,
) -> Result<Response, Problem> {
    let check = check_identifier(&body, "/value")?;
    let id = derived_id(&caller, &headers)?;
    let asking = binding(&caller, person, (body.r#type, body.value, check), id);
    answer::ask(&app, &headers, asking, Some(person)).await
}

/// Whom to look for. A POST, so that no number stands in a log.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchBody {
    /// The number, exactly.
    identifier: IdentifierBody,
}

/// Who was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchAnswer {
    /// At most one: numbers are exact. The same answer form for none.
    pub matches: Vec<SearchMatch>,
}

/// A person found.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchMatch {
    /// The person's number.
    pub id: Uuid,
    /// Name, masked.
    pub name: Option<String>,
}

/// Find a person by an exact number.
#[utoipa::path(post, path = "/v1/learners/search", extensions(("x-action" = json!("register-learner"))), tag = "identity", request_body = SearchBody, security(("token" = [])),
    responses((status = 200, description = "who was found", body = SearchAnswer)))]
pub async fn search(
    State(app): State<Arc<App>>,
    _caller: Caller,
    Body(body): Body<SearchBody>,
) -> Result<Json<SearchAnswer>, Problem> {
    let found = app.person_of(body.identifier.r#type, &body.identifier.value)?;
    let matches = match found {
        None => Vec::new(),
        Some(id) => {
            let opened = app.identity_of(id)?;
            let name = opened
                .iter()
                .find(|it| it.name() == "name")
                .and_then(Opened::expose_text)
                .map(mask::name);
            vec![SearchMatch { id, name }]
        }
    };
    Ok(Json(SearchAnswer { matches }))
}
