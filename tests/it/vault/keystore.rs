//! Signing keys that the platform keeps.

use std::sync::Arc;

use api::keystore::{KeyStore, KeyStoreError};
use ledger::assertion::Kid;
use ledger::key::SigningKey;

use super::{House, new_master};

fn store(house: &House) -> KeyStore {
    KeyStore::new(Arc::new(house.keys.clone()), house.master.clone())
}

fn kid(n: u32) -> Kid {
    Kid::parse(&format!("did:web:xf.example.org:i:{n}#k1")).unwrap()
}

#[test]
fn a_kept_key_signs_after_a_restart_and_is_never_replaced() {
    // If this failed, a restart would take an institution's key away, or a second request exchange
    // it: everything signed before would stop to verify.
    let house = House::new();
    let keys = store(&house);
    let public = keys.generate(&kid(7)).unwrap();
    for keys in [&keys, &store(&house)] {
        let signer = keys.signer(&kid(7)).unwrap().unwrap();
        assert_eq!(signer.public(), public);
        let signature = signer.sign(b"message");
        assert!(public.verify(b"message", &signature).is_ok());
        assert!(keys.signer(&kid(8)).unwrap().is_none());
        let answer = keys.generate(&kid(7));
        assert!(matches!(answer, Err(KeyStoreError::Exists(found)) if found == kid(7)));
        let answer = keys.import(&kid(7), &[9; 32]);
        assert!(matches!(answer, Err(KeyStoreError::Exists(found)) if found == kid(7)));
    }
    assert_eq!(
        store(&house).signer(&kid(7)).unwrap().unwrap().public(),
        public
    );
}

#[test]
fn a_seed_is_imported_once_and_stands_nowhere_in_the_open() {
    // If this failed, who reads the database could sign for an institution.
    let house = House::new();
    let keys = store(&house);
    let seed: [u8; 32] = ledger::clock::random();
    let public = keys.import(&kid(1), &seed).unwrap();
    assert_eq!(public, SigningKey::from_seed(&seed).public());
    assert_eq!(
        keys.import(&kid(1), &seed).unwrap(),
        public,
        "again is fine"
    );
    let other = keys.generate(&kid(2)).unwrap();
    assert_eq!(keys.list().unwrap(), [(kid(1), public), (kid(2), other)]);
    let holds = |needle: &[u8]| {
        let rows = house.keys.rows();
        rows.iter()
            .any(|(_, row)| row.windows(needle.len()).any(|window| window == needle))
    };
    assert!(!holds(&seed));
    assert!(
        holds(SigningKey::from_seed(&seed).public().as_bytes()),
        "the control"
    );
}

#[test]
fn an_altered_or_moved_key_or_another_master_key_is_refused() {
    // If this failed, who can write to the database could make an institution sign with his key.
    let mut house = House::new();
    let keys = store(&house);
    keys.generate(&kid(1)).unwrap();
    keys.generate(&kid(2)).unwrap();
    let rows = house.keys.rows();
    let refused = |house: &House, n| {
        let answer = store(house).signer(&kid(n));
        assert!(
            matches!(&answer, Err(KeyStoreError::Damaged(name)) if *name == kid(n).to_string()),
            "{answer:?}"
        );
    };
    let (place, row) = &rows[0];
    for at in 0..row.len() {
        let mut altered = row.clone();
        altered[at] ^= 1;
        house.keys.alter(place, altered);
        refused(&house, 1);
    }
    house.keys.alter(place, rows[1].1.clone());
    refused(&house, 1);
    house.keys.alter(place, row[..40].to_vec());
    refused(&house, 1);
    house.keys.restore(&rows);
    assert!(store(&house).signer(&kid(1)).unwrap().is_some());
    house.master = new_master();
    refused(&house, 1);
    let answer = store(&house).import(&kid(1), &[1; 32]);
    assert!(matches!(answer, Err(KeyStoreError::Damaged(_))));
    assert_eq!(house.keys.rows(), rows);
}
