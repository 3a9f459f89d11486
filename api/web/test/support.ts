// What the tests share: engines, bytes, keys made from seeds, documents signed with them.

import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";

import { type Bytes, concat, utf8 } from "../src/proof/bytes";
import type { Bundle } from "../src/proof/bundle";
import { open } from "../src/proof/bundle";
import { type Engine, fallback, native } from "../src/proof/engine";
import { canonical } from "../src/proof/jcs";
import type { Json, JsonObject } from "../src/proof/json";
import type { Check } from "../src/proof/steps";
import { CREDENTIAL_SECRET, NOW } from "./published";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

export async function engines(): Promise<Engine[]> {
  const found = await native();
  if (!found) throw new Error("this Node has no WebCrypto Ed25519");
  return [found, await fallback()];
}

export function bytesOf(hex: string): Bytes {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function sha256(bytes: Bytes | string): Bytes {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}

export function base58(bytes: Bytes): string {
  let value = bytes.reduce<bigint>((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  let out = "";
  for (; value > 0n; value /= 58n) out = ALPHABET[Number(value % 58n)] + out;
  for (const byte of bytes) {
    if (byte !== 0) break;
    out = `1${out}`;
  }
  return `z${out}`;
}

function unbase58(text: string): Bytes {
  let value = [...text.slice(1)].reduce((sum, c) => sum * 58n + BigInt(ALPHABET.indexOf(c)), 0n);
  const out: number[] = [];
  for (; value > 0n; value >>= 8n) out.unshift(Number(value & 0xffn));
  return Uint8Array.from(out);
}

export interface Signer {
  pub: Bytes;
  multikey: string;
  sign(message: Bytes): Bytes;
}

export function fromSeed(seed: Bytes): Signer {
  const prefix = bytesOf("302e020100300506032b657004220420");
  const key = createPrivateKey({ key: Buffer.from(concat(prefix, seed)), format: "der", type: "pkcs8" });
  const der = createPublicKey(key).export({ format: "der", type: "spki" });
  const pub = new Uint8Array(der.subarray(-32));
  return {
    pub,
    multikey: base58(concat(Uint8Array.of(0xed, 1), pub)),
    sign: (message) => new Uint8Array(sign(null, message, key)),
  };
}

/** The key whose seed is the hash of a name. */
export function named(name: string): Signer {
  return fromSeed(sha256(name));
}

/** The published credential key: two bytes of prefix, then the seed. */
export function credentialKey(): Signer {
  return fromSeed(unbase58(CREDENTIAL_SECRET).slice(2));
}

/** `document` with an eddsa-jcs-2022 proof; `more` overrides the proof's members. */
export function signDocument(
  document: JsonObject,
  kid: string,
  key: Signer,
  more: JsonObject = {},
): JsonObject {
  const context = document["@context"];
  const config: JsonObject = {
    type: "DataIntegrityProof",
    cryptosuite: "eddsa-jcs-2022",
    created: "2026-11-22T06:00:00Z",
    verificationMethod: kid,
    proofPurpose: "assertionMethod",
    ...(context === undefined ? {} : { "@context": context }),
    ...more,
  };
  const { proof: _, ...bare } = document;
  const data = concat(sha256(utf8(canonical(config))), sha256(utf8(canonical(bare as Json))));
  return { ...bare, proof: { ...config, proofValue: base58(key.sign(data)) } } as JsonObject;
}

export async function checkWith(bundleText: string, more: Partial<Check> = {}): Promise<Check> {
  const [engine] = await engines();
  if (!engine) throw new Error("no engine");
  const bundle: Bundle = await open(engine, bundleText);
  return { engine, bundle, lists: new Map(), now: NOW, ...more };
}

/** A vector file that the Rust tests make; only outside CI may it be missing, and then it says so. */
export function vectors<T>(name: string): T | null {
  const path = `../../tests/fixtures/vectors/${name}`;
  if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8")) as T;
  if (process.env.CI === "true") throw new Error(`${path} is missing`);
  console.log(`SKIPPED: ${path} is not there; run the Rust tests with BLESS=1`);
  return null;
}

export { BUNDLE, CODE, REGISTRAR } from "./published";
