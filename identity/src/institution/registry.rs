//! The province's list of numbers and codes: stream `registry/province`.
//!
//! Invariant: a number or a code, once given, is never given to another (DOMAIN §3.18).

use std::collections::HashMap;

use ledger::decision::{Aggregate, Occurred, Unreadable};
use ledger::fact::{Fact, Stream};
use serde::{Deserialize, Serialize};

use crate::did::IssuerNumber;
use crate::wire::{fact, read, unknown};

/// institution.numbered.v1
pub const NUMBERED_V1: &str = "institution.numbered.v1";

/// A number and its codes were given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered {
    /// The number.
    pub number: IssuerNumber,
    /// Codes in their normal form.
    pub codes: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NumberedV1 {
    codes: Vec<String>,
    number: IssuerNumber,
}

/// Numbers and codes given so far.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    last: u32,
    codes: HashMap<String, IssuerNumber>,
}

impl Registry {
    /// Its stream.
    pub fn stream() -> Stream {
        Stream::new(Self::NOUN, "province")
    }

    /// The next free number; 0 is the registrar's.
    pub fn next(&self) -> IssuerNumber {
        IssuerNumber(self.last.saturating_add(1))
    }

    /// Whose `code` is.
    pub fn holder(&self, code: &str) -> Option<IssuerNumber> {
        self.codes.get(code).copied()
    }
}

/// The fact that `number` and `codes` were given.
pub fn numbered(number: IssuerNumber, codes: Vec<String>) -> Fact {
    fact(
        Registry::stream(),
        NUMBERED_V1,
        &NumberedV1 { codes, number },
    )
}

impl Aggregate for Registry {
    const NOUN: &'static str = "registry";
    type Event = Numbered;

    fn read(kind: &str, data: &str) -> Result<Numbered, Unreadable> {
        match kind {
            NUMBERED_V1 => read::<NumberedV1>("registry", kind, data).map(|v1| Numbered {
                number: v1.number,
                codes: v1.codes,
            }),
            _ => Err(unknown("registry", kind)),
        }
    }

    fn evolve(mut self, event: &Numbered, _at: &Occurred<'_>) -> Self {
        self.last = self.last.max(event.number.0);
        for code in &event.codes {
            self.codes.entry(code.clone()).or_insert(event.number);
        }
        self
    }
}
