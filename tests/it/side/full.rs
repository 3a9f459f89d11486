//! A store without room says so, and goes on once there is some.

use ledger::side::{Side as _, SideError};

use super::transactions::{open, write};

#[test]
fn a_full_store_says_full_and_goes_on_when_there_is_room() {
    // If this failed, a full disk would be answered as a fault of the program, which no client
    // waits out, or the store would stay shut when there is room again.
    let dir = tempfile::tempdir().unwrap();
    let (side, _) = open(&dir.path().join("side"));
    write(&side, |tx| tx.put("s", b"before", b"1", None)).unwrap();
    side.limit(8).unwrap();
    let large = vec![7; 1 << 20];
    let told = write(&side, |tx| tx.put("s", b"large", &large, None));
    assert!(matches!(told, Err(SideError::Full(_))), "{told:?}");
    let problem = api::problem::Problem::from(told.unwrap_err());
    assert_eq!(problem.reason, api::problem::Reason::DiskFull);
    assert_eq!(side.get("s", b"before").unwrap(), Some(b"1".to_vec()));
    assert_eq!(side.get("s", b"large").unwrap(), None);
    side.limit(100_000).unwrap();
    write(&side, |tx| tx.put("s", b"large", &large, None)).unwrap();
    assert_eq!(side.get("s", b"large").unwrap(), Some(large));
}
