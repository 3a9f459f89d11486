// Bitstring Status List (STANDARDS §6): one bit for each credential, packed. Anything odd makes the list
// unusable; it never makes a bit clear.

import { type Bytes, fromBase64Url } from "./bytes";

const BYTES_MIN = 16_384;
const BYTES_MAX = 16 << 20;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(bytes: Bytes): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}

/** Inflates one gzip member, at most {@link BYTES_MAX} of it; `null` if it is none, or more. */
async function inflate(packed: Bytes): Promise<Bytes | null> {
  const stream = new DecompressionStream("gzip");
  const reader = stream.readable.getReader();
  const writer = stream.writable.getWriter();
  // What is wrong with the input is said by the reading end too.
  writer.write(packed).catch(() => undefined);
  writer.close().catch(() => undefined);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > BYTES_MAX) {
        await reader.cancel();
        return null;
      }
      chunks.push(value);
    }
  } catch {
    return null;
  }
  const out = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.length;
  }
  // Some engines pass over what stands behind the member, or read several: the trailer must be the last
  // eight bytes and speak of all that came out.
  if (packed.length < 18) return null;
  const trailer = new DataView(packed.buffer, packed.byteOffset + packed.length - 8);
  const whole = trailer.getUint32(0, true) === crc32(out) && trailer.getUint32(4, true) === length;
  return whole ? out : null;
}

/** The bits of an `encodedList`; `null` if it breaks a rule. */
export async function bits(encodedList: string): Promise<Bytes | null> {
  const packed = encodedList.startsWith("u") ? fromBase64Url(encodedList.slice(1)) : null;
  if (!packed || typeof DecompressionStream === "undefined") return null;
  const out = await inflate(packed);
  return out && out.length >= BYTES_MIN ? out : null;
}

/** Bit `index`, 0 being the left-most of byte 0; `null` beyond the list. */
export function bit(list: Bytes, index: number | bigint): boolean | null {
  if (index >= list.length * 8) return null;
  const at = Number(index);
  return ((list[at >> 3] ?? 0) & (0x80 >> (at & 7))) !== 0;
}
