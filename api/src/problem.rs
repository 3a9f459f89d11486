//! Every error a door answers: one RFC 9457 problem, made from typed refusals by exhaustive matches.
//!
//! Invariant: a 5xx body carries a request id only; internal error texts go to the log.

pub mod reason;
mod refusals;
pub mod texts;
pub mod words;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

pub use reason::Reason;
pub use words::Words;

/// One field or row that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldProblem {
    /// JSON Pointer (RFC 6901) into the request body, or the name of a column.
    pub pointer: String,
    /// What is wrong there, in the reader's language.
    pub detail: String,
}

/// One field or row that is wrong, before the reader's language is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// As in [`FieldProblem`].
    pub pointer: String,
    /// What is wrong there.
    pub detail: Words,
}

/// An error on its way out.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Which rule.
    pub reason: Reason,
    /// The detail, with its data; empty for 5xx.
    pub detail: Words,
    /// Fields that are wrong.
    pub errors: Vec<FieldFault>,
    /// Where the thing in the way stands in the log.
    pub position: Option<u64>,
    /// Members of a batch that are refused.
    pub members: Option<Box<MembersRefused>>,
    /// What went wrong inside, for the log only.
    pub internal: Option<Box<str>>,
}

/// Members of a batch that are refused, by index.
#[derive(Debug, Clone)]
pub struct MembersRefused(pub Vec<(usize, Problem)>);

/// The body of a problem (`application/problem+json`).
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// Stable address of the explanation: `/problems/{slug}`.
    pub r#type: String,
    /// What happened, in the reader's language.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What happened here, with its data.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// What to do now.
    pub action: String,
    /// The reason code; its kebab-case is the slug.
    pub code: String,
    /// Fields that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// Where the thing in the way stands in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// Members of a signed batch that are refused; the others would have been accepted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberProblem>,
    /// Number of this request in our logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// Why a member of a signed batch is refused.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberProblem {
    /// Its index among the members, from 0.
    pub index: usize,
    /// The reason code.
    pub code: String,
    /// What happened, in the reader's language.
    pub title: String,
    /// What happened here, with its data.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// What to do now.
    pub action: String,
    /// Where the thing in the way stands in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
}

impl MemberProblem {
    fn new(index: usize, problem: &Problem, language: Language) -> Self {
        let body = problem.body(language, None);
        Self {
            index,
            code: body.code,
            title: body.title,
            detail: body.detail,
            action: body.action,
            position: body.position,
        }
    }
}

/// The reader's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// zh-CN, the default.
    Zh,
    /// en
    En,
}

impl Language {
    /// The text of the two that the reader reads.
    pub const fn say(self, zh: &'static str, en: &'static str) -> &'static str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }

    /// From `Accept-Language` (RFC 9110 §12.5.4): of zh and en the one with the greater weight, the
    /// first of equals; weight 0 is a no.
    pub fn of(headers: &HeaderMap) -> Self {
        let accepted = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok());
        let mut best = (Self::Zh, 0.0);
        for range in accepted.unwrap_or_default().split(',') {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default();
            let language = match tag.split('-').next() {
                Some(primary) if primary.eq_ignore_ascii_case("zh") => Self::Zh,
                Some(primary) if primary.eq_ignore_ascii_case("en") => Self::En,
                _ => continue,
            };
            let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok());
            let weight = weight.unwrap_or(1.0);
            if weight > best.1 {
                best = (language, weight);
            }
        }
        best.0
    }

    /// BCP 47.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }
}

impl Problem {
    /// A problem whose detail is the reason's own text.
    pub fn of(reason: Reason) -> Self {
        Self {
            reason,
            detail: Words::default(),
            errors: Vec::new(),
            position: None,
            members: None,
            internal: None,
        }
    }

    /// With a detail.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Words>) -> Self {
        self.detail = detail.into();
        self
    }

    /// With a field that is wrong.
    #[must_use]
    pub fn field(mut self, pointer: impl Into<String>, detail: impl Into<Words>) -> Self {
        self.errors.push(FieldFault {
            pointer: pointer.into(),
            detail: detail.into(),
        });
        self
    }

    /// With a position.
    #[must_use]
    pub fn at(mut self, position: u64) -> Self {
        self.position = Some(position);
        self
    }

    /// Something broke inside: the text goes to the log, not to the reader.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        let mut problem = Self::of(Reason::Internal);
        problem.internal = Some(error.to_string().into());
        problem
    }

    /// A field is wrong.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<Words>) -> Self {
        let detail = detail.into();
        Self::of(Reason::BodyInvalid)
            .detail(detail.clone())
            .field(pointer, detail)
    }

    /// The body in the reader's language.
    pub fn body(&self, language: Language, request_id: Option<String>) -> ProblemBody {
        let text = texts::of(self.reason);
        let status = self.reason.status();
        let (title, action) = match language {
            Language::Zh => (text.title_zh, text.action_zh),
            Language::En => (text.title_en, text.action_en),
        };
        // A failure inside is told to the log alone.
        let (detail, errors) = if status.is_server_error() {
            (String::new(), Vec::new())
        } else {
            let errors = self.errors.iter().map(|fault| FieldProblem {
                pointer: fault.pointer.clone(),
                detail: fault.detail.in_language(language).to_owned(),
            });
            let detail = self.detail.in_language(language).to_owned();
            (detail, errors.collect())
        };
        ProblemBody {
            r#type: format!("/problems/{}", self.reason.slug()),
            title: title.into(),
            status: status.as_u16(),
            detail,
            action: action.into(),
            code: self.reason.code(),
            errors,
            position: self.position,
            members: self
                .members
                .iter()
                .flat_map(|refused| &refused.0)
                .map(|(index, problem)| MemberProblem::new(*index, problem, language))
                .collect(),
            request_id,
        }
    }

    /// The answer, in the reader's language.
    pub fn respond(&self, language: Language, request_id: Option<String>) -> Response {
        let status = self.reason.status();
        let body = self.body(language, request_id);
        let json = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (status, json).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(
            header::CONTENT_LANGUAGE,
            HeaderValue::from_static(language.tag()),
        );
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            let seconds = HeaderValue::from(crate::tries::REST_MS / 1_000);
            headers.insert(header::RETRY_AFTER, seconds);
        }
        if status == StatusCode::UNAUTHORIZED {
            let how = HeaderValue::from_static(self.reason.challenge());
            headers.insert(header::WWW_AUTHENTICATE, how);
        }
        response
    }
}

/// The middleware [`crate::app`] turns the extension into the body in the reader's language.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.reason.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
