//! The numbers that turned out to be one person's, as the streams of persons tell it.
//!
//! A walk never ends in a circle: a number that was met is not met again.

use std::convert::Infallible;
use std::sync::Arc;

use ledger::decision::World;
use ledger::fact::Stream;
use uuid::Uuid;

use super::state::Person;
use super::wire;

/// `person` and every number that was merged into it, directly or through another, the given one first.
pub fn numbers<E>(
    person: Uuid,
    mut get: impl FnMut(Uuid) -> Result<Arc<Person>, E>,
) -> Result<Vec<(Uuid, Arc<Person>)>, E> {
    let mut met = vec![(person, get(person)?)];
    let mut next = 0;
    while let Some((_, state)) = met.get(next) {
        let absorbed: Vec<Uuid> = state.absorbed.iter().map(|(number, _)| *number).collect();
        for number in absorbed {
            if met.iter().all(|(known, _)| *known != number) {
                met.push((number, get(number)?));
            }
        }
        next += 1;
    }
    Ok(met)
}

/// The same, of what a decision knows.
pub fn in_world(world: &World<'_>, person: Uuid) -> Vec<(Uuid, Arc<Person>)> {
    let get = |number| Ok::<_, Infallible>(world.get::<Person>(&wire::stream(number)));
    match numbers(person, get) {
        Ok(numbers) => numbers,
        Err(never) => match never {},
    }
}

/// The streams that [`in_world`] reads, as far as they are known by now.
pub fn streams(world: &World<'_>, person: Uuid) -> Vec<Stream> {
    let numbers = in_world(world, person);
    numbers.iter().map(|(it, _)| wire::stream(*it)).collect()
}
