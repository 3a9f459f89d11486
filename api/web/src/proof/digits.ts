// The numeric text of a QR code (STANDARDS §9): 7 bytes are 17 digits, a tail of 1 to 6 bytes fewer.

import type { Bytes } from "./bytes";

const GROUP = { bytes: 7, digits: 17 };
/** Digits of a tail of 1 to 6 bytes. */
const TAILS = [3, 5, 8, 10, 13, 15];

/** The bytes of `digits`; `null` unless writing them gives these very digits. */
export function decode(digits: string): Bytes | null {
  if (!/^[0-9]+$/.test(digits)) return null;
  const out: number[] = [];
  for (let at = 0; at < digits.length; at += GROUP.digits) {
    const group = digits.slice(at, at + GROUP.digits);
    const count = group.length === GROUP.digits ? GROUP.bytes : TAILS.indexOf(group.length) + 1;
    const value = BigInt(group);
    if (count === 0 || value >> BigInt(8 * count) !== 0n) return null;
    for (let byte = count - 1; byte >= 0; byte--) {
      out.push(Number((value >> BigInt(8 * byte)) & 0xffn));
    }
  }
  return Uint8Array.from(out);
}

/** The digits of `bytes`. */
export function encode(bytes: Bytes): string {
  let out = "";
  for (let at = 0; at < bytes.length; at += GROUP.bytes) {
    const group = bytes.slice(at, at + GROUP.bytes);
    const value = group.reduce<bigint>((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    const width = group.length === GROUP.bytes ? GROUP.digits : (TAILS[group.length - 1] ?? 0);
    out += value.toString().padStart(width, "0");
  }
  return out;
}
