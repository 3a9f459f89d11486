// JSON of other people, read strictly (docs/VERIFY.md "Strict JSON"): a text that is read here has one
// meaning. `JSON.parse` will not do: it keeps the last of duplicate members and rounds large numbers.

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [name: string]: Json;
}

const DEPTH_MAX = 64;
const NUMBER_END = 2 ** 53;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPES = new Map([
  ['"', '"'], ["\\", "\\"], ["/", "/"], ["b", "\b"], ["f", "\f"], ["n", "\n"], ["r", "\r"], ["t", "\t"],
]);

/** Why a text is not one value with one meaning. */
export class NotStrict extends Error {}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isStrings(value: Json | undefined): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** Whether UTF-16 surrogates stand in pairs only. */
function isWellFormed(text: string): boolean {
  // Without look-behind, which a 2021 phone does not know.
  return !/[\ud800-\udbff](?![\udc00-\udfff])|(?:[^\ud800-\udbff]|^)[\udc00-\udfff]/.test(text);
}

class Reader {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly nulls: boolean,
  ) {}

  whole(): Json {
    const value = this.value(0);
    this.space();
    if (this.at < this.text.length) throw this.wrong("something behind the value");
    return value;
  }

  private wrong(what: string): NotStrict {
    return new NotStrict(`${what} at character ${this.at}`);
  }

  private space(): void {
    while (" \t\r\n".includes(this.text[this.at] ?? "x")) this.at++;
  }

  private eat(token: string): boolean {
    if (!this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }

  private value(depth: number): Json {
    this.space();
    switch (this.text[this.at]) {
      case "{":
        return this.object(depth + 1);
      case "[":
        return this.array(depth + 1);
      case '"':
        return this.string();
    }
    if (this.eat("true")) return true;
    if (this.eat("false")) return false;
    if (this.nulls && this.eat("null")) return null;
    return this.number();
  }

  private number(): number {
    NUMBER.lastIndex = this.at;
    const literal = NUMBER.exec(this.text)?.[0];
    if (literal === undefined) throw this.wrong("no value");
    const number = Number(literal);
    if (!(Math.abs(number) < NUMBER_END)) throw this.wrong("a number of 2^53 or more");
    this.at += literal.length;
    return number;
  }

  private string(): string {
    this.at++;
    let out = "";
    for (;;) {
      PLAIN.lastIndex = this.at;
      const plain = PLAIN.exec(this.text)?.[0] ?? "";
      out += plain;
      this.at += plain.length;
      if (this.eat('"')) break;
      if (!this.eat("\\")) throw this.wrong("an open string or a control character");
      out += this.escape();
    }
    if (!isWellFormed(out)) throw this.wrong("a lone surrogate");
    return out;
  }

  private escape(): string {
    const letter = this.text[this.at++] ?? "";
    if (letter !== "u") {
      const character = ESCAPES.get(letter);
      if (character === undefined) throw this.wrong("an unknown escape");
      return character;
    }
    const digits = this.text.slice(this.at, this.at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.wrong("an unknown escape");
    this.at += 4;
    return String.fromCharCode(parseInt(digits, 16));
  }

  private open(depth: number, end: string): boolean {
    if (depth > DEPTH_MAX) throw this.wrong("nested deeper than 64");
    this.at++;
    this.space();
    return !this.eat(end);
  }

  /** Whether another item follows; eats the comma or the end. */
  private more(end: string): boolean {
    this.space();
    if (this.eat(",")) return true;
    if (this.eat(end)) return false;
    throw this.wrong(`neither , nor ${end}`);
  }

  private array(depth: number): Json[] {
    const out: Json[] = [];
    if (this.open(depth, "]")) {
      do out.push(this.value(depth));
      while (this.more("]"));
    }
    return out;
  }

  private object(depth: number): JsonObject {
    // No prototype: `__proto__` is a member like any other.
    const out = Object.create(null) as JsonObject;
    if (this.open(depth, "}")) {
      do {
        this.space();
        if (this.text[this.at] !== '"') throw this.wrong("no member name");
        const name = this.string();
        if (name in out) throw this.wrong("a duplicate member");
        this.space();
        if (!this.eat(":")) throw this.wrong("no colon");
        out[name] = this.value(depth);
      } while (this.more("}"));
    }
    return out;
  }
}

/** The value that `text` is; `null` only where `nulls` says so. Throws {@link NotStrict}. */
export function parse(text: string, nulls = false): Json {
  if (!isWellFormed(text)) throw new NotStrict("a lone surrogate");
  return new Reader(text, nulls).whole();
}
