//! The commit: one leaf of the log, an assertion byte for byte and the facts it caused.
//!
//! Invariant: `Commit::decode(leaf).encode() == leaf`; the bytes are the truth, the struct a view.
//! Form: docs/FORMAT.md "Leaf".

use uuid::Uuid;

use crate::assertion::{Assertion, Malformed};
use crate::canonical;
use crate::fact::CommittedFact;

/// The first line of every leaf.
pub const LEAF_TAG: &str = "xuefen/v1";
/// Lines of a leaf.
pub const LEAF_LINES: usize = 7;
/// Largest leaf in bytes: the length prefix of an entry bundle has 16 bits.
pub const LEAF_BYTES_MAX: usize = 65_535;

/// One commit, decoded.
#[derive(Debug, Clone)]
pub struct Commit {
    /// Origin of the log it belongs to.
    pub log: Box<str>,
    /// Its index in the log, from 0.
    pub position: u64,
    /// When the sequencer decided it: Unix time in milliseconds, never less than the commit before.
    pub recorded_at_ms: i64,
    /// Number of the rules that decided it.
    pub engine: u32,
    /// The signed asking, byte for byte.
    pub assertion: Assertion,
    /// What it caused; never empty.
    pub facts: Vec<CommittedFact>,
}

/// Bytes that are no leaf.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotACommit {
    /// The lines or numbers are not of the leaf's form.
    #[error("not a leaf: {0}")]
    Form(&'static str),
    /// The assertion line is not an assertion.
    #[error("the leaf's assertion: {0}")]
    Assertion(#[from] Malformed),
    /// The facts are not a JCS array of facts.
    #[error("the leaf's facts: {0}")]
    Facts(String),
    /// Larger than [`LEAF_BYTES_MAX`].
    #[error("a leaf of {0} bytes; at most 65535 fit")]
    TooLarge(usize),
}

/// The parts of a leaf that an index needs, read without a full parse.
#[derive(Debug)]
pub struct Outline {
    /// Its position.
    pub position: u64,
    /// The assertion's id.
    pub id: Uuid,
    /// Its recording time, Unix milliseconds.
    pub recorded_at_ms: i64,
    /// Its facts.
    pub facts: Vec<CommittedFact>,
}

impl Commit {
    /// The leaf's bytes.
    pub fn encode(&self) -> Result<Vec<u8>, NotACommit> {
        // Members of a fact stand in JCS order and its data is JCS already; `decode` proves it.
        let facts =
            serde_json::to_vec(&self.facts).map_err(|e| NotACommit::Facts(e.to_string()))?;
        let assertion = self
            .assertion
            .line()
            .ok_or(NotACommit::Form("a batch's member without its place"))?;
        let mut leaf = Vec::with_capacity(assertion.len() + facts.len() + 128);
        for line in [
            LEAF_TAG.as_bytes(),
            self.log.as_bytes(),
            self.position.to_string().as_bytes(),
            self.recorded_at_ms.to_string().as_bytes(),
            self.engine.to_string().as_bytes(),
            assertion.as_bytes(),
            &facts,
        ] {
            leaf.extend_from_slice(line);
            leaf.push(b'\n');
        }
        if leaf.len() > LEAF_BYTES_MAX {
            return Err(NotACommit::TooLarge(leaf.len()));
        }
        Ok(leaf)
    }

    /// Reads a leaf; refuses anything that would not encode to the same bytes.
    pub fn decode(leaf: &[u8]) -> Result<Self, NotACommit> {
        let lines = Lines::split(leaf)?;
        let facts = lines.facts()?;
        let assertion = Assertion::from_line(lines.assertion)?;
        let place = assertion.place();
        if place.is_some_and(|place| place.position() != lines.position) {
            return Err(NotACommit::Form("a batch's member stands in another place"));
        }
        Ok(Self {
            log: lines.log.into(),
            position: lines.position,
            recorded_at_ms: lines.recorded_at_ms,
            engine: lines.engine,
            assertion,
            facts,
        })
    }

    /// The distinct streams of the facts, in order of first appearance.
    pub fn streams(&self) -> Vec<&crate::fact::Stream> {
        distinct_streams(&self.facts)
    }
}

impl Outline {
    /// Reads position, id and facts of a leaf.
    pub fn read(leaf: &[u8]) -> Result<Self, NotACommit> {
        let lines = Lines::split(leaf)?;
        Ok(Self {
            position: lines.position,
            id: Assertion::id_of(lines.assertion)?,
            recorded_at_ms: lines.recorded_at_ms,
            facts: lines.facts()?,
        })
    }
}

/// The distinct streams of `facts`, in order of first appearance.
pub fn distinct_streams(facts: &[CommittedFact]) -> Vec<&crate::fact::Stream> {
    let mut streams: Vec<&crate::fact::Stream> = Vec::with_capacity(facts.len());
    for fact in facts {
        if !streams.contains(&&fact.stream) {
            streams.push(&fact.stream);
        }
    }
    streams
}

struct Lines<'a> {
    log: &'a str,
    position: u64,
    recorded_at_ms: i64,
    engine: u32,
    assertion: &'a str,
    facts: &'a str,
}

