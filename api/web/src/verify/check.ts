// From what somebody showed us to a verdict: engine, trust bundle, pipeline. Loaded with the first thing shown.

import type { Verdict } from "../proof/answer";
import { verifyCode } from "../proof/code";
import { engine } from "../proof/engine";
import { type Trust, trust } from "./trust";

export interface Checked {
  verdict: Verdict;
  trust: Trust;
  engine: string;
  /** Unix seconds of the check. */
  now: number;
}

/** What was shown: the text of a code, a JSON document, or the fragment of this page's own address. */
export type Shown = { text: string } | { fragment: string };

/** `null` where there is no trust bundle: then there is no verdict. */
export async function check(shown: Shown): Promise<Checked | null> {
  const chosen = await engine();
  const held = await trust(chosen);
  if (!held) return null;
  const now = Math.floor(Date.now() / 1000);
  const { bundle } = held;
  const work = { engine: chosen, bundle, lists: new Map(), now };
  const text = "text" in shown ? shown.text : `https://${bundle.host}/q#${shown.fragment}`;
  const look = /^\s*[{[]/.test(text)
    ? (await import("../proof/credential")).verifyDocument
    : verifyCode;
  return { verdict: await look(work, text), trust: held, engine: chosen.name, now };
}
