// Readers of other people's bytes. If one is lenient, one text has two meanings and a signature covers
// the wrong one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { fromMultikey } from "../src/proof/base58";
import { concat, fromBase64, fromBase64Url } from "../src/proof/bytes";
import { decode } from "../src/proof/cbor";
import { canonical } from "../src/proof/jcs";
import { parse } from "../src/proof/json";
import { walk } from "../src/proof/schema";
import { bit, bits } from "../src/proof/status";
import { seconds } from "../src/proof/time";
import { bytesOf } from "./support";

test("strict JSON refuses what has two meanings", () => {
  const bad = [
    "", "{", "[1,]", '{"a":1,"a":2}', '{"a":1,"\\u0061":2}', "null", '{"a":null}', "01", "+1", "1.", ".5",
    "NaN", "9007199254740992", "-9007199254740992", "1e400", "1e16", '"\\ud800"', '"\ud800"', '"\\udc00x"',
    '"\u0001"', '"\\x"', "1 2", "{}x", "'a'", "[".repeat(65) + "]".repeat(65), "\ufeff{}", "\u00a01",
  ];
  for (const text of bad) assert.throws(() => parse(text), undefined, JSON.stringify(text));
  assert.doesNotThrow(() => parse("[".repeat(64) + "]".repeat(64)));
  assert.equal(canonical(parse('{"__proto__":1,"a":[ 1.0 , -0, 1e2, 0.1, 2.5]}')), '{"__proto__":1,"a":[1,0,100,0.1,2.5]}');
  assert.equal(canonical(parse('{"\\ud83d\\ude00":1,"\ufb33":2,"\u20ac":3}')), '{"€":3,"😀":1,"\ufb33":2}');
  assert.equal(canonical(parse('"\\u000f\\n\\/\\u2028"')), '"\\u000f\\n/\u2028"');
});

test("CBOR has one encoding", () => {
  const good = ["00", "17", "1818", "1bffffffffffffffff", "3bffffffffffffffff", "a201020400", "d280", "6161"];
  for (const hex of good) assert.doesNotThrow(() => decode(bytesOf(hex)), hex);
  const bad = [
    "", "1817", "1800", "190001", "5f", "9fff", "f4", "f6", "f90000", "a2020101", "a20101", "a201020102", "a204000102",
    "61ff", "d1", "d81280", "c0", "0000", "81", "5820", "81818181818181818100",
  ];
  for (const hex of bad) assert.throws(() => decode(bytesOf(hex)), undefined, hex);
});

test("base64 and base58 have one text for one value", () => {
  assert.equal(fromBase64("YQ"), null);
  assert.equal(fromBase64("YR=="), null);
  assert.equal(fromBase64(" YQ=="), null);
  assert.equal(fromBase64Url("YR"), null);
  assert.equal(fromBase64Url("YQ=="), null);
  assert.deepEqual(fromBase64Url("YQ"), bytesOf("61"));
  assert.equal(fromMultikey("z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ")?.length, undefined);
});

test("dates are dates", () => {
  assert.equal(seconds("1970-01-01T00:00:00Z"), 0);
  assert.equal(seconds("2026-11-22T14:00:00.5+08:00"), Date.parse("2026-11-22T06:00:00Z") / 1000);
  const bad = [
    "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:60Z",
    "2026-01-01T00:00:00", "2026-01-01 00:00:00Z", "2026-01-01t00:00:00z", "2026-01-01T00:00:00+24:00", "0999-01-01T00:00:00Z", "2026-01-01",
  ];
  for (const text of bad) assert.equal(seconds(text), null, text);
});

function list(bytes: Uint8Array): string {
  return `u${Buffer.from(bytes).toString("base64url")}`;
}

test("a status list is one gzip member of a fitting size", async () => {
  const zeros = (length: number) => new Uint8Array(gzipSync(new Uint8Array(length)));
  const good = zeros(16_384);
  assert.equal((await bits(list(good)))?.length, 16_384);
  assert.equal(await bits(list(good).slice(1)), null, "no u");
  assert.equal(await bits(list(zeros(16_383))), null, "too short");
  assert.equal((await bits(list(zeros(16 << 20))))?.length, 16 << 20);
  assert.equal(await bits(list(zeros((16 << 20) + 1))), null, "a bomb");
  assert.equal(await bits(list(zeros(1 << 28))), null, "a larger bomb");
  assert.equal(await bits(list(concat(good, bytesOf("00")))), null, "something behind");
  assert.equal(await bits(list(concat(good, good))), null, "two members");
  assert.equal(await bits(list(good.slice(0, -1))), null, "cut off");
  const marked = new Uint8Array(16_384);
  marked[0] = 0x80;
  marked[16_383] = 0x01;
  const read = await bits(list(new Uint8Array(gzipSync(marked))));
  assert.ok(read);
  assert.deepEqual([0, 1, 131_071, 131_072].map((at) => bit(read, at)), [true, false, true, null]);
});

test("the schema tells undefined members from other breaches", () => {
  const schema = {
    type: "object", required: ["a"], additionalProperties: false,
    properties: {
      a: { type: "array", minItems: 1, maxItems: 2, prefixItems: [{ const: "x" }], items: { enum: [1, 2] } },
      b: { type: "string", minLength: 2, maxLength: 2, format: "date-time" },
    },
  };
  const found = (value: string) => {
    const out = { undefined: [] as string[], other: [] as string[] };
    walk(schema, parse(value), "", out);
    return out;
  };
  assert.deepEqual(found('{"a":["x",2]}'), { undefined: [], other: [] });
  assert.deepEqual(found('{"a":["y",3],"toString":1}'), { undefined: ["/toString"], other: ["/a/0", "/a/1"] });
  assert.deepEqual(found('{"b":"x","~/":{}}'), { undefined: ["/~0~1"], other: ["/b", "/a"] });
  assert.deepEqual(found('{"a":[]}'), { undefined: [], other: ["/a"] });
  assert.deepEqual(found("[]"), { undefined: [], other: [""] });
});
