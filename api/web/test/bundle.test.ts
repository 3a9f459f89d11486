// The trust bundle. If a rolled-back or foreign one is taken, revoked keys and forged institutions count.

import assert from "node:assert/strict";
import { test } from "node:test";

import { BadBundle, open, update } from "../src/proof/bundle";
import { parse, type JsonObject } from "../src/proof/json";
import { BUNDLE, REGISTRAR } from "./published";
import { type Signer, engines, named, signDocument } from "./support";

const KID = "did:web:xf.example.org#registrar-2026-1";

function resigned(change: (bundle: JsonObject) => void, key: Signer = named(REGISTRAR), more: JsonObject = {}): string {
  const bundle = parse(BUNDLE, true) as JsonObject;
  change(bundle);
  return JSON.stringify(signDocument(bundle, KID, key, more));
}

test("the published bundle opens in both engines, and no changed one does", async () => {
  for (const engine of await engines()) {
    const bundle = await open(engine, BUNDLE);
    assert.equal(bundle.host, "xf.example.org");
    const broken = [
      BUNDLE.replace('"version": 41', '"version": 42'),
      BUNDLE.replace("示例大学", "示例大字"),
      BUNDLE.replace('"quorum": 1', '"quorum": 0'),
      BUNDLE.replace('"retired": null', '"retired": 5'),
      "", "[]", "{}",
    ];
    for (const text of broken) await assert.rejects(open(engine, text), BadBundle);
  }
});

test("a bundle whose form is broken does not open, however well signed", async () => {
  const [engine] = await engines();
  assert.ok(engine);
  await open(engine, resigned((it) => (it.added = "ignored")));
  const broken = [
    resigned((it) => delete it.quorum),
    resigned((it) => delete ((it.issuers as JsonObject[])[0] as JsonObject).suspended),
    resigned((it) => (it.issued_at = 5)),
    resigned((it) => (it.position = 1.5)),
    resigned((it) => ((it.log as JsonObject).alg = "SM2")),
    resigned(() => {}, named("somebody else")),
    resigned(() => {}, named(REGISTRAR), { proofPurpose: "authentication" }),
    resigned(() => {}, named(REGISTRAR), { extra: 1 }),
    resigned(() => {}, named(REGISTRAR), { verificationMethod: "did:web:xf.example.org:i:7#credential-2026-1" }),
  ];
  for (const text of broken) await assert.rejects(open(engine, text), BadBundle, text.slice(-400));
});

test("only a newer bundle by a key of the held one takes its place", async () => {
  for (const engine of await engines()) {
    const held = await open(engine, BUNDLE);
    assert.equal(await update(engine, held, BUNDLE), held);
    const newer = resigned((it) => (it.version = 42));
    assert.equal((await update(engine, held, newer)).version, 42);
    const foreign = named("another registrar");
    const refused = [
      resigned((it) => (it.version = 40)),
      resigned((it) => ((it.version = 42), (it.position = 777_499))),
      resigned((it) => (it.quorum = 0)),
      resigned((it) => ((it.version = 42), ((it.log as JsonObject).origin = "xf.example.org/log/2"))),
      resigned((it) => {
        it.version = 42;
        const keys = ((it.issuers as JsonObject[])[0] as JsonObject).keys as JsonObject[];
        (keys[0] as JsonObject).pub = foreign.multikey;
      }, foreign),
    ];
    for (const text of refused) await assert.rejects(update(engine, held, text), BadBundle);
    await assert.rejects(update(engine, await open(engine, newer), BUNDLE), BadBundle, "rolled back");
  }
});
