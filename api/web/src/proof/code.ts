// The text of a QR code, checked (docs/VERIFY.md "A QR text").

import { type Facts, type Seen, type Verdict, answer, defined, issuerFacts } from "./answer";
import { type Owned, hinted } from "./bundle";
import { claimed, readClaims } from "./claims";
import { type Message, readCode } from "./qr";
import { Stop } from "./registry";
import { codeEntries, type Check, type Entry, type OpenList, run } from "./steps";
import { written } from "./time";

/** A code needs the documents' part of the engine only where a list was fetched for it. */
const openList: OpenList = async (...list) => (await import("./credential")).openList(...list);

/** Steps 6 and 7 of a code: the key under which its signature holds. */
async function signerOf({ engine, bundle }: Check, message: Message): Promise<Owned> {
  let candidates = await hinted(engine, bundle, message.kid);
  if (candidates.length === 0) {
    const { issuer: number, position } = claimed(message);
    const named = bundle.issuers.find(({ id }) => id === number);
    if (!named) throw new Stop("E10", "the issuer is not in the trust bundle");
    if (position === undefined || position > bundle.position) {
      throw new Stop("E10", "the key is newer than the trust bundle");
    }
    candidates = named.keys
      .filter((key) => key.use === "credential")
      .map((key) => ({ issuer: named, key }));
  }
  for (const owned of candidates) {
    if (await engine.verify(owned.key.pub, message.signed, message.signature)) return owned;
  }
  throw new Stop("E20", "the signature does not match");
}

function entriesOf(check: Check, owned: Owned, [n, index]: Entry["index"][]): Entry[] {
  return n === undefined || index === undefined ? [] : codeEntries(check, owned.issuer, BigInt(n), index);
}

/** Checks the text of a QR code. */
export function verifyCode(check: Check, what: string): Promise<Verdict> {
  return answer(check, async (findings) => {
    const message = readCode(what, check.bundle.host);
    const owned = await signerOf(check, message);
    const claims = readClaims(message);
    if (owned.key.use !== "credential" || owned.issuer.id !== claims.issuer) {
      findings.add("E22", "another key use or issuer of the key");
    }
    const { receipt } = message;
    const times = await run(
      check,
      {
        ...owned,
        position: claims.position,
        begins: claims.begins,
        expires: claims.expires,
        entries: () => entriesOf(check, owned, claims.status ?? []),
        receipt: receipt && claims.leaf ? { receipt, leaf: claims.leaf } : null,
      },
      openList,
      findings,
    );
    const facts = defined({
      form: "qr" as const,
      id: claims.id,
      ...issuerFacts(owned),
      kind: claims.kind,
      title: claims.title,
      amount: claims.amount,
      scheme: claims.scheme,
      name: claims.name,
      level: claims.level,
      hours: claims.hours,
      issuedAt: written(claims.issued),
      expiresAt: claims.expires === undefined ? undefined : written(claims.expires),
      position: Number(claims.position),
      newer: claims.newer || undefined,
    }) as Facts;
    return { facts, times } satisfies Seen;
  });
}
