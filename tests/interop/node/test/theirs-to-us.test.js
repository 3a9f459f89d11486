// Documents that their library signs, under a trust bundle made in JavaScript: ours accepts the good
// ones and gives each bad one the code of docs/VERIFY.md, now behind signatures that do hold.

import {spawnSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {setBits, sign, theirs, why} from '../lib/theirs.js';
import {
  bundle, didDocuments, keys, list, NOW, RIVAL, signWithNode, unsigned, when,
} from '../lib/province.js';
import {BIN, loader, ours, said, seeded, Tally, WORK, withShared} from '../lib/world.js';

const trust = bundle('trust');
const clear = await Promise.all([1, 2, 3].map(n => list(n)));
const HOUR = 3_600_000;
const issued = async (change = () => {}, key = keys.credential, position = 900) => {
  const document = unsigned(position);
  change(document);
  return sign(document, key);
};

test('what they sign is valid here', async () => {
  const tally = new Tally('xuefen verify accepts what @digitalbazaar/vc signs');
  const good = await issued();
  tally.equal('credential', said(ours([good], {trust, lists: clear})[0]), 'OK W40');
  ours(clear, {trust}).forEach((report, n) => tally.equal(`list ${n + 1}`, said(report), 'OK'));
  const other = await list(1, {set: [0, 94_566, 94_568, 131_071]});
  tally.equal('neighbours of the bit', said(ours([good], {trust, lists: [other, clear[1], clear[2]]})[0]),
    'OK W40');
  for(const [index, byte] of [[0, 'first'], [7, 'eighth'], [131_071, 'last']]) {
    const edge = await issued(it => it.credentialStatus.forEach(status => {
      status.statusListIndex = String(index);
    }));
    tally.equal(`${byte} bit clear`, said(ours([edge], {trust, lists: clear})[0]), 'OK W40');
    const set = await list(1, {set: [index]});
    tally.equal(`${byte} bit set`, said(ours([edge], {trust, lists: [set, clear[1], clear[2]]})[0]),
      'E50 E50,W40');
  }
  const sets = [[1, 'E50'], [2, 'E52'], [3, 'E51']];
  for(const [n, code] of sets) {
    const lists = [...clear];
    lists[n - 1] = await list(n, {set: [94_567]});
    tally.equal(`bit set in list ${n}`, said(ours([good], {trust, lists})[0]), `${code} ${code},W40`);
  }
  const both = [await list(1, {set: [94_567]}), clear[1], await list(3, {set: [94_567]})];
  tally.equal('refresh takes the place of revocation', said(ours([good], {trust, lists: both})[0]),
    'E51 E51,W40');
  const one = {...good, proof: [good.proof]};
  tally.equal('an array of one proof', said(ours([one], {trust, lists: clear})[0]), 'OK W40');
  const old = await issued(() => {}, keys.retired, 500);
  tally.equal('a retired key, in its window', said(ours([old], {trust, lists: clear})[0]), 'OK W40');
  tally.end();
});

withShared(() => test('both say the same of what they sign', async () => {
  const tally = new Tally('both agree on documents of a second province');
  const documents = didDocuments();
  const revoked = await list(1, {set: [94_567]});
  for(const [name, lists, bits, code] of [
    ['in force', clear, '', 'OK'], ['revoked', [revoked, clear[1], clear[2]], 'revocation', 'E50']]) {
    lists.forEach(it => documents.set(it.id, it));
    const good = await issued();
    const result = await theirs(good, loader(documents));
    tally.equal(`${name}, theirs`, `${result.verified} ${setBits(result)} ${why(result)}`, `true ${bits} `);
    tally.equal(`${name}, ours`, ours([good], {trust, lists})[0].code, code);
  }
  tally.end();
}));

test('what they sign and must not pass has its code', async () => {
  const tally = new Tally('xuefen verify: bad documents under good signatures, code by rule');
  const check = async (what, wanted, document, {lists = clear, file = trust} = {}) => {
    const [report] = ours([await document], {trust: file, lists});
    tally.equal(what, report.code, wanted);
  };
  const set = (path, value) => it => {
    const parent = path.slice(0, -1).reduce((at, name) => at[name], it);
    value === undefined ? delete parent[path.at(-1)] : parent[path.at(-1)] = value;
  };
  // Step 5 and 8: undefined members and the data model.
  await check('undefined member', 'E21', issued(set(['credentialSubject', 'achievement', 'image'], 'x')));
  await check('id is no uuid', 'E03', issued(set(['id'], 'urn:uuid:0F0E3A52-9A2E-4D19-9D7E-2F7F0B1C5A11')));
  await check('no evidence', 'E03', issued(set(['evidence'])));
  await check('two positions', 'E03', issued(it => it.evidence.push({...it.evidence[0]})));
  await check('position with a zero in front', 'E03', issued(set(['evidence', 0, 'id'],
    'https://xf.example.org/log/proof/0900')));
  await check('position of another host', 'E03', issued(set(['evidence', 0, 'id'],
    'https://other.example.org/log/proof/900')));
  await check('criteria lacking', 'E03', issued(set(['credentialSubject', 'achievement', 'criteria'])));
  // The published OB schema wants one object here; an array and an object count alike for ours.
  await check('one status that is no array', 'OK',
    issued(it => Object.assign(it, {credentialStatus: it.credentialStatus[0]})));
  await check('name of no length', 'E03', issued(set(['name'], '')));
  await check('validUntil before validFrom', 'E03',
    issued(it => Object.assign(it, {validFrom: when(NOW - HOUR)})).then(async () => {
      const document = unsigned();
      document.validUntil = when(NOW - 2 * HOUR);
      return signAnyway(document);
    }));
  // Step 6 and 9: who signed.
  await check('issuer unknown', 'E10', issued(set(['issuer', 'id'], 'did:web:xf.example.org:i:9')));
  await check('key unknown, position of then', 'E20', issued(() => {}, keys.unknown, 900));
  await check('key unknown, position newer', 'E10', issued(() => {}, keys.unknown, 1001));
  await check('assertion key', 'E22', issued(() => {}, keys.assertion));
  await check("a rival's key", 'E22', issued(() => {}, keys.rival));
  await check("a rival's name", 'E22', issued(set(['issuer', 'id'], RIVAL)));
  // S1 to S3: suspended, windows, dates.
  const file = name => change => bundle(name, change);
  await check('issuer suspended', 'E11', issued(), {file: file('suspended')(it => {
    it.issuers[1].suspended = 950;
  })});
  await check('before the key was activated', 'E30', issued(() => {}, keys.credential, 10));
  await check('first position of the key', 'OK', issued(() => {}, keys.credential, 11));
  await check('after the key was retired', 'E30', issued(() => {}, keys.retired, 501));
  await check('disputed range', 'E12', issued(() => {}, keys.credential, 605));
  await check('stolen key, before the cut-off, no receipt', 'E12', issued(() => {}, keys.stolen, 399));
  await check('stolen key, after the cut-off', 'E12', issued(() => {}, keys.stolen, 450));
  await check('expired', 'E31', signAnyway({...unsigned(), validUntil: when(NOW - 60_000)}));
  await check('not yet valid', 'E32', signAnyway({...unsigned(), validFrom: when(NOW + HOUR)}));
  // The bundle's own age is said once, and is no fault of a list that was fetched under it.
  const held = change => it => {
    it.issuers[1].status = clear.map((list, n) => ({
      url: list.id, purpose: ['revocation', 'suspension', 'refresh'][n],
      gzip: list.credentialSubject.encodedList, position: 900, at: when(NOW - HOUR)}));
    change(it);
  };
  const ahead = file('ahead')(held(it => {
    it.issued_at = when(NOW + HOUR);
  }));
  const old = file('old')(held(it => {
    it.issued_at = when(NOW - 169 * HOUR);
  }));
  await check("lists of the bundle's own", 'OK', issued(), {lists: [], file: file('held')(held(() => {}))});
  for(const [what, trustFile] of [['clock before the bundle', ahead], ['bundle too old', old]]) {
    await check(what, 'W50', issued(), {lists: [], file: trustFile});
    await check(`${what}, lists fetched`, 'W50', issued(), {file: trustFile});
  }
  await check("the bundle's list is old", 'W50', issued(), {lists: [], file: file('old-list')(held(it => {
    it.issuers[1].status[1].at = when(NOW - 169 * HOUR);
  }))});
  const revoked = await list(1, {set: [94_567]});
  await check("bit set in the bundle's list", 'E50', issued(), {lists: [], file: file('bit')(held(it => {
    it.issuers[1].status[0].gzip = revoked.credentialSubject.encodedList;
  }))});
  // S5: status.
  const withList = async (n, options) => {
    const lists = [...clear];
    lists[n - 1] = await list(n, options);
    return {lists};
  };
  await check('no list at hand', 'E53', issued(), {lists: []});
  await check('two of three lists', 'E53', issued(), {lists: clear.slice(0, 2)});
  await check('no status where one must be', 'E53', issued(set(['credentialStatus'])));
  await check('no status where none need be', 'OK', issued(set(['credentialStatus'])),
    {file: file('free')(it => {
      it.issuers[1].status_required = false;
    })});
  await check('status of another type', 'E04',
    issued(set(['credentialStatus', 0, 'type'], 'StatusList2021Entry')));
  await check('purpose message', 'E04', issued(set(['credentialStatus', 0, 'statusPurpose'], 'message')));
  await check('status id is the list', 'E04',
    issued(set(['credentialStatus', 0, 'id'], 'https://xf.example.org/status/7/1')));
  await check('index with a zero in front', 'E04',
    issued(set(['credentialStatus', 0, 'statusListIndex'], '094567')));
  await check('index beyond the list', 'E54',
    issued(set(['credentialStatus', 0, 'statusListIndex'], '131072')));
  await check('purpose of the list is another', 'E54', issued(),
    await withList(1, {purpose: 'suspension'}));
  await check('list too short', 'E54', issued(), await withList(1, {length: 131_064}));
  await check('list of another issuer', 'E54', issued(),
    await withList(1, {key: keys.rival, issuer: RIVAL}));
  await check('list by the assertion key', 'E54', issued(), await withList(1, {key: keys.assertion}));
  await check('list by a retired key', 'E54', issued(), await withList(1, {key: keys.retired}));
  await check('list with a stranger', 'E54', issued(), await withList(1, {change: it => {
    it.name = 'x';
  }}));
  await check('list in base64url with padding', 'E54', issued(), await withList(1, {change: it => {
    it.credentialSubject.encodedList += '=';
  }}));
  const stale = {change: it => Object.assign(it, {validFrom: when(NOW - 169 * HOUR)})};
  await check('stale list, bit clear', 'W50', issued(), await withList(1, stale));
  await check('stale list, bit set', 'E50', issued(), await withList(1, {...stale, set: [94_567]}));
  // Proofs of theirs that are not ours.
  const good = await issued();
  await check('a set of proofs', 'E04', {...good, proof: [good.proof, good.proof]});
  await check('no proof', 'E20', (({proof: _left, ...bare}) => bare)(good));
  tally.end();
});

withShared(() => test('what their verifier refuses in a well-signed document', async () => {
  const tally = new Tally('odd documents under good signatures: theirs refuses, ours is E03');
  const documents = didDocuments();
  clear.forEach(it => documents.set(it.id, it));
  for(const [what, change, proof] of [
    ['validFrom without seconds', {validFrom: '2026-02-03T23:59Z'}],
    ['validFrom in small letters', {validFrom: '2026-02-03t23:59:00z'}],
    ['validFrom with a zone by name', {validFrom: '2099-02-03T23:59:00+08:00[Asia/Shanghai]'}],
    ['proof.created is no date', {}, {created: 'yesterday'}],
    ['proof.created is a number', {}, {created: 7}],
    ['credentialSubject.id is no URL',
      {credentialSubject: {...unsigned().credentialSubject, id: 'not a URL at all'}}],
  ]) {
    const document = signWithNode({...unsigned(), ...change}, keys.credential.id, 'credential', proof);
    tally.equal(`${what}, theirs`, (await theirs(document, loader(documents))).verified, false);
    tally.equal(`${what}, ours`, said(ours([document], {trust, lists: clear})[0]), 'E03 E03');
  }
  const plain = signWithNode(unsigned(), keys.credential.id, 'credential');
  tally.equal('the positive, theirs', (await theirs(plain, loader(documents))).verified, true);
  tally.equal('the positive, ours', said(ours([plain], {trust, lists: clear})[0]), 'OK W40');
  tally.end();
}));

/** Their library refuses to issue some documents; signed past its checks, with their suite all the same. */
async function signAnyway(document) {
  const {DataIntegrityProof} = await import('@digitalbazaar/data-integrity');
  const {createSignCryptosuite} = await import('@digitalbazaar/eddsa-jcs-2022-cryptosuite');
  const {default: jsigs} = await import('jsonld-signatures');
  return jsigs.sign(structuredClone(document), {
    suite: new DataIntegrityProof({signer: keys.credential.signer(), cryptosuite: createSignCryptosuite()}),
    purpose: new jsigs.purposes.AssertionProofPurpose(), documentLoader: loader(),
  });
}

test('a bundle that does not hold gives no verdict', async () => {
  const tally = new Tally('xuefen verify: our JavaScript trust bundle, broken: exit 1');
  const document = join(WORK, 'own-good.json');
  writeFileSync(document, JSON.stringify(await issued()));
  const run = file => spawnSync(BIN, ['verify', '--json', '--trust', file, document], {encoding: 'utf8'});
  tally.equal('by an institution key', run(bundle('by-7', () => {}, ['credential', keys.credential.id])).status, 1);
  tally.equal('signed by another key', run(bundle('forged', () => {}, ['rival', keys.bundle.id])).status, 1);
  tally.equal('retired bundle key', run(bundle('retired', it => {
    it.issuers[0].keys[0].retired = 5;
  })).status, 1);
  tally.equal('a member lacking', run(bundle('lacking', it => {
    delete it.issuers[1].suspended;
  })).status, 1);
  tally.equal('a stranger is let be', run(bundle('grown', it => {
    it.comment = 'x';
  })).stdout.includes('"E53"'), true);
  const newer = bundle('newer', it => {
    it.version = 2;
  });
  const follow = (held, next) => spawnSync(BIN,
    ['verify', '--json', '--trust', held, '--newer', next, document], {encoding: 'utf8'}).status;
  tally.equal('a newer one follows', follow(trust, newer), 4);
  tally.equal('an older one does not', follow(newer, trust), 1);
  tally.end();
});

test('canonicalize and ours agree on numbers and letters', async () => {
  const tally = new Tally('JCS differential: signed with canonicalize, read by ours');
  const random = seeded(20_261_125);
  const letters = () => {
    let out = '';
    const length = 1 + random(40);
    while(out.length < length) {
      const point = [random(0x80), random(0x800), random(0x10000), 0x10000 + random(0x100000)][random(4)];
      out += point >= 0xd800 && point < 0xe000 ? '"\\' : String.fromCodePoint(point);
    }
    return out;
  };
  const view = new DataView(new ArrayBuffer(8));
  const number = () => {
    for(;;) {
      if(random(3) === 0) {
        return random(100_000) / 1000;
      }
      view.setUint32(0, random(2 ** 32));
      view.setUint32(4, random(2 ** 32));
      const value = view.getFloat64(0);
      if(Number.isFinite(value) && Math.abs(value) < 2 ** 53) {
        return value;
      }
    }
  };
  const edges = [0, -0, 5e-324, 1e-7, 0.000001, 0.1, 0.1 + 0.2, 2.5, 3, 1e15 + 0.5, 2 ** 53 - 1,
    -(2 ** 53 - 1), 123456789.123456789, 1.7976931348623157e-300];
  const documents = [];
  for(let n = 0; n < 1000; n += 1) {
    const credits = edges[n] ?? number();
    documents.push(await issued(it => {
      it.name = letters();
      it.credentialSubject.achievement.description = letters();
      it.credentialSubject.achievement.creditsAvailable = credits;
    }));
  }
  ours(documents, {trust, lists: clear}).forEach((report, n) => tally.equal(
    JSON.stringify(documents[n].credentialSubject.achievement.creditsAvailable)
      + JSON.stringify(documents[n].name), report.code, 'OK'));
  tally.end();
});
