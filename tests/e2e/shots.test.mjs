// Pictures of the three results as a phone shows them, for people to look at (shots/, not kept).

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, test } from "node:test";

import { changed, launch, strange, underTest } from "./support.mjs";

const DIR = new URL("shots/", import.meta.url).pathname;

let browser;
let server;

before(async () => {
  mkdirSync(DIR, { recursive: true });
  server = await underTest();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.close();
});

const looks = [
  { name: "zh", query: "", scheme: "light" },
  { name: "en", query: "?lang=en", scheme: "light" },
  { name: "elder", query: "?elder=1", scheme: "light" },
  { name: "dark", query: "", scheme: "dark" },
];

for (const { name, query, scheme } of looks) {
  test(`nothing is cut off in ${name}, and each target is large enough`, async () => {
    const pages = {
      valid: `/q${query}#${server.code.split("q#")[1]}`,
      invalid: `/q${query}#${changed(server.code, -1)}`,
      unconfirmed: `/q${query}#${strange()}`,
      start: `/verify/${query}`,
    };
    const context = await browser.newContext({ viewport: { width: 375, height: 812 }, colorScheme: scheme });
    for (const [kind, path] of Object.entries(pages)) {
      const page = await context.newPage();
      await page.goto(server.base + path);
      await page.waitForSelector(kind === "start" ? "main h1" : ".card h1");
      await page.screenshot({ path: `${DIR}${name}-${kind}.png` });
      const found = await page.evaluate(() => {
        const least = document.documentElement.dataset.elder ? 60 : 48;
        const small = [...document.querySelectorAll("button, .button, main a, summary, .brand")]
          .filter((element) => element.getBoundingClientRect().height < least - 0.5)
          .map((element) => element.textContent);
        const again = document.querySelector("main .primary")?.getBoundingClientRect();
        return {
          wide: document.documentElement.scrollWidth > innerWidth,
          small,
          below: again ? again.bottom > innerHeight : true,
        };
      });
      assert.deepEqual(found, { wide: false, small: [], below: false }, `${name} ${kind}`);
      await page.close();
    }
    await context.close();
  });
}
