//! A JSON document, from bytes to findings (docs/VERIFY.md "A JSON document").

use identity::institution::KeyUse;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Context;
use super::code::Code;
use super::report::{Facts, Findings, Report};
use super::steps::{self, Entry, Inclusion, Subject};
use crate::trust::{Bundle, Issuer, IssuerKey};
use crate::vc::canonical::{self, Null};
use crate::vc::proof;
use crate::vc::schema::{Shape, instant};
use crate::vc::status::{self, Bits, Purpose};

/// The contexts of an achievement credential, exactly.
pub const ACHIEVEMENT_CONTEXT: [&str; 3] = [
    status::CONTEXT,
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json",
];
/// The types of an achievement credential, exactly.
pub const ACHIEVEMENT_TYPE: [&str; 2] = ["VerifiableCredential", "OpenBadgeCredential"];
const STATUS_TYPE: [&str; 2] = ["VerifiableCredential", "BitstringStatusListCredential"];
/// Largest document.
const BYTES_MAX: usize = 1 << 20;

pub(super) fn verify(bytes: &[u8], context: &Context<'_>) -> Report {
    let mut findings = Findings::default();
    let facts = check(bytes, context, &mut findings);
    findings.report(context, facts)
}

/// The credential that a document claims to be.
pub(super) fn claimed_id(text: &str) -> Option<Uuid> {
    let document: Value = serde_json::from_str(text).ok()?;
    uuid_of(&document)
}

fn uuid_of(document: &Value) -> Option<Uuid> {
    let id = document.get("id")?.as_str()?.strip_prefix("urn:uuid:")?;
    Uuid::parse_str(id)
        .ok()
        .filter(|uuid| uuid.to_string() == id)
}

fn check(bytes: &[u8], context: &Context<'_>, findings: &mut Findings) -> Option<Facts> {
    if bytes.iter().all(|b| b" \r\n".contains(b)) {
        findings.add(Code::E00, "there is nothing");
        return None;
    }
    let read = Some(bytes)
        .filter(|bytes| bytes.len() <= BYTES_MAX)
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .and_then(|text| canonical::parse(text, Null::Refused).ok());
    let Some(Value::Object(document)) = read else {
        findings.add(Code::E01, "not one strict JSON object of at most 1 MiB");
        return None;
    };
    let opened = match open(document, context) {
        Ok(opened) => opened,
        Err((code, why)) => {
            findings.add(code, why);
            return None;
        }
    };
    opened.authority(context, findings);
    match opened.shape {
        Shape::StatusList => {
            opened.list_steps(context, findings);
            steps::bundle_age(context, findings);
        }
        Shape::Achievement => opened.steps(context, findings),
    }
    Some(opened.facts())
}

/// A document whose signature holds and whose form is right.
struct Opened<'a> {
    shape: Shape,
    document: Value,
    proof: Map<String, Value>,
    owner: &'a Issuer,
    /// Whose key signed: the owner of the verification method.
    signer: &'a Issuer,
    key: &'a IssuerKey,
    position: Option<u64>,
    begin_s: i64,
    end_s: Option<i64>,
}

type Stop = (Code, String);

fn stop<T>(code: Code, why: &str) -> Result<T, Stop> {
    Err((code, why.into()))
}

/// Steps 2 to 8.
fn open<'a>(mut document: Map<String, Value>, context: &Context<'a>) -> Result<Opened<'a>, Stop> {
    let shape = shape_of(&document)?;
    let mut whole = document.clone();
    if let Some(status @ Value::Object(_)) = whole.get_mut("credentialStatus") {
        *status = Value::Array(vec![status.take()]);
    }
    let whole = Value::Object(whole);
    let (proof, signature) = take_proof(&mut document)?;
    let breaches = shape.check(&whole);
    if let Some(first) = breaches.undefined.first() {
        return stop(Code::E21, &format!("undefined member {first}"));
    }
    let bundle = context.bundle;
    let did = match document.get("issuer") {
        Some(Value::String(did)) => Some(did.as_str()),
        Some(issuer) => issuer.get("id").and_then(Value::as_str),
        None => None,
    };
    let owner = did.and_then(|did| bundle.issuer_of(did)).ok_or((
        Code::E10,
        "the issuer is not in the trust bundle".to_owned(),
    ))?;
    let position = position_of(&document, bundle);
    let kid = proof.get("verificationMethod").and_then(Value::as_str);
    let found = bundle.keys().find(|(_, key)| Some(key.kid.as_str()) == kid);
    let Some((signer, key)) = found else {
        return if position.is_none_or(|position| position > bundle.position) {
            stop(Code::E10, "the key is not in the trust bundle")
        } else {
            stop(
                Code::E20,
                "the trust bundle lists every key of then, and not this one",
            )
        };
    };
    let mut config = proof.clone();
    config.remove("proofValue");
    let bare = Value::Object(document);
    let holds = proof::hash_data(&Value::Object(config), &bare)
        .is_ok_and(|hashed| key.key.verify(&hashed, &signature).is_ok());
    if !holds {
        return stop(Code::E20, "the signature does not match");
    }
    if let Some((at, what)) = breaches.other.first() {
        return stop(Code::E03, &format!("{at}: {what}"));
    }
    let created = proof.get("created").map(|it| it.as_str().and_then(instant));
    if created == Some(None) {
        return stop(Code::E03, "/proof/created: no date");
    }
    let date = |name: &str| bare.get(name).and_then(Value::as_str).and_then(instant);
    let (begin_s, end_s) = match (date("validFrom"), date("validUntil")) {
        (Some(begin), Some(end)) if end < begin => {
            return stop(Code::E03, "validUntil is before validFrom");
        }
        (Some(begin), end) => (begin, end),
        (None, _) => return stop(Code::E03, "/validFrom: no date"),
    };
    if shape == Shape::Achievement && uuid_of(&bare).is_none() {
        return stop(Code::E03, "/id: no urn:uuid");
    }
    let Some(position) = position
        .map(Some)
        .or((shape == Shape::StatusList).then_some(None))
    else {
        return stop(Code::E03, "/evidence: no position of this log");
    };
    Ok(Opened {
        shape,
        document: bare,
        proof,
        owner,
        signer,
        key,
        position,
        begin_s,
        end_s,
    })
}

