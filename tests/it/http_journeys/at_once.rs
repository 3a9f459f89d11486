//! The same id sent many times at once.

use std::thread;

use identity::erasable::{Commitments, Disclosure};
use identity::purpose::Purpose;
use ledger::clock;
use tests::support::server::Stand;
use tests::support::server::resident_id;

use super::own_key::{recording, values};

#[test]
fn refused_repetitions_leave_the_accepted_values_alone() {
    // A client that retried, or sent one id with two bodies, would destroy a learner's own record.
    let stand = Stand::open();
    let hand = stand.own_key(0, "key-own");
    let person = stand.register(0, "王晓明", &resident_id(1));
    for round in 0..12 {
        let disclosures = values();
        let id = clock::uuid_v7(stand.app.now_ms() + round);
        // One id and the same values, signed at different times: other bytes each.
        let texts: Vec<String> = (0..6)
            .map(|n| {
                let mut draft = recording(&stand, person, &format!("R-{round}"));
                draft.id = id;
                draft.at_ms -= n;
                hand.submission(draft, &disclosures)
            })
            .collect();
        let answers: Vec<u16> = thread::scope(|scope| {
            let sent: Vec<_> = texts
                .iter()
                .map(|text| scope.spawn(|| stand.submit("application/jose", &[], text).status))
                .collect();
            sent.into_iter().map(|it| it.join().unwrap()).collect()
        });
        let accepted = answers.iter().filter(|status| **status == 201).count();
        assert_eq!(accepted, 1, "{answers:?}");
        let digests = disclosures.iter().map(Disclosure::digest).collect();
        let commitments = Commitments::of(digests).unwrap();
        let opened = stand
            .app
            .vault
            .opened(person, Purpose::StudyRecord, id, &commitments)
            .unwrap();
        assert_eq!(opened.len(), disclosures.len());
    }
}
