// Turns strings/verify.toml into modules, one a language, so that a page loads only the words it shows.
// The file is flat TOML (tables of basic strings), read by Rust too; anything else is refused here.

import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

export type Table = Record<string, string>;

/** The tables of a flat TOML text. */
export function readToml(text: string): Record<string, Table> {
  const tables: Record<string, Table> = {};
  let table: Table | undefined;
  for (const [n, line] of text.split("\n").entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const header = /^\[([A-Za-z0-9_-]+)\]$/.exec(trimmed)?.[1];
    if (header !== undefined) {
      if (tables[header]) throw new Error(`line ${n + 1}: [${header}] stands twice`);
      table = tables[header] = {};
      continue;
    }
    const [, key, value] = /^([a-z_]+) = (".*")$/.exec(trimmed) ?? [];
    if (!table || key === undefined || value === undefined || key in table) {
      throw new Error(`line ${n + 1}: not a new key with a string`);
    }
    // A basic string of TOML without its rarer escapes is a JSON string.
    table[key] = JSON.parse(value) as string;
  }
  return tables;
}

/** The words of one language: `key` of a plain table, `key.part` of one with parts. */
export function wordsOf(tables: Record<string, Table>, language: string): Table {
  const out: Table = {};
  for (const [name, table] of Object.entries(tables)) {
    for (const [key, value] of Object.entries(table)) {
      if (key === language) out[name] = value;
      const suffix = `_${language}`;
      if (key.endsWith(suffix)) out[`${name}.${key.slice(0, -suffix.length)}`] = value;
    }
  }
  return out;
}

export function words(): Plugin {
  const file = new URL("../strings/verify.toml", import.meta.url);
  return {
    name: "xuefen-words",
    resolveId: (id) => (/^virtual:words\/(zh|en)$/.test(id) ? `\0${id}` : undefined),
    load(id) {
      const language = /^\0virtual:words\/(zh|en)$/.exec(id)?.[1];
      if (language === undefined) return undefined;
      const found = wordsOf(readToml(readFileSync(file, "utf8")), language);
      return `export default ${JSON.stringify(found)}`;
    },
  };
}
