// The common steps S1 to S5 (docs/VERIFY.md). Unknown is never taken for good: what cannot be looked at
// leaves a finding.

import type { Bytes } from "./bytes";
import type { Int } from "./cbor";
import type { Bundle, Issuer, Owned, Purpose, StatusEntry } from "./bundle";
import type { Engine } from "./engine";
import type { Json } from "./json";
import { isIncluded } from "./merkle";
import { checkpoint, cosigners, isSignedBy, parse } from "./note";
import type { Receipt } from "./qr";
import { Findings } from "./registry";
import { bit, bits } from "./status";

/** What one check works with. */
export interface Check {
  engine: Engine;
  bundle: Bundle;
  /** Status list credentials fetched for this check, by their URL. */
  lists: ReadonlyMap<string, Json>;
  /** Unix seconds. */
  now: number;
}

/** One status that a credential names. */
export interface Entry {
  url: string;
  purpose: Purpose;
  index: Int;
}

/** What is common to both forms once their signature holds. */
export interface Subject extends Owned {
  position: Int;
  begins: number;
  expires: number | undefined;
  /** The statuses it names; reading them may stop the check (E04), which S5 says. */
  entries: () => Entry[];
  receipt: { receipt: Receipt; leaf: Bytes } | null;
}

/** A status list that keeps every rule. */
export interface List {
  purpose: string;
  bits: Bytes;
  /** Unix seconds it speaks of; `null` if nobody knows. */
  at: number | null;
}

/** The lists that a code's `[n, i]` stands for: n, and n + 1 and n + 2 where the bundle has them. */
export function codeEntries({ bundle }: Check, { id, status }: Issuer, n: bigint, index: Int): Entry[] {
  const url = (list: bigint) => `https://${bundle.host}/status/${id}/${list}`;
  const more = [
    { url: url(n + 1n), purpose: "suspension" as const, index },
    { url: url(n + 2n), purpose: "refresh" as const, index },
  ];
  const known = more.filter((entry) =>
    status.some((it) => it.url === entry.url && it.purpose === entry.purpose),
  );
  return [{ url: url(n), purpose: "revocation", index }, ...known];
}

/** Opens a list from {@link Check.lists}; `null` if it fails any check of its own. */
export type OpenList = (check: Check, document: Json, url: string, did: string) => Promise<List | null>;

/** S1. */
export function issuer({ issuer: { suspended } }: Owned, findings: Findings): void {
  if (suspended !== null) findings.add("E11", `suspended at position ${suspended}`);
}

/**
 * S2: order is evidence, so the window is one of positions, never of dates. Behind a compromised key nothing
 * offline helps: a receipt shows that a commit is in the log, not that the log holds what is signed here.
 */
function keyWindow(subject: Subject, findings: Findings): void {
  const { position, key } = subject;
  const { activated, retired, notValidAfter } = key;
  const end = Math.min(retired ?? Infinity, notValidAfter ?? Infinity);
  const compromised = notValidAfter !== null;
  if (subject.issuer.disputed.some(([from, to]) => from <= position && position <= to)) {
    findings.add("E12", `position ${position} is disputed`);
  } else if (activated < position && position <= end) {
    if (compromised) findings.add("E12", "the key was compromised; only the ledger can tell");
  } else if (position > end && compromised) {
    findings.add("E12", "behind the end of a compromised key; only the ledger can tell");
  } else {
    findings.add("E30", `position ${position} is outside the key's window`);
  }
}

/** Whether what was made at `time` is older than policy; what has no date is. */
function isStale({ bundle, now }: Check, time: number | null): boolean {
  return time === null || now - time > bundle.unknownS;
}

/** S3: the credential's own dates. */
export function dates(
  { now }: Check,
  begins: number,
  expires: number | undefined,
  findings: Findings,
): void {
  if (begins > now) findings.add("E32", "not yet in force");
  if (expires !== undefined && expires <= now) findings.add("E31", "expired");
}

/** S3: the age of the bundle itself. */
export function bundleAge(check: Check, findings: Findings): void {
  const { now } = check;
  const { issuedS } = check.bundle;
  if (issuedS !== null && now < issuedS) findings.add("W50", "the clock is before the trust bundle");
  if (isStale(check, issuedS)) findings.add("W50", "the trust bundle is too old");
}

