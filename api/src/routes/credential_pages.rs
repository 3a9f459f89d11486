//! Pages about credentials, whole without scripts: `/c/{id}`, the printed certificate, `/why/{code}`,
//! and the form of `/verify` for browsers without scripts.

use std::sync::Arc;

use axum::extract::{Multipart, Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use credentials::verify::{Code, Severity, Standing};
use ledger::assertion::format_s;
use maud::{Markup, PreEscaped, html};
use uuid::Uuid;

use crate::app::App;
use crate::credential::{NameShown, Ready};
use crate::extract::Caller;
use crate::pages;
use crate::picture::{self, Module};
use crate::problem::{Language, Problem, ProblemBody, Reason};
use crate::result_page::{card, days};
use crate::verify_words::{next, reason, say};

/// A credential as everybody who has its address sees it: checked now, the name masked.
#[utoipa::path(get, path = "/c/{id}", tag = "credentials", params(("id" = Uuid, Path, description = "the credential")),
    responses((status = 200, description = "the credential, checked now", content_type = "text/html"), (status = 404, description = "unknown", body = ProblemBody), (status = 410, description = "erased", body = ProblemBody)))]
pub async fn public(
    State(app): State<Arc<App>>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let language = Language::of(&headers);
    let ready = app.ready(id)?;
    let signed = app.code(&ready, NameShown::Masked, false)?;
    let text = credentials::vc::qr::text(&app.host, &signed);
    let report = app.verify(text.as_bytes())?;
    let code = app.code_picture(&signed).map_err(Problem::internal)?;
    let days = days(app.held_bundle()?.age_policy);
    let body = html! {
        (card(language, &report, days, &format_s(app.now_ms())))
        @if let Some(newer) = app.successor(&ready)? {
            p.notice { a href={"/c/" (newer)} { (say(language, "open-new", &[])) } }
        }
        figure.qr { (PreEscaped(picture::svg(&code, Module::Short)))
            figcaption.mono { (short_address(&app, id)) } }
        p.screen { a href="/verify/" { (language.say("用自己的设备核验", "Check it on your own device")) } }
    };
    let page = pages::page(language, language.say("学分证书", "Credential"), &body);
    Ok(([(header::CACHE_CONTROL, "no-store")], page).into_response())
}

/// The certificate to print: the holder's full name, and the code that is checked without a network.
#[utoipa::path(get, path = "/v1/credentials/{id}/certificate.html", extensions(("x-action" = json!("read-record"))), tag = "credentials", params(("id" = Uuid, Path, description = "the credential")), security(("token" = [])),
    responses((status = 200, description = "the certificate", content_type = "text/html"), (status = 403, description = "not yours", body = ProblemBody)))]
pub async fn certificate(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    app.may_have(&caller, id)?;
    let language = Language::of(&headers);
    let ready = app.ready(id)?;
    let signed = app.code(&ready, NameShown::Full, true)?;
    let text = credentials::vc::qr::text(&app.host, &signed);
    let report = app.verify(text.as_bytes())?;
    let code = app.code_picture(&signed).map_err(Problem::internal)?;
    let title = language.say("学分证书", "Certificate of credit");
    let body = html! {
        @if let (Some(facts), Standing::Issued) = (&report.facts, app.credential_standing(&ready.credential, &ready.issued)?) {
            article.certificate {
                h1 { (title) }
                p.name { (facts.name.as_deref().unwrap_or_default()) }
                p { (language.say("已完成", "has completed")) }
                p.title { (facts.title.as_deref().unwrap_or_default()) }
                @if let Some(amount) = &facts.amount {
                    p { (amount) " " (language.say("学分", "credits")) }
                }
                p { (facts.issuer_name) }
                p.muted { (language.say("完成日期", "Completed")) " " (ready.issued.says.fields.completed_on.to_string())
                    " · " (language.say("签发日期", "Issued")) " " (facts.issued_at.split('T').next().unwrap_or_default()) }
                p.muted { (say(language, "fact-custody", &[])) "：" (say(language, &format!("custody-{}", facts.custody), &[])) }
                figure.qr { (PreEscaped(picture::svg(&code, Module::WithReceipt)))
                    figcaption.mono { (short_address(&app, id)) } }
                p.muted { (language.say("扫码核验；没有网络也能核验签名和收录。", "Scan to check; signature and inclusion are checked without a network, too.")) }
            }
        } @else {
            (card(language, &report, days(app.held_bundle()?.age_policy), &format_s(app.now_ms())))
        }
    };
    let page = pages::page(language, title, &body);
    Ok(([(header::CACHE_CONTROL, "private, no-store")], page).into_response())
}

