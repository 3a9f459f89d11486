// A document under a did:key, as the crate affinidi-data-integrity wants it (docs/INTEROP.md): signed by
// theirs, hashed alike by canonicalize, accepted by ours where a bundle names that DID. Left in INTEROP_WORK.

import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {bundle, list, unsigned} from '../lib/province.js';
import {sign, testKey} from '../lib/theirs.js';
import {holds, ours, said, Tally, WORK} from '../lib/world.js';

test('a document under a did:key', async () => {
  const tally = new Tally('did:key: signed by theirs, one hash, valid here');
  const {publicKeyMultibase} = await testKey('did-key', 'did:key:x', 'did:key:x#x');
  const did = `did:key:${publicKeyMultibase}`;
  const kid = `${did}#${publicKeyMultibase}`;
  const key = await testKey('did-key', did, kid);
  const document = await sign({...unsigned(), issuer: {id: did, type: ['Profile'], name: 'x'}}, key);
  writeFileSync(join(WORK, 'did-key.json'), JSON.stringify(document));
  tally.case('canonicalize and node:crypto', holds(document, publicKeyMultibase), 'does not hold');
  const trust = bundle('did-key', it => {
    it.issuers[1].did = did;
    it.issuers[1].keys = [{...it.issuers[1].keys[1], kid, pub: publicKeyMultibase}];
  });
  const lists = await Promise.all([1, 2, 3].map(n => list(n, {key, issuer: did})));
  tally.equal('ours', said(ours([document], {trust, lists})[0]), 'OK W40');
  tally.end();
});
