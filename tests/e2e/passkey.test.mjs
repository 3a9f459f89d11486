// A passkey in a real browser, with the authenticator that Chromium itself simulates: added, and signed in by.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { launch } from "./support.mjs";

const base = process.env.XF_BASE?.replace(/\/$/, "");
const skip = !base && "XF_BASE names no server: run `make e2e`";
let browser;

before(async () => {
  if (!skip) browser = await launch();
});
after(() => browser?.close());

async function page(options) {
  const context = await browser.newContext({ locale: "en" });
  const page = await context.newPage();
  const trouble = [];
  page.on("pageerror", (error) => trouble.push(String(error)));
  page.on("console", (message) => {
    if (message.text().includes("Content Security Policy")) trouble.push(message.text());
  });
  const devtools = await context.newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", { options });
  return { authenticatorId, context, devtools, page, trouble };
}

const DEVICE = {
  protocol: "ctap2",
  transport: "internal",
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
  automaticPresenceSimulation: true,
};

test("somebody adds a passkey and signs in by it", { skip }, async () => {
  // The button would do nothing in a browser, or the page's own rules would stop its script.
  const { learners } = JSON.parse(readFileSync(`${process.env.XF_DEMO}/demo.json`, "utf8"));
  const { authenticatorId, context, devtools, page: tab, trouble } = await page(DEVICE);
  await tab.goto(`${base}/login?token=${learners[0].token}`);
  await tab.goto(`${base}/login`);
  await tab.getByRole("button", { name: "Add a passkey" }).click();
  await tab.getByText("Added: from now on it signs you in.").waitFor();
  const { credentials } = await devtools.send("WebAuthn.getCredentials", { authenticatorId });
  assert.equal(credentials.length, 1);
  assert.equal(credentials[0].rpId, "localhost");
  assert.ok(credentials[0].isResidentCredential);
  await context.clearCookies();
  await tab.goto(`${base}/login`);
  assert.equal(await tab.getByRole("button", { name: "Add a passkey" }).count(), 0);
  await tab.getByRole("button", { name: "Sign in with a passkey" }).click();
  await tab.waitForURL(`${base}/v1/learners/${learners[0].id}/transcript.html`);
  const sessions = await (await tab.goto(`${base}/v1/sessions`)).json();
  assert.equal(sessions.items.find((it) => it.current).by, "passkey");
  // A finger that is not the owner's: nobody is signed in, and the page says so.
  await context.clearCookies();
  await devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
  await tab.goto(`${base}/login`);
  await tab.getByRole("button", { name: "Sign in with a passkey" }).click();
  await tab.getByText(/Not done/).waitFor();
  assert.deepEqual(trouble, []);
  await context.close();
});
