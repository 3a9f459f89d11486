//! /login: where people sign in.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use identity::person::assurance::Level;
use identity::role::Role;
use maud::{Markup, html};
use serde::Deserialize;

use crate::app::App;
use crate::pages;
use crate::problem::{Language, Problem, Reason};
use crate::sign_in::begin::Shown;
use crate::sign_in::cookie;
use crate::sign_in::session::{Agent, COOKIE};

/// How well a token of the demo shows who somebody is: no better than the demo needs.
const DEMO_LEVEL: Level = Level::HARDWARE;

/// What /login takes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoginQuery {
    token: Option<String>,
}

/// Sign in: the ways there are. In the demo also with a token from `demo.json`.
#[utoipa::path(get, path = "/login", tag = "sign-in", params(("token" = Option<String>, Query, description = "demo only: a token of demo.json")),
    responses((status = 303, description = "signed in to the demo"), (status = 200, description = "how to sign in", content_type = "text/html")))]
pub async fn page(
    State(app): State<Arc<App>>,
    Query(query): Query<LoginQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let language = Language::of(&headers);
    let Some(token) = query.token.filter(|_| app.demo) else {
        let body = ways(&app, language);
        let title = language.say("登录", "Sign in");
        return Ok(pages::page(language, title, &body).into_response());
    };
    let grant = app.tokens.find(&token)?;
    let grant = grant.ok_or(Problem::of(Reason::TokenInvalid))?;
    let to = match grant.role {
        Role::Learner => format!("/v1/learners/{}/transcript.html", grant.person),
        _ => "/".to_owned(),
    };
    let shown = Shown {
        person: grant.person,
        role: grant.role,
        institution: grant.institution,
        loa: DEMO_LEVEL,
        by: "demo".into(),
        agent: Agent::of(&headers),
    };
    let sessions = &app.sign_in.sessions;
    let before = cookie(&headers, COOKIE).map(|sent| sessions.find(sent));
    let opened = app.begin_session(shown, before.transpose()?.flatten().as_ref())?;
    let sent = [
        (header::SET_COOKIE, (*opened.cookie()).clone()),
        (header::LOCATION, to),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((StatusCode::SEE_OTHER, sent).into_response())
}

fn ways(app: &App, language: Language) -> Markup {
    html! {
        h1 { (language.say("登录", "Sign in")) }
        @if app.demo {
            p { (language.say(
                "这是演示系统：请用启动时打印的链接登录，谁有链接就以谁的身份登录。",
                "This is a demo: use the links it printed when it started; whoever has one signs in with it.",
            )) }
        } @else {
            p { (language.say(
                "机构服务器请用 POST /oauth/token 取令牌。",
                "An institution's server gets a token at POST /oauth/token.",
            )) }
        }
    }
}
