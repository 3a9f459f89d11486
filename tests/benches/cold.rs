//! B20: from a stopped process to a ready one.

use std::sync::Arc;
use std::time::Duration;

use api::app::App;
use api::genesis::CHECKPOINT_KEY;
use credentials::rulebook::Rulebook;
use ledger::clock::{Stopwatch, SystemClock};
use ledger::key::file as key_file;
use ledger::log::{Log, Options};
use ledger::store::embedded::{self, EmbeddedStore};
use tokio::runtime::Runtime;

use crate::province::{Land, config};
use crate::report::{ROUNDS, Report, Target};
use crate::stored::size_of;

const LEARNERS: usize = 2_000;
/// Signed and queued together.
const CHUNK: u64 = 2_000;

pub(crate) fn measure(report: &mut Report, runtime: &Runtime, commits: u64) {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path();
    let mut land = Land::make(runtime, dir, LEARNERS);
    let origin = land.app.ledger.origin().to_owned();
    grow(report, &mut land, commits);
    land.settle();
    land.app.close();
    drop(land);
    for _ in 0..ROUNDS {
        let watch = Stopwatch::start();
        let store = EmbeddedStore::open(&dir.join("log"), embedded::Options::default()).unwrap();
        report.sample("store open", watch.elapsed().as_secs_f64());
        let (_, key) =
            key_file::read(&dir.join("keys").join(format!("{CHECKPOINT_KEY}.key"))).unwrap();
        let options = Options::default();
        let log = Log::open(
            dir,
            Arc::new(store),
            &origin,
            Rulebook,
            key,
            Arc::new(SystemClock),
            options,
        );
        report.sample("log open", watch.elapsed().as_secs_f64());
        drop(log.unwrap());
        let watch = Stopwatch::start();
        let app = App::open(config(dir), Arc::new(SystemClock)).unwrap();
        report.sample("app open", watch.elapsed().as_secs_f64());
        let last = app.ledger.head().size - 1;
        app.views
            .follower
            .wait_for(last, Duration::from_mins(10))
            .unwrap();
        report.sample("ready", watch.elapsed().as_secs_f64());
        app.close();
    }
    report.row(
        "B20",
        "store open",
        format!("store alone, {commits} commits"),
        "s",
        None,
    );
    report.row(
        "B20",
        "log open",
        "ledger alone: store, tiles, index, signed head",
        "s",
        None,
    );
    report.row(
        "B20",
        "app open",
        "the whole, doors can be asked",
        "s",
        None,
    );
    report.row(
        "B20",
        "ready",
        "views at the head: ready",
        "s",
        Some(Target::Most(2.0)),
    );
}

/// Real assertions through the sequencer, until the log is so long.
fn grow(report: &mut Report, land: &mut Land, commits: u64) {
    let watch = Stopwatch::start();
    let first = land.app.ledger.head().size;
    let mut submitted = 0;
    while land.app.ledger.head().size < commits {
        let seen = land.app.ledger.seen();
        let signed: Vec<_> = (0..CHUNK).map(|_| land.sign(seen, 0).0).collect();
        submitted += signed.iter().map(|it| it.text().len()).sum::<usize>();
        let app = &land.app;
        let waiting: Vec<_> = std::thread::scope(|scope| {
            let halves: Vec<_> = signed
                .chunks(signed.len().div_ceil(2))
                .map(|half| {
                    scope.spawn(move || {
                        let checked = half.iter().map(|it| app.ledger.check(it.text()).unwrap());
                        checked
                            .map(|it| app.ledger.enqueue(it).unwrap())
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            halves
                .into_iter()
                .flat_map(|half| half.join().unwrap())
                .collect()
        });
        for answer in waiting {
            assert!(answer.blocking_recv().unwrap().is_ok());
        }
    }
    let grown = land.app.ledger.head().size - first;
    let rate = grown as f64 / watch.elapsed().as_secs_f64();
    land.settle();
    let folded = watch.elapsed().as_secs_f64();
    let dir = land.app.dir.root();
    let each = |bytes: u64| bytes as f64 / (first + grown) as f64;
    report.note(format!(
        "B20's log: {} commits of outcomes without values; grown (signed, checked, decided, appended; views folding beside) at {rate:.0} commits/s, views at the head after {folded:.0} s; a commit has {} B submitted, {:.0} B of index, {:.0} B of views",
        first + grown,
        submitted as u64 / grown,
        each(size_of(&dir.join("index"))),
        each(size_of(&dir.join("views"))),
    ));
}
