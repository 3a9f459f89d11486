// JSON credentials and status lists. Each refusal is made from a document that passes, and the code is
// asserted: a verifier that refuses everything would pass otherwise.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { fromMultikey } from "../src/proof/base58";
import { holds, signatureOf } from "../src/proof/integrity";
import { type Json, type JsonObject, parse } from "../src/proof/json";
import type { Check } from "../src/proof/steps";
import { verifyDocument } from "../src/proof/verify";
import { BUNDLE, NOW } from "./published";
import { checkWith, credentialKey, engines, named, signDocument } from "./support";

const KID = "did:web:xf.example.org:i:7#credential-2026-1";
const DID = "did:web:xf.example.org:i:7";
const LIST = "https://xf.example.org/status/7/1";
const OB = "https://purl.imsglobal.org/spec/ob/v3p0";
const V2 = "https://www.w3.org/ns/credentials/v2";

function credential(): JsonObject {
  return {
    "@context": [V2, `${OB}/context-3.0.3.json`, `${OB}/extensions.json`],
    id: "urn:uuid:0f0e3a52-9a2e-4d19-9d7e-2f7f0b1c5a11",
    type: ["VerifiableCredential", "OpenBadgeCredential"],
    name: "社区急救",
    issuer: { id: DID, type: ["Profile"], name: "别的名字" },
    validFrom: "2026-01-15T09:00:00Z",
    validUntil: "2036-01-15T09:00:00Z",
    credentialSubject: {
      id: "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
      type: ["AchievementSubject"],
      creditsEarned: 2.5,
      achievement: {
        id: "urn:uuid:1f0e3a52-9a2e-4d19-9d7e-2f7f0b1c5a11", type: ["Achievement"], name: "社区急救",
        description: "急救", criteria: { narrative: "32 学时" }, achievementType: "Course",
        creditsAvailable: 2.5, inLanguage: "zh-CN",
      },
    },
    credentialStatus: [{
      id: `${LIST}#94567`, type: "BitstringStatusListEntry", statusPurpose: "revocation",
      statusListIndex: "94567", statusListCredential: LIST,
    }],
    credentialSchema: [{ id: `${OB}/schema/json/ob_v3p0_achievementcredential_schema.json`, type: "1EdTechJsonSchemaValidator2019" }],
    evidence: [{ id: "https://xf.example.org/log/proof/777123", type: ["Evidence"], genre: "log-position" }],
  };
}

function list(bits: number[], more: JsonObject = {}): JsonObject {
  const bytes = new Uint8Array(16_384);
  for (const bit of bits) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  const document: JsonObject = {
    "@context": [V2], id: LIST, type: ["VerifiableCredential", "BitstringStatusListCredential"], issuer: DID,
    validFrom: "2026-11-22T06:30:00Z", validUntil: "2026-11-29T06:30:00Z",
    credentialSubject: {
      id: `${LIST}#list`, type: "BitstringStatusList", statusPurpose: "revocation",
      encodedList: `u${gzipSync(bytes).toString("base64url")}`,
    },
    ...more,
  };
  return signDocument(document, KID, credentialKey());
}

type Change = (document: JsonObject) => void;

function signed(change: Change = () => {}, proof: JsonObject = {}, key = credentialKey()): JsonObject {
  const document = credential();
  change(document);
  return signDocument(document, KID, key, proof);
}

function proofOf(document: JsonObject): JsonObject {
  return document.proof as JsonObject;
}

async function said(document: JsonObject, more: Partial<Check> = {}): Promise<string> {
  const answers: string[] = [];
  for (const engine of await engines()) {
    const check = await checkWith(BUNDLE, { ...more, engine });
    const { result, findings } = await verifyDocument(check, JSON.stringify(document));
    answers.push([result, ...findings.map(({ code }) => code)].join(" "));
  }
  assert.equal(answers[0], answers[1], "the two engines differ");
  return answers[0] ?? "";
}

test("a good credential is valid, under the bundle's name of its issuer", async () => {
  assert.equal(await said(signed()), "valid W40");
  const { facts } = await verifyDocument(await checkWith(BUNDLE), JSON.stringify(signed()));
  assert.equal(facts?.issuerName, "示例大学");
  assert.equal(facts?.amount, "2.5");
  assert.equal(facts?.position, 777_123);
});

