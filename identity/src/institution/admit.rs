//! institution.admit: the registrar lets an institution in, with its first key and two officers.

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use ledger::hash::Digest;
use ledger::key::PublicKey;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::activate_key::is_fragment;
use super::event::{Admitted, Custody, Event, KeyActivated, KeyUse, Level};
use super::registry::Registry;
use super::{registry, state::Institution, wire};
use crate::did::IssuerNumber;
use crate::identifier::{Malformed, credit_code, school_code};
use crate::officer::{self, Grantee};
use crate::role::Role;

/// The assertion's kind.
pub const KIND: &str = "institution.admit.v1";
/// The same with a pledge of the second assertion key, and the keys kept apart from it.
pub const KIND_V2: &str = "institution.admit.v2";
/// Longest name in characters.
pub const NAME_CHARS_MAX: usize = 120;

/// The assertion's data.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// 统一社会信用代码; this or the school code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_code: Option<String>,
    /// Its first assertion key.
    pub key: FirstKey,
    /// Where it stands.
    pub level: Level,
    /// Its name.
    pub name: String,
    /// Its number: the next free one.
    pub number: IssuerNumber,
    /// Two persons who act for it.
    pub officers: Vec<Uuid>,
    /// The institution above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<IssuerNumber>,
    /// 学校标识码; this or the credit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub school_code: Option<String>,
    /// Outcome kinds it may assert.
    pub scope: Vec<String>,
    /// A failed check character was looked at and accepted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub r#override: bool,
}

/// The key an institution starts with.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstKey {
    /// Who holds it.
    pub custody: Custody,
    /// The part of its name behind `#`.
    pub fragment: String,
    /// The key.
    pub key: PublicKey,
}

/// The second version's data.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataV2 {
    /// Its acknowledgement key, kept by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledgement: Option<KeyApart>,
    /// 统一社会信用代码; this or the school code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_code: Option<String>,
    /// Its first assertion key.
    pub key: FirstKey,
    /// Where it stands.
    pub level: Level,
    /// Its name.
    pub name: String,
    /// Hash of its second assertion key ([`super::seal::pledge`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Digest>,
    /// Its number: the next free one.
    pub number: IssuerNumber,
    /// Two persons who act for it.
    pub officers: Vec<Uuid>,
    /// A failed check character was looked at and accepted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub r#override: bool,
    /// The institution above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<IssuerNumber>,
    /// Its recovery key, kept by itself, offline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<KeyApart>,
    /// 学校标识码; this or the credit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub school_code: Option<String>,
    /// Outcome kinds it may assert.
    pub scope: Vec<String>,
}

/// A key that the institution keeps apart from its assertion key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyApart {
    /// The part of its name behind `#`.
    pub fragment: String,
    /// The key.
    pub key: PublicKey,
}

/// What the second version says besides.
#[derive(Debug, Clone, Default)]
pub struct More {
    /// Hash of its second assertion key.
    pub next: Option<Digest>,
    /// Its acknowledgement key.
    pub acknowledgement: Option<KeyApart>,
    /// Its recovery key.
    pub recovery: Option<KeyApart>,
}

/// Admit an institution.
#[derive(Debug)]
pub struct Admit {
    /// What is asked.
    pub data: Data,
    /// What the second version says besides.
    pub more: More,
}

impl Admit {
    /// What the second version asks.
    pub fn v2(data: DataV2) -> Self {
        Self {
            more: More {
                next: data.next,
                acknowledgement: data.acknowledgement,
                recovery: data.recovery,
            },
            data: Data {
                credit_code: data.credit_code,
                key: data.key,
                level: data.level,
                name: data.name,
                number: data.number,
                officers: data.officers,
                parent: data.parent,
                school_code: data.school_code,
                scope: data.scope,
                r#override: data.r#override,
            },
        }
    }
}

/// Why an admission is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdmitError {
    /// The number is another institution's, or not the next.
    #[error("number {asked} is not the next one: {next} is")]
    NumberNotNext {
        /// The number asked for.
        asked: IssuerNumber,
        /// The next free number.
        next: IssuerNumber,
    },
    /// The code belongs to an institution already.
    #[error("code {code} belongs to institution {number}")]
    CodeTaken {
        /// The code.
        code: String,
        /// Whose it is.
        number: IssuerNumber,
    },
    /// Neither code is given.
    #[error("an institution needs a school code or a credit code")]
    CodeMissing,
    /// A code is not of its form.
    #[error("{field}: {what}")]
    CodeMalformed {
        /// Which field.
        field: &'static str,
        /// What is wrong.
        what: String,
    },
    /// A check character does not fit and was not accepted by hand.
    #[error("{field}: the check character does not fit")]
    CheckDigit {
        /// Which field.
        field: &'static str,
    },
    /// The name is empty or too long.
    #[error("the name must have 1 to 120 characters")]
    Name,
    /// Not two different officers.
    #[error("an institution starts with two different officers")]
    Officers,
    /// The parent is not admitted.
    #[error("the parent, institution {0}, is not admitted")]
    ParentUnknown(IssuerNumber),
    /// The parent was closed or merged.
    #[error("the parent, institution {0}, is closed or merged")]
    ParentEnded(IssuerNumber),
    /// It would stand beside or above its parent. The registrar has everybody below it.
    #[error("an institution of this level does not stand below institution {0}")]
    LevelUnfit(IssuerNumber),
    /// The key is of mixed order, or its name is not a short ASCII word.
    #[error("the key, or its name, cannot be used")]
    Key,
}

/// The codes in their normal form.
struct Codes {
    school: Option<String>,
    credit: Option<String>,
}

