//! The steps that a code and a document share: issuer, window, dates, inclusion, status.

use identity::institution::Custody;
use jiff::Timestamp;
use ledger::checkpoint::Checkpoint;
use ledger::hash::Digest;
use ledger::merkle;
use ledger::witness;
use serde_json::Value;

use super::code::Code;
use super::report::{Age, Findings};
use super::{Context, Registered, Standing, document};
use crate::trust::{Issuer, IssuerKey};
use crate::vc::qr::Receipt;
use crate::vc::schema::instant;
use crate::vc::status::{self, Bits, Purpose};

/// Seconds of an hour.
const HOUR_S: i64 = 3_600;

/// What the steps need of a credential whose signature holds.
pub(super) struct Subject<'a> {
    pub(super) issuer: &'a Issuer,
    pub(super) key: &'a IssuerKey,
    pub(super) position: u64,
    pub(super) begin_s: i64,
    pub(super) end_s: Option<i64>,
    pub(super) inclusion: Inclusion<'a>,
    /// Its lists; `None` if one is of a kind that this verifier does not know.
    pub(super) status: Option<Vec<Entry>>,
}

/// What shows that the commit is in the log.
pub(super) enum Inclusion<'a> {
    /// Nothing.
    None,
    /// A receipt for this leaf.
    Receipt(&'a Receipt, Digest),
}

/// A bit to look at.
pub(super) struct Entry {
    pub(super) url: String,
    pub(super) purpose: Purpose,
    pub(super) index: u64,
    /// Whether the list must be at hand; the lists beside a code's first one need not exist.
    pub(super) required: bool,
}

/// How old something made at `at` is by the bundle's policy; and whether it says nothing any more.
pub(super) fn age_of(at: &str, context: &Context<'_>) -> (Age, bool) {
    let policy = context.bundle.age_policy;
    let seconds = |hours: u64| {
        i64::try_from(hours)
            .unwrap_or(i64::MAX)
            .saturating_mul(HOUR_S)
    };
    let Some(made_s) = instant(at) else {
        return (Age::Unknown, true);
    };
    let age_s = context.now_s.saturating_sub(made_s);
    if age_s < 0 {
        (Age::Unknown, false)
    } else if age_s > seconds(policy.unknown_hours) {
        (Age::Unknown, true)
    } else if age_s < seconds(policy.plain_hours) {
        (Age::Plain, false)
    } else {
        (Age::Amber, false)
    }
}

/// RFC 3339, UTC, whole seconds.
pub(super) fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}

pub(super) const fn custody(custody: Custody) -> &'static str {
    match custody {
        Custody::Own => "own",
        Custody::Platform => "platform",
    }
}

/// S1 to S5.
pub(super) fn run(subject: &Subject<'_>, context: &Context<'_>, findings: &mut Findings) {
    suspended(subject.issuer, findings);
    let mut proof = Findings::default();
    let included = inclusion(subject, context, &mut proof);
    window(subject, included, findings);
    dates(subject.begin_s, subject.end_s, context, findings);
    bundle_age(context, findings);
    findings.join(proof);
    standing(subject, context, findings);
}

/// S1.
pub(super) fn suspended(issuer: &Issuer, findings: &mut Findings) {
    if let Some(from) = issuer.suspended {
        findings.add(
            Code::E11,
            format!("the registrar suspended the institution at position {from}"),
        );
    }
}

/// S2.
fn window(subject: &Subject<'_>, included: bool, findings: &mut Findings) {
    let (key, p) = (subject.key, subject.position);
    let disputed = |(from, to): &(u64, u64)| (*from..=*to).contains(&p);
    let end = match (key.retired, key.not_valid_after) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    let compromised = key.not_valid_after.is_some();
    let begun = key.activated < p;
    let over = end.is_some_and(|end| p > end);
    if subject.issuer.disputed.iter().any(disputed) {
        findings.add(
            Code::E12,
            format!("position {p} is disputed and not reaffirmed"),
        );
    } else if compromised && !included && (begun || over) {
        findings.add(
            Code::E12,
            "the key was compromised, and only the ledger can tell that it held this in time",
        );
    } else if over || !begun {
        findings.add(
            Code::E30,
            format!("position {p} lies outside the window of key {}", key.kid),
        );
    }
}

