// The code of a credential taken apart by cborg and node:crypto: the same bytes when written again, the
// signature of STANDARDS §9, and no flipped bit that anybody accepts. The texts come from zbarimg.

import {createHash, verify} from 'node:crypto';
import {test} from 'node:test';
import {decode, encode, rfc8949EncodeOptions, Token, Type} from 'cborg';
import {coseOf, ed25519, json, ours, rawKey, said, Tally, text, textOf} from '../lib/world.js';

const bundle = json('trust.json');
const AAD = Buffer.from('xuefen/qr/1');

class Tagged {
  constructor(value) {
    this.value = value;
  }
}
const read = bytes => decode(bytes, {
  strict: true, useMaps: true, rejectDuplicateMapKeys: true, allowUndefined: false, allowInfinity: false,
  allowNaN: false, tags: Object.assign([], {18: inside => new Tagged(inside())}),
});
const write = value => Buffer.from(encode(value, {...rfc8949EncodeOptions, typeEncoders: {
  Object: it => it instanceof Tagged ? [new Token(Type.tag, 18), inner(it.value)] : null,
}}));

function inner(value) {
  const token = (type, it, length) => new Token(type, it, length);
  if(Array.isArray(value)) {
    return [token(Type.array, value.length), ...value.map(inner)];
  }
  if(value instanceof Map) {
    return [token(Type.map, value.size), ...[...value].flatMap(pair => pair.map(inner))];
  }
  if(value instanceof Uint8Array) {
    return token(Type.bytes, value);
  }
  if(typeof value === 'string') {
    return token(Type.string, value);
  }
  return token(value < 0 ? Type.negint : Type.uint, value);
}

const sigStructure = ([head, , payload]) => write(['Signature1', head, AAD, payload]);
const kidOf = raw => createHash('sha256').update(raw).digest().subarray(0, 8);
const allKeys = bundle.issuers.flatMap(issuer => issuer.keys.map(key => ({issuer: issuer.id, ...key})));

const publicKeys = new Map(allKeys.map(key => [key.pub, ed25519(rawKey(key.pub))]));
const kids = new Map(allKeys.map(key => [kidOf(rawKey(key.pub)).toString('hex'), key]));

/** The key among `keys` under which the signature holds, by cborg and node alone. */
function signer(parts, keys = allKeys) {
  if(!(parts[1] instanceof Map)) {
    return undefined;
  }
  const data = sigStructure(parts);
  return keys.find(key => verify(null, data, publicKeys.get(key.pub), parts[3]));
}

