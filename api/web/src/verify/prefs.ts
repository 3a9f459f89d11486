// Language and 长辈版: said in the address, else in a cookie, so that pages of the server agree.

import { type Language, tag } from "../words/words";

export interface Prefs {
  language: Language;
  elder: boolean;
}

const YEAR_S = 31_536_000;

function cookie(name: string): string | undefined {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return found?.slice(name.length + 1);
}

export function read(): Prefs {
  const asked = new URLSearchParams(location.search);
  const language = asked.get("lang") ?? cookie("xf_lang");
  const elder = asked.get("elder") ?? cookie("xf_elder");
  return { language: language === "en" ? "en" : "zh", elder: elder === "1" };
}

/** Puts the choice on the page's root, before the first render. */
export function show({ language, elder }: Prefs): void {
  const root = document.documentElement;
  root.lang = tag(language);
  if (elder) root.dataset.elder = "1";
  else delete root.dataset.elder;
}

export function keep({ language, elder }: Prefs): void {
  for (const pair of [`xf_lang=${language}`, `xf_elder=${elder ? 1 : 0}`]) {
    document.cookie = `${pair}; path=/; max-age=${YEAR_S}; samesite=lax`;
  }
}
