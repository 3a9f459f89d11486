// The fallback where the browser has no Ed25519 (or no WebCrypto at all): point arithmetic by
// @noble/ed25519. Its own `verify()` multiplies by the cofactor and is never called.

import { Point } from "@noble/ed25519";
import { sha256 as nobleSha256, sha512 } from "@noble/hashes/sha2.js";

import { type Bytes, concat, equal } from "./bytes";
import { isPointText, mayVerify } from "./ed25519";

const ORDER = Point.CURVE().n;

function little(bytes: Bytes): bigint {
  return bytes.reduceRight<bigint>((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

export function sha256(bytes: Bytes): Bytes {
  return new Uint8Array(nobleSha256(bytes));
}

/** Rules 1 to 4: encode([S]B − [k]A) equals the bytes of R. */
export function verify(key: Bytes, message: Bytes, signature: Bytes): boolean {
  if (!mayVerify(key, signature)) return false;
  const r = signature.slice(0, 32);
  try {
    const a = Point.fromBytes(key, false);
    const s = little(signature.slice(32));
    const k = little(new Uint8Array(sha512(concat(r, key, message)))) % ORDER;
    const found = Point.BASE.multiply(s, false).subtract(a.multiply(k, false));
    return equal(new Uint8Array(found.toBytes()), r);
  } catch {
    // The key is no point of the curve.
    return false;
  }
}

/** Rule 5: what a registered key must be besides. */
export function registers(key: Bytes): boolean {
  if (!isPointText(key)) return false;
  try {
    return Point.fromBytes(key, false).isTorsionFree();
  } catch {
    return false;
  }
}