fn shape_of(document: &Map<String, Value>) -> Result<Shape, Stop> {
    let is = |name: &str, wanted: &[&str]| {
        document
            .get(name)
            .and_then(Value::as_array)
            .is_some_and(|items| {
                items
                    .iter()
                    .map(Value::as_str)
                    .eq(wanted.iter().map(|it| Some(*it)))
            })
    };
    if is("@context", &ACHIEVEMENT_CONTEXT) && is("type", &ACHIEVEMENT_TYPE) {
        Ok(Shape::Achievement)
    } else if is("@context", &[status::CONTEXT]) && is("type", &STATUS_TYPE) {
        Ok(Shape::StatusList)
    } else {
        stop(
            Code::E04,
            "context and type are none that this verifier knows",
        )
    }
}

/// Steps 3 and 4: the one proof, taken out of the document, and its signature.
fn take_proof(document: &mut Map<String, Value>) -> Result<(Map<String, Value>, [u8; 64]), Stop> {
    let proof = match document.remove("proof") {
        None => return stop(Code::E20, "there is no proof"),
        Some(Value::Object(proof)) => proof,
        Some(Value::Array(proofs)) => match <[Value; 1]>::try_from(proofs) {
            Ok([Value::Object(proof)]) => proof,
            Ok(_) => return stop(Code::E01, "the proof is no object"),
            Err(_) => return stop(Code::E04, "a set of proofs"),
        },
        Some(_) => return stop(Code::E01, "the proof is no object"),
    };
    let says = |name: &str| proof.get(name).and_then(Value::as_str);
    if says("type") != Some(proof::TYPE) || says("cryptosuite") != Some(proof::SUITE) {
        return stop(Code::E04, "another suite than eddsa-jcs-2022");
    }
    if let Some(name) = proof
        .keys()
        .find(|name| !proof::MEMBERS.contains(&name.as_str()))
    {
        return stop(Code::E21, &format!("undefined member /proof/{name}"));
    }
    let signature = says("verificationMethod")
        .and(says("proofValue"))
        .and_then(proof::read_value)
        .ok_or((
            Code::E01,
            "the proof names no key or holds no signature".to_owned(),
        ))?;
    if proof
        .get("@context")
        .is_some_and(|it| Some(it) != document.get("@context"))
    {
        return stop(Code::E21, "the proof was made for another context");
    }
    Ok((proof, signature))
}

/// The position that the evidence claims.
fn position_of(document: &Map<String, Value>, bundle: &Bundle) -> Option<u64> {
    let entries = document.get("evidence")?.as_array()?;
    let mut ours = entries
        .iter()
        .filter(|entry| entry.get("genre").and_then(Value::as_str) == Some("log-position"));
    let entry = ours.next().filter(|_| ours.next().is_none())?;
    let number = entry
        .get("id")?
        .as_str()?
        .strip_prefix("https://")?
        .strip_prefix(bundle.host())?
        .strip_prefix("/log/proof/")?;
    let position: u64 = number.parse().ok()?;
    (position < 1 << 53 && position.to_string() == number).then_some(position)
}

