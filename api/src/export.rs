//! The copy of everything that is held of a person, for that person (PIPL 45), signed by the registrar.
//!
//! Invariant: it holds nothing that names anybody else; its signature is of a form that no other reader
//! takes (`typ`), stands in no commit and is kept nowhere, so that what was erased later is confirmed by
//! nothing of ours. Nothing is written: a crash loses an answer.

mod gather;
pub mod page;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::did::{Did, IssuerNumber};
use identity::person::delegation::{Basis, Scope};
use identity::person::{Person, wire};
use identity::role::Role;
use ledger::canonical;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::extract::Caller;
use crate::notices::Preferences;
use crate::problem::{Problem, Reason};
use crate::transcript::{Line, Totals};

/// `typ` of its signature: no assertion, no token, no proof of a machine has it.
pub const TYP: &str = "xf-export+jws";
/// The form of what is signed.
pub const FORM: &str = "xuefen-export-v1";

/// What is held of a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct Export {
    /// xuefen-export-v1.
    pub form: &'static str,
    /// The log that commits and proofs are of.
    pub log: String,
    /// Number of commits it was made from.
    pub position: u64,
    /// When it was made, RFC 3339.
    pub made_at: String,
    /// Who holds the data: the registrar's DID.
    pub by: String,
    /// The person's number.
    pub person: Uuid,
    /// Every number that turned out to be the person's, this one first.
    pub numbers: Vec<Uuid>,
    /// What the vault holds, opened, each with what proves it.
    pub values: Vec<Values>,
    /// Purposes whose values are erased, or closed to every use by a law: they are not in it.
    pub closed: Vec<String>,
    /// Every commit about the person, with its proof.
    pub commits: Vec<Commit>,
    /// What was learned, as it stands now.
    pub outcomes: Vec<Line>,
    /// Sums over that, one for each scheme.
    pub totals: Vec<Totals>,
    /// How sure it is who the person is, 0 to 4.
    pub assurance: u8,
    /// suspended or died, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<&'static str>,
    /// Who may act in the person's name, ended ones too.
    pub delegations: Vec<Delegated>,
    /// In whose name the person may act.
    pub acts_for: Vec<Delegated>,
    /// The uses that the person said yes to.
    pub consents: Vec<Consent>,
    /// What the person was told and that is still kept.
    pub notices: Vec<Told>,
    /// How the person wants to be told.
    pub preferences: Preferences,
    /// Where the person is signed in.
    pub sessions: Vec<SignedIn>,
    /// Passkeys that are kept of the person.
    pub passkeys: Vec<Passkey>,
    /// Access tokens that name the person.
    pub tokens: Vec<Token>,
    /// Staff roles that the person holds.
    pub roles: Vec<Held>,
    /// Whether a learning card is in force.
    pub card: bool,
    /// Whether a recovery sheet is in force.
    pub recovery_sheet: bool,
    /// What is not in it although it may name the person, and for how long that lives.
    pub left_out: Vec<LeftOut>,
}

/// The values of one assertion.
#[derive(Debug, Serialize, ToSchema)]
pub struct Values {
    /// For what they are kept.
    pub purpose: &'static str,
    /// The assertion that commits to them.
    pub assertion: Uuid,
    /// Position of its commit.
    pub position: u64,
    /// The values by name.
    #[schema(value_type = Object)]
    pub values: serde_json::Map<String, Value>,
    /// The same with their salts, as disclosures (SD-JWT, base64url): the SHA-256 of each stands in `_sd`
    /// of that commit's data.
    pub disclosures: Vec<String>,
}

/// A commit.
#[derive(Debug, Serialize, ToSchema)]
pub struct Commit {
    /// Id of its assertion.
    pub id: Uuid,
    /// Its position.
    pub position: u64,
    /// Kind of its assertion.
    pub kind: String,
    /// When it was recorded, Unix milliseconds.
    pub recorded_at_ms: i64,
    /// C2SP tlog-proof, with the commit.
    pub proof: String,
}

/// A delegation; the other side by its number alone.
#[derive(Debug, Serialize, ToSchema)]
pub struct Delegated {
    /// Its name.
    pub id: Uuid,
    /// In whose name.
    pub person: Uuid,
    /// Who may act.
    pub agent: Uuid,
    /// guardian or proxy.
    #[schema(value_type = String)]
    pub basis: Basis,
    /// What for.
    #[schema(value_type = Vec<String>)]
    pub scopes: Vec<Scope>,
    /// First day on which it is over.
    pub until: String,
    /// Position of the commit that gave it.
    pub position: u64,
    /// Position of the commit that ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<u64>,
}

/// A yes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Consent {
    /// For what.
    #[serde(rename = "use")]
    #[schema(value_type = String)]
    pub r#use: identity::person::consent::Use,
    /// The edition of the text.
    pub edition: u32,
    /// Position of the commit that says so.
    pub position: u64,
}

