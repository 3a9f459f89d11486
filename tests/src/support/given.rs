//! Given facts, when an assertion, then facts or a refusal: the domain without a log.
//!
//! Invariant: states are folded and assertions decided as the sequencer does it, and nothing else
//! is shared with it. Every commit is encoded and read back before it is folded.

use std::collections::HashMap;

use credentials::policy::Adopted;
use credentials::rulebook::{ENGINE, Refusal, Rulebook};
use identity::did::IssuerNumber;
use identity::institution::admit::Data as Admission;
use identity::institution::registry;
use identity::institution::{self, Admitted, KeyActivated, KeyUse};
use identity::officer::{self, Grantee};
use identity::person;
use identity::role::Role;
use ledger::assertion::{Assertion, Seen, Target};
use ledger::commit::Commit;
use ledger::decision::{Aggregate, AnyState, Earlier, Occurred, Rules as _, Verdict, World};
use ledger::fact::{CommittedFact, Fact, Stream};
use ledger::key::PublicKey;
use ledger::merkle;
use uuid::Uuid;

use super::asking::{Asking, NOON_MS, Signer, officer, origin};
use super::said;
use super::scene::{self, States};

/// A commit, read back.
#[derive(Debug, Clone)]
pub struct Written {
    /// Its parts.
    pub commit: Commit,
    /// Its id and leaf: what a correction or an approval must name.
    pub target: Target,
}

impl Written {
    /// Id and position.
    pub fn earlier(&self) -> Earlier {
        Earlier {
            id: self.target.id,
            position: self.commit.position,
        }
    }

    /// The kinds of its facts, in order.
    pub fn kinds(&self) -> Vec<&str> {
        self.commit.facts.iter().map(|fact| &*fact.kind).collect()
    }

    /// The member `name` of the data of the first fact of `kind`.
    pub fn member(&self, kind: &str, name: &str) -> serde_json::Value {
        let fact = self
            .commit
            .facts
            .iter()
            .find(|fact| &*fact.kind == kind)
            .expect("a fact of that kind");
        let data = fact.data.as_deref().unwrap_or(self.commit.assertion.data());
        let data: serde_json::Value = serde_json::from_str(data.get()).expect("data is JSON");
        data.get(name).cloned().unwrap_or_default()
    }
}

/// What an assertion came to.
#[derive(Debug)]
pub enum Then {
    /// A commit.
    Written(Box<Written>),
    /// It was so already.
    AlreadySo(Earlier),
}

/// States, and the place of the next commit.
#[derive(Default)]
pub struct Given {
    /// The time at which everything from here on is recorded, Unix milliseconds.
    pub now_ms: i64,
    /// The position of the next commit.
    pub next: u64,
    drafts: u64,
    states: States,
}

impl Given {
    /// Nothing at all, at noon of 2026-06-30.
    pub fn nothing() -> Self {
        Self {
            now_ms: NOON_MS,
            ..Self::default()
        }
    }

    /// A log that was opened: a registrar and three administrators.
    pub fn genesis() -> Self {
        let mut given = Self::nothing();
        given.makes(&said::open_log(&said::opening()));
        given
    }

    /// … with a second registrar, and two schools.
    pub fn province() -> Self {
        Self::genesis()
            .appointed(super::asking::person(5), Role::Registrar, None)
            .admitted(1)
            .admitted(2)
    }

    /// … at another time.
    #[must_use]
    pub fn at(mut self, now_ms: i64) -> Self {
        self.now_ms = now_ms;
        self
    }

    /// … where school `number` was admitted with two officers and a key of its own.
    #[must_use]
    pub fn admitted(self, number: u32) -> Self {
        self.admitted_as(&said::admission(number))
    }

