//! Checkpoints, signed notes and cosignatures.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ledger::checkpoint::note::{self, key_id, verifier_key};
use ledger::checkpoint::{
    self, BadCheckpoint, BadNote, Checkpoint, NotANote, SignatureType, SignedNote,
};
use ledger::hash::Digest;
use ledger::key::{PublicKey, SigningKey};
use ledger::witness::{Witness, cosign, cosignatures};
use proptest::prelude::*;

use crate::keys::named;

pub(crate) const ORIGIN: &str = "xf.example.org/log/1";

/// Name and key of a C2SP verifier key text; its id and type are checked too.
fn vkey(text: &str, kind: SignatureType) -> (String, PublicKey) {
    let (name, rest) = text.split_once('+').unwrap();
    let (_, base64) = rest.split_once('+').unwrap();
    let bytes = STANDARD.decode(base64).unwrap();
    let key = PublicKey::register(bytes[1..].try_into().unwrap()).unwrap();
    assert_eq!(verifier_key(name, kind, &key), text);
    (name.into(), key)
}

/// The example of golang.org/x/mod/sumdb/note, its package documentation and tests.
const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\
    \n\
    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const PETER_SEED: &str = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const ENOCH: &str = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
const ENOCH_LINE: &str = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

#[test]
fn the_published_note_is_signed_and_verified_as_published() {
    // If this fails, no C2SP tool can read our checkpoints.
    let (peter, peter_key) = vkey(PETER, SignatureType::Ed25519);
    let (enoch, enoch_key) = vkey(ENOCH, SignatureType::Ed25519);
    let both = SignedNote::parse(&format!("{NOTE}{ENOCH_LINE}")).unwrap();
    assert_eq!(both.verify(&peter, &peter_key), Ok(()));
    assert_eq!(both.verify(&enoch, &enoch_key), Ok(()));
    assert_eq!(both.verify(&enoch, &peter_key), Err(BadNote::Unsigned));
    assert_eq!(
        both.verify("PeterNeuman", &peter_key),
        Err(BadNote::Unsigned)
    );
    let alone = SignedNote::parse(NOTE).unwrap();
    assert_eq!(alone.verify(&enoch, &enoch_key), Err(BadNote::Unsigned));

    let seed = STANDARD.decode(PETER_SEED).unwrap();
    let key = SigningKey::from_seed(seed[1..].try_into().unwrap());
    let line = note::sign(&peter, &key, both.text()).unwrap();
    assert_eq!(format!("{}\n{line}", both.text()), NOTE);
}

#[test]
fn a_signed_head_of_the_go_checksum_database_verifies() {
    // If this fails, what we call a checkpoint is not what the world's largest public log signs.
    let (name, key) = vkey(
        "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        SignatureType::Ed25519,
    );
    // As served for golang.org/x/sync@v0.1.0.
    let text = "go.sum database tree\n65209736\n5+uGFjx6xBZG8ip1+wi77v+grwbhhukIrxEUS8PXvRo=\n\n\
        — sum.golang.org Az3grnbssgK7ubgFX36gVETtNv0U23qxyAhAMai2QUfeGa3nB/akvkMdlUErfcZz7l/R3cVtYspg3dxXABkGZZKdsQ8=\n";
    let note = SignedNote::parse(text).unwrap();
    assert_eq!(note.verify(&name, &key), Ok(()));
    assert_eq!(Checkpoint::parse(note.text()).unwrap().size, 65_209_736);
    let other = SignedNote::parse(&text.replace("65209736", "65209737")).unwrap();
    assert_eq!(other.verify(&name, &key), Err(BadNote::False));
}

#[test]
fn the_examples_of_the_specifications_parse() {
    // If this fails, we read another format than C2SP tlog-checkpoint and tlog-cosignature.
    let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
        — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
        — witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
    let note = SignedNote::parse(text).unwrap();
    let checkpoint = Checkpoint::parse(note.text()).unwrap();
    assert_eq!(checkpoint.to_string(), note.text());
    assert_eq!(
        (
            checkpoint.origin.as_str(),
            checkpoint.size,
            checkpoint.root.0[..4].to_vec()
        ),
        (
            "example.com/behind-the-sofa",
            20_852_163,
            vec![0x0a, 0xc5, 0x18, 0x6a]
        )
    );
    let [log, witness] = note.signatures() else {
        panic!("two signatures")
    };
    assert_eq!(
        (log.key_id, log.bytes.len()),
        ([0x03, 0x3d, 0xe0, 0xae], 64)
    );
    // The time in the page's own worked message: 1679315147.
    assert_eq!(witness.bytes[..8], 1_679_315_147_u64.to_be_bytes());
    assert_eq!(witness.bytes.len(), 72);
    // Key ids of both types, from transparency-dev/formats' tests.
    vkey(
        "TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6",
        SignatureType::Ed25519,
    );
    vkey(
        "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
        SignatureType::Cosignature,
    );
}

