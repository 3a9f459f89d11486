// Deterministic CBOR (RFC 8949 §4.2.1), the part that XF-QR/1 uses: integers, byte and text strings,
// arrays, maps, and tag 18 in front. A value has one encoding; anything else is refused.

import { type Bytes, compare, concat, fromUtf8, utf8 } from "./bytes";

/** A number where it is exact, else a bigint: both compare with `<` and `===` among themselves. */
export type Int = number | bigint;
export type Item = Int | string | Uint8Array<ArrayBuffer> | Item[] | Pairs | Tagged;

/** A map, in the order of its keys' bytes. */
export class Pairs {
  constructor(readonly list: [Item, Item][]) {}

  get(key: number): Item | undefined {
    return this.list.find(([known]) => known === key)?.[1];
  }
}

/** COSE_Sign1, tag 18. */
export class Tagged {
  constructor(readonly inner: Item) {}
}

export class NotDeterministic extends Error {}

const TAG_18 = 0xd2;
const DEPTH_MAX = 8;

export function isUint(item: Item | undefined): item is Int {
  return (typeof item === "number" || typeof item === "bigint") && item >= 0;
}

export function isInt(item: Item | undefined): item is Int {
  return typeof item === "number" || typeof item === "bigint";
}

class Reader {
  at = 0;

  constructor(private readonly bytes: Bytes) {}

  private take(count: Int): Bytes {
    const end = this.at + Number(count);
    if (end > this.bytes.length) throw new NotDeterministic(`cut off at byte ${this.at}`);
    const taken = this.bytes.slice(this.at, end);
    this.at = end;
    return taken;
  }

  /** Major type and argument. */
  private head(): [number, Int] {
    const initial = this.take(1)[0] ?? 0;
    const short = initial & 0x1f;
    if (short < 24) return [initial >> 5, short];
    if (short > 27) throw new NotDeterministic("an indefinite or reserved length");
    const count = 1 << (short - 24);
    const value = this.take(count).reduce<bigint>((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    const least = count === 1 ? 24n : 1n << BigInt(4 * count);
    if (value < least) throw new NotDeterministic("a head that is not the shortest");
    return [initial >> 5, value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value];
  }

  item(depth: number): Item {
    if (depth > DEPTH_MAX) throw new NotDeterministic("nested too deep");
    const [major, value] = this.head();
    switch (major) {
      case 0:
        return value;
      case 1:
        return typeof value === "number" && value < Number.MAX_SAFE_INTEGER
          ? -1 - value
          : -1n - BigInt(value);
      case 2:
        return this.take(value);
      case 3: {
        const text = fromUtf8(this.take(value));
        if (text === null) throw new NotDeterministic("text that is not UTF-8");
        return text;
      }
      case 4: {
        const items: Item[] = [];
        for (let n = 0; n < value; n++) items.push(this.item(depth + 1));
        return items;
      }
      case 5:
        return this.map(value, depth);
      default:
        throw new NotDeterministic("a tag inside, a float or a simple value");
    }
  }

  private map(count: Int, depth: number): Pairs {
    const list: [Item, Item][] = [];
    let before: Bytes | null = null;
    for (let n = 0; n < count; n++) {
      const from = this.at;
      const key = this.item(depth + 1);
      const encoded = this.bytes.slice(from, this.at);
      if (before && compare(before, encoded) >= 0) {
        throw new NotDeterministic("a key that is repeated or out of order");
      }
      before = encoded;
      list.push([key, this.item(depth + 1)]);
    }
    return new Pairs(list);
  }
}

/** The one item that `bytes` are. Throws {@link NotDeterministic}. */
export function decode(bytes: Bytes): Item {
  const reader = new Reader(bytes);
  const tagged = bytes[0] === TAG_18;
  if (tagged) reader.at = 1;
  const item = reader.item(0);
  if (reader.at !== bytes.length) throw new NotDeterministic("bytes behind the item");
  return tagged ? new Tagged(item) : item;
}

function head(major: number, length: number): Bytes {
  const type = major << 5;
  if (length < 24) return Uint8Array.of(type | length);
  if (length < 0x100) return Uint8Array.of(type | 24, length);
  return Uint8Array.of(type | 25, length >> 8, length & 0xff);
}

/** What COSE signs (RFC 9052 §4.4); every part is shorter than 64 KiB. */
export function sigStructure(body: Bytes, aad: string, payload: Bytes): Bytes {
  const context = utf8("Signature1");
  const external = utf8(aad);
  return concat(
    head(4, 4),
    head(3, context.length), context,
    head(2, body.length), body,
    head(2, external.length), external,
    head(2, payload.length), payload,
  );
}
