//! POST /v1/assertions: one assertion, one a line, or a signed batch.

mod batch;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use identity::erasable;
use ledger::assertion::Assertion;
use ledger::execute::Refused;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::WriteAnswer;
use crate::app::App;
use crate::extract::{body, if_match};
use crate::problem::{Language, Problem, ProblemBody, Reason};
use crate::write::{Prepared, shown_here_alone};

/// Most bytes of a body of assertions.
pub const BODY_BYTES_MAX: usize = 16 << 20;
/// Most lines of one body.
pub const LINES_MAX: usize = 1_000;

/// What became of one line.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum LineAnswer {
    /// It is so.
    Written(WriteAnswer),
    /// It was refused; nothing of it was stored.
    Refused(ProblemBody),
}

/// What became of what was sent as one.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the two answers")]
pub(crate) enum SentAnswer {
    /// Of an assertion.
    Assertion(WriteAnswer),
    /// Of a signed batch.
    Batch(batch::BatchAnswer),
}

/// Send signed assertions.
///
/// `application/jose`: one, as `<JWS>` or `<JWS>~<disclosure>~…~`. `application/x-ndjson`: one a
/// line, decided in order; the answer has a line for each. `application/vnd.xuefen.batch+json`: a
/// signed batch, recorded whole or refused whole. The signature says who asks: no token.
#[utoipa::path(post, path = "/v1/assertions", tag = "ledger",
    request_body(content((String = "application/jose"), (String = "application/x-ndjson"), (batch::BatchBody = "application/vnd.xuefen.batch+json")), description = "a JWS with its disclosures; at most 1,000 of them, one a line; a signed batch of at most 1,000. At most 16 MiB."),
    responses((status = 201, description = "committed; of a batch its envelope", body = SentAnswer),
        (status = 200, description = "already so, or one line for each line sent; of a batch the envelope's position, behind which its members stand", body = LineAnswer),
        (status = 401, description = "signature or key", body = ProblemBody),
        (status = 409, description = "a rule says no; of a batch, to which members", body = ProblemBody),
        (status = 413, description = "more than 1,000 lines or 16 MiB", body = ProblemBody),
        (status = 503, description = "not now: send the same bytes again after Retry-After", body = ProblemBody),
        (status = 422, description = "readable but invalid", body = ProblemBody)))]
pub async fn submit(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let media = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media = media
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_owned();
    let bytes = body(request, &app).await?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Problem::of(Reason::BodyUnreadable).detail(("不是 UTF-8", "not UTF-8")))?;
    match media.as_str() {
        "application/jose" => {
            let prepared = prepare(&app, text.trim_end_matches(['\n', '\r']), &headers).await?;
            let written = app.finish(prepared).await?;
            Ok(WriteAnswer::new(&app, &headers, written.id, &written)?.respond(&written))
        }
        "application/x-ndjson" => lines(&app, text, &headers).await,
        batch::MEDIA_TYPE => batch::submit(app, text.to_owned(), &headers).await,
        _ => Err(Problem::of(Reason::MediaType).detail((
            "应为 application/jose、application/x-ndjson 或 application/vnd.xuefen.batch+json",
            "expected application/jose, application/x-ndjson or application/vnd.xuefen.batch+json",
        ))),
    }
}

async fn prepare(app: &Arc<App>, text: &str, headers: &HeaderMap) -> Result<Prepared, Problem> {
    let (jws, disclosures) = erasable::split_submission(text)?;
    let assertion = Assertion::parse(jws).map_err(Refused::from)?;
    if let Some(reason) = shown_here_alone(assertion.kind()) {
        return Err(Problem::of(reason));
    }
    let expected = match if_match(headers)? {
        Some(revision) => Some((subject(app, &assertion)?, revision)),
        None => None,
    };
    app.prepare_apart(assertion, disclosures, expected).await
}

/// The stream that `If-Match` is about: the account of the person an assertion concerns.
fn subject(app: &App, assertion: &Assertion) -> Result<ledger::fact::Stream, Problem> {
    #[derive(serde::Deserialize)]
    struct Whose {
        person: uuid::Uuid,
    }
    let whose: Whose = serde_json::from_str(assertion.data().get()).map_err(|_| {
        Problem::of(Reason::BodyUnreadable).detail((
            "If-Match 只用于关于某个人的声明",
            "If-Match is for assertions about a person",
        ))
    })?;
    Ok(credentials::account::wire::stream(
        app.holder(whose.person)?,
    ))
}

async fn lines(app: &Arc<App>, text: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    if lines.len() > LINES_MAX {
        return Err(Problem::of(Reason::BodyTooLarge).detail((
            format!("最多 {LINES_MAX} 行"),
            format!("at most {LINES_MAX} lines"),
        )));
    }
    let language = Language::of(headers);
    // All are queued before the first answer is awaited, so that they share groups.
    let mut waiting: Vec<Result<Prepared, Problem>> = Vec::with_capacity(lines.len());
    let mut answers = Vec::with_capacity(text.len() / 4);
    for line in lines {
        let mut prepared = prepare(app, line, headers).await;
        if prepared.is_err() && !waiting.is_empty() {
            // It may rest on a line before it that is still waiting: settle those and look again.
            settle(app, headers, language, &mut waiting, &mut answers).await?;
            prepared = prepare(app, line, headers).await;
        }
        waiting.push(prepared);
    }
    settle(app, headers, language, &mut waiting, &mut answers).await?;
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], answers).into_response())
}

/// Awaits what is queued, in order, and writes its lines.
async fn settle(
    app: &App,
    headers: &HeaderMap,
    language: Language,
    waiting: &mut Vec<Result<Prepared, Problem>>,
    answers: &mut Vec<u8>,
) -> Result<(), Problem> {
    for prepared in waiting.drain(..) {
        let written = match prepared {
            Ok(prepared) => app.finish(prepared).await,
            Err(problem) => Err(problem),
        };
        let answer = match written {
            Ok(written) => {
                LineAnswer::Written(WriteAnswer::new(app, headers, written.id, &written)?)
            }
            Err(problem) => LineAnswer::Refused(problem.body(language, None)),
        };
        serde_json::to_writer(&mut *answers, &answer).map_err(Problem::internal)?;
        answers.push(b'\n');
    }
    Ok(())
}
