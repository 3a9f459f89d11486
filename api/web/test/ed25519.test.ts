// The one Ed25519 rule. If it fails, a credential is valid on one phone and not on another.

import assert from "node:assert/strict";
import { test } from "node:test";

import { concat } from "../src/proof/bytes";
import type { Engine } from "../src/proof/engine";
import { registers } from "../src/proof/noble";
import { SPECCHECK } from "./published";
import { bytesOf, engines, named } from "./support";

async function both(pub: Uint8Array<ArrayBuffer>, message: Uint8Array<ArrayBuffer>, signature: Uint8Array<ArrayBuffer>) {
  const judged = (engine: Engine) => engine.verify(pub, message, signature);
  const [a, b] = await Promise.all((await engines()).map(judged));
  assert.equal(a, b, "the two engines differ");
  return a;
}

test("both engines judge the published hard cases alike", async () => {
  for (const [n, [message, pub, signature, accepted]] of SPECCHECK.entries()) {
    assert.equal(await both(bytesOf(pub), bytesOf(message), bytesOf(signature)), accepted, `case ${n}`);
  }
});

test("a key of mixed order is never registered", () => {
  const mixed = bytesOf(SPECCHECK[3]?.[1] ?? "");
  assert.equal(registers(mixed), false);
  assert.equal(registers(named("anyone").pub), true);
});

test("both engines refuse every flipped bit of a signature and of its key", async () => {
  const key = named("flips");
  const message = bytesOf("00ff");
  const good = concat(key.pub, key.sign(message));
  assert.equal(await both(good.slice(0, 32), message, good.slice(32)), true);
  for (let bit = 0; bit < good.length * 8; bit += 3) {
    const bad = good.slice();
    bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(await both(bad.slice(0, 32), message, bad.slice(32)), false, `bit ${bit}`);
  }
});

test("other lengths are refused, not thrown at", async () => {
  const key = named("flips");
  const message = bytesOf("00");
  const signature = key.sign(message);
  assert.equal(await both(key.pub.slice(1), message, signature), false);
  assert.equal(await both(key.pub, message, signature.slice(1)), false);
  assert.equal(await both(key.pub, message, concat(signature, bytesOf("00"))), false);
});
