// The words of the page: zh-CN at once, English when asked for. The file is strings/verify.toml.

import zh from "virtual:words/zh";

export type Language = "zh" | "en";
export type Translate = (key: string, fill?: Record<string, string | number>) => string;

/** The BCP 47 tag of a language. */
export function tag(language: Language): string {
  return language === "zh" ? "zh-CN" : "en";
}

function over(words: Record<string, string>): Translate {
  return (key, fill = {}) =>
    (words[key] ?? key).replace(/\{([a-z]+)\}/g, (whole, name: string) => String(fill[name] ?? whole));
}

export const chinese = over(zh);

export async function translator(language: Language): Promise<Translate> {
  return language === "zh" ? chinese : over((await import("virtual:words/en")).default);
}
