// The page as a person at a gate meets it. If one of these fails, somebody is told the wrong thing, or nothing.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { bundle, changed, launch, picture, strange, underTest, watch } from "./support.mjs";

const PHONE = { viewport: { width: 375, height: 812 }, deviceScaleFactor: 2, locale: "zh-CN" };

let browser;
let server;

before(async () => {
  server = await underTest();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.close();
});

function good() {
  return server.code.split("q#")[1];
}

async function visit(path, options = {}) {
  const context = await browser.newContext({ ...PHONE, ...options });
  const page = await context.newPage();
  const trouble = watch(page, server.base);
  await page.goto(server.base + path);
  return { context, page, trouble };
}

async function faceOf(page) {
  await page.waitForSelector(".card h1");
  return (await page.textContent(".card h1")).trim();
}

test("a good code is valid, says who signed it, and the heading has the focus", async () => {
  const { context, page, trouble } = await visit(`/q#${good()}`);
  assert.equal(await faceOf(page), "有效");
  const card = await page.textContent(".card");
  assert.match(card, /签发，内容没有改动。/);
  assert.match(card, /请核对持证人是本人。/);
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1");
  assert.equal(await page.getAttribute(".card", "role"), "status");
  assert.match(await page.textContent("footer"), /网址 .+ · 校验器 [0-9a-f]{4}-[0-9a-f]{4}/);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  assert.deepEqual(trouble, []);
  await context.close();
});

test("a changed code is invalid and shows nothing of itself", async () => {
  const { context, page, trouble } = await visit(`/q#${changed(server.code, -1)}`);
  assert.equal(await faceOf(page), "无效");
  assert.match(await page.textContent(".card"), /请不要接受。原因：签名不符，内容可能被改（E20）。/);
  assert.equal(await page.getAttribute(".card a", "href"), "/why/E20");
  const text = await page.textContent("main");
  for (const secret of ["社区急救", "王", "示例大学"]) assert.ok(!text.includes(secret), secret);
  assert.deepEqual(trouble, []);
  await context.close();
});

test("a code of a stranger is unconfirmed and shows nothing of itself", async () => {
  const { context, page, trouble } = await visit(`/q#${strange()}`);
  assert.equal(await faceOf(page), "无法确认");
  assert.match(await page.textContent(".card"), /这不等于造假。.*（E10）/);
  assert.ok(!(await page.textContent("main")).includes("社区急救"));
  assert.deepEqual(trouble, []);
  await context.close();
});

test("English and 长辈版 are one tap away and are kept", async () => {
  const { context, page, trouble } = await visit(`/q#${good()}`);
  await faceOf(page);
  await page.click("text=EN");
  await page.waitForSelector("h1:has-text('Valid')");
  assert.equal(await page.getAttribute("html", "lang"), "en");
  await page.click("text=Large view");
  assert.equal(await page.getAttribute("html", "data-elder"), "1");
  await page.reload();
  await page.waitForSelector("h1:has-text('Valid')");
  assert.equal(await page.getAttribute("html", "data-elder"), "1");
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).fontSize), "22px");
  assert.deepEqual(trouble, []);
  await context.close();
});

test("pasted text is checked like a scanned one, and the address then says it", async () => {
  const { context, page, trouble } = await visit("/verify/");
  await page.click("button:has-text('粘贴文字')");
  await page.fill("textarea", ` ${server.code}\n`);
  await page.click("form button");
  assert.equal(await faceOf(page), "有效");
  assert.equal(await page.evaluate(() => location.hash.slice(1)), good());
  await page.goBack();
  await page.waitForSelector("h1:has-text('核验学分凭证')");
  assert.deepEqual(trouble, []);
  await context.close();
});

test("the camera is asked for behind a second tap only, and its absence is said", async () => {
  const { context, page } = await visit("/verify/");
  await page.evaluate(() => {
    globalThis.asked = 0;
    navigator.mediaDevices.getUserMedia = () => {
      globalThis.asked += 1;
      return Promise.reject(new DOMException("none", "NotFoundError"));
    };
  });
  await page.click("button:has-text('扫码')");
  await page.waitForSelector("text=画面只在本机处理");
  assert.equal(await page.evaluate(() => globalThis.asked), 0);
  await page.click("button:has-text('打开摄像头')");
  await page.waitForSelector("text=打不开摄像头");
  assert.equal(await page.evaluate(() => globalThis.asked), 1);
  await context.close();
});

test("a picked picture of the code is read in the worker", async () => {
  const { context, page, trouble } = await visit("/verify/");
  const png = await picture(server.code);
  await page.setInputFiles("input[type=file]", { name: "code.png", mimeType: "image/png", buffer: png });
  assert.equal(await faceOf(page), "有效");
  assert.deepEqual(trouble, []);
  await context.close();
});

