// Bundles the tests for `node --test`: Node 20 runs no TypeScript by itself.

import { readdirSync } from "node:fs";
import { defineConfig } from "vite";

import { words } from "./plugin/words.ts";

const tests = readdirSync("test").filter((name) => name.endsWith(".test.ts"));

export default defineConfig({
  plugins: [words()],
  build: {
    ssr: true,
    target: "node20",
    outDir: "node_modules/.test",
    emptyOutDir: true,
    minify: false,
    rollupOptions: {
      input: Object.fromEntries(tests.map((name) => [name.slice(0, -3), `test/${name}`])),
      output: { entryFileNames: "[name].js", chunkFileNames: "part-[hash].js" },
    },
  },
  ssr: { noExternal: true },
});