#[test]
fn texts_that_are_no_notes_are_refused() {
    // If this fails, two readers see two texts under one signature.
    let (text, line) = NOTE.split_once("\n\n").unwrap();
    let signed = |lines: &str| format!("{text}\n\n{lines}");
    for (bad, why) in [
        (String::new(), NotANote::NoSignatures),
        (format!("{text}\n"), NotANote::NoSignatures),
        (format!("{text}\n\n"), NotANote::NoSignatures),
        (NOTE[..NOTE.len() - 1].into(), NotANote::Line),
        (format!("\u{1}{NOTE}"), NotANote::Control),
        (NOTE.replace('\n', "\r\n"), NotANote::Control),
        (format!("{NOTE}unexpected\n"), NotANote::Line),
        (signed(&line.replace("— ", "- ")), NotANote::Line),
        (signed(&line.replace("— ", "—")), NotANote::Line),
        (signed(&line.replace("— ", "—  ")), NotANote::Name),
        (
            signed(&line.replace("PeterNeumann", "Peter+Neumann")),
            NotANote::Name,
        ),
        (
            signed(&line.replace("PeterNeumann", "Peter\u{a0}Neumann")),
            NotANote::Name,
        ),
        (
            signed(&line.replace("PeterNeumann", "Peter Neumann")),
            NotANote::Line,
        ),
        (signed(&line.replace("AM=\n", "AM\n")), NotANote::Line),
        (signed(&line.replace("AM=\n", "AN=\n")), NotANote::Line),
        (signed("— PeterNeumann x08gow==\n"), NotANote::Line),
        (signed(&line.repeat(65)), NotANote::TooMany),
        ("x".repeat(1 << 20) + NOTE, NotANote::TooLarge),
    ] {
        assert_eq!(
            SignedNote::parse(&bad),
            Err(why),
            "{}",
            &bad[..bad.len().min(300)]
        );
    }
    assert!(SignedNote::parse(&signed(&line.repeat(16))).is_ok());
}

#[test]
fn texts_that_are_no_checkpoints_are_refused() {
    // If this fails, one size and root have two texts, and witnesses sign different bytes.
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    assert!(Checkpoint::parse(&format!("o\n0\n{root}\n")).is_ok());
    assert!(Checkpoint::parse(&format!("o\n18446744073709551615\n{root}\nextension\n")).is_ok());
    for bad in [
        format!("o\n1\n{root}"),
        format!("\n1\n{root}\n"),
        format!("o\n01\n{root}\n"),
        format!("o\n+1\n{root}\n"),
        format!("o\n-1\n{root}\n"),
        format!("o\n 1\n{root}\n"),
        format!("o\n18446744073709551616\n{root}\n"),
        format!("o\n1\n{}\n", &root[..43]),
        format!("o\n1\n{}\n", root.replace('/', "_")),
        format!("o\n1\n{}\n", root.replace("2I=", "2J=")),
        format!("o\n1\n{root}\n\n"),
        format!("o\n1\n{root}\n\nx\n"),
        "o\n1\n".into(),
        String::new(),
    ] {
        assert!(
            matches!(Checkpoint::parse(&bad), Err(BadCheckpoint::Form(_))),
            "{bad}"
        );
    }
}

#[test]
fn only_the_logs_own_checkpoint_opens() {
    // If this fails, a checkpoint of another log or key passes as this one's.
    let key = named("xuefen test log");
    let root = Digest::of(b"root");
    let text = Checkpoint::sign(ORIGIN, 5, &root, &key).unwrap();
    let (checkpoint, _) = Checkpoint::open(&text, ORIGIN, &key.public()).unwrap();
    assert_eq!((checkpoint.size, checkpoint.root), (5, root));
    assert_eq!(
        text,
        Checkpoint::sign(ORIGIN, 5, &root, &key).unwrap(),
        "deterministic"
    );

    let open = |text: &str, key: &PublicKey| Checkpoint::open(text, ORIGIN, key).map(drop);
    let other = Checkpoint::sign("xf.example.org/log/2", 5, &root, &key).unwrap();
    assert!(matches!(
        open(&other, &key.public()),
        Err(BadCheckpoint::Origin(_))
    ));
    assert_eq!(
        open(&text, &named("other").public()),
        Err(BadCheckpoint::Signature(BadNote::Unsigned))
    );
    assert_eq!(
        open(&text.replace("\n5\n", "\n6\n"), &key.public()),
        Err(BadCheckpoint::Signature(BadNote::False))
    );
    assert_eq!(
        open("x", &key.public()),
        Err(BadCheckpoint::Note(NotANote::NoSignatures))
    );
    for bad in ["", "two words", "a+b", "a\nb", "a\u{3000}b"] {
        assert_eq!(
            Checkpoint::sign(bad, 5, &root, &key),
            Err(NotANote::Name),
            "{bad:?}"
        );
    }
}

