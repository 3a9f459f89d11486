//! What the registrar says of an institution as a whole, ready-made.

use identity::did::IssuerNumber;
use identity::institution::admit::FirstKey;
use identity::institution::{
    Custody, Ground, Level, close, merge, rename, revive, succession, suspend,
};
use identity::role::Role;
use serde::Serialize;

use super::asking::{Asking, Signer, officer, person, registrar};
use super::given::{Given, Written};
use super::keeping::{pledge, proof};
use super::said;

fn says(kind: &str, data: &impl Serialize) -> Asking {
    Asking::new(Signer::registrar(), kind, data).by(registrar(), "registrar")
}

/// Another name for institution `number`.
pub fn rename(number: u32, name: &str) -> Asking {
    let data = rename::Data {
        institution: IssuerNumber(number),
        name: name.into(),
    };
    says(rename::KIND, &data)
}

/// Institution `number` acts no more, for now.
pub fn suspend(number: u32) -> Asking {
    let data = suspend::Data {
        institution: IssuerNumber(number),
        reason: Ground::Supervision,
    };
    says(suspend::SUSPEND, &data)
}

/// Institution `number` acts again.
pub fn reinstate(number: u32) -> Asking {
    let data = suspend::ReinstateData {
        institution: IssuerNumber(number),
    };
    says(suspend::REINSTATE, &data)
}

/// Institution `number` acts no more.
pub fn close(number: u32) -> Asking {
    let data = close::Data {
        institution: IssuerNumber(number),
        reason: Ground::Dissolved,
    };
    says(close::KIND, &data)
}

/// Institution `number` goes up in `into`.
pub fn merge(number: u32, into: u32) -> Asking {
    let data = merge::Data {
        institution: IssuerNumber(number),
        into: IssuerNumber(into),
    };
    says(merge::KIND, &data)
}

/// With what institution `number` starts again: its key `fragment`, and officers 3 and 4.
pub fn revival(number: u32, fragment: &str) -> revive::Data {
    let key = Signer::new(number, fragment);
    revive::Data {
        institution: IssuerNumber(number),
        key: FirstKey {
            custody: Custody::Own,
            fragment: fragment.into(),
            key: key.public(),
        },
        next: pledge(number, "key-9"),
        officers: vec![officer(number, 3), officer(number, 4)],
        proof: proof(&key),
    }
}

/// Institution `number` starts again.
pub fn revive(data: &revive::Data) -> Asking {
    says(revive::KIND, data)
}

/// A province with a second registrar, person 5.
pub fn province() -> Given {
    Given::genesis().appointed(person(5), Role::Registrar, None)
}

impl Given {
    /// … where institution `number` of this level stands below `parent`.
    #[must_use]
    pub fn placed(self, number: u32, level: Level, parent: Option<u32>) -> Self {
        let mut data = said::admission(number);
        data.level = level;
        data.parent = parent.map(IssuerNumber);
        self.admitted_as(&data)
    }

    /// Two registrars say so.
    pub fn governed(&mut self, asking: &Asking) -> Written {
        let proposal = self.makes(asking);
        assert_eq!(proposal.kinds(), ["approval.proposed.v1"]);
        self.makes(&said::approve(proposal.target, person(5), "registrar"))
    }

    /// Institution `number` with who answers for it since.
    pub fn whole(&self, number: u32) -> std::sync::Arc<identity::institution::Institution> {
        let get = |number: IssuerNumber| {
            Ok::<_, std::convert::Infallible>(std::sync::Arc::new(self.state(&number.stream())))
        };
        match succession::whole(IssuerNumber(number), get) {
            Ok(whole) => whole,
            Err(never) => match never {},
        }
    }
}
