//! The use cases about one account that held two people.

use identity::ask::Ask;

use super::kinds::Kind;
use super::{AnyDecision, Refusal, Use, read};
use crate::split::{agree, apply, propose, transfer, withdraw};

/// The use case of one of these kinds; `None` for any other.
pub(super) fn use_case(kind: &Kind, ask: &Ask, data: &str) -> Result<Option<AnyDecision>, Refusal> {
    let issuer = ask.issuer;
    Ok(Some(match kind.name {
        propose::KIND => Box::new(Use(propose::Propose {
            ask: ask.clone(),
            data: read(data)?,
        })),
        agree::KIND => Box::new(Use(agree::Agree {
            issuer,
            data: read(data)?,
        })),
        transfer::KIND => Box::new(Use(transfer::Transfer {
            issuer,
            target: ask.target,
            data: read(data)?,
        })),
        apply::KIND => Box::new(Use(apply::Apply {
            ask: ask.clone(),
            data: read(data)?,
        })),
        withdraw::KIND => Box::new(Use(withdraw::Withdraw {
            ask: ask.clone(),
            data: read(data)?,
        })),
        _ => return Ok(None),
    }))
}
