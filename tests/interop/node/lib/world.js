// What every test stands on: the demo that run.sh serves, the published contexts and schemas, the
// command line under test, and a document loader that knows no network but the demo's loop-back door.

import {execFileSync, spawnSync} from 'node:child_process';
import {createHash, createPublicKey, verify} from 'node:crypto';
import {appendFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import canonicalize from 'canonicalize';

export const HOST = 'xf.example.org';

const need = name => {
  const value = process.env[name];
  if(!value) {
    throw new Error(`${name} is not set: start these tests with tests/interop/run.sh`);
  }
  return value;
};

export const BIN = need('XF_BIN');
export const WORK = need('INTEROP_WORK');
export const BASE = need('XF_BASE');
export const TRUST = join(WORK, 'trust.json');

export const text = name => readFileSync(join(WORK, name), 'utf8');
export const json = name => JSON.parse(text(name));
export const clone = value => structuredClone(value);
export const ready = () => json('ready.json');

// The published files are nobody's to copy: they are read where they stand beside the project.
export const SHARED = join(process.env.XF_SHARED ?? '', 'data', 'credentials');
const published = name => JSON.parse(readFileSync(join(SHARED, name), 'utf8'));
export const haveShared = existsSync(join(SHARED, 'contexts'));
export const schema = name => published(join('schemas', name));

const CONTEXTS = {
  'https://www.w3.org/ns/credentials/v2': 'credentials-v2.jsonld',
  'https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json': 'ob-v3p0-3.0.3.json',
  'https://purl.imsglobal.org/spec/ob/v3p0/extensions.json': 'ob-v3p0-extensions.json',
  'https://w3id.org/security/data-integrity/v2': 'data-integrity-v2.jsonld',
  'https://w3id.org/security/multikey/v1': 'multikey-v1.jsonld',
  'https://www.w3.org/ns/did/v1': 'did-v1.jsonld',
};

/** Defines tests that need the published files; without them says aloud that they are left out. */
export function withShared(define) {
  if(haveShared) {
    define();
  } else {
    // run.sh has ended with 1 before this if CI=true.
    console.error('SKIPPED: a test of the published contexts and schemas, which are not here');
  }
}

/**
 * A loader of pinned contexts and of the demo's doors; `own` holds documents by address and goes first.
 * A DID URL with a fragment gives its method, as the library's key lookup asks for it.
 */
export function loader(own = new Map()) {
  const fetched = new Map();
  const door = async path => {
    if(!fetched.has(path)) {
      const answer = await fetch(BASE + path, {redirect: 'error'});
      if(!answer.ok) {
        throw new Error(`${path}: ${answer.status}`);
      }
      fetched.set(path, await answer.json());
    }
    return clone(fetched.get(path));
  };
  const find = async url => {
    if(own.has(url)) {
      return clone(own.get(url));
    }
    if(CONTEXTS[url]) {
      return published(join('contexts', CONTEXTS[url]));
    }
    if(url.startsWith(`https://${HOST}/`)) {
      return door(url.slice(`https://${HOST}`.length));
    }
    const did = url.split('#')[0];
    if(did === `did:web:${HOST}`) {
      return door('/.well-known/did.json');
    }
    if(did.startsWith(`did:web:${HOST}:`)) {
      return door(`/${did.split(':').slice(3).join('/')}/did.json`);
    }
    throw new Error(`nothing is known at ${url}`);
  };
  return async url => {
    let document = await find(url);
    if(url.startsWith('did:') && url.includes('#') && document.id !== url) {
      const method = document.verificationMethod.find(({id}) => id === url);
      if(!method) {
        throw new Error(`no method ${url}`);
      }
      document = {'@context': 'https://w3id.org/security/multikey/v1', ...method};
    }
    return {contextUrl: null, documentUrl: url, document};
  };
}

/** Runs `xuefen verify --json` once over many inputs; answers are in the order of the inputs. */
export function ours(inputs, {trust = TRUST, lists = []} = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'xf-interop-'));
  const files = inputs.map((input, n) => {
    const file = join(dir, `${n}`);
    writeFileSync(file, typeof input === 'string' || Buffer.isBuffer(input) ? input : JSON.stringify(input));
    return file;
  });
  const listed = lists.flatMap((list, n) => {
    const file = join(dir, `list-${n}`);
    writeFileSync(file, JSON.stringify(list));
    return ['--list', file];
  });
  const run = spawnSync(
    BIN, ['verify', '--json', '--offline', '--trust', trust, ...listed, ...files],
    {encoding: 'utf8', maxBuffer: 1 << 28});
  const reports = run.stdout.split('\n').filter(Boolean).map(line => JSON.parse(line).report);
  if(reports.length !== inputs.length) {
    throw new Error(`${reports.length} of ${inputs.length} answers, exit ${run.status}: ${run.stderr}`);
  }
  const worst = reports.some(it => it.result === 'invalid') ? 3
    : reports.some(it => it.result === 'unconfirmed') ? 4 : 0;
  if(run.status !== worst) {
    throw new Error(`exit ${run.status}, but the answers ask for ${worst}`);
  }
  execFileSync('rm', ['-rf', dir]);
  return reports;
}

