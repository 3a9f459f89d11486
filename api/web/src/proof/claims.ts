// The claims of a code whose signature holds (docs/VERIFY.md "A QR text", step 8). What breaks the data
// model is E03, said only here: before the signature it would be a stranger's claim.

import { type Bytes, hex, utf8 } from "./bytes";
import { type Int, type Item, isUint } from "./cbor";
import { type Message, isBytes, newerClaims } from "./qr";
import { Stop } from "./registry";

const KINDS = ["credit-record", "certificate", "transcript-summary"] as const;
const SCHEMES = ["cn-he", "ects", "scqf", "ncrf", "kr-acbs"];

export interface Claims {
  expires: number | undefined;
  begins: number;
  issued: number;
  id: string;
  issuer: Int;
  kind: string;
  title: string;
  amount: string | undefined;
  scheme: string | undefined;
  name: string | undefined;
  status: [Int, Int] | undefined;
  position: Int;
  level: string | undefined;
  hours: string | undefined;
  leaf: Bytes | undefined;
  newer: number;
}

function broken(name: string): Stop {
  return new Stop("E03", `claim ${name} is missing or breaks its rule`);
}

/** A UUID's text. */
function uuid(bytes: Bytes): string {
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** `value` / `unit` as a decimal without needless zeros; `unit` is a power of ten. */
function decimal(value: Int, unit: number): string {
  const places = String(unit).length - 1;
  const text = String(value).padStart(places + 1, "0");
  const fraction = text.slice(text.length - places).replace(/0+$/, "");
  return text.slice(0, text.length - places) + (fraction && `.${fraction}`);
}

function optional<T extends Item>(
  item: Item | undefined,
  name: string,
  fits: (item: Item) => item is T,
): T | undefined {
  if (item === undefined) return undefined;
  if (!fits(item)) throw broken(name);
  return item;
}

/** Seconds that every calendar of ours can show. */
function isMoment(item: Item): item is number {
  return typeof item === "number" && item >= 0 && item < 2 ** 37;
}

/** What a double holds exactly. */
function isCount(item: Item): item is number {
  return typeof item === "number" && item >= 0;
}

function isText(bytesMax: number): (item: Item) => item is string {
  return (item): item is string =>
    typeof item === "string" &&
    item.length > 0 &&
    utf8(item).length <= bytesMax &&
    item.normalize("NFC") === item;
}

function isPair(item: Item): item is [Int, Int] {
  return Array.isArray(item) && item.length === 2 && item.every(isCount);
}

function isBytesOf(length: number): (item: Item) => item is Bytes {
  return (item): item is Bytes => isBytes(item, length);
}

function must<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw broken(name);
  return value;
}

/** Reads the claims of a message. Throws {@link Stop} E03. */
export function readClaims(message: Message): Claims {
  const { claims, own } = message;
  const uint = (key: number, name: string) => optional(own.get(key), name, isCount);
  const moment = (key: number, name: string) => optional(claims.get(key), name, isMoment);
  const expires = moment(4, "exp");
  const begins = moment(5, "nbf");
  const issued = must(moment(6, "iat"), "iat");
  const id = must(optional(claims.get(7), "cti", isBytesOf(16)), "cti");
  const kind = must(KINDS[Number(must(uint(2, "kind"), "kind")) - 1], "kind");
  const amount = uint(4, "amount");
  const scheme = uint(5, "scheme");
  const level = uint(9, "level");
  const hours = uint(10, "hours");
  optional(own.get(11), "learner", isBytesOf(16));
  const leaf = optional(own.get(12), "leaf", isBytesOf(32));
  optional(own.get(13), "full", isBytesOf(32));
  if (kind === KINDS[0] && amount === undefined) throw broken("amount");
  if (message.receipt && !leaf) throw broken("leaf");
  if (expires !== undefined && expires <= (begins ?? issued)) throw broken("exp");
  return {
    expires,
    begins: begins ?? issued,
    issued,
    id: uuid(id),
    issuer: must(uint(1, "issuer"), "issuer"),
    kind,
    title: must(optional(own.get(3), "title", isText(60)), "title"),
    amount: amount === undefined ? undefined : decimal(amount, 1000),
    // Without one the amount is of scheme 1; without an amount there is nothing to name it for.
    scheme: amount === undefined ? undefined : (SCHEMES[Number(scheme ?? 1) - 1] ?? String(scheme)),
    name: optional(own.get(6), "name", isText(40)),
    status: optional(own.get(7), "status", isPair),
    position: must(uint(8, "position"), "position"),
    level: level === undefined ? undefined : decimal(level, 10),
    hours: hours === undefined ? undefined : decimal(hours, 1000),
    leaf,
    newer: newerClaims(message),
  };
}

/** Issuer and position that a message claims, before anything is checked. */
export function claimed({ own }: Message): { issuer: Int | undefined; position: Int | undefined } {
  const uint = (item: Item | undefined) => (isUint(item) ? item : undefined);
  return { issuer: uint(own.get(1)), position: uint(own.get(8)) };
}
