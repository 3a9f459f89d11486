// Codes that we sign ourselves, through the whole pipeline. Each refusal is one change of a code that passes.

import assert from "node:assert/strict";
import { test } from "node:test";

import { type Bytes, concat, utf8 } from "../src/proof/bytes";
import { sigStructure } from "../src/proof/cbor";
import { verifyCode } from "../src/proof/code";
import * as digits from "../src/proof/digits";
import type { JsonObject } from "../src/proof/json";
import { parse } from "../src/proof/json";
import { BUNDLE, LOG, REGISTRAR, WITNESS } from "./published";
import { checkWith, credentialKey, engines, named, sha256, signDocument } from "./support";

type Value = number | string | Bytes | Value[] | Map<number, Value>;

function head(major: number, n: number): Bytes {
  const type = major << 5;
  if (n < 24) return Uint8Array.of(type | n);
  if (n < 0x100) return Uint8Array.of(type | 24, n);
  if (n < 0x10000) return Uint8Array.of(type | 25, n >> 8, n & 0xff);
  return Uint8Array.of(type | 26, n >>> 24, (n >> 16) & 0xff, (n >> 8) & 0xff, n & 0xff);
}

function encode(value: Value): Bytes {
  if (typeof value === "number") return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === "string") return concat(head(3, utf8(value).length), utf8(value));
  if (value instanceof Uint8Array) return concat(head(2, value.length), value);
  if (Array.isArray(value)) return concat(head(4, value.length), ...value.map(encode));
  // Keys are given in the order of their bytes: unsigned ascending, then our negative one.
  return concat(head(5, value.size), ...[...value].flatMap(([key, member]) => [encode(key), encode(member)]));
}

const ORIGIN = "xf.example.org/log/1";
const LEAF = sha256("leaf");
const SIZE = 4;
const POSITION = 777_123;

/** Receipt of a tree whose leaf at our position is the last but three of a ragged edge: one sibling deep. */
function receipt(more: { leaf?: Bytes; signer?: string; witness?: string; size?: number } = {}): Value {
  const size = POSITION + 1;
  const path: Bytes[] = [];
  let root = more.leaf ?? LEAF;
  // The last leaf of a tree has a left sibling wherever its index has a bit.
  for (let node = POSITION; node > 0; node >>= 1) {
    if ((node & 1) === 0) continue;
    const sibling = sha256(`left ${node}`);
    path.push(sibling);
    root = sha256(concat(Uint8Array.of(1), sibling, root));
  }
  const text = `${ORIGIN}\n${size}\n${Buffer.from(root).toString("base64")}\n`;
  const line = (name: string, type: number, key: Bytes, body: Bytes) => {
    const id = sha256(concat(utf8(`${name}\n`), Uint8Array.of(type), key)).slice(0, 4);
    return `— ${name} ${Buffer.from(concat(id, body)).toString("base64")}\n`;
  };
  const log = named(more.signer ?? LOG);
  const witness = named(WITNESS);
  const time = new Uint8Array(8);
  const said = named(more.witness ?? WITNESS).sign(utf8(`cosignature/v1\ntime 0\n${text}`));
  const note =
    `${text}\n${line(ORIGIN, 1, named(LOG).pub, log.sign(utf8(text)))}` +
    line("witness.example.net", 4, witness.pub, concat(time, said));
  return [more.size ?? size, path, utf8(note)];
}

interface Form {
  claims?: (claims: Map<number, Value>, own: Map<number, Value>) => void;
  carried?: Value;
  key?: ReturnType<typeof named>;
}

function code({ claims: change = () => {}, carried, key = credentialKey() }: Form = {}): string {
  const own = new Map<number, Value>([
    [1, 7], [2, 1], [3, "社区急救"], [4, 2500], [7, [1, 94_567]], [8, POSITION], [9, 55], [10, 32_000], [12, LEAF],
  ]);
  const claims = new Map<number, Value>([[6, 1_768_467_600], [7, sha256("id").slice(0, 16)]]);
  change(claims, own);
  const payload = encode(new Map([...[...claims].sort(([a], [b]) => a - b), [-65_537, new Map([...own].sort(([a], [b]) => a - b))]]));
  const protectedHeader = encode(new Map<number, Value>([[1, -8], [4, sha256(key.pub).slice(0, 8)]]));
  const unprotected = new Map<number, Value>(carried === undefined ? [] : [[-65_537, carried]]);
  const signature = key.sign(sigStructure(protectedHeader, "xuefen/qr/1", payload));
  const cose = concat(Uint8Array.of(0xd2), encode([protectedHeader, unprotected, payload, signature]));
  return `https://xf.example.org/q#1${digits.encode(cose)}`;
}

function bundle(change: (seven: JsonObject, key: JsonObject) => void): string {
  const document = parse(BUNDLE, true) as JsonObject;
  const seven = (document.issuers as JsonObject[])[1] as JsonObject;
  change(seven, (seven.keys as JsonObject[])[1] as JsonObject);
  return JSON.stringify(signDocument(document, "did:web:xf.example.org#registrar-2026-1", named(REGISTRAR)));
}

async function said(text: string, trust = BUNDLE): Promise<string> {
  const answers: string[] = [];
  for (const engine of await engines()) {
    const { result, findings } = await verifyCode(await checkWith(trust, { engine }), text);
    answers.push([result, ...findings.map((it) => it.code)].join(" "));
  }
  assert.equal(answers[0], answers[1], "the two engines differ");
  return answers[0] ?? "";
}

