//! A check's result as a page without scripts: the three faces of UX §2.1.
//!
//! Invariant: facts stand here only if the report carries them; the issuer's name is the bundle's.

use credentials::trust::AgePolicy;
use credentials::verify::{Facts, Report, Verdict};
use maud::{Markup, html};

use crate::mask;
use crate::problem::Language;
use crate::verify_words::{next, reason, say};

/// Word, icon and colour class of a face.
const fn face(result: Verdict) -> (&'static str, &'static str, &'static str) {
    match result {
        Verdict::Valid => ("valid", "✔", "ok"),
        Verdict::Invalid => ("invalid", "✘", "bad"),
        Verdict::Unconfirmed => ("unconfirmed", "?", "unk"),
    }
}

/// Days after which status data says nothing.
pub const fn days(policy: AgePolicy) -> u64 {
    policy.unknown_hours / 24
}

/// The sentence under the word.
pub fn sentence(language: Language, report: &Report, days: u64) -> String {
    let because = |key| {
        let reason = reason(language, report.code, days);
        say(language, key, &[("reason", &reason), ("code", report.code)])
    };
    match report.result {
        Verdict::Valid => {
            let issuer = report.facts.as_ref().map_or("", |it| &it.issuer_name);
            say(language, "valid-signed", &[("issuer", issuer)])
        }
        Verdict::Invalid => because("invalid-because"),
        Verdict::Unconfirmed => because("unconfirmed-because"),
    }
}

/// What to do.
pub fn advice(language: Language, report: &Report) -> String {
    match report.result {
        Verdict::Valid => say(language, "valid-next", &[]),
        Verdict::Invalid | Verdict::Unconfirmed => next(language, report.code),
    }
}

/// Labels and values that may be shown, in order.
pub fn rows(language: Language, facts: &Facts) -> Vec<(String, String)> {
    let custody = say(language, &format!("custody-{}", facts.custody), &[]);
    let date = |time: &String| time.split('T').next().unwrap_or_default().to_owned();
    let rows = [
        ("fact-name", facts.name.as_deref().map(mask::name)),
        ("fact-title", facts.title.clone()),
        ("fact-amount", facts.amount.clone()),
        ("fact-level", facts.level.clone()),
        ("fact-hours", facts.hours.clone()),
        ("fact-issuer", Some(facts.issuer_name.clone())),
        ("fact-issued", Some(date(&facts.issued_at))),
        ("fact-expires", facts.expires_at.as_ref().map(date)),
        ("fact-id", Some(facts.id.clone())),
        ("fact-position", facts.position.map(|it| it.to_string())),
        ("fact-custody", Some(custody)),
    ];
    let label = |key: &str| say(language, key, &[]);
    rows.into_iter()
        .filter_map(|(key, value)| Some((label(key), value?)))
        .collect()
}

/// The result card of a check made at `checked_at`.
pub fn card(language: Language, report: &Report, days: u64, checked_at: &str) -> Markup {
    let (key, icon, class) = face(report.result);
    html! {
        section class={"result " (class)} role="status" {
            h1 { span aria-hidden="true" { (icon) } " " (say(language, key, &[])) }
            p { (sentence(language, report, days)) }
            @if report.result == Verdict::Valid {
                p { (say(language, "valid-status", &[("time", checked_at)])) }
            }
            p { strong { (say(language, "next-step", &[])) (advice(language, report)) } }
            @if report.code != "OK" {
                p { a href={"/why/" (report.code)} { (say(language, "why", &[])) } }
            }
        }
        @if let Some(facts) = &report.facts {
            table { tbody {
                @for (label, value) in rows(language, facts) {
                    tr { th scope="row" { (label) } td { (value) } }
                }
            } }
        }
        @if !report.findings.is_empty() {
            ul.muted {
                @for finding in &report.findings {
                    li { code { (finding.code.as_str()) } " " (reason(language, finding.code.as_str(), days)) }
                }
            }
        }
        p.muted { (say(language, "fact-bundle", &[])) " " (report.as_of.bundle) " · "
            (say(language, "fact-position", &[])) " " (report.as_of.position) }
    }
}
