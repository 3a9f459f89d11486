// The one Ed25519 rule (STANDARDS §5). Rules 1 to 3 are checked here, on bytes, before any library sees
// them; rule 4 is WebCrypto's where it keeps to it, else computed by ./noble. Libraries alone disagree
// on 5 of the first 10 published hard cases, so a credential would be valid on one phone only.

import type { Bytes } from "./bytes";

/** Order of the base point, little-endian. */
const L = bytesOf("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
/** 2²⁵⁵ − 19, little-endian. */
const P = bytesOf("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
/** y of the small-order points: 0, 1, −1, and the two of order 8. */
const SMALL = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
].map(bytesOf);

function bytesOf(hex: string): Bytes {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** Whether a < b, both little-endian. */
function below(a: Bytes, b: Bytes): boolean {
  for (let at = 31; at >= 0; at--) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/**
 * Rules 2 and 3 as far as bytes tell: y < p, and no small-order point. Those with x = 0, whose sign bit
 * would be a second encoding, are small-order points themselves.
 */
export function isPointText(bytes: Bytes): boolean {
  if (bytes.length !== 32) return false;
  const y = bytes.slice();
  y[31] = (y[31] ?? 0) & 0x7f;
  return below(y, P) && !SMALL.some((small) => small.every((byte, at) => byte === y[at]));
}

/** Rules 1 to 3. What passes still may be off the curve; rule 4 then fails. */
export function mayVerify(key: Bytes, signature: Bytes): boolean {
  return (
    signature.length === 64 &&
    isPointText(key) &&
    isPointText(signature.slice(0, 32)) &&
    below(signature.slice(32), L)
  );
}
