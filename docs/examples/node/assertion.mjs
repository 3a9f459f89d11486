// Makes and signs assertions as docs/FORMAT.md has them; jose does the signing.
//
// A payload is signed as the bytes it is; nothing here sends, and nothing here is kept.

import {createHash, randomBytes} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {CompactSign, importPKCS8} from 'jose';

const b64url = bytes => Buffer.from(bytes).toString('base64url');
export const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

// RFC 8785: for text, integers and booleans (no floats), sorted members are all there is to it.
const jcs = value => JSON.stringify(value, (_, it) => it instanceof Object && !Array.isArray(it)
  ? Object.fromEntries(Object.keys(it).sort().map(name => [name, it[name]])) : it);

// A UUID of 16 bytes with version and variant set.
function uuidOf(bytes, version) {
  bytes[6] = bytes[6] & 0x0f | version << 4;
  bytes[8] = bytes[8] & 0x3f | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function bigEndian(number, length) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(number));
  return bytes.subarray(8 - length);
}

// FORMAT "Derived ids": the same parts are the same id, whoever computes it.
const uuidV8 = (domain, ...parts) => uuidOf(
  sha256(`${domain}\0`, ...parts.flatMap(part => [bigEndian(part.length, 8), part])).subarray(0, 16), 8);

// RFC 6962: a leaf is hashed behind 0x00, two nodes behind 0x01.
function merkleRoot(leaves) {
  if(leaves.length === 1) {
    return sha256('\0', leaves[0]);
  }
  const left = 2 ** (31 - Math.clz32(leaves.length - 1)); // the largest power of two below the number
  return sha256('\x01', merkleRoot(leaves.slice(0, left)), merkleRoot(leaves.slice(left)));
}

// The key of an institution, and what it knows of the log that it signs for.
export class Signer {
  static async of(keyFile, checkpoint) {
    const it = new Signer();
    const [, kid, seed] = readFileSync(keyFile, 'ascii').split('\n');
    // RFC 8410: an Ed25519 seed as PKCS #8 is these 16 bytes and the seed.
    const head = Buffer.from('302e020100300506032b657004220420', 'hex');
    const pkcs8 = Buffer.concat([head, Buffer.from(seed, 'base64url')]).toString('base64');
    it.key = await importPKCS8(`-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----`, 'EdDSA');
    it.kid = kid;
    it.number = Number(kid.split('#')[0].split(':').at(-1)); // did:web:<host>:i:<number>
    const [log, size, root] = checkpoint.split('\n');
    it.log = log;
    it.seen = {root: b64url(Buffer.from(root, 'base64')), size: Number(size)};
    return it;
  }

  // An assertion's payload; its id is new, so sign once and keep what was signed. Without `act`: the key is our own.
  payload(kind, data) {
    const now = Date.now();
    const id = uuidOf(Buffer.concat([bigEndian(now, 6), randomBytes(10)]), 7);
    return jcs({at: new Date(now).toISOString(), data, id, kind, log: this.log, seen: this.seen});
  }

  // Compact JWS of these bytes. jose writes the header's members in the order given here: that of JCS.
  async sign(payload) {
    const header = {alg: 'EdDSA', kid: this.kid, typ: 'xf-assertion+jws'};
    const jws = await new CompactSign(Buffer.from(payload)).setProtectedHeader(header).sign(this.key);
    if(!jws.startsWith(`${b64url(jcs(header))}.`)) {
      throw new Error('this jose writes another header');
    }
    return jws;
  }

  // One row: the payload, and behind it the disclosures of what never stands in the log.
  outcome({learner, record, code, title, grade, credits, completed_on}) {
    const opened = Object.entries({title, grade}).map(
      ([name, value]) => b64url(JSON.stringify([b64url(randomBytes(32)), name, value])));
    const person = Buffer.from(learner.replaceAll('-', ''), 'hex');
    const payload = this.payload('outcome.record.v1', {
      _sd: opened.map(text => b64url(sha256(text))).sort(),
      awarder: this.number, person: learner, record,
      outcome: uuidV8('xuefen/outcome', bigEndian(this.number, 4), Buffer.from(record), person),
      open: {category: 'general', code, completed_on, credits, kind: 'course', scheme: 'cn-he'},
    });
    return {payload, opened: `~${opened.join('~')}~`};
  }

  // What is to be sent of {payload, opened}: a body for each, or one for all of them.
  async bodies(rows, how) {
    if(how === 'batch') {
      const data = {count: rows.length, root: b64url(merkleRoot(rows.map(it => it.payload)))};
      return [JSON.stringify({
        envelope: await this.sign(this.payload('batch.submit.v1', data)),
        payloads: rows.map(it => b64url(it.payload) + it.opened),
      })];
    }
    const submissions = await Promise.all(rows.map(async it => await this.sign(it.payload) + it.opened));
    return how === 'one' ? submissions : [submissions.join('\n')];
  }
}
