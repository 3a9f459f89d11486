// Dates, names and amounts as a reader writes them.

import { type Language, tag } from "./words";

/** 2026年1月15日. */
export function day(rfc3339: string, language: Language): string {
  const form = new Intl.DateTimeFormat(tag(language), { dateStyle: "long" });
  return form.format(new Date(rfc3339));
}

/** Day and minute. */
export function moment(rfc3339: string, language: Language): string {
  const form = new Intl.DateTimeFormat(tag(language), { dateStyle: "long", timeStyle: "short" });
  return form.format(new Date(rfc3339));
}

/** 王*英: a gate needs to compare a name, not to learn one. A name masked by its holder stays. */
export function masked(name: string): string {
  const characters = [...name];
  if (characters.length < 2 || characters.includes("*")) return name;
  const last = characters.length > 2 ? (characters[characters.length - 1] ?? "") : "";
  return `${characters[0]}*${last}`;
}
