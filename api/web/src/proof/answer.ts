// The form of an answer (docs/VERIFY.md "Output"), and how a check ends in one.

import type { Owned } from "./bundle";
import { type Code, type Finding, Findings, type Outcome, Stop } from "./registry";
import type { Check } from "./steps";
import { written } from "./time";

export type Age = "plain" | "amber" | "unknown";

/** What may be shown of a credential whose signature holds; the issuer's name is the bundle's. */
export interface Facts {
  form: "qr" | "credential" | "status-list";
  id: string;
  issuer: number;
  issuerName: string;
  custody: string;
  kind?: string;
  title?: string;
  amount?: string;
  scheme?: string;
  name?: string;
  level?: string;
  hours?: string;
  issuedAt: string;
  expiresAt?: string;
  position?: number;
  newer?: number;
}

export interface Verdict {
  result: Outcome;
  state: string;
  code: Code | "OK";
  findings: Finding[];
  /** `status`: the oldest of the status lists used, if one was. */
  asOf: { bundle: string; position: number; age: Age; status?: string };
  facts?: Facts;
}

/** What a check found out besides its findings. */
export interface Seen {
  facts: Facts;
  /** Times that the status lists used speak of. */
  times: (number | null)[];
}

/** Without the members that are undefined. */
export function defined<T extends object>(members: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const kept = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as { [K in keyof T]: Exclude<T[K], undefined> };
}

export function issuerFacts({ issuer: { id, name }, key }: Owned) {
  return { issuer: id, issuerName: name, custody: key.custody };
}

function age({ bundle, now }: Check, times: (number | null)[]): Age {
  const ages = [bundle.issuedS, ...times].map((time) => (time === null ? Infinity : now - time));
  // What is of later than now has a wrong date, or the clock is.
  if (ages.some((it) => it < 0 || it > bundle.unknownS)) return "unknown";
  return ages.every((it) => it < bundle.plainS) ? "plain" : "amber";
}

export async function answer(check: Check, look: (findings: Findings) => Promise<Seen>): Promise<Verdict> {
  const findings = new Findings();
  let seen: Seen | undefined;
  try {
    seen = await look(findings);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    findings.add(error.code, error.detail);
  }
  const { issuedAt, position } = check.bundle;
  const times = seen?.times ?? [];
  const known = times.filter((time) => time !== null);
  const status = known.length > 0 ? { status: written(Math.min(...known)) } : {};
  return {
    ...findings.verdict(),
    findings: findings.list,
    asOf: { bundle: issuedAt, position, age: age(check, times), ...status },
    ...(seen ? { facts: seen.facts } : {}),
  };
}
