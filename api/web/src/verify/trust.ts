// The trust bundle of this device: from the network first, kept for the next time without one. A newer one
// takes the held one's place by the rule of docs/VERIFY.md only; whatever else arrives is refused.

import { BadBundle, type Bundle, open, update } from "../proof/bundle";
import type { Engine } from "../proof/engine";

const URL_BUNDLE = "/trust/bundle";
const CACHE = "xuefen-trust";
/** How long a check waits for the network where a bundle is held, and where none is. */
const WAIT_HELD_MS = 3_000;
const WAIT_NONE_MS = 15_000;

export interface Trust {
  bundle: Bundle;
  /** Whether the network answered; else the held one is used as it is. */
  online: boolean;
  /** Whether the network offered a bundle that was refused. */
  refused: boolean;
}

async function keep(text: string): Promise<void> {
  // Without a secure context there is no cache; the bundle then lives as long as the page.
  if (!("caches" in globalThis)) return;
  const cache = await caches.open(CACHE);
  await cache.put(URL_BUNDLE, new Response(text, { headers: { "content-type": "application/json" } }));
}

async function held(engine: Engine): Promise<Bundle | null> {
  if (!("caches" in globalThis)) return null;
  const response = await (await caches.open(CACHE)).match(URL_BUNDLE);
  if (!response) return null;
  return orNull(open(engine, await response.text()));
}

async function orNull(opening: Promise<Bundle>): Promise<Bundle | null> {
  try {
    return await opening;
  } catch (error) {
    if (error instanceof BadBundle) return null;
    throw error;
  }
}

async function offered(wait_ms: number): Promise<string | null> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), wait_ms);
  try {
    const response = await fetch(URL_BUNDLE, { cache: "no-cache", signal: abort.signal });
    return response.ok ? await response.text() : null;
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

/** The bundle to check with, or `null` where there is none yet. */
export async function trust(engine: Engine): Promise<Trust | null> {
  const before = await held(engine);
  const text = await offered(before ? WAIT_HELD_MS : WAIT_NONE_MS);
  if (text === null) return before && { bundle: before, online: false, refused: false };
  const after = await orNull(before ? update(engine, before, text) : open(engine, text));
  if (!after) return before && { bundle: before, online: true, refused: true };
  if (after !== before) await keep(text);
  return { bundle: after, online: true, refused: false };
}
