//! /v1/outcomes: what was learned.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use credentials::account::correct_outcome::Reason as Why;
use credentials::account::outcome::{Fields, Origin, lot_id, outcome_id};
use credentials::account::{correct_outcome, record_outcome, revoke_outcome};
use credentials::millicredits::{Level, Millicredits, Millihours};
use credentials::policy::{Category, OutcomeKind, Scheme};
use identity::did::IssuerNumber;
use ledger::assertion::Target;
use ledger::fact::{CommittedFact, Stream};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::After;
use super::answer::{self, WriteAnswer};
use super::learners::derived_id;
use crate::app::App;
use crate::extract::{Body, Caller, if_match, unquoted};
use crate::problem::words::InChinese;
use crate::problem::{Problem, ProblemBody, Reason};
use crate::transcript::{self, Line};
use crate::write::{Asking, Written};

/// An outcome to record.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutcomeBody {
    /// Whose it is.
    learner: Uuid,
    /// The awarder's own number for it.
    #[schema(example = "2026-CS-0001")]
    record: String,
    /// What it says.
    #[serde(flatten)]
    says: Says,
}

/// What an outcome says, openly and not.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct Says {
    /// course, open_course, certificate, training, teacher_training, elder_course, study_tour, community, volunteering, migrated.
    #[schema(example = "course")]
    pub kind: String,
    /// Course, programme or certificate code.
    #[schema(example = "CS101")]
    pub code: Option<String>,
    /// Title; erasable.
    #[schema(example = "数据结构")]
    pub title: Option<String>,
    /// Hours, a decimal string.
    #[schema(example = "32")]
    pub hours: Option<String>,
    /// Credits, a decimal string; they win over hours.
    #[schema(example = "2.0")]
    pub credits: Option<String>,
    /// cn-he, ects, scqf, ncrf, kr-acbs or none.
    #[schema(example = "cn-he")]
    pub scheme: Option<String>,
    /// Level, a decimal string.
    #[schema(example = "5")]
    pub level: Option<String>,
    /// general, vocational, achievement, elder or community.
    #[schema(example = "general")]
    pub category: Option<String>,
    /// Mark; erasable. A number is held against the policy's pass mark.
    #[schema(example = "85")]
    pub grade: Option<String>,
    /// Passed or failed, where the mark does not say so.
    pub passed: Option<bool>,
    /// Date of completion.
    #[schema(example = "2026-06-30")]
    pub completed_on: String,
}

