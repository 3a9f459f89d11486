// Emits dist/verify/sw.js: the exact list of files of this build, and a worker that serves them without a
// network. The cache's name is a hash of the list and of every file in it.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

const PAGE = "verify/index.html";

export function serviceWorker(): Plugin {
  return {
    name: "xuefen-service-worker",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const hash = createHash("sha256");
        const now: string[] = ["/verify/"];
        const later: string[] = [];
        for (const [name, output] of Object.entries(bundle).sort(([a], [b]) => (a < b ? -1 : 1))) {
          hash.update(name).update(output.type === "chunk" ? output.code : output.source);
          if (name === PAGE) continue;
          // The decoder and its worker are fetched once the page is idle.
          (/\.wasm$|worker/.test(name) ? later : now).push(`/${name}`);
        }
        const template = readFileSync(new URL("./sw.template.js", import.meta.url), "utf8");
        const source = template
          .replace("__BUILD__", JSON.stringify(hash.digest("hex").slice(0, 16)))
          .replace("__NOW__", JSON.stringify(now))
          .replace("__LATER__", JSON.stringify(later));
        this.emitFile({ type: "asset", fileName: "verify/sw.js", source });
      },
    },
  };
}
