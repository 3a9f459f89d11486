//! Bearer tokens: what they allow, until when, and what of them is stored.

use std::sync::Arc;

use api::token::{CACHED_MS_MAX, Grant, PREFIX, TokenError, Tokens};
use identity::did::IssuerNumber;
use identity::role::Role;
use ledger::clock::{FixedClock, uuid_v4};
use ledger::hash::Digest;
use tests::support::memory_side::MemorySide;

struct House {
    side: MemorySide,
    clock: Arc<FixedClock>,
}

impl House {
    fn new() -> Self {
        let clock = Arc::new(FixedClock::at(1_000_000));
        let side = MemorySide::new(Arc::clone(&clock) as _);
        Self { side, clock }
    }

    /// The tokens as a node sees them; again = another node, or after a restart.
    fn tokens(&self) -> Tokens {
        Tokens::new(Arc::new(self.side.clone()), Arc::clone(&self.clock) as _)
    }
}

fn grant(role: Role) -> Grant {
    Grant {
        role,
        person: uuid_v4(),
        institution: role.is_for_institution().then_some(IssuerNumber(7)),
        expires_at_ms: None,
        label: "demo".into(),
    }
}

#[test]
fn a_token_opens_what_it_was_made_for() {
    // If this failed, somebody would act in another's name or role.
    let house = House::new();
    let tokens = house.tokens();
    let grants: Vec<_> = Role::ALL.into_iter().map(grant).collect();
    let writes = house.side.writes();
    let mut secrets = tokens.create_all(&grants[1..]).unwrap();
    assert_eq!(house.side.writes(), writes + 1);
    secrets.insert(0, tokens.create(&grants[0]).unwrap());
    for (secret, grant) in secrets.iter().zip(&grants) {
        assert!(secret.starts_with(PREFIX) && secret.len() == 47);
        for tokens in [&tokens, &house.tokens()] {
            for _ in 0..2 {
                let found = tokens.find(secret).unwrap().unwrap();
                assert_eq!(*found, *grant);
            }
        }
    }
    let listed = tokens.list(None, 100).unwrap();
    assert_eq!(listed.len(), 12);
    for (secret, grant) in secrets.iter().zip(&grants) {
        let id = Tokens::id_of(secret).unwrap();
        assert!(listed.contains(&(id, grant.clone())));
    }
    let first = tokens.list(None, 5).unwrap();
    let rest = tokens.list(Some(first[4].0), 100).unwrap();
    assert_eq!([first, rest].concat(), listed);
}

#[test]
fn what_is_no_token_opens_nothing_and_costs_no_look_up() {
    // If this failed, an altered token would open something.
    let house = House::new();
    let tokens = house.tokens();
    let secret = tokens.create(&grant(Role::Learner)).unwrap();
    for at in 0..secret.len() {
        let mut altered = secret.as_bytes().to_vec();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        assert_eq!(tokens.find(&altered).unwrap(), None);
    }
    let hash = Tokens::id_of(&secret).unwrap().to_string();
    for other in [
        "",
        "xft_",
        &secret[4..],
        &secret[..46],
        &hash,
        &format!("{PREFIX}{hash}"),
    ] {
        assert_eq!(tokens.find(other).unwrap(), None, "{other}");
    }
    assert_eq!(Tokens::id_of(&format!("{}A", *secret)), None);
    assert!(tokens.find(&secret).unwrap().is_some());
}

#[test]
fn a_tokens_text_is_not_stored() {
    // If this failed, who reads the database could act as every officer.
    let house = House::new();
    let secret = house.tokens().create(&grant(Role::Registrar)).unwrap();
    let rows = house.side.rows();
    assert_eq!(rows.len(), 1);
    let ((_, key), row) = &rows[0];
    assert_eq!(*key, Digest::of(secret.as_bytes()).0);
    let random = &secret.as_bytes()[PREFIX.len()..];
    let holds = |bytes: &[u8]| bytes.windows(random.len()).any(|window| window == random);
    assert!(!holds(key) && !holds(row));
}

