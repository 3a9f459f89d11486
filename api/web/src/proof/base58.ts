// base58btc, as multibase `z` has it, and the key text built on it.

import type { Bytes } from "./bytes";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** Longest text we read: 64 bytes take 88 characters, and the work grows with the square. */
const CHARACTERS_MAX = 90;

function decode(text: string): Bytes | null {
  if (text.length > CHARACTERS_MAX) return null;
  const little: number[] = [];
  for (const character of text) {
    let carry = ALPHABET.indexOf(character);
    if (carry < 0) return null;
    for (let at = 0; at < little.length; at++) {
      carry += (little[at] ?? 0) * 58;
      little[at] = carry & 0xff;
      carry >>= 8;
    }
    for (; carry > 0; carry >>= 8) little.push(carry & 0xff);
  }
  for (const character of text) {
    if (character !== "1") break;
    little.push(0);
  }
  return Uint8Array.from(little.reverse());
}

/** Bytes of `z` + base58btc, if there are `length` of them. */
export function fromMultibase(text: string, length: number): Bytes | null {
  const bytes = text.startsWith("z") ? decode(text.slice(1)) : null;
  return bytes?.length === length ? bytes : null;
}

/** The 32 bytes of an Ed25519 Multikey (`z6Mk…`). */
export function fromMultikey(text: string): Bytes | null {
  const bytes = fromMultibase(text, 34);
  return bytes?.[0] === 0xed && bytes[1] === 0x01 ? bytes.slice(2) : null;
}
