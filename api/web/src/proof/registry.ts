// The one registry of codes (docs/VERIFY.md "Output"): state and severity of each, in order of rank.

export type Severity = "fail" | "unknown" | "warn";
export type Outcome = "valid" | "invalid" | "unconfirmed";

const ROWS = [
  ["E00", "Malformed", "unknown"],
  ["E01", "Malformed", "unknown"],
  ["E03", "Malformed", "fail"],
  ["E02", "Unsupported", "unknown"],
  ["E04", "Unsupported", "unknown"],
  ["E10", "IssuerUnknown", "unknown"],
  ["E13", "IssuerUnknown", "unknown"],
  ["E11", "IssuerSuspended", "unknown"],
  ["E20", "Invalid", "fail"],
  ["E21", "Invalid", "fail"],
  ["E22", "Invalid", "fail"],
  ["E30", "Invalid", "fail"],
  ["E40", "Invalid", "fail"],
  ["E41", "Invalid", "fail"],
  ["E12", "Disputed", "unknown"],
  ["E50", "Revoked", "fail"],
  ["E52", "Suspended", "fail"],
  ["E51", "Superseded", "fail"],
  ["E31", "Expired", "fail"],
  ["E32", "NotYetValid", "fail"],
  ["E53", "StatusUnknown", "unknown"],
  ["E54", "StatusUnknown", "unknown"],
  ["W50", "StatusUnknown", "unknown"],
  ["E42", "StatusUnknown", "unknown"],
  ["W60", "StatusUnknown", "unknown"],
  ["W40", "Valid", "warn"],
] as const satisfies readonly (readonly [string, string, Severity])[];

export type Code = (typeof ROWS)[number][0];

export interface Finding {
  code: Code;
  severity: Severity;
  detail: string;
}

/** A finding behind which nothing is looked at, and no fact may be shown. */
export class Stop extends Error {
  constructor(
    readonly code: "E00" | "E01" | "E02" | "E03" | "E04" | "E10" | "E20" | "E21",
    readonly detail: string,
  ) {
    super(`${code} ${detail}`);
  }
}

/** What the steps found, in their order; a code stands once, its first detail counts. */
export class Findings {
  readonly list: Finding[] = [];

  add(code: Code, detail: string): void {
    const severity = ROWS.find(([known]) => known === code)?.[2] ?? "fail";
    if (!this.has(code)) this.list.push({ code, severity, detail });
  }

  has(...codes: Code[]): boolean {
    return this.list.some((finding) => codes.includes(finding.code));
  }

  /** Result, state and code of the whole. */
  verdict(): { result: Outcome; state: string; code: Code | "OK" } {
    const worst = (["fail", "unknown"] as const).find((severity) =>
      this.list.some((finding) => finding.severity === severity),
    );
    const row = ROWS.find(([code, , severity]) => severity === worst && this.has(code));
    if (!row) return { result: "valid", state: "Valid", code: "OK" };
    return { result: worst === "fail" ? "invalid" : "unconfirmed", state: row[1], code: row[0] };
  }
}

export const CODES: readonly Code[] = ROWS.map(([code]) => code);
