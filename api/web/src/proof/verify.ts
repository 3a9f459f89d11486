// The pipeline (docs/VERIFY.md): one answer from a text, a trust bundle and a clock. The Rust engine is
// credentials/src/verify; both are held to the same vectors. Nothing is fetched here.

import { type Owned, hinted } from "./bundle";
import { utf8 } from "./bytes";
import { claimed, readClaims } from "./claims";
import { type Signed, open, positionOf, readEntries } from "./document";
import { type Json, type JsonObject, NotStrict, isObject, parse } from "./json";
import { type Message, readCode } from "./qr";
import { type Code, type Finding, Findings, type Outcome, Stop } from "./registry";
import { bits } from "./status";
import { type Check, type Entry, type List, dates, issuer, run } from "./steps";
import { written } from "./time";

const DOCUMENT_BYTES_MAX = 1 << 20;

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
  asOf: { bundle: string; position: number; age: Age };
  facts?: Facts;
}

/** What a check found out besides its findings. */
interface Seen {
  facts: Facts;
  /** Times that the status lists used speak of. */
  times: number[];
}

function defined<T extends object>(members: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const kept = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as { [K in keyof T]: Exclude<T[K], undefined> };
}

function issuerFacts({ issuer: { id, name }, key }: Owned) {
  return { issuer: id, issuerName: name, custody: key.custody };
}

function age({ bundle, now }: Check, times: number[]): Age {
  const ages = [bundle.issuedS, ...times].map((time) => now - time);
  if (now < bundle.issuedS || ages.some((it) => it > bundle.unknownS)) return "unknown";
  return ages.every((it) => it < bundle.plainS) ? "plain" : "amber";
}

async function answer(check: Check, look: (findings: Findings) => Promise<Seen>): Promise<Verdict> {
  const findings = new Findings();
  let seen: Seen | undefined;
  try {
    seen = await look(findings);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    findings.add(error.code, error.detail);
  }
  const { issuedAt, position } = check.bundle;
  return {
    ...findings.verdict(),
    findings: findings.list,
    asOf: { bundle: issuedAt, position, age: age(check, seen?.times ?? []) },
    ...(seen ? { facts: seen.facts } : {}),
  };
}

/** Steps 6 and 7 of a code: the key under which its signature holds. */
async function signerOf({ engine, bundle }: Check, message: Message): Promise<Owned> {
  let candidates = await hinted(engine, bundle, message.kid);
  if (candidates.length === 0) {
    const { issuer: number, position } = claimed(message);
    const named = bundle.issuers.find(({ id }) => id === number);
    if (!named) throw new Stop("E10", "the issuer is not in the trust bundle");
    if (position === undefined || position > bundle.position) {
      throw new Stop("E10", "the key is newer than the trust bundle");
    }
    candidates = named.keys
      .filter((key) => key.use === "credential")
      .map((key) => ({ issuer: named, key }));
  }
  for (const owned of candidates) {
    if (await engine.verify(owned.key.pub, message.signed, message.signature)) return owned;
  }
  throw new Stop("E20", "the signature does not match");
}

/** The lists that a code's `[n, i]` stands for: n, and n + 1 and n + 2 where the bundle has them. */
function codeEntries({ bundle }: Check, { issuer: { id, status } }: Owned, pair: Entry["index"][]): Entry[] {
  const [n, index] = pair;
  if (n === undefined || index === undefined) return [];
  const url = (list: bigint) => `https://${bundle.host}/status/${id}/${list}`;
  const first = BigInt(n);
  const more = [
    { url: url(first + 1n), purpose: "suspension" as const, index },
    { url: url(first + 2n), purpose: "refresh" as const, index },
  ];
  const known = more.filter((entry) => status.some((it) => it.url === entry.url));
  return [{ url: url(first), purpose: "revocation", index }, ...known];
}

