// Inclusion in the log's tree (RFC 6962, RFC 9162 §2.1.3.2).

import { type Bytes, concat, equal } from "./bytes";
import type { Int } from "./cbor";
import type { Engine } from "./engine";

const NODE = Uint8Array.of(1);

/** Whether `path` leads from `leaf` at `position` to the root of a tree of `size`, with no hash left over. */
export async function isIncluded(
  engine: Engine,
  leaf: Bytes,
  position: Int,
  size: Int,
  path: Bytes[],
  root: Bytes,
): Promise<boolean> {
  if (position >= size) return false;
  let node = BigInt(position);
  let last = BigInt(size) - 1n;
  let hash = leaf;
  for (const sibling of path) {
    if (last === 0n) return false;
    if ((node & 1n) === 1n || node === last) {
      hash = await engine.sha256(concat(NODE, sibling, hash));
      // The right edge of a ragged tree skips the levels where it stands alone.
      while ((node & 1n) === 0n && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      hash = await engine.sha256(concat(NODE, hash, sibling));
    }
    node >>= 1n;
    last >>= 1n;
  }
  return last === 0n && equal(hash, root);
}
