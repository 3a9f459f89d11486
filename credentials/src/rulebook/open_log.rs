//! log.open: the first commit. It carries its own key, which trust bundle and printed sheet pin.

use identity::did::IssuerNumber;
use identity::institution::event::{Admitted, Event, KeyActivated, Level};
use identity::institution::{self, Custody, KeyUse};
use identity::officer::{self, Grantee};
use identity::role::Role;
use ledger::assertion::Assertion;
use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use ledger::key::PublicKey;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::policy::{self, Adopted, PolicyRef};

/// The assertion's kind.
pub const KIND: &str = "log.open.v1";

/// The assertion's data.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// The registrar's keys and the log's own.
    pub keys: Vec<Key>,
    /// The registrar's name.
    pub name: String,
    /// The first registrar and the three administrators: four persons.
    pub officers: Vec<Officer>,
    /// The policy in force from here on.
    pub policy: PolicyRef,
}

/// A key of the registrar.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Who holds it.
    pub custody: Custody,
    /// The part of its name behind `#`.
    pub fragment: String,
    /// The key.
    pub key: PublicKey,
    /// What it may sign.
    #[serde(deserialize_with = "institution::wire::first_use")]
    pub r#use: KeyUse,
}

/// A first officer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Officer {
    /// Who.
    pub person: Uuid,
    /// As what.
    pub role: Role,
}

/// Open the log.
#[derive(Debug)]
pub struct OpenLog {
    /// What is asked.
    pub data: Data,
}

/// Why a log is not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenLogError {
    /// A log has one beginning.
    #[error("the log is open already: log.open is its first commit and no other")]
    NotFirst,
    /// Not one key of each use, or two of one name.
    #[error(
        "the registrar starts with one key for assertion, bundle, ledger, checkpoint and recovery each"
    )]
    Keys,
    /// Not four different persons in the four roles.
    #[error("four different persons start: registrar, system, security and audit")]
    Officers,
    /// The policy is not one this program ships.
    #[error("policy {0} version {1} with that hash is not known here")]
    PolicyUnknown(String, u32),
}

/// The key that signs the first commit, from the commit itself.
pub(super) fn key(assertion: &Assertion) -> Option<PublicKey> {
    let data: Data = serde_json::from_str(assertion.data().get()).ok()?;
    let did = identity::did::Did::parse(assertion.kid().did())?;
    let host = assertion.log().split('/').next()?;
    let (_, fragment) = assertion.kid().as_str().split_once('#')?;
    let ours = did.issuer == IssuerNumber::REGISTRAR && did.host_plain() == host;
    let key = data
        .keys
        .into_iter()
        .find(|key| key.fragment == fragment && key.r#use == KeyUse::Assertion);
    key.filter(|_| ours).map(|key| key.key)
}

impl Decision for OpenLog {
    type Error = OpenLogError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        vec![IssuerNumber::REGISTRAR.stream()]
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, OpenLogError> {
        if world.position != 0 {
            return Err(OpenLogError::NotFirst);
        }
        self.check_keys()?;
        self.check_officers()?;
        let data = &self.data;
        if policy::shipped(&data.policy).is_err() {
            return Err(OpenLogError::PolicyUnknown(
                data.policy.id.clone(),
                data.policy.version,
            ));
        }
        let registrar = IssuerNumber::REGISTRAR;
        let admitted = Admitted {
            number: registrar,
            name: data.name.clone(),
            school_code: None,
            credit_code: None,
            level: Level::Province,
            parent: None,
            scope: Vec::new(),
            officers: data.officers.iter().map(|officer| officer.person).collect(),
        };
        let mut facts = vec![institution::wire::to_fact(
            registrar,
            Event::Admitted(admitted),
        )];
        facts.extend(data.keys.iter().map(|key| {
            let activated = KeyActivated {
                fragment: key.fragment.clone(),
                key: key.key.clone(),
                r#use: key.r#use,
                custody: key.custody,
                next: None,
            };
            institution::wire::to_fact(registrar, Event::KeyActivated(activated))
        }));
        for Officer { person, role } in &data.officers {
            let grant = Grantee {
                person: *person,
                role: *role,
                institution: None,
            };
            facts.extend(officer::wire::granted(grant));
        }
        facts.push(Adopted::fact(&data.policy));
        Ok(Verdict::Facts(facts))
    }
}

impl OpenLog {
    fn check_keys(&self) -> Result<(), OpenLogError> {
        let keys = &self.data.keys;
        let one_each = [
            KeyUse::Assertion,
            KeyUse::Bundle,
            KeyUse::Ledger,
            KeyUse::Checkpoint,
            KeyUse::Recovery,
        ]
        .iter()
        .all(|r#use| keys.iter().filter(|key| key.r#use == *r#use).count() == 1);
        let distinct = keys.iter().enumerate().all(|(i, key)| {
            keys.iter()
                .skip(i + 1)
                .all(|other| other.fragment != key.fragment && other.key != key.key)
        });
        let sound = keys
            .iter()
            .all(|key| PublicKey::register(key.key.as_bytes()).is_ok());
        if one_each && distinct && sound && keys.len() == 5 {
            Ok(())
        } else {
            Err(OpenLogError::Keys)
        }
    }

    fn check_officers(&self) -> Result<(), OpenLogError> {
        let officers = &self.data.officers;
        let one_each = [Role::Registrar, Role::System, Role::Security, Role::Audit]
            .iter()
            .all(|role| {
                officers
                    .iter()
                    .filter(|officer| officer.role == *role)
                    .count()
                    == 1
            });
        let distinct = officers.iter().enumerate().all(|(i, officer)| {
            officers
                .iter()
                .skip(i + 1)
                .all(|other| other.person != officer.person)
        });
        if one_each && distinct && officers.len() == 4 {
            Ok(())
        } else {
            Err(OpenLogError::Officers)
        }
    }
}
