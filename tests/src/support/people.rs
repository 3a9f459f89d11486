//! What is asked about levels, delegations, consent and recovery.

use identity::erasable::Commitments;
use identity::person::delegation::{Basis, Scope, end, grant, narrow};
use identity::person::recovery::{complete, sheet, start, veto};
use identity::person::{assurance, consent};
use jiff::civil::Date;
use uuid::Uuid;

use super::asking::{Asking, Signer, registrar};
use super::said;

/// The first registrar asks.
pub fn by_registrar(kind: &str, data: &impl serde::Serialize) -> Asking {
    Asking::new(Signer::registrar(), kind, data).by(registrar(), "registrar")
}

/// A learner asks.
pub fn by_learner(who: Uuid, kind: &str, data: &impl serde::Serialize) -> Asking {
    Asking::new(Signer::registrar(), kind, data).by(who, "learner")
}

/// The ledger says.
pub fn by_ledger(kind: &str, data: &impl serde::Serialize) -> Asking {
    Asking::new(said::ledger_key(), kind, data)
}

/// `agent` asks in the name of `principal`.
pub fn by_proxy(agent: Uuid, principal: Uuid, kind: &str, data: &impl serde::Serialize) -> Asking {
    let mut asking = Asking::new(Signer::registrar(), kind, data).by(agent, "proxy");
    if let Some(act) = &mut asking.act {
        act.on_behalf_of = Some(principal);
    }
    asking
}

/// A document was seen.
pub fn documented(person: Uuid) -> Asking {
    raised(person, assurance::Method::Document)
}

/// Something was seen.
pub fn raised(person: Uuid, method: assurance::Method) -> Asking {
    let data = assurance::RaiseData {
        values: Commitments::default(),
        method,
        person,
    };
    by_registrar(assurance::RAISE, &data)
}

/// The level is said to be lower.
pub fn lowered(person: Uuid, level: u8) -> Asking {
    let data = assurance::LowerData {
        values: Commitments::default(),
        level: level.try_into().expect("a level"),
        person,
    };
    by_registrar(assurance::LOWER, &data)
}

/// `agent` may view in the name of `person` until that day.
pub fn proxy(person: Uuid, agent: Uuid, until: Date) -> grant::Data {
    grant::Data {
        values: Commitments::default(),
        agent,
        basis: Basis::Proxy,
        person,
        scopes: vec![Scope::View],
        unpressed: true,
        until,
        uses_max: None,
    }
}

/// `agent` is the guardian of `person` until that day.
pub fn guardian(person: Uuid, agent: Uuid, until: Date) -> grant::Data {
    grant::Data {
        basis: Basis::Guardian,
        scopes: vec![Scope::Consent, Scope::Erase, Scope::View],
        ..proxy(person, agent, until)
    }
}

/// The person lets the other act.
pub fn grants(data: &grant::Data) -> Asking {
    by_learner(data.person, grant::KIND, data)
}

/// A registrar enters it.
pub fn enters(data: &grant::Data) -> Asking {
    by_registrar(grant::KIND, data)
}

/// `who` takes it back or gives it back.
pub fn revokes(who: Uuid, person: Uuid, delegation: Uuid) -> Asking {
    by_learner(who, end::REVOKE, &end::Data { delegation, person })
}

/// The ledger ends it.
pub fn expires(person: Uuid, delegation: Uuid) -> Asking {
    by_ledger(end::EXPIRE, &end::Data { delegation, person })
}

/// The person narrows it.
pub fn narrows(person: Uuid, delegation: Uuid, scopes: &[Scope], until: Date) -> Asking {
    let data = narrow::Data {
        delegation,
        person,
        scopes: scopes.to_vec(),
        until,
    };
    by_learner(person, narrow::KIND, &data)
}

/// Consent to notices outside the account.
pub fn contact(person: Uuid) -> consent::Data {
    consent::Data {
        edition: 1,
        person,
        r#use: consent::Use::Contact,
    }
}

/// A registrar asks for the way back.
pub fn starts(person: Uuid, elder: bool) -> Asking {
    let data = start::StartData {
        values: said::values(1),
        elder,
        person,
    };
    by_registrar(start::START, &data)
}

/// The person asks for a sheet.
pub fn sheet(person: Uuid, sheet: Uuid) -> Asking {
    by_learner(person, sheet::KIND, &sheet::Data { person, sheet })
}

/// Somebody typed the code of the sheet.
pub fn claims(person: Uuid, sheet: Uuid) -> Asking {
    by_ledger(start::CLAIM, &start::ClaimData { person, sheet })
}

/// `who` says no.
pub fn vetoes(who: Uuid, person: Uuid, recovery: Uuid) -> Asking {
    by_learner(who, veto::KIND, &veto::Data { person, recovery })
}

/// One of the officers at the counter completes it.
pub fn opens(person: Uuid, recovery: Uuid) -> Asking {
    by_registrar(complete::AT_COUNTER, &complete::Data { person, recovery })
}

/// The code of the sheet was typed again.
pub fn completes(person: Uuid, recovery: Uuid) -> Asking {
    by_ledger(complete::KIND, &complete::Data { person, recovery })
}