#[test]
fn a_token_ends_when_it_expires_or_is_revoked() {
    // If this failed, a dismissed officer's token would still open the door.
    let house = House::new();
    let tokens = house.tokens();
    let short = Grant {
        expires_at_ms: Some(1_000_500),
        ..grant(Role::Clerk)
    };
    let (ends, stays) = (
        tokens.create(&short).unwrap(),
        tokens.create(&grant(Role::Audit)).unwrap(),
    );
    assert!(tokens.find(&ends).unwrap().is_some());
    house.clock.set(1_000_499);
    assert!(tokens.find(&ends).unwrap().is_some());
    house.clock.set(1_000_500);
    assert_eq!(tokens.find(&ends).unwrap(), None, "although it is cached");
    assert_eq!(house.tokens().find(&ends).unwrap(), None);

    let other_node = house.tokens();
    assert!(tokens.find(&stays).unwrap().is_some());
    assert!(other_node.find(&stays).unwrap().is_some());
    let id = Tokens::id_of(&stays).unwrap();
    assert!(tokens.revoke(id).unwrap());
    assert_eq!(tokens.find(&stays).unwrap(), None, "within one request");
    assert!(!tokens.revoke(id).unwrap());
    house.clock.set(1_000_500 + CACHED_MS_MAX);
    assert_eq!(other_node.find(&stays).unwrap(), None);
}

#[test]
fn a_known_token_is_found_without_the_store() {
    // If this failed, every request would wait for a disk.
    let house = House::new();
    let tokens = house.tokens();
    let secret = tokens.create(&grant(Role::Verifier)).unwrap();
    assert!(tokens.find(&secret).unwrap().is_some());
    // Taken away behind everybody's back: only the cache can know it still.
    house.side.restore(&[]);
    assert!(tokens.find(&secret).unwrap().is_some());
    assert_eq!(house.tokens().find(&secret).unwrap(), None, "the control");
    house.clock.set(1_000_000 + CACHED_MS_MAX);
    assert_eq!(tokens.find(&secret).unwrap(), None);
}

#[test]
fn every_grant_that_makes_no_sense_is_refused() {
    // If this failed, a clerk of no institution could record for any.
    let house = House::new();
    let tokens = house.tokens();
    for role in Role::ALL
        .into_iter()
        .filter(|role| role.is_for_institution())
    {
        let nowhere = Grant {
            institution: None,
            ..grant(role)
        };
        let answer = tokens.create(&nowhere);
        assert!(matches!(answer, Err(TokenError::NoInstitution(found)) if found == role));
    }
    let expired = Grant {
        expires_at_ms: Some(1_000_000),
        ..grant(Role::Learner)
    };
    assert!(matches!(tokens.create(&expired), Err(TokenError::Expired)));
    let wordy = Grant {
        label: "x".repeat(201),
        ..grant(Role::Learner)
    };
    assert!(matches!(
        tokens.create(&wordy),
        Err(TokenError::LabelTooLong)
    ));
    let answer = tokens.create_all(&[grant(Role::Learner), wordy]);
    assert!(matches!(answer, Err(TokenError::LabelTooLong)));
    assert_eq!(house.side.rows(), [], "all or none");
}

#[test]
fn a_damaged_row_is_an_error_until_it_is_revoked() {
    // If this failed, a damaged grant would be read as some other one.
    let house = House::new();
    let secret = house.tokens().create(&grant(Role::Learner)).unwrap();
    let (place, row) = house.side.rows().remove(0);
    let text = String::from_utf8(row).unwrap();
    let bad = [
        text.replace("learner", "root"),
        text.replace("\"label\"", "\"lable\""),
        text[1..].to_owned(),
        String::new(),
    ];
    let id = Tokens::id_of(&secret).unwrap();
    for row in bad {
        house.side.alter(&place, row.into());
        let tokens = house.tokens();
        assert!(matches!(tokens.find(&secret), Err(TokenError::Damaged(found)) if found == id));
        assert!(matches!(tokens.list(None, 9), Err(TokenError::Damaged(found)) if found == id));
    }
    assert!(house.tokens().revoke(id).unwrap());
    assert_eq!(house.tokens().find(&secret).unwrap(), None);
}