/// What a code of a check means and what to do.
#[utoipa::path(get, path = "/why/{code}", tag = "credentials", params(("code" = String, Path, description = "E50, W40, …")),
    responses((status = 200, description = "explanation", content_type = "text/html"), (status = 404, description = "no such code", body = ProblemBody)))]
pub async fn why(
    State(app): State<Arc<App>>,
    Path(code): Path<String>,
    headers: HeaderMap,
) -> Result<Markup, Problem> {
    let code = Code::parse(&code).ok_or(Problem::of(Reason::NotFound))?;
    let days = days(app.held_bundle()?.age_policy);
    let face = match code.severity() {
        Severity::Fail => "invalid",
        Severity::Unknown => "unconfirmed",
        Severity::Warn => "valid",
    };
    let part = |language: Language| {
        html! {
            section lang=(language.tag()) {
                h2 { (say(language, face, &[])) }
                p { (reason(language, code.as_str(), days)) }
                p { strong { (say(language, "next-step", &[])) (next(language, code.as_str())) } }
            }
        }
    };
    let language = Language::of(&headers);
    let second = match language {
        Language::Zh => Language::En,
        Language::En => Language::Zh,
    };
    let body =
        html! { h1 { (code.as_str()) " · " (code.state()) } (part(language)) (part(second)) };
    Ok(pages::page(language, code.as_str(), &body))
}

/// A photo of a code, from a browser without scripts.
#[utoipa::path(post, path = "/verify/photo", tag = "credentials", request_body(description = "`photo`: a PNG or JPEG", content_type = "multipart/form-data"),
    responses((status = 200, description = "the result", content_type = "text/html"), (status = 422, description = "the picture cannot be read", body = ProblemBody)))]
pub async fn photo(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    mut form: Multipart,
) -> Result<Response, Problem> {
    let language = Language::of(&headers);
    let unreadable = || Problem::of(Reason::BodyUnreadable);
    let field = form.next_field().await.map_err(|_| unreadable())?;
    let bytes = field.ok_or_else(unreadable)?.bytes().await;
    let bytes = bytes.map_err(|_| Problem::of(Reason::BodyTooLarge))?;
    let report = app.verify_picture(bytes).await?;
    let days = days(app.held_bundle()?.age_policy);
    let body = html! {
        (card(language, &report, days, &format_s(app.now_ms())))
        p { a href="/verify/" { (say(language, "scan-again", &[])) } }
    };
    let page = pages::page(language, &say(language, "title", &[]), &body);
    Ok(([(header::CACHE_CONTROL, "no-store")], page).into_response())
}

/// The address as text, for who cannot scan.
fn short_address(app: &App, id: Uuid) -> String {
    format!("https://{}/c/{id}", app.host)
}

impl App {
    /// The credential that stands now for the outcome of one that a correction replaced.
    fn successor(&self, ready: &Ready) -> Result<Option<Uuid>, Problem> {
        let says = &ready.issued.says;
        let issuer = self.institution(says.issuer)?;
        if ready.credential.standing(&issuer) != Standing::Superseded {
            return Ok(None);
        }
        let account = self.whole(says.person)?.account;
        let Some(outcome) = account.outcome(says.outcome) else {
            return Ok(None);
        };
        Ok(self.live_of(outcome)?.map(|newer| newer.says.credential))
    }
}