/// What is asked, split into open fields and erasable values.
pub struct Split {
    /// What stands in the commit.
    pub fields: Fields,
    /// What goes to the vault.
    pub values: Vec<(&'static str, Value)>,
}

impl Says {
    /// Reads every field; the first that is wrong is named.
    pub fn split(&self, pass_mark: Option<u16>) -> Result<Split, Problem> {
        fn read<T: std::str::FromStr>(name: &str, text: Option<&str>) -> Result<Option<T>, Problem>
        where
            T::Err: InChinese,
        {
            text.map(|text| {
                text.parse()
                    .map_err(|error| Problem::invalid(format!("/{name}"), &error))
            })
            .transpose()
        }
        fn word<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> Result<T, Problem> {
            T::deserialize(serde::de::value::StrDeserializer::<serde::de::value::Error>::new(text))
                .map_err(|error| Problem::invalid(format!("/{name}"), unquoted(error)))
        }
        let kind: OutcomeKind = word("kind", &self.kind)?;
        let credits: Option<Millicredits> = read("credits", filled(self.credits.as_ref()))?;
        let hours: Option<Millihours> = read("hours", filled(self.hours.as_ref()))?;
        let level: Option<Level> = read("level", filled(self.level.as_ref()))?;
        let scheme: Scheme = word("scheme", filled(self.scheme.as_ref()).unwrap_or("cn-he"))?;
        let category: Category = word(
            "category",
            filled(self.category.as_ref()).unwrap_or("general"),
        )?;
        let completed_on = identity::date::parse(&self.completed_on).ok_or_else(|| {
            Problem::invalid(
                "/completed_on",
                (
                    "日期请写成 2026-06-30 的样子",
                    "expected a date as 2026-06-30",
                ),
            )
        })?;
        let mut values = Vec::with_capacity(2);
        values.extend(
            filled(self.title.as_ref()).map(|title| ("title", Value::String(title.into()))),
        );
        values.extend(
            filled(self.grade.as_ref()).map(|grade| ("grade", Value::String(grade.into()))),
        );
        Ok(Split {
            fields: Fields {
                category,
                code: filled(self.code.as_ref()).map(str::to_owned),
                completed_on,
                credits,
                hours,
                kind,
                level,
                passed: self
                    .passed
                    .or_else(|| passed(filled(self.grade.as_ref())?, pass_mark?)),
                scheme,
            },
            values,
        })
    }
}

/// A field that is there and not blank, trimmed.
fn filled(field: Option<&String>) -> Option<&str> {
    field
        .map(|text| text.trim())
        .filter(|text| !text.is_empty())
}

/// Whether a mark that is a number of 0 to 100 passes; other marks say nothing.
fn passed(grade: &str, pass_mark: u16) -> Option<bool> {
    let (whole, rest) = grade.split_once('.').unwrap_or((grade, ""));
    let number: u16 = whole.parse().ok().filter(|mark| *mark <= 100)?;
    rest.bytes()
        .all(|b| b.is_ascii_digit())
        .then_some(number >= pass_mark)
}

/// An outcome recorded now or before.
pub struct Recorded {
    /// The outcome.
    pub outcome: Uuid,
    /// Its first lot.
    pub lot: Uuid,
    /// What became of the write.
    pub written: Written,
    /// Credits and hours did not agree.
    pub hours_mismatch: bool,
}

impl App {
    /// The asking that records an outcome for `caller`.
    pub fn recording(
        &self,
        caller: &Caller,
        person: Uuid,
        record: &str,
        split: Split,
        id: Option<Uuid>,
    ) -> Result<Asking, Problem> {
        let awarder = caller.institution.ok_or(Problem::of(Reason::NotAllowed))?;
        let origin = Origin {
            awarder,
            record: record.into(),
        };
        let data = record_outcome::Data {
            values: identity::erasable::Commitments::default(),
            awarder,
            fields: split.fields,
            outcome: outcome_id(&origin, person),
            person,
            record: origin.record,
        };
        Ok(Asking {
            issuer: awarder,
            act: caller.act(),
            kind: record_outcome::KIND,
            data: serde_json::to_value(&data).map_err(Problem::internal)?,
            values: split.values,
            target: None,
            id,
            expected: None,
        })
    }

    /// What became of recording `record`: the same record may have stood under another of the person's
    /// numbers, as another outcome.
    pub fn recorded(
        &self,
        awarder: IssuerNumber,
        person: Uuid,
        record: &str,
        written: Written,
    ) -> Result<Recorded, Problem> {
        let origin = Origin {
            awarder,
            record: record.into(),
        };
        let mut outcome = outcome_id(&origin, person);
        if written.new.is_none() {
            let account = self.whole(person)?.account;
            let found = account.of_record(outcome, &origin);
            outcome = found.map_or(outcome, |found| found.id);
        }
        let new = written.new.as_ref();
        let hours_mismatch = new.is_some_and(|new| has_hours_mismatch(&new.commit.facts));
        Ok(Recorded {
            outcome,
            lot: lot_id(outcome, 0),
            written,
            hours_mismatch,
        })
    }

