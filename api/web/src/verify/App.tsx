// The page: what was shown, what came of it, and three ways to show the next. A code stands in the address
// (its fragment never reaches a server), so back, reload and a link show the same again.

import { useEffect, useState } from "preact/hooks";

import type { Translate } from "../words/words";
import { translator } from "../words/words";
import { Result } from "./Result";
import { Scanner } from "./Scanner";
import { Start } from "./Start";
import type { Checked, Shown } from "./check";
import { type Prefs, keep, show } from "./prefs";

type View = "start" | "working" | "scanning" | "trust-none" | "failed" | Checked;

interface Props {
  prefs: Prefs;
  words: Translate;
  /** Tells when a new version waits. */
  onUpdate: (tell: () => void) => void;
}

/** The fragment of a code, which this page's own address can carry. */
function fragmentOf(text: string): string | null {
  return /^https:\/\/[^/]+\/q#(\d+)$/.exec(text.trim())?.[1] ?? null;
}

function shownByAddress(): Shown | null {
  const fragment = location.hash.slice(1);
  return fragment === "" ? null : { fragment };
}

function Header({ t, prefs, onPrefs }: { t: Translate; prefs: Prefs; onPrefs: (prefs: Prefs) => void }) {
  const { language, elder } = prefs;
  const other = language === "zh" ? "en" : "zh";
  return (
    <header>
      <a class="brand" href="/verify/">{t("brand")}</a>
      <button type="button" aria-pressed={elder} onClick={() => onPrefs({ ...prefs, elder: !elder })}>
        {t(elder ? "elder-off" : "elder-on")}
      </button>
      <button type="button" lang={other} onClick={() => onPrefs({ ...prefs, language: other })}>
        {t("other-language")}
      </button>
    </header>
  );
}

/** No verdict at all: nothing was checked. */
function NoVerdict({ t, why, onRetry }: { t: Translate; why: string; onRetry: () => void }) {
  return (
    <section class="card card-unconfirmed" role="status">
      <p>{why}</p>
      <button class="primary wide" type="button" onClick={onRetry}>{t("retry")}</button>
    </section>
  );
}

/** Leaves the code that the address says; back returns to it. */
function leaveAddress(): void {
  if (location.hash !== "") history.pushState(null, "", location.pathname + location.search);
}

/** What was shown, checked; answers of an older question never overtake. */
function useCheck(): [View, (view: "start" | "scanning") => void, (shown: Shown) => void, () => void] {
  const [shown, setShown] = useState<Shown | null>(shownByAddress);
  const [view, setView] = useState<View>(shown ? "working" : "start");
  useEffect(() => {
    const follow = () => {
      const next = shownByAddress();
      setShown(next);
      if (!next) setView("start");
    };
    // Back and forward between our own addresses say popstate; a link tapped here says hashchange too.
    addEventListener("popstate", follow);
    return () => removeEventListener("popstate", follow);
  }, []);
  useEffect(() => {
    if (!shown) return undefined;
    let current = true;
    setView("working");
    const checking = import("./check").then(({ check }) => check(shown));
    const done = (checked: Checked | null) => {
      if (!current) return;
      setView(checked ?? "trust-none");
      const fragment = "text" in shown && checked?.verdict.facts ? fragmentOf(shown.text) : null;
      if (fragment) history.pushState(null, "", `#${fragment}`);
    };
    // A part of the page that does not load must not look like a check that never ends.
    void checking.then(done, () => current && setView("failed"));
    return () => {
      current = false;
    };
  }, [shown]);
  return [view, setView, setShown, () => setShown((again) => again && { ...again })];
}

export function App({ prefs: first, words, onUpdate }: Props) {
  const [prefs, setPrefs] = useState(first);
  const [t, setT] = useState(() => words);
  const [updated, setUpdated] = useState(false);
  const [scanned, setScanned] = useState(false);
  const [view, setView, onShown, onRetry] = useCheck();
  useEffect(() => onUpdate(() => setUpdated(true)), []);
  useEffect(() => {
    document.title = t("title");
  }, [t]);
  const onPrefs = (next: Prefs) => {
    keep(next);
    show(next);
    setPrefs(next);
    void translator(next.language).then((found) => setT(() => found));
  };
  const onText = (text: string) => onShown({ text });
  const onFile = (file: File) => {
    void import("../scan/file").then(({ textOf }) => textOf(file)).then(onText);
  };
  const onScan = () => {
    setScanned(true);
    setView("scanning");
  };
  const onAgain = () => {
    leaveAddress();
    // Who opened the camera once has read why, and has a queue waiting.
    setView(scanned ? "scanning" : "start");
  };
  const checked = typeof view === "object" ? view : null;
  return (
    <>
      <Header t={t} prefs={prefs} onPrefs={onPrefs} />
      <main>
        {checked && <Result {...checked} t={t} language={prefs.language} onAgain={onAgain} />}
        {view === "working" && <p class="working" role="status">{t("working")}</p>}
        {view === "trust-none" && <NoVerdict t={t} why={t("trust-none")} onRetry={onRetry} />}
        {view === "failed" && <NoVerdict t={t} why={t("failed")} onRetry={onRetry} />}
        {view === "scanning" && <Scanner t={t} onText={onText} onClose={() => setView("start")} />}
        {view === "start" && (
          <>
            <h1>{t("title")}</h1>
            <p>{t("start")}</p>
            <Start t={t} onScan={onScan} onFile={onFile} onText={onText} />
          </>
        )}
      </main>
      <footer>
        {t("footer", { host: location.host, build: __BUILD__ })}
        {updated && <p>{t("update-ready")}</p>}
      </footer>
    </>
  );
}
