//! Issuing credentials, and making document and code of one that was issued (STANDARDS §4 "Issuing").
//!
//! Invariant: the commit comes first; document and code follow from it, the vault's value and the key, so
//! they are made again at each asking and are the same bytes each time. Nothing signed by a credential
//! key is stored: a second copy of personal values would be one more to erase.
//! A crash behind the commit loses nothing.

mod issue;

use std::sync::Arc;

use credentials::account::Outcome;
use credentials::credential::{Credential, Issued, wire};
use credentials::policy::{OutcomeKind, Scheme};
use credentials::vc::achievement;
use credentials::vc::canonical::{self, Null};
use credentials::vc::proof;
use credentials::vc::qr::{
    self, Claims, Kind, Message, NAME_BYTES_MAX, Receipt, TITLE_BYTES_MAX, clip,
};
use identity::did::Did;
use identity::erasable::Opened;
use identity::purpose::Purpose;
use ledger::assertion::format_s;
use ledger::checkpoint::{Checkpoint, SignedNote};
use ledger::hash::Digest;
use ledger::key::SigningKey;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::app::App;
use crate::mask;
use crate::problem::{Problem, Reason};

/// What a short code keeps free for a name: four characters of Chinese and their heads.
const NAME_RESERVED_BYTES: usize = 16;
/// Key and head of a name.
const NAME_HEAD_BYTES: usize = 3;
/// No host is so long that a title had fewer.
const TITLE_BYTES_MIN: usize = 12;

/// How the holder's name stands in a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NameShown {
    /// 王\*明
    #[default]
    Masked,
    /// As it is.
    Full,
    /// Not at all.
    None,
}

/// A credential whose document is at hand.
pub struct Ready {
    /// What issuing said and where it stands.
    pub issued: Issued,
    /// The credential as it stands.
    pub credential: Arc<Credential>,
    /// The document as its commit commits to it.
    document: Map<String, Value>,
    key: Arc<SigningKey>,
    kid: String,
}

impl App {
    /// The credential of this id.
    pub fn credential(&self, id: Uuid) -> Result<(Arc<Credential>, Issued), Problem> {
        let credential = self.ledger.state::<Credential>(&wire::stream(id))?;
        let issued = credential
            .issued
            .clone()
            .ok_or(Problem::of(Reason::CredentialUnknown))?;
        Ok((credential, issued))
    }

    /// The credential of this id with its document, for whoever may have it.
    pub fn ready(&self, id: Uuid) -> Result<Ready, Problem> {
        let (credential, issued) = self.credential(id)?;
        let document = self.document_of(&issued)?;
        let says = &issued.says;
        let kid = Did::new(&self.host, says.issuer)
            .kid(&says.key)
            .ok_or_else(|| Problem::internal("the key's name cannot stand in a DID"))?;
        let key = self
            .keystore
            .signer(&kid)?
            .ok_or_else(|| Problem::internal(format!("the key store has lost {kid}")))?;
        Ok(Ready {
            document,
            key,
            kid: kid.to_string(),
            issued,
            credential,
        })
    }

    /// The document as its commit commits to it.
    fn document_of(&self, issued: &Issued) -> Result<Map<String, Value>, Problem> {
        let says = &issued.says;
        // Forgotten, or kept by a law and closed to every use.
        self.require_open(says.person)?;
        let opened = self.vault.opened(
            says.person,
            Purpose::StudyRecord,
            issued.by.id,
            &says.values,
        )?;
        let text = value(&opened, "document").ok_or(Problem::of(Reason::Erased))?;
        let Ok(Value::Object(document)) = canonical::parse(text, Null::Refused) else {
            return Err(Problem::internal("a committed document is no JSON object"));
        };
        Ok(document)
    }

    /// What a credential says, to hold against what somebody shows; needs no key.
    pub fn content_of(&self, issued: &Issued) -> Result<Content, Problem> {
        let document = self.document_of(issued)?;
        let text = achievement::to_text(&document).map_err(Problem::internal)?;
        Ok(Content {
            document: Digest::of(text.as_bytes()),
            claims: said(claims(issued, &document, &self.host)),
        })
    }

    /// The credential that stands for an outcome, in force or suspended.
    pub fn live_of(&self, outcome: &Outcome) -> Result<Option<Issued>, Problem> {
        for id in &outcome.credentials {
            let (credential, issued) = self.credential(*id)?;
            let institution = self.institution(issued.says.issuer)?;
            if credential.is_live(&institution) {
                return Ok(Some(issued));
            }
        }
        Ok(None)
    }

    /// The holder's name.
    pub fn name_of(&self, person: Uuid) -> Result<Option<String>, Problem> {
        let identity = self.identity_of(person)?;
        Ok(value(&identity, "name").map(str::to_owned))
    }