test("what is changed behind the signature is E20, what has no meaning E21 or E04", async () => {
  const after = (change: Change) => {
    const document = signed();
    change(document);
    return said(document);
  };
  assert.equal(await after((it) => (it.name = "别的")), "invalid E20");
  assert.equal(await after((it) => delete it.validUntil), "invalid E20");
  assert.equal(await after((it) => delete it.credentialStatus), "invalid E20");
  assert.equal(await after((it) => (proofOf(it).created = "2026-11-22T06:00:01Z")), "invalid E20");
  assert.equal(await after((it) => (proofOf(it).proofPurpose = "authentication")), "invalid E20");
  assert.equal(await after((it) => delete proofOf(it)["@context"]), "invalid E20");
  assert.equal(await after((it) => delete it.proof), "invalid E20");
  assert.equal(await after((it) => (it.undefinedTerm = 1)), "invalid E21");
  assert.equal(await after((it) => ((it.credentialSubject as JsonObject).extra = 1)), "invalid E21");
  assert.equal(await after((it) => (proofOf(it).previousProof = "x")), "invalid E21");
  assert.equal(await after((it) => (proofOf(it)["@context"] = [V2])), "invalid E21");
  assert.equal(await after((it) => (it["@context"] as Json[]).push("https://a.example")), "unconfirmed E04");
  assert.equal(await after((it) => (it["@context"] as Json[]).reverse()), "unconfirmed E04");
  assert.equal(await after((it) => (it.type as Json[]).pop()), "unconfirmed E04");
  assert.equal(await after((it) => (proofOf(it).cryptosuite = "eddsa-rdfc-2022")), "unconfirmed E04");
  assert.equal(await after((it) => (it.proof = [proofOf(it), proofOf(it)])), "unconfirmed E04");
  assert.equal(await after((it) => (it.proof = [proofOf(it)])), "valid W40");
  assert.equal(await after((it) => (it.proof = [[]])), "unconfirmed E01");
  assert.equal(await after((it) => (proofOf(it).proofValue = "zAAAA")), "unconfirmed E01");
  assert.equal(await after((it) => ((it.issuer as JsonObject).id = "did:web:other")), "unconfirmed E10");
  assert.equal(await after((it) => (proofOf(it).verificationMethod = `${DID}#old`)), "invalid E20");
});

test("what is signed wrongly is named behind the signature", async () => {
  assert.equal(await said(signed((it) => (it.id = "urn:uuid:x"))), "invalid E03");
  assert.equal(await said(signed((it) => (it.validFrom = "2026-02-30T00:00:00Z"))), "invalid E03");
  assert.equal(await said(signed((it) => (it.validUntil = "2026-01-15T08:59:59Z"))), "invalid E03");
  assert.equal(await said(signed((it) => delete it.name)), "invalid E03");
  assert.equal(await said(signed(() => {}, { proofPurpose: "authentication" })), "invalid E22 W40");
  assert.equal(await said(signed(() => {}, { domain: "x" })), "invalid E22 W40");
  assert.equal(await said(signed(() => {}, { expires: "2026-11-22T07:00:00Z" })), "invalid E31 W40");
  assert.equal(await said(signed((it) => (it.validFrom = "2026-11-22T07:00:01Z"))), "invalid E32 W40");
  assert.equal(await said(signed((it) => (it.validUntil = "2026-11-22T07:00:00Z"))), "invalid E31 W40");
  assert.equal(await said(signed((it) => delete it.evidence)), "invalid E03");
  const early = { id: "https://xf.example.org/log/proof/101", type: ["Evidence"], genre: "log-position" };
  assert.equal(await said(signed((it) => (it.evidence = [early]))), "invalid E30 W40");
  const assertionKey = signDocument(credential(), `${DID}#key-2026-1`, named("xuefen test institution"));
  assert.equal(await said(assertionKey), "invalid E22 W40");
  const newer = (it: JsonObject) => ((it.evidence as JsonObject[])[0] as JsonObject).id = "https://xf.example.org/log/proof/777501";
  assert.equal(await said(signed(newer, { verificationMethod: `${DID}#new` })), "unconfirmed E10");
});