    /// The pass mark of the policy in force.
    pub fn pass_mark(&self) -> Option<u16> {
        credentials::policy::preset::newest(credentials::policy::preset::DEFAULT)
            .ok()
            .and_then(|policy| policy.params.mark_min)
    }
}

/// Whether these facts deposit a lot whose credits and hours do not agree.
pub fn has_hours_mismatch(facts: &[CommittedFact]) -> bool {
    let warned = |data: &serde_json::value::RawValue| data.get().contains("\"HOURS_MISMATCH\"");
    facts
        .iter()
        .any(|fact| fact.data.as_deref().is_some_and(warned))
}

/// Record an outcome; its credit is deposited.
///
/// The same record again is the same outcome.
#[utoipa::path(post, path = "/v1/outcomes", extensions(("x-action" = json!("record-outcome"))), tag = "outcomes", request_body = OutcomeBody, security(("token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "the same key and body answer the same"), ("Prefer" = Option<String>, Header, description = "receipt: with a tlog-proof")),
    responses((status = 201, description = "recorded", body = WriteAnswer), (status = 200, description = "recorded before", body = WriteAnswer),
        (status = 404, description = "no such person", body = ProblemBody), (status = 409, description = "recorded with other content", body = ProblemBody), (status = 422, description = "invalid", body = ProblemBody)))]
pub async fn record(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Body(body): Body<OutcomeBody>,
) -> Result<Response, Problem> {
    let split = body.says.split(app.pass_mark())?;
    let asking = app.recording(
        &caller,
        body.learner,
        &body.record,
        split,
        derived_id(&caller, &headers)?,
    )?;
    let written = app.ask(asking).await?;
    let recorded = app.recorded(caller.issuer(), body.learner, &body.record, written)?;
    let mut answer = WriteAnswer::new(&app, &headers, recorded.outcome, &recorded.written)?
        .with("lot", recorded.lot.to_string());
    if recorded.hours_mismatch {
        answer.warnings.push("HOURS_MISMATCH");
    }
    Ok(answer.respond(&recorded.written))
}

/// One outcome.
#[utoipa::path(get, path = "/v1/outcomes/{id}", extensions(("x-action" = json!("read-record"))), tag = "outcomes", params(("id" = Uuid, Path, description = "the outcome"), ("after" = Option<u64>, Query, description = "wait for this position")), security(("token" = [])),
    responses((status = 200, description = "the outcome", body = Line), (status = 404, description = "unknown", body = ProblemBody)))]
pub async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(after): Query<After>,
) -> Result<Json<Line>, Problem> {
    app.wait_for(after.after).await?;
    let row = app.views.transcripts.outcome(id)?;
    let row = row.ok_or(Problem::of(Reason::OutcomeUnknown))?;
    let access = app.may_read_outcome(&caller, row.person, row.origin.awarder)?;
    // The number it was recorded under may be closed though the one that stays is open.
    app.require_open(row.person)?;
    Ok(Json(transcript::line(&app, &row, access.in_full())?))
}

/// A correction: everything the outcome says from now on.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectionBody {
    /// entry_error, mark_reviewed, amount_wrong, wrong_person, misconduct or other.
    #[schema(value_type = String, example = "mark_reviewed")]
    reason: Why,
    /// The reason in words; erasable.
    reason_text: Option<String>,
    /// What it says from now on.
    #[serde(flatten)]
    says: Says,
}

/// Correct an outcome.
///
/// A two-person act: 202 with `approval`, which another officer of the institution approves.
#[utoipa::path(post, path = "/v1/outcomes/{id}/corrections", extensions(("x-action" = json!("correct-outcome"))), tag = "outcomes", params(("id" = Uuid, Path, description = "the outcome"), ("If-Match" = Option<String>, Header, description = "`\"r<revision>\"` of the learner's account: refused if it has another")), request_body = CorrectionBody, security(("token" = [])),
    responses((status = 202, description = "proposed", body = WriteAnswer), (status = 201, description = "corrected", body = WriteAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 409, description = "a rule says no", body = ProblemBody), (status = 412, description = "the account has another revision", body = ProblemBody)))]
