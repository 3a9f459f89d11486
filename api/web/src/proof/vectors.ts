// Judges the shared vectors (tests/fixtures/vectors/verify.json): used by the Node tests and, in real
// browsers, by tests/e2e. No page imports it.

import { open } from "./bundle";
import type { Engine } from "./engine";
import { type Json, parse } from "./json";
import { type Facts, type Verdict, verifyCode, verifyDocument } from "./verify";

export interface Case {
  name: string;
  input: "text" | "json";
  value: string;
  bundle: string;
  lists?: string[];
  now: number;
  expect: {
    result: Verdict["result"];
    state: string;
    code: string;
    findings: string[];
    age: string;
    facts: Facts | null;
  };
}

export interface VerifyFile {
  bundles: Record<string, object>;
  lists?: Record<string, { id: string }>;
  cases: Case[];
}

/** What this engine says of a case, in the form of its `expect`. */
export async function judge(engine: Engine, file: VerifyFile, it: Case): Promise<Case["expect"]> {
  const bundle = await open(engine, JSON.stringify(file.bundles[it.bundle]));
  const lists = new Map<string, Json>();
  for (const name of it.lists ?? []) {
    const list = file.lists?.[name];
    if (list) lists.set(list.id, parse(JSON.stringify(list)));
  }
  const check = { engine, bundle, lists, now: it.now };
  const look = it.input === "text" ? verifyCode : verifyDocument;
  const { result, state, code, findings, asOf, facts } = await look(check, it.value);
  return {
    result,
    state,
    code,
    findings: findings.map((finding) => finding.code),
    age: asOf.age,
    facts: facts ?? null,
  };
}
