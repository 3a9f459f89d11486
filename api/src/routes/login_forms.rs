//! The buttons of the pages on which an account of a provider is linked, or a merge asked for.
//!
//! Invariant: each form carries a random secret that was shown in that page alone and is good once: nobody
//! else's page can send it, and a browser that sends it twice is told so.

use std::sync::Arc;

use axum::extract::{Form, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use uuid::Uuid;

use super::login::{answered, session_of};
use super::login_pages;
use crate::app::App;
use crate::extract::Caller;
use crate::problem::{Language, Problem, Reason};
use crate::sign_in::{self, OWN_LINKS, OWN_MERGE};

/// What the pages of who is signed in send.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkForm {
    ceremony: Uuid,
    proof: String,
}

/// What the page of an account that signs nobody in sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvitationForm {
    code: String,
    invitation: String,
}

/// The button "link this account": the account signs the person in from now on.
#[utoipa::path(post, path = "/login/link", tag = "pages", request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "ceremony and proof, as the page has them"),
    responses((status = 200, description = "linked: a page", content_type = "text/html"), (status = 403, description = "the proof is not valid: a page", content_type = "text/html"), (status = 409, description = "linked to somebody else: a page", content_type = "text/html")))]
pub async fn link(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Form(form): Form<LinkForm>,
) -> Response {
    let linking = async {
        let caller = guarded(&app, &headers, OWN_LINKS, "/login/link")?;
        app.link_own(&caller, form.ceremony, &form.proof).await
    };
    let done = ("已关联", "Linked");
    page(
        Language::of(&headers),
        linking.await,
        done,
        login_pages::linked,
    )
}

/// The button "both are mine": an officer is asked to merge the two numbers.
#[utoipa::path(post, path = "/login/merge", tag = "pages", request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "ceremony and proof, as the page has them"),
    responses((status = 200, description = "asked: a page", content_type = "text/html"), (status = 403, description = "the proof is not valid, or the sign-in too weak: a page", content_type = "text/html"), (status = 409, description = "not to be merged: a page", content_type = "text/html")))]
pub async fn merge(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Form(form): Form<LinkForm>,
) -> Response {
    let asking = async {
        let caller = guarded(&app, &headers, OWN_MERGE, "/login/merge")?;
        app.request_merge(&caller, form.ceremony, &form.proof).await
    };
    let done = ("已申请合并", "The merge is asked for");
    page(
        Language::of(&headers),
        asking.await,
        done,
        login_pages::asked,
    )
}

/// Who is signed in in this browser, if that is enough for `action`.
fn guarded(app: &App, headers: &HeaderMap, action: &str, path: &str) -> Result<Caller, Problem> {
    let session = session_of(app, headers)?;
    let (id, session) = session.ok_or(Problem::of(Reason::NotSignedIn))?;
    let caller = sign_in::session_caller(app, id, &session)?;
    sign_in::guard(app, &caller, action, &Method::POST, path)?;
    Ok(caller)
}

/// The button "I have an invitation": the first account of an officer's.
#[utoipa::path(post, path = "/login/invitation", tag = "pages", request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "code, as the page has it, and the invitation"),
    responses((status = 200, description = "linked: a page", content_type = "text/html"), (status = 403, description = "code or invitation is not valid: a page", content_type = "text/html"), (status = 409, description = "linked before: a page", content_type = "text/html")))]
pub async fn invited(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Form(form): Form<InvitationForm>,
) -> Response {
    let linked = app.link_invited(&form.code, &form.invitation).await;
    let done = ("已关联", "Linked");
    page(Language::of(&headers), linked, done, login_pages::linked)
}

/// The page that says that it is done, or why not.
fn page<T>(
    language: Language,
    came: Result<T, Problem>,
    done: (&'static str, &'static str),
    body: fn(Language) -> maud::Markup,
) -> Response {
    match came {
        Ok(_) => {
            let title = language.say(done.0, done.1);
            answered(StatusCode::OK, language, title, &body(language))
        }
        Err(problem) => {
            let status = problem.reason.status();
            let words = crate::problem::texts::of(problem.reason);
            let title = language.say(words.title_zh, words.title_en);
            let body = login_pages::not_linked(language, &problem);
            answered(status, language, title, &body).into_response()
        }
    }
}

/// Who typed too many wrong ones reads that in the form in which it asked.
pub(crate) fn resting(route: &str, language: Language) -> Response {
    let problem = Problem::of(Reason::TooManyTries);
    if !route.starts_with("/login/") {
        return problem.into_response();
    }
    page::<()>(language, Err(problem), ("", ""), login_pages::linked)
}
