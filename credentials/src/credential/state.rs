//! What is known of a credential, and what becomes of it when its outcome changes.

use identity::institution::{self, Institution, Signed, succession};
use ledger::decision::{Aggregate, Earlier, Occurred, Unreadable, World};
use ledger::fact::{Fact, Stream};
use ledger::hash::Digest;
use uuid::Uuid;

use super::event::{self, Event};
use super::wire;
use crate::account::correct_outcome::Reason;
use crate::status_list;
use crate::vc::status::Purpose;
use crate::verify::Standing;

/// What issuing said, and where it stands in the log.
#[derive(Debug, Clone)]
pub struct Issued {
    /// What it said.
    pub says: event::Issued,
    /// The commit.
    pub by: Earlier,
    /// Its recording time, Unix milliseconds.
    pub recorded_at_ms: i64,
    /// Its leaf hash.
    pub leaf: Digest,
}

/// What was said of a credential since it was issued.
#[derive(Debug, Clone)]
pub struct Change {
    /// How it stands from then on.
    pub standing: Standing,
    /// Why, if that was said.
    pub reason: Option<Reason>,
    /// The commit.
    pub by: Earlier,
    /// Who signed it.
    pub signed: Signed,
}

/// A credential.
#[derive(Debug, Clone, Default)]
pub struct Credential {
    /// Set once issued.
    pub issued: Option<Issued>,
    /// What was said of it since, in order.
    pub changes: Vec<Change>,
}

impl Credential {
    /// How it stands: what its issuer repudiated was never said, and while it has not settled what a
    /// stolen key may have said, nobody knows.
    pub fn standing(&self, issuer: &Institution) -> Standing {
        let mut standing = Standing::Issued;
        for change in &self.changes {
            match change.signed.standing(issuer) {
                _ if matches!(standing, Standing::Revoked | Standing::Superseded) => {}
                institution::Standing::Good => standing = change.standing,
                institution::Standing::Disputed => standing = Standing::Disputed,
                institution::Standing::Repudiated => {}
            }
        }
        standing
    }

    /// The last change that counts.
    pub fn last_change(&self, issuer: &Institution) -> Option<&Change> {
        let counts =
            |change: &&Change| change.signed.standing(issuer) == institution::Standing::Good;
        self.changes.iter().rfind(counts)
    }

    /// Whether it may still change: issued, and not ended for good.
    pub fn is_live(&self, issuer: &Institution) -> bool {
        let ended = matches!(
            self.standing(issuer),
            Standing::Revoked | Standing::Superseded
        );
        self.issued.is_some() && !ended
    }
}

/// The streams to know of credentials that an outcome has: theirs, and those of their status lists.
pub fn streams_of(world: &World<'_>, credentials: &[Uuid]) -> Vec<Stream> {
    let mut streams = Vec::with_capacity(credentials.len());
    for id in credentials {
        let stream = wire::stream(*id);
        if let Some(issued) = &world.get::<Credential>(&stream).issued {
            streams.extend(succession::streams(world, issued.says.issuer));
            streams.push(status_list::wire::stream(
                issued.says.issuer,
                issued.says.list,
            ));
        }
        streams.push(stream);
    }
    streams
}

/// The facts by which the live ones among `credentials` end together with their outcome.
pub fn end_all(
    world: &World<'_>,
    issuer: &Institution,
    credentials: &[Uuid],
    how: &Event,
) -> Vec<Fact> {
    let mut facts = Vec::new();
    for id in credentials {
        let credential = world.get::<Credential>(&wire::stream(*id));
        if credential.is_live(issuer) {
            facts.extend(change(&credential, issuer, how));
        }
    }
    facts
}

/// The facts of a change: in the credential's stream, and in that of its status lists.
pub(super) fn change(credential: &Credential, issuer: &Institution, how: &Event) -> Vec<Fact> {
    let Some(Issued { says, .. }) = &credential.issued else {
        return Vec::new();
    };
    let bits: &[(Purpose, bool)] = match how {
        Event::Issued(_) => &[],
        Event::Suspended(_) => &[(Purpose::Suspension, true)],
        Event::Reinstated(_) => &[(Purpose::Suspension, false)],
        Event::Revoked(_) => &[(Purpose::Revocation, true)],
        // Who looks at revocation alone must not take it for good.
        Event::Superseded => &[(Purpose::Revocation, true), (Purpose::Refresh, true)],
    };
    // What is ended is no longer suspended: offline it must not read as something that may come back.
    let ended = matches!(how, Event::Revoked(_) | Event::Superseded);
    let suspended = [Standing::Suspended, Standing::Disputed];
    let lifted = ended && suspended.contains(&credential.standing(issuer));
    let lifted = lifted.then_some((Purpose::Suspension, false));
    let mut facts = vec![wire::to_fact(says.credential, how)];
    facts.extend(bits.iter().copied().chain(lifted).map(|(purpose, set)| {
        let changed = status_list::Event::Changed {
            index: says.index,
            purpose,
            set,
        };
        status_list::wire::to_fact(says.issuer, says.list, &changed)
    }));
    facts
}

impl Aggregate for Credential {
    const NOUN: &'static str = "credential";
    type Event = Event;

    fn read(kind: &str, data: &str) -> Result<Event, Unreadable> {
        wire::event(kind, data)
    }

    fn evolve(mut self, event: &Event, at: &Occurred<'_>) -> Self {
        let by = Earlier {
            id: at.assertion.id(),
            position: at.position,
        };
        let (standing, reason) = match event {
            Event::Issued(says) => {
                self.issued = Some(Issued {
                    says: (**says).clone(),
                    by,
                    recorded_at_ms: at.recorded_at_ms,
                    leaf: at.leaf,
                });
                return self;
            }
            Event::Suspended(reason) => (Standing::Suspended, Some(*reason)),
            Event::Reinstated(reason) => (Standing::Issued, Some(*reason)),
            Event::Revoked(reason) => (Standing::Revoked, Some(*reason)),
            Event::Superseded => (Standing::Superseded, None),
        };
        self.changes.push(Change {
            standing,
            reason,
            by,
            signed: Signed::of(at),
        });
        self
    }
}
