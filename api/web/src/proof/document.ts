// A JSON document: its shape, its proof, its closed schema (docs/VERIFY.md "A JSON document").

import type { Bytes } from "./bytes";
import { type Bundle, type Issuer, type Owned, PURPOSES } from "./bundle";
import { PURPOSE, holds, isOurSuite, signatureOf, soleProof, strangeMember } from "./integrity";
import { canonical } from "./jcs";
import { type Json, type JsonObject, isObject, isStrings } from "./json";
import { type Findings, Stop } from "./registry";
import { type Shape, check as checkSchema } from "./schema";
import { type Check, type Entry, codeEntries } from "./steps";
import { seconds } from "./time";

const V2 = "https://www.w3.org/ns/credentials/v2";
const OB = "https://purl.imsglobal.org/spec/ob/v3p0";
const CREDENTIAL = "VerifiableCredential";

/** Shape by the exact `@context` and `type`: any other meaning is not ours to judge. */
const SHAPES: { shape: Shape; context: string[]; type: string[] }[] = [
  {
    shape: "achievement",
    context: [V2, `${OB}/context-3.0.3.json`, `${OB}/extensions.json`],
    type: [CREDENTIAL, "OpenBadgeCredential"],
  },
  { shape: "status-list", context: [V2], type: [CREDENTIAL, "BitstringStatusListCredential"] },
];

/** A document whose signature holds and whose data model is kept. */
export interface Signed extends Owned {
  shape: Shape;
  document: JsonObject;
  begins: number;
  expires: number | undefined;
}

function same(a: Json | undefined, b: Json): boolean {
  return a !== undefined && canonical(a) === canonical(b);
}

