//! Issuing: choosing id, key, list, bit and holder's key, and asking for the commit.

use std::sync::Arc;

use credentials::account::outcome::Fields;
use credentials::credential::issue::{Data, KIND};
use credentials::millicredits::Millicredits;
use credentials::status_list::{self, StatusList};
use credentials::vc::achievement::{self, Says};
use credentials::vc::status::{BITS, STEP};
use identity::did::{Did, IssuerNumber};
use identity::erasable::Commitments;
use identity::institution::{Institution, KeyUse};
use identity::purpose::Purpose;
use ledger::assertion::format_s;
use ledger::clock;
use ledger::key::SigningKey;
use serde_json::Value;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::value;
use crate::app::App;
use crate::extract::Caller;
use crate::problem::{Problem, Reason};
use crate::write::{Asking, Written};

/// How often it is tried anew when somebody was first.
const TRIES: usize = 8;
/// Multicodec prefix of an Ed25519 private key (`0x1300`, as a varint).
const ED25519_PRIV: [u8; 2] = [0x80, 0x26];

/// A credential issued now or before.
pub struct IssuedNow {
    /// Its id.
    pub credential: Uuid,
    /// What became of the write.
    pub written: Written,
}

/// What there is to do.
enum Issuing {
    /// One stands already.
    Stands(IssuedNow),
    /// Ask for this one.
    New(Box<Asking>, Uuid),
}

/// What is to be certified.
struct Chosen<'a> {
    issuer: IssuerNumber,
    person: Uuid,
    outcome: Uuid,
    fields: &'a Fields,
    credits: Millicredits,
    title: &'a str,
}

impl App {
    /// Issues a credential for an outcome; one that stands already is the answer.
    pub async fn issue(
        self: &Arc<Self>,
        caller: &Caller,
        person: Uuid,
        outcome: Uuid,
        id: Option<Uuid>,
    ) -> Result<IssuedNow, Problem> {
        for _try in 0..TRIES {
            let (asking, credential) = match self.issuing(caller, person, outcome, id)? {
                Issuing::Stands(stands) => return Ok(stands),
                Issuing::New(asking, credential) => (asking, credential),
            };
            match self.ask(*asking).await {
                Ok(written) if written.new.is_some() => {
                    return Ok(IssuedNow {
                        credential,
                        written,
                    });
                }
                // Somebody issued it meanwhile, or took the bit: look again.
                Ok(_) => {}
                Err(problem) if problem.reason == Reason::StatusIndexNotFree => {}
                Err(problem) => return Err(problem),
            }
        }
        Err(Problem::of(Reason::TooBusy))
    }

    fn issuing(
        &self,
        caller: &Caller,
        person: Uuid,
        outcome_id: Uuid,
        id: Option<Uuid>,
    ) -> Result<Issuing, Problem> {
        let issuer = caller.institution.ok_or(Problem::of(Reason::NotAllowed))?;
        let account = self.whole(person)?.account;
        let outcome = account
            .outcome(outcome_id)
            .ok_or(Problem::of(Reason::OutcomeUnknown))?;
        let person = outcome.person;
        let awarder = outcome.origin.awarder;
        if awarder != issuer && !self.institution(issuer)?.answers_for(awarder) {
            self.may_read_outcome(caller, person, awarder)?;
            return Err(Problem::of(Reason::OutcomeNotYours));
        }
        if let Some(issued) = self.live_of(outcome)? {
            return Ok(Issuing::Stands(IssuedNow {
                credential: issued.says.credential,
                written: Written {
                    id: issued.by.id,
                    position: issued.by.position,
                    new: None,
                },
            }));
        }
        let said = self.vault.opened(
            person,
            Purpose::StudyRecord,
            outcome.said_by,
            &outcome.values,
        )?;
        let awarder = self.institution(awarder)?;
        let chosen = Chosen {
            issuer,
            person,
            outcome: outcome_id,
            fields: &outcome.fields,
            credits: account
                .current_lot(outcome, &awarder)
                .map_or(Millicredits::ZERO, |lot| lot.credit),
            title: value(&said, "title").ok_or(Problem::of(Reason::TitleMissing))?,
        };
        self.draft(caller, &chosen, id)
    }

    fn draft(
        &self,
        caller: &Caller,
        chosen: &Chosen<'_>,
        id: Option<Uuid>,
    ) -> Result<Issuing, Problem> {
        let Chosen { issuer, person, .. } = *chosen;
        let institution = self.ledger.state::<Institution>(&issuer.stream())?;
        let profile = institution
            .admitted
            .as_ref()
            .ok_or(Problem::of(Reason::InstitutionUnknown))?;
        let did = Did::new(&self.host, issuer);
        let (kid, _) = self
            .kept_key(&institution, issuer, KeyUse::Credential)?
            .ok_or(Problem::of(Reason::CredentialKeyMissing))?;
        let key = institution
            .key_named(&kid)
            .ok_or_else(|| Problem::internal("a key that the platform keeps has no name"))?
            .fragment
            .clone();
        let (list, index) = self.free_bit(issuer)?;
        let now_ms = self.now_ms();
        let credential = clock::uuid_v7(now_ms);
        let seed = Zeroizing::new(clock::random::<32>());
        let subject = SigningKey::from_seed(&seed).public().did_key();
        let document = achievement::document(&Says {
            id: credential,
            host: &self.host,
            issuer: issuer.0,
            issuer_did: &did.to_string(),
            issuer_name: &profile.name,
            subject: &subject,
            outcome: chosen.outcome,
            title: chosen.title,
            fields: chosen.fields,
            credits: chosen.credits,
            valid_from: &format_s(now_ms),
            list,
            index,
        });
        let text = achievement::to_text(&document).map_err(Problem::internal)?;
        let data = Data {
            values: Commitments::default(),
            credential,
            credits: chosen.credits,
            index,
            issuer,
            key,
            list,
            fields: chosen.fields.clone(),
            outcome: chosen.outcome,
            person,
            subject,
        };
        let asking = Asking {
            values: vec![
                ("document", Value::String(text)),
                ("subject_key", Value::String(private_multikey(&seed))),
            ],
            id,
            ..Asking::open(caller, KIND, &data)?
        };
        Ok(Issuing::New(Box::new(asking), credential))
    }

    /// A random bit that no credential has, in the first list that is not three quarters full.
    fn free_bit(&self, issuer: IssuerNumber) -> Result<(u32, u32), Problem> {
        let mut list = 1;
        loop {
            let stream = status_list::wire::stream(issuer, list);
            let state = self.ledger.state::<StatusList>(&stream)?;
            if state.given < BITS / 4 * 3 {
                loop {
                    let index = u32::from_be_bytes(clock::random()) % BITS;
                    if !state.is_used(index) {
                        return Ok((list, index));
                    }
                }
            }
            list += STEP;
        }
    }
}

/// The holder's private key as a Multikey: `z3u2…`.
fn private_multikey(seed: &[u8; 32]) -> String {
    let bytes = Zeroizing::new([&ED25519_PRIV[..], seed].concat());
    format!("z{}", bs58::encode(bytes.as_slice()).into_string())
}
