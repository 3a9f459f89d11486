//! A person's account, put together from those of all numbers that turned out to be the person's.
//!
//! Invariant: an outcome stands in exactly one whole account, whatever was merged in which order; no
//! earlier fact moves, so taking a merge back needs no fact to be rewritten.

use std::convert::Infallible;
use std::sync::Arc;

use ledger::decision::World;
use ledger::fact::Stream;
use uuid::Uuid;

use super::state::Account;
use super::wire;

/// A person's account and who holds it.
#[derive(Debug, Clone)]
pub struct Whole {
    /// The number that stays: what is said of any of the person's outcomes stands in its stream.
    pub holder: Uuid,
    /// Every number whose account is in it, the holder's first.
    pub numbers: Vec<Uuid>,
    /// All of it.
    pub account: Arc<Account>,
}

/// The whole account of whoever `person` turned out to be; `get` reads the account of one number.
pub fn whole<E>(
    person: Uuid,
    get: impl FnMut(Uuid) -> Result<Arc<Account>, E>,
) -> Result<Whole, E> {
    let mut gathering = Gathering {
        get,
        numbers: Vec::with_capacity(1),
    };
    let holder = gathering.holder(person)?;
    let account = gathering.gather(holder)?;
    Ok(Whole {
        holder,
        numbers: gathering.numbers,
        account,
    })
}

/// The same, as a decision sees it.
pub fn in_world(world: &World<'_>, person: Uuid) -> Whole {
    let get = |number| Ok(world.get::<Account>(&wire::stream(number)));
    let Ok(whole) = whole::<Infallible>(person, get);
    whole
}

/// The most numbers that one person may have.
pub const NUMBERS_MAX: usize = 8;
/// The most merges that may stand one within another: a decision learns one more of them a round.
pub const DEPTH_MAX: usize = 3;

/// How many merges stand within one another in the account of `number`.
pub fn depth(world: &World<'_>, number: Uuid) -> usize {
    // No deeper than may be: edges that no decision drew may go round.
    depth_within(world, number, NUMBERS_MAX)
}

fn depth_within(world: &World<'_>, number: Uuid, left: usize) -> usize {
    if left == 0 {
        return 0;
    }
    let account = world.get::<Account>(&wire::stream(number));
    let parts = account.parts.iter();
    let below = parts.map(|part| 1 + depth_within(world, part.from, left - 1));
    below.max().unwrap_or(0)
}

/// What `number` brought to the account that took it in, as it stood when it was closed.
pub fn part(world: &World<'_>, number: Uuid) -> Whole {
    let get = |number| Ok(world.get::<Account>(&wire::stream(number)));
    let Ok(part) = brought::<Infallible>(number, get);
    part
}

/// The same; `get` reads the account of one number.
pub fn brought<E>(
    number: Uuid,
    get: impl FnMut(Uuid) -> Result<Arc<Account>, E>,
) -> Result<Whole, E> {
    let mut gathering = Gathering {
        get,
        numbers: Vec::with_capacity(1),
    };
    let account = gathering.gather(number)?;
    Ok(Whole {
        holder: number,
        numbers: gathering.numbers,
        account,
    })
}

/// The streams that [`in_world`] reads, as far as they can be told yet.
pub fn streams(world: &World<'_>, person: Uuid) -> Vec<Stream> {
    let mut named = Vec::with_capacity(1);
    let get = |number| {
        let stream = wire::stream(number);
        let account = if world.knows(&stream) {
            world.get::<Account>(&stream)
        } else {
            Arc::default()
        };
        named.push(stream);
        Ok(account)
    };
    let Ok(_whole) = whole::<Infallible>(person, get);
    named.dedup();
    named
}

struct Gathering<G> {
    get: G,
    numbers: Vec<Uuid>,
}

impl<G, E> Gathering<G>
where
    G: FnMut(Uuid) -> Result<Arc<Account>, E>,
{
    /// Follows the edges to the number that stays. Edges that no decision drew may go round.
    fn holder(&mut self, person: Uuid) -> Result<Uuid, E> {
        let mut seen = vec![person];
        let mut holder = person;
        while let Some((into, _)) = (self.get)(holder)?.absorbed_by {
            if seen.contains(&into) {
                break;
            }
            seen.push(into);
            holder = into;
        }
        Ok(holder)
    }

    fn gather(&mut self, number: Uuid) -> Result<Arc<Account>, E> {
        self.numbers.push(number);
        let own = (self.get)(number)?;
        if own.parts.is_empty() {
            return Ok(own);
        }
        let mut all = Account::clone(&own);
        for part in &own.parts {
            if !self.numbers.contains(&part.from) {
                let brought = self.gather(part.from)?;
                all.take_in(&brought);
            }
        }
        all.catch_up();
        Ok(Arc::new(all))
    }
}
