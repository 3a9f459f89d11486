// What the browser tests share: the browser, the server under test, codes and bundles.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright-core";

import { prepareZXingModule as prepareReader, readBarcodes } from "../../api/web/node_modules/zxing-wasm/dist/es/reader/index.js";
import { prepareZXingModule, writeBarcode } from "../../api/web/node_modules/zxing-wasm/dist/es/writer/index.js";
import { BUNDLE, CODE, REGISTRAR, named, signDocument } from "../../api/web/node_modules/.e2e/node/support.js";
import { serve } from "./static-server.mjs";

export const ENGINE = readFileSync(
  new URL("../../api/web/node_modules/.e2e/browser/engine.js", import.meta.url),
  "utf8",
);

export function launch() {
  const flags = [
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ];
  if (process.getuid() === 0) flags.push("--no-sandbox");
  const executablePath = execFileSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).trim();
  return chromium.launch({ executablePath, headless: true, args: flags });
}

function rfc3339(seconds) {
  return new Date(seconds * 1000).toISOString().replace(/\.\d+Z/, "Z");
}

/** The published bundle, newly issued `age_s` ago, with the bits in `set` set and `change` made. */
export function bundle({ age_s = 6 * 3600, set = [], change = () => {}, key = REGISTRAR } = {}) {
  const issued = rfc3339(Math.floor(Date.now() / 1000) - age_s);
  const document = JSON.parse(BUNDLE);
  const bits = new Uint8Array(16_384);
  for (const bit of set) bits[bit >> 3] |= 0x80 >> (bit & 7);
  document.issued_at = issued;
  Object.assign(document.issuers[1].status[0], { at: issued, gzip: `u${gzipSync(bits).toString("base64url")}` });
  change(document);
  return JSON.stringify(signDocument(document, "did:web:xf.example.org#registrar-2026-1", named(key)));
}

const GROUP = { bytes: 7, digits: 17 };
const TAILS = [3, 5, 8, 10, 13, 15];

function bytesOf(digits) {
  const out = [];
  for (let at = 0; at < digits.length; at += GROUP.digits) {
    const group = digits.slice(at, at + GROUP.digits);
    const count = group.length === GROUP.digits ? GROUP.bytes : TAILS.indexOf(group.length) + 1;
    for (let n = count - 1; n >= 0; n--) out.push(Number((BigInt(group) >> BigInt(8 * n)) & 0xffn));
  }
  return out;
}

function digitsOf(bytes) {
  let out = "";
  for (let at = 0; at < bytes.length; at += GROUP.bytes) {
    const group = bytes.slice(at, at + GROUP.bytes);
    const value = group.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    out += value.toString().padStart(group.length === 7 ? GROUP.digits : TAILS[group.length - 1], "0");
  }
  return out;
}

/** The fragment of `code` with one byte changed, `at` from the start or (negative) the end. */
export function changed(code, at) {
  const bytes = bytesOf(code.split("q#1")[1]);
  bytes[at < 0 ? bytes.length + at : at] ^= 1;
  return `1${digitsOf(bytes)}`;
}

/** A code by a key nobody knows, of an issuer nobody knows: kid and issuer of the published one changed. */
export function strange() {
  const bytes = bytesOf(CODE.split("q#1")[1]);
  const kid = bytes.indexOf(0x48) + 1;
  bytes[kid] ^= 0xff;
  const own = bytes.findIndex((_, n) => bytes[n] === 0xa7 && bytes[n + 1] === 1 && bytes[n + 2] === 7);
  bytes[own + 2] = 23;
  return `1${digitsOf(bytes)}`;
}

/** A PNG of the code, as a screen or paper shows it. */
export async function picture(text) {
  const wasm = new URL("../../api/web/node_modules/zxing-wasm/dist/writer/zxing_writer.wasm", import.meta.url);
  prepareZXingModule({ overrides: { wasmBinary: readFileSync(wasm).buffer } });
  const { image } = await writeBarcode(text, { format: "QRCode", scale: 4 });
  return Buffer.from(await image.arrayBuffer());
}

/** The text of the code in a PNG file. */
async function readPicture(file) {
  const wasm = new URL("../../api/web/node_modules/zxing-wasm/dist/reader/zxing_reader.wasm", import.meta.url);
  prepareReader({ overrides: { wasmBinary: readFileSync(wasm).buffer } });
  const [found] = await readBarcodes(readFileSync(file), { formats: ["QRCode"], tryHarder: true });
  if (!found) throw new Error(`${file} shows no code`);
  return found.text;
}

/**
 * The server under test: XF_BASE with a picture of a good code of its own in XF_PICTURE (`xuefen demo` writes
 * credential-qr.png), else the static one with the published code.
 */
export async function underTest() {
  if (process.env.XF_BASE) {
    if (!process.env.XF_PICTURE) throw new Error("XF_BASE asks for XF_PICTURE: a PNG of a good code of that server");
    const code = await readPicture(process.env.XF_PICTURE);
    return { base: process.env.XF_BASE.replace(/\/$/, ""), code, real: true, close: () => {}, setBundle: null };
  }
  return { ...(await serve(bundle())), code: CODE, real: false };
}

/** Everything that a page must not do: console errors, policy reports, requests to others, failures. */
export function watch(page, base) {
  const trouble = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) trouble.push(message.text());
  });
  page.on("pageerror", (error) => trouble.push(String(error)));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(base) && !url.startsWith("data:") && !url.startsWith("blob:")) trouble.push(`asked ${url}`);
  });
  return trouble;
}