test('cborg reads our codes strictly and writes the same bytes', () => {
  const tally = new Tally('cborg (strict): our COSE, byte for byte, and its signature');
  for(const name of ['qr-short.txt', 'qr-receipt.txt']) {
    const address = text(name).trim();
    const cose = coseOf(address);
    tally.equal(`${name}: digits`, textOf(cose), address);
    const {value: parts} = read(cose);
    tally.equal(`${name}: bytes`, write(new Tagged(parts)).toString('hex'), cose.toString('hex'));
    const [head, loose, payload, signature] = parts;
    for(const [what, part] of [['protected', head], ['payload', payload]]) {
      tally.equal(`${name}: ${what} bytes`, write(read(part)).toString('hex'), Buffer.from(part).toString('hex'));
    }
    const header = read(head);
    tally.equal(`${name}: protected`, [...header.keys()].join(), '1,4');
    tally.equal(`${name}: alg`, header.get(1), -8);
    const key = signer(parts);
    tally.equal(`${name}: key's use`, key?.use, 'credential');
    tally.equal(`${name}: kid`, Buffer.from(header.get(4)).toString('hex'),
      kidOf(rawKey(key.pub)).toString('hex'));
    const claims = read(payload);
    const own = claims.get(-65537);
    const document = json('good-0.json');
    tally.equal(`${name}: issuer`, own.get(1), key.issuer);
    tally.equal(`${name}: id`, Buffer.from(claims.get(7)).toString('hex'),
      document.id.slice(9).replaceAll('-', ''));
    tally.equal(`${name}: iat`, claims.get(6) * 1000, Date.parse(document.validFrom));
    tally.equal(`${name}: amount`, own.get(4) / 1000, document.credentialSubject.achievement.creditsAvailable);
    tally.equal(`${name}: status`, String(own.get(7)[1]), document.credentialStatus.statusListIndex);
    tally.equal(`${name}: position`, `https://xf.example.org/log/proof/${own.get(8)}`,
      document.evidence[0].id);
    tally.equal(`${name}: size`, cose.length <= (name === 'qr-short.txt' ? 183 : 958), true);
    tally.equal(`${name}: signature of 64`, signature.length, 64);
    if(name === 'qr-receipt.txt') {
      const [size, path, checkpoint] = loose.get(-65537);
      const sha = (...bytes) => createHash('sha256').update(Buffer.concat(bytes)).digest();
      // RFC 9162 §2.1.3.2, from the leaf hash in the signed claims to the root in the checkpoint.
      let [fn, sn, node] = [own.get(8), size - 1, Buffer.from(own.get(12))];
      for(const step of path) {
        const right = fn % 2 === 1 || fn === sn;
        node = right ? sha(Buffer.from([1]), step, node) : sha(Buffer.from([1]), node, step);
        while(right && fn % 2 === 0 && fn !== 0) {
          fn >>= 1;
          sn >>= 1;
        }
        fn >>= 1;
        sn >>= 1;
      }
      const lines = Buffer.from(checkpoint).toString().split('\n');
      tally.equal('receipt: path used up', sn, 0);
      tally.equal('receipt: origin', lines[0], bundle.log.origin);
      tally.equal('receipt: size', lines[1], String(size));
      tally.equal('receipt: root', node.toString('base64'), lines[2]);
      const note = Buffer.from(`${lines.slice(0, 3).join('\n')}\n`);
      const log = ed25519(rawKey(bundle.log.key));
      tally.case('receipt: checkpoint signature', lines.slice(4).some(line => {
        const signed = Buffer.from(line.split(' ')[2] ?? '', 'base64');
        return signed.length === 68 && verify(null, note, log, signed.subarray(4));
      }), 'none holds');
    } else {
      tally.equal('short: nothing unprotected', loose.size, 0);
    }
  }
  tally.end();
});

/** docs/VERIFY.md "A QR text", steps 5 to 7, for COSE bytes whose signature no longer holds. */
function expected(cose) {
  const same = bytes => {
    const value = read(bytes);
    if(!write(value).equals(Buffer.from(bytes))) {
      throw new Error('not deterministic');
    }
    return value;
  };
  const uint = value => Number.isInteger(value) && value >= 0;
  const bytes = (value, length) => value instanceof Uint8Array && (!length || value.length === length);
  const must = good => {
    if(!good) {
      throw new Error('another shape');
    }
  };
  try {
    must(cose[0] === 0xd2);
    const {value: parts} = read(cose);
    must(Array.isArray(parts) && parts.length === 4);
    must(write(new Tagged(parts)).equals(cose));
    const [head, loose, payload, signature] = parts;
    must(bytes(head) && loose instanceof Map && bytes(payload) && bytes(signature, 64));
    const header = same(head);
    must(header instanceof Map && header.size === 2 && header.has(1) && bytes(header.get(4), 8));
    must(Number.isInteger(header.get(1)));
    must(loose.size === 0 || (loose.size === 1 && Array.isArray(loose.get(-65537))));
    if(loose.size === 1) {
      const [size, path, checkpoint, ...more] = loose.get(-65537);
      must(more.length === 0 && uint(size) && Array.isArray(path) && path.length <= 64
        && path.every(it => bytes(it, 32)) && bytes(checkpoint));
    }
    const claims = same(payload);
    must(claims instanceof Map);
    for(const key of claims.keys()) {
      must([4, 5, 6, 7, -65537].includes(key) || (uint(key) && key >= 20));
    }
    if(claims.has(-65537)) {
      const own = claims.get(-65537);
      must(own instanceof Map);
      for(const key of own.keys()) {
        must(uint(key) && (key >= 20 || (key >= 1 && key <= 13)));
      }
    }
    if(header.get(1) !== -8) {
      return 'E04';
    }
    const kid = Buffer.from(header.get(4));
    if(kids.has(kid.toString('hex'))) {
      return 'E20';
    }
    const own = claims.get(-65537);
    const [issuer, position] = [own?.get(1), own?.get(8)];
    const known = bundle.issuers.some(it => it.id === issuer);
    return known && uint(position) && position <= bundle.position ? 'E20' : 'E10';
  } catch {
    return 'E01';
  }
}

