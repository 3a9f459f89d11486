//! The one Ed25519 rule, key texts and key files.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use ledger::algorithm::{self, NotEnabled};
use ledger::assertion::Kid;
use ledger::hash::Digest;
use ledger::key::file::{self, KeyFileError};
use ledger::key::{NotAKey, PublicKey, SigningKey};
use proptest::prelude::*;

/// Bytes of a hexadecimal text.
pub(crate) fn hex<const N: usize>(text: &str) -> [u8; N] {
    assert_eq!(text.len(), 2 * N, "{text}");
    std::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
}

/// The key whose seed is the hash of a name, as the examples of STANDARDS §4 make theirs.
pub(crate) fn named(name: &str) -> SigningKey {
    SigningKey::from_seed(&Digest::of(name.as_bytes()).0)
}

/// ed25519-speccheck, github.com/novifinancial/ed25519-speccheck, cases 0 to 11: message, key,
/// signature ("Taming the many EdDSAs", table 5).
pub(crate) const SPECCHECK: [(&str, &str, &str); 12] = [
    (
        "8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a0000000000000000000000000000000000000000000000000000000000000000",
    ),
    (
        "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
    ),
    (
        "aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e",
    ),
    (
        "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009",
    ),
    (
        "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed5125ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09",
    ),
    (
        "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405",
    ),
    (
        "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
        "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
        "e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514",
    ),
    (
        "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
        "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
        "8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa19427e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22",
    ),
    (
        "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff03be9678ac102edcd92b0210bb34d7428d12ffc5df5f37e359941266a4e35f0f",
    ),
    (
        "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffca8c5b64cd208982aa38d4936621a4775aa233aa0505711d8fdcfdaa943d4908",
    ),
    (
        "e96b7021eb39c1a163b6da4e3093dcd3f21387da4cc4572be588fafae23c155b",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
    ),
    (
        "39a591f5321bbe07fd5a23dc2f39d025d74526615746727ceefd6e82ae65c06f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
    ),
];

#[test]
fn speccheck_cases_are_judged_by_the_one_rule() {
    // If this fails, a credential is valid on one phone and not on another.
    let judged: Vec<&str> = SPECCHECK
        .iter()
        .map(
            |(message, key, signature)| match PublicKey::from_bytes(&hex(key)) {
                Err(NotAKey::SmallOrder) => "small-order key",
                Err(NotAKey::NotCanonical) => "non-canonical key",
                Err(other) => panic!("{other}"),
                Ok(key) => match key.verify(&hex::<32>(message), &hex(signature)) {
                    Ok(()) => "accepted",
                    Err(_) => "refused",
                },
            },
        )
        .collect();
    assert_eq!(
        judged,
        [
            "small-order key",   // 0: S = 0, A and R small
            "small-order key",   // 1: A small, R mixed
            "refused",           // 2: R small (rule 3)
            "accepted",          // 3: A and R mixed, both equations hold
            "refused",           // 4: only the cofactored equation holds
            "refused",           // 5: only with k reduced behind the cofactor
            "refused",           // 6: S ≥ L (rule 1)
            "refused",           // 7: S far beyond L
            "refused",           // 8: R non-canonical
            "refused",           // 9: R non-canonical
            "non-canonical key", // 10
            "non-canonical key", // 11
        ]
    );
    for case in [2, 3, 4, 5, 8, 9] {
        assert_eq!(
            PublicKey::register(&hex(SPECCHECK[case].1)),
            Err(NotAKey::MixedOrder),
            "rule 5 refuses the key of case {case}"
        );
    }
    assert!(PublicKey::register(&hex(SPECCHECK[6].1)).is_ok());
}