pub async fn correct(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Body(body): Body<CorrectionBody>,
) -> Result<Response, Problem> {
    let (person, target) = app.target_of(&caller, id).await?;
    let Split { fields, mut values } = body.says.split(app.pass_mark())?;
    values.extend(
        filled(body.reason_text.as_ref()).map(|text| ("reason_text", Value::String(text.into()))),
    );
    let data = correct_outcome::Data {
        values: identity::erasable::Commitments::default(),
        fields,
        outcome: id,
        person,
        reason: body.reason,
    };
    let asking = Asking {
        issuer: caller.issuer(),
        act: caller.act(),
        kind: correct_outcome::KIND,
        data: serde_json::to_value(&data).map_err(Problem::internal)?,
        values,
        target: Some(target),
        id: derived_id(&caller, &headers)?,
        expected: seen(&app, person, &headers)?,
    };
    answer::ask(&app, &headers, asking, Some(id)).await
}

/// A revocation.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevocationBody {
    /// entry_error, mark_reviewed, amount_wrong, wrong_person, misconduct or other.
    #[schema(value_type = String, example = "misconduct")]
    reason: Why,
    /// The reason in words; erasable.
    reason_text: Option<String>,
}

/// Revoke an outcome and its lot, for good.
///
/// A two-person act: 202 with `approval`, which another officer of the institution approves.
#[utoipa::path(post, path = "/v1/outcomes/{id}/revocations", extensions(("x-action" = json!("revoke-outcome"))), tag = "outcomes", params(("id" = Uuid, Path, description = "the outcome"), ("If-Match" = Option<String>, Header, description = "`\"r<revision>\"` of the learner's account: refused if it has another")), request_body = RevocationBody, security(("token" = [])),
    responses((status = 202, description = "proposed", body = WriteAnswer), (status = 201, description = "revoked", body = WriteAnswer), (status = 403, description = "not yours", body = ProblemBody), (status = 409, description = "a rule says no", body = ProblemBody), (status = 412, description = "the account has another revision", body = ProblemBody)))]
pub async fn revoke(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Body(body): Body<RevocationBody>,
) -> Result<Response, Problem> {
    let (person, target) = app.target_of(&caller, id).await?;
    let data = revoke_outcome::Data {
        values: identity::erasable::Commitments::default(),
        outcome: id,
        person,
        reason: body.reason,
    };
    let values =
        filled(body.reason_text.as_ref()).map(|text| ("reason_text", Value::String(text.into())));
    let asking = Asking {
        issuer: caller.issuer(),
        act: caller.act(),
        kind: revoke_outcome::KIND,
        data: serde_json::to_value(&data).map_err(Problem::internal)?,
        values: values.into_iter().collect(),
        target: Some(target),
        id: derived_id(&caller, &headers)?,
        expected: seen(&app, person, &headers)?,
    };
    answer::ask(&app, &headers, asking, Some(id)).await
}

/// The account's revision that the caller saw, if it says so.
fn seen(app: &App, person: Uuid, headers: &HeaderMap) -> Result<Option<(Stream, u64)>, Problem> {
    let Some(revision) = if_match(headers)? else {
        return Ok(None);
    };
    let holder = app.holder(person)?;
    Ok(Some((credentials::account::wire::stream(holder), revision)))
}

impl App {
    /// Whose outcome this is, and the commit that a correction must name.
    ///
    /// The view finds the person and may be behind: "unknown" is said only once it has folded all that
    /// was committed when we were asked.
    async fn target_of(&self, caller: &Caller, outcome: Uuid) -> Result<(Uuid, Target), Problem> {
        let unknown = || Problem::of(Reason::OutcomeUnknown);
        let find = || {
            self.views
                .transcripts
                .outcome(outcome)
                .map_err(Problem::from)
        };
        let row = if let Some(row) = find()? {
            row
        } else {
            let last = self.ledger.head().size.checked_sub(1);
            self.wait_for(last).await?;
            find()?.ok_or_else(unknown)?
        };
        // What else stands in the way, a lock or an erasure, the rules say.
        match self.may_read_outcome(caller, row.person, row.origin.awarder) {
            Err(problem) if problem.reason == Reason::OutcomeUnknown => return Err(problem),
            _ => {}
        }
        let account = self.whole(row.person)?.account;
        let state = account.outcome(outcome).ok_or_else(unknown)?;
        Ok((row.person, state.current))
    }
}
