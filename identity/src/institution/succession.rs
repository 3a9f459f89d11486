//! Who answers for an institution that was merged, and for what that one signed or settled.
//!
//! Invariant: only an open institution takes another in, and one that was merged is never merged or
//! opened again: so there is no cycle, and a chain is at most [`GENERATIONS_MAX`] long.
//! A crash loses nothing: pure.

use std::convert::Infallible;
use std::sync::Arc;

use ledger::decision::World;
use ledger::fact::Stream;

use super::state::Institution;
use crate::did::IssuerNumber;

/// Longest chain of mergers.
pub const GENERATIONS_MAX: u32 = 8;
/// Most institutions that one answers for.
pub const ABSORBED_MAX: usize = 1_000;

/// The institution with those who answer for it since, so that what they said about it can be judged by
/// their own keys; `get` gives what is known of each.
pub fn whole<E>(
    number: IssuerNumber,
    get: impl FnMut(IssuerNumber) -> Result<Arc<Institution>, E>,
) -> Result<Arc<Institution>, E> {
    let mut chain = chain(number, get)?;
    let Some(mut whole) = chain.pop() else {
        return Ok(Arc::default());
    };
    let mut heirs = Vec::new();
    // From the last one up: each has all behind it.
    while let Some(above) = chain.pop() {
        heirs.insert(0, whole);
        let mut above = (*above).clone();
        above.heirs.clone_from(&heirs);
        whole = Arc::new(above);
    }
    Ok(whole)
}

/// The same of a decision's world, where [`streams`] were named.
pub fn in_world(world: &World<'_>, number: IssuerNumber) -> Arc<Institution> {
    let get =
        |number: IssuerNumber| Ok::<_, Infallible>(world.get::<Institution>(&number.stream()));
    match whole(number, get) {
        Ok(whole) => whole,
        Err(never) => match never {},
    }
}

/// The streams of an institution and of those who answer for it.
pub fn streams(world: &World<'_>, number: IssuerNumber) -> Vec<Stream> {
    let mut streams = Vec::new();
    let mut next = Some(number);
    for _ in 0..=GENERATIONS_MAX {
        let Some(stream) = next.map(IssuerNumber::stream) else {
            break;
        };
        next = world
            .knows(&stream)
            .then(|| world.get::<Institution>(&stream))
            .and_then(|institution| institution.life.ended?.into);
        streams.push(stream);
    }
    streams
}

fn chain<E>(
    number: IssuerNumber,
    mut get: impl FnMut(IssuerNumber) -> Result<Arc<Institution>, E>,
) -> Result<Vec<Arc<Institution>>, E> {
    let mut chain = Vec::with_capacity(1);
    let mut next = Some(number);
    for _ in 0..=GENERATIONS_MAX {
        let Some(number) = next else {
            break;
        };
        let institution = get(number)?;
        next = institution.life.ended.and_then(|ended| ended.into);
        chain.push(institution);
    }
    Ok(chain)
}
