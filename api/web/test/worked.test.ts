// The published worked example. If it fails, a paper from another implementation is refused, or a
// forged one is taken.

import assert from "node:assert/strict";
import { test } from "node:test";

import { concat } from "../src/proof/bytes";
import * as digits from "../src/proof/digits";
import { verifyCode } from "../src/proof/verify";
import { BUNDLE, CODE, NOW } from "./published";
import { checkWith, engines } from "./support";

const PREFIX = "https://xf.example.org/q#1";

test("the worked example is valid, with its facts", async () => {
  for (const engine of await engines()) {
    const check = await checkWith(BUNDLE, { engine });
    const verdict = await verifyCode(check, ` ${CODE}\n`);
    assert.equal(verdict.result, "valid", JSON.stringify(verdict));
    assert.deepEqual(verdict.findings.map(({ code }) => code), ["W40"]);
    assert.equal(verdict.asOf.age, "plain");
    assert.deepEqual(verdict.facts, {
      form: "qr",
      id: "0f0e3a52-9a2e-4d19-9d7e-2f7f0b1c5a11",
      issuer: 7,
      issuerName: "示例大学",
      custody: "platform",
      kind: "credit-record",
      title: "社区急救",
      amount: "3",
      scheme: "cn-he",
      name: "王*明",
      issuedAt: "2026-01-15T09:00:00Z",
      expiresAt: "2036-01-15T09:00:00Z",
      position: 777123,
    });
  }
});

test("no flipped bit of the worked example is valid, and none shows a fact", async () => {
  const check = await checkWith(BUNDLE);
  const bytes = digits.decode(CODE.slice(PREFIX.length));
  assert.ok(bytes);
  const seen = new Map<string, number>();
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
    const { result, code, facts } = await verifyCode(check, PREFIX + digits.encode(flipped));
    assert.notEqual(result, "valid", `bit ${bit}`);
    assert.equal(facts, undefined, `bit ${bit}`);
    assert.ok(["E01", "E04", "E10", "E20"].includes(code), `bit ${bit}: ${code}`);
    seen.set(code, (seen.get(code) ?? 0) + 1);
  }
  console.log(`${bytes.length * 8} flips:`, Object.fromEntries(seen));
});

test("every change of the text is refused by its own code", async () => {
  const check = await checkWith(BUNDLE);
  const code = async (text: string) => (await verifyCode(check, text)).code;
  assert.equal(await code(""), "E00");
  assert.equal(await code(" \r\n"), "E00");
  assert.equal(await code(CODE.replace("q#1", "q#2")), "E02");
  assert.equal(await code(CODE.replace("q#1", "q#x")), "E01");
  assert.equal(await code(CODE.replace("https", "http")), "E01");
  assert.equal(await code(CODE.replace("xf.", "xg.")), "E01");
  assert.equal(await code(CODE.slice(0, -1)), "E01");
  assert.equal(await code(`${CODE}0`), "E01");
  assert.equal(await code(`${PREFIX}99999999999999999`), "E01");
  assert.equal(await code(PREFIX), "E01");
  assert.equal(await code(PREFIX + "0".repeat(9000)), "E01");
  const bytes = digits.decode(CODE.slice(PREFIX.length));
  assert.ok(bytes);
  assert.equal(await code(PREFIX + digits.encode(concat(bytes, Uint8Array.of(0)))), "E01");
});

test("time and the bundle's age decide what a good signature is worth", async () => {
  const at = async (now: number) => {
    const { result, code, asOf, findings } = await verifyCode(await checkWith(BUNDLE, { now }), CODE);
    return [result, code, asOf.age, findings.map((it) => it.code).join(" ")];
  };
  const hour = 3600;
  const issued = NOW - hour;
  assert.deepEqual(await at(issued), ["valid", "OK", "plain", "W40"]);
  assert.deepEqual(await at(issued + 25 * hour), ["valid", "OK", "amber", "W40"]);
  assert.deepEqual(await at(issued + 168 * hour), ["unconfirmed", "W50", "unknown", "W40 W50"]);
  assert.deepEqual(await at(issued + 169 * hour), ["unconfirmed", "W50", "unknown", "W50 W40"]);
  assert.deepEqual(await at(issued - 1), ["unconfirmed", "W50", "unknown", "W50 W40"]);
  const early = await at(Date.parse("2026-01-15T08:59:59Z") / 1000);
  assert.deepEqual(early, ["invalid", "E32", "unknown", "E32 W50 W40"]);
  const late = await at(Date.parse("2036-01-15T09:00:00Z") / 1000);
  assert.deepEqual(late, ["invalid", "E31", "unknown", "E31 W50 W40"]);
});