    /// … where an institution was admitted like this.
    #[must_use]
    pub fn admitted_as(mut self, data: &Admission) -> Self {
        let number = data.number;
        let admitted = Admitted {
            number,
            name: data.name.clone(),
            school_code: data.school_code.clone(),
            credit_code: data.credit_code.clone(),
            level: data.level,
            parent: data.parent,
            scope: data.scope.clone(),
            officers: data.officers.clone(),
        };
        let activated = KeyActivated {
            fragment: data.key.fragment.clone(),
            key: data.key.key.clone(),
            r#use: KeyUse::Assertion,
            custody: data.key.custody,
            next: None,
        };
        let codes = data
            .school_code
            .iter()
            .chain(&data.credit_code)
            .cloned()
            .collect();
        let mut facts = vec![
            institution::wire::to_fact(number, institution::Event::Admitted(admitted)),
            institution::wire::to_fact(number, institution::Event::KeyActivated(activated)),
            registry::numbered(number, codes),
        ];
        for person in &data.officers {
            let (person, role, institution) = (*person, Role::Institution, Some(number));
            facts.extend(officer::wire::granted(Grantee {
                person,
                role,
                institution,
            }));
        }
        self.happened(&said::admit(data), facts);
        self
    }

    /// … where `person` holds `role`, for an institution or for the province.
    #[must_use]
    pub fn appointed(mut self, person: Uuid, role: Role, institution: Option<u32>) -> Self {
        let grant = Grantee {
            person,
            role,
            institution: institution.map(IssuerNumber),
        };
        self.happened(
            &said::appoint(person, role, institution),
            officer::wire::granted(grant),
        );
        self
    }

    /// … where `person` was registered.
    #[must_use]
    pub fn registered(mut self, person: Uuid) -> Self {
        self.happened(
            &said::register(1, person),
            vec![person::wire::registered(person)],
        );
        self
    }

    /// … where this version of a policy was adopted.
    #[must_use]
    pub fn adopted(mut self, policy: &credentials::policy::PolicyRef) -> Self {
        let asking = said::open_log(&said::opening());
        self.happened(&asking, vec![Adopted::fact(policy)]);
        self
    }

    /// Signs, at this time.
    pub fn sign(&mut self, asking: &Asking) -> Assertion {
        self.drafts += 1;
        // All that is there was seen; its root is a log's business and not looked at here.
        let seen = Seen {
            root: merkle::empty_root(),
            size: self.next,
        };
        asking.sign(self.drafts, self.now_ms, seen)
    }

    /// Folds facts that no rule was asked about.
    pub fn happened(&mut self, asking: &Asking, facts: Vec<Fact>) -> Written {
        let assertion = self.sign(asking);
        self.write(assertion, facts)
    }

    /// What the assertion comes to.
    pub fn when(&mut self, asking: &Asking) -> Result<Then, Refusal> {
        let assertion = self.sign(asking);
        Ok(
            match self.decide(ENGINE, &assertion, &asking.signer.public())? {
                Verdict::Facts(facts) => Then::Written(Box::new(self.write(assertion, facts))),
                Verdict::AlreadySo(earlier) => Then::AlreadySo(earlier),
            },
        )
    }

    /// The commit it makes.
    pub fn makes(&mut self, asking: &Asking) -> Written {
        match self.when(asking) {
            Ok(Then::Written(written)) => *written,
            other => unreachable!("{asking:?} should have been written: {other:?}"),
        }
    }

    /// The earlier commit that made it so already.
    pub fn already(&mut self, asking: &Asking) -> Earlier {
        match self.when(asking) {
            Ok(Then::AlreadySo(earlier)) => earlier,
            other => unreachable!("{asking:?} should have been so already: {other:?}"),
        }
    }

    /// Why it is refused.
    pub fn refuses(&mut self, asking: &Asking) -> Refusal {
        match self.when(asking) {
            Err(refusal) => refusal,
            other => unreachable!("{asking:?} should have been refused: {other:?}"),
        }
    }

    /// The state of a stream.
    pub fn state<A: Aggregate>(&self, stream: &Stream) -> A {
        let known = self
            .states
            .get(stream)
            .and_then(|(state, _)| state.downcast_ref::<A>());
        known.cloned().unwrap_or_default()
    }

