// JSON Canonicalization Scheme (RFC 8785). The language's own number and string forms are the ones it
// asks for, and its default sort is by UTF-16 code units.

import type { Json, JsonObject } from "./json";

export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonical(value[name] ?? null)}`);
  return `{${members.join(",")}}`;
}

/** A copy without one member. */
export function without(object: JsonObject, name: string): JsonObject {
  const copy = Object.assign(Object.create(null) as JsonObject, object);
  delete copy[name];
  return copy;
}
