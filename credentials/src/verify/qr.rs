//! The text of a code, from address to findings (docs/VERIFY.md "A QR text").

use identity::did::IssuerNumber;
use identity::institution::KeyUse;
use uuid::Uuid;

use super::code::Code;
use super::report::{Facts, Findings, Report};
use super::steps::{self, Inclusion, Subject};
use super::{Context, Verdict};
use crate::trust::{Bundle, Issuer, IssuerKey};
use crate::vc::qr::{Claims, Message, NotAMessage, Scheme, kid};

pub(super) fn verify(text: &str, context: &Context<'_>) -> Report {
    let mut findings = Findings::default();
    let facts = check(text, context, &mut findings);
    let report = findings.report(context, facts);
    debug_assert!(report.facts.is_some() || report.result != Verdict::Valid);
    report
}

/// The credential that a code claims to be.
pub(super) fn claimed_id(text: &str, bundle: &Bundle) -> Option<Uuid> {
    Message::parse(text, bundle.host()).ok()?.claimed_id()
}

fn check(text: &str, context: &Context<'_>, findings: &mut Findings) -> Option<Facts> {
    let bundle = context.bundle;
    let message = match Message::parse(text, bundle.host()) {
        Ok(message) => message,
        Err(error) => {
            findings.add(code_of(error), error.to_string());
            return None;
        }
    };
    let (owner, key) = match signer(&message, bundle) {
        Ok(found) => found,
        Err(code) => {
            findings.add(code, reason_of(code));
            return None;
        }
    };
    let claims = match Claims::read(&message.payload) {
        Ok(claims) if message.receipt.is_none() || claims.leaf.is_some() => claims,
        Ok(_) => {
            findings.add(Code::E03, "a receipt without the leaf it is for");
            return None;
        }
        Err(error) => {
            findings.add(Code::E03, error.to_string());
            return None;
        }
    };
    if key.r#use != KeyUse::Credential || u64::from(owner.id.0) != claims.issuer {
        findings.add(
            Code::E22,
            format!("key {} does not sign codes of this issuer", key.kid),
        );
    }
    let inclusion = match (&message.receipt, claims.leaf) {
        (Some(receipt), Some(leaf)) => Inclusion::Receipt(receipt, leaf),
        _ => Inclusion::None,
    };
    let seconds = |at: u64| i64::try_from(at).unwrap_or(i64::MAX);
    let status = claims.status.map_or_else(Vec::new, |(list, index)| {
        steps::entries_of_code(bundle.host(), owner, list, index)
    });
    let subject = Subject {
        issuer: owner,
        key,
        position: claims.position,
        begin_s: seconds(claims.begins_at.unwrap_or(claims.issued_at)),
        end_s: claims.expires_at.map(seconds),
        inclusion,
        status: Some(status),
    };
    steps::run(&subject, context, findings);
    Some(facts(&claims, owner, key))
}

const fn code_of(error: NotAMessage) -> Code {
    match error {
        NotAMessage::Empty => Code::E00,
        NotAMessage::Form(_) => Code::E01,
        NotAMessage::Profile => Code::E02,
        NotAMessage::Algorithm => Code::E04,
    }
}

const fn reason_of(code: Code) -> &'static str {
    match code {
        Code::E10 => "the issuer or its key is not in the trust bundle",
        _ => "the signature does not match",
    }
}

/// The key that made the signature and its owner in the bundle.
fn signer<'a>(message: &Message, bundle: &'a Bundle) -> Result<(&'a Issuer, &'a IssuerKey), Code> {
    let named = |(_, key): &(&Issuer, &IssuerKey)| kid(&key.key) == message.kid;
    let (for_codes, others): (Vec<_>, Vec<_>) = bundle
        .keys()
        .filter(named)
        .partition(|(_, key)| key.r#use == KeyUse::Credential);
    let mut candidates = for_codes;
    candidates.extend(others);
    if candidates.is_empty() {
        let issuer = message
            .claimed_issuer()
            .and_then(|number| u32::try_from(number).ok())
            .and_then(|number| bundle.issuer(IssuerNumber(number)))
            .ok_or(Code::E10)?;
        // A bundle lists every key up to its position; beyond, one may be missing.
        if message
            .claimed_position()
            .is_none_or(|position| position > bundle.position)
        {
            return Err(Code::E10);
        }
        let of_issuer = issuer
            .keys
            .iter()
            .filter(|key| key.r#use == KeyUse::Credential);
        candidates = of_issuer.map(|key| (issuer, key)).collect();
    }
    candidates
        .into_iter()
        .find(|(_, key)| message.is_signed_by(&key.key))
        .ok_or(Code::E20)
}

fn facts(claims: &Claims, owner: &Issuer, key: &IssuerKey) -> Facts {
    let time = |at: u64| steps::time(i64::try_from(at).unwrap_or(i64::MAX));
    let thousandths = |value: u64| decimal(value, 3);
    Facts {
        form: "qr",
        id: claims.id.to_string(),
        issuer: owner.id.0,
        issuer_name: owner.name.clone(),
        custody: steps::custody(key.custody),
        kind: Some(claims.kind.as_str().into()),
        title: Some(claims.title.clone()),
        amount: claims.amount.map(thousandths),
        scheme: claims
            .amount
            .map(|_| claims.scheme.map_or_else(|| "cn-he".into(), Scheme::name)),
        name: claims.name.clone(),
        level: claims.level.map(|tenths| decimal(tenths, 1)),
        hours: claims.hours.map(thousandths),
        issued_at: time(claims.issued_at),
        expires_at: claims.expires_at.map(time),
        position: Some(claims.position),
        newer: Some(claims.newer).filter(|newer| *newer > 0),
    }
}

/// `value` with its last `places` digits behind a point, without zeros that say nothing.
fn decimal(value: u64, places: u32) -> String {
    let unit = 10_u64.pow(places);
    let (whole, rest) = (value / unit, value % unit);
    let width = usize::try_from(places).unwrap_or_default();
    let text = format!("{whole}.{rest:0width$}");
    text.trim_end_matches('0').trim_end_matches('.').into()
}
