// Asks the running demo for everything that the tests look at and lays it into INTEROP_WORK: credentials
// (the demo's own and some more), one revoked, one suspended, the trust bundle after that, lists, codes.

import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';

const {INTEROP_WORK: work, XF_BASE: base, XF_DEMO: demoFile} = process.env;
const {default: demo} = await import(demoFile, {with: {type: 'json'}});
const token = demo.tokens.institution;

async function ask(path, body) {
  const answer = await fetch(base + path, {
    method: body ? 'POST' : 'GET',
    headers: {authorization: `Bearer ${token}`, ...(body && {'content-type': 'application/json'})},
    body: body && JSON.stringify(body),
  });
  if(!answer.ok) {
    throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  }
  return answer;
}
const keep = async (name, answer) => {
  const bytes = Buffer.from(await answer.arrayBuffer());
  writeFileSync(join(work, name), bytes);
  return bytes;
};

// The demo's own, and one for each further outcome that its first learner has from this institution.
const learner = demo.learners[0].id;
const {items} = await (await ask(`/v1/outcomes?learner=${learner}`)).json();
const mine = items.filter(it => it.awarder.id === demo.institution.id && it.passed !== false);
const good = [...demo.credentials];
const fresh = [];
for(const {id} of mine) {
  const {id: credential} = await (await ask('/v1/credentials', {learner, outcome: id})).json();
  if(!good.includes(credential) && !Object.values(demo.ended).includes(credential)) {
    fresh.push(credential);
  }
}
const ended = {...demo.ended};
for(const status of ['revoked', 'suspended']) {
  if(!ended[status]) {
    ended[status] = fresh.pop();
    await ask(`/v1/credentials/${ended[status]}/status`, {status, reason: 'mark_reviewed'});
  }
}
good.push(...fresh);

for(const [n, id] of good.entries()) {
  await keep(`good-${n}.json`, await ask(`/v1/credentials/${id}`));
}
for(const [status, id] of Object.entries(ended)) {
  await keep(`${status}.json`, await ask(`/v1/credentials/${id}`));
}

// Read-your-writes by waiting: bundle and lists follow the log.
const bit = (entry, encoded, gunzip) => {
  const bits = gunzip(Buffer.from(encoded.slice(1), 'base64url'));
  return (bits[entry >> 3] >> (7 - (entry & 7))) & 1;
};
const {gunzipSync} = await import('node:zlib');
const indexOf = async id => Number((await (await ask(`/v1/credentials/${id}`)).json())
  .credentialStatus.statusListIndex);
const revoked = await indexOf(ended.revoked);
for(let tries = 0; ; tries += 1) {
  const bundle = await (await ask('/trust/bundle')).json();
  const list = bundle.issuers.flatMap(it => it.status)
    .find(it => it.url.endsWith(`/status/${demo.institution.id}/1`));
  if(list && bit(revoked, list.gzip, gunzipSync)) {
    break;
  }
  if(tries > 100) {
    throw new Error('the trust bundle does not show the revocation');
  }
  await sleep(200);
}
await keep('trust.json', await ask('/trust/bundle'));
for(const n of [1, 2, 3]) {
  await keep(`list-${n}.json`, await ask(`/status/${demo.institution.id}/${n}`));
}

const codes = [];
for(const [receipt, resolutions] of [[false, [150, 200, 300, 600]], [true, [300, 600]]]) {
  for(const dpi of resolutions) {
    const name = `qr-${receipt ? 'receipt' : 'short'}-${dpi}.png`;
    await keep(name, await ask(`/v1/credentials/${good[0]}/qr.png?receipt=${receipt}&dpi=${dpi}`));
    codes.push({name, receipt, dpi});
  }
}
writeFileSync(join(work, 'ready.json'), JSON.stringify({
  good: good.length, ended, codes, issuer: demo.institution.id, did: demo.institution.did,
}));
console.log(`${good.length} credentials in force, one revoked, one suspended, ${codes.length} codes`);