function text(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function shapeOf(document: JsonObject): Shape {
  const { "@context": context, type } = document;
  const known = SHAPES.find((it) => same(context, it.context) && same(type, it.type));
  if (!known || !isStrings(context)) throw new Stop("E04", "an unknown @context or type");
  return known.shape;
}

/** Steps 3 and 4. */
function readProof(document: JsonObject): { proof: JsonObject; kid: string; signature: Bytes } {
  const proof = soleProof(document);
  if (proof === undefined) throw new Stop("E20", "no proof");
  if (Array.isArray(document.proof) && document.proof.length !== 1) {
    throw new Stop("E04", "several proofs, or none in a list");
  }
  if (!isObject(proof)) throw new Stop("E01", "proof is no object");
  if (!isOurSuite(proof)) throw new Stop("E04", "an unknown proof type or suite");
  const strange = strangeMember(proof);
  if (strange !== undefined) throw new Stop("E21", "an undefined member in the proof");
  const kid = text(proof.verificationMethod);
  const signature = signatureOf(proof);
  if (kid === undefined || !signature) throw new Stop("E01", "no verificationMethod or proofValue");
  const context = proof["@context"];
  if (context !== undefined && !same(context, document["@context"] ?? "")) {
    throw new Stop("E21", "the proof has another @context");
  }
  return { proof, kid, signature };
}

/** The position that a document claims: its one log-position evidence. */
export function positionOf(document: JsonObject, bundle: Bundle): number | undefined {
  const { evidence } = document;
  const entries = Array.isArray(evidence) ? evidence : [];
  const claims = entries.filter((entry) => isObject(entry) && entry.genre === "log-position");
  const [claim] = claims;
  if (claims.length !== 1 || !isObject(claim)) return undefined;
  const prefix = `https://${bundle.host}/log/proof/`;
  const id = text(claim.id) ?? "";
  const digits = id.startsWith(prefix) ? id.slice(prefix.length) : "";
  return /^(0|[1-9]\d{0,15})$/.test(digits) && Number(digits) < 2 ** 53 ? Number(digits) : undefined;
}

/** Step 6: issuer and key, by the bundle alone. */
function owner(document: JsonObject, bundle: Bundle, kid: string): { owned: Owned; named: Issuer } {
  const { issuer } = document;
  const did = text(isObject(issuer) ? issuer.id : issuer);
  const named = bundle.issuers.find((known) => known.did === did);
  if (!named) throw new Stop("E10", "the issuer is not in the trust bundle");
  const owned = bundle.keys.find(({ key }) => key.kid === kid);
  if (owned) return { owned, named };
  const position = positionOf(document, bundle);
  const newer = position === undefined || position > bundle.position;
  throw new Stop(newer ? "E10" : "E20", "the key is not in the trust bundle");
}

const UUID_URN = /^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const INDEX = /^(0|[1-9]\d*)$/;

/** What the schema language cannot say of an achievement: the form of its id, and its position. */
function breachOf(document: JsonObject, shape: Shape, bundle: Bundle): string | undefined {
  if (shape === "status-list") return undefined;
  if (!UUID_URN.test(text(document.id) ?? "")) return "/id";
  return positionOf(document, bundle) === undefined ? "/evidence" : undefined;
}

/** Step 8: the data model, asked only behind a good signature. */
function dataModel(
  document: JsonObject,
  breaches: (string | undefined)[],
): [number, number | undefined] {
  const date = (value: Json | undefined) => (value === undefined ? undefined : seconds(text(value) ?? ""));
  const begins = date(document.validFrom);
  const expires = date(document.validUntil);
  const breach = breaches.find((pointer) => pointer !== undefined);
  if (breach !== undefined) throw new Stop("E03", `the data model is broken at ${breach}`);
  if (begins === undefined || begins === null || expires === null) throw new Stop("E03", "a date that is none");
  if (expires !== undefined && expires < begins) {
    throw new Stop("E03", "validUntil is before validFrom");
  }
  return [begins, expires];
}

/** Steps 2 to 9 of an object; what does not stop the check goes to `findings`. */
export async function open(check: Check, document: JsonObject, findings: Findings): Promise<Signed> {
  const shape = shapeOf(document);
  const { proof, kid, signature } = readProof(document);
  const breaches = checkSchema(shape, { ...document, ...asArray(document) });
  if (breaches.undefined.length > 0) throw new Stop("E21", `undefined member ${breaches.undefined[0]}`);
  const { owned, named } = owner(document, check.bundle, kid);
  if (!(await holds(check.engine, document, proof, signature, owned.key.pub))) {
    throw new Stop("E20", "the signature does not match");
  }
  const noDate = proof.created !== undefined && seconds(text(proof.created) ?? "") === null;
  const [begins, expires] = dataModel(document, [
    ...breaches.other,
    noDate ? "/proof/created" : undefined,
    breachOf(document, shape, check.bundle),
  ]);
  const asked = "challenge" in proof || "domain" in proof;
  if (proof.proofPurpose !== PURPOSE || asked || owned.key.use !== "credential" || owned.issuer !== named) {
    findings.add("E22", "another purpose, key use or issuer of the key");
  }
  const proofEnd = seconds(text(proof.expires) ?? "");
  if (proof.expires !== undefined && (proofEnd === null || proofEnd <= check.now)) findings.add("E31", "the proof has expired");
  return { issuer: named, key: owned.key, shape, document, begins, expires };
}

/** A status alone counts as an array of that one. */
function asArray({ credentialStatus: status }: JsonObject): { credentialStatus?: Json } {
  return isObject(status) ? { credentialStatus: [status] } : {};
}

function entryOf(entry: JsonObject): Entry {
  const url = text(entry.statusListCredential) ?? "";
  const index = text(entry.statusListIndex) ?? "";
  const purpose = PURPOSES.find((known) => known === entry.statusPurpose);
  const known = entry.type === "BitstringStatusListEntry" && entry.id !== url && INDEX.test(index);
  if (!known || !purpose) throw new Stop("E04", "an unknown kind of status");
  return { url, purpose, index: Number(index) };
}

/** The lists beside a revocation list of the issuer's own, as a code has them. */
function beside(check: Check, issuer: Issuer, { url, purpose, index }: Entry): Entry[] {
  const n = url.slice(url.lastIndexOf("/") + 1);
  if (purpose !== "revocation" || !INDEX.test(n) || n.length > 15) return [];
  const [first, ...more] = codeEntries(check, issuer, BigInt(n), index);
  return first?.url === url ? more : [];
}

/**
 * The statuses that an achievement names, and those beside them. Throws {@link Stop} E04 for a kind that we
 * do not know.
 */
export function readEntries(check: Check, { document, issuer }: Signed): Entry[] {
  const { credentialStatus: status } = { ...document, ...asArray(document) };
  const named = (Array.isArray(status) ? status.filter(isObject) : []).map(entryOf);
  const entries = [...named];
  for (const entry of named.flatMap((it) => beside(check, issuer, it))) {
    if (!entries.some(({ url }) => url === entry.url)) entries.push(entry);
  }
  return entries;
}
