//! The verification pipeline, once: what `xuefen verify`, `POST /v1/verify` and the browser do
//! (docs/VERIFY.md; the TypeScript engine is held to this one by tests/fixtures/vectors).
//!
//! Invariant: unknown is never valid; nothing of a credential is told unless its signature holds; no
//! address in a credential is ever fetched. Pure: the clock, the bundle and the lists are handed in.

mod code;
mod document;
mod qr;
mod report;
mod steps;

use identity::did::IssuerNumber;
use serde_json::Value;
use uuid::Uuid;

use crate::trust::Bundle;
pub use code::{Code, Severity};
pub use document::{ACHIEVEMENT_CONTEXT, ACHIEVEMENT_TYPE};
pub use report::{Age, AsOf, Facts, Finding, Report, Verdict};

/// Where a credential stands in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// As issued, or reinstated.
    Issued,
    /// Stopped for now.
    Suspended,
    /// Ended for good.
    Revoked,
    /// A correction put another in its place.
    Superseded,
    /// Its institution does not stand for it yet.
    Disputed,
}

/// What the ledger says of a credential; only the platform can ask it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    /// It was issued.
    Here {
        /// By whom.
        issuer: IssuerNumber,
        /// Position of the commit.
        position: u64,
        /// How it stands now.
        standing: Standing,
        /// Whether what is checked says what was committed to: `Some(false)` = something else under its
        /// number; `None` = the committed values were erased and nothing can be compared.
        same: Option<bool>,
    },
    /// Never.
    NotHere,
}

/// With what a credential is checked.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The held bundle.
    pub bundle: &'a Bundle,
    /// Status list credentials fetched for this check.
    pub lists: &'a [Value],
    /// What the ledger says of the credential that [`claimed_id`] names; `None` off the platform.
    pub ledger: Option<Registered>,
    /// Unix seconds.
    pub now_s: i64,
}

/// Checks the text of a QR code.
pub fn text(text: &str, context: &Context<'_>) -> Report {
    qr::verify(text, context)
}

/// Checks a JSON document.
pub fn document(bytes: &[u8], context: &Context<'_>) -> Report {
    document::verify(bytes, context)
}

/// What a picture without a code comes to.
pub fn no_code(context: &Context<'_>) -> Report {
    let mut findings = report::Findings::default();
    findings.add(Code::E00, "there is no QR code in the picture");
    findings.report(context, None)
}

/// Checks whatever it is: a JSON document or the text of a code.
pub fn any(bytes: &[u8], context: &Context<'_>) -> Report {
    match std::str::from_utf8(bytes) {
        Ok(found) if !found.trim_start().starts_with('{') => text(found, context),
        _ => document(bytes, context),
    }
}

/// The credential that an input claims to be, before anything of it is checked: what to ask the
/// ledger for.
pub fn claimed_id(bytes: &[u8], bundle: &Bundle) -> Option<Uuid> {
    let found = std::str::from_utf8(bytes).ok()?;
    if found.trim_start().starts_with('{') {
        document::claimed_id(found)
    } else {
        qr::claimed_id(found, bundle)
    }
}