impl Codes {
    fn all(&self) -> Vec<String> {
        self.school.iter().chain(&self.credit).cloned().collect()
    }
}

impl Decision for Admit {
    type Error = AdmitError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        let mut streams = vec![self.data.number.stream(), Registry::stream()];
        streams.extend(self.data.parent.map(IssuerNumber::stream));
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, AdmitError> {
        let data = &self.data;
        let registry = world.get::<Registry>(&Registry::stream());
        let codes = self.codes()?;
        for code in codes.all() {
            if let Some(number) = registry.holder(&code) {
                return Err(AdmitError::CodeTaken { code, number });
            }
        }
        let next = registry.next();
        if data.number != next {
            return Err(AdmitError::NumberNotNext {
                asked: data.number,
                next,
            });
        }
        if data.name.trim().is_empty() || data.name.chars().count() > NAME_CHARS_MAX {
            return Err(AdmitError::Name);
        }
        let [first, second] = data.officers.as_slice() else {
            return Err(AdmitError::Officers);
        };
        if first == second {
            return Err(AdmitError::Officers);
        }
        self.check_parent(world)?;
        self.check_keys()?;
        Ok(Verdict::Facts(self.facts(&codes)))
    }
}

impl Admit {
    /// Both codes in their normal form.
    fn codes(&self) -> Result<Codes, AdmitError> {
        let malformed = |field| {
            move |error: Malformed| AdmitError::CodeMalformed {
                field,
                what: error.to_string(),
            }
        };
        let school = self
            .data
            .school_code
            .as_deref()
            .map(school_code::check)
            .transpose();
        let credit = self
            .data
            .credit_code
            .as_deref()
            .map(credit_code::check)
            .transpose();
        let school = school.map_err(malformed("school_code"))?;
        let credit = credit.map_err(malformed("credit_code"))?;
        if school.is_none() && credit.is_none() {
            return Err(AdmitError::CodeMissing);
        }
        if credit
            .as_ref()
            .is_some_and(|checked| checked.finding.is_some())
            && !self.data.r#override
        {
            return Err(AdmitError::CheckDigit {
                field: "credit_code",
            });
        }
        Ok(Codes {
            school: school.map(|it| it.normalised),
            credit: credit.map(|it| it.normalised),
        })
    }

    /// The tree of 组织中枢: a parent was admitted before its children and no one moves, so there is no
    /// cycle, and levels fall on the way down.
    fn check_parent(&self, world: &World<'_>) -> Result<(), AdmitError> {
        let Some(parent) = self.data.parent else {
            return Ok(());
        };
        let institution = world.get::<Institution>(&parent.stream());
        let above = institution
            .admitted
            .as_ref()
            .ok_or(AdmitError::ParentUnknown(parent))?;
        if institution.life.ended.is_some() {
            return Err(AdmitError::ParentEnded(parent));
        }
        if parent == IssuerNumber::REGISTRAR || self.data.level.is_below(above.level) {
            Ok(())
        } else {
            Err(AdmitError::LevelUnfit(parent))
        }
    }

    /// The keys kept apart, with their uses.
    fn apart(&self) -> impl Iterator<Item = (KeyUse, &KeyApart)> {
        let of = |r#use| move |key| (r#use, key);
        let acknowledgement = self.more.acknowledgement.as_ref();
        let recovery = self.more.recovery.as_ref();
        acknowledgement
            .map(of(KeyUse::Acknowledgement))
            .into_iter()
            .chain(recovery.map(of(KeyUse::Recovery)))
    }

    /// Each can be used, and no two are one.
    fn check_keys(&self) -> Result<(), AdmitError> {
        let first = (&self.data.key.fragment, &self.data.key.key);
        let mut keys = vec![first];
        keys.extend(self.apart().map(|(_, key)| (&key.fragment, &key.key)));
        let sound = keys.iter().enumerate().all(|(i, (fragment, key))| {
            let again = keys
                .iter()
                .skip(i + 1)
                .any(|(name, other)| name == fragment || other == key);
            is_fragment(fragment) && PublicKey::register(key.as_bytes()).is_ok() && !again
        });
        if sound { Ok(()) } else { Err(AdmitError::Key) }
    }

    fn facts(&self, codes: &Codes) -> Vec<ledger::fact::Fact> {
        let data = &self.data;
        let number = data.number;
        let mut facts = vec![
            wire::to_fact(
                number,
                Event::Admitted(Admitted {
                    number,
                    name: data.name.trim().into(),
                    school_code: codes.school.clone(),
                    credit_code: codes.credit.clone(),
                    level: data.level,
                    parent: data.parent,
                    scope: data.scope.clone(),
                    officers: data.officers.clone(),
                }),
            ),
            wire::to_fact(
                number,
                Event::KeyActivated(KeyActivated {
                    fragment: data.key.fragment.clone(),
                    key: data.key.key.clone(),
                    r#use: KeyUse::Assertion,
                    custody: data.key.custody,
                    next: self.more.next,
                }),
            ),
            registry::numbered(number, codes.all()),
        ];
        facts.extend(self.apart().map(|(r#use, key)| {
            let activated = KeyActivated {
                fragment: key.fragment.clone(),
                key: key.key.clone(),
                r#use,
                custody: Custody::Own,
                next: None,
            };
            wire::to_fact(number, Event::KeyActivated(activated))
        }));
        for person in &data.officers {
            facts.extend(officer::wire::granted(Grantee {
                person: *person,
                role: Role::Institution,
                institution: Some(number),
            }));
        }
        facts
    }
}
