// Published facts: the worked example and trust bundle of the credential handbook (test keys only) and
// the cases of github.com/novifinancial/ed25519-speccheck ("Taming the many EdDSAs", table 5).

export const BUNDLE = `{ "version": 41, "issued_at": "2026-11-22T06:00:00Z", "position": 777500,
  "log": { "origin": "xf.example.org/log/1", "key": "z6Mkw774XJ1RmhYWfRDsBVYr7PjZJukbHWbpLt8tXusxNFiN", "alg": "EdDSA", "hash": "SHA-256" },
  "witnesses": [ { "name": "witness.example.net", "key": "z6MkkyeBPHBvPvMVxAc7WRW1QG5sKgtEMWxHzfcRP6jeetFR" } ], "quorum": 1, "age_policy": { "plain_hours": 24, "unknown_hours": 168 },
  "issuers": [ { "id": 0, "did": "did:web:xf.example.org", "name": "示例省学分银行", "custody": "own", "suspended": null, "status_required": true, "disputed": [],
      "keys": [ { "kid": "did:web:xf.example.org#registrar-2026-1", "pub": "z6MksxaYYPWnuSWVwTH7Z9wW7NrdusgBB8hUcXUSiim7G59K", "use": "bundle", "custody": "own", "activated": 0, "retired": null, "not_valid_after": null } ], "status": [] },
    { "id": 7, "did": "did:web:xf.example.org:i:7", "name": "示例大学", "custody": "own", "suspended": null, "status_required": true, "disputed": [],
      "keys": [ { "kid": "did:web:xf.example.org:i:7#key-2026-1", "pub": "z6MkgMnoBQDwMws6onbpxFecqiKDjSBvkLjqaUrTChcChmpZ", "use": "assertion", "custody": "own", "activated": 100, "retired": null, "not_valid_after": null },
                { "kid": "did:web:xf.example.org:i:7#credential-2026-1", "pub": "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2", "use": "credential", "custody": "platform", "activated": 101, "retired": null, "not_valid_after": null } ],
      "status": [ { "url": "https://xf.example.org/status/7/1", "gzip": "uH4sIAAAAAAACA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA", "position": 777480, "at": "2026-11-22T05:58:00Z" } ] } ],
  "proof": { "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "created": "2026-11-22T06:00:00Z", "verificationMethod": "did:web:xf.example.org#registrar-2026-1", "proofPurpose": "assertionMethod", "proofValue": "z2VsX2MvdJbDUWgKL2NjTP5tAcDhAJgFTnBamVmhwuedzquq6URengDsDhjxPCg3UZ8BHazvUdSdzDXymP2Qk1Wjd" } }`;

export const CODE =
  "https://xf.example.org/q#15925521407457050020331767655160700105131193497446440745492644469301829669962914680847040047761224041214433031380357026604848846295269543002891801650413834637178929839475246696901214738699517984390510374826490698042218933800001586571516416033377193505930434865362947479770020128537013137971271864133402282202274856614159530820529983055271259711786120359030793006447242580149846888874275222822121003350692366";

/** Seconds: an hour behind the bundle. */
export const NOW = Date.parse("2026-11-22T07:00:00Z") / 1000;

/** Seeds: SHA-256 of these names. */
export const REGISTRAR = "xuefen test registrar";
export const LOG = "xuefen test log";
export const WITNESS = "xuefen test witness";

/** The published key pair of the W3C's vectors: the credential key of institution 7. */
export const CREDENTIAL_SECRET = "z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq";

/** Message, key, signature, and whether the one rule accepts. */
export const SPECCHECK: [string, string, string, boolean][] = [
  [
    "8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a0000000000000000000000000000000000000000000000000000000000000000",
    false,
  ],
  [
    "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
    false,
  ],
  [
    "aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab",
    "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e",
    false,
  ],
  [
    "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
    "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
    "9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009",
    true,
  ],
  [
    "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
    "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
    "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed5125ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09",
    false,
  ],
  [
    "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
    "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
    "21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405",
    false,
  ],
  [
    "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
    "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
    "e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514",
    false,
  ],
  [
    "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
    "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
    "8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa19427e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22",
    false,
  ],
  [
    "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
    "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff03be9678ac102edcd92b0210bb34d7428d12ffc5df5f37e359941266a4e35f0f",
    false,
  ],
  [
    "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
    "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffca8c5b64cd208982aa38d4936621a4775aa233aa0505711d8fdcfdaa943d4908",
    false,
  ],
  [
    "e96b7021eb39c1a163b6da4e3093dcd3f21387da4cc4572be588fafae23c155b",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
    false,
  ],
  [
    "39a591f5321bbe07fd5a23dc2f39d025d74526615746727ceefd6e82ae65c06f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
    false,
  ],
];
