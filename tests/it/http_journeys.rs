//! Journeys over real HTTP.

use tests::support::server::Stand;

#[test]
fn smoke() {
    let watch = ledger::clock::Stopwatch::start();
    let stand = Stand::open();
    eprintln!("{:?}", watch.elapsed());
    assert_eq!(stand.schools.len(), 2);
}
