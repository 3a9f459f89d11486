// The words of the page. If one is missing, somebody reads a key instead of what to do next.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { readToml, wordsOf } from "../plugin/words";
import { CODES } from "../src/proof/registry";

const TABLES = readToml(readFileSync("strings/verify.toml", "utf8"));
const SOURCES = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((name) => /\.tsx?$/.test(name))
  .map((name) => readFileSync(`src/${name}`, "utf8"))
  .join("\n");

test("each code has a reason and a next step in both languages", () => {
  const parts = ["reason_zh", "reason_en", "next_zh", "next_en"];
  for (const code of CODES) assert.deepEqual(Object.keys(TABLES[code] ?? {}), parts, code);
});

test("every other table is said in both languages, and used", () => {
  const codes = new Set<string>(CODES);
  for (const [name, table] of Object.entries(TABLES)) {
    if (codes.has(name)) continue;
    assert.deepEqual(Object.keys(table), ["zh", "en"], name);
    assert.ok(SOURCES.includes(`"${name}"`), `${name} is not used`);
  }
});

test("every key that the page asks for is there", () => {
  const zh = wordsOf(TABLES, "zh");
  const asked = [...SOURCES.matchAll(/\bt\("([^"]+)"/g), ...SOURCES.matchAll(/\bt\(\w+ (?:\?|===)[^)]*\)/g)];
  const keys = asked.flatMap(([whole]) => [...whole.matchAll(/"([a-z][a-z-]+)"/g)].map(([, key]) => key ?? ""));
  assert.ok(keys.length > 30);
  for (const key of keys) assert.ok(key === "own" || key === "noble" || key in zh, key);
  for (const result of ["valid", "invalid", "unconfirmed"]) assert.ok(result in zh);
});

test("both languages fill in the same names, and no sentence is empty", () => {
  const [zh, en] = [wordsOf(TABLES, "zh"), wordsOf(TABLES, "en")];
  const names = (text: string | undefined) => [...(text ?? "").matchAll(/\{[a-z]+\}/g)].map(String).sort();
  for (const key of Object.keys(zh)) {
    assert.ok(zh[key] && en[key], key);
    assert.deepEqual(names(zh[key]), names(en[key]), key);
  }
});

test("a file that is not flat is refused", () => {
  for (const bad of ['a = "b"', "[x]\na = 1", '[x]\na = "b"\na = "c"', "[x]\n[x]", '[x]\na = "b" # c']) {
    assert.throws(() => readToml(bad), undefined, bad);
  }
});
