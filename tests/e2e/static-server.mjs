// A test tool: serves api/web/dist with the paths and headers that the real server promises, so that the
// page can be tried where no xuefen runs. With XF_BASE set it is not used.

import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";

const DIST = new URL("../../api/web/dist/", import.meta.url).pathname;
const TYPES = {
  ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
  ".wasm": "application/wasm",
};
const CSP =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; " +
  "connect-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const HEADERS = {
  "content-security-policy": CSP,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
};

function fileFor(path) {
  if (path === "/verify/" || path === "/q") return "verify/index.html";
  if (path === "/verify/sw.js" || /^\/assets\/[\w.-]+$/.test(path)) return path.slice(1);
  return null;
}

function headersFor(path, file) {
  const headers = { ...HEADERS, "content-type": TYPES[extname(file)] };
  headers["cache-control"] = path.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache";
  if (path === "/verify/sw.js") headers["service-worker-allowed"] = "/";
  if (file.endsWith(".html")) headers["permissions-policy"] = "camera=(self)";
  return headers;
}

/** `{ base, setBundle, close }`; the bundle served at /trust/bundle can be changed while it runs. */
export async function serve(bundle) {
  let current = bundle;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    if (pathname === "/verify") return response.writeHead(308, { location: "/verify/" }).end();
    if (pathname === "/trust/bundle") {
      const headers = { ...HEADERS, "content-type": "application/json", "cache-control": "no-cache" };
      return response.writeHead(200, headers).end(current);
    }
    const file = request.method === "GET" ? fileFor(pathname) : null;
    if (!file || !existsSync(join(DIST, file))) return response.writeHead(404, HEADERS).end("not found");
    return response.writeHead(200, headersFor(pathname, file)).end(readFileSync(join(DIST, file)));
  });
  await new Promise((ready) => server.listen(0, "localhost", ready));
  return {
    base: `http://localhost:${server.address().port}`,
    setBundle: (text) => (current = text),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
