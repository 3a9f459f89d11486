// Builds what tests/e2e brings into a browser (mode browser) and uses beside it (mode node).

import { defineConfig } from "vite";

import { words } from "./plugin/words.ts";

export default defineConfig(({ mode }) => ({
  plugins: [words()],
  build: {
    ssr: mode === "node",
    target: mode === "node" ? "node20" : "es2022",
    outDir: `node_modules/.e2e/${mode}`,
    emptyOutDir: true,
    minify: mode !== "node",
    modulePreload: false,
    rollupOptions: {
      input: mode === "node" ? "test/support.ts" : "test/browser.ts",
      preserveEntrySignatures: "strict",
      output: { entryFileNames: mode === "node" ? "support.js" : "engine.js", codeSplitting: false },
    },
  },
  ssr: { noExternal: true },
}));
