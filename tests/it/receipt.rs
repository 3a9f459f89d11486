//! Receipts: what a learner keeps and anybody can check offline.

use ledger::checkpoint::{BadCheckpoint, BadNote, Checkpoint};
use ledger::hash::Digest;
use ledger::merkle::{BadProof, leaf_hash};
use ledger::receipt::{BadReceipt, Policy, Receipt};
use ledger::tile::Tiles;
use ledger::witness::{Witness, cosign};

use crate::checkpoint::ORIGIN;
use crate::keys::named;

const LEAF: &[u8] = b"xuefen/v1\nthe bytes of a commit\n";

/// A log of `size` commits with [`LEAF`] at `index`, witnessed by two.
fn receipt(index: u64, size: u64) -> (Receipt, Policy) {
    let here = tempfile::tempdir().unwrap();
    let mut tiles = Tiles::empty(here.path());
    for i in 0..size {
        tiles.append(if i == index {
            leaf_hash(LEAF)
        } else {
            leaf_hash(&i.to_be_bytes())
        });
    }
    tiles.publish().unwrap();
    let key = named("xuefen test log");
    let mut checkpoint = Checkpoint::sign(ORIGIN, size, &tiles.root(), &key).unwrap();
    let (head, _) = Checkpoint::open(&checkpoint, ORIGIN, &key.public()).unwrap();
    let mut witnesses = Vec::new();
    for name in ["w1.example.net", "w2.example.net"] {
        let witness = named(name);
        checkpoint += &cosign(&head.to_string(), name, &witness, 1_800_000_000).unwrap();
        witnesses.push(Witness {
            name: name.into(),
            key: witness.public(),
        });
    }
    let receipt = Receipt {
        leaf: Some(LEAF.into()),
        member: None,
        index,
        path: tiles.inclusion(index, size).unwrap(),
        checkpoint,
    };
    let policy = Policy {
        origin: ORIGIN.into(),
        key: key.public(),
        witnesses,
        quorum: 2,
    };
    (receipt, policy)
}

#[test]
fn a_receipt_proves_its_commit_offline() {
    // If this fails, a learner's receipt is worth nothing without our server.
    for (index, size) in [(0, 1), (0, 2), (5, 6), (255, 256), (300, 700), (699, 700)] {
        let (receipt, policy) = receipt(index, size);
        let text = receipt.to_string();
        let read = Receipt::parse(&text).unwrap();
        assert_eq!(read, receipt);
        let proven = read.verify(&policy).unwrap();
        assert_eq!((proven.index, proven.checkpoint.size), (index, size));
        assert_eq!(proven.cosigned.len(), 2);
        assert_eq!(proven.cosigned[0].time_s, 1_800_000_000);

        let bare = Receipt {
            leaf: None,
            ..receipt
        };
        assert_eq!(Receipt::parse(&bare.to_string()), Ok(bare.clone()));
        assert_eq!(bare.verify(&policy), Err(BadReceipt::NoLeaf));
        assert!(bare.verify_hash(leaf_hash(LEAF), &policy).is_ok());
    }
}

#[test]
fn each_fault_has_its_own_name() {
    // If this fails, a verifier shows the wrong reason, and the learner takes the wrong next step.
    let (good, policy) = receipt(300, 700);
    assert_eq!(
        good.verify_hash(Digest::of(b"other"), &policy),
        Err(BadReceipt::Path(BadProof::Root))
    );
    let far = Receipt {
        index: 700,
        ..good.clone()
    };
    assert_eq!(far.verify(&policy), Err(BadReceipt::Path(BadProof::Range)));
    let mut short = good.clone();
    short.path.pop();
    assert_eq!(
        short.verify(&policy),
        Err(BadReceipt::Path(BadProof::Length))
    );

    let stranger = Policy {
        key: named("other").public(),
        ..policy.clone()
    };
    assert_eq!(
        good.verify(&stranger),
        Err(BadReceipt::Checkpoint(BadCheckpoint::Signature(
            BadNote::Unsigned
        )))
    );
    let elsewhere = Policy {
        origin: "xf.example.org/log/2".into(),
        ..policy.clone()
    };
    assert!(matches!(
        good.verify(&elsewhere),
        Err(BadReceipt::Checkpoint(BadCheckpoint::Origin(_)))
    ));
    let strict = Policy {
        quorum: 3,
        ..policy.clone()
    };
    assert_eq!(
        good.verify(&strict),
        Err(BadReceipt::Quorum { have: 2, need: 3 })
    );
    let swapped = Policy {
        witnesses: policy
            .witnesses
            .iter()
            .rev()
            .zip(&policy.witnesses)
            .map(|(a, b)| Witness {
                name: a.name.clone(),
                key: b.key.clone(),
            })
            .collect(),
        ..policy.clone()
    };
    assert_eq!(
        good.verify(&swapped),
        Err(BadReceipt::Quorum { have: 0, need: 2 })
    );

    // Too few witnesses is "unconfirmed", so whatever makes the receipt false must win over it.
    let wrong = Receipt {
        leaf: Some(b"another commit".to_vec()),
        ..good
    };
    assert_eq!(wrong.verify(&strict), Err(BadReceipt::Path(BadProof::Root)));
}

#[test]
fn no_flipped_bit_is_ever_proven() {
    // If this fails, a changed receipt passes as ours.
    let (good, policy) = receipt(5, 7);
    let text = good.to_string();
    for at in 0..text.len() * 8 {
        let mut bytes = text.clone().into_bytes();
        bytes[at / 8] ^= 1 << (at % 8);
        let proven = String::from_utf8(bytes)
            .ok()
            .and_then(|text| Receipt::parse(&text).ok())
            .and_then(|receipt| receipt.verify(&policy).ok());
        assert_eq!(proven, None, "bit {at}");
    }
    for length in 0..text.len() {
        if let Some(Ok(cut)) = text.get(..length).map(Receipt::parse) {
            assert!(cut.verify(&policy).is_err(), "cut at {length}");
        }
    }
}

#[test]
fn texts_that_are_no_receipts_are_refused() {
    // If this fails, two programs read two proofs from one text.
    let hash = "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=";
    // Index and the first hashes of the example of C2SP tlog-proof.
    let good = format!(
        "c2sp.org/tlog-proof@v1\nindex 73894\n{hash}\nB95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=\n\nc"
    );
    let read = Receipt::parse(&good).unwrap();
    assert_eq!(
        (
            read.index,
            read.path.len(),
            read.leaf,
            read.checkpoint.as_str()
        ),
        (73_894, 2, None, "c")
    );
    for bad in [
        String::new(),
        good.replace("@v1", "@v2"),
        good.replace("index", "Index"),
        good.replace("index ", "index  "),
        good.replace("73894", "073894"),
        good.replace("73894", "-1"),
        good.replace("73894", "18446744073709551616"),
        good.replace("index", "extra !\nindex"),
        good.replace("index", "extra AA\nindex"),
        good.replace("index", "extra AA==\nextra AA==\nindex"),
        good.replace("index", "unknown x\nindex"),
        good.replace("PlQ=", "PlQ"),
        good.replace("PlQ=", "PlR="),
        good.replace(hash, "AA=="),
        good.replace("\n\n", "\n"),
        good.replace('\n', "\r\n"),
        good.replace(&format!("{hash}\n"), &format!("{hash}\n").repeat(64)),
        format!(
            "c2sp.org/tlog-proof@v1\nextra {}\nindex 0\n\n",
            "AAAA".repeat(21_846)
        ),
    ] {
        assert!(
            Receipt::parse(&bad).is_err(),
            "{}",
            &bad[..bad.len().min(200)]
        );
    }
}