#[test]
fn small_order_and_non_canonical_keys_are_refused() {
    // If this fails, somebody can register a key under which signatures exist that nobody made.
    let ff = "ff".repeat(30);
    for key in [
        format!("01{}", "00".repeat(31)),
        format!("ec{ff}7f"),
        "00".repeat(32),
        format!("{}80", "00".repeat(31)),
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05".into(),
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85".into(),
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a".into(),
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa".into(),
    ] {
        assert_eq!(
            PublicKey::from_bytes(&hex(&key)),
            Err(NotAKey::SmallOrder),
            "{key}"
        );
    }
    for key in [
        format!("ed{ff}7f"),
        format!("ee{ff}7f"),
        format!("ed{ff}ff"),
        format!("ee{ff}ff"),
        format!("ec{ff}ff"),
        format!("01{}80", "00".repeat(30)),
        // y = p + 3: a point of large order in its second spelling.
        format!("f0{ff}7f"),
    ] {
        assert_eq!(
            PublicKey::from_bytes(&hex(&key)),
            Err(NotAKey::NotCanonical),
            "{key}"
        );
    }
    assert_eq!(
        PublicKey::from_bytes(&hex(&format!("02{}", "00".repeat(31)))),
        Err(NotAKey::NotAPoint)
    );
}

#[test]
fn rfc_8032_vectors_sign_and_verify() {
    // If this fails, our signatures are not Ed25519 and no one else can check them.
    for (seed, public, message, signature) in [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            &[][..],
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            &[0x72],
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            &[0xaf, 0x82],
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ] {
        let key = SigningKey::from_seed(&hex(seed));
        assert_eq!(key.public().as_bytes(), &hex(public));
        assert_eq!(key.sign(message), hex(signature));
        let registered = PublicKey::register(&hex(public)).unwrap();
        assert_eq!(registered.verify(message, &hex(signature)), Ok(()));
    }
}

#[test]
fn multikey_texts_are_those_of_the_standards_page() {
    // If this fails, DID documents and trust bundles name keys that nobody else can read.
    for (name, multikey) in [
        (
            "xuefen test registrar",
            "z6MksxaYYPWnuSWVwTH7Z9wW7NrdusgBB8hUcXUSiim7G59K",
        ),
        (
            "xuefen test log",
            "z6Mkw774XJ1RmhYWfRDsBVYr7PjZJukbHWbpLt8tXusxNFiN",
        ),
        (
            "xuefen test witness",
            "z6MkkyeBPHBvPvMVxAc7WRW1QG5sKgtEMWxHzfcRP6jeetFR",
        ),
        (
            "xuefen test institution",
            "z6MkgMnoBQDwMws6onbpxFecqiKDjSBvkLjqaUrTChcChmpZ",
        ),
    ] {
        let key = named(name).public();
        assert_eq!(key.multikey(), multikey);
        assert_eq!(PublicKey::from_multikey(multikey), Ok(key.clone()));
        assert_eq!(PublicKey::from_did_key(&key.did_key()), Ok(key.clone()));
        assert_eq!(
            key.did_key_method(),
            format!("did:key:{multikey}#{multikey}")
        );
        assert_eq!(
            PublicKey::from_did_key(&key.did_key_method()),
            Ok(key.clone())
        );
        let json = serde_json::to_string(&key).unwrap();
        assert_eq!(json, format!("\"{multikey}\""));
        assert_eq!(serde_json::from_str::<PublicKey>(&json).unwrap(), key);
    }
}

#[test]
fn other_key_texts_are_refused() {
    // If this fails, two texts name one key, and a revoked one could come back under the other.
    let good = "z6Mkw774XJ1RmhYWfRDsBVYr7PjZJukbHWbpLt8tXusxNFiN";
    for bad in [
        String::new(),
        "z".into(),
        good[1..].into(),
        format!("{good}1"),
        format!("{good} "),
        format!("z1{}", &good[1..]),
        good.replace("6Mk", "6MK"),
        good.replace('w', "l"),
        // X25519 (0xec 0x01) of the same length.
        "z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc".into(),
        // Ed25519 secret key prefix (0x80 0x26).
        "z3u2en7t5LR2WtQH5PfFqMqwVHgeXouLzo6haApm8XHqvjxq".into(),
    ] {
        assert_eq!(
            PublicKey::from_multikey(&bad),
            Err(NotAKey::NotAMultikey),
            "{bad}"
        );
    }
    for bad in [
        good.into(),
        format!("did:web:{good}"),
        format!("did:key:{good}#{}", &good[..9]),
    ] {
        assert_eq!(
            PublicKey::from_did_key(&bad),
            Err(NotAKey::NotADidKey),
            "{bad}"
        );
    }
}

