// Dates in documents and bundles: RFC 3339 with a zone, counted in whole Unix seconds.

const FORM =
  /^([1-9]\d{3})-(\d\d)-(\d\d)T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.\d{1,9})?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

/** Unix seconds of `text`; `null` if it is no date and time with a zone. */
export function seconds(text: string): number | null {
  const match = FORM.exec(text);
  // Years that every calendar of ours can write in every zone.
  if (!match || match[1] === "9999") return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number, number, number, number, number, number,
  ];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // The calendar rolls 30 February over into March; such a date is none.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  const offset = (Number(match[8] ?? 0) * 60 + Number(match[9] ?? 0)) * 60;
  const local = date.getTime() / 1000 + hour * 3600 + minute * 60 + second;
  return match[7] === "-" ? local + offset : local - offset;
}

/** RFC 3339, UTC, whole seconds. */
export function written(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toISOString().replace(".000Z", "Z");
}
