//! Commits to store: real leaves of a stated size, over many streams, made without a signature each.

use ledger::assertion::{Draft, Kid, Seen};
use ledger::clock;
use ledger::fact::Stream;
use ledger::hash::Digest;
use ledger::index::StreamHead;
use ledger::key::SigningKey;
use ledger::store::{NO_LINK, Record};
use uuid::Uuid;

const ORIGIN: &str = "xf.example.org/log/1";
const AT_MS: i64 = 1_782_792_000_000;

/// A commit and what its index must know.
pub(crate) struct Made {
    pub(crate) record: Record,
    pub(crate) id: Uuid,
    pub(crate) stream: Stream,
    pub(crate) head: StreamHead,
}

/// Makes commits one after another; the streams take turns at random.
pub(crate) struct Maker {
    /// Bytes of the assertion in each leaf.
    pub(crate) submitted_bytes: usize,
    compact: String,
    next: u64,
    streams: Vec<Option<StreamHead>>,
}

impl Maker {
    /// Leaves of about `leaf_bytes`, over `streams` streams.
    pub(crate) fn new(leaf_bytes: usize, streams: usize) -> Self {
        let mut compact = sign(0);
        let mut padding = 0;
        while compact.len() + 190 < leaf_bytes {
            padding += 3;
            compact = sign(padding);
        }
        Self {
            submitted_bytes: compact.len(),
            compact,
            next: 0,
            streams: vec![None; streams],
        }
    }

    /// The next commit.
    pub(crate) fn make(&mut self) -> Made {
        let position = self.next;
        self.next += 1;
        let place = usize::try_from(mix(position) % self.streams.len() as u64).unwrap();
        let stream = stream(place);
        let old = self.streams[place];
        let revision = old.map_or(0, |head| head.revisions);
        let head = StreamHead {
            position,
            revisions: revision + 1,
        };
        self.streams[place] = Some(head);
        let recorded = AT_MS + i64::try_from(position / 1_000).unwrap();
        let leaf = format!(
            "xuefen/v1\n{ORIGIN}\n{position}\n{recorded}\n1\n{}\n[{{\"kind\":\"note.taken.v1\",\"revision\":{revision},\"stream\":\"{stream}\"}}]\n",
            self.compact
        );
        let link = old.map_or(NO_LINK, |head| head.position);
        Made {
            record: Record::new(leaf.into_bytes(), vec![link]),
            id: clock::uuid_v8("xuefen/bench", &[&position.to_be_bytes()]),
            stream,
            head,
        }
    }

    /// The next `count` commits.
    pub(crate) fn group(&mut self, count: usize) -> Vec<Made> {
        (0..count).map(|_| self.make()).collect()
    }
}

/// The stream at a place.
pub(crate) fn stream(place: usize) -> Stream {
    let id = clock::uuid_v8("xuefen/bench-person", &[&place.to_be_bytes()]);
    Stream::new("account", id)
}

fn sign(padding: usize) -> String {
    let draft = Draft {
        id: clock::uuid_v7(AT_MS),
        log: ORIGIN.into(),
        kind: "note.take.v1".into(),
        at_ms: AT_MS,
        seen: Seen {
            root: Digest([0; 32]),
            size: 0,
        },
        target: None,
        cause: None,
        act: None,
        data: serde_json::json!({ "n": "x".repeat(padding) }),
    };
    let kid = Kid::parse("did:web:e.org#k").unwrap();
    let assertion = draft.sign(&kid, &SigningKey::from_seed(&[7; 32])).unwrap();
    assertion.text().to_owned()
}

/// A number that looks random and is always the same.
pub(crate) fn mix(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