test("status is read from a fetched list before the bundle's, and never guessed", async () => {
  const lists = (document: JsonObject) => ({ lists: new Map([[LIST, parse(JSON.stringify(document))]]) });
  const entry = (change: Change) => signed((it) => change((it.credentialStatus as JsonObject[])[0] as JsonObject));
  assert.equal(await said(signed(), lists(list([94_567]))), "invalid W40 E50");
  assert.equal(await said(signed(), lists(list([94_566]))), "valid W40");
  assert.equal(await said(signed((it) => delete it.credentialStatus)), "unconfirmed W40 E53");
  assert.equal(await said(entry((it) => (it.statusListCredential = `${LIST}9`))), "unconfirmed W40 E53");
  assert.equal(await said(entry((it) => (it.statusListIndex = "131072"))), "unconfirmed W40 E54");
  assert.equal(await said(entry((it) => (it.statusPurpose = "suspension"))), "unconfirmed W40 E54");
  assert.equal(await said(entry((it) => (it.statusPurpose = "message"))), "unconfirmed W40 E04");
  assert.equal(await said(entry((it) => (it.type = "StatusList2021Entry"))), "unconfirmed W40 E04");
  assert.equal(await said(entry((it) => (it.statusListIndex = "01"))), "unconfirmed W40 E04")
  assert.equal(await said(entry((it) => (it.id = LIST))), "unconfirmed W40 E04");
  const tampered = list([]);
  tampered.validUntil = "2027-11-29T06:30:00Z";
  assert.equal(await said(signed(), lists(tampered)), "unconfirmed W40 E54");
  assert.equal(await said(signed(), lists(list([], { issuer: "did:web:xf.example.org" }))), "unconfirmed W40 E54");
  assert.equal(await said(signed(), lists(list([], { validUntil: "2026-11-22T06:59:00Z" }))), "unconfirmed W40 E54");
  assert.equal(await said(list([1])), "valid");
  const stale = list([94_567], { validFrom: "2026-11-01T00:00:00Z" });
  assert.equal(await said(signed(), lists(stale)), "invalid W40 W50 E50");
  // Suspension and refresh: E51 stands for E50, and a list of another purpose is none.
  const three = (set: string[]) => {
    const names = ["revocation", "suspension", "refresh"];
    const urls = names.map((_, n) => `https://xf.example.org/status/7/${n + 1}`);
    const change = (it: JsonObject) => {
      it.credentialStatus = names.map((statusPurpose, n) => ({
        type: "BitstringStatusListEntry", statusPurpose, statusListIndex: "7", statusListCredential: urls[n] ?? "",
      }));
    };
    const found = names.map((name, n) => {
      const document = list(set.includes(name) ? [7] : []);
      const subject = { ...(document.credentialSubject as JsonObject), statusPurpose: name };
      return signDocument({ ...document, id: urls[n] ?? "", credentialSubject: subject }, KID, credentialKey());
    });
    return said(signed(change), { lists: new Map(found.map((it, n) => [urls[n] ?? "", parse(JSON.stringify(it))])) });
  };
  assert.equal(await three([]), "valid W40");
  assert.equal(await three(["suspension"]), "invalid W40 E52");
  assert.equal(await three(["revocation", "refresh"]), "invalid W40 E51");
  assert.equal(await three(["revocation", "suspension", "refresh"]), "invalid W40 E52 E51");
  const now = NOW + 30 * 86_400;
  assert.equal(await said(signed(), { now }), "unconfirmed W50 W40");
});

test("no changed character of the JSON text is valid", async () => {
  const check = await checkWith(BUNDLE);
  const text = JSON.stringify(signed());
  for (let at = 0; at < text.length; at += 7) {
    const changed = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1);
    const { result, code } = await verifyDocument(check, changed);
    assert.notEqual(result, "valid", `${at}: ${code}`);
  }
});

test("the published eddsa-jcs-2022 vector holds", async (t) => {
  const path = "../../../shared/data/credentials/vectors/eddsa-jcs-2022/signedJCS.json";
  if (!existsSync(path)) {
    console.log(`SKIPPED: ${path} does not stand beside the project`);
    t.skip("no data folder beside the project");
    return;
  }
  const document = parse(readFileSync(path, "utf8")) as JsonObject;
  const key = fromMultikey("z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2");
  for (const engine of await engines()) {
    const proof = proofOf(document);
    const signature = signatureOf(proof);
    assert.ok(key && signature);
    assert.ok(await holds(engine, document, proof, signature, key));
    assert.ok(!(await holds(engine, { ...document, id: "x" }, proof, signature, key)));
  }
});
