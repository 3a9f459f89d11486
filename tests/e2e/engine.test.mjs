// Both engines in a real browser, against the shared vectors. If one fails, a phone says another thing than
// the server.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { ENGINE, launch, underTest } from "./support.mjs";

const VECTORS = new URL("../fixtures/vectors/verify.json", import.meta.url);
/** Milliseconds for one check at a sixth of this machine's speed. */
const NATIVE_MS_MAX = 50;
const FALLBACK_MS_MAX = 100;

let browser;
let server;
let page;

before(async () => {
  server = await underTest();
  browser = await launch();
  page = await browser.newPage();
  // The engine comes as a file of the page's own site: its policy stays in force.
  await page.route("**/e2e-engine.js", (route) =>
    route.fulfill({ body: ENGINE, contentType: "text/javascript" }),
  );
  await page.goto(`${server.base}/verify/`);
});

after(async () => {
  await browser?.close();
  server?.close();
});

function inPage(run, argument) {
  return page.evaluate(
    async ([source, given]) => {
      const engine = await import("/e2e-engine.js");
      const engines = [await engine.native(), await engine.fallback()];
      if (!engines[0]) throw new Error("no WebCrypto Ed25519 in this browser");
      const steps = { worked: "workedExample", wrong: "wrongCases" };
      if (steps[source]) return Promise.all(engines.map((it) => engine[steps[source]](it)));
      if (source === "timings") {
        const bundle = await (await fetch("/trust/bundle")).text();
        const out = [];
        for (const it of engines) out.push(await engine.timings(it, given.times, bundle, given.code));
        return out;
      }
      const out = [];
      for (const it of engines) {
        const found = [];
        for (const one of given.cases) found.push(await engine.judge(it, given, one));
        out.push(found);
      }
      return out;
    },
    [run, argument],
  );
}

test("the published worked example is valid in both engines", async () => {
  assert.deepEqual(await inPage("worked"), ["valid W40", "valid W40"]);
});

test("both engines judge the published hard signatures by the one rule", async () => {
  assert.deepEqual(await inPage("wrong"), [[], []]);
});

test("both engines find what the shared vectors expect", async (t) => {
  if (!existsSync(VECTORS)) {
    assert.notEqual(process.env.CI, "true", "tests/fixtures/vectors/verify.json is missing");
    console.log("SKIPPED: tests/fixtures/vectors/verify.json is not there; run the Rust tests with BLESS=1");
    t.skip("no vectors");
    return;
  }
  const file = JSON.parse(readFileSync(VECTORS, "utf8"));
  const expected = file.cases.map(({ expect }) => ({ ...expect, facts: expect.facts ?? null }));
  for (const found of await inPage("vectors", file)) assert.deepEqual(found, expected);
});

test("a check is quick on a slow phone", async () => {
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: 6 });
  const sorted = (await inPage("timings", { times: 21, code: server.code })).map((times) => times.sort((a, b) => a - b));
  await session.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  // The lower quartile is held to the budget: the median tells of a busy machine as well.
  const [webcrypto, noble] = sorted.map((times) => times[5]);
  const told = sorted.map((times) => `${times[5].toFixed(1)} ms (median ${times[10].toFixed(1)})`);
  console.log(`one check at CPU/6, ${server.code.length} characters: WebCrypto ${told[0]}, noble ${told[1]}`);
  assert.ok(webcrypto <= NATIVE_MS_MAX);
  assert.ok(noble <= FALLBACK_MS_MAX);
});
