//! Codes: the claims of one credit record, a small real log, and messages made by hand.

use credentials::vc::cbor::Item;
use credentials::vc::qr::{self, Claims, Kind, Receipt};
use ledger::checkpoint::Checkpoint;
use ledger::hash::Digest;
use ledger::key::SigningKey;
use ledger::merkle::{self, Node};
use ledger::witness::cosign;
use uuid::Uuid;

use super::{HOST, INDEX, ORIGIN, POSITION, UNIVERSITY, named, published};

/// Size of the log that the receipts are of.
const SIZE: u64 = 300;

/// Leaf hash of the commit of the credential.
pub fn leaf() -> Digest {
    leaf_at(POSITION)
}

fn leaf_at(position: u64) -> Digest {
    merkle::leaf_hash(format!("xuefen test commit {position}").as_bytes())
}

/// The claims of STANDARDS §9, of another position, with the leaf.
pub fn claims() -> Claims {
    Claims {
        expires_at: Some(2_084_000_400),
        begins_at: None,
        issued_at: 1_768_467_600,
        id: Uuid::from_u128(0x0f0e_3a52_9a2e_4d19_9d7e_2f7f_0b1c_5a11),
        issuer: UNIVERSITY.into(),
        kind: Kind::CreditRecord,
        title: "社区急救".into(),
        amount: Some(3_000),
        scheme: None,
        name: Some("王*明".into()),
        status: Some((1, INDEX.into())),
        position: POSITION,
        level: None,
        hours: None,
        learner: None,
        leaf: Some(leaf()),
        full: None,
        newer: 0,
    }
}

/// The text of a code by the university's credential key.
pub fn code(claims: &Claims, receipt: Option<&Receipt>) -> String {
    qr::text(HOST, &qr::sign(claims, &published(), receipt))
}

/// A receipt for [`leaf`] that the log's key and the witness signed.
pub fn receipt() -> Receipt {
    receipt_in(ORIGIN, &named("log"), &["witness"])
}

/// A receipt of the log `origin` by `key`, cosigned by the keys of these names.
///
/// The witness that the bundle knows is `witness`; another name signs as `<name>.example.net`.
pub fn receipt_in(origin: &str, key: &SigningKey, witnesses: &[&str]) -> Receipt {
    let node = |node: Node| -> Result<Digest, std::convert::Infallible> { Ok(hash_of(node)) };
    let Ok(root) = merkle::root_at(SIZE, node);
    let Ok(path) = merkle::inclusion_path(POSITION, SIZE, node);
    let mut checkpoint = Checkpoint::sign(origin, SIZE, &root, key).unwrap();
    let body = Checkpoint {
        origin: origin.into(),
        size: SIZE,
        root,
    };
    for name in witnesses {
        let full = format!("{name}.example.net");
        checkpoint += &cosign(&body.to_string(), &full, &named(name), 1_795_320_000).unwrap();
    }
    Receipt {
        size: SIZE,
        path,
        checkpoint: checkpoint.into_bytes(),
    }
}

/// The root of a perfect subtree.
fn hash_of(node: Node) -> Digest {
    match node.level.checked_sub(1) {
        None => leaf_at(node.index),
        Some(level) => {
            let half = |index| hash_of(Node { level, index });
            merkle::node_hash(&half(2 * node.index), &half(2 * node.index + 1))
        }
    }
}

/// A message whose parts are chosen one by one; [`Raw::text`] signs what it is.
#[derive(Debug, Clone)]
pub struct Raw {
    /// Protected header.
    pub protected: Item,
    /// Unprotected header.
    pub unprotected: Item,
    /// Payload.
    pub payload: Item,
    /// What binds the signature to the profile.
    pub aad: Vec<u8>,
}

impl Raw {
    /// What `sign(claims, key, None)` would make.
    pub fn of(claims: &Claims, key: &SigningKey) -> Self {
        let cose = qr::sign(claims, key, None);
        let Ok(Item::Sign1(parts)) = credentials::vc::cbor::decode(&cose) else {
            unreachable!("sign makes a COSE_Sign1");
        };
        let Item::Array(parts) = *parts else {
            unreachable!("an array");
        };
        let inner = |n: usize| {
            let bytes = parts.get(n).and_then(Item::as_bytes).unwrap();
            credentials::vc::cbor::decode(bytes).unwrap()
        };
        Self {
            protected: inner(0),
            unprotected: Item::Map(Vec::new()),
            payload: inner(2),
            aad: b"xuefen/qr/1".into(),
        }
    }

    /// Puts `value` at `key` of the payload, or of the map −65537 in it.
    #[must_use]
    pub fn with(mut self, ours: bool, key: i64, value: Option<Item>) -> Self {
        let Item::Map(pairs) = &mut self.payload else {
            unreachable!("the payload is a map");
        };
        let own = pairs.iter_mut().find(|(key, _)| *key == Item::int(-65_537));
        let pairs = match own {
            Some((_, Item::Map(own))) if ours => own,
            _ => pairs,
        };
        pairs.retain(|(known, _)| *known != Item::int(key));
        pairs.extend(value.map(|value| (Item::int(key), value)));
        self
    }

    /// The COSE bytes signed by `key`.
    pub fn cose(&self, key: &SigningKey) -> Vec<u8> {
        let (protected, payload) = (self.protected.encode(), self.payload.encode());
        let signed = Item::Array(vec![
            Item::Text("Signature1".into()),
            Item::Bytes(protected.clone()),
            Item::Bytes(self.aad.clone()),
            Item::Bytes(payload.clone()),
        ]);
        Item::Sign1(Box::new(Item::Array(vec![
            Item::Bytes(protected),
            self.unprotected.clone(),
            Item::Bytes(payload),
            Item::Bytes(key.sign(&signed.encode()).to_vec()),
        ])))
        .encode()
    }

    /// The text of the code signed by the university's credential key.
    pub fn text(&self) -> String {
        qr::text(HOST, &self.cose(&published()))
    }
}