/** `OK W40`, `E50 E50,W40`: the code, then everything found. */
export const said = report => `${report.code} ${report.findings.map(it => it.code).sort().join(',')}`.trim();

/** Counts cases of one row of the table, and fails the test at its end if one of them failed. */
export class Tally {
  constructor(row) {
    this.row = row;
    this.passed = 0;
    this.wrong = [];
  }

  case(what, good, seen = '') {
    if(good) {
      this.passed += 1;
    } else {
      this.wrong.push(`${what}: ${seen}`);
    }
  }

  equal(what, seen, wanted) {
    this.case(what, seen === wanted, `${seen}, not ${wanted}`);
  }

  end() {
    appendFileSync(join(WORK, 'counts.tsv'),
      `${this.row}\t${this.passed}\t${this.wrong.length}\n`);
    if(this.passed + this.wrong.length === 0) {
      throw new Error(`${this.row}: no case ran`);
    }
    if(this.wrong.length > 0) {
      const shown = this.wrong.slice(0, 20).join('\n');
      throw new Error(`${this.row}: ${this.wrong.length} wrong, ${this.passed} right\n${shown}`);
    }
  }
}

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** Base58btc written a second time, so that no library is judge of itself. */
export function base58(string) {
  let number = 0n;
  for(const letter of string) {
    const digit = ALPHABET.indexOf(letter);
    if(digit < 0) {
      throw new Error(`no base58: ${letter}`);
    }
    number = number * 58n + BigInt(digit);
  }
  const hex = number.toString(16);
  const zeros = string.match(/^1*/)[0].length;
  const bytes = number === 0n ? Buffer.alloc(0) : Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex');
  return Buffer.concat([Buffer.alloc(zeros), bytes]);
}

export function toBase58(bytes) {
  let number = BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`);
  let out = '';
  while(number > 0n) {
    out = ALPHABET[Number(number % 58n)] + out;
    number /= 58n;
  }
  for(const byte of bytes) {
    if(byte !== 0) {
      break;
    }
    out = `1${out}`;
  }
  return out;
}

/** The raw 32 bytes of an Ed25519 Multikey. */
export function rawKey(multikey) {
  const bytes = base58(multikey.slice(1));
  if(multikey[0] !== 'z' || bytes.length !== 34 || bytes[0] !== 0xed || bytes[1] !== 0x01) {
    throw new Error(`no Ed25519 Multikey: ${multikey}`);
  }
  return bytes.subarray(2);
}

export const ed25519 = raw => createPublicKey({
  key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]), format: 'der', type: 'spki',
});

const sha = value => createHash('sha256').update(canonicalize(value), 'utf8').digest();

/** What eddsa-jcs-2022 signs, by the package `canonicalize` and node's SHA-256 alone. */
export function hashData(document) {
  const {proof: {proofValue: _left, ...config}, ...bare} = document;
  return Buffer.concat([sha(config), sha(bare)]);
}

/** Whether node's own Ed25519 accepts the proof of `document` under `multikey`. */
export const holds = (document, multikey) => verify(
  null, hashData(document), ed25519(rawKey(multikey)), base58(document.proof.proofValue.slice(1)));

/** The key that a trust bundle lists under this name. */
export const keyOf = (bundle, kid) => bundle.issuers.flatMap(it => it.keys).find(it => it.kid === kid);

/** COSE bytes of an XF-QR/1 text (STANDARDS §9). */
export function coseOf(address) {
  const digits = address.slice(`https://${HOST}/q#1`.length);
  const tails = {0: 0, 3: 1, 5: 2, 8: 3, 10: 4, 13: 5, 15: 6};
  const out = [];
  for(let at = 0; at < digits.length; at += 17) {
    const group = digits.slice(at, at + 17);
    const length = group.length === 17 ? 7 : tails[group.length];
    const hex = BigInt(group).toString(16).padStart(length * 2, '0');
    if(length === undefined || hex.length !== length * 2) {
      throw new Error(`bad group ${group}`);
    }
    out.push(Buffer.from(hex, 'hex'));
  }
  return Buffer.concat(out);
}

export function textOf(cose) {
  const lengths = [0, 3, 5, 8, 10, 13, 15, 17];
  let digits = '';
  for(let at = 0; at < cose.length; at += 7) {
    const group = cose.subarray(at, at + 7);
    digits += BigInt(`0x${group.toString('hex')}`).toString().padStart(lengths[group.length], '0');
  }
  return `https://${HOST}/q#1${digits}`;
}

/** Numbers that look random and are the same in every run. */
export function seeded(seed) {
  let state = seed >>> 0;
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 4294967296 * below);
  };
}
