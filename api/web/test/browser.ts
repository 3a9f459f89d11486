// What the browser tests run in a page: both engines, the vectors, the published cases, the clock of a check.

import { verifyCode } from "../src/proof/code";
import { open } from "../src/proof/bundle";
import { type Engine, fallback, native } from "../src/proof/engine";
import { judge } from "../src/proof/vectors";
import { BUNDLE, CODE, NOW, SPECCHECK } from "./published";

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

async function workedExample(engine: Engine): Promise<string> {
  const check = { engine, bundle: await open(engine, BUNDLE), lists: new Map(), now: NOW };
  const { result, findings } = await verifyCode(check, CODE);
  return [result, ...findings.map(({ code }) => code)].join(" ");
}

/** Which of the published hard cases are not judged as they must be. */
async function wrongCases(engine: Engine): Promise<number[]> {
  const wrong: number[] = [];
  for (const [n, [message, key, signature, accepted]] of SPECCHECK.entries()) {
    const said = await engine.verify(bytesOf(key), bytesOf(message), bytesOf(signature));
    if (said !== accepted) wrong.push(n);
  }
  return wrong;
}

/** Milliseconds of each of `times` checks of a code, the bundle being open. */
async function timings(engine: Engine, times: number, text: string, code: string): Promise<number[]> {
  const now = Math.floor(Date.now() / 1000);
  const check = { engine, bundle: await open(engine, text), lists: new Map(), now };
  const out: number[] = [];
  for (let n = 0; n < times; n++) {
    const before = performance.now();
    const { result } = await verifyCode(check, code);
    out.push(performance.now() - before);
    if (result !== "valid") throw new Error("only a whole check counts");
  }
  return out;
}

export { fallback, judge, native, timings, workedExample, wrongCases };
