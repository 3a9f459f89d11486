// The tokens of the style sheet. If one fails, somebody with weak eyes cannot read a result.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const CSS = readFileSync("styles/xuefen.css", "utf8");

function tokens(block: string): Map<string, string> {
  return new Map([...block.matchAll(/(--[a-z-]+): (#[0-9a-f]{6})/g)].map(([, name, value]) => [name ?? "", value ?? ""]));
}

function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const blocks = [...CSS.matchAll(/:root[^{]*\{([^}]*--bg: #[0-9a-f]{6}[^}]*)\}/g)].map(([, block]) => tokens(block ?? ""));

test("text reaches 7, borders and rings 3, in light and in dark", () => {
  assert.equal(blocks.length, 3);
  assert.deepEqual(blocks[1], blocks[2], "dark by system and dark by choice differ");
  for (const block of blocks) {
    const colour = (name: string) => block.get(name) ?? assert.fail(name);
    for (const ground of ["--bg", "--surface", "--raised"]) {
      for (const text of ["--ink", "--muted", "--pri", "--ok", "--bad", "--unk"]) {
        assert.ok(contrast(colour(text), colour(ground)) >= 7, `${text} on ${ground}`);
      }
      for (const edge of ["--line", "--focus"]) assert.ok(contrast(colour(edge), colour(ground)) >= 3, edge);
    }
    for (const state of ["ok", "bad", "unk"]) {
      for (const text of [`--${state}`, "--ink", "--muted", "--pri"]) {
        assert.ok(contrast(colour(text), colour(`--${state}-bg`)) >= 7, `${text} on ${state}`);
      }
    }
    assert.ok(contrast(colour("--on-pri"), colour("--pri")) >= 7);
  }
});

test("no inline style, no raw HTML, and src/proof touches neither page nor network", () => {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name));
  for (const name of files) {
    const text = readFileSync(`src/${name}`, "utf8");
    assert.ok(!/dangerouslySetInnerHTML|innerHTML|\bstyle=/.test(text), name);
    if (name.startsWith("proof/")) assert.ok(!/\b(document\.(?:create|query|body)|window\.|fetch\(|localStorage)/.test(text), name);
    assert.ok(text.split("\n").length <= 400, `${name} is longer than 400 lines`);
  }
  assert.ok(!/<script>|<style|style=/.test(readFileSync("verify/index.html", "utf8")));
});