    /// Decides as the sequencer does: learns the streams that are named, then asks.
    pub fn decide(
        &self,
        engine: u32,
        assertion: &Assertion,
        key: &PublicKey,
    ) -> Result<Verdict, Refusal> {
        let decision = Rulebook.decision(engine, assertion)?;
        let mut world = World::new(self.next, self.now_ms, assertion, key);
        scene::learn(&mut world, &*decision, &self.states);
        let verdict = decision.decide(&world);
        assert_eq!(
            world.undeclared(),
            None,
            "a decision read what it had not named"
        );
        verdict
    }

    /// The key that the rules find for an assertion.
    pub fn key_of(&self, assertion: &Assertion) -> Option<PublicKey> {
        let stream = Rulebook.signer(assertion.kid())?;
        Rulebook.key(assertion, &self.known(&stream).0)
    }

    fn known(&self, stream: &Stream) -> (AnyState, u64) {
        scene::known(&self.states, stream)
    }

    /// Writes and folds a commit.
    pub fn write(&mut self, assertion: Assertion, facts: Vec<Fact>) -> Written {
        let mut revisions: HashMap<Stream, u64> = HashMap::new();
        let facts = facts
            .into_iter()
            .map(|fact| {
                let next = revisions
                    .entry(fact.stream.clone())
                    .or_insert_with(|| self.known(&fact.stream).1);
                *next += 1;
                CommittedFact {
                    data: fact.data,
                    kind: fact.kind.into(),
                    revision: *next - 1,
                    stream: fact.stream,
                }
            })
            .collect();
        let (position, recorded_at_ms) = (self.next, self.now_ms);
        let commit = Commit {
            log: origin().into(),
            position,
            recorded_at_ms,
            engine: ENGINE,
            assertion,
            facts,
        };
        let leaf = commit.encode().expect("it fits");
        self.fold(&leaf)
    }

    /// Folds a leaf.
    pub fn fold(&mut self, leaf: &[u8]) -> Written {
        let commit = Commit::decode(leaf).expect("a leaf");
        let hash = merkle::leaf_hash(leaf);
        let at = Occurred {
            position: commit.position,
            recorded_at_ms: commit.recorded_at_ms,
            leaf: hash,
            assertion: &commit.assertion,
        };
        for fact in &commit.facts {
            let fold = Rulebook
                .fold(fact.stream.noun())
                .expect("every noun has a fold");
            let (state, revisions) = self.known(&fact.stream);
            assert_eq!(fact.revision, revisions, "revisions have no gap");
            let data = fact.data.as_deref().unwrap_or(commit.assertion.data());
            let event = fold
                .read(&fact.kind, data.get())
                .expect("a fact reads back");
            self.states.insert(
                fact.stream.clone(),
                (fold.evolve(state, &event, &at), revisions + 1),
            );
        }
        self.next = commit.position + 1;
        let target = Target {
            id: commit.assertion.id(),
            leaf: hash,
        };
        Written { commit, target }
    }

    /// Proposes and has the second registrar agree: the proposal, and the commit that did it.
    pub fn agreed_by_registrars(&mut self, asking: &Asking) -> (Target, Written) {
        let proposal = self.makes(asking);
        assert_eq!(proposal.kinds(), ["approval.proposed.v1"]);
        let second = super::asking::person(5);
        let written = self.makes(&said::approve(proposal.target, second, "registrar"));
        (proposal.target, written)
    }

    /// Proposes and has the second officer of the school agree; the commit that did it.
    pub fn agreed(&mut self, asking: &Asking) -> Written {
        let proposal = self.makes(asking).target;
        self.makes(&said::second(asking.signer.number, proposal))
    }

    /// The state of every stream that has facts, and how many.
    pub fn states(&self) -> States {
        self.states.clone()
    }

    /// Every stream that has facts.
    pub fn streams(&self) -> Vec<Stream> {
        self.states.keys().cloned().collect()
    }
}

/// An officer of school `number` who is a clerk there.
pub fn clerk(number: u32) -> Uuid {
    officer(number, 9)
}

/// The key of school `number` after the first.
pub fn next_key(number: u32) -> Signer {
    Signer::new(number, "key-2")
}