#[test]
fn only_eddsa_and_sha_256_are_enabled() {
    // If this fails, a signature counts that verifiers in the field do not know.
    assert_eq!(algorithm::signature("EdDSA").unwrap().signature_bytes, 64);
    assert_eq!(algorithm::hash("SHA-256").unwrap().hash_bytes, 32);
    assert_eq!(algorithm::signature("SM2"), Err(NotEnabled::Refused("SM2")));
    assert_eq!(algorithm::hash("SM3"), Err(NotEnabled::Refused("SM3")));
    for name in ["none", "ES256", "eddsa", ""] {
        assert_eq!(
            algorithm::signature(name),
            Err(NotEnabled::Unknown(name.into()))
        );
        assert!(!algorithm::signature_is_enabled(name));
    }
}

#[test]
fn a_key_file_keeps_its_key_from_others_and_is_never_replaced() {
    // If this fails, another account of the machine can sign for the institution, or a second
    // `key new` destroys the only copy of the first key.
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("institution.key");
    let kid = Kid::parse("did:web:xf.example.org:i:7#key-2026-1").unwrap();
    let key = named("xuefen test institution");
    file::write(&path, &kid, &key).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&path).unwrap();
    let seed = Digest::of(b"xuefen test institution");
    assert_eq!(text, format!("xuefen-key-v1\n{kid}\n{seed}\n"));
    let (read_kid, read_key) = file::read(&path).unwrap();
    assert_eq!((read_kid, read_key.public()), (kid.clone(), key.public()));

    assert!(matches!(
        file::write(&path, &kid, &named("other")),
        Err(KeyFileError::Io { .. })
    ));
    assert_eq!(fs::read_to_string(&path).unwrap(), text);

    for length in 0..text.len() {
        fs::write(&path, &text[..length]).unwrap();
        assert!(
            matches!(file::read(&path), Err(KeyFileError::Form { .. })),
            "{length}"
        );
    }
    fs::write(&path, format!("{text}\n")).unwrap();
    assert!(matches!(file::read(&path), Err(KeyFileError::Form { .. })));
    fs::write(&path, &text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(
        file::read(&path),
        Err(KeyFileError::Exposed { mode: 0o640, .. })
    ));
}

#[test]
fn a_signing_key_never_prints_its_seed() {
    // If this fails, a key ends in a log file.
    let key = named("xuefen test log");
    assert_eq!(
        format!("{key:?}"),
        "SigningKey(of z6Mkw774XJ1RmhYWfRDsBVYr7PjZJukbHWbpLt8tXusxNFiN)"
    );
}

proptest! {
    #[test]
    fn a_flipped_bit_never_verifies(
        seed: [u8; 32],
        message in prop::collection::vec(any::<u8>(), 1..100),
        bit: prop::sample::Index,
    ) {
        // If this fails, a changed assertion passes as what its signer said.
        let key = SigningKey::from_seed(&seed);
        let public = PublicKey::register(key.public().as_bytes()).unwrap();
        let signature = key.sign(&message);
        prop_assert_eq!(public.verify(&message, &signature), Ok(()));
        let at = bit.index(512);
        let mut flipped = signature;
        flipped[at / 8] ^= 1 << (at % 8);
        prop_assert!(public.verify(&message, &flipped).is_err());
        let at = bit.index(message.len() * 8);
        let mut other = message.clone();
        other[at / 8] ^= 1 << (at % 8);
        prop_assert!(public.verify(&other, &signature).is_err());
    }
}
