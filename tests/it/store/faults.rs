//! Failing calls and full disks: what was acknowledged stays, what was refused leaves nothing.

use ledger::store::embedded::{EmbeddedStore, Strict};
use ledger::store::{AppendError, Record, Store};
use tests::support::faulty_disk::{Failure, FaultyDisk};
use tests::support::power_disk::PowerDisk;
use tests::support::records::{all, group};
use tests::support::seeded::Seeded;

use super::{TINY, open};

const GROUPS: usize = 24;

struct Run {
    acknowledged: Vec<Record>,
    /// The group whose append said that its outcome is unknown.
    unknown: Option<Vec<Record>>,
    failed_to_open: bool,
}

/// Appends until an outcome is unknown; a full disk is tried again once.
fn run(disk: &FaultyDisk) -> Run {
    let mut run = Run {
        acknowledged: Vec::new(),
        unknown: None,
        failed_to_open: false,
    };
    let Ok(store) = EmbeddedStore::<_, Strict>::open_on(disk.clone(), TINY) else {
        run.failed_to_open = true;
        return run;
    };
    let mut seeded = Seeded::new(8);
    for _ in 0..GROUPS {
        let records = group(&mut seeded, 5, 200);
        let position = run.acknowledged.len() as u64;
        let mut result = store.append_at(position, &records);
        if matches!(result, Err(AppendError::Full)) {
            assert_eq!(
                all(&store).unwrap(),
                run.acknowledged,
                "reads go on while the disk is full"
            );
            result = store.append_at(position, &records);
        }
        match result {
            Ok(()) => run.acknowledged.extend(records),
            Err(AppendError::Unknown { .. }) => {
                let after = store.append_at(position, &records);
                assert!(
                    matches!(after, Err(AppendError::Unknown { .. })),
                    "wrote on after a failure"
                );
                assert_eq!(all(&store).unwrap(), run.acknowledged);
                run.unknown = Some(records);
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    run
}

#[test]
fn whichever_call_fails_what_was_acknowledged_is_there_after_a_restart() {
    // Broken: one bad write or sync takes commits that were acknowledged before or after it.
    let sound = FaultyDisk::sound(PowerDisk::new(1, None));
    let all_good = run(&sound);
    assert_eq!(all_good.unknown, None);
    let calls = sound.calls();
    let (mut cases, mut unknown, mut completed) = (0, 0, 0);
    for failure in Failure::ALL {
        for fail_at in 0..calls {
            for power_goes in [false, true] {
                let disk = PowerDisk::new(fail_at as u64, None);
                let ran = run(&FaultyDisk::new(disk.clone(), fail_at, failure));
                if power_goes {
                    disk.crash();
                }
                let case = format!("{failure:?} at call {fail_at}, power goes: {power_goes}");
                let store = open::<Strict>(&disk).unwrap_or_else(|e| panic!("{case}: {e}"));
                let found = all(&store).unwrap();
                let acknowledged = ran.acknowledged.len();
                assert_eq!(
                    found.get(..acknowledged),
                    Some(&ran.acknowledged[..]),
                    "{case}"
                );
                let more = &found[acknowledged..];
                assert!(
                    more.is_empty() || Some(more) == ran.unknown.as_deref(),
                    "{case}: a group that was neither acknowledged nor unknown is there"
                );
                // What the restart shows, it has acknowledged: it must survive the power, too.
                disk.crash();
                drop(store);
                let store = open::<Strict>(&disk).unwrap_or_else(|e| panic!("{case}: {e}"));
                assert_eq!(all(&store).unwrap(), found, "{case}: shown, then gone");
                cases += 1;
                unknown += usize::from(ran.unknown.is_some());
                completed += usize::from(acknowledged == all_good.acknowledged.len());
            }
        }
    }
    println!(
        "faults: {cases} of {cases} cases, {unknown} stopped the store, {completed} ran to the end"
    );
    assert!(
        unknown > cases / 4 && completed > cases / 10,
        "{unknown} {completed} of {cases}"
    );
}

#[test]
fn a_full_disk_refuses_writes_keeps_reads_and_resumes() {
    // Broken: a full disk loses commits, stops the reads, or needs an operator to repair the log.
    let power = PowerDisk::new(1, None);
    let disk = FaultyDisk::sound(power.clone());
    let store = EmbeddedStore::<_, Strict>::open_on(disk.clone(), TINY).unwrap();
    let mut seeded = Seeded::new(9);
    let mut model = Vec::new();
    for fill in 0..200 {
        disk.fill(true);
        let mut appended = 0;
        loop {
            let records = group(&mut seeded, 5, 200);
            match store.append_at(model.len() as u64, &records) {
                Ok(()) => model.extend(records),
                Err(AppendError::Full) => break,
                Err(e) => panic!("fill {fill}: {e}"),
            }
            appended += 1;
            assert!(appended < 100, "the disk was never full");
        }
        assert_eq!(store.head(), model.len() as u64);
        assert_eq!(all(&store).unwrap(), model);
        disk.fill(false);
        let records = group(&mut seeded, 5, 200);
        store.append_at(model.len() as u64, &records).unwrap();
        model.extend(records);
    }
    assert_eq!(store.verify().unwrap().commits, model.len() as u64);
    drop(store);
    power.crash();
    assert_eq!(all(&open::<Strict>(&power).unwrap()).unwrap(), model);
}