/** Checks the text of a QR code. */
export function verifyCode(check: Check, what: string): Promise<Verdict> {
  return answer(check, async (findings) => {
    const message = readCode(what, check.bundle.host);
    const owned = await signerOf(check, message);
    const claims = readClaims(message);
    if (owned.key.use !== "credential" || owned.issuer.id !== claims.issuer) {
      findings.add("E22", "another key use or issuer of the key");
    }
    const { receipt } = message;
    const times = await run(
      check,
      {
        ...owned,
        position: claims.position,
        begins: claims.begins,
        expires: claims.expires,
        entries: () => codeEntries(check, owned, claims.status ?? []),
        receipt: receipt && claims.leaf ? { receipt, leaf: claims.leaf } : null,
      },
      openList,
      findings,
    );
    const facts = defined({
      form: "qr" as const,
      id: claims.id,
      ...issuerFacts(owned),
      kind: claims.kind,
      title: claims.title,
      amount: claims.amount,
      scheme: claims.scheme,
      name: claims.name,
      level: claims.level,
      hours: claims.hours,
      issuedAt: written(claims.issued),
      expiresAt: claims.expires === undefined ? undefined : written(claims.expires),
      position: Number(claims.position),
      newer: claims.newer || undefined,
    }) as Facts;
    return { facts, times };
  });
}

/** The form of a status list's own: its key has no end, its bits can be read. */
async function listForm(check: Check, signed: Signed, findings: Findings): Promise<List | null> {
  const { key, document, begins, expires } = signed;
  issuer(signed, findings);
  if (key.retired !== null || key.notValidAfter !== null) {
    findings.add("E30", "a status list has no position, and its key has an end");
  }
  dates(check, begins, expires, findings);
  const subject = isObject(document.credentialSubject) ? document.credentialSubject : {};
  const list = await bits(String(subject.encodedList));
  if (!list) findings.add("E54", "the list's own form is broken");
  return list && { purpose: String(subject.statusPurpose), bits: list, at: begins };
}

/** A list fetched for a check: it must pass the checks of a status list without any finding. */
async function openList(check: Check, given: Json, url: string, did: string): Promise<List | null> {
  const findings = new Findings();
  try {
    if (!isObject(given) || given.id !== url || given.issuer !== did) return null;
    const signed = await open(check, given, findings);
    const list = signed.shape === "status-list" ? await listForm(check, signed, findings) : null;
    return findings.list.length === 0 ? list : null;
  } catch (error) {
    if (error instanceof Stop) return null;
    throw error;
  }
}

function amountOf({ creditsEarned }: JsonObject): string | undefined {
  return typeof creditsEarned === "number" ? String(creditsEarned) : undefined;
}

async function achievement(check: Check, signed: Signed, findings: Findings): Promise<Seen> {
  const { document } = signed;
  const position = positionOf(document, check.bundle);
  const { begins, expires } = signed;
  const entries = () => readEntries(document);
  const subject = { ...signed, position, begins, expires, entries, receipt: null };
  const times = await run(check, subject, openList, findings);
  const about = isObject(document.credentialSubject) ? document.credentialSubject : {};
  const what = isObject(about.achievement) ? about.achievement : {};
  const facts = defined({
    form: "credential" as const,
    id: String(document.id).replace("urn:uuid:", ""),
    ...issuerFacts(signed),
    title: String(what.name),
    amount: amountOf(about),
    issuedAt: written(begins),
    expiresAt: expires === undefined ? undefined : written(expires),
    position,
  }) as Facts;
  return { facts, times };
}

async function statusList(check: Check, signed: Signed, findings: Findings): Promise<Seen> {
  const list = await listForm(check, signed, findings);
  const { begins, expires, document } = signed;
  const facts = defined({
    form: "status-list" as const,
    id: String(document.id),
    ...issuerFacts(signed),
    issuedAt: written(begins),
    expiresAt: expires === undefined ? undefined : written(expires),
  }) as Facts;
  return { facts, times: list ? [list.at] : [] };
}

function readDocument(text: string): JsonObject {
  if (utf8(text).length > DOCUMENT_BYTES_MAX) throw new Stop("E01", "longer than 1 MiB");
  if (/^[ \t\r\n]*$/.test(text)) throw new Stop("E00", "nothing there");
  let value: Json;
  try {
    value = parse(text);
  } catch (error) {
    if (error instanceof NotStrict) throw new Stop("E01", error.message);
    throw error;
  }
  if (!isObject(value)) throw new Stop("E01", "no object");
  return value;
}

/** Checks the text of a JSON document. */
export function verifyDocument(check: Check, what: string): Promise<Verdict> {
  return answer(check, async (findings) => {
    const signed = await open(check, readDocument(what), findings);
    return signed.shape === "achievement"
      ? achievement(check, signed, findings)
      : statusList(check, signed, findings);
  });
}