/// S3.
pub(super) fn dates(
    begin_s: i64,
    end_s: Option<i64>,
    context: &Context<'_>,
    findings: &mut Findings,
) {
    if begin_s > context.now_s {
        findings.add(Code::E32, format!("in force from {}", time(begin_s)));
    }
    if let Some(end_s) = end_s.filter(|end_s| *end_s <= context.now_s) {
        findings.add(Code::E31, format!("ended {}", time(end_s)));
    }
}

/// S3: the age of the bundle itself.
pub(super) fn bundle_age(context: &Context<'_>, findings: &mut Findings) {
    let bundle = &context.bundle.issued_at;
    if instant(bundle).is_none_or(|issued_s| context.now_s < issued_s) {
        findings.add(Code::W50, "the clock is before the trust bundle's date");
    } else if age_of(bundle, context).1 {
        findings.add(Code::W50, format!("the trust bundle is of {bundle}"));
    }
}

/// S4; whether the ledger is known to hold this very content.
///
/// A receipt shows that a commit is in the log, not that the log holds what is signed here: whoever has
/// the key signs other words around a receipt that they once saw. So it never clears a compromised key.
fn inclusion(subject: &Subject<'_>, context: &Context<'_>, findings: &mut Findings) -> bool {
    match (&subject.inclusion, context.ledger) {
        (_, Some(Registered::NotHere)) => {
            findings.add(Code::E41, "the ledger holds no such credential");
            false
        }
        (
            _,
            Some(Registered::Here {
                issuer, position, ..
            }),
        ) if issuer != subject.issuer.id || position != subject.position => {
            findings.add(
                Code::E41,
                "the ledger holds this credential at another position or for another issuer",
            );
            false
        }
        (
            _,
            Some(Registered::Here {
                same: Some(false), ..
            }),
        ) => {
            findings.add(
                Code::E41,
                "the ledger holds this credential with another content",
            );
            false
        }
        (Inclusion::Receipt(carried, leaf), known) => {
            receipt(carried, *leaf, subject.position, context, findings);
            let broken = findings.has(Code::E40) || findings.has(Code::E41);
            !broken
                && matches!(
                    known,
                    Some(Registered::Here {
                        same: Some(true),
                        ..
                    })
                )
        }
        (Inclusion::None, Some(Registered::Here { same, .. })) => same == Some(true),
        (Inclusion::None, None) => {
            findings.add(Code::W40, "no inclusion proof is carried");
            false
        }
    }
}

fn receipt(
    receipt: &Receipt,
    leaf: Digest,
    position: u64,
    context: &Context<'_>,
    findings: &mut Findings,
) {
    let policy = context.bundle.receipt_policy();
    let opened = std::str::from_utf8(&receipt.checkpoint)
        .ok()
        .and_then(|text| Checkpoint::open(text, &policy.origin, &policy.key).ok());
    let Some((checkpoint, note)) = opened else {
        findings.add(
            Code::E40,
            "the log's key did not sign the checkpoint that is carried",
        );
        return;
    };
    let leads = checkpoint.size == receipt.size
        && merkle::verify_inclusion(
            leaf,
            position,
            receipt.size,
            &receipt.path,
            &checkpoint.root,
        )
        .is_ok();
    if !leads {
        findings.add(
            Code::E41,
            "the path does not lead from the commit to the log's root",
        );
        return;
    }
    let have = witness::cosignatures(&note, &policy.witnesses).map_or(0, |found| found.len());
    if have < policy.quorum {
        findings.add(
            Code::E42,
            format!("{have} of {} witnesses signed", policy.quorum),
        );
    }
}

