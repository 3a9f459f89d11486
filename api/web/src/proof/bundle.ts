// The trust bundle: what an offline verifier pins (STANDARDS §4, docs/VERIFY.md "The trust bundle").
// Members we do not know are ignored, a missing one is refused; a bundle takes the place of the held one
// only under a key that the held one names.

import { fromMultikey } from "./base58";
import { type Bytes, equal } from "./bytes";
import { isPointText } from "./ed25519";
import type { Engine } from "./engine";
import { PURPOSE, holds, isOurSuite, signatureOf, strangeMember } from "./integrity";
import { canonical, without } from "./jcs";
import { type Json, type JsonObject, isObject, parse } from "./json";
import type { NamedKey } from "./note";
import { seconds } from "./time";

export type Purpose = "revocation" | "suspension" | "refresh";
export type Custody = "own" | "platform";

export const PURPOSES: readonly Purpose[] = ["revocation", "suspension", "refresh"];
const CUSTODIES: readonly Custody[] = ["own", "platform"];
const USES = ["assertion", "credential", "bundle", "ledger", "checkpoint", "recovery"] as const;

/** Issuer numbers have 32 bits. */
const ISSUER_MAX = 2 ** 32 - 1;

export interface IssuerKey {
  kid: string;
  pub: Bytes;
  use: (typeof USES)[number];
  custody: Custody;
  activated: number;
  retired: number | null;
  notValidAfter: number | null;
}

export interface StatusEntry {
  url: string;
  purpose: Purpose;
  gzip: string;
  /** Unix seconds; `null` if it is no date: then it is older than any policy. */
  at: number | null;
}

export interface Issuer {
  id: number;
  did: string;
  name: string;
  suspended: number | null;
  statusRequired: boolean;
  disputed: [number, number][];
  keys: IssuerKey[];
  status: StatusEntry[];
}

export interface Owned {
  issuer: Issuer;
  key: IssuerKey;
}

export interface Bundle {
  version: number;
  /** As written, and in Unix seconds; `null` if it is no date: then it is older than any policy. */
  issuedAt: string;
  issuedS: number | null;
  position: number;
  origin: string;
  host: string;
  log: NamedKey;
  witnesses: NamedKey[];
  quorum: number;
  plainS: number;
  unknownS: number;
  issuers: Issuer[];
  /** Every key with its owner, in the bundle's order. */
  keys: Owned[];
  /** Who signed it. */
  signer: IssuerKey;
  /** The canonical text without the proof: two bundles that say the same have the same. */
  says: string;
}

/** Why a text is no bundle, or not one that follows the held one. */
export class BadBundle extends Error {}

/** Reads members and refuses what is missing or of another kind. */
class Form {
  private readonly object: JsonObject;

  constructor(value: Json | undefined, private readonly at: string) {
    if (!isObject(value)) throw new BadBundle(`${at} is no object`);
    this.object = value;
  }

  private wrong(name: string): BadBundle {
    return new BadBundle(`${this.at}/${name} is missing or of another kind`);
  }

  text(name: string): string {
    const value = this.object[name];
    if (typeof value !== "string") throw this.wrong(name);
    return value;
  }

  count(name: string): number {
    const value = this.object[name];
    if (!isCount(value)) throw this.wrong(name);
    return value;
  }

  countOrNull(name: string): number | null {
    return this.object[name] === null ? null : this.count(name);
  }

  flag(name: string): boolean {
    const value = this.object[name];
    if (typeof value !== "boolean") throw this.wrong(name);
    return value;
  }

  oneOf<T extends string>(name: string, allowed: readonly T[], missing?: T): T {
    if (missing !== undefined && this.object[name] === undefined) return missing;
    const found = allowed.find((value) => value === this.object[name]);
    if (found === undefined) throw this.wrong(name);
    return found;
  }

  key(name: string): Bytes {
    const bytes = fromMultikey(this.text(name));
    if (!bytes || !isPointText(bytes)) throw this.wrong(name);
    return bytes;
  }

  date(name: string): number | null {
    return seconds(this.text(name));
  }

  form(name: string): Form {
    return new Form(this.object[name], `${this.at}/${name}`);
  }

  list<T>(name: string, read: (item: Json, at: string) => T): T[] {
    const value = this.object[name];
    if (!Array.isArray(value)) throw this.wrong(name);
    return value.map((item, n) => read(item, `${this.at}/${name}/${n}`));
  }
}

function isCount(value: Json | undefined): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

function readKey(value: Json, at: string): IssuerKey {
  const form = new Form(value, at);
  return {
    kid: form.text("kid"),
    pub: form.key("pub"),
    use: form.oneOf("use", USES),
    custody: form.oneOf("custody", CUSTODIES),
    activated: form.count("activated"),
    retired: form.countOrNull("retired"),
    notValidAfter: form.countOrNull("not_valid_after"),
  };
}

function readStatus(value: Json, at: string): StatusEntry {
  const form = new Form(value, at);
  form.count("position");
  return {
    url: form.text("url"),
    purpose: form.oneOf("purpose", PURPOSES, "revocation"),
    gzip: form.text("gzip"),
    at: form.date("at"),
  };
}

