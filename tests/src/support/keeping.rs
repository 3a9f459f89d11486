//! What an institution says of its keys: rotations, cut-offs, floors, settlements; ready-made.

use identity::did::IssuerNumber;
use identity::institution::admit::{self, KeyApart};
use identity::institution::{
    Custody, KeyUse, Ranges, Settlement, activate_key, compromise_key, reaffirm_history,
    recover_key, rotate_key, seal, seal::Seal, settle_entries,
};
use identity::role::Role;
use ledger::assertion::Target;
use ledger::hash::Digest;

use super::asking::{Asking, Signer, officer, origin, person, registrar};
use super::given::{Given, Written};
use super::said;

/// The acknowledgement key of school `number`.
pub fn acknowledgement(number: u32) -> Signer {
    Signer::new(number, "ack-1")
}

/// The recovery key of school `number`.
pub fn recovery(number: u32) -> Signer {
    Signer::new(number, "recovery-1")
}

/// What pledges the key `fragment` of school `number`.
pub fn pledge(number: u32, fragment: &str) -> Digest {
    seal::pledge(&Signer::new(number, fragment).public())
}

/// The key's own signature over its name.
pub fn proof(key: &Signer) -> Seal {
    let number = IssuerNumber(key.number);
    let text = seal::possession(&origin(), number, &key.fragment, &key.public());
    Seal::of(&key.key(), &text)
}

/// A school with a key of its own that pledges `key-2`, and both keys apart.
pub fn admission(number: u32) -> admit::DataV2 {
    let first = said::admission(number);
    let apart = |signer: Signer| KeyApart {
        key: signer.public(),
        fragment: signer.fragment,
    };
    admit::DataV2 {
        acknowledgement: Some(apart(acknowledgement(number))),
        credit_code: first.credit_code,
        key: first.key,
        level: first.level,
        name: first.name,
        next: Some(pledge(number, "key-2")),
        number: first.number,
        officers: first.officers,
        r#override: first.r#override,
        parent: first.parent,
        recovery: Some(apart(recovery(number))),
        school_code: first.school_code,
        scope: first.scope,
    }
}

/// A log where two more registrars, persons 5 and 6, approve, and school 1 was admitted so at `position`.
pub fn school(position: u64) -> Given {
    let mut given = Given::genesis()
        .appointed(person(5), Role::Registrar, None)
        .appointed(person(6), Role::Registrar, None);
    let asking = Asking::new(Signer::registrar(), admit::KIND_V2, &admission(1))
        .by(registrar(), "registrar");
    given.skip_to(position - 1);
    let proposal = given.makes(&asking).target;
    given.makes(&said::approve(proposal, person(5), "registrar"));
    given
}

/// The first officer of school `number` activates `key`, proven.
pub fn activate(key: &Signer, r#use: KeyUse) -> Asking {
    let data = activate_key::DataV2 {
        custody: Custody::Own,
        fragment: key.fragment.clone(),
        institution: IssuerNumber(key.number),
        key: key.public(),
        next: None,
        proof: proof(key),
        r#use,
    };
    Asking::new(Signer::school(key.number), activate_key::KIND_V2, &data)
        .by(officer(key.number, 1), "institution")
}

/// The data by which a key gives its place to `new`, which pledges `next`.
pub fn rotation(new: &Signer, next: &str) -> rotate_key::Data {
    rotate_key::Data {
        custody: Custody::Own,
        fragment: new.fragment.clone(),
        institution: IssuerNumber(new.number),
        key: new.public(),
        next: pledge(new.number, next),
        proof: proof(new),
    }
}

/// `old` gives its place to `new`; the first officer asks.
pub fn rotate(old: &Signer, new: &Signer, next: &str) -> Asking {
    Asking::new(old.clone(), rotate_key::KIND, &rotation(new, next))
        .by(officer(old.number, 1), "institution")
}

/// The data by which the recovery key puts `new` in the place of `old`.
pub fn replacement(old: &str, new: &Signer, next: &str) -> recover_key::Data {
    let like = rotation(new, next);
    recover_key::Data {
        custody: like.custody,
        fragment: like.fragment,
        institution: like.institution,
        key: like.key,
        next: like.next,
        old: old.into(),
        proof: like.proof,
    }
}

/// The recovery key puts `new` in the place of `old`.
pub fn recover(old: &str, new: &Signer, next: &str) -> Asking {
    let data = replacement(old, new, next);
    Asking::new(recovery(new.number), recover_key::KIND, &data)
}

/// The recovery key of school `number` declares the cut-off `q` of `fragment`.
pub fn compromise(number: u32, fragment: &str, q: u64) -> Asking {
    let data = compromise_key::Data {
        fragment: fragment.into(),
        institution: IssuerNumber(number),
        not_valid_after: q,
    };
    Asking::new(recovery(number), compromise_key::KIND, &data)
}

/// School `number` stands for its history.
pub fn reaffirm(number: u32, through: u64, except: &[u64]) -> Asking {
    let data = reaffirm_history::Data {
        except: except.to_vec(),
        institution: IssuerNumber(number),
        through,
    };
    Asking::new(acknowledgement(number), reaffirm_history::KIND, &data)
}

/// The data by which a school settles `ranges`; `key` agrees.
pub fn settling(
    how: Settlement,
    key: &Signer,
    ranges: impl IntoIterator<Item = (u64, u64)>,
) -> settle_entries::Data {
    let (institution, ranges) = (IssuerNumber(key.number), Ranges::of(ranges));
    // No rule can look at leaves: what stands there is the signers' and the auditors' to know.
    let root = Digest::of(ranges.to_string().as_bytes());
    let text = seal::settlement(how, &origin(), institution, &ranges, &root);
    settle_entries::Data {
        institution,
        key: key.fragment.clone(),
        root,
        seal: Seal::of(&key.key(), &text),
        ranges,
    }
}

/// The acknowledgement key settles `ranges`; `key` agrees.
pub fn settle(
    how: Settlement,
    key: &Signer,
    ranges: impl IntoIterator<Item = (u64, u64)>,
) -> Asking {
    settle_with(
        how,
        acknowledgement(key.number),
        &settling(how, key, ranges),
    )
}

/// `signer` settles what `data` says.
pub fn settle_with(how: Settlement, signer: Signer, data: &settle_entries::Data) -> Asking {
    let kind = match how {
        Settlement::Reaffirmed => settle_entries::REAFFIRM,
        Settlement::Repudiated => settle_entries::REPUDIATE,
    };
    Asking::new(signer, kind, data)
}

impl Given {
    /// Nobody says anything until `position`.
    pub fn skip_to(&mut self, position: u64) {
        assert!(self.next <= position, "{} is past {position}", self.next);
        self.next = position;
    }

    /// Two officers of the registrar approve; the commit of the second causes the fact.
    pub fn registrars_agree(&mut self, proposal: Target) -> Written {
        let first = self.makes(&said::approve(proposal, person(5), "registrar"));
        assert_eq!(first.kinds(), ["approval.given.v1"]);
        self.makes(&said::approve(proposal, person(6), "registrar"))
    }

    /// The whole ceremony of a cut-off.
    pub fn cut_off(&mut self, number: u32, fragment: &str, q: u64) -> Written {
        let proposal = self.makes(&compromise(number, fragment, q)).target;
        self.registrars_agree(proposal)
    }
}
