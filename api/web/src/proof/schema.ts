// The closed schemas of the documents we verify, and the part of JSON Schema 2020-12 they use: type, const,
// enum, properties, required, additionalProperties (false), items, prefixItems, minItems, maxItems,
// minLength, maxLength, format (date-time, uri). A member that a schema does not define is told apart from
// other breaches: the signature does not look at what a name means (STANDARDS §14).

import achievement from "../../../../credentials/schemas/achievement.schema.json";
import statusList from "../../../../credentials/schemas/status-list.schema.json";

import { canonical } from "./jcs";
import { type Json, type JsonObject, isObject } from "./json";
import { seconds } from "./time";

/** JSON Pointers of what does not fit. */
export interface Breaches {
  undefined: string[];
  other: string[];
}

const SCHEMAS = { achievement, "status-list": statusList } as unknown as Record<Shape, JsonObject>;
export type Shape = "achievement" | "status-list";

export function check(shape: Shape, document: Json): Breaches {
  const breaches: Breaches = { undefined: [], other: [] };
  walk(SCHEMAS[shape], document, "", breaches);
  return breaches;
}

/** An address with a scheme (RFC 3986), by its characters alone. */
const URI = /^[A-Za-z][A-Za-z0-9+.-]*:[\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]+$/;

function typeOf(value: Json): string {
  return Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
}

function outside(schema: JsonObject, count: number, min: string, max: string): boolean {
  const least = schema[min];
  const most = schema[max];
  return (
    (typeof least === "number" && count < least) || (typeof most === "number" && count > most)
  );
}

export function walk(schema: JsonObject, value: Json, at: string, out: Breaches): void {
  if (schema.type !== undefined && schema.type !== typeOf(value)) {
    out.other.push(at);
    return;
  }
  const is = (other: Json) => canonical(other) === canonical(value);
  if (schema.const !== undefined && !is(schema.const)) out.other.push(at);
  if (Array.isArray(schema.enum) && !schema.enum.some(is)) out.other.push(at);
  if (typeof value === "string") {
    const noDate = schema.format === "date-time" && seconds(value) === null;
    const noUri = schema.format === "uri" && !URI.test(value);
    if (noDate || noUri || outside(schema, [...value].length, "minLength", "maxLength")) out.other.push(at);
  } else if (Array.isArray(value)) {
    items(schema, value, at, out);
  } else if (isObject(value)) {
    members(schema, value, at, out);
  }
}

function items(schema: JsonObject, value: Json[], at: string, out: Breaches): void {
  if (outside(schema, value.length, "minItems", "maxItems")) out.other.push(at);
  const first = Array.isArray(schema.prefixItems) ? schema.prefixItems : [];
  value.forEach((item, n) => {
    const of = first[n] ?? schema.items;
    if (isObject(of)) walk(of, item, `${at}/${n}`, out);
  });
}

function members(schema: JsonObject, value: JsonObject, at: string, out: Breaches): void {
  const known = isObject(schema.properties) ? schema.properties : {};
  for (const [name, member] of Object.entries(value)) {
    const pointer = `${at}/${name.replace(/~/g, "~0").replace(/\//g, "~1")}`;
    // The schemas are ours, but a name of the document may be one of Object's own.
    const of = Object.prototype.hasOwnProperty.call(known, name) ? known[name] : undefined;
    if (isObject(of)) walk(of, member, pointer, out);
    else if (schema.additionalProperties === false) out.undefined.push(pointer);
  }
  const required = Array.isArray(schema.required) ? schema.required : [];
  for (const name of required) {
    if (typeof name === "string" && !(name in value)) out.other.push(`${at}/${name}`);
  }
}
