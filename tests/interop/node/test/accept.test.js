// Ours under their verifier: proofs, status lists, JSON-LD, published schemas, canonical form.

import {test} from 'node:test';
import jsonld from 'jsonld';
import Ajv2019 from 'ajv/dist/2019.js';
import Ajv2020 from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import {setBits, theirs, why} from '../lib/theirs.js';
import {
  clone, holds, json, keyOf, loader, ours, ready, said, schema, Tally, withShared,
} from '../lib/world.js';

const {good, issuer} = ready();
const credentials = Array.from({length: good}, (_, n) => json(`good-${n}.json`));
const lists = [1, 2, 3].map(n => json(`list-${n}.json`));
const ended = {revoked: json('revoked.json'), suspended: json('suspended.json')};
const everything = [...credentials, ...lists, ...Object.values(ended)];
const bundle = json('trust.json');

withShared(() => {
  test('their verifier accepts our credentials, status checked', async () => {
    const tally = new Tally('@digitalbazaar/vc accepts our credentials');
    for(const credential of credentials) {
      const result = await theirs(credential);
      tally.case(credential.id, result.verified && result.statusResult.results.length === 1
        && setBits(result) === '', `${result.verified} ${setBits(result)} ${why(result)}`);
    }
    tally.end();
  });

  test('their verifier accepts our status lists', async () => {
    const tally = new Tally('@digitalbazaar/vc accepts our status lists');
    for(const list of lists) {
      const result = await theirs(list);
      tally.case(list.id, result.verified, why(result));
    }
    tally.end();
  });

  test('their checkStatus reads our ended credentials as we do', async () => {
    const tally = new Tally('vc-bitstring-status-list reads our set bits');
    // A document of ours names its revocation list; the suspension list beside it is our convention, so
    // theirs does not see that bit (docs/INTEROP.md).
    for(const [status, purpose, code] of [
      ['revoked', 'revocation', 'E50'], ['suspended', '', 'E52']]) {
      const result = await theirs(ended[status]);
      // Their `verified` speaks of proofs alone; a set bit stands in statusResult.
      tally.equal(`${status}, theirs`, `${result.verified} ${setBits(result)}`, `true ${purpose}`);
      tally.equal(`${status}, ours by the bundle`, said(ours([ended[status]])[0]), `${code} ${code},W40`);
      tally.equal(`${status}, ours by the lists`, said(ours([ended[status]], {lists})[0]),
        `${code} ${code},W40`);
    }
    tally.end();
  });

  test('no term of ours is undefined in JSON-LD', async () => {
    const tally = new Tally('jsonld expands ours in safe mode');
    for(const document of everything) {
      const grown = await jsonld.expand(document, {safe: true, documentLoader: loader()})
        .catch(error => error);
      tally.case(document.id, Array.isArray(grown) && grown.length === 1, grown.message);
    }
    // Safe mode does refuse: else the above says nothing.
    const odd = {...clone(credentials[0]), undefinedByAnyContext: 'x'};
    const refused = await jsonld.expand(odd, {safe: true, documentLoader: loader()})
      .catch(error => error.name);
    tally.equal('an undefined term is refused', refused, 'jsonld.ValidationError');
    tally.end();
  });

  test('the published schemas accept ours', () => {
    const tally = new Tally('ajv: published OB 3.0 and W3C schemas accept ours');
    const options = {strict: false, allErrors: true};
    const ob = formats(new Ajv2019(options))
      .compile(schema('ob_v3p0_achievementcredential_schema.json'));
    const w3c = formats(new Ajv2020(options)).compile(schema('w3c-verifiable-credential-schema.json'));
    for(const document of everything) {
      if(document.type.includes('OpenBadgeCredential')) {
        tally.case(`OB ${document.id}`, ob(document), JSON.stringify(ob.errors));
      }
      tally.case(`W3C ${document.id}`, w3c(document), JSON.stringify(w3c.errors));
    }
    for(const [name, check, member] of [['OB', ob, 'credentialSubject'], ['W3C', w3c, 'issuer']]) {
      const lacking = clone(credentials[0]);
      delete lacking[member];
      tally.case(`${name} refuses one without ${member}`, !check(lacking), 'accepted');
    }
    tally.end();
  });
});

test('canonicalize and node:crypto find the signed bytes of every document of the demo', () => {
  const tally = new Tally('canonicalize + node:crypto: hash and signature of ours');
  for(const document of [...everything, bundle]) {
    const {pub} = keyOf(bundle, document.proof.verificationMethod);
    const name = document.id ?? 'trust bundle';
    tally.case(name, holds(document, pub), 'does not hold');
    const other = clone(document);
    other.proof.created = '2026-01-01T00:00:00Z';
    tally.case(`${name}, another date`, !holds(other, pub), 'holds');
  }
  tally.end();
});

test('xuefen verify accepts what the demo wrote', () => {
  const tally = new Tally('xuefen verify accepts the same (the positive of every negative)');
  ours(credentials).forEach((report, n) => tally.equal(`credential ${n}`, said(report), 'OK W40'));
  ours(credentials, {lists}).forEach((report, n) =>
    tally.equal(`credential ${n} with lists`, said(report), 'OK W40'));
  ours(lists).forEach((report, n) => tally.equal(`list ${n}`, said(report), 'OK'));
  tally.case('the issuer', bundle.issuers.some(it => it.id === issuer), 'missing');
  tally.end();
});
