//! xuefen officers check: reads the log and what lies beside it, also while a server runs; changes nothing.
//!
//! Invariant: what is not known is not called good: where no sign-in was ever noted it fails and says so. Nothing
//! is created, so whoever runs it leaves no file that the server's own user cannot open. A crash costs a new run.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use identity::did::IssuerNumber;
use identity::institution::{Condition, Institution};
use identity::officer::Officer;
use identity::person::Person;
use ledger::clock::Clock;
use ledger::commit::Commit;
use ledger::decision::{Aggregate, Occurred};
use ledger::side::Side;
use ledger::side::sqlite::SqliteSide;
use ledger::store::Store as _;
use ledger::store::embedded::EmbeddedStore;
use uuid::Uuid;

use super::super::{Failure, term};
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::officers::check::{Basis, Finding, findings, tokens};
use crate::officers::uses::{All, Uses};
use crate::officers::{ClientKey, Held, Roster, clients, invited_since};
use crate::routes::officer_check::CheckAnswer;
use crate::token::Tokens;

/// What was asked.
pub(super) struct Asked {
    /// Whether what is printed is JSON.
    pub(super) json: bool,
    /// Whether the ways in of the demo belong there.
    pub(super) demo: bool,
}

/// Prints what is found; anything found is a failure, and so is not knowing.
pub(super) fn run(
    dir: &DataDir,
    config: &Config,
    clock: &Arc<dyn Clock>,
    asked: &Asked,
) -> Result<(), Failure> {
    dir.require_ledger().map_err(Failure::of)?;
    let side = beside(dir, clock)?;
    let store = EmbeddedStore::open_read_only(&dir.log()).map_err(Failure::of)?;
    let roster = roster(&store)?;
    let (uses, tokens) = match side {
        Some(side) => (
            Uses::new(Arc::clone(&side), Arc::clone(clock))
                .all()
                .map_err(Failure::of)?,
            tokens(&Tokens::new(side, Arc::clone(clock))).map_err(Failure::of)?,
        ),
        None => (All::default(), Vec::new()),
    };
    let noted = uses.begun_ms;
    let basis = Basis {
        uses,
        tokens,
        limits: &config.officers,
        bearer_tokens: config.sign_in.bearer_tokens,
        is_demo: asked.demo,
        now_ms: clock.now_ms(),
    };
    let found = findings(&roster, &basis);
    let number = found.len();
    if asked.json {
        let answer = CheckAnswer::of(noted, found);
        let text = serde_json::to_string(&answer).map_err(Failure::of)?;
        term::print(&text);
    } else {
        found.iter().for_each(print);
    }
    if noted.is_none() {
        let why = "no sign-in was ever noted here: whether an account is stale or shared is unknown until the server has run";
        return Err(Failure::Unconfirmed(format!("{number} findings; {why}")));
    }
    if number == 0 {
        term::note("no stale, shared or default account of an officer");
        return Ok(());
    }
    Err(Failure::Failed(format!("{number} findings")))
}

/// What lies beside the log, if a server ever ran here.
fn beside(dir: &DataDir, clock: &Arc<dyn Clock>) -> Result<Option<Arc<dyn Side>>, Failure> {
    let path = dir.side();
    if !path.try_exists().map_err(Failure::of)? {
        return Ok(None);
    }
    let side = SqliteSide::open_existing(&path, Arc::clone(clock)).map_err(Failure::of)?;
    Ok(Some(Arc::new(side)))
}

fn print(it: &Finding) {
    let or = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    term::print(&format!(
        "{} {} {} {} {} since {}: {}",
        it.what.as_str(),
        or(it.person.map(|it| it.to_string())),
        or(it.role.map(|it| it.to_string())),
        or(it.institution.map(|it| it.to_string())),
        or(it.key.clone()),
        ledger::assertion::format_s(it.since_ms),
        it.what.to_do().1,
    ));
}

