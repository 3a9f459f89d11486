// A JSON credential or status list, checked (docs/VERIFY.md "A JSON document").

import { type Facts, type Seen, type Verdict, answer, defined, issuerFacts } from "./answer";
import { utf8 } from "./bytes";
import { type Signed, open, positionOf, readEntries } from "./document";
import { type Json, type JsonObject, NotStrict, isObject, parse } from "./json";
import { Findings, Stop } from "./registry";
import { bits } from "./status";
import { type Check, type List, bundleAge, dates, issuer, run } from "./steps";
import { written } from "./time";

const DOCUMENT_BYTES_MAX = 1 << 20;

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
export async function openList(check: Check, given: Json, url: string, did: string): Promise<List | null> {
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

async function achievement(check: Check, signed: Signed, findings: Findings): Promise<Seen> {
  const { document } = signed;
  const position = positionOf(document, check.bundle);
  // The data model asked for one.
  if (position === undefined) throw new Stop("E03", "no position of this log");
  const { begins, expires } = signed;
  const entries = () => readEntries(check, signed);
  const subject = { ...signed, position, begins, expires, entries, receipt: null };
  const times = await run(check, subject, openList, findings);
  const about = isObject(document.credentialSubject) ? document.credentialSubject : {};
  const what = isObject(about.achievement) ? about.achievement : {};
  const facts = defined({
    form: "credential" as const,
    id: String(document.id).replace("urn:uuid:", ""),
    ...issuerFacts(signed),
    kind: String(what.achievementType),
    title: String(document.name),
    amount: typeof what.creditsAvailable === "number" ? String(what.creditsAvailable) : undefined,
    issuedAt: written(begins),
    expiresAt: expires === undefined ? undefined : written(expires),
    position,
  }) as Facts;
  return { facts, times };
}

async function statusList(check: Check, signed: Signed, findings: Findings): Promise<Seen> {
  await listForm(check, signed, findings);
  bundleAge(check, findings);
  const { begins, expires, document } = signed;
  const facts = defined({
    form: "status-list" as const,
    id: String(document.id),
    ...issuerFacts(signed),
    issuedAt: written(begins),
    expiresAt: expires === undefined ? undefined : written(expires),
  }) as Facts;
  return { facts, times: [] };
}

function readDocument(text: string): JsonObject {
  if (utf8(text).length > DOCUMENT_BYTES_MAX) throw new Stop("E01", "longer than 1 MiB");
  if (/^[ \r\n]*$/.test(text)) throw new Stop("E00", "nothing there");
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