test("a code with a receipt is valid without a word of warning", async () => {
  assert.equal(await said(code({ carried: receipt() })), "valid");
  assert.equal(await said(code()), "valid W40");
  const { facts } = await verifyCode(await checkWith(BUNDLE), code());
  assert.deepEqual([facts?.amount, facts?.level, facts?.hours, facts?.newer], ["2.5", "5.5", "32", undefined]);
});

test("a receipt counts only with the log's signature, the path and the witnesses", async () => {
  assert.equal(await said(code({ carried: receipt({ signer: "another log" }) })), "invalid E40");
  assert.equal(await said(code({ carried: receipt({ leaf: sha256("another") }) })), "invalid E41");
  assert.equal(await said(code({ carried: receipt({ size: POSITION + 2 }) })), "invalid E41");
  assert.equal(await said(code({ carried: receipt({ witness: "nobody" }) })), "unconfirmed E42");
  assert.equal(await said(code({ carried: [SIZE, [], new Uint8Array()] })), "invalid E40");
  assert.equal(await said(code({ carried: [SIZE, [LEAF.slice(1)], new Uint8Array()] })), "unconfirmed E01");
  assert.equal(await said(code({ carried: receipt(), claims: (_, own) => own.delete(12) })), "invalid E03");
});

test("claims that break the data model are E03, unknown ones E01, later ones counted", async () => {
  const changed = (claims: NonNullable<Form["claims"]>) => said(code({ claims }));
  assert.equal(await changed((it) => it.delete(6)), "invalid E03");
  assert.equal(await changed((it) => it.set(4, 1_768_467_600)), "invalid E03");
  assert.equal(await changed((it) => it.set(7, "id")), "invalid E03");
  assert.equal(await changed((_, own) => own.delete(4)), "invalid E03");
  assert.equal(await changed((_, own) => own.set(2, 4)), "invalid E03");
  assert.equal(await changed((_, own) => own.set(3, "")), "invalid E03");
  assert.equal(await changed((_, own) => own.set(3, "e\u0301")), "invalid E03");
  assert.equal(await changed((_, own) => own.set(3, "字".repeat(21))), "invalid E03");
  assert.equal(await changed((_, own) => own.set(7, [1])), "invalid E03");
  assert.equal(await changed((_, own) => own.delete(8)), "invalid E03");
  assert.equal(await changed((it) => it.set(8, 1)), "unconfirmed E01");
  assert.equal(await changed((_, own) => own.set(14, 1)), "unconfirmed E01");
  assert.equal(await changed((_, own) => own.set(1, 0)), "invalid E22 W40");
  const newer = code({ claims: (it, own) => (it.set(20, 1), own.set(99, "x")) });
  assert.equal(await said(newer), "valid W40");
  assert.equal((await verifyCode(await checkWith(BUNDLE), newer)).facts?.newer, 2);
});

test("another key is E22, E20 or E10, by what the bundle knows", async () => {
  assert.equal(await said(code({ key: named("xuefen test institution") })), "invalid E22 W40");
  assert.equal(await said(code({ key: named("nobody") })), "invalid E20");
  const later = (_: Map<number, Value>, own: Map<number, Value>) => own.set(8, 777_501);
  assert.equal(await said(code({ key: named("nobody"), claims: later })), "unconfirmed E10");
  const stranger = (_: Map<number, Value>, own: Map<number, Value>) => own.set(1, 8);
  assert.equal(await said(code({ key: named("nobody"), claims: stranger })), "unconfirmed E10");
});

test("the key's window is one of positions", async () => {
  const proven = code({ carried: receipt() });
  const window = async (change: Parameters<typeof bundle>[0]) => {
    const trust = bundle(change);
    return `${await said(code(), trust)} | ${await said(proven, trust)}`;
  };
  assert.equal(await window((it) => (it.suspended = 5)), "unconfirmed E11 W40 | unconfirmed E11");
  assert.equal(await window((_, key) => (key.activated = POSITION)), "invalid E30 W40 | invalid E30");
  assert.equal(await window((_, key) => (key.retired = POSITION)), "valid W40 | valid");
  assert.equal(await window((_, key) => (key.retired = POSITION - 1)), "invalid E30 W40 | invalid E30");
  assert.equal(await window((_, key) => (key.not_valid_after = POSITION)), "unconfirmed E12 W40 | unconfirmed E12");
  assert.equal(await window((_, key) => (key.not_valid_after = 500)), "unconfirmed E12 W40 | unconfirmed E12");
  const disputed = (it: JsonObject) => (it.disputed = [[POSITION, POSITION]]);
  assert.equal(await window(disputed), "unconfirmed E12 W40 | unconfirmed E12");
});

test("a missing status is good only where the issuer need not give one", async () => {
  const bare = code({ claims: (_, own) => own.delete(7) });
  assert.equal(await said(bare), "unconfirmed W40 E53");
  assert.equal(await said(bare, bundle((it) => (it.status_required = false))), "valid W40");
  assert.equal(await said(code({ claims: (_, own) => own.set(7, [2, 1]) })), "unconfirmed W40 E53");
  assert.equal(await said(code({ claims: (_, own) => own.set(7, [1, 131_072]) })), "unconfirmed W40 E54");
});