/** S4: the receipt's path and checkpoint. */
async function inclusion({ engine, bundle }: Check, subject: Subject, findings: Findings): Promise<void> {
  const { position, receipt: carried } = subject;
  if (!carried) {
    findings.add("W40", "no inclusion proof carried");
    return;
  }
  const { receipt, leaf } = carried;
  const note = parse(receipt.checkpoint);
  const head = note && checkpoint(note);
  if (!note || head?.origin !== bundle.origin || !(await isSignedBy(engine, note, bundle.log))) {
    findings.add("E40", "the checkpoint is not one that the log signed");
    return;
  }
  const { size, path } = receipt;
  const leads =
    BigInt(size) === head.size && (await isIncluded(engine, leaf, position, size, path, head.root));
  if (!leads) {
    findings.add("E41", "the path does not lead to the checkpoint's root");
    return;
  }
  const count = await cosigners(engine, note, bundle.witnesses);
  if (count < bundle.quorum) findings.add("E42", `${count} of ${bundle.quorum} witnesses`);
}

async function fromBundle(entry: StatusEntry): Promise<List | null> {
  const list = await bits(entry.gzip);
  return list && { purpose: entry.purpose, bits: list, at: entry.at };
}

interface Looked {
  at: number | null;
  set: boolean;
}

function read(list: List | null, { purpose, index }: Entry): Looked | "E54" {
  const set = list?.purpose === purpose ? bit(list.bits, index) : null;
  return list && set !== null ? { at: list.at, set } : "E54";
}

/**
 * What the list that an entry names says: the one handed in, else the bundle's. One that the bundle shows set
 * is set: who hands in a list chooses which, and an old one must not silence what the bundle knows.
 */
async function look(
  check: Check,
  subject: Subject,
  entry: Entry,
  openList: OpenList,
): Promise<Looked | "E53" | "E54"> {
  const { url } = entry;
  const given = check.lists.get(url);
  // Another issuer's list says nothing of this credential.
  const kept = subject.issuer.status.find((list) => list.url === url);
  const held = kept ? read(await fromBundle(kept), entry) : "E53";
  if (given === undefined || (typeof held === "object" && held.set)) return held;
  return read(await openList(check, given, url, subject.issuer.did), entry);
}

const SET = { revocation: "E50", suspension: "E52", refresh: "E51" } as const;

/** S5; answers the times that the lists used speak of. */
async function status(
  check: Check,
  subject: Subject,
  openList: OpenList,
  findings: Findings,
): Promise<(number | null)[]> {
  const entries = subject.entries();
  if (entries.length === 0 && subject.issuer.statusRequired) {
    findings.add("E53", "no status, though its issuer must give one");
  }
  const times: (number | null)[] = [];
  const set: Entry[] = [];
  const looked = await Promise.all(entries.map((entry) => look(check, subject, entry, openList)));
  for (const [n, entry] of entries.entries()) {
    const found = looked[n] ?? "E54";
    if (found === "E53") {
      findings.add("E53", `${entry.url} is not at hand`);
    } else if (found === "E54") {
      findings.add("E54", `${entry.url} fails its check`);
    } else {
      times.push(found.at);
      if (isStale(check, found.at)) findings.add("W50", `${entry.url} is too old`);
      if (found.set) set.push(entry);
    }
  }
  const replaced = set.some(({ purpose }) => purpose === "refresh");
  for (const { purpose, index, url } of set) {
    const hidden = purpose === "revocation" && replaced;
    if (!hidden) findings.add(SET[purpose], `bit ${index} of ${url} is set`);
  }
  return times;
}

/** S1 to S5 in order; answers the times of the lists used. */
export async function run(
  check: Check,
  subject: Subject,
  openList: OpenList,
  findings: Findings,
): Promise<(number | null)[]> {
  issuer(subject, findings);
  keyWindow(subject, findings);
  dates(check, subject.begins, subject.expires, findings);
  bundleAge(check, findings);
  await inclusion(check, subject, findings);
  return status(check, subject, openList, findings);
}