test('no flipped bit of a code is accepted, by theirs or by ours', () => {
  const tally = new Tally('every bit of the short code flipped: cborg + node:crypto refuse, ours has the code');
  const cose = coseOf(text('qr-short.txt').trim());
  const flips = Array.from({length: cose.length * 8}, (_, bit) => {
    const copy = Buffer.from(cose);
    copy[bit >> 3] ^= 0x80 >> (bit & 7);
    return copy;
  });
  const reports = ours(flips.map(textOf));
  // The issuer's keys: the one that signed is among them. Trying all of the province's takes minutes.
  const {issuer} = signer(read(cose).value);
  const near = allKeys.filter(key => key.issuer === issuer);
  flips.forEach((flip, bit) => {
    let accepted = false;
    try {
      accepted = signer(read(flip).value, near) !== undefined;
    } catch {
      // Not even CBOR.
    }
    const code = expected(flip);
    const {code: seen, result} = reports[bit];
    tally.equal(`bit ${bit}`, `${accepted} ${seen} ${result !== 'valid'}`, `false ${code} true`);
  });
  tally.end();
});

test('texts that are no code of this profile', () => {
  const tally = new Tally('xuefen verify: texts near a code, code by rule');
  const address = text('qr-short.txt').trim();
  const cose = coseOf(address);
  const start = 'https://xf.example.org/q#';
  const full = Buffer.concat([cose, Buffer.alloc((7 - cose.length % 7) % 7, 0xff)]);
  const cases = [
    ['as it is', address, 'OK OK'], ['with a line end', `${address}\r\n`, 'OK OK'],
    ['profile 2', address.replace('#1', '#2'), 'E02'], ['no profile', start, 'E01'],
    ['a digit dropped', address.slice(0, -1), 'E01'], ['a digit added', `${address}0`, 'E01'],
    ['a letter', `${address.slice(0, -1)}a`, 'E01'], ['other host', address.replace('org', 'net'), 'E01'],
    ['http', address.replace('https', 'http'), 'E01'], ['other path', address.replace('/q#', '/Q#'), 'E01'],
    ['nothing', '', 'E00'], ['a trailing byte', textOf(Buffer.concat([cose, Buffer.from([0])])), 'E01'],
    ['group out of range', `${textOf(full).slice(0, start.length + 1)}99999999999999999${
      textOf(full).slice(start.length + 18)}`, 'E01'],
    ['indefinite length', textOf(Buffer.concat([Buffer.from([0xd2, 0x9f]), cose.subarray(2),
      Buffer.from([0xff])])), 'E01'],
    ['without its tag', textOf(cose.subarray(1)), 'E01'],
    ['tag twice', textOf(Buffer.concat([cose.subarray(0, 1), cose])), 'E01'],
  ];
  ours(cases.map(it => it[1])).forEach((report, n) => {
    const [what, , wanted] = cases[n];
    tally.equal(what, report.code, wanted.split(' ')[0]);
  });
  tally.equal('the receipt', said(ours([text('qr-receipt.txt')])[0]), 'OK');
  tally.end();
});