/// A notice, in both languages.
#[derive(Debug, Serialize, ToSchema)]
pub struct Told {
    /// About what.
    pub about: &'static str,
    /// Title in Chinese.
    pub title_zh: String,
    /// Title in English.
    pub title_en: String,
    /// When, Unix milliseconds.
    pub at_ms: i64,
    /// Position of the commit that it follows from.
    pub position: u64,
    /// Whether it was read.
    pub read: bool,
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedIn {
    /// In which role.
    pub role: &'static str,
    /// By which provider.
    pub by: String,
    /// From what.
    pub agent: crate::sign_in::session::Agent,
    /// The app that holds it, if it is no browser's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Since when, Unix milliseconds.
    pub signed_in_at_ms: i64,
    /// Used last, Unix milliseconds.
    pub used_at_ms: i64,
    /// When it ends by itself, Unix milliseconds.
    pub ends_at_ms: i64,
}

/// A passkey, as far as it is here: the secret never left its device.
#[derive(Debug, Serialize, ToSchema)]
pub struct Passkey {
    /// Its name in the log.
    pub id: Uuid,
    /// When it was added, Unix milliseconds.
    pub added_at_ms: i64,
    /// What its answers are checked by, with its counter: JSON, as the server's library writes it.
    pub credential: String,
}

/// An access token, without its secret, which nobody keeps.
#[derive(Debug, Serialize, ToSchema)]
pub struct Token {
    /// In which role.
    pub role: &'static str,
    /// What it is for.
    pub label: String,
    /// Until when, Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at_ms: Option<i64>,
}

/// A staff role.
#[derive(Debug, Serialize, ToSchema)]
pub struct Held {
    /// Which.
    pub role: &'static str,
    /// For which institution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub institution: Option<u32>,
    /// Position of the commit that gave it.
    pub position: u64,
}

/// What is not in the copy.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct LeftOut {
    /// In Chinese.
    pub zh: &'static str,
    /// In English.
    pub en: &'static str,
}

/// The copy as it is handed out.
#[derive(Serialize, ToSchema)]
pub struct SignedExport {
    /// The copy, in JCS (RFC 8785).
    #[schema(value_type = Export)]
    export: Box<RawValue>,
    /// Detached JWS (RFC 7515, appendix F) over those bytes; EdDSA, `typ` xf-export+jws, `kid` the
    /// registrar's assertion key, whose window the trust bundle has.
    signature: String,
}

/// The header of the signature; members in the order of JCS.
#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    kid: &'a str,
    typ: &'static str,
}

impl App {
    /// The number whose copy `caller` may take: the own one, or a child's as its guardian. A proxy of an
    /// adult reads, but takes nothing along that proves it to anybody for ever.
    pub fn may_export(&self, caller: &Caller, person: Uuid) -> Result<Uuid, Problem> {
        let holder = self.holder(person)?;
        let allowed = match caller.role {
            Role::Learner => caller.person == holder,
            Role::Proxy => {
                let by = self.delegation(caller.person, holder, Scope::View)?;
                by.is_some_and(|it| it.granted.basis == Basis::Guardian)
            }
            _ => false,
        };
        if !allowed {
            return Err(Problem::of(Reason::NotAllowed));
        }
        let state = self.ledger.state::<Person>(&wire::stream(holder))?;
        if !state.is_known() {
            return Err(Problem::of(Reason::PersonUnknown));
        }
        if state.is_forgotten() {
            return Err(Problem::of(Reason::Erased));
        }
        Ok(holder)
    }

    /// Everything held of `holder`. It reads the whole history of the person: call it where waiting is allowed.
    pub fn export(&self, holder: Uuid) -> Result<Export, Problem> {
        gather::of(self, holder)
    }

    /// Signs a copy with the registrar's key: whoever answers for the data says what it holds.
    pub fn sign_export(&self, export: &Export) -> Result<SignedExport, Problem> {
        let (kid, key) = self.signer(IssuerNumber::REGISTRAR)?;
        let export = canonical::to_raw(export).map_err(Problem::internal)?;
        let header = Header {
            alg: "EdDSA",
            kid: kid.as_str(),
            typ: TYP,
        };
        let header = canonical::to_vec(&header).map_err(Problem::internal)?;
        let header = URL_SAFE_NO_PAD.encode(header);
        let payload = URL_SAFE_NO_PAD.encode(export.get());
        let signature = key.sign(format!("{header}.{payload}").as_bytes());
        Ok(SignedExport {
            signature: format!("{header}..{}", URL_SAFE_NO_PAD.encode(signature)),
            export,
        })
    }

    /// The registrar's DID.
    fn registrar_did(&self) -> String {
        Did::new(&self.host, IssuerNumber::REGISTRAR).to_string()
    }
}
