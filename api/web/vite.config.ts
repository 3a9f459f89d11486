// Builds dist/: pages, hashed assets, and the service worker of /verify. What the server must say of each
// stands in tests/e2e/static-server.mjs.

import { defineConfig } from "vite";

import { buildHash } from "./plugin/build-hash.ts";
import { serviceWorker } from "./plugin/sw.ts";
import { words } from "./plugin/words.ts";

export default defineConfig({
  plugins: [words(), serviceWorker()],
  define: { __BUILD__: JSON.stringify(buildHash()) },
  worker: { format: "es" },
  build: {
    // Phones of 2021; older webviews get the form without scripts.
    target: "es2022",
    modulePreload: false,
    // The policy allows no data: script and counts each byte of the first load.
    assetsInlineLimit: 0,
    rollupOptions: { input: { verify: "verify/index.html" } },
  },
});
