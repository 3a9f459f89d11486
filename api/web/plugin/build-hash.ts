// The name of a build, shown on the page: a hash of what it was made from, so that two builds of one source
// have one name that can be published.

import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";

const ROOTS = ["src", "verify", "styles", "strings", "plugin", "../../credentials/schemas"];
const FILES = ["package-lock.json", "vite.config.ts"];

/** `3f9a-22c1`. */
export function buildHash(): string {
  const files = ROOTS.flatMap((root) =>
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `${entry.parentPath}/${entry.name}`),
  );
  const hash = createHash("sha256");
  for (const file of [...files, ...FILES].sort()) {
    hash.update(file).update("\0").update(readFileSync(file)).update("\0");
  }
  const text = hash.digest("hex");
  return `${text.slice(0, 4)}-${text.slice(4, 8)}`;
}
