//! The buttons of the pages on which an account of a provider is linked.
//!
//! Invariant: each form carries a random secret that was shown in that page alone and is good once: nobody
//! else's page can send it, and a browser that sends it twice is told so.

use std::sync::Arc;

use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use uuid::Uuid;

use super::login::{answered, session_of};
use super::login_pages;
use crate::app::App;
use crate::problem::{Language, Problem, Reason};
use crate::sign_in::{self, OWN_LINKS};

/// What the page of who is signed in sends.
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
        let session = session_of(&app, &headers)?;
        let (id, session) = session.ok_or(Problem::of(Reason::NotSignedIn))?;
        let caller = sign_in::session_caller(&app, id, &session)?;
        sign_in::guard(
            &app,
            &caller,
            OWN_LINKS,
            &axum::http::Method::POST,
            "/login/link",
        )?;
        app.link_own(&caller, form.ceremony, &form.proof).await
    };
    page(Language::of(&headers), linking.await.map(drop))
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
    page(Language::of(&headers), linked.map(drop))
}

fn page(language: Language, linked: Result<(), Problem>) -> Response {
    match linked {
        Ok(()) => {
            let title = language.say("已关联", "Linked");
            answered(
                StatusCode::OK,
                language,
                title,
                &login_pages::linked(language),
            )
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