/// S5.
fn standing(subject: &Subject<'_>, context: &Context<'_>, findings: &mut Findings) {
    let Some(entries) = &subject.status else {
        return findings.add(
            Code::E04,
            "a status of a kind that this verifier does not know",
        );
    };
    if let Some(Registered::Here { standing, .. }) = context.ledger {
        let (code, what) = match standing {
            Standing::Issued => return,
            Standing::Revoked => (Code::E50, "revoked in the ledger"),
            Standing::Suspended => (Code::E52, "suspended in the ledger"),
            Standing::Superseded => (Code::E51, "a correction in the ledger replaced it"),
            Standing::Disputed => (
                Code::E12,
                "its institution has not said yet that this is its own",
            ),
        };
        return findings.add(code, what);
    }
    if entries.is_empty() {
        if subject.issuer.status_required {
            findings.add(
                Code::E53,
                "it names no status list, and its issuer has them",
            );
        }
        return;
    }
    let mut set = Vec::new();
    for entry in entries {
        match bit(entry, subject.issuer, context, findings) {
            Ok(true) => set.push(entry),
            Ok(false) => {}
            Err(Missed::Absent) if !entry.required => {}
            Err(Missed::Absent) => {
                findings.add(Code::E53, format!("{} is not at hand", entry.url));
            }
            Err(Missed::Bad(why)) => findings.add(Code::E54, format!("{}: {why}", entry.url)),
        }
    }
    let superseded = set.iter().any(|entry| entry.purpose == Purpose::Refresh);
    for entry in set {
        let code = match entry.purpose {
            Purpose::Revocation if superseded => continue,
            Purpose::Revocation => Code::E50,
            Purpose::Suspension => Code::E52,
            Purpose::Refresh => Code::E51,
        };
        findings.add(code, format!("bit {} of {} is set", entry.index, entry.url));
    }
}

/// Why a bit cannot be told.
enum Missed {
    Absent,
    Bad(String),
}

/// The bit of a list that was handed in, else of the bundle's; one that the bundle shows set is set.
///
/// Who hands in a list chooses which: an old one must not silence what the bundle knows.
fn bit(
    entry: &Entry,
    issuer: &Issuer,
    context: &Context<'_>,
    findings: &mut Findings,
) -> Result<bool, Missed> {
    let named = |list: &&Value| list.get("id").and_then(Value::as_str) == Some(&entry.url);
    let kept = issuer.status.iter().find(|list| list.url == entry.url);
    let kept = kept.map(|list| look(entry, list.purpose, &list.gzip, &list.at));
    let handed = context.lists.iter().find(named).map(|list| {
        let list = document::status_list(list, issuer, context)
            .ok_or_else(|| Missed::Bad("the list fails its own check".into()))?;
        look(entry, list.purpose, &list.encoded, &list.valid_from)
    });
    let (set, at) = match (kept, handed) {
        (Some(Ok((true, at))), _) | (_, Some(Ok((true, at)))) => (true, at),
        (_, Some(handed)) => handed?,
        (Some(kept), None) => kept?,
        (None, None) => return Err(Missed::Absent),
    };
    let (age, late) = age_of(&at, context);
    findings.aged(age);
    if late {
        findings.add(Code::W50, format!("{} is of {at}", entry.url));
    }
    Ok(set)
}

/// The bit of `entry` in a list, and when that was made.
fn look(
    entry: &Entry,
    purpose: Purpose,
    encoded: &str,
    at: &str,
) -> Result<(bool, String), Missed> {
    let bad = |why: &str| Missed::Bad(why.into());
    if purpose != entry.purpose {
        return Err(bad(
            "STATUS_VERIFICATION_ERROR: the list is for another purpose",
        ));
    }
    let bits = Bits::decode(encoded).map_err(|error| bad(&error.to_string()))?;
    let set = bits
        .get(entry.index)
        .ok_or_else(|| bad("RANGE_ERROR: the index is beyond the list"))?;
    Ok((set, at.to_owned()))
}

/// The lists beside a revocation list of `issuer` that a document names: those that the bundle has.
pub(super) fn entries_beside(host: &str, issuer: &Issuer, entry: &Entry) -> Vec<Entry> {
    let list = entry
        .url
        .rsplit_once('/')
        .and_then(|(_, n)| n.parse().ok())
        .filter(|n| status::url(host, issuer.id, *n) == entry.url);
    list.map_or_else(Vec::new, |list| {
        entries_of_code(host, issuer, list, entry.index).split_off(1)
    })
}

/// The lists of a code's status: the first one, and beside it those that the bundle has.
pub(super) fn entries_of_code(host: &str, issuer: &Issuer, list: u64, index: u64) -> Vec<Entry> {
    (0..)
        .zip(Purpose::ALL)
        .map(|(n, purpose)| Entry {
            url: status::url(host, issuer.id, list.saturating_add(n)),
            purpose,
            index,
            required: n == 0,
        })
        .filter(|entry| {
            entry.required
                || issuer
                    .status
                    .iter()
                    .any(|list| list.url == entry.url && list.purpose == entry.purpose)
        })
        .collect()
}