test("a browser without WebCrypto says the same, by the page's own code", async () => {
  const context = await browser.newContext(PHONE);
  await context.addInitScript(() => Object.defineProperty(crypto, "subtle", { value: undefined }));
  const page = await context.newPage();
  await page.goto(`${server.base}/q#${good()}`);
  assert.equal(await faceOf(page), "有效");
  await page.click("summary");
  assert.match(await page.textContent("details"), /本页代码/);
  await page.goto(`${server.base}/q#${changed(server.code, -1)}`);
  await page.waitForSelector("h1:has-text('无效')");
  await context.close();
});

test("a picked document that is no credential is not taken for one", async () => {
  const { context, page, trouble } = await visit("/verify/");
  const file = { name: "a.json", mimeType: "application/json", buffer: Buffer.from('{"@context":[],"a":1}') };
  await page.setInputFiles("input[type=file]", file);
  assert.equal(await faceOf(page), "无法确认");
  assert.match(await page.textContent(".card"), /E04/);
  assert.deepEqual(trouble, []);
  await context.close();
});

test("a picked picture without a code is E00, one that is no picture too", async () => {
  const { context, page, trouble } = await visit("/verify/");
  const png = await page.screenshot();
  await page.setInputFiles("input[type=file]", { name: "a.png", mimeType: "image/png", buffer: png });
  assert.equal(await faceOf(page), "无法确认");
  assert.match(await page.textContent(".card"), /没找到二维码（E00）/);
  assert.deepEqual(trouble, []);
  await context.close();
});

test("after one visit the page opens and checks without a network", async () => {
  const { context, page } = await visit(`/q#${good()}`);
  await faceOf(page);
  await page.evaluate(async () => {
    for (const scope of ["/verify/", "/q"]) {
      while (!(await navigator.serviceWorker.getRegistration(scope))?.active) {
        await new Promise((later) => setTimeout(later, 50));
      }
    }
  });
  await context.setOffline(true);
  for (const path of ["/q", "/verify/"]) {
    const offline = await context.newPage();
    await offline.goto(`${server.base}${path}#${good()}`);
    assert.equal(await faceOf(offline), "有效");
    assert.match(await offline.textContent("main"), /离线核验/);
    await offline.goto(`${server.base}${path}#${changed(server.code, -1)}`);
    await offline.waitForSelector("h1:has-text('无效')");
    await offline.reload();
    assert.equal(await faceOf(offline), "无效");
    await offline.close();
  }
  await context.close();
});

test("once the page has been idle, pictures are read without a network too", async () => {
  const { context, page } = await visit("/verify/");
  await page.waitForFunction(async () => {
    const names = (await caches.keys()).filter((name) => name.startsWith("xuefen-verify-"));
    const kept = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return kept.flat().some(({ url }) => url.endsWith(".wasm"));
  });
  // One look online, so that there is a trust bundle.
  await page.goto(`${server.base}/q#${good()}`);
  await faceOf(page);
  await context.setOffline(true);
  await page.goto(`${server.base}/verify/`);
  await page.waitForSelector("h1:has-text('核验学分凭证')");
  const png = await picture(server.code);
  await page.setInputFiles("input[type=file]", { name: "code.png", mimeType: "image/png", buffer: png });
  assert.equal(await faceOf(page), "有效");
  await context.close();
});

test("a rolled-back or foreign bundle is refused, and the reader is told", async (t) => {
  if (server.real) {
    t.skip("only the static server can be told to serve a bad bundle");
    return;
  }
  const { context, page } = await visit(`/q#${good()}`);
  assert.equal(await faceOf(page), "有效");
  const bad = [
    bundle({ change: (it) => (it.version = 40) }),
    bundle({ key: "somebody else" }),
    bundle({
      key: "somebody else",
      change: (it) => {
        it.version = 99;
        it.issuers[0].keys[0].pub = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";
      },
    }),
  ];
  for (const text of bad) {
    server.setBundle(text);
    await page.reload();
    assert.equal(await faceOf(page), "有效");
    assert.match(await page.textContent("main"), /已拒绝，仍用原来的/);
  }
  server.setBundle(bundle({ set: [94_567], change: (it) => (it.version = 42) }));
  await page.reload();
  assert.equal(await faceOf(page), "无效");
  assert.match(await page.textContent(".card"), /已被撤销（E50）/);
  server.setBundle(bundle());
  await context.close();
});

test("without scripts the page offers to send a photo", async () => {
  const { context, page } = await visit("/verify/", { javaScriptEnabled: false });
  const html = await page.content();
  assert.match(html, /<form[^>]+method="post"[^>]+action="\/verify\/photo"[^>]+multipart\/form-data/);
  await context.close();
});