function readRange(value: Json, at: string): [number, number] {
  const [from, to] = Array.isArray(value) && value.length === 2 ? value : [];
  if (!isCount(from) || !isCount(to)) throw new BadBundle(`${at} is no pair of positions`);
  return [from, to];
}

function readIssuer(value: Json, at: string): Issuer {
  const form = new Form(value, at);
  form.oneOf("custody", CUSTODIES);
  const id = form.count("id");
  if (id > ISSUER_MAX) throw new BadBundle(`${at}/id is no issuer number`);
  return {
    id,
    did: form.text("did"),
    name: form.text("name"),
    suspended: form.countOrNull("suspended"),
    statusRequired: form.flag("status_required"),
    disputed: form.list("disputed", readRange),
    keys: form.list("keys", readKey),
    status: form.list("status", readStatus),
  };
}

function readWitness(value: Json, at: string): NamedKey {
  const form = new Form(value, at);
  return { name: form.text("name"), key: form.key("key") };
}

function read(document: JsonObject): Omit<Bundle, "signer" | "says"> {
  const form = new Form(document, "");
  const log = form.form("log");
  log.oneOf("alg", ["EdDSA"]);
  log.oneOf("hash", ["SHA-256"]);
  const ages = form.form("age_policy");
  const origin = log.text("origin");
  const issuers = form.list("issuers", readIssuer);
  return {
    version: form.count("version"),
    issuedAt: form.text("issued_at"),
    issuedS: form.date("issued_at"),
    position: form.count("position"),
    origin,
    host: origin.split("/")[0] ?? "",
    log: { name: origin, key: log.key("key") },
    witnesses: form.list("witnesses", readWitness),
    quorum: form.count("quorum"),
    plainS: ages.count("plain_hours") * 3600,
    unknownS: ages.count("unknown_hours") * 3600,
    issuers,
    keys: issuers.flatMap((issuer) => issuer.keys.map((key) => ({ issuer, key }))),
  };
}

function isBundleKey({ issuer, key }: Owned): boolean {
  return issuer.id === 0 && key.use === "bundle" && key.retired === null;
}

/** The bundle in `text`, which must be signed by a bundle key it names. Throws {@link BadBundle}. */
export async function open(engine: Engine, text: string): Promise<Bundle> {
  let document: Json;
  try {
    document = parse(text, true);
  } catch (error) {
    throw new BadBundle(error instanceof Error ? error.message : "not JSON");
  }
  if (!isObject(document)) throw new BadBundle("no object");
  const bundle = read(document);
  const { proof } = document;
  if (!isObject(proof) || !isOurSuite(proof) || proof.proofPurpose !== PURPOSE) {
    throw new BadBundle("its proof is of another kind");
  }
  if ("@context" in proof || strangeMember(proof) !== undefined) {
    throw new BadBundle("its proof has a member that has no place in it");
  }
  const signature = signatureOf(proof);
  const signer = bundle.keys.find(
    (owned) => isBundleKey(owned) && owned.key.kid === proof.verificationMethod,
  )?.key;
  if (!signature || !signer) throw new BadBundle("no bundle key of its registrar signed it");
  if (!(await holds(engine, document, proof, signature, signer.pub))) {
    throw new BadBundle("its signature does not hold");
  }
  return { ...bundle, signer, says: canonical(without(document, "proof")) };
}

/** The bundle in `text` if it may take the place of `held`; the same again is `held`. */
export async function update(engine: Engine, held: Bundle, text: string): Promise<Bundle> {
  const offered = await open(engine, text);
  const { signer } = offered;
  const known = held.keys.some(
    (owned) =>
      isBundleKey(owned) && owned.key.kid === signer.kid && equal(owned.key.pub, signer.pub),
  );
  if (!known) throw new BadBundle("signed by a key that the held bundle does not name");
  if (offered.says === held.says) return held;
  if (offered.origin !== held.origin) throw new BadBundle("it is of another log");
  if (offered.version <= held.version) throw new BadBundle("its version is not higher");
  if (offered.position < held.position) throw new BadBundle("its position is lower");
  return offered;
}

const hints = new WeakMap<Bundle, Promise<Bytes[]>>();

/** The keys whose hash begins with `kid`: those for credentials first, else in the bundle's order. */
export async function hinted(engine: Engine, bundle: Bundle, kid: Bytes): Promise<Owned[]> {
  let hashes = hints.get(bundle);
  if (!hashes) {
    hashes = Promise.all(bundle.keys.map(({ key }) => engine.sha256(key.pub)));
    hints.set(bundle, hashes);
  }
  const all = await hashes;
  const found = bundle.keys.filter((_, n) => equal(all[n]?.slice(0, 8) ?? new Uint8Array(), kid));
  const forCredentials = ({ key }: Owned) => key.use === "credential";
  return [...found.filter(forCredentials), ...found.filter((owned) => !forCredentials(owned))];
}