/// Folds who acts for whom out of the whole log, and then how those people are let in: slow, and rests on
/// nothing else.
fn roster(store: &EmbeddedStore) -> Result<Roster, Failure> {
    let mut officers: BTreeMap<Uuid, Officer> = BTreeMap::new();
    let mut institutions: BTreeMap<u32, Institution> = BTreeMap::new();
    each(store, |commit, at| {
        fold(commit, at, &mut officers, |_: &Uuid| true)?;
        fold(commit, at, &mut institutions, |_: &u32| true)
    })?;
    let holders: HashSet<Uuid> = officers
        .iter()
        .filter(|(_, it)| it.holds_any())
        .map(|(person, _)| *person)
        .collect();
    let mut persons: BTreeMap<Uuid, Person> = BTreeMap::new();
    each(store, |commit, at| {
        fold(commit, at, &mut persons, |person| holders.contains(person))
    })?;
    let recorded = |position| -> Result<i64, Failure> {
        let commit = read(store, position)?;
        Ok(commit.map_or(i64::MAX, |it| it.recorded_at_ms))
    };
    let mut roster = Roster::default();
    for grant in officers.values().flat_map(|it| &it.grants) {
        let granted = grant.granted;
        let place = granted.institution.and_then(|it| institutions.get(&it.0));
        let ended = place.is_some_and(|it| {
            let stays = it.keeps_role_of(grant.by.position);
            it.life.ended.is_some() || (it.life.roles_over.is_some() && !stays)
        });
        if ended {
            continue;
        }
        let links = persons.get(&granted.person).map(|it| it.links.standing());
        let links = links.unwrap_or_default();
        roster.held.push(Held {
            person: granted.person,
            role: granted.role,
            institution: granted.institution,
            since_ms: recorded(grant.by.position)?,
            invited_ms: invited_since(granted.person, links, |at| read(store, at))?,
        });
    }
    for (number, it) in &institutions {
        if it.condition() != Condition::Open {
            continue;
        }
        for key in clients(it) {
            roster.clients.push(ClientKey {
                institution: IssuerNumber(*number),
                fragment: key.fragment.clone(),
                since_ms: recorded(key.activated)?,
            });
        }
    }
    Ok(roster)
}

/// Goes through the whole log.
fn each(
    store: &EmbeddedStore,
    mut see: impl FnMut(&Commit, &Occurred<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut next = 0;
    loop {
        let records = store.read(next, 4_096).map_err(Failure::of)?;
        if records.is_empty() {
            return Ok(());
        }
        for record in records {
            next += 1;
            let commit = Commit::decode(&record.leaf).map_err(Failure::of)?;
            let at = Occurred {
                position: commit.position,
                recorded_at_ms: commit.recorded_at_ms,
                leaf: record.leaf_hash,
                assertion: &commit.assertion,
            };
            see(&commit, &at)?;
        }
    }
}

/// Folds the facts of one sort of stream, of those that are wanted. The province's own roster says the same
/// as each officer's, under no number.
fn fold<K: Ord + Copy + std::str::FromStr, A: Aggregate + Default + Clone>(
    commit: &Commit,
    at: &Occurred<'_>,
    into: &mut BTreeMap<K, A>,
    wanted: impl Fn(&K) -> bool,
) -> Result<(), Failure> {
    for fact in commit.facts.iter().filter(|it| it.stream.noun() == A::NOUN) {
        let Some(key) = fact.stream.key().parse::<K>().ok().filter(&wanted) else {
            continue;
        };
        let data = fact.data.as_deref().unwrap_or(commit.assertion.data());
        let event = A::read(&fact.kind, data.get()).map_err(Failure::of)?;
        let known = into.remove(&key).unwrap_or_default();
        into.insert(key, known.evolve(&event, at));
    }
    Ok(())
}

fn read(store: &EmbeddedStore, position: u64) -> Result<Option<Commit>, Failure> {
    let records = store.read(position, 1).map_err(Failure::of)?;
    let record = records.into_iter().next();
    record
        .map(|it| Commit::decode(&it.leaf).map_err(Failure::of))
        .transpose()
}
