// A small province of our own, in JavaScript alone: a registrar, an issuer, a rival, their keys, and a
// trust bundle signed by the registrar. No line of Xuefen's Rust takes part in making it.

import {createHash, createPrivateKey, sign as nodeSign} from 'node:crypto';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {createCredential, createList} from '@digitalbazaar/vc-bitstring-status-list';
import {hashData, HOST, toBase58, WORK} from './world.js';
import {sign, testKey} from './theirs.js';

export const DID = `did:web:${HOST}:i:7`;
export const RIVAL = `did:web:${HOST}:i:8`;
export const NOW = Date.now();
export const when = ms => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
const HOUR = 3_600_000;

export const keys = {
  bundle: await testKey('registrar', `did:web:${HOST}`, `did:web:${HOST}#registrar-2026-1`),
  log: await testKey('log', `did:web:${HOST}`, `did:web:${HOST}#checkpoint-2026-1`),
  assertion: await testKey('assertion', DID, `${DID}#key-2026-1`),
  credential: await testKey('credential', DID, `${DID}#credential-2026-1`),
  retired: await testKey('retired', DID, `${DID}#credential-2025-1`),
  stolen: await testKey('stolen', DID, `${DID}#credential-2024-1`),
  rival: await testKey('rival', RIVAL, `${RIVAL}#credential-2026-1`),
  unknown: await testKey('unknown', DID, `${DID}#credential-2027-1`),
};

const entry = (key, use, window = {}) => ({
  kid: key.id, pub: key.publicKeyMultibase, use, custody: 'platform', activated: 10,
  retired: null, not_valid_after: null, ...window,
});

/** `did.json` of an issuer and its methods by address, for their loader. */
export function didDocuments() {
  const documents = new Map();
  for(const [did, own] of [
    [DID, [keys.assertion, keys.credential, keys.retired, keys.stolen, keys.unknown]], [RIVAL, [keys.rival]]]) {
    documents.set(did, {
      '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
      id: did,
      verificationMethod: own.map(key => ({
        id: key.id, type: 'Multikey', controller: did, publicKeyMultibase: key.publicKeyMultibase})),
      assertionMethod: own.map(key => key.id),
    });
    for(const key of own) {
      documents.set(key.id, {
        '@context': 'https://w3id.org/security/multikey/v1', id: key.id, type: 'Multikey',
        controller: did, publicKeyMultibase: key.publicKeyMultibase,
      });
    }
  }
  return documents;
}

const seedOf = name => createHash('sha256').update(`xuefen interop ${name}`).digest();
const pkcs8 = seed => createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
  format: 'der', type: 'pkcs8',
});

/** Signs with node alone and the test key `name`: for what their library does not sign. */
export function signWithNode(document, kid, name, change = {}) {
  const proof = {
    type: 'DataIntegrityProof', cryptosuite: 'eddsa-jcs-2022', created: when(NOW - 60_000),
    verificationMethod: kid, proofPurpose: 'assertionMethod', ...change,
  };
  const signature = nodeSign(null, hashData({...document, proof}), pkcs8(seedOf(name)));
  return {...document, proof: {...proof, proofValue: `z${toBase58(signature)}`}};
}

/** Writes a signed bundle and gives its file; `change` may edit it before it is signed. */
export function bundle(name, change = () => {}, signer = ['registrar', keys.bundle.id]) {
  const body = {
    version: 1, issued_at: when(NOW - 60_000), position: 1000,
    log: {origin: `${HOST}/log/1`, key: keys.log.publicKeyMultibase, alg: 'EdDSA', hash: 'SHA-256'},
    witnesses: [], quorum: 0, age_policy: {plain_hours: 24, unknown_hours: 168},
    issuers: [
      {id: 0, did: `did:web:${HOST}`, name: 'Test registrar', custody: 'own', suspended: null,
        status_required: true, disputed: [], keys: [entry(keys.bundle, 'bundle', {activated: 0})], status: []},
      {id: 7, did: DID, name: '示例大学', custody: 'platform', suspended: null, status_required: true,
        disputed: [[600, 610]], status: [],
        keys: [entry(keys.assertion, 'assertion'), entry(keys.credential, 'credential'),
          entry(keys.retired, 'credential', {retired: 500}),
          entry(keys.stolen, 'credential', {retired: 700, not_valid_after: 400})]},
      {id: 8, did: RIVAL, name: 'Rival', custody: 'platform', suspended: null, status_required: true,
        disputed: [], keys: [entry(keys.rival, 'credential')], status: []},
    ],
  };
  change(body);
  const file = join(WORK, `own-${name}.json`);
  writeFileSync(file, JSON.stringify(signWithNode(body, signer[1], signer[0])));
  return file;
}

/** A credential of our shape, unsigned. */
export const unsigned = (position = 900) => ({
  '@context': ['https://www.w3.org/ns/credentials/v2',
    'https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json',
    'https://purl.imsglobal.org/spec/ob/v3p0/extensions.json'],
  id: 'urn:uuid:0f0e3a52-9a2e-4d19-9d7e-2f7f0b1c5a11',
  type: ['VerifiableCredential', 'OpenBadgeCredential'],
  name: '社区急救',
  issuer: {id: DID, type: ['Profile'], name: '示例大学'},
  validFrom: when(NOW - HOUR),
  credentialSubject: {
    id: 'did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2',
    type: ['AchievementSubject'],
    achievement: {
      id: 'urn:uuid:4b4f7d2e-76f5-4d10-a5b8-30e4ab8d53f1', type: ['Achievement'], name: '社区急救',
      description: 'First aid', criteria: {narrative: '48 学时'}, achievementType: 'Course',
      creditsAvailable: 2.5, inLanguage: 'zh-CN',
    },
  },
  credentialStatus: ['revocation', 'suspension', 'refresh'].map((statusPurpose, n) => ({
    id: `https://${HOST}/status/7/${n + 1}#94567`, type: 'BitstringStatusListEntry', statusPurpose,
    statusListIndex: '94567', statusListCredential: `https://${HOST}/status/7/${n + 1}`,
  })),
  evidence: [{id: `https://${HOST}/log/proof/${position}`, type: ['Evidence'], genre: 'log-position'}],
});

/** A status list that their library builds and signs. */
export async function list(n, {set = [], length = 131_072, key = keys.credential, issuer = DID,
  purpose = ['revocation', 'suspension', 'refresh'][n - 1], change = () => {}} = {}) {
  const bits = await createList({length});
  set.forEach(index => bits.setStatus(index, true));
  const document = await createCredential(
    {id: `https://${HOST}/status/7/${n}`, list: bits, statusPurpose: purpose});
  Object.assign(document, {issuer, validFrom: when(NOW - HOUR), validUntil: when(NOW + 24 * HOUR)});
  change(document);
  return sign(document, key);
}
