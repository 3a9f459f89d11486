// Signs the rows of a CSV file with an institution's own key and sends them to a Xuefen ledger.
//
//     node send.mjs --base https://xf.example.org --key our.key --as one|lines|batch rows.csv
//
// What is signed is written to `rows.csv.<as>.signed` before it is first sent, and is sent from there: whatever
// happens to the network or to this program, the next run sends the same bytes, and those are recorded once.
// Exit 0: every row stands in the ledger; 1: something was refused; 75: no answer, run it again.

import {existsSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import {parseArgs} from 'node:util';
import {Signer, sha256} from './assertion.mjs';

const MEDIA = {one: 'application/jose', lines: 'application/x-ndjson', batch: 'application/vnd.xuefen.batch+json'};
const COLUMNS = ['learner', 'record', 'code', 'title', 'grade', 'credits', 'completed_on'];
const ROWS_MAX = 1000; // members of a signed batch, lines of a body
const LATER = [429, 502, 503, 504]; // nothing is wrong with what was sent
const TRIES = 8;

// The ledger's answers, one or one a line. Asks again, with the same bytes, until there is one.
async function ask(address, options = {}) {
  for(let tries = 0; tries < TRIES; tries += 1) {
    let pause = 2 ** tries / 2;
    try {
      const answer = await fetch(address, {...options, signal: AbortSignal.timeout(30_000)});
      pause = Number(answer.headers.get('retry-after')) || pause;
      const [form, text] = [answer.headers.get('content-type') ?? '', await answer.text()];
      if(!LATER.includes(answer.status)) {
        if(form.includes('json') !== Boolean(options.body)) {
          console.error(`${address}: ${answer.status}, ${form}`); // this is not the ledger, or no address of it
          process.exit(1);
        }
        const answers = (form === MEDIA.lines ? text.trimEnd().split('\n') : [text])
          .map(it => form.includes('json') ? JSON.parse(it) : {text: it});
        // Of many lines some may have met a full queue; those that did not will answer as before.
        if(!answers.some(it => LATER.includes(it.status))) {
          return answers;
        }
      }
    } catch(trouble) { // no connection, none any more, or no answer in time
      console.error(String(trouble.cause ?? trouble));
    }
    console.error(`再试 trying again: ${pause} s`);
    await sleep(pause * 1000);
  }
  process.exit(75);
}

// What an earlier run signed from the same rows; else signs them now.
async function signedBodies(file, {base, key, as}) {
  const [rows, signed] = [readFileSync(file), `${file}.${as}.signed`];
  const of = sha256(rows).toString('hex');
  const kept = existsSync(signed) ? JSON.parse(readFileSync(signed, 'ascii')) : {};
  if(kept.of === of) {
    return kept.bodies;
  }
  // A CSV without quoted fields, so that this stays short: take a CSV package for yours.
  const [head, ...table] = rows.toString().replace(/^\ufeff/, '').normalize('NFC').trimEnd().split(/\r?\n/)
    .map(line => line.split(',').map(cell => cell.trim()));
  if(String(head) !== String(COLUMNS) || rows.includes('"') || table.some(row => row.length !== COLUMNS.length)
    || table.length < 1 || table.length > ROWS_MAX) {
    console.error(`${file}: wanted are 1 to ${ROWS_MAX} rows of ${COLUMNS}, without quotes`);
    process.exit(1);
  }
  const signer = await Signer.of(key, (await ask(`${base}/log/checkpoint`))[0].text);
  const outcomes = table.map(row => signer.outcome(Object.fromEntries(row.map((it, at) => [COLUMNS[at], it]))));
  const bodies = await signer.bodies(outcomes, as);
  writeFileSync(`${signed}.new`, JSON.stringify({of, bodies}), {mode: 0o600}); // it holds the opened values
  renameSync(`${signed}.new`, signed); // all of it or nothing
  return bodies;
}

// Where it stands now; or what happened, what exactly, and what to do.
function say(name, answer) {
  if(!('code' in answer)) {
    return console.log(`${name}: 位置 position ${answer.position}`);
  }
  console.log(`${name}: 未记录 not recorded, ${answer.code}: ${answer.title}`);
  for(const part of [answer.detail, answer.action].filter(Boolean)) {
    console.log(`    ${part}`);
  }
}

const text = {type: 'string'};
const {values: args, positionals: [file]} = parseArgs({allowPositionals: true, options:
  {base: text, key: text, as: {...text, default: 'batch'}, lang: {...text, default: 'zh'}}});
if(!file || !args.base || !args.key || !MEDIA[args.as]) {
  console.error('node send.mjs --base URL --key FILE [--as one|lines|batch] [--lang zh|en] rows.csv');
  process.exit(2);
}
const headers = {'Accept-Language': args.lang, 'Content-Type': MEDIA[args.as]};
let answers = [];
for(const body of await signedBodies(file, args)) {
  answers.push(...await ask(`${args.base}/v1/assertions`, {method: 'POST', headers, body}));
}
const refused = answers.some(answer => 'code' in answer);
if(args.as === 'batch' && refused) {
  say('整批 the whole batch', answers[0]);
  answers = answers[0].members ?? [];
} else if(args.as === 'batch') { // the envelope is a commit too; its members stand behind it, in order
  const [{position, count}] = answers;
  answers = Array.from({length: count}, (_, at) => ({position: position + 1 + at}));
}
for(const [at, answer] of answers.entries()) {
  const row = (answer.index ?? at) + 1;
  say(`第 ${row} 行 row ${row}`, answer);
}
process.exitCode = refused ? 1 : 0;
