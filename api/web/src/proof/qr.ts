// XF-QR/1 (STANDARDS §9): COSE_Sign1 over a map of claims, as digits behind an address. This file reads
// the form; whether the claims keep their data model is asked only behind a good signature.

import type { Bytes } from "./bytes";
import { type Int, type Item, Pairs, Tagged, decode, isInt, isUint, sigStructure } from "./cbor";
import * as digits from "./digits";
import { Stop } from "./registry";

const TEXT_BYTES_MAX = 8_192;
const COSE_BYTES_MAX = 4_096;
const PATH_MAX = 64;
const EDDSA = -8;
const XUEFEN = -65_537;
const AAD = "xuefen/qr/1";

export interface Receipt {
  size: Int;
  path: Bytes[];
  checkpoint: Bytes;
}

export interface Message {
  kid: Bytes;
  receipt: Receipt | null;
  claims: Pairs;
  /** Our own map within the claims. */
  own: Pairs;
  signed: Bytes;
  signature: Bytes;
}

function damaged(what: string): Stop {
  return new Stop("E01", what);
}

export function isBytes(item: Item | undefined, length?: number): item is Bytes {
  return item instanceof Uint8Array && (length === undefined || item.length === length);
}

function cbor(bytes: Bytes): Item {
  try {
    return decode(bytes);
  } catch (error) {
    throw damaged(error instanceof Error ? error.message : "not CBOR");
  }
}

function readProtected(bytes: Bytes): Bytes {
  const header = cbor(bytes);
  if (!(header instanceof Pairs) || header.list.length !== 2) throw damaged("the protected header");
  const alg = header.get(1);
  const kid = header.get(4);
  if (!isInt(alg) || !isBytes(kid, 8)) throw damaged("the protected header");
  if (alg !== EDDSA) throw new Stop("E04", "an unknown algorithm");
  return kid;
}

function readReceipt(header: Pairs): Receipt | null {
  if (header.list.length === 0) return null;
  const parts = header.list.length === 1 ? header.get(XUEFEN) : undefined;
  if (!Array.isArray(parts) || parts.length !== 3) throw damaged("the unprotected header");
  const [size, path, checkpoint] = parts;
  const hashes = Array.isArray(path) ? path.filter((hash) => isBytes(hash, 32)) : [];
  const whole = Array.isArray(path) && hashes.length === path.length && path.length <= PATH_MAX;
  if (!isUint(size) || !whole || !isBytes(checkpoint)) throw damaged("the receipt");
  return { size, path: hashes as Bytes[], checkpoint };
}

/** Keys from 20 on may come later: they are counted, not read. */
function isLater(key: Item): boolean {
  return isUint(key) && key >= 20;
}

function readClaims(payload: Bytes): { claims: Pairs; own: Pairs } {
  const claims = cbor(payload);
  if (!(claims instanceof Pairs)) throw damaged("the payload is no map");
  const known = (key: Item) => key === XUEFEN || (isUint(key) && key >= 4 && key <= 7) || isLater(key);
  // Without any of ours the form is kept; the data model, asked behind the signature, is not.
  const own = claims.get(XUEFEN) ?? new Pairs([]);
  if (!claims.list.every(([key]) => known(key)) || !(own instanceof Pairs)) {
    throw damaged("an unknown claim, or ours are no map");
  }
  const knownOwn = (key: Item) => isUint(key) && ((key >= 1 && key <= 13) || key >= 20);
  if (!own.list.every(([key]) => knownOwn(key))) throw damaged("an unknown claim of ours");
  return { claims, own };
}

/** How many claims of a newer form there are. */
export function newerClaims({ claims, own }: Message): number {
  return [...claims.list, ...own.list].filter(([key]) => isLater(key)).length;
}

/** Reads the text of a code of the platform `host`. Throws {@link Stop}. */
export function readCode(what: string, host: string): Message {
  const text = what.replace(/^[ \r\n]+|[ \r\n]+$/g, "");
  if (text === "") throw new Stop("E00", "no code");
  // Every character of a code is one byte; what is longer in bytes is no code either.
  if (text.length > TEXT_BYTES_MAX) throw damaged("longer than any code");
  const prefix = `https://${host}/q#`;
  if (!text.startsWith(prefix)) throw damaged("another address");
  const rest = text.slice(prefix.length);
  if (!rest.startsWith("1")) {
    throw /^[0-9]/.test(rest) ? new Stop("E02", "a newer form of code") : damaged("no profile digit");
  }
  const bytes = digits.decode(rest.slice(1));
  if (!bytes || bytes.length > COSE_BYTES_MAX) throw damaged("the digits");
  return readCose(bytes);
}

function readCose(bytes: Bytes): Message {
  const item = cbor(bytes);
  const parts = item instanceof Tagged && Array.isArray(item.inner) ? item.inner : [];
  const [header, unprotected, payload, signature] = parts;
  if (
    parts.length !== 4 || !isBytes(header) || !(unprotected instanceof Pairs) ||
    !isBytes(payload) || !isBytes(signature)
  ) {
    throw damaged("not the four parts of COSE_Sign1");
  }
  const kid = readProtected(header);
  const receipt = readReceipt(unprotected);
  if (signature.length !== 64) throw damaged("a signature that is not 64 bytes");
  return { kid, receipt, signature, ...readClaims(payload), signed: sigStructure(header, AAD, payload) };
}
