// Prints what a first visit to /verify loads, packed, and fails above the budgets of UX §9. A code in the
// address loads the engine besides, before any tap: that sum is printed and bounded too.

import { readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";

const KIB = 1024;
const FIRST_MAX = 20 * KIB;
/** The engine for codes on top: our own bound, so that a careless import is seen. */
const WITH_CODE_MAX = 28 * KIB;
const CSS_MAX = 6 * KIB;

const packed = (file) => gzipSync(readFileSync(`dist/${file}`), { level: 9 }).length;
const assets = readdirSync("dist/assets").map((name) => `assets/${name}`);

/** The files that one imports, statically, and theirs. */
function closure(file, seen = new Set()) {
  if (seen.has(file)) return seen;
  seen.add(file);
  if (!file.endsWith(".js")) return seen;
  const text = readFileSync(`dist/${file}`, "utf8");
  for (const [, name] of text.matchAll(/(?:import|from)\s*["'`]\.\/([\w.-]+\.js)["'`]/g)) closure(`assets/${name}`, seen);
  return seen;
}

const page = "verify/index.html";
const named = [...readFileSync(`dist/${page}`, "utf8").matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, name]) => name);
const first = new Set([page, ...named.flatMap((name) => [...closure(name)])]);
const check = assets.find((name) => /^assets\/check-.*\.js$/.test(name));
if (!check) throw new Error("dist/assets has no check chunk: was the page split differently?");
const withCode = new Set([...first, ...closure(check)]);

const sum = (files) => [...files].reduce((total, file) => total + packed(file), 0);
const css = sum([...first].filter((file) => file.endsWith(".css")));
for (const file of withCode) console.log(`${String(packed(file)).padStart(6)} B gz  ${file}${first.has(file) ? "" : "  (with a code)"}`);

const rows = [
  ["first load of /verify", sum(first), FIRST_MAX],
  ["first load of /q with a code", sum(withCode), WITH_CODE_MAX],
  ["style sheet", css, CSS_MAX],
];
for (const [what, bytes, max] of rows) {
  console.log(`${what}: ${(bytes / KIB).toFixed(1)} KiB gz of ${max / KIB}`);
  if (bytes > max) process.exitCode = 1;
}
