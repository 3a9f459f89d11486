// The service worker of this page: after one visit it opens without a network, at /verify/ and at /q,
// where a scanned link leads. A new version waits for the next opening; nobody is interrupted.

const SCRIPT = "/verify/sw.js";
const SCOPES = ["/verify/", "/q"];

/** Registers for both scopes; `tell` when a new version waits. */
export function register(tell: () => void): void {
  if (!("serviceWorker" in navigator)) return;
  for (const scope of SCOPES) {
    navigator.serviceWorker.register(SCRIPT, { scope }).then(
      (registration) => follow(registration, tell),
      // A page without its worker still checks; it only needs a network to open.
      () => undefined,
    );
  }
}

function follow(registration: ServiceWorkerRegistration, tell: () => void): void {
  const waits = () => {
    // Without an active one this is the first visit, and nothing is replaced.
    if (registration.waiting && registration.active) tell();
  };
  waits();
  registration.addEventListener("updatefound", () => {
    registration.installing?.addEventListener("statechange", waits);
  });
  const idle = globalThis.requestIdleCallback ?? ((later: () => void) => setTimeout(later, 2_000));
  // The QR decoder is large: it is fetched for offline use only once the page stands.
  void navigator.serviceWorker.ready.then(({ active }) => idle(() => active?.postMessage("later")));
}