#[test]
fn a_witness_counts_once_and_a_false_one_condemns() {
    // If this fails, one witness can pass for a quorum, and a split view goes unseen.
    let log = named("xuefen test log");
    let keys = [named("w1"), named("w2"), named("w3")];
    let witness = |name: &str, key: &SigningKey| Witness {
        name: name.into(),
        key: key.public(),
    };
    let all: Vec<Witness> = keys
        .iter()
        .zip(["w1", "w2", "w3"])
        .map(|(k, n)| witness(n, k))
        .collect();
    let text = Checkpoint::sign(ORIGIN, 5, &Digest::of(b"root"), &log).unwrap();
    let body = SignedNote::parse(&text).unwrap().text().to_owned();
    let line = |i: usize, time| cosign(&body, &all[i].name, &keys[i], time).unwrap();
    let count = |lines: &str, witnesses: &[Witness]| {
        cosignatures(
            &SignedNote::parse(&format!("{text}{lines}")).unwrap(),
            witnesses,
        )
        .map(|found| {
            found
                .into_iter()
                .map(|c| (c.name, c.time_s))
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(count("", &all), Ok(vec![]));
    assert_eq!(
        count(&(line(1, 20) + &line(0, 10) + &line(1, 30)), &all),
        Ok(vec![("w1".into(), 10), ("w2".into(), 30)])
    );
    assert_eq!(
        count(&line(2, 10), &all[..2]),
        Ok(vec![]),
        "an unknown witness is ignored"
    );

    // One key under two names.
    let twice = [witness("w1", &keys[0]), witness("w1b", &keys[0])];
    let lines = line(0, 10) + &cosign(&body, "w1b", &keys[0], 11).unwrap();
    assert_eq!(count(&lines, &twice), Ok(vec![("w1".into(), 11)]));

    // A cosignature of another checkpoint, and one whose time was changed.
    let foreign = cosign(&body.replace("\n5\n", "\n4\n"), "w1", &keys[0], 10).unwrap();
    assert_eq!(count(&foreign, &all).unwrap_err().0, "w1");
    let (head, base64) = line(0, 10)
        .rsplit_once(' ')
        .map(|(h, b)| (h.to_owned(), b.trim().to_owned()))
        .unwrap();
    let mut bytes = STANDARD.decode(base64).unwrap();
    bytes[11] ^= 1;
    let late = format!("{head} {}\n", STANDARD.encode(&bytes));
    assert_eq!(count(&late, &all).unwrap_err().0, "w1");
    bytes[4] = 0x80;
    let far = format!("{head} {}\n", STANDARD.encode(&bytes));
    assert_eq!(count(&far, &all).unwrap_err().0, "w1");

    // The log's own kind of signature by a witness's key is no cosignature, and the reverse.
    let plain = note::sign("w1", &keys[0], &body).unwrap();
    assert_eq!(count(&plain, &all), Ok(vec![]));
    assert_ne!(
        key_id("w1", SignatureType::Ed25519, &keys[0].public()),
        key_id("w1", SignatureType::Cosignature, &keys[0].public())
    );
}

#[test]
fn the_published_file_is_replaced_whole() {
    // If this fails, a crash leaves the log without a checkpoint to start from.
    let here = tempfile::tempdir().unwrap();
    assert_eq!(checkpoint::load(here.path()).unwrap(), None);
    for size in 1..4 {
        let text = Checkpoint::sign(ORIGIN, size, &Digest::of(b"r"), &named("log")).unwrap();
        checkpoint::store(here.path(), &text).unwrap();
        assert_eq!(checkpoint::load(here.path()).unwrap(), Some(text));
    }
    assert_eq!(
        std::fs::read_dir(here.path()).unwrap().count(),
        1,
        "nothing is left beside it"
    );
}

proptest! {
    #[test]
    fn a_flipped_bit_of_a_checkpoint_never_opens(size: u64, root: [u8; 32], bit: prop::sample::Index) {
        // If this fails, a root that the log never signed passes as signed.
        let key = named("xuefen test log");
        let text = Checkpoint::sign(ORIGIN, size, &Digest(root), &key).unwrap();
        let mut bytes = text.into_bytes();
        let at = bit.index(bytes.len() * 8);
        bytes[at / 8] ^= 1 << (at % 8);
        if let Ok(text) = String::from_utf8(bytes) {
            prop_assert!(Checkpoint::open(&text, ORIGIN, &key.public()).is_err());
        }
    }
}
