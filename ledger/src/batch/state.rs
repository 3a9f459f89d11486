//! `batch/<id>`: that a batch was accepted; its members are the commits behind it.

use serde::{Deserialize, Serialize};

use crate::batch::Data;
use crate::decision::{Aggregate, Occurred, Unreadable};
use crate::fact::{Fact, Stream};

/// batch.accepted.v1
pub const ACCEPTED_V1: &str = "batch.accepted.v1";

/// A batch as the log knows it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Position of the envelope and what it says.
    pub envelope: Option<(u64, Data)>,
}

/// A shipped shape: it never changes.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AcceptedV1 {
    count: u32,
    root: crate::hash::Digest,
}

/// The stream of the batch whose envelope has this id.
pub fn stream(envelope: uuid::Uuid) -> Stream {
    Stream::new(Accepted::NOUN, envelope)
}

/// The fact; its data is the envelope's own.
pub(super) fn fact(envelope: uuid::Uuid) -> Fact {
    Fact {
        stream: stream(envelope),
        kind: ACCEPTED_V1,
        data: None,
    }
}

impl Aggregate for Accepted {
    const NOUN: &'static str = "batch";
    type Event = Data;

    fn read(kind: &str, data: &str) -> Result<Data, Unreadable> {
        let unreadable = |why: String| Unreadable {
            noun: Self::NOUN.into(),
            kind: kind.into(),
            why,
        };
        if kind != ACCEPTED_V1 {
            return Err(unreadable("this program does not know the kind".into()));
        }
        let AcceptedV1 { count, root } =
            serde_json::from_str(data).map_err(|e| unreadable(e.to_string()))?;
        Ok(Data { count, root })
    }

    fn evolve(self, event: &Data, at: &Occurred<'_>) -> Self {
        Self {
            envelope: Some((at.position, *event)),
        }
    }
}