impl<'a> Lines<'a> {
    fn split(leaf: &'a [u8]) -> Result<Self, NotACommit> {
        if leaf.len() > LEAF_BYTES_MAX {
            return Err(NotACommit::TooLarge(leaf.len()));
        }
        let text = std::str::from_utf8(leaf).map_err(|_| NotACommit::Form("not UTF-8"))?;
        let text = text
            .strip_suffix('\n')
            .ok_or(NotACommit::Form("does not end with a newline"))?;
        let mut lines = text.split('\n');
        let mut next = |what| lines.next().ok_or(NotACommit::Form(what));
        if next("empty")? != LEAF_TAG {
            return Err(NotACommit::Form("the first line is not xuefen/v1"));
        }
        let out = Self {
            log: next("no log line")?,
            position: plain(next("no position line")?)?,
            recorded_at_ms: plain(next("no time line")?)?,
            engine: plain(next("no engine line")?)?,
            assertion: next("no assertion line")?,
            facts: next("no facts line")?,
        };
        if lines.next().is_some() {
            return Err(NotACommit::Form("more than seven lines"));
        }
        Ok(out)
    }

    fn facts(&self) -> Result<Vec<CommittedFact>, NotACommit> {
        canonical::check(self.facts).map_err(|e| NotACommit::Facts(e.to_string()))?;
        let facts: Vec<CommittedFact> =
            serde_json::from_str(self.facts).map_err(|e| NotACommit::Facts(e.to_string()))?;
        if facts.is_empty() {
            return Err(NotACommit::Facts("a commit without facts".into()));
        }
        Ok(facts)
    }
}

/// A decimal number in its only form: no sign, no leading zero.
pub(crate) fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    let canonical = text.bytes().all(|b| b.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'))
        && !text.is_empty();
    canonical.then(|| text.parse().ok()).flatten()
}

fn plain<T: std::str::FromStr>(line: &str) -> Result<T, NotACommit> {
    number(line).ok_or(NotACommit::Form("a number line is not a plain decimal"))
}

/// Which stream a fact of a stored leaf touched, and with which revision.
///
/// A light reading for hops along back-pointers: the facts' form was proven when the leaf was
/// appended, and the store vouches for the bytes, so nothing but these two members is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
pub struct Touch<'a> {
    /// Name of the stream.
    pub stream: &'a str,
    /// Index of the fact in that stream, from 0.
    pub revision: u64,
}

impl<'a> Touch<'a> {
    /// The touches of a leaf's facts, in their order.
    pub fn all(leaf: &'a [u8]) -> Result<Vec<Self>, NotACommit> {
        serde_json::from_str(Lines::split(leaf)?.facts)
            .map_err(|e| NotACommit::Facts(e.to_string()))
    }
}