impl Opened<'_> {
    /// Step 9: whether that key may sign this, for this.
    fn authority(&self, context: &Context<'_>, findings: &mut Findings) {
        let says = |name: &str| self.proof.get(name).and_then(Value::as_str);
        let bound = self.proof.contains_key("challenge") || self.proof.contains_key("domain");
        if says("proofPurpose") != Some(proof::PURPOSE) || bound {
            findings.add(Code::E22, "the proof was made for another purpose");
        } else if self.key.r#use != KeyUse::Credential || self.signer.id != self.owner.id {
            findings.add(
                Code::E22,
                format!(
                    "key {} does not sign credentials of this issuer",
                    self.key.kid
                ),
            );
        }
        let expires = self
            .proof
            .get("expires")
            .map(|it| it.as_str().and_then(instant));
        if expires.is_some_and(|end| end.is_none_or(|end| end <= context.now_s)) {
            findings.add(Code::E31, "the proof itself ended");
        }
    }

    fn steps(&self, context: &Context<'_>, findings: &mut Findings) {
        let Some(position) = self.position else {
            return;
        };
        let subject = Subject {
            issuer: self.owner,
            key: self.key,
            position,
            begin_s: self.begin_s,
            end_s: self.end_s,
            inclusion: Inclusion::None,
            status: self.status(context.bundle.host()),
        };
        steps::run(&subject, context, findings);
    }

    /// What it names, and the lists beside those of its own issuer; `None` = a kind that is not known.
    fn status(&self, host: &str) -> Option<Vec<Entry>> {
        let mut entries: Vec<Entry> = match self.document.get("credentialStatus") {
            Some(Value::Array(entries)) => entries.iter().map(entry_of).collect::<Option<_>>()?,
            Some(entry) => vec![entry_of(entry)?],
            None => Vec::new(),
        };
        let beside: Vec<Entry> = entries
            .iter()
            .filter(|entry| entry.purpose == Purpose::Revocation)
            .flat_map(|entry| steps::entries_beside(host, self.owner, entry))
            .collect();
        for entry in beside {
            if entries.iter().all(|named| named.url != entry.url) {
                entries.push(entry);
            }
        }
        Some(entries)
    }

    fn list_steps(&self, context: &Context<'_>, findings: &mut Findings) {
        steps::suspended(self.owner, findings);
        if self.key.retired.is_some() || self.key.not_valid_after.is_some() {
            findings.add(Code::E30, "a retired key signs no lists");
        }
        steps::dates(self.begin_s, self.end_s, context, findings);
        let subject = self.document.get("credentialSubject");
        let encoded = subject
            .and_then(|it| it.get("encodedList"))
            .and_then(Value::as_str);
        if let Err(error) = Bits::decode(encoded.unwrap_or_default()) {
            findings.add(Code::E54, error.to_string());
        }
    }

    fn facts(&self) -> Facts {
        let says = |pointer: &str| self.document.pointer(pointer).and_then(Value::as_str);
        let achievement = "/credentialSubject/achievement";
        let amount = self
            .document
            .pointer(&format!("{achievement}/creditsAvailable"))
            .and_then(|amount| canonical::to_vec(amount).ok())
            .and_then(|text| String::from_utf8(text).ok());
        let (form, id) = match self.shape {
            Shape::Achievement => (
                "credential",
                uuid_of(&self.document).map(|id| id.to_string()),
            ),
            Shape::StatusList => ("status-list", says("/id").map(str::to_owned)),
        };
        Facts {
            form,
            id: id.unwrap_or_default(),
            issuer: self.owner.id.0,
            issuer_name: self.owner.name.clone(),
            custody: steps::custody(self.key.custody),
            kind: says(&format!("{achievement}/achievementType")).map(str::to_owned),
            title: says("/name").map(str::to_owned),
            amount,
            scheme: None,
            name: None,
            level: None,
            hours: None,
            issued_at: steps::time(self.begin_s),
            expires_at: self.end_s.map(steps::time),
            position: self.position,
            newer: None,
        }
    }
}

fn entry_of(entry: &Value) -> Option<Entry> {
    let says = |name: &str| entry.get(name).and_then(Value::as_str);
    let url = says("statusListCredential")?;
    let index = says("statusListIndex")?;
    let number: u64 = index
        .parse()
        .ok()
        .filter(|n: &u64| n.to_string() == index)?;
    let purpose = Purpose::ALL
        .into_iter()
        .find(|purpose| Some(purpose.as_str()) == says("statusPurpose"))?;
    let plain = says("type") == Some("BitstringStatusListEntry") && says("id") != Some(url);
    plain.then(|| Entry {
        url: url.into(),
        purpose,
        index: number,
        required: true,
    })
}

/// What a fetched list says, if it is one of `issuer` and nothing at all is wrong with it.
pub(super) struct List {
    pub(super) purpose: Purpose,
    pub(super) encoded: String,
    pub(super) valid_from: String,
}

pub(super) fn status_list(list: &Value, issuer: &Issuer, context: &Context<'_>) -> Option<List> {
    let mut findings = Findings::default();
    let opened = open(list.as_object()?.clone(), context).ok()?;
    opened.authority(context, &mut findings);
    opened.list_steps(context, &mut findings);
    let ours = opened.shape == Shape::StatusList && opened.owner.id == issuer.id;
    if !ours || !findings.is_empty() {
        return None;
    }
    let says = |pointer: &str| opened.document.pointer(pointer).and_then(Value::as_str);
    let purpose = says("/credentialSubject/statusPurpose")?;
    Some(List {
        purpose: Purpose::ALL.into_iter().find(|it| it.as_str() == purpose)?,
        encoded: says("/credentialSubject/encodedList")?.into(),
        valid_from: says("/validFrom")?.into(),
    })
}
