//! What a check found, and what it comes to: the worst finding wins.

use serde::Serialize;
use uuid::Uuid;

use super::Context;
use super::code::{Code, Severity};

/// The three faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// 有效
    Valid,
    /// 无效
    Invalid,
    /// 无法确认
    Unconfirmed,
}

/// How old what was relied on is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Age {
    /// Younger than the policy's first limit.
    Plain,
    /// Up to its second.
    Amber,
    /// Beyond, or from the future.
    Unknown,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// What exactly, in English; no value of the credential.
    pub detail: String,
}

/// As of when the answer is true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AsOf {
    /// When the bundle was issued.
    pub bundle: String,
    /// Number of commits it was built from.
    pub position: u64,
    /// How old bundle and lists are.
    pub age: Age,
}

/// What may be shown of a credential whose signature holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// `qr`, `credential` or `status-list`.
    pub form: &'static str,
    /// The credential; a status list has its address.
    pub id: String,
    /// Issuer number.
    pub issuer: u32,
    /// The issuer's name from the bundle, never from the credential.
    pub issuer_name: String,
    /// Who keeps the key that signed.
    pub custody: &'static str,
    /// What it stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Credits, a decimal string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// Of which scheme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// The holder's name as the holder chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Level, a decimal string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Hours, a decimal string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<String>,
    /// RFC 3339, UTC, whole seconds.
    pub issued_at: String,
    /// RFC 3339, UTC, whole seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Position of the commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// How many claims of a newer form are not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newer: Option<usize>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Which face.
    pub result: Verdict,
    /// The state that `code` stands for.
    pub state: &'static str,
    /// The code of the worst finding; `OK` when valid.
    pub code: &'static str,
    /// Everything found, in the order of the steps.
    pub findings: Vec<Finding>,
    /// As of when.
    pub as_of: AsOf,
    /// What may be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facts: Option<Facts>,
}

/// Findings while they gather.
#[derive(Debug)]
pub(super) struct Findings {
    found: Vec<Finding>,
    age: Age,
}

impl Default for Findings {
    fn default() -> Self {
        Self {
            found: Vec::new(),
            age: Age::Plain,
        }
    }
}

impl Findings {
    /// Notes a finding; one code stands once.
    pub(super) fn add(&mut self, code: Code, detail: impl Into<String>) {
        if !self.has(code) {
            self.found.push(Finding {
                code,
                severity: code.severity(),
                detail: detail.into(),
            });
        }
    }

    /// Whether this was found.
    pub(super) fn has(&self, code: Code) -> bool {
        self.found.iter().any(|finding| finding.code == code)
    }

    /// Whether nothing at all was found.
    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Takes over what another step found.
    pub(super) fn join(&mut self, other: Self) {
        for finding in other.found {
            self.add(finding.code, finding.detail);
        }
        self.aged(other.age);
    }

    /// Something relied on is this old.
    pub(super) fn aged(&mut self, age: Age) {
        self.age = self.age.max(age);
    }

    /// What it comes to.
    pub(super) fn report(mut self, context: &Context<'_>, facts: Option<Facts>) -> Report {
        let (age, late) = super::steps::age_of(&context.bundle.issued_at, context);
        self.aged(if late { Age::Unknown } else { age });
        let worst = self.found.iter().map(|finding| finding.severity).max();
        let named = worst.and_then(|worst| {
            let of_worst = |finding: &&Finding| finding.severity == worst;
            self.found.iter().filter(of_worst).map(|it| it.code).min()
        });
        let result = match worst {
            Some(Severity::Fail) => Verdict::Invalid,
            Some(Severity::Unknown) => Verdict::Unconfirmed,
            Some(Severity::Warn) | None => Verdict::Valid,
        };
        let named = named.filter(|_| result != Verdict::Valid);
        let told = !self.found.iter().any(|finding| finding.code.stops());
        Report {
            result,
            state: named.map_or("Valid", Code::state),
            code: named.map_or("OK", Code::as_str),
            findings: self.found,
            as_of: AsOf {
                bundle: context.bundle.issued_at.clone(),
                position: context.bundle.position,
                age: self.age,
            },
            facts: facts.filter(|_| told),
        }
    }
}

impl Report {
    /// The credential's id, if it may be told.
    pub fn credential(&self) -> Option<Uuid> {
        self.facts.as_ref()?.id.parse().ok()
    }
}
