//! Every form of an institution's facts ever stored, as written when it was new.
//!
//! Lines of the fixture are never changed: a new form is a new line.

use std::collections::BTreeSet;

use identity::did::IssuerNumber;
use identity::institution::{Event, Institution, KeyUse, wire};
use ledger::decision::Aggregate as _;

const FIXTURE: &str = include_str!("../fixtures/compat/institution.txt");

/// The kinds that are written today.
const KINDS: [&str; 15] = [
    wire::ADMITTED_V1,
    wire::KEY_ACTIVATED_V1,
    wire::KEY_ACTIVATED_V2,
    wire::KEY_RETIRED_V1,
    wire::KEY_ROTATED_V1,
    wire::KEY_COMPROMISED_V1,
    wire::HISTORY_REAFFIRMED_V1,
    wire::ENTRIES_REAFFIRMED_V1,
    wire::RENAMED_V1,
    wire::SUSPENDED_V1,
    wire::REINSTATED_V1,
    wire::CLOSED_V1,
    wire::MERGED_V1,
    wire::ABSORBS_V1,
    wire::REVIVED_V1,
];

fn stored() -> impl Iterator<Item = (&'static str, &'static str)> {
    FIXTURE
        .lines()
        .map(|line| line.split_once(' ').expect("a kind and its data"))
}

/// A log of yesterday would not open, or say something else today.
#[test]
fn what_was_stored_reads_back_and_is_written_alike() {
    for (kind, data) in stored() {
        let event = Institution::read(kind, data).expect(kind);
        let fact = wire::to_fact(IssuerNumber(7), event.clone());
        assert_eq!(fact.kind, kind);
        assert_eq!(fact.data.as_ref().unwrap().get(), data);
        // A member too many is a newer form: a loud stop.
        let more = data.replacen('{', r#"{"a":1,"#, 1).replace(",}", "}");
        assert!(Institution::read(kind, &more).is_err(), "{more}");
        if let Event::KeyActivated(key) = event {
            assert_eq!(
                kind == wire::KEY_ACTIVATED_V2,
                key.next.is_some() || matches!(key.r#use, KeyUse::Acknowledgement | KeyUse::Client)
            );
        }
    }
    let kinds: BTreeSet<&str> = stored().map(|(kind, _)| kind).collect();
    for kind in KINDS.into_iter().chain([wire::ENTRIES_REPUDIATED_V1]) {
        assert!(kinds.contains(kind), "no fixture of {kind}");
    }
}

/// What the first version never wrote would be taken for it.
#[test]
fn the_first_version_knows_no_acknowledgement_or_client_keys() {
    for r#use in ["acknowledgement", "client"] {
        let (_, v2) = stored()
            .find(|(kind, data)| *kind == wire::KEY_ACTIVATED_V2 && data.contains(r#use))
            .unwrap();
        assert!(Institution::read(wire::KEY_ACTIVATED_V1, v2).is_err());
    }
}
