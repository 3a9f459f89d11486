// Which code hashes and checks signatures: WebCrypto where it keeps to the one rule, else @noble, loaded
// only then.

import type { Bytes } from "./bytes";
import { mayVerify } from "./ed25519";

export interface Engine {
  name: "webcrypto" | "noble";
  sha256(bytes: Bytes): Promise<Bytes>;
  /** The whole rule of STANDARDS §5, 1 to 4. */
  verify(key: Bytes, message: Bytes, signature: Bytes): Promise<boolean>;
}

/** ed25519-speccheck 4: only the cofactored equation holds, so a library that accepts it will not do. */
const PROBE = {
  message: "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
  key: "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
  signature:
    "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed512" +
    "5ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09",
};

function bytesOf(hex: string): Bytes {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

async function nativeVerify(key: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  if (!mayVerify(key, signature)) return false;
  const { subtle } = globalThis.crypto;
  let imported: CryptoKey;
  try {
    imported = await subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
  } catch (error) {
    // Some libraries look at the point on import; a missing algorithm is another matter.
    if (error instanceof DOMException && error.name === "DataError") return false;
    throw error;
  }
  return subtle.verify("Ed25519", imported, signature, message);
}

async function nativeSha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await globalThis.crypto.subtle.digest("SHA-256", bytes));
}

/** WebCrypto, if it knows Ed25519 and refuses the probe. */
export async function native(): Promise<Engine | null> {
  if (!globalThis.crypto?.subtle) return null;
  try {
    const lax = await nativeVerify(
      bytesOf(PROBE.key),
      bytesOf(PROBE.message),
      bytesOf(PROBE.signature),
    );
    return lax ? null : { name: "webcrypto", sha256: nativeSha256, verify: nativeVerify };
  } catch {
    return null;
  }
}

export async function fallback(): Promise<Engine> {
  const noble = await import("./noble");
  return {
    name: "noble",
    sha256: async (bytes) => noble.sha256(bytes),
    verify: async (key, message, signature) => noble.verify(key, message, signature),
  };
}

let chosen: Promise<Engine> | undefined;

/** The engine of this browser. */
export function engine(): Promise<Engine> {
  chosen ??= native().then((found) => found ?? fallback());
  return chosen;
}