    /// The signed document as JSON text.
    pub fn signed_document(&self, ready: &Ready) -> Result<String, Problem> {
        let position = ready.issued.by.position;
        let document = achievement::with_position(ready.document.clone(), &self.host, position);
        let created = format_s(ready.issued.recorded_at_ms);
        let signed =
            proof::sign(document, &ready.kid, &ready.key, &created).map_err(Problem::internal)?;
        serde_json::to_string_pretty(&signed).map_err(Problem::internal)
    }

    /// The COSE bytes of its code, with the proof that it is in the log or without.
    pub fn code(&self, ready: &Ready, name: NameShown, receipt: bool) -> Result<Vec<u8>, Problem> {
        let says = &ready.issued.says;
        let name = match name {
            NameShown::None => None,
            NameShown::Masked => self.name_of(says.person)?.map(|name| mask::name(&name)),
            NameShown::Full => self.name_of(says.person)?,
        };
        let receipt = if receipt {
            let proof = self
                .ledger
                .receipt(ready.issued.by.position)?
                .ok_or_else(|| Problem::internal("no receipt for a commit that is there"))?;
            let size = SignedNote::parse(&proof.checkpoint)
                .ok()
                .and_then(|note| Checkpoint::parse(note.text()).ok())
                .map(|checkpoint| checkpoint.size)
                .ok_or_else(|| Problem::internal("our own checkpoint cannot be read"))?;
            Some(Receipt {
                size,
                path: proof.path,
                checkpoint: proof.checkpoint.into_bytes(),
            })
        } else {
            None
        };
        let mut claims = claims(&ready.issued, &ready.document, &self.host);
        // The short form must fit version 10; the larger one has room for any name.
        let room = match receipt {
            Some(_) => NAME_BYTES_MAX,
            None => qr::short_bytes_max(&self.host)
                .saturating_sub(qr::short_len(&claims) + NAME_HEAD_BYTES)
                .min(NAME_BYTES_MAX),
        };
        claims.name = name.map(|name| clip(&name, room));
        claims.leaf = receipt.as_ref().map(|_| ready.issued.leaf);
        Ok(qr::sign(&claims, &ready.key, receipt.as_ref()))
    }
}

/// What the code says but for the name: the same for ever, whatever becomes of the outcome.
fn claims(issued: &Issued, document: &Map<String, Value>, host: &str) -> Claims {
    let Issued { says, by, .. } = issued;
    let fields = &says.fields;
    let title = document.get("name").and_then(Value::as_str);
    let counted = fields.scheme != Scheme::None;
    let seconds = issued.recorded_at_ms.div_euclid(1_000);
    let mut claims = Claims {
        expires_at: None,
        begins_at: None,
        issued_at: u64::try_from(seconds).unwrap_or_default(),
        id: says.credential,
        issuer: u64::from(says.issuer.0),
        kind: match fields.kind {
            OutcomeKind::Certificate => Kind::Certificate,
            _ => Kind::CreditRecord,
        },
        title: String::new(),
        amount: Some(says.credits.get()),
        // The first scheme is understood; it need not stand in the code.
        scheme: qr::Scheme::of(fields.scheme).filter(|scheme| counted && scheme.0 != 1),
        name: None,
        status: Some((u64::from(says.list), u64::from(says.index))),
        position: by.position,
        level: None,
        hours: None,
        learner: None,
        leaf: None,
        full: None,
        newer: 0,
    };
    // The same title in every form, with room left for a name: else two codes of one credential would differ.
    let room = qr::short_bytes_max(host)
        .saturating_sub(qr::short_len(&claims) + NAME_RESERVED_BYTES)
        .clamp(TITLE_BYTES_MIN, TITLE_BYTES_MAX);
    claims.title = clip(title.unwrap_or_default(), room);
    claims
}

/// Digests of what a credential says, to hold against what somebody shows; never stored.
#[derive(Debug, Clone, Copy)]
pub struct Content {
    document: Digest,
    claims: Digest,
}

impl Content {
    /// Whether a document or the text of a code says the same. What cannot be read says what it will:
    /// the pipeline refuses it.
    pub fn is_said_by(&self, bytes: &[u8], host: &str) -> bool {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return true;
        };
        if !text.trim_start().starts_with('{') {
            let claims = Message::parse(text, host)
                .ok()
                .and_then(|message| Claims::read(&message.payload).ok());
            return claims.is_none_or(|claims| said(claims) == self.claims);
        }
        let Ok(Value::Object(mut document)) = canonical::parse(text, Null::Refused) else {
            return true;
        };
        document.remove("proof");
        document.remove("evidence");
        achievement::to_text(&document)
            .is_ok_and(|text| Digest::of(text.as_bytes()) == self.document)
    }
}

/// Digest of the claims that do not depend on what the holder chose to show.
fn said(mut claims: Claims) -> Digest {
    claims.begins_at = None;
    claims.name = None;
    claims.learner = None;
    claims.leaf = None;
    claims.full = None;
    Digest::of(&claims.to_item().encode())
}

fn value<'a>(opened: &'a [Opened], name: &str) -> Option<&'a str> {
    opened
        .iter()
        .find(|value| value.name() == name)
        .and_then(Opened::expose_text)
}
