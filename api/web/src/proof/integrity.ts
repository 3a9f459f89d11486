// Data Integrity proofs of the suite eddsa-jcs-2022 (STANDARDS §3).

import { fromMultibase } from "./base58";
import { type Bytes, concat, utf8 } from "./bytes";
import type { Engine } from "./engine";
import { canonical, without } from "./jcs";
import type { Json, JsonObject } from "./json";

const MEMBERS = new Set([
  "@context", "type", "id", "created", "expires", "verificationMethod", "proofPurpose", "proofValue",
  "cryptosuite", "challenge", "domain",
]);
export const PURPOSE = "assertionMethod";

export function isOurSuite(proof: JsonObject): boolean {
  return proof.type === "DataIntegrityProof" && proof.cryptosuite === "eddsa-jcs-2022";
}

/** A member that has no place in a proof. */
export function strangeMember(proof: JsonObject): string | undefined {
  return Object.keys(proof).find((name) => !MEMBERS.has(name));
}

/** The one proof of a document: an array of one is that one. */
export function soleProof(document: JsonObject): Json | undefined {
  const { proof } = document;
  return Array.isArray(proof) && proof.length === 1 ? proof[0] : proof;
}

/** The signature in a `proofValue`. */
export function signatureOf(proof: JsonObject): Bytes | null {
  return typeof proof.proofValue === "string" ? fromMultibase(proof.proofValue, 64) : null;
}

/** SHA-256(JCS(proof without its value)) ‖ SHA-256(JCS(document without proof)). */
async function hashData(engine: Engine, document: JsonObject, proof: JsonObject): Promise<Bytes> {
  const parts = [without(proof, "proofValue"), without(document, "proof")];
  const hashes = await Promise.all(parts.map((part) => engine.sha256(utf8(canonical(part)))));
  return concat(...hashes);
}

/** Whether `key` signed the document. */
export async function holds(
  engine: Engine,
  document: JsonObject,
  proof: JsonObject,
  signature: Bytes,
  key: Bytes,
): Promise<boolean> {
  return engine.verify(key, await hashData(engine, document, proof), signature);
}
