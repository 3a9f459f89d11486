//! What people read when an app asks to be let in.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use openidconnect::url::{Position, Url};

use super::login_pages::{self, Asked};
use crate::app::App;
use crate::pages;
use crate::problem::{Language, Problem, texts};
use crate::sign_in::native::{AppConfig, AppRequest};

/// Why an app is not let in, whoever signs in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Refused {
    /// No app of the settings, or not an address of its.
    Unknown,
    /// It took too long, or was answered.
    Over,
}

pub(super) fn refused(language: Language, why: Refused) -> Response {
    let (title, text) = match why {
        Refused::Unknown => (
            language.say("这个应用没有登记", "This app is not registered"),
            language.say(
                "没有这个应用，或它要求回到没有登记的地址。您的账户没有变化，关闭本页即可；请从官方渠道安装应用。",
                "There is no such app, or it asks to be answered at an address that is not its own. Nothing changed in your account: close this page, and install apps from where their maker offers them.",
            ),
        ),
        Refused::Over => (
            language.say("请回到应用重新开始", "Begin again in the app"),
            language.say(
                "这次登录已超过十分钟，或已经答复过。",
                "This sign-in is older than ten minutes, or was answered already.",
            ),
        ),
    };
    let body = html! {
        h1 { (title) }
        p { (text) }
    };
    shown(StatusCode::BAD_REQUEST, language, title, &body)
}

/// What went wrong, in a page.
pub(super) fn problem(language: Language, problem: &Problem) -> Response {
    let words = texts::of(problem.reason);
    let title = language.say(words.title_zh, words.title_en);
    let body = html! {
        h1 { (title) }
        p { (language.say(words.action_zh, words.action_en)) }
    };
    shown(problem.reason.status(), language, title, &body)
}

/// The ways to sign in, on the way to the question.
pub(super) fn to_sign_in(app: &App, language: Language, step_up: bool, here: &str) -> Response {
    let title = language.say("登录", "Sign in");
    let asked = Asked {
        step_up,
        return_to: Some(here),
        ..Asked::default()
    };
    let body = html! {
        (login_pages::ways(app, language, &asked))
        p { a href=(here) { (language.say("已经登录，继续", "Signed in already: go on")) } }
    };
    under(
        login_pages::CSP,
        shown(StatusCode::OK, language, title, &body),
    )
}

/// Officers have the web form alone.
pub(super) fn for_learners(app: &App, language: Language, here: &str) -> Response {
    let title = language.say("应用只供学习者本人", "Apps are for learners");
    let asked = Asked {
        return_to: Some(here),
        ..Asked::default()
    };
    let body = html! {
        h1 { (title) }
        p { (language.say(
            "您现在以工作人员或代办人的身份登录，这些身份只在网页上使用。要在应用里看本人的记录，请以学习者身份登录：",
            "You are signed in as an officer, or to act for somebody else: that is done in the browser alone. To see your own record in the app, sign in as a learner:",
        )) }
        (login_pages::ways(app, language, &asked))
    };
    under(
        login_pages::CSP,
        shown(StatusCode::FORBIDDEN, language, title, &body),
    )
}

/// The question, with the app's name, whose account it is about, and where it will be told. The form carries the
/// request's name and the session's token.
pub(super) fn question(
    language: Language,
    known: &AppConfig,
    request: &AppRequest,
    whose: &str,
    (name, csrf): (&str, &str),
) -> Response {
    let app = match language {
        Language::Zh => &known.name_zh,
        Language::En => &known.name_en,
    };
    let title = language.say("允许这个应用吗？", "Let this app in?");
    let to = destination(&request.redirect);
    let body = html! {
        h1 { (title) }
        p { strong { (app) } }
        p { (language.say("现在登录的是：", "Signed in here: ")) strong { (whose) } }
        p { (language.say(
            "它可以查看您的学习记录，并以您的名义办理您登录后能办的事，直到您登录后让它退出，或本次登录到期。",
            "It can see your record and do in your name what you can do when signed in, until you sign in and sign it out, or this sign-in ends.",
        )) }
        p { (language.say("答复发往：", "It is answered at: ")) code { (to) } }
        p { (language.say(
            "如果登录的不是您本人，或者不是您刚才在这台设备的应用里按了登录，请选“不允许”。",
            "If it is not you who is signed in, or not you who pressed sign in in an app on this device just now, say no.",
        )) }
        form method="post" action="/login/app" {
            input type="hidden" name="request" value=(name);
            input type="hidden" name="csrf_token" value=(csrf);
            button type="submit" name="answer" value="yes" { (language.say("允许", "Yes, let it in")) }
            " "
            button type="submit" name="answer" value="no" { (language.say("不允许", "No")) }
        }
    };
    // A browser applies form-action also to where the answer sends it.
    let policy = format!(
        "default-src 'none'; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'self' {to}; frame-ancestors 'none'"
    );
    under(&policy, shown(StatusCode::OK, language, title, &body))
}

/// A page with more than the least that a page may do.
fn under(policy: &str, mut response: Response) -> Response {
    if let Ok(policy) = HeaderValue::from_str(policy) {
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Scheme and host of an address, or the scheme alone where it is an app's own.
fn destination(redirect: &str) -> String {
    let Ok(url) = Url::parse(redirect) else {
        return String::new();
    };
    match url.scheme() {
        "https" | "http" => url[..Position::BeforePath].to_owned(),
        scheme => format!("{scheme}:"),
    }
}

fn shown(status: StatusCode, language: Language, title: &str, body: &Markup) -> Response {
    let unkept = [(header::CACHE_CONTROL, "no-store")];
    (status, unkept, pages::page(language, title, body)).into_response()
}
