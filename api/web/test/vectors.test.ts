// The vectors that both engines are held to. If one fails, the two engines would tell two readers of one
// credential different things.

import assert from "node:assert/strict";
import { test } from "node:test";

import { BadBundle, open, update } from "../src/proof/bundle";
import { hex } from "../src/proof/bytes";
import { decode as decodeCbor } from "../src/proof/cbor";
import * as digits from "../src/proof/digits";
import type { Engine } from "../src/proof/engine";
import { canonical } from "../src/proof/jcs";
import { parse } from "../src/proof/json";
import { registers } from "../src/proof/noble";
import { type Case, type VerifyFile, judge } from "../src/proof/vectors";
import { bytesOf, engines, vectors } from "./support";

function suite<T>(file: string, name: string, run: (file: T) => Promise<void> | void): void {
  test(`${file}: ${name}`, async (t) => {
    const found = vectors<T>(file);
    if (found) await run(found);
    else t.skip("the Rust tests have not made it");
  });
}

suite<VerifyFile>("verify.json", "same findings, in order, from both engines", async (file) => {
  for (const engine of await engines()) {
    const wrong: string[] = [];
    for (const it of file.cases) {
      const found = await judge(engine, file, it);
      try {
        assert.deepEqual(found, expected(it));
      } catch {
        wrong.push(`${it.name}: ${JSON.stringify(found)} instead of ${JSON.stringify(it.expect)}`);
      }
    }
    assert.deepEqual(wrong, [], engine.name);
  }
});

function expected({ expect }: Case): Case["expect"] {
  return { ...expect, facts: expect.facts ?? null };
}

interface Bundles {
  cases: { name: string; held: string | null; offered: string; accepted: boolean }[];
}

async function accepts(engine: Engine, held: string | null, offered: string): Promise<boolean> {
  try {
    if (held === null) await open(engine, offered);
    else await update(engine, await open(engine, held), offered);
    return true;
  } catch (error) {
    if (error instanceof BadBundle) return false;
    throw error;
  }
}

suite<Bundles>("bundles.json", "a bundle takes the held one's place by the rule only", async ({ cases }) => {
  for (const engine of await engines()) {
    for (const it of cases) {
      assert.equal(await accepts(engine, it.held, it.offered), it.accepted, it.name);
    }
  }
});

interface Signatures {
  cases: {
    name: string; message: string; pub: string; signature: string; verifies: boolean; registers: boolean;
  }[];
}

suite<Signatures>("ed25519.json", "one rule", async ({ cases }) => {
  for (const engine of await engines()) {
    for (const it of cases) {
      const parts = [it.pub, it.message, it.signature].map(bytesOf);
      const [pub, message, signature] = parts as [(typeof parts)[0], (typeof parts)[0], (typeof parts)[0]];
      assert.equal(await engine.verify(pub, message, signature), it.verifies, `${engine.name} ${it.name}`);
      // A case with a signature of another length says nothing of its key.
      if (signature.length === 64) assert.equal(registers(pub), it.registers, it.name);
    }
  }
});

suite<{ good: { hex: string; digits: string }[]; bad: string[] }>("digits.json", "", ({ good, bad }) => {
  for (const it of good) {
    const bytes = digits.decode(it.digits);
    assert.equal(bytes && hex(bytes), it.hex);
    assert.equal(digits.encode(bytesOf(it.hex)), it.digits);
  }
  for (const text of bad) assert.equal(digits.decode(text), null, text);
});

suite<{ good: string[]; bad: { hex: string; why: string }[] }>("cbor.json", "", ({ good, bad }) => {
  for (const it of good) decodeCbor(bytesOf(it));
  for (const it of bad) assert.throws(() => decodeCbor(bytesOf(it.hex)), undefined, it.why);
});

interface Canonical {
  good: { text: string; canonical: string }[];
  bad: { text: string; why: string }[];
}

suite<Canonical>("jcs.json", "strict reading, canonical writing", ({ good, bad }) => {
  for (const it of good) {
    assert.equal(canonical(parse(it.text)), it.canonical);
  }
  for (const it of bad) assert.throws(() => parse(it.text), undefined, it.why);
});
