// Serves this build's files without a network. Nothing else is answered from here: not /v1, not /c, not the
// trust bundle (the page keeps that one itself, by its own rules), no POST, no other origin.

// One cache a scope: the workers of /verify/ and /q are renewed each in its own time.
const OURS = `xuefen-verify-${new URL(registration.scope).pathname}-`;
const CACHE = OURS + __BUILD__;
const NOW = __NOW__;
const LATER = __LATER__;
const FILES = new Set([...NOW, ...LATER]);
const PAGES = new Set(["/verify/", "/q"]);

addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(NOW)));
});

addEventListener("activate", (event) => {
  const old = (name) => name.startsWith(OURS) && name !== CACHE;
  event.waitUntil(
    caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name)))),
  );
});

addEventListener("message", (event) => {
  if (event.data !== "later") return;
  const add = async () => {
    const cache = await caches.open(CACHE);
    for (const file of LATER) if (!(await cache.match(file))) await cache.add(file);
  };
  // A lost network here costs nothing: the next opening asks again.
  event.waitUntil(add().catch(() => undefined));
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  const page = request.mode === "navigate" && PAGES.has(url.pathname);
  if (!page && !FILES.has(url.pathname)) return;
  const answer = async () => {
    const cache = await caches.open(CACHE);
    const name = page ? "/verify/" : url.pathname;
    // The other scope may have what this one was never idle for; files are named by what they hold.
    return (await cache.match(name)) ?? (await caches.match(name)) ?? fetch(request);
  };
  event.respondWith(answer());
});
